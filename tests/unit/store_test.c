#include "cluster/store/store.h"

#include "cluster/base/text.h"
#include "cluster/store/disk_memory.h"
#include "cluster/store/record_codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CALL 4
#define DESK 2
#define KNOWN_DIGEST 0xf67c14db3d361219

struct node {  // a store on a disk that outlives it
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
};

static struct store *open_store(struct disk *disk, uint64_t boot)
{
    const struct store_options options = {
        .node = "nairobi", .boot = boot, .records_max = 1000, .horizon_kind_mask = 1u << CALL};
    struct store *store = store_create(&options);
    struct problem problem = {""};
    if (!store_open(store, disk, &problem))
        fail_msg("%s", problem.text);
    return store;
}

static int start(void **state)
{
    struct node *node = check_alloc(sizeof *node);
    node->medium = disk_memory_create();
    node->disk = disk_memory_open(node->medium);
    node->store = open_store(node->disk, 1);
    *state = node;
    return 0;
}

static int stop(void **state)
{
    struct node *node = *state;
    store_free(node->store);
    node->disk->type->close(node->disk);
    disk_memory_free(node->medium);
    free(node);
    return 0;
}

static void kill_and_restart(struct node *node, uint64_t boot)
{
    store_free(node->store);
    disk_memory_crash(node->disk);
    node->disk = disk_memory_open(node->medium);
    node->store = open_store(node->disk, boot);
}

static void flush_and_commit(struct node *node)
{
    store_flush(node->store);
    disk_memory_commit(node->disk, UINT64_MAX);
}

static struct span text(const char *text)
{
    return (struct span){text, strlen(text)};
}

static const struct record *put(struct node *node, const char *id, uint64_t attach, const char *body)
{
    return store_put(node->store, CALL, id, attach, 5000, text(body));
}

static enum store_taken take_as(struct node *node, const char *id, struct version version, const char *body)
{
    const struct record foreign = {CALL, id, version, 5000, text(body)};
    return store_take(node->store, &foreign, NULL);
}

static struct version of(uint64_t attach, const char *owner, uint64_t boot, uint64_t seq)
{
    return (struct version){attach, owner, boot, seq};
}

static void assert_body(const struct node *node, const char *id, const char *body)
{
    const struct record *record = store_find(node->store, CALL, id);
    assert_non_null(record);
    assert_int_equal(record->body.bytes, strlen(body));
    if (record->body.bytes > 0)
        assert_memory_equal(record->body.data, body, strlen(body));
}

// ---- versions and what is taken

static void versions_compare_by_attach_then_owner_then_boot_then_seq(void **state)
{
    (void)state;
    const struct version rising[] = {
        of(0, "z", 9, 9),  of(1, "B", 9, 9), of(1, "a", 1, UINT64_MAX),     of(1, "a", 2, 1),          of(1, "a", 2, 2),
        of(1, "ab", 0, 1), of(1, "b", 0, 1), of(UINT64_MAX - 1, "z", 1, 1), of(UINT64_MAX, "a", 0, 1),
    };
    const int count = sizeof rising / sizeof *rising;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++) {
            int order = version_compare(&rising[i], &rising[k]);
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
}

static void a_put_takes_the_next_place_of_the_own_feed(void **state)
{
    struct node *node = *state;
    assert_int_equal(store_last_seq(node->store), 0);
    const struct record *first = put(node, "c1", 7, "one");
    assert_int_equal(first->version.seq, 1);
    assert_int_equal(first->version.attach, 7);
    assert_int_equal(first->version.boot, 1);
    assert_string_equal(first->version.owner, "nairobi");
    assert_int_equal(put(node, "c2", 7, "two")->version.seq, 2);
    const struct record *again = put(node, "c1", 7, "three");
    assert_ptr_equal(again, first);  // a record stays where it is
    assert_int_equal(again->version.seq, 3);
    assert_int_equal(store_last_seq(node->store), 3);
    assert_int_equal(store_cursor(node->store, "nairobi", 1), 3);
    assert_body(node, "c1", "three");
    assert_int_equal(store_counts(node->store).records, 2);
}

static void a_body_may_be_made_of_the_one_it_replaces(void **state)
{
    struct node *node = *state;
    const struct record *record = put(node, "c1", 7, "abcdef");
    struct span part = {(const char *)record->body.data + 2, 3};
    record = store_put(node->store, CALL, record->id, 7, 5000, part);
    assert_body(node, "c1", "cde");
}

static void the_larger_version_is_kept_whichever_comes_first(void **state)
{
    struct node *node = *state;
    assert_int_equal(take_as(node, "c1", of(2, "berlin", 8, 5), "new"), STORE_TAKEN);
    assert_int_equal(take_as(node, "c1", of(2, "berlin", 8, 4), "old"), STORE_OLDER);
    assert_int_equal(take_as(node, "c1", of(1, "berlin", 8, 6), "old"), STORE_OLDER);
    assert_int_equal(take_as(node, "c1", of(2, "berlin", 8, 5), "new"), STORE_OLDER);
    assert_body(node, "c1", "new");
    assert_int_equal(take_as(node, "c1", of(3, "accra", 8, 1), "newest"), STORE_TAKEN);
    assert_body(node, "c1", "newest");
    assert_int_equal(store_counts(node->store).clashes, 0);
}

static void what_is_here_now_is_told_with_every_answer(void **state)
{
    struct node *node = *state;
    struct record foreign = {CALL, "c1", of(2, "berlin", 8, 5), 5000, text("new")};
    const struct record *here = NULL;
    assert_int_equal(store_take(node->store, &foreign, &here), STORE_TAKEN);
    assert_ptr_equal(here, store_find(node->store, CALL, "c1"));
    foreign.version.attach = 1;
    assert_int_equal(store_take(node->store, &foreign, &here), STORE_OLDER);
    assert_ptr_equal(here, store_find(node->store, CALL, "c1"));
    foreign.id = "";
    assert_int_equal(store_take(node->store, &foreign, &here), STORE_REFUSED);
    assert_null(here);
}

static void one_version_with_two_bodies_is_a_clash_and_the_first_stays(void **state)
{
    struct node *node = *state;
    take_as(node, "c1", of(2, "berlin", 8, 5), "one");
    uint64_t digest = store_digest(node->store);
    assert_int_equal(take_as(node, "c1", of(2, "berlin", 8, 5), "two"), STORE_OLDER);
    assert_int_equal(store_counts(node->store).clashes, 1);
    assert_body(node, "c1", "one");
    assert_true(store_digest(node->store) == digest);
}

static void an_own_change_that_loses_is_not_made(void **state)
{
    struct node *node = *state;
    take_as(node, "c1", of(9, "berlin", 8, 5), "theirs");
    assert_null(put(node, "c1", 8, "ours"));
    assert_body(node, "c1", "theirs");
    assert_int_equal(store_last_seq(node->store), 0);
    assert_int_equal(store_counts(node->store).refused, 1);
}

static void nobody_else_continues_the_feed_of_this_boot(void **state)
{
    struct node *node = *state;
    put(node, "c1", 1, "ours");
    assert_int_equal(take_as(node, "c2", of(1, "nairobi", 1, 2), "forged"), STORE_REFUSED);
    assert_null(store_find(node->store, CALL, "c2"));
    assert_int_equal(take_as(node, "c2", of(1, "nairobi", 77, 2), "an older boot"), STORE_TAKEN);
}

static void what_is_out_of_range_is_refused_and_counted(void **state)
{
    struct node *node = *state;
    static char body[STORE_RECORD_MAX_BYTES + 1], id[CALL_ID_MAX_BYTES + 2], owner[NAME_MAX_BYTES + 2];
    memset(id, 'i', sizeof id - 1);
    memset(owner, 'o', sizeof owner - 1);
    const struct record good = {CALL, "c~1", of(1, "berlin", 8, 1), 5000, text("x")};
    struct record bad[8];
    for (int i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].kind = 0;
    bad[1].id = "";
    bad[2].id = "has space";
    bad[3].id = id;
    bad[4].version.owner = "has~tilde";
    bad[5].version.owner = owner;
    bad[6].version.seq = 0;
    bad[7].body = (struct span){body, STORE_RECORD_MAX_BYTES};
    for (int i = 0; i < 8; i++)
        assert_int_equal(store_take(node->store, &bad[i], NULL), STORE_REFUSED);
    assert_int_equal(store_counts(node->store).refused, 8);
    assert_int_equal(store_take(node->store, &good, NULL), STORE_TAKEN);
    assert_null(store_put(node->store, CALL, id, 1, 5000, text("x")));
    assert_null(store_find(node->store, CALL, id));
    id[CALL_ID_MAX_BYTES] = '\0';
    struct span largest = {body, STORE_RECORD_MAX_BYTES - CALL_ID_MAX_BYTES};
    assert_non_null(store_put(node->store, CALL, id, 1, 5000, largest));
}

static void past_records_max_only_what_is_there_may_change(void **state)
{
    struct node *node = *state;
    char id[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "c%d", i);
        assert_non_null(put(node, id, 1, "x"));
    }
    assert_null(put(node, "one-more", 1, "x"));
    assert_int_equal(take_as(node, "one-more", of(1, "berlin", 8, 1), "x"), STORE_REFUSED);
    assert_non_null(put(node, "c0", 1, "y"));
    assert_int_equal(store_counts(node->store).refused, 2);
    assert_int_equal(store_last_seq(node->store), 1001);
}

// ---- digests

static void the_digest_depends_on_the_records_not_on_their_history(void **state)
{
    struct node *node = *state;
    assert_true(store_digest(node->store) == 0);
    take_as(node, "c1", of(1, "berlin", 8, 1), "one");
    take_as(node, "c2", of(1, "berlin", 8, 2), "two");
    take_as(node, "c1", of(1, "berlin", 8, 3), "three");
    uint64_t digest = store_digest(node->store);

    struct disk_memory *medium = disk_memory_create();
    struct disk *disk = disk_memory_open(medium);
    struct node other = {medium, disk, open_store(disk, 99)};
    take_as(&other, "c1", of(1, "berlin", 8, 3), "three");
    assert_true(store_digest(other.store) != digest);
    take_as(&other, "c2", of(1, "berlin", 8, 2), "two");
    assert_true(store_digest(other.store) == digest);
    uint64_t ours[STORE_BUCKETS], theirs[STORE_BUCKETS];
    store_buckets(node->store, ours);
    store_buckets(other.store, theirs);
    assert_memory_equal(ours, theirs, sizeof ours);
    store_free(other.store);
    disk->type->close(disk);
    disk_memory_free(medium);
}

static void every_field_of_a_record_counts_in_the_digest(void **state)
{
    struct node *node = *state;
    const struct record base = {CALL, "c1", of(1, "berlin", 8, 3), 5000, text("body")};
    struct record changed[8];
    for (int i = 0; i < 8; i++)
        changed[i] = base;
    changed[1].kind = DESK;
    changed[2].id = "c2";
    changed[3].version.attach = 2;
    changed[4].version.owner = "accra";
    changed[5].version.boot = 9;
    changed[6].version.seq = 4;
    changed[7].body = text("bodx");
    uint64_t digests[9];
    for (int i = 0; i <= 8; i++) {
        struct record record = i < 8 ? changed[i] : base;
        record.born_ms += i == 8;
        kill_and_restart(node, 100 + (uint64_t)i);
        assert_int_equal(store_take(node->store, &record, NULL), STORE_TAKEN);
        digests[i] = store_digest(node->store);
        for (int k = 0; k < i; k++)
            assert_true(digests[i] != digests[k]);
    }
}

// The hash is part of what nodes say to each other: it must not change with the machine or the version.
static void the_digest_of_a_known_record_is_known(void **state)
{
    struct node *node = *state;
    const struct record record = {CALL, "gw-17-1", of(17, "frankfurt", 0x1122334455667788, 42), 1700000000000,
                                  text("hello")};
    store_take(node->store, &record, NULL);
    assert_int_equal(store_digest(node->store), KNOWN_DIGEST);
}

struct seen {
    char text[512];
    size_t length;
    int count, stop_after;
    uint64_t last_seq;
    bool is_rising;
};

static bool see(void *context, const struct record *record)
{
    struct seen *seen = context;
    if (seen->stop_after != 0 && seen->count == seen->stop_after)
        return false;
    seen->length += (size_t)snprintf(seen->text + seen->length, sizeof seen->text - seen->length, "%s:%d ", record->id,
                                     (int)record->version.seq);
    seen->count++;
    return true;
}

static void count_record(void *context, const struct record *record)
{
    (void)record;
    ++*(int *)context;
}

static void a_record_is_in_one_bucket_and_of_one_kind(void **state)
{
    struct node *node = *state;
    char id[16];
    for (int i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "x%d", i / 2);
        store_put(node->store, i % 2 ? CALL : DESK, id, 1, 5000, text("x"));
    }
    int calls = 0, desks = 0, none = 0, in_buckets = 0;
    store_each(node->store, CALL, count_record, &calls);
    store_each(node->store, DESK, count_record, &desks);
    store_each(node->store, 9, count_record, &none);
    uint64_t buckets[STORE_BUCKETS];
    store_buckets(node->store, buckets);
    for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++) {
        int before = in_buckets;
        store_bucket_each(node->store, bucket, count_record, &in_buckets);
        assert_int_equal(in_buckets > before, buckets[bucket] != 0);
    }
    assert_int_equal(calls, 300);
    assert_int_equal(desks, 300);
    assert_int_equal(none, 0);
    assert_int_equal(in_buckets, 600);
}

// ---- feeds

static void assert_scan(const struct node *node, const char *owner, uint64_t boot, uint64_t after, uint64_t upto,
                        const char *expected)
{
    struct seen seen = {.length = 0};
    assert_int_equal(store_scan(node->store, owner, boot, after, upto, see, &seen), upto);
    assert_string_equal(seen.text, expected);
}

static void a_scan_visits_what_has_its_place_in_the_feed_in_order(void **state)
{
    struct node *node = *state;
    put(node, "a", 1, "1");
    put(node, "b", 1, "2");
    put(node, "c", 1, "3");
    put(node, "a", 1, "4");
    take_as(node, "b", of(2, "berlin", 8, 1), "theirs");
    put(node, "d", 1, "5");
    assert_scan(node, "nairobi", 1, 0, 5, "c:3 a:4 d:5 ");
    assert_scan(node, "nairobi", 1, 3, 5, "a:4 d:5 ");
    assert_scan(node, "nairobi", 1, 0, 4, "c:3 a:4 ");
    assert_scan(node, "nairobi", 1, 0, 100, "c:3 a:4 d:5 ");
    assert_scan(node, "nairobi", 1, 5, 100, "");
    assert_scan(node, "berlin", 8, 0, 9, "b:1 ");
    assert_scan(node, "berlin", 9, 0, 9, "");
    assert_scan(node, "nobody", 1, 0, 9, "");
}

static void a_scan_that_is_stopped_goes_on_where_it_broke(void **state)
{
    struct node *node = *state;
    for (int i = 0; i < 5; i++)
        put(node, (const char *[]){"a", "b", "c", "d", "a"}[i], 1, "x");
    struct seen seen = {.stop_after = 2};
    uint64_t upto = store_scan(node->store, "nairobi", 1, 0, 5, see, &seen);
    assert_string_equal(seen.text, "b:2 c:3 ");
    assert_int_equal(upto, 3);
    assert_scan(node, "nairobi", 1, upto, 5, "d:4 a:5 ");
}

static void a_feed_may_come_in_any_order(void **state)
{
    struct node *node = *state;
    const int order[] = {5, 1, 9, 3, 2, 8};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        char id[] = {(char)('a' + order[i]), '\0'};
        take_as(node, id, of(1, "berlin", 8, (uint64_t)order[i]), "x");
    }
    assert_scan(node, "berlin", 8, 0, 9, "b:1 c:2 d:3 f:5 i:8 j:9 ");
    assert_int_equal(store_cursor(node->store, "berlin", 8), 0);
}

static void two_records_at_one_seq_are_a_clash_and_both_are_kept(void **state)
{
    struct node *node = *state;
    take_as(node, "a", of(1, "berlin", 8, 5), "x");
    take_as(node, "b", of(1, "berlin", 8, 5), "x");
    assert_int_equal(store_counts(node->store).clashes, 1);
    assert_scan(node, "berlin", 8, 0, 9, "a:5 b:5 ");
    take_as(node, "a", of(1, "berlin", 8, 6), "y");
    assert_scan(node, "berlin", 8, 0, 9, "b:5 a:6 ");
}

static void a_record_changed_without_end_leaves_a_short_feed(void **state)
{
    struct node *node = *state;
    put(node, "rests", 1, "x");
    put(node, "busy", 1, "x");
    put(node, "busy-too", 1, "x");
    flush_and_commit(node);
    uint64_t before = store_counts(node->store).bytes;
    for (int i = 0; i < 100000; i++) {
        put(node, i % 3 ? "busy" : "busy-too", 1, "x");
        if (i % 100 == 0)
            flush_and_commit(node);
    }
    assert_true(store_counts(node->store).bytes < before + 4096);
    assert_scan(node, "nairobi", 1, 0, 1, "rests:1 ");
}

static void a_cursor_never_goes_back_and_the_own_one_is_the_last_seq(void **state)
{
    struct node *node = *state;
    store_advance_cursor(node->store, "berlin", 8, 10);
    store_advance_cursor(node->store, "berlin", 8, 4);
    assert_int_equal(store_cursor(node->store, "berlin", 8), 10);
    put(node, "a", 1, "x");
    store_advance_cursor(node->store, "nairobi", 1, 50);
    assert_int_equal(store_cursor(node->store, "nairobi", 1), 1);
    assert_int_equal(store_cursor(node->store, "nairobi", 2), 0);
    struct feed_info feeds[4];
    assert_int_equal(store_feeds(node->store, feeds, 4), 2);
    assert_string_equal(feeds[0].owner, "nairobi");
    assert_int_equal(feeds[0].records, 1);
    assert_int_equal(feeds[1].cursor, 10);
    assert_int_equal(store_feeds(node->store, feeds, 1), 2);
}

static void past_the_bound_of_owners_a_record_is_refused(void **state)
{
    struct node *node = *state;
    char owner[16];
    for (int i = 1; i < STORE_OWNERS_MAX; i++) {  // the node itself is one
        snprintf(owner, sizeof owner, "o%d", i);
        store_advance_cursor(node->store, owner, 1, 1);
    }
    assert_int_equal(store_counts(node->store).refused, 0);
    assert_int_equal(take_as(node, "a", of(1, "one-more", 1, 1), "x"), STORE_REFUSED);
    assert_int_equal(take_as(node, "a", of(1, "o1", 1, 1), "x"), STORE_TAKEN);
    assert_int_equal(store_counts(node->store).refused, 1);
}

static void past_the_bound_of_feeds_an_empty_one_makes_room(void **state)
{
    struct node *node = *state;
    take_as(node, "kept", of(1, "berlin", 1, 1), "x");
    for (uint64_t boot = 2; boot < STORE_FEEDS_MAX; boot++)
        store_advance_cursor(node->store, "berlin", boot, boot);
    flush_and_commit(node);
    assert_int_equal(store_counts(node->store).feeds, STORE_FEEDS_MAX);
    assert_int_equal(store_stored(node->store, "berlin", 2), 2);
    assert_int_equal(take_as(node, "new", of(1, "berlin", STORE_FEEDS_MAX, 1), "x"), STORE_TAKEN);
    assert_int_equal(store_counts(node->store).feeds, STORE_FEEDS_MAX);
    assert_int_equal(store_cursor(node->store, "berlin", 2), 0);
    assert_int_equal(store_cursor(node->store, "berlin", 3), 3);
    assert_scan(node, "berlin", 1, 0, 9, "kept:1 ");
    flush_and_commit(node);
    kill_and_restart(node, 2);
    assert_int_equal(store_cursor(node->store, "berlin", 2), 0);
}

// ---- the horizon

static void the_horizon_removes_what_was_born_before_and_refuses_it(void **state)
{
    struct node *node = *state;
    store_put(node->store, CALL, "old", 1, 999, text("x"));
    store_put(node->store, CALL, "new", 1, 1000, text("x"));
    store_put(node->store, DESK, "desk", 1, 0, text("x"));
    flush_and_commit(node);
    int removed = 0;
    assert_int_equal(store_set_horizon(node->store, 1000, count_record, &removed), 1);
    assert_int_equal(removed, 1);
    assert_null(store_find(node->store, CALL, "old"));
    assert_non_null(store_find(node->store, CALL, "new"));
    assert_non_null(store_find(node->store, DESK, "desk"));
    const struct record late = {CALL, "old", of(5, "berlin", 8, 1), 999, text("x")};
    assert_int_equal(store_take(node->store, &late, NULL), STORE_PURGED);
    assert_null(store_put(node->store, CALL, "old2", 1, 999, text("x")));
    assert_int_equal(store_set_horizon(node->store, 500, NULL, NULL), 0);
    assert_int_equal(store_take(node->store, &late, NULL), STORE_PURGED);
    assert_scan(node, "nairobi", 1, 0, 9, "new:2 desk:3 ");

    uint64_t digest = store_digest(node->store);
    flush_and_commit(node);
    assert_int_equal(disk_memory_rows(node->medium, DISK_RECORDS), 2);
    kill_and_restart(node, 2);
    assert_true(store_digest(node->store) == digest);
    assert_int_equal(store_take(node->store, &late, NULL), STORE_PURGED);
}

static void purged_and_put_again_in_one_turn_is_on_disk(void **state)
{
    struct node *node = *state;
    store_put(node->store, CALL, "c1", 1, 999, text("old"));
    flush_and_commit(node);
    store_put(node->store, CALL, "c1", 1, 999, text("dirty when purged"));
    store_set_horizon(node->store, 1000, NULL, NULL);
    store_put(node->store, CALL, "c1", 1, 2000, text("new"));
    flush_and_commit(node);
    kill_and_restart(node, 2);
    assert_body(node, "c1", "new");
}

// ---- durability

static void what_is_not_flushed_and_committed_is_not_stored(void **state)
{
    struct node *node = *state;
    put(node, "a", 1, "x");
    assert_int_equal(store_stored(node->store, "nairobi", 1), 0);
    assert_int_equal(store_flush(node->store), 1);
    put(node, "b", 1, "x");
    put(node, "c", 1, "x");
    assert_int_equal(store_stored(node->store, "nairobi", 1), 0);
    disk_memory_commit(node->disk, 1);
    assert_int_equal(store_stored(node->store, "nairobi", 1), 1);
    assert_int_equal(store_flush(node->store), 2);
    assert_int_equal(store_flush(node->store), 2);  // nothing changed
    assert_int_equal(store_stored(node->store, "nairobi", 1), 1);
    disk_memory_commit(node->disk, 2);
    assert_int_equal(store_stored(node->store, "nairobi", 1), 3);
    assert_int_equal(store_stored(node->store, "nobody", 1), 0);
}

static void of_anothers_feed_the_committed_cursor_is_stored(void **state)
{
    struct node *node = *state;
    take_as(node, "a", of(1, "berlin", 8, 3), "x");
    store_flush(node->store);
    disk_memory_commit(node->disk, UINT64_MAX);
    assert_int_equal(store_stored(node->store, "berlin", 8), 0);
    store_advance_cursor(node->store, "berlin", 8, 3);
    assert_int_equal(store_flush(node->store), 2);
    store_advance_cursor(node->store, "berlin", 8, 9);
    assert_int_equal(store_flush(node->store), 3);
    disk_memory_commit(node->disk, 2);
    assert_int_equal(store_stored(node->store, "berlin", 8), 3);
    disk_memory_commit(node->disk, 3);
    assert_int_equal(store_stored(node->store, "berlin", 8), 9);
}

static void a_record_changed_often_in_a_turn_is_written_once(void **state)
{
    struct node *node = *state;
    for (int i = 0; i < 10; i++)
        put(node, "a", 1, "x");
    store_flush(node->store);
    uint64_t used, limit, once;
    node->disk->type->usage(node->disk, &once, &limit);
    for (int i = 0; i < 1000; i++)
        put(node, "a", 1, "x");
    disk_memory_commit(node->disk, UINT64_MAX);
    store_flush(node->store);
    node->disk->type->usage(node->disk, &used, &limit);
    assert_true(used < 3 * once);
    disk_memory_commit(node->disk, UINT64_MAX);
    assert_int_equal(store_stored(node->store, "nairobi", 1), 1010);
}

static void on_a_disk_that_stopped_nothing_more_is_stored(void **state)
{
    struct node *node = *state;
    put(node, "a", 1, "x");
    flush_and_commit(node);
    put(node, "b", 1, "x");
    store_flush(node->store);
    disk_memory_break(node->disk, DISK_FULL);
    for (int i = 0; i < 1000; i++) {
        put(node, "b", 1, "x");
        store_flush(node->store);
    }
    assert_int_equal(store_stored(node->store, "nairobi", 1), 1);
    assert_int_equal(store_last_seq(node->store), 1002);
}

static void a_killed_store_reopens_as_it_was_last_committed(void **state)
{
    struct node *node = *state;
    put(node, "a", 1, "committed");
    take_as(node, "b", of(2, "berlin", 8, 4), "theirs");
    store_advance_cursor(node->store, "berlin", 8, 4);
    flush_and_commit(node);
    uint64_t digest = store_digest(node->store);
    put(node, "a", 1, "flushed only");
    take_as(node, "d", of(2, "berlin", 8, 5), "flushed only");
    store_advance_cursor(node->store, "berlin", 8, 5);
    store_flush(node->store);
    put(node, "c", 1, "not even flushed");
    kill_and_restart(node, 2);
    assert_true(store_digest(node->store) == digest);
    assert_body(node, "a", "committed");
    assert_null(store_find(node->store, CALL, "c"));
    // The own feed of the older boot is a feed like any other, and the new one begins.
    assert_int_equal(store_cursor(node->store, "nairobi", 1), 1);
    assert_int_equal(store_stored(node->store, "nairobi", 1), 1);
    assert_int_equal(store_cursor(node->store, "berlin", 8), 4);
    assert_int_equal(store_last_seq(node->store), 0);
    assert_scan(node, "nairobi", 1, 0, 9, "a:1 ");
    // What the peers had of it comes back from them.
    assert_int_equal(take_as(node, "a", of(1, "nairobi", 1, 2), "flushed only"), STORE_TAKEN);
    store_advance_cursor(node->store, "nairobi", 1, 2);
    assert_int_equal(store_cursor(node->store, "nairobi", 1), 2);
}

static void a_boot_is_not_used_twice(void **state)
{
    struct node *node = *state;
    put(node, "a", 1, "x");
    flush_and_commit(node);
    store_free(node->store);
    const struct store_options options = {.node = "nairobi", .boot = 1, .records_max = 1000};
    node->store = store_create(&options);
    struct problem problem = {""};
    assert_false(store_open(node->store, node->disk, &problem));
    assert_non_null(strstr(problem.text, "nairobi\\00"));
}

// ---- bad rows

static void refuse_row(struct node *node, enum disk_table table, struct span key, struct span value, const char *named)
{
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, table, key, value);
    disk_write(node->disk, batch);
    disk_memory_commit(node->disk, UINT64_MAX);
    store_free(node->store);
    const struct store_options options = {.node = "nairobi", .boot = 50, .records_max = 1000};
    node->store = store_create(&options);
    struct problem problem = {""};
    assert_false(store_open(node->store, node->disk, &problem));
    if (strstr(problem.text, named) == NULL)
        fail_msg("not named: %s", problem.text);
    batch = disk_batch_create();
    disk_batch_delete(batch, table, key);
    disk_write(node->disk, batch);
    disk_memory_commit(node->disk, UINT64_MAX);
}

static void a_bad_row_is_named_and_the_store_does_not_open(void **state)
{
    struct node *node = *state;
    const struct record good = {CALL, "c1", of(1, "berlin", 8, 5), 5000, text("x")};
    struct bytes packed = {0};
    record_pack(&good, &packed);
    struct span value = {packed.data, packed.count};
    refuse_row(node, DISK_RECORDS, text("\004c1"), text("\377\377"), "\"\\04c1\" in table records");
    refuse_row(node, DISK_RECORDS, text("\004c1"), (struct span){packed.data, packed.count / 2}, "\\04c1");
    refuse_row(node, DISK_RECORDS, text("\004c2"), value, "\"\\04c2\"");
    refuse_row(node, DISK_RECORDS, text("\002c1"), value, "\"\\02c1\"");
    refuse_row(node, DISK_FEEDS, text("no-boot"), text("12345678"), "\"no-boot\" in table feeds");
    refuse_row(node, DISK_FEEDS,
               (struct span){"a\0"
                             "12345678",
                             10},
               text("1234"), "\"a\\0012345678\"");
    refuse_row(node, DISK_FEEDS,
               (struct span){"a\0"
                             "1234567\0",
                             9},
               text("12345678"), "in table feeds");
    refuse_row(node, DISK_META, text("horizon"), text("1"), "\"horizon\" in table meta");
    const struct record bad = {CALL, "bad id", of(1, "berlin", 8, 5), 5000, text("x")};
    bytes_clear(&packed);
    record_pack(&bad, &packed);
    refuse_row(node, DISK_RECORDS, text("\004bad id"), (struct span){packed.data, packed.count}, "\\04bad\\20id");
    bytes_close(&packed);
}

int main(void)
{
#define WITH_NODE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_compare_by_attach_then_owner_then_boot_then_seq),
        WITH_NODE(a_put_takes_the_next_place_of_the_own_feed),
        WITH_NODE(a_body_may_be_made_of_the_one_it_replaces),
        WITH_NODE(the_larger_version_is_kept_whichever_comes_first),
        WITH_NODE(what_is_here_now_is_told_with_every_answer),
        WITH_NODE(one_version_with_two_bodies_is_a_clash_and_the_first_stays),
        WITH_NODE(an_own_change_that_loses_is_not_made),
        WITH_NODE(nobody_else_continues_the_feed_of_this_boot),
        WITH_NODE(what_is_out_of_range_is_refused_and_counted),
        WITH_NODE(past_records_max_only_what_is_there_may_change),
        WITH_NODE(the_digest_depends_on_the_records_not_on_their_history),
        WITH_NODE(every_field_of_a_record_counts_in_the_digest),
        WITH_NODE(the_digest_of_a_known_record_is_known),
        WITH_NODE(a_record_is_in_one_bucket_and_of_one_kind),
        WITH_NODE(a_scan_visits_what_has_its_place_in_the_feed_in_order),
        WITH_NODE(a_scan_that_is_stopped_goes_on_where_it_broke),
        WITH_NODE(a_feed_may_come_in_any_order),
        WITH_NODE(two_records_at_one_seq_are_a_clash_and_both_are_kept),
        WITH_NODE(a_record_changed_without_end_leaves_a_short_feed),
        WITH_NODE(a_cursor_never_goes_back_and_the_own_one_is_the_last_seq),
        WITH_NODE(past_the_bound_of_owners_a_record_is_refused),
        WITH_NODE(past_the_bound_of_feeds_an_empty_one_makes_room),
        WITH_NODE(the_horizon_removes_what_was_born_before_and_refuses_it),
        WITH_NODE(purged_and_put_again_in_one_turn_is_on_disk),
        WITH_NODE(what_is_not_flushed_and_committed_is_not_stored),
        WITH_NODE(of_anothers_feed_the_committed_cursor_is_stored),
        WITH_NODE(a_record_changed_often_in_a_turn_is_written_once),
        WITH_NODE(on_a_disk_that_stopped_nothing_more_is_stored),
        WITH_NODE(a_killed_store_reopens_as_it_was_last_committed),
        WITH_NODE(a_boot_is_not_used_twice),
        WITH_NODE(a_bad_row_is_named_and_the_store_does_not_open),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
