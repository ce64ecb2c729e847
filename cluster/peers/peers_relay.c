// Walking around a broken link. Every peer's heartbeats say whom it hears, how far away that is and how long ago it was
// last heard; of those that this node and a lost peer both hear, and that hear both, the nearest carries their messages
// on: one hop, so nothing goes in a circle. The lost peer finds a relay by the same rule for itself, not always the
// same one. The link is still tried with every heartbeat and is taken again as soon as it works.
#include "cluster/peers/peers_inside.h"

#include <string.h>

// ---- what peers say of others

void peers_note_reports(struct peers *self, struct now now, struct entry *entry, const Peer__Heartbeat *beat)
{
    memset(entry->reports, 0, sizeof entry->reports);
    entry->of_us = (struct report){0};
    for (size_t i = 0; i < beat->n_heard; i++) {
        const Peer__Heard *heard = beat->heard[i];
        int32_t index = peers_find(self, heard->name);
        bool is_us = peers_is_self(self, heard->name, heard->boot);
        if (index < 0 && !is_us)
            continue;
        uint64_t ago_us = (uint64_t)heard->silent_ms * 1000 + entry->link_rtt_us / 2;
        *(is_us ? &entry->of_us : &entry->reports[index]) =
            (struct report){.boot = heard->boot,
                            .alive_us = now.mono_us > ago_us ? now.mono_us - ago_us : 0,
                            .rtt_us = heard->rtt_us,
                            .speaks = peers_version_said(heard->speaks),
                            .linked = heard->up && !heard->relayed};
    }
}

bool peers_is_heard_by_any(const struct peers *self, const char *name, uint64_t boot)
{
    if (peers_is_self(self, name, boot))
        return true;
    int32_t index = peers_find(self, name);
    if (index < 0 || boot == 0)
        return false;
    if (self->entries[index].peer.heard && self->entries[index].peer.boot == boot)
        return true;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->entries[i].peer.heard && self->entries[i].reports[index].boot == boot)
            return true;
    return false;
}

// ---- the nearest relay

static uint64_t far_us(uint32_t rtt_us)
{
    return rtt_us != 0 ? rtt_us : PEERS_RTT_MAX_US;
}

static uint64_t way_us(const struct entry *relay, uint32_t to)
{
    return far_us(relay->link_rtt_us) + far_us(relay->reports[to].rtt_us);
}

static uint64_t heartbeats_us(const struct peers *self, uint32_t count)
{
    return (uint64_t)self->options.heartbeat_ms * 1000 * count;
}

// What a relay says of a peer counts as long as its own silence would be borne; and both what it heard and what it said
// is up to a heartbeat old.
static uint64_t report_ends_us(const struct peers *self, const struct entry *relay, uint32_t of)
{
    return relay->reports[of].alive_us + peers_bound_us(self, relay) + heartbeats_us(self, 2);
}

// All three must know of relays.
static bool all_know_relays(const struct peers *self, const struct entry *relay, uint32_t to)
{
    return self->options.speaks >= PEERS_RELAYS_SINCE && relay->peer.speaks >= PEERS_RELAYS_SINCE &&
           relay->reports[to].speaks >= PEERS_RELAYS_SINCE;
}

// Of a peer that is not heard here a relay must have heard later than this node, by a heartbeat: a dead peer is down no
// later for being spoken of.
static bool may_relay(const struct peers *self, struct now now, const struct entry *relay, const struct entry *to)
{
    uint32_t of = peers_index(self, to);
    if (!relay->linked || !relay->reports[of].linked || !all_know_relays(self, relay, of) ||
        now.mono_us > report_ends_us(self, relay, of))
        return false;
    return to->peer.heard || relay->reports[of].alive_us > to->peer.last_heard_us + heartbeats_us(self, 1);
}

static bool is_former(struct now now, const struct entry *entry, uint64_t boot)
{
    return boot == entry->former_boot && now.mono_us - entry->former_us < (uint64_t)PEERS_FORMER_MS * 1000;
}

// The nearest that reaches the peer in its current boot, or in another one. -1: none.
static int32_t nearest_relay(const struct peers *self, struct now now, const struct entry *entry, bool in_another)
{
    uint32_t to = peers_index(self, entry);
    int32_t best = -1;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct entry *relay = &self->entries[i];
        if (i == to || !may_relay(self, now, relay, entry))
            continue;
        uint64_t said = relay->reports[to].boot;
        if (said == 0 || (said != entry->peer.boot) != in_another || (in_another && is_former(now, entry, said)))
            continue;
        if (best < 0 || way_us(relay, to) < way_us(&self->entries[best], to))
            best = (int32_t)i;
    }
    return best;
}

// The one in use stays until another is clearly nearer: measured round trips waver.
static int32_t choose(const struct peers *self, struct now now, const struct entry *entry)
{
    uint32_t to = peers_index(self, entry);
    int32_t best = nearest_relay(self, now, entry, false), via = entry->peer.via;
    if (best < 0 || via < 0 || !may_relay(self, now, &self->entries[via], entry) ||
        self->entries[via].reports[to].boot != entry->peer.boot)
        return best;
    uint64_t present_us = way_us(&self->entries[via], to), best_us = way_us(&self->entries[best], to);
    return best_us + best_us / PEERS_NEARER_PART < present_us ? best : via;
}

void peers_take_way(struct peers *self, struct entry *entry, bool is_up, int32_t via)
{
    struct peer *peer = &entry->peer;
    uint64_t rtt_us = via < 0 ? entry->link_rtt_us : way_us(&self->entries[via], peers_index(self, entry));
    peer->rtt_us = rtt_us < UINT32_MAX ? (uint32_t)rtt_us : UINT32_MAX;
    if (is_up == peer->up && via == peer->via)
        return;
    bool was_up = peer->up;
    self->counts.by_relay += (uint32_t)(via >= 0) - (uint32_t)(peer->via >= 0);
    peer->up = is_up;
    peer->via = via;
    const struct peers_events *events = &self->events;
    if (is_up && was_up)
        events->moved(events->context, peers_index(self, entry));
    else if (is_up)
        events->up(events->context, peers_index(self, entry));
    else
        events->down(events->context, peers_index(self, entry));
}

// It came back where it is not heard from here. What the relay has heard of it is proof that it lived then.
static void adopt_as_told(struct peers *self, struct now now, struct entry *entry, const struct report *report)
{
    peers_adopt(self, now, entry, report->boot);
    entry->peer.speaks = report->speaks;
    if (report->alive_us > entry->proof_us)
        entry->proof_us = report->alive_us;
}

void peers_route(struct peers *self, struct now now, struct entry *entry)
{
    if (entry->linked || entry->peer.going) {
        peers_take_way(self, entry, entry->linked, -1);
        return;
    }
    int32_t via = choose(self, now, entry);
    // Whoever is heard here says for itself in which boot it lives.
    if (via < 0 && !entry->peer.heard && (via = nearest_relay(self, now, entry, true)) >= 0)
        adopt_as_told(self, now, entry, &self->entries[via].reports[peers_index(self, entry)]);
    // Whoever has just started is given the time to be heard.
    if (now.mono_us - entry->since_us <= (uint64_t)self->options.down_after_ms * 1000)
        via = -1;
    peers_take_way(self, entry, via >= 0, via);
}

uint64_t peers_way_ends_us(const struct peers *self, const struct entry *entry)
{
    return report_ends_us(self, &self->entries[entry->peer.via], peers_index(self, entry)) + 1;
}

// ---- carrying

bool peers_may_be_relayed(const Peer__Envelope *envelope)
{
    return envelope->body_case == PEER__ENVELOPE__BODY_TALK || envelope->body_case == PEER__ENVELOPE__BODY_FEEDS_TELL ||
           envelope->body_case == PEER__ENVELOPE__BODY_FEED_ACK;
}

void peers_relay(struct peers *self, Peer__Envelope *envelope, size_t bytes)
{
    const struct entry *from = peers_entry(self, envelope->from), *to = peers_entry(self, envelope->to);
    bool is_right = peers_may_be_relayed(envelope) && from != NULL && to != NULL && from != to && from->peer.heard &&
                    from->peer.boot == envelope->from_boot && to->linked && to->peer.speaks >= PEERS_RELAYS_SINCE;
    if (!is_right || bytes > PEERS_RELAY_MAX_BYTES || self->relayed_now == PEERS_RELAY_MAX) {
        self->counts.relay_dropped++;
        return;
    }
    self->relayed_now++;
    envelope->relayed = true;
    bool sent = peers_pack(self, to, envelope);
    self->counts.relayed += sent;
    self->counts.relay_dropped += !sent;
}
