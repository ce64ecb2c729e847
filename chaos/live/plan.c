#include "chaos/live/plan.h"

#include "chaos/sim/city.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/observers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SITES_MORE 500
#define SITES_MORE_MAX 9000
#define LINK_SETTLES_MS 3000  // a lost link is found and walked around, and clients beyond it are attached elsewhere

static uint64_t draw(struct live *self, uint64_t least, uint64_t most)
{
    return chance_between(&self->sim.fault_chance, least, most);
}

static uint32_t any_node(struct live *self)
{
    return (uint32_t)draw(self, 0, self->sim.node_count - 1);
}

static bool goes_on(const struct live *self, uint64_t until_us)
{
    return !self->sim.stop && live_now_us() < until_us;
}

static uint64_t left_ms(uint64_t until_us)
{
    uint64_t now_us = live_now_us();
    return until_us > now_us ? (until_us - now_us) / 1000 : 0;
}

static void run_between(struct live *self, uint64_t least_ms, uint64_t most_ms)
{
    live_run_for(self, draw(self, least_ms, most_ms));
}

static void fault(struct live *self, const char *reason)
{
    sim_tell(&self->sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = reason});
}

// ---- nodes

static void storm_kill(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        uint32_t first = any_node(self), second = any_node(self);
        live_node_kill(self, first);
        if (draw(self, 0, 2) == 0 && self->sim.node_count > 2)
            live_node_kill(self, second);
        run_between(self, 300, 3000);
        live_node_start(self, first);
        live_node_start(self, second);
        run_between(self, 1000, 2500);
    }
}

static void storm_stop(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        uint32_t node = any_node(self);
        uint64_t most_ms = draw(self, 0, 2) > 0 ? 3000 : 30000;
        if (most_ms > left_ms(until_us) + 1000)
            most_ms = left_ms(until_us) + 1000;
        live_node_stop(self, node);
        run_between(self, 500, most_ms);
        live_node_continue(self, node);
        run_between(self, 500, 2000);
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
    while (goes_on(self, until_us)) {
        uint32_t survivor = any_node(self);
        for (uint32_t i = 0; i < self->sim.node_count; i++)
            if (i != survivor)
                live_node_kill(self, i);
        run_between(self, 2500, 5000);
        for (uint32_t i = 0; i < self->sim.node_count; i++)
            live_node_start(self, i);
        run_between(self, 2000, 3000);
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
    return any_node(self);
}

static void storm_region(struct live *self, uint64_t until_us)
{
    lose_region(self, region_that_owes(self));
    live_run_for(self, left_ms(until_us));
}

static FILE *open_yaml(const struct live *self, const char *name, char ret_path[LIVE_PATH_BYTES])
{
    snprintf(ret_path, LIVE_PATH_BYTES, "%.200s/%s.yaml", self->options.dir, name);
    FILE *file = fopen(ret_path, "w");
    check(file != NULL);
    return file;
}

// As an operator would, at the directory's primary.
static void apply(struct live *self, FILE *file, const char *path)
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
    FILE *file = open_yaml(self, "nodes", path);
    fprintf(file, "primary: %s\nnodes:\n", self->nodes[0].name);
    for (uint32_t i = 0; i < sim->node_count; i++)
        if (i != without)
            fprintf(file, "  - {name: %s, site: %s}\n", self->nodes[i].name, city_regions[city_node_region(i)].name);
    apply(self, file, path);
}

static void storm_grow(struct live *self, uint64_t until_us)
{
    struct sim *sim = &self->sim;
    uint32_t fresh = sim->node_count++;
    live_node_start(self, fresh);
    live_run_for(self, 1500);
    apply_nodes(self, UINT32_MAX);
    run_between(self, 1500, 3000);
    uint32_t gone = (uint32_t)draw(self, 1, fresh - 1);
    apply_nodes(self, gone);
    live_node_terminate(self, gone);
    self->nodes[gone].is_removed = true;
    live_run_for(self, left_ms(until_us));
}

// ---- disks and clocks: what the preloaded libraries look at lies in the node's folder

static void put_file(struct live *self, uint32_t node, const char *name, const char *text)
{
    char path[LIVE_PATH_BYTES], fresh[LIVE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s/%s", self->options.dir, self->nodes[node].name, name);
    snprintf(fresh, sizeof fresh, "%s/%s/new", self->options.dir, self->nodes[node].name);
    FILE *file = fopen(fresh, "w");
    check(file != NULL);
    fputs(text, file);
    check(fclose(file) == 0 && rename(fresh, path) == 0);
}

static void take_file(struct live *self, uint32_t node, const char *name)
{
    char path[LIVE_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s/%s", self->options.dir, self->nodes[node].name, name);
    unlink(path);
}

// Into tools.log: what the node says of its disk, so that a fault that never happened is seen.
static void note_status(struct live *self, uint32_t node)
{
    const char *const arguments[] = {self->options.hotlinectl,   "--json", "--nodes",
                                     self->nodes[node].endpoint, "status", NULL};
    live_tool(self, arguments);
}

static void disk_tool(struct live *self, const char *what, uint32_t node)
{
    const char *const arguments[] = {self->options.disk_tool, what, self->options.dir, self->nodes[node].name, NULL};
    if (!live_tool(self, arguments))
        fprintf(stderr, "%s the disk of %s failed: see %s/tools.log\n", what, self->nodes[node].name,
                self->options.dir);
}

// A disk whose flush failed is not trusted again: its node is started anew, as an operator would.
static void storm_flush(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        uint32_t node = any_node(self);
        fault(self, "flush");
        put_file(self, node, "flush_fails", "");
        run_between(self, 1500, 3000);
        note_status(self, node);
        take_file(self, node, "flush_fails");
        live_node_kill(self, node);
        live_node_start(self, node);
        run_between(self, 1500, 2500);
    }
}

// Sites where nobody is, more each time: a directory that takes more room on every disk than the store has free inside.
static void apply_sites(struct live *self, uint32_t version)
{
    char path[LIVE_PATH_BYTES];
    FILE *file = open_yaml(self, "sites", path);
    fprintf(file, "sites:\n");
    for (uint32_t i = 0; i < SIM_REGIONS; i++)
        fprintf(file,
                "  - {id: %s, name: %s, country: %s, lat: %.6f, lon: %.6f, contact: \"sip:site@hotline.example\"}\n",
                city_regions[i].name, city_regions[i].name, city_regions[i].country, city_regions[i].lat_udeg / 1e6,
                city_regions[i].lon_udeg / 1e6);
    for (uint32_t i = 0; i < SITES_MORE * version && i < SITES_MORE_MAX; i++)
        fprintf(file,
                "  - {id: site-%u, name: \"%u, %0100u\", country: CN, lat: 30, lon: 110, contact: \"sip:site\"}\n", i,
                version, i);
    apply(self, file, path);
}

// A real one, a small tmpfs: filled, it has room for the pages that the store has written ahead, and some directories
// later for none. Else the preloaded library's.
static void fill_disk(struct live *self, uint32_t node, uint32_t *version)
{
    if (self->options.disk_tool == NULL) {
        put_file(self, node, "disk_full", "");
        return;
    }
    disk_tool(self, "fill", node);
    for (uint32_t i = 0; i < 3; i++)
        apply_sites(self, ++*version);
}

static void empty_disk(struct live *self, uint32_t node)
{
    if (self->options.disk_tool == NULL)
        take_file(self, node, "disk_full");
    else
        disk_tool(self, "empty", node);
}

// Nor is one that was full: its node drains until it is started anew.
static void storm_full(struct live *self, uint64_t until_us)
{
    uint32_t version = 0;
    while (goes_on(self, until_us)) {
        uint32_t node = (uint32_t)draw(self, 1, self->sim.node_count - 1);  // not the directory's primary
        fault(self, "full");
        fill_disk(self, node, &version);
        run_between(self, 2000, 4000);
        note_status(self, node);
        empty_disk(self, node);
        live_node_kill(self, node);
        live_node_start(self, node);
        run_between(self, 1500, 2500);
    }
}

static void storm_power(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        uint32_t node = any_node(self), without_log = 2;
        char path[LIVE_PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s/data", self->options.dir, self->nodes[node].name);
        int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        // EXT4_IOC_SHUTDOWN: what was not flushed is gone, as when the power fails.
        if (folder < 0 || ioctl(folder, _IOR('X', 125, uint32_t), &without_log) != 0)
            perror(path);
        if (folder >= 0)
            close(folder);
        live_node_kill(self, node);
        disk_tool(self, "remount", node);
        run_between(self, 300, 2000);
        live_node_start(self, node);
        run_between(self, 1500, 2500);
    }
}

static void storm_clock(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        char offset[32];
        uint64_t seconds = draw(self, 2, 3600);
        snprintf(offset, sizeof offset, "%c%llu\n", draw(self, 0, 1) ? '+' : '-', (unsigned long long)seconds);
        fault(self, "clock");
        put_file(self, any_node(self), "clock", offset);
        run_between(self, 1000, 3000);
    }
    for (uint32_t i = 0; i < self->sim.node_count; i++)
        put_file(self, i, "clock", "+0\n");
}

// ---- the network

static void storm_partition(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        uint64_t side = draw(self, 1, (1u << SIM_REGIONS) - 2);
        fault(self, "partition");
        for (uint32_t a = 0; a < SIM_REGIONS; a++)
            for (uint32_t b = 0; b < SIM_REGIONS; b++)
                if ((side >> a & 1) != (side >> b & 1))
                    live_switch(self, "set %u %u cut=1", a, b);
        run_between(self, 1000, 6000);
        live_switch(self, "heal");
        run_between(self, 1500, 3000);
    }
}

static void two_regions(struct live *self, uint32_t *ret_from, uint32_t *ret_to)
{
    *ret_from = any_node(self);
    *ret_to = (*ret_from + (uint32_t)draw(self, 1, SIM_REGIONS - 1)) % SIM_REGIONS;
}

static void storm_oneway(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        fault(self, "cut");
        for (uint64_t i = draw(self, 1, 3); i > 0; i--) {
            uint32_t from, to;
            two_regions(self, &from, &to);
            live_switch(self, "set %u %u cut=1", from, to);
        }
        run_between(self, 1000, 6000);
        live_switch(self, "heal");
        run_between(self, 1500, 3000);
    }
}

// Pair after pair of regions, each for longer than it takes to walk around the cut: then all is demanded of the nodes
// that is demanded when everything works.
static void storm_links(struct live *self, uint64_t until_us)
{
    for (uint32_t a = 0, b = 1; goes_on(self, until_us); b++) {
        if (b == self->sim.node_count) {
            a = (a + 1) % (b - 1);
            b = a + 1;
        }
        fault(self, "link");
        live_switch(self, "heal");
        live_switch(self, "set %u %u cut=1", a, b);
        live_switch(self, "set %u %u cut=1", b, a);
        live_run_for(self, LINK_SETTLES_MS);
        sim_tell(&self->sim, (struct history_event){.word = HISTORY_AT_WHOLE});
        run_between(self, 2000, 3000);
    }
    fault(self, "link");
    live_switch(self, "heal");
}

static void storm_slow(struct live *self, uint64_t until_us)
{
    while (goes_on(self, until_us)) {
        fault(self, "slow");
        for (uint64_t i = draw(self, 1, 3); i > 0; i--) {
            uint32_t from, to;
            two_regions(self, &from, &to);
            live_switch(self, "set %u %u slow_us=%llu jitter_us=%llu loss=%llu twice=%llu rate=%llu", from, to,
                        (unsigned long long)draw(self, 0, 1500) * 1000, (unsigned long long)draw(self, 0, 50) * 1000,
                        (unsigned long long)draw(self, 0, 50), (unsigned long long)draw(self, 0, 50),
                        (unsigned long long)draw(self, 0, 1) * draw(self, 8000, 64000));
        }
        run_between(self, 1500, 5000);
        live_switch(self, "heal");
        run_between(self, 1500, 3000);
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
