// What a relay carries, for whom, and how much.
#include "peers_rig.h"

#include "peer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void hear(struct side *side, const char *from, uint64_t boot, const char *to, const char *relay, bool relayed)
{
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.protocol = PEERS_PROTOCOL;
    envelope.from = (char *)from;
    envelope.from_boot = boot;
    envelope.to = (char *)to;
    envelope.relay = (char *)relay;
    envelope.relayed = relayed;
    envelope.body_case = PEER__ENVELOPE__BODY_TALK;
    envelope.talk = (ProtobufCBinaryData){.len = 5, .data = (uint8_t *)"hello"};
    uint8_t packed[256];
    size_t bytes = peer__envelope__pack(&envelope, packed);
    nodes_hear(side, (struct span){packed, bytes});
}

static void a_relay_carries_for_whom_it_hears_to_whom_it_reaches_and_only_once(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(12, 4);
    nodes_cut(nodes, 0, 2, true);
    nodes_cut(nodes, 1, 3, true);
    nodes_run_ms(nodes, 4000);
    struct side *b = &nodes->node[1];
    uint64_t dropped = nodes_counts(nodes, 1).relay_dropped, misdirected = nodes_counts(nodes, 1).misdirected;
    hear(b, "a", 9, "c", "b", false);        // another boot of it
    hear(b, "nobody", 10, "c", "b", false);  // unknown
    hear(b, "a", 10, "nobody", "b", false);
    hear(b, "a", 10, "d", "b", false);  // not reached from here: a second hop
    hear(b, "a", 10, "a", "b", false);  // back
    assert_int_equal(nodes_counts(nodes, 1).relay_dropped, dropped + 5);
    hear(b, "a", 10, "c", "d", false);  // not asked
    hear(b, "a", 10, "c", "b", true);   // already carried
    hear(b, "a", 10, "c", "", false);
    assert_int_equal(nodes_counts(nodes, 1).misdirected, misdirected + 3);
    assert_int_equal(nodes_counts(nodes, 1).relayed, 0);
    nodes_run_ms(nodes, 100);
    assert_int_equal(nodes->node[2].talks + nodes->node[3].talks, 0);
    hear(b, "a", 10, "c", "b", false);
    assert_int_equal(nodes_counts(nodes, 1).relayed, 1);
    nodes_run_ms(nodes, 20);
    assert_int_equal(nodes->node[2].talks, 1);

    struct side *c = &nodes->node[2];
    misdirected = nodes_counts(nodes, 2).misdirected;
    hear(c, "a", 9, "c", "b", true);        // not the boot that lives
    hear(c, "a", 10, "c", "nobody", true);  // by whom?
    hear(c, "a", 10, "c", "a", true);       // by itself, which is not heard here
    hear(c, "a", 10, "c", "", false);       // as if it were heard here
    assert_int_equal(nodes_counts(nodes, 2).misdirected, misdirected + 4);
    assert_int_equal(c->talks, 1);
    hear(c, "a", 10, "c", "d", true);  // its relay may be another than ours
    assert_int_equal(c->talks, 2);
    nodes_free(nodes);
}

static void only_small_things_are_carried_and_so_many_between_two_heartbeats(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(13, 3);
    nodes_cut(nodes, 0, 2, true);
    nodes_run_ms(nodes, 4000);
    struct peers *a = nodes->node[0].peers;
    uint32_t c = (uint32_t)peers_find(a, "c");
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_FEED_CHUNK;
    envelope.feed_chunk = &chunk;
    uint64_t not_sent = peers_counts(a).not_sent;
    assert_false(peers_send(a, c, &envelope));
    assert_int_equal(peers_counts(a).not_sent, not_sent + 1);
    static uint8_t large[PEERS_RELAY_MAX_BYTES];
    assert_true(peers_send_talk(a, c, (struct span){large, sizeof large}, 0));
    nodes_run_ms(nodes, 20);
    assert_int_equal(nodes_counts(nodes, 1).relay_dropped, 1);
    for (uint32_t i = 0; i < PEERS_RELAY_MAX + 2000; i++)
        assert_true(nodes_talk(nodes, 0, 2));
    nodes_run_ms(nodes, 50);
    uint64_t dropped = nodes_counts(nodes, 1).relay_dropped;
    assert_true(dropped > 1);
    assert_int_equal(nodes->node[2].talks, PEERS_RELAY_MAX + 2000 - (dropped - 1));
    nodes_run_ms(nodes, HEARTBEAT_MS);
    nodes_expect_talk(nodes, 0, 2);
    nodes_free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_carries_for_whom_it_hears_to_whom_it_reaches_and_only_once),
        cmocka_unit_test(only_small_things_are_carried_and_so_many_between_two_heartbeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
