// What lies on the disk: rows of the records' table, as a node reads them when it starts; and a directory as it is
// copied.
#include "cluster/store/disk_memory.h"
#include "cluster/store/record_codec.h"
#include "cluster/store/store.h"
#include "cluster/wire/arena.h"
#include "node/directory/directory.h"
#include "tests/fuzz/fuzz.h"

static void load(struct span key, struct span value)
{
    struct problem problem;
    struct disk_memory *medium = disk_memory_create();
    disk_memory_set_immediate(medium, true);
    struct disk *disk = disk_memory_open(medium);
    struct disk_batch *batch = disk_batch_create();
    if (key.bytes > 0 && key.bytes <= DISK_KEY_MAX_BYTES && value.bytes <= DISK_VALUE_MAX_BYTES)
        disk_batch_put(batch, DISK_RECORDS, key, value);
    disk_write(disk, batch);
    struct store_options options = {.node = "a", .boot = 1, .records_max = 1000};
    struct store *store = store_create(&options);
    (void)!store_open(store, disk, &problem);
    store_free(store);
    disk->type->close(disk);
    disk_memory_free(medium);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct span input = {data, bytes}, key = {NULL, 0}, value = {NULL, 0};
    struct arena arena = {0};
    struct record record;
    struct problems problems;
    if (fuzz_next(&input, &key) && fuzz_next(&input, &value))
        load(key, value);
    if (record_unpack((struct span){data, bytes}, &arena, &record))
        check(record_is_valid(&record));
    arena_close(&arena);
    problems_init(&problems);
    directory_free(directory_decode((struct span){data, bytes}, &problems));
    problems_close(&problems);
    return 0;
}
