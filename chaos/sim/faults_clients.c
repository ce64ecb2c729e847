// Faults of clients: they vanish, sign off, hang, are cut off; a second desk of an agent signs in.
#include "chaos/sim/desks.h"
#include "chaos/sim/faults_inside.h"
#include "chaos/sim/gateways.h"

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
    uint64_t until_ms = faults_draw_while_ms(sim), kind = faults_draw(sim, 0, 2);
    if (!edge_runs(edge))
        return;
    if (kind == 0) {
        edge_pause(edge);
        faults_after(sim, until_ms, until_ms, end_client_pause, edge, edge->host.life);
    } else if (kind == 1) {
        edge_reset(edge);
    } else {
        sim_meet(sim, MET_client_cut);
        uint64_t ways = faults_draw(sim, 1, 3);
        edge->host.cut_in = (ways & 1) != 0;
        edge->host.cut_out = (ways & 2) != 0;
        faults_after(sim, until_ms, until_ms, end_client_cut, edge, 0);
    }
}

static void trouble_a_talk(struct sim *sim)
{
    uint64_t first = faults_draw(sim, 0, sim->agent_count - 1);
    for (uint32_t i = 0; i < sim->agent_count; i++) {
        struct desk_person *desk = sim->desks[(first + i) % sim->agent_count];
        if (!desk_speaks(desk))
            continue;
        sim_meet(sim, MET_cut_in_talk);
        trouble_edge(sim, &desk->edge);
        return;
    }
}

void fault_client(struct sim *sim)
{
    faults_begin(sim, MET_KINDS, "client");
    struct desk_person *desk = sim->desks[faults_draw(sim, 0, sim->agent_count - 1)];
    struct gateway_person *gateway = sim->gateways[faults_draw(sim, 0, sim->gateway_count - 1)];
    uint64_t kind = faults_draw(sim, 0, 17);
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
