// A client's process: the real client library on a wire of the world it lives in, the simulated one (edge.c) or that of
// live processes (chaos/live/edge.c). Tells the judge what comes off the wire and when it attaches; what the
// application sees and does is told by the person behind it (desks, gateways), the same in both.
#ifndef CHAOS_SIM_EDGE_H
#define CHAOS_SIM_EDGE_H

#include "chaos/sim/sim.h"
#include "cluster/keys/keys.h"
#include "node/client/wire.h"

#define EDGE_NODES_BYTES 2048

struct edge {
    struct net_host host;  // first: a host is its edge
    struct client_wire wire;
    struct sim *sim;
    struct chance chance;
    uint32_t region;
    uint32_t number;                // of this start, for the judge; 0: an observer, nobody to him
    struct hotline_client *client;  // NULL: not running
    struct net_line *lines[CLIENT_SLOTS];
    struct client_wire *sockets;  // of live processes, instead of lines
    uint32_t slot_nodes[CLIENT_SLOTS];
    enum key_role role;  // of live processes: whose key it has
    char party[NAME_MAX_BYTES + 1];
    uint64_t armed_us;
    bool is_running;  // inside process() or receive(): what is to be done next is looked at after it
    bool is_leaving;
};

void edge_init(struct edge *self, struct sim *sim, uint32_t region, uint64_t stream, enum key_role role,
               const char *party);
// Before the client is made on its wire; `number` as above.
void edge_begin(struct edge *self, uint32_t number);
void edge_started(struct edge *self, struct hotline_client *client);
// Call after every call into the client.
void edge_settle(struct edge *self);
void edge_sign_off(struct edge *self);  // in order
void edge_vanish(struct edge *self, bool silent);
void edge_pause(struct edge *self);
void edge_resume(struct edge *self);
void edge_reset(struct edge *self);  // its connections break

// ---- edge_both.c

// All nodes, the region's own first.
void edge_nodes(const struct edge *self, char to[EDGE_NODES_BYTES]);
// What goes over the wire, for the judge.
void edge_tell_sent(struct edge *self, struct span message, const char *node);
void edge_tell_heard(struct edge *self, struct span message, const char *node);
void edge_tell_lost(struct edge *self, struct span message);

static inline bool edge_runs(const struct edge *self)
{
    return self->client != NULL;
}

#endif
