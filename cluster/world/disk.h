// Durable writes, as the node sees them. Two disks exist: disk_lmdb and disk_memory (tests, simulator); both pass
// tests/unit/disk_conformance. All calls are the loop's; a disk may own threads that the caller never sees.
#ifndef CLUSTER_WORLD_DISK_H
#define CLUSTER_WORLD_DISK_H

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"
#include "cluster/base/problem.h"

#include <stdbool.h>
#include <stdint.h>

enum disk_table {
    DISK_RECORDS,  // what is copied between nodes
    DISK_FEEDS,    // cursors
    DISK_META,     // of this node only
    DISK_TABLES,
};

enum disk_state {
    DISK_OK,
    DISK_FULL,    // no space, or the map's limit: nothing more is written until reopened
    DISK_FAILED,  // an I/O error: never retried
};

#define DISK_KEY_MAX_BYTES 511
#define DISK_VALUE_MAX_BYTES ((size_t)1024 * 1024)

struct disk_batch;  // puts and deletes that are committed together, in order

struct disk_batch *disk_batch_create(void);
void disk_batch_free(struct disk_batch *batch);
void disk_batch_put(struct disk_batch *batch, enum disk_table table, struct span key, struct span value);  // copies
void disk_batch_delete(struct disk_batch *batch, enum disk_table table, struct span key);  // absent is no error
bool disk_batch_is_empty(const struct disk_batch *batch);

// Called for each row in key order; lends key and value for the call.
typedef void disk_row(void *context, struct span key, struct span value);

struct disk {
    const struct disk_type *type;
};

struct disk_type {
    // Reads a table as last committed. False: problem is filled.
    bool (*load)(struct disk *, enum disk_table, disk_row *, void *context, struct problem *);
    // Takes the batch; commits it some time later, after all given before. Returns its number, 1, 2, 3 ...
    uint64_t (*write)(struct disk *, struct disk_batch *);
    // The last number that is on stable storage, with all before it.
    uint64_t (*written)(struct disk *);
    enum disk_state (*state)(struct disk *);
    // Bytes used and the limit.
    void (*usage)(struct disk *, uint64_t *ret_used, uint64_t *ret_limit);
    // Writes what is queued, then closes.
    void (*close)(struct disk *);
};

static inline uint64_t disk_write(struct disk *disk, struct disk_batch *batch)
{
    return disk->type->write(disk, batch);
}

static inline uint64_t disk_written(struct disk *disk)
{
    return disk->type->written(disk);
}

#endif
