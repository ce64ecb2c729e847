// The folder a store lives in: made, locked, and known to have room, before LMDB touches it.
#ifndef CLUSTER_STORE_DISK_FOLDER_H
#define CLUSTER_STORE_DISK_FOLDER_H

#include "cluster/base/problem.h"

#include <stdbool.h>

// Makes the folder and those above it where missing, and takes its lock. Returns the lock, to be closed at the end;
// -1: ret_problem says why.
MUST_USE int folder_open(const char *path, struct problem *ret_problem);
// The files' names are on stable storage too.
MUST_USE bool folder_sync(const char *path, struct problem *ret_problem);
bool folder_is_full(const char *path);

#endif
