// Server-sent events to many readers. A reader that does not keep up with STREAM_PENDING_MAX_BYTES is let go; it comes
// again, and goes on where it was.
#ifndef OPS_WEB_STREAM_H
#define OPS_WEB_STREAM_H

#include "ops/web/http.h"

#define STREAM_PENDING_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define STREAM_BEAT_US 5000000  // a comment when nothing else is said: finds readers that are gone
#define STREAM_KEY_BYTES 130

enum stream_topic {
    STREAM_CHANGES = 1,  // of calls and agents, all or those of one call
    STREAM_NEWS = 2,     // of one call, for who placed it
    STREAM_DESK = 4,     // of one desk
    STREAM_VIEW = 8,     // of the wallboard
};

struct stream {
    struct http *http;
    struct MHD_Connection *connection;
    unsigned topics;
    char key[STREAM_KEY_BYTES];  // of the call or desk; "": all
    struct bytes out;
    size_t sent;
    bool suspended, ending;
    uint64_t beat_us;
    char *cursor;           // of changes, while the stream is not yet in step with the others
    char *joined_at;        // the node that told it
    uint64_t joined_asked;  // questions of changes asked until then
    bool catching_up;
    struct stream **catch_up;  // who reads for it what it missed: set to NULL when the stream is freed
    struct stream *previous, *next;
};

// The answer to the request is a stream. NULL: there are too many; answered.
struct stream *stream_open(struct request *request, unsigned topics, const char *key);
void stream_say(struct stream *self, const char *event, const char *id, const char *data);  // id may be NULL
void stream_end(struct stream *self);  // once what was said is sent
// To all on the topic whose key is this one, and with `all` to those without a key.
void streams_say(struct http *http, enum stream_topic topic, const char *key, bool all, const char *event,
                 const char *data);
bool streams_any(const struct http *http, enum stream_topic topic, const char *key);
void streams_tick(struct http *http, uint64_t now_us);
void streams_end_all(struct http *http);

#endif
