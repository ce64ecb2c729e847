#include "ops/web/http.h"

#include "ops/common/output.h"
#include "ops/web/rate.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"
#include "ops/web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define CLOSING_TURNS 10  // what is answered at the end is mostly sent

// ---- a request's life

static struct request *request_create(struct http *http, struct MHD_Connection *connection, const char *method,
                                      const char *path)
{
    struct request *request = check_alloc(sizeof *request);
    request->web = http->web;
    request->connection = connection;
    request->method = check_strdup(method);
    request->body_max_bytes = HTTP_BODY_MAX_BYTES;
    snprintf(request->path, sizeof request->path, "%s", strlen(path) < sizeof request->path ? path : "");
    request->next = http->requests;
    if (request->next != NULL)
        request->next->previous = request;
    http->requests = request;
    http->counts.requests++;
    return request;
}

static void request_free(struct http *http, struct request *request)
{
    if (request->previous != NULL)
        request->previous->next = request->next;
    else
        http->requests = request->next;
    if (request->next != NULL)
        request->next->previous = request->previous;
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    bytes_close(&request->body);
    free((char *)request->method);
    free(request);
}

// ---- which handler

// Parts that "{}" stands for are cut out of `path`.
static bool fits(const char *pattern, char *path, char *params[HTTP_PARAMS_MAX])
{
    size_t count = 0;
    char *cuts[HTTP_PARAMS_MAX];
    while (*pattern != '\0') {
        if (strncmp(pattern, "{}", 2) == 0) {
            size_t bytes = strcspn(path, "/");
            if (bytes == 0)
                return false;
            params[count] = path;
            cuts[count++] = path + bytes;
            path += bytes;
            pattern += 2;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    if (*path != '\0')
        return false;
    for (size_t i = 0; i < count; i++)
        *cuts[i] = '\0';
    return true;
}

// Sets the route. Otherwise says which methods the path knows.
static const struct http_route *find_route(struct http *http, struct request *request, char *ret_allowed, size_t room)
{
    char copy[HTTP_PATH_MAX_BYTES];
    char *params[HTTP_PARAMS_MAX];
    ret_allowed[0] = '\0';
    for (const struct http_route *route = http->options.routes; route->method != NULL; route++) {
        memcpy(copy, request->path, sizeof copy);
        if (!fits(route->path, copy, params))
            continue;
        bool head = strcmp(request->method, "HEAD") == 0 && strcmp(route->method, "GET") == 0;
        if (head || strcmp(route->method, request->method) == 0)
            return route;
        size_t used = strlen(ret_allowed);
        snprintf(ret_allowed + used, room - used, "%s%s", used > 0 ? ", " : "", route->method);
    }
    return NULL;
}

static bool may_pass(struct http *http, struct request *request)
{
    const struct http_route *route = request->route;
    request->token = tokens_find(&request->web->tokens, http_header(request, "Authorization"));
    if (route->roles == 0 || (request->token != NULL && (route->roles & request->token->role) != 0))
        return true;
    http->counts.unauthorized++;
    if (request->token != NULL) {
        reply_problem(request, 403, "forbidden", "this token's role may not do that");
        return false;
    }
    reply_problem(request, 401, "unauthorized", "a bearer token of hotline-web is needed");
    reply_header(request, "WWW-Authenticate", "Bearer realm=\"hotline\"");
    return false;
}

static void dispatch(struct http *http, struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    request->dispatched = true;
    if (http->web->going) {  // who asks now would wait for nobody
        reply_problem(request, 503, "going", WEB_GOING);
        return;
    }
    if (!rate_allows(http->rate, info == NULL ? NULL : info->client_addr, loop_now_us())) {
        http->counts.rate_limited++;
        reply_problem(request, 429, "too_many_requests", "more than %d requests a second from one address", RATE_PER_S);
        reply_header(request, "Retry-After", "1");
        return;
    }
    if (request->too_large) {
        http->counts.bodies_too_large++;
        reply_problem(request, 413, "body_too_large", "the body is larger than %zu bytes", request->body_max_bytes);
        return;
    }
    char allowed[64];
    if (request->route == NULL)
        request->route = find_route(http, request, allowed, sizeof allowed);
    if (request->route != NULL) {
        fits(request->route->path, request->path, request->params);
        if (may_pass(http, request))
            request->route->handler(request);
    } else if (allowed[0] != '\0') {
        reply_problem(request, 405, "method_not_allowed", "%s is not for this path: %s", request->method, allowed);
        reply_header(request, "Allow", allowed);
    } else {
        http->options.otherwise(request);
    }
}

// ---- what the library calls

static enum MHD_Result answer(struct http *http, struct request *request)
{
    check(request->response != NULL);
    if (request->stream != NULL)
        request->stream->suspended = false;
    enum MHD_Result result = MHD_queue_response(request->connection, request->status, request->response);
    return result;
    (void)http;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *data, size_t *bytes, void **state)
{
    struct http *http = user;
    struct request *request = *state;
    (void)version;
    if (request == NULL) {
        *state = request = request_create(http, connection, method, path);
        char allowed[64];
        request->route = find_route(http, request, allowed, sizeof allowed);
        if (request->route != NULL && request->route->body_max_bytes > 0)
            request->body_max_bytes = request->route->body_max_bytes;
        return MHD_YES;
    }
    if (*bytes > 0) {
        request->too_large = request->too_large || request->body.count + *bytes > request->body_max_bytes;
        if (!request->too_large)
            bytes_append(&request->body, data, *bytes);
        *bytes = 0;
        return MHD_YES;
    }
    if (!request->dispatched)
        dispatch(http, request);
    if (request->response != NULL)
        return answer(http, request);
    request->suspended = true;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    (void)connection;
    (void)why;
    if (*state != NULL)
        request_free(user, *state);
    *state = NULL;
}

// ---- questions to a request

const char *http_query(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

json_t *http_body_object(struct request *request, const char *const *keys)
{
    if (request->body.count == 0)
        return json_object();
    json_error_t error;
    json_t *body = json_loadb((const char *)request->body.data, request->body.count, JSON_REJECT_DUPLICATES, &error);
    const char *key;
    json_t *value;
    if (!json_is_object(body)) {
        reply_problem(request, 400, "malformed", "the body is not a JSON object: %s, line %d", error.text, error.line);
        json_decref(body);
        return NULL;
    }
    json_object_foreach(body, key, value)
    {
        size_t at = 0;
        while (keys[at] != NULL && strcmp(keys[at], key) != 0)
            at++;
        if (keys[at] == NULL) {
            reply_problem(request, 422, "unknown_key", "there is no key '%.64s' here", key);
            json_decref(body);
            return NULL;
        }
    }
    return body;
}

// ---- opening

static void on_ready(void *user)
{
    struct http *self = user;
    MHD_run(self->daemon);
}

static bool listen_address(const struct http_options *options, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in *four = (struct sockaddr_in *)ret_address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret_address;
    memset(ret_address, 0, sizeof *ret_address);
    if (inet_pton(AF_INET, options->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(options->port);
        return true;
    }
    if (inet_pton(AF_INET6, options->address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(options->port);
        return true;
    }
    return false;
}

bool http_open(struct http *self, struct web *web, const struct http_options *options, struct loop *loop)
{
    *self = (struct http){.web = web, .options = *options, .rate = rate_create()};
    struct sockaddr_storage address;
    if (!listen_address(options, &address)) {
        output_fail(EXIT_WRONG_USAGE, "--listen: '%s' is no address", options->address);
        return false;
    }
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->key},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (options->certificate != NULL ? MHD_USE_TLS : 0u) |
                     (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u);
    self->daemon = MHD_start_daemon(
        flags, options->port, NULL, NULL, on_request, self, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_NOTIFY_COMPLETED, on_completed, self,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_ARRAY,
        options->certificate != NULL ? tls : plain, MHD_OPTION_END);
    if (self->daemon == NULL) {
        output_fail(EXIT_REFUSED, "cannot listen at %s port %u%s: %s", options->address, options->port,
                    options->certificate != NULL ? ", or the certificate and key do not fit" : "", strerror(errno));
        return false;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    check(info != NULL);
    loop_watch_fd(loop, info->epoll_fd, on_ready, self);
    return true;
}

void http_close(struct http *self)
{
    if (self->daemon != NULL) {
        for (struct request *request = self->requests; request != NULL; request = request->next)
            if (request->suspended)
                reply_problem(request, 503, "going", WEB_GOING);
        streams_end_all(self);
        for (int i = 0; i < CLOSING_TURNS; i++)
            MHD_run(self->daemon);
        MHD_stop_daemon(self->daemon);
    }
    rate_free(self->rate);
    *self = (struct http){0};
}

void http_turn(struct http *self)
{
    streams_tick(self, loop_now_us());
    MHD_run(self->daemon);
}

uint64_t http_until_us(struct http *self, uint64_t until_us)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    if (MHD_get_timeout(self->daemon, &wait_ms) != MHD_YES)
        return until_us;
    uint64_t at_us = loop_now_us() + (uint64_t)wait_ms * 1000;
    return at_us < until_us ? at_us : until_us;
}
