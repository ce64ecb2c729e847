// A disk in memory, for tests and the simulator: nothing is written until the test says so, and what was not written
// is lost in a crash. The medium is what survives; a handle (struct disk) is one process's use of it. One thread.
#ifndef CLUSTER_STORE_DISK_MEMORY_H
#define CLUSTER_STORE_DISK_MEMORY_H

#include "cluster/world/disk.h"

struct disk_memory;  // the medium

struct disk_memory *disk_memory_create(void);
void disk_memory_free(struct disk_memory *medium);  // no handle may be open
// One handle at a time. It is closed by its own close, which writes what is queued, or by disk_memory_crash.
struct disk *disk_memory_open(struct disk_memory *medium);
// What may be on the medium, keys and values counted; a batch that goes beyond it finds the disk full. 0: no limit.
void disk_memory_set_limit(struct disk_memory *medium, uint64_t limit_bytes);
// Every write is committed at once, on this medium, from now on.
void disk_memory_set_immediate(struct disk_memory *medium, bool immediate);
bool disk_memory_has(const struct disk_memory *medium, enum disk_table table, struct span key);
uint64_t disk_memory_rows(const struct disk_memory *medium, enum disk_table table);

// Commits the batches up to this number (UINT64_MAX: all). Nothing when the disk is full or failed.
void disk_memory_commit(struct disk *disk, uint64_t upto);
uint64_t disk_memory_queued(const struct disk *disk);  // batches not committed
// DISK_FULL or DISK_FAILED: nothing is written any more, until reopened.
void disk_memory_break(struct disk *disk, enum disk_state state);
// Ends the handle as the loss of power would: what is not committed is gone.
void disk_memory_crash(struct disk *disk);

#endif
