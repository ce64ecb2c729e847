// Clients and owners who say anything at all, in any order, at any node: no word may end a node, talk between owners
// must come to rest, and once everybody behaves again a waiting call rings a free agent.
#include "cluster/base/check.h"
#include "node/switchboard/reading.h"
#include "tests/unit/board_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ROUNDS 40
#define STEPS 400

static const char *const agents[] = {"e1", "e2", "n1", "n2", "s1", "nobody"};
static const char *const gateways[] = {"gate", "other"};
static const char *const queues[] = {"emergency", "consular", "quick", "nowhere"};

static unsigned seed;

static unsigned draw(unsigned below)
{
    return (unsigned)rand_r(&seed) % below;
}

static const char *some_call(void)
{
    static const char *const calls[] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c0~1", "c1~1"};
    return calls[draw(10)];
}

// Sessions 1 to 6 are desks, 7 and 8 gateways; each is at whatever node it attached to last.
static int at_node[9];
static uint64_t attempts;

static uint64_t some_attach(void)
{
    return rig_attach(1 + draw(3), draw(8) == 0 ? draw(50) : ++attempts);
}

static void some_desk_event(struct rig *rig)
{
    unsigned which = draw(6);
    uint64_t session = 1 + which;
    switch (draw(5)) {
    case 0:
        at_node[session] = (int)draw(RIG_NODES);
        rig_desk_resumes(rig, at_node[session], session, agents[which], some_attach(), (Rec__AgentState)draw(7),
                         draw(2) ? some_call() : "", draw(4));
        break;
    case 1:
        rig_gone(rig, at_node[session], session, agents[which], true, draw(2));
        break;
    default:
        rig_desk_word(rig, at_node[session], session, agents[which], (Cli__DeskWord__Word)draw(11));
        break;
    }
}

static void some_gateway_event(struct rig *rig)
{
    unsigned which = draw(2);
    uint64_t session = 7 + which;
    switch (draw(8)) {
    case 0:
        at_node[session] = (int)draw(RIG_NODES);
        if (draw(2))
            rig_gateway(rig, at_node[session], session, gateways[which], some_attach());
        else
            rig_gateway_resumes(rig, at_node[session], session, gateways[which], some_attach(), some_call(),
                                queues[draw(4)]);
        break;
    case 1:
        rig_gone(rig, at_node[session], session, gateways[which], false, draw(2));
        break;
    case 2:
    case 3:
    case 4:
        rig_submit(rig, at_node[session], session, gateways[which], some_call(), queues[draw(4)],
                   (double)draw(180) - 90, draw(2) ? "sw" : "");
        break;
    default:
        rig_leg_word(rig, at_node[session], session, gateways[which], some_call(), (Cli__LegWord__Word)draw(5));
        break;
    }
}

// From anywhere, about anything.
static void some_talk(struct rig *rig)
{
    Peer__OfferName name = PEER__OFFER_NAME__INIT;
    name.call = (char *)some_call();
    name.call_attach = rig_attach(1 + draw(3), draw(30));
    name.agent = (char *)agents[draw(6)];
    name.agent_login = draw(4);
    name.n = draw(5);
    Peer__Offer offer = PEER__OFFER__INIT;
    offer.name = &name;
    offer.ring_ms = draw(20000);
    Peer__OfferAnswer answer = PEER__OFFER_ANSWER__INIT;
    answer.name = &name;
    answer.answer = (Peer__Answer)draw(11);
    Peer__Confirm confirm = PEER__CONFIRM__INIT;
    confirm.name = &name;
    confirm.joined = draw(2);
    Peer__Withdraw withdraw = PEER__WITHDRAW__INIT;
    withdraw.name = &name;
    Peer__Invite invite = PEER__INVITE__INIT;
    invite.call = name.call;
    invite.agent = name.agent;
    invite.agent_login = name.agent_login;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = (Peer__Talk__BodyCase)(1 + draw(5));
    switch (talk.body_case) {
    case PEER__TALK__BODY_OFFER:
        talk.offer = &offer;
        break;
    case PEER__TALK__BODY_ANSWER:
        talk.answer = &answer;
        break;
    case PEER__TALK__BODY_CONFIRM:
        talk.confirm = &confirm;
        break;
    case PEER__TALK__BODY_WITHDRAW:
        talk.withdraw = &withdraw;
        break;
    default:
        talk.body_case = PEER__TALK__BODY_INVITE;
        talk.invite = &invite;
        break;
    }
    rig_talk(rig, (int)draw(RIG_NODES), (int)draw(RIG_NODES), &talk);
}

static void storm(struct rig *rig)
{
    static const unsigned pauses[] = {0, 1, 20, 600, 3000, 11000};
    attempts = 0;
    memset(at_node, 0, sizeof at_node);
    for (int step = 0; step < STEPS; step++) {
        unsigned kind = draw(20);
        if (kind < 8)
            some_desk_event(rig);
        else if (kind < 16)
            some_gateway_event(rig);
        else if (kind < 18)
            some_talk(rig);
        else if (kind == 18)
            rig_cut(rig, (int)draw(RIG_NODES), draw(3) > 0);
        rig_pass(rig, pauses[draw(6)]);
    }
}

// Calls that were lost in the storm are called back first: the agents do that, until the call after it rings.
static bool rings_in_the_end(struct rig *rig, const char *call)
{
    for (int round = 0; round < 60; round++) {
        rig_pass(rig, 1000);
        for (uint64_t session = 1; session <= 5; session++) {
            const Cli__ToClient *offered = rig_heard(rig, 1, session, CLI__TO_CLIENT__BODY_OFFERED);
            if (offered == NULL)
                continue;
            if (strcmp(offered->offered->call, call) == 0)
                return true;
            assert_non_null(strchr(offered->offered->call, '~'));
            rig_desk_word(rig, 1, session, agents[session - 1], CLI__DESK_WORD__WORD__ACCEPT);
            rig_desk_word(rig, 1, session, agents[session - 1], CLI__DESK_WORD__WORD__REACHED);
            rig_desk_word(rig, 1, session, agents[session - 1], CLI__DESK_WORD__WORD__END);
            rig_desk_word(rig, 1, session, agents[session - 1], CLI__DESK_WORD__WORD__READY);
        }
        rig_forget(rig);
    }
    return false;
}

// Two that attach with one number leave some; who behaves does not.
static void expect_no_orphans(struct rig *rig)
{
    char words[256];
    rig_pass(rig, 2000);
    rig_take_orphan(rig, words, sizeof words);
    for (int node = 0; node < RIG_NODES; node++)
        if (reading_orphans(rig_board(rig, node)) != 0)
            fail_msg("node %d has an orphan; the last one: %s", node, words);
}

static void a_storm_ends_no_node_and_a_call_after_it_rings(void **state)
{
    (void)state;
    const char *given = getenv("HOTLINE_TEST_SEED");
    seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int round = 0; round < ROUNDS; round++) {
        struct rig *rig = rig_create();
        storm(rig);
        for (int i = 0; i < RIG_NODES; i++)
            rig_cut(rig, i, true);
        // New logins end whatever the old ones were said to do.
        rig_gateway(rig, 0, 7, "gate", rig_attach(9, 1));
        rig_gateway(rig, 0, 8, "other", rig_attach(9, 1));
        for (unsigned i = 0; i < 5; i++)
            rig_desk(rig, 1, 1 + i, agents[i], rig_attach(9, 1));
        rig_pass(rig, 2000);
        rig_forget(rig);
        rig_submit(rig, 0, 7, "gate", "after", "emergency", 59, "");
        assert_true(rings_in_the_end(rig, "after"));
        expect_no_orphans(rig);
        rig_free(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_storm_ends_no_node_and_a_call_after_it_rings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
