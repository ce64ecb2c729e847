#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"

#include "cluster/base/text.h"

#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

const struct city_queue city_queues[CITY_QUEUES] = {
    {"emergency", 1000, 1, 3}, {"consular", 500, 2, 1}, {"consultation", 100, 0, 1}};
const char *const city_skills[CITY_SKILLS] = {"emergency", "consular"};
const char *const city_languages[CITY_LANGUAGES] = {"zh", "en", "sw"};

// ---- nodes

uint32_t city_node_region(uint32_t node)
{
    return node % SIM_REGIONS;
}

void city_node_name(uint32_t node, char *to, size_t room)
{
    uint32_t round = node / SIM_REGIONS;
    if (round == 0)
        snprintf(to, room, "%s", city_regions[node].name);
    else
        snprintf(to, room, "%s-%u", city_regions[city_node_region(node)].name, round + 1);
}

// ---- agents

void city_agent_name(uint32_t agent, char to[CITY_NAME_BYTES])
{
    snprintf(to, CITY_NAME_BYTES, "agent-%u", agent);
}

uint32_t city_agent_region(uint32_t agent)
{
    return agent % SIM_REGIONS;
}

// Everybody's first is Chinese; a few speak all.
uint64_t city_agent_languages(const struct sim *sim, uint32_t agent)
{
    struct chance chance;
    chance_init(&chance, sim->options.seed, 5000 + agent);
    return 1 | (chance_permille(&chance, 600) ? 2u : 0) | (chance_permille(&chance, 250) ? 4u : 0);
}

uint64_t city_agent_skills(const struct sim *sim, uint32_t agent)
{
    struct chance chance;
    chance_init(&chance, sim->options.seed, 105000 + agent);
    return (chance_permille(&chance, 700) ? 1u : 0) | (chance_permille(&chance, 800) ? 2u : 0);
}

const struct city_queue *city_find_queue(const char *name)
{
    for (uint32_t i = 0; i < CITY_QUEUES; i++)
        if (strcmp(city_queues[i].name, name) == 0)
            return &city_queues[i];
    return NULL;
}

void city_write_place(int32_t lat_udeg, int32_t lon_udeg, char to[CITY_PLACE_BYTES])
{
    snprintf(to, CITY_PLACE_BYTES, "%d,%d", lat_udeg, lon_udeg);
}

// ---- the directory

struct people {  // of one directory, while it is written
    Rec__Agent *agents, **list;
    char (*names)[CITY_NAME_BYTES];
    char *(*languages)[CITY_LANGUAGES];
    char *(*skills)[CITY_SKILLS];
};

static size_t name_bits(uint64_t bits, const char *const *names, uint32_t count, char **to)
{
    size_t named = 0;
    for (uint32_t bit = 0; bit < count; bit++)
        if (bits >> bit & 1)
            to[named++] = (char *)names[bit];
    return named;
}

static void fill_agents(const struct sim *sim, struct people *people)
{
    for (uint32_t i = 0; i < sim->agent_count; i++) {
        Rec__Agent *agent = &people->agents[i];
        rec__agent__init(agent);
        city_agent_name(i, people->names[i]);
        agent->id = agent->name = people->names[i];
        agent->site = (char *)city_regions[city_agent_region(i)].name;
        agent->languages = people->languages[i];
        agent->n_languages =
            name_bits(city_agent_languages(sim, i), city_languages, CITY_LANGUAGES, people->languages[i]);
        agent->skills = people->skills[i];
        agent->n_skills = name_bits(city_agent_skills(sim, i), city_skills, CITY_SKILLS, people->skills[i]);
        people->list[i] = agent;
    }
}

static void fill_queues(struct sim *sim, Rec__Queue *queues, Rec__Queue **list, char *(*skills)[CITY_SKILLS])
{
    for (uint32_t i = 0; i < CITY_QUEUES; i++) {
        const struct city_queue *from = &city_queues[i];
        rec__queue__init(&queues[i]);
        queues[i].id = queues[i].name = (char *)from->name;
        queues[i].priority = from->priority;
        queues[i].skills = skills[i];
        queues[i].n_skills = name_bits(from->skills, city_skills, CITY_SKILLS, skills[i]);
        queues[i].ring_ms = (uint32_t)chance_between(&sim->city_chance, 4000, 9000);
        queues[i].ring_width = from->ring_width;
        queues[i].wait_limit_ms = (uint32_t)chance_between(&sim->city_chance, 15000, 40000);
        queues[i].target_percent = 90;
        queues[i].target_ms = 15000;
        queues[i].emergency = i == 0;
        if (i == 1)
            queues[i].last_resort_queue = (char *)city_queues[2].name;
        else
            queues[i].last_resort_contact = (char *)"sip:duty@hotline.example";
        list[i] = &queues[i];
    }
}

struct city_keys {  // of one directory, while it is written
    struct city_key_entry {
        char party[NAME_MAX_BYTES + 1], text[KEY_TEXT_BYTES + 1];
    } * entries;
    Rec__Key *keys, **list;
    uint32_t count, room;
};

static void add_key(struct city_keys *self, enum key_role role, const char *party)
{
    check(self->count < self->room);
    struct city_key_entry *entry = &self->entries[self->count];
    Rec__Key *key = &self->keys[self->count];
    rec__key__init(key);
    text_copy(entry->party, sizeof entry->party, party);
    city_public_key(role, party, entry->text);
    key->key = entry->text;
    key->role = (char *)key_role_name(role);
    key->party = entry->party;
    self->list[self->count++] = key;
}

static void keys_open(struct city_keys *self, const struct sim *sim)
{
    char name[CITY_NAME_BYTES], node[32];
    self->count = 0;
    self->room = sim->agent_count + sim->gateway_count + SIM_NODES_MAX + 1;
    self->entries = check_alloc(self->room * sizeof *self->entries);
    self->keys = check_alloc(self->room * sizeof *self->keys);
    self->list = check_alloc(self->room * sizeof *self->list);
    for (uint32_t i = 0; i < sim->agent_count; i++) {
        city_agent_name(i, name);
        add_key(self, KEY_ROLE_DESK, name);
    }
    for (uint32_t i = 0; i < sim->gateway_count; i++) {
        snprintf(name, sizeof name, "gw-%u", i);
        add_key(self, KEY_ROLE_GATEWAY, name);
    }
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++) {
        city_node_name(i, node, sizeof node);
        add_key(self, KEY_ROLE_NODE, node);
    }
    add_key(self, KEY_ROLE_ADMIN, CITY_ADMIN);
}

static void keys_close(struct city_keys *self)
{
    free(self->entries);
    free(self->keys);
    free(self->list);
}

static void pack(const struct sim *sim, struct bytes *to, Rec__Directory *message, Rec__Site **sites,
                 Rec__DirNode **nodes)
{
    message->primary = (char *)city_regions[0].name;
    message->sites = sites;
    message->n_sites = SIM_REGIONS;
    message->nodes = nodes;
    message->n_nodes = sim->node_count;
    size_t bytes = rec__directory__get_packed_size(message);
    bytes_clear(to);
    rec__directory__pack(message, bytes_grow(to, bytes));
}

void city_write_directory(struct sim *sim)
{
    Rec__Directory message = REC__DIRECTORY__INIT;
    Rec__Settings settings = REC__SETTINGS__INIT;
    Rec__Site sites[SIM_REGIONS], *site_list[SIM_REGIONS];
    Rec__DirNode nodes[SIM_NODES_MAX], *node_list[SIM_NODES_MAX];
    Rec__Queue queues[CITY_QUEUES], *queue_list[CITY_QUEUES];
    char *queue_skills[CITY_QUEUES][CITY_SKILLS], node_names[SIM_NODES_MAX][32];
    for (uint32_t i = 0; i < SIM_REGIONS; i++) {
        rec__site__init(&sites[i]);
        sites[i].id = sites[i].name = (char *)city_regions[i].name;
        sites[i].country = (char *)city_regions[i].country;
        sites[i].lat_udeg = city_regions[i].lat_udeg;
        sites[i].lon_udeg = city_regions[i].lon_udeg;
        sites[i].contact = (char *)"sip:site@hotline.example";
        site_list[i] = &sites[i];
    }
    for (uint32_t i = 0; i < sim->node_count; i++) {
        rec__dir_node__init(&nodes[i]);
        city_node_name(i, node_names[i], sizeof node_names[i]);
        nodes[i].name = node_names[i];
        nodes[i].site = (char *)city_regions[city_node_region(i)].name;
        node_list[i] = &nodes[i];
    }
    uint32_t count = sim->agent_count;
    struct people people = {.agents = check_alloc(count * sizeof *people.agents),
                            .list = check_alloc(count * sizeof *people.list),
                            .names = check_alloc(count * sizeof *people.names),
                            .languages = check_alloc(count * sizeof *people.languages),
                            .skills = check_alloc(count * sizeof *people.skills)};
    fill_agents(sim, &people);
    fill_queues(sim, queues, queue_list, queue_skills);
    settings.durability = 2;
    settings.retry_ms = 8000;
    settings.reattach_ms = sim->options.reattach_ms;
    settings.adopt_after_ms = sim->options.adopt_after_ms;
    settings.adopt_alone_after_ms = sim->options.adopt_alone_after_ms;
    settings.call_back_retry_ms = sim->options.call_back_retry_ms;
    settings.selftest_interval_ms = sim->options.selftest_interval_ms;
    settings.selftest_timeout_ms = sim->options.selftest_interval_ms / 2;
    message.settings = &settings;
    message.agents = people.list;
    message.n_agents = count;
    struct city_keys keys;
    keys_open(&keys, sim);
    message.keys = keys.list;
    message.n_keys = keys.count;
    message.queues = queue_list;
    message.n_queues = CITY_QUEUES;
    pack(sim, &sim->directory, &message, site_list, node_list);
    keys_close(&keys);
    free(people.agents);
    free(people.list);
    free(people.names);
    free(people.languages);
    free(people.skills);
}
