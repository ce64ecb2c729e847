// Words that are lost for good, with the node they were said to or for want of a newer copy: what was left undone is
// found out and settled. Most were found by the simulator.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, N2 = 3, AGAIN = 4, OTHER_GATE = 5 };

static int given_a_conversation(void **state)
{
    struct rig *rig = rig_create();
    *state = rig;
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CONNECTED);
    return 0;
}

static Peer__OfferName name_of_c1(uint64_t attempt, uint64_t login, uint32_t n)
{
    Peer__OfferName name = PEER__OFFER_NAME__INIT;
    name.call = (char *)"c1";
    name.call_attach = rig_attach(1, attempt);
    name.agent = (char *)"n1";
    name.agent_login = login;
    name.n = n;
    return name;
}

static void a_desk_that_has_left_a_conversation_unheard_is_asked_and_its_word_ends_it(void **state)
{
    struct rig *rig = *state;
    rig_hold(rig, true);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    rig_cut(rig, 1, false);  // dies with the word
    rig_hold(rig, false);
    rig_desk_resumes(rig, 2, AGAIN, "n1", rig_attach(1, 2), REC__AGENT_STATE__WRAP_UP, "", 0);
    rig_pass(rig, 600);
    const Cli__ToClient *asked = rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_DESK_NEWS);
    assert_non_null(asked);
    assert_true(asked->desk_news->asks);
    assert_string_equal(asked->desk_news->call, "c1");
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CONNECTED);
}

// Its node has asked for the next call before, in vain: for the owner she still spoke.
static void who_was_asked_is_offered_the_next_call_as_soon_as_her_word_is_heard(void **state)
{
    struct rig *rig = *state;
    rig_hold(rig, true);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    rig_cut(rig, 1, false);
    rig_hold(rig, false);
    rig_submit(rig, 0, GATE, "gate", "c2", "consular", 50, "");
    rig_desk(rig, 2, AGAIN, "n1", rig_attach(1, 2));
    rig_pass(rig, 600);
    const Cli__DeskNews *asked = rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news;
    assert_true(asked->asks);
    rig_no_call(rig, 2, AGAIN, "n1", "c1", asked->n);
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__ENDED);
    const Cli__ToClient *offered = rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_OFFERED);
    assert_non_null(offered);
    assert_string_equal(offered->offered->call, "c2");
}

// Two calls here are hers: one rings at her older login; at the later one she has spoken, and her END was lost.
static void the_desk_is_asked_where_it_is_though_another_call_is_offered_to_the_agent(void **state)
{
    struct rig *rig = *state;
    rig_cut(rig, 1, false);
    rig_gateway_holds_taken(rig, 0, OTHER_GATE, "other", rig_attach(1, 1), "c2", REC__CALL_STATE__CONNECTED, 2);
    rig_desk_resumes(rig, 2, AGAIN, "n1", rig_attach(2, 1), REC__AGENT_STATE__WRAP_UP, "", 0);
    rig_pass(rig, 1500);
    const Cli__ToClient *asked = rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_DESK_NEWS);
    assert_non_null(asked);
    assert_true(asked->desk_news->asks);
    assert_string_equal(asked->desk_news->call, "c2");
}

// She has spoken, and her END is lost; the copy in which her offer is still open must not ring her again.
static void who_has_spoken_is_not_rung_by_an_older_copy_of_the_call(void **state)
{
    struct rig *rig = *state;
    rig_cut(rig, 0, false);
    rig_cut(rig, 1, false);
    rig_desk(rig, 2, AGAIN, "n1", rig_attach(1, 2));
    rig_gateway_holds_taken(rig, 2, OTHER_GATE, "gate", rig_attach(1, 2), "c1", REC__CALL_STATE__CONNECTED, 1);
    assert_null(rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_OFFERED));
    assert_true(rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->asks);
}

// What she let ring counts from when she did, also for an owner that hears of it late.
static void a_call_that_was_let_ring_returns_in_time_though_its_owner_died_with_the_word(void **state)
{
    struct rig *rig = *state;
    rig_hold(rig, true);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__DECLINE);
    rig_cut(rig, 0, false);
    rig_hold(rig, false);
    rig_pass(rig, 20000);
    rig_gateway_resumes(rig, 2, AGAIN, "gate", rig_attach(1, 2), "c1", "consular");
    rig_pass(rig, 5000);
    rig_forget(rig);
    rig_pass(rig, 7000);
    assert_non_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_OFFERED));
}

static void a_new_sign_in_leaves_joined_legs_alone_and_frees_the_agent(void **state)
{
    struct rig *rig = *state;
    rig_desk(rig, 1, AGAIN, "n1", rig_attach(2, 1));
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CONNECTED);
    rig_submit(rig, 0, GATE, "gate", "c2", "consular", 50, "");
    assert_string_equal(rig_heard(rig, 1, AGAIN, CLI__TO_CLIENT__BODY_OFFERED)->offered->call, "c2");
}

static int given_a_desk_of_a_smaller_login(void **state)
{
    struct rig *rig = rig_create();
    *state = rig;
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    return 0;
}

// The clock of the person's new machine is behind, and nobody there knew of the login before.
static void a_conversation_of_a_larger_login_leaves_the_agent_free_at_the_desk_there_is(void **state)
{
    struct rig *rig = *state;
    rig_gateway_holds_taken(rig, 0, GATE, "gate", rig_attach(1, 1), "c1", REC__CALL_STATE__CONNECTED, 5);
    rig_submit(rig, 0, GATE, "gate", "c2", "consular", 50, "");
    assert_string_equal(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_OFFERED)->offered->call, "c2");
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__CONNECTED);
}

static int given_a_call_that_rings(void **state)
{
    struct rig *rig = rig_create();
    *state = rig;
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    assert_non_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_OFFERED));
    return 0;
}

static void a_desk_that_attaches_without_its_ring_is_offered_the_call_anew_or_another(void **state)
{
    struct rig *rig = *state;
    rig_forget(rig);
    rig_desk_resumes(rig, 1, AGAIN, "n1", rig_attach(1, 2), REC__AGENT_STATE__AVAILABLE, "", 0);
    rig_pass(rig, 2500);
    assert_string_equal(rig_heard(rig, 1, AGAIN, CLI__TO_CLIENT__BODY_OFFERED)->offered->call, "c1");
}

static void an_offer_of_an_older_owner_does_not_ring(void **state)
{
    struct rig *rig = *state;
    rig_gateway_resumes(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", "consular");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__DECLINE);
    rig_desk(rig, 1, N2, "n2", rig_attach(1, 1));
    rig_desk_word(rig, 1, N2, "n2", CLI__DESK_WORD__WORD__ACCEPT);
    rig_pass(rig, 40000);  // what n1 declined is forgotten
    rig_forget(rig);
    Peer__OfferName name = name_of_c1(1, 1, 9);
    rig_offer(rig, 0, 1, &name);
    assert_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_OFFERED));
}

// Her desk is elsewhere now, by that node's word alone: there is no desk here to ask for a call.
static void a_desk_that_an_invite_of_another_node_ends_is_asked_for_no_call(void **state)
{
    struct rig *rig = *state;
    Peer__Invite invite = PEER__INVITE__INIT;
    invite.call = (char *)"c0";
    invite.agent = (char *)"n1";
    invite.agent_login = 2;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_INVITE;
    talk.invite = &invite;
    rig_talk(rig, 2, 1, &talk);
    assert_non_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_SUPERSEDED));
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__WAITING);
}

static int given_a_call_that_waits(void **state)
{
    struct rig *rig = rig_create();
    *state = rig;
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 50, "");
    return 0;
}

// n1's node does not know that it cannot be joined with n1, and asks for it again and again.
static void a_call_that_is_not_for_one_agent_of_a_node_is_asked_for_by_the_next(void **state)
{
    struct rig *rig = *state;
    rig_desk(rig, 1, N2, "n2", rig_attach(1, 1));
    rig_desk_word(rig, 1, N2, "n2", CLI__DESK_WORD__WORD__DECLINE);
    rig_pass(rig, 10000);
    rig_desk(rig, 1, N1, "n1", rig_attach(1, 1));
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOIN_FAILED);
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__WAITING);
    rig_forget(rig);
    rig_pass(rig, 22000);  // n2 may be offered it again, n1 not yet
    assert_string_equal(rig_heard(rig, 1, N2, CLI__TO_CLIENT__BODY_OFFERED)->offered->call, "c1");
}

static void what_a_gateway_does_not_list_elsewhere_ends_after_a_moment(void **state)
{
    struct rig *rig = *state;
    rig_gateway_holds(rig, 2, GATE, "gate", rig_attach(1, 2), NULL);
    assert_int_equal(rig_call(rig, 0, "c1")->state, REC__CALL_STATE__WAITING);
    rig_pass(rig, 1100);
    assert_int_equal(rig_call(rig, 0, "c1")->end, REC__END_REASON__ABANDONED);
}

static void what_a_dead_node_may_have_taken_is_owed_a_call_back_not_ended(void **state)
{
    struct rig *rig = *state;
    rig_gateway_holds(rig, 2, GATE, "gate", rig_attach(1, 2), NULL);
    rig_cut(rig, 2, false);  // before it could tell of calls it took, had it taken any
    rig_pass(rig, 30000);
    assert_int_equal(rig_call(rig, 0, "c1")->end, REC__END_REASON__CALLED_BACK);
}

// Its attachment is written after the calls it lists: whoever knows of that, knows of them.
static void what_a_gateway_listed_is_owed_a_call_back_when_its_node_dies_having_told_half(void **state)
{
    struct rig *rig = *state;
    rig_cut(rig, 0, false);
    rig_hold(rig, true);
    rig_gateway_resumes(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", "consular");
    rig_deliver_record(rig, 1);
    rig_pass(rig, 1200);  // the link is narrow
    rig_cut(rig, 2, false);
    rig_hold(rig, false);
    rig_pass(rig, 310000);  // alone, and so not soon
    assert_string_equal(rig_call_back(rig, 1, "c1"), "c1~1");
}

// The offer that her old node's copy knew of ran out where she could not be reached: she has let nothing ring.
static void an_offer_that_ran_out_where_its_desk_was_out_of_reach_is_no_answer_of_hers(void **state)
{
    struct rig *rig = *state;
    rig_cut(rig, 0, false);
    rig_cut(rig, 1, false);
    rig_gateway_resumes(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", "consular");
    rig_pass(rig, 12000);
    assert_int_equal(rig_call(rig, 2, "c1")->state, REC__CALL_STATE__WAITING);
    rig_desk(rig, 2, AGAIN, "n1", rig_attach(1, 2));
    rig_pass(rig, 1000);
    const Cli__ToClient *offered = rig_heard(rig, 2, AGAIN, CLI__TO_CLIENT__BODY_OFFERED);
    assert_non_null(offered);
    assert_string_equal(offered->offered->call, "c1");
}

// The agent ended it, and is gone; the gateway's node died before it told the gateway. Nobody else would ever end it.
static void a_call_that_its_agent_ended_stays_ended_though_its_gateway_lists_it_elsewhere(void **state)
{
    struct rig *rig = *state;
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__END);
    rig_gone(rig, 1, N1, "n1", true, true);
    rig_cut(rig, 0, false);
    rig_gateway_holds_taken(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", REC__CALL_STATE__CONNECTED, 1);
    assert_int_equal(rig_news(rig, 2, GATE, CLI__CALL_NEWS__WHAT__ENDED)->end, REC__END_REASON__ANSWERED);
    assert_int_equal(rig_call(rig, 2, "c1")->state, REC__CALL_STATE__ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_desk_that_has_left_a_conversation_unheard_is_asked_and_its_word_ends_it,
                                        given_a_conversation, rig_teardown),
        cmocka_unit_test_setup_teardown(who_was_asked_is_offered_the_next_call_as_soon_as_her_word_is_heard,
                                        given_a_conversation, rig_teardown),
        cmocka_unit_test_setup_teardown(the_desk_is_asked_where_it_is_though_another_call_is_offered_to_the_agent,
                                        given_a_call_that_rings, rig_teardown),
        cmocka_unit_test_setup_teardown(who_has_spoken_is_not_rung_by_an_older_copy_of_the_call,
                                        given_a_call_that_rings, rig_teardown),
        cmocka_unit_test_setup_teardown(a_call_that_was_let_ring_returns_in_time_though_its_owner_died_with_the_word,
                                        given_a_call_that_rings, rig_teardown),
        cmocka_unit_test_setup_teardown(a_new_sign_in_leaves_joined_legs_alone_and_frees_the_agent,
                                        given_a_conversation, rig_teardown),
        cmocka_unit_test_setup_teardown(a_conversation_of_a_larger_login_leaves_the_agent_free_at_the_desk_there_is,
                                        given_a_desk_of_a_smaller_login, rig_teardown),
        cmocka_unit_test_setup_teardown(a_desk_that_attaches_without_its_ring_is_offered_the_call_anew_or_another,
                                        given_a_call_that_rings, rig_teardown),
        cmocka_unit_test_setup_teardown(an_offer_of_an_older_owner_does_not_ring, given_a_call_that_rings,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(a_desk_that_an_invite_of_another_node_ends_is_asked_for_no_call,
                                        given_a_desk_of_a_smaller_login, rig_teardown),
        cmocka_unit_test_setup_teardown(an_offer_that_ran_out_where_its_desk_was_out_of_reach_is_no_answer_of_hers,
                                        given_a_call_that_rings, rig_teardown),
        cmocka_unit_test_setup_teardown(a_call_that_is_not_for_one_agent_of_a_node_is_asked_for_by_the_next,
                                        given_a_call_that_waits, rig_teardown),
        cmocka_unit_test_setup_teardown(a_call_that_its_agent_ended_stays_ended_though_its_gateway_lists_it_elsewhere,
                                        given_a_conversation, rig_teardown),
        cmocka_unit_test_setup_teardown(what_a_gateway_does_not_list_elsewhere_ends_after_a_moment,
                                        given_a_call_that_waits, rig_teardown),
        cmocka_unit_test_setup_teardown(what_a_dead_node_may_have_taken_is_owed_a_call_back_not_ended,
                                        given_a_call_that_waits, rig_teardown),
        cmocka_unit_test_setup_teardown(what_a_gateway_listed_is_owed_a_call_back_when_its_node_dies_having_told_half,
                                        given_a_call_that_waits, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
