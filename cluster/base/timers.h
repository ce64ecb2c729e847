// Deadlines in a binary heap. A timer stands in its owner's struct, in one heap at a time; zero is unset and valid.
// Equal deadlines fire in the order they were set, so that runs repeat.
#ifndef CLUSTER_BASE_TIMERS_H
#define CLUSTER_BASE_TIMERS_H

#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

struct timer {
    uint64_t at_us;
    uint64_t order;
    uint32_t place;  // in the heap, plus one; 0: not set
    uint32_t kind;   // the owner's: what the timer stands in
};

struct timers {  // zero is empty and valid
    struct timer **heap;
    uint32_t count, capacity;
    uint64_t order;
};

void timers_close(struct timers *self);
void timers_set(struct timers *self, struct timer *timer, uint64_t at_us);  // anew, when it was set
void timers_unset(struct timers *self, struct timer *timer);                // nothing, when it was not
uint64_t timers_next(const struct timers *self);                            // TIMER_NEVER: none
struct timer *timers_pop(struct timers *self, uint64_t now_us);             // due and now unset, or NULL

#endif
