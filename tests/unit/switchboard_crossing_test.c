// Words between a call's owner (node 0) and a desk's node (node 1) that cross, come late, or are lost. Each was found
// by chaos/model, but for the offers to an earlier sign-in.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2, MOVED = 3 };

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

static Peer__OfferName offer_name(uint64_t attempt, uint32_t n)
{
    Peer__OfferName name = PEER__OFFER_NAME__INIT;
    name.call = (char *)"c1";
    name.call_attach = rig_attach(1, attempt);
    name.agent = (char *)"n1";
    name.agent_login = 1;
    name.n = n;
    return name;
}

static void desk_node_answers_to(struct rig *rig, uint32_t n, Peer__Answer what)
{
    Peer__OfferName name = offer_name(1, n);
    Peer__OfferAnswer answer = PEER__OFFER_ANSWER__INIT;
    answer.name = &name;
    answer.answer = what;
    answer.desk_attach = rig_attach(1, 1);
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_ANSWER;
    talk.answer = &answer;
    rig_talk(rig, 1, 0, &talk);
}

static void desk_node_answers(struct rig *rig, Peer__Answer what)
{
    desk_node_answers_to(rig, 1, what);
}

static void expect_not_connected(struct rig *rig)
{
    assert_null(rig_news(rig, 0, GATE, CLI__CALL_NEWS__WHAT__CONNECT));
    assert_string_equal(rig_call(rig, 0, "c1")->agent, "");
}

static void an_accept_that_crosses_the_withdrawal_is_not_connected(void **state)
{
    struct rig *rig = *state;
    rig_hold(rig, true);
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_pass(rig, 12000);  // the owner's patience is over
    rig_hold(rig, false);
    expect_not_connected(rig);
    assert_string_equal(rig_state(rig, 1, "n1"), "available");
}

static void a_person_who_has_no_call_is_not_connected_by_her_own_late_accept(void **state)
{
    struct rig *rig = *state;
    desk_node_answers(rig, PEER__ANSWER__NO_CALL);  // has overtaken the accept
    desk_node_answers(rig, PEER__ANSWER__ACCEPTS);
    expect_not_connected(rig);
}

static void a_node_that_takes_a_call_which_rings_at_its_own_desk_knows_that_it_rings(void **state)
{
    struct rig *rig = *state;
    Peer__OfferName name = offer_name(1, 1);
    name.call = (char *)"unknown";  // its owner dies before a copy of it comes here
    Peer__Offer offer = PEER__OFFER__INIT;
    offer.name = &name;
    offer.ring_ms = 10000;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_OFFER;
    talk.offer = &offer;
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__DECLINE);
    rig_talk(rig, 0, 1, &talk);
    rig_cut(rig, 0, false);
    rig_gateway_resumes(rig, 1, GATE, "gate", rig_attach(1, 2), "unknown", "consular");
    assert_string_equal(rig_news(rig, 1, GATE, CLI__CALL_NEWS__WHAT__RINGING)->agent, "n1");
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    assert_string_equal(rig_news(rig, 1, GATE, CLI__CALL_NEWS__WHAT__CONNECT)->agent, "n1");
}

static void a_late_answer_of_the_node_a_desk_has_left_does_not_take_the_call_back_there(void **state)
{
    struct rig *rig = *state;
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_desk_resumes(rig, 0, MOVED, "n1", rig_attach(1, 2), REC__AGENT_STATE__ON_CALL, "c1", 1);
    desk_node_answers(rig, PEER__ANSWER__RINGS);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    assert_true(rig_heard(rig, 0, MOVED, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->connected);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__HUNG_UP);
    assert_true(rig_heard(rig, 0, MOVED, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->ended);
}

static void a_gateway_that_moves_while_it_connects_keeps_the_agent(void **state)
{
    struct rig *rig = *state;
    rig_hold(rig, true);  // node 2 holds a copy in which the offer is open
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_gateway_holds_taken(rig, 2, GATE, "gate", rig_attach(1, 2), "c1", REC__CALL_STATE__CALL_RINGING, 1);
    rig_hold(rig, false);
    assert_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_WITHDRAWN));
    assert_string_equal(rig_state(rig, 1, "n1"), "on_call");
    rig_leg_word(rig, 2, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    assert_true(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_DESK_NEWS)->desk_news->connected);
}

static void a_copy_that_names_the_agent_does_not_connect_another_offer_that_rings_there(void **state)
{
    struct rig *rig = *state;
    Peer__OfferName first = offer_name(1, 1), second = offer_name(1, 2);
    Peer__Withdraw withdraw = PEER__WITHDRAW__INIT;
    withdraw.name = &first;
    Peer__Offer offer = PEER__OFFER__INIT;
    offer.name = &second;
    offer.ring_ms = 10000;
    Peer__Talk talk = PEER__TALK__INIT;
    rig_hold(rig, true);
    talk.body_case = PEER__TALK__BODY_WITHDRAW;
    talk.withdraw = &withdraw;
    rig_talk(rig, 0, 1, &talk);
    talk.body_case = PEER__TALK__BODY_OFFER;
    talk.offer = &offer;
    rig_talk(rig, 0, 1, &talk);
    desk_node_answers(rig, PEER__ANSWER__ACCEPTS);  // the first, late
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    rig_hold(rig, false);
    assert_string_equal(rig_state(rig, 1, "n1"), "available");
}

static void an_older_owner_does_not_withdraw_the_offer_of_the_present_one(void **state)
{
    struct rig *rig = *state;
    rig_desk_word(rig, 1, N1, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    Peer__OfferName present = offer_name(2, 1), older = offer_name(1, 1);
    Peer__Offer offer = PEER__OFFER__INIT;
    offer.name = &present;
    offer.ring_ms = 10000;
    Peer__Withdraw withdraw = PEER__WITHDRAW__INIT;
    withdraw.name = &older;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_OFFER;
    talk.offer = &offer;
    rig_hold(rig, true);
    rig_talk(rig, 2, 1, &talk);
    talk.body_case = PEER__TALK__BODY_WITHDRAW;
    talk.withdraw = &withdraw;
    rig_talk(rig, 0, 1, &talk);
    assert_string_equal(rig_state(rig, 1, "n1"), "on_call");
    assert_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_WITHDRAWN));
}

static void an_offer_that_comes_after_the_calls_end_is_not_rung(void **state)
{
    struct rig *rig = *state;
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__HUNG_UP);
    rig_forget(rig);
    Peer__OfferName name = offer_name(1, 1);
    rig_offer(rig, 0, 1, &name);
    assert_null(rig_heard(rig, 1, N1, CLI__TO_CLIENT__BODY_OFFERED));
}

static void an_answer_that_was_told_its_offer_stands_no_longer_is_not_made_good_by_a_later_one(void **state)
{
    struct rig *rig = *state;
    Peer__Invite invite = PEER__INVITE__INIT;
    invite.call = (char *)"c1";
    invite.call_attach = rig_attach(1, 1);
    invite.agent = (char *)"n1";
    invite.agent_login = 1;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_INVITE;
    talk.invite = &invite;
    rig_hold(rig, true);
    desk_node_answers(rig, PEER__ANSWER__REFUSES);  // the offer came twice, and rings by the second time
    rig_talk(rig, 1, 0, &talk);                     // a new offer answers it
    desk_node_answers(rig, PEER__ANSWER__RINGS);
    desk_node_answers_to(rig, 2, PEER__ANSWER__REFUSES);
    desk_node_answers(rig, PEER__ANSWER__ACCEPTS);
    expect_not_connected(rig);
    rig_hold(rig, false);
    expect_not_connected(rig);
}

static void an_offer_to_an_earlier_sign_in_does_not_ring_at_the_present_one(void **state)
{
    struct rig *rig = *state;
    rig_hold(rig, true);
    rig_desk(rig, 1, MOVED, "n1", rig_attach(2, 1));
    assert_string_equal(rig_state(rig, 1, "n1"), "available");
    Peer__OfferName name = offer_name(1, 2);
    rig_offer(rig, 0, 1, &name);
    assert_null(rig_heard(rig, 1, MOVED, CLI__TO_CLIENT__BODY_OFFERED));
}

// If it rang there all the same, this is what the owner would hear.
static void an_accept_that_names_another_sign_in_than_its_offer_is_taken_back(void **state)
{
    struct rig *rig = *state;
    Peer__OfferName name = offer_name(1, 1);
    name.agent_login = 2;
    Peer__OfferAnswer answer = PEER__OFFER_ANSWER__INIT;
    answer.name = &name;
    answer.answer = PEER__ANSWER__ACCEPTS;
    answer.desk_attach = rig_attach(2, 1);
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_ANSWER;
    talk.answer = &answer;
    rig_talk(rig, 1, 0, &talk);
    expect_not_connected(rig);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, given_a_call_that_rings, rig_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_offer_to_an_earlier_sign_in_does_not_ring_at_the_present_one),
        TEST(an_accept_that_names_another_sign_in_than_its_offer_is_taken_back),
        TEST(an_accept_that_crosses_the_withdrawal_is_not_connected),
        TEST(a_person_who_has_no_call_is_not_connected_by_her_own_late_accept),
        TEST(a_node_that_takes_a_call_which_rings_at_its_own_desk_knows_that_it_rings),
        TEST(a_late_answer_of_the_node_a_desk_has_left_does_not_take_the_call_back_there),
        TEST(a_gateway_that_moves_while_it_connects_keeps_the_agent),
        TEST(a_copy_that_names_the_agent_does_not_connect_another_offer_that_rings_there),
        TEST(an_offer_that_comes_after_the_calls_end_is_not_rung),
        TEST(an_answer_that_was_told_its_offer_stands_no_longer_is_not_made_good_by_a_later_one),
        TEST(an_older_owner_does_not_withdraw_the_offer_of_the_present_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
