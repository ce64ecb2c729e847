// Callers on a gateway: they come, alone and in bursts, hold on or lose patience, are joined with an agent, hang up,
// and call again when nobody served them.
#ifndef CHAOS_SIM_CALLERS_H
#define CHAOS_SIM_CALLERS_H

#include "chaos/sim/gateways.h"

struct caller *caller_find(struct gateway_person *self, const char *call);  // NULL: none

void callers_begin(struct gateway_person *self);  // they come, as long as its client runs
void caller_comes(struct gateway_person *self);   // now; while all are closing, from a known place
// Patience: not with an agent on the line, nor when about to be.
void caller_waits_on(struct gateway_person *self, struct caller *caller);
void caller_connect(struct gateway_person *self, struct caller *caller);  // with an agent, in a moment
void caller_gone(struct gateway_person *self, struct caller *caller, bool is_served);
// A caller who was lost with another call.
void caller_dials_again(struct gateway_person *self, const struct caller *lost);
void caller_hangs_up_soon(struct gateway_person *self, struct caller *caller);

#endif
