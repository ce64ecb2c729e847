#include "cluster/feed/feed_inside.h"

#include "cluster/base/rule.h"

#include <stdlib.h>

bool feed_send(struct feed *self, uint32_t peer, Peer__Envelope__BodyCase body_case, void *body)
{
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = body_case;
    envelope.feeds_tell = body;  // one of a union of pointers
    return peers_send(self->peers, peer, &envelope);
}

// ---- peers come and go

void feed_peer_up(struct feed *self, struct now now, uint32_t peer)
{
    self->now_us = now.mono_us;
    const struct peer *view = peers_at(self->peers, peer);
    struct remote *remote = &self->remotes[peer];
    if (remote->boot != view->boot) {
        // What an older boot held may be gone with its disk.
        for (uint32_t i = 0; i < self->lanes.count; i++)
            lane_forget(self->lanes.lanes[i], peer);
        remote->stored = RULE(new_boot_stored_nothing) ? 0 : remote->stored;
        remote->met = remote->swept;
        remote->boot = view->boot;
        remote->lane = lane_need(self, view->card.name, view->boot);
        remote->aged[0] = remote->aged[1] = 0;
    }
    remote->up = true;
    remote->linked = view->via < 0;
    telling_greet(self, now, peer);
    following_up(self, now, peer);
    digest_up(self, now, peer);
}

// Nothing but what can be relayed goes between the two any more.
static void unlink_peer(struct feed *self, struct now now, uint32_t peer)
{
    self->remotes[peer].linked = false;
    serving_forget(self, peer);
    following_down(self, peer);
    digest_down(self, now, peer);
}

void feed_peer_down(struct feed *self, struct now now, uint32_t peer)
{
    self->now_us = now.mono_us;
    self->remotes[peer].up = false;
    unlink_peer(self, now, peer);
}

void feed_peer_moved(struct feed *self, struct now now, uint32_t peer)
{
    self->now_us = now.mono_us;
    bool was_linked = self->remotes[peer].linked;
    if (peers_at(self->peers, peer)->via < 0) {
        feed_peer_up(self, now, peer);
        return;
    }
    if (was_linked)
        unlink_peer(self, now, peer);
    following_up(self, now, peer);
}

// ---- the turn

void feed_receive(struct feed *self, struct now now, uint32_t peer, const struct Peer__Envelope *envelope)
{
    self->now_us = now.mono_us;
    switch (envelope->body_case) {
    case PEER__ENVELOPE__BODY_FEEDS_TELL:
        telling_receive(self, now, peer, envelope->feeds_tell);
        return;
    case PEER__ENVELOPE__BODY_FEED_ASK:
        serving_ask(self, peer, envelope->feed_ask);
        return;
    case PEER__ENVELOPE__BODY_FEED_CHUNK:
        following_chunk(self, now, peer, envelope->feed_chunk);
        return;
    case PEER__ENVELOPE__BODY_FEED_ACK:
        serving_ack(self, peer, envelope->feed_ack);
        return;
    case PEER__ENVELOPE__BODY_DIGEST_TELL:
        digest_receive(self, now, peer, envelope->digest_tell);
        return;
    case PEER__ENVELOPE__BODY_BUCKET_TELL:
        mending_receive(self, peer, envelope->bucket_tell);
        return;
    case PEER__ENVELOPE__BODY_BUCKET_WANT:
        mending_wanted(self, peer, envelope->bucket_want);
        return;
    case PEER__ENVELOPE__BODY_MEND:
        mending_take(self, peer, envelope->mend);
        return;
    case PEER__ENVELOPE__BODY__NOT_SET:
    case PEER__ENVELOPE__BODY_HEARTBEAT:
    case PEER__ENVELOPE__BODY_TALK:
    case _PEER__ENVELOPE__BODY__CASE_IS_INT_SIZE:
        break;
    }
    self->counts.malformed++;
}

void feed_flush(struct feed *self, struct now now)
{
    self->now_us = now.mono_us;
    serving_flush(self, now);
    following_ack_all(self, false);
    if (self->seek)
        following_seek(self, now);
    telling_flush(self, now);
    telling_look_swept(self);
}

void feed_stored(struct feed *self, struct now now)
{
    self->now_us = now.mono_us;
    following_ack_all(self, false);
}

static void age(uint64_t aged[2], uint64_t now)
{
    aged[1] = aged[0];
    aged[0] = now;
}

static void age_all(struct feed *self, struct now now)
{
    if (now.mono_us - self->aged_us < (uint64_t)FEED_AGED_MS * 1000)
        return;
    self->aged_us = now.mono_us;
    age(self->own_aged, store_last_seq(self->store));
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        if (self->remotes[i].lane != NULL)
            age(self->remotes[i].aged, peers_at(self->peers, i)->feed_seq);
}

uint64_t feed_tick(struct feed *self, struct now now)
{
    self->now_us = now.mono_us;
    age_all(self, now);
    following_ack_all(self, true);
    following_tick(self, now);
    telling_tick(self, now);
    digest_tick(self, now);
    return now.mono_us + (uint64_t)(self->to_push.count > 0 ? FEED_RETRY_MS : FEED_TICK_MS) * 1000;
}

// ---- questions

uint64_t feed_lag(const struct feed *self, uint32_t peer)
{
    const struct remote *remote = &self->remotes[peer];
    if (remote->lane == NULL)
        return 0;
    uint64_t told = lane_told(remote->lane, peer), beaten = peers_at(self->peers, peer)->feed_seq;
    uint64_t last = beaten > told && peers_at(self->peers, peer)->boot == remote->boot ? beaten : told;
    return last > remote->lane->cursor ? last - remote->lane->cursor : 0;
}

uint64_t feed_lag_of(const struct feed *self, uint32_t reader, int32_t owner)
{
    const struct lane *lane = owner < 0 ? self->own : self->remotes[owner].lane;
    uint64_t upto = owner < 0 ? self->own_aged[1] : self->remotes[owner].aged[1];
    uint64_t told = lane == NULL ? upto : lane_told(lane, reader);
    return upto > told ? upto - told : 0;
}

bool feed_is_swept(const struct feed *self, uint32_t peer)
{
    return self->remotes[peer].swept;
}

struct feed_counts feed_counts(const struct feed *self)
{
    return self->counts;
}

// ---- life

struct feed *feed_create(struct world *world, struct store *store, struct peers *peers,
                         const struct feed_options *options, const struct feed_events *events)
{
    check(options->digest_every_ms > 0);
    struct feed *self = check_alloc(sizeof *self);
    self->world = world;
    self->store = store;
    self->peers = peers;
    self->options = *options;
    if (self->options.window_bytes == 0)
        self->options.window_bytes = FEED_UNACKED_BYTES;
    self->events = *events;
    self->round = -1;
    lanes_create(self);
    return self;
}

void feed_free(struct feed *self)
{
    if (self == NULL)
        return;
    lanes_free(self);
    record_list_close(&self->list);
    for (uint32_t i = 0; i < PEERS_MAX; i++) {
        free(self->remotes[i].goals);
        free(self->remotes[i].seen);
    }
    free(self);
}
