// Connections of clients: of whom they are, and the bounds of one key.
#include "node/sessions/sessions.h"

#include "client.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define SESSIONS_PER_KEY 3
#define MESSAGES_S 10
#define MESSAGE_MAX_BYTES 200
#define ATTACH_MAX_BYTES 400

static const struct key_holder gateway = {KEY_ROLE_GATEWAY, "pbx", KEY}, other = {KEY_ROLE_GATEWAY, "cairo", OTHER};

struct rig {
    struct world world;
    struct now now;
    struct sessions *sessions;
    char refused[64];  // the last refusal's reason
    uint32_t attaches, gone, parted, shut_out, speaks;
};

static bool send_client(struct world *world, const struct world_client *client, struct span message)
{
    struct rig *self = (struct rig *)world;
    (void)client;
    Cli__ToClient *words = cli__to_client__unpack(NULL, message.bytes, message.data);
    assert_non_null(words);
    if (words->body_case == CLI__TO_CLIENT__BODY_REFUSED)
        snprintf(self->refused, sizeof self->refused, "%s", words->refused->reason);
    cli__to_client__free_unpacked(words, NULL);
    return true;
}

static void part_client(struct world *world)
{
    ((struct rig *)world)->parted++;
}

static void on_event(void *context, const struct event *event)
{
    struct rig *self = context;
    self->gone += event->type == EVENT_GATEWAY_GONE;
    if (event->type != EVENT_GATEWAY_ATTACH)
        return;
    self->attaches++;
    self->speaks = event->speaks;
    sessions_bind(self->sessions, event->session, REC__KIND__GATEWAY, event->attach_gateway->gateway,
                  event->attach_gateway->attach);
}

static uint32_t next_nodes(void *context, struct Cli__NextNode *nodes, uint32_t room)
{
    (void)context;
    (void)nodes;
    (void)room;
    return 0;
}

static bool sees_majority(void *context)
{
    (void)context;
    return true;
}

static void on_shut_out(void *context, const char *key)
{
    struct rig *self = context;
    assert_string_equal(key, KEY);
    self->shut_out++;
}

static const struct world_type world_type = {.send_client = send_client, .part_client = part_client};

static int set_up(void **state)
{
    struct rig *self = calloc(1, sizeof *self);
    assert_non_null(self);
    struct sessions_options options = {.node = "nairobi",
                                       .boot = 1,
                                       .client_heartbeat_ms = 300,
                                       .client_down_after_ms = 1000,
                                       .silent_after_ms = 3000,
                                       .sessions_per_key = SESSIONS_PER_KEY,
                                       .message_max_bytes = MESSAGE_MAX_BYTES,
                                       .attach_max_bytes = ATTACH_MAX_BYTES,
                                       .messages_s = MESSAGES_S};
    struct sessions_events events = {.context = self,
                                     .event = on_event,
                                     .next_nodes = next_nodes,
                                     .sees_majority = sees_majority,
                                     .shut_out = on_shut_out};
    self->world.type = &world_type;
    self->now = (struct now){.mono_us = 10000000, .wall_ms = 1700000000000};
    self->sessions = sessions_create(&self->world, &options, &events);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *self = *state;
    sessions_free(self->sessions);
    free(self);
    return 0;
}

static void hear(struct rig *self, uint8_t connection, const struct key_holder *holder, Cli__ToNode *message)
{
    struct world_client client = {.id = {connection}, .bytes = 1};
    uint8_t packed[512];
    assert_true(cli__to_node__get_packed_size(message) <= sizeof packed);
    size_t bytes = cli__to_node__pack(message, packed);
    self->refused[0] = '\0';
    sessions_receive(self->sessions, self->now, &client, holder, (struct span){packed, bytes});
    self->now.mono_us += 500000;
}

static void ping(struct rig *self, uint8_t connection, const struct key_holder *holder)
{
    Cli__ToNode message = CLI__TO_NODE__INIT;
    Cli__Ping words = CLI__PING__INIT;
    message.body_case = CLI__TO_NODE__BODY_PING;
    message.ping = &words;
    hear(self, connection, holder, &message);
}

static void attach_as(struct rig *self, uint8_t connection, const char *name, uint64_t attach)
{
    Cli__ToNode message = CLI__TO_NODE__INIT;
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    message.body_case = CLI__TO_NODE__BODY_ATTACH_GATEWAY;
    message.attach_gateway = &words;
    message.protocol = 3;
    words.gateway = (char *)name;
    words.attach = attach;
    hear(self, connection, &gateway, &message);
}

static void detach(struct rig *self, uint8_t connection, uint64_t attach)
{
    Cli__ToNode message = CLI__TO_NODE__INIT;
    Cli__Detach words = CLI__DETACH__INIT;
    message.body_case = CLI__TO_NODE__BODY_DETACH;
    message.detach = &words;
    words.attach = attach;
    hear(self, connection, &gateway, &message);
}

static void a_connection_attaches_under_one_name_until_it_detaches(void **state)
{
    struct rig *self = *state;
    attach_as(self, 1, "pbx:1", 1);
    attach_as(self, 1, "pbx:1", 2);
    assert_int_equal(self->attaches, 2);
    assert_int_equal(self->speaks, 3);
    attach_as(self, 1, "pbx:2", 3);
    assert_string_equal(self->refused, "attached");
    assert_int_equal(self->attaches, 2);
    assert_int_equal(sessions_counts(self->sessions).forbidden, 1);
    detach(self, 1, 2);
    assert_int_equal(self->gone, 1);
    attach_as(self, 1, "pbx:2", 4);
    assert_string_equal(self->refused, "");
    assert_int_equal(self->attaches, 3);
}

static void a_key_has_so_many_sessions_and_what_is_over_them_is_closed(void **state)
{
    struct rig *self = *state;
    for (uint8_t i = 0; i < SESSIONS_PER_KEY; i++)
        ping(self, i, &gateway);
    assert_int_equal(self->parted, 0);
    ping(self, 100, &gateway);
    assert_string_equal(self->refused, "overload");
    assert_int_equal(self->parted, 1);
    ping(self, 101, &other);
    assert_string_equal(self->refused, "");
    struct sessions_counts counts = sessions_counts(self->sessions);
    assert_int_equal(counts.over_bound, 1);
    assert_int_equal(counts.sessions, SESSIONS_PER_KEY + 1);
}

static void a_key_that_says_too_much_is_not_heard_and_then_shut_out_for_a_while(void **state)
{
    struct rig *self = *state;
    for (uint32_t i = 0; i < 100 && self->shut_out == 0; i++) {
        ping(self, 1, &gateway);
        self->now.mono_us -= 500000;
    }
    assert_int_equal(self->shut_out, 1);
    struct sessions_counts counts = sessions_counts(self->sessions);
    assert_int_equal(counts.over_rate, 2 * MESSAGES_S);
    assert_int_equal(counts.shut_out, 1);
    assert_true(sessions_shuts_out(self->sessions, self->now, KEY));
    ping(self, 2, &other);
    assert_int_equal(sessions_counts(self->sessions).over_rate, counts.over_rate);
    self->now.mono_us += 5000000;
    assert_false(sessions_shuts_out(self->sessions, self->now, KEY));
}

static void a_message_is_no_larger_than_it_may_be(void **state)
{
    struct rig *self = *state;
    char site[ATTACH_MAX_BYTES];
    Cli__ToNode message = CLI__TO_NODE__INIT;
    Cli__Submit submit = CLI__SUBMIT__INIT;
    memset(site, 'x', sizeof site - 1);
    site[ATTACH_MAX_BYTES - 1] = '\0';
    message.body_case = CLI__TO_NODE__BODY_SUBMIT;
    message.submit = &submit;
    submit.call = (char *)"pbx:1";
    submit.queue = site + ATTACH_MAX_BYTES - MESSAGE_MAX_BYTES;
    hear(self, 1, &gateway, &message);
    assert_string_equal(self->refused, "too_large");
    Cli__AttachGateway attach = CLI__ATTACH_GATEWAY__INIT;
    message.body_case = CLI__TO_NODE__BODY_ATTACH_GATEWAY;
    message.attach_gateway = &attach;
    attach.gateway = (char *)"pbx:1";
    attach.site = submit.queue;
    hear(self, 1, &gateway, &message);
    assert_string_equal(self->refused, "");
    attach.site = site;
    hear(self, 1, &gateway, &message);
    assert_string_equal(self->refused, "too_large");
    assert_int_equal(self->attaches, 1);
    assert_int_equal(sessions_counts(self->sessions).too_large, 2);
}

static void a_connection_that_falls_silent_takes_nothing_with_it(void **state)
{
    struct rig *self = *state;
    attach_as(self, 1, "pbx:1", 1);
    sessions_tick(self->sessions, self->now);
    for (int i = 0; i < 20; i++) {
        self->now.mono_us += 300000;
        sessions_tick(self->sessions, self->now);
    }
    assert_int_equal(self->gone, 1);
    assert_int_equal(sessions_counts(self->sessions).sessions, 0);
    assert_int_equal(sessions_counts(self->sessions).timed_out, 1);
}

int main(void)
{
#define WITH_SESSIONS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SESSIONS(a_connection_attaches_under_one_name_until_it_detaches),
        WITH_SESSIONS(a_key_has_so_many_sessions_and_what_is_over_them_is_closed),
        WITH_SESSIONS(a_key_that_says_too_much_is_not_heard_and_then_shut_out_for_a_while),
        WITH_SESSIONS(a_message_is_no_larger_than_it_may_be),
        WITH_SESSIONS(a_connection_that_falls_silent_takes_nothing_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
