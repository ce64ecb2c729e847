#include "node/switchboard/board.h"
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, E1 = 3, S1 = 4, E2 = 5, N2 = 6, SECOND = 7 };

static int given_a_rig(void **state)
{
    *state = rig_create();
    return 0;
}

static void given_a_gateway(struct rig *rig, int node)
{
    rig_gateway(rig, node, GATE, "gate", rig_attach(1, 1));
}

static void expect_offer(struct rig *rig, int node, uint64_t session, const char *call)
{
    const Cli__ToClient *heard = rig_heard(rig, node, session, CLI__TO_CLIENT__BODY_OFFERED);
    assert_non_null(heard);
    assert_string_equal(heard->offered->call, call);
}

static void expect_no_offer(struct rig *rig, int node, uint64_t session)
{
    assert_null(rig_heard(rig, node, session, CLI__TO_CLIENT__BODY_OFFERED));
}

static void a_call_rings_the_nearest_desk_is_accepted_joined_and_ends(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "zh");
    expect_offer(rig, 1, N1, "c1");
    expect_no_offer(rig, 2, E1);
    const Cli__CallNews *news = rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__RINGING);
    assert_string_equal(news->agent, "n1");
    assert_string_equal(news->site, "north");
    assert_int_equal(news->km, 1112);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    news = rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__CONNECT);
    assert_string_equal(news->agent, "n1");
    assert_string_equal(rig_call(rig, 2, "c1")->agent, "n1");
    assert_int_equal(rig_call(rig, 2, "c1")->state, REC__CALL_STATE__CALL_RINGING);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    assert_true(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->connected);
    assert_int_equal(rig_call(rig, 2, "c1")->state, REC__CALL_STATE__CONNECTED);
    assert_string_equal(rig_state(rig, 0, "n1"), "on_call");
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__HUNG_UP);
    assert_true(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->ended);
    assert_string_equal(rig_state(rig, 2, "n1"), "wrap_up");
    assert_int_equal(rig_call(rig, 2, "c1")->end, REC__END_REASON__ANSWERED);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__READY);
    assert_string_equal(rig_state(rig, 0, "n1"), "available");
    assert_int_equal(rig_digest(rig, 0), rig_digest(rig, 1));
    assert_int_equal(rig_digest(rig, 0), rig_digest(rig, 2));
}

static void a_declined_call_rings_the_next_and_does_not_come_back_soon(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__DECLINE);
    expect_offer(rig, 2, E1, "c1");
    rig_forget(rig);
    rig_desk_word(rig, 2, E1, "e1", CLI__DESK_WORD__WORD__ACCEPT);  // withdrawn from the rig's memory: about no call
    assert_string_equal(rig_state(rig, 1, "n1"), "available");
    rig_pass(rig, 12000);  // e1 does not answer
    expect_no_offer(rig, 1, N1);
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__WAITING);
    rig_pass(rig, 20000);
    expect_offer(rig, 1, N1, "c1");
}

static void an_agent_who_misses_three_calls_is_not_ready(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_submit(rig, 0, GATE, "gate", "c2", "consular", 50, "");
    rig_submit(rig, 0, GATE, "gate", "c3", "consular", 50, "");
    rig_pass(rig, 31000);
    assert_string_equal(rig_state(rig, 0, "n1"), "not_ready");
    const Cli__ToClient *heard = rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_DESK_NEWS);
    assert_string_equal(heard->desk_news->reason, "missed_calls");
}

static void a_waiting_call_gets_the_agent_who_becomes_free_anywhere(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_submit(rig, 0, GATE, "gate", "late", "consular", 0, "");
    rig_submit(rig, 0, GATE, "gate", "first", "emergency", 0, "");
    rig_submit(rig, 0, GATE, "gate", "second", "emergency", 0, "");
    assert_int_equal(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__WAITING)->position, 2);
    rig_desk(rig, 1, S1, "s1", rig_attach(1, 1));
    expect_offer(rig, 1, S1, "first");
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    expect_offer(rig, 2, E1, "second");
    rig_desk(rig, 0, N1, "n1", rig_attach(1, 1));
    expect_offer(rig, 0, N1, "late");
    assert_true(rig_call(rig, 2, "late")->story[0]->invited);
}

static void an_offer_for_a_call_that_another_goes_before_is_refused(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_gateway(rig, 1, SECOND, "gate2", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "old", "consular", 0, "");
    rig_hold(rig, true);  // n1 comes up and both owners reach for it at once
    rig_desk(rig, 2, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 1, SECOND, "gate2", "new", "consular", 0, "");
    rig_hold(rig, false);
    expect_offer(rig, 2, N1, "old");
    assert_int_equal(rig_call(rig, 0, "new")->state, REC__CALL_STATE__WAITING);
}

static void an_emergency_rings_three_and_the_first_accept_wins(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 0, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 1, E1, "e1", rig_attach(1, 1));
    rig_desk(rig, 2, S1, "s1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "emergency", 0, "");
    expect_offer(rig, 0, N1, "c1");
    expect_offer(rig, 1, E1, "c1");
    expect_offer(rig, 2, S1, "c1");
    rig_hold(rig, true);
    rig_desk_word(rig, 2, S1, "s1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_desk_word(rig, 1, E1, "e1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_hold(rig, false);
    assert_string_equal(rig_call(rig, 0, "c1")->agent, "s1");
    assert_string_equal(rig_heard(rig, 1, E1, CLI__TO_CLIENT__BODY_WITHDRAWN)->withdrawn->reason, "answered_elsewhere");
    assert_string_equal(rig_state(rig, 0, "e1"), "available");
    assert_string_equal(rig_state(rig, 0, "n1"), "available");
}

static void a_call_id_used_twice_is_the_same_call(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    assert_int_equal(rig_call(rig, 0, "c1")->offers, 1);
    rig_gateway(rig, 1, SECOND, "other", rig_attach(1, 1));
    rig_submit(rig, 1, SECOND, "other", "c1", "consular", 50, "");
    const Cli__ToClient *refused = rig_heard(rig, 1, SECOND, CLI__TO_CLIENT__BODY_REFUSED);
    assert_string_equal(refused->refused->reason, "call_id_in_use");
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__HUNG_UP);
    rig_forget(rig);
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    assert_int_equal(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__ENDED)->end, REC__END_REASON__ABANDONED);
}

static void the_larger_attach_of_an_agent_wins_and_the_other_is_told(void **state)
{
    struct rig *rig = *state;
    rig_desk(rig, 0, N1, "n1", rig_attach(5, 1));
    rig_desk(rig, 1, SECOND, "n1", rig_attach(4, 9));
    const Cli__ToClient *refused = rig_heard(rig, 1, SECOND, CLI__TO_CLIENT__BODY_REFUSED);
    assert_string_equal(refused->refused->reason, "stale_attach");
    assert_int_equal(refused->refused->largest, rig_attach(5, 1));
    rig_desk(rig, 1, SECOND, "n1", rig_attach(6, 1));
    assert_non_null(rig_heard(rig, 0, N1, CLI__TO_CLIENT__BODY_SUPERSEDED));
    assert_string_equal(rig_state(rig, 2, "n1"), "available");
}

static void bad_calls_are_refused_and_say_why(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    static const struct {
        const char *queue, *language, *reason;
        double lat;
    } cases[] = {{"nowhere", "", "unknown_queue", 0},
                 {"", "", "no_queue", 0},
                 {"consular", "xx", "unknown_language", 0},
                 {"consular", "", "bad_caller", 91}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig_submit(rig, 0, GATE, "gate", "c1", cases[i].queue, cases[i].lat, cases[i].language);
        const Cli__ToClient *refused = rig_heard(rig, 0, GATE, CLI__TO_CLIENT__BODY_REFUSED);
        assert_string_equal(refused->refused->reason, cases[i].reason);
        assert_null(rig_call(rig, 0, "c1"));
    }
    rig_desk(rig, 0, SECOND, "nobody", rig_attach(1, 1));
    assert_string_equal(rig_heard(rig, 0, SECOND, CLI__TO_CLIENT__BODY_REFUSED)->refused->reason, "unknown_agent");
}

static const char *refusal_of(struct rig *rig, const char *call, const char *queue)
{
    rig_forget(rig);
    rig_submit(rig, 0, GATE, "gate", call, queue, 0, "");
    const Cli__ToClient *refused = rig_heard(rig, 0, GATE, CLI__TO_CLIENT__BODY_REFUSED);
    assert_true(refused == NULL || refused->refused->detail[0] != '\0');
    return refused == NULL ? "" : refused->refused->reason;
}

static void when_there_is_little_room_routine_calls_are_refused_first_emergencies_last(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_board(rig, 0)->calls_max = 20;
    char call[8] = "r0";
    for (int i = 0; i < 18; i++) {
        call[1] = (char)('a' + i);
        assert_string_equal(refusal_of(rig, call, "consular"), "");
    }
    assert_string_equal(refusal_of(rig, "routine", "consular"), "overload");
    assert_null(rig_call(rig, 0, "routine"));
    assert_string_equal(refusal_of(rig, "danger", "emergency"), "");
    assert_string_equal(refusal_of(rig, "routine", "consular"), "overload");
    rig_gateway(rig, 0, SECOND, "other", rig_attach(1, 1));
    Cli__Submit submit = CLI__SUBMIT__INIT;
    submit.call = (char *)"held";
    submit.queue = (char *)"consular";
    Cli__HeldCall held = CLI__HELD_CALL__INIT;  // another node took it
    held.submit = &submit;
    held.state = REC__CALL_STATE__WAITING;
    rig_gateway_holds(rig, 0, SECOND + 1, "other", rig_attach(1, 2), &held);
    assert_non_null(rig_call(rig, 0, "held"));
    assert_string_equal(refusal_of(rig, "late", "emergency"), "overload");
}

static void a_call_past_its_wait_limit_goes_to_the_last_resort(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_submit(rig, 0, GATE, "gate", "c1", "quick", 0, "");
    rig_pass(rig, 2100);
    const Cli__CallNews *news = rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__ENDED);
    assert_int_equal(news->end, REC__END_REASON__EXPIRED);
    assert_string_equal(news->detail, "sip:duty@hotline.example");
}

static void when_the_desks_node_goes_down_the_next_agent_rings_at_once(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_cut(rig, 1, false);
    expect_offer(rig, 2, E1, "c1");
    // The desk comes back at another node and goes on ringing; whoever accepts first has the call.
    rig_desk_resumes(rig, 2, SECOND, "n1", rig_attach(1, 2), REC__AGENT_STATE__RINGING, "c1", 1);
    rig_desk_resumes(rig, 2, SECOND, "n1", rig_attach(1, 3), REC__AGENT_STATE__ON_CALL, "c1", 1);
    assert_string_equal(rig_call(rig, 0, "c1")->agent, "n1");
    assert_non_null(rig_heard(rig, 2, E1, CLI__TO_CLIENT__BODY_WITHDRAWN));
}

static void when_the_gateways_node_goes_down_the_ring_goes_on_at_the_next(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_cut(rig, 0, false);
    rig_gateway_resumes(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", "consular");
    assert_string_equal(rig_state(rig, 2, "n1"), "ringing");
    assert_int_equal(rig_call(rig, 2, "c1")->offers, 1);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    assert_string_equal(rig_news(rig, 2, GATE, CLI__CALL_NEWS__WHAT__CONNECT)->agent, "n1");
    rig_leg_word(rig, 2, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    assert_true(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->connected);
}

static void an_answer_given_while_the_gateways_node_is_gone_is_not_lost(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_cut(rig, 0, false);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    assert_string_equal(rig_state(rig, 1, "n1"), "on_call");
    rig_gateway_resumes(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", "consular");
    rig_pass(rig, 600);
    assert_string_equal(rig_news(rig, 2, GATE, CLI__CALL_NEWS__WHAT__CONNECT)->agent, "n1");
}

static void a_gateway_that_stays_away_leaves_calls_owed_a_call_back(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, 9000);
    assert_string_equal(rig_state(rig, 1, "n1"), "ringing");
    rig_pass(rig, 1500);
    assert_int_equal(rig_call(rig, 1, "c1")->end, REC__END_REASON__CALLED_BACK);
    assert_string_equal(rig_state(rig, 1, "n1"), "available");
}

static void a_desk_that_falls_silent_loses_its_ring_to_the_next(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 1, E1, "e1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_gone(rig, 1, N1, "n1", true, false);
    expect_offer(rig, 1, E1, "c1");
    assert_string_equal(rig_state(rig, 0, "n1"), "offline");
}

static void a_desk_may_end_the_conversation(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    assert_int_equal(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__ENDED)->end, REC__END_REASON__ANSWERED);
    assert_string_equal(rig_state(rig, 0, "n1"), "wrap_up");
}

static void legs_that_cannot_be_joined_bring_the_next_agent(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 1, E1, "e1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOIN_FAILED);
    expect_offer(rig, 1, E1, "c1");
    assert_string_equal(rig_state(rig, 1, "n1"), "available");
}

static void a_gateway_that_starts_anew_leaves_its_calls_owed_at_once(void **state)
{
    struct rig *rig = *state;
    given_a_gateway(rig, 0);
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(2, 1));
    assert_non_null(rig_heard(rig, 0, GATE, CLI__TO_CLIENT__BODY_SUPERSEDED));
    assert_int_equal(rig_call(rig, 2, "c1")->end, REC__END_REASON__CALLED_BACK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, given_a_rig, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_call_rings_the_nearest_desk_is_accepted_joined_and_ends),
        TEST(a_declined_call_rings_the_next_and_does_not_come_back_soon),
        TEST(an_agent_who_misses_three_calls_is_not_ready),
        TEST(a_waiting_call_gets_the_agent_who_becomes_free_anywhere),
        TEST(an_offer_for_a_call_that_another_goes_before_is_refused),
        TEST(an_emergency_rings_three_and_the_first_accept_wins),
        TEST(a_call_id_used_twice_is_the_same_call),
        TEST(the_larger_attach_of_an_agent_wins_and_the_other_is_told),
        TEST(bad_calls_are_refused_and_say_why),
        TEST(when_there_is_little_room_routine_calls_are_refused_first_emergencies_last),
        TEST(a_call_past_its_wait_limit_goes_to_the_last_resort),
        TEST(when_the_desks_node_goes_down_the_next_agent_rings_at_once),
        TEST(when_the_gateways_node_goes_down_the_ring_goes_on_at_the_next),
        TEST(an_answer_given_while_the_gateways_node_is_gone_is_not_lost),
        TEST(a_gateway_that_stays_away_leaves_calls_owed_a_call_back),
        TEST(a_desk_that_falls_silent_loses_its_ring_to_the_next),
        TEST(a_desk_may_end_the_conversation),
        TEST(legs_that_cannot_be_joined_bring_the_next_agent),
        TEST(a_gateway_that_starts_anew_leaves_its_calls_owed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
