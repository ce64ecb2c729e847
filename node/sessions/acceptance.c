#include "node/sessions/acceptance.h"

#include "cluster/base/text.h"
#include "cluster/wire/arena.h"

#include "client.pb-c.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct pending {
    struct pending *prev, *next;
    uint64_t session;
    uint8_t kind;
    uint64_t attach;
    uint64_t since_us;
    uint64_t seq;  // of the newest version when it was last looked at; 0: not yet
    char call[];
};

struct acceptance {
    const char *node;
    struct store *store;
    struct feed *feed;
    struct sessions *sessions;
    struct pending *list;
    uint32_t count;
    uint64_t dropped;
    struct arena arena;
};

struct acceptance *acceptance_create(const char *node, struct store *store, struct feed *feed,
                                     struct sessions *sessions)
{
    struct acceptance *self = check_alloc(sizeof *self);
    *self = (struct acceptance){.node = node, .store = store, .feed = feed, .sessions = sessions};
    return self;
}

static void drop(struct acceptance *self, struct pending *pending)
{
    DL_DELETE(self->list, pending);
    self->count--;
    free(pending);
}

void acceptance_free(struct acceptance *self)
{
    if (self == NULL)
        return;
    while (self->list != NULL)
        drop(self, self->list);
    arena_close(&self->arena);
    free(self);
}

static void say(struct acceptance *self, const struct pending *pending, const struct record *record, uint32_t copies)
{
    Rec__Call *body = pending->kind != REC__KIND__CALL
                          ? NULL
                          : rec__call__unpack(arena_allocator(&self->arena, STORE_RECORD_MAX_BYTES), record->body.bytes,
                                              record->body.data);
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.attach = pending->attach;
    news.call = (char *)pending->call;
    news.what = CLI__CALL_NEWS__WHAT__ACCEPTED;
    news.copies = copies;
    if (body != NULL) {
        news.place = body->caller == NULL ? NULL : body->caller->place;
        news.queued_ms = body->queued_ms;
        news.queue = body->queue;
    }
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
    message.call_news = &news;
    sessions_say(self->sessions, pending->session, &message);
}

// A copy of the newest version counts. While the call keeps changing the count is a little late, never too high.
static uint32_t copies_of(struct acceptance *self, const struct record *record)
{
    bool own = store_stored(self->store, record->version.owner, record->version.boot) >= record->version.seq;
    return own + feed_copies(self->feed, record->version.seq);
}

// True: there is nothing more to wait for.
static bool settle(struct acceptance *self, struct pending *pending, uint32_t durability, bool overdue)
{
    const struct record *record = store_find(self->store, pending->kind, pending->call);
    if (record == NULL || record->version.attach != pending->attach || strcmp(record->version.owner, self->node) != 0)
        return true;  // another node owns it now, and accepts it
    pending->seq = record->version.seq;
    uint32_t copies = copies_of(self, record);
    if (copies == 0 || (copies < durability && !overdue))
        return false;
    say(self, pending, record, copies);
    return true;
}

void acceptance_add(struct acceptance *self, struct now now, uint64_t session, uint8_t kind, const char *call,
                    uint64_t attach)
{
    if (self->count == ACCEPTANCE_MAX) {
        self->dropped += !settle(self, self->list, 0, true);
        drop(self, self->list);
    }
    size_t bytes = strlen(call) + 1;
    struct pending *pending = check_alloc(sizeof *pending + bytes);
    memcpy(pending->call, call, bytes);
    pending->session = session;
    pending->kind = kind;
    pending->attach = attach;
    pending->since_us = now.mono_us;
    DL_APPEND(self->list, pending);
    self->count++;
}

void acceptance_check(struct acceptance *self, struct now now, uint32_t durability, uint32_t durability_wait_ms)
{
    struct pending *pending, *next;
    // What is stored by too few at one seq is at every later one, too; by none, for those that are overdue.
    uint64_t short_from[] = {UINT64_MAX, UINT64_MAX};
    DL_FOREACH_SAFE(self->list, pending, next)
    {
        bool overdue = now.mono_us - pending->since_us >= (uint64_t)durability_wait_ms * 1000;
        if (pending->seq >= short_from[overdue])
            continue;
        if (settle(self, pending, durability, overdue))
            drop(self, pending);
        else
            short_from[overdue] = pending->seq < short_from[overdue] ? pending->seq : short_from[overdue];
    }
}

uint64_t acceptance_dropped(const struct acceptance *self)
{
    return self->dropped;
}

uint32_t acceptance_pending(const struct acceptance *self)
{
    return self->count;
}
