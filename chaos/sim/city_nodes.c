// Of the simulated world alone: nodes' configurations, clocks, and where everything stands in its network.
#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"
#include "chaos/sim/server.h"
#include "cluster/base/text.h"

#include <string.h>

uint32_t city_client_zone(const struct sim *sim, uint32_t region)
{
    return sim->node_count + region;
}

static uint32_t region_of_zone(const struct sim *sim, uint32_t zone)
{
    return zone < sim->node_count ? city_node_region(zone) : zone - sim->node_count;
}

void city_set_latencies(struct sim *sim)
{
    sim->net.zone_count = sim->node_count + SIM_REGIONS;
    check(sim->net.zone_count <= NET_ZONES_MAX);
    for (uint32_t from = 0; from < sim->net.zone_count; from++)
        for (uint32_t to = 0; to < sim->net.zone_count; to++)
            sim->net.latency_us[from][to] =
                (uint64_t)city_round_trip_ms(region_of_zone(sim, from), region_of_zone(sim, to)) * 500;
}

struct net_clock city_clock(struct sim *sim)
{
    struct net_clock clock = {.mono_off_us = chance_between(&sim->city_chance, SIM_SECOND_US, 1000 * SIM_SECOND_US)};
    uint64_t wall_ms = chance_below(&sim->city_chance, 40), drift = chance_below(&sim->city_chance, 401);
    bool is_wild = chance_permille(&sim->city_chance, 200);
    uint64_t wild_ms = chance_below(&sim->city_chance, 240000);
    clock.wall_off_ms = (int64_t)wall_ms - 20;
    if ((sim->options.faults & 1u << SIM_FAULT_CLOCK) == 0)
        return clock;
    clock.drift_ppm = (int32_t)drift - 200;
    if (is_wild)
        clock.wall_off_ms = (int64_t)wild_ms - 120000;
    return clock;
}

static void make_card(uint32_t node, struct peers_card *card)
{
    const struct city_region *region = &city_regions[city_node_region(node)];
    memset(card, 0, sizeof *card);
    city_node_name(node, card->name, sizeof card->name);
    text_copy(card->site, sizeof card->site, region->name);
    server_endpoint(node, "control", card->control, sizeof card->control);
    server_endpoint(node, "bulk", card->bulk, sizeof card->bulk);
    server_endpoint(node, "client", card->client, sizeof card->client);
    card->lat_udeg = region->lat_udeg;
    card->lon_udeg = region->lon_udeg;
}

void city_config(struct sim *sim, uint32_t node, struct config *ret_config)
{
    struct config *config = ret_config;
    memset(config, 0, sizeof *config);
    make_card(node, &config->self);
    city_public_key(KEY_ROLE_NODE, config->self.name, config->key);
    city_public_key(KEY_ROLE_ADMIN, CITY_ADMIN, config->admins[config->admin_count++]);
    for (uint32_t peer = 0; peer < sim->node_count; peer++) {
        struct peers_card *card = &config->peers[config->peer_count];
        if (peer == node)
            continue;
        make_card(peer, card);
        city_public_key(KEY_ROLE_NODE, card->name, config->peer_keys[config->peer_count++]);
    }
    text_copy(config->zone_tab, sizeof config->zone_tab, "/usr/share/zoneinfo/zone.tab");
    text_copy(config->prefixes, sizeof config->prefixes, HOTLINE_PREFIXES);
    // As hotlined has them when its configuration does not say.
    config->heartbeat_ms = 200;
    config->down_after_ms = 1000;
    config->client_heartbeat_ms = 250;
    config->client_down_after_ms = 750;
    config->desk_timeout_ms = 3000;
    config->records_max = 1000000;
    config->digest_every_ms = 60000;
    config->feed_window_bytes = sim->feed_window_bytes;
    config->protocol = PEERS_PROTOCOL;
    config->tells_decisions = true;
}
