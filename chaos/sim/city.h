// Where things are and what there is: regions with real latencies, and the directory of nodes, agents and queues.
#ifndef CHAOS_SIM_CITY_H
#define CHAOS_SIM_CITY_H

#include "chaos/sim/sim.h"
#include "node/config/config.h"

struct city_queue {
    const char *name;
    uint32_t priority;
    uint64_t skills;  // needed, as bits
    uint32_t ring_width;
};

#define CITY_QUEUES 3
#define CITY_SKILLS 2     // emergency, consular
#define CITY_LANGUAGES 3  // zh, en, sw

extern const struct city_queue city_queues[CITY_QUEUES];
extern const char *const city_languages[CITY_LANGUAGES];
extern const char *const city_skills[CITY_SKILLS];

// Zones of the network: each node's own, then each region's clients.
void city_set_latencies(struct sim *sim);
uint32_t city_client_zone(const struct sim *sim, uint32_t region);
uint32_t city_node_region(uint32_t node);
void city_node_name(uint32_t node, char *to, size_t room);
struct net_clock city_clock(struct sim *sim);  // a process's, off and drifting when clocks are to

void city_config(struct sim *sim, uint32_t node, struct config *ret_config);
#define CITY_NAME_BYTES 24
void city_agent_name(uint32_t agent, char to[CITY_NAME_BYTES]);
uint32_t city_agent_region(uint32_t agent);
uint64_t city_agent_languages(const struct sim *sim, uint32_t agent);  // bits
uint64_t city_agent_skills(const struct sim *sim, uint32_t agent);
const struct city_queue *city_find_queue(const char *name);  // NULL: none

#define CITY_PLACE_BYTES 24
void city_write_place(int32_t lat_udeg, int32_t lon_udeg, char to[CITY_PLACE_BYTES]);  // as a history says it

// Fills sim->directory.
void city_write_directory(struct sim *sim);

#endif
