// ZeroMQ's descriptor is edge-triggered: any send, receive or look at ZMQ_EVENTS consumes the edge, messages or not. So
// whoever uses a socket looks at ZMQ_EVENTS afterwards, and what is left over makes the wire's own eventfd readable,
// which is level-triggered and stands behind the same epoll descriptor.
#include "node/client/wire_zmq.h"

#include "cluster/base/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define RECEIVED_MAX 256  // messages in one call of process()
#define LINGER_MS 200     // for the Detach of a client that signs off
#define SOCKETS_MAX 32768
#define HIGH_WATER_MARK 1000

struct hotline_context {
    void *zmq;
};

struct wire_zmq {
    struct client_wire wire;
    void *zmq;
    struct key_pair key;  // closed: none
    void *sockets[CLIENT_SLOTS];
    void *monitors[CLIENT_SLOTS];
    bool broken[CLIENT_SLOTS];
    int epoll_fd;
    int wake_fd;
    bool woken;  // wake_fd is readable
};

static struct wire_zmq *of(struct client_wire *wire)
{
    return (struct wire_zmq *)wire;
}

// ---- time and chance

static uint64_t clock_us(clockid_t clock)
{
    struct timespec at;
    check(clock_gettime(clock, &at) == 0);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

static uint64_t now_us(struct client_wire *wire)
{
    (void)wire;
    return clock_us(CLOCK_MONOTONIC);
}

static uint64_t wall_ms(struct client_wire *wire)
{
    (void)wire;
    return clock_us(CLOCK_REALTIME) / 1000;
}

static void fill_random(struct client_wire *wire, void *to, size_t bytes)
{
    (void)wire;
    check(bytes <= 256 && getrandom(to, bytes, 0) == (ssize_t)bytes);
}

// ---- waking

static void wake(struct client_wire *wire)
{
    struct wire_zmq *self = of(wire);
    if (self->woken)
        return;
    uint64_t one = 1;
    self->woken = write(self->wake_fd, &one, sizeof one) == (ssize_t)sizeof one;
}

static void settle(struct wire_zmq *self)
{
    uint64_t count;
    if (self->woken && read(self->wake_fd, &count, sizeof count) == (ssize_t)sizeof count)
        self->woken = false;
}

static bool is_readable(void *socket)
{
    int events = 0;
    size_t bytes = sizeof events;
    return socket != NULL && zmq_getsockopt(socket, ZMQ_EVENTS, &events, &bytes) == 0 && (events & ZMQ_POLLIN) != 0;
}

// ---- sockets

static void set(void *socket, int option, int value)
{
    check(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static bool watch(struct wire_zmq *self, void *socket)
{
    int fd;
    size_t bytes = sizeof fd;
    check(zmq_getsockopt(socket, ZMQ_FD, &fd, &bytes) == 0);
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void unwatch(struct wire_zmq *self, void *socket)
{
    int fd;
    size_t bytes = sizeof fd;
    if (zmq_getsockopt(socket, ZMQ_FD, &fd, &bytes) == 0)
        epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, fd, NULL);  // before ZeroMQ closes it, some time later
}

// What becomes of connecting. The monitor's queue has no bound, for ZeroMQ's thread waits at a full one; what comes is
// bounded by how often it connects.
static bool open_monitor(struct wire_zmq *self, uint32_t slot, void *socket)
{
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "inproc://connecting-%p", socket);
    void *monitor = self->monitors[slot] = zmq_socket(self->zmq, ZMQ_PAIR);
    if (monitor == NULL ||
        zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED) != 0)
        return false;
    set(monitor, ZMQ_LINGER, 0);
    set(monitor, ZMQ_RCVHWM, 0);
    return zmq_connect(monitor, endpoint) == 0 && watch(self, monitor);
}

static void close_monitor(struct wire_zmq *self, uint32_t slot, void *socket)
{
    void *monitor = self->monitors[slot];
    if (monitor == NULL)
        return;
    unwatch(self, monitor);
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(monitor);
    self->monitors[slot] = NULL;
    self->broken[slot] = false;
}

// An event is a frame with its number and a value, and a frame with the endpoint. CLOSED: before it was connected.
// DISCONNECTED: after, or in the handshake.
static void read_monitor(struct wire_zmq *self, uint32_t slot)
{
    bool more = self->monitors[slot] != NULL;
    while (more) {
        zmq_msg_t frame;
        uint16_t event;
        zmq_msg_init(&frame);
        more = zmq_msg_recv(&frame, self->monitors[slot], ZMQ_DONTWAIT) >= 0;
        if (more && zmq_msg_more(&frame) && zmq_msg_size(&frame) >= sizeof event) {
            memcpy(&event, zmq_msg_data(&frame), sizeof event);
            self->broken[slot] = event != ZMQ_EVENT_CONNECTED;
        }
        zmq_msg_close(&frame);
    }
}

static bool is_broken(struct client_wire *wire, uint32_t slot)
{
    return of(wire)->broken[slot];
}

static void close_slot(struct client_wire *wire, uint32_t slot, bool linger)
{
    struct wire_zmq *self = of(wire);
    void *socket = self->sockets[slot];
    if (socket == NULL)
        return;
    close_monitor(self, slot, socket);
    unwatch(self, socket);
    if (linger)
        set(socket, ZMQ_LINGER, LINGER_MS);
    zmq_close(socket);
    self->sockets[slot] = NULL;
}

static bool is_loopback(const char *place)
{
    static const char *const hosts[] = {"tcp://127.", "tcp://localhost:", "tcp://[::1]:", "inproc://", "ipc://"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strncmp(place, hosts[i], strlen(hosts[i])) == 0)
            return true;
    return false;
}

// With a key only to who can prove to be whom the address names; without one only to loopback.
static bool connect_to(struct wire_zmq *self, void *socket, const char *endpoint)
{
    char place[CLIENT_ENDPOINT_MAX_BYTES + 1];
    uint8_t server[KEY_BYTES];
    const char *key;
    if (!key_split_endpoint(endpoint, place, sizeof place, &key))
        return false;
    if (self->key.secret == NULL)
        return key[0] == '\0' && is_loopback(place) && zmq_connect(socket, place) == 0;
    return key_from_text(key, server) && zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, sizeof server) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, self->key.public_key, KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, self->key.secret, KEY_BYTES) == 0 &&
           zmq_connect(socket, place) == 0;
}

static bool open_slot(struct client_wire *wire, uint32_t slot, const char *endpoint)
{
    struct wire_zmq *self = of(wire);
    void *socket = zmq_socket(self->zmq, ZMQ_DEALER);
    if (socket == NULL)
        return false;
    int64_t message_max = (int64_t)CLIENT_MESSAGE_MAX_BYTES;
    check(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0);
    set(socket, ZMQ_IMMEDIATE, 1);
    set(socket, ZMQ_LINGER, 0);
    set(socket, ZMQ_RECONNECT_IVL, 50);
    set(socket, ZMQ_RECONNECT_IVL_MAX, 1000);
    set(socket, ZMQ_HANDSHAKE_IVL, 3000);
    set(socket, ZMQ_SNDHWM, HIGH_WATER_MARK);
    set(socket, ZMQ_RCVHWM, HIGH_WATER_MARK);
    self->sockets[slot] = socket;
    if (!open_monitor(self, slot, socket) || !watch(self, socket) || !connect_to(self, socket, endpoint)) {
        close_slot(wire, slot, false);
        return false;
    }
    wake(wire);  // connecting may have consumed the edge
    return true;
}

static bool send_slot(struct client_wire *wire, uint32_t slot, struct span message)
{
    struct wire_zmq *self = of(wire);
    if (self->sockets[slot] == NULL)
        return false;
    bool sent = zmq_send(self->sockets[slot], message.data, message.bytes, ZMQ_DONTWAIT) >= 0;
    if (is_readable(self->sockets[slot]))
        wake(wire);
    return sent;
}

// False: nothing was there, or the slot was closed meanwhile.
static bool receive_one(struct wire_zmq *self, uint32_t slot, struct hotline_client *client)
{
    void *socket = self->sockets[slot];
    zmq_msg_t message;
    zmq_msg_init(&message);
    bool received = socket != NULL && zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0;
    if (received)
        client_receive(client, slot, (struct span){zmq_msg_data(&message), zmq_msg_size(&message)});
    zmq_msg_close(&message);
    return received;
}

static void receive(struct client_wire *wire, struct hotline_client *client)
{
    struct wire_zmq *self = of(wire);
    settle(self);
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        read_monitor(self, slot);
    bool more = true;
    uint32_t count = 0;
    for (; more && count < RECEIVED_MAX; count++) {  // in turn, so that one socket does not starve the other
        more = false;
        for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
            more = receive_one(self, slot, client) || more;
    }
    if (more)
        wake(wire);
}

static bool has_more(struct client_wire *wire)
{
    return of(wire)->woken;
}

static int fd(struct client_wire *wire)
{
    return of(wire)->epoll_fd;
}

static void free_wire(struct client_wire *wire)
{
    struct wire_zmq *self = of(wire);
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        close_slot(wire, slot, false);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    if (self->epoll_fd >= 0)
        close(self->epoll_fd);
    key_pair_close(&self->key);
    free(self);
}

struct client_wire *client_wire_zmq_create(struct hotline_context *context, struct key_pair key)
{
    static const struct client_wire_type type = {.now_us = now_us,
                                                 .wall_ms = wall_ms,
                                                 .random = fill_random,
                                                 .open = open_slot,
                                                 .close = close_slot,
                                                 .send = send_slot,
                                                 .is_broken = is_broken,
                                                 .receive = receive,
                                                 .has_more = has_more,
                                                 .wake = wake,
                                                 .fd = fd,
                                                 .free = free_wire};
    struct wire_zmq *self = check_alloc(sizeof *self);
    self->wire.type = &type;
    self->zmq = context->zmq;
    self->key = key;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    if (self->epoll_fd < 0 || self->wake_fd < 0 ||
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &event) != 0) {
        free_wire(&self->wire);
        return NULL;
    }
    return &self->wire;
}

// ---- the context

struct hotline_context *hotline_context_create(void)
{
    void *zmq = zmq_ctx_new();
    if (zmq == NULL)
        return NULL;
    check(zmq_ctx_set(zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX) == 0);
    struct hotline_context *self = check_alloc(sizeof *self);
    self->zmq = zmq;
    return self;
}

void hotline_context_free(struct hotline_context *self)
{
    if (self == NULL)
        return;
    while (zmq_ctx_term(self->zmq) != 0 && errno == EINTR)
        continue;
    free(self);
}
