// Of clients whose node was lost: did they go to the nearest that was there? Told, not judged: a node that has just
// come back, or one about as near, may be taken or not.
#include "chaos/live/live.h"

#include "chaos/sim/city.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/gateways.h"

#define KNOWN_US ((uint64_t)8 * SIM_SECOND_US)  // by then clients have a connection, and have looked who is nearer
#define ABOUT_MS 5
#define ABOUT_PART 8

static uint32_t region_of(const struct sim *sim, uint32_t client)
{
    for (uint32_t i = 0; i < sim->agent_count; i++)
        if (sim->desks[i]->edge.number == client)
            return sim->desks[i]->edge.region;
    for (uint32_t i = 0; i < sim->gateway_count; i++)
        if (sim->gateways[i]->edge.number == client)
            return sim->gateways[i]->edge.region;
    return SIM_REGIONS;
}

static bool serves(const struct live_node *node)
{
    return node->pid != 0 && !node->stopped;
}

static uint32_t nearest_ms(const struct live *self, uint32_t region)
{
    uint32_t nearest = UINT32_MAX;
    for (uint32_t i = 0; i < self->sim.node_count; i++) {
        uint32_t ms = city_round_trip_ms(region, city_node_region(i));
        bool is_known = serves(&self->nodes[i]) && sim_now(&self->sim) >= self->nodes[i].started_us + KNOWN_US;
        if (is_known && ms < nearest)
            nearest = ms;
    }
    return nearest;
}

void live_next_hear(struct live *self, const struct history_event *event)
{
    uint32_t node = live_node_of_name(self, event->node), region = region_of(&self->sim, event->client);
    if (event->client >= LIVE_CLIENTS_MAX || node == UINT32_MAX || region == SIM_REGIONS)
        return;
    uint32_t before = self->attached_at[event->client];  // plus one
    self->attached_at[event->client] = (uint8_t)(node + 1);
    if (before == 0 || before == node + 1 || serves(&self->nodes[before - 1]))
        return;
    uint32_t nearest = nearest_ms(self, region), its = city_round_trip_ms(region, city_node_region(node));
    if (nearest == UINT32_MAX)
        return;
    self->moved++;
    self->moved_to_nearest += its <= nearest + nearest / ABOUT_PART + ABOUT_MS;
}
