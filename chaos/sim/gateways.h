// Gateways and the callers on them, who hold on, hang up, call again.
#ifndef CHAOS_SIM_GATEWAYS_H
#define CHAOS_SIM_GATEWAYS_H

#include "chaos/sim/edge.h"
#include "cluster/base/text.h"

#define GATEWAY_CALLERS_MAX 400

struct caller {  // one leg; in use while id is not ""
    char id[CALL_ID_MAX_BYTES + 1];
    char number[32];
    uint32_t queue;
    uint64_t languages;  // bits; 0: any
    uint64_t doing;      // counts over all callers of this place
    bool is_patient, is_joined, is_accepted, is_connecting;
};

struct gateway_person {
    struct edge edge;  // first
    char name[24];
    struct caller callers[GATEWAY_CALLERS_MAX];
    uint32_t caller_top;  // places ever used
    uint64_t doing;
    bool is_over;
};

static inline struct sim *gateway_sim(const struct gateway_person *self)
{
    return self->edge.sim;
}

static inline struct chance *gateway_chance(struct gateway_person *self)
{
    return &self->edge.chance;
}

void gateway_tell(struct gateway_person *self, enum history_word word, const char *call, const char *reason);

void gateways_create(struct sim *sim);
void gateways_free(struct sim *sim);

uint32_t gateway_waiting(const struct gateway_person *self);  // callers who would be lost with it
void gateway_vanish(struct gateway_person *self);             // its callers' legs with it; it comes back some time
// The end of the history: whoever is away comes back, once.
void gateways_come_back(struct sim *sim);
// Everybody who is still on a line hangs up within some seconds.
void gateways_hang_up(struct sim *sim);
uint32_t gateways_callers(const struct sim *sim);

#endif
