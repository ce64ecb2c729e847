#include "chaos/sim/edge.h"

#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"
#include "chaos/sim/server.h"

#include <stdlib.h>
#include <string.h>

#define WAKE_LATE_US 1000  // a loop's timers are whole milliseconds

static struct edge *of_wire(struct client_wire *wire)
{
    return (struct edge *)(void *)((char *)wire - offsetof(struct edge, wire));
}

static const char *node_of(const struct net_line *line)
{
    return server_name((const struct server *)(void *)line->to);
}

// ---- the wire

static uint64_t now_us(struct client_wire *wire)
{
    struct edge *self = of_wire(wire);
    return net_mono_us(&self->sim->net, &self->host);
}

static uint64_t wall_ms(struct client_wire *wire)
{
    struct edge *self = of_wire(wire);
    return net_wall_ms(&self->sim->net, &self->host);
}

static void fill_random(struct client_wire *wire, void *to, size_t bytes)
{
    chance_fill(&of_wire(wire)->chance, to, bytes);
}

static void close_slot(struct client_wire *wire, uint32_t slot, bool linger)
{
    struct edge *self = of_wire(wire);
    if (self->lines[slot] != NULL)
        net_disconnect(&self->sim->net, self->lines[slot], linger);
    self->lines[slot] = NULL;
}

static bool open_slot(struct client_wire *wire, uint32_t slot, const char *endpoint)
{
    struct edge *self = of_wire(wire);
    int index = server_index_of(endpoint);
    if (index < 0 || (uint32_t)index >= self->sim->node_count)
        return false;
    self->lines[slot] = net_connect(&self->sim->net, &self->host, &self->sim->servers[index]->host, NET_CLIENT, slot);
    return true;
}

static bool send_slot(struct client_wire *wire, uint32_t slot, struct span message)
{
    struct edge *self = of_wire(wire);
    struct net_line *line = self->lines[slot];
    if (line == NULL || !net_send(&self->sim->net, line, false, message))
        return false;
    edge_tell_sent(self, message, node_of(line));
    return true;
}

static void receive(struct client_wire *wire, struct hotline_client *client)
{
    (void)wire;
    (void)client;  // on_message hands it over by itself
}

static bool has_more(struct client_wire *wire)
{
    (void)wire;
    return false;
}

static void on_time(void *subject, uint64_t life);

static void arm(struct edge *self, uint64_t at_us)
{
    at_us = at_us > sim_now(self->sim) ? at_us : sim_now(self->sim);
    if (at_us >= self->armed_us)
        return;
    self->armed_us = at_us;
    agenda_at(&self->sim->agenda, at_us, on_time, self, self->host.life);
}

static void wake(struct client_wire *wire)
{
    struct edge *self = of_wire(wire);
    arm(self, sim_now(self->sim));
}

static int fd(struct client_wire *wire)
{
    (void)wire;
    return -1;
}

static void free_wire(struct client_wire *wire)
{
    struct edge *self = of_wire(wire);
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        close_slot(wire, slot, false);
    self->client = NULL;
}

static const struct client_wire_type wire_type = {.now_us = now_us,
                                                  .wall_ms = wall_ms,
                                                  .random = fill_random,
                                                  .open = open_slot,
                                                  .close = close_slot,
                                                  .send = send_slot,
                                                  .receive = receive,
                                                  .has_more = has_more,
                                                  .wake = wake,
                                                  .fd = fd,
                                                  .free = free_wire};

// ---- its loop

void edge_settle(struct edge *self)
{
    if (self->client == NULL || self->is_running)
        return;
    uint64_t next_us = client_next_us(self->client);
    if (next_us != UINT64_MAX)
        arm(self, net_time_of(&self->host, next_us) + chance_below(&self->chance, WAKE_LATE_US));
}

static void process(struct edge *self)
{
    self->is_running = true;
    hotline_client_process(self->client);
    self->is_running = false;
    edge_settle(self);
}

static void on_time(void *subject, uint64_t life)
{
    struct edge *self = subject;
    if (self->client == NULL || self->host.life != life || sim_now(self->sim) != self->armed_us)
        return;
    self->armed_us = UINT64_MAX;
    if (!self->host.paused)
        process(self);
}

static void on_message(struct net_host *host, struct net_line *line, struct span message)
{
    struct edge *self = (struct edge *)host;
    if (self->client == NULL || line->slot >= CLIENT_SLOTS || self->lines[line->slot] != line)
        return;
    edge_tell_heard(self, message, node_of(line));
    self->is_running = true;
    client_receive(self->client, line->slot, message);
    self->is_running = false;
    process(self);
}

static void on_lost(struct net_host *host, struct span message)
{
    edge_tell_lost((struct edge *)host, message);
}

// ---- life

void edge_init(struct edge *self, struct sim *sim, uint32_t region, uint64_t stream, enum key_role role,
               const char *party)
{
    self->sim = sim;
    self->region = region;
    self->wire.type = &wire_type;
    city_public_key(role, party, self->host.key);
    self->host.zone = city_client_zone(sim, region);
    self->host.receive = on_message;
    self->host.lost = on_lost;
    self->host.clock = city_clock(sim);
    chance_init(&self->chance, sim->options.seed, stream);
}

void edge_begin(struct edge *self, uint32_t number)
{
    net_start(&self->sim->net, &self->host);
    self->number = number;
    self->armed_us = UINT64_MAX;
    self->host.cut_in = self->host.cut_out = false;
}

void edge_started(struct edge *self, struct hotline_client *client)
{
    check(client != NULL);
    self->client = client;
    arm(self, sim_now(self->sim));
}

static void end(struct edge *self, bool silent)
{
    self->client = NULL;
    net_kill(&self->sim->net, &self->host, silent);
}

void edge_sign_off(struct edge *self)
{
    if (self->client == NULL)
        return;
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_LEAVES, .client = self->number});
    hotline_client_free(self->client);
    end(self, false);
}

void edge_vanish(struct edge *self, bool silent)
{
    if (self->client == NULL)
        return;
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_VANISHED, .client = self->number});
    self->host.sends_left = 0;
    hotline_client_abandon(self->client);
    end(self, silent);
}

void edge_pause(struct edge *self)
{
    if (self->client == NULL || self->host.paused)
        return;
    sim_meet(self->sim, MET_client_pause);
    net_pause(&self->sim->net, &self->host);
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_STALLED, .client = self->number});
}

void edge_resume(struct edge *self)
{
    if (self->client == NULL || !self->host.paused)
        return;
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_RESUMED, .client = self->number});
    self->armed_us = UINT64_MAX;
    net_resume(&self->sim->net, &self->host);
    if (self->client != NULL)
        process(self);
}

void edge_reset(struct edge *self)
{
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        if (self->lines[slot] != NULL)
            net_reset(&self->sim->net, self->lines[slot]);
}
