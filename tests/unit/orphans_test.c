// Every kind of state that nobody renews and no deadline ends, made by hand on a board, is found, counted and named.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"
#include "node/switchboard/reading.h"
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, SWEEPS_MS = 2500, ADOPT_MS = 30000 };

static int given_a_rig(void **state)
{
    *state = rig_create();
    return 0;
}

static struct call *given_a_call(struct rig *rig)
{
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    return board_find_call(rig_board(rig, 0), "c1");
}

static struct desk *given_a_desk(struct rig *rig, int node)
{
    struct board *board = rig_board(rig, node);
    rig_desk(rig, node, N1, "n1", rig_attach(1, 1));
    return &board->desks[directory_find_agent(board->directory, "n1")];
}

static struct desk *given_a_call_that_rings(struct rig *rig)
{
    given_a_call(rig);
    return given_a_desk(rig, 1);
}

static void expect_orphan(struct rig *rig, int node, const char *words)
{
    char said[256];
    rig_pass(rig, SWEEPS_MS);
    rig_take_orphan(rig, said, sizeof said);
    assert_string_equal(said, words);
    assert_int_equal(reading_orphans(rig_board(rig, node)), 1);
}

static void expect_none(struct rig *rig)
{
    rig_pass(rig, SWEEPS_MS);
    for (int node = 0; node < RIG_NODES; node++)
        assert_int_equal(reading_orphans(rig_board(rig, node)), 0);
}

static void unset(struct rig *rig, int node, struct timer *timer)
{
    timers_unset(&rig_board(rig, node)->timers, timer);
}

// ---- none

static void a_call_that_waits_rings_and_is_spoken_is_no_orphan_nor_is_its_desk(void **state)
{
    given_a_call(*state);
    expect_none(*state);
    given_a_desk(*state, 1);
    expect_none(*state);
    rig_desk_word(*state, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    expect_none(*state);
    rig_leg_word(*state, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    expect_none(*state);
}

static void what_a_lost_node_and_gateway_leave_reads_as_over_and_is_no_orphan(void **state)
{
    given_a_call_that_rings(*state);
    rig_gone(*state, 0, GATE, "gate", false, false);
    rig_cut(*state, 0, false);
    for (int s = 0; s < 2 * ADOPT_MS; s += SWEEPS_MS)
        expect_none(*state);
    rig_cut(*state, 0, true);
    expect_none(*state);
}

static void what_only_one_sweep_finds_is_not_counted(void **state)
{
    struct call *call = given_a_call(*state);
    unset(*state, 0, &call->timer);
    rig_pass(*state, 1000);
    call_set_timer(rig_board(*state, 0), call);
    expect_none(*state);
}

// ---- calls

static void a_waiting_call_without_a_deadline_is_found_and_is_none_once_it_has_one(void **state)
{
    struct call *call = given_a_call(*state);
    unset(*state, 0, &call->timer);
    expect_orphan(*state, 0, "what=call_without_deadline call=c1");
    call_set_timer(rig_board(*state, 0), call);
    expect_none(*state);
}

static void a_taken_call_that_is_not_said_again_to_its_gateway_is_found(void **state)
{
    given_a_call_that_rings(*state);
    rig_desk_word(*state, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    unset(*state, 0, &board_find_call(rig_board(*state, 0), "c1")->timer);
    expect_orphan(*state, 0, "what=call_without_deadline call=c1");
}

static void a_call_whose_gateway_is_not_heard_and_not_waited_for_is_found(void **state)
{
    struct call *call = given_a_call(*state);
    call->gateway->session = 0;
    expect_orphan(*state, 0, "what=call_without_gateway call=c1");
}

static void a_call_of_this_node_that_it_does_not_look_after_is_found(void **state)
{
    struct call *call = given_a_call(*state);
    call->mine = false;
    expect_orphan(*state, 0, "what=call_of_nobody call=c1");
}

static void a_call_back_that_no_promise_keeps_is_found(void **state)
{
    rig_number(*state, "+4711223344");
    given_a_call(*state);
    rig_gone(*state, 0, GATE, "gate", false, false);
    rig_pass(*state, 12000);
    assert_non_null(board_find_call(rig_board(*state, 0), "c1~1"));
    promise_forget(rig_board(*state, 0), "c1");
    expect_orphan(*state, 0, "what=call_back_without_promise call=c1~1");
}

// ---- offers

static void an_offer_without_a_deadline_is_found(void **state)
{
    given_a_call_that_rings(*state);
    unset(*state, 0, &board_find_call(rig_board(*state, 0), "c1")->timer);
    expect_orphan(*state, 0, "what=offer_without_deadline call=c1");
}

// ---- desks

static void a_desk_that_rings_without_a_deadline_is_found(void **state)
{
    struct desk *desk = given_a_call_that_rings(*state);
    unset(*state, 1, &desk->here->timer);
    expect_orphan(*state, 1, "what=ring_without_deadline agent=n1");
}

static void a_desk_that_rings_for_nothing_is_found(void **state)
{
    struct desk *desk = given_a_desk(*state, 1);
    desk->state = REC__AGENT_STATE__RINGING;
    expect_orphan(*state, 1, "what=desk_rings_for_nothing agent=n1");
}

static void an_accept_that_is_not_said_again_is_found(void **state)
{
    struct desk *desk = given_a_call_that_rings(*state);
    rig_hold(*state, true);  // no Confirm comes
    rig_desk_word(*state, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    unset(*state, 1, &desk->here->timer);
    expect_orphan(*state, 1, "what=answer_without_repeat agent=n1");
}

static void a_desk_held_without_a_deadline_is_found(void **state)
{
    struct desk *desk = given_a_desk(*state, 1);
    text_copy(desk->here->hold, sizeof desk->here->hold, "c1");
    expect_orphan(*state, 1, "what=hold_without_deadline agent=n1");
}

static void a_desk_without_a_session_is_found(void **state)
{
    given_a_desk(*state, 1)->here->session = 0;
    expect_orphan(*state, 1, "what=desk_without_session agent=n1");
}

static void a_desk_that_this_node_left_without_a_word_is_found(void **state)
{
    struct desk *desk = given_a_desk(*state, 1);
    struct here *here = desk->here;
    desk->here = NULL;
    expect_orphan(*state, 1, "what=desk_of_nobody agent=n1");
    desk->here = here;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, given_a_rig, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_that_waits_rings_and_is_spoken_is_no_orphan_nor_is_its_desk),
        TEST(what_a_lost_node_and_gateway_leave_reads_as_over_and_is_no_orphan),
        TEST(what_only_one_sweep_finds_is_not_counted),
        TEST(a_waiting_call_without_a_deadline_is_found_and_is_none_once_it_has_one),
        TEST(a_taken_call_that_is_not_said_again_to_its_gateway_is_found),
        TEST(a_call_whose_gateway_is_not_heard_and_not_waited_for_is_found),
        TEST(a_call_of_this_node_that_it_does_not_look_after_is_found),
        TEST(a_call_back_that_no_promise_keeps_is_found),
        TEST(an_offer_without_a_deadline_is_found),
        TEST(a_desk_that_rings_without_a_deadline_is_found),
        TEST(a_desk_that_rings_for_nothing_is_found),
        TEST(an_accept_that_is_not_said_again_is_found),
        TEST(a_desk_held_without_a_deadline_is_found),
        TEST(a_desk_without_a_session_is_found),
        TEST(a_desk_that_this_node_left_without_a_word_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
