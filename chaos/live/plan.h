// Scenarios: what is broken, when, and for how long, by seed.
#ifndef CHAOS_LIVE_PLAN_H
#define CHAOS_LIVE_PLAN_H

#include "chaos/live/live.h"

// X(name, what it needs that `run` must have prepared, storm of at least so many seconds)
#define PLAN_SCENARIOS(X)                                                                                              \
    X(kill, PLAN_NOTHING, 4)                                                                                           \
    X(stop, PLAN_NOTHING, 4)                                                                                           \
    X(rolling, PLAN_NOTHING, 4)                                                                                        \
    X(alone, PLAN_NOTHING, 4)                                                                                          \
    X(region, PLAN_NOTHING, 10)                                                                                        \
    X(grow, PLAN_NOTHING, 8)                                                                                           \
    X(flush, PLAN_PRELOAD, 4)                                                                                          \
    X(full, PLAN_SMALL_DISK, 6)                                                                                        \
    X(clock, PLAN_FAKETIME, 4)                                                                                         \
    X(partition, PLAN_SWITCH, 8)                                                                                       \
    X(oneway, PLAN_SWITCH, 8)                                                                                          \
    X(links, PLAN_SWITCH, 10)                                                                                          \
    X(slow, PLAN_SWITCH, 8)                                                                                            \
    X(power, PLAN_MOUNT, 6)

enum plan_needs { PLAN_NOTHING, PLAN_PRELOAD, PLAN_FAKETIME, PLAN_SWITCH, PLAN_MOUNT, PLAN_SMALL_DISK };

struct plan {
    const char *name;
    enum plan_needs needs;
    uint32_t seconds_min;
    void (*storm)(struct live *self, uint64_t until_us);
};

const struct plan *plan_find(const char *name);  // NULL: none
const struct plan *plan_at(uint32_t index);      // NULL: no more
// Everything works again, and everybody comes back.
void plan_heal(struct live *self);

#endif
