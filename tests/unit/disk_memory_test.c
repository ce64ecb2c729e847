#include "cluster/store/disk_memory.h"

#include "disk_conformance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void *create(void)
{
    return disk_memory_create();
}

static void destroy(void *medium)
{
    disk_memory_free(medium);
}

static struct disk *open_on(void *medium)
{
    return disk_memory_open(medium);
}

static void settle(void *medium, struct disk *disk, uint64_t number)
{
    (void)medium;
    disk_memory_commit(disk, number);
}

static uint64_t write_key(struct disk *disk, const char *key)
{
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, DISK_RECORDS, (struct span){key, strlen(key)}, (struct span){"0123456789", 10});
    return disk_write(disk, batch);
}

static void nothing_is_written_until_the_test_says_so(void **state)
{
    (void)state;
    struct disk_memory *medium = disk_memory_create();
    struct disk *disk = disk_memory_open(medium);
    write_key(disk, "a");
    write_key(disk, "b");
    write_key(disk, "c");
    assert_int_equal(disk_written(disk), 0);
    assert_int_equal(disk_memory_queued(disk), 3);
    disk_memory_commit(disk, 2);
    assert_int_equal(disk_written(disk), 2);
    assert_int_equal(disk_memory_rows(medium, DISK_RECORDS), 2);
    disk->type->close(disk);
    disk_memory_free(medium);
}

static void a_crash_loses_what_was_not_committed_and_only_that(void **state)
{
    (void)state;
    struct disk_memory *medium = disk_memory_create();
    struct disk *disk = disk_memory_open(medium);
    write_key(disk, "a");
    write_key(disk, "b");
    disk_memory_commit(disk, 1);
    disk_memory_crash(disk);
    assert_int_equal(disk_memory_rows(medium, DISK_RECORDS), 1);
    disk = disk_memory_open(medium);
    disk_memory_set_immediate(medium, true);
    assert_int_equal(write_key(disk, "c"), 1);
    assert_int_equal(disk_written(disk), 1);
    disk_memory_crash(disk);
    assert_int_equal(disk_memory_rows(medium, DISK_RECORDS), 2);
    disk_memory_free(medium);
}

static void a_broken_disk_acknowledges_nothing_more(void **state)
{
    (void)state;
    struct disk_memory *medium = disk_memory_create();
    struct disk *disk = disk_memory_open(medium);
    write_key(disk, "a");
    disk_memory_commit(disk, UINT64_MAX);
    write_key(disk, "b");
    disk_memory_break(disk, DISK_FAILED);
    assert_int_equal(write_key(disk, "c"), 3);
    disk_memory_commit(disk, UINT64_MAX);
    assert_int_equal(disk->type->state(disk), DISK_FAILED);
    assert_int_equal(disk_written(disk), 1);
    disk->type->close(disk);
    assert_int_equal(disk_memory_rows(medium, DISK_RECORDS), 1);
    disk_memory_free(medium);
}

static void a_batch_beyond_the_limit_finds_the_disk_full(void **state)
{
    (void)state;
    struct disk_memory *medium = disk_memory_create();
    disk_memory_set_limit(medium, 25);
    struct disk *disk = disk_memory_open(medium);
    for (int i = 0; i < 3; i++)
        write_key(disk, (const char *[]){"a", "b", "c"}[i]);
    disk_memory_commit(disk, UINT64_MAX);
    assert_int_equal(disk_written(disk), 2);
    assert_int_equal(disk->type->state(disk), DISK_FULL);
    disk->type->close(disk);
    disk_memory_free(medium);
}

int main(void)
{
    const struct disk_subject subject = {"disk_memory conforms", create, destroy, open_on, settle};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_written_until_the_test_says_so),
        cmocka_unit_test(a_crash_loses_what_was_not_committed_and_only_that),
        cmocka_unit_test(a_broken_disk_acknowledges_nothing_more),
        cmocka_unit_test(a_batch_beyond_the_limit_finds_the_disk_full),
    };
    int failed = disk_conformance_run(&subject);
    return failed + cmocka_run_group_tests_name("disk_memory", tests, NULL, NULL);
}
