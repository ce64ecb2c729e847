// What the files of a server share.
#ifndef CHAOS_SIM_SERVER_INSIDE_H
#define CHAOS_SIM_SERVER_INSIDE_H

#include "chaos/sim/server.h"

extern const struct world_type server_world;
void server_arm(struct server *self);  // for what its node waits for
void server_on_time(void *subject, uint64_t life);

#endif
