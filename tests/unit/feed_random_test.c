// Random writes on 3 to 5 nodes while messages are lost, doubled, late and out of order, links are cut one way or both,
// and nodes are killed and started, some without their disk. Nothing is demanded in the storm but that nobody fails a
// check; then it heals, and all must be equal soon, and stay so.
#include "feed_cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define IDS 150
#define STEPS 120
#define EQUAL_WITHIN_MS 15000

struct put {
    uint32_t node;
    uint64_t boot, seq, attach;
    char id[16];
};

struct newest {  // of an id, over all that was ever put
    struct put put;
    struct version version;
};

struct storm {
    struct newest newest[IDS];
    struct put *durable;  // on stable storage at its writer
    uint32_t durable_count;
    struct put puts[STEPS * 4];
    uint32_t count;
};

static void write_some(struct cluster *cluster, struct storm *storm)
{
    struct fake *fake = cluster->fake;
    for (uint64_t i = fake_random(fake, 4); i > 0; i--) {
        uint32_t node = (uint32_t)fake_random(fake, cluster->count);
        if (!cluster->nodes[node].alive)
            continue;
        struct put put = {.node = node, .boot = cluster->nodes[node].boot, .attach = fake_random(fake, 5)};
        uint32_t id = (uint32_t)fake_random(fake, IDS);
        snprintf(put.id, sizeof put.id, "id%u", id);
        static uint8_t body[40000];
        size_t bytes = (size_t)fake_random(fake, fake_random(fake, 20) == 0 ? sizeof body : 100);
        memset(body, (int)fake_random(fake, 256), bytes);
        put.seq = cluster_put(cluster, node, put.id, put.attach, (struct span){body, bytes});
        if (put.seq == 0)
            continue;
        storm->puts[storm->count++] = put;
        struct version version = {put.attach, cluster->nodes[node].name, put.boot, put.seq};
        struct newest *newest = &storm->newest[id];
        if (newest->put.seq == 0 || version_compare(&version, &newest->version) > 0)
            *newest = (struct newest){put, version};
    }
}

static void break_something(struct cluster *cluster, bool may_lose_disk)
{
    struct fake *fake = cluster->fake;
    uint32_t a = (uint32_t)fake_random(fake, cluster->count), b = (uint32_t)fake_random(fake, cluster->count);
    bool yes = fake_random(fake, 2);
    switch (fake_random(fake, 10)) {
    case 0:
        cluster_cut(cluster, a, b, yes);
        break;
    case 1:
        fake_cut(fake, a, b, yes);
        break;
    case 2:
        fake_cut_bulk(fake, a, b, yes);
        break;
    case 3:
        if (cluster->nodes[a].alive)
            cluster_kill(cluster, a, !(may_lose_disk && yes));
        else
            cluster_start(cluster, a);
        break;
    case 4:
        if (cluster->nodes[a].alive) {
            fake_stop(fake, a, true);
            cluster_run_ms(cluster, fake_random(fake, 2000));
            fake_stop(fake, a, false);
        }
        break;
    case 5:
        fake_set_faults(fake,
                        (struct fake_faults){500, 1000 + fake_random(fake, 100000), (uint32_t)fake_random(fake, 300),
                                             (uint32_t)fake_random(fake, 200), (uint32_t)fake_random(fake, 200)});
        break;
    default:
        break;
    }
}

// What its writer had stored before it died, and whose disk is still there, must be everywhere, or something newer.
static void nothing_stored_is_lost(struct cluster *cluster, const struct storm *storm)
{
    for (uint32_t i = 0; i < storm->durable_count; i++) {
        const struct put *put = &storm->durable[i];
        struct version version = {put->attach, cluster->nodes[put->node].name, put->boot, put->seq};
        for (uint32_t node = 0; node < cluster->count; node++) {
            const struct record *here = store_find(cluster->nodes[node].store, 4, put->id);
            assert_non_null(here);
            assert_true(version_compare(&here->version, &version) >= 0);
        }
    }
}

// A cursor says what it says: whoever's covers a change that nothing newer followed has that change.
static void cursors_are_true(struct cluster *cluster, const struct storm *storm)
{
    for (uint32_t id = 0; id < IDS; id++) {
        const struct newest *newest = &storm->newest[id];
        if (newest->put.seq == 0)
            continue;
        for (uint32_t node = 0; node < cluster->count; node++) {
            const struct fed *fed = &cluster->nodes[node];
            if (!fed->alive || store_cursor(fed->store, newest->version.owner, newest->put.boot) < newest->put.seq)
                continue;
            const struct record *here = store_find(fed->store, 4, newest->put.id);
            assert_true(here != NULL && version_compare(&here->version, &newest->version) == 0);
        }
    }
}

static void note_durable(struct cluster *cluster, struct storm *storm)
{
    for (uint32_t i = 0; i < storm->count; i++) {
        const struct put *put = &storm->puts[i];
        struct fed *fed = &cluster->nodes[put->node];
        if (fed->alive && fed->boot == put->boot && store_stored(fed->store, fed->name, fed->boot) >= put->seq) {
            storm->durable[storm->durable_count++] = *put;
            storm->puts[i--] = storm->puts[--storm->count];
        }
    }
}

// What the storms met, and what the feeds did of it.
static struct met {
    struct fake_counts faults;
    uint64_t asks, gaps, mended, chunks, equal_ms_max;
} met;

static void note_met(const struct cluster *cluster)
{
    struct fake_counts faults = fake_counts(cluster->fake);
    met.faults.lost += faults.lost;
    met.faults.twice += faults.twice;
    met.faults.late += faults.late;
    met.faults.cut += faults.cut;
    for (uint32_t i = 0; i < cluster->count; i++) {
        struct feed_counts counts = feed_counts(cluster->nodes[i].feed);
        met.asks += counts.asks;
        met.gaps += counts.gaps;
        met.mended += counts.mended;
        met.chunks += counts.chunks_in;
        assert_int_equal(counts.refused, 0);
        assert_int_equal(counts.malformed, 0);
        assert_int_equal(store_counts(cluster->nodes[i].store).clashes, 0);
    }
}

static void everything_was_met(void)
{
    print_message(
        "lost %llu twice %llu late %llu cut %llu; chunks %llu asks %llu gaps %llu mended %llu; equal after %llu ms "
        "at most\n",
        (unsigned long long)met.faults.lost, (unsigned long long)met.faults.twice, (unsigned long long)met.faults.late,
        (unsigned long long)met.faults.cut, (unsigned long long)met.chunks, (unsigned long long)met.asks,
        (unsigned long long)met.gaps, (unsigned long long)met.mended, (unsigned long long)met.equal_ms_max);
    assert_true(met.faults.lost > 0 && met.faults.twice > 0 && met.faults.late > 0 && met.faults.cut > 0);
    assert_true(met.gaps > 0);
    met = (struct met){0};
}

static void run_storm(uint64_t seed, bool may_lose_disk)
{
    struct storm storm = {.durable = check_alloc(sizeof storm.puts)};
    struct cluster *cluster = cluster_create(seed, 3 + (uint32_t)(seed % 3));
    cluster->disk_max_us = 20 * MS;
    cluster_start_all(cluster);
    for (uint32_t step = 0; step < STEPS; step++) {
        write_some(cluster, &storm);
        break_something(cluster, may_lose_disk);
        cluster_run_ms(cluster, fake_random(cluster->fake, 300));
        note_durable(cluster, &storm);
        cursors_are_true(cluster, &storm);
    }
    cluster_heal(cluster);
    cluster_start_all(cluster);
    uint64_t from_us = fake_now_us(cluster->fake);
    // Equal, with nothing on its way, and so a while later.
    if (!cluster_equal_within(cluster, EQUAL_WITHIN_MS))
        fail_msg("seed %llu: not equal", (unsigned long long)seed);
    uint64_t equal_ms = (fake_now_us(cluster->fake) - from_us) / MS;
    met.equal_ms_max = equal_ms > met.equal_ms_max ? equal_ms : met.equal_ms_max;
    cluster_run_ms(cluster, EQUAL_WITHIN_MS - (fake_now_us(cluster->fake) - from_us) / MS);
    assert_true(cluster_is_equal(cluster));
    assert_false(cluster_lags(cluster));
    cursors_are_true(cluster, &storm);
    note_met(cluster);
    if (!may_lose_disk)
        nothing_stored_is_lost(cluster, &storm);
    for (uint32_t i = 0; i < cluster->count; i++)
        for (uint32_t k = 0; k + 1 < cluster->count; k++) {
            assert_true(feed_is_swept(cluster->nodes[i].feed, k));
            assert_int_equal(cluster->nodes[i].swept_seen[k], 1);
        }
    cluster_free(cluster);
    free(storm.durable);
}

static uint64_t seed_of(uint64_t *ret_runs)
{
    const char *seed = getenv("SEED"), *runs = getenv("RUNS");
    *ret_runs = runs != NULL ? strtoull(runs, NULL, 10) : 12;
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu (SEED=... RUNS=... repeat it)\n", (unsigned long long)first);
    return first;
}

static void after_a_storm_all_nodes_that_kept_their_disks_are_equal_and_nothing_stored_is_lost(void **state)
{
    (void)state;
    uint64_t runs, seed = seed_of(&runs);
    for (uint64_t i = 0; i < runs; i++)
        run_storm(seed + i, false);
    everything_was_met();
}

static void after_a_storm_in_which_disks_were_lost_all_nodes_are_equal(void **state)
{
    (void)state;
    uint64_t runs, seed = seed_of(&runs);
    for (uint64_t i = 0; i < runs; i++)
        run_storm(seed + i, true);
    everything_was_met();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_storm_all_nodes_that_kept_their_disks_are_equal_and_nothing_stored_is_lost),
        cmocka_unit_test(after_a_storm_in_which_disks_were_lost_all_nodes_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
