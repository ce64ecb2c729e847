// What the files of this folder share. Nobody else's.
#ifndef CLUSTER_FEED_FEED_INSIDE_H
#define CLUSTER_FEED_FEED_INSIDE_H

#include "cluster/feed/feed.h"
#include "cluster/store/tables.h"

#include "peer.pb-c.h"

#define FEED_TICK_MS 100
#define FEED_AGED_MS 1000        // of the lags that others are said to have
#define FEED_TELL_MS 500         // what moved is told this often
#define FEED_TELL_AT_ONCE_MS 20  // at most this often when there is a new feed
#define FEED_TELL_AGAIN_MS 1000  // ... and some that did not move, in turn,
#define FEED_TELL_AGAIN_MAX 32   // this many, so that what was lost heals
#define FEED_TELL_PART_FEEDS 512
#define FEED_TELL_PARTS_MAX 256
#define FEED_SWEEPS_MAX 8                        // feeds that one server is asked for at once
#define FEED_UNACKED_CHUNKS 1024                 // under way to one reader of one feed
#define FEED_ACK_BYTES (FEED_UNACKED_BYTES / 4)  // received is told after so much, or
#define FEED_ACK_CHUNKS 64                       // so many, or with the next tick
#define FEED_ACK_AGAIN 2                         // an ack is said so often again, a second apart
#define FEED_RETURN_MS 2000                      // from a third to the owner, at the earliest
#define FEED_RETRY_MS 20                         // after a message could not be sent
#define FEED_NO_MORE UINT64_MAX

#define DIGEST_SOON_MS 1000   // after a peer went down, a difference, or when it was not the time
#define DIGEST_GREET_MS 2000  // after a peer came up
#define DIGEST_ROUND_MS 2000  // an unanswered question is over
#define DIGEST_PATIENCE 10    // put off so often for want of rest, two nodes compare all the same
#define DIGEST_BUCKETS 16     // exchanged in a round
#define DIGEST_PART_ENTRIES 512
#define DIGEST_SEEN_MAX (1u << 20)                   // entries of one bucket
#define DIGEST_MEND_MS 10000                         // an answer may take, so many buckets being exchanged
#define DIGEST_MEND_BYTES ((size_t)2 * 1024 * 1024)  // sent to a peer in a round

struct unacked {
    uint64_t upto;
    size_t bytes;
};

struct reader {  // a peer that asked for a feed here
    struct reader *next;
    uint32_t peer;
    uint64_t sent;        // all up to here is under way
    uint64_t sweep_upto;  // the sweep's end: the cursor when it began
    bool answer;          // has asked and heard nothing yet
    uint64_t retry_us;
    struct unacked *unacked;  // a ring of FEED_UNACKED_CHUNKS; NULL while nothing was ever under way
    uint32_t first, count;
    size_t bytes;  // of them all
};

#define LANE_KEY_MAX_BYTES (NAME_MAX_BYTES + 8)

struct lane {  // one feed as it is known here. Lanes are never taken out, so that parts of a telling stay the same
    UT_hash_handle hh;
    uint8_t key[LANE_KEY_MAX_BYTES];
    char owner[NAME_MAX_BYTES + 1];
    uint64_t boot;
    bool own;
    uint64_t cursor;  // as the store has it; of the own lane see lane_cursor

    uint64_t *told;  // what each peer is known to hold
    uint32_t told_room;

    // Followed: from one server at a time.
    int32_t server;  // -1: not asked for
    int32_t former;  // asked before, whose chunks may still be under way until
    uint64_t former_until_us;
    bool answered;  // the server has, since it was asked
    uint64_t asked_us;
    uint64_t lags_us;   // since when it lags
    uint64_t heard_us;  // the server's last word, or our asking
    uint32_t attempts;  // servers that fell silent since something came
    uint32_t lagging;   // place in feed.lagging, plus one
    uint32_t to_ack;    // place in feed.to_ack, plus one
    int32_t source;     // who sent the last chunk
    uint64_t acked_received, acked_stored;
    size_t bytes;  // received since the last ack
    uint32_t chunks;
    uint32_t acks_again;

    // Served.
    struct reader *readers;
    uint32_t to_push;  // place in feed.to_push, plus one
    uint32_t moved;    // place in feed.moved, plus one
    bool told_ever;
};

struct lane_list {
    struct lane **lanes;
    uint32_t count, capacity;
};

struct goal {
    struct lane *lane;
    uint64_t cursor;
};

struct remote {  // a peer, as feeds and digests see it
    bool up;
    bool linked;  // without a relay: feeds and digests go between the two
    uint64_t boot;
    struct lane *lane;  // its own feed in this boot
    uint64_t stored;    // of our own feed, on its stable storage
    uint64_t aged[2];   // how far its own feed was a while ago, and a while before that

    // Its telling of all feeds since it came up.
    bool whole;
    uint32_t parts, parts_left;
    uint64_t parts_come[FEED_TELL_PARTS_MAX / 64];
    uint64_t asked_us;

    // Swept: what it told at its first meeting is held here.
    bool met, swept;
    struct goal *goals;
    uint32_t goals_count, goals_capacity;

    // Digests.
    uint64_t due_us;
    uint32_t put_off;
    uint32_t differed;  // buckets, at the last comparison
    uint32_t wait_ms;   // to the next one while they differ
    size_t mend_room;
    uint64_t mends_until_us;  // its answer to a bucket told or wanted is expected so long
    bool collecting;          // a bucket's parts
    uint32_t bucket, next_part;
    uint64_t *seen;
    uint32_t seen_count, seen_capacity;
};

// Records packed into messages of bounded size. Lent from the store: send before it changes.
struct record_list {
    Rec__Record *messages;
    Rec__Version *versions;
    Rec__Record **pointers;
    uint32_t count, capacity;
    size_t bytes, bytes_max;
};

struct feed {
    struct world *world;
    struct store *store;
    struct peers *peers;
    struct feed_options options;
    struct feed_events events;
    struct feed_counts counts;
    struct lane *table;
    struct lane_list lanes, lagging, to_ack, to_push, moved;
    struct lane *own;
    uint64_t now_us;      // of this call
    uint64_t pushed_seq;  // of the own feed
    struct remote remotes[PEERS_MAX];
    struct record_list list;
    bool advanced;  // some cursor, since it was looked who is swept
    bool seek;      // whom to ask should be decided anew
    bool tell_now;  // there is a new feed
    uint64_t told_us, told_again_us, aged_us;
    uint64_t own_aged[2];  // as a remote's
    uint32_t told_again_at;
    int32_t round;  // the peer that was asked to compare; -1: none
    uint64_t round_us;
    uint32_t digest_turn, bucket_turn;
};

// ---- lanes.c

struct lane *lane_find(const struct feed *self, const char *owner, uint64_t boot);
struct lane *lane_need(struct feed *self, const char *owner, uint64_t boot);  // NULL: out of range or over the bound
uint64_t lane_cursor(const struct feed *self, const struct lane *lane);
uint64_t lane_told(const struct lane *lane, uint32_t peer);
void lane_tell(struct feed *self, struct lane *lane, uint32_t peer, uint64_t cursor);  // never back
void lane_forget(struct lane *lane, uint32_t peer);
void lane_judge(struct feed *self, struct lane *lane);  // does it lag?
void lane_advance(struct feed *self, struct lane *lane, uint64_t cursor);
// `place` is the lane's own field for that list.
void lane_list_add(struct lane_list *list, struct lane *lane, uint32_t *place);
void lane_push(struct feed *self, struct lane *lane);
void lanes_create(struct feed *self);
void lanes_free(struct feed *self);
bool feed_send(struct feed *self, uint32_t peer, Peer__Envelope__BodyCase body_case, void *body);

// ---- telling.c

void telling_greet(struct feed *self, struct now now, uint32_t peer);
void telling_receive(struct feed *self, struct now now, uint32_t peer, const Peer__FeedsTell *tell);
void telling_moved(struct feed *self, struct now now);  // to all
void telling_flush(struct feed *self, struct now now);
void telling_tick(struct feed *self, struct now now);
void telling_look_swept(struct feed *self);

// ---- following.c

void following_up(struct feed *self, struct now now, uint32_t peer);
void following_down(struct feed *self, uint32_t peer);
void following_again(struct feed *self, struct now now, uint32_t peer);  // it forgot that it serves us
void following_chunk(struct feed *self, struct now now, uint32_t peer, const Peer__FeedChunk *chunk);
void following_seek(struct feed *self, struct now now);
void following_ack_all(struct feed *self, bool at_once);
void following_tick(struct feed *self, struct now now);
void following_ack_again(struct feed *self);

// ---- serving.c

void serving_ask(struct feed *self, uint32_t peer, const Peer__FeedAsk *ask);
void serving_ack(struct feed *self, uint32_t peer, const Peer__FeedAck *ack);
void serving_forget(struct feed *self, uint32_t peer);
void serving_flush(struct feed *self, struct now now);
void serving_close(struct lane *lane);

// ---- records.c

void record_list_clear(struct record_list *list, size_t bytes_max);
// False: it is full. One record fits into an empty one, whatever its size.
bool record_list_add(struct record_list *list, const struct record *record);
void record_list_close(struct record_list *list);
size_t records_bytes(const struct record *record);
// Into the store; what is newer goes up. Returns the bytes taken in. `lane`: the feed they must be of; NULL: mends.
size_t records_take(struct feed *self, Rec__Record *const *records, size_t count, const struct lane *lane);

// ---- digest.c

void digest_up(struct feed *self, struct now now, uint32_t peer);
void digest_down(struct feed *self, struct now now, uint32_t peer);
void digest_receive(struct feed *self, struct now now, uint32_t peer, const Peer__DigestTell *tell);
void digest_tick(struct feed *self, struct now now);

// ---- mending.c

void mending_tell(struct feed *self, uint32_t peer, uint32_t bucket);
void mending_take(struct feed *self, uint32_t peer, const Peer__Mend *mend);
void mending_receive(struct feed *self, uint32_t peer, const Peer__BucketTell *tell);
void mending_wanted(struct feed *self, uint32_t peer, const Peer__BucketWant *want);

#endif
