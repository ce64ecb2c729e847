#include "chaos/sim/faults.h"

#include "chaos/sim/city.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/server.h"
#include "chaos/sim/versions.h"

#include <string.h>

#define DRIFT_MAX_PPM 5000  // far more than clocks drift, as much as a bad one is slewed
#define LEFT_DEAD_PERMILLE 150

static const char *const fault_names[SIM_FAULTS] = {"net",   "cut",    "crash",  "disk", "pause",
                                                    "clock", "client", "region", "link", "old"};

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

static uint64_t draw(struct sim *sim, uint64_t least, uint64_t most)
{
    return chance_between(&sim->fault_chance, least, most);
}

static void after(struct sim *sim, uint64_t least_ms, uint64_t most_ms, agenda_happen *happen, void *subject,
                  uint64_t number)
{
    agenda_at(&sim->agenda, sim_now(sim) + draw(sim, least_ms, most_ms) * SIM_MS_US, happen, subject, number);
}

static struct server *any_server(struct sim *sim)
{
    return sim->servers[draw(sim, 0, sim->node_count - 1)];
}

// Mostly short, sometimes long.
static uint64_t while_ms(struct sim *sim)
{
    return draw(sim, 0, 2) > 0 ? draw(sim, 50, 2500) : draw(sim, 2500, 15000);
}

static void begin(struct sim *sim, enum met_kind kind, const char *name)
{
    if (kind != MET_KINDS)
        sim_meet(sim, kind);
    sim_tell(sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = name});
}

// ---- the network

static void end_rates(void *subject, uint64_t number)
{
    (void)number;
    ((struct sim *)subject)->net.rates = (struct net_rates){0};
}

static void zones_number(struct sim *sim, uint32_t *ret_from, uint32_t *ret_to)
{
    *ret_from = (uint32_t)draw(sim, 0, sim->net.zone_count - 1);
    *ret_to = (uint32_t)draw(sim, 0, sim->net.zone_count - 1);
}

static void end_slow(void *subject, uint64_t number)
{
    struct sim *sim = subject;
    sim->net.slow_us[number >> 8][number & 255] = 0;
}

static void end_narrow(void *subject, uint64_t number)
{
    struct sim *sim = subject;
    sim->net.narrow[number >> 8][number & 255] = false;
}

static void trouble_net(struct sim *sim)
{
    uint32_t from, to;
    zones_number(sim, &from, &to);
    uint64_t until_ms = while_ms(sim), kind = draw(sim, 0, 9);
    if (kind < 3) {
        begin(sim, MET_KINDS, "loss");
        sim->net.rates = (struct net_rates){.lost_permille = (uint32_t)draw(sim, 0, 60),
                                            .delayed_permille = (uint32_t)draw(sim, 0, 150),
                                            .twice_permille = (uint32_t)draw(sim, 0, 80)};
        after(sim, until_ms, until_ms, end_rates, sim, 0);
    } else if (kind < 5) {
        begin(sim, MET_slow_link, "slow");
        sim->net.slow_us[from][to] = draw(sim, 50, 1500) * SIM_MS_US;
        after(sim, until_ms, until_ms, end_slow, sim, from << 8 | to);
    } else if (kind < 6) {
        begin(sim, MET_narrow_link, "narrow");
        sim->net.narrow[from][to] = true;
        after(sim, until_ms, until_ms, end_narrow, sim, from << 8 | to);
    } else {
        begin(sim, MET_KINDS, "reset");
        for (uint64_t i = draw(sim, 1, 10); i > 0 && sim->net.line_count > 0; i--)
            net_reset(&sim->net, sim->net.lines[draw(sim, 0, sim->net.line_count - 1)]);
    }
}

// ---- cuts

static void end_cut(void *subject, uint64_t number)
{
    struct sim *sim = subject;
    sim->net.cut[number >> 8][number & 255] = false;
    net_release(&sim->net);
}

static void end_partition(void *subject, uint64_t number)
{
    (void)number;
    struct sim *sim = subject;
    memset(sim->net.cut, 0, sizeof sim->net.cut);
    net_release(&sim->net);
}

static void cut(struct sim *sim)
{
    uint32_t from, to;
    zones_number(sim, &from, &to);
    uint64_t until_ms = while_ms(sim);
    if (draw(sim, 0, 1) == 0 && from != to) {
        begin(sim, MET_cut_one_way, "cut");
        sim->net.cut[from][to] = true;
        if (draw(sim, 0, 1) == 0) {
            sim->net.cut[to][from] = true;
            after(sim, until_ms, until_ms, end_cut, sim, to << 8 | from);
        }
        after(sim, until_ms, until_ms, end_cut, sim, from << 8 | to);
        return;
    }
    begin(sim, MET_partition, "partition");
    uint64_t sides = draw(sim, 2, 3), side[NET_ZONES_MAX];
    for (uint32_t i = 0; i < sim->net.zone_count; i++)
        side[i] = draw(sim, 0, sides - 1);
    // Mostly a region's clients are on the side of the node beside them.
    for (uint32_t i = sim->node_count; i < sim->net.zone_count; i++)
        if (i - sim->node_count < sim->node_count && draw(sim, 0, 3) > 0)
            side[i] = side[i - sim->node_count];
    for (uint32_t i = 0; i < sim->net.zone_count; i++)
        for (uint32_t k = 0; k < sim->net.zone_count; k++)
            sim->net.cut[i][k] = side[i] != side[k];
    net_release(&sim->net);  // an earlier partition may have parted others
    after(sim, until_ms, until_ms, end_partition, sim, 0);
}

// ---- nodes

static void start_again(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life != life || server->node != NULL)
        return;
    sim_meet(server->sim, MET_restart);
    server_start(server);
}

static void lose_disk_and_start(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life != life || server->node != NULL)
        return;
    server_lose_disk(server);
    start_again(server, life);
}

static void crash(struct sim *sim)
{
    struct server *server = any_server(sim);
    if (server->node == NULL)
        return;
    uint64_t kind = draw(sim, 0, 9), until_ms = while_ms(sim);
    begin(sim, MET_KINDS, "crash");
    if (kind < 2) {
        server_stop(server);
        until_ms += 1600;
    } else if (kind < 5) {
        server_crash_in_turn(server);
        until_ms += 1000;
    } else {
        server_crash(server, kind < 7);
    }
    after(sim, until_ms, until_ms, start_again, server, server->host.life);
}

// For so long that its callers are called back before it returns, mostly.
static void lose_region(struct sim *sim)
{
    struct server *server = any_server(sim);
    if (server->node == NULL)
        return;
    begin(sim, MET_region_lost, "region");
    uint32_t region = city_node_region(server->index);
    for (uint32_t i = 0; i < sim->gateway_count; i++)
        if (sim->gateways[i]->edge.region == region)
            gateway_vanish(sim->gateways[i]);
    for (uint32_t i = 0; i < sim->agent_count; i++)
        if (sim->desks[i]->edge.region == region && draw(sim, 0, 1) == 0)
            desk_vanish(sim->desks[i]);
    server_crash(server, draw(sim, 0, 1) == 0);
    uint64_t until_ms = draw(sim, 3000, 25000);
    after(sim, until_ms, until_ms, start_again, server, server->host.life);
}

static void end_slow_disk(void *subject, uint64_t number)
{
    (void)number;
    ((struct server *)subject)->disk_is_slow = false;
}

// A node whose disk is full or broken is mended by its operators: stopped, and started with a disk that works.
static void mend_disk(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life == life && server->node != NULL)
        server_crash(server, false);
    start_again(server, life);
}

static void fail_slow_disk(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life != life || server->node == NULL)
        return;
    sim_meet(server->sim, MET_disk_slow_failed);
    server_break_disk(server, DISK_FAILED);
    after(server->sim, 50, 15000, mend_disk, server, life);
}

static void slow_disk(struct sim *sim, struct server *server, bool fails)
{
    uint64_t until_ms = while_ms(sim);
    sim_meet(sim, MET_disk_slow);
    server->disk_is_slow = true;
    after(sim, until_ms, until_ms, end_slow_disk, server, 0);
    if (fails)
        after(sim, 0, until_ms, fail_slow_disk, server, server->host.life);
}

// Disks are lost at one node only: what was accepted at two survives, and so does the directory.
static void trouble_disk(struct sim *sim)
{
    struct server *server = any_server(sim);
    uint64_t kind = draw(sim, 0, 9), until_ms = while_ms(sim);
    if (kind >= 8)
        server = sim->servers[sim->unlucky];
    if (server->node == NULL)
        return;
    begin(sim, MET_KINDS, "disk");
    if (kind < 5) {
        slow_disk(sim, server, kind == 4);
    } else if (kind < 8) {
        server_break_disk(server, kind < 7 ? DISK_FULL : DISK_FAILED);
        after(sim, until_ms, until_ms, mend_disk, server, server->host.life);
    } else {
        server_crash(server, kind == 8);
        after(sim, until_ms, until_ms, lose_disk_and_start, server, server->host.life);
    }
}

static void end_pause(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life == life)
        server_resume(server);
}

static void pause_node(struct sim *sim)
{
    struct server *server = any_server(sim);
    if (server->node == NULL)
        return;
    uint64_t until_ms = draw(sim, 0, 3) > 0 ? draw(sim, 20, 3000) : draw(sim, 3000, 20000);
    server_pause(server);
    after(sim, until_ms, until_ms, end_pause, server, server->host.life);
}

static void trouble_clock(struct sim *sim)
{
    struct net_host *host = &any_server(sim)->host;
    uint64_t kind = draw(sim, 0, 2);
    if (kind == 0)
        host = &sim->desks[draw(sim, 0, 2 * sim->agent_count - 1)]->edge.host;
    if (kind == 1)
        host = &sim->gateways[draw(sim, 0, sim->gateway_count - 1)]->edge.host;
    if (draw(sim, 0, 2) == 0) {
        begin(sim, MET_clock_drift, "clock");
        net_set_drift(&sim->net, host, (int32_t)draw(sim, 0, 2 * DRIFT_MAX_PPM) - DRIFT_MAX_PPM);
        return;
    }
    begin(sim, MET_clock_jump, "clock");
    host->clock.wall_off_ms += (int64_t)draw(sim, 0, 120000) - 60000;
}

// ---- clients

static void end_client_pause(void *subject, uint64_t life)
{
    struct edge *edge = subject;
    if (edge->host.life == life)
        edge_resume(edge);
}

static void end_client_cut(void *subject, uint64_t number)
{
    (void)number;
    struct edge *edge = subject;
    edge->host.cut_in = edge->host.cut_out = false;
    net_release(&edge->sim->net);
}

static void trouble_edge(struct sim *sim, struct edge *edge)
{
    uint64_t until_ms = while_ms(sim), kind = draw(sim, 0, 2);
    if (!edge_runs(edge))
        return;
    if (kind == 0) {
        edge_pause(edge);
        after(sim, until_ms, until_ms, end_client_pause, edge, edge->host.life);
    } else if (kind == 1) {
        edge_reset(edge);
    } else {
        sim_meet(sim, MET_client_cut);
        uint64_t ways = draw(sim, 1, 3);
        edge->host.cut_in = (ways & 1) != 0;
        edge->host.cut_out = (ways & 2) != 0;
        after(sim, until_ms, until_ms, end_client_cut, edge, 0);
    }
}

static void trouble_a_talk(struct sim *sim)
{
    uint64_t first = draw(sim, 0, sim->agent_count - 1);
    for (uint32_t i = 0; i < sim->agent_count; i++) {
        struct desk_person *desk = sim->desks[(first + i) % sim->agent_count];
        if (!desk_speaks(desk))
            continue;
        sim_meet(sim, MET_cut_in_talk);
        trouble_edge(sim, &desk->edge);
        return;
    }
}

static void trouble_client(struct sim *sim)
{
    begin(sim, MET_KINDS, "client");
    struct desk_person *desk = sim->desks[draw(sim, 0, sim->agent_count - 1)];
    struct gateway_person *gateway = sim->gateways[draw(sim, 0, sim->gateway_count - 1)];
    uint64_t kind = draw(sim, 0, 17);
    if (kind > 15) {
        trouble_a_talk(sim);
    } else if (kind < 4) {
        desk_vanish(desk);
    } else if (kind < 5) {
        desk_sign_off(desk);
    } else if (kind < 7) {
        sim_meet(sim, MET_desk_twice);
        struct desk_person *twin = sim->desks[sim->agent_count + desk->agent];
        desk_sign_in(twin, 0);
    } else if (kind < 11) {
        trouble_edge(sim, &desk->edge);
    } else if (kind < 14) {
        trouble_edge(sim, &gateway->edge);
    } else {
        gateway_vanish(gateway);
    }
}

// ---- when

static void next_fault(void *subject, uint64_t number)
{
    struct sim *sim = subject;
    uint64_t until_us = number >> 16, mean_ms = number & 0xffff;
    uint64_t at_us = sim_now(sim) + draw(sim, 1, 2 * mean_ms) * SIM_MS_US;
    if (sim_now(sim) >= until_us)
        return;
    static void (*const doers[])(struct sim *) = {trouble_net,    cut,        crash,
                                                  trouble_disk,   pause_node, trouble_clock,
                                                  trouble_client, lose_region};  // links.c: the rest
    uint32_t fault = (uint32_t)draw(sim, 0, sizeof doers / sizeof *doers - 1);
    if ((sim->options.faults & 1u << fault) != 0)
        doers[fault](sim);
    agenda_at(&sim->agenda, at_us, next_fault, sim, number);
}

void faults_start(struct sim *sim, uint64_t from_us, uint64_t until_us)
{
    if ((sim->options.faults & ~(1u << SIM_FAULT_LINK | 1u << SIM_FAULT_OLD)) == 0)
        return;
    // Some histories are stormy, in some a single fault has time to work.
    static const uint64_t means_ms[] = {150, 600, 1500, 5000};
    uint64_t mean_ms = means_ms[draw(sim, 0, 3)];
    agenda_at(&sim->agenda, from_us, next_fault, sim, until_us << 16 | mean_ms);
}

// Some nodes do not come back, sometimes all but one. The directory stays: one whose disk is never lost lives.
static void draw_dead(struct sim *sim, bool ret_dead[SIM_NODES_MAX])
{
    memset(ret_dead, 0, SIM_NODES_MAX * sizeof *ret_dead);
    uint64_t most = sim->node_count - 1;
    if ((sim->options.faults & 1u << SIM_FAULT_CRASH) == 0 || most == 0 || draw(sim, 0, 999) >= LEFT_DEAD_PERMILLE)
        return;
    uint32_t lives = (sim->unlucky + 1 + (uint32_t)draw(sim, 0, most - 1)) % sim->node_count;
    for (uint64_t left = draw(sim, 0, 2) == 0 ? most : draw(sim, 1, most); left > 0;) {
        uint32_t node = (uint32_t)draw(sim, 0, most);
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
            server_crash(server, draw(sim, 0, 1) == 0);
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
