// What a run says in its table: how long calls took to ring, how long a ring broke off, how long clients were without a
// node. Reads the same events as the judge.
#ifndef CHAOS_LIVE_REPORT_H
#define CHAOS_LIVE_REPORT_H

#include "chaos/history/history.h"

struct samples {  // in microseconds
    uint64_t *list;
    uint32_t count, capacity;
};

void samples_add(struct samples *self, uint64_t us);
uint64_t samples_at(struct samples *self,
                    uint32_t permille);  // sorts; the smallest that so many are not above; 0 when there are none
void samples_close(struct samples *self);

struct report_call;
struct report_client;
struct report_node;

struct report {
    struct report_call *calls;
    struct report_client *clients;
    struct report_node *nodes;
    struct samples first_ring;  // from submit
    struct samples ring_gap;    // it rang nowhere any more, though nobody had answered it, until it rang again
    struct samples fail_over;   // of a desk or gateway whose node died, stopped or was no longer heard
    struct samples call_back;   // from the loss of its gateway until the call-back rings
};

void report_hear(struct report *self, const struct history_event *event);
void report_close(struct report *self);

#endif
