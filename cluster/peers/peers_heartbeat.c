#include "cluster/peers/peers_inside.h"

#include "cluster/base/round_trip.h"

#include <string.h>

// ---- said

struct beat {  // one heartbeat for all; only the echo and the name it goes to differ
    Peer__Heartbeat message;
    Peer__NodeCard self_card;
    Peer__Heard heard[PEERS_MAX], *heard_list[PEERS_MAX];
    Peer__NodeCard known[PEERS_MAX], *known_list[PEERS_MAX];
};

static void fill(struct peers *self, struct now now, struct beat *beat, bool with_known)
{
    Peer__Heartbeat *message = &beat->message;
    peer__heartbeat__init(message);
    message->wall_ms = now.wall_ms;
    self->sent_us = now.mono_us > self->sent_us ? now.mono_us : self->sent_us + 1;
    message->sent_us = self->sent_us;
    message->feed_seq = self->feed_seq;
    message->going = self->going;
    message->draining = self->draining;
    message->kept_since_ms = self->options.kept_since_ms;
    message->restored = self->restored;
    message->speaks = self->options.speaks;
    if (self->options.program != NULL)
        message->program = (char *)self->options.program;
    message->card = &beat->self_card;
    peers_card_to(&self->options.self, &beat->self_card);
    message->heard = beat->heard_list;
    message->known = beat->known_list;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct entry *entry = &self->entries[i];
        if (!entry->peer.heard && !entry->peer.up)
            continue;
        Peer__Heard *heard = &beat->heard[message->n_heard];
        peer__heard__init(heard);
        beat->heard_list[message->n_heard++] = heard;
        heard->name = (char *)entry->peer.card.name;
        heard->boot = entry->peer.boot;
        heard->speaks = entry->peer.speaks;
        heard->relayed = !entry->peer.heard;
        if (heard->relayed)
            continue;
        heard->rtt_us = entry->link_rtt_us;
        heard->up = entry->linked;
        heard->silent_ms = (uint32_t)((now.mono_us - entry->heard_from_us) / 1000);
        if (!with_known || !entry->carded)
            continue;
        Peer__NodeCard *known = &beat->known[message->n_known];
        peers_card_to(&entry->peer.card, known);
        beat->known_list[message->n_known++] = known;
    }
}

static void send(struct peers *self, struct now now, struct entry *entry, struct beat *beat)
{
    beat->message.echo_us = 0;
    beat->message.echo_held_us = 0;
    uint64_t held_us = now.mono_us - entry->their_sent_here;
    if (entry->their_sent_us != 0 && held_us <= UINT32_MAX) {
        beat->message.echo_us = entry->their_sent_us;
        beat->message.echo_held_us = (uint32_t)held_us;
    }
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_HEARTBEAT;
    envelope.heartbeat = &beat->message;
    peers_post(self, entry, &envelope);
}

void peers_beat(struct peers *self, struct now now, struct entry *only)
{
    bool with_known = only == NULL && now.mono_us >= self->next_known_us;
    if (with_known)
        self->next_known_us = now.mono_us + (uint64_t)PEERS_KNOWN_MS * 1000;
    struct beat beat;
    fill(self, now, &beat, with_known);
    for (uint32_t i = 0; i < self->count; i++)
        if (only == NULL ? !self->entries[i].peer.let_go : only == &self->entries[i])
            send(self, now, &self->entries[i], &beat);
}

// ---- heard

// Which of our heartbeats it sends back, if it has heard us in this boot; 0: none.
static uint64_t echo_of(const struct peers *self, const Peer__Heartbeat *beat)
{
    for (size_t i = 0; i < beat->n_heard; i++)
        if (beat->heard[i]->boot == self->options.boot && !beat->heard[i]->relayed &&
            strcmp(beat->heard[i]->name, self->options.self.name) == 0)
            return beat->echo_us <= self->sent_us ? beat->echo_us : 0;
    return 0;
}

static void measure(struct peers *self, struct now now, struct entry *entry, const Peer__Heartbeat *beat,
                    uint64_t echo_us)
{
    if (echo_us < self->stall_end_us)
        return;
    uint64_t back_us = echo_us + beat->echo_held_us;
    uint64_t trip_us = now.mono_us > back_us ? now.mono_us - back_us : 0;
    uint32_t *rtt_us = &entry->link_rtt_us;
    *rtt_us = round_trip_take(*rtt_us, trip_us, PEERS_RTT_MAX_US);
    uint64_t then_ms = beat->wall_ms + *rtt_us / 2000;
    uint64_t apart_ms = then_ms > now.wall_ms ? then_ms - now.wall_ms : now.wall_ms - then_ms;
    int32_t skew_ms = apart_ms < INT32_MAX ? (int32_t)apart_ms : INT32_MAX;
    entry->peer.skew_ms = then_ms >= now.wall_ms ? skew_ms : -skew_ms;
}

// It hears us if it sends back what we said lately, and nothing older than its name has sent back before: one that
// comes late speaks of what was.
static bool is_fresh(const struct peers *self, struct now now, const struct entry *entry, uint64_t echo_us)
{
    uint64_t bound_us = peers_bound_us(self, entry) + (uint64_t)self->options.heartbeat_ms * 1000;
    return echo_us != 0 && echo_us == entry->proof_us && now.mono_us <= echo_us + bound_us;
}

void peers_hear(struct peers *self, struct now now, const Peer__Envelope *envelope)
{
    const Peer__Heartbeat *beat = envelope->heartbeat;
    if (beat->sent_us == 0 || beat->n_heard > PEERS_MAX || beat->n_known > PEERS_MAX) {
        self->counts.malformed++;
        return;
    }
    struct entry *entry = peers_card_own(self, envelope->from, beat->card);
    if (entry == NULL)
        return;
    peers_take_back(self, entry);
    uint64_t echo_us = echo_of(self, beat);
    peers_judge(self, now, entry);
    peers_route(self, now, entry);
    if (!peers_admit(self, now, entry, envelope->from_boot, echo_us))
        return;
    if (beat->sent_us <= entry->their_sent_us)
        return;  // late or twice: what it says has been overtaken
    bool is_first = !entry->peer.heard;
    entry->their_sent_us = beat->sent_us;
    entry->their_sent_here = now.mono_us;
    entry->heard_from_us = now.mono_us;
    entry->peer.last_heard_us = now.mono_us;
    entry->peer.heard = true;
    entry->peer.going = beat->going;
    entry->peer.draining = beat->draining;
    entry->peer.kept_since_ms = beat->kept_since_ms;
    entry->peer.restored = beat->restored;
    entry->peer.speaks = peers_version_said(beat->speaks);
    entry->peer.feed_seq = beat->feed_seq;
    if (text_is_name(beat->program, PEERS_PROGRAM_MAX_BYTES))
        text_copy(entry->peer.program, sizeof entry->peer.program, beat->program);
    if (echo_us != 0 && echo_us == entry->proof_us)
        measure(self, now, entry, beat, echo_us);
    if (is_fresh(self, now, entry, echo_us)) {
        entry->hears = true;
        entry->hears_from_us = now.mono_us;
    }
    peers_card_update(self, entry, beat->card);
    for (size_t i = 0; i < beat->n_known; i++)
        peers_card_known(self, beat->known[i]);
    peers_judge(self, now, entry);
    peers_note_reports(self, now, entry, beat);
    peers_route(self, now, entry);  // before those that it may lead to
    for (uint32_t i = 0; i < self->count; i++)
        peers_route(self, now, &self->entries[i]);
    // Whoever is heard for the first time hears of it at once, and need not wait for a heartbeat to be up.
    if (is_first && !entry->peer.going)
        peers_beat(self, now, entry);
}
