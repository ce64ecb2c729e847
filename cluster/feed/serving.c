// Serving feeds: whoever asks gets what there is after its cursor, in chunks, and then what changes. A sweep ends at
// the cursor that was here when it began; what moves up meanwhile is the next sweep's. An ask is always answered, if
// only by an empty chunk, so that the reader knows it was heard.
#include "cluster/feed/feed_inside.h"

#include "cluster/base/rule.h"

#include <stdlib.h>

static struct reader **find(struct lane *lane, uint32_t peer)
{
    struct reader **place = &lane->readers;
    while (*place != NULL && (*place)->peer != peer)
        place = &(*place)->next;
    return place;
}

static void take_out(struct reader **place)
{
    struct reader *reader = *place;
    if (reader == NULL)
        return;
    *place = reader->next;
    free(reader->unacked);
    free(reader);
}

void serving_close(struct lane *lane)
{
    while (lane->readers != NULL)
        take_out(&lane->readers);
}

void serving_forget(struct feed *self, uint32_t peer)
{
    for (uint32_t i = 0; i < self->lanes.count; i++)
        take_out(find(self->lanes.lanes[i], peer));
}

void serving_ask(struct feed *self, uint32_t peer, const Peer__FeedAsk *ask)
{
    struct lane *lane = lane_find(self, ask->owner, ask->boot);
    if (lane == NULL || !self->remotes[peer].linked)
        return;  // it asks again
    struct reader **place = find(lane, peer);
    if (ask->after == FEED_NO_MORE) {
        take_out(place);
        return;
    }
    if (*place == NULL) {
        *place = check_alloc(sizeof **place);
        (*place)->peer = peer;
    }
    struct reader *reader = *place;
    reader->sent = reader->sweep_upto = ask->after;
    reader->answer = true;
    reader->retry_us = 0;
    reader->first = reader->count = 0;
    reader->bytes = 0;
    lane_push(self, lane);
}

// ---- sending

static bool collect(void *context, const struct record *record)
{
    return record_list_add(context, record);
}

static void note_unacked(struct reader *reader, uint64_t upto, size_t bytes)
{
    if (reader->unacked == NULL)
        reader->unacked = check_alloc(FEED_UNACKED_CHUNKS * sizeof *reader->unacked);
    reader->unacked[(reader->first + reader->count++) % FEED_UNACKED_CHUNKS] = (struct unacked){upto, bytes};
    reader->bytes += bytes;
}

enum pumped {
    PUMPED_CHUNK,
    PUMPED_NOTHING,   // there is nothing to send, or it has to acknowledge first
    PUMPED_NOT_SENT,  // the connection takes nothing now
};

static enum pumped send_chunk(struct feed *self, struct lane *lane, struct reader *reader)
{
    uint64_t cursor = lane_cursor(self, lane);
    if (reader->sent >= reader->sweep_upto && cursor > reader->sent)
        reader->sweep_upto = cursor;
    bool is_more = reader->sweep_upto > reader->sent;
    if (!reader->answer && !is_more)
        return PUMPED_NOTHING;
    if (reader->count == FEED_UNACKED_CHUNKS || reader->bytes >= self->options.window_bytes)
        return PUMPED_NOTHING;
    size_t room = self->options.window_bytes - reader->bytes;
    record_list_clear(&self->list, room < FEED_CHUNK_BYTES ? room : FEED_CHUNK_BYTES);
    uint64_t upto = reader->sent;
    if (is_more)
        upto = store_scan(self->store, lane->owner, lane->boot, reader->sent, reader->sweep_upto, collect, &self->list);
    if (!RULE(cursor_of_the_beginning) && upto == reader->sweep_upto)
        upto = cursor;
    if (self->list.bytes > room && reader->bytes > 0)
        return PUMPED_NOTHING;
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    chunk.owner = lane->owner;
    chunk.boot = lane->boot;
    chunk.after = reader->sent;
    chunk.upto = upto;
    chunk.records = self->list.pointers;
    chunk.n_records = self->list.count;
    if (!feed_send(self, reader->peer, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk))
        return PUMPED_NOT_SENT;
    self->counts.chunks_out++;
    self->counts.records_out += self->list.count;
    reader->answer = false;
    if (is_more)
        note_unacked(reader, upto, self->list.bytes);
    reader->sent = upto;
    return PUMPED_CHUNK;
}

// True: it has to be tried again although nothing comes.
static bool pump(struct feed *self, struct now now, struct lane *lane, struct reader *reader)
{
    if (now.mono_us < reader->retry_us)
        return true;
    for (;;) {
        switch (send_chunk(self, lane, reader)) {
        case PUMPED_CHUNK:
            break;
        case PUMPED_NOTHING:
            return false;
        case PUMPED_NOT_SENT:
            reader->retry_us = now.mono_us + (uint64_t)FEED_RETRY_MS * 1000;
            return true;
        }
    }
}

void serving_flush(struct feed *self, struct now now)
{
    uint64_t seq = store_last_seq(self->store);
    if (seq > self->pushed_seq) {
        self->pushed_seq = seq;
        lane_list_add(&self->moved, self->own, &self->own->moved);
        lane_push(self, self->own);
    }
    uint32_t left = 0;
    for (uint32_t i = 0; i < self->to_push.count; i++) {
        struct lane *lane = self->to_push.lanes[i];
        lane->to_push = 0;
        bool again = false;
        for (struct reader *reader = lane->readers; reader != NULL; reader = reader->next)
            again |= pump(self, now, lane, reader);
        if (!again)
            continue;
        self->to_push.lanes[left++] = lane;
        lane->to_push = left;
    }
    self->to_push.count = left;
}

// ---- what readers have

void serving_ack(struct feed *self, uint32_t peer, const Peer__FeedAck *ack)
{
    struct lane *lane = lane_find(self, ack->owner, ack->boot);
    struct remote *remote = &self->remotes[peer];
    if (lane == NULL)
        return;
    if (ack->stored > ack->received || (lane->own && ack->received > store_last_seq(self->store))) {
        self->counts.malformed++;
        return;
    }
    if (remote->up)
        lane_tell(self, lane, peer, ack->received);
    struct reader *reader = *find(lane, peer);
    if (reader != NULL) {
        uint32_t before = reader->count;
        while (reader->count > 0 && reader->unacked[reader->first].upto <= ack->received) {
            reader->bytes -= reader->unacked[reader->first].bytes;
            reader->first = (reader->first + 1) % FEED_UNACKED_CHUNKS;
            reader->count--;
        }
        if (reader->count < before)
            lane_push(self, lane);
    }
    // What it has stored counts even if it is down by now: it was said in the boot that is known.
    if (lane->own && remote->boot == peers_at(self->peers, peer)->boot && ack->stored > remote->stored) {
        remote->stored = ack->stored;
        self->events.stored(self->events.context, peer, ack->stored);
    }
}

uint32_t feed_copies(const struct feed *self, uint64_t seq)
{
    uint32_t copies = 0;
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        copies += self->remotes[i].stored >= seq && self->remotes[i].boot != 0;
    return copies;
}
