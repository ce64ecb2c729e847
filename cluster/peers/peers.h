// Who else is there: heartbeats, who hears whom, round trips, clock skew; and the envelope every message between nodes
// travels in. A peer is up when it is heard and hears this node, or when a third, the relay, hears and is heard by
// both; down after down_after_ms without (never under three measured round trips, each at most a second). Silence
// counts only while this loop ran: after a gap of more than 500 ms it starts anew. Peers that were not configured are
// learnt from the heartbeats of others. One thread.
#ifndef CLUSTER_PEERS_PEERS_H
#define CLUSTER_PEERS_PEERS_H

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"
#include "cluster/base/text.h"
#include "cluster/world/world.h"

#include <stdbool.h>
#include <stdint.h>

#define PEERS_MAX WORLD_LINKS_MAX
#define PEERS_ENDPOINT_MAX_BYTES 255
#define PEERS_PROTOCOL_OLDEST 1
#define PEERS_PROTOCOL 3  // the newest; see proto/README.md
#define PEERS_STALL_MS 500
#define PEERS_PROGRAM_MAX_BYTES 31
#define PEERS_RELAY_MAX 20000  // messages that a node carries for others between two of its heartbeats
#define PEERS_RELAY_MAX_BYTES ((size_t)64 * 1024)

struct Peer__Envelope;

struct peers_card {  // how to reach a node and where it stands
    char name[NAME_MAX_BYTES + 1];
    char site[NAME_MAX_BYTES + 1];
    char control[PEERS_ENDPOINT_MAX_BYTES + 1];
    char bulk[PEERS_ENDPOINT_MAX_BYTES + 1];
    char client[PEERS_ENDPOINT_MAX_BYTES + 1];
    int32_t lat_udeg;
    int32_t lon_udeg;
};

struct peers_options {
    struct peers_card self;
    uint64_t boot;
    uint32_t heartbeat_ms;
    uint32_t down_after_ms;
    uint32_t speaks;         // no message of a later protocol is sent, heard or carried; 0: PEERS_PROTOCOL
    const char *program;     // its version, lent; NULL: not said
    uint64_t kept_since_ms;  // told: wall clock, since when this node's disk has kept all it stored
};

// Called from peers_receive and peers_tick; `peer` is an index below PEERS_MAX that stays for the life of the process.
struct peers_events {
    void *context;
    void (*up)(void *context, uint32_t peer);
    void (*moved)(void *context, uint32_t peer);  // it stays up, and is reached another way: `via` has changed
    void (*down)(void *context, uint32_t peer);   // also when the same name comes back with another boot, before its up
    void (*talk)(void *context, uint32_t peer, struct span message);
    // An envelope of the bulk kind, for the feed. Lent.
    void (*bulk)(void *context, uint32_t peer, const struct Peer__Envelope *envelope);
};

struct peer {  // questions only
    struct peers_card card;
    uint64_t boot;                              // the last heard, 0: never
    uint32_t speaks;                            // the newest protocol that this boot said it understands
    char program[PEERS_PROGRAM_MAX_BYTES + 1];  // its version, as it said itself
    bool up;
    int32_t via;             // the peer that carries what is sent to it, -1: none is needed, or it is down
    bool heard;              // within the bound, without a relay, though it may not hear us
    bool going;              // said that it stops
    bool draining;           // said that it takes no clients
    bool restored;           // said that it was made from a backup, and makes no call-backs yet
    uint64_t kept_since_ms;  // said that its disk has kept all since then; 0: not said
    bool let_go;             // nothing goes to it any more, until it, or another of it, is heard
    uint32_t rtt_us;         // smoothed, by way of the relay if there is one; 0: not measured
    int32_t skew_ms;         // its wall clock minus ours
    uint64_t feed_seq;       // last number of its own feed that it told
    uint64_t last_heard_us;
};

struct peers_counts {
    uint64_t received;
    uint64_t malformed;
    uint64_t misdirected;     // for another node, or an older boot of a peer
    uint64_t of_another;      // named another sender than the one whose key carried it
    uint64_t not_understood;  // of a later protocol, or with an unknown body
    uint64_t not_sent;
    uint64_t not_spoken;  // of those: the peer would not understand it
    uint64_t sent_by_relay;
    uint64_t relayed;        // handed on for others
    uint64_t relay_dropped;  // of those: too many or too large, or the way on is not there
    uint32_t by_relay;       // peers that are up by a relay now
    uint64_t stalls;         // gaps of this loop
    uint64_t learnt;         // peers that were not configured
    uint64_t over_bound;     // peers beyond PEERS_MAX
};

struct peers;

// The world is lent; events are copied.
struct peers *peers_create(struct world *world, const struct peers_options *options, const struct peers_events *events);
void peers_free(struct peers *self);
// Configured peers: only control and bulk (and, when known, the name) are needed. Known ones are updated.
// False: over the bound or an invalid endpoint.
bool peers_add(struct peers *self, const struct peers_card *card);

// A peer that is not heard is not looked for any more; its index stays its own.
void peers_let_go(struct peers *self, uint32_t peer);

uint32_t peers_count(const struct peers *self);  // 0 .. count-1 are valid
const struct peer *peers_at(const struct peers *self, uint32_t peer);
const char *peers_via(const struct peers *self, uint32_t peer);  // the relay's name; "": none
int32_t peers_find(const struct peers *self, const char *name);  // -1: none
// This node itself, in this boot, or a peer that is up in that boot.
bool peers_owner_up(const struct peers *self, const char *owner, uint64_t boot);
bool peers_is_self(const struct peers *self, const char *owner, uint64_t boot);
// Some node that lives hears `name` in this boot: this one does, or one that it hears says so. Down for this node and
// heard by a third is cut off, not dead.
bool peers_is_heard_by_any(const struct peers *self, const char *name, uint64_t boot);
// How `from` sees its link to `to` (-1: this node), by its last heartbeat. False: it is not heard here, or that one is
// not up for it.
struct peers_seen {
    bool linked;  // both hear each other, without a relay
    uint32_t rtt_us;
};
bool peers_sees(const struct peers *self, uint32_t from, int32_t to, struct peers_seen *ret_seen);
struct peers_counts peers_counts(const struct peers *self);

// `sender`: the node whose key carried it; "" in a world without keys, where the envelope is believed.
void peers_receive(struct peers *self, struct now now, const char *sender, struct span envelope);
// Call at least every heartbeat_ms: sends heartbeats, finds who is down. Returns when it wants to be called next.
uint64_t peers_tick(struct peers *self, struct now now, uint64_t feed_seq);
// Heartbeats that say this node stops.
void peers_say_going(struct peers *self, struct now now);
void peers_set_draining(struct peers *self, bool draining);  // told with every heartbeat
void peers_set_restored(struct peers *self, bool restored);  // as well

// Fills from, from_boot, to and relay, packs and sends; protocol, too, unless it is set. False: not sent (counted). By
// a relay go only talk, feeds_tell and feed_ack: everything else of a feed a third has itself.
bool peers_send(struct peers *self, uint32_t peer, struct Peer__Envelope *envelope);
// `protocol`: the oldest version that understands this talk.
bool peers_send_talk(struct peers *self, uint32_t peer, struct span talk, uint32_t protocol);

#endif
