#include "node/io/io.h"

#include "node/io/guard.h"
#include "node/io/ports.h"

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
#define OWN_QUEUE_MESSAGES 1000                // of test calls
#define DRAIN_MAX 256                          // messages of one socket in one turn, so that none starves the others
#define DRAIN_BYTES ((size_t)128 * 1024)       // the same: a sweep must not hold up heartbeats and calls
#define COUNT_EVERY_US ((uint64_t)100 * 1000)  // their queues are bounded
#define SWEEP_EVERY_US ((uint64_t)250 * 1000)
#define SOCKETS_MAX 1024   // two for each peer, and a few
#define HAND_OVER_MS 1500  // clients have this long to move when the node stops
#define HAND_OVER_MIN_MS 100

enum {  // those that are bound go by the threads that serve them
    SOCKET_CLIENT = IO_THREAD_CLIENT,
    SOCKET_CONTROL = IO_THREAD_CONTROL,
    SOCKET_BULK = IO_THREAD_BULK,
    PORTS,
    SOCKET_OWN = PORTS,  // to the client port of this very node
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
    struct port ports[PORTS];
    void *sockets[SOCKETS];
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

// As a client's would: the connection stands, or it is not sent.
static bool world_send_own_zmq(struct world *world, struct span message)
{
    void *socket = ((struct io *)world)->sockets[SOCKET_OWN];
    return socket != NULL && zmq_send(socket, message.data, message.bytes, ZMQ_DONTWAIT) >= 0;
}

static void count_connections(struct io *self)
{
    self->counted_us = mono_us();
    for (int which = 0; which < PORTS; which++)
        port_count(&self->ports[which], &self->guard, self->counted_us, &self->counts);
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
    .send_own = world_send_own_zmq,
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

static bool receive_own(struct io *self, size_t *bytes)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    bool received = zmq_msg_recv(&frame, self->sockets[SOCKET_OWN], ZMQ_DONTWAIT) >= 0;
    if (received) {
        struct span message = {zmq_msg_data(&frame), zmq_msg_size(&frame)};
        *bytes += message.bytes;
        self->handler->own_message(self->handler->context, message);
    }
    zmq_msg_close(&frame);
    return received;
}

// False: there was nothing.
static bool receive(struct io *self, int which, size_t *bytes)
{
    if (which == SOCKET_ZAP)
        return guard_answer(&self->guard, self->handler->admits, self->handler->context);
    return which == SOCKET_OWN ? receive_own(self, bytes) : receive_one(self, which, bytes);
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
            if (!receive(self, which, &bytes))
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

static bool open_port(struct io *self, int which, const char *endpoint, int queue, int64_t message_max,
                      struct problem *ret_problem)
{
    struct port_options options = {.context = self->context,
                                   .thread = (enum io_thread)which,
                                   .serves = PORT_OF(which),
                                   .endpoint = endpoint,
                                   .queue = queue,
                                   .message_max = message_max};
    bool is_open = port_open(&self->ports[which], &self->guard, &options, ret_problem);
    self->sockets[which] = self->ports[which].socket;
    return is_open;
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
    if (!open_port(self, SOCKET_CLIENT, config->listen_client, CLIENT_QUEUE_MESSAGES, client_max, ret_problem) ||
        !open_port(self, SOCKET_CONTROL, config->listen_control, LINKS_CONTROL_QUEUE_MESSAGES, peer_max, ret_problem) ||
        !open_port(self, SOCKET_BULK, config->listen_bulk, LINKS_BULK_QUEUE_MESSAGES, peer_max, ret_problem)) {
        io_free(self);
        return NULL;
    }
    self->sockets[SOCKET_OWN] = links_dial(&self->links, config->self.client, IO_THREAD_CLIENT, OWN_QUEUE_MESSAGES);
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
    for (int which = 0; which < PORTS; which++)
        port_close(&self->ports[which]);
    if (self->sockets[SOCKET_OWN] != NULL)
        zmq_close(self->sockets[SOCKET_OWN]);
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
