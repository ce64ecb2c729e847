// Walking around broken links: who is up, and by which way.
#include "peers_rig.h"

#include "peer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define LOST_MS (DOWN_AFTER_MS + HEARTBEAT_MS)  // by then both ends know that their link is lost

// ---- up

static void two_that_lose_each_other_stay_up_by_a_third(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(1, 3);
    nodes_run_ms(nodes, 3000);
    nodes_cut(nodes, 0, 2, true);
    nodes_run_ms(nodes, LOST_MS);
    for (uint32_t i = 0; i < 3; i += 2) {
        const struct peer *other = nodes_see(nodes, i, 2 - i);
        assert_true(other->up);
        assert_false(other->heard);
        assert_int_equal(nodes_via(nodes, i, 2 - i), 1);
        assert_int_equal(nodes->node[i].moves, 1);
        assert_int_equal(nodes_counts(nodes, i).by_relay, 1);
        assert_true(peers_owner_up(nodes->node[i].peers, nodes_name(2 - i), 12 - i));
        nodes_expect_talk(nodes, i, 2 - i);
    }
    assert_int_equal(nodes_counts(nodes, 1).relayed, 2);
    assert_int_equal(nodes_via(nodes, 0, 1), -1);
    nodes_run_ms(nodes, 20000);
    nodes_cut(nodes, 0, 2, false);
    nodes_run_ms(nodes, 2 * HEARTBEAT_MS);
    assert_int_equal(nodes_via(nodes, 0, 2), -1);
    assert_int_equal(nodes_counts(nodes, 0).by_relay, 0);
    nodes_expect_talk(nodes, 0, 2);
    assert_int_equal(nodes_counts(nodes, 1).relayed, 2);
    assert_int_equal(nodes_downs(nodes), 0);
    nodes_free(nodes);
}

static void a_one_way_cut_is_walked_around_both_ways(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(2, 3);
    nodes_run_ms(nodes, 3000);
    fake_cut(nodes->fake, 0, 2, true);
    nodes_run_ms(nodes, 2 * LOST_MS);
    assert_true(nodes_see(nodes, 0, 2)->heard);
    assert_false(nodes_see(nodes, 2, 0)->heard);
    for (uint32_t i = 0; i < 3; i += 2) {
        assert_true(nodes_see(nodes, i, 2 - i)->up);
        assert_int_equal(nodes_via(nodes, i, 2 - i), 1);
        nodes_expect_talk(nodes, i, 2 - i);
    }
    assert_int_equal(nodes_downs(nodes), 0);
    nodes_free(nodes);
}

static void a_node_that_hears_only_one_other_is_up_for_all(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(3, 5);
    for (uint32_t i = 1; i < 4; i++)
        nodes_cut(nodes, 0, i, true);  // from the start: it hears "e" alone
    nodes_run_ms(nodes, 3000);
    for (uint32_t i = 1; i < 5; i++) {
        assert_true(nodes_see(nodes, 0, i)->up && nodes_see(nodes, i, 0)->up);
        assert_int_equal(nodes_via(nodes, 0, i), i == 4 ? -1 : 4);
        nodes_expect_talk(nodes, 0, i);
        nodes_expect_talk(nodes, i, 0);
    }
    uint64_t bound = 2 * 3;
    assert_int_equal(nodes_counts(nodes, 4).relayed, bound);
    assert_int_equal(nodes_downs(nodes), 0);
    nodes_free(nodes);
}

static void two_hops_are_none(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(4, 4);
    nodes_cut(nodes, 0, 2, true);  // a - b - c - d
    nodes_cut(nodes, 0, 3, true);
    nodes_cut(nodes, 1, 3, true);
    nodes_run_ms(nodes, 4000);
    assert_true(nodes_see(nodes, 0, 2)->up && nodes_see(nodes, 1, 3)->up);
    assert_false(nodes_see(nodes, 0, 3)->up);
    assert_true(peers_is_heard_by_any(nodes->node[0].peers, "d", 13));  // by "b", though through "c" alone
    nodes_free(nodes);
}

static void who_is_dead_is_down_no_later_for_there_being_thirds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct nodes *nodes = nodes_all(seed, 5);
        fake_set_faults(nodes->fake, (struct fake_faults){.delay_min_us = 500, .delay_max_us = 90 * MS});
        nodes_run_ms(nodes, 3000 + seed * 13);
        nodes_kill(nodes, 4);
        nodes_run_ms(nodes, DOWN_AFTER_MS + 100);  // what was under way, and the bound
        for (uint32_t i = 0; i < 4; i++) {
            assert_false(nodes_see(nodes, i, 4)->up);
            assert_int_equal(nodes->node[i].moves, 0);
        }
        nodes_free(nodes);
    }
}

static void who_dies_beyond_a_relay_is_down(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(5, 3);
    nodes_cut(nodes, 0, 2, true);
    nodes_run_ms(nodes, 4000);
    assert_true(nodes_see(nodes, 0, 2)->up);
    nodes_kill(nodes, 2);
    nodes_run_ms(nodes, DOWN_AFTER_MS - HEARTBEAT_MS - 10);
    assert_true(nodes_see(nodes, 0, 2)->up);
    nodes_run_ms(nodes, 2 * HEARTBEAT_MS + 20);  // the relay finds out, and says so
    assert_false(nodes_see(nodes, 0, 2)->up);
    assert_int_equal(nodes->node[0].downs, 1);
    nodes_free(nodes);
}

static void who_goes_beyond_a_relay_is_down_with_its_next_heartbeat(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(6, 3);
    nodes_cut(nodes, 0, 2, true);
    nodes_run_ms(nodes, 4000);
    peers_say_going(nodes->node[2].peers, world_now(nodes->node[2].world));
    nodes_run_ms(nodes, HEARTBEAT_MS + 20);
    assert_false(nodes_see(nodes, 0, 2)->up);
    nodes_free(nodes);
}

static void whoever_says_that_it_goes_is_not_kept_up_by_thirds(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(7, 3);
    nodes_run_ms(nodes, 3000);
    fake_cut(nodes->fake, 2, 1, true);  // "b" does not hear it
    peers_say_going(nodes->node[2].peers, world_now(nodes->node[2].world));
    nodes_run_ms(nodes, 10);
    assert_false(nodes_see(nodes, 0, 2)->up);
    assert_true(nodes_see(nodes, 1, 2)->up);
    nodes_run_ms(nodes, HEARTBEAT_MS);
    assert_false(nodes_see(nodes, 0, 2)->up);
    nodes_free(nodes);
}

static void a_new_boot_beyond_a_relay_is_down_for_the_old_one_and_then_up(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(8, 4);
    nodes_cut(nodes, 0, 3, true);
    nodes_run_ms(nodes, 4000);
    struct side *a = &nodes->node[0];
    for (uint64_t boot = 9; boot > 5; boot--) {
        uint32_t ups = a->ups, before = a->downs;
        nodes_kill(nodes, 3);
        nodes_start(nodes, 3, boot);
        for (uint32_t i = 0; i < 3; i++)
            assert_true(nodes_know(nodes, 3, i, true));
        nodes_run_ms(nodes, 3 * DOWN_AFTER_MS);
        assert_true(peers_owner_up(a->peers, "d", boot) && peers_owner_up(nodes->node[3].peers, "a", 10));
        assert_int_equal(a->downs, before + 1);
        assert_int_equal(a->ups, ups + 1);
        assert_int_equal(a->up_boot, boot);
        nodes_expect_talk(nodes, 0, 3);
        nodes_expect_talk(nodes, 3, 0);
    }
    nodes_free(nodes);
}

// The old one may have heard this node long after it was heard here last; its words may come when it is dead.
static void late_words_of_an_old_boot_do_not_outbid_what_a_relay_says(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(15, 3);
    nodes_run_ms(nodes, 3000);
    fake_cut(nodes->fake, 2, 0, true);
    nodes_run_ms(nodes, 800);
    uint64_t heard_us = world_now(nodes->node[0].world).mono_us - 1;
    nodes_kill(nodes, 2);
    nodes_run_ms(nodes, 200);
    nodes_start(nodes, 2, 9);
    for (uint32_t i = 0; i < 2; i++)
        assert_true(nodes_know(nodes, 2, i, true));
    nodes_run_ms(nodes, 4000);
    struct side *a = &nodes->node[0];
    assert_true(peers_owner_up(a->peers, "c", 9));
    uint32_t before = a->downs;
    Peer__Heard heard = PEER__HEARD__INIT, *heard_list[] = {&heard};
    heard.name = (char *)"a";
    heard.boot = 10;
    Peer__Heartbeat beat = PEER__HEARTBEAT__INIT;
    beat.sent_us = beat.echo_us = heard_us;
    beat.n_heard = 1;
    beat.heard = heard_list;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.protocol = PEERS_PROTOCOL;
    envelope.from = (char *)"c";
    envelope.from_boot = 12;
    envelope.to = (char *)"a";
    envelope.body_case = PEER__ENVELOPE__BODY_HEARTBEAT;
    envelope.heartbeat = &beat;
    uint8_t packed[256];
    nodes_hear(a, (struct span){packed, peer__envelope__pack(&envelope, packed)});
    assert_true(peers_owner_up(a->peers, "c", 9));
    nodes_run_ms(nodes, 3000);
    assert_int_equal(a->downs, before);
    nodes_free(nodes);
}

static void a_loop_that_stood_still_takes_nobody_beyond_a_relay_for_dead(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(9, 3);
    nodes_cut(nodes, 0, 2, true);
    nodes_run_ms(nodes, 4000);
    fake_stop(nodes->fake, 0, true);
    nodes_run_ms(nodes, 5000);
    fake_stop(nodes->fake, 0, false);
    nodes_run_ms(nodes, 2000);
    assert_int_equal(nodes->node[0].downs, 0);
    assert_true(nodes_see(nodes, 0, 2)->up && nodes_see(nodes, 2, 0)->up);
    nodes_free(nodes);
}

// ---- which way

// Every message is under way for so long; node 3 stands far from all, its own clock being no part of it.
static void the_nearest_relay_is_taken_and_left_when_it_dies(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(10, 4);
    fake_delay(nodes->fake, 0, 1, 60 * MS);
    fake_delay(nodes->fake, 1, 0, 60 * MS);
    fake_set_faults(nodes->fake, (struct fake_faults){.delay_min_us = 10 * MS, .delay_max_us = 10 * MS});
    nodes_cut(nodes, 0, 3, true);
    nodes_run_ms(nodes, 6000);
    assert_int_equal(nodes_via(nodes, 0, 3), 2);
    assert_int_equal(nodes_via(nodes, 3, 0), 2);
    assert_in_range(nodes_see(nodes, 0, 3)->rtt_us, 38 * MS, 42 * MS);  // the sum
    nodes_kill(nodes, 2);
    nodes_run_ms(nodes, DOWN_AFTER_MS + HEARTBEAT_MS + 100);
    assert_true(nodes_see(nodes, 0, 3)->up && nodes_see(nodes, 3, 0)->up);
    assert_int_equal(nodes_via(nodes, 0, 3), 1);
    assert_in_range(nodes_see(nodes, 0, 3)->rtt_us, 155 * MS, 165 * MS);
    assert_int_equal(nodes->node[0].downs + nodes->node[3].downs, 2);  // of the relay
    nodes_start(nodes, 2, 9);
    for (uint32_t i = 0; i < 4; i++)
        assert_true(nodes_know(nodes, 2, i, true));
    nodes_run_ms(nodes, 3000);
    assert_int_equal(nodes_via(nodes, 0, 3), 2);  // it is back, and nearer
    nodes_free(nodes);
}

static void of_relays_as_near_as_each_other_one_is_kept(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(11, 6);
    fake_set_faults(nodes->fake, (struct fake_faults){.delay_min_us = 30 * MS, .delay_max_us = 33 * MS});
    nodes_cut(nodes, 0, 5, true);
    nodes_run_ms(nodes, 5000);
    uint32_t moves = nodes->node[0].moves;
    nodes_run_ms(nodes, 60000);
    assert_int_equal(nodes->node[0].moves, moves);
    nodes_free(nodes);
}

// A link that works now and then: whoever is behind it stays up, and is reached most of the time.
static void a_link_that_flaps_takes_nobody_down(void **state)
{
    (void)state;
    struct nodes *nodes = nodes_all(14, 3);
    nodes_run_ms(nodes, 3000);
    uint32_t said = 0, seconds = 60;
    for (uint32_t ms = 0; ms < seconds * 1000;) {
        uint32_t step_ms = 100 + (uint32_t)fake_random(nodes->fake, 2500);
        fake_cut(nodes->fake, 0, 2, fake_random(nodes->fake, 2));
        fake_cut(nodes->fake, 2, 0, fake_random(nodes->fake, 2));
        for (uint32_t k = 0; k < step_ms; k += 100) {
            said += nodes_talk(nodes, 0, 2);
            nodes_run_ms(nodes, 100);
        }
        ms += step_ms;
    }
    assert_int_equal(nodes_downs(nodes), 0);
    assert_true(nodes->node[0].moves > 5 && nodes->node[0].moves < 2 * seconds);
    assert_true(nodes->node[2].talks > said / 2 && nodes->node[2].talks <= said);
    nodes_free(nodes);
}

// ---- storms

static bool is_cut[FAKE_NODES_MAX][FAKE_NODES_MAX];

static bool are_linked(uint32_t a, uint32_t b)
{
    return !is_cut[a][b] && !is_cut[b][a];
}

// Exactly those are up that the cuts leave a link or one relay.
static bool is_as_the_cuts_say(void *context)
{
    struct nodes *nodes = context;
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t k = 0; k < 5; k++) {
            bool linked = are_linked(i, k), reached = linked;
            for (uint32_t by = 0; by < 5; by++)
                reached |= by != i && by != k && are_linked(i, by) && are_linked(by, k);
            const struct peer *peer = i == k ? NULL : nodes_see(nodes, i, k);
            if (peer != NULL && (peer->up != reached || (reached && (peer->via < 0) != linked) ||
                                 (reached && peer->boot != nodes->node[k].boot)))
                return false;
        }
    return true;
}

static void whatever_is_cut_those_are_up_that_a_link_or_a_relay_reaches(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu (SEED=... repeats it)\n", (unsigned long long)seed);
    for (uint64_t run = 0; run < 20; run++) {
        struct nodes *nodes = nodes_all(seed + run, 5);
        fake_set_faults(nodes->fake, (struct fake_faults){500, 30 * MS, 0, 50, 50});
        memset(is_cut, 0, sizeof is_cut);
        uint64_t boots = 100;
        for (uint32_t step = 0; step < 12; step++) {
            uint32_t changes = (uint32_t)fake_random(nodes->fake, 6);
            for (uint32_t change = 0; change < changes; change++) {
                uint32_t i = (uint32_t)fake_random(nodes->fake, 5), k = (uint32_t)fake_random(nodes->fake, 5);
                is_cut[i][k] = i != k && fake_random(nodes->fake, 3) > 0;
                fake_cut(nodes->fake, i, k, is_cut[i][k]);
            }
            if (fake_random(nodes->fake, 3) == 0) {
                uint32_t node = (uint32_t)fake_random(nodes->fake, 5);
                nodes_kill(nodes, node);
                nodes_start(nodes, node, --boots);
                for (uint32_t i = 0; i < 5; i++)
                    assert_true(nodes_know(nodes, node, i, true));
            }
            nodes_run_ms(nodes, fake_random(nodes->fake, 1500));
            if (fake_random(nodes->fake, 2) == 0)
                continue;
            nodes_run_ms(nodes, 2 * LOST_MS);  // what was true a moment before may still be believed
            assert_true(fake_run_until(nodes->fake, 3000 * MS, is_as_the_cuts_say, nodes));
            uint32_t before = nodes_downs(nodes);
            nodes_run_ms(nodes, 5000);
            assert_true(is_as_the_cuts_say(nodes));
            assert_int_equal(nodes_downs(nodes), before);  // and it stays so
        }
        nodes_free(nodes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_lose_each_other_stay_up_by_a_third),
        cmocka_unit_test(a_one_way_cut_is_walked_around_both_ways),
        cmocka_unit_test(a_node_that_hears_only_one_other_is_up_for_all),
        cmocka_unit_test(two_hops_are_none),
        cmocka_unit_test(who_is_dead_is_down_no_later_for_there_being_thirds),
        cmocka_unit_test(who_dies_beyond_a_relay_is_down),
        cmocka_unit_test(who_goes_beyond_a_relay_is_down_with_its_next_heartbeat),
        cmocka_unit_test(whoever_says_that_it_goes_is_not_kept_up_by_thirds),
        cmocka_unit_test(a_new_boot_beyond_a_relay_is_down_for_the_old_one_and_then_up),
        cmocka_unit_test(late_words_of_an_old_boot_do_not_outbid_what_a_relay_says),
        cmocka_unit_test(a_loop_that_stood_still_takes_nobody_beyond_a_relay_for_dead),
        cmocka_unit_test(the_nearest_relay_is_taken_and_left_when_it_dies),
        cmocka_unit_test(of_relays_as_near_as_each_other_one_is_kept),
        cmocka_unit_test(a_link_that_flaps_takes_nobody_down),
        cmocka_unit_test(whatever_is_cut_those_are_up_that_a_link_or_a_relay_reaches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
