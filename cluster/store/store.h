// All records in memory, where they stand in their feeds, and a running digest. What one turn changes is collected
// and handed to the disk as one batch. Knows no calls: a body is bytes. One thread.
//
// Always true: a record has one place, (owner, boot, seq) of its newest version; the digest is the sum over all
// stored records of kinds that come to rest; a version that loses is not kept.
#ifndef CLUSTER_STORE_STORE_H
#define CLUSTER_STORE_STORE_H

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"
#include "cluster/base/problem.h"
#include "cluster/base/text.h"
#include "cluster/world/disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_BUCKETS 256
#define STORE_OWNERS_MAX 1024  // node names ever seen
#define STORE_FEEDS_MAX 65536
#define STORE_RECORD_MAX_BYTES ((size_t)256 * 1024)  // id and body

struct version {
    uint64_t attach;
    const char *owner;  // interned in the store once it is in a record; otherwise lent
    uint64_t boot;
    uint64_t seq;
};

// <0, 0, >0 by (attach, owner bytewise, boot, seq).
int version_compare(const struct version *a, const struct version *b);

struct record {  // owned by the store; body and id are lent until the next change of that record
    uint8_t kind;
    const char *id;
    struct version version;
    uint64_t born_ms;
    struct span body;
};

struct store;

struct store_options {
    const char *node;  // copied: the owner of what is put here
    uint64_t boot;
    uint64_t records_max;
    uint64_t owner_records_max;   // with their place in one owner's feeds; 0: records_max
    uint64_t horizon_kind_mask;   // bit k: records of kind k are subject to the horizon
    uint64_t restless_kind_mask;  // and these are written so often that no digest covers them
    uint64_t wall_ms;             // now, for a store that is new; 0: its age does not matter
};

enum store_taken {
    STORE_TAKEN,    // newer than what was here
    STORE_OLDER,    // loses against what is here, or is the same
    STORE_PURGED,   // born before the horizon
    STORE_REFUSED,  // out of range or over a bound; counted
};

struct store_counts {
    uint64_t records;
    uint64_t in_digest;  // of them: what the digest covers
    uint64_t bytes;      // memory, indexes counted
    uint64_t feeds;
    uint64_t refused;  // records not taken: over a bound
    uint64_t clashes;  // one version, two bodies: a fault
};

struct store *store_create(const struct store_options *options);
void store_free(struct store *self);
// Reads everything from the disk: call once, before anything else. The disk is lent until store_free.
MUST_USE bool store_open(struct store *self, struct disk *disk, struct problem *ret_problem);

const struct record *store_find(const struct store *self, uint8_t kind, const char *id);
// In any order, the same in every run. The callback must not change the store.
typedef void store_visit(void *context, const struct record *record);
void store_each(const struct store *self, uint8_t kind, store_visit *visit, void *context);
uint64_t store_digest(const struct store *self);
void store_buckets(const struct store *self, uint64_t ret_buckets[STORE_BUCKETS]);
void store_bucket_each(const struct store *self, uint32_t bucket, store_visit *visit, void *context);
// Visits the records behind the one named (kind 0: all), in an order of the store's own, until `visit` says stop
// (false; that record counts as not visited). Whatever is there from the first call to the last is visited, though
// others come, change and go between two calls; some twice. Returns whether the end was reached.
typedef bool store_scan_visit(void *context, const struct record *record);
bool store_walk(const struct store *self, uint8_t kind, const char *id, store_scan_visit *visit, void *context);
struct store_counts store_counts(const struct store *self);

// This node's own change: the next seq of its own feed. NULL (counted): over a bound, born before the horizon, or it
// loses against what is here, which is then another's and newer.
const struct record *store_put(struct store *self, uint8_t kind, const char *id, uint64_t attach, uint64_t born_ms,
                               struct span body);
// Another's record, by feed or mending. `foreign.body` and texts are copied. ret_record (may be NULL): what is here
// now.
enum store_taken store_take(struct store *self, const struct record *foreign, const struct record **ret_record);
// Removes records of the kinds in the mask that were born before it, and refuses them from now on. Never goes back;
// kept on disk. `removed` (may be NULL) sees each before it goes. Returns how many.
uint64_t store_set_horizon(struct store *self, uint64_t horizon_ms, store_visit *removed, void *context);

// ---- feeds

struct feed_info {
    const char *owner;
    uint64_t boot;
    uint64_t cursor;   // all up to here is held, as far as it is newest
    uint64_t records;  // with their place in this feed
};

uint64_t store_last_seq(const struct store *self);                                  // of the own feed
uint64_t store_cursor(const struct store *self, const char *owner, uint64_t boot);  // 0: unknown. Own: last seq
void store_advance_cursor(struct store *self, const char *owner, uint64_t boot, uint64_t cursor);  // never back
uint32_t store_feeds(const struct store *self, struct feed_info *ret_feeds,
                     uint32_t room);  // returns how many there are, the own one too
// Visits the records of a feed with after < seq <= upto in order, until `visit` says stop (false; that record counts as
// not visited). Returns the seq up to which everything was visited: `upto` at the end.
uint64_t store_scan(const struct store *self, const char *owner, uint64_t boot, uint64_t after, uint64_t upto,
                    store_scan_visit *visit, void *context);

// ---- durability

// Hands what changed since the last flush to the disk as one batch, records and cursors together.
// Returns its number; when nothing changed, the last one's.
uint64_t store_flush(struct store *self);
// Up to which seq (own feed) or cursor (others') all is on stable storage; moves as disk_written does.
uint64_t store_stored(struct store *self, const char *owner, uint64_t boot);

// ---- how far back it remembers

// Wall clock: since then all that was stored here was kept. A store that is new, or was made from a backup, is young.
uint64_t store_kept_since_ms(const struct store *self);
// Made from a backup that was begun then, and not known to have caught up with what happened since; 0: no. On disk.
uint64_t store_restored_ms(const struct store *self);
void store_end_restored(struct store *self);
// For backup.c, which fills a store from a file: such a store does not open until it is restored whole.
void store_begin_restoring(struct store *self);
void store_set_restored(struct store *self, uint64_t begun_ms);

// Of its row in DISK_RECORDS; `to` lends it.
#define STORE_KEY_MAX_BYTES (1 + CALL_ID_MAX_BYTES)
struct span store_key(uint8_t kind, const char *id, uint8_t to[STORE_KEY_MAX_BYTES]);

#endif
