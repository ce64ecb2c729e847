// Random operations on a store over a disk that is killed again and again, beside a model that is too simple to be
// wrong: what is on disk is a copy of the whole model at each flush.
#include "cluster/store/disk_memory.h"
#include "cluster/store/store.h"
#include "cluster/store/store_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define IDS 48
#define OWNERS 3
#define BOOTS 2
#define SEQS 20000
#define STARTS 300
#define SNAPSHOTS 40
#define OPERATIONS 150000
#define CALL 4  // under the horizon
#define DESK 2

static uint64_t random_state;

static uint64_t draw(uint64_t below)
{
    random_state += 0x9e3779b97f4a7c15;
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
}

// ---- the model

struct model_record {
    bool present;
    uint64_t attach, boot, seq, born;
    const char *owner;
    uint64_t body;
};

struct model {
    struct model_record records[2][IDS];  // desks, calls
    uint64_t cursors[OWNERS][BOOTS];
    uint64_t own_cursors[STARTS];  // by boot
    uint64_t horizon;
};

static const char *const owners[OWNERS] = {"aachen", "nairobi-2", "z"};
static const char *const self_name = "nairobi";

struct snapshot {
    uint64_t batch;
    struct model model;
};

struct run {
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
    uint64_t boot;  // of this start; the older ones are below
    struct model now;
    struct snapshot snapshots[SNAPSHOTS];  // [0]: the last that is committed
    int snapshots_count;
    uint64_t seen, takes[3], crashes, purged, own_lost, scans_stopped;  // what was met
};

static void name_of(int id, char ret[16])
{
    snprintf(ret, 16, "id-%d", id);
}

static uint8_t kind_of(int table)
{
    return table == 1 ? CALL : DESK;
}

static struct model_record *model_of(struct run *run, const struct record *record)
{
    return &run->now.records[record->kind == CALL][atoi(record->id + 3)];
}

static int compare_model(const struct model_record *a, const struct record *b)
{
    if (a->attach != b->version.attach)
        return a->attach < b->version.attach ? -1 : 1;
    int order = strcmp(a->owner, b->version.owner);
    if (order != 0)
        return order;
    if (a->boot != b->version.boot)
        return a->boot < b->version.boot ? -1 : 1;
    return a->seq < b->version.seq ? -1 : a->seq > b->version.seq;
}

static struct model_record model_from(const struct record *record, uint64_t body)
{
    return (struct model_record){
        .present = true,
        .attach = record->version.attach,
        .owner = record->version.owner,
        .boot = record->version.boot,
        .seq = record->version.seq,
        .born = record->born_ms,
        .body = body,
    };
}

// ---- the store against the model

static void assert_same(struct run *run, const struct record *record, const struct model_record *model)
{
    (void)run;
    if (!model->present) {
        assert_null(record);
        return;
    }
    assert_non_null(record);
    assert_int_equal(compare_model(model, record), 0);
    assert_int_equal(record->born_ms, model->born);
    assert_int_equal(record->body.bytes, sizeof model->body);
    assert_memory_equal(record->body.data, &model->body, sizeof model->body);
}

static void count_one(void *context, const struct record *record)
{
    struct run *run = context;
    assert_same(run, record, model_of(run, record));
    run->seen++;
}

static void compare_all(struct run *run)
{
    struct bytes scratch = {0};
    uint64_t digest = 0, count = 0;
    for (int table = 0; table < 2; table++)
        for (int id = 0; id < IDS; id++) {
            char name[16];
            name_of(id, name);
            const struct record *record = store_find(run->store, kind_of(table), name);
            assert_same(run, record, &run->now.records[table][id]);
            if (record != NULL)
                digest += store_hash_record(record, &scratch);
            count += record != NULL;
        }
    bytes_close(&scratch);
    assert_true(store_digest(run->store) == digest);
    assert_int_equal(store_counts(run->store).records, count);
    run->seen = 0;
    store_each(run->store, CALL, count_one, run);
    store_each(run->store, DESK, count_one, run);
    for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++)
        store_bucket_each(run->store, bucket, count_one, run);
    assert_int_equal(run->seen, 2 * count);
}

static void compare_cursors(struct run *run)
{
    const struct model *stored = &run->snapshots[0].model;
    for (int owner = 0; owner < OWNERS; owner++)
        for (int boot = 0; boot < BOOTS; boot++) {
            uint64_t number = (uint64_t)boot + 1;
            assert_int_equal(store_cursor(run->store, owners[owner], number), run->now.cursors[owner][boot]);
            assert_int_equal(store_stored(run->store, owners[owner], number), stored->cursors[owner][boot]);
        }
    for (uint64_t boot = run->boot > 5 ? run->boot - 5 : 0; boot <= run->boot; boot++) {
        assert_int_equal(store_cursor(run->store, self_name, boot), run->now.own_cursors[boot]);
        assert_int_equal(store_stored(run->store, self_name, boot), stored->own_cursors[boot]);
    }
    assert_int_equal(store_last_seq(run->store), run->now.own_cursors[run->boot]);
}

struct scan {
    struct run *run;
    const char *owner;
    uint64_t boot, last, visits, stop_after;
};

static bool visit_scan(void *context, const struct record *record)
{
    struct scan *scan = context;
    if (scan->visits == scan->stop_after)
        return false;
    assert_string_equal(record->version.owner, scan->owner);
    assert_int_equal(record->version.boot, scan->boot);
    assert_true(record->version.seq > scan->last);
    assert_same(scan->run, record, model_of(scan->run, record));
    scan->last = record->version.seq;
    scan->visits++;
    return true;
}

static uint64_t model_count(const struct run *run, const struct scan *scan, uint64_t after, uint64_t upto)
{
    uint64_t count = 0;
    for (int table = 0; table < 2; table++)
        for (int id = 0; id < IDS; id++) {
            const struct model_record *record = &run->now.records[table][id];
            count += record->present && strcmp(record->owner, scan->owner) == 0 && record->boot == scan->boot &&
                     record->seq > after && record->seq <= upto;
        }
    return count;
}

static void compare_scan(struct run *run)
{
    struct scan scan = {.run = run, .stop_after = draw(3) ? UINT64_MAX : draw(4)};
    bool own = draw(2) != 0;
    scan.owner = own ? self_name : owners[draw(OWNERS)];
    scan.boot = own ? run->boot - draw(run->boot < 3 ? 1 : 3) : 1 + draw(BOOTS);
    uint64_t after = draw(3) ? 0 : draw(300), upto = after + draw(SEQS);
    scan.last = after;
    uint64_t reached = store_scan(run->store, scan.owner, scan.boot, after, upto, visit_scan, &scan);
    uint64_t expected = model_count(run, &scan, after, upto);
    if (scan.stop_after < expected) {
        assert_int_equal(scan.visits, scan.stop_after);
        assert_int_equal(model_count(run, &scan, after, reached), scan.visits);
        assert_int_equal(model_count(run, &scan, after, reached + 1), scan.visits + 1);
        run->scans_stopped++;
    } else {
        assert_int_equal(scan.visits, expected);
        assert_int_equal(reached, upto);
    }
}

// ---- operations

static void put_one(struct run *run)
{
    int table = (int)draw(2), id = (int)draw(IDS);
    char name[16];
    name_of(id, name);
    struct model_record *model = &run->now.records[table][id];
    uint64_t body = draw(UINT64_MAX),
             attach = model->present ? model->attach + (draw(3) == 0) - (draw(6) == 0) : 1 + draw(6),
             born = run->now.horizon + draw(60) - (draw(20) == 0);
    struct record record = {kind_of(table),
                            name,
                            {attach, self_name, run->boot, store_last_seq(run->store) + 1},
                            born,
                            {&body, sizeof body}};
    bool wins = (!model->present || compare_model(model, &record) < 0) && !(table == 1 && born < run->now.horizon);
    const struct record *put = store_put(run->store, record.kind, name, attach, born, record.body);
    assert_int_equal(put != NULL, wins);
    run->own_lost += put == NULL;
    if (put == NULL)
        return;
    assert_same(run, put, &(struct model_record){true, attach, run->boot, record.version.seq, born, self_name, body});
    *model = model_from(&record, body);
    run->now.own_cursors[run->boot] = record.version.seq;
}

// What another owner said at this place of its feed is always the same.
static void take_one(struct run *run, int owner, int boot, uint64_t seq)
{
    uint64_t saved = random_state;
    random_state = seq * 31 + (uint64_t)(owner * BOOTS + boot);
    draw(2);
    int table = (int)draw(2), id = (int)draw(IDS);
    uint64_t body = draw(UINT64_MAX), attach = 1 + draw(6) + seq / 100, born = seq / 4 + draw(60);
    random_state = saved;
    char name[16], owner_name[16];
    name_of(id, name);
    snprintf(owner_name, sizeof owner_name, "%s", owners[owner]);  // not the store's own text
    struct record record = {
        kind_of(table), name, {attach, owner_name, (uint64_t)boot + 1, seq}, born, {&body, sizeof body}};
    struct model_record *model = &run->now.records[table][id];
    enum store_taken expected = table == 1 && born < run->now.horizon                  ? STORE_PURGED
                                : !model->present || compare_model(model, &record) < 0 ? STORE_TAKEN
                                                                                       : STORE_OLDER;
    const struct record *here = NULL;
    assert_int_equal(store_take(run->store, &record, &here), expected);
    run->takes[expected]++;
    if (expected == STORE_TAKEN) {
        *model = model_from(&record, body);
        model->owner = owners[owner];
    }
    assert_same(run, here, model);
}

static void take_some(struct run *run)
{
    int owner = (int)draw(OWNERS), boot = (int)draw(BOOTS);
    if (draw(8) == 0) {  // mended, out of order
        take_one(run, owner, boot, 1 + draw(SEQS));
        return;
    }
    uint64_t *cursor = &run->now.cursors[owner][boot];
    uint64_t upto = *cursor + 1 + draw(10);
    if (upto > SEQS)
        return;
    for (uint64_t seq = *cursor + 1; seq <= upto; seq++)
        take_one(run, owner, boot, seq);
    store_advance_cursor(run->store, owners[owner], (uint64_t)boot + 1, upto);
    store_advance_cursor(run->store, owners[owner], (uint64_t)boot + 1, upto - 1);
    *cursor = upto;
}

static void see_removed(void *context, const struct record *record)
{
    struct run *run = context;
    struct model_record *model = model_of(run, record);
    assert_same(run, record, model);
    assert_true(model->born < run->now.horizon && record->kind == CALL);
    model->present = false;
    run->purged++;
}

static void move_horizon(struct run *run)
{
    uint64_t before = run->purged, horizon = run->now.horizon + draw(12);
    run->now.horizon = horizon;
    uint64_t removed = store_set_horizon(run->store, horizon, see_removed, run);
    assert_int_equal(removed, run->purged - before);
    for (int id = 0; id < IDS; id++)
        assert_true(!run->now.records[1][id].present || run->now.records[1][id].born >= horizon);
}

static void commit_some(struct run *run, uint64_t upto)
{
    disk_memory_commit(run->disk, upto);
    int last = 0;
    while (last + 1 < run->snapshots_count && run->snapshots[last + 1].batch <= upto)
        last++;
    run->snapshots_count -= last;
    memmove(run->snapshots, run->snapshots + last, (size_t)run->snapshots_count * sizeof *run->snapshots);
}

static void flush_one(struct run *run)
{
    struct snapshot *last = &run->snapshots[run->snapshots_count - 1];
    uint64_t number = store_flush(run->store);
    if (number == last->batch) {
        assert_memory_equal(&last->model, &run->now, sizeof run->now);
        return;
    }
    assert_int_equal(number, last->batch + 1);
    run->snapshots[run->snapshots_count++] = (struct snapshot){number, run->now};
    if (run->snapshots_count == SNAPSHOTS)
        commit_some(run, number - draw(SNAPSHOTS / 2));
}

static void open_store(struct run *run)
{
    run->disk = disk_memory_open(run->medium);
    const struct store_options options = {
        .node = self_name, .boot = run->boot, .records_max = 1000, .horizon_kind_mask = 1u << CALL};
    run->store = store_create(&options);
    struct problem problem = {""};
    if (!store_open(run->store, run->disk, &problem))
        fail_msg("%s", problem.text);
    run->snapshots[0].batch = 0;
    run->snapshots_count = 1;
}

static void restart(struct run *run, bool in_order)
{
    assert_int_equal(store_counts(run->store).clashes, 0);
    if (in_order) {
        flush_one(run);
        commit_some(run, UINT64_MAX);
    }
    store_free(run->store);
    if (in_order)
        run->disk->type->close(run->disk);
    else
        disk_memory_crash(run->disk);
    run->now = run->snapshots[0].model;
    run->boot++;
    run->crashes++;
    open_store(run);
    compare_all(run);
    compare_cursors(run);
}

static void step(struct run *run)
{
    uint64_t choice = draw(1000);
    if (choice < 300)
        put_one(run);
    else if (choice < 500)
        take_some(run);
    else if (choice < 505)
        move_horizon(run);
    else if (choice < 700)
        flush_one(run);
    else if (choice < 800)
        commit_some(run, disk_written(run->disk) + draw(8));
    else if (choice < 980)
        compare_scan(run);
    else if (choice < 990)
        compare_cursors(run);
    else if (choice < 998)
        compare_all(run);
    else if (run->boot + 2 < STARTS)
        restart(run, draw(2) != 0);
}

static void whatever_happens_the_store_is_as_the_model_says(void **state)
{
    (void)state;
    const char *given = getenv("HOTLINE_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("seed %llu (HOTLINE_TEST_SEED)\n", (unsigned long long)seed);
    random_state = seed;
    struct run *run = check_alloc(sizeof *run);
    run->medium = disk_memory_create();
    open_store(run);
    for (int i = 0; i < OPERATIONS; i++)
        step(run);
    restart(run, true);
    print_message("%llu starts, %llu purged, %llu own changes lost, %llu scans stopped; taken %llu, older %llu, "
                  "purged %llu\n",
                  (unsigned long long)run->crashes, (unsigned long long)run->purged, (unsigned long long)run->own_lost,
                  (unsigned long long)run->scans_stopped, (unsigned long long)run->takes[STORE_TAKEN],
                  (unsigned long long)run->takes[STORE_OLDER], (unsigned long long)run->takes[STORE_PURGED]);
    // What never happened proves nothing.
    assert_true(run->crashes > 20 && run->purged > 100 && run->own_lost > 100 && run->scans_stopped > 100);
    assert_true(run->takes[STORE_TAKEN] > 100 && run->takes[STORE_OLDER] > 100 && run->takes[STORE_PURGED] > 100);
    store_free(run->store);
    run->disk->type->close(run->disk);
    disk_memory_free(run->medium);
    free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_the_store_is_as_the_model_says),
    };
    return cmocka_run_group_tests_name("store at random", tests, NULL, NULL);
}
