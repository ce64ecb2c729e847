#include "cluster/store/disk_lmdb.h"

#include "disk_conformance.h"
#include "disk_lmdb_folder.h"
#include "disk_lmdb_tests.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_BYTES ((uint64_t)64 * 1024 * 1024)

static int wakes;

static void count_wake(void *context)
{
    __atomic_fetch_add((int *)context, 1, __ATOMIC_SEQ_CST);
}

struct disk *disk_lmdb_test_open(const char *path, uint64_t limit)
{
    struct problem problem = {""};
    struct disk *disk = disk_lmdb_open(path, limit, count_wake, &wakes, &problem);
    if (disk == NULL)
        fail_msg("%s", problem.text);
    return disk;
}

// Until it is written, or the disk has stopped.
void disk_lmdb_test_settle(struct disk *disk, uint64_t number)
{
    for (int i = 0; i < 20000 && disk_written(disk) < number && disk->type->state(disk) == DISK_OK; i++)
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
}

uint64_t disk_lmdb_test_put(struct disk *disk, const char *key, size_t value_bytes)
{
    static uint8_t value[65536];
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, DISK_RECORDS, (struct span){key, strlen(key)}, (struct span){value, value_bytes});
    return disk_write(disk, batch);
}

// ---- the conformance suite

static void *create(void)
{
    struct folder *folder = malloc(sizeof *folder);
    *folder = folder_make();
    return folder;
}

static void destroy(void *medium)
{
    folder_remove(medium);
    free(medium);
}

static struct disk *open_on(void *medium)
{
    return disk_lmdb_test_open(((struct folder *)medium)->path, LIMIT_BYTES);
}

static void settle(void *medium, struct disk *disk, uint64_t number)
{
    (void)medium;
    disk_lmdb_test_settle(disk, number);
}

// ---- its own

static int make_folder(void **state)
{
    *state = create();
    return 0;
}

static int remove_folder(void **state)
{
    destroy(*state);
    return 0;
}

static void the_folder_is_made_with_those_above_it(void **state)
{
    char path[300];
    snprintf(path, sizeof path, "%s/a/b/c", ((struct folder *)*state)->path);
    struct disk *disk = disk_lmdb_test_open(path, LIMIT_BYTES);
    disk->type->close(disk);
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
}

static void a_store_in_use_is_refused_and_free_once_closed(void **state)
{
    const char *path = ((struct folder *)*state)->path;
    struct disk *disk = disk_lmdb_test_open(path, LIMIT_BYTES);
    struct problem problem = {""};
    assert_null(disk_lmdb_open(path, LIMIT_BYTES, NULL, NULL, &problem));
    assert_non_null(strstr(problem.text, path));
    assert_non_null(strstr(problem.text, " is in use by another process"));
    disk->type->close(disk);
    disk = disk_lmdb_test_open(path, LIMIT_BYTES);
    disk->type->close(disk);
}

static void a_store_of_another_format_is_refused(void **state)
{
    const char *path = ((struct folder *)*state)->path;
    struct disk *disk = disk_lmdb_test_open(path, LIMIT_BYTES);
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, DISK_META, (struct span){"format", 6}, (struct span){"999", 3});
    disk_write(disk, batch);
    disk->type->close(disk);
    struct problem problem = {""};
    assert_null(disk_lmdb_open(path, LIMIT_BYTES, NULL, NULL, &problem));
    assert_non_null(strstr(problem.text, "has format 999"));
    assert_non_null(strstr(problem.text, path));
}

static void what_is_no_store_is_refused(void **state)
{
    const char *path = ((struct folder *)*state)->path;
    char file[300], noise[8192];
    snprintf(file, sizeof file, "%s/data.mdb", path);
    memset(noise, 'x', sizeof noise);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, noise, sizeof noise), sizeof noise);
    close(fd);
    struct problem problem = {""};
    assert_null(disk_lmdb_open(path, LIMIT_BYTES, NULL, NULL, &problem));
    assert_non_null(strstr(problem.text, "damaged or is not a store"));
    assert_null(disk_lmdb_open(file, LIMIT_BYTES, NULL, NULL, &problem));
    assert_non_null(strstr(problem.text, file));
}

static void what_is_queued_together_is_committed_together_and_wakes(void **state)
{
    struct disk *disk = disk_lmdb_test_open(((struct folder *)*state)->path, LIMIT_BYTES);
    int before = __atomic_load_n(&wakes, __ATOMIC_SEQ_CST);
    uint64_t last = 0;
    for (int i = 0; i < 2000; i++) {
        char key[24];
        snprintf(key, sizeof key, "call-%d", i);
        last = disk_lmdb_test_put(disk, key, 350);
    }
    disk_lmdb_test_settle(disk, last);
    assert_int_equal(disk_written(disk), 2000);
    uint64_t transactions = disk_lmdb_counts(disk).transactions;
    assert_true(transactions >= 1 && transactions < 1000);
    disk->type->close(disk);
    int woken = __atomic_load_n(&wakes, __ATOMIC_SEQ_CST) - before;
    assert_int_equal(woken, transactions);
    print_message("2000 batches in %d transactions\n", (int)transactions);
}

static void a_queue_of_many_megabytes_is_cut_into_transactions(void **state)
{
    struct disk *disk = disk_lmdb_test_open(((struct folder *)*state)->path, LIMIT_BYTES);
    uint64_t last = 0;
    for (int i = 0; i < 700; i++) {
        char key[24];
        snprintf(key, sizeof key, "%d", i);
        last = disk_lmdb_test_put(disk, key, 60000);
    }
    disk_lmdb_test_settle(disk, last);
    assert_int_equal(disk_written(disk), 700);
    assert_true(disk_lmdb_counts(disk).transactions >= 3);  // of 16 MiB at most
    disk->type->close(disk);
}

static void at_the_limit_the_disk_is_full_and_nothing_later_is_acknowledged(void **state)
{
    const char *path = ((struct folder *)*state)->path;
    struct disk *disk = disk_lmdb_test_open(path, (uint64_t)1024 * 1024);
    uint64_t last = 0;
    for (int i = 0; i < 64 && disk->type->state(disk) == DISK_OK; i++) {
        char key[24];
        snprintf(key, sizeof key, "%d", i);
        last = disk_lmdb_test_put(disk, key, 60000);
        disk_lmdb_test_settle(disk, last);
    }
    assert_int_equal(disk->type->state(disk), DISK_FULL);
    uint64_t written = disk_written(disk);
    assert_true(written > 8 && written == last - 1);
    last = disk_lmdb_test_put(disk, "small", 1);
    disk_lmdb_test_settle(disk, last);
    disk->type->close(disk);
    // A larger limit makes room, and all that was acknowledged is there.
    disk = disk_lmdb_test_open(path, LIMIT_BYTES);
    assert_int_equal(disk_lmdb_test_rows(disk), written);
    disk_lmdb_test_settle(disk, disk_lmdb_test_put(disk, "small", 1));
    assert_int_equal(disk_written(disk), 1);
    disk->type->close(disk);
}

static void count_row(void *context, struct span key, struct span value)
{
    (void)key;
    (void)value;
    ++*(uint64_t *)context;
}

uint64_t disk_lmdb_test_rows(struct disk *disk)
{
    uint64_t rows = 0;
    struct problem problem = {""};
    assert_true(disk->type->load(disk, DISK_RECORDS, count_row, &rows, &problem));
    return rows;
}

static void rewriting_the_same_rows_does_not_fill_the_disk(void **state)
{
    struct disk *disk = disk_lmdb_test_open(((struct folder *)*state)->path, (uint64_t)1024 * 1024);
    for (int i = 0; i < 100; i++) {
        disk_lmdb_test_settle(disk, disk_lmdb_test_put(disk, i % 2 ? "odd" : "even", 60000));
        disk_lmdb_test_rows(disk);  // a reader in between must not hold pages
    }
    uint64_t used, limit;
    disk->type->usage(disk, &used, &limit);
    assert_int_equal(disk->type->state(disk), DISK_OK);
    assert_true(used < 1024 * 1024);
    disk->type->close(disk);
}

int main(void)
{
    const struct disk_subject subject = {"disk_lmdb conforms", create, destroy, open_on, settle};
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_folder_is_made_with_those_above_it),
        IN_FOLDER(a_store_in_use_is_refused_and_free_once_closed),
        IN_FOLDER(a_store_of_another_format_is_refused),
        IN_FOLDER(what_is_no_store_is_refused),
        IN_FOLDER(what_is_queued_together_is_committed_together_and_wakes),
        IN_FOLDER(a_queue_of_many_megabytes_is_cut_into_transactions),
        IN_FOLDER(at_the_limit_the_disk_is_full_and_nothing_later_is_acknowledged),
        IN_FOLDER(rewriting_the_same_rows_does_not_fill_the_disk),
        IN_FOLDER(after_kill_9_all_that_was_acknowledged_is_there_and_no_gap),
        IN_FOLDER(a_disk_that_is_full_at_start_is_named),
        IN_FOLDER(a_disk_that_fills_up_while_running_stops_and_keeps_what_it_acknowledged),
        IN_FOLDER(after_another_error_the_disk_has_failed),
        IN_FOLDER(a_flush_that_failed_once_is_never_tried_again),
    };
    int failed = disk_conformance_run(&subject);
    return failed + cmocka_run_group_tests_name("disk_lmdb", tests, NULL, NULL);
}
