// All that a node knows of the outside, apart from its disk (disk.h): time, one timer, random numbers, messages.
// Two worlds exist: node/io (libuv and ZeroMQ) and the simulator's. One thread.
#ifndef CLUSTER_WORLD_WORLD_H
#define CLUSTER_WORLD_WORLD_H

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"

#include <stdbool.h>
#include <stdint.h>

struct now {
    uint64_t mono_us;  // monotonic; decides every deadline
    uint64_t wall_ms;  // since 1970; only orders waiting calls
};

enum world_channel {
    WORLD_CONTROL,  // heartbeats and talk about calls
    WORLD_BULK,     // feeds and digests: a connection of its own
};

#define WORLD_LINKS_MAX 64  // peers of one node
#define WORLD_PEER_MESSAGE_MAX_BYTES ((size_t)512 * 1024)

struct world_client {  // a client's connection as the world names it; zero-padded
    uint8_t id[16];
    uint8_t bytes;
};

enum world_port { WORLD_PORT_CLIENT, WORLD_PORT_PEER };  // who comes in where

struct world {
    const struct world_type *type;
};

struct world_counts {
    uint64_t connections_opened, connections_closed;  // of clients and peers, to this node
    uint64_t handshakes_failed;                       // among the closed
    uint64_t keys_refused;                            // keys that nobody knows, or that do not belong there
    uint64_t connections_shut;                        // because their key was admitted no longer
    uint64_t connections_parted;                      // of clients that are silent, or over a bound
};

struct world_type {
    struct now (*now)(struct world *);
    void (*random)(struct world *, void *to, size_t bytes);
    // Wakes the node once mono_us has reached `at`; the earliest call since the last wake counts. UINT64_MAX: never.
    void (*wake_at)(struct world *, uint64_t mono_us);
    // Connects link `link` (0 to WORLD_LINKS_MAX-1) to a peer's two endpoints, anew when it was open.
    // False: an endpoint is not valid. Where endpoints name keys ("tcp://HOST:PORT#KEY") a link stands only while
    // that key is admitted as a node's.
    bool (*link_open)(struct world *, uint32_t link, const char *control, const char *bulk);
    void (*link_close)(struct world *, uint32_t link);
    // False: not sent (no connection, or its queue is full). Copies.
    bool (*send_peer)(struct world *, uint32_t link, enum world_channel, struct span message);
    bool (*send_client)(struct world *, const struct world_client *, struct span message);
    // Closes the connection of the message that is being delivered, once what is said to it now is out. May be NULL.
    void (*part_client)(struct world *);
    // To this node's own client endpoint, over a connection of its own, as a client would; what comes back is handed to
    // node_own_message. False: not sent. May be NULL: a world whose node does not test itself.
    bool (*send_own)(struct world *, struct span message);
    // A connection that sends a message over the world's limit is closed: that is all there is to count of it.
    // May be NULL.
    void (*counts)(struct world *, struct world_counts *ret_counts);
    // Which keys are admitted has changed: connections and links of those that are not are closed, links of those that
    // now are opened. May be NULL: a world without keys.
    void (*keys_changed)(struct world *);
};

static inline struct now world_now(struct world *world)
{
    return world->type->now(world);
}

static inline bool world_send_peer(struct world *world, uint32_t link, enum world_channel channel, struct span message)
{
    return world->type->send_peer(world, link, channel, message);
}

static inline bool world_send_client(struct world *world, const struct world_client *client, struct span message)
{
    return world->type->send_client(world, client, message);
}

static inline void world_part_client(struct world *world)
{
    if (world->type->part_client != NULL)
        world->type->part_client(world);
}

#endif
