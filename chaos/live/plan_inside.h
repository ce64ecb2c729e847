// What plan.c (nodes, the network) and plan_disks.c (disks, clocks) share. Nobody else's.
#ifndef CHAOS_LIVE_PLAN_INSIDE_H
#define CHAOS_LIVE_PLAN_INSIDE_H

#include "chaos/live/plan.h"

#include <stdio.h>

uint64_t plan_draw(struct live *self, uint64_t least, uint64_t most);
uint32_t plan_any_node(struct live *self);
bool plan_goes_on(const struct live *self, uint64_t until_us);
void plan_run_between(struct live *self, uint64_t least_ms, uint64_t most_ms);
void plan_fault(struct live *self, const char *reason);

// A file for hotlinectl apply, and applying it at the directory's primary, as an operator would.
FILE *plan_open_yaml(const struct live *self, const char *name, char ret_path[LIVE_PATH_BYTES]);
void plan_apply(struct live *self, FILE *file, const char *path);  // closes it

void storm_flush(struct live *self, uint64_t until_us);
void storm_full(struct live *self, uint64_t until_us);
void storm_power(struct live *self, uint64_t until_us);
void storm_clock(struct live *self, uint64_t until_us);

#endif
