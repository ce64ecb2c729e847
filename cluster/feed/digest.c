// When two nodes compare. One asks, with the sums of its buckets; the other answers with its own, or that it is no time
// for it, because some feed between them lags; where sums differ the asker tells what is in the buckets (mending.c).
//
// Both tell which cursors moved just before, so that each knows of the other what it must to see that nothing lags. One
// asks one peer at a time; of two that ask each other at once the smaller name is answered; and whoever has answered
// does not ask for a while: so no difference is mended from both sides. A cluster that is never at rest is compared all
// the same after a while; what the feeds are bringing anyway is then left to them (mending.c).
#include "cluster/feed/feed_inside.h"

#include "cluster/base/rule.h"

#include <string.h>

static void due_in(struct remote *remote, struct now now, uint32_t ms)
{
    remote->due_us = now.mono_us + (uint64_t)ms * 1000;
}

static void due_within(struct remote *remote, struct now now, uint32_t ms)
{
    uint64_t at_us = now.mono_us + (uint64_t)ms * 1000;
    if (remote->due_us == 0 || at_us < remote->due_us)
        remote->due_us = at_us;
}

static void send_sums(struct feed *self, uint32_t peer, bool answer, bool is_time)
{
    uint64_t sums[STORE_BUCKETS];
    store_buckets(self->store, sums);
    Peer__DigestTell tell = PEER__DIGEST_TELL__INIT;
    tell.answer = answer;
    tell.buckets = sums;
    tell.n_buckets = is_time ? STORE_BUCKETS : 0;
    feed_send(self, peer, PEER__ENVELOPE__BODY_DIGEST_TELL, &tell);
}

// Whether something that the feeds will bring is missing on either side, as far as is known here.
static bool lags(const struct feed *self, uint32_t peer, bool with_theirs)
{
    for (uint32_t i = 0; i < self->lanes.count; i++) {
        const struct lane *lane = self->lanes.lanes[i];
        uint64_t here = lane_cursor(self, lane), there = lane_told(lane, peer);
        if (here < there || (here > there && (with_theirs || lane->own)))
            return true;
    }
    return false;
}

static uint32_t differing(const struct feed *self, const uint64_t *theirs, uint8_t ret_differ[STORE_BUCKETS])
{
    uint64_t ours[STORE_BUCKETS];
    uint32_t count = 0;
    store_buckets(self->store, ours);
    for (uint32_t i = 0; i < STORE_BUCKETS; i++)
        count += ret_differ[i] = ours[i] != theirs[i];
    return count;
}

// ---- asked

static void answer(struct feed *self, struct now now, uint32_t peer, const Peer__DigestTell *tell)
{
    struct remote *remote = &self->remotes[peer];
    if (self->round == (int32_t)peer) {
        if (strcmp(peers_at(self->peers, peer)->card.name, self->own->owner) > 0)
            return;  // it will answer ours
        self->round = -1;
    }
    telling_moved(self, now);
    bool is_rest = !lags(self, peer, true);
    if (!is_rest && ++remote->put_off < DIGEST_PATIENCE) {
        send_sums(self, peer, true, false);
        return;
    }
    remote->put_off = 0;
    remote->mend_room = DIGEST_MEND_BYTES;
    uint8_t differ[STORE_BUCKETS];
    self->counts.digests_differ += differing(self, tell->buckets, differ) > 0 && is_rest;
    send_sums(self, peer, true, true);
    due_in(remote, now, self->options.digest_every_ms + self->options.digest_every_ms / 4);  // the other asks first
}

// ---- answered

// Soon while it helps, ever later while it does not: what cannot be mended is a fault for people.
static void compare_again(struct feed *self, struct now now, struct remote *remote, uint32_t differ)
{
    bool helps = remote->differed == 0 || differ < remote->differed;
    remote->wait_ms = helps ? DIGEST_SOON_MS : remote->wait_ms * 2;
    if (remote->wait_ms > self->options.digest_every_ms)
        remote->wait_ms = self->options.digest_every_ms;
    remote->differed = differ;
    due_in(remote, now, remote->wait_ms);
}

static void compare(struct feed *self, struct now now, uint32_t peer, const Peer__DigestTell *tell)
{
    struct remote *remote = &self->remotes[peer];
    if (self->round != (int32_t)peer)
        return;
    self->round = -1;
    if (tell->n_buckets == 0) {
        due_in(remote, now, DIGEST_SOON_MS);
        return;
    }
    remote->put_off = 0;
    uint8_t differ[STORE_BUCKETS];
    uint32_t count = differing(self, tell->buckets, differ);
    if (count == 0) {
        remote->differed = 0;
        due_in(remote, now, self->options.digest_every_ms);
        return;
    }
    self->counts.digests_differ += !lags(self, peer, true);
    remote->mend_room = DIGEST_MEND_BYTES;
    telling_moved(self, now);
    // In turn, so that a bucket that cannot be mended does not keep the others waiting.
    uint32_t sent = 0;
    for (uint32_t i = 0; i < STORE_BUCKETS && sent < DIGEST_BUCKETS; i++) {
        self->bucket_turn = (self->bucket_turn + 1) % STORE_BUCKETS;
        if (!differ[self->bucket_turn])
            continue;
        mending_tell(self, peer, self->bucket_turn);
        sent++;
    }
    compare_again(self, now, remote, count);
}

void digest_receive(struct feed *self, struct now now, uint32_t peer, const Peer__DigestTell *tell)
{
    if (tell->n_buckets != STORE_BUCKETS && (tell->n_buckets != 0 || !tell->answer)) {
        self->counts.malformed++;
        return;
    }
    if (!self->remotes[peer].linked)
        return;
    if (tell->answer)
        compare(self, now, peer, tell);
    else
        answer(self, now, peer, tell);
}

// ---- time

void digest_up(struct feed *self, struct now now, uint32_t peer)
{
    self->remotes[peer].put_off = 0;
    self->remotes[peer].differed = 0;
    due_within(&self->remotes[peer], now, DIGEST_GREET_MS);
}

// What a dying node left half told is found by those that are left.
void digest_down(struct feed *self, struct now now, uint32_t peer)
{
    if (self->round == (int32_t)peer)
        self->round = -1;
    self->remotes[peer].collecting = false;
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        if (self->remotes[i].linked)
            due_within(&self->remotes[i], now, DIGEST_SOON_MS);
}

static bool ask(struct feed *self, struct now now, uint32_t peer)
{
    struct remote *remote = &self->remotes[peer];
    if (lags(self, peer, false) && ++remote->put_off < DIGEST_PATIENCE) {
        due_in(remote, now, DIGEST_SOON_MS);
        return false;
    }
    telling_moved(self, now);
    send_sums(self, peer, false, true);
    due_in(remote, now, self->options.digest_every_ms);
    self->round = (int32_t)peer;
    self->round_us = now.mono_us;
    return true;
}

void digest_tick(struct feed *self, struct now now)
{
    if (!RULE(mend_by_digests))
        return;
    if (self->round >= 0) {
        if (now.mono_us - self->round_us < (uint64_t)DIGEST_ROUND_MS * 1000)
            return;
        due_in(&self->remotes[self->round], now, DIGEST_SOON_MS);
        self->round = -1;
    }
    uint32_t count = peers_count(self->peers);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t peer = (self->digest_turn + i) % count;
        const struct remote *remote = &self->remotes[peer];
        if (!remote->linked || !remote->whole || remote->due_us > now.mono_us || !ask(self, now, peer))
            continue;
        self->digest_turn = peer + 1;
        return;
    }
}
