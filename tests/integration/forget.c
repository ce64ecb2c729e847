// forget DIR KIND ID: takes one record off the disk of a node that does not run, and leaves its place in its feed as
// passed: what a node looks like that a dying owner has told half of its changes.
#include "cluster/store/disk_lmdb.h"
#include "cluster/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_been_there;

static void look(void *context, struct span key, struct span value)
{
    const struct span *sought = context;
    (void)value;
    has_been_there |= key.bytes == sought->bytes && memcmp(key.data, sought->data, key.bytes) == 0;
}

int main(int argc, char **argv)
{
    struct problem problem = {0};
    if (argc != 4) {
        fprintf(stderr, "usage: forget DIR KIND ID\n");
        return 2;
    }
    uint8_t key_bytes[STORE_KEY_MAX_BYTES];
    struct span key = store_key((uint8_t)atoi(argv[2]), argv[3], key_bytes);
    struct disk *disk = disk_lmdb_open(argv[1], (uint64_t)1 << 32, NULL, NULL, &problem);
    if (disk == NULL || !disk->type->load(disk, DISK_RECORDS, look, &key, &problem)) {
        fprintf(stderr, "forget: %s\n", problem.text);
        return 1;
    }
    struct disk_batch *batch = disk_batch_create();
    disk_batch_delete(batch, DISK_RECORDS, key);
    disk_write(disk, batch);
    disk->type->close(disk);
    return has_been_there ? 0 : 1;
}
