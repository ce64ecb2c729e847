// How a conversation went, as its agent says: whose word is taken, and where it is kept.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, E1 = 3, S1 = 5 };
#define ADOPT_MS 30000

static void given_a_waiting_call(struct rig *rig)
{
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
}

// The caller's region has died; who calls back is another.
static void given_a_call_back_that_n1_has_accepted(struct rig *rig)
{
    given_a_waiting_call(rig);
    rig_cut(rig, 0, false);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_pass(rig, ADOPT_MS + 3000);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    assert_string_equal(rig_call(rig, 2, "c1~1")->agent, "n1");
}

static void expect_refused(struct rig *rig, int node, uint64_t session, const char *call)
{
    assert_string_equal(rig_heard(rig, node, session, CLI__TO_CLIENT__BODY_REFUSED)->refused->reason, "not_your_call");
    for (int i = 0; i < RIG_NODES; i++)
        assert_string_equal(rig_disposition(rig, i, call), "");
}

static void expect_taken(struct rig *rig, int node, uint64_t session, const char *call, const char *disposition)
{
    const Cli__ToClient *heard = rig_heard(rig, node, session, CLI__TO_CLIENT__BODY_DESK_NEWS);
    assert_true(heard->desk_news->disposed);
    assert_string_equal(heard->desk_news->call, call);
    assert_string_equal(rig_disposition(rig, 1, call), disposition);
    assert_string_equal(rig_disposition(rig, 2, call), disposition);
}

static void what_the_agent_of_a_call_says_of_it_is_kept_at_every_node(void **state)
{
    struct rig *rig = *state;
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    given_a_waiting_call(rig);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__HUNG_UP);
    rig_disposes(rig, 1, N1, "n1", "c1", "resolved");
    expect_taken(rig, 1, N1, "c1", "resolved");
    rig_disposes(rig, 1, N1, "n1", "c1", "forwarded");
    expect_taken(rig, 1, N1, "c1", "forwarded");
}

static void another_has_no_word_on_it(void **state)
{
    struct rig *rig = *state;
    given_a_waiting_call(rig);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    rig_disposes(rig, 2, E1, "e1", "c1", "resolved");  // it rings, and nobody has it
    expect_refused(rig, 2, E1, "c1");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_disposes(rig, 2, E1, "e1", "c1", "resolved");
    expect_refused(rig, 2, E1, "c1");
}

static void a_desk_that_was_given_up_and_reached_the_caller_is_believed(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_that_n1_has_accepted(rig);
    rig_gone(rig, 1, N1, "n1", true, false);
    rig_pass(rig, ADOPT_MS + 3000);
    rig_desk_resumes(rig, 2, S1, "n1", rig_attach(1, 2), REC__AGENT_STATE__ON_CALL, "c1~1", 1);
    rig_desk_word(rig, 2, S1, "n1", CLI__DESK_WORD__WORD__REACHED);
    rig_pass(rig, 3000);
    assert_int_equal(rig_call(rig, 2, "c1~1")->state, REC__CALL_STATE__ENDED);
    assert_string_equal(rig_call(rig, 2, "c1~1")->agent, "");  // its owner has heard that, not from whom
    rig_disposes(rig, 2, S1, "n1", "c1~1", "forwarded");
    expect_taken(rig, 2, S1, "c1~1", "forwarded");
}

static void another_has_no_word_on_a_call_back_that_names_its_agent(void **state)
{
    struct rig *rig = *state;
    given_a_call_back_that_n1_has_accepted(rig);
    rig_desk(rig, 2, E1, "e1", rig_attach(1, 1));
    rig_disposes(rig, 2, E1, "e1", "c1~1", "resolved");
    expect_refused(rig, 2, E1, "c1~1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_agent_of_a_call_says_of_it_is_kept_at_every_node),
        TEST(another_has_no_word_on_it),
        TEST(a_desk_that_was_given_up_and_reached_the_caller_is_believed),
        TEST(another_has_no_word_on_a_call_back_that_names_its_agent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
