// Many histories, each in a process of its own, so that a failed check() is a finding like any other.
#ifndef CHAOS_SIM_MANY_H
#define CHAOS_SIM_MANY_H

#include "chaos/sim/sim.h"

// One line: verdict, virtual time, calls, what was met; then what was violated.
void many_print(const struct sim_options *options, const struct sim_result *result);
// False: there was a violation; the command that repeats it is printed. Stops at the first, or goes on.
bool many_run(const struct sim_options *options, uint64_t first, uint64_t last, uint32_t jobs, bool goes_on);

#endif
