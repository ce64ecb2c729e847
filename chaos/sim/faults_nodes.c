// Faults of nodes: they die, alone or with their region, lose or cannot use their disks, hang, and have wrong clocks.
#include "chaos/sim/city.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/faults_inside.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/server.h"

#define DRIFT_MAX_PPM 5000  // far more than clocks drift, as much as a bad one is slewed

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

void fault_crash(struct sim *sim)
{
    struct server *server = faults_draw_server(sim);
    if (server->node == NULL)
        return;
    uint64_t kind = faults_draw(sim, 0, 9), until_ms = faults_draw_while_ms(sim);
    faults_begin(sim, MET_KINDS, "crash");
    if (kind < 2) {
        server_stop(server);
        until_ms += 1600;
    } else if (kind < 5) {
        server_crash_in_turn(server);
        until_ms += 1000;
    } else {
        server_crash(server, kind < 7);
    }
    faults_after(sim, until_ms, until_ms, start_again, server, server->host.life);
}

// For so long that its callers are called back before it returns, mostly.
void fault_region(struct sim *sim)
{
    struct server *server = faults_draw_server(sim);
    if (server->node == NULL)
        return;
    faults_begin(sim, MET_region_lost, "region");
    uint32_t region = city_node_region(server->index);
    for (uint32_t i = 0; i < sim->gateway_count; i++)
        if (sim->gateways[i]->edge.region == region)
            gateway_vanish(sim->gateways[i]);
    for (uint32_t i = 0; i < sim->agent_count; i++)
        if (sim->desks[i]->edge.region == region && faults_draw(sim, 0, 1) == 0)
            desk_vanish(sim->desks[i]);
    server_crash(server, faults_draw(sim, 0, 1) == 0);
    uint64_t until_ms = faults_draw(sim, 3000, 25000);
    faults_after(sim, until_ms, until_ms, start_again, server, server->host.life);
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
    faults_after(server->sim, 50, 15000, mend_disk, server, life);
}

static void slow_disk(struct sim *sim, struct server *server, bool fails)
{
    uint64_t until_ms = faults_draw_while_ms(sim);
    sim_meet(sim, MET_disk_slow);
    server->disk_is_slow = true;
    faults_after(sim, until_ms, until_ms, end_slow_disk, server, 0);
    if (fails)
        faults_after(sim, 0, until_ms, fail_slow_disk, server, server->host.life);
}

// Disks are lost at one node only: what was accepted at two survives, and so does the directory.
void fault_disk(struct sim *sim)
{
    struct server *server = faults_draw_server(sim);
    uint64_t kind = faults_draw(sim, 0, 9), until_ms = faults_draw_while_ms(sim);
    if (kind >= 8)
        server = sim->servers[sim->unlucky];
    if (server->node == NULL)
        return;
    faults_begin(sim, MET_KINDS, "disk");
    if (kind < 5) {
        slow_disk(sim, server, kind == 4);
    } else if (kind < 8) {
        server_break_disk(server, kind < 7 ? DISK_FULL : DISK_FAILED);
        faults_after(sim, until_ms, until_ms, mend_disk, server, server->host.life);
    } else {
        server_crash(server, kind == 8);
        faults_after(sim, until_ms, until_ms, lose_disk_and_start, server, server->host.life);
    }
}

static void end_pause(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life == life)
        server_resume(server);
}

void fault_pause(struct sim *sim)
{
    struct server *server = faults_draw_server(sim);
    if (server->node == NULL)
        return;
    uint64_t until_ms = faults_draw(sim, 0, 3) > 0 ? faults_draw(sim, 20, 3000) : faults_draw(sim, 3000, 20000);
    server_pause(server);
    faults_after(sim, until_ms, until_ms, end_pause, server, server->host.life);
}

void fault_clock(struct sim *sim)
{
    struct net_host *host = &faults_draw_server(sim)->host;
    uint64_t kind = faults_draw(sim, 0, 2);
    if (kind == 0)
        host = &sim->desks[faults_draw(sim, 0, 2 * sim->agent_count - 1)]->edge.host;
    if (kind == 1)
        host = &sim->gateways[faults_draw(sim, 0, sim->gateway_count - 1)]->edge.host;
    if (faults_draw(sim, 0, 2) == 0) {
        faults_begin(sim, MET_clock_drift, "clock");
        net_set_drift(&sim->net, host, (int32_t)faults_draw(sim, 0, 2 * DRIFT_MAX_PPM) - DRIFT_MAX_PPM);
        return;
    }
    faults_begin(sim, MET_clock_jump, "clock");
    host->clock.wall_off_ms += (int64_t)faults_draw(sim, 0, 120000) - 60000;
}
