#include "node/directory/directory_yaml.h"

#include "node/directory/directory.h"
#include "tests/unit/directory_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hotline-directory-XXXXXX";
static struct problems problems;
static struct bytes encoded;

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    problems_close(&problems);
    bytes_close(&encoded);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

// Applies up to two files over the base; the files are gone then.
static bool apply(struct span base, const char *first, const char *second)
{
    const char *const files[] = {"a.yaml", "b.yaml"};
    write_file(files[0], first);
    if (second != NULL)
        write_file(files[1], second);
    problems_close(&problems);
    bytes_clear(&encoded);
    bool sound = directory_yaml_read(files, second != NULL ? 2 : 1, base, &encoded, &problems);
    assert_int_equal(sound, problems.count == 0);
    unlink(files[0]);
    unlink(files[1]);
    return sound;
}

static void expect_applied(bool sound)
{
    for (uint32_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.lines[i]);
    assert_true(sound);
}

static const struct span nothing;

static struct span now(void)
{
    return (struct span){encoded.data, encoded.count};
}

static char *written(struct span directory)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    assert_true(directory_yaml_write(directory, to));
    fclose(to);
    return text;
}

static char *difference(struct span before, struct span after, size_t *ret_changes)
{
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    assert_true(directory_diff(before, after, to, ret_changes));
    fclose(to);
    return text;
}

static void encode(const Rec__Directory *message, struct bytes *ret_bytes)
{
    struct problems wrong;
    problems_init(&wrong);
    struct directory *directory = directory_create(message, &wrong);
    for (uint32_t i = 0; i < wrong.count; i++)
        fprintf(stderr, "%s\n", wrong.lines[i]);
    assert_non_null(directory);
    directory_encode(directory, ret_bytes);
    directory_free(directory);
    problems_close(&wrong);
}

static const char sites[] = "sites:\n"
                            "  - {id: cairo, name: Cairo, country: EG, lat: 30.0513, lon: 31.2204}\n"
                            "  - {id: oslo, name: Oslo, country: NO, lat: 59.9437, lon: 10.6957}\n";
static const char agents[] = "agents:\n"
                             "  - id: cairo-1\n"
                             "    site: cairo\n"
                             "    languages: [zh, ar]\n"
                             "    skills: [consular]\n";

static void sections_come_from_files_and_the_others_stay(void **state)
{
    (void)state;
    expect_applied(apply(nothing, sites, agents));
    struct bytes base = {0};
    bytes_append(&base, encoded.data, encoded.count);
    expect_applied(apply((struct span){base.data, base.count}, "agents:\n  - {id: oslo-1, site: oslo}\n", NULL));
    size_t changes;
    char *text = difference((struct span){base.data, base.count}, now(), &changes);
    assert_string_equal(text, "- agent cairo-1\n+ agent oslo-1\n");
    assert_int_equal(changes, 2);
    free(text);
    expect_applied(apply((struct span){base.data, base.count}, "# nothing\n", NULL));
    assert_int_equal(encoded.count, base.count);
    assert_memory_equal(encoded.data, base.data, base.count);
    expect_applied(apply((struct span){base.data, base.count}, "agents: []\n", NULL));
    free(difference((struct span){base.data, base.count}, now(), &changes));
    assert_int_equal(changes, 1);
    bytes_close(&base);
}

static void a_section_may_be_spread_over_files(void **state)
{
    (void)state;
    static const char more[] = "sites:\n  - {id: lima, country: PE, lat: -12.0887, lon: -77.0544}\n"
                               "agents:\n  - {id: lima-1, site: lima}\n  - {id: cairo-1, site: cairo}\n"
                               "settings: {retry_ms: 1000}\n";
    expect_applied(apply(nothing, sites, more));
    char both[1000];
    snprintf(both, sizeof both, "%s%s", sites, agents);
    assert_false(apply(nothing, both, more));
    assert_true(fixture_says(&problems, "b.yaml:5: agent cairo-1: given twice, first at a.yaml:5"));
    assert_int_equal(problems.count, 1);
    assert_false(apply(nothing, "settings: {retry_ms: 2000}\nprimary: a\n", "primary: b\nsettings:\n  retry_ms: 1\n"));
    assert_true(fixture_says(&problems, "b.yaml:3: settings: retry_ms is given twice, first at a.yaml:1"));
    assert_true(fixture_says(&problems, "b.yaml:1: primary is given twice, first at a.yaml:2"));
    assert_int_equal(problems.count, 2);
}

static void everything_that_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    static const char first[] = "primary: east\n"
                                "nodes:\n"
                                "  - {name: north, site: cairo}\n"
                                "sites:\n"
                                "  - id: cairo\n"
                                "    country: Egypt\n"
                                "    lat: 91\n"
                                "    lon: 31.12345678\n"
                                "  - {id: oslo, country: NO, lat: 59}\n"
                                "settings:\n"
                                "  misses_max: 1000\n"
                                "  retry: 5\n"
                                "agent: []\n";
    static const char second[] = "agents:\n"
                                 "  - id: cairo-1\n"
                                 "    site: cairoo\n"
                                 "    languages: zh\n"
                                 "    skils: [x]\n"
                                 "  - name: nobody\n"
                                 "  - text\n"
                                 "queues:\n"
                                 "  - id: emergency\n"
                                 "    priority: high\n"
                                 "    ring_ms: 99999999999\n"
                                 "    ring_width: 9\n"
                                 "    wait_limit_ms: 60000\n"
                                 "    target_percent: 90\n"
                                 "    emergency: yes\n"
                                 "    last_resort_queue: emergency\n"
                                 "menu: {}\n";
    assert_false(apply(nothing, first, second));
    static const char *const expected[] = {
        "a.yaml:1: primary: there is no node east",
        "a.yaml:6: site cairo: its country must be two capital letters (ISO 3166)",
        "a.yaml:7: site cairo: its latitude must be -90 to 90 degrees",
        "a.yaml:8: site cairo: lon must be degrees with at most six decimals, such as -33.448890",
        "a.yaml:9: site oslo: it has no lon",
        "a.yaml:11: settings: misses_max must be 1 to 100, not 1000",
        "a.yaml:12: settings: unknown key retry; there are: home_prefixes, durability, durability_wait_ms, "
        "misses_max, retry_ms, reattach_ms, adopt_after_ms, adopt_alone_after_ms, retention_ms, call_back_retry_ms, "
        "selftest_interval_ms, selftest_timeout_ms, selftest_off",
        "a.yaml:13: unknown section agent; there are: primary, settings, nodes, sites, agents, queues, menu, keys",
        "b.yaml:3: agent cairo-1: there is no site cairoo",
        "b.yaml:4: agent cairo-1: languages must be a list, such as [zh, en]",
        "b.yaml:5: agent cairo-1: unknown key skils; there are: id, name, site, languages, skills, contact",
        ("b.yaml:6: agent #2: its id must be 1 to 64 printable ASCII characters without space, quotes, backslash, "
         "comma and ~ (not given)"),
        "b.yaml:6: agent #2: it has no site (not given)",
        "b.yaml:7: agents: each must be a map with keys such as id",
        "b.yaml:10: queue emergency: priority must be a number",
        "b.yaml:11: queue emergency: ring_ms is too large a number",
        "b.yaml:12: queue emergency: ring_width must be 1 to 8, not 9",
        "b.yaml:9: queue emergency: target_ms must be 1000 to 3600000, not 0 (not given)",
        "b.yaml:15: queue emergency: emergency must be true or false",
        "b.yaml:16: queue emergency: its last resort leads back to it and to no contact: emergency -> emergency",
        "b.yaml:17: menu: must be a list; [] when there are none",
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_true(fixture_says(&problems, expected[i]));
    assert_int_equal(problems.count, sizeof expected / sizeof *expected);
}

static void what_a_change_takes_from_under_the_rest_is_told(void **state)
{
    (void)state;
    expect_applied(apply(nothing, sites, agents));
    struct bytes base = {0};
    bytes_append(&base, encoded.data, encoded.count);
    assert_false(apply((struct span){base.data, base.count}, "sites: []\n", NULL));
    assert_true(fixture_says(&problems, "agent cairo-1 (as it stands now): there is no site cairo"));
    assert_int_equal(problems.count, 1);
    bytes_close(&base);
    assert_false(apply((struct span){"\xff", 1}, sites, NULL));
    assert_true(fixture_says(&problems, "the directory that is there now cannot be read"));
    const char *const missing[] = {"/nowhere/x.yaml"};
    problems_close(&problems);
    assert_false(directory_yaml_read(missing, 1, nothing, &encoded, &problems));
    assert_true(fixture_says(&problems, "/nowhere/x.yaml: cannot be read: No such file or directory"));
}

static void a_difference_names_things_and_fields(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct bytes before = {0}, after = {0};
    encode(&fixture.message, &before);
    fixture.message.primary = "south";
    fixture.settings.retry_ms = 5000;
    fixture.queue[0].ring_ms = 20000;
    fixture.queue[0].emergency = false;
    fixture.agent[1].n_languages = 2;
    fixture.agent[0].name = "Li \"Lily\" Na";
    fixture.site[1].lat_udeg = -1;
    fixture.agent[2].id = "cairo-0";
    fixture.message.n_menu = 2;
    encode(&fixture.message, &after);
    size_t changes;
    struct span one = {before.data, before.count}, other = {after.data, after.count};
    char *text = difference(one, other, &changes);
    assert_string_equal(text, "~ primary: north -> south\n"
                              "~ settings: retry_ms 30000 -> 5000\n"
                              "~ site cairo: lat 30.051300 -> -0.000001\n"
                              "+ agent cairo-0\n"
                              "- agent cairo-1\n"
                              "~ agent cairo-2: languages [zh] -> [ar, zh]\n"
                              "~ agent khartoum-1: name khartoum-1 -> \"Li \\\"Lily\\\" Na\"\n"
                              "~ queue emergency: ring_ms 15000 -> 20000\n"
                              "~ queue emergency: emergency true -> false\n"
                              "- menu entry 2\n");
    assert_int_equal(changes, 10);
    free(text);
    free(difference(one, one, &changes));
    assert_int_equal(changes, 0);
    bytes_close(&before);
    bytes_close(&after);
}

// What is written, applied over something else, is the same again.
static void expect_round_trip(struct span directory, struct span base)
{
    char *text = written(directory);
    expect_applied(apply(base, text, NULL));
    assert_int_equal(encoded.count, directory.bytes);
    assert_memory_equal(encoded.data, directory.data, directory.bytes);
    free(text);
}

// Of this run, or the one given in HOTLINE_TEST_SEED.
static unsigned some_seed(void)
{
    const char *given = getenv("HOTLINE_TEST_SEED");
    return given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
}

static void random_text(unsigned *seed, char *to, size_t room)
{
    static const char *const pieces[] = {"a",
                                         "Z",
                                         "9",
                                         " ",
                                         ":",
                                         "#",
                                         "\"",
                                         "\\",
                                         "'",
                                         "-",
                                         "~",
                                         "\xe4\xb8\xad",
                                         "\xc3\xa3",
                                         "\xe2\x80\xa8",
                                         "\xf0\x9f\x93\x9e",
                                         "null",
                                         ", ",
                                         "[",
                                         "\xef\xbb\xbf"};
    size_t used = 0, count = (size_t)rand_r(seed) % 12;
    to[0] = '\0';
    for (size_t i = 0; i < count && used + 5 < room; i++)
        used += (size_t)snprintf(to + used, room - used, "%s",
                                 pieces[(size_t)rand_r(seed) % (sizeof pieces / sizeof *pieces)]);
}

static void what_is_written_reads_back_byte_for_byte(void **state)
{
    (void)state;
    unsigned seed = some_seed();
    print_message("seed %u\n", seed);
    struct fixture fixture;
    struct bytes directory = {0}, base = {0};
    fixture_init(&fixture);
    encode(&fixture.message, &base);
    for (int round = 0; round < 200; round++) {
        fixture_init(&fixture);
        char names[3][80], contact[80], id[2][2] = {{(char)('0' + round % 10), '\0'}, "-"};
        for (int i = 0; i < 3; i++) {
            random_text(&seed, names[i], sizeof names[i]);
            fixture.agent[i].name = names[i];
            fixture.agent[i].n_languages = (size_t)rand_r(&seed) % 4;
            fixture.agent[i].n_skills = (size_t)rand_r(&seed) % 3;
            fixture.queue[i].priority = (uint32_t)rand_r(&seed) % 1001;
        }
        random_text(&seed, contact, sizeof contact);
        fixture.site[0].contact = contact;
        fixture.site[0].lat_udeg = rand_r(&seed) % 180000001 - 90000000;
        fixture.site[1].lon_udeg = rand_r(&seed) % 360000001 - 180000000;
        fixture.agent[1].id = id[0];
        fixture.agent[2].id = id[1];
        fixture.settings.retention_ms = 60000 + (uint64_t)rand_r(&seed) * 100;
        fixture.message.n_menu = (size_t)rand_r(&seed) % 4;
        if (rand_r(&seed) % 4 == 0)
            fixture.message.settings = NULL;
        encode(&fixture.message, &directory);
        struct span whole = {directory.data, directory.count};
        expect_round_trip(whole, nothing);
        expect_round_trip(whole, (struct span){base.data, base.count});
    }
    rec__directory__init(&fixture.message);
    encode(&fixture.message, &directory);
    expect_round_trip((struct span){directory.data, directory.count}, (struct span){base.data, base.count});
    bytes_close(&directory);
    bytes_close(&base);
}

static void broken_files_are_refused_and_never_crash(void **state)
{
    (void)state;
    unsigned seed = some_seed();
    print_message("seed %u\n", seed);
    struct fixture fixture;
    fixture_init(&fixture);
    struct bytes base = {0};
    encode(&fixture.message, &base);
    int refused = 0;
    for (int round = 0; round < 1500; round++) {
        char *text = written((struct span){base.data, base.count});
        size_t length = strlen(text);
        for (int i = rand_r(&seed) % 4; i >= 0; i--)
            text[(size_t)rand_r(&seed) % length] = "\n: -[]{},#&*!|>'\"%@09az\x80\xff"[rand_r(&seed) % 26];
        refused += !apply(nothing, text, NULL);
        free(text);
    }
    assert_true(refused > 300);
    bytes_close(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_come_from_files_and_the_others_stay),
        cmocka_unit_test(a_section_may_be_spread_over_files),
        cmocka_unit_test(everything_that_is_wrong_is_told_with_its_line),
        cmocka_unit_test(what_a_change_takes_from_under_the_rest_is_told),
        cmocka_unit_test(a_difference_names_things_and_fields),
        cmocka_unit_test(what_is_written_reads_back_byte_for_byte),
        cmocka_unit_test(broken_files_are_refused_and_never_crash),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
