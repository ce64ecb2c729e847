// A node that loses its disk and comes back made from a backup, which was asked of it while it lived: by its own
// chance, so that histories without it stay what they are.
#ifndef CHAOS_SIM_RESTORES_H
#define CHAOS_SIM_RESTORES_H

#include "chaos/sim/sim.h"

void restores_start(struct sim *sim, uint64_t from_us, uint64_t until_us);
void restores_free(struct sim *sim);

#endif
