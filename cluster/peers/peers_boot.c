#include "cluster/peers/peers_inside.h"

#include "cluster/base/rule.h"

#include <string.h>

// A heartbeat of the current boot may always be believed. Of two boots of one name the order of their numbers decides
// nothing, and an old one's messages may come late or twice, so that hearing a boot often proves nothing either. What a
// dead boot cannot do is to send back what this node said after its death. `proof_us` is the latest sent_us of ours
// that came back from the name; another boot takes over
// - when it sends back a later one: it has lived longer than the current one is known to have. That takes a second
//   heartbeat of it at least, since it must have heard this node first;
// - when the current one is heard by nobody here, and it sends back nothing at all: it may not have heard us yet.
// A boot that sends back something older has been outlived and never returns. Two live processes under one name, which
// is a fault, take turns; both are counted as misdirected. Of a peer that is not heard here, a relay's word is taken:
// it has gone by the same rule (peers_relay.c).
bool peers_admit(struct peers *self, struct now now, struct entry *entry, uint64_t boot, uint64_t proof_us)
{
    if (boot != entry->peer.boot) {
        bool is_later = proof_us > entry->proof_us;
        bool is_first = proof_us == 0 && !entry->peer.heard && !entry->peer.up;
        if (!is_later && !is_first) {
            self->counts.misdirected++;
            // Let it hear this node, so that it can prove itself at its next heartbeat.
            if (proof_us == 0 && entry->rival_boot != boot) {
                entry->rival_boot = boot;
                peers_beat(self, now, entry);
            }
            return false;
        }
        peers_adopt(self, now, entry, boot);
    }
    if (proof_us > entry->proof_us)
        entry->proof_us = proof_us;
    return true;
}

void peers_adopt(struct peers *self, struct now now, struct entry *entry, uint64_t boot)
{
    struct peer *peer = &entry->peer;
    entry->hears = entry->linked = false;
    peers_take_way(self, entry, false, -1);
    entry->former_boot = peer->boot;
    entry->former_us = now.mono_us;
    peer->boot = boot;
    entry->since_us = now.mono_us;
    peer->heard = peer->going = peer->draining = peer->restored = false;
    peer->kept_since_ms = 0;
    peer->speaks = PEERS_PROTOCOL_OLDEST;
    peer->program[0] = '\0';
    peer->feed_seq = 0;
    memset(entry->reports, 0, sizeof entry->reports);
    entry->of_us = (struct report){0};
    entry->their_sent_us = 0;
    entry->rival_boot = 0;
}

uint64_t peers_bound_us(const struct peers *self, const struct entry *entry)
{
    uint64_t down_after_us = (uint64_t)self->options.down_after_ms * 1000;
    uint64_t three_trips_us = (uint64_t)entry->link_rtt_us * 3;
    return down_after_us > three_trips_us ? down_after_us : three_trips_us;
}

void peers_judge(struct peers *self, struct now now, struct entry *entry)
{
    uint64_t bound_us = peers_bound_us(self, entry);
    if (entry->peer.heard && now.mono_us - entry->heard_from_us > bound_us)
        entry->peer.heard = false;
    if (entry->hears && now.mono_us - entry->hears_from_us > bound_us)
        entry->hears = false;
    entry->linked = entry->peer.heard && entry->hears && !entry->peer.going;
}

void peers_ran(struct peers *self, struct now now)
{
    uint64_t gap_us = now.mono_us - self->ran_us;
    bool is_first = self->ran_us == 0;
    self->ran_us = now.mono_us;
    if (!RULE(stall_is_no_silence) || is_first || gap_us <= (uint64_t)PEERS_STALL_MS * 1000)
        return;
    self->counts.stalls++;
    self->stall_end_us = now.mono_us;
    for (uint32_t i = 0; i < self->count; i++) {
        struct entry *entry = &self->entries[i];
        entry->heard_from_us = entry->hears_from_us = now.mono_us;
        for (uint32_t k = 0; k < self->count; k++)
            entry->reports[k].alive_us = now.mono_us;
    }
}
