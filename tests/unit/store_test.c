#include "store_fixture.h"

#define KNOWN_DIGEST 0xf67c14db3d361219

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

static void one_owner_may_not_fill_the_store(void **state)
{
    (void)state;
    struct disk_memory *medium = disk_memory_create();
    struct store_options options = {.node = "nairobi", .boot = 1, .records_max = 1000, .owner_records_max = 10};
    struct node node = {medium, disk_memory_open(medium), store_create(&options)};
    struct problem problem;
    char id[16];
    assert_true(store_open(node.store, node.disk, &problem));
    for (uint64_t i = 1; i <= 10; i++) {
        snprintf(id, sizeof id, "c%d", (int)i);
        assert_int_equal(take_as(&node, id, of(1, "berlin", 7 + i % 2, i), "x"), STORE_TAKEN);  // in both its boots
    }
    assert_int_equal(take_as(&node, "one-more", of(1, "berlin", 8, 11), "x"), STORE_REFUSED);
    assert_int_equal(take_as(&node, "c1", of(2, "berlin", 8, 12), "y"), STORE_TAKEN);    // it has that one already
    assert_int_equal(take_as(&node, "others", of(1, "cairo", 3, 1), "x"), STORE_TAKEN);  // others have room
    assert_int_equal(take_as(&node, "others", of(2, "berlin", 8, 13), "x"), STORE_REFUSED);
    assert_int_equal(take_as(&node, "c1", of(3, "cairo", 3, 2), "z"), STORE_TAKEN);  // which makes room for berlin
    assert_int_equal(take_as(&node, "one-more", of(1, "berlin", 8, 14), "x"), STORE_TAKEN);
    store_free(node.store);
    node.disk->type->close(node.disk);
    disk_memory_free(medium);
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

static void assert_counts(const struct node *node, uint64_t records, uint64_t in_digest)
{
    struct store_counts counts = store_counts(node->store);
    assert_int_equal(counts.records, records);
    assert_int_equal(counts.in_digest, in_digest);
}

static void what_never_rests_is_kept_and_fed_and_in_no_digest(void **state)
{
    struct node *node = *state;
    put(node, "c1", 1, "a call");
    uint64_t digest = store_digest(node->store), seq = store_last_seq(node->store);
    store_put(node->store, RESTLESS, "nairobi", 1, 5000, text("one"));
    store_put(node->store, RESTLESS, "nairobi", 2, 5000, text("two"));
    assert_true(store_digest(node->store) == digest);
    assert_counts(node, 2, 1);
    assert_int_equal(store_last_seq(node->store), seq + 2);
    uint32_t in_buckets = 0;
    for (uint32_t bucket = 0; bucket < STORE_BUCKETS; bucket++)
        store_bucket_each(node->store, bucket, count_record, &in_buckets);
    assert_int_equal(in_buckets, 1);
    flush_and_commit(node);
    kill_and_restart(node, 2);
    assert_true(store_digest(node->store) == digest);
    const struct record *record = store_find(node->store, RESTLESS, "nairobi");
    assert_non_null(record);
    assert_memory_equal(record->body.data, "two", 3);
    assert_counts(node, 2, 1);
    store_set_horizon(node->store, 6000, NULL, NULL);
    assert_counts(node, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_NODE(versions_compare_by_attach_then_owner_then_boot_then_seq),
        WITH_NODE(a_put_takes_the_next_place_of_the_own_feed),
        WITH_NODE(what_never_rests_is_kept_and_fed_and_in_no_digest),
        WITH_NODE(a_body_may_be_made_of_the_one_it_replaces),
        WITH_NODE(the_larger_version_is_kept_whichever_comes_first),
        WITH_NODE(what_is_here_now_is_told_with_every_answer),
        WITH_NODE(one_version_with_two_bodies_is_a_clash_and_the_first_stays),
        WITH_NODE(an_own_change_that_loses_is_not_made),
        WITH_NODE(nobody_else_continues_the_feed_of_this_boot),
        WITH_NODE(what_is_out_of_range_is_refused_and_counted),
        WITH_NODE(past_records_max_only_what_is_there_may_change),
        cmocka_unit_test(one_owner_may_not_fill_the_store),
        WITH_NODE(the_digest_depends_on_the_records_not_on_their_history),
        WITH_NODE(every_field_of_a_record_counts_in_the_digest),
        WITH_NODE(the_digest_of_a_known_record_is_known),
        WITH_NODE(a_record_is_in_one_bucket_and_of_one_kind),
        WITH_NODE(the_horizon_removes_what_was_born_before_and_refuses_it),
        WITH_NODE(purged_and_put_again_in_one_turn_is_on_disk),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
