#include "node/io/links.h"

#include <string.h>
#include <zmq.h>

#define HANDSHAKE_MS 4000
#define RECONNECT_MS 50
#define RECONNECT_MAX_MS 1000

// ---- sockets

void socket_set(void *socket, int option, int value)
{
    check(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

void *socket_open(void *context, int type, enum io_thread thread, int queue, int64_t message_max)
{
    void *socket = zmq_socket(context, type);
    uint64_t affinity = (uint64_t)1 << thread;
    check(socket != NULL);
    check(zmq_setsockopt(socket, ZMQ_AFFINITY, &affinity, sizeof affinity) == 0);
    socket_set(socket, ZMQ_LINGER, 0);
    socket_set(socket, ZMQ_SNDHWM, queue);
    socket_set(socket, ZMQ_RCVHWM, queue);
    socket_set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    check(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0);
    return socket;
}

void *links_dial(struct links *self, const char *endpoint, enum io_thread thread, int queue)
{
    void *socket = socket_open(self->context, ZMQ_DEALER, thread, queue, (int64_t)WORLD_PEER_MESSAGE_MAX_BYTES);
    socket_set(socket, ZMQ_IMMEDIATE, 1);
    socket_set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    socket_set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    if (guard_dial(self->guard, socket, endpoint))
        return socket;
    zmq_close(socket);
    return NULL;
}

// ---- links

static void disconnect(struct link *link)
{
    if (link->control != NULL)
        zmq_close(link->control);
    if (link->bulk != NULL)
        zmq_close(link->bulk);
    link->control = link->bulk = NULL;
}

static bool connect_link(struct links *self, struct link *link)
{
    link->control = links_dial(self, link->control_at, IO_THREAD_CONTROL, LINKS_CONTROL_QUEUE_MESSAGES);
    link->bulk = links_dial(self, link->bulk_at, IO_THREAD_BULK, LINKS_BULK_QUEUE_MESSAGES);
    if (link->control != NULL && link->bulk != NULL)
        return true;
    disconnect(link);
    return false;
}

static bool is_admitted(const struct links *self, const char *endpoint)
{
    const char *key = strchr(endpoint, '#');
    return self->guard->insecure ||
           (key != NULL && self->admit != NULL && self->admit(self->admit_context, key + 1, WORLD_PORT_PEER));
}

static bool may_connect(const struct links *self, const struct link *link)
{
    return link->control_at[0] != '\0' && is_admitted(self, link->control_at) && is_admitted(self, link->bulk_at);
}

void links_close(struct links *self, uint32_t index)
{
    struct link *link = &self->list[index];
    disconnect(link);
    link->control_at[0] = link->bulk_at[0] = '\0';
}

bool links_open(struct links *self, uint32_t index, const char *control, const char *bulk)
{
    check(index < WORLD_LINKS_MAX);
    links_close(self, index);
    struct link *link = &self->list[index];
    if (!text_copy(link->control_at, sizeof link->control_at, control) ||
        !text_copy(link->bulk_at, sizeof link->bulk_at, bulk))
        return false;
    return !may_connect(self, link) || connect_link(self, link);
}

void links_recheck(struct links *self)
{
    for (uint32_t i = 0; i < WORLD_LINKS_MAX; i++) {
        struct link *link = &self->list[i];
        if (!may_connect(self, link))
            disconnect(link);
        else if (link->control == NULL)
            connect_link(self, link);
    }
}

bool links_send(struct links *self, uint32_t index, enum world_channel channel, struct span message)
{
    struct link *link = &self->list[index];
    void *socket = channel == WORLD_BULK ? link->bulk : link->control;
    return socket != NULL && zmq_send(socket, message.data, message.bytes, ZMQ_DONTWAIT) >= 0;
}
