// One reading of the node's events for everybody. A stream that goes on from a cursor first reads for itself what it
// missed, then joins; until the common reading has passed the place where it joined, it skips what it has and its ids
// are its own, so that it can go on exactly from any of them.
#include "ops/common/output.h"
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"
#include "ops/web/web.h"

#include <stdlib.h>
#include <string.h>

#define POLL_US 100000
#define AGAIN_US 500000     // after no answer
#define CATCHING_UP_MAX 24  // of the library's questions
#define RECENT_MAX 2048     // places from which a stream joins without a question

struct recent {
    char *cursor, *key, *text;
};

struct changes {
    struct web *web;
    char *cursor;  // of the common reading; NULL: it has not begun
    bool asking, more;
    uint64_t next_us, asked;
    uint32_t catching_up;
    struct recent recent[RECENT_MAX];  // a ring
    uint64_t recent_count;
};

static bool is_heard(const struct stream *stream, const char *key)
{
    return (stream->topics & STREAM_CHANGES) != 0 && !stream->catching_up &&
           (stream->key[0] == '\0' || strcmp(stream->key, key) == 0);
}

static void say(struct stream *stream, const char *key, const char *id, const char *text)
{
    if (stream->key[0] == '\0' || strcmp(stream->key, key) == 0)
        stream_say(stream, "change", id, text);
}

// A stream whose own reading may be ahead of the common one.
static void say_ahead(struct stream *stream, const struct hotline_row *row, const char *text)
{
    if (hotline_cursor_covers(stream->cursor, row->event.told_owner, row->event.told_boot, row->event.told_seq))
        return;
    char *next =
        hotline_cursor_advance(stream->cursor, row->event.told_owner, row->event.told_boot, row->event.told_seq);
    if (next != NULL) {
        free(stream->cursor);
        stream->cursor = next;
    }
    say(stream, row->event.id, stream->cursor, text);
}

static void keep(struct changes *self, const struct hotline_row *row, const char *text)
{
    struct recent *recent = &self->recent[self->recent_count++ % RECENT_MAX];
    free(recent->cursor);
    free(recent->key);
    free(recent->text);
    *recent = (struct recent){check_strdup(row->event.cursor), check_strdup(row->event.id), check_strdup(text)};
}

static void on_row(void *user, const struct hotline_row *row)
{
    struct changes *self = user;
    if (row->type == HOTLINE_ROW_CURSOR) {
        free(self->cursor);
        self->cursor = check_strdup(row->cursor.cursor);
        self->more = row->cursor.more;
        return;
    }
    json_t *event = rows_json(row);
    char *text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(10));
    keep(self, row, text);
    for (struct stream *stream = self->web->http.streams; stream != NULL; stream = stream->next) {
        if (stream->cursor != NULL && is_heard(stream, stream->key))
            say_ahead(stream, row, text);
        else if (is_heard(stream, row->event.id))
            say(stream, row->event.id, row->event.cursor, text);
    }
    if (strcmp(row->event.kind, "agent") != 0)
        calls_changed(self->web->calls, row->event.id);
    view_look_again(self->web->view);
    free(text);
    json_decref(event);
}

// The common reading began after those streams had joined, at the node that told them: it is where they are, or past
// it.
static void in_step(struct changes *self, const char *node)
{
    for (struct stream *stream = self->web->http.streams; stream != NULL; stream = stream->next)
        if (stream->cursor != NULL && !stream->catching_up && stream->joined_asked < self->asked &&
            strcmp(stream->joined_at, node) == 0) {
            free(stream->cursor);
            stream->cursor = NULL;
        }
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct changes *self = user;
    uint64_t now_us = loop_now_us();
    self->asking = false;
    if (answer->result == HOTLINE_ANSWER_DONE) {
        in_step(self, answer->node);
        self->next_us = self->more ? now_us : now_us + POLL_US;
    } else {
        self->next_us = now_us + AGAIN_US;
    }
}

void changes_tick(struct changes *self, uint64_t now_us)
{
    if (self->asking || now_us < self->next_us)
        return;
    struct hotline_question_args args = {.since = self->cursor == NULL ? "now" : self->cursor, .user = self};
    self->more = false;
    self->asking = web_ask(self->web, HOTLINE_EVENTS, args, WEB_NODE_MS, on_row, on_done) == HOTLINE_OK;
    self->asked++;
    self->next_us = now_us + AGAIN_US;
}

// ---- a stream that goes on from a cursor

struct catch_up {
    struct changes *changes;
    struct stream *stream;  // NULL: it is gone
    bool more;
};

static bool catch_up_ask(struct catch_up *self);

static void on_missed(void *user, const struct hotline_row *row)
{
    struct catch_up *self = user;
    if (self->stream == NULL)
        return;
    free(self->stream->cursor);
    if (row->type == HOTLINE_ROW_CURSOR) {
        self->stream->cursor = check_strdup(row->cursor.cursor);
        self->more = row->cursor.more;
        return;
    }
    self->stream->cursor = check_strdup(row->event.cursor);
    json_t *event = rows_json(row);
    char *text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(10));
    say(self->stream, row->event.id, row->event.cursor, text);
    free(text);
    json_decref(event);
}

static void on_missed_done(void *user, const struct hotline_answer *answer)
{
    struct catch_up *self = user;
    struct stream *stream = self->stream;
    if (stream != NULL && answer->result != HOTLINE_ANSWER_DONE) {
        stream_end(stream);  // it comes again with the last id that it has
    } else if (stream != NULL && self->more && !stream->ending) {
        if (catch_up_ask(self))
            return;
        stream_end(stream);
    } else if (stream != NULL) {
        free(stream->joined_at);
        stream->joined_at = check_strdup(answer->node);
        stream->joined_asked = self->changes->asked;
        stream->catching_up = false;
    }
    if (stream != NULL)
        stream->catch_up = NULL;
    self->changes->catching_up--;
    free(self);
}

static bool catch_up_ask(struct catch_up *self)
{
    struct hotline_question_args args = {.since = self->stream->cursor, .user = self};
    self->more = false;
    return web_ask(self->changes->web, HOTLINE_EVENTS, args, WEB_NODE_MS, on_missed, on_missed_done) == HOTLINE_OK;
}

static bool replay(struct changes *self, struct stream *stream, const char *since)
{
    uint64_t first = self->recent_count > RECENT_MAX ? self->recent_count - RECENT_MAX : 0;
    for (uint64_t at = self->recent_count; at > first; at--) {
        if (strcmp(self->recent[(at - 1) % RECENT_MAX].cursor, since) != 0)
            continue;
        for (uint64_t i = at; i < self->recent_count; i++) {
            const struct recent *recent = &self->recent[i % RECENT_MAX];
            say(stream, recent->key, recent->cursor, recent->text);
        }
        return true;
    }
    return self->cursor != NULL && strcmp(self->cursor, since) == 0;
}

static void open_stream(struct changes *self, struct request *request, const char *since)
{
    if (strcmp(since, "now") != 0 && self->catching_up >= CATCHING_UP_MAX) {
        reply_problem(request, 503, "too_many_catching_up", "%d streams are catching up here", CATCHING_UP_MAX);
        reply_header(request, "Retry-After", "2");
        return;
    }
    struct stream *stream = stream_open(request, STREAM_CHANGES, "");
    if (stream != NULL && strcmp(since, "now") == 0 && self->cursor != NULL)
        stream_say(stream, "cursor", self->cursor, "{}");  // to go on from, before the first change
    if (stream == NULL || strcmp(since, "now") == 0 || (since[0] != '\0' && replay(self, stream, since)))
        return;
    struct catch_up *catch_up = check_alloc(sizeof *catch_up);
    *catch_up = (struct catch_up){.changes = self, .stream = stream};
    stream->cursor = check_strdup(since);
    stream->catching_up = true;
    stream->catch_up = &catch_up->stream;
    self->catching_up++;
    if (!catch_up_ask(catch_up)) {
        stream_end(stream);
        self->catching_up--;
        stream->catch_up = NULL;
        free(catch_up);
    }
}

// ---- asked once

struct page {
    struct request *request;
    json_t *events;
    char *cursor;
    bool more;
};

static void on_page_row(void *user, const struct hotline_row *row)
{
    struct page *self = user;
    if (row->type == HOTLINE_ROW_CURSOR) {
        free(self->cursor);
        self->cursor = check_strdup(row->cursor.cursor);
        self->more = row->cursor.more;
    } else {
        json_array_append_new(self->events, rows_json(row));
    }
}

static void on_page_done(void *user, const struct hotline_answer *answer)
{
    struct page *self = user;
    if (answer->result != HOTLINE_ANSWER_DONE)
        reply_refusal(self->request, answer);
    else
        reply_json(self->request, 200,
                   json_pack("{s:O, s:o, s:b}", "events", self->events, "cursor",
                             output_text(self->cursor == NULL ? "" : self->cursor), "more", (int)self->more));
    json_decref(self->events);
    free(self->cursor);
    free(self);
}

static void give_page(struct request *request, const char *since)
{
    struct page *self = check_alloc(sizeof *self);
    *self = (struct page){.request = request, .events = json_array()};
    struct hotline_question_args args = {.since = since, .user = self};
    enum hotline_result result = web_ask(request->web, HOTLINE_EVENTS, args, WEB_NODE_MS, on_page_row, on_page_done);
    if (result == HOTLINE_OK)
        return;
    reply_result(request, result, "since");
    json_decref(self->events);
    free(self);
}

void changes_get(struct request *request)
{
    const char *accept = http_header(request, "Accept"), *since = http_header(request, "Last-Event-ID");
    bool streams = accept != NULL && strstr(accept, "text/event-stream") != NULL;
    since = since != NULL ? since : http_query(request, "since");
    since = since != NULL ? since : streams ? "now" : "start";
    since = strcmp(since, "start") == 0 ? "" : since;
    // A cursor that is none is told so, not answered with a stream that ends.
    char *checked = strcmp(since, "now") == 0 ? NULL : hotline_cursor_advance(since, "x", 0, 0);
    if (strcmp(since, "now") != 0 && checked == NULL)
        reply_problem(request, 422, "bad_cursor", "since: this is no cursor, nor start, nor now");
    else if (streams)
        open_stream(request->web->changes, request, since);
    else
        give_page(request, since);
    free(checked);
}

// ---- life

struct changes *changes_create(struct web *web)
{
    struct changes *self = check_alloc(sizeof *self);
    self->web = web;
    return self;
}

void changes_free(struct changes *self)
{
    for (size_t i = 0; self != NULL && i < RECENT_MAX; i++) {
        free(self->recent[i].cursor);
        free(self->recent[i].key);
        free(self->recent[i].text);
    }
    if (self != NULL)
        free(self->cursor);
    free(self);
}
