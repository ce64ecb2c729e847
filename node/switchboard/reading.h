// Questions to the board: what it knows, read as it reads. What is dead is read as dead, never rewritten.
#ifndef NODE_SWITCHBOARD_READING_H
#define NODE_SWITCHBOARD_READING_H

#include "node/route/route.h"
#include "node/switchboard/switchboard.h"

#include <stdbool.h>
#include <stdint.h>

struct Rec__Call;
struct figures;

struct reading_agent {  // lent until the next step
    uint32_t state;     // rec.AgentState
    const char *reason, *call;
    const char *node;   // "" when offline
    uint64_t since_ms;  // wall clock
    uint64_t login;     // the last, 0: never
};

void reading_agent(const struct board *self, struct now now, uint32_t agent, struct reading_agent *ret_agent);

// The desk of that login, if it is attached here.
struct reading_desk {
    uint64_t session, attach;
};
bool reading_desk(const struct board *self, uint32_t agent, uint64_t login, struct reading_desk *ret_desk);
// Whether such a call would be taken; otherwise why not, as its gateway would be told. Counts and changes nothing.
bool reading_admits(const struct board *self, const struct Cli__Submit *submit, const char **ret_reason);

struct reading_call {
    const char *id;
    const char *node;
    uint32_t state;  // rec.CallState, as read
    uint32_t end;    // rec.EndReason, where it reads as ended
};

// The calls that are not ended, oldest first, into an array the caller frees. Returns how many.
uint32_t reading_calls(const struct board *self, struct now now, struct reading_call **ret_calls);

// The call-back that had an outcome, or the last that stands for the call `id`, or for one with which its caller
// dialled before; "": there is none.
void reading_call_back(const struct board *self, const char *id, char *ret_id, size_t room);

struct reading_queue {
    uint32_t waiting;
    uint64_t longest_ms;
    uint32_t answered, answered_in_target, abandoned, expired, called_back, asa_ms, ewt_s;
};

void reading_queue(const struct board *self, struct now now, uint32_t queue, struct reading_queue *ret_queue);
uint32_t reading_nearest(struct board *self, struct sphere_point from, const struct route_need *need,
                         struct route_pick *ret_picks, uint32_t max);

struct reading_counter {
    const char *name;
    uint64_t value;
};

// States that are not at rest and that nobody renews, no deadline ends: 0, or there is a fault. As of the last sweep.
uint64_t reading_orphans(const struct board *self);
const struct figures *reading_figures(const struct board *self);  // lent until the next step
uint32_t reading_counters(const struct board *self, struct reading_counter *ret_counters, uint32_t room);
// Desks attached to a node, and calls that are not ended and its own.
void reading_load(const struct board *self, const char *node, uint32_t *ret_desks, uint32_t *ret_calls);

#endif
