// HTTP beside the clients' loop, in the same thread: requests in, answers out, now or later; and streams of events.
//
// A handler answers its request (reply.h), opens a stream (stream.h), or keeps the request and answers later. A request
// that is kept lives until it is answered: whoever keeps it answers it, in bounded time.
// Everything a stranger can make grow has a bound here, and what a bound turns away is counted.
#ifndef OPS_WEB_HTTP_H
#define OPS_WEB_HTTP_H

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"
#include "ops/common/loop.h"
#include "ops/web/tokens.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_CONNECTIONS_MAX 2000
#define HTTP_STREAMS_MAX 1200
#define HTTP_BODY_MAX_BYTES ((size_t)64 * 1024)
#define HTTP_DIRECTORY_MAX_BYTES ((size_t)16 * 1024 * 1024)  // of PUT /v1/directory
#define HTTP_IDLE_S 30
#define HTTP_PARAMS_MAX 2
#define HTTP_PATH_MAX_BYTES 512

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;
struct rate;
struct request;
struct stream;
struct web;

typedef void http_handler(struct request *request);

struct http_route {
    const char *method, *path;  // "{}" stands for one part of a path
    unsigned roles;             // any of these, or 0: everybody
    http_handler *handler;
    size_t body_max_bytes;  // 0: HTTP_BODY_MAX_BYTES
};

struct request {
    struct web *web;
    struct MHD_Connection *connection;
    const char *method;
    char path[HTTP_PATH_MAX_BYTES];
    char *params[HTTP_PARAMS_MAX];  // in `path`
    const struct http_route *route;
    const struct token *token;  // who asks; NULL: nobody known
    struct bytes body;
    size_t body_max_bytes;
    bool too_large, dispatched, suspended;
    unsigned status;  // once it is answered
    struct MHD_Response *response;
    struct stream *stream;  // that the response reads
    struct request *previous, *next;
};

struct http_options {
    const char *address;  // "127.0.0.1", "[::1]"
    uint16_t port;
    const char *certificate, *key;    // PEM, or NULL: plain HTTP
    const struct http_route *routes;  // the last has no method
    http_handler *otherwise;          // no route fits: files
};

struct http_counts {
    uint64_t requests, problems, bodies_too_large, rate_limited, unauthorized, streams_refused, streams_too_slow;
};

struct http {
    struct web *web;
    struct http_options options;
    struct MHD_Daemon *daemon;
    struct rate *rate;
    struct request *requests;
    struct stream *streams;
    uint32_t stream_count;
    struct http_counts counts;
};

// False: said on stderr. The options and tokens are lent.
MUST_USE bool http_open(struct http *self, struct web *web, const struct http_options *options, struct loop *loop);
// Answers every request that is kept: whoever keeps it must not answer it any more.
void http_close(struct http *self);
void http_turn(struct http *self);                             // after each turn of the loop
uint64_t http_until_us(struct http *self, uint64_t until_us);  // the loop need not turn before

// Questions to a request.
const char *http_query(const struct request *request, const char *name);  // NULL: not given
const char *http_header(const struct request *request, const char *name);
// The body as one JSON object with none but these keys (NULL-terminated); nothing at all is an empty object.
// NULL: answered.
json_t *http_body_object(struct request *request, const char *const *keys);

#endif
