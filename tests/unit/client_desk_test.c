// A desk over a wire without a network.
#include "client_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ATTACH_DESK CLI__TO_NODE__BODY_ATTACH_DESK
#define DESK_WORD CLI__TO_NODE__BODY_DESK_WORD

static struct fake *attached_desk(const char *not_ready)
{
    struct fake *self = fake_create(2);
    struct hotline_desk_options options = {
        .nodes = "fake://a,fake://b", .agent = "lin", .not_ready = not_ready, .on_event = fake_event, .user = self};
    self->client = client_desk_create(&self->wire, &options, NULL);
    assert_non_null(self->client);
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    return self;
}

static void node_dies(struct fake *self)
{
    self->nodes[0].answers = self->nodes[0].takes = false;
    fake_run_until_attached(self, 1);
}

static int serving(const struct fake *self)
{
    return strcmp(hotline_client_node(self->client), "b") == 0 ? 1 : 0;
}

static void offer_at(struct fake *self, uint32_t node, const char *call, uint32_t n, uint64_t attach)
{
    Cli__Offered words = CLI__OFFERED__INIT;
    words.attach = attach;
    words.call = (char *)call;
    words.call_attach = 99;
    words.n = n;
    words.number = (char *)"+249155555";
    words.queue = (char *)"emergency";
    words.km = 12;
    words.deadline_ms = 20000;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_OFFERED;
    message.offered = &words;
    fake_say(self, node, &message);
}

static void offer(struct fake *self, const char *call, uint32_t n)
{
    uint32_t node = (uint32_t)serving(self);
    offer_at(self, node, call, n, self->nodes[node].attach);
    fake_run(self, 10);
}

static void withdraw(struct fake *self, const char *call, uint32_t n, const char *reason)
{
    uint32_t node = (uint32_t)serving(self);
    Cli__Withdrawn words = CLI__WITHDRAWN__INIT;
    words.attach = self->nodes[node].attach;
    words.call = (char *)call;
    words.n = n;
    words.reason = (char *)reason;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_WITHDRAWN;
    message.withdrawn = &words;
    fake_say(self, node, &message);
    fake_run(self, 10);
}

static void news(struct fake *self, Rec__AgentState state, const char *reason, const char *call, bool connected,
                 bool ended)
{
    uint32_t node = (uint32_t)serving(self);
    Cli__DeskNews words = CLI__DESK_NEWS__INIT;
    words.attach = self->nodes[node].attach;
    words.state = state;
    words.reason = (char *)reason;
    words.call = (char *)call;
    words.connected = connected;
    words.ended = ended;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_DESK_NEWS;
    message.desk_news = &words;
    fake_say(self, node, &message);
    fake_run(self, 10);
}

static void talk(struct fake *self, const char *call)
{
    offer(self, call, 1);
    assert_int_equal(hotline_desk_accept(self->client, NULL), HOTLINE_OK);
    news(self, REC__AGENT_STATE__ON_CALL, "", call, true, false);
}

static const Cli__DeskWord *last_word(const struct fake *self)
{
    const Cli__ToNode *words = fake_last(self, -1, DESK_WORD);
    assert_non_null(words);
    return words->desk_word;
}

static uint32_t count_words(const struct fake *self, Cli__DeskWord__Word word)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->log_count; i++)
        count += self->log[i].words->body_case == DESK_WORD && self->log[i].words->desk_word->word == word;
    return count;
}

static const Cli__AttachDesk *last_attach(const struct fake *self)
{
    return fake_last(self, -1, ATTACH_DESK)->attach_desk;
}

static void assert_state(const struct fake *self, const char *state)
{
    assert_string_equal(hotline_desk_state(self->client), state);
    const struct hotline_event *event = fake_last_event(self, HOTLINE_DESK_STATE);
    assert_non_null(event);
    assert_string_equal(event->state, state);
}

static void a_call_goes_its_whole_way(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    assert_state(self, "available");
    offer(self, "c1", 1);
    assert_state(self, "ringing");
    const struct hotline_event *event = fake_last_event(self, HOTLINE_OFFER);
    assert_string_equal(event->call, "c1");
    assert_string_equal(event->number, "+249155555");
    assert_int_equal(event->km, 12);
    assert_int_equal(event->deadline_ms, 20000);
    assert_string_equal(event->place.placed_by, "unknown");
    assert_string_equal(hotline_desk_call(self->client), "c1");
    assert_int_equal(hotline_desk_accept(self->client, "c2"), HOTLINE_UNKNOWN);
    assert_int_equal(hotline_desk_accept(self->client, "c1"), HOTLINE_OK);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__ACCEPT);
    assert_int_equal(last_word(self)->n, 1);
    news(self, REC__AGENT_STATE__ON_CALL, "", "c1", true, false);
    assert_state(self, "on_call");
    assert_int_equal(fake_count_events(self, HOTLINE_DESK_CONNECTED), 1);
    news(self, REC__AGENT_STATE__WRAP_UP, "", "c1", false, true);
    assert_state(self, "wrap_up");
    assert_int_equal(fake_count_events(self, HOTLINE_DESK_ENDED), 1);
    assert_string_equal(hotline_desk_call(self->client), "");
    assert_int_equal(hotline_desk_available(self->client), HOTLINE_OK);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__READY);
    news(self, REC__AGENT_STATE__AVAILABLE, "", "", false, false);
    uint32_t words = count_words(self, CLI__DESK_WORD__WORD__READY);
    fake_run(self, 2000);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__READY), words);
    assert_state(self, "available");
    fake_free(self);
}

static void an_offer_that_is_repeated_rings_once(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    offer(self, "c1", 1);
    assert_int_equal(fake_count_events(self, HOTLINE_OFFER), 1);
    hotline_desk_accept(self->client, NULL);
    uint32_t before = count_words(self, CLI__DESK_WORD__WORD__ACCEPT);
    offer(self, "c1", 2);  // another owner offers the call the person has accepted
    assert_int_equal(fake_count_events(self, HOTLINE_OFFER), 1);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__ACCEPT), before + 1);
    assert_int_equal(last_word(self)->n, 2);
    fake_free(self);
}

static void an_offer_of_an_older_attachment_is_ignored(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer_at(self, 0, "c1", 1, self->nodes[0].attach - 1);
    fake_run(self, 20);
    assert_int_equal(fake_count_events(self, HOTLINE_OFFER), 0);
    assert_int_equal(hotline_client_counts(self->client).stale, 1);
    fake_free(self);
}

static void an_accept_is_repeated_until_its_effect_is_seen_or_a_bound(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    hotline_desk_accept(self->client, NULL);
    fake_run(self, 600);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__ACCEPT), 2);
    fake_run(self, 20000);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__ACCEPT), 4);
    assert_state(self, "on_call");  // no deadline frees it
    fake_free(self);
}

static void a_ringing_desk_says_so_to_the_next_node(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 3);
    node_dies(self);
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__RINGING);
    assert_string_equal(last_attach(self)->call, "c1");
    assert_int_equal(last_attach(self)->call_attach, 99);
    assert_int_equal(last_attach(self)->n, 3);
    assert_false(last_attach(self)->accepted);
    assert_int_equal(fake_count_events(self, HOTLINE_WITHDRAWN), 0);
    fake_free(self);
}

static void an_accept_the_dying_node_did_not_pass_on_is_said_to_the_next(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 3);
    self->nodes[0].connects = self->nodes[0].answers = self->nodes[0].takes = false;
    assert_int_equal(hotline_desk_accept(self->client, NULL), HOTLINE_OK);
    fake_run_until_attached(self, 1);
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__ON_CALL);
    assert_true(last_attach(self)->accepted);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__ACCEPT);
    assert_int_equal(last_word(self)->attach, self->nodes[1].attach);
    fake_free(self);
}

static void a_conversation_goes_on_when_the_node_dies(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    talk(self, "c1");
    uint64_t since = self->wall_ms;
    node_dies(self);
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__ON_CALL);
    assert_true(last_attach(self)->since_ms <= since);
    news(self, REC__AGENT_STATE__ON_CALL, "", "c1", true, false);
    assert_int_equal(fake_count_events(self, HOTLINE_DESK_CONNECTED), 1);
    assert_int_equal(hotline_desk_end(self->client), HOTLINE_OK);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__END);
    fake_run(self, 20);
    assert_state(self, "wrap_up");
    news(self, REC__AGENT_STATE__WRAP_UP, "", "c1", false, true);
    assert_int_equal(fake_count_events(self, HOTLINE_DESK_ENDED), 1);
    fake_free(self);
}

static void disposed(struct fake *self, const char *call)
{
    Cli__DeskNews words = CLI__DESK_NEWS__INIT;
    words.attach = self->nodes[0].attach;
    words.state = REC__AGENT_STATE__WRAP_UP;
    words.call = (char *)call;
    words.disposed = true;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_DESK_NEWS;
    message.desk_news = &words;
    fake_say(self, 0, &message);
}

static void a_disposition_is_said_until_it_is_written_and_to_the_next_node_again(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    assert_int_equal(hotline_desk_disposition(self->client, NULL, "resolved"), HOTLINE_WRONG_STATE);
    talk(self, "c1");
    hotline_desk_end(self->client);
    news(self, REC__AGENT_STATE__WRAP_UP, "", "c1", false, true);
    assert_int_equal(hotline_desk_disposition(self->client, "c2", "resolved"), HOTLINE_UNKNOWN);
    assert_int_equal(hotline_desk_disposition(self->client, "c1", ""), HOTLINE_INVALID);
    assert_int_equal(hotline_desk_disposition(self->client, "c1", "resolved"), HOTLINE_OK);
    fake_run(self, 600);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__DISPOSITION), 2);
    disposed(self, "c1");
    fake_run(self, 3000);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__DISPOSITION), 2);
    node_dies(self);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__DISPOSITION);
    assert_string_equal(last_word(self)->call, "c1");
    assert_string_equal(last_word(self)->reason, "resolved");
    fake_free(self);
}

static struct fake *desk_that_has_reached_a_caller(void)
{
    struct fake *self = attached_desk(NULL);
    offer(self, "c1~1", 1);
    assert_int_equal(hotline_desk_accept(self->client, NULL), HOTLINE_OK);
    assert_int_equal(hotline_desk_reached(self->client, "c1~1"), HOTLINE_OK);
    return self;
}

static void whom_it_reached_is_said_to_every_node_it_comes_to(void **state)
{
    (void)state;
    struct fake *self = desk_that_has_reached_a_caller();
    assert_int_equal(hotline_desk_end(self->client), HOTLINE_OK);
    node_dies(self);
    assert_string_equal(last_attach(self)->call, "");
    assert_string_equal(last_attach(self)->reached_call, "c1~1");
    fake_free(self);
}

static void a_node_that_refuses_the_word_of_whom_it_reached_is_told_whole_what_the_desk_does(void **state)
{
    (void)state;
    struct fake *self = desk_that_has_reached_a_caller();
    fake_refuse(self, 0, "no_call_back", "c1~1", self->nodes[0].attach);
    fake_run(self, 500);
    assert_state(self, "on_call");
    assert_true(last_attach(self)->reached);
    fake_free(self);
}

static void a_withdrawn_offer_returns_to_available(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    withdraw(self, "c1", 2, "late");  // of another offer
    assert_state(self, "ringing");
    withdraw(self, "c1", 1, "answered_elsewhere");
    assert_state(self, "available");
    assert_string_equal(fake_last_event(self, HOTLINE_WITHDRAWN)->reason, "answered_elsewhere");
    fake_free(self);
}

static void missed_calls_make_it_not_ready_by_the_nodes_word(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    withdraw(self, "c1", 1, "ring_time_over");
    news(self, REC__AGENT_STATE__NOT_READY, "missed_calls", "", false, false);
    assert_state(self, "not_ready");
    assert_string_equal(fake_last_event(self, HOTLINE_DESK_STATE)->reason, "missed_calls");
    node_dies(self);
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__NOT_READY);
    assert_string_equal(last_attach(self)->reason, "missed_calls");
    fake_free(self);
}

static void a_declined_offer_is_over_at_once_and_said_until_heard(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    assert_int_equal(hotline_desk_decline(self->client, "c1"), HOTLINE_OK);
    fake_run(self, 600);
    assert_state(self, "available");
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__DECLINE), 2);
    withdraw(self, "c1", 1, "declined");
    fake_run(self, 2000);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__DECLINE), 2);
    assert_int_equal(fake_count_events(self, HOTLINE_WITHDRAWN), 0);
    assert_int_equal(hotline_desk_decline(self->client, NULL), HOTLINE_WRONG_STATE);
    fake_free(self);
}

static void not_ready_asked_for_during_a_call_takes_effect_after_it(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    talk(self, "c1");
    assert_int_equal(hotline_desk_not_ready(self->client, "lunch"), HOTLINE_OK);
    assert_state(self, "on_call");
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__AWAY), 0);
    news(self, REC__AGENT_STATE__WRAP_UP, "", "c1", false, true);
    assert_state(self, "not_ready");
    assert_string_equal(last_word(self)->reason, "lunch");
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__AWAY);
    fake_free(self);
}

static void an_offer_that_crosses_not_ready_is_declined_and_not_ready_said_again(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    hotline_desk_not_ready(self->client, "lunch");
    offer(self, "c1", 1);
    fake_refuse(self, 0, "has_a_call", "", self->nodes[0].attach);
    fake_run(self, 20);
    assert_state(self, "not_ready");
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__DECLINE), 1);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__AWAY), 2);
    assert_int_equal(fake_count_events(self, HOTLINE_OFFER), 0);
    assert_int_equal(fake_count_events(self, HOTLINE_REFUSED), 0);
    fake_free(self);
}

static void no_call_came_frees_the_desk(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    hotline_desk_accept(self->client, NULL);
    assert_int_equal(hotline_desk_end(self->client), HOTLINE_OK);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__NO_CALL);
    fake_run(self, 20);
    assert_state(self, "available");
    withdraw(self, "c1", 1, "no_call");
    fake_run(self, 2000);
    assert_int_equal(count_words(self, CLI__DESK_WORD__WORD__NO_CALL), 1);
    fake_free(self);
}

static void an_end_that_no_node_heard_is_said_to_the_next(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    talk(self, "c1");
    self->nodes[0].connects = self->nodes[0].answers = self->nodes[0].takes = false;
    assert_int_equal(hotline_desk_end(self->client), HOTLINE_OK);
    fake_run_until_attached(self, 1);
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__WRAP_UP);
    assert_string_equal(last_attach(self)->call, "");
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__END);
    assert_string_equal(last_word(self)->call, "c1");
    assert_int_equal(fake_count_events(self, HOTLINE_DESK_ENDED), 1);
    withdraw(self, "c1", 1, "no_longer_offered");
    uint32_t words = fake_count(self, 1, DESK_WORD);
    fake_run(self, 3000);
    assert_int_equal(fake_count(self, 1, DESK_WORD), words);
    fake_free(self);
}

static void a_state_chosen_while_it_attaches_is_not_lost(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    node_dies(self);
    self->nodes[1].takes = false;  // the attach is on its way when the person leaves
    fake_refuse(self, 1, "not_attached", "", 0);
    fake_run(self, 600);
    assert_false(hotline_client_is_attached(self->client));
    hotline_desk_not_ready(self->client, "lunch");
    Cli__Attached words = CLI__ATTACHED__INIT;
    words.attach = last_attach(self)->attach;
    words.node = (char *)"b";
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ATTACHED;
    message.attached = &words;
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__AVAILABLE);
    fake_say(self, 1, &message);
    fake_run(self, 10);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__AWAY);
    assert_int_equal(last_word(self)->attach, words.attach);
    fake_free(self);
}

static void an_offer_nobody_withdraws_ends_by_itself(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    offer(self, "c1", 1);
    fake_run(self, 21000);
    assert_state(self, "ringing");
    fake_run(self, 3000);
    assert_state(self, "available");
    assert_string_equal(fake_last_event(self, HOTLINE_WITHDRAWN)->reason, "ring_time_over");
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__AVAILABLE);
    assert_true(fake_count(self, 0, ATTACH_DESK) > 1);
    fake_free(self);
}

static void a_node_that_offers_a_second_call_is_told_all_again(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    talk(self, "c1");
    fake_run(self, 1000);
    offer(self, "c2", 1);
    fake_run(self, 20);
    assert_int_equal(fake_count_events(self, HOTLINE_OFFER), 1);
    assert_int_equal(last_word(self)->word, CLI__DESK_WORD__WORD__DECLINE);
    assert_int_equal(fake_count(self, 0, ATTACH_DESK), 2);
    assert_string_equal(last_attach(self)->call, "c1");
    fake_free(self);
}

static void it_signs_in_not_ready_when_asked_to(void **state)
{
    (void)state;
    struct fake *self = attached_desk("training");
    assert_state(self, "not_ready");
    assert_int_equal(last_attach(self)->state, REC__AGENT_STATE__NOT_READY);
    assert_string_equal(last_attach(self)->reason, "training");
    assert_int_equal(hotline_gateway_hung_up(self->client, "c1"), HOTLINE_INVALID);
    assert_int_equal(hotline_ask(self->client, HOTLINE_STATUS, NULL, 0, NULL, NULL), HOTLINE_INVALID);
    fake_free(self);
}

static void a_test_call_is_answered_at_once_in_every_state_and_nobody_is_told(void **state)
{
    (void)state;
    struct fake *self = attached_desk(NULL);
    for (int with_call = 0; with_call < 2; with_call++) {
        if (with_call)
            offer(self, "c1", 1);
        uint32_t node = (uint32_t)serving(self), events = self->event_count;
        Cli__TestOffered words = CLI__TEST_OFFERED__INIT;
        words.attach = self->nodes[node].attach;
        words.test = 70 + (uint64_t)with_call;
        words.node = (char *)"cairo";
        Cli__ToClient message = CLI__TO_CLIENT__INIT;
        message.body_case = CLI__TO_CLIENT__BODY_TEST_OFFERED;
        message.test_offered = &words;
        fake_say(self, node, &message);
        fake_run(self, 10);
        const Cli__ToNode *said = fake_last(self, (int)node, CLI__TO_NODE__BODY_TEST_ANSWERED);
        assert_non_null(said);
        assert_true(said->protocol >= 2);
        assert_int_equal(said->test_answered->test, words.test);
        assert_int_equal(said->test_answered->attach, words.attach);
        assert_string_equal(said->test_answered->node, "cairo");
        assert_int_equal(self->event_count, events);
        assert_state(self, with_call ? "ringing" : "available");
        words.attach--;  // of an older attachment
        fake_say(self, node, &message);
        fake_run(self, 10);
        assert_int_equal(fake_count(self, (int)node, CLI__TO_NODE__BODY_TEST_ANSWERED), 1 + (uint32_t)with_call);
    }
    fake_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_goes_its_whole_way),
        cmocka_unit_test(an_offer_that_is_repeated_rings_once),
        cmocka_unit_test(an_offer_of_an_older_attachment_is_ignored),
        cmocka_unit_test(an_accept_is_repeated_until_its_effect_is_seen_or_a_bound),
        cmocka_unit_test(a_ringing_desk_says_so_to_the_next_node),
        cmocka_unit_test(an_accept_the_dying_node_did_not_pass_on_is_said_to_the_next),
        cmocka_unit_test(a_conversation_goes_on_when_the_node_dies),
        cmocka_unit_test(a_disposition_is_said_until_it_is_written_and_to_the_next_node_again),
        cmocka_unit_test(whom_it_reached_is_said_to_every_node_it_comes_to),
        cmocka_unit_test(a_node_that_refuses_the_word_of_whom_it_reached_is_told_whole_what_the_desk_does),
        cmocka_unit_test(a_test_call_is_answered_at_once_in_every_state_and_nobody_is_told),
        cmocka_unit_test(a_withdrawn_offer_returns_to_available),
        cmocka_unit_test(missed_calls_make_it_not_ready_by_the_nodes_word),
        cmocka_unit_test(a_declined_offer_is_over_at_once_and_said_until_heard),
        cmocka_unit_test(not_ready_asked_for_during_a_call_takes_effect_after_it),
        cmocka_unit_test(an_offer_that_crosses_not_ready_is_declined_and_not_ready_said_again),
        cmocka_unit_test(no_call_came_frees_the_desk),
        cmocka_unit_test(an_end_that_no_node_heard_is_said_to_the_next),
        cmocka_unit_test(a_state_chosen_while_it_attaches_is_not_lost),
        cmocka_unit_test(an_offer_nobody_withdraws_ends_by_itself),
        cmocka_unit_test(a_node_that_offers_a_second_call_is_told_all_again),
        cmocka_unit_test(it_signs_in_not_ready_when_asked_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
