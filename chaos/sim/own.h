// A node's connection to its own client endpoint: the socket over which it places test calls. In the same process, so
// it lives, stands still and dies with the node.
#ifndef CHAOS_SIM_OWN_H
#define CHAOS_SIM_OWN_H

#include "chaos/sim/net.h"

struct server;

struct own {
    struct net_host host;  // first: a host is its connection
    struct server *server;
    struct net_line *line;  // NULL: not started
};

void own_init(struct own *self, struct server *server);
void own_start(struct own *self);
void own_kill(struct own *self);
void own_pause(struct own *self);
void own_resume(struct own *self);
bool own_send(struct own *self, struct span message);  // False: no connection

#endif
