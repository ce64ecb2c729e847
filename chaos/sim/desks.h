// Agents: people at desks, who answer after some seconds, miss, decline, break and end.
#ifndef CHAOS_SIM_DESKS_H
#define CHAOS_SIM_DESKS_H

#include "chaos/sim/edge.h"
#include "cluster/base/text.h"

#include <hotline/desk.h>

struct desk_person {
    struct edge edge;  // first
    uint32_t agent;
    bool is_twin;  // a second desk of the agent, that somebody signs in at sometimes
    bool is_over;  // superseded: the client does nothing more
    char name[24];
    char call[CALL_ID_MAX_BYTES + 1];  // rings, is accepted or spoken
    char lost[CALL_ID_MAX_BYTES + 1];  // of a call-back: the call it stands for
    char number[32];                   // ... its caller's
    char speaks_with[32];              // the number that is dialled and was reached
    uint64_t doing;                    // counts; what was planned for an earlier one is passed over
    uint64_t login;                    // of the last sign-in, for coming back with it
};

void desks_create(struct sim *sim);
void desks_free(struct sim *sim);

void desk_sign_in(struct desk_person *self, uint64_t login);  // 0: this moment
void desk_sign_in_later(struct desk_person *self, uint64_t delay_us);
void desk_vanish(struct desk_person *self);  // and comes back some time
void desk_sign_off(struct desk_person *self);
bool desk_speaks(const struct desk_person *self);
// The end of the history: whoever is away comes back, once; nobody breaks, conversations end soon.
void desks_come_back(struct sim *sim);

#endif
