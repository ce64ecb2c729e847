#include "node/directory/directory.h"

#include "cluster/wire/arena.h"
#include "node/directory/directory_check.h"
#include "node/directory/names.h"
#include "node/directory/sections.h"

#include <stdlib.h>
#include <string.h>

struct box {
    struct directory directory;  // what others see, all of it in the arena
    struct arena arena;
};

static void *take(struct box *self, size_t count, size_t bytes)
{
    void *memory = arena_take(&self->arena, count * bytes);
    check(memory != NULL);  // the counts are checked, and the budget is made for them
    return memory;
}

struct keeper {
    const Rec__Directory *message;
    struct problems *problems;
};

static void keep_problem(void *context, const struct directory_fault *fault)
{
    struct keeper *self = context;
    char label[DIRECTORY_TEXT_MAX_BYTES];
    section_label(self->message, fault->section, fault->index, label, sizeof label);
    if (fault->first != SECTION_WHOLE)
        problems_add(self->problems, "%s: %s (#%zu and #%zu)", label, fault->text, fault->first + 1, fault->index + 1);
    else
        problems_add(self->problems, "%s: %s", label, fault->text);
}

static struct route_set set_of(const char *const *all, uint32_t all_count, char *const *names, size_t count,
                               const char **ret_unknown)
{
    struct route_set set = {{0}};
    const char *unknown = NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t bit = names_find(all, all_count, names[i]);
        if (bit != UINT32_MAX)
            set.word[bit / 64] |= (uint64_t)1 << bit % 64;
        else if (unknown == NULL)
            unknown = names[i];
    }
    if (ret_unknown != NULL)
        *ret_unknown = unknown;
    return set;
}

static const char *const *keep_names(struct box *self, const struct names *names)
{
    const char **kept = take(self, names->count, sizeof *kept);
    memcpy(kept, names->name, names->count * sizeof *kept);
    return kept;
}

static void build_names(struct box *self, const Rec__Directory *message)
{
    struct directory *directory = &self->directory;
    struct names languages = {0}, skills = {0};
    for (size_t i = 0; i < message->n_agents; i++) {
        names_add_all(&languages, message->agents[i]->languages, message->agents[i]->n_languages);
        names_add_all(&skills, message->agents[i]->skills, message->agents[i]->n_skills);
    }
    for (size_t i = 0; i < message->n_queues; i++)
        names_add_all(&skills, message->queues[i]->skills, message->queues[i]->n_skills);
    directory->languages = keep_names(self, &languages);
    directory->language_count = languages.count;
    directory->skills = keep_names(self, &skills);
    directory->skill_count = skills.count;
}

static void build_places(struct box *self, const Rec__Directory *message)
{
    struct directory *directory = &self->directory;
    struct directory_site *sites = take(self, message->n_sites, sizeof *sites);
    for (size_t i = 0; i < message->n_sites; i++) {
        const Rec__Site *site = message->sites[i];
        sites[i] = (struct directory_site){
            .id = site->id,
            .name = site->name,
            .country = site->country,
            .contact = site->contact,
            .lat_udeg = site->lat_udeg,
            .lon_udeg = site->lon_udeg,
            .at = sphere_point(site->lat_udeg, site->lon_udeg),
        };
    }
    directory->sites = sites;
    directory->site_count = (uint32_t)message->n_sites;
    struct directory_node *nodes = take(self, message->n_nodes, sizeof *nodes);
    for (size_t i = 0; i < message->n_nodes; i++)
        nodes[i] =
            (struct directory_node){message->nodes[i]->name, directory_find_site(directory, message->nodes[i]->site)};
    directory->nodes = nodes;
    directory->node_count = (uint32_t)message->n_nodes;
}

static void build_agents(struct box *self, const Rec__Directory *message)
{
    struct directory *directory = &self->directory;
    struct directory_agent *agents = take(self, message->n_agents, sizeof *agents);
    for (size_t i = 0; i < message->n_agents; i++) {
        const Rec__Agent *agent = message->agents[i];
        uint32_t site = directory_find_site(directory, agent->site);
        agents[i] = (struct directory_agent){
            .id = agent->id,
            .name = agent->name,
            .contact = agent->contact[0] != '\0' ? agent->contact : directory->sites[site].contact,
            .site = site,
            .languages = directory_language_set(directory, agent->languages, agent->n_languages, NULL),
            .skills = directory_skill_set(directory, agent->skills, agent->n_skills, NULL),
        };
    }
    directory->agents = agents;
    directory->agent_count = (uint32_t)message->n_agents;
}

static void build_queues(struct box *self, const Rec__Directory *message)
{
    struct directory *directory = &self->directory;
    struct directory_queue *queues = take(self, message->n_queues, sizeof *queues);
    for (size_t i = 0; i < message->n_queues; i++) {
        const Rec__Queue *queue = message->queues[i];
        queues[i] = (struct directory_queue){
            .id = queue->id,
            .name = queue->name,
            .priority = queue->priority,
            .ring_ms = queue->ring_ms,
            .ring_width = queue->ring_width,
            .wait_limit_ms = queue->wait_limit_ms,
            .target_percent = queue->target_percent,
            .target_ms = queue->target_ms,
            .skills = directory_skill_set(directory, queue->skills, queue->n_skills, NULL),
            .last_resort_contact = queue->last_resort_contact,
            .emergency = queue->emergency,
        };
    }
    directory->queues = queues;
    directory->queue_count = (uint32_t)message->n_queues;
    for (size_t i = 0; i < message->n_queues; i++)
        queues[i].last_resort_queue = directory_find_queue(directory, message->queues[i]->last_resort_queue);
}

static void build_keys(struct box *self, const Rec__Directory *message)
{
    struct directory_key *keys = take(self, message->n_keys, sizeof *keys);
    for (size_t i = 0; i < message->n_keys; i++) {
        const Rec__Key *key = message->keys[i];
        keys[i] = (struct directory_key){
            .key = key->key, .party = key->party, .role = key_role_named(key->role), .revoked = key->revoked};
    }
    self->directory.keys = keys;
    self->directory.key_count = (uint32_t)message->n_keys;
}

static void build(struct box *self, Rec__Directory *message)
{
    Rec__Settings *settings = take(self, 1, sizeof *settings);
    rec__settings__init(settings);
    section_canonical(message, settings);
    settings = message->settings;
    struct directory *directory = &self->directory;
    directory->message = message;
    directory->primary = message->primary;
    directory->settings = (struct directory_settings){
        .durability = settings->durability,
        .durability_wait_ms = settings->durability_wait_ms,
        .misses_max = settings->misses_max,
        .retry_ms = settings->retry_ms,
        .reattach_ms = settings->reattach_ms,
        .adopt_after_ms = settings->adopt_after_ms,
        .adopt_alone_after_ms = settings->adopt_alone_after_ms,
        .call_back_retry_ms = settings->call_back_retry_ms,
        .selftest_interval_ms = settings->selftest_interval_ms,
        .selftest_timeout_ms = settings->selftest_timeout_ms,
        .selftest_off = settings->selftest_off,
        .retention_ms = settings->retention_ms,
    };
    build_names(self, message);
    build_places(self, message);
    build_agents(self, message);
    build_queues(self, message);
    build_keys(self, message);
}

struct directory *directory_decode(struct span encoded, struct problems *ret_problems)
{
    if (encoded.bytes > DIRECTORY_MAX_BYTES) {
        problems_add(ret_problems, "directory: %zu bytes, at most %zu are allowed", encoded.bytes, DIRECTORY_MAX_BYTES);
        return NULL;
    }
    struct box *self = check_alloc(sizeof *self);
    Rec__Directory *message =
        rec__directory__unpack(arena_allocator(&self->arena, DIRECTORY_MEMORY_MAX_BYTES), encoded.bytes, encoded.data);
    if (message == NULL) {
        problems_add(ret_problems, "directory: these %zu bytes are not a directory, or one too large to unpack",
                     encoded.bytes);
        directory_free(&self->directory);
        return NULL;
    }
    struct keeper keeper = {message, ret_problems};
    if (!directory_check(message, keep_problem, &keeper)) {
        directory_free(&self->directory);
        return NULL;
    }
    arena_allocator_more(&self->arena, DIRECTORY_MEMORY_MAX_BYTES);
    build(self, message);
    return &self->directory;
}

struct directory *directory_create(const Rec__Directory *message, struct problems *ret_problems)
{
    struct bytes encoded = {0};
    rec__directory__pack(message, bytes_grow(&encoded, rec__directory__get_packed_size(message)));
    struct directory *self = directory_decode((struct span){encoded.data, encoded.count}, ret_problems);
    bytes_close(&encoded);
    return self;
}

void directory_encode(const struct directory *self, struct bytes *ret_bytes)
{
    bytes_clear(ret_bytes);
    rec__directory__pack(self->message, bytes_grow(ret_bytes, rec__directory__get_packed_size(self->message)));
}

void directory_free(struct directory *self)
{
    if (self == NULL)
        return;
    struct box *box = (struct box *)(void *)((char *)self - offsetof(struct box, directory));
    arena_close(&box->arena);
    free(box);
}

// Finds in an array of structs whose first member is the id.
static uint32_t find(const void *things, uint32_t count, size_t bytes, const char *id)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *const *at = (const void *)((const char *)things + middle * bytes);
        int order = strcmp(*at, id);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return DIRECTORY_NONE;
}

uint32_t directory_find_site(const struct directory *self, const char *id)
{
    return find(self->sites, self->site_count, sizeof *self->sites, id);
}

uint32_t directory_find_agent(const struct directory *self, const char *id)
{
    return find(self->agents, self->agent_count, sizeof *self->agents, id);
}

uint32_t directory_find_queue(const struct directory *self, const char *id)
{
    return find(self->queues, self->queue_count, sizeof *self->queues, id);
}

uint32_t directory_find_node(const struct directory *self, const char *name)
{
    return find(self->nodes, self->node_count, sizeof *self->nodes, name);
}

uint32_t directory_find_key(const struct directory *self, const char *key)
{
    return find(self->keys, self->key_count, sizeof *self->keys, key);
}

struct route_set directory_language_set(const struct directory *self, char *const *names, size_t count,
                                        const char **ret_unknown)
{
    return set_of(self->languages, self->language_count, names, count, ret_unknown);
}

struct route_set directory_skill_set(const struct directory *self, char *const *names, size_t count,
                                     const char **ret_unknown)
{
    return set_of(self->skills, self->skill_count, names, count, ret_unknown);
}

uint32_t directory_dial(const struct directory *self, const char *digits)
{
    for (size_t i = 0; i < self->message->n_menu; i++) {
        const Rec__MenuEntry *entry = self->message->menu[i];
        if (strncmp(digits, entry->digits, strlen(entry->digits)) == 0)
            return directory_find_queue(self, entry->queue);
    }
    return DIRECTORY_NONE;
}

bool directory_is_home(const struct directory *self, const char *number)
{
    const Rec__Settings *settings = self->message->settings;
    for (size_t i = 0; i < settings->n_home_prefixes; i++)
        if (strncmp(number, settings->home_prefixes[i], strlen(settings->home_prefixes[i])) == 0)
            return true;
    return false;
}
