#include "node/io/guard.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_ENFORCE_DOMAIN 93  // zmq.h shows it with its draft functions only; the library knows it all the same
#define ZAP_FRAMES 7           // version, request id, domain, address, routing id, mechanism, key
#define ZAP_FRAME_BYTES 255

static const char *const domains[] = {[WORLD_PORT_CLIENT] = "client", [WORLD_PORT_PEER] = "peer"};

static void set(void *socket, int option, const void *value, size_t bytes)
{
    check(zmq_setsockopt(socket, option, value, bytes) == 0);
}

static void set_int(void *socket, int option, int value)
{
    set(socket, option, &value, sizeof value);
}

// ---- life

bool guard_open(struct guard *self, void *context, const struct config *config, struct problem *ret_problem)
{
    uint64_t silent_ms = (uint64_t)config->desk_timeout_ms * GUARD_SILENT_TIMEOUTS;
    *self = (struct guard){.insecure = config->insecure,
                           .silent_us = (silent_ms > GUARD_SILENT_MS ? silent_ms : GUARD_SILENT_MS) * 1000};
    if (self->insecure)
        return true;
    if (!key_pair_read(config->key_file, &self->own, ret_problem))
        return false;
    if (self->own.secret == NULL) {
        problem_set(ret_problem, "%s: holds no secret key", config->key_file);
        return false;
    }
    self->zap = zmq_socket(context, ZMQ_REP);
    check(self->zap != NULL);
    set_int(self->zap, ZMQ_LINGER, 0);
    check(zmq_bind(self->zap, ZAP_ENDPOINT) == 0);
    return true;
}

void guard_close(struct guard *self)
{
    if (self->zap != NULL)
        zmq_close(self->zap);
    key_pair_close(&self->own);
    free(self->connections);
    *self = (struct guard){.zap = NULL};
}

// ---- sockets

void guard_serve(struct guard *self, void *socket, enum world_port port, const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');
    check(colon != NULL && self->listen_count < GUARD_SOCKETS_MAX);
    self->listens[self->listen_count++] = (uint16_t)strtoul(colon + 1, NULL, 10);
    if (self->insecure)
        return;
    set_int(socket, ZMQ_CURVE_SERVER, 1);
    set(socket, ZMQ_CURVE_SECRETKEY, self->own.secret, KEY_BYTES);
    set(socket, ZMQ_ZAP_DOMAIN, domains[port], strlen(domains[port]));
    set_int(socket, ZAP_ENFORCE_DOMAIN, 1);
}

bool guard_dial(struct guard *self, void *socket, const char *endpoint)
{
    char place[PEERS_ENDPOINT_MAX_BYTES + 1];
    uint8_t server[KEY_BYTES];
    const char *key;
    if (!key_split_endpoint(endpoint, place, sizeof place, &key))
        return false;
    if (!self->insecure) {
        if (!key_from_text(key, server))
            return false;  // whoever answers there would be believed
        set(socket, ZMQ_CURVE_SERVERKEY, server, sizeof server);
        set(socket, ZMQ_CURVE_PUBLICKEY, self->own.public_key, KEY_BYTES);
        set(socket, ZMQ_CURVE_SECRETKEY, self->own.secret, KEY_BYTES);
    }
    return zmq_connect(socket, place) == 0;
}

// ---- the handler of ZAP (rfc.zeromq.org/spec/27)

struct question {
    struct frame {
        size_t bytes;
        uint8_t data[ZAP_FRAME_BYTES + 1];  // closed by a zero
    } frames[ZAP_FRAMES];
    uint32_t count;
};

static bool receive(void *socket, struct question *question)
{
    bool more = true;
    for (question->count = 0; more; question->count++) {
        struct frame spare, *frame = question->count < ZAP_FRAMES ? &question->frames[question->count] : &spare;
        int bytes = zmq_recv(socket, frame->data, ZAP_FRAME_BYTES, ZMQ_DONTWAIT);
        if (bytes < 0)
            return false;
        frame->bytes = (size_t)bytes < ZAP_FRAME_BYTES ? (size_t)bytes : ZAP_FRAME_BYTES;
        frame->data[frame->bytes] = '\0';
        int rest = 0;
        size_t rest_bytes = sizeof rest;
        check(zmq_getsockopt(socket, ZMQ_RCVMORE, &rest, &rest_bytes) == 0);
        more = rest != 0;
    }
    return true;
}

static void answer(void *socket, const struct frame *request, const char *code, const char *text, const char *user)
{
    zmq_send_const(socket, "1.0", 3, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_send(socket, request->data, request->bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_send(socket, code, strlen(code), ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_send(socket, text, strlen(text), ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_send(socket, user, strlen(user), ZMQ_DONTWAIT | ZMQ_SNDMORE);
    zmq_send(socket, "", 0, ZMQ_DONTWAIT);
}

// 300, "not now", and not 400: to a refusal for good a ZeroMQ client never comes back, and a key that is not known yet
// may be known when the directory has arrived.
bool guard_answer(struct guard *self, guard_admit *admit, void *context)
{
    struct question question;
    char key[KEY_TEXT_BYTES + 1] = "";
    if (self->zap == NULL || !receive(self->zap, &question))
        return false;
    const struct frame *frames = question.frames;
    bool whole = question.count == ZAP_FRAMES && strcmp((const char *)frames[0].data, "1.0") == 0 &&
                 strcmp((const char *)frames[5].data, "CURVE") == 0 && frames[6].bytes == KEY_BYTES;
    bool is_peer = whole && strcmp((const char *)frames[2].data, domains[WORLD_PORT_PEER]) == 0;
    if (whole)
        key_to_text(frames[6].data, key);
    if (whole && admit(context, key, is_peer ? WORLD_PORT_PEER : WORLD_PORT_CLIENT)) {
        answer(self->zap, &frames[1], "200", "OK", key);
    } else {
        self->refused++;
        answer(self->zap, &frames[1], "300", "this key is not admitted", "");
    }
    return true;
}

// ---- connections

// NULL: its number is beyond what is kept.
static struct guard_connection *need(struct guard *self, int descriptor)
{
    if (descriptor < 0 || descriptor >= GUARD_DESCRIPTORS_MAX)
        return NULL;
    if ((uint32_t)descriptor >= self->room) {
        uint32_t room = (uint32_t)descriptor * 2 + 64;
        self->connections = check_realloc(self->connections, room * sizeof *self->connections);
        memset(&self->connections[self->room], 0, (room - self->room) * sizeof *self->connections);
        self->room = room;
    }
    return &self->connections[descriptor];
}

const char *guard_key_of(struct guard *self, void *message, enum world_port port, uint64_t now_us)
{
    if (self->insecure)
        return "";
    const char *key = zmq_msg_gets(message, "User-Id");
    check(key != NULL);  // ZeroMQ lets nothing pass before the handler has named it
    struct guard_connection *connection = need(self, zmq_msg_get(message, ZMQ_SRCFD));
    if (connection == NULL)
        return key;
    if (strcmp(connection->key, key) != 0)
        text_copy(connection->key, sizeof connection->key, key);
    connection->port = (uint8_t)port;
    connection->heard_us = now_us;
    return key;
}

// It may have spoken already: what is told of connections comes by a way of its own.
void guard_accepted(struct guard *self, int descriptor, enum world_port port, uint64_t now_us)
{
    struct guard_connection *connection = self->insecure ? NULL : need(self, descriptor);
    if (connection == NULL)
        return;
    connection->port = (uint8_t)port;
    connection->heard_us = now_us;
}

void guard_forget(struct guard *self, int descriptor)
{
    if (descriptor >= 0 && (uint32_t)descriptor < self->room)
        self->connections[descriptor] = (struct guard_connection){.key = ""};
}

void guard_part(struct guard *self, int descriptor, uint64_t now_us)
{
    if (descriptor >= 0 && (uint32_t)descriptor < self->room && self->connections[descriptor].part_us == 0)
        self->connections[descriptor].part_us = now_us + (uint64_t)GUARD_PART_MS * 1000;
}

// The number may belong to something else by now: only what was accepted on a port of ours is shut.
static bool shut(const struct guard *self, int descriptor)
{
    struct sockaddr_storage at;
    socklen_t bytes = sizeof at;
    if (getsockname(descriptor, (struct sockaddr *)&at, &bytes) != 0)
        return false;
    in_port_t number = at.ss_family == AF_INET    ? ((struct sockaddr_in *)&at)->sin_port
                       : at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                                  : 0;
    for (uint32_t i = 0; i < self->listen_count; i++)
        if (ntohs(number) == self->listens[i])
            return shutdown(descriptor, SHUT_RDWR) == 0;
    return false;
}

void guard_sweep(struct guard *self, uint64_t now_us)
{
    bool stalled = now_us > self->swept_us + (uint64_t)GUARD_STALL_MS * 1000;
    self->swept_us = now_us;
    for (uint32_t i = 0; i < self->room; i++) {
        struct guard_connection *connection = &self->connections[i];
        if (connection->heard_us == 0 || connection->port != WORLD_PORT_CLIENT)
            continue;
        if (stalled)
            connection->heard_us = now_us;
        bool parts = connection->part_us != 0 && now_us >= connection->part_us;
        if (!parts && now_us < connection->heard_us + self->silent_us)
            continue;
        self->parted += shut(self, (int)i);
        guard_forget(self, (int)i);
    }
}

uint32_t guard_recheck(struct guard *self, guard_admit *admit, void *context)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->room; i++) {
        struct guard_connection *connection = &self->connections[i];
        if (connection->key[0] == '\0' || admit(context, connection->key, (enum world_port)connection->port))
            continue;
        connection->key[0] = '\0';
        count += shut(self, (int)i);
    }
    return count;
}
