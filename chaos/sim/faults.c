#include "chaos/sim/faults.h"

#include "chaos/sim/desks.h"
#include "chaos/sim/faults_inside.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/server.h"
#include "chaos/sim/versions.h"

#include <string.h>

#define LEFT_DEAD_PERMILLE 150

static const char *const fault_names[SIM_FAULTS] = {"net",    "cut",    "crash", "disk", "pause",   "clock",
                                                    "client", "region", "link",  "old",  "restore", "late"};

bool faults_parse(const char *list, uint32_t *ret_faults)
{
    uint32_t faults = 0;
    while (*list != '\0') {
        size_t bytes = strcspn(list, ",");
        uint32_t found = 0;
        for (int i = 0; i < SIM_FAULTS; i++)
            if (strlen(fault_names[i]) == bytes && memcmp(fault_names[i], list, bytes) == 0)
                found = 1u << i;
        if (bytes == 3 && memcmp(list, "all", 3) == 0)
            found = FAULTS_ALL;
        bool is_none = bytes == 4 && memcmp(list, "none", 4) == 0;
        if (found == 0 && !is_none)
            return false;
        faults |= found;
        list += bytes + (list[bytes] == ',');
    }
    *ret_faults = faults;
    return true;
}

void faults_print(uint32_t faults)
{
    const char *divider = " --faults ";
    for (int i = 0; i < SIM_FAULTS; i++)
        if ((faults >> i & 1) != 0) {
            printf("%s%s", divider, fault_names[i]);
            divider = ",";
        }
    if (faults == 0)
        printf("%snone", divider);
}

// ---- drawing

uint64_t faults_draw(struct sim *sim, uint64_t least, uint64_t most)
{
    return chance_between(&sim->fault_chance, least, most);
}

void faults_after(struct sim *sim, uint64_t least_ms, uint64_t most_ms, agenda_happen *happen, void *subject,
                  uint64_t number)
{
    agenda_at(&sim->agenda, sim_now(sim) + faults_draw(sim, least_ms, most_ms) * SIM_MS_US, happen, subject, number);
}

struct server *faults_draw_server(struct sim *sim)
{
    return sim->servers[faults_draw(sim, 0, sim->node_count - 1)];
}

uint64_t faults_draw_while_ms(struct sim *sim)
{
    return faults_draw(sim, 0, 2) > 0 ? faults_draw(sim, 50, 2500) : faults_draw(sim, 2500, 15000);
}

void faults_begin(struct sim *sim, enum met_kind kind, const char *name)
{
    if (kind != MET_KINDS)
        sim_meet(sim, kind);
    sim_tell(sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = name});
}

// ---- when

static void next_fault(void *subject, uint64_t number)
{
    struct sim *sim = subject;
    uint64_t until_us = number >> 16, mean_ms = number & 0xffff;
    uint64_t at_us = sim_now(sim) + faults_draw(sim, 1, 2 * mean_ms) * SIM_MS_US;
    if (sim_now(sim) >= until_us)
        return;
    static void (*const doers[])(struct sim *) = {
        fault_net,   fault_cut,   fault_crash,  fault_disk,
        fault_pause, fault_clock, fault_client, fault_region};  // links.c, versions.c: the rest
    uint32_t fault = (uint32_t)faults_draw(sim, 0, sizeof doers / sizeof *doers - 1);
    if ((sim->options.faults & 1u << fault) != 0)
        doers[fault](sim);
    agenda_at(&sim->agenda, at_us, next_fault, sim, number);
}

void faults_start(struct sim *sim, uint64_t from_us, uint64_t until_us)
{
    if ((sim->options.faults &
         ~(1u << SIM_FAULT_LINK | 1u << SIM_FAULT_OLD | 1u << SIM_FAULT_RESTORE | 1u << SIM_FAULT_LATE)) == 0)
        return;
    // Some histories are stormy, in some a single fault has time to work.
    static const uint64_t means_ms[] = {150, 600, 1500, 5000};
    uint64_t mean_ms = means_ms[faults_draw(sim, 0, 3)];
    agenda_at(&sim->agenda, from_us, next_fault, sim, until_us << 16 | mean_ms);
}

// ---- when all is whole

#define LATE_US (6 * SIM_SECOND_US)

static void vanish_late(void *subject, uint64_t number)
{
    (void)number;
    struct sim *sim = subject;
    struct gateway_person *fullest = sim->gateways[0];
    for (uint32_t i = 1; i < sim->gateway_count; i++)
        if (gateway_waiting(sim->gateways[i]) > gateway_waiting(fullest))
            fullest = sim->gateways[i];
    gateway_vanish(fullest);
}

void faults_late(struct sim *sim)
{
    if ((sim->options.faults & 1u << SIM_FAULT_LATE) != 0)
        agenda_at(&sim->agenda, sim_now(sim) + LATE_US, vanish_late, sim, 0);
}

// ---- the end

// Some nodes do not come back, sometimes all but one. The directory stays: one whose disk is never lost lives.
static void draw_dead(struct sim *sim, bool ret_dead[SIM_NODES_MAX])
{
    memset(ret_dead, 0, SIM_NODES_MAX * sizeof *ret_dead);
    uint64_t most = sim->node_count - 1;
    if ((sim->options.faults & 1u << SIM_FAULT_CRASH) == 0 || most == 0 ||
        faults_draw(sim, 0, 999) >= LEFT_DEAD_PERMILLE)
        return;
    uint32_t lives = (sim->unlucky + 1 + (uint32_t)faults_draw(sim, 0, most - 1)) % sim->node_count;
    for (uint64_t left = faults_draw(sim, 0, 2) == 0 ? most : faults_draw(sim, 1, most); left > 0;) {
        uint32_t node = (uint32_t)faults_draw(sim, 0, most);
        if (node == lives || ret_dead[node])
            continue;
        ret_dead[node] = true;
        left--;
    }
}

void faults_end(struct sim *sim)
{
    bool dead[SIM_NODES_MAX];
    draw_dead(sim, dead);
    net_heal(&sim->net);
    for (uint32_t i = 0; i < sim->node_count; i++) {
        struct server *server = sim->servers[i];
        if (dead[i]) {
            sim_meet(sim, MET_left_dead);
            server_crash(server, faults_draw(sim, 0, 1) == 0);
            server->host.life++;  // who meant to start it again does not
            continue;
        }
        server->disk_is_slow = server->dies_in_turn = false;
        server->host.sends_left = UINT32_MAX;
        bool is_well = server->node != NULL && !server->going && server->disk->type->state(server->disk) == DISK_OK;
        is_well &= !versions_end(server);
        if (server->node != NULL && !is_well)
            server_crash(server, false);
        server_resume(server);
        server_start(server);
    }
    gateways_come_back(sim);
    desks_come_back(sim);
    net_release(&sim->net);
}
