// A store as a file: what is in it, what of a damaged one is said, and that nothing of it is believed then.
#include "store_fixture.h"

#include "cluster/store/backup.h"
#include "cluster/store/store_hash.h"

#include <sys/stat.h>
#include <unistd.h>

#define SMALL_ROOM ((size_t)1)  // one part at a time

struct rig {
    struct node *node;
    struct bytes file;
    char path[64];
};

static int begin(void **state)
{
    struct rig *rig = check_alloc(sizeof *rig);
    start((void **)&rig->node);
    strcpy(rig->path, "/tmp/store_backup_test-XXXXXX");
    close(mkstemp(rig->path));
    *state = rig;
    return 0;
}

static int end(void **state)
{
    struct rig *rig = *state;
    stop((void **)&rig->node);
    bytes_close(&rig->file);
    unlink(rig->path);
    free(rig);
    return 0;
}

static void fill(struct rig *rig, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        char id[32];
        snprintf(id, sizeof id, "gw:1:%d", i);
        assert_non_null(put(rig->node, id, 7, "a call"));
    }
}

// Between two pieces the place goes to who asks, and comes back.
static bool go_on(struct rig *rig, struct backup_place *place, size_t room)
{
    struct bytes packed = {0};
    bool ended = backup_go_on(rig->node->store, 777000, place, room, &rig->file);
    backup_place_pack(place, rig->node->store, &packed);
    assert_true(packed.count <= BACKUP_PLACE_MAX_BYTES);
    memset(place, 0, sizeof *place);
    assert_true(backup_place_unpack((struct span){packed.data, packed.count}, rig->node->store, place));
    bytes_close(&packed);
    return ended;
}

static void back_up(struct rig *rig, size_t room)
{
    struct backup_place place = {0};
    while (!go_on(rig, &place, room))
        continue;
}

static void save(const struct rig *rig, const uint8_t *data, size_t bytes)
{
    FILE *file = fopen(rig->path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static const struct store_options new_node = {
    .node = "lima", .boot = 99, .records_max = 1000, .horizon_kind_mask = 1u << CALL, .wall_ms = 900000};

static bool verify(const struct rig *rig, struct problem *ret_problem)
{
    struct backup_summary summary;
    return backup_verify(rig->path, &new_node, &summary, ret_problem);
}

static void never_wait(void)
{
    fail_msg("a disk that writes at once is not waited for");
}

struct restored {
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
};

static struct restored restore(const struct rig *rig)
{
    struct restored restored = {.medium = disk_memory_create()};
    struct problem problem = {""};
    disk_memory_set_immediate(restored.medium, true);
    restored.disk = disk_memory_open(restored.medium);
    if (!backup_restore(rig->path, &new_node, restored.disk, never_wait, &problem))
        fail_msg("%s", problem.text);
    restored.disk->type->close(restored.disk);
    restored.disk = disk_memory_open(restored.medium);
    struct store_options options = new_node;
    options.boot = 100;
    restored.store = store_create(&options);
    if (!store_open(restored.store, restored.disk, &problem))
        fail_msg("%s", problem.text);
    return restored;
}

static void close_restored(struct restored *restored)
{
    store_free(restored->store);
    restored->disk->type->close(restored->disk);
    disk_memory_free(restored->medium);
}

static void a_store_made_from_a_backup_is_equal_and_marked(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 300);
    take_as(rig->node, "gw:9:1", of(3, "lagos", 5, 40), "another's");
    store_advance_cursor(rig->node->store, "lagos", 5, 41);
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count);
    struct backup_summary summary;
    struct problem problem = {""};
    assert_true(backup_verify(rig->path, &new_node, &summary, &problem));
    assert_string_equal(summary.node, "nairobi");
    assert_int_equal(summary.begun_ms, 777000);
    assert_int_equal(summary.totals.records, 301);
    assert_int_equal(summary.totals.cursors, 2);
    assert_int_equal(summary.totals.bytes, rig->file.count);
    struct restored restored = restore(rig);
    assert_int_equal(store_digest(restored.store), store_digest(rig->node->store));
    assert_int_equal(store_cursor(restored.store, "nairobi", 1), store_last_seq(rig->node->store));
    assert_int_equal(store_cursor(restored.store, "lagos", 5), 41);
    assert_int_equal(store_restored_ms(restored.store), 777000);
    assert_int_equal(store_kept_since_ms(restored.store), 900000);  // its own disk remembers from now on
    close_restored(&restored);
}

static void the_mark_of_a_restored_store_stays_until_it_is_ended(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 3);
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count);
    struct restored restored = restore(rig);
    struct node node = {restored.medium, restored.disk, restored.store};
    store_flush(node.store);
    kill_and_restart(&node, 101);
    assert_int_equal(store_restored_ms(node.store), 777000);
    store_end_restored(node.store);
    assert_int_equal(store_restored_ms(node.store), 0);
    store_flush(node.store);
    kill_and_restart(&node, 102);
    assert_int_equal(store_restored_ms(node.store), 0);
    restored = (struct restored){node.medium, node.disk, node.store};
    close_restored(&restored);
}

static void what_changes_while_a_backup_is_made_is_in_it_old_or_new(void **state)
{
    struct rig *rig = *state;
    struct backup_place place = {0};
    fill(rig, 0, 900);
    uint64_t begun_at = store_last_seq(rig->node->store);
    for (int turn = 0; !go_on(rig, &place, SMALL_ROOM); turn++) {
        // Every record changes, so that each moves on to another place of the feed, and new ones come.
        fill(rig, turn * 90, 90);
        fill(rig, 900 + turn, 1);
        assert_true(turn < 90);
    }
    save(rig, rig->file.data, rig->file.count);
    struct restored restored = restore(rig);
    for (int i = 0; i < 900; i++) {
        char id[32];
        snprintf(id, sizeof id, "gw:1:%d", i);
        assert_non_null(store_find(restored.store, CALL, id));
    }
    // The cursor is of the beginning: a sweep finds whatever came later.
    assert_int_equal(store_cursor(restored.store, "nairobi", 1), begun_at);
    close_restored(&restored);
}

static void a_backup_goes_on_where_the_record_it_came_to_was_purged(void **state)
{
    struct rig *rig = *state;
    struct backup_place place = {0};
    fill(rig, 0, 700);
    assert_non_null(store_put(rig->node->store, DESK, "ann", 1, 0, text("a desk")));
    while (place.kind != CALL)
        assert_false(go_on(rig, &place, SMALL_ROOM));
    assert_int_equal(store_set_horizon(rig->node->store, 6000, NULL, NULL), 700);
    while (!go_on(rig, &place, SMALL_ROOM))
        continue;
    save(rig, rig->file.data, rig->file.count);
    struct problem problem = {""};
    assert_true(verify(rig, &problem));
}

static void an_empty_store_makes_a_backup_too(void **state)
{
    struct rig *rig = *state;
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count);
    struct restored restored = restore(rig);
    assert_int_equal(store_counts(restored.store).records, 0);
    close_restored(&restored);
}

static void every_cut_file_is_recognized(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 20);
    back_up(rig, SMALL_ROOM);
    for (size_t bytes = 0; bytes < rig->file.count; bytes++) {
        struct problem problem = {""};
        save(rig, rig->file.data, bytes);
        assert_false(verify(rig, &problem));
        assert_non_null(strstr(problem.text, bytes < BACKUP_MAGIC_BYTES ? "is no backup" : "is cut off"));
        assert_non_null(strstr(problem.text, rig->path));
    }
    struct problem problem = {""};
    save(rig, rig->file.data, rig->file.count);
    assert_true(verify(rig, &problem));
}

static void every_flipped_bit_is_recognized(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 5);
    back_up(rig, SMALL_ROOM);
    for (size_t at = 0; at < rig->file.count; at++) {
        struct problem problem = {""};
        rig->file.data[at] ^= (uint8_t)(1 << (at % 8));
        save(rig, rig->file.data, rig->file.count);
        assert_false(verify(rig, &problem));
        assert_string_not_equal(problem.text, "");
        rig->file.data[at] ^= (uint8_t)(1 << (at % 8));
    }
}

static void expect_problem(struct rig *rig, const char *words)
{
    struct problem problem = {""};
    save(rig, rig->file.data, rig->file.count);
    assert_false(verify(rig, &problem));
    if (strstr(problem.text, words) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", words, problem.text);
}

static void a_file_of_another_format_is_refused_by_name(void **state)
{
    struct rig *rig = *state;
    back_up(rig, SMALL_ROOM);
    rig->file.data[BACKUP_MAGIC_BYTES - 1] = '2';
    expect_problem(rig, "is a backup of format 2, and this program reads format 1 only");
}

static void a_size_that_none_has_is_refused_before_memory_is_taken(void **state)
{
    struct rig *rig = *state;
    back_up(rig, SMALL_ROOM);
    memset(rig->file.data + BACKUP_MAGIC_BYTES, 0xff, 4);
    expect_problem(rig, "frame 1, at byte 16, says a size that none has");
}

static void what_follows_the_end_is_refused(void **state)
{
    struct rig *rig = *state;
    back_up(rig, SMALL_ROOM);
    bytes_append(&rig->file, "x", 1);
    expect_problem(rig, "goes on behind its end");
}

static size_t frame_bytes(const uint8_t *frame)
{
    return BACKUP_FRAME_HEAD_BYTES + ((size_t)frame[2] << 8 | frame[3]);
}

static void a_frame_that_is_left_out_is_missed(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 600);
    back_up(rig, SMALL_ROOM);
    size_t second = BACKUP_MAGIC_BYTES + frame_bytes(rig->file.data + BACKUP_MAGIC_BYTES);
    size_t bytes = frame_bytes(rig->file.data + second);
    memmove(rig->file.data + second, rig->file.data + second + bytes, rig->file.count - second - bytes);
    rig->file.count -= bytes;
    expect_problem(rig, "does not match its hash");
}

// Whoever seals what he likes: a frame is what it says, or is refused.
static void a_sealed_frame_of_nonsense_is_refused(void **state)
{
    struct rig *rig = *state;
    uint8_t frame[BACKUP_FRAME_HEAD_BYTES + 64] = {0};
    bytes_append(&rig->file, BACKUP_MAGIC, BACKUP_MAGIC_BYTES);
    memset(frame + BACKUP_FRAME_HEAD_BYTES, 0xee, 64);
    backup_frame_seal(frame, 64, 0);
    bytes_append(&rig->file, frame, sizeof frame);
    expect_problem(rig, "is not a bak.Frame");
    bytes_clear(&rig->file);
    bytes_append(&rig->file, BACKUP_MAGIC, BACKUP_MAGIC_BYTES);
    memcpy(frame + BACKUP_FRAME_HEAD_BYTES, "\x1a\x00", 2);  // an End
    backup_frame_seal(frame, 2, 0);
    bytes_append(&rig->file, frame, BACKUP_FRAME_HEAD_BYTES + 2);
    expect_problem(rig, "is not the head that it should be");
}

static void more_than_a_node_may_hold_is_refused_before_anything_is_written(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 30);
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count);
    struct store_options options = new_node;
    options.records_max = 29;
    struct backup_summary summary;
    struct problem problem = {""};
    assert_false(backup_verify(rig->path, &options, &summary, &problem));
    assert_non_null(strstr(problem.text, "records_max"));
}

static void a_restore_that_breaks_off_does_not_open(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 30);
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count - 1);
    struct disk_memory *medium = disk_memory_create();
    disk_memory_set_immediate(medium, true);
    struct disk *disk = disk_memory_open(medium);
    struct problem problem = {""};
    assert_false(backup_restore(rig->path, &new_node, disk, never_wait, &problem));
    assert_non_null(strstr(problem.text, "is cut off"));
    struct store_options options = new_node;
    options.boot = 100;
    struct store *store = store_create(&options);
    assert_false(store_open(store, disk, &problem));
    assert_non_null(strstr(problem.text, "it was being restored from a backup"));
    store_free(store);
    disk->type->close(disk);
    disk_memory_free(medium);
}

static void nothing_is_restored_over_a_store(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 30);
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count);
    struct restored restored = restore(rig);
    struct problem problem = {""};
    assert_false(backup_restore(rig->path, &new_node, restored.disk, never_wait, &problem));
    assert_string_equal(problem.text, "the store is not empty");
    close_restored(&restored);
}

static void a_full_disk_ends_a_restore(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 300);
    back_up(rig, SMALL_ROOM);
    save(rig, rig->file.data, rig->file.count);
    struct disk_memory *medium = disk_memory_create();
    disk_memory_set_immediate(medium, true);
    disk_memory_set_limit(medium, 1000);
    struct disk *disk = disk_memory_open(medium);
    struct problem problem = {""};
    assert_false(backup_restore(rig->path, &new_node, disk, never_wait, &problem));
    assert_non_null(strstr(problem.text, "the disk is full"));
    disk->type->close(disk);
    disk_memory_free(medium);
}

static void a_place_of_another_store_or_start_is_refused(void **state)
{
    struct rig *rig = *state;
    struct backup_place place = {0};
    struct bytes packed = {0};
    fill(rig, 0, 600);
    assert_false(backup_go_on(rig->node->store, 1, &place, SMALL_ROOM, &rig->file));
    backup_place_pack(&place, rig->node->store, &packed);
    struct span span = {packed.data, packed.count};
    kill_and_restart(rig->node, 2);
    assert_false(backup_place_unpack(span, rig->node->store, &place));
    assert_false(backup_place_unpack((struct span){packed.data, packed.count - 1}, rig->node->store, &place));
    uint8_t many[BACKUP_PLACE_MAX_BYTES + 1] = {0};
    assert_false(backup_place_unpack((struct span){many, sizeof many}, rig->node->store, &place));
    bytes_close(&packed);
}

static void a_store_that_says_nothing_of_its_age_is_old(void **state)
{
    struct rig *rig = *state;
    fill(rig, 0, 1);  // by a program that did not write it down
    flush_and_commit(rig->node);
    store_free(rig->node->store);
    disk_memory_crash(rig->node->disk);
    rig->node->disk = disk_memory_open(rig->node->medium);
    struct store_options options = {.node = "nairobi", .boot = 2, .records_max = 10, .wall_ms = 5000};
    struct problem problem = {""};
    rig->node->store = store_create(&options);
    assert_true(store_open(rig->node->store, rig->node->disk, &problem));
    assert_int_equal(store_kept_since_ms(rig->node->store), 1);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(a_store_made_from_a_backup_is_equal_and_marked),
        WITH_RIG(the_mark_of_a_restored_store_stays_until_it_is_ended),
        WITH_RIG(what_changes_while_a_backup_is_made_is_in_it_old_or_new),
        WITH_RIG(a_backup_goes_on_where_the_record_it_came_to_was_purged),
        WITH_RIG(an_empty_store_makes_a_backup_too),
        WITH_RIG(every_cut_file_is_recognized),
        WITH_RIG(every_flipped_bit_is_recognized),
        WITH_RIG(a_file_of_another_format_is_refused_by_name),
        WITH_RIG(a_size_that_none_has_is_refused_before_memory_is_taken),
        WITH_RIG(what_follows_the_end_is_refused),
        WITH_RIG(a_frame_that_is_left_out_is_missed),
        WITH_RIG(a_sealed_frame_of_nonsense_is_refused),
        WITH_RIG(more_than_a_node_may_hold_is_refused_before_anything_is_written),
        WITH_RIG(a_restore_that_breaks_off_does_not_open),
        WITH_RIG(nothing_is_restored_over_a_store),
        WITH_RIG(a_full_disk_ends_a_restore),
        WITH_RIG(a_place_of_another_store_or_start_is_refused),
        WITH_RIG(a_store_that_says_nothing_of_its_age_is_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
