// Sockets as this node makes them, and its links to peers: two DEALERs each, that stand only while the peer's key is
// admitted. Inside node/io only.
#ifndef NODE_IO_LINKS_H
#define NODE_IO_LINKS_H

#include "node/io/guard.h"

#define LINKS_CONTROL_QUEUE_MESSAGES 2000
#define LINKS_BULK_QUEUE_MESSAGES 200

// Each port has an I/O thread of its own: neither strangers at one nor bulk hold up the heartbeats.
enum io_thread { IO_THREAD_CLIENT, IO_THREAD_CONTROL, IO_THREAD_BULK, IO_THREADS };

struct links {
    void *context;  // ZeroMQ's; lent, as is the guard
    struct guard *guard;
    guard_admit *admit;  // NULL: no link is made yet
    void *admit_context;
    struct link {
        void *control, *bulk;
        char control_at[PEERS_ENDPOINT_MAX_BYTES + 1], bulk_at[PEERS_ENDPOINT_MAX_BYTES + 1];  // "": none
    } list[WORLD_LINKS_MAX];
};

void socket_set(void *socket, int option, int value);
void *socket_open(void *context, int type, enum io_thread thread, int queue, int64_t message_max);

// A DEALER to an endpoint; NULL: that is not valid.
void *links_dial(struct links *self, const char *endpoint, enum io_thread thread, int queue);
// False: an endpoint is not valid.
bool links_open(struct links *self, uint32_t index, const char *control, const char *bulk);
void links_close(struct links *self, uint32_t index);
// Who is admitted has changed.
void links_recheck(struct links *self);
bool links_send(struct links *self, uint32_t index, enum world_channel channel, struct span message);

#endif
