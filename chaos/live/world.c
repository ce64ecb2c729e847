// What sim.h and edge.h ask of a world, on real sockets and in real time.
#include "chaos/live/live.h"

#include "chaos/sim/city.h"
#include "chaos/sim/edge.h"
#include "node/client/wire_zmq.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64

uint64_t live_now_us(void)
{
    struct timespec now;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void live_tick(struct live *self)
{
    self->sim.agenda.now_us = live_now_us();
}

// ---- telling

void sim_tell(struct sim *sim, struct history_event event)
{
    struct live *self = live_of(sim);
    event.us = sim_now(sim);
    if (sim->options.trace != NULL) {
        bytes_clear(&sim->line);
        history_print(&event, &sim->line);
        fwrite(sim->line.data, 1, sim->line.count, sim->options.trace);
    }
    if (sim->judge != NULL)
        judge_hear(sim->judge, &event);
    report_hear(&self->report, &event);
    if (event.word == HISTORY_ACCEPTED)
        live_copies_tell(self, event.call);
    if (event.word == HISTORY_ATTACHED)
        live_next_hear(self, &event);
}

void sim_remark(struct sim *sim, const char *text, ...)
{
    char line[768];
    if (sim->options.trace == NULL)
        return;
    va_list args;
    va_start(args, text);
    vsnprintf(line, sizeof line, text, args);
    va_end(args);
    fprintf(sim->options.trace, "# %llu %s\n", (unsigned long long)sim_now(sim), line);
}

void sim_meet(struct sim *sim, enum met_kind kind)
{
    sim->met.counts[kind]++;
}

void sim_endpoint(const struct sim *sim, uint32_t node, char *to, size_t room)
{
    snprintf(to, room, "%s", live_of(sim)->nodes[node].endpoint);
}

// ---- namespaces

void live_enter(struct live *self, uint32_t region)
{
    if (self->namespaces[region] >= 0)
        check(setns(self->namespaces[region], CLONE_NEWNET) == 0);
}

void live_leave(struct live *self)
{
    if (self->own_namespace >= 0)
        check(setns(self->own_namespace, CLONE_NEWNET) == 0);
}

// Sockets are made by ZeroMQ's I/O thread, which keeps the namespace it was started in: at the first socket.
static void open_context(struct live *self, uint32_t region)
{
    live_enter(self, region);
    self->contexts[region] = hotline_context_create();
    check(self->contexts[region] != NULL);
    struct hotline_query_options options = {.nodes = "tcp://127.0.0.1:1"};
    struct hotline_client *first = hotline_query_create(self->contexts[region], &options, NULL);
    check(first != NULL);
    hotline_client_process(first);
    hotline_client_abandon(first);
    live_leave(self);
}

static bool open_namespaces(struct live *self)
{
    self->own_namespace = -1;
    for (uint32_t i = 0; i < SIM_REGIONS; i++)
        self->namespaces[i] = -1;
    if (self->options.ns == NULL)
        return true;
    self->own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    check(self->own_namespace >= 0);
    for (uint32_t i = 0; i < SIM_REGIONS; i++) {
        char path[LIVE_PATH_BYTES];
        snprintf(path, sizeof path, "/run/netns/%s-%s", self->options.ns, city_regions[i].name);
        self->namespaces[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (self->namespaces[i] < 0) {
            perror(path);
            return false;
        }
    }
    return true;
}

// ---- the switch

static bool open_switch(struct live *self)
{
    self->switch_fd = -1;
    if (self->options.ns == NULL)
        return true;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/switch.sock", self->options.dir);
    check(length > 0 && (size_t)length < sizeof address.sun_path);
    self->switch_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (self->switch_fd >= 0 && connect(self->switch_fd, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    perror(address.sun_path);
    return false;
}

void live_switch(struct live *self, const char *format, ...)
{
    char command[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    check(length > 0 && (size_t)length < sizeof command);
    sim_remark(&self->sim, "switch: %s", command);
    if (send(self->switch_fd, command, (size_t)length, 0) != length)
        perror("the switch does not take commands");
}

// ---- life

bool live_open(struct live *self)
{
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    check(self->epoll_fd >= 0);
    live_tick(self);
    if (!live_read_nodes(self) || !open_namespaces(self) || !open_switch(self))
        return false;
    for (uint32_t i = 0; i < SIM_REGIONS; i++)
        open_context(self, i);
    return true;
}

void live_close(struct live *self)
{
    for (uint32_t i = 0; i < self->sim.node_count; i++)
        live_node_kill(self, i);
    for (uint32_t i = 0; i < SIM_REGIONS; i++) {
        hotline_context_free(self->contexts[i]);
        if (self->namespaces[i] >= 0)
            close(self->namespaces[i]);
    }
    if (self->own_namespace >= 0)
        close(self->own_namespace);
    if (self->switch_fd >= 0)
        close(self->switch_fd);
    close(self->epoll_fd);
    live_logs_close(self);
    agenda_close(&self->sim.agenda);
    bytes_close(&self->sim.directory);
    bytes_close(&self->sim.line);
    report_close(&self->report);
}

// ---- time goes by

void live_watch(struct live *self, struct edge *edge)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = edge};
    check(epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, edge->wire.type->fd(&edge->wire), &event) == 0);
}

void live_forget(struct live *self, struct edge *edge)
{
    epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, edge->wire.type->fd(&edge->wire), NULL);
}

static int wait_ms(const struct live *self, uint64_t until_us)
{
    const struct agenda *agenda = &self->sim.agenda;
    uint64_t at_us = agenda->count > 0 && agenda->heap[0].at_us < until_us ? agenda->heap[0].at_us : until_us;
    uint64_t now_us = live_now_us();
    return at_us > now_us ? (int)((at_us - now_us + 999) / 1000) : 0;
}

void live_run_for(struct live *self, uint64_t ms)
{
    struct agenda *agenda = &self->sim.agenda;
    uint64_t until_us = live_now_us() + ms * SIM_MS_US;
    do {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(self->epoll_fd, events, EVENTS_MAX, wait_ms(self, until_us));
        live_tick(self);
        for (int i = 0; i < count; i++)
            edge_process(events[i].data.ptr);
        live_tick(self);
        agenda_run(agenda, agenda->now_us, &self->sim.stop);
        live_nodes_reap(self);
        live_logs_read(self);
    } while (live_now_us() < until_us && !self->sim.stop);
}
