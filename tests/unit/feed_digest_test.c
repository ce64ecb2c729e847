#include "feed_cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct cluster *start(uint32_t count)
{
    struct cluster *cluster = cluster_create(9, count);
    cluster_start_all(cluster);
    cluster_run_ms(cluster, 4000);
    return cluster;
}

// Puts a record where no feed will ever find it: beyond the cursor of a feed whose owner is dead.
static void plant(struct cluster *cluster, uint32_t node, const char *id, uint64_t attach, uint64_t seq)
{
    struct record record = {.kind = 4, .id = id, .version = {attach, "dead", 77, seq}, .body = {"half told", 9}};
    assert_int_equal(store_take(cluster->nodes[node].store, &record, NULL), STORE_TAKEN);
    cluster_end_turn(&cluster->nodes[node]);
}

static uint64_t mended(struct cluster *cluster)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < cluster->count; i++)
        if (cluster->nodes[i].alive)
            sum += feed_counts(cluster->nodes[i].feed).mended;
    return sum;
}

static uint64_t found(struct cluster *cluster)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < cluster->count; i++)
        if (cluster->nodes[i].alive)
            sum += feed_counts(cluster->nodes[i].feed).digests_differ;
    return sum;
}

static uint64_t sent(struct cluster *cluster)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < cluster->count; i++)
        if (cluster->nodes[i].alive)
            sum += feed_counts(cluster->nodes[i].feed).records_out;
    return sum;
}

static void what_one_node_has_alone_is_mended_once_and_counted(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    plant(cluster, 1, "call", 1, 15);
    uint64_t sent_before = sent(cluster), records_before = cluster->nodes[0].records_seen;
    assert_true(cluster_equal_within(cluster, 2 * CLUSTER_DIGEST_EVERY_MS));
    assert_true(cluster_has(cluster, 0, "call", "half told"));
    assert_true(found(cluster) > 0);
    assert_int_equal(mended(cluster), 2);
    assert_int_equal(cluster->nodes[0].records_seen, records_before + 1);
    assert_int_equal(sent(cluster), sent_before + 2);  // each lacked it once, and was sent it once
    uint64_t found_before = found(cluster);
    cluster_run_ms(cluster, 10 * CLUSTER_DIGEST_EVERY_MS);
    assert_int_equal(mended(cluster), 2);
    assert_int_equal(sent(cluster), sent_before + 2);
    assert_int_equal(found(cluster), found_before);
    cluster_free(cluster);
}

static void a_peer_that_goes_down_has_the_others_compare_soon(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_create(9, 3);
    cluster->digest_every_ms = 60000;
    cluster_start_all(cluster);
    cluster_run_ms(cluster, 10000);
    plant(cluster, 1, "call", 1, 15);
    cluster_kill(cluster, 0, true);
    assert_true(cluster_equal_within(cluster, 1000 + 1000 + 500));
    assert_int_equal(mended(cluster), 1);
    cluster_free(cluster);
}

static void the_newer_of_two_versions_wins_on_both_sides(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    plant(cluster, 0, "a", 1, 15);
    plant(cluster, 1, "a", 2, 14);
    plant(cluster, 0, "b", 2, 17);
    plant(cluster, 1, "b", 1, 18);
    assert_true(cluster_equal_within(cluster, 2 * CLUSTER_DIGEST_EVERY_MS));
    assert_int_equal(store_find(cluster->nodes[0].store, 4, "a")->version.attach, 2);
    assert_int_equal(store_find(cluster->nodes[1].store, 4, "b")->version.attach, 2);
    assert_int_equal(mended(cluster), 2);
    cluster_free(cluster);
}

static void many_differences_are_mended_in_bounded_rounds(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    char id[24];
    for (uint32_t i = 0; i < 20000; i++) {
        snprintf(id, sizeof id, "call%u", i);
        struct record record = {.kind = 4, .id = id, .version = {1, "dead", 77, 100 + i}, .body = {id, sizeof id}};
        assert_int_equal(store_take(cluster->nodes[i % 2].store, &record, NULL), STORE_TAKEN);
    }
    uint64_t bytes = fake_bulk_bytes(cluster->fake, 0, 1);
    cluster_run_ms(cluster, CLUSTER_DIGEST_EVERY_MS);
    assert_true(fake_bulk_bytes(cluster->fake, 0, 1) - bytes < 5u * 1024 * 1024);
    assert_true(cluster_equal_within(cluster, 40000));
    assert_int_equal(mended(cluster), 20000);
    cluster_free(cluster);
}

// Something is always on its way.
static void set_long_ways(struct cluster *cluster)
{
    fake_set_faults(cluster->fake, (struct fake_faults){.delay_min_us = 30 * MS, .delay_max_us = 60 * MS});
}

static void nodes_that_write_all_the_time_find_no_difference(void **state)
{
    (void)state;
    struct cluster *cluster = start(4);
    set_long_ways(cluster);
    cluster_run_ms(cluster, 1000);
    uint64_t sent_before = sent(cluster);
    char id[24];
    for (uint32_t i = 0; i < 6000; i++) {
        snprintf(id, sizeof id, "call%u", (i * 7) % 500);
        cluster_put_text(cluster, i % 4, id, i, "waits");
        cluster_run_ms(cluster, 5);
    }
    assert_true(cluster_equal_within(cluster, 100));
    assert_int_equal(mended(cluster), 0);
    assert_int_equal(found(cluster), 0);
    assert_int_equal(sent(cluster) - sent_before, 3 * 6000);  // the feeds' alone
    cluster_free(cluster);
}

static void now_and_then_a_write_is_no_difference_either(void **state)
{
    (void)state;
    struct cluster *cluster = start(4);
    set_long_ways(cluster);
    for (uint32_t i = 0; i < 1000; i++) {
        cluster_put_text(cluster, (uint32_t)fake_random(cluster->fake, 4), "call", i, "waits");
        cluster_run_ms(cluster, fake_random(cluster->fake, 400));
    }
    assert_int_equal(mended(cluster), 0);
    assert_int_equal(found(cluster), 0);
    // Nor does it keep the nodes from comparing.
    plant(cluster, 1, "half", 1, 15);
    for (uint32_t i = 0; i < 40; i++) {
        cluster_put_text(cluster, (uint32_t)fake_random(cluster->fake, 4), "call", 2000 + i, "waits");
        cluster_run_ms(cluster, 200);
    }
    assert_true(mended(cluster) > 0);
    cluster_free(cluster);
}

static void two_nodes_compare_once_an_interval(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    uint64_t before = fake_bulk_bytes(cluster->fake, 0, 1) + fake_bulk_bytes(cluster->fake, 1, 0);
    cluster_run_ms(cluster, 20 * CLUSTER_DIGEST_EVERY_MS);
    uint64_t bytes = fake_bulk_bytes(cluster->fake, 0, 1) + fake_bulk_bytes(cluster->fake, 1, 0) - before;
    assert_in_range(bytes, 18 * 2 * 8 * STORE_BUCKETS, 22 * 2 * 9 * STORE_BUCKETS);
    cluster_free(cluster);
}

static void nodes_that_write_all_the_time_are_mended_all_the_same(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    set_long_ways(cluster);
    plant(cluster, 1, "half", 1, 15);
    char id[24];
    for (uint32_t i = 0; i < 8000; i++) {
        snprintf(id, sizeof id, "call%u", (i * 7) % 500);
        cluster_put_text(cluster, i % 3, id, i, "waits");
        cluster_run_ms(cluster, 5);
    }
    assert_true(cluster_has(cluster, 0, "half", "half told"));
    assert_true(cluster_has(cluster, 2, "half", "half told"));
    assert_int_equal(mended(cluster), 2);
    cluster_free(cluster);
}

static void what_cannot_be_mended_is_not_tried_all_the_time(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    // One version, two bodies: a fault that no exchange ends.
    for (uint32_t i = 0; i < 2; i++) {
        const char *body = i == 0 ? "one" : "two";
        struct record record = {.kind = 4, .id = "x", .version = {1, "dead", 77, 5}, .body = {body, 3}};
        assert_int_equal(store_take(cluster->nodes[i].store, &record, NULL), STORE_TAKEN);
    }
    cluster_run_ms(cluster, 20 * CLUSTER_DIGEST_EVERY_MS);
    assert_in_range(found(cluster), 2, 2 * 2 * 25);
    assert_int_equal(mended(cluster), 0);
    assert_false(cluster_is_equal(cluster));
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_node_has_alone_is_mended_once_and_counted),
        cmocka_unit_test(a_peer_that_goes_down_has_the_others_compare_soon),
        cmocka_unit_test(the_newer_of_two_versions_wins_on_both_sides),
        cmocka_unit_test(many_differences_are_mended_in_bounded_rounds),
        cmocka_unit_test(nodes_that_write_all_the_time_find_no_difference),
        cmocka_unit_test(now_and_then_a_write_is_no_difference_either),
        cmocka_unit_test(two_nodes_compare_once_an_interval),
        cmocka_unit_test(nodes_that_write_all_the_time_are_mended_all_the_same),
        cmocka_unit_test(what_cannot_be_mended_is_not_tried_all_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
