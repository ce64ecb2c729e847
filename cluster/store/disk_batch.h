// Inside a disk: what stands in a batch. Only disks include this; everyone else fills batches by cluster/world/disk.h.
#ifndef CLUSTER_STORE_DISK_BATCH_H
#define CLUSTER_STORE_DISK_BATCH_H

#include "cluster/world/disk.h"

struct disk_batch {
    struct bytes ops;         // one after another, in the order given
    struct disk_batch *next;  // the disk's queue
    uint64_t number;          // the disk's
};

struct disk_op {  // key and value are lent from the batch
    enum disk_table table;
    bool is_delete;
    struct span key, value;
};

// Goes through a batch: begin with *at = 0. False at the end.
bool disk_batch_next(const struct disk_batch *batch, size_t *at, struct disk_op *ret_op);
size_t disk_batch_bytes(const struct disk_batch *batch);  // of memory

#endif
