// What the files of desks share: a person's time, and a call's coming and going.
#ifndef CHAOS_SIM_DESKS_INSIDE_H
#define CHAOS_SIM_DESKS_INSIDE_H

#include "chaos/sim/desks.h"

static inline struct sim *desk_sim(const struct desk_person *self)
{
    return self->edge.sim;
}

static inline struct chance *desk_chance(struct desk_person *self)
{
    return &self->edge.chance;
}

void desk_tell(struct desk_person *self, enum history_word word, const char *call, uint32_t n, const char *reason);
// In a person's time: `happen` is passed over when the person does something else by then.
void desk_later(struct desk_person *self, uint64_t least_ms, uint64_t most_ms, agenda_happen *happen);
// False: not now. A program that hangs does not hear its person, who tries again.
bool desk_may_act(struct desk_person *self, uint64_t number, agenda_happen *again);

// ---- desks_calls.c

void desk_rings(struct desk_person *self, const struct hotline_event *event);
void desk_is_connected(struct desk_person *self, const struct hotline_event *event);

#endif
