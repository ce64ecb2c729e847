// A desk and a gateway among nodes that die, lie and talk nonsense. What must hold in any storm is checked with every
// message; then all is healed, and progress demanded.
#include "client_fake.h"

#include "cluster/base/check.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NODES 4
#define STEPS 20000
#define CALLS 12

static uint64_t chance;

static uint32_t draw(uint32_t below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (uint32_t)(chance >> 32) % below;
}

static void seed(void)
{
    const char *given = getenv("SEED");
    chance = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
    print_message("SEED=%" PRIu64 "\n", chance);
}

struct watched {
    uint64_t attach;  // the last that was sent
    uint32_t node;    // and to whom
    uint32_t joined[CALLS];
    uint32_t attaches, words, connects, offers;
};

static uint32_t call_index(const char *call)
{
    return (uint32_t)strtoul(call + 1, NULL, 10) % CALLS;
}

static void see_attach(struct watched *watched, const struct fake_message *message, uint64_t attach)
{
    assert_true(attach > watched->attach);
    watched->attach = attach;
    watched->node = message->node;
    watched->attaches++;
}

static void see_word(struct watched *watched, const struct fake_message *message, uint64_t attach)
{
    assert_int_equal(attach, watched->attach);
    assert_int_equal(message->node, watched->node);
    watched->words++;
}

static void see_leg_word(struct watched *watched, const struct fake_message *message, const Cli__LegWord *word)
{
    see_word(watched, message, word->attach);
    if (word->word != CLI__LEG_WORD__WORD__JOINED)
        return;
    uint32_t *joined = &watched->joined[call_index(word->call)];
    assert_true(*joined == 0 || *joined == word->n);  // never to two
    *joined = word->n;
}

static void see_all(struct fake *self, struct watched *watched)
{
    for (uint32_t i = 0; i < self->log_count; i++) {
        const struct fake_message *message = &self->log[i];
        const Cli__ToNode *words = message->words;
        if (words->body_case == CLI__TO_NODE__BODY_ATTACH_DESK) {
            see_attach(watched, message, words->attach_desk->attach);
            bool has_call = words->attach_desk->state == REC__AGENT_STATE__RINGING ||
                            words->attach_desk->state == REC__AGENT_STATE__ON_CALL;
            assert_true(has_call == (words->attach_desk->call[0] != '\0'));
        } else if (words->body_case == CLI__TO_NODE__BODY_ATTACH_GATEWAY) {
            see_attach(watched, message, words->attach_gateway->attach);
        } else if (words->body_case == CLI__TO_NODE__BODY_DESK_WORD) {
            see_word(watched, message, words->desk_word->attach);
        } else if (words->body_case == CLI__TO_NODE__BODY_SUBMIT) {
            see_word(watched, message, words->submit->attach);
        } else if (words->body_case == CLI__TO_NODE__BODY_LEG_WORD) {
            see_leg_word(watched, message, words->leg_word);
        }
    }
    for (uint32_t i = 0; i < self->event_count; i++) {
        watched->connects += self->events[i].event.type == HOTLINE_CALL_CONNECT;
        watched->offers += self->events[i].event.type == HOTLINE_OFFER;
        if (self->events[i].event.type == HOTLINE_CALL_ENDED)  // the id may be used for another call now
            watched->joined[call_index(self->events[i].event.call)] = 0;
    }
    fake_forget(self);
}

static bool is_well(bool now)
{
    return now ? draw(150) != 0 : draw(50) == 0;
}

static void disturb(struct fake *self)
{
    struct fake_node *node = &self->nodes[draw(NODES)];
    node->connects = is_well(node->connects);
    node->answers = is_well(node->answers);
    node->takes = is_well(node->takes);
    node->no_majority = !is_well(!node->no_majority);
    if (draw(300) == 0)
        node->boot = draw(3);
    if (draw(500) == 0)
        fake_sleep(self, draw(2000));
}

static void say_something(struct fake *self, const struct watched *watched)
{
    static const char *const reasons[] = {"unknown_agent", "not_attached", "overload",
                                          "has_a_call",    "unknown_call", "disk_full"};
    char call[16];
    snprintf(call, sizeof call, "c%u", draw(CALLS));
    uint32_t node = draw(NODES);
    uint64_t attach = draw(8) == 0 ? watched->attach - draw(3) : watched->attach;
    Cli__Offered offered = CLI__OFFERED__INIT;
    Cli__Withdrawn withdrawn = CLI__WITHDRAWN__INIT;
    Cli__DeskNews desk = CLI__DESK_NEWS__INIT;
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    Cli__Going going = CLI__GOING__INIT;
    Cli__Superseded superseded = CLI__SUPERSEDED__INIT;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    uint8_t noise[40];
    switch (draw(12)) {
    case 0:
    case 1:
        offered.attach = attach;
        offered.call = call;
        offered.n = 1 + draw(3);
        offered.deadline_ms = draw(5000);
        message.body_case = CLI__TO_CLIENT__BODY_OFFERED;
        message.offered = &offered;
        break;
    case 2:
        withdrawn.attach = attach;
        withdrawn.call = call;
        withdrawn.n = draw(4);
        message.body_case = CLI__TO_CLIENT__BODY_WITHDRAWN;
        message.withdrawn = &withdrawn;
        break;
    case 3:
    case 4:
        desk.attach = attach;
        desk.call = draw(2) ? call : (char *)"";
        desk.state = (Rec__AgentState)draw(8);
        desk.connected = draw(2);
        desk.ended = draw(4) == 0;
        message.body_case = CLI__TO_CLIENT__BODY_DESK_NEWS;
        message.desk_news = &desk;
        break;
    case 5:
        if (draw(20) != 0)
            return;
        message.body_case = CLI__TO_CLIENT__BODY_GOING;
        message.going = &going;
        break;
    case 6:
        superseded.by = watched->attach - (watched->attach > 0 ? draw(2) : 0);
        message.body_case = CLI__TO_CLIENT__BODY_SUPERSEDED;
        message.superseded = &superseded;
        break;
    case 7:
        fake_refuse(self, node, reasons[draw(6)], draw(2) ? call : draw(2) ? "it" : "", attach);
        return;
    case 8:
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)draw(256);
        fake_say_bytes(self, node, noise, draw(sizeof noise));
        return;
    default:
        news.attach = attach;
        news.call = call;
        news.what = (Cli__CallNews__What)draw(7);
        news.n = 1 + draw(3);
        news.agent = (char *)(draw(2) ? "lin" : "wang");
        news.end = (Rec__EndReason)draw(8);
        message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
        message.call_news = &news;
        break;
    }
    fake_say(self, node, &message);
}

static void heal(struct fake *self)
{
    for (uint32_t i = 0; i < NODES; i++) {
        struct fake_node *node = &self->nodes[i];
        node->connects = node->answers = node->takes = true;
        node->no_majority = false;
        node->boot = 0;
    }
}

static void person_acts(struct hotline_client *desk)
{
    switch (draw(8)) {
    case 0:
        hotline_desk_accept(desk, NULL);
        break;
    case 1:
        hotline_desk_decline(desk, NULL);
        break;
    case 2:
        hotline_desk_end(desk);
        break;
    case 3:
    case 4:
        hotline_desk_available(desk);
        break;
    case 5:
        hotline_desk_not_ready(desk, "tea");
        break;
    default:
        break;
    }
}

static void switch_acts(struct hotline_client *gateway)
{
    char call[16];
    snprintf(call, sizeof call, "c%u", draw(CALLS));
    struct hotline_call_spec spec = {.id = call, .queue = "emergency"};
    switch (draw(6)) {
    case 0:
    case 1:
        hotline_gateway_submit(gateway, &spec, NULL);
        break;
    case 2:
    case 3:
        hotline_gateway_joined(gateway, call);
        break;
    case 4:
        hotline_gateway_join_failed(gateway, call, "busy");
        break;
    default:
        if (draw(4) == 0)
            hotline_gateway_hung_up(gateway, call);
        break;
    }
}

static void a_desk_keeps_its_word_in_any_storm_and_is_attached_after_it(void **state)
{
    (void)state;
    seed();
    struct watched watched = {0};
    struct fake *self = fake_create(NODES);
    struct hotline_desk_options options = {
        .nodes = "fake://a,fake://b,fake://c,fake://d", .agent = "it", .on_event = fake_event, .user = self};
    self->client = client_desk_create(&self->wire, &options, NULL);
    for (uint32_t i = 0; i < STEPS; i++) {
        disturb(self);
        if (draw(3) == 0)
            say_something(self, &watched);
        if (draw(20) == 0)
            person_acts(self->client);
        fake_run(self, 10);
        see_all(self, &watched);
    }
    print_message("%u attaches, %u words, %u offers\n", watched.attaches, watched.words, watched.offers);
    assert_true(watched.attaches > 30 && watched.words > 100 && watched.offers > 3);  // it was a storm
    heal(self);
    fake_run(self, 20000);
    assert_true(hotline_client_is_attached(self->client));
    see_all(self, &watched);
    hotline_client_abandon(self->client);
    fake_free(self);
}

static void answer_hang_ups(struct fake *self)
{
    for (uint32_t i = 0; i < self->log_count; i++) {
        const struct fake_message *heard = &self->log[i];
        if (heard->words->body_case != CLI__TO_NODE__BODY_LEG_WORD ||
            heard->words->leg_word->word != CLI__LEG_WORD__WORD__HUNG_UP)
            continue;
        Cli__CallNews news = CLI__CALL_NEWS__INIT;
        news.attach = heard->words->leg_word->attach;
        news.call = heard->words->leg_word->call;
        news.what = CLI__CALL_NEWS__WHAT__ENDED;
        news.end = REC__END_REASON__ABANDONED;
        Cli__ToClient message = CLI__TO_CLIENT__INIT;
        message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
        message.call_news = &news;
        fake_say(self, heard->node, &message);
    }
}

static void a_gateway_joins_no_leg_twice_and_every_call_ends(void **state)
{
    (void)state;
    seed();
    struct watched watched = {0};
    struct fake *self = fake_create(NODES);
    struct hotline_gateway_options options = {
        .nodes = "fake://a,fake://b,fake://c,fake://d", .gateway = "it", .on_event = fake_event, .user = self};
    self->client = client_gateway_create(&self->wire, &options, NULL);
    for (uint32_t i = 0; i < STEPS; i++) {
        disturb(self);
        if (draw(3) == 0)
            say_something(self, &watched);
        if (draw(5) == 0)
            switch_acts(self->client);
        fake_run(self, 10);
        see_all(self, &watched);
    }
    print_message("%u attaches, %u words, %u connects\n", watched.attaches, watched.words, watched.connects);
    assert_true(watched.attaches > 30 && watched.words > 100 && watched.connects > 3);
    heal(self);
    fake_run(self, 20000);
    assert_true(hotline_client_is_attached(self->client));
    see_all(self, &watched);
    for (uint32_t i = 0; i < CALLS; i++) {
        char call[16];
        snprintf(call, sizeof call, "c%u", i);
        hotline_gateway_hung_up(self->client, call);
    }
    answer_hang_ups(self);
    fake_run(self, 5000);
    assert_int_equal(hotline_gateway_calls(self->client), 0);
    hotline_client_abandon(self->client);
    fake_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_desk_keeps_its_word_in_any_storm_and_is_attached_after_it),
        cmocka_unit_test(a_gateway_joins_no_leg_twice_and_every_call_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
