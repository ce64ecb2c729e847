// What operators measure a switchboard by, beside its counters: how long callers wait, and why calls and offers are
// refused. Reasons are few and stable; past the bound they are counted as "other".
#ifndef NODE_SWITCHBOARD_FIGURES_H
#define NODE_SWITCHBOARD_FIGURES_H

#include "cluster/base/histogram.h"

#define FIGURES_REASONS_MAX 24

struct figures_reason {
    char name[64];  // "offers_refused:REASON"
    uint64_t count;
};

struct figures {
    struct histogram ring;    // from queued until the first desk rings
    struct histogram answer;  // from queued until the legs are joined
    struct figures_reason reasons[FIGURES_REASONS_MAX];
    uint32_t reason_count;
};

void figures_count(struct figures *self, const char *what, const char *reason);

#endif
