// What the random tests of node/route share: one generator, seeded by ROUTE_SEED, and rounds by ROUTE_ROUNDS.
#ifndef TESTS_UNIT_ROUTE_RANDOM_H
#define TESTS_UNIT_ROUTE_RANDOM_H

#include "node/route/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_bits(struct dice *self)  // splitmix64
{
    uint64_t z = self->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint32_t dice_below(struct dice *self, uint32_t limit)
{
    return (uint32_t)((dice_bits(self) >> 32) * limit >> 32);
}

static inline int32_t dice_between(struct dice *self, int32_t low, int32_t high)
{
    return (int32_t)(low + (int64_t)dice_below(self, (uint32_t)((int64_t)high - low + 1)));
}

static inline bool dice_percent(struct dice *self, uint32_t percent)
{
    return dice_below(self, 100) < percent;
}

static inline uint64_t random_seed(const char *test)
{
    const char *given = getenv("ROUTE_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("%s: ROUTE_SEED=%llu\n", test, (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

static inline uint32_t random_rounds(uint32_t usual)
{
    const char *given = getenv("ROUTE_ROUNDS");
    return given ? (uint32_t)strtoul(given, NULL, 10) : usual;
}

// Places that are hard: about the poles and the date line, whole degrees (so that some coincide), mirror images of each
// other as seen from meridian and equator, a metre apart (by the equator such places differ in one coordinate only),
// and anywhere.
static inline struct sphere_point random_point(struct dice *dice)
{
    int32_t side = dice_percent(dice, 50) ? 1 : -1;
    switch (dice_below(dice, 9)) {
    case 0:
        return sphere_point(side * dice_between(dice, 89000000, 90000000), dice_between(dice, -180000000, 180000000));
    case 1:
        return sphere_point(dice_between(dice, -60000000, 60000000), side * dice_between(dice, 179000000, 180000000));
    case 2:
        return sphere_point(10000000 * dice_between(dice, -9, 9), 30000000 * dice_between(dice, -6, 6));
    case 3:
        return sphere_point(15000000 * dice_between(dice, 0, 3), side * 20000000 * dice_between(dice, 0, 4));
    case 4:
        return sphere_point(side * 20000000 * dice_between(dice, 0, 3), 0);
    case 5:
        return sphere_point(39904200 + dice_between(dice, -20, 20), 116407400 + dice_between(dice, -20, 20));
    case 6:
        return sphere_point(dice_between(dice, -3, 3),
                            side * 90000000 * dice_between(dice, 0, 2) + dice_between(dice, 0, 3) * -side);
    case 7:
        return sphere_point(1000000 * dice_between(dice, -90, 90), 1000000 * dice_between(dice, -180, 180));
    default:
        return sphere_point(dice_between(dice, -90000000, 90000000), dice_between(dice, -180000000, 180000000));
    }
}

// A set of `count` of the first `names` names, repeats allowed. Names are spread over the set's 128 bits.
static inline struct route_set random_set(struct dice *dice, uint32_t names, uint32_t count)
{
    struct route_set set = {{0, 0}};
    while (count-- > 0) {
        uint32_t bit = dice_below(dice, names) * 37 % ROUTE_SET_BITS;
        set.word[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    return set;
}

// The oracles' distance and eligibility: written for the tests, and sharing nothing with what is tested but the words.
static inline __int128 plain_chord2(struct sphere_point a, struct sphere_point b)
{
    __int128 x = (__int128)a.x - b.x, y = (__int128)a.y - b.y, z = (__int128)a.z - b.z;
    return x * x + y * y + z * z;
}

static inline bool plain_has(const struct route_set *set, uint32_t bit)
{
    return set->word[bit / 64] >> (bit % 64) & 1;
}

static inline bool plain_eligible(const struct route_agent *agent, const struct route_need *need)
{
    bool asked = false, spoken = false;
    for (uint32_t bit = 0; bit < ROUTE_SET_BITS; bit++) {
        asked |= plain_has(&need->languages, bit);
        spoken |= plain_has(&need->languages, bit) && plain_has(&agent->languages, bit);
        if (plain_has(&need->skills, bit) && !plain_has(&agent->skills, bit))
            return false;
    }
    return !asked || spoken;
}

#endif
