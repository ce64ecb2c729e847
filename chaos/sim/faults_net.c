// Faults of the network: messages lost, late and twice, slow and short links, broken connections, cuts.
#include "chaos/sim/faults_inside.h"

#include <string.h>

// ---- the network

static void end_rates(void *subject, uint64_t number)
{
    (void)number;
    ((struct sim *)subject)->net.rates = (struct net_rates){0};
}

static void zones_number(struct sim *sim, uint32_t *ret_from, uint32_t *ret_to)
{
    *ret_from = (uint32_t)faults_draw(sim, 0, sim->net.zone_count - 1);
    *ret_to = (uint32_t)faults_draw(sim, 0, sim->net.zone_count - 1);
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

void fault_net(struct sim *sim)
{
    uint32_t from, to;
    zones_number(sim, &from, &to);
    uint64_t until_ms = faults_draw_while_ms(sim), kind = faults_draw(sim, 0, 9);
    if (kind < 3) {
        faults_begin(sim, MET_KINDS, "loss");
        sim->net.rates = (struct net_rates){.lost_permille = (uint32_t)faults_draw(sim, 0, 60),
                                            .delayed_permille = (uint32_t)faults_draw(sim, 0, 150),
                                            .twice_permille = (uint32_t)faults_draw(sim, 0, 80)};
        faults_after(sim, until_ms, until_ms, end_rates, sim, 0);
    } else if (kind < 5) {
        faults_begin(sim, MET_slow_link, "slow");
        sim->net.slow_us[from][to] = faults_draw(sim, 50, 1500) * SIM_MS_US;
        faults_after(sim, until_ms, until_ms, end_slow, sim, from << 8 | to);
    } else if (kind < 6) {
        faults_begin(sim, MET_narrow_link, "narrow");
        sim->net.narrow[from][to] = true;
        faults_after(sim, until_ms, until_ms, end_narrow, sim, from << 8 | to);
    } else {
        faults_begin(sim, MET_KINDS, "reset");
        for (uint64_t i = faults_draw(sim, 1, 10); i > 0 && sim->net.line_count > 0; i--)
            net_reset(&sim->net, sim->net.lines[faults_draw(sim, 0, sim->net.line_count - 1)]);
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

void fault_cut(struct sim *sim)
{
    uint32_t from, to;
    zones_number(sim, &from, &to);
    uint64_t until_ms = faults_draw_while_ms(sim);
    if (faults_draw(sim, 0, 1) == 0 && from != to) {
        faults_begin(sim, MET_cut_one_way, "cut");
        sim->net.cut[from][to] = true;
        if (faults_draw(sim, 0, 1) == 0) {
            sim->net.cut[to][from] = true;
            faults_after(sim, until_ms, until_ms, end_cut, sim, to << 8 | from);
        }
        faults_after(sim, until_ms, until_ms, end_cut, sim, from << 8 | to);
        return;
    }
    faults_begin(sim, MET_partition, "partition");
    uint64_t sides = faults_draw(sim, 2, 3), side[NET_ZONES_MAX];
    for (uint32_t i = 0; i < sim->net.zone_count; i++)
        side[i] = faults_draw(sim, 0, sides - 1);
    // Mostly a region's clients are on the side of the node beside them.
    for (uint32_t i = sim->node_count; i < sim->net.zone_count; i++)
        if (i - sim->node_count < sim->node_count && faults_draw(sim, 0, 3) > 0)
            side[i] = side[i - sim->node_count];
    for (uint32_t i = 0; i < sim->net.zone_count; i++)
        for (uint32_t k = 0; k < sim->net.zone_count; k++)
            sim->net.cut[i][k] = side[i] != side[k];
    net_release(&sim->net);  // an earlier partition may have parted others
    faults_after(sim, until_ms, until_ms, end_partition, sim, 0);
}
