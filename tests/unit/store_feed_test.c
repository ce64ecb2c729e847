#include "store_fixture.h"

#include "cluster/store/record_codec.h"

// ---- feeds

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
    const struct CMUnitTest tests[] = {
        WITH_NODE(a_scan_visits_what_has_its_place_in_the_feed_in_order),
        WITH_NODE(a_scan_that_is_stopped_goes_on_where_it_broke),
        WITH_NODE(a_feed_may_come_in_any_order),
        WITH_NODE(two_records_at_one_seq_are_a_clash_and_both_are_kept),
        WITH_NODE(a_record_changed_without_end_leaves_a_short_feed),
        WITH_NODE(a_cursor_never_goes_back_and_the_own_one_is_the_last_seq),
        WITH_NODE(past_the_bound_of_owners_a_record_is_refused),
        WITH_NODE(past_the_bound_of_feeds_an_empty_one_makes_room),
        WITH_NODE(what_is_not_flushed_and_committed_is_not_stored),
        WITH_NODE(of_anothers_feed_the_committed_cursor_is_stored),
        WITH_NODE(a_record_changed_often_in_a_turn_is_written_once),
        WITH_NODE(on_a_disk_that_stopped_nothing_more_is_stored),
        WITH_NODE(a_killed_store_reopens_as_it_was_last_committed),
        WITH_NODE(a_boot_is_not_used_twice),
        WITH_NODE(a_bad_row_is_named_and_the_store_does_not_open),
    };
    return cmocka_run_group_tests_name("the store's feeds and disk", tests, NULL, NULL);
}
