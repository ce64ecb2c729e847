// The real world: one libuv loop, ZeroMQ sockets, the disk's wake-up, signals. The one home of uv.h and zmq.h in the
// node.
#ifndef NODE_IO_IO_H
#define NODE_IO_IO_H

#include "cluster/base/problem.h"
#include "cluster/world/disk.h"
#include "cluster/world/world.h"
#include "node/config/config.h"

#include <stdbool.h>

struct io;

struct io_handler {  // what the world brings; called from io_run
    void *context;
    // `key`: the public one of the connection a message came on, "" in a node without keys.
    void (*client_message)(void *context, const struct world_client *client, const char *key, struct span message);
    void (*peer_message)(void *context, const char *key, struct span message);
    void (*own_message)(void *context, struct span message);  // see world_type.send_own
    bool (*admits)(void *context, const char *key, enum world_port port);
    void (*wake)(void *context);          // the time asked for has come
    void (*disk_written)(void *context);  // see io_disk_wake
    void (*turn_end)(void *context);      // after each batch of the above
    void (*going)(void *context);         // the process is asked to stop
    bool (*has_clients)(void *context);   // attached ones, that are still to move on
};

// Binds the endpoints. NULL: the problem says which could not be bound and why.
struct io *io_create(const struct config *config, struct problem *ret_problem);
void io_free(struct io *self);
struct world *io_world(struct io *self);
// From any thread: the disk has written more.
void io_disk_wake(void *io);
// Runs until SIGTERM or SIGINT, and then as long as it takes to hand over.
void io_run(struct io *self, const struct io_handler *handler);

#endif
