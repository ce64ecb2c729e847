#include "node/io/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <zmq.h>

#define BIND_PATIENCE_MS 2000
#define BIND_RETRY_MS 50

static void watch(struct port *self, const struct port_options *options)
{
    char endpoint[32];
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%d", (int)options->thread);
    check(zmq_socket_monitor(self->socket, endpoint,
                             ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0);
    self->monitor = zmq_socket(options->context, ZMQ_PAIR);
    check(self->monitor != NULL);
    socket_set(self->monitor, ZMQ_LINGER, 0);
    check(zmq_connect(self->monitor, endpoint) == 0);
}

bool port_open(struct port *self, struct guard *guard, const struct port_options *options, struct problem *ret_problem)
{
    self->socket = socket_open(options->context, ZMQ_ROUTER, options->thread, options->queue, options->message_max);
    socket_set(self->socket, ZMQ_ROUTER_MANDATORY, 1);
    guard_serve(guard, self->socket, options->serves, options->endpoint);
    self->serves = options->serves;
    watch(self, options);
    // A predecessor that was killed a moment ago may still hold the port.
    for (int waited_ms = 0; waited_ms <= BIND_PATIENCE_MS; waited_ms += BIND_RETRY_MS) {
        if (zmq_bind(self->socket, options->endpoint) == 0)
            return true;
        if (errno != EADDRINUSE)
            break;
        uv_sleep(BIND_RETRY_MS);
    }
    problem_set(ret_problem, "cannot listen on %s: %s", options->endpoint, zmq_strerror(errno));
    return false;
}

void port_close(struct port *self)
{
    if (self->socket != NULL) {
        zmq_socket_monitor(self->socket, NULL, 0);
        zmq_close(self->socket);
    }
    if (self->monitor != NULL)
        zmq_close(self->monitor);
    *self = (struct port){.socket = NULL};
}

// An event is a frame with its number and a value, and a frame with the endpoint.
static void count_event(const struct port *self, struct guard *guard, uint64_t now_us, struct world_counts *counts,
                        const void *frame, size_t bytes)
{
    uint16_t event;
    int32_t value;
    if (bytes < sizeof event + sizeof value)
        return;
    memcpy(&event, frame, sizeof event);
    memcpy(&value, (const uint8_t *)frame + sizeof event, sizeof value);
    if (event == ZMQ_EVENT_ACCEPTED)
        guard_accepted(guard, value, self->serves, now_us);
    else if (event == ZMQ_EVENT_DISCONNECTED)
        guard_forget(guard, value);
    counts->connections_opened += event == ZMQ_EVENT_ACCEPTED;
    counts->connections_closed += event == ZMQ_EVENT_DISCONNECTED;
    counts->handshakes_failed += (event & (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                           ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)) != 0;
}

void port_count(struct port *self, struct guard *guard, uint64_t now_us, struct world_counts *counts)
{
    for (bool number = true;;) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, self->monitor, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&frame);
            return;
        }
        if (number)
            count_event(self, guard, now_us, counts, zmq_msg_data(&frame), zmq_msg_size(&frame));
        number = !zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
}
