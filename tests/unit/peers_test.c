#include "peers_rig.h"

#include "peer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

// ---- up and down

static void two_nodes_that_hear_each_other_are_up(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, HEARTBEAT_MS + 10);
    assert_true(nodes_see(nodes, 0, 1)->up && nodes_see(nodes, 1, 0)->up);
    assert_int_equal(nodes_see(nodes, 0, 1)->boot, 20);
    assert_int_equal(nodes_see(nodes, 0, 1)->feed_seq, 7);
    assert_string_equal(nodes_see(nodes, 0, 1)->card.client, "fake://client");
    assert_int_equal(nodes_see(nodes, 0, 1)->card.lat_udeg, 1000000);
    assert_true(peers_owner_up(nodes->node[0].peers, "b", 20));
    assert_false(peers_owner_up(nodes->node[0].peers, "b", 19));
    assert_true(peers_owner_up(nodes->node[0].peers, "a", 10));
    assert_false(peers_owner_up(nodes->node[0].peers, "a", 9));
    assert_false(peers_owner_up(nodes->node[0].peers, "nobody", 20));
    nodes_free(nodes);
}

static bool a_hears_b(void *context)
{
    return nodes_see(context, 0, 1)->heard;
}

static void a_node_that_comes_is_up_in_two_round_trips_not_heartbeats(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_kill(nodes, 1);
    nodes_run_ms(nodes, 3000);
    nodes_start(nodes, 1, 21);
    assert_true(nodes_know(nodes, 1, 0, true));
    assert_true(fake_run_until(nodes->fake, 300 * MS, a_hears_b, nodes));
    nodes_run_ms(nodes, 10);
    assert_true(nodes_see(nodes, 0, 1)->up && nodes_see(nodes, 1, 0)->up);
    nodes_free(nodes);
}

static void a_silent_peer_is_down_within_the_bound_and_not_before(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 2000);
    nodes_kill(nodes, 1);
    nodes_run_ms(nodes, DOWN_AFTER_MS - HEARTBEAT_MS - 10);
    assert_true(nodes_see(nodes, 0, 1)->up);
    nodes_run_ms(nodes, HEARTBEAT_MS + 20);
    assert_false(nodes_see(nodes, 0, 1)->up);
    assert_false(nodes_see(nodes, 0, 1)->heard);
    assert_int_equal(nodes->node[0].downs, 1);
    nodes_free(nodes);
}

static void the_bound_is_never_under_three_round_trips(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    fake_set_faults(nodes->fake, (struct fake_faults){.delay_min_us = 400 * MS, .delay_max_us = 400 * MS});
    nodes_run_ms(nodes, 4000);
    assert_in_range(nodes_see(nodes, 0, 1)->rtt_us, 799 * MS, 801 * MS);
    nodes_kill(nodes, 1);
    nodes_run_ms(nodes, 400 + 2000);  // what was under way, and most of three trips
    assert_true(nodes_see(nodes, 0, 1)->up);
    nodes_run_ms(nodes, 500);
    assert_false(nodes_see(nodes, 0, 1)->up);
    nodes_free(nodes);
}

static void a_one_way_cut_is_not_up_on_either_side(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 2000);
    fake_cut(nodes->fake, 0, 1, true);
    nodes_run_ms(nodes, 3 * DOWN_AFTER_MS);
    assert_true(nodes_see(nodes, 0, 1)->heard);
    assert_false(nodes_see(nodes, 0, 1)->up);
    assert_false(nodes_see(nodes, 1, 0)->heard);
    assert_false(nodes_see(nodes, 1, 0)->up);
    fake_cut(nodes->fake, 0, 1, false);
    nodes_run_ms(nodes, 2 * HEARTBEAT_MS);
    assert_true(nodes_see(nodes, 0, 1)->up && nodes_see(nodes, 1, 0)->up);
    nodes_free(nodes);
}

static void a_peer_that_goes_is_down_at_once(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 2000);
    peers_say_going(nodes->node[1].peers, world_now(nodes->node[1].world));
    nodes_run_ms(nodes, 5);
    assert_true(nodes_see(nodes, 0, 1)->going);
    assert_false(nodes_see(nodes, 0, 1)->up);
    nodes_run_ms(nodes, 2000);
    assert_false(nodes_see(nodes, 0, 1)->up);
    nodes_free(nodes);
}

static void a_loop_that_stood_still_takes_nobody_for_dead(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 2000);
    fake_stop(nodes->fake, 0, true);
    nodes_run_ms(nodes, 5000);
    assert_false(nodes_see(nodes, 1, 0)->up);
    fake_stop(nodes->fake, 0, false);
    nodes_run_ms(nodes, 600);
    assert_int_equal(peers_counts(nodes->node[0].peers).stalls, 1);
    assert_int_equal(nodes->node[0].downs, 0);
    assert_true(nodes_see(nodes, 0, 1)->up && nodes_see(nodes, 1, 0)->up);
    assert_true(nodes_see(nodes, 0, 1)->rtt_us < 10 * MS);  // the stall is not taken for a long way
    nodes_free(nodes);
}

static void a_peer_whose_answers_stood_still_is_missed_as_soon_as_any(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 2000);
    fake_delay(nodes->fake, 1, 0, (uint64_t)2800 * MS);  // what it says stands still on its way
    nodes_run_ms(nodes, 5000);
    fake_delay(nodes->fake, 1, 0, 0);
    nodes_run_ms(nodes, 2800 + 700);  // what is under way comes first
    assert_true(nodes_see(nodes, 0, 1)->up);
    assert_true(nodes_see(nodes, 0, 1)->rtt_us < 10 * MS);
    nodes_kill(nodes, 1);
    nodes_run_ms(nodes, DOWN_AFTER_MS + 20);
    assert_false(nodes_see(nodes, 0, 1)->up);
    nodes_free(nodes);
}

static void a_peer_whose_answers_only_come_late_is_endured_for_three_seconds_at_most(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    fake_set_faults(nodes->fake, (struct fake_faults){.delay_min_us = 1400 * MS, .delay_max_us = 1400 * MS});
    nodes_run_ms(nodes, 10000);
    assert_int_equal(nodes_see(nodes, 0, 1)->rtt_us, 1000 * MS);
    nodes_kill(nodes, 1);
    nodes_run_ms(nodes, 1400 + 3020);  // what was under way, and three seconds
    assert_false(nodes_see(nodes, 0, 1)->up);
    nodes_free(nodes);
}

static void slow_heartbeats_are_no_stall(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 20000);
    assert_int_equal(peers_counts(nodes->node[0].peers).stalls, 0);
    assert_int_equal(nodes->node[0].downs + nodes->node[1].downs, 0);
    nodes_free(nodes);
}

static void round_trip_and_skew_are_measured(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_create(2);
    fake_set_faults(nodes->fake, (struct fake_faults){.delay_min_us = 40 * MS, .delay_max_us = 40 * MS});
    fake_place(nodes->fake, 1, 987654321, -90000);
    nodes_start(nodes, 0, 10);
    nodes_start(nodes, 1, 20);
    assert_true(nodes_know(nodes, 0, 1, true) && nodes_know(nodes, 1, 0, true));
    nodes_run_ms(nodes, 3000);
    assert_in_range(nodes_see(nodes, 0, 1)->rtt_us, 79 * MS, 81 * MS);
    assert_in_range(-nodes_see(nodes, 0, 1)->skew_ms, 89998, 90002);
    assert_in_range(nodes_see(nodes, 1, 0)->skew_ms, 89998, 90002);
    nodes_free(nodes);
}

// ---- who there is

static void a_node_that_knows_one_seed_learns_all(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_create(4);
    for (uint32_t i = 0; i < 5; i++)
        nodes_start(nodes, i, 10 + i);
    for (uint32_t i = 1; i < 5; i++)
        assert_true(nodes_know(nodes, i, 0, false));  // by its endpoint only
    nodes_run_ms(nodes, 3000);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(peers_count(nodes->node[i].peers), 4);
        for (uint32_t k = 0; k < 5; k++)
            assert_true(i == k || nodes_see(nodes, i, k)->up);
    }
    assert_int_equal(peers_counts(nodes->node[0].peers).learnt, 4);
    assert_int_equal(peers_counts(nodes->node[1].peers).learnt, 3);
    nodes_free(nodes);
}

static void the_same_list_may_be_given_to_all(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_create(5);
    for (uint32_t i = 0; i < 3; i++)
        nodes_start(nodes, i, 10 + i);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 3; k++)
            assert_true(nodes_know(nodes, i, k, k != 1));
    nodes_run_ms(nodes, 2000);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(peers_count(nodes->node[i].peers), 2);
        assert_int_equal(peers_counts(nodes->node[i].peers).learnt, 0);
    }
    nodes_free(nodes);
}

static void a_node_cut_off_from_here_is_heard_by_a_third(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_create(6);
    for (uint32_t i = 0; i < 3; i++)
        nodes_start(nodes, i, 10 + i);
    assert_true(nodes_know(nodes, 1, 0, true) && nodes_know(nodes, 2, 0, true));
    nodes_run_ms(nodes, 2000);
    struct peers *a = nodes->node[0].peers;
    assert_true(peers_is_heard_by_any(a, "c", 12));
    assert_false(peers_is_heard_by_any(a, "c", 11));
    assert_false(peers_is_heard_by_any(a, "d", 13));
    fake_cut(nodes->fake, 2, 0, true);
    nodes_run_ms(nodes, 2000);
    assert_false(nodes_see(nodes, 0, 2)->heard);
    assert_true(peers_is_heard_by_any(a, "c", 12));
    fake_cut(nodes->fake, 2, 1, true);
    nodes_run_ms(nodes, 2000);
    assert_false(peers_is_heard_by_any(a, "c", 12));
    nodes_free(nodes);
}

// ---- messages

static void words_come_from_who_is_heard_in_its_boot(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 1000);
    struct peers *b = nodes->node[1].peers;
    assert_true(peers_send_talk(b, 0, (struct span){"hello", 5}, 0));
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    Peer__FeedsTell tell = PEER__FEEDS_TELL__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_FEEDS_TELL;
    envelope.feeds_tell = &tell;
    assert_true(peers_send(b, 0, &envelope));
    nodes_run_ms(nodes, 10);
    assert_int_equal(nodes->node[0].talks, 1);
    assert_int_equal(nodes->node[0].bulks, 1);
    nodes_kill(nodes, 0);
    nodes_start(nodes, 0, 11);
    assert_true(peers_send_talk(b, 0, (struct span){"hello", 5}, 0));
    nodes_run_ms(nodes, 10);
    assert_int_equal(nodes->node[0].talks, 0);  // not heard yet
    assert_int_equal(peers_counts(nodes->node[0].peers).misdirected, 1);
    nodes_free(nodes);
}

static void malformed_messages_are_counted_and_nothing_else(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 1000);
    struct side *a = &nodes->node[0];
    uint8_t junk[300];
    for (uint32_t i = 0; i < 2000; i++) {
        size_t bytes = (size_t)fake_random(nodes->fake, sizeof junk);
        for (size_t k = 0; k < bytes; k++)
            junk[k] = (uint8_t)fake_random(nodes->fake, 256);
        nodes_hear(a, (struct span){junk, bytes});
    }
    struct peers_counts counts = peers_counts(a->peers);
    assert_true(counts.malformed + counts.misdirected >= 2000);
    static uint8_t huge[WORLD_PEER_MESSAGE_MAX_BYTES + 1];
    nodes_hear(a, (struct span){huge, sizeof huge});
    assert_int_equal(peers_counts(a->peers).malformed, counts.malformed + 1);
    nodes_run_ms(nodes, 3000);
    assert_true(nodes_see(nodes, 0, 1)->up);
    nodes_free(nodes);
}

static void cards_out_of_range_teach_nothing(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    nodes_run_ms(nodes, 1000);
    Peer__NodeCard cards[4];
    Peer__NodeCard *list[4];
    for (int i = 0; i < 4; i++) {
        peer__node_card__init(&cards[i]);
        cards[i].name = (char *)"x";
        cards[i].peer = (char *)"fake://5/control";
        cards[i].bulk = (char *)"fake://5/bulk";
        list[i] = &cards[i];
    }
    cards[0].name = (char *)"two words";
    cards[1].lat_udeg = 90000001;
    cards[2].peer = (char *)"";
    cards[3].bulk = (char *)"nowhere";
    Peer__NodeCard self = PEER__NODE_CARD__INIT;
    self.name = (char *)"b";
    self.peer = (char *)"fake://1/control";
    self.bulk = (char *)"fake://1/bulk";
    Peer__Heartbeat beat = PEER__HEARTBEAT__INIT;
    beat.sent_us = UINT64_MAX;
    beat.card = &self;
    beat.n_known = 4;
    beat.known = list;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.protocol = PEERS_PROTOCOL;
    envelope.from = (char *)"b";
    envelope.from_boot = 20;
    envelope.to = (char *)"a";
    envelope.body_case = PEER__ENVELOPE__BODY_HEARTBEAT;
    envelope.heartbeat = &beat;
    uint8_t packed[1024];
    size_t bytes = peer__envelope__pack(&envelope, packed);
    struct peers *a = nodes->node[0].peers;
    uint64_t malformed = peers_counts(a).malformed;
    nodes_hear(&nodes->node[0], (struct span){packed, bytes});
    assert_int_equal(peers_count(a), 1);
    assert_int_equal(peers_counts(a).malformed, malformed + 4);
    nodes_free(nodes);
}

static void who_is_let_go_is_not_looked_for_and_comes_back_when_it_speaks(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(1, 3);
    nodes_run_ms(nodes, 1000);
    struct peers *a = nodes->node[0].peers;
    uint32_t c = (uint32_t)peers_find(a, "c");
    peers_let_go(a, c);
    assert_false(peers_at(a, c)->let_go);  // it is up
    nodes_kill(nodes, 2);
    nodes_run_ms(nodes, 3000);
    peers_let_go(a, c);
    assert_true(peers_at(a, c)->let_go);
    uint64_t not_sent = nodes_counts(nodes, 0).not_sent;
    nodes_run_ms(nodes, 2000);
    assert_int_equal(nodes_counts(nodes, 0).not_sent, not_sent);  // no heartbeat knocks there any more
    nodes_start(nodes, 2, 30);
    assert_true(nodes_know(nodes, 2, 0, true));
    nodes_run_ms(nodes, 2000);
    assert_false(peers_at(a, c)->let_go);
    assert_true(nodes_see(nodes, 0, 2)->up && nodes_see(nodes, 2, 0)->up);
    nodes_free(nodes);
}

static void who_is_let_go_comes_back_when_a_third_hears_it(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(1, 3);
    nodes_run_ms(nodes, 1000);
    struct peers *a = nodes->node[0].peers;
    uint32_t c = (uint32_t)peers_find(a, "c");
    nodes_kill(nodes, 2);
    nodes_run_ms(nodes, 3000);
    peers_let_go(a, c);
    nodes_start(nodes, 2, 30);
    fake_cut(nodes->fake, 2, 0, true);
    assert_true(nodes_know(nodes, 2, 1, true));
    nodes_run_ms(nodes, 4000);
    assert_false(peers_at(a, c)->let_go);
    nodes_free(nodes);
}

static void every_nodes_view_of_its_links_is_known(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(1, 3);
    fake_delay(nodes->fake, 1, 2, 40 * MS);
    nodes_run_ms(nodes, 5000);
    struct peers *a = nodes->node[0].peers;
    uint32_t b = (uint32_t)peers_find(a, "b");
    int32_t c = peers_find(a, "c");
    struct peers_seen seen;
    assert_true(peers_sees(a, b, c, &seen) && seen.linked && seen.rtt_us >= 40 * MS);
    assert_true(peers_sees(a, b, -1, &seen) && seen.linked && seen.rtt_us > 0 && seen.rtt_us < 40 * MS);
    fake_cut(nodes->fake, 2, 1, true);
    nodes_run_ms(nodes, 3000);
    assert_true(peers_sees(a, b, c, &seen) && !seen.linked);  // by a
    assert_true(peers_sees(a, (uint32_t)c, (int32_t)b, &seen) && !seen.linked);
    nodes_free(nodes);
}

static void there_is_a_bound_on_peers(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_two();
    struct peers *a = nodes->node[0].peers;
    struct peers_card card = {.control = "fake://5/control", .bulk = "fake://5/bulk"};
    for (uint32_t i = peers_count(a); i < PEERS_MAX; i++) {
        snprintf(card.name, sizeof card.name, "n%u", i);
        assert_true(peers_add(a, &card));
    }
    text_copy(card.name, sizeof card.name, "one-more");
    assert_false(peers_add(a, &card));
    assert_int_equal(peers_counts(a).over_bound, 1);
    for (uint32_t i = 1; i < PEERS_MAX; i++) {
        snprintf(card.name, sizeof card.name, "n%u", i);
        assert_int_equal(peers_find(a, card.name), i);
    }
    nodes_run_ms(nodes, 1000);
    assert_true(nodes_see(nodes, 0, 1)->up);
    text_copy(card.control, sizeof card.control, "elsewhere");
    assert_false(peers_add(a, &card));
    nodes_free(nodes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_nodes_that_hear_each_other_are_up),
        cmocka_unit_test(a_node_that_comes_is_up_in_two_round_trips_not_heartbeats),
        cmocka_unit_test(a_silent_peer_is_down_within_the_bound_and_not_before),
        cmocka_unit_test(the_bound_is_never_under_three_round_trips),
        cmocka_unit_test(a_one_way_cut_is_not_up_on_either_side),
        cmocka_unit_test(a_peer_that_goes_is_down_at_once),
        cmocka_unit_test(a_loop_that_stood_still_takes_nobody_for_dead),
        cmocka_unit_test(a_peer_whose_answers_stood_still_is_missed_as_soon_as_any),
        cmocka_unit_test(a_peer_whose_answers_only_come_late_is_endured_for_three_seconds_at_most),
        cmocka_unit_test(slow_heartbeats_are_no_stall),
        cmocka_unit_test(round_trip_and_skew_are_measured),
        cmocka_unit_test(a_node_that_knows_one_seed_learns_all),
        cmocka_unit_test(the_same_list_may_be_given_to_all),
        cmocka_unit_test(a_node_cut_off_from_here_is_heard_by_a_third),
        cmocka_unit_test(words_come_from_who_is_heard_in_its_boot),
        cmocka_unit_test(malformed_messages_are_counted_and_nothing_else),
        cmocka_unit_test(cards_out_of_range_teach_nothing),
        cmocka_unit_test(who_is_let_go_is_not_looked_for_and_comes_back_when_it_speaks),
        cmocka_unit_test(who_is_let_go_comes_back_when_a_third_hears_it),
        cmocka_unit_test(every_nodes_view_of_its_links_is_known),
        cmocka_unit_test(there_is_a_bound_on_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
