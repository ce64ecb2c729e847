// What peers.c (life, questions, sending), peers_heartbeat.c (said and heard), peers_boot.c (which boot lives, whose
// link works), peers_relay.c (who is up, which way) and peers_cards.c (who there is) share. Nobody else's.
#ifndef CLUSTER_PEERS_PEERS_INSIDE_H
#define CLUSTER_PEERS_PEERS_INSIDE_H

#include "cluster/peers/peers.h"
#include "cluster/wire/arena.h"

#include "peer.pb-c.h"

#define PEERS_NAMES 256  // places of the table of names; a power of two, well over PEERS_MAX
#define PEERS_BUDGET_BYTES ((size_t)4 * 1024 * 1024)  // an envelope unpacked
#define PEERS_KNOWN_MS 1000
#define PEERS_RTT_MAX_US 1000000u  // a longer one counts as this: three of them are the longest silence endured
#define PEERS_NEARER_PART 8        // another relay is taken when it is nearer by more than this part of its way
#define PEERS_RELAYS_SINCE 2       // this protocol
#define PEERS_FORMER_MS 5000       // what others say of a boot that was outlived here is old for so long

struct report {         // what a peer says in its heartbeats of a third node
    uint64_t boot;      // the one it hears, 0: none
    uint64_t alive_us;  // when it had heard it last, by our clock
    uint32_t rtt_us;
    uint32_t speaks;
    bool linked;  // the two hear each other, without a relay
};

struct entry {
    struct peer peer;
    char control[PEERS_ENDPOINT_MAX_BYTES + 1];  // where the link goes; a configured one stays as configured
    char bulk[PEERS_ENDPOINT_MAX_BYTES + 1];
    bool configured;
    bool carded;  // its own heartbeat has told its card
    struct report of_us;

    // Of the current boot.
    uint64_t since_us;       // since when it is the current one
    uint64_t heard_from_us;  // when its silence began: last heartbeat, or the end of a stall of ours
    uint64_t hears_from_us;  // the same of heartbeats that say it hears us
    bool hears;
    bool linked;                       // heard, and hears us: up without a relay
    uint32_t link_rtt_us;              // smoothed, 0: not measured
    struct report reports[PEERS_MAX];  // of the peer of that index
    uint64_t their_sent_us;            // of its last heartbeat, its clock
    uint64_t their_sent_here;          // and when that came, ours
    // The latest moment, by our clock, at which some boot of this name is known to have lived: one of our own sent_us
    // that came back, or when a relay had heard it. Never goes back, whichever boot is current.
    uint64_t proof_us;
    uint64_t rival_boot;              // another boot seen while the current one was heard
    uint64_t former_boot, former_us;  // the one before, and when it ended here
};

struct peers {
    struct world *world;
    struct peers_options options;
    struct peers_events events;
    struct peers_counts counts;
    struct entry entries[PEERS_MAX];
    uint32_t count;
    uint8_t names[PEERS_NAMES];  // index of an entry plus one; 0: free. Names are never taken out
    bool going, draining, restored;
    uint64_t feed_seq;
    uint64_t ran_us;        // when this loop was last seen to run
    uint64_t stall_end_us;  // what was sent before measures the stall, not the way
    uint64_t sent_us;       // of our last heartbeat: each has its own, so that the later one is known
    uint64_t next_beat_us;
    uint64_t next_known_us;
    uint32_t relayed_now;  // for others, since our last heartbeat
    struct arena arena;
    struct bytes scratch;
};

// ---- peers.c

struct entry *peers_entry(struct peers *self, const char *name);  // NULL: none
void peers_name(struct peers *self, struct entry *entry, const char *name);
bool peers_post(struct peers *self, const struct entry *entry, Peer__Envelope *envelope);  // never by a relay
bool peers_pack(struct peers *self, const struct entry *link, const Peer__Envelope *envelope);
// NULL: over the bound or an invalid endpoint.
struct entry *peers_new(struct peers *self, const struct peers_card *card);
bool peers_move(struct peers *self, struct entry *entry, const char *control, const char *bulk);
void peers_take_back(struct peers *self, struct entry *entry);  // no longer let go

static inline uint32_t peers_version_said(uint32_t field)  // absent from the first version's messages
{
    return field == 0 ? PEERS_PROTOCOL_OLDEST : field;
}

static inline uint32_t peers_index(const struct peers *self, const struct entry *entry)
{
    return (uint32_t)(entry - self->entries);
}

// ---- peers_boot.c

// Whether a heartbeat of this boot may be believed; makes it the current boot when it is a new one.
bool peers_admit(struct peers *self, struct now now, struct entry *entry, uint64_t boot, uint64_t proof_us);
// Another boot is the current one: the old one is down before anything of the new one is seen.
void peers_adopt(struct peers *self, struct now now, struct entry *entry, uint64_t boot);
// Finds out whether the peer is heard, and hears this node.
void peers_judge(struct peers *self, struct now now, struct entry *entry);
uint64_t peers_bound_us(const struct peers *self, const struct entry *entry);
// The loop runs: after a gap every silence starts anew.
void peers_ran(struct peers *self, struct now now);

// ---- peers_relay.c

void peers_note_reports(struct peers *self, struct now now, struct entry *entry, const Peer__Heartbeat *beat);
// Finds out whether the peer is up, and by which way, and says so when that has changed.
void peers_route(struct peers *self, struct now now, struct entry *entry);
void peers_take_way(struct peers *self, struct entry *entry, bool is_up, int32_t via);  // and says so
uint64_t peers_way_ends_us(const struct peers *self, const struct entry *entry);  // when its relay hears it no more
bool peers_may_be_relayed(const Peer__Envelope *envelope);
// Hands on what the sender of an envelope of so many bytes asks this node to.
void peers_relay(struct peers *self, Peer__Envelope *envelope, size_t bytes);

// ---- peers_cards.c

bool peers_card_from(const Peer__NodeCard *message, struct peers_card *ret);
void peers_card_to(const struct peers_card *card, Peer__NodeCard *ret);
// Who says this of itself; made when it is unknown. NULL: no room, or no card to reach it by.
struct entry *peers_card_own(struct peers *self, const char *name, const Peer__NodeCard *card);
// Takes over what it says of itself, once its boot is believed.
void peers_card_update(struct peers *self, struct entry *entry, const Peer__NodeCard *card);
// What another says of a third.
void peers_card_known(struct peers *self, const Peer__NodeCard *card);

// ---- peers_heartbeat.c

void peers_beat(struct peers *self, struct now now, struct entry *only);  // NULL: to all
void peers_hear(struct peers *self, struct now now, const Peer__Envelope *envelope);

#endif
