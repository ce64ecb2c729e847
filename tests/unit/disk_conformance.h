// What every disk does. A subject says how one is opened on the same medium again and again, and how to wait for it.
#ifndef TESTS_UNIT_DISK_CONFORMANCE_H
#define TESTS_UNIT_DISK_CONFORMANCE_H

#include "cluster/world/disk.h"

struct disk_subject {
    const char *name;
    void *(*create)(void);  // an empty medium
    void (*destroy)(void *medium);
    struct disk *(*open)(void *medium);
    void (*settle)(void *medium, struct disk *disk, uint64_t number);  // until this number is written
};

// Returns how many tests failed.
int disk_conformance_run(const struct disk_subject *subject);

#endif
