// One history: the whole cluster, its clients and their people in one thread, all from one seed.
#ifndef CHAOS_SIM_SIM_H
#define CHAOS_SIM_SIM_H

#include "chaos/history/history.h"
#include "chaos/history/judge.h"
#include "chaos/sim/agenda.h"
#include "chaos/sim/chance.h"
#include "chaos/sim/met.h"
#include "chaos/sim/net.h"
#include "chaos/sim/regions.h"
#include "cluster/base/check.h"
#include "cluster/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SIM_NODES_MAX 12
#define SIM_WRAPPED_MAX 8
#define SIM_SECOND_US ((uint64_t)1000000)
#define SIM_MS_US ((uint64_t)1000)

enum sim_fault {
    SIM_FAULT_NET,      // loss, delay, repeats, resets, slow and narrow links
    SIM_FAULT_CUT,      // one-way cuts and partitions
    SIM_FAULT_CRASH,    // of nodes, and restarts
    SIM_FAULT_DISK,     // slow, full, failed, lost
    SIM_FAULT_PAUSE,    // of nodes
    SIM_FAULT_CLOCK,    // jumps and drift
    SIM_FAULT_CLIENT,   // clients vanish, hang, are cut off, come back
    SIM_FAULT_REGION,   // a node dies, and its region's gateways and some of the desks with it
    SIM_FAULT_LINK,     // of two nodes, for long, while each reaches the other through a third
    SIM_FAULT_OLD,      // nodes of the oldest protocol version, and their upgrades
    SIM_FAULT_RESTORE,  // a node loses its disk, and is made anew from a backup of before
    SIM_FAULT_LATE,     // a gateway vanishes when all is whole
    SIM_FAULTS,
};

enum links_plan {
    LINKS_NO_PLAN,
    LINKS_TURN,    // every pair of nodes in turn
    LINKS_LONELY,  // a node hears one other alone
    LINKS_PLANS,
};

struct sim_options {
    uint64_t seed;
    uint32_t nodes;   // 0: the seed decides
    uint32_t agents;  // 0: the seed decides
    uint32_t seconds;
    uint32_t faults;         // bits, by enum sim_fault
    enum links_plan links;   // instead of single cuts
    uint32_t pace_permille;  // people's time, of what it mostly is; 0: 1000
    // Of the directory; 0: its default.
    uint32_t reattach_ms, adopt_after_ms, adopt_alone_after_ms, call_back_retry_ms, selftest_interval_ms;
    const char *rule;  // broken; NULL: none
    FILE *trace;       // NULL: none
};

struct sim_result {
    bool ok;
    uint64_t virtual_us, delivered, calls;
    uint32_t nodes, agents;
    struct met met;
    char verdict[4096];
};

struct server;
struct desk_person;
struct gateway_person;
struct observer;
struct lost;
struct restores;

struct sim {
    struct sim_options options;
    struct agenda agenda;
    struct net net;
    struct met met;
    struct judge *judge;
    struct bytes line;  // of the trace
    bool stop;          // a violation was found
    struct chance city_chance, people_chance, fault_chance, link_chance, version_chance, restore_chance;
    bool has_versions;                                     // some nodes are of the oldest protocol version, or will be
    bool has_wraps;                                        // agents say in wrap-up how it went
    char wrapped[SIM_WRAPPED_MAX][CALL_ID_MAX_BYTES + 1];  // the last calls of which that was said, a ring
    uint32_t wrapped_count;
    uint64_t link_changes;

    uint32_t unlucky;  // the node that may lose its disk
    uint32_t node_count, agent_count, gateway_count;
    struct server *servers[SIM_NODES_MAX];
    struct desk_person **desks;
    struct gateway_person **gateways;
    struct lost *lost;  // callers whose gateway vanished, the last first
    struct observer *observers[SIM_NODES_MAX];
    struct restores *restores;   // NULL: none in this history
    struct bytes directory;      // encoded
    uint32_t clients;            // numbers given to starts of clients
    uint64_t calls, numbers;     // placed; given to callers
    bool closing;                // no new callers, and people do nothing new
    uint32_t feed_window_bytes;  // 0: the default
    uint64_t load_permille;      // of what the agents can bear
};

static inline uint64_t sim_now(const struct sim *self)
{
    return self->agenda.now_us;
}

// What people take so long for, in us.
static inline uint64_t sim_people_us(const struct sim *self, uint64_t ms)
{
    return ms * (self->options.pace_permille != 0 ? self->options.pace_permille : 1000);
}

void sim_run(const struct sim_options *options, struct sim_result *ret_result);

// ---- what a world provides: sim.c, or chaos/live/world.c

void sim_endpoint(const struct sim *self, uint32_t node, char *to, size_t room);  // where clients connect
// Told to the judge, and to the trace.
void sim_tell(struct sim *self, struct history_event event);
// For readers of the trace alone.
void sim_remark(struct sim *self, const char *text, ...) PRINTF_LIKE(2, 3);
void sim_meet(struct sim *self, enum met_kind kind);

#endif
