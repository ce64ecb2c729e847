#include "cluster/keys/keys.h"
#include "node/config/config.h"
#include "node/config/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hotline-config-XXXXXX";
static char path[64];
static struct config config;
static struct problems problems;
static struct key_pair key_of_a;  // in the folder as a.key

static int set_up(void **state)
{
    (void)state;
    bool made = mkdtemp(folder) != NULL;
    struct problem problem;
    key_pair_make(&key_of_a, KEY_ROLE_NODE, "a");
    snprintf(path, sizeof path, "%s/a.key", folder);
    made = made && key_pair_write(&key_of_a, path, true, &problem);
    snprintf(path, sizeof path, "%s/node.yaml", folder);
    return !made;
}

static int tear_down(void **state)
{
    (void)state;
    char key_path[64];
    problems_close(&problems);
    key_pair_close(&key_of_a);
    snprintf(key_path, sizeof key_path, "%s/a.key", folder);
    unlink(key_path);
    return rmdir(folder);
}

static bool read_text(const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    problems_close(&problems);
    bool sound = config_read(path, &config, &problems);
    assert_int_equal(sound, problems.count == 0);
    unlink(path);
    return sound;
}

// Some problem is this text, behind the name of the file.
static void expect_problem(const char *text)
{
    size_t name = strlen(path);
    for (uint32_t i = 0; i < problems.count; i++)
        if (strncmp(problems.lines[i], path, name) == 0 && strcmp(problems.lines[i] + name + 1, text) == 0)
            return;
    for (uint32_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.lines[i]);
    fail_msg("nobody says: %s", text);
}

#define SMALLEST                                                                                                       \
    "node: khartoum\n"                                                                                                 \
    "site: khartoum-site\n"                                                                                            \
    "position: {lat: 15.5881, lon: 32.5349}\n"                                                                         \
    "listen: {client: \"tcp://127.0.0.1:7000\", peer: \"tcp://127.0.0.1:7001\", bulk: \"tcp://127.0.0.1:7002\"}\n"     \
    "data: khartoum-data\n"                                                                                            \
    "insecure: true\n"

#define KEY_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void what_is_not_given_has_a_default(void **state)
{
    (void)state;
    assert_true(read_text(SMALLEST));
    assert_string_equal(config.self.name, "khartoum");
    assert_string_equal(config.self.site, "khartoum-site");
    assert_int_equal(config.self.lat_udeg, 15588100);
    assert_int_equal(config.self.lon_udeg, 32534900);
    assert_string_equal(config.listen_control, "tcp://127.0.0.1:7001");
    assert_string_equal(config.self.control, "tcp://127.0.0.1:7001");
    assert_string_equal(config.self.client, "tcp://127.0.0.1:7000");
    assert_string_equal(config.self.bulk, "tcp://127.0.0.1:7002");
    assert_int_equal(config.peer_count, 0);
    assert_int_equal(config.data_limit_bytes, 4096ull * 1024 * 1024);
    assert_string_equal(config.zone_tab, "/usr/share/zoneinfo/zone.tab");
    assert_non_null(strstr(config.prefixes, "/hotline/itu-prefixes.tsv"));
    assert_int_equal(config.heartbeat_ms, 200);
    assert_int_equal(config.down_after_ms, 1000);
    assert_int_equal(config.client_heartbeat_ms, 250);
    assert_int_equal(config.client_down_after_ms, 750);
    assert_int_equal(config.desk_timeout_ms, 3000);
    assert_int_equal(config.records_max, 5000000);
    assert_int_equal(config.digest_every_ms, 60000);
    assert_int_equal(config.protocol, PEERS_PROTOCOL);
    char data[128];
    snprintf(data, sizeof data, "%s/khartoum-data", folder);
    assert_string_equal(config.data, data);
    assert_true(config.insecure);
    assert_int_equal(config.sessions_per_key, 200);
    assert_int_equal(config.client_messages_s, 5000);
}

static void what_is_given_is_taken(void **state)
{
    (void)state;
    assert_true(
        read_text("node: a\nsite: b\nposition: {lat: -90, lon: 180}\n"
                  "listen: {client: \"tcp://*:7000\", peer: \"tcp://[::]:7001\", bulk: \"tcp://0.0.0.0:7002\"}\n"
                  "advertise:\n  client: tcp://a.example:1\n  peer: tcp://[2001:db8::1]:2\n"
                  "  bulk: tcp://10.0.0.1:3\n"
                  "peers:\n  - {node: a, peer: \"tcp://[2001:db8::1]:2\", bulk: \"tcp://10.0.0.1:3\"}\n"
                  "  - {node: c, peer: \"tcp://c.example:7001\", bulk: \"tcp://c.example:7002\", key: " KEY_C "}\n"
                  "keys: {own: a.key, admins: [" KEY_C "]}\nlimits: {sessions_per_key: 9, client_message_kb: 128}\n"
                  "data: /var/lib/a\ndata_limit_mb: 64\nzone_tab: zones\nprefixes: /p\nrecords_max: 2000\nprotocol: 1\n"
                  "digest_every_ms: 500\ntiming: {heartbeat_ms: 50, down_after_ms: 100, client_heartbeat_ms: 20,"
                  " client_down_after_ms: 60, desk_timeout_ms: 400}\n"));
    assert_string_equal(config.listen_client, "tcp://*:7000");
    assert_int_equal(config.peer_count, 1);  // without itself
    assert_int_equal(config.protocol, 1);
    assert_string_equal(config.peers[0].name, "c");
    // In an address the key of who is expected there goes along.
    assert_string_equal(config.peers[0].control, "tcp://c.example:7001#" KEY_C);
    assert_string_equal(config.peer_keys[0], KEY_C);
    char control[128];
    snprintf(control, sizeof control, "tcp://[2001:db8::1]:2#%s", key_of_a.public_text);
    assert_string_equal(config.self.control, control);
    assert_string_equal(config.key, key_of_a.public_text);
    assert_int_equal(config.admin_count, 1);
    assert_string_equal(config.admins[0], KEY_C);
    assert_int_equal(config.sessions_per_key, 9);
    assert_int_equal(config.client_message_max_bytes, 128 * 1024);
    assert_int_equal(config.client_attach_max_bytes, 4096 * 1024);
    assert_string_equal(config.data, "/var/lib/a");
    assert_string_equal(config.prefixes, "/p");
    assert_int_equal(config.data_limit_bytes, 64 * 1024 * 1024);
    assert_int_equal(config.heartbeat_ms, 50);
    assert_int_equal(config.desk_timeout_ms, 400);
}

static void every_error_is_told_with_its_line(void **state)
{
    (void)state;
    assert_false(read_text("node: two words\n"                                             // 1
                           "position: {lat: 91, lon: 1.2345678}\n"                         // 2
                           "listen:\n"                                                     // 3
                           "  client: udp://x:1\n"                                         // 4
                           "  peer: tcp://*:7001\n"                                        // 5
                           "data: []\n"                                                    // 6
                           "timing: {heartbeat_ms: 5, down_after_ms: 300, hearbeat: 1}\n"  // 7
                           "records_max: lots\n"                                           // 8
                           "node: again\n"                                                 // 9
                           "peers:\n"                                                      // 10
                           "  - {node: b, peer: \"tcp://b:0\", bulk: \"tcp://b:2\"}\n"     // 11
                           "  - tcp://c:1\n"                                               // 12
                           "  - {node: b, peer: \"tcp://b:1\", bulk: \"tcp://*:2\"}\n"     // 13
                           "digest_every_ms:\n"                                            // 14
                           "dta: x\n"));                                                   // 15
    expect_problem("1: node must be a name: 1 to 64 printable ASCII characters without space, quotes, backslash, "
                   "comma and ~");
    expect_problem("2: position.lat must be degrees from -90 to 90, with at most six decimals");
    expect_problem("2: position.lon must be degrees from -180 to 180, with at most six decimals");
    expect_problem("4: listen.client must be tcp://HOST:PORT; HOST may be * for every address");
    expect_problem("5: listen.peer is on every address: advertise.peer must say by which one others reach it");
    expect_problem("3: listen.bulk is missing");
    expect_problem("6: data must be a path of at most 1023 bytes");
    expect_problem("7: timing.heartbeat_ms must be a number from 10 to 10000");
    expect_problem("7: unknown key timing.hearbeat; there are: heartbeat_ms, down_after_ms, client_heartbeat_ms, "
                   "client_down_after_ms, desk_timeout_ms");
    expect_problem("7: timing.down_after_ms (300) must be at least twice timing.heartbeat_ms (200)");
    expect_problem("8: records_max must be a number from 1000 to 100000000");
    expect_problem("9: node is given twice, first at line 1");
    expect_problem("11: peers.peer must be tcp://HOST:PORT");
    expect_problem("12: peers: each must be a map with peer and bulk");
    expect_problem("13: peers: node b is given twice");
    expect_problem("13: peers.bulk must be tcp://HOST:PORT");
    expect_problem("14: digest_every_ms has no value");
    expect_problem("15: unknown key dta; there are: node, site, position, listen, advertise, peers, data, "
                   "data_limit_mb, zone_tab, prefixes, timing, keys, insecure, limits, protocol, records_max, "
                   "log_decisions, digest_every_ms");
    expect_problem("1: site is missing");
    expect_problem("1: keys.own is missing: hotlinectl keygen node NAME makes a key");
    assert_int_equal(problems.count, 20);
}

static void addresses_that_collide_are_refused(void **state)
{
    (void)state;
    assert_false(read_text("node: a\nsite: a\nposition: {lat: 0, lon: 0}\ndata: d\n"
                           "listen: {client: \"tcp://h:1\", peer: \"tcp://h:1\", bulk: \"tcp://h:2\"}\n"
                           "keys: {own: a.key}\n"));
    expect_problem("5: listen.peer is the same as listen.client");
    assert_int_equal(problems.count, 1);
    assert_false(read_text(SMALLEST "peers: [{node: b, peer: \"tcp://127.0.0.1:7001\", bulk: \"tcp://h:2\"}]\n"));
    expect_problem("7: peers: node b has this node's own address, tcp://127.0.0.1:7001");
    assert_int_equal(problems.count, 1);
}

static void more_peers_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    char text[16384] = SMALLEST "peers:\n";
    for (int i = 0; i < PEERS_MAX; i++)
        sprintf(text + strlen(text), "  - {node: n%d, peer: \"tcp://h:%d\", bulk: \"tcp://h:%d\"}\n", i, i + 1,
                i + 1000);
    assert_true(read_text(text));
    assert_int_equal(config.peer_count, PEERS_MAX);
    strcat(text, "  - {node: more, peer: \"tcp://m:1\", bulk: \"tcp://m:2\"}\n");
    assert_false(read_text(text));
    expect_problem("72: peers: more than 64");
}

#define OF_A                                                                                                           \
    "node: a\nsite: a\nposition: {lat: 0, lon: 0}\ndata: d\n"                                                          \
    "listen: {client: \"tcp://10.0.0.1:1\", peer: \"tcp://10.0.0.1:2\", bulk: \"tcp://10.0.0.1:3\"}\n"

static void without_keys_only_loopback_is_listened_on(void **state)
{
    (void)state;
    assert_false(read_text(OF_A "insecure: true\n"));
    expect_problem("1: insecure: without keys a node listens on loopback only, not on tcp://10.0.0.1:1");
    assert_int_equal(problems.count, 3);
    assert_false(read_text(SMALLEST "keys: {own: a.key}\n"));
    expect_problem("1: insecure and keys.own exclude each other");
    assert_false(read_text(OF_A));
    expect_problem("1: keys.own is missing: hotlinectl keygen node a makes a key");
}

static void keys_that_do_not_belong_there_are_refused(void **state)
{
    (void)state;
    assert_true(read_text(OF_A "keys: {own: a.key}\n"));
    assert_false(read_text(OF_A "keys: {own: b.key}\n"));
    assert_false(read_text("node: b\nsite: a\nposition: {lat: 0, lon: 0}\ndata: d\n"
                           "listen: {client: \"tcp://h:1\", peer: \"tcp://h:2\", bulk: \"tcp://h:3\"}\n"
                           "keys: {own: a.key}\n"));
    assert_non_null(strstr(problems.lines[0], "is the key of node a, this is node b"));
    assert_false(read_text(OF_A "keys: {own: a.key, admins: [short]}\n"));
    expect_problem("6: keys.admins must be a public key: 64 of 0-9 and a-f");
    assert_false(read_text(OF_A "keys: {own: a.key}\npeers: [{node: c, peer: \"tcp://c:1\", bulk: \"tcp://c:2\"}]\n"));
    expect_problem("1: peers: tcp://c:1: key is missing");
}

static void a_file_that_is_not_there_or_empty_is_refused(void **state)
{
    (void)state;
    problems_close(&problems);
    assert_false(config_read("/nowhere/node.yaml", &config, &problems));
    assert_string_equal(problems.lines[0], "/nowhere/node.yaml: cannot be read: No such file or directory");
    assert_false(read_text("# nothing\n"));
    expect_problem("1: must be a map with keys such as node");
    assert_false(read_text("- node\n"));
    expect_problem("1: must be a map with keys such as node");
}

static void an_endpoint_is_a_host_and_a_port(void **state)
{
    (void)state;
    static const char *const good[] = {"tcp://127.0.0.1:1", "tcp://a:65535", "tcp://a-b.c.example:80", "tcp://[::1]:7",
                                       "tcp://[fe80::1]:99"};
    static const char *const bad[] = {"",
                                      "tcp://",
                                      "tcp://a",
                                      "tcp://a:",
                                      "tcp://a:0",
                                      "tcp://a:01",
                                      "tcp://:1",
                                      "tcp://a:1x",
                                      "tcp://a:65536",
                                      "ipc:///x",
                                      "a:1",
                                      "tcp://a b:1",
                                      "tcp://-a:1",
                                      "tcp://10.0.0.300:1",
                                      "tcp://::1:1",
                                      "tcp://[x]:1",
                                      "tcp://[]:1",
                                      "tcp://a..b:1",
                                      "tcp://1.2.3:1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(endpoint_is_valid(good[i], false) && endpoint_is_valid(good[i], true));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(endpoint_is_valid(bad[i], false) || endpoint_is_valid(bad[i], true));
    assert_true(endpoint_is_valid("tcp://*:1", true));
    assert_false(endpoint_is_valid("tcp://*:1", false));
    assert_true(endpoint_is_everywhere("tcp://[0::0]:1"));
    assert_false(endpoint_is_everywhere("tcp://10.0.0.1:1"));
}

static void a_broken_file_never_crashes(void **state)
{
    (void)state;
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    int refused = 0;
    for (int round = 0; round < 1000; round++) {
        char text[] = SMALLEST "peers: [{node: b, peer: \"tcp://b:1\", bulk: \"tcp://b:2\"}]\ntiming: {}\n";
        for (int i = rand_r(&seed) % 4; i >= 0; i--)
            text[(size_t)rand_r(&seed) % (sizeof text - 1)] = "\n: -[]{},#&*!|>'\"%@09az\x80\xff"[rand_r(&seed) % 26];
        refused += !read_text(text);
    }
    assert_true(refused > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_a_default),
        cmocka_unit_test(what_is_given_is_taken),
        cmocka_unit_test(every_error_is_told_with_its_line),
        cmocka_unit_test(addresses_that_collide_are_refused),
        cmocka_unit_test(more_peers_than_there_is_room_for_are_refused),
        cmocka_unit_test(without_keys_only_loopback_is_listened_on),
        cmocka_unit_test(keys_that_do_not_belong_there_are_refused),
        cmocka_unit_test(a_file_that_is_not_there_or_empty_is_refused),
        cmocka_unit_test(an_endpoint_is_a_host_and_a_port),
        cmocka_unit_test(a_broken_file_never_crashes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
