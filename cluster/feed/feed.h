// Makes all stores equal: feeds for speed, digests for truth.
//
// Feed: "what does (owner, boot) have after n?", asked of the owner when it is up, or of the relay if it is up by one;
// otherwise of the nearest peer that holds more. The answer is a sweep in chunks, then what changes, as long as both
// live. A sweep takes over the cursor the server had when it began. At most FEED_UNACKED_BYTES are under way to one
// reader of one feed. By a relay go only who holds what, and what is stored.
// Digest: every digest_every_ms, and when a peer went down, two nodes compare 256 bucket sums and exchange, record by
// record, those that differ while no feed between them lags. One thread.
#ifndef CLUSTER_FEED_FEED_H
#define CLUSTER_FEED_FEED_H

#include "cluster/base/bytes.h"
#include "cluster/peers/peers.h"
#include "cluster/store/store.h"
#include "cluster/world/world.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_CHUNK_BYTES ((size_t)128 * 1024)
#define FEED_UNACKED_BYTES ((size_t)512 * 1024)
#define FEED_ASK_AGAIN_MS 500  // a feed that lags and is silent is asked for anew

struct feed_events {
    void *context;
    // A record came and is newer than what was here; it is in the store now.
    void (*record)(void *context, const struct record *record);
    // A peer has more of our own feed on stable storage.
    void (*stored)(void *context, uint32_t peer, uint64_t seq);
    // In this boot, this node has taken over every feed the peer told at its first meeting.
    void (*swept)(void *context, uint32_t peer);
};

struct feed_options {
    uint32_t digest_every_ms;
    uint32_t window_bytes;  // under way to one reader of one feed; 0: FEED_UNACKED_BYTES
};

struct feed_counts {
    uint64_t records_in;
    uint64_t records_out;
    uint64_t chunks_in;
    uint64_t chunks_out;
    uint64_t asks;
    uint64_t gaps;            // chunks that did not continue where the cursor was
    uint64_t refused;         // records the store did not take, out of range
    uint64_t foreign;         // records that were not the sender's to tell, and not taken
    uint64_t by_third;        // records of a feed that another than its owner served, on our asking
    uint64_t digests_differ;  // comparisons at rest that found a difference
    uint64_t mended;          // records taken because digests differed
    uint64_t malformed;       // messages out of range
};

struct feed;

struct feed *feed_create(struct world *world, struct store *store, struct peers *peers,
                         const struct feed_options *options, const struct feed_events *events);
void feed_free(struct feed *self);

void feed_peer_up(struct feed *self, struct now now, uint32_t peer);
void feed_peer_down(struct feed *self, struct now now, uint32_t peer);
void feed_peer_moved(struct feed *self, struct now now, uint32_t peer);
void feed_receive(struct feed *self, struct now now, uint32_t peer, const struct Peer__Envelope *envelope);
// End of a turn: what changed goes to the subscribers. Before store_flush, so that copying does not wait for the disk.
void feed_flush(struct feed *self, struct now now);
// The disk has written more: tells the servers of our feeds.
void feed_stored(struct feed *self, struct now now);
// Returns when it wants to be called next (mono_us).
uint64_t feed_tick(struct feed *self, struct now now);

// How many peers have our own feed up to seq on stable storage.
uint32_t feed_copies(const struct feed *self, uint64_t seq);
// What a peer's own feed has that is not here.
uint64_t feed_lag(const struct feed *self, uint32_t peer);
// Of what `owner` (-1: this node) had told a second or two ago, how much `reader` has not said to have.
uint64_t feed_lag_of(const struct feed *self, uint32_t reader, int32_t owner);
bool feed_is_swept(const struct feed *self, uint32_t peer);
struct feed_counts feed_counts(const struct feed *self);

#endif
