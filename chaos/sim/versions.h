// Nodes of the oldest protocol version: some from the start, and upgrades, or steps back, while calls go on.
#ifndef CHAOS_SIM_VERSIONS_H
#define CHAOS_SIM_VERSIONS_H

#include "chaos/sim/sim.h"

// Before the nodes start: which of them begin with the oldest version.
void versions_draw(struct sim *sim);
void versions_start(struct sim *sim, uint64_t from_us, uint64_t until_us);
// Whoever still is of the oldest version is not when it starts next. True: this node must start anew for that.
bool versions_end(struct server *server);

#endif
