// The seam between a client and its connections, and clients that are built on a wire of the caller's.
//
// Everything a client knows of the outside comes through here: some connections (slots), time, random numbers. Two
// wires exist: wire_zmq.c (sockets; what hotline_desk_create and its like use) and the simulator's. One thread.
#ifndef NODE_CLIENT_WIRE_H
#define NODE_CLIENT_WIRE_H

#include "cluster/base/bytes.h"

#include <hotline/client.h>
#include <hotline/desk.h>
#include <hotline/gateway.h>
#include <hotline/query.h>

#include <stdbool.h>
#include <stdint.h>

// The connection that is attached, and the warm ones beside it: in a cluster of five nodes one to each, so that a
// client far from the only one that is left needs no handshake (five round trips) to go there.
#define CLIENT_SLOTS 5
#define CLIENT_ENDPOINT_MAX_BYTES 255
#define CLIENT_MESSAGE_MAX_BYTES ((size_t)1024 * 1024)     // of a node's
#define CLIENT_ATTACH_MAX_BYTES ((size_t)4 * 1024 * 1024)  // what a gateway says that it holds

struct client_wire {
    const struct client_wire_type *type;
};

struct client_wire_type {
    uint64_t (*now_us)(struct client_wire *);  // monotonic
    uint64_t (*wall_ms)(struct client_wire *);
    void (*random)(struct client_wire *, void *to, size_t bytes);
    // Connects a slot that is closed. False: the endpoint is not valid, the slot stays closed.
    bool (*open)(struct client_wire *, uint32_t slot, const char *endpoint);
    // `linger`: what was sent may still go out for a moment.
    void (*close)(struct client_wire *, uint32_t slot, bool linger);
    // False: not sent, no connection or its queue is full. Copies.
    bool (*send)(struct client_wire *, uint32_t slot, struct span message);
    // Nobody listens at the slot's endpoint, or the connection that stood is no more. NULL: not known here.
    bool (*is_broken)(struct client_wire *, uint32_t slot);
    // Hands what has come to client_receive, bounded. A wire that calls client_receive by itself does nothing here.
    void (*receive)(struct client_wire *, struct hotline_client *);
    // Sees every message before the client acts on it; NULL where nobody looks.
    void (*look)(struct client_wire *, uint32_t slot, struct span message);
    // There is more to receive now, though fd may not say so.
    bool (*has_more)(struct client_wire *);
    // The client has something to do before the time client_next_us said last: makes fd readable.
    void (*wake)(struct client_wire *);
    int (*fd)(struct client_wire *);  // -1: none
    void (*free)(struct client_wire *);
};

// Takes the wire, also on failure.
struct hotline_client *client_desk_create(struct client_wire *wire, const struct hotline_desk_options *options,
                                          enum hotline_result *ret_result);
struct hotline_client *client_gateway_create(struct client_wire *wire, const struct hotline_gateway_options *options,
                                             enum hotline_result *ret_result);
struct hotline_client *client_query_create(struct client_wire *wire, const struct hotline_query_options *options,
                                           enum hotline_result *ret_result);

// A message from the other end of a slot; followed, some time, by hotline_client_process.
void client_receive(struct hotline_client *self, uint32_t slot, struct span message);
// When hotline_client_process wants to be called next, by now_us; calls into the client may make it earlier.
uint64_t client_next_us(const struct hotline_client *self);

#endif
