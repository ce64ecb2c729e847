// Between feed.c, serving.c and digest.c.
#ifndef CLUSTER_FEED_PRIVATE_H
#define CLUSTER_FEED_PRIVATE_H

#include "cluster/feed/feed.h"

#include "peer.pb-c.h"

#include <utlist.h>

#define UNACKED_CHUNKS_MAX 64

struct source {  // a feed we follow
    struct source *prev, *next;
    char *owner;
    uint64_t boot;
    int32_t server;            // who was asked; -1: nobody
    uint64_t heard_us;         // the server's last chunk, or our asking
    uint64_t told[PEERS_MAX];  // the cursor each peer told
    uint64_t goal[PEERS_MAX];  // what it told at our first meeting
    uint64_t acked_stored;     // told to the server
    uint64_t told_cursor;      // told to the others
    bool fresh;                // not told to the others yet
};

struct unacked {
    uint64_t upto;
    size_t bytes;
};

struct reader {  // a peer that follows a feed from us
    struct reader *prev, *next;
    uint32_t peer;
    char *owner;
    uint64_t boot;
    uint64_t sent;
    uint64_t stored;
    struct unacked unacked[UNACKED_CHUNKS_MAX];
    uint32_t unacked_count;
    size_t unacked_bytes;
};

struct meeting {  // with one peer
    bool told;    // it has told its feeds since it came up
    bool met;     // once in our boot
    bool swept;
    uint64_t theirs[STORE_BUCKETS], ours[STORE_BUCKETS];  // at the last comparison
    uint64_t compared_us;
    uint64_t compare_again_us;  // 0: not asked for
};

struct feed {
    struct world *world;
    struct store *store;
    struct peers *peers;
    struct feed_options options;
    struct feed_events events;
    struct source *sources;
    struct reader *readers;
    struct meeting meetings[PEERS_MAX];
    struct feed_counts counts;
    uint64_t next_digest_us, next_tell_us, next_tick_us;
    uint32_t digest_turn;
};

// What a peer sent is taken into the store; records that are newer go up. `mending`: because digests differed.
void feed_take(struct feed *self, Rec__Record *const *records, size_t count, bool mending);

// serving.c
void serving_ask(struct feed *self, uint32_t peer, const Peer__FeedAsk *ask);
void serving_ack(struct feed *self, uint32_t peer, const Peer__FeedAck *ack);
void serving_push(struct feed *self);
void serving_forget(struct feed *self, uint32_t peer);

// digest.c
void digest_tell(struct feed *self, uint32_t peer);
void digest_told(struct feed *self, struct now now, uint32_t peer, const Peer__DigestTell *tell);
void digest_bucket(struct feed *self, uint32_t peer, const Peer__BucketTell *tell);
void digest_wanted(struct feed *self, uint32_t peer, const Peer__BucketWant *want);
void digest_tick(struct feed *self, struct now now);

// Records packed into messages of bounded size: chunks of a feed, and mends.
struct record_list {
    Rec__Record *messages;
    Rec__Version *versions;
    Rec__Record **pointers;
    size_t count, capacity, bytes;
};
void record_list_add(struct record_list *list, const struct record *record);
void record_list_clear(struct record_list *list);
void record_list_close(struct record_list *list);

#endif
