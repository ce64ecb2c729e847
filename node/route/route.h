// Who rings: the nearest eligible available agents. By distance from the caller, then idle longest, then agent (the
// directory sorts agents by id, so an index stands for an id). Pure: no I/O, clock, allocation or randomness.
//
// Agents stand in buckets: one per place and kind, a kind being one set of languages and skills. A bucket is a
// tournament that the agent who goes first by (idle since, agent) has won, so that no order of arrival is a slow one.
// Over the places stands a tree of boxes, each knowing which kinds are available in it. A question goes down that tree,
// nearest first, and only to where somebody meets the need; its cost hardly depends on how many agents there are.
#ifndef NODE_ROUTE_ROUTE_H
#define NODE_ROUTE_ROUTE_H

#include "node/route/sphere.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE_SET_BITS 128
#define ROUTE_AGENTS_MAX (1u << 24)

struct route_set {  // of languages, or of skills, by the directory's numbering
    uint64_t word[ROUTE_SET_BITS / 64];
};

static inline bool route_set_is_empty(struct route_set set)
{
    return (set.word[0] | set.word[1]) == 0;
}

static inline bool route_set_meets(struct route_set a, struct route_set b)
{
    return ((a.word[0] & b.word[0]) | (a.word[1] & b.word[1])) != 0;
}

static inline bool route_set_contains(struct route_set all, struct route_set some)
{
    return ((some.word[0] & ~all.word[0]) | (some.word[1] & ~all.word[1])) == 0;
}

struct route_agent {  // what an agent is
    struct sphere_point at;
    struct route_set languages;
    struct route_set skills;
};

struct route_need {              // what a call needs
    struct route_set languages;  // any of them; empty: any agent will do
    struct route_set skills;     // all of them
};

static inline bool route_eligible(const struct route_agent *agent, const struct route_need *need)
{
    return (route_set_is_empty(need->languages) || route_set_meets(agent->languages, need->languages)) &&
           route_set_contains(agent->skills, need->skills);
}

struct route_pick {
    uint32_t agent;
    int64_t chord2;
};

struct route;

// Memory that route_build needs for that many agents.
size_t route_bytes(uint32_t agents);
// Builds the index in the caller's memory (route_bytes, aligned to 16; freed by the caller). Copies what it needs of
// the agents. Nobody is available yet. Only as much of the memory is touched as these agents need.
struct route *route_build(void *memory, const struct route_agent *agents, uint32_t count);

void route_set_available(struct route *self, uint32_t agent, uint64_t idle_since_ms);  // anew, when it was
void route_set_busy(struct route *self, uint32_t agent);                               // nothing, when it was
bool route_is_available(const struct route *self, uint32_t agent);
uint32_t route_available(const struct route *self);  // how many

// The first `max` in rank, without those in `except` (any order, repeats allowed). Returns how many. Not const: it
// works in the index's own memory, and leaves the answer to every question as it was.
uint32_t route_nearest(struct route *self, struct sphere_point from, const struct route_need *need,
                       const uint32_t *except, uint32_t except_count, struct route_pick *ret_picks, uint32_t max);
// How many available agents are eligible.
uint32_t route_count_eligible(const struct route *self, const struct route_need *need);

#endif
