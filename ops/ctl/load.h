// The state of a load run, and its report.
#ifndef OPS_CTL_LOAD_H
#define OPS_CTL_LOAD_H

#include "ops/common/credentials.h"
#include "ops/common/loop.h"

#include <hotline/desk.h>
#include <hotline/gateway.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_CALLS_MAX 1000000

struct load_series {  // durations
    uint64_t *us;
    size_t count, capacity;
};

struct load_gateway {
    struct load *load;
    struct hotline_client *client;
    bool attached;
};

struct load_desk {
    const char *agent;
    struct hotline_client *client;
    bool ready, gone;
};

struct load_call {
    struct load_gateway *gateway;
    uint64_t submitted_us;
    uint64_t due_us;  // to hang up; UINT64_MAX: not talking
    bool rang, over;
};

struct load {
    const char *queue;
    double rate;  // calls a second at most
    size_t call_count, in_flight_max, desk_count, gateway_count;
    struct loop loop;
    struct hotline_context *context;
    struct load_gateway *gateways;
    struct load_desk *desks;
    struct load_call *calls;
    char **offline;
    size_t offline_count;
    struct credentials gateway_key;
    char prefix[96];  // of every gateway's name and call's id; a number follows
    size_t placed, oldest, in_flight, finished, talking, accepted_short;
    uint64_t news_us;
    unsigned refusals_said;
    struct load_series ring, accepted, connected;
    json_t *outcomes;
    double seconds;
};

void load_series_add(struct load_series *self, uint64_t us);
void load_series_close(struct load_series *self);
// Prints; returns the exit status: done when every call went as planned.
int load_report(struct load *self, bool json);

#endif
