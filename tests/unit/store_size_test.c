// 10^5 records as calls make them, on the real disk: what they cost in memory, and how soon the store is open again.
#include "cluster/store/disk_lmdb.h"
#include "cluster/store/store.h"

#include "disk_lmdb_folder.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#define RECORDS 20000
#else
#define IS_SANITIZED 0
#define RECORDS 100000
#endif
#define ID_BYTES 30
#define BODY_BYTES 350
#define TURN_RECORDS 100
#define CALL 4

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct store *create(uint64_t boot)
{
    const struct store_options options = {
        .node = "frankfurt-1", .boot = boot, .records_max = 2 * RECORDS, .horizon_kind_mask = 1u << CALL};
    return store_create(&options);
}

static struct disk *open_disk(const struct folder *folder)
{
    struct problem problem = {""};
    struct disk *disk = disk_lmdb_open(folder->path, (uint64_t)4 << 30, NULL, NULL, &problem);
    if (disk == NULL)
        fail_msg("%s", problem.text);
    return disk;
}

static void put_all(struct store *store)
{
    char id[ID_BYTES + 1], body[BODY_BYTES];
    for (int i = 0; i < RECORDS; i++) {
        snprintf(id, sizeof id, "gateway-7-1700000000000-%06u", (unsigned)i % 1000000);
        memset(body, 'a' + i % 26, sizeof body);
        assert_non_null(store_put(store, CALL, id, 1700000000000, 1700000000000, (struct span){body, sizeof body}));
        if (i % TURN_RECORDS == TURN_RECORDS - 1)
            store_flush(store);
    }
}

static size_t heap_in_use(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void a_hundred_thousand_records_are_small_and_soon_open(void **state)
{
    (void)state;
    struct folder folder = folder_make();
    struct disk *disk = open_disk(&folder);
    struct store *store = create(1);
    struct problem problem = {""};
    assert_true(store_open(store, disk, &problem));
    double began = now_ms();
    put_all(store);
    double put = now_ms() - began;
    disk->type->close(disk);
    double written = now_ms() - began;
    uint64_t digest = store_digest(store);
    store_free(store);

    disk = open_disk(&folder);
    size_t heap_before = heap_in_use();
    store = create(2);
    began = now_ms();
    assert_true(store_open(store, disk, &problem));
    double opened = now_ms() - began;
    size_t heap = heap_in_use() - heap_before;
    struct store_counts counts = store_counts(store);
    uint64_t used, limit;
    disk->type->usage(disk, &used, &limit);
    print_message("%d records: put in %.0f ms, on disk in %.0f ms, opened in %.0f ms; %.0f bytes a record by its own "
                  "count, %.0f by the allocator's, %.0f on disk\n",
                  RECORDS, put, written, opened, (double)counts.bytes / RECORDS, (double)heap / RECORDS,
                  (double)used / RECORDS);
    assert_int_equal(counts.records, RECORDS);
    assert_true(store_digest(store) == digest);
    assert_true(counts.bytes / RECORDS <= 1024);
    if (!IS_SANITIZED) {  // whose heap is not ours to count
        assert_true(heap / RECORDS <= 1024);
        assert_true(heap < counts.bytes + counts.bytes / 10 && counts.bytes < heap + heap / 10);
        assert_true(opened < 5000);  // a broken index would be far beyond; the machine may be busy
    }
    store_free(store);
    disk->type->close(disk);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_records_are_small_and_soon_open),
    };
    return cmocka_run_group_tests_name("store's size", tests, NULL, NULL);
}
