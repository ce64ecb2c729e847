// What store.c (records), store_feeds.c (feeds, owners) and store_disk.c (reading and writing) share. Nobody else's.
#ifndef CLUSTER_STORE_STORE_INSIDE_H
#define CLUSTER_STORE_STORE_INSIDE_H

#include "cluster/base/text.h"
#include "cluster/store/feed_index.h"
#include "cluster/store/store.h"
#include "cluster/store/tables.h"

#define STORE_KINDS 256

struct entry {
    struct record record;  // id lies below; body is its own memory
    UT_hash_handle hh;     // in its shelf, by id
    struct store_feed *feed;
    uint64_t hash;         // its part of the digest
    uint32_t dirty_place;  // in store.dirty, plus one; 0: not changed since the last flush
    char id[];
};

// The records of one kind in one bucket: a table of its own, so that a bucket is listed without a list, tables grow
// in small steps, and the horizon passes over what holds nothing old.
struct shelf {
    struct entry *entries;
    uint64_t born_min;  // none is older
};

struct store_kind {
    struct shelf shelves[STORE_BUCKETS];
};

struct store_owner {
    UT_hash_handle hh;
    uint64_t records;  // with their place in a feed of this owner
    char name[];
};

struct feed_key {
    const char *owner;  // interned, so that the address says all
    uint64_t boot;
};

struct store_feed {
    struct feed_key key;
    struct feed_index index;
    uint64_t cursor;   // own feed: the last seq
    uint64_t stored;   // the cursor on stable storage
    uint32_t pending;  // in store.pending
    bool dirty;        // its cursor moved since the last flush
    UT_hash_handle hh;
};

static inline struct store_owner *store_owner_of(const struct store_feed *feed)
{
    return (struct store_owner *)(void *)((char *)(uintptr_t)feed->key.owner - offsetof(struct store_owner, name));
}

struct pending_cursor {  // on stable storage once this batch is
    uint64_t batch;
    struct store_feed *feed;
    uint64_t cursor;
};

struct store {
    char node[NAME_MAX_BYTES + 1];
    uint64_t boot;
    uint64_t records_max, owner_records_max;
    uint64_t horizon_kind_mask, restless_kind_mask;
    uint64_t horizon_ms;
    uint64_t wall_ms, kept_since_ms, restored_ms;
    struct store_kind *kinds[STORE_KINDS];  // NULL: none of that kind yet
    struct store_owner *owners;
    struct store_feed *feeds;
    struct store_feed *own;
    uint64_t buckets[STORE_BUCKETS];
    uint64_t records, restless_records;  // all, and those that are in no digest
    uint64_t record_bytes;               // memory of entries and bodies
    uint64_t refused;
    uint64_t clashes;
    bool reading;  // store_open: feeds are sorted at its end, and nothing read is dirty
    struct bytes scratch;

    struct disk *disk;
    struct disk_batch *batch;  // of this turn; NULL: nothing changed that is not in the lists below
    uint64_t last_batch;
    struct entry **dirty;  // NULL where it was purged
    uint32_t dirty_count, dirty_capacity;
    struct store_feed **dirty_feeds;
    uint32_t dirty_feeds_count, dirty_feeds_capacity;
    struct pending_cursor *pending;  // a queue from `pending_first` on
    uint32_t pending_first, pending_count, pending_capacity;
};

// ---- store.c

// Takes a record of any owner, its place and its part of the digest; the rules of store_take.
enum store_taken store_settle(struct store *self, const struct record *record, struct entry **ret_entry);

// ---- store_feeds.c

// NULL: unknown.
struct store_feed *store_find_feed(const struct store *self, const char *owner, uint64_t boot);
// Makes it when it is unknown. NULL: over a bound.
struct store_feed *store_need_feed(struct store *self, const char *owner, uint64_t boot);
void store_free_feeds(struct store *self);
uint64_t store_feeds_bytes(const struct store *self);  // memory

// ---- store_disk.c

struct disk_batch *store_batch(struct store *self);  // of this turn
void store_move_cursor(struct store *self, struct store_feed *feed, uint64_t cursor);
void store_mark_dirty(struct store *self, struct entry *entry);
void store_mark_purged(struct store *self, struct entry *entry);
void store_mark_horizon(struct store *self);
void store_forget_feed(struct store *self, const struct store_feed *feed);  // on disk

#endif
