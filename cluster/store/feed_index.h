// Which records stand in one feed, by seq: a sorted array. Where a record left there is a hole; holes are taken out
// when they are half of it, so that appending and leaving are cheap however long the feed runs.
#ifndef CLUSTER_STORE_FEED_INDEX_H
#define CLUSTER_STORE_FEED_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct entry;

struct feed_place {
    uint64_t seq;
    struct entry *entry;  // NULL: a hole
};

struct feed_index {  // zero is empty and valid
    struct feed_place *places;
    uint32_t count, capacity, holes;
};

void feed_index_close(struct feed_index *self);
uint32_t feed_index_records(const struct feed_index *self);
// The first place with a seq larger than this; count: none.
uint32_t feed_index_after(const struct feed_index *self, uint64_t seq);
// Returns the entry that stands at this seq already, or NULL. Two may stand at one seq: a fault, but none is lost.
struct entry *feed_index_place(struct feed_index *self, uint64_t seq, struct entry *entry);
void feed_index_remove(struct feed_index *self, uint64_t seq, const struct entry *entry);  // it must be there
// Many in any order: append them all, sort once, and ask nothing in between.
void feed_index_append(struct feed_index *self, uint64_t seq, struct entry *entry);
void feed_index_sort(struct feed_index *self);

#endif
