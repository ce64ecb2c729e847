// Clients' connections, over a world that sends when it is told to: words that a connection did not take, and refusals.
#include "node/sessions/sessions.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SILENT_MS 3000

struct desk_world {
    struct world world;
    bool full;            // the connection takes nothing
    Cli__ToClient *said;  // last
    struct sessions *sessions;
    uint64_t now_us;
    uint32_t gone;
    bool has_next;
};

static const struct world_client LIN = {.id = "lin", .bytes = 3}, MEI = {.id = "mei", .bytes = 3};
static const struct key_holder NOBODY = {KEY_ROLE_NONE, "", ""}, LINS = {KEY_ROLE_DESK, "lin", "k1"};

static bool send_client(struct world *world, const struct world_client *client, struct span message)
{
    (void)client;
    struct desk_world *self = (struct desk_world *)world;
    if (self->full)
        return false;
    if (self->said != NULL)
        cli__to_client__free_unpacked(self->said, NULL);
    self->said = cli__to_client__unpack(NULL, message.bytes, message.data);
    assert_non_null(self->said);
    return true;
}

static void on_event(void *context, const struct event *event)
{
    struct desk_world *self = context;
    if (event->type == EVENT_DESK_ATTACH)
        sessions_bind(self->sessions, event->session, REC__KIND__DESK, event->attach_desk->agent,
                      event->attach_desk->attach);
    self->gone += event->type == EVENT_DESK_GONE;
}

static void on_query(void *context, uint64_t session, const Cli__Query *query)
{
    (void)context;
    (void)session;
    (void)query;
}

static uint32_t next_nodes(void *context, Cli__NextNode *nodes, uint32_t room)
{
    const struct desk_world *self = context;
    if (!self->has_next || room == 0)
        return 0;
    cli__next_node__init(&nodes[0]);
    nodes[0].name = (char *)"cairo";
    nodes[0].client = (char *)"tcp://c:7000";
    return 1;
}

static bool sees_majority(void *context)
{
    (void)context;
    return true;
}

static void shut_out(void *context, const char *key)
{
    (void)context;
    (void)key;
}

static int given_sessions(void **state)
{
    static const struct world_type type = {.send_client = send_client};
    struct desk_world *self = check_alloc(sizeof *self);
    self->world.type = &type;
    self->now_us = 1000000;
    self->has_next = true;
    struct sessions_options options = {.node = "beijing",
                                       .boot = 7,
                                       .client_heartbeat_ms = 250,
                                       .client_down_after_ms = 750,
                                       .silent_after_ms = SILENT_MS,
                                       .sessions_per_key = 2,
                                       .messages_s = 5000};
    struct sessions_events events = {.context = self,
                                     .event = on_event,
                                     .query = on_query,
                                     .next_nodes = next_nodes,
                                     .sees_majority = sees_majority,
                                     .shut_out = shut_out};
    self->sessions = sessions_create(&self->world, &options, &events);
    *state = self;
    return 0;
}

static int free_sessions(void **state)
{
    struct desk_world *self = *state;
    sessions_free(self->sessions);
    if (self->said != NULL)
        cli__to_client__free_unpacked(self->said, NULL);
    free(self);
    return 0;
}

static struct now now_of(const struct desk_world *self)
{
    return (struct now){.mono_us = self->now_us, .wall_ms = 1700000000000};
}

static void hear(struct desk_world *self, const struct world_client *client, const struct key_holder *holder,
                 Cli__ToNode *message)
{
    uint8_t packed[512];
    message->protocol = 1;
    size_t bytes = cli__to_node__pack(message, packed);
    sessions_receive(self->sessions, now_of(self), client, holder, (struct span){packed, bytes});
}

static void attach(struct desk_world *self, uint64_t attach)
{
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)"lin";
    words.attach = attach;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_ATTACH_DESK;
    message.attach_desk = &words;
    hear(self, &LIN, &NOBODY, &message);
}

static uint64_t attach_in_pong(struct desk_world *self, const struct world_client *client)
{
    Cli__Ping words = CLI__PING__INIT;
    words.sent_us = 1;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_PING;
    message.ping = &words;
    hear(self, client, &NOBODY, &message);
    assert_int_equal(self->said->body_case, CLI__TO_CLIENT__BODY_PONG);
    return self->said->pong->attach;
}

static void say_news(struct desk_world *self, uint64_t session)
{
    Cli__DeskNews news = CLI__DESK_NEWS__INIT;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_DESK_NEWS;
    message.desk_news = &news;
    sessions_say(self->sessions, session, &message);
}

static void who_missed_a_word_is_told_with_its_next_pong_to_attach_anew(void **state)
{
    struct desk_world *self = *state;
    attach(self, 41);
    assert_int_equal(attach_in_pong(self, &LIN), 41);
    self->full = true;
    say_news(self, 1);
    say_news(self, 1);
    self->full = false;
    assert_int_equal(sessions_counts(self->sessions).not_sent, 2);
    assert_int_equal(sessions_counts(self->sessions).missed, 1);
    assert_int_equal(attach_in_pong(self, &LIN), 0);
    assert_int_equal(self->gone, 0);  // that is for its own silence to say
    attach(self, 42);
    assert_int_equal(attach_in_pong(self, &LIN), 42);
}

static void who_has_not_attached_misses_nothing(void **state)
{
    struct desk_world *self = *state;
    attach_in_pong(self, &MEI);
    self->full = true;
    say_news(self, 1);
    assert_int_equal(sessions_counts(self->sessions).not_sent, 1);
    assert_int_equal(sessions_counts(self->sessions).missed, 0);
}

static const Cli__Refused *refused(const struct desk_world *self)
{
    assert_int_equal(self->said->body_case, CLI__TO_CLIENT__BODY_REFUSED);
    return self->said->refused;
}

static void a_node_without_room_names_another(void **state)
{
    struct desk_world *self = *state;
    Cli__Ping words = CLI__PING__INIT;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_PING;
    message.ping = &words;
    static const char *const ids[] = {"one", "two", "six"};
    for (uint32_t i = 0; i < 3; i++) {  // two sessions a key
        struct world_client client = {.bytes = 3};
        memcpy(client.id, ids[i], 3);
        hear(self, &client, &LINS, &message);
    }
    assert_string_equal(refused(self)->reason, "overload");
    assert_true(refused(self)->detail[0] != '\0');
    assert_string_equal(refused(self)->elsewhere->name, "cairo");
    assert_string_equal(refused(self)->elsewhere->client, "tcp://c:7000");
    assert_int_equal(sessions_counts(self->sessions).over_bound, 1);
}

static void an_attach_that_is_refused_names_another_where_there_is_one(void **state)
{
    struct desk_world *self = *state;
    attach_in_pong(self, &LIN);
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)"lin";
    words.attach = 43;
    struct event event = {.type = EVENT_DESK_ATTACH, .session = 1, .attach_desk = &words};
    sessions_refuse_attach(self->sessions, &event, "disk_full", "this node can store nothing more");
    assert_string_equal(refused(self)->reason, "disk_full");
    assert_int_equal(refused(self)->attach, 43);
    assert_string_equal(refused(self)->elsewhere->name, "cairo");
    self->has_next = false;
    sessions_refuse_attach(self->sessions, &event, "disk_full", "this node can store nothing more");
    assert_null(refused(self)->elsewhere);
}

static void a_refusal_of_the_switchboard_gets_the_next_nodes_name_on_its_way(void **state)
{
    struct desk_world *self = *state;
    attach_in_pong(self, &LIN);
    Cli__Refused words = CLI__REFUSED__INIT;
    words.reason = (char *)"overload";
    words.detail = (char *)"this node holds as many calls as it may";
    words.what = (char *)"gate~1~1";
    words.attach = 44;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &words;
    uint8_t packed[256];
    size_t bytes = cli__to_client__pack(&message, packed);
    sessions_send_refusal(self->sessions, 1, (struct span){packed, bytes});
    assert_string_equal(refused(self)->reason, words.reason);
    assert_string_equal(refused(self)->detail, words.detail);
    assert_string_equal(refused(self)->what, words.what);
    assert_int_equal(refused(self)->attach, 44);
    assert_string_equal(refused(self)->elsewhere->name, "cairo");
}

static void a_clients_own_mistake_sends_it_nowhere(void **state)
{
    struct desk_world *self = *state;
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.word = CLI__DESK_WORD__WORD__READY;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_DESK_WORD;
    message.desk_word = &words;
    hear(self, &LIN, &NOBODY, &message);
    assert_string_equal(refused(self)->reason, "not_attached");
    assert_true(refused(self)->detail[0] != '\0');
    assert_null(refused(self)->elsewhere);
    sessions_receive(self->sessions, now_of(self), &LIN, &NOBODY, (struct span){(const uint8_t *)"\xff\xff", 2});
    assert_string_equal(refused(self)->reason, "malformed");
    assert_null(refused(self)->elsewhere);
}

int main(void)
{
#define WITH_SESSIONS(test) cmocka_unit_test_setup_teardown(test, given_sessions, free_sessions)
    const struct CMUnitTest tests[] = {
        WITH_SESSIONS(who_missed_a_word_is_told_with_its_next_pong_to_attach_anew),
        WITH_SESSIONS(who_has_not_attached_misses_nothing),
        WITH_SESSIONS(a_node_without_room_names_another),
        WITH_SESSIONS(an_attach_that_is_refused_names_another_where_there_is_one),
        WITH_SESSIONS(a_refusal_of_the_switchboard_gets_the_next_nodes_name_on_its_way),
        WITH_SESSIONS(a_clients_own_mistake_sends_it_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
