// Following feeds: which there are, whom to ask, and what comes.
#include "cluster/feed/feed.h"

#include "cluster/feed/feed_private.h"
#include "cluster/store/record_codec.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS 100
#define TELL_EVERY_MS 2000
#define TELL_MAX 8000  // feeds in one message

struct feed *feed_create(struct world *world, struct store *store, struct peers *peers,
                         const struct feed_options *options, const struct feed_events *events)
{
    struct feed *self = check_alloc(sizeof *self);
    self->world = world;
    self->store = store;
    self->peers = peers;
    self->options = *options;
    self->events = *events;
    return self;
}

void feed_free(struct feed *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; i < PEERS_MAX; i++)
        serving_forget(self, i);
    struct source *source, *next;
    DL_FOREACH_SAFE(self->sources, source, next)
    {
        DL_DELETE(self->sources, source);
        free(source->owner);
        free(source);
    }
    free(self);
}

// ---- which feeds there are

static struct source *find_source(struct feed *self, const char *owner, uint64_t boot, bool add)
{
    struct source *source;
    DL_FOREACH(self->sources, source)
    {
        if (source->boot == boot && strcmp(source->owner, owner) == 0)
            return source;
    }
    if (!add || peers_is_self(self->peers, owner, boot) || !text_is_name(owner, NAME_MAX_BYTES) || boot == 0)
        return NULL;
    source = check_alloc(sizeof *source);
    source->owner = check_strdup(owner);
    source->boot = boot;
    source->server = -1;
    source->fresh = true;
    DL_APPEND(self->sources, source);
    return source;
}

static void send_tell(struct feed *self, uint32_t peer, const struct feed_info *feeds, uint32_t count, bool answer)
{
    Peer__FeedCursor *cursors = check_alloc(count * sizeof *cursors);
    Peer__FeedCursor **pointers = check_alloc(count * sizeof *pointers);
    for (uint32_t i = 0; i < count; i++) {
        pointers[i] = &cursors[i];
        peer__feed_cursor__init(&cursors[i]);
        cursors[i].owner = (char *)feeds[i].owner;
        cursors[i].boot = feeds[i].boot;
        cursors[i].cursor = feeds[i].cursor;
        cursors[i].records = (uint32_t)feeds[i].records;
    }
    Peer__FeedsTell tell = PEER__FEEDS_TELL__INIT;
    tell.feeds = pointers;
    tell.n_feeds = count;
    tell.answer = answer;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_FEEDS_TELL;
    envelope.feeds_tell = &tell;
    peers_send(self->peers, peer, &envelope);
    free(cursors);
    free(pointers);
}

static void tell_all_feeds(struct feed *self, uint32_t peer, bool answer)
{
    struct feed_info *feeds = check_alloc(TELL_MAX * sizeof *feeds);
    uint32_t count = store_feeds(self->store, feeds, TELL_MAX);
    send_tell(self, peer, feeds, count < TELL_MAX ? count : TELL_MAX, answer);
    free(feeds);
}

// What moved since the last time, so that a third may serve it and a lost message heals.
static void tell_changes(struct feed *self)
{
    struct feed_info *feeds = check_alloc(TELL_MAX * sizeof *feeds);
    uint32_t count = 0;
    struct source *source;
    DL_FOREACH(self->sources, source)
    {
        uint64_t cursor = store_cursor(self->store, source->owner, source->boot);
        if ((cursor == source->told_cursor && !source->fresh) || cursor == 0 || count == TELL_MAX)
            continue;
        source->told_cursor = cursor;
        source->fresh = false;
        feeds[count++] = (struct feed_info){.owner = source->owner, .boot = source->boot, .cursor = cursor};
    }
    for (uint32_t i = 0; count > 0 && i < peers_count(self->peers); i++)
        if (peers_at(self->peers, i)->up)
            send_tell(self, i, feeds, count, true);
    free(feeds);
}

static void feeds_told(struct feed *self, uint32_t peer, const Peer__FeedsTell *tell)
{
    struct meeting *meeting = &self->meetings[peer];
    bool first = !meeting->met;
    for (size_t i = 0; i < tell->n_feeds; i++) {
        const Peer__FeedCursor *told = tell->feeds[i];
        struct source *source = find_source(self, told->owner, told->boot, true);
        if (source == NULL)
            continue;
        if (told->cursor > source->told[peer])
            source->told[peer] = told->cursor;
        if (first)
            source->goal[peer] = told->cursor;
    }
    meeting->told = meeting->met = true;
    if (!tell->answer)
        tell_all_feeds(self, peer, true);
}

// ---- whom to ask

static int32_t choose_server(struct feed *self, const struct source *source, int32_t not_again)
{
    uint64_t cursor = store_cursor(self->store, source->owner, source->boot);
    int32_t owner = peers_find(self->peers, source->owner), best = -1;
    if (owner >= 0 && peers_at(self->peers, (uint32_t)owner)->up &&
        peers_at(self->peers, (uint32_t)owner)->boot == source->boot)
        return owner;
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        if (!peer->up || source->told[i] <= cursor || (int32_t)i == not_again)
            continue;
        const struct peer *other = best < 0 ? NULL : peers_at(self->peers, (uint32_t)best);
        if (other == NULL || source->told[i] > source->told[best] ||
            (source->told[i] == source->told[best] && peer->rtt_us < other->rtt_us))
            best = (int32_t)i;
    }
    if (best < 0 && not_again >= 0)
        return choose_server(self, source, -1);
    return best;
}

static void ask(struct feed *self, struct source *source, struct now now, int32_t server)
{
    source->server = server;
    source->heard_us = now.mono_us;
    source->acked_stored = 0;
    if (server < 0)
        return;
    Peer__FeedAsk words = PEER__FEED_ASK__INIT;
    words.owner = source->owner;
    words.boot = source->boot;
    words.after = store_cursor(self->store, source->owner, source->boot);
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_FEED_ASK;
    envelope.feed_ask = &words;
    peers_send(self->peers, (uint32_t)server, &envelope);
    self->counts.asks++;
}

static uint64_t highest_told(const struct feed *self, const struct source *source)
{
    uint64_t highest = 0;
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        if (peers_at(self->peers, i)->up && source->told[i] > highest)
            highest = source->told[i];
    return highest;
}

static void follow(struct feed *self, struct source *source, struct now now)
{
    uint64_t cursor = store_cursor(self->store, source->owner, source->boot);
    bool lags = highest_told(self, source) > cursor;
    bool silent = now.mono_us - source->heard_us >= (uint64_t)FEED_ASK_AGAIN_MS * 1000;
    int32_t owner = peers_find(self->peers, source->owner);
    bool owner_up = owner >= 0 && peers_owner_up(self->peers, source->owner, source->boot);
    bool served = source->server >= 0 && peers_at(self->peers, (uint32_t)source->server)->up;
    if (owner_up && source->server != owner)
        ask(self, source, now, owner);
    else if (!served && (lags || owner_up))
        ask(self, source, now, choose_server(self, source, -1));
    else if (lags && silent)
        ask(self, source, now, choose_server(self, source, source->server));
}

static void follow_all(struct feed *self, struct now now)
{
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        struct source *own = peer->up ? find_source(self, peer->card.name, peer->boot, true) : NULL;
        if (own != NULL && peer->feed_seq > own->told[i])
            own->told[i] = peer->feed_seq;
    }
    struct source *source;
    DL_FOREACH(self->sources, source)
    {
        follow(self, source, now);
    }
}

// ---- what comes

void feed_take(struct feed *self, Rec__Record *const *records, size_t count, bool mending)
{
    for (size_t i = 0; i < count; i++) {
        struct record record;
        const struct record *here;
        if (!record_from_message(records[i], &record)) {
            self->counts.refused++;
            continue;
        }
        enum store_taken taken = store_take(self->store, &record, &here);
        self->counts.records_in++;
        self->counts.refused += taken == STORE_REFUSED;
        if (taken != STORE_TAKEN)
            continue;
        self->counts.mended += mending;
        find_source(self, record.version.owner, record.version.boot, true);
        self->events.record(self->events.context, here);
    }
}

static void send_ack(struct feed *self, struct source *source)
{
    Peer__FeedAck ack = PEER__FEED_ACK__INIT;
    ack.owner = source->owner;
    ack.boot = source->boot;
    ack.received = store_cursor(self->store, source->owner, source->boot);
    ack.stored = store_stored(self->store, source->owner, source->boot);
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_FEED_ACK;
    envelope.feed_ack = &ack;
    if (peers_send(self->peers, (uint32_t)source->server, &envelope))
        source->acked_stored = ack.stored;
}

static void chunk_came(struct feed *self, struct now now, uint32_t peer, const Peer__FeedChunk *chunk)
{
    struct source *source = find_source(self, chunk->owner, chunk->boot, true);
    if (source == NULL)
        return;
    self->counts.chunks_in++;
    uint64_t cursor = store_cursor(self->store, source->owner, source->boot);
    if (chunk->upto > source->told[peer])
        source->told[peer] = chunk->upto;
    if (chunk->after > cursor) {
        self->counts.gaps++;
        ask(self, source, now, (int32_t)peer);
        return;
    }
    feed_take(self, chunk->records, chunk->n_records, false);
    store_advance_cursor(self->store, source->owner, source->boot, chunk->upto);
    source->heard_us = now.mono_us;
    if (source->server < 0)
        source->server = (int32_t)peer;
    if (chunk->n_records > 1)  // a sweep goes on while the disk writes
        send_ack(self, source);
}

void feed_receive(struct feed *self, struct now now, uint32_t peer, const struct Peer__Envelope *envelope)
{
    switch (envelope->body_case) {
    case PEER__ENVELOPE__BODY_FEEDS_TELL:
        feeds_told(self, peer, envelope->feeds_tell);
        follow_all(self, now);
        break;
    case PEER__ENVELOPE__BODY_FEED_ASK:
        serving_ask(self, peer, envelope->feed_ask);
        break;
    case PEER__ENVELOPE__BODY_FEED_CHUNK:
        chunk_came(self, now, peer, envelope->feed_chunk);
        break;
    case PEER__ENVELOPE__BODY_FEED_ACK:
        serving_ack(self, peer, envelope->feed_ack);
        break;
    case PEER__ENVELOPE__BODY_DIGEST_TELL:
        digest_told(self, now, peer, envelope->digest_tell);
        break;
    case PEER__ENVELOPE__BODY_BUCKET_TELL:
        digest_bucket(self, peer, envelope->bucket_tell);
        break;
    case PEER__ENVELOPE__BODY_BUCKET_WANT:
        digest_wanted(self, peer, envelope->bucket_want);
        break;
    case PEER__ENVELOPE__BODY_MEND:
        feed_take(self, envelope->mend->records, envelope->mend->n_records, true);
        break;
    case PEER__ENVELOPE__BODY__NOT_SET:
    case PEER__ENVELOPE__BODY_HEARTBEAT:
    case PEER__ENVELOPE__BODY_TALK:
    case _PEER__ENVELOPE__BODY__CASE_IS_INT_SIZE:
        break;
    }
}

// ---- peers come and go

void feed_peer_up(struct feed *self, struct now now, uint32_t peer)
{
    tell_all_feeds(self, peer, false);
    follow_all(self, now);
}

void feed_peer_down(struct feed *self, struct now now, uint32_t peer)
{
    struct source *source;
    serving_forget(self, peer);
    DL_FOREACH(self->sources, source)
    {
        source->told[peer] = 0;
        if (source->server == (int32_t)peer)
            source->server = -1;
    }
    self->meetings[peer].told = false;
    uint64_t soon_us = now.mono_us + (uint64_t)1000 * 1000;
    self->next_digest_us = self->next_digest_us < soon_us ? self->next_digest_us : soon_us;
}

// ---- time

void feed_flush(struct feed *self, struct now now)
{
    (void)now;
    serving_push(self);
}

void feed_stored(struct feed *self, struct now now)
{
    (void)now;
    struct source *source;
    DL_FOREACH(self->sources, source)
    {
        if (source->server >= 0 && store_stored(self->store, source->owner, source->boot) > source->acked_stored)
            send_ack(self, source);
    }
}

static void look_for_swept(struct feed *self, uint32_t peer)
{
    struct meeting *meeting = &self->meetings[peer];
    if (!meeting->met || meeting->swept)
        return;
    const struct source *source;
    DL_FOREACH(self->sources, source)
    {
        if (source->goal[peer] > store_cursor(self->store, source->owner, source->boot))
            return;
    }
    meeting->swept = true;
    self->events.swept(self->events.context, peer);
}

uint64_t feed_tick(struct feed *self, struct now now)
{
    follow_all(self, now);
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        if (peers_at(self->peers, i)->up && !self->meetings[i].told && now.mono_us >= self->next_tell_us)
            tell_all_feeds(self, i, false);  // the first word was lost
        look_for_swept(self, i);
    }
    if (now.mono_us >= self->next_tell_us) {
        tell_changes(self);
        self->next_tell_us = now.mono_us + (uint64_t)TELL_EVERY_MS * 1000;
    }
    digest_tick(self, now);
    return now.mono_us + (uint64_t)TICK_MS * 1000;
}

// ---- questions

uint64_t feed_lag(const struct feed *self, uint32_t peer)
{
    const struct peer *view = peers_at(self->peers, peer);
    uint64_t cursor = store_cursor(self->store, view->card.name, view->boot);
    return view->feed_seq > cursor ? view->feed_seq - cursor : 0;
}

bool feed_is_swept(const struct feed *self, uint32_t peer)
{
    return self->meetings[peer].swept;
}

struct feed_counts feed_counts(const struct feed *self)
{
    return self->counts;
}
