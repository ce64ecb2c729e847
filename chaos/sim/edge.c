#include "chaos/sim/edge.h"

#include "chaos/sim/city.h"
#include "chaos/sim/server.h"

#include "client.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define WAKE_LATE_US 1000  // a loop's timers are whole milliseconds

static struct edge *of_wire(struct client_wire *wire)
{
    return (struct edge *)(void *)((char *)wire - offsetof(struct edge, wire));
}

// ---- what goes over the wire, for the judge

// The number of the field that a message's body is in, without unpacking it.
static uint32_t body_of(struct span message, bool has_protocol)
{
    const uint8_t *at = message.data, *end = at + message.bytes;
    if (has_protocol && at < end && *at == 0x08)
        for (at++; at < end && (*at++ & 0x80) != 0;)
            continue;
    return at < end ? *at >> 3 : 0;
}

static void tell_attaches(struct edge *self, struct span message, const struct net_line *line)
{
    uint32_t body = body_of(message, true);
    if (body != CLI__TO_NODE__BODY_ATTACH_DESK && body != CLI__TO_NODE__BODY_ATTACH_GATEWAY)
        return;
    Cli__ToNode *words = cli__to_node__unpack(NULL, message.bytes, message.data);
    check(words != NULL);
    bool is_desk = words->body_case == CLI__TO_NODE__BODY_ATTACH_DESK;
    const struct server *to = (const struct server *)(void *)line->to;
    sim_tell(self->sim,
             (struct history_event){.word = HISTORY_ATTACHES,
                                    .client = self->number,
                                    .attach = is_desk ? words->attach_desk->attach : words->attach_gateway->attach,
                                    .node = server_name(to)});
    cli__to_node__free_unpacked(words, NULL);
}

static void tell_told(struct edge *self, struct span message, const struct net_line *line)
{
    uint32_t body = body_of(message, false);
    if (body != CLI__TO_CLIENT__BODY_OFFERED && body != CLI__TO_CLIENT__BODY_CALL_NEWS)
        return;
    Cli__ToClient *words = cli__to_client__unpack(NULL, message.bytes, message.data);
    check(words != NULL);
    const struct server *from = (const struct server *)(void *)line->to;
    if (words->body_case == CLI__TO_CLIENT__BODY_OFFERED)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_TOLD_OFFER,
                                                   .client = self->number,
                                                   .attach = words->offered->attach,
                                                   .call = words->offered->call,
                                                   .n = words->offered->n,
                                                   .node = server_name(from)});
    else if (words->call_news->what == CLI__CALL_NEWS__WHAT__CONNECT)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_TOLD_CONNECT,
                                                   .client = self->number,
                                                   .attach = words->call_news->attach,
                                                   .call = words->call_news->call,
                                                   .agent = words->call_news->agent,
                                                   .n = words->call_news->n});
    cli__to_client__free_unpacked(words, NULL);
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
    if (self->number != 0)
        tell_attaches(self, message, line);
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
    if (self->number != 0)
        tell_told(self, message, line);
    self->is_running = true;
    client_receive(self->client, line->slot, message);
    self->is_running = false;
    process(self);
}

static void on_lost(struct net_host *host, struct span message)
{
    struct edge *self = (struct edge *)host;
    if (self->client != NULL && self->number != 0 && body_of(message, false) != CLI__TO_CLIENT__BODY_PONG)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_WORD_LOST, .client = self->number});
}

// ---- life

void edge_init(struct edge *self, struct sim *sim, uint32_t region, uint64_t stream)
{
    self->sim = sim;
    self->region = region;
    self->wire.type = &wire_type;
    self->host.zone = city_client_zone(sim, region);
    self->host.receive = on_message;
    self->host.lost = on_lost;
    self->host.clock = city_clock(sim);
    chance_init(&self->chance, sim->options.seed, stream);
}

void edge_nodes(const struct edge *self, char to[EDGE_NODES_BYTES])
{
    const struct sim *sim = self->sim;
    bool taken[SIM_NODES_MAX] = {false};
    size_t at = 0;
    for (uint32_t i = 0; i < sim->node_count; i++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t node = 0; node < sim->node_count; node++)
            if (!taken[node] && (best == UINT32_MAX || sim->net.latency_us[self->host.zone][node] <
                                                           sim->net.latency_us[self->host.zone][best]))
                best = node;
        taken[best] = true;
        if (i > 0)
            to[at++] = ',';
        server_endpoint(best, "client", to + at, EDGE_NODES_BYTES - at);
        at += strlen(to + at);
    }
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
