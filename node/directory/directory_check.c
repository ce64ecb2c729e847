#include "node/directory/directory_check.h"

#include "cluster/base/check.h"
#include "cluster/base/text.h"
#include "cluster/keys/keys.h"
#include "node/directory/directory.h"
#include "node/directory/names.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *id;
    size_t index;
};

struct checker {
    const Rec__Directory *directory;
    directory_fault_fn *tell;
    void *context;
    bool sound;
    struct entry *entries[SECTIONS];  // sorted by id, then by place
    size_t counts[SECTIONS];
};

static void tell(struct checker *self, struct directory_fault fault, const char *format, va_list args)
{
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    fault.text = text;
    self->sound = false;
    self->tell(self->context, &fault);
}

PRINTF_LIKE(5, 6)
static void fault(struct checker *self, enum section section, size_t index, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(self, (struct directory_fault){section, index, field, SECTION_WHOLE, NULL}, format, args);
    va_end(args);
}

PRINTF_LIKE(5, 6)
static void fault_twice(struct checker *self, enum section section, size_t index, size_t first, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(self, (struct directory_fault){section, index, NULL, first, NULL}, format, args);
    va_end(args);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    int order = strcmp(one->id, other->id);
    return order != 0 ? order : one->index < other->index ? -1 : one->index > other->index;
}

static void check_ids(struct checker *self, enum section section)
{
    struct section_list list = section_list(self->directory, section);
    struct entry *entries = check_alloc(list.count * sizeof *entries);
    self->entries[section] = entries;
    self->counts[section] = list.count;
    if (list.count > section_things_max(section))
        fault(self, section, SECTION_WHOLE, NULL, "there are %zu, at most %" PRIu32 " are allowed", list.count,
              section_things_max(section));
    for (size_t i = 0; i < list.count; i++) {
        entries[i] = (struct entry){section_id(section, list.things[i]), i};
        if (section_is_id(section, entries[i].id))
            continue;
        const char *field = section_id_field(section)->name;
        if (section == SECTION_MENU)
            fault(self, section, i, field, "its digits must be 1 to %d of 0-9, * and #", DIRECTORY_DIGITS_MAX);
        else if (section == SECTION_KEYS)
            fault(self, section, i, field, "its key must be a public key: %d of 0-9 and a-f", KEY_TEXT_BYTES);
        else
            fault(self, section, i, field,
                  "its %s must be 1 to %d printable ASCII characters without space, quotes, backslash, comma and ~",
                  field, NAME_MAX_BYTES);
    }
    qsort(entries, list.count, sizeof *entries, compare_entries);
    for (size_t i = 1, first = 0; i < list.count; i++) {
        if (strcmp(entries[first].id, entries[i].id) != 0)
            first = i;
        else if (section_is_id(section, entries[i].id))
            fault_twice(self, section, entries[i].index, entries[first].index, "given twice");
    }
}

static bool exists(const struct checker *self, enum section section, const char *id)
{
    struct entry key = {id, 0};
    size_t low = 0, high = self->counts[section];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_entries(&self->entries[section][middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->counts[section] && strcmp(self->entries[section][low].id, id) == 0;
}

static void check_reference(struct checker *self, enum section section, size_t index, const char *field,
                            enum section to, const char *id)
{
    if (id[0] == '\0')
        fault(self, section, index, field, "it has no %s", section_thing(to));
    else if (!text_is_printable(id, DIRECTORY_TEXT_MAX_BYTES))
        fault(self, section, index, field, "its %s is no id", section_thing(to));
    else if (!exists(self, to, id))
        fault(self, section, index, field, "there is no %s %s", section_thing(to), id);
}

static void check_text(struct checker *self, enum section section, size_t index, const char *field, const char *text)
{
    if (!text_is_printable(text, DIRECTORY_TEXT_MAX_BYTES))
        fault(self, section, index, field, "its %s must be at most %d bytes of UTF-8 without control characters", field,
              DIRECTORY_TEXT_MAX_BYTES);
}

static void check_set(struct checker *self, enum section section, size_t index, const char *field, char *const *names,
                      size_t count)
{
    struct names seen = {0};
    for (size_t i = 0; i < count && !seen.over; i++) {
        uint32_t before = seen.count;
        if (!text_is_name(names[i], NAME_MAX_BYTES)) {
            fault(self, section, index, field, "%s: #%zu is no name", field, i + 1);
            continue;
        }
        names_add(&seen, names[i]);
        if (seen.count == before && !seen.over)
            fault(self, section, index, field, "%s: %s is given twice", field, names[i]);
    }
    if (seen.over)
        fault(self, section, index, field, "%s: more than %d", field, ROUTE_SET_BITS);
}

static void check_bounds(struct checker *self, enum section section, size_t index, const ProtobufCMessage *thing)
{
    for (size_t i = 0; i < section_bounds_count; i++) {
        const struct section_bounds *bounds = &section_bounds[i];
        if (bounds->section != section)
            continue;
        uint64_t value = (uint64_t)section_number(
            thing, protobuf_c_message_descriptor_get_field_by_name(thing->descriptor, bounds->field));
        if (value == 0 && bounds->standard != 0)
            continue;
        if (value < bounds->min || value > bounds->max)
            fault(self, section, index, bounds->field, "%s must be %" PRIu64 " to %" PRIu64 ", not %" PRIu64,
                  bounds->field, bounds->min, bounds->max, value);
    }
}

static bool is_prefix(const char *text)
{
    size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    return digits >= 1 && digits <= 15 && text[1 + digits] == '\0';
}

static void check_settings(struct checker *self, const Rec__Settings *settings)
{
    check_bounds(self, SECTION_SETTINGS, SECTION_WHOLE, &settings->base);
    if (settings->n_home_prefixes > DIRECTORY_HOME_PREFIXES_MAX)
        fault(self, SECTION_SETTINGS, SECTION_WHOLE, "home_prefixes", "home_prefixes: more than %d",
              DIRECTORY_HOME_PREFIXES_MAX);
    for (size_t i = 0; i < settings->n_home_prefixes; i++)
        if (!is_prefix(settings->home_prefixes[i]))
            fault(self, SECTION_SETTINGS, SECTION_WHOLE, "home_prefixes",
                  "home_prefixes: #%zu must be + and 1 to 15 digits", i + 1);
    uint64_t alone_ms = section_setting(settings, "adopt_alone_after_ms");
    uint64_t after_ms = section_setting(settings, "adopt_after_ms");
    if (alone_ms < after_ms)
        fault(self, SECTION_SETTINGS, SECTION_WHOLE, "adopt_alone_after_ms",
              "adopt_alone_after_ms (%" PRIu64 ") must not be less than adopt_after_ms (%" PRIu64 ")", alone_ms,
              after_ms);
    uint64_t interval_ms = section_setting(settings, "selftest_interval_ms");
    uint64_t timeout_ms = section_setting(settings, "selftest_timeout_ms");
    if (timeout_ms > interval_ms)
        fault(self, SECTION_SETTINGS, SECTION_WHOLE, "selftest_timeout_ms",
              "selftest_timeout_ms (%" PRIu64 ") must not be more than selftest_interval_ms (%" PRIu64 ")", timeout_ms,
              interval_ms);
}

static void check_site(struct checker *self, size_t index, const Rec__Site *site)
{
    check_text(self, SECTION_SITES, index, "name", site->name);
    check_text(self, SECTION_SITES, index, "contact", site->contact);
    const char *country = site->country;
    if (strlen(country) != 2 || country[0] < 'A' || country[0] > 'Z' || country[1] < 'A' || country[1] > 'Z')
        fault(self, SECTION_SITES, index, "country", "its country must be two capital letters (ISO 3166)");
    if (!sphere_in_range(site->lat_udeg, 0))
        fault(self, SECTION_SITES, index, "lat_udeg", "its latitude must be -90 to 90 degrees");
    if (!sphere_in_range(0, site->lon_udeg))
        fault(self, SECTION_SITES, index, "lon_udeg", "its longitude must be -180 to 180 degrees");
}

static void check_agent(struct checker *self, size_t index, const Rec__Agent *agent)
{
    check_text(self, SECTION_AGENTS, index, "name", agent->name);
    check_text(self, SECTION_AGENTS, index, "contact", agent->contact);
    check_reference(self, SECTION_AGENTS, index, "site", SECTION_SITES, agent->site);
    check_set(self, SECTION_AGENTS, index, "languages", agent->languages, agent->n_languages);
    check_set(self, SECTION_AGENTS, index, "skills", agent->skills, agent->n_skills);
}

static void check_queue(struct checker *self, size_t index, const Rec__Queue *queue)
{
    check_text(self, SECTION_QUEUES, index, "name", queue->name);
    check_text(self, SECTION_QUEUES, index, "last_resort_contact", queue->last_resort_contact);
    check_set(self, SECTION_QUEUES, index, "skills", queue->skills, queue->n_skills);
    check_bounds(self, SECTION_QUEUES, index, &queue->base);
    bool to_queue = queue->last_resort_queue[0] != '\0', to_contact = queue->last_resort_contact[0] != '\0';
    if (to_queue && to_contact)
        fault(self, SECTION_QUEUES, index, "last_resort_contact",
              "it has two last resorts: a queue and a contact; it needs one of them");
    else if (!to_queue && !to_contact)
        fault(self, SECTION_QUEUES, index, NULL,
              "it leads nowhere: it needs a last_resort_queue or a last_resort_contact");
    if (to_queue)
        check_reference(self, SECTION_QUEUES, index, "last_resort_queue", SECTION_QUEUES, queue->last_resort_queue);
}

// The queue that is this one's last resort; SECTION_WHOLE: none that exists.
static size_t next_queue(const struct checker *self, size_t queue)
{
    const char *id = self->directory->queues[queue]->last_resort_queue;
    for (size_t i = 0; section_is_id(SECTION_QUEUES, id) != '\0' && i < self->counts[SECTION_QUEUES]; i++)
        if (strcmp(self->entries[SECTION_QUEUES][i].id, id) == 0)
            return self->entries[SECTION_QUEUES][i].index;
    return SECTION_WHOLE;
}

// A circle of last resorts is told once, at the first of its queues.
static void check_dead_ends(struct checker *self)
{
    size_t count = self->counts[SECTION_QUEUES];
    if (count > DIRECTORY_QUEUES_MAX)
        return;  // told already
    for (size_t queue = 0; queue < count; queue++) {
        char circle[256];
        size_t used = (size_t)snprintf(circle, sizeof circle, "%s", self->directory->queues[queue]->id);
        size_t at = next_queue(self, queue);
        bool first = true;
        for (size_t steps = 0; at != SECTION_WHOLE && at != queue && steps < count; steps++) {
            first &= at > queue;
            if (used < sizeof circle)
                used +=
                    (size_t)snprintf(circle + used, sizeof circle - used, " -> %s", self->directory->queues[at]->id);
            at = next_queue(self, at);
        }
        if (at == queue && first && section_is_id(SECTION_QUEUES, self->directory->queues[queue]->id))
            fault(self, SECTION_QUEUES, queue, "last_resort_queue",
                  "its last resort leads back to it and to no contact: %s -> %s", circle,
                  self->directory->queues[queue]->id);
    }
}

// Sorted, whoever begins with an entry stands right behind it, up to the first that doesn't.
static void check_menu(struct checker *self)
{
    const struct entry *entries = self->entries[SECTION_MENU];
    size_t count = self->counts[SECTION_MENU];
    for (size_t i = 0; i < count; i++) {
        check_reference(self, SECTION_MENU, i, "queue", SECTION_QUEUES, self->directory->menu[i]->queue);
        size_t length = strlen(entries[i].id);
        if (!section_is_id(SECTION_MENU, entries[i].id) || (i > 0 && strcmp(entries[i].id, entries[i - 1].id) == 0))
            continue;
        for (size_t k = i + 1; k < count && strncmp(entries[i].id, entries[k].id, length) == 0; k++)
            if (section_is_id(SECTION_MENU, entries[k].id) && strlen(entries[k].id) > length)
                fault(self, SECTION_MENU, entries[k].index, "digits",
                      "nobody can dial it: %s, with which it begins, is an entry already", entries[i].id);
    }
}

static int compare_parties(const void *a, const void *b)
{
    const Rec__Key *one = *(const Rec__Key *const *)a, *other = *(const Rec__Key *const *)b;
    int order = strcmp(one->role, other->role);
    return order != 0 ? order : strcmp(one->party, other->party);
}

static void check_key(struct checker *self, size_t index, const Rec__Key *key)
{
    if (key_role_named(key->role) == KEY_ROLE_NONE)
        fault(self, SECTION_KEYS, index, "role", "its role must be node, gateway, desk or admin");
    if (!text_is_name(key->party, NAME_MAX_BYTES))
        fault(self, SECTION_KEYS, index, "party",
              "its party must be 1 to %d printable ASCII characters without space, quotes, backslash, comma and ~",
              NAME_MAX_BYTES);
    // Names of its processes and calls begin with the party and a colon: so they are told apart from another's.
    if (key_role_named(key->role) == KEY_ROLE_GATEWAY && strchr(key->party, ':') != NULL)
        fault(self, SECTION_KEYS, index, "party", "a gateway's party has no colon");
}

// While it rotates a party has two keys; more would only be more to lose.
static void check_keys_together(struct checker *self)
{
    const Rec__Directory *directory = self->directory;
    const Rec__Key **keys = check_alloc(directory->n_keys * sizeof *keys);
    size_t count = 0;
    for (size_t i = 0; i < directory->n_keys; i++)
        if (!directory->keys[i]->revoked)
            keys[count++] = directory->keys[i];
    if (count > 1)
        qsort(keys, count, sizeof *keys, compare_parties);
    for (size_t i = DIRECTORY_KEYS_PER_PARTY, told = 0; i < count; i++) {
        if (compare_parties(&keys[i], &keys[i - DIRECTORY_KEYS_PER_PARTY]) != 0)
            told = 0;
        else if (told++ == 0)
            fault(self, SECTION_KEYS, SECTION_WHOLE, NULL, "%.16s %.64s has more than %d: revoke or remove one",
                  keys[i]->role, keys[i]->party, DIRECTORY_KEYS_PER_PARTY);
    }
    free(keys);
}

static void check_sets_together(struct checker *self)
{
    const Rec__Directory *directory = self->directory;
    struct names languages = {0}, skills = {0};
    for (size_t i = 0; i < directory->n_agents; i++) {
        names_add_all(&languages, directory->agents[i]->languages, directory->agents[i]->n_languages);
        names_add_all(&skills, directory->agents[i]->skills, directory->agents[i]->n_skills);
    }
    for (size_t i = 0; i < directory->n_queues; i++)
        names_add_all(&skills, directory->queues[i]->skills, directory->queues[i]->n_skills);
    if (languages.over)
        fault(self, SECTION_AGENTS, SECTION_WHOLE, NULL, "they have more than %d languages", ROUTE_SET_BITS);
    if (skills.over)
        fault(self, SECTION_AGENTS, SECTION_WHOLE, NULL, "they and the queues have more than %d skills",
              ROUTE_SET_BITS);
}

static void check_primary(struct checker *self)
{
    const Rec__Directory *directory = self->directory;
    const char *primary = directory->primary;
    if (primary[0] != '\0' && !text_is_name(primary, NAME_MAX_BYTES))
        fault(self, SECTION_PRIMARY, SECTION_WHOLE, NULL, "it is not a node's name");
    else if (directory->n_nodes > 0 && primary[0] == '\0')
        fault(self, SECTION_PRIMARY, SECTION_WHOLE, NULL, "it must name one of the nodes: the one that may apply");
    else if (directory->n_nodes > 0 && !exists(self, SECTION_NODES, primary))
        fault(self, SECTION_PRIMARY, SECTION_WHOLE, NULL, "there is no node %s", primary);
}

bool directory_check(const Rec__Directory *directory, directory_fault_fn *tell_fn, void *context)
{
    struct checker self = {.directory = directory, .tell = tell_fn, .context = context, .sound = true};
    for (enum section section = SECTION_FIRST_LIST; section < SECTIONS; section++)
        check_ids(&self, section);
    check_primary(&self);
    if (directory->settings != NULL)
        check_settings(&self, directory->settings);
    for (size_t i = 0; i < directory->n_nodes; i++)
        check_reference(&self, SECTION_NODES, i, "site", SECTION_SITES, directory->nodes[i]->site);
    for (size_t i = 0; i < directory->n_sites; i++)
        check_site(&self, i, directory->sites[i]);
    for (size_t i = 0; i < directory->n_agents; i++)
        check_agent(&self, i, directory->agents[i]);
    for (size_t i = 0; i < directory->n_queues; i++)
        check_queue(&self, i, directory->queues[i]);
    check_dead_ends(&self);
    check_menu(&self);
    for (size_t i = 0; i < directory->n_keys; i++)
        check_key(&self, i, directory->keys[i]);
    check_keys_together(&self);
    check_sets_together(&self);
    for (enum section section = SECTION_FIRST_LIST; section < SECTIONS; section++)
        free(self.entries[section]);
    return self.sound;
}
