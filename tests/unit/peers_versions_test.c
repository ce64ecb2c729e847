// Nodes of different protocol versions: nobody says what the other does not understand, and nobody is dropped for it.
#include "peers_rig.h"

#include "peer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LOST_MS (DOWN_AFTER_MS + HEARTBEAT_MS)

// Nodes 0 .. count-1 that know each other, of which `old` speaks the first version.
static struct nodes *given_an_old_node(uint32_t count, uint32_t old)
{
    struct nodes *nodes = nodes_create(1);
    nodes->speaks[old] = PEERS_PROTOCOL_OLDEST;
    for (uint32_t i = 0; i < count; i++)
        nodes_start(nodes, i, 10 + i);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < count; k++)
            assert_true(nodes_know(nodes, i, k, true));
    nodes_run_ms(nodes, 3000);
    return nodes;
}

static bool say_of_version(struct nodes *nodes, uint32_t from, uint32_t to, uint32_t protocol)
{
    int32_t peer = peers_find(nodes->node[from].peers, nodes_name(to));
    return peers_send_talk(nodes->node[from].peers, (uint32_t)peer, (struct span){"hello", 5}, protocol);
}

static void an_old_node_is_up_and_hears_only_what_it_understands(void **state)
{
    (void)state;
    struct nodes *nodes = given_an_old_node(2, 1);
    assert_true(nodes_see(nodes, 0, 1)->up && nodes_see(nodes, 1, 0)->up);
    assert_int_equal(nodes_see(nodes, 0, 1)->speaks, 1);
    assert_int_equal(nodes_see(nodes, 1, 0)->speaks, PEERS_PROTOCOL);
    nodes_expect_talk(nodes, 0, 1);
    nodes_expect_talk(nodes, 1, 0);
    assert_false(say_of_version(nodes, 0, 1, 2));  // the other would not understand it
    assert_false(say_of_version(nodes, 1, 0, 2));  // it would not say it
    nodes_run_ms(nodes, 20);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(nodes_counts(nodes, i).not_spoken, 1);
        assert_int_equal(nodes_counts(nodes, i).not_understood, 0);
        assert_int_equal(nodes->node[i].talks, 1);
    }
    nodes_free(nodes);
}

static void a_node_that_comes_back_upgraded_is_spoken_to_as_such(void **state)
{
    (void)state;
    struct nodes *nodes = given_an_old_node(2, 1);
    nodes_kill(nodes, 1);
    nodes->speaks[1] = PEERS_PROTOCOL;
    nodes_start(nodes, 1, 99);
    assert_true(nodes_know(nodes, 1, 0, true));
    nodes_run_ms(nodes, 4000);
    assert_int_equal(nodes_see(nodes, 0, 1)->boot, 99);
    assert_int_equal(nodes_see(nodes, 0, 1)->speaks, PEERS_PROTOCOL);
    assert_true(say_of_version(nodes, 0, 1, 2));
    nodes_run_ms(nodes, 20);
    assert_int_equal(nodes->node[1].talks, 1);
    // And back again: what an earlier start understood says nothing of this one.
    nodes_kill(nodes, 1);
    nodes->speaks[1] = PEERS_PROTOCOL_OLDEST;
    nodes_start(nodes, 1, 77);
    assert_true(nodes_know(nodes, 1, 0, true));
    nodes_run_ms(nodes, 4000);
    assert_int_equal(nodes_see(nodes, 0, 1)->boot, 77);
    assert_false(say_of_version(nodes, 0, 1, 2));
    nodes_free(nodes);
}

static void a_relay_and_both_that_it_joins_must_know_of_relays(void **state)
{
    (void)state;
    for (uint32_t old = 0; old < 4; old++) {  // 3: none of the three that matter
        struct nodes *nodes = given_an_old_node(4, old);
        nodes_cut(nodes, 0, 2, true);
        if (old != 3)
            nodes_cut(nodes, 3, 0, true);  // and nobody else could
        nodes_run_ms(nodes, 2 * LOST_MS);
        assert_int_equal(nodes_see(nodes, 0, 2)->up, old == 3);
        assert_int_equal(nodes_see(nodes, 2, 0)->up, old == 3);
        assert_int_equal(nodes_via(nodes, 0, 2), old == 3 ? 1 : -1);
        if (old == 3)
            nodes_expect_talk(nodes, 0, 2);
        nodes_free(nodes);
    }
}

// A message as some later version might send it, from "b".
static void hear_from_later(struct nodes *nodes, uint32_t protocol, bool has_body)
{
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.protocol = protocol;
    envelope.from = (char *)"b";
    envelope.from_boot = 11;
    envelope.to = (char *)"a";
    if (has_body) {
        envelope.body_case = PEER__ENVELOPE__BODY_TALK;
        envelope.talk = (ProtobufCBinaryData){.len = 5, .data = (uint8_t *)"hello"};
    }
    uint8_t packed[256];
    nodes_hear(&nodes->node[0], (struct span){packed, peer__envelope__pack(&envelope, packed)});
}

static void what_is_not_understood_is_counted_and_costs_nothing_else(void **state)
{
    (void)state;
    struct nodes *nodes = given_an_old_node(2, 1);
    hear_from_later(nodes, PEERS_PROTOCOL + 1, true);
    hear_from_later(nodes, 1, false);  // a body that this version does not know
    assert_int_equal(nodes_counts(nodes, 0).not_understood, 2);
    assert_int_equal(nodes_counts(nodes, 0).malformed, 0);
    assert_int_equal(nodes->node[0].talks, 0);
    hear_from_later(nodes, 0, true);  // of no version at all
    assert_int_equal(nodes_counts(nodes, 0).malformed, 1);
    nodes_run_ms(nodes, 3000);
    assert_true(nodes_see(nodes, 0, 1)->up);
    nodes_expect_talk(nodes, 1, 0);
    nodes_free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_node_is_up_and_hears_only_what_it_understands),
        cmocka_unit_test(a_node_that_comes_back_upgraded_is_spoken_to_as_such),
        cmocka_unit_test(a_relay_and_both_that_it_joins_must_know_of_relays),
        cmocka_unit_test(what_is_not_understood_is_counted_and_costs_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
