// The real disk: one LMDB environment in a folder of its own, and one thread that writes. What is queued while a
// transaction commits goes into the next one as a whole, so that a loop under load pays for few flushes.
//
// A transaction is acknowledged (disk_written) only when it is flushed. After an error nothing later is acknowledged,
// and nothing is tried again: reopen, or take the node away.
#ifndef CLUSTER_STORE_DISK_LMDB_H
#define CLUSTER_STORE_DISK_LMDB_H

#include "cluster/base/problem.h"
#include "cluster/world/disk.h"

#define DISK_LMDB_FORMAT "1"

// Opens the store in the folder `path`, which is made when it is missing; one process at a time. limit_bytes bounds
// the file; it is address space, so choose it large. `wake` (may be NULL) is called from the writer's thread, until
// close returns, whenever disk_written or the state has moved. NULL: ret_problem says why.
MUST_USE struct disk *disk_lmdb_open(const char *path, uint64_t limit_bytes, void (*wake)(void *), void *wake_context,
                                     struct problem *ret_problem);

extern const char *const disk_lmdb_tables[DISK_TABLES];  // their names

// Whether a key is on the disk of another process, as of its last transaction: for drivers of tests. FAILED: cannot be
// read, now.
enum disk_look { DISK_LOOK_HAS, DISK_LOOK_LACKS, DISK_LOOK_FAILED };
enum disk_look disk_lmdb_look(const char *path, enum disk_table table, struct span key);

struct disk_lmdb_counts {
    uint64_t transactions;
    uint64_t batches;
};
struct disk_lmdb_counts disk_lmdb_counts(struct disk *disk);

#endif
