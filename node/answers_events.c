// Changes of calls and agents after a cursor: the feeds, read as they stand. A record stands at the place of its newest
// version only, so what a reader was too late for is folded into the version that is here; nothing comes twice.
// Of its own feed a node tells what is on stable storage: a cursor never points past what survives it.
#include "node/answers_private.h"

#include "cluster/base/text.h"
#include "node/mends.h"
#include "node/node_private.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_DEFAULT 1000
#define ROWS_MAX 5000
#define SCAN_MAX 20000  // records looked at for one answer
#define FEEDS_MAX 512   // in a cursor; past it, feeds that hold nothing are left out
#define PART_ROWS 200
#define PART_BYTES ((size_t)48 * 1024)
#define EVENT_BUDGET_BYTES (4 * STORE_RECORD_MAX_BYTES)
#define BODY_MAX_BYTES (STORE_RECORD_MAX_BYTES > PART_BYTES ? STORE_RECORD_MAX_BYTES : PART_BYTES)

struct events {
    const struct reply *reply;
    const char *number;  // only calls of this caller; "": all
    bool show_numbers;
    uint8_t *masked;                        // bodies of the part's calls, their numbers masked
    Cli__FeedPlace *upto, **upto_pointers;  // where the reader is in each feed, sorted
    uint32_t upto_count;
    char own_mark[NAME_MAX_BYTES + 2];
    Cli__EventRow rows[PART_ROWS], *pointers[PART_ROWS];
    Cli__FeedPlace places[PART_ROWS], mended[PART_ROWS];
    uint32_t count;
    size_t bytes;
    uint32_t rows_left, scan_left;  // of this feed
};

static void say_part(struct events *self, bool last, bool more)
{
    Cli__Events words = CLI__EVENTS__INIT;
    words.rows = self->pointers;
    words.n_rows = self->count;
    if (last) {
        words.upto = self->upto_pointers;
        words.n_upto = self->upto_count;
    }
    words.more = more;
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.events = &words;
    answers_say(self->reply, &answer, last);
    self->count = 0;
    self->bytes = 0;
}

static bool is_of_number(const struct events *self, struct span body)
{
    // The number stands in the body as it is written: most bodies are passed over without being taken apart.
    if (memmem(body.data, body.bytes, self->number, strlen(self->number)) == NULL)
        return false;
    const Rec__Call *call =
        rec__call__unpack(arena_allocator(&self->reply->node->arena, EVENT_BUDGET_BYTES), body.bytes, body.data);
    return call != NULL && call->caller != NULL && strcmp(call->caller->number, self->number) == 0;
}

// As it is told: a call's with its caller's number masked, unless that is to be shown. It is no larger then.
static ProtobufCBinaryData told(struct events *self, const struct record *record)
{
    ProtobufCBinaryData whole = {record->body.bytes, (uint8_t *)record->body.data};
    if (self->show_numbers || record->kind != REC__KIND__CALL)
        return whole;
    Rec__Call *call = rec__call__unpack(arena_allocator(&self->reply->node->arena, EVENT_BUDGET_BYTES),
                                        record->body.bytes, record->body.data);
    if (call == NULL)
        return (ProtobufCBinaryData){0, NULL};
    if (call->caller != NULL)
        answers_mask(call->caller->number);
    size_t bytes = rec__call__get_packed_size(call);
    if (self->bytes + bytes > BODY_MAX_BYTES)
        return (ProtobufCBinaryData){0, NULL};
    uint8_t *to = self->masked + self->bytes;
    return (ProtobufCBinaryData){rec__call__pack(call, to), to};
}

static bool wants(const struct events *self, const struct record *record)
{
    if (self->number[0] != '\0')
        return record->kind == REC__KIND__CALL && is_of_number(self, record->body);
    return mends_is_told(record->kind);
}

static void set_place(Cli__FeedPlace *place, const char *owner, uint64_t boot, uint64_t seq)
{
    cli__feed_place__init(place);
    place->owner = (char *)owner;
    place->boot = boot;
    place->seq = seq;
}

// `mended`: the place by which a record that came late is told; NULL: by its own.
static void add_row(struct events *self, const struct record *record, const Cli__FeedPlace *mended)
{
    if (self->count == PART_ROWS || (self->count > 0 && self->bytes + record->body.bytes > PART_BYTES))
        say_part(self, false, false);
    Cli__EventRow *row = self->pointers[self->count] = &self->rows[self->count];
    cli__event_row__init(row);
    row->at = &self->places[self->count];
    set_place(row->at, record->version.owner, record->version.boot, record->version.seq);
    if (mended != NULL) {
        row->mended = &self->mended[self->count];
        *row->mended = *mended;
    }
    row->attach = record->version.attach;
    row->kind = (Rec__Kind)record->kind;
    row->id = (char *)record->id;
    row->body = told(self, record);
    self->count++;
    self->bytes += row->body.len;
}

static bool visit(void *context, const struct record *record)
{
    struct events *self = context;
    if (self->scan_left == 0)
        return false;
    self->scan_left--;
    if (!wants(self, record))
        return true;
    if (self->rows_left == 0)
        return false;
    self->rows_left--;
    add_row(self, record, NULL);
    return true;
}

// ---- from where to where

static int by_feed(const void *a, const void *b)
{
    const Cli__FeedPlace *x = a, *y = b;
    int order = strcmp(x->owner, y->owner);
    return order != 0 ? order : x->boot < y->boot ? -1 : x->boot > y->boot;
}

// How far this node can tell of a feed.
static uint64_t known_upto(const struct node *node, const char *owner, uint64_t boot)
{
    return peers_is_self(node->peers, owner, boot) ? store_stored(node->store, owner, boot)
                                                   : store_cursor(node->store, owner, boot);
}

static bool can_be_left_out(const struct node *node, const struct feed_info *feed)
{
    if (feed->records > 0 || peers_is_self(node->peers, feed->owner, feed->boot))
        return false;
    int32_t peer = peers_find(node->peers, feed->owner);
    return peer < 0 || peers_at(node->peers, (uint32_t)peer)->boot != feed->boot;
}

// All feeds that the reader or this node knows, in order, with `seq` where the reader is. NULL: more than FEEDS_MAX.
static Cli__FeedPlace *collect_feeds(const struct node *node, const Cli__Query *query, uint32_t *ret_count)
{
    uint32_t known = store_feeds(node->store, NULL, 0), count = 0;
    struct feed_info *feeds = check_alloc((known + 1) * sizeof *feeds);
    store_feeds(node->store, feeds, known);
    Cli__FeedPlace *places = check_alloc((known + query->n_after + 1) * sizeof *places);
    for (uint32_t i = 0; i < query->n_after; i++)
        places[count++] = *query->after[i];
    qsort(places, count, sizeof *places, by_feed);
    uint32_t told = count;
    for (uint32_t i = 0; i < known; i++) {
        Cli__FeedPlace place;
        set_place(&place, feeds[i].owner, feeds[i].boot, 0);
        bool leave_out = feeds[i].cursor == 0 || (known > FEEDS_MAX && can_be_left_out(node, &feeds[i]));
        if (!leave_out && bsearch(&place, places, told, sizeof *places, by_feed) == NULL)
            places[count++] = place;
    }
    qsort(places, count, sizeof *places, by_feed);
    free(feeds);
    if (count > FEEDS_MAX) {
        free(places);
        return NULL;
    }
    *ret_count = count;
    return places;
}

// ---- what came late

// The reader's place, or, with boot 0, some place of that owner.
static const Cli__FeedPlace *reader_place(void *context, const char *owner, uint64_t boot)
{
    const struct events *self = context;
    Cli__FeedPlace sought;
    set_place(&sought, owner, boot, 0);
    uint32_t low = 0, high = self->upto_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_feed(&self->upto[middle], &sought) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    const Cli__FeedPlace *found = &self->upto[low];
    bool is_there = low < self->upto_count && strcmp(found->owner, owner) == 0 && (boot == 0 || found->boot == boot);
    return is_there ? found : NULL;
}

// NULL: the cursor is full.
static Cli__FeedPlace *add_place(struct events *self, const char *owner, uint64_t boot)
{
    if (self->upto_count == FEEDS_MAX)
        return NULL;
    self->upto = check_realloc(self->upto, (self->upto_count + 1) * sizeof *self->upto);
    set_place(&self->upto[self->upto_count++], owner, boot, 0);
    qsort(self->upto, self->upto_count, sizeof *self->upto, by_feed);
    return (Cli__FeedPlace *)reader_place(self, owner, boot);
}

static void on_note(void *context, const struct version *note, const struct record *missed)
{
    struct events *self = context;
    char name[NAME_MAX_BYTES + 2];
    snprintf(name, sizeof name, "~%s", note->owner);
    Cli__FeedPlace *mark = (Cli__FeedPlace *)reader_place(self, name, note->boot);
    if (mark == NULL)  // the name is kept with the place of another boot
        mark = add_place(self, reader_place(self, name, 0)->owner, note->boot);
    if (mark == NULL)
        return;
    mark->seq = note->seq;
    if (missed != NULL && wants(self, missed))
        add_row(self, missed, mark);
}

static void tell_late(struct events *self)
{
    struct node *node = self->reply->node;
    struct mends_reader reader = {.context = self, .place = reader_place, .visit = on_note};
    mends_tell(node, &reader);
    snprintf(self->own_mark, sizeof self->own_mark, "~%s", node->config->self.name);
    if (reader_place(self, self->own_mark, 0) != NULL)
        return;
    // It reads here for the first time: what came late until now, in older boots too, it did not miss here.
    if (add_place(self, self->own_mark, node->boot) != NULL)
        mends_pass_own(node, &reader);
    for (uint32_t i = 0; i < self->upto_count; i++)
        if (strcmp(self->upto[i].owner, self->own_mark) == 0)
            self->upto[i].since = self->upto[i].seq;
}

// ---- the answer

// How far each feed is told in this answer. Said once: the disk's thread may take the node's own feed further
// meanwhile.
static uint64_t *told_upto(const struct events *self, uint32_t *ret_with_news)
{
    uint64_t *upto = check_alloc((self->upto_count + 1) * sizeof *upto);
    *ret_with_news = 0;
    for (uint32_t i = 0; i < self->upto_count; i++) {
        upto[i] = known_upto(self->reply->node, self->upto[i].owner, self->upto[i].boot);
        *ret_with_news += self->upto[i].seq < upto[i];
    }
    return upto;
}

// Every feed has its share, so that a busy one does not hide the others.
static bool scan_feeds(struct events *self, uint32_t limit)
{
    uint32_t news;
    uint64_t *upto = told_upto(self, &news);
    bool more = false;
    for (uint32_t i = 0; i < self->upto_count; i++) {
        Cli__FeedPlace *feed = &self->upto[i];
        if (upto[i] <= feed->seq)
            continue;
        self->rows_left = limit / news + 1;
        self->scan_left = SCAN_MAX / news + 1;
        feed->seq = store_scan(self->reply->node->store, feed->owner, feed->boot, feed->seq, upto[i], visit, self);
        more = more || feed->seq < upto[i];
    }
    free(upto);
    return more;
}

static void set_from_now(struct events *self)
{
    for (uint32_t i = 0; i < self->upto_count; i++) {
        uint64_t upto = known_upto(self->reply->node, self->upto[i].owner, self->upto[i].boot);
        if (upto > self->upto[i].seq)
            self->upto[i].seq = upto;
    }
}

void answer_events(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    if (query->n_after > FEEDS_MAX) {
        answers_refuse(reply, "bad_cursor", "the cursor names more feeds than a node follows");
        return;
    }
    uint32_t limit = query->limit == 0 ? ROWS_DEFAULT : query->limit < ROWS_MAX ? query->limit : ROWS_MAX;
    struct events *self = check_alloc(sizeof *self);
    self->reply = reply;
    self->number = query->number;
    self->show_numbers = query->show_numbers;
    self->masked = check_alloc(BODY_MAX_BYTES);
    self->upto = collect_feeds(node, query, &self->upto_count);
    if (self->upto == NULL) {
        answers_refuse(reply, "too_many_feeds", "more starts of nodes are kept than a cursor holds");
    } else {
        tell_late(self);
        self->upto_pointers = check_alloc((self->upto_count + 1) * sizeof(Cli__FeedPlace *));
        for (uint32_t i = 0; i < self->upto_count; i++)
            self->upto_pointers[i] = &self->upto[i];
        bool more = !query->from_now && scan_feeds(self, limit);
        if (query->from_now)
            set_from_now(self);
        say_part(self, true, more);
    }
    free(self->upto);
    free(self->upto_pointers);
    free(self->masked);
    free(self);
}
