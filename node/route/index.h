// The index behind route.h, for build.c (lays it out, fills it once) and route.c (changes and questions) only.
#ifndef NODE_ROUTE_INDEX_H
#define NODE_ROUTE_INDEX_H

#include "node/route/route.h"

#define ROUTE_NONE UINT32_MAX
#define ROUTE_LEAF_PLACES 4
#define ROUTE_CLASS_WORDS_MAX 16  // a box knows its kinds in this many words; more than 1024 kinds share bits

// Agents are sorted by (place, kind, agent); an agent's number in that order is its slot. A bucket is a run of slots, a
// place a run of buckets, a leaf of the tree a run of places.
struct route_bucket {
    uint32_t first;  // slot
    uint32_t kind;
    uint32_t place;
    uint32_t head;  // the slot that goes first; ROUTE_NONE: nobody is available
};

struct route_place {
    struct sphere_point at;
    uint32_t bucket;  // the first
};

struct route_box {  // around all places below
    int32_t min[3], max[3];
};

enum route_entry_type {
    ROUTE_ENTRY_BOX,
    ROUTE_ENTRY_PLACE,
    ROUTE_ENTRY_BUCKET,
};

// What a question has still to look at. A box or place stands before all agents at its distance, a bucket for its head.
struct route_entry {
    int64_t chord2;
    uint64_t idle_since_ms;
    uint32_t agent;
    enum route_entry_type type;
    uint32_t number;
};

struct route {
    uint32_t agents, kinds, places, buckets;
    uint32_t leaves;       // a power of two; box 1 is the root, boxes `leaves` and up are the leaves
    uint32_t kind_words;   // 64 kinds each
    uint32_t class_words;  // of a box; kind k has bit k modulo 64 * class_words
    uint32_t available;

    uint32_t *slot_of;   // by agent
    uint32_t *agent_of;  // by slot, as the next four
    uint32_t *bucket_of;
    uint64_t *idle_since_ms;
    bool *is_available;
    uint32_t *tournament;      // of the bucket with slots f to f+m-1: winners 2f+1 to 2f+2m-1, the root first
    struct route_entry *heap;  // scratch of a question; build sorts in it

    struct route_place *place;    // one more than there are, as a sentinel
    struct route_bucket *bucket;  // the same
    struct route_box *box;
    uint64_t *box_classes;            // class_words for each box: the kinds available in it
    uint32_t *kind_first;             // by kind, and a sentinel: where its buckets begin in the next one
    uint32_t *kind_bucket;            // buckets, sorted by kind
    uint64_t *present;                // by kind, kind_words: is one available anywhere?
    uint32_t *available_of;           // by kind
    uint64_t *speak[ROUTE_SET_BITS];  // by language: which kinds speak it, kind_words
    uint64_t *can[ROUTE_SET_BITS];    // by skill: which kinds have it
    uint64_t *wanted;                 // scratch: the kinds that meet a need
    uint64_t wanted_classes[ROUTE_CLASS_WORDS_MAX];
};

#endif
