// A backup as a node is restored from: any file; one whose frames fit their hashes, whatever they say; and the place in
// one that an asker hands back.
#include "cluster/store/backup.h"
#include "cluster/store/disk_memory.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct store_options options = {.node = "c", .boot = 1, .records_max = 1000, .wall_ms = 5};

static void never_wait(void)
{
    check(false);  // the disk writes at once
}

// What verifies is restored, and opens.
static void restore(const char *path)
{
    struct problem problem;
    struct backup_summary summary;
    if (!backup_verify(path, &options, &summary, &problem))
        return;
    struct disk_memory *medium = disk_memory_create();
    disk_memory_set_immediate(medium, true);
    struct disk *disk = disk_memory_open(medium);
    check(backup_restore(path, &options, disk, never_wait, &problem));
    struct store_options again = options;
    again.boot = 2;
    struct store *store = store_create(&again);
    bool opens = store_open(store, disk, &problem);
    check(opens || summary.totals.cursors > 0);  // its own next start may be in it: see store_open
    check(!opens || store_restored_ms(store) == summary.begun_ms);
    store_free(store);
    disk->type->close(disk);
    disk_memory_free(medium);
}

static void read_file(const uint8_t *data, size_t bytes)
{
    struct fuzz_file file;
    fuzz_file_open(&file, data, bytes);
    restore(file.path);
    fuzz_file_close(&file);
}

static void read_sealed(struct span input)
{
    struct bytes file = {0};
    struct span message;
    uint64_t hash = 0;
    bytes_append(&file, BACKUP_MAGIC, BACKUP_MAGIC_BYTES);
    while (fuzz_next(&input, &message)) {
        uint8_t *frame = bytes_grow(&file, BACKUP_FRAME_HEAD_BYTES + message.bytes);
        if (message.bytes > 0)
            memcpy(frame + BACKUP_FRAME_HEAD_BYTES, message.data, message.bytes);
        hash = backup_frame_seal(frame, (uint32_t)message.bytes, hash);
    }
    read_file(file.data, file.count);
    bytes_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct backup_place place = {0};
    struct store_options asked = {.node = "a", .boot = 3, .records_max = 1000};  // as in the seeds
    struct store *store = store_create(&asked);
    struct bytes piece = {0};
    if (backup_place_unpack((struct span){data, bytes}, store, &place))
        backup_go_on(store, 1, &place, 1, &piece);
    bytes_close(&piece);
    store_free(store);
    read_file(data, bytes);
    read_sealed((struct span){data, bytes});
    return 0;
}
