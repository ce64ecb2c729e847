#include "tests/fuzz/http_alone.h"

#include "cluster/base/check.h"

#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PAIRS_MAX 32
#define PIECE_BYTES 1000  // a body comes in pieces
#define ROOM_BYTES 16384  // so much of a stream is taken at a time

struct pair {
    enum MHD_ValueKind kind;
    char *name, *value;  // value may be NULL
};

struct MHD_Connection {
    char *text, *method, *path;
    struct pair pairs[PAIRS_MAX];
    size_t pair_count;
    void *state;
    bool suspended, over;
    unsigned status;
    struct MHD_Response *response;
    struct MHD_Connection *next;
};

struct MHD_Response {
    uint32_t holders;
    bool is_json;
    char *text;
    size_t bytes;
    MHD_ContentReaderCallback read;
    MHD_ContentReaderFreeCallback free;
    void *user;
    uint64_t position;
};

static struct {
    MHD_AccessHandlerCallback handler;
    MHD_RequestCompletedCallback completed;
    void *user, *completed_user;
    struct MHD_Connection *connections;
    http_alone_answered *answered;
} all;

// ---- a request's text

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; to++) {
        bool coded = at[0] == '%' && digit(at[1]) >= 0 && digit(at[2]) >= 0;
        *to = coded ? (char)(digit(at[1]) << 4 | digit(at[2])) : *at;
        at += coded ? 3 : 1;
    }
    *to = '\0';
}

static void add_pair(struct MHD_Connection *self, enum MHD_ValueKind kind, char *name, char *value)
{
    if (self->pair_count < PAIRS_MAX)
        self->pairs[self->pair_count++] = (struct pair){kind, name, value};
}

static void take_query(struct MHD_Connection *self, char *query)
{
    char *rest = NULL;
    for (char *item = strtok_r(query, "&", &rest); item != NULL; item = strtok_r(NULL, "&", &rest)) {
        char *value = strchr(item, '=');
        for (char *at = item; *at != '\0'; at++)
            *at = *at == '+' ? ' ' : *at;
        if (value != NULL) {
            *value++ = '\0';
            unescape(value);
        }
        unescape(item);
        add_pair(self, MHD_GET_ARGUMENT_KIND, item, value);
    }
}

static void take_first_line(struct MHD_Connection *self, char *line)
{
    self->method = line;
    self->path = strchr(line, ' ');
    if (self->path == NULL) {
        self->path = strchr(line, 0);
        return;
    }
    *self->path++ = '\0';
    char *query = strchr(self->path, '?');
    if (query != NULL) {
        *query++ = '\0';
        take_query(self, query);
    }
    unescape(self->path);
}

static void take_header(struct MHD_Connection *self, char *line)
{
    char *colon = strstr(line, ": ");
    if (colon == NULL)
        return;
    *colon = '\0';
    add_pair(self, MHD_HEADER_KIND, line, colon + 2);
}

// Returns the body, in `text`, or NULL.
static char *take_head(struct MHD_Connection *self)
{
    char *line = self->text, *end = strchrnul(line, '\n');
    bool last = *end == '\0';
    *end = '\0';
    take_first_line(self, line);
    while (!last) {
        line = end + 1;
        end = strchrnul(line, '\n');
        last = *end == '\0';
        *end = '\0';
        if (end == line)
            return last ? NULL : end + 1;
        take_header(self, line);
    }
    return NULL;
}

// ---- answers

static void look_at_json(const char *text, size_t bytes)
{
    json_t *read = json_loadb(text, bytes, JSON_DECODE_ANY, NULL);
    check(read != NULL);
    json_decref(read);
}

// Every line of data is whole JSON, and no field breaks its line.
static void look_at_events(const char *text, size_t bytes)
{
    static const char data[] = "data: ";
    while (bytes > 0) {
        const char *end = memchr(text, '\n', bytes);
        size_t line = end == NULL ? bytes : (size_t)(end - text);
        if (end != NULL && line >= sizeof data && memcmp(text, data, sizeof data - 1) == 0)
            look_at_json(text + sizeof data - 1, line - sizeof data + 1);
        else
            check(line == 0 || text[0] == ':' || memcmp(text, "id: ", 4) == 0 || memcmp(text, "event", 5) == 0 ||
                  memcmp(text, data, 5) == 0);
        if (end == NULL)
            return;
        text += line + 1;
        bytes -= line + 1;
    }
}

static void end(struct MHD_Connection *self)
{
    struct MHD_Response *response = self->response;
    self->over = true;
    self->response = NULL;
    all.completed(all.completed_user, self, &self->state, MHD_REQUEST_TERMINATED_COMPLETED_OK);
    if (response != NULL)
        MHD_destroy_response(response);
}

static void read_stream(struct MHD_Connection *self)
{
    static char room[ROOM_BYTES];
    struct bytes told = {0};
    ssize_t got = 1;
    while (got > 0 && !self->suspended) {
        got = self->response->read(self->response->user, self->response->position, room, sizeof room);
        if (got > 0) {
            bytes_append(&told, room, (size_t)got);
            self->response->position += (uint64_t)got;
        }
    }
    look_at_events((const char *)told.data, told.count);
    bytes_close(&told);
    if (got < 0)
        end(self);
}

static void look(struct MHD_Connection *self)
{
    if (self->response->read != NULL) {
        read_stream(self);
        return;
    }
    if (self->response->is_json)
        look_at_json(self->response->text, self->response->bytes);
    if (all.answered != NULL)
        all.answered(self->status, self->response->text);
    end(self);
}

static void hand_over(struct MHD_Connection *self, const char *data, size_t bytes)
{
    size_t left = bytes;
    enum MHD_Result result =
        all.handler(all.user, self, self->path, self->method, "HTTP/1.1", data, &left, &self->state);
    check(result == MHD_YES && left == 0);
}

void http_alone_listen(http_alone_answered *answered)
{
    all.answered = answered;
}

void http_alone_ask(struct span text)
{
    struct MHD_Connection *self = check_alloc(sizeof *self);
    self->text = check_alloc(text.bytes + 1);
    memcpy(self->text, text.data, text.bytes);
    const char *body = take_head(self);
    self->next = all.connections;
    all.connections = self;
    hand_over(self, NULL, 0);
    size_t bytes = body == NULL ? 0 : text.bytes - (size_t)(body - self->text);
    for (size_t at = 0; at < bytes; at += PIECE_BYTES)
        hand_over(self, body + at, bytes - at < PIECE_BYTES ? bytes - at : PIECE_BYTES);
    hand_over(self, NULL, 0);
    check(self->suspended || self->response != NULL);
}

void http_alone_run(void)
{
    for (struct MHD_Connection **at = &all.connections; *at != NULL;) {
        struct MHD_Connection *self = *at;
        if (!self->suspended && self->response == NULL)
            hand_over(self, NULL, 0);
        if (!self->suspended && self->response != NULL)
            look(self);
        if (!self->over) {
            at = &self->next;
            continue;
        }
        *at = self->next;
        free(self->text);
        free(self);
    }
}

// ---- the library

struct MHD_Daemon *MHD_start_daemon(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                    void *accept_user, MHD_AccessHandlerCallback handler, void *user, ...)
{
    (void)flags;
    (void)port;
    (void)accept;
    (void)accept_user;
    va_list list;
    va_start(list, user);
    all.handler = handler;
    all.user = user;
    for (int option = va_arg(list, int); option != MHD_OPTION_END; option = va_arg(list, int)) {
        if (option == MHD_OPTION_NOTIFY_COMPLETED) {
            all.completed = va_arg(list, MHD_RequestCompletedCallback);
            all.completed_user = va_arg(list, void *);
        } else if (option == MHD_OPTION_SOCK_ADDR || option == MHD_OPTION_ARRAY) {
            (void)va_arg(list, void *);
        } else if (option == MHD_OPTION_CONNECTION_MEMORY_LIMIT) {
            (void)va_arg(list, size_t);
        } else {
            (void)va_arg(list, unsigned);
        }
    }
    va_end(list);
    check(all.completed != NULL);
    return (struct MHD_Daemon *)&all;
}

// What is open is cut, as when the process ends.
void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
    (void)daemon;
    http_alone_run();
    while (all.connections != NULL) {
        struct MHD_Connection *self = all.connections;
        check(self->response != NULL);  // everybody was answered
        all.connections = self->next;
        end(self);
        free(self->text);
        free(self);
    }
}

enum MHD_Result MHD_run(struct MHD_Daemon *daemon)
{
    (void)daemon;
    http_alone_run();
    return MHD_YES;
}

enum MHD_Result MHD_get_timeout(struct MHD_Daemon *daemon, MHD_UNSIGNED_LONG_LONG *ret_ms)
{
    (void)daemon;
    *ret_ms = 0;
    return MHD_YES;
}

const union MHD_DaemonInfo *MHD_get_daemon_info(struct MHD_Daemon *daemon, enum MHD_DaemonInfoType type, ...)
{
    static union MHD_DaemonInfo info;
    (void)daemon;
    (void)type;
    info.epoll_fd = -1;
    return &info;
}

const union MHD_ConnectionInfo *MHD_get_connection_info(struct MHD_Connection *connection,
                                                        enum MHD_ConnectionInfoType type, ...)
{
    static struct sockaddr_in address = {.sin_family = AF_INET};
    static union MHD_ConnectionInfo info;
    (void)connection;
    (void)type;
    info.client_addr = (struct sockaddr *)&address;
    return &info;
}

const char *MHD_get_reason_phrase_for(unsigned int code)
{
    check(code >= 200 && code < 600);
    return "Problem";
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *name)
{
    for (size_t i = 0; i < connection->pair_count; i++)
        if (connection->pairs[i].kind == kind && strcasecmp(connection->pairs[i].name, name) == 0)
            return connection->pairs[i].value;
    return NULL;
}

void MHD_suspend_connection(struct MHD_Connection *connection)
{
    connection->suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
    check(connection->suspended);
    connection->suspended = false;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t bytes, void *data, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *self = check_alloc(sizeof *self);
    self->holders = 1;
    self->bytes = bytes;
    self->text = check_alloc(bytes + 1);
    memcpy(self->text, data, bytes);
    if (mode == MHD_RESPMEM_MUST_FREE)
        free(data);
    return self;
}

struct MHD_Response *MHD_create_response_from_callback(uint64_t size, size_t block_size, MHD_ContentReaderCallback read,
                                                       void *user, MHD_ContentReaderFreeCallback free_user)
{
    struct MHD_Response *self = check_alloc(sizeof *self);
    (void)size;
    (void)block_size;
    self->holders = 1;
    self->read = read;
    self->user = user;
    self->free = free_user;
    return self;
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *name, const char *value)
{
    check(strpbrk(value, "\r\n") == NULL);
    if (strcmp(name, "Content-Type") == 0)
        response->is_json = strstr(value, "json") != NULL;
    return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned int status,
                                   struct MHD_Response *response)
{
    check(connection->response == NULL && status >= 200 && status < 600);
    connection->status = status;
    connection->response = response;
    response->holders++;
    return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *response)
{
    if (--response->holders > 0)
        return;
    if (response->free != NULL)
        response->free(response->user);
    free(response->text);
    free(response);
}
