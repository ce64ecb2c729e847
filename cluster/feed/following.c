// Following feeds: whom to ask for what, what comes of it, and telling the servers how far it is stored.
//
// A lane is asked of one server at a time: its owner while that is up, or the relay that leads to it, always;
// otherwise, while some peer holds more, the one that holds most, the nearest of these. The server goes on serving what
// changes until one of the two is down.
#include "cluster/feed/feed_inside.h"

#include "cluster/base/rule.h"

#include <string.h>

static bool is_past(struct now now, uint64_t since_us, uint32_t ms)
{
    return now.mono_us - since_us >= (uint64_t)ms * 1000;
}

static void send_ask(struct feed *self, const struct lane *lane, uint32_t peer, uint64_t after)
{
    Peer__FeedAsk ask = PEER__FEED_ASK__INIT;
    ask.owner = (char *)lane->owner;
    ask.boot = lane->boot;
    ask.after = after;
    feed_send(self, peer, PEER__ENVELOPE__BODY_FEED_ASK, &ask);
}

static void ask(struct feed *self, struct now now, struct lane *lane, uint32_t peer)
{
    if (lane->server >= 0 && (uint32_t)lane->server != peer && self->remotes[lane->server].linked)
        send_ask(self, lane, (uint32_t)lane->server, FEED_NO_MORE);
    if (lane->server >= 0 && (uint32_t)lane->server != peer) {
        lane->former = lane->server;
        lane->former_until_us = now.mono_us + (uint64_t)FEED_RETURN_MS * 1000;
    }
    lane->server = (int32_t)peer;
    lane->answered = false;
    lane->asked_us = lane->heard_us = now.mono_us;
    lane->acked_received = lane->acked_stored = 0;
    self->counts.asks++;
    send_ask(self, lane, peer, lane->cursor);
}

// ---- whom to ask

static int32_t owner_of(const struct feed *self, const struct lane *lane)
{
    int32_t peer = peers_find(self->peers, lane->owner);
    return peer >= 0 && self->remotes[peer].up && self->remotes[peer].boot == lane->boot ? peer : -1;
}

// Who serves a peer's own feed first: itself, or the relay that leads to it.
static int32_t first_server(const struct feed *self, int32_t owner)
{
    if (owner < 0)
        return -1;
    int32_t via = peers_at(self->peers, (uint32_t)owner)->via;
    return via < 0 ? owner : via;
}

// What its owner, who is linked, does not say that it has, nobody has, whatever a third says.
static bool owner_has(const struct feed *self, const struct lane *lane, uint64_t cursor)
{
    int32_t owner = owner_of(self, lane);
    return owner < 0 || first_server(self, owner) != owner || lane_told(lane, (uint32_t)owner) >= cursor;
}

static bool is_better(const struct feed *self, const struct lane *lane, uint32_t a, uint32_t b)
{
    uint64_t told_a = lane_told(lane, a), told_b = lane_told(lane, b);
    if (told_a != told_b)
        return told_a > told_b;
    uint32_t rtt_a = peers_at(self->peers, a)->rtt_us, rtt_b = peers_at(self->peers, b)->rtt_us;
    return rtt_a != rtt_b ? rtt_a < rtt_b : a < b;
}

// The best, or after so many that fell silent the next; -1: nobody has more.
static int32_t choose(const struct feed *self, const struct lane *lane)
{
    uint32_t order[PEERS_MAX], count = 0;
    int32_t first = first_server(self, owner_of(self, lane));
    if (first >= 0)
        order[count++] = (uint32_t)first;
    uint32_t others = owner_has(self, lane, lane->cursor + 1) ? lane->told_room : 0;
    for (uint32_t i = 0; i < others; i++) {
        if ((int32_t)i == first || !self->remotes[i].linked || lane_told(lane, i) <= lane->cursor)
            continue;
        uint32_t at = count++;
        for (; at > (first >= 0) && is_better(self, lane, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    return count == 0 ? -1 : (int32_t)order[lane->attempts % count];
}

void following_seek(struct feed *self, struct now now)
{
    self->seek = false;
    uint32_t sweeps[PEERS_MAX] = {0};
    for (uint32_t i = 0; i < self->lagging.count; i++)
        if (self->lagging.lanes[i]->server >= 0)
            sweeps[self->lagging.lanes[i]->server]++;
    for (uint32_t i = 0; i < self->lagging.count; i++) {
        struct lane *lane = self->lagging.lanes[i];
        // A server that was asked goes on by itself, and may be about to.
        uint64_t silent_us = lane->heard_us > lane->lags_us ? lane->heard_us : lane->lags_us;
        if (lane->server >= 0 && !is_past(now, silent_us, FEED_ASK_AGAIN_MS))
            continue;
        if (lane->server >= 0) {
            lane->attempts++;
            sweeps[lane->server]--;
        }
        int32_t server = choose(self, lane);
        bool is_first = server >= 0 && server == first_server(self, owner_of(self, lane));
        if (server < 0 || (sweeps[server] >= FEED_SWEEPS_MAX && !is_first)) {
            lane->heard_us = now.mono_us;
            sweeps[lane->server >= 0 ? lane->server : 0] += lane->server >= 0;
            continue;
        }
        sweeps[server]++;
        ask(self, now, lane, (uint32_t)server);
    }
}

void following_tick(struct feed *self, struct now now)
{
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        struct remote *remote = &self->remotes[i];
        if (!remote->up || remote->lane == NULL)
            continue;
        struct lane *lane = remote->lane;
        lane_tell(self, lane, i, peers_at(self->peers, i)->feed_seq);
        int32_t first = first_server(self, (int32_t)i);
        bool elsewhere = lane->server != first;
        if (elsewhere ? lane->server < 0 || (lane->lagging == 0 && is_past(now, lane->asked_us, FEED_RETURN_MS))
                      : !lane->answered && lane->lagging == 0 && is_past(now, lane->heard_us, FEED_ASK_AGAIN_MS))
            ask(self, now, lane, (uint32_t)first);
    }
    following_seek(self, now);
}

// ---- peers come and go

void following_up(struct feed *self, struct now now, uint32_t peer)
{
    for (uint32_t i = 0; i < self->lanes.count; i++)
        if (lane_told(self->lanes.lanes[i], peer) > self->lanes.lanes[i]->cursor)
            lane_judge(self, self->lanes.lanes[i]);
    struct lane *lane = self->remotes[peer].lane;
    if (lane != NULL)
        ask(self, now, lane, (uint32_t)first_server(self, (int32_t)peer));
}

void following_down(struct feed *self, uint32_t peer)
{
    for (uint32_t i = 0; i < self->lanes.count; i++) {
        struct lane *lane = self->lanes.lanes[i];
        if (lane->server == (int32_t)peer)
            lane->server = -1;
        if (lane->lagging != 0)
            lane_judge(self, lane);
    }
    self->seek = true;
}

void following_again(struct feed *self, struct now now, uint32_t peer)
{
    for (uint32_t i = 0; i < self->lanes.count; i++)
        if (self->lanes.lanes[i]->server == (int32_t)peer)
            ask(self, now, self->lanes.lanes[i], peer);
}

// ---- what comes

static void gap(struct feed *self, struct now now, struct lane *lane, uint32_t peer)
{
    self->counts.gaps++;
    // What follows a gap is under way already and shows the same one: ask once in the time an answer takes.
    uint32_t rtt_us = peers_at(self->peers, peer)->rtt_us;
    uint64_t wait_us = rtt_us * (uint64_t)2 > 20000 ? rtt_us * (uint64_t)2 : 20000;
    if (lane->server == (int32_t)peer && now.mono_us - lane->asked_us >= wait_us)
        ask(self, now, lane, peer);
}

// The owner tells its own feed. A third may serve it when it was asked to, which happens only while the owner cannot be
// reached, or is silent on what it says it has, and for a moment after; or while that boot is not up.
static bool may_serve(const struct feed *self, const struct lane *lane, uint32_t peer, uint64_t upto)
{
    bool is_under_way = lane->former == (int32_t)peer && self->now_us < lane->former_until_us;
    return (lane->server == (int32_t)peer && owner_has(self, lane, upto)) || is_under_way ||
           strcmp(peers_at(self->peers, peer)->card.name, lane->owner) == 0 ||
           !peers_owner_up(self->peers, lane->owner, lane->boot);
}

void following_chunk(struct feed *self, struct now now, uint32_t peer, const Peer__FeedChunk *chunk)
{
    struct lane *lane = lane_need(self, chunk->owner, chunk->boot);
    if (lane == NULL || lane->own || chunk->after > chunk->upto) {
        self->counts.malformed++;
        return;
    }
    self->counts.chunks_in++;
    struct remote *remote = &self->remotes[peer];
    // A server whose subscription was given up, and which has not heard of it.
    if (remote->linked && lane->server != (int32_t)peer)
        send_ask(self, lane, peer, FEED_NO_MORE);
    if (!may_serve(self, lane, peer, chunk->upto)) {
        self->counts.foreign += chunk->n_records;
        return;
    }
    if (strcmp(peers_at(self->peers, peer)->card.name, lane->owner) != 0)
        self->counts.by_third += chunk->n_records;
    // Whatever the order in which chunks come, their records are what they are; only the cursor needs all before it.
    bool is_new = chunk->upto > lane->cursor;
    size_t bytes = is_new ? records_take(self, chunk->records, chunk->n_records, lane) : 0;
    if (remote->up)
        lane_tell(self, lane, peer, chunk->upto);
    if (RULE(gap_keeps_cursor) && chunk->after > lane->cursor) {
        gap(self, now, lane, peer);
        return;
    }
    if (lane->server == (int32_t)peer) {
        lane->heard_us = now.mono_us;
        lane->answered = true;
        lane->attempts = is_new ? 0 : lane->attempts;
    }
    lane->source = (int32_t)peer;
    lane->bytes += bytes;
    lane->chunks++;
    lane_advance(self, lane, chunk->upto);
    lane_list_add(&self->to_ack, lane, &lane->to_ack);
}

// ---- acknowledging

static void send_ack(struct feed *self, struct lane *lane, uint64_t stored)
{
    Peer__FeedAck ack = PEER__FEED_ACK__INIT;
    ack.owner = lane->owner;
    ack.boot = lane->boot;
    ack.received = lane->cursor;
    ack.stored = stored;
    int32_t owner = owner_of(self, lane);
    if (lane->source >= 0 && self->remotes[lane->source].linked)
        feed_send(self, (uint32_t)lane->source, PEER__ENVELOPE__BODY_FEED_ACK, &ack);
    // The owner counts the copies of what it wrote, whoever brought them.
    if (owner >= 0 && owner != lane->source)
        feed_send(self, (uint32_t)owner, PEER__ENVELOPE__BODY_FEED_ACK, &ack);
    lane->acked_received = lane->cursor;
    lane->acked_stored = stored;
    lane->bytes = 0;
    lane->chunks = 0;
}

// True: nothing is left to be told of it.
static bool acknowledge(struct feed *self, struct lane *lane, bool at_once)
{
    uint64_t stored = store_stored(self->store, lane->owner, lane->boot);
    bool is_much = at_once || lane->bytes >= FEED_ACK_BYTES || lane->chunks >= FEED_ACK_CHUNKS;
    if (stored > lane->acked_stored || (lane->cursor > lane->acked_received && is_much)) {
        send_ack(self, lane, stored);
        lane->acks_again = FEED_ACK_AGAIN;
    }
    return stored >= lane->cursor;
}

void following_ack_all(struct feed *self, bool at_once)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < self->to_ack.count; i++) {
        struct lane *lane = self->to_ack.lanes[i];
        lane->to_ack = 0;
        if (acknowledge(self, lane, at_once))
            continue;
        self->to_ack.lanes[left++] = lane;
        lane->to_ack = left;
    }
    self->to_ack.count = left;
}

// An ack that is lost would hold up whoever waits for copies: nothing follows the last one.
void following_ack_again(struct feed *self)
{
    for (uint32_t i = 0; i < self->lanes.count; i++) {
        struct lane *lane = self->lanes.lanes[i];
        if (lane->acks_again == 0)
            continue;
        lane->acks_again--;
        send_ack(self, lane, store_stored(self->store, lane->owner, lane->boot));
    }
}
