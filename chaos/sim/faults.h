// What goes wrong, by the seed: begun here, and ended by the fault itself after a while, or by faults_end.
#ifndef CHAOS_SIM_FAULTS_H
#define CHAOS_SIM_FAULTS_H

#include "chaos/sim/sim.h"

// All that is drawn when nothing else is said: late is not, until as many histories have been run with it.
#define FAULTS_ALL (((1u << SIM_FAULTS) - 1) & ~(1u << SIM_FAULT_LATE))

// "net,cut", "all", "none". False: no such fault.
bool faults_parse(const char *list, uint32_t *ret_faults);
void faults_print(uint32_t faults);  // as an option

void faults_start(struct sim *sim, uint64_t from_us, uint64_t until_us);
// What is lost when all is whole: call then.
void faults_late(struct sim *sim);
// Everything works again, and whoever was gone is back.
void faults_end(struct sim *sim);

#endif
