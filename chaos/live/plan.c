#include "chaos/live/plan_inside.h"

#include "chaos/sim/city.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/observers.h"

#include <stdio.h>
#include <string.h>

#define LINK_SETTLES_MS 3000  // a lost link is found and walked around, and clients beyond it are attached elsewhere

uint64_t plan_draw(struct live *self, uint64_t least, uint64_t most)
{
    return chance_between(&self->sim.fault_chance, least, most);
}

uint32_t plan_any_node(struct live *self)
{
    return (uint32_t)plan_draw(self, 0, self->sim.node_count - 1);
}

bool plan_goes_on(const struct live *self, uint64_t until_us)
{
    return !self->sim.stop && live_now_us() < until_us;
}

static uint64_t left_ms(uint64_t until_us)
{
    uint64_t now_us = live_now_us();
    return until_us > now_us ? (until_us - now_us) / 1000 : 0;
}

void plan_run_between(struct live *self, uint64_t least_ms, uint64_t most_ms)
{
    live_run_for(self, plan_draw(self, least_ms, most_ms));
}

void plan_fault(struct live *self, const char *reason)
{
    sim_tell(&self->sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = reason});
}

// ---- nodes

static void storm_kill(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        uint32_t first = plan_any_node(self), second = plan_any_node(self);
        live_node_kill(self, first);
        if (plan_draw(self, 0, 2) == 0 && self->sim.node_count > 2)
            live_node_kill(self, second);
        plan_run_between(self, 300, 3000);
        live_node_start(self, first);
        live_node_start(self, second);
        plan_run_between(self, 1000, 2500);
    }
}

static void storm_stop(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        uint32_t node = plan_any_node(self);
        uint64_t most_ms = plan_draw(self, 0, 2) > 0 ? 3000 : 30000;
        if (most_ms > left_ms(until_us) + 1000)
            most_ms = left_ms(until_us) + 1000;
        live_node_stop(self, node);
        plan_run_between(self, 500, most_ms);
        live_node_continue(self, node);
        plan_run_between(self, 500, 2000);
    }
}

static void storm_rolling(struct live *self, uint64_t until_us)
{
    for (uint32_t i = 0; i < self->sim.node_count && !self->sim.stop; i++) {
        live_node_terminate(self, i);
        live_node_start(self, i);
        live_run_for(self, 1500);
    }
    live_run_for(self, left_ms(until_us));
}

static void storm_alone(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        uint32_t survivor = plan_any_node(self);
        for (uint32_t i = 0; i < self->sim.node_count; i++)
            if (i != survivor)
                live_node_kill(self, i);
        plan_run_between(self, 2500, 5000);
        for (uint32_t i = 0; i < self->sim.node_count; i++)
            live_node_start(self, i);
        plan_run_between(self, 2000, 3000);
    }
}

// Its node, its gateways and its desks at the same moment.
static void lose_region(struct live *self, uint32_t region)
{
    struct sim *sim = &self->sim;
    live_node_kill(self, region);
    for (uint32_t i = 0; i < sim->gateway_count; i++)
        if (sim->gateways[i]->edge.region == region)
            edge_vanish(&sim->gateways[i]->edge, true);
    for (uint32_t i = 0; i < sim->agent_count; i++)
        if (sim->desks[i]->edge.region == region)
            edge_vanish(&sim->desks[i]->edge, true);
}

// One with callers who wait, or for whom it rings: who speaks is owed nothing.
static uint32_t region_that_owes(struct live *self)
{
    for (uint32_t waited_ms = 0; waited_ms < 4000 && !self->sim.stop; waited_ms += 20) {
        for (uint32_t i = 0; i < self->sim.gateway_count; i++) {
            const struct gateway_person *gateway = self->sim.gateways[i];
            for (uint32_t k = 0; gateway->edge.region < self->sim.node_count && k < gateway->caller_top; k++)
                if (gateway->callers[k].id[0] != '\0' && gateway->callers[k].is_accepted &&
                    !gateway->callers[k].is_joined && !gateway->callers[k].is_connecting)
                    return gateway->edge.region;
        }
        live_run_for(self, 20);
    }
    return plan_any_node(self);
}

static void storm_region(struct live *self, uint64_t until_us)
{
    lose_region(self, region_that_owes(self));
    live_run_for(self, left_ms(until_us));
}

FILE *plan_open_yaml(const struct live *self, const char *name, char ret_path[LIVE_PATH_BYTES])
{
    snprintf(ret_path, LIVE_PATH_BYTES, "%.200s/%s.yaml", self->options.dir, name);
    FILE *file = fopen(ret_path, "w");
    check(file != NULL);
    return file;
}

// As an operator would, at the directory's primary.
void plan_apply(struct live *self, FILE *file, const char *path)
{
    check(fclose(file) == 0);
    const char *const arguments[] = {
        self->options.hotlinectl, "--nodes", self->nodes[0].endpoint, "apply", "-f", path, NULL};
    if (!live_tool(self, arguments))
        fprintf(stderr, "%s was not applied: see %s/tools.log\n", path, self->options.dir);
}

static void apply_nodes(struct live *self, uint32_t without)
{
    const struct sim *sim = &self->sim;
    char path[LIVE_PATH_BYTES];
    FILE *file = plan_open_yaml(self, "nodes", path);
    fprintf(file, "primary: %s\nnodes:\n", self->nodes[0].name);
    for (uint32_t i = 0; i < sim->node_count; i++)
        if (i != without)
            fprintf(file, "  - {name: %s, site: %s}\n", self->nodes[i].name, city_regions[city_node_region(i)].name);
    plan_apply(self, file, path);
}

static void storm_grow(struct live *self, uint64_t until_us)
{
    struct sim *sim = &self->sim;
    uint32_t fresh = sim->node_count++;
    live_node_start(self, fresh);
    live_run_for(self, 1500);
    apply_nodes(self, UINT32_MAX);
    plan_run_between(self, 1500, 3000);
    uint32_t gone = (uint32_t)plan_draw(self, 1, fresh - 1);
    apply_nodes(self, gone);
    live_node_terminate(self, gone);
    self->nodes[gone].is_removed = true;
    live_run_for(self, left_ms(until_us));
}

// ---- the network

static void storm_partition(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        uint64_t side = plan_draw(self, 1, (1u << SIM_REGIONS) - 2);
        plan_fault(self, "partition");
        for (uint32_t a = 0; a < SIM_REGIONS; a++)
            for (uint32_t b = 0; b < SIM_REGIONS; b++)
                if ((side >> a & 1) != (side >> b & 1))
                    live_switch(self, "set %u %u cut=1", a, b);
        plan_run_between(self, 1000, 6000);
        live_switch(self, "heal");
        plan_run_between(self, 1500, 3000);
    }
}

static void two_regions(struct live *self, uint32_t *ret_from, uint32_t *ret_to)
{
    *ret_from = plan_any_node(self);
    *ret_to = (*ret_from + (uint32_t)plan_draw(self, 1, SIM_REGIONS - 1)) % SIM_REGIONS;
}

static void storm_oneway(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        plan_fault(self, "cut");
        for (uint64_t i = plan_draw(self, 1, 3); i > 0; i--) {
            uint32_t from, to;
            two_regions(self, &from, &to);
            live_switch(self, "set %u %u cut=1", from, to);
        }
        plan_run_between(self, 1000, 6000);
        live_switch(self, "heal");
        plan_run_between(self, 1500, 3000);
    }
}

// Pair after pair of regions, each for longer than it takes to walk around the cut: then all is demanded of the nodes
// that is demanded when everything works.
static void storm_links(struct live *self, uint64_t until_us)
{
    for (uint32_t a = 0, b = 1; plan_goes_on(self, until_us); b++) {
        if (b == self->sim.node_count) {
            a = (a + 1) % (b - 1);
            b = a + 1;
        }
        plan_fault(self, "link");
        live_switch(self, "heal");
        live_switch(self, "set %u %u cut=1", a, b);
        live_switch(self, "set %u %u cut=1", b, a);
        live_run_for(self, LINK_SETTLES_MS);
        sim_tell(&self->sim, (struct history_event){.word = HISTORY_AT_WHOLE});
        plan_run_between(self, 2000, 3000);
    }
    plan_fault(self, "link");
    live_switch(self, "heal");
}

static void storm_slow(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        plan_fault(self, "slow");
        for (uint64_t i = plan_draw(self, 1, 3); i > 0; i--) {
            uint32_t from, to;
            two_regions(self, &from, &to);
            live_switch(self, "set %u %u slow_us=%llu jitter_us=%llu loss=%llu twice=%llu rate=%llu", from, to,
                        (unsigned long long)plan_draw(self, 0, 1500) * 1000,
                        (unsigned long long)plan_draw(self, 0, 50) * 1000, (unsigned long long)plan_draw(self, 0, 50),
                        (unsigned long long)plan_draw(self, 0, 50),
                        (unsigned long long)plan_draw(self, 0, 1) * plan_draw(self, 8000, 64000));
        }
        plan_run_between(self, 1500, 5000);
        live_switch(self, "heal");
        plan_run_between(self, 1500, 3000);
    }
}

// ---- which there are

static const struct plan plans[] = {
#define PLAN_ROW(name, needs, seconds_min) {#name, needs, seconds_min, storm_##name},
    PLAN_SCENARIOS(PLAN_ROW)
#undef PLAN_ROW
};

const struct plan *plan_at(uint32_t index)
{
    return index < sizeof plans / sizeof *plans ? &plans[index] : NULL;
}

const struct plan *plan_find(const char *name)
{
    for (uint32_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (strcmp(plans[i].name, name) == 0)
            return &plans[i];
    return NULL;
}

void plan_heal(struct live *self)
{
    for (uint32_t i = 0; i < self->sim.node_count; i++) {
        live_node_continue(self, i);
        if (!self->nodes[i].is_removed)
            live_node_start(self, i);
    }
    if (self->switch_fd >= 0)
        live_switch(self, "heal");
    sim_tell(&self->sim, (struct history_event){.word = HISTORY_AT_WHOLE});
    observers_connect(&self->sim);
    desks_come_back(&self->sim);
    gateways_come_back(&self->sim);
}
