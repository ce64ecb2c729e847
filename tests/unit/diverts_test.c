// Callers whose wait limit is over: their gateway sends them to the last resort, or, if it dies unheard, they are lost
// like any other.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, SECOND = 4, OTHER = 5 };
#define ADOPT_MS 30000
#define REATTACH_MS 10000
#define LIMIT_MS 2000  // of the queue "quick"

static void given_a_waiting_call(struct rig *rig)
{
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "quick", 50, "");
}

// Its gateway is told of the last resort, and has said nothing yet.
static void given_a_diverted_call(struct rig *rig)
{
    given_a_waiting_call(rig);
    rig_pass(rig, LIMIT_MS + 100);
}

static void expect_told(struct rig *rig, int node, uint64_t session)
{
    const Cli__CallNews *news = rig_news(rig, node, session, CLI__CALL_NEWS__WHAT__ENDED);
    assert_non_null(news);
    assert_int_equal(news->end, REC__END_REASON__EXPIRED);
    assert_string_equal(news->detail, "sip:duty@hotline.example");
    assert_true(news->asks);
}

static void expect_waits(struct rig *rig, int node)
{
    assert_int_equal(rig_call(rig, node, "c1")->state, REC__CALL_STATE__WAITING);
}

static void expect_end(struct rig *rig, int node, const char *id, Rec__EndReason end)
{
    const Rec__Call *call = rig_call(rig, node, id);
    assert_non_null(call);
    assert_int_equal(call->state, REC__CALL_STATE__ENDED);
    assert_int_equal(call->end, end);
}

static void expect_no_call_back(struct rig *rig, int node)
{
    rig_pass(rig, 8 * ADOPT_MS);
    assert_null(rig_call(rig, node, "c1~1"));
}

static void lets_go(struct rig *rig, int node, uint64_t session)
{
    rig_leg_word(rig, node, session, "gate", "c1", CLI__LEG_WORD__WORD__LET_GO);
}

// ---- heard

static void the_end_is_written_when_its_gateway_has_let_go(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    expect_told(rig, 0, GATE);
    expect_waits(rig, 0);
    rig_forget(rig);
    lets_go(rig, 0, GATE);
    expect_end(rig, 0, "c1", REC__END_REASON__EXPIRED);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
    assert_string_equal(rig_call(rig, 1, "c1")->detail, "sip:duty@hotline.example");
    lets_go(rig, 0, GATE);  // said twice
    assert_null(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__ENDED));
    expect_no_call_back(rig, 1);
}

static void it_is_told_again_until_then_and_no_longer(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    for (int i = 0; i < 3; i++) {
        rig_forget(rig);
        rig_pass(rig, 1100);
        expect_told(rig, 0, GATE);
    }
    lets_go(rig, 0, GATE);
    rig_forget(rig);
    rig_pass(rig, 3000);
    assert_null(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__ENDED));
}

static void who_hangs_up_meanwhile_was_sent_there_all_the_same(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__HUNG_UP);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
}

static void let_go_of_a_call_that_still_waits_says_nothing(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig);
    lets_go(rig, 0, GATE);
    expect_waits(rig, 1);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CALL_RINGING);
}

// ---- offered to nobody

static void expect_offered(struct rig *rig, int node, const char *call)
{
    const Cli__ToClient *heard = rig_heard(rig, node, N1, CLI__TO_CLIENT__BODY_OFFERED);
    if (call == NULL) {
        assert_null(heard);
        return;
    }
    assert_non_null(heard);
    assert_string_equal(heard->offered->call, call);
}

static void no_agent_who_becomes_free_is_offered_it_but_the_next_call_is(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, 3000);
    expect_offered(rig, 1, NULL);
    rig_gateway(rig, 2, OTHER, "other", rig_attach(1, 1));
    rig_submit(rig, 2, OTHER, "other", "c2", "quick", 50, "");
    rig_pass(rig, 1900);
    expect_offered(rig, 1, "c2");
    expect_waits(rig, 1);
}

static void nor_is_one_at_its_own_node(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_desk(rig, 0, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, 3000);
    expect_offered(rig, 0, NULL);
    expect_waits(rig, 1);
}

static void a_yes_that_comes_late_is_taken_back(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_desk_resumes(rig, 1, N1, "n1", rig_attach(1, 1), REC__AGENT_STATE__ON_CALL, "c1", 1);
    rig_pass(rig, 1000);
    assert_non_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_WITHDRAWN));
    assert_string_equal(rig_call(rig, 0, "c1")->agent, "");
    assert_null(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__CONNECT));
    lets_go(rig, 0, GATE);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
}

// ---- not heard

static void a_gateway_that_dies_unheard_leaves_its_caller_owed_a_call_back(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_pass(rig, REATTACH_MS + 100);
    expect_end(rig, 1, "c1", REC__END_REASON__CALLED_BACK);
    rig_pass(rig, 2000);
    assert_int_equal(rig_call(rig, 1, "c1~1")->state, REC__CALL_STATE__WAITING);
}

static void so_does_one_that_dies_with_its_node(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_cut(rig, 0, false);
    rig_pass(rig, 3 * ADOPT_MS);
    assert_non_null(rig_call(rig, 1, "c1~1"));
}

static void so_does_one_that_starts_anew(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_gateway(rig, 0, SECOND, "gate", rig_attach(2, 1));
    expect_end(rig, 1, "c1", REC__END_REASON__CALLED_BACK);
}

// ---- attached anew

static void one_that_attaches_anew_without_it_has_let_go(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_gone(rig, 0, GATE, "gate", false, false);
    rig_gateway(rig, 0, SECOND, "gate", rig_attach(1, 2));
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
    expect_no_call_back(rig, 1);
}

static void also_at_another_node(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));
    rig_pass(rig, 3000);
    expect_end(rig, 0, "c1", REC__END_REASON__EXPIRED);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
    expect_no_call_back(rig, 1);
}

static void also_when_the_node_that_told_it_is_gone(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_cut(rig, 0, false);
    rig_gateway(rig, 1, SECOND, "gate", rig_attach(1, 2));
    expect_no_call_back(rig, 1);
    assert_null(rig_call(rig, 2, "c1~1"));
}

static void one_that_still_holds_it_waits_anew_and_is_told_anew(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_gateway_resumes(rig, 0, SECOND, "gate", rig_attach(1, 2), "c1", "quick");
    rig_pass(rig, LIMIT_MS - 500);
    assert_null(rig_news(rig, 0, SECOND, CLI__CALL_NEWS__WHAT__ENDED));
    rig_pass(rig, 600);
    expect_told(rig, 0, SECOND);
    expect_waits(rig, 1);
    lets_go(rig, 0, SECOND);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
}

static void at_another_node_too_and_rings_there(void **state)
{
    struct rig *rig = *state;
    given_a_diverted_call(rig);
    rig_gateway_resumes(rig, 1, SECOND, "gate", rig_attach(1, 2), "c1", "quick");
    lets_go(rig, 0, GATE);  // of the older attachment: it was on its way
    expect_waits(rig, 0);
    rig_desk(rig, 2, N1, "n1", rig_attach(1, 1));
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CALL_RINGING);
    expect_offered(rig, 2, "c1");
}

// ---- and call-backs

static void a_call_back_made_meanwhile_is_cancelled_when_its_gateway_had_let_go(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig);
    rig_cut(rig, 0, false);
    for (int i = 0; rig_call(rig, 2, "c1~1") == NULL && i < 100; i++)
        rig_pass(rig, ADOPT_MS / 50);
    rig_cut(rig, 0, true);
    rig_pass(rig, 1);
    lets_go(rig, 0, GATE);
    assert_int_equal(rig_call(rig, 2, "c1~1")->state, REC__CALL_STATE__WAITING);
    rig_pass(rig, 3000);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
    expect_end(rig, 2, "c1~1", REC__END_REASON__CANCELLED);
}

// ---- versions

static void a_gateway_of_an_older_version_is_believed_to_have_heard(void **state)
{
    struct rig *rig = *state;
    rig_gateways_speak(rig, SWITCHBOARD_LETS_GO_SINCE - 1);
    given_a_diverted_call(rig);
    const Cli__CallNews *news = rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__ENDED);
    assert_int_equal(news->end, REC__END_REASON__EXPIRED);
    assert_false(news->asks);
    expect_end(rig, 1, "c1", REC__END_REASON__EXPIRED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_end_is_written_when_its_gateway_has_let_go),
        TEST(it_is_told_again_until_then_and_no_longer),
        TEST(who_hangs_up_meanwhile_was_sent_there_all_the_same),
        TEST(let_go_of_a_call_that_still_waits_says_nothing),
        TEST(no_agent_who_becomes_free_is_offered_it_but_the_next_call_is),
        TEST(nor_is_one_at_its_own_node),
        TEST(a_yes_that_comes_late_is_taken_back),
        TEST(a_gateway_that_dies_unheard_leaves_its_caller_owed_a_call_back),
        TEST(so_does_one_that_dies_with_its_node),
        TEST(so_does_one_that_starts_anew),
        TEST(one_that_attaches_anew_without_it_has_let_go),
        TEST(also_at_another_node),
        TEST(also_when_the_node_that_told_it_is_gone),
        TEST(one_that_still_holds_it_waits_anew_and_is_told_anew),
        TEST(at_another_node_too_and_rings_there),
        TEST(a_call_back_made_meanwhile_is_cancelled_when_its_gateway_had_let_go),
        TEST(a_gateway_of_an_older_version_is_believed_to_have_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
