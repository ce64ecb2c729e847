// Chance from a seed: each user draws from a stream of its own, so that what one of them does differently leaves the
// others as they were.
#ifndef CHAOS_SIM_CHANCE_H
#define CHAOS_SIM_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state[2];
};

void chance_init(struct chance *self, uint64_t seed, uint64_t stream);
uint64_t chance_draw(struct chance *self);
uint64_t chance_below(struct chance *self, uint64_t bound);                   // 0 .. bound-1; 0 when bound is 0
uint64_t chance_between(struct chance *self, uint64_t least, uint64_t most);  // both included
bool chance_permille(struct chance *self, uint32_t permille);
void chance_fill(struct chance *self, void *to, uint64_t bytes);

#endif
