#include "ops/web/stream.h"

#include "cluster/base/text.h"
#include "ops/web/reply.h"
#include "ops/web/web.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

static ssize_t read_out(void *user, uint64_t position, char *to, size_t room)
{
    struct stream *self = user;
    size_t left = self->out.count - self->sent;
    (void)position;
    if (left == 0 && self->ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (left == 0) {
        self->suspended = true;
        MHD_suspend_connection(self->connection);
        return 0;
    }
    size_t bytes = left < room ? left : room;
    memcpy(to, self->out.data + self->sent, bytes);
    self->sent += bytes;
    if (self->sent == self->out.count) {
        bytes_clear(&self->out);
        self->sent = 0;
    }
    return (ssize_t)bytes;
}

static void wake(struct stream *self)
{
    if (!self->suspended)
        return;
    self->suspended = false;
    MHD_resume_connection(self->connection);
}

static void on_free(void *user)
{
    struct stream *self = user;
    struct http *http = self->http;
    if (self->previous != NULL)
        self->previous->next = self->next;
    else
        http->streams = self->next;
    if (self->next != NULL)
        self->next->previous = self->previous;
    http->stream_count--;
    if (self->catch_up != NULL)
        *self->catch_up = NULL;
    bytes_close(&self->out);
    free(self->cursor);
    free(self->joined_at);
    free(self);
}

struct stream *stream_open(struct request *request, unsigned topics, const char *key)
{
    struct http *http = &request->web->http;
    if (http->stream_count >= HTTP_STREAMS_MAX) {
        http->counts.streams_refused++;
        reply_problem(request, 503, "too_many_streams", "%d streams are open here", HTTP_STREAMS_MAX);
        reply_header(request, "Retry-After", "5");
        return NULL;
    }
    struct stream *self = check_alloc(sizeof *self);
    self->http = http;
    self->connection = request->connection;
    self->topics = topics;
    text_copy(self->key, sizeof self->key, key);
    self->beat_us = loop_now_us() + STREAM_BEAT_US;
    self->next = http->streams;
    if (self->next != NULL)
        self->next->previous = self;
    http->streams = self;
    http->stream_count++;
    bool kept = request->suspended;
    request->suspended = false;
    request->stream = self;
    request->status = 200;
    request->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 * 1024, read_out, self, on_free);
    check(request->response);
    MHD_add_response_header(request->response, "Content-Type", "text/event-stream");
    MHD_add_response_header(request->response, "Cache-Control", "no-store");
    MHD_add_response_header(request->response, "X-Accel-Buffering", "no");
    bytes_append(&self->out, ":\n\n", 3);  // the headers go out at once
    if (kept)
        MHD_resume_connection(request->connection);
    return self;
}

static void append(struct stream *self, const char *text)
{
    bytes_append(&self->out, text, strlen(text));
}

// `data` has no line ends: it is JSON on one line.
void stream_say(struct stream *self, const char *event, const char *id, const char *data)
{
    if (self->ending)
        return;
    if (self->out.count - self->sent + strlen(data) > STREAM_PENDING_MAX_BYTES) {
        self->http->counts.streams_too_slow++;
        stream_end(self);
        return;
    }
    if (id != NULL) {
        append(self, "id: ");
        append(self, id);
        append(self, "\n");
    }
    append(self, "event: ");
    append(self, event);
    append(self, "\ndata: ");
    append(self, data);
    append(self, "\n\n");
    self->beat_us = loop_now_us() + STREAM_BEAT_US;
    wake(self);
}

void stream_end(struct stream *self)
{
    self->ending = true;
    wake(self);
}

static bool hears(const struct stream *stream, enum stream_topic topic, const char *key, bool all)
{
    if ((stream->topics & topic) == 0)
        return false;
    return stream->key[0] == '\0' ? all : strcmp(stream->key, key) == 0;
}

void streams_say(struct http *http, enum stream_topic topic, const char *key, bool all, const char *event,
                 const char *data)
{
    for (struct stream *stream = http->streams; stream != NULL; stream = stream->next)
        if (hears(stream, topic, key, all))
            stream_say(stream, event, NULL, data);
}

bool streams_any(const struct http *http, enum stream_topic topic, const char *key)
{
    for (const struct stream *stream = http->streams; stream != NULL; stream = stream->next)
        if (!stream->ending && hears(stream, topic, key, true))
            return true;
    return false;
}

void streams_tick(struct http *http, uint64_t now_us)
{
    for (struct stream *stream = http->streams; stream != NULL; stream = stream->next)
        if (now_us >= stream->beat_us && !stream->ending) {
            if (stream->out.count - stream->sent < STREAM_PENDING_MAX_BYTES)
                append(stream, ":\n\n");
            stream->beat_us = now_us + STREAM_BEAT_US;
            wake(stream);
        }
}

void streams_end_all(struct http *http)
{
    for (struct stream *stream = http->streams; stream != NULL; stream = stream->next)
        stream_end(stream);
}
