// Call-backs among nodes of which some do not know them.
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { GATE = 1, NEAR = 2, FAR = 3 };
#define ADOPT_MS 30000

// Node 0, which has the gateway, dies; of the others one speaks the first version.
static struct rig *given_a_lost_caller(uint32_t speaks_1, uint32_t speaks_2)
{
    struct rig *rig = rig_create_speaking((const uint32_t[RIG_NODES]){2, speaks_1, speaks_2});
    rig_pass(rig, ADOPT_MS + 1000);  // the majority has lasted
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 55, "");
    rig_cut(rig, 0, false);
    return rig;
}

static const Cli__Offered *offer_of(struct rig *rig, int node, uint64_t session)
{
    const Cli__ToClient *heard = rig_heard(rig, node, session, CLI__TO_CLIENT__BODY_OFFERED);
    return heard == NULL ? NULL : heard->offered;
}

static void an_old_node_is_not_waited_for_and_makes_none(void **state)
{
    (void)state;
    for (uint32_t old = 1; old < 3; old++) {
        struct rig *rig = given_a_lost_caller(old == 1 ? 1 : 2, old == 2 ? 1 : 2);
        rig_pass(rig, ADOPT_MS + 3000);  // the other is the first in rank, whichever it is
        assert_non_null(rig_call(rig, old == 1 ? 2 : 1, "c1~1"));
        rig_pass(rig, 3 * ADOPT_MS);
        assert_null(rig_call(rig, 1, "c1~2"));
        rig_free(rig);
    }
}

static void where_only_old_nodes_live_nobody_makes_one(void **state)
{
    (void)state;
    struct rig *rig = given_a_lost_caller(1, 1);
    rig_pass(rig, 20 * ADOPT_MS);
    assert_null(rig_call(rig, 1, "c1~1"));
    assert_null(rig_call(rig, 2, "c1~1"));
    rig_free(rig);
}

static void it_passes_over_a_nearer_desk_at_an_old_node(void **state)
{
    (void)state;
    struct rig *rig = given_a_lost_caller(1, 2);
    rig_desk(rig, 1, NEAR, "n1", rig_attach(1, 1));
    rig_pass(rig, ADOPT_MS + 3000);
    assert_non_null(rig_call(rig, 2, "c1~1"));
    rig_pass(rig, 5000);  // it waits, and the desk there asks for what waits
    assert_null(offer_of(rig, 1, NEAR));
    rig_desk(rig, 2, FAR, "s1", rig_attach(1, 1));
    rig_pass(rig, 1000);
    assert_non_null(offer_of(rig, 2, FAR));
    assert_string_equal(offer_of(rig, 2, FAR)->call, "c1~1");
    assert_null(offer_of(rig, 1, NEAR));
    assert_int_equal(rig_unspoken(rig), 0);
    rig_free(rig);
}

// As a node does that was built before there were call-backs: to it the copy is a call that waits.
static void an_invite_of_an_old_node_for_one_is_declined(void **state)
{
    (void)state;
    struct rig *rig = given_a_lost_caller(1, 2);
    rig_desk(rig, 1, NEAR, "n1", rig_attach(7, 1));
    rig_pass(rig, ADOPT_MS + 3000);
    Peer__Invite invite = PEER__INVITE__INIT;
    invite.call = (char *)"c1~1";
    invite.call_attach = rig_attach(1, 1);
    invite.agent = (char *)"n1";
    invite.agent_login = 7;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_INVITE;
    talk.invite = &invite;
    rig_talk(rig, 1, 2, &talk);
    rig_pass(rig, 1000);
    assert_int_equal(rig_call(rig, 2, "c1~1")->state, REC__CALL_STATE__WAITING);
    assert_int_equal(rig_call(rig, 2, "c1~1")->offers, 0);
    rig_free(rig);
}

static void other_calls_ring_at_old_nodes_as_ever(void **state)
{
    (void)state;
    struct rig *rig = rig_create_speaking((const uint32_t[RIG_NODES]){2, 1, 2});
    rig_gateway(rig, 0, GATE, "gate", rig_attach(1, 1));
    rig_desk(rig, 1, NEAR, "n1", rig_attach(1, 1));
    rig_submit(rig, 0, GATE, "gate", "c1", "consular", 55, "");
    assert_non_null(offer_of(rig, 1, NEAR));
    rig_desk_word(rig, 1, NEAR, "n1", CLI__DESK_WORD__WORD__ACCEPT);
    rig_leg_word(rig, 0, GATE, "gate", "c1", CLI__LEG_WORD__WORD__JOINED);
    assert_int_equal(rig_call(rig, 1, "c1")->state, REC__CALL_STATE__CONNECTED);
    assert_int_equal(rig_unspoken(rig), 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_node_is_not_waited_for_and_makes_none),
        cmocka_unit_test(where_only_old_nodes_live_nobody_makes_one),
        cmocka_unit_test(it_passes_over_a_nearer_desk_at_an_old_node),
        cmocka_unit_test(an_invite_of_an_old_node_for_one_is_declined),
        cmocka_unit_test(other_calls_ring_at_old_nodes_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
