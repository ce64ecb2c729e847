// The yardstick: one LMDB transaction with one record, committed with LMDB's default flags (synchronous).
#ifndef TESTS_BENCH_COMMIT_H
#define TESTS_BENCH_COMMIT_H

#include <stddef.h>
#include <stdint.h>

struct commit {
    void *env;
    unsigned table;
    size_t value_bytes;
    char *value;
    uint64_t count;
};

// In a folder that exists, on the file system that the nodes use.
void commit_open(struct commit *self, const char *folder, size_t value_bytes);
uint64_t commit_ns(struct commit *self);
void commit_close(struct commit *self);
// The median size of the calls' records in a node's store, which may be running; their count in ret_count.
size_t commit_record_bytes(const char *store, size_t *ret_count);

#endif
