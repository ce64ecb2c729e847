#include "disk_conformance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct disk_subject *subject;

static int create_medium(void **state)
{
    *state = subject->create();
    return 0;
}

static int destroy_medium(void **state)
{
    subject->destroy(*state);
    return 0;
}

static struct span text(const char *text)
{
    return (struct span){text, strlen(text)};
}

static uint64_t write_one(struct disk *disk, enum disk_table table, const char *key, const char *value)
{
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, table, text(key), text(value));
    return disk_write(disk, batch);
}

// Rows as "key=value " one after another; keys of the disk's own are left out.
struct dump {
    char text[4096];
    size_t length;
};

static void add_row(void *context, struct span key, struct span value)
{
    struct dump *dump = context;
    if ((key.bytes == 6 && memcmp(key.data, "format", 6) == 0) ||
        (key.bytes == 6 && memcmp(key.data, "opened", 6) == 0))
        return;
    int length = snprintf(dump->text + dump->length, sizeof dump->text - dump->length, "%.*s=%.*s ", (int)key.bytes,
                          (const char *)key.data, (int)value.bytes, (const char *)value.data);
    dump->length += (size_t)length;
    assert_true(dump->length < sizeof dump->text);
}

static void assert_rows(struct disk *disk, enum disk_table table, const char *expected)
{
    struct dump dump = {.length = 0};
    struct problem problem = {""};
    assert_true(disk->type->load(disk, table, add_row, &dump, &problem));
    assert_string_equal(dump.text, expected);
}

static void an_empty_disk_has_no_rows_and_has_written_nothing(void **medium)
{
    struct disk *disk = subject->open(*medium);
    for (int table = 0; table < DISK_TABLES; table++)
        assert_rows(disk, (enum disk_table)table, "");
    assert_int_equal(disk_written(disk), 0);
    assert_int_equal(disk->type->state(disk), DISK_OK);
    disk->type->close(disk);
}

static void batches_are_numbered_from_one_and_written_in_order(void **medium)
{
    struct disk *disk = subject->open(*medium);
    assert_int_equal(write_one(disk, DISK_RECORDS, "a", "1"), 1);
    assert_int_equal(write_one(disk, DISK_RECORDS, "b", "2"), 2);
    assert_int_equal(write_one(disk, DISK_RECORDS, "a", "3"), 3);
    subject->settle(*medium, disk, 3);
    assert_int_equal(disk_written(disk), 3);
    assert_rows(disk, DISK_RECORDS, "a=3 b=2 ");
    disk->type->close(disk);
}

static void rows_come_in_the_order_of_their_keys_bytewise(void **medium)
{
    struct disk *disk = subject->open(*medium);
    const char *const keys[] = {"b", "aa", "a", "\xff", "c", "B", "ab"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        write_one(disk, DISK_RECORDS, keys[i], "");
    subject->settle(*medium, disk, 7);
    assert_rows(disk, DISK_RECORDS, "B= a= aa= ab= b= c= \xff= ");
    disk->type->close(disk);
}

static void within_a_batch_what_comes_later_holds(void **medium)
{
    struct disk *disk = subject->open(*medium);
    struct disk_batch *batch = disk_batch_create();
    assert_true(disk_batch_is_empty(batch));
    disk_batch_put(batch, DISK_RECORDS, text("kept"), text("1"));
    disk_batch_put(batch, DISK_RECORDS, text("gone"), text("1"));
    disk_batch_delete(batch, DISK_RECORDS, text("gone"));
    disk_batch_delete(batch, DISK_RECORDS, text("kept"));
    disk_batch_put(batch, DISK_RECORDS, text("kept"), text("2"));
    assert_false(disk_batch_is_empty(batch));
    subject->settle(*medium, disk, disk_write(disk, batch));
    assert_rows(disk, DISK_RECORDS, "kept=2 ");
    disk->type->close(disk);
}

static void deleting_what_is_absent_is_no_error(void **medium)
{
    struct disk *disk = subject->open(*medium);
    struct disk_batch *batch = disk_batch_create();
    disk_batch_delete(batch, DISK_FEEDS, text("nobody"));
    uint64_t number = disk_write(disk, batch);
    subject->settle(*medium, disk, number);
    assert_int_equal(disk_written(disk), number);
    assert_int_equal(disk->type->state(disk), DISK_OK);
    disk->type->close(disk);
}

static void tables_are_apart(void **medium)
{
    struct disk *disk = subject->open(*medium);
    write_one(disk, DISK_RECORDS, "k", "records");
    write_one(disk, DISK_FEEDS, "k", "feeds");
    subject->settle(*medium, disk, write_one(disk, DISK_META, "k", "meta"));
    assert_rows(disk, DISK_RECORDS, "k=records ");
    assert_rows(disk, DISK_FEEDS, "k=feeds ");
    assert_rows(disk, DISK_META, "k=meta ");
    disk->type->close(disk);
}

static void closing_writes_what_is_queued_and_reopening_finds_it(void **medium)
{
    struct disk *disk = subject->open(*medium);
    for (int i = 0; i < 9; i++) {
        char key[] = {(char)('1' + i), '\0'};
        write_one(disk, DISK_RECORDS, key, "x");
    }
    disk->type->close(disk);
    disk = subject->open(*medium);
    assert_rows(disk, DISK_RECORDS, "1=x 2=x 3=x 4=x 5=x 6=x 7=x 8=x 9=x ");
    assert_int_equal(disk_written(disk), 0);
    assert_int_equal(write_one(disk, DISK_RECORDS, "1", "y"), 1);
    disk->type->close(disk);
}

static uint8_t large[DISK_VALUE_MAX_BYTES];

static void assert_large(void *context, struct span key, struct span value)
{
    assert_int_equal(key.bytes, DISK_KEY_MAX_BYTES);
    assert_int_equal(value.bytes, sizeof large);
    assert_memory_equal(value.data, large, sizeof large);
    ++*(int *)context;
}

static void the_largest_key_and_value_fit(void **medium)
{
    memset(large, 0xa5, sizeof large);
    struct disk *disk = subject->open(*medium);
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, DISK_RECORDS, (struct span){large, DISK_KEY_MAX_BYTES}, (struct span){large, sizeof large});
    subject->settle(*medium, disk, disk_write(disk, batch));
    int rows = 0;
    struct problem problem;
    assert_true(disk->type->load(disk, DISK_RECORDS, assert_large, &rows, &problem));
    assert_int_equal(rows, 1);
    disk->type->close(disk);
}

static void usage_counts_what_is_written_and_stays_below_the_limit(void **medium)
{
    struct disk *disk = subject->open(*medium);
    uint64_t before, used, limit;
    disk->type->usage(disk, &before, &limit);
    struct disk_batch *batch = disk_batch_create();
    disk_batch_put(batch, DISK_RECORDS, text("large"), (struct span){large, sizeof large});
    subject->settle(*medium, disk, disk_write(disk, batch));
    disk->type->usage(disk, &used, &limit);
    assert_true(used >= before + sizeof large);
    assert_true(used < before + 3 * sizeof large);
    assert_true(used <= limit);
    disk->type->close(disk);
}

int disk_conformance_run(const struct disk_subject *of)
{
#define ON_EMPTY(test) cmocka_unit_test_setup_teardown(test, create_medium, destroy_medium)
    const struct CMUnitTest tests[] = {
        ON_EMPTY(an_empty_disk_has_no_rows_and_has_written_nothing),
        ON_EMPTY(batches_are_numbered_from_one_and_written_in_order),
        ON_EMPTY(rows_come_in_the_order_of_their_keys_bytewise),
        ON_EMPTY(within_a_batch_what_comes_later_holds),
        ON_EMPTY(deleting_what_is_absent_is_no_error),
        ON_EMPTY(tables_are_apart),
        ON_EMPTY(closing_writes_what_is_queued_and_reopening_finds_it),
        ON_EMPTY(the_largest_key_and_value_fit),
        ON_EMPTY(usage_counts_what_is_written_and_stays_below_the_limit),
    };
    subject = of;
    return cmocka_run_group_tests_name(of->name, tests, NULL, NULL);
}
