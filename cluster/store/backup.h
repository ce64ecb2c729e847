// A store as a file that another is made from; proto/backup.proto has the format. Written in pieces while the store
// goes on changing: who makes one holds the place it has come to, and nothing is kept in between. Read whole before
// anything of it is believed.
#ifndef CLUSTER_STORE_BACKUP_H
#define CLUSTER_STORE_BACKUP_H

#include "cluster/base/bytes.h"
#include "cluster/base/problem.h"
#include "cluster/store/store.h"

#include <stdbool.h>
#include <stdint.h>

#define BACKUP_MAGIC "hotline backup 1"  // the last is the format's version
#define BACKUP_MAGIC_BYTES 16
#define BACKUP_FRAME_HEAD_BYTES 12
#define BACKUP_FRAME_MAX_BYTES (STORE_RECORD_MAX_BYTES + (size_t)64 * 1024)  // its message
#define BACKUP_PLACE_MAX_BYTES 512

struct backup_totals {
    uint64_t frames, cursors, records, bytes;
};

struct backup_place {  // zero: nothing yet
    uint8_t kind;      // the last record
    char id[CALL_ID_MAX_BYTES + 1];
    struct backup_totals so_far;
    uint64_t hash;  // the last frame's
};

// Appends the next piece, `room` bytes and one frame at most; the first has all cursors as well. True: that was the
// end.
bool backup_go_on(const struct store *store, uint64_t wall_ms, struct backup_place *place, size_t room,
                  struct bytes *to);
// A place as bytes, for who asks for a backup to hold. False: it is none of this store, in this boot.
void backup_place_pack(const struct backup_place *place, const struct store *store, struct bytes *to);
MUST_USE bool backup_place_unpack(struct span packed, const struct store *store, struct backup_place *ret);

// Closes a frame whose message lies behind the room for its head; `before`: the frame before has this hash. Returns its
// own, which stands in the head. A frame that is read is sealed once more, and must come out the same.
uint64_t backup_frame_seal(uint8_t *frame, uint32_t message_bytes, uint64_t before);

// ---- reading

struct backup_summary {
    char node[NAME_MAX_BYTES + 1];
    uint64_t boot, begun_ms;
    struct backup_totals totals;
};

// Reads the file, all of it, and that a store with these options can hold it. False: the problem says what is wrong
// with it and where.
MUST_USE bool backup_verify(const char *path, const struct store_options *options, struct backup_summary *ret_summary,
                            struct problem *ret_problem);
// Fills the disk, which must be empty, and waits until all is on stable storage; `wait` is called meanwhile. What is
// left after a failure does not open.
MUST_USE bool backup_restore(const char *path, const struct store_options *options, struct disk *disk,
                             void (*wait)(void), struct problem *ret_problem);

#endif
