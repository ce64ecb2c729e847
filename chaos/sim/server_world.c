// The world as a node sees it: the clocks, connections and chance of its server.
#include "chaos/sim/server_inside.h"

#include "cluster/base/check.h"

#include <stdio.h>
#include <string.h>

#define WAKE_LATE_US 400  // timers are a little late

static struct server *of_world(struct world *world)
{
    return (struct server *)(void *)((char *)world - offsetof(struct server, world));
}

void server_endpoint(uint32_t index, const char *port, char *to, size_t room)
{
    snprintf(to, room, "sim://%u/%s", index, port);
}

int server_index_of(const char *endpoint)
{
    unsigned index;
    return sscanf(endpoint, "sim://%u/", &index) == 1 && index < SIM_NODES_MAX ? (int)index : -1;
}

static struct now now_of(struct world *world)
{
    struct server *self = of_world(world);
    return (struct now){.mono_us = net_mono_us(&self->sim->net, &self->host),
                        .wall_ms = net_wall_ms(&self->sim->net, &self->host)};
}

static void random_of(struct world *world, void *to, size_t bytes)
{
    chance_fill(&of_world(world)->chance, to, bytes);
}

void server_arm(struct server *self)
{
    if (self->wake_us == UINT64_MAX)
        return;
    uint64_t at_us = net_time_of(&self->host, self->wake_us) + chance_below(&self->chance, WAKE_LATE_US);
    at_us = at_us > sim_now(self->sim) ? at_us : sim_now(self->sim);
    if (at_us >= self->armed_us)
        return;
    self->armed_us = at_us;
    agenda_at(&self->sim->agenda, at_us, server_on_time, self, self->host.life);
}

static void wake_at(struct world *world, uint64_t mono_us)
{
    struct server *self = of_world(world);
    self->wake_us = mono_us;
    server_arm(self);
}

static void link_close(struct world *world, uint32_t link)
{
    struct server *self = of_world(world);
    for (int channel = 0; channel < 2; channel++)
        if (self->lines[link][channel] != NULL) {
            net_disconnect(&self->sim->net, self->lines[link][channel], false);
            self->lines[link][channel] = NULL;
        }
}

static bool link_open(struct world *world, uint32_t link, const char *control, const char *bulk)
{
    struct server *self = of_world(world);
    int index = server_index_of(control);
    check(link < WORLD_LINKS_MAX);
    link_close(world, link);
    if (index < 0 || (uint32_t)index >= self->sim->node_count || server_index_of(bulk) != index)
        return false;
    struct net_host *to = &self->sim->servers[index]->host;
    self->lines[link][WORLD_CONTROL] = net_connect(&self->sim->net, &self->host, to, NET_CONTROL, link);
    self->lines[link][WORLD_BULK] = net_connect(&self->sim->net, &self->host, to, NET_BULK, link);
    return true;
}

static bool send_peer(struct world *world, uint32_t link, enum world_channel channel, struct span message)
{
    struct server *self = of_world(world);
    check(message.bytes <= WORLD_PEER_MESSAGE_MAX_BYTES);
    struct net_line *line = self->lines[link][channel];
    return line != NULL && self->node != NULL && net_send(&self->sim->net, line, false, message);
}

static bool send_client(struct world *world, const struct world_client *client, struct span message)
{
    struct server *self = of_world(world);
    uint32_t name[3];
    check(client->bytes == sizeof name);
    memcpy(name, client->id, sizeof name);
    server_look_at_copies(self, message);
    struct net_line *line = net_find(&self->sim->net, name[0], name[1], name[2]);
    bool sent = line != NULL && line->to == &self->host && line->to_life == self->host.life && self->node != NULL &&
                net_send(&self->sim->net, line, true, message);
    if (!sent)
        net_not_sent(&self->sim->net, name[0], name[1], message);
    return sent;
}

static bool send_own(struct world *world, struct span message)
{
    struct server *self = of_world(world);
    return self->node != NULL && own_send(&self->own, message);
}

const struct world_type server_world = {.now = now_of,
                                        .random = random_of,
                                        .wake_at = wake_at,
                                        .link_open = link_open,
                                        .link_close = link_close,
                                        .send_peer = send_peer,
                                        .send_client = send_client,
                                        .send_own = send_own};
