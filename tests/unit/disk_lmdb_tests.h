// What the two files of the disk_lmdb test share.
#ifndef TESTS_UNIT_DISK_LMDB_TESTS_H
#define TESTS_UNIT_DISK_LMDB_TESTS_H

#include "cluster/world/disk.h"

struct disk *disk_lmdb_test_open(const char *path, uint64_t limit);  // fails the test when it cannot
void disk_lmdb_test_settle(struct disk *disk, uint64_t number);
uint64_t disk_lmdb_test_put(struct disk *disk, const char *key, size_t value_bytes);
uint64_t disk_lmdb_test_rows(struct disk *disk);

// Tests, each in a folder of its own.
void after_kill_9_all_that_was_acknowledged_is_there_and_no_gap(void **state);
void a_disk_that_is_full_at_start_is_named(void **state);
void a_disk_that_fills_up_while_running_stops_and_keeps_what_it_acknowledged(void **state);
void after_another_error_the_disk_has_failed(void **state);
void a_flush_that_failed_once_is_never_tried_again(void **state);

#endif
