#include "feed_cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define RECORDS 100000

static void put_many(struct cluster *cluster, uint32_t node, uint32_t first, uint32_t count)
{
    char id[24];
    for (uint32_t i = first; i < first + count; i++) {
        snprintf(id, sizeof id, "call-%u", i);
        assert_non_null(store_put(cluster->nodes[node].store, 4, id, 1, 0, (struct span){id, sizeof id}));
    }
    cluster_end_turn(&cluster->nodes[node]);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void a_node_with_an_empty_disk_joins_a_hundred_thousand_records_while_writes_go_on(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_create(11, 3);
    fake_set_faults(cluster->fake, (struct fake_faults){.delay_min_us = 40 * MS, .delay_max_us = 50 * MS});
    cluster_start(cluster, 0);
    cluster_start(cluster, 1);
    double begin = seconds();
    for (uint32_t i = 0; i < 100; i++) {
        put_many(cluster, i % 2, i * (RECORDS / 100), RECORDS / 100);
        cluster_run_ms(cluster, 100);
    }
    assert_true(cluster_equal_within(cluster, 60000));
    double join = seconds();
    uint64_t from_us = fake_now_us(cluster->fake);
    cluster_start(cluster, 2);
    for (uint32_t i = 0; i < 200; i++) {  // what is there changes, and new ones come
        put_many(cluster, i % 2, (i % 2) * 1000 + i, 5);
        put_many(cluster, 1 - i % 2, RECORDS + i * 3, 3);
        put_many(cluster, 2, 2 * RECORDS + i, 1);
        cluster_run_ms(cluster, 20);
    }
    assert_true(cluster_equal_within(cluster, 30000));
    assert_int_equal(store_counts(cluster->nodes[2].store).records, RECORDS + 800);
    assert_int_equal(cluster->nodes[2].swept_seen[0] + cluster->nodes[2].swept_seen[1], 2);
    struct feed_counts counts = feed_counts(cluster->nodes[2].feed);
    assert_int_equal(counts.gaps + counts.refused + counts.mended, 0);
    print_message("joined in %.1f s of virtual time (45 ms one way), %.2f s of computing; %.2f s before\n",
                  (double)(fake_now_us(cluster->fake) - from_us) / 1e6, seconds() - join, join - begin);
    print_message("asks %llu chunks %llu records in %llu\n", (unsigned long long)counts.asks,
                  (unsigned long long)counts.chunks_in, (unsigned long long)counts.records_in);
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_with_an_empty_disk_joins_a_hundred_thousand_records_while_writes_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
