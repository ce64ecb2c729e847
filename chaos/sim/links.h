// Links between two nodes, cut for long: as one fault among others (SIM_FAULT_LINK), or by a plan of their own.
#ifndef CHAOS_SIM_LINKS_H
#define CHAOS_SIM_LINKS_H

#include "chaos/sim/sim.h"

bool links_parse(const char *text, enum links_plan *ret_plan);  // false: no such plan
const char *links_name(enum links_plan plan);

// What a plan cuts stays cut until the history ends, unless other faults are healed before.
void links_start(struct sim *sim, uint64_t from_us, uint64_t until_us);

#endif
