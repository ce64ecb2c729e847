// Breadth first through all states of a scenario, each once, by its hash: so a path to a violation is a shortest one.
#ifndef CHAOS_MODEL_EXPLORE_H
#define CHAOS_MODEL_EXPLORE_H

#include "chaos/model/model.h"

#define FOUND_MAX 8

struct explore_options {
    uint32_t depth_max;
    uint32_t states_max;
    uint32_t heal_every;   // of the new states one in so many runs to its end, beside those that are quiet; 0: none
    uint32_t doubt_every;  // see turns.h
    uint32_t makes_anew;   // see model.h
    uint32_t found_max;    // stops at so many different violations
    uint32_t seconds_max;  // 0: no limit
    uint32_t tells_depths;
};

struct found {
    char what[512];
    char heals[16];  // "after healing" or ""
    uint32_t steps;
    struct choice *path;
};

struct explored {
    uint64_t states, transitions, healed, doubted;
    uint32_t depth;
    bool is_exhausted;  // every state within the budgets was reached
    bool is_bounded;    // stopped by depth, states or time
    struct found found[FOUND_MAX];
    uint32_t found_count;
};

void explore(struct model *model, const struct explore_options *options, struct explored *ret_explored);
// Prints the path in readable words, by the model that was explored.
void explore_tell(struct model *model, const struct found *found);
void explored_close(struct explored *self);

#endif
