#include "node/io/io.h"

#include "node/io/guard.h"
#include "node/io/links.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>
#include <zmq.h>

#define CLIENT_MESSAGE_SPARE_BYTES 1024        // a message this little over the bound is refused by name, not cut off
#define CLIENT_QUEUE_MESSAGES 10000            // per client and direction
#define DRAIN_MAX 256                          // messages of one socket in one turn, so that none starves the others
#define DRAIN_BYTES ((size_t)128 * 1024)       // the same: a sweep must not hold up heartbeats and calls
#define COUNT_EVERY_US ((uint64_t)100 * 1000)  // their queues are bounded
#define SWEEP_EVERY_US ((uint64_t)250 * 1000)
#define SOCKETS_MAX 1024  // two for each peer, and a few
#define BIND_PATIENCE_MS 2000
#define BIND_RETRY_MS 50
#define HAND_OVER_MS 1500  // clients have this long to move when the node stops
#define HAND_OVER_MIN_MS 100

enum {  // those that are bound go by the threads that serve them
    SOCKET_CLIENT = IO_THREAD_CLIENT,
    SOCKET_CONTROL = IO_THREAD_CONTROL,
    SOCKET_BULK = IO_THREAD_BULK,
    SOCKET_ZAP,
    SOCKETS
};

#define PORT_OF(which) ((which) == SOCKET_CLIENT ? WORLD_PORT_CLIENT : WORLD_PORT_PEER)

struct io {
    struct world world;
    uv_loop_t loop;
    uv_timer_t timer, hand_over;
    uv_async_t disk;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_signal_t term, interrupt;
    uv_poll_t polls[SOCKETS];
    void *context;
    void *sockets[SOCKETS], *monitors[SOCKETS];
    bool readable[SOCKETS];  // there may be something: the descriptor woke us, or prepare saw more
    struct guard guard;
    struct world_counts counts;
    uint64_t counted_us;
    struct links links;
    const struct io_handler *handler;
    int delivering;     // the descriptor that the last message came on
    uint64_t turn_us;   // when this turn began
    uint64_t sweep_us;  // the next look at clients' connections
    uint64_t wake_at_us;
    uint64_t going_since_ms;
    bool timer_due;
};

// ---- time and chance

static uint64_t mono_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct now world_now_uv(struct world *world)
{
    (void)world;
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct now){.mono_us = mono_us(),
                        .wall_ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000};
}

static void world_random(struct world *world, void *to, size_t bytes)
{
    (void)world;
    randombytes_buf(to, bytes);
}

static void on_timer(uv_timer_t *timer);

static void world_wake_at(struct world *world, uint64_t at_us)
{
    struct io *self = (struct io *)world;
    if (at_us == self->wake_at_us && uv_is_active((uv_handle_t *)&self->timer))
        return;
    self->wake_at_us = at_us;
    uint64_t now_us = mono_us();
    uv_update_time(&self->loop);
    if (at_us == UINT64_MAX)
        uv_timer_stop(&self->timer);
    else
        uv_timer_start(&self->timer, on_timer, at_us > now_us ? (at_us - now_us + 999) / 1000 : 0, 0);
}

// ---- sockets

static void world_link_close(struct world *world, uint32_t index)
{
    links_close(&((struct io *)world)->links, index);
}

static bool world_link_open(struct world *world, uint32_t index, const char *control, const char *bulk)
{
    return links_open(&((struct io *)world)->links, index, control, bulk);
}

static void world_keys_changed(struct world *world)
{
    struct io *self = (struct io *)world;
    if (self->guard.insecure || self->handler == NULL)
        return;
    self->counts.connections_shut += guard_recheck(&self->guard, self->handler->admits, self->handler->context);
    links_recheck(&self->links);
}

static bool world_send_peer_zmq(struct world *world, uint32_t index, enum world_channel channel, struct span message)
{
    return links_send(&((struct io *)world)->links, index, channel, message);
}

static bool world_send_client_zmq(struct world *world, const struct world_client *client, struct span message)
{
    void *socket = ((struct io *)world)->sockets[SOCKET_CLIENT];
    // EAGAIN and EHOSTUNREACH alike: not sent. Only heartbeats say who is alive.
    return zmq_send(socket, client->id, client->bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
           zmq_send(socket, message.data, message.bytes, ZMQ_DONTWAIT) >= 0;
}

// ---- connections: what ZeroMQ does below us, counted

static void watch_socket(struct io *self, int which)
{
    char endpoint[32];
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%d", which);
    check(zmq_socket_monitor(self->sockets[which], endpoint,
                             ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0);
    self->monitors[which] = zmq_socket(self->context, ZMQ_PAIR);
    check(self->monitors[which] != NULL);
    socket_set(self->monitors[which], ZMQ_LINGER, 0);
    check(zmq_connect(self->monitors[which], endpoint) == 0);
}

// An event is a frame with its number and a value, and a frame with the endpoint.
static void count_event(struct io *self, int which, const void *frame, size_t bytes)
{
    uint16_t event;
    int32_t value;
    if (bytes < sizeof event + sizeof value)
        return;
    memcpy(&event, frame, sizeof event);
    memcpy(&value, (const uint8_t *)frame + sizeof event, sizeof value);
    if (event == ZMQ_EVENT_ACCEPTED)
        guard_accepted(&self->guard, value, PORT_OF(which), self->counted_us);
    else if (event == ZMQ_EVENT_DISCONNECTED)
        guard_forget(&self->guard, value);
    self->counts.connections_opened += event == ZMQ_EVENT_ACCEPTED;
    self->counts.connections_closed += event == ZMQ_EVENT_DISCONNECTED;
    self->counts.handshakes_failed +=
        (event & (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)) != 0;
}

static void count_connections(struct io *self)
{
    self->counted_us = mono_us();
    for (int which = 0; which < SOCKETS; which++) {
        for (bool number = true; self->monitors[which] != NULL;) {
            zmq_msg_t frame;
            zmq_msg_init(&frame);
            if (zmq_msg_recv(&frame, self->monitors[which], ZMQ_DONTWAIT) < 0) {
                zmq_msg_close(&frame);
                break;
            }
            if (number)
                count_event(self, which, zmq_msg_data(&frame), zmq_msg_size(&frame));
            number = !zmq_msg_more(&frame);
            zmq_msg_close(&frame);
        }
    }
}

static void world_counts_zmq(struct world *world, struct world_counts *ret_counts)
{
    count_connections((struct io *)world);
    *ret_counts = ((struct io *)world)->counts;
    ret_counts->keys_refused = ((struct io *)world)->guard.refused;
    ret_counts->connections_parted = ((struct io *)world)->guard.parted;
}

static void world_part_client_zmq(struct world *world)
{
    struct io *self = (struct io *)world;
    guard_part(&self->guard, self->delivering, self->turn_us);
}

static const struct world_type world_type = {
    .now = world_now_uv,
    .random = world_random,
    .wake_at = world_wake_at,
    .link_open = world_link_open,
    .link_close = world_link_close,
    .send_peer = world_send_peer_zmq,
    .send_client = world_send_client_zmq,
    .part_client = world_part_client_zmq,
    .counts = world_counts_zmq,
    .keys_changed = world_keys_changed,
};

// ---- receiving: ZMQ_FD is edge-triggered, and any send, receive or look at ZMQ_EVENTS consumes the edge. So the
// descriptor only wakes the loop and names the socket; check drains it, prepare looks again at all of them and keeps
// the loop awake where there is more.

static void deliver(struct io *self, int which, const struct world_client *client, zmq_msg_t *message)
{
    struct span span = {zmq_msg_data(message), zmq_msg_size(message)};
    const char *key = guard_key_of(&self->guard, message, PORT_OF(which), self->turn_us);
    self->delivering = zmq_msg_get(message, ZMQ_SRCFD);
    if (which == SOCKET_CLIENT)
        self->handler->client_message(self->handler->context, client, key, span);
    else
        self->handler->peer_message(self->handler->context, key, span);
}

// False: nothing was there. A message is [routing id, payload]; further frames are not ours and are passed over.
static bool receive_one(struct io *self, int which, size_t *bytes)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, self->sockets[which], ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&frame);
        return false;
    }
    struct world_client client = {.bytes = 0};
    bool named = zmq_msg_size(&frame) <= sizeof client.id;
    if (named) {
        client.bytes = (uint8_t)zmq_msg_size(&frame);
        memcpy(client.id, zmq_msg_data(&frame), client.bytes);
    }
    bool more = zmq_msg_more(&frame);
    for (uint32_t frames = 0; more; frames++) {
        zmq_msg_close(&frame);
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, self->sockets[which], ZMQ_DONTWAIT) < 0)
            break;
        more = zmq_msg_more(&frame);
        *bytes += zmq_msg_size(&frame);
        if (named && frames == 0)
            deliver(self, which, &client, &frame);
    }
    zmq_msg_close(&frame);
    return true;
}

static void turn(struct io *self)
{
    self->turn_us = mono_us();
    for (int which = SOCKETS - 1; which >= 0; which--) {
        size_t bytes = 0;
        if (!self->readable[which])
            continue;
        self->readable[which] = false;
        for (int i = 0; i < DRAIN_MAX && bytes < DRAIN_BYTES; i++)
            if (which == SOCKET_ZAP ? !guard_answer(&self->guard, self->handler->admits, self->handler->context)
                                    : !receive_one(self, which, &bytes))
                break;
    }
    if (mono_us() >= self->counted_us + COUNT_EVERY_US)
        count_connections(self);
    if (self->turn_us >= self->sweep_us) {
        guard_sweep(&self->guard, self->turn_us);
        self->sweep_us = self->turn_us + SWEEP_EVERY_US;
    }
    if (mono_us() >= self->wake_at_us)
        self->handler->wake(self->handler->context);
    self->handler->turn_end(self->handler->context);
}

static void on_timer(uv_timer_t *timer)
{
    turn(timer->data);
}

static void on_check(uv_check_t *check_handle)
{
    turn(check_handle->data);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;  // its being active keeps the loop from sleeping
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct io *self = prepare->data;
    bool more = false;
    for (int which = 0; which < SOCKETS; which++) {
        int events = 0;
        size_t bytes = sizeof events;
        if (zmq_getsockopt(self->sockets[which], ZMQ_EVENTS, &events, &bytes) == 0 && (events & ZMQ_POLLIN) != 0)
            more = self->readable[which] = true;
    }
    if (more)
        uv_idle_start(&self->idle, on_idle);
    else
        uv_idle_stop(&self->idle);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    *(bool *)poll->data = true;
}

static void on_disk(uv_async_t *async)
{
    struct io *self = async->data;
    self->handler->disk_written(self->handler->context);
}

void io_disk_wake(void *io)
{
    uv_async_send(&((struct io *)io)->disk);
}

// ---- stopping

static void on_hand_over(uv_timer_t *timer)
{
    struct io *self = timer->data;
    uint64_t since_ms = uv_now(&self->loop) - self->going_since_ms;
    if ((since_ms >= HAND_OVER_MIN_MS && !self->handler->has_clients(self->handler->context)) ||
        since_ms >= HAND_OVER_MS)
        uv_stop(&self->loop);
}

static void on_signal(uv_signal_t *handle, int signal)
{
    (void)signal;
    struct io *self = handle->data;
    if (self->going_since_ms != 0)
        return;
    self->going_since_ms = uv_now(&self->loop);
    self->handler->going(self->handler->context);
    uv_timer_start(&self->hand_over, on_hand_over, 20, 20);
}

// ---- life

static bool bind_socket(struct io *self, int which, const char *endpoint, int queue, int64_t message_max,
                        struct problem *ret_problem)
{
    void *socket = self->sockets[which] =
        socket_open(self->context, ZMQ_ROUTER, (enum io_thread)which, queue, message_max);
    socket_set(socket, ZMQ_ROUTER_MANDATORY, 1);
    guard_serve(&self->guard, socket, PORT_OF(which), endpoint);
    watch_socket(self, which);
    // A predecessor that was killed a moment ago may still hold the port.
    for (int waited_ms = 0; waited_ms <= BIND_PATIENCE_MS; waited_ms += BIND_RETRY_MS) {
        if (zmq_bind(socket, endpoint) == 0)
            return true;
        if (errno != EADDRINUSE)
            break;
        uv_sleep(BIND_RETRY_MS);
    }
    problem_set(ret_problem, "cannot listen on %s: %s", endpoint, zmq_strerror(errno));
    return false;
}

static void poll_socket(struct io *self, int which)
{
    int fd;
    size_t bytes = sizeof fd;
    check(zmq_getsockopt(self->sockets[which], ZMQ_FD, &fd, &bytes) == 0);
    check(uv_poll_init(&self->loop, &self->polls[which], fd) == 0);
    self->polls[which].data = &self->readable[which];
    check(uv_poll_start(&self->polls[which], UV_READABLE, on_poll) == 0);
}

static void init_handles(struct io *self)
{
    check(uv_loop_init(&self->loop) == 0);
    uv_timer_init(&self->loop, &self->timer);
    uv_timer_init(&self->loop, &self->hand_over);
    check(uv_async_init(&self->loop, &self->disk, on_disk) == 0);
    uv_prepare_init(&self->loop, &self->prepare);
    uv_check_init(&self->loop, &self->check);
    uv_idle_init(&self->loop, &self->idle);
    uv_signal_init(&self->loop, &self->term);
    uv_signal_init(&self->loop, &self->interrupt);
    self->timer.data = self->hand_over.data = self->disk.data = self->prepare.data = self->check.data = self;
    self->idle.data = self->term.data = self->interrupt.data = self;
}

struct io *io_create(const struct config *config, struct problem *ret_problem)
{
    struct io *self = check_alloc(sizeof *self);
    self->world.type = &world_type;
    self->wake_at_us = UINT64_MAX;
    check(sodium_init() >= 0);
    init_handles(self);
    self->context = zmq_ctx_new();
    check(self->context != NULL);
    check(zmq_ctx_set(self->context, ZMQ_IO_THREADS, IO_THREADS) == 0);
    check(zmq_ctx_set(self->context, ZMQ_MAX_SOCKETS, SOCKETS_MAX) == 0);
    if (!guard_open(&self->guard, self->context, config, ret_problem)) {
        io_free(self);
        return NULL;
    }
    self->sockets[SOCKET_ZAP] = self->guard.zap;
    self->links = (struct links){.context = self->context, .guard = &self->guard};
    int64_t peer_max = (int64_t)WORLD_PEER_MESSAGE_MAX_BYTES;
    int64_t client_max = (int64_t)config->client_attach_max_bytes + CLIENT_MESSAGE_SPARE_BYTES;
    if (!bind_socket(self, SOCKET_CLIENT, config->listen_client, CLIENT_QUEUE_MESSAGES, client_max, ret_problem) ||
        !bind_socket(self, SOCKET_CONTROL, config->listen_control, LINKS_CONTROL_QUEUE_MESSAGES, peer_max,
                     ret_problem) ||
        !bind_socket(self, SOCKET_BULK, config->listen_bulk, LINKS_BULK_QUEUE_MESSAGES, peer_max, ret_problem)) {
        io_free(self);
        return NULL;
    }
    return self;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void io_free(struct io *self)
{
    uv_walk(&self->loop, close_handle, NULL);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    for (uint32_t i = 0; i < WORLD_LINKS_MAX; i++)
        world_link_close(&self->world, i);
    for (int which = 0; which < SOCKET_ZAP; which++) {
        if (self->sockets[which] != NULL) {
            zmq_socket_monitor(self->sockets[which], NULL, 0);
            zmq_close(self->sockets[which]);
        }
        if (self->monitors[which] != NULL)
            zmq_close(self->monitors[which]);
    }
    guard_close(&self->guard);
    zmq_ctx_term(self->context);
    free(self);
}

struct world *io_world(struct io *self)
{
    return &self->world;
}

void io_run(struct io *self, const struct io_handler *handler)
{
    self->handler = handler;
    self->links.admit = handler->admits;
    self->links.admit_context = handler->context;
    for (int which = 0; which < SOCKETS; which++)
        if (self->sockets[which] != NULL)
            poll_socket(self, which);
    world_keys_changed(&self->world);
    uv_prepare_start(&self->prepare, on_prepare);
    uv_check_start(&self->check, on_check);
    uv_signal_start(&self->term, on_signal, SIGTERM);
    uv_signal_start(&self->interrupt, on_signal, SIGINT);
    turn(self);
    uv_run(&self->loop, UV_RUN_DEFAULT);
}
