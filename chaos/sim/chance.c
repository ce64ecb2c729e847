#include "chaos/sim/chance.h"

// splitmix64: spreads seeds that differ in one bit.
static uint64_t spread(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void chance_init(struct chance *self, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    state = spread(&state) ^ (stream * 0xd1b54a32d192ed03u);
    self->state[0] = spread(&state) | 1;
    self->state[1] = spread(&state);
}

// xorshift128+
uint64_t chance_draw(struct chance *self)
{
    uint64_t x = self->state[0], y = self->state[1];
    self->state[0] = y;
    x ^= x << 23;
    self->state[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
    return self->state[1] + y;
}

uint64_t chance_below(struct chance *self, uint64_t bound)
{
    return bound == 0 ? 0 : (chance_draw(self) >> 1) % bound;
}

uint64_t chance_between(struct chance *self, uint64_t least, uint64_t most)
{
    return least + chance_below(self, most - least + 1);
}

bool chance_permille(struct chance *self, uint32_t permille)
{
    return permille > 0 && chance_below(self, 1000) < permille;
}

void chance_fill(struct chance *self, void *to, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)(chance_draw(self) >> 24);
}
