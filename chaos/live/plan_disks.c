// Storms on disks and clocks. What the preloaded libraries look at lies in the node's folder.
#include "chaos/live/plan_inside.h"

#include "chaos/sim/city.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SITES_MORE 500
#define SITES_MORE_MAX 9000

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
void storm_flush(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        uint32_t node = plan_any_node(self);
        plan_fault(self, "flush");
        put_file(self, node, "flush_fails", "");
        plan_run_between(self, 1500, 3000);
        note_status(self, node);
        take_file(self, node, "flush_fails");
        live_node_kill(self, node);
        live_node_start(self, node);
        plan_run_between(self, 1500, 2500);
    }
}

// Sites where nobody is, more each time: a directory that takes more room on every disk than the store has free inside.
static void apply_sites(struct live *self, uint32_t version)
{
    char path[LIVE_PATH_BYTES];
    FILE *file = plan_open_yaml(self, "sites", path);
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
    plan_apply(self, file, path);
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
void storm_full(struct live *self, uint64_t until_us)
{
    uint32_t version = 0;
    while (plan_goes_on(self, until_us)) {
        uint32_t node = (uint32_t)plan_draw(self, 1, self->sim.node_count - 1);  // not the directory's primary
        plan_fault(self, "full");
        fill_disk(self, node, &version);
        plan_run_between(self, 2000, 4000);
        note_status(self, node);
        empty_disk(self, node);
        live_node_kill(self, node);
        live_node_start(self, node);
        plan_run_between(self, 1500, 2500);
    }
}

void storm_power(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        uint32_t node = plan_any_node(self), without_log = 2;
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
        plan_run_between(self, 300, 2000);
        live_node_start(self, node);
        plan_run_between(self, 1500, 2500);
    }
}

void storm_clock(struct live *self, uint64_t until_us)
{
    while (plan_goes_on(self, until_us)) {
        char offset[32];
        uint64_t seconds = plan_draw(self, 2, 3600);
        snprintf(offset, sizeof offset, "%c%llu\n", plan_draw(self, 0, 1) ? '+' : '-', (unsigned long long)seconds);
        plan_fault(self, "clock");
        put_file(self, plan_any_node(self), "clock", offset);
        plan_run_between(self, 1000, 3000);
    }
    for (uint32_t i = 0; i < self->sim.node_count; i++)
        put_file(self, i, "clock", "+0\n");
}
