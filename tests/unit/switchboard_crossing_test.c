// Words between a call's owner (node 0) and a desk's node (node 1) that cross, come late, or are lost. Each was found
// by chaos/model.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, N1 = 2 };

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

static int free_rig(void **state)
{
    rig_free(*state);
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

static void desk_node_answers(struct rig *rig, Peer__Answer what)
{
    Peer__OfferName name = offer_name(1, 1);
    Peer__OfferAnswer answer = PEER__OFFER_ANSWER__INIT;
    answer.name = &name;
    answer.answer = what;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_ANSWER;
    talk.answer = &answer;
    rig_talk(rig, 1, 0, &talk);
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, given_a_call_that_rings, free_rig)
    const struct CMUnitTest tests[] = {
        TEST(an_accept_that_crosses_the_withdrawal_is_not_connected),
        TEST(a_person_who_has_no_call_is_not_connected_by_her_own_late_accept),
        TEST(an_older_owner_does_not_withdraw_the_offer_of_the_present_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
