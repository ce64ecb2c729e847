// A gateway over a wire without a network.
#include "client_fake.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ATTACH_GATEWAY CLI__TO_NODE__BODY_ATTACH_GATEWAY
#define SUBMIT CLI__TO_NODE__BODY_SUBMIT
#define LEG_WORD CLI__TO_NODE__BODY_LEG_WORD

static struct fake *new_gateway(hotline_event_callback *on_event)
{
    struct fake *self = fake_create(2);
    struct hotline_gateway_options options = {
        .nodes = "fake://a,fake://b", .gateway = "sip-1", .site = "cairo", .on_event = on_event, .user = self};
    self->client = client_gateway_create(&self->wire, &options, NULL);
    assert_non_null(self->client);
    return self;
}

static struct fake *attached_gateway(void)
{
    struct fake *self = new_gateway(fake_event);
    fake_run_until_attached(self, 0);
    fake_run(self, 1000);
    return self;
}

static void node_dies(struct fake *self)
{
    self->nodes[0].answers = self->nodes[0].takes = self->nodes[0].connects = false;
    fake_run_until_attached(self, 1);
}

static const char *const arabic[] = {"ar", "en", NULL};

static enum hotline_result submit(struct fake *self, const char *id)
{
    struct hotline_call_spec spec = {.id = id,
                                     .number = "+249155555",
                                     .at = true,
                                     .lat = 15.5,
                                     .lon = -32.25,
                                     .queue = "emergency",
                                     .languages = arabic};
    return hotline_gateway_submit(self->client, &spec, NULL);
}

static void say_news(struct fake *self, Cli__CallNews *words)
{
    uint32_t node = strcmp(hotline_client_node(self->client), "b") == 0 ? 1 : 0;
    words->attach = words->attach != 0 ? words->attach : self->nodes[node].attach;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
    message.call_news = words;
    fake_say(self, node, &message);
    fake_run(self, 10);
}

static void news(struct fake *self, const char *call, Cli__CallNews__What what, uint32_t n)
{
    Cli__CallNews words = CLI__CALL_NEWS__INIT;
    words.call = (char *)call;
    words.what = what;
    words.n = n;
    words.copies = 2;
    words.queued_ms = 1234567;
    if (what == CLI__CALL_NEWS__WHAT__RINGING || what == CLI__CALL_NEWS__WHAT__CONNECT) {
        words.agent = (char *)(n == 1 ? "lin" : "wang");
        words.agent_login = 1000 + n;
        words.contact = (char *)"sip:x@y";
        words.km = 7;
    }
    words.end = what == CLI__CALL_NEWS__WHAT__ENDED ? REC__END_REASON__ANSWERED : REC__END_REASON__NOT_ENDED;
    say_news(self, &words);
}

#define ACCEPTED CLI__CALL_NEWS__WHAT__ACCEPTED
#define WAITING CLI__CALL_NEWS__WHAT__WAITING
#define RINGING CLI__CALL_NEWS__WHAT__RINGING
#define CONNECT CLI__CALL_NEWS__WHAT__CONNECT
#define ENDED CLI__CALL_NEWS__WHAT__ENDED

static const Cli__AttachGateway *last_attach(const struct fake *self)
{
    return fake_last(self, -1, ATTACH_GATEWAY)->attach_gateway;
}

static const Cli__LegWord *last_word(const struct fake *self)
{
    const Cli__ToNode *words = fake_last(self, -1, LEG_WORD);
    assert_non_null(words);
    return words->leg_word;
}

static uint32_t count_words(const struct fake *self, Cli__LegWord__Word word)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->log_count; i++)
        count += self->log[i].words->body_case == LEG_WORD && self->log[i].words->leg_word->word == word;
    return count;
}

static void a_gateway_that_raises_its_login_says_which_attach_it_had(void **state)
{
    (void)state;
    struct fake *self = new_gateway(fake_event);
    self->nodes[0].takes = self->nodes[1].takes = false;
    fake_run(self, 50);
    uint64_t before = last_attach(self)->attach;
    assert_int_equal(last_attach(self)->before, 0);
    Cli__Refused words = CLI__REFUSED__INIT;
    words.reason = (char *)"stale_attach";
    words.what = (char *)"sip-1";
    words.attach = before;
    words.largest = before + ((uint64_t)10000 << 20);
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &words;
    fake_say(self, 0, &message);
    fake_run(self, 50);
    assert_true(last_attach(self)->attach > words.largest);
    assert_int_equal(last_attach(self)->before, before);
    fake_free(self);
}

static void a_call_goes_its_whole_way(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    assert_string_equal(last_attach(self)->site, "cairo");
    assert_int_equal(submit(self, "c1"), HOTLINE_OK);
    const Cli__Submit *sent = fake_last(self, 0, SUBMIT)->submit;
    assert_string_equal(sent->call, "c1");
    assert_int_equal(sent->attach, self->nodes[0].attach);
    assert_int_equal(sent->lat_udeg, 15500000);
    assert_int_equal(sent->lon_udeg, -32250000);
    assert_int_equal(sent->n_languages, 2);
    news(self, "c1", ACCEPTED, 0);
    news(self, "c1", RINGING, 1);
    news(self, "c1", CONNECT, 1);
    assert_int_equal(fake_last_event(self, HOTLINE_CALL_ACCEPTED)->copies, 2);
    const struct hotline_event *event = fake_last_event(self, HOTLINE_CALL_CONNECT);
    assert_string_equal(event->agent, "lin");
    assert_string_equal(event->contact, "sip:x@y");
    assert_int_equal(hotline_gateway_joined(self->client, "c1"), HOTLINE_OK);
    assert_int_equal(last_word(self)->word, CLI__LEG_WORD__WORD__JOINED);
    assert_int_equal(last_word(self)->n, 1);
    assert_int_equal(hotline_gateway_calls(self->client), 1);
    news(self, "c1", ENDED, 0);
    assert_string_equal(fake_last_event(self, HOTLINE_CALL_ENDED)->reason, "answered");
    assert_int_equal(hotline_gateway_calls(self->client), 0);
    assert_int_equal(hotline_gateway_joined(self->client, "c1"), HOTLINE_UNKNOWN);
    news(self, "c1", ENDED, 0);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 1);
    fake_free(self);
}

static void a_submission_before_attaching_is_part_of_the_attach(void **state)
{
    (void)state;
    struct fake *self = new_gateway(fake_event);
    char id[HOTLINE_CALL_ID_BYTES], second[HOTLINE_CALL_ID_BYTES];
    struct hotline_call_spec spec = {.dialled = "09"};
    assert_int_equal(hotline_gateway_submit(self->client, &spec, id), HOTLINE_OK);
    assert_int_equal(hotline_gateway_submit(self->client, &spec, second), HOTLINE_OK);
    assert_string_not_equal(id, second);
    fake_run_until_attached(self, 0);
    assert_int_equal(last_attach(self)->n_calls, 2);
    assert_string_equal(last_attach(self)->calls[0]->submit->call, id);
    assert_string_equal(last_attach(self)->calls[0]->submit->dialled, "09");
    assert_int_equal(last_attach(self)->calls[0]->submit->attach, last_attach(self)->attach);
    assert_int_equal(fake_count(self, -1, SUBMIT), 0);
    fake_free(self);
}

static void an_unanswered_submission_is_repeated_and_an_answered_one_is_not(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    fake_run(self, 600);
    assert_int_equal(fake_count(self, 0, SUBMIT), 2);
    assert_int_equal(submit(self, "c1"), HOTLINE_OK);  // the same id is the same call
    assert_int_equal(hotline_gateway_calls(self->client), 1);
    assert_int_equal(fake_count(self, 0, SUBMIT), 2);
    news(self, "c1", WAITING, 0);
    fake_run(self, 10000);
    assert_int_equal(fake_count(self, 0, SUBMIT), 2);
    fake_free(self);
}

static void what_was_sent_to_a_dying_node_is_said_whole_to_the_next(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    const char *const ids[] = {"waits", "rings", "connects", "joined", "lost"};
    for (int i = 0; i < 5; i++)
        submit(self, ids[i]);
    for (int i = 0; i < 4; i++)
        news(self, ids[i], ACCEPTED, 0);
    news(self, "rings", RINGING, 1);
    news(self, "connects", CONNECT, 2);
    news(self, "joined", CONNECT, 1);
    hotline_gateway_joined(self->client, "joined");
    node_dies(self);
    const Cli__AttachGateway *attach = last_attach(self);
    assert_int_equal(attach->n_calls, 5);
    assert_int_equal(attach->calls[0]->state, REC__CALL_STATE__WAITING);
    assert_int_equal(attach->calls[0]->queued_ms, 1234567);
    assert_int_equal(attach->calls[1]->state, REC__CALL_STATE__CALL_RINGING);
    assert_string_equal(attach->calls[1]->agent, "");
    assert_int_equal(attach->calls[2]->state, REC__CALL_STATE__CALL_RINGING);
    assert_string_equal(attach->calls[2]->agent, "wang");
    assert_int_equal(attach->calls[2]->agent_login, 1002);
    assert_int_equal(attach->calls[2]->n, 2);
    assert_int_equal(attach->calls[3]->state, REC__CALL_STATE__CONNECTED);
    assert_true(attach->calls[3]->connected_ms > 0);
    assert_int_equal(attach->calls[4]->state, REC__CALL_STATE__WAITING);
    assert_int_equal(attach->calls[4]->queued_ms, 0);
    fake_run(self, 600);
    assert_int_equal(fake_count(self, 1, SUBMIT), 1);  // only "lost" has not been answered
    fake_free(self);
}

static void words_said_while_the_node_died_reach_the_next(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    submit(self, "c2");
    news(self, "c1", CONNECT, 1);
    news(self, "c2", ACCEPTED, 0);
    self->nodes[0].answers = self->nodes[0].takes = self->nodes[0].connects = false;
    assert_int_equal(hotline_gateway_join_failed(self->client, "c1", "busy here"), HOTLINE_OK);
    assert_int_equal(hotline_gateway_hung_up(self->client, "c2"), HOTLINE_OK);
    fake_run_until_attached(self, 1);
    assert_int_equal(last_attach(self)->n_calls, 1);  // who hung up is not held
    assert_string_equal(last_attach(self)->calls[0]->agent, "");
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__JOIN_FAILED), 1);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__HUNG_UP), 1);
    fake_refuse(self, 1, "unknown_call", "c2", self->nodes[1].attach);
    fake_run(self, 10);
    assert_string_equal(fake_last_event(self, HOTLINE_CALL_ENDED)->reason, "abandoned");
    fake_free(self);
}

static void a_hang_up_is_repeated_until_the_end_comes_back_or_a_bound(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    news(self, "c1", CONNECT, 1);
    hotline_gateway_joined(self->client, "c1");
    assert_int_equal(hotline_gateway_hung_up(self->client, "c1"), HOTLINE_OK);
    assert_int_equal(hotline_gateway_hung_up(self->client, "c1"), HOTLINE_OK);
    fake_run(self, 600);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__HUNG_UP), 2);
    news(self, "c1", WAITING, 0);  // crossed it
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_WAITING), 0);
    fake_run(self, 5000);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__HUNG_UP), 6);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 1);
    assert_string_equal(fake_last_event(self, HOTLINE_CALL_ENDED)->reason, "answered");
    fake_free(self);
}

static void expired(struct fake *self, const char *call, bool asks)
{
    Cli__CallNews words = CLI__CALL_NEWS__INIT;
    words.call = (char *)call;
    words.what = ENDED;
    words.end = REC__END_REASON__EXPIRED;
    words.asks = asks;
    say_news(self, &words);
}

static void a_node_that_asks_hears_that_the_call_is_let_go_as_often_as_it_asks(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    submit(self, "c2");
    expired(self, "c1", true);
    assert_string_equal(fake_last_event(self, HOTLINE_CALL_ENDED)->reason, "expired");
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__LET_GO), 1);
    assert_string_equal(last_word(self)->call, "c1");
    assert_true(last_word(self)->attach == self->nodes[0].attach);
    expired(self, "c1", true);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__LET_GO), 2);
    expired(self, "c2", false);
    expired(self, "c1", false);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__LET_GO), 2);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 2);
    fake_free(self);
}

static void submit_anew_once(void *user, const struct hotline_event *event)
{
    struct fake *self = user;
    fake_event(user, event);
    if (event->type == HOTLINE_CALL_ENDED && fake_count_events(self, HOTLINE_CALL_ENDED) == 1)
        submit(self, "c1");
}

static void a_call_that_is_submitted_anew_at_its_end_is_not_let_go(void **state)
{
    (void)state;
    struct fake *self = new_gateway(submit_anew_once);
    fake_run_until_attached(self, 0);
    submit(self, "c1");
    expired(self, "c1", true);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 1);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__LET_GO), 0);
    expired(self, "c1", true);  // what the node says of it: asked again
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 2);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__LET_GO), 1);
    fake_free(self);
}

static void a_caller_who_hangs_up_before_any_node_knew_just_ends(void **state)
{
    (void)state;
    struct fake *self = new_gateway(fake_event);
    submit(self, "c1");
    assert_int_equal(hotline_gateway_hung_up(self->client, "c1"), HOTLINE_OK);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 0);  // told by process(), never from inside a call
    fake_run(self, 10);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_ENDED), 1);
    fake_run_until_attached(self, 0);
    assert_int_equal(last_attach(self)->n_calls, 0);
    fake_free(self);
}

static void connect_is_told_once_and_joined_said_again(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    news(self, "c1", CONNECT, 1);
    news(self, "c1", CONNECT, 1);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_CONNECT), 1);
    hotline_gateway_joined(self->client, "c1");
    news(self, "c1", CONNECT, 1);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_CONNECT), 1);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__JOINED), 2);
    fake_run(self, 5000);
    assert_true(count_words(self, CLI__LEG_WORD__WORD__JOINED) <= 4);
    fake_free(self);
}

static void after_a_failed_join_the_next_agent_is_connected(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    news(self, "c1", CONNECT, 1);
    hotline_gateway_join_failed(self->client, "c1", NULL);
    assert_int_equal(hotline_gateway_joined(self->client, "c1"), HOTLINE_WRONG_STATE);
    news(self, "c1", CONNECT, 1);  // crossed it
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_CONNECT), 1);
    assert_int_equal(count_words(self, CLI__LEG_WORD__WORD__JOIN_FAILED), 2);
    news(self, "c1", CONNECT, 2);
    assert_string_equal(fake_last_event(self, HOTLINE_CALL_CONNECT)->agent, "wang");
    assert_int_equal(hotline_gateway_joined(self->client, "c1"), HOTLINE_OK);
    assert_int_equal(last_word(self)->n, 2);
    fake_free(self);
}

static void a_late_ringing_does_not_take_a_connect_back_but_waiting_does(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    news(self, "c1", CONNECT, 2);
    news(self, "c1", RINGING, 1);
    assert_int_equal(hotline_gateway_joined(self->client, "c1"), HOTLINE_OK);
    submit(self, "c2");
    news(self, "c2", CONNECT, 1);
    news(self, "c2", WAITING, 0);
    assert_int_equal(hotline_gateway_joined(self->client, "c2"), HOTLINE_WRONG_STATE);
    fake_free(self);
}

static void a_joined_leg_is_never_connected_to_another(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    news(self, "c1", CONNECT, 1);
    hotline_gateway_joined(self->client, "c1");
    fake_run(self, 1000);
    news(self, "c1", CONNECT, 2);
    fake_run(self, 10);
    assert_int_equal(fake_count_events(self, HOTLINE_CALL_CONNECT), 1);
    assert_int_equal(fake_count(self, 0, ATTACH_GATEWAY), 2);
    assert_string_equal(last_attach(self)->calls[0]->agent, "lin");
    assert_int_equal(last_attach(self)->calls[0]->state, REC__CALL_STATE__CONNECTED);
    fake_free(self);
}

static void a_refused_submission_is_told_and_over(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    fake_refuse(self, 0, "unknown_queue", "c1", self->nodes[0].attach);
    fake_run(self, 10);
    assert_string_equal(fake_last_event(self, HOTLINE_REFUSED)->reason, "unknown_queue");
    assert_string_equal(fake_last_event(self, HOTLINE_REFUSED)->call, "c1");
    assert_string_equal(fake_last_event(self, HOTLINE_CALL_ENDED)->reason, "refused");
    assert_int_equal(hotline_gateway_calls(self->client), 0);
    fake_free(self);
}

static void news_of_an_older_attachment_is_ignored(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    Cli__CallNews words = CLI__CALL_NEWS__INIT;
    words.attach = self->nodes[0].attach - 1;
    words.call = (char *)"c1";
    words.what = ENDED;
    words.end = REC__END_REASON__LOST;
    say_news(self, &words);
    assert_int_equal(hotline_gateway_calls(self->client), 1);
    assert_int_equal(hotline_client_counts(self->client).stale, 1);
    fake_free(self);
}

static void the_queue_a_call_was_moved_to_is_where_it_is_restated(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    submit(self, "c1");
    Cli__CallNews words = CLI__CALL_NEWS__INIT;
    words.call = (char *)"c1";
    words.what = WAITING;
    words.queue = (char *)"last-resort";
    words.position = 3;
    say_news(self, &words);
    assert_int_equal(fake_last_event(self, HOTLINE_CALL_WAITING)->position, 3);
    node_dies(self);
    assert_string_equal(last_attach(self)->calls[0]->submit->queue, "last-resort");
    fake_free(self);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct fake *self = attached_gateway();
    static const char *many[18];
    for (int i = 0; i < 17; i++)
        many[i] = "en";
    const struct {
        struct hotline_call_spec spec;
        enum hotline_result result;
    } bad[] = {
        {{.queue = NULL}, HOTLINE_INVALID},
        {{.queue = "q", .dialled = "09"}, HOTLINE_INVALID},
        {{.queue = "q", .id = "a b"}, HOTLINE_INVALID},
        {{.queue = "q", .id = "c~1"}, HOTLINE_INVALID},
        {{.queue = "q", .at = true, .lat = 91}, HOTLINE_INVALID},
        {{.queue = "q", .at = true, .lat = NAN}, HOTLINE_INVALID},
        {{.queue = "q", .at = true, .lon = -180.1}, HOTLINE_INVALID},
        {{.queue = "q", .country = "CHN"}, HOTLINE_INVALID},
        {{.queue = "q", .number = "+1234567890123456789012345678901234567890"}, HOTLINE_INVALID},
        {{.queue = "q", .languages = many}, HOTLINE_TOO_MANY},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(hotline_gateway_submit(self->client, &bad[i].spec, NULL), bad[i].result);
    assert_int_equal(hotline_gateway_calls(self->client), 0);
    fake_free(self);
}

static void all_it_may_hold_fits_one_attach(void **state)
{
    (void)state;
    struct fake *self = new_gateway(fake_event);
    struct hotline_call_spec spec = {.number = "+249155555", .queue = "emergency", .languages = arabic};
    uint32_t count = 0;
    while (hotline_gateway_submit(self->client, &spec, NULL) == HOTLINE_OK)
        count++;
    assert_int_equal(hotline_gateway_submit(self->client, &spec, NULL), HOTLINE_TOO_MANY);
    assert_true(count > 10000);
    fake_run_until_attached(self, 0);
    assert_int_equal(last_attach(self)->n_calls, count);
    assert_int_equal(hotline_client_counts(self->client).not_sent, 0);
    print_message("%u calls\n", count);
    hotline_client_abandon(self->client);
    fake_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gateway_that_raises_its_login_says_which_attach_it_had),
        cmocka_unit_test(a_call_goes_its_whole_way),
        cmocka_unit_test(a_submission_before_attaching_is_part_of_the_attach),
        cmocka_unit_test(an_unanswered_submission_is_repeated_and_an_answered_one_is_not),
        cmocka_unit_test(what_was_sent_to_a_dying_node_is_said_whole_to_the_next),
        cmocka_unit_test(words_said_while_the_node_died_reach_the_next),
        cmocka_unit_test(a_hang_up_is_repeated_until_the_end_comes_back_or_a_bound),
        cmocka_unit_test(a_node_that_asks_hears_that_the_call_is_let_go_as_often_as_it_asks),
        cmocka_unit_test(a_call_that_is_submitted_anew_at_its_end_is_not_let_go),
        cmocka_unit_test(a_caller_who_hangs_up_before_any_node_knew_just_ends),
        cmocka_unit_test(connect_is_told_once_and_joined_said_again),
        cmocka_unit_test(after_a_failed_join_the_next_agent_is_connected),
        cmocka_unit_test(a_late_ringing_does_not_take_a_connect_back_but_waiting_does),
        cmocka_unit_test(a_joined_leg_is_never_connected_to_another),
        cmocka_unit_test(a_refused_submission_is_told_and_over),
        cmocka_unit_test(news_of_an_older_attachment_is_ignored),
        cmocka_unit_test(the_queue_a_call_was_moved_to_is_where_it_is_restated),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(all_it_may_hold_fits_one_attach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
