// Callers whose gateway vanished under them: they wait to be called back, dial again, or pick up when an agent dials.
#ifndef CHAOS_SIM_LOST_H
#define CHAOS_SIM_LOST_H

#include "chaos/sim/gateways.h"

struct lost {
    struct lost *next;
    struct sim *sim;
    char id[CALL_ID_MAX_BYTES + 1];       // of the call that was lost
    struct caller caller;                 // as it was
    char kept_by[CALL_ID_MAX_BYTES + 1];  // the call-back that keeps its promise, of an earlier call of its caller
    bool is_asked_for;                    // at the end, by an observer
};

// Of the gateway's leg; some dial again after a while.
void lost_add(struct sim *sim, const struct caller *caller);
void lost_free(struct sim *sim);

enum lost_answer { LOST_REACHED, LOST_NO_ANSWER, LOST_WRONG_NUMBER, LOST_OTHER };
// An agent dials that call's caller. Who is on a line already is not reached.
enum lost_answer lost_dial(struct sim *sim, struct chance *chance, const char *call);

#endif
