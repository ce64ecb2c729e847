// Clients' processes on real sockets: what edge.h promises, by the wire that applications have.
#include "chaos/sim/edge.h"

#include "chaos/live/live.h"
#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"
#include "node/client/wire_zmq.h"

#include <string.h>

static struct edge *of_wire(struct client_wire *wire)
{
    return (struct edge *)(void *)((char *)wire - offsetof(struct edge, wire));
}

static const char *node_of(const struct edge *self, uint32_t slot)
{
    const struct live *live = live_of(self->sim);
    return self->slot_nodes[slot] < self->sim->node_count ? live->nodes[self->slot_nodes[slot]].name : "";
}

// ---- the wire: the real one, listened to

static uint64_t now_us(struct client_wire *wire)
{
    return of_wire(wire)->sockets->type->now_us(of_wire(wire)->sockets);
}

static uint64_t wall_ms(struct client_wire *wire)
{
    return of_wire(wire)->sockets->type->wall_ms(of_wire(wire)->sockets);
}

static void fill_random(struct client_wire *wire, void *to, size_t bytes)
{
    of_wire(wire)->sockets->type->random(of_wire(wire)->sockets, to, bytes);
}

static bool open_slot(struct client_wire *wire, uint32_t slot, const char *endpoint)
{
    struct edge *self = of_wire(wire);
    self->slot_nodes[slot] = live_node_of(live_of(self->sim), endpoint);
    return self->sockets->type->open(self->sockets, slot, endpoint);
}

static void close_slot(struct client_wire *wire, uint32_t slot, bool linger)
{
    of_wire(wire)->sockets->type->close(of_wire(wire)->sockets, slot, linger);
}

static bool send_slot(struct client_wire *wire, uint32_t slot, struct span message)
{
    struct edge *self = of_wire(wire);
    if (!self->sockets->type->send(self->sockets, slot, message))
        return false;
    edge_tell_sent(self, message, node_of(self, slot));
    return true;
}

static bool is_broken(struct client_wire *wire, uint32_t slot)
{
    return of_wire(wire)->sockets->type->is_broken(of_wire(wire)->sockets, slot);
}

static void receive(struct client_wire *wire, struct hotline_client *client)
{
    of_wire(wire)->sockets->type->receive(of_wire(wire)->sockets, client);
}

static void look(struct client_wire *wire, uint32_t slot, struct span message)
{
    live_tick(live_of(of_wire(wire)->sim));
    edge_tell_heard(of_wire(wire), message, node_of(of_wire(wire), slot));
}

static bool has_more(struct client_wire *wire)
{
    return of_wire(wire)->sockets->type->has_more(of_wire(wire)->sockets);
}

static void wake(struct client_wire *wire)
{
    of_wire(wire)->sockets->type->wake(of_wire(wire)->sockets);
}

static int fd(struct client_wire *wire)
{
    return of_wire(wire)->sockets->type->fd(of_wire(wire)->sockets);
}

static void free_wire(struct client_wire *wire)
{
    struct edge *self = of_wire(wire);
    live_forget(live_of(self->sim), self);
    self->sockets->type->free(self->sockets);
    self->sockets = NULL;
    self->client = NULL;
}

static const struct client_wire_type wire_type = {.now_us = now_us,
                                                  .wall_ms = wall_ms,
                                                  .random = fill_random,
                                                  .open = open_slot,
                                                  .close = close_slot,
                                                  .send = send_slot,
                                                  .is_broken = is_broken,
                                                  .receive = receive,
                                                  .look = look,
                                                  .has_more = has_more,
                                                  .wake = wake,
                                                  .fd = fd,
                                                  .free = free_wire};

// ---- its loop

static void on_time(void *subject, uint64_t life)
{
    struct edge *self = subject;
    if (self->client == NULL || self->host.life != life || sim_now(self->sim) < self->armed_us)
        return;
    self->armed_us = UINT64_MAX;
    edge_process(self);
}

void edge_settle(struct edge *self)
{
    if (self->client == NULL || self->is_running || self->host.paused)
        return;
    uint64_t at_us = client_next_us(self->client);
    if (at_us >= self->armed_us)
        return;
    self->armed_us = at_us;
    agenda_at(&self->sim->agenda, at_us, on_time, self, self->host.life);
}

void edge_process(struct edge *self)
{
    if (self->client == NULL || self->host.paused)
        return;
    self->is_running = true;
    hotline_client_process(self->client);
    self->is_running = false;
    edge_settle(self);
}

// ---- life

void edge_init(struct edge *self, struct sim *sim, uint32_t region, uint64_t stream, enum key_role role,
               const char *party)
{
    self->sim = sim;
    self->region = region;
    self->role = role;
    text_copy(self->party, sizeof self->party, party);
    self->wire.type = &wire_type;
    chance_init(&self->chance, sim->options.seed, stream);
}

void edge_begin(struct edge *self, uint32_t number)
{
    struct live *live = live_of(self->sim);
    self->host.life++;
    self->host.alive = true;
    self->host.paused = false;
    self->number = number;
    self->armed_us = UINT64_MAX;
    struct key_pair key;
    city_key(self->role, self->party, &key);
    self->sockets = client_wire_zmq_create(live->contexts[self->region], key);
    check(self->sockets != NULL);
    live_watch(live, self);
}

void edge_started(struct edge *self, struct hotline_client *client)
{
    check(client != NULL);
    self->client = client;
    edge_settle(self);
}

static void end(struct edge *self)
{
    self->client = NULL;
    self->host.alive = false;
}

void edge_sign_off(struct edge *self)
{
    if (self->client == NULL)
        return;
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_LEAVES, .client = self->number});
    hotline_client_free(self->client);
    end(self);
}

void edge_vanish(struct edge *self, bool silent)
{
    (void)silent;  // whether its line is cut before is another's doing
    if (self->client == NULL)
        return;
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_VANISHED, .client = self->number});
    hotline_client_abandon(self->client);
    end(self);
}

void edge_pause(struct edge *self)
{
    if (self->client == NULL || self->host.paused)
        return;
    self->host.paused = true;
    live_forget(live_of(self->sim), self);
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_STALLED, .client = self->number});
}

void edge_resume(struct edge *self)
{
    if (self->client == NULL || !self->host.paused)
        return;
    if (self->number != 0)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_RESUMED, .client = self->number});
    self->host.paused = false;
    live_watch(live_of(self->sim), self);
    edge_process(self);
}
