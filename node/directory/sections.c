#include "node/directory/sections.h"

#include "cluster/base/check.h"
#include "cluster/base/text.h"
#include "cluster/keys/keys.h"
#include "node/directory/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kind {
    const char *name, *thing, *id;
    const ProtobufCMessageDescriptor *descriptor;
    size_t count_offset, list_offset;
    uint32_t max;
} kinds[SECTIONS] = {
    [SECTION_PRIMARY] = {.name = "primary", .thing = "primary"},
    [SECTION_SETTINGS] = {.name = "settings", .thing = "settings", .descriptor = &rec__settings__descriptor},
    [SECTION_NODES] = {"nodes", "node", "name", &rec__dir_node__descriptor, offsetof(Rec__Directory, n_nodes),
                       offsetof(Rec__Directory, nodes), DIRECTORY_NODES_MAX},
    [SECTION_SITES] = {"sites", "site", "id", &rec__site__descriptor, offsetof(Rec__Directory, n_sites),
                       offsetof(Rec__Directory, sites), DIRECTORY_SITES_MAX},
    [SECTION_AGENTS] = {"agents", "agent", "id", &rec__agent__descriptor, offsetof(Rec__Directory, n_agents),
                        offsetof(Rec__Directory, agents), DIRECTORY_AGENTS_MAX},
    [SECTION_QUEUES] = {"queues", "queue", "id", &rec__queue__descriptor, offsetof(Rec__Directory, n_queues),
                        offsetof(Rec__Directory, queues), DIRECTORY_QUEUES_MAX},
    [SECTION_MENU] = {"menu", "menu entry", "digits", &rec__menu_entry__descriptor, offsetof(Rec__Directory, n_menu),
                      offsetof(Rec__Directory, menu), DIRECTORY_MENU_MAX},
    [SECTION_KEYS] = {"keys", "key", "key", &rec__key__descriptor, offsetof(Rec__Directory, n_keys),
                      offsetof(Rec__Directory, keys), DIRECTORY_KEYS_MAX},
};

#define SECOND ((uint64_t)1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

const struct section_bounds section_bounds[] = {
    {SECTION_SETTINGS, "durability", 1, DIRECTORY_NODES_MAX, 2},
    {SECTION_SETTINGS, "durability_wait_ms", 10, 30 * SECOND, 1500},
    {SECTION_SETTINGS, "misses_max", 1, 100, 3},
    {SECTION_SETTINGS, "retry_ms", 100, HOUR, 30 * SECOND},
    {SECTION_SETTINGS, "reattach_ms", 100, HOUR, 10 * SECOND},
    {SECTION_SETTINGS, "adopt_after_ms", 100, HOUR, 30 * SECOND},
    {SECTION_SETTINGS, "adopt_alone_after_ms", 100, DAY, 300 * SECOND},
    {SECTION_SETTINGS, "call_back_retry_ms", 100, DAY, 120 * SECOND},
    {SECTION_SETTINGS, "selftest_interval_ms", 500, HOUR, 60 * SECOND},
    {SECTION_SETTINGS, "selftest_timeout_ms", 200, 60 * SECOND, 5 * SECOND},
    {SECTION_SETTINGS, "retention_ms", 60 * SECOND, 3660 * DAY, 30 * DAY},
    {SECTION_QUEUES, "priority", 0, DIRECTORY_PRIORITY_MAX, 0},
    {SECTION_QUEUES, "ring_ms", SECOND, 300 * SECOND, 0},
    {SECTION_QUEUES, "ring_width", 1, DIRECTORY_RING_WIDTH_MAX, 0},
    {SECTION_QUEUES, "wait_limit_ms", SECOND, DAY, 0},
    {SECTION_QUEUES, "target_percent", 1, 100, 0},
    {SECTION_QUEUES, "target_ms", SECOND, HOUR, 0},
};
const size_t section_bounds_count = sizeof section_bounds / sizeof *section_bounds;

const char *section_name(enum section section)
{
    return kinds[section].name;
}

const char *section_thing(enum section section)
{
    return kinds[section].thing;
}

enum section section_named(const char *name)
{
    enum section section = SECTION_PRIMARY;
    while (section < SECTIONS && strcmp(kinds[section].name, name) != 0)
        section++;
    return section;
}

const ProtobufCMessageDescriptor *section_descriptor(enum section section)
{
    return kinds[section].descriptor;
}

uint32_t section_things_max(enum section section)
{
    return kinds[section].max;
}

struct section_list section_list(const Rec__Directory *directory, enum section section)
{
    check(section >= SECTION_FIRST_LIST);
    struct section_list list;
    memcpy(&list.count, (const char *)directory + kinds[section].count_offset, sizeof list.count);
    memcpy(&list.things, (const char *)directory + kinds[section].list_offset, sizeof list.things);
    return list;
}

void section_set_list(Rec__Directory *directory, enum section section, struct section_list list)
{
    check(section >= SECTION_FIRST_LIST);
    memcpy((char *)directory + kinds[section].count_offset, &list.count, sizeof list.count);
    memcpy((char *)directory + kinds[section].list_offset, &list.things, sizeof list.things);
}

const ProtobufCFieldDescriptor *section_id_field(enum section section)
{
    return protobuf_c_message_descriptor_get_field_by_name(kinds[section].descriptor, kinds[section].id);
}

void *section_at(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field)
{
    return (char *)thing + field->offset;
}

size_t *section_count_at(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field)
{
    check(field->label == PROTOBUF_C_LABEL_REPEATED);
    return (size_t *)(void *)((char *)thing + field->quantifier_offset);
}

const char *section_id(enum section section, const ProtobufCMessage *thing)
{
    return *(char **)section_at(thing, section_id_field(section));
}

static bool is_digits(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= DIRECTORY_DIGITS_MAX && strspn(text, "0123456789*#") == length;
}

bool section_is_id(enum section section, const char *id)
{
    if (section == SECTION_KEYS)
        return key_text_is_valid(id);
    return section == SECTION_MENU ? is_digits(id) : text_is_name(id, NAME_MAX_BYTES);
}

void section_label(const Rec__Directory *directory, enum section section, size_t index, char *to, size_t room)
{
    if (index == SECTION_WHOLE || section < SECTION_FIRST_LIST) {
        snprintf(to, room, "%s", kinds[section].name);
        return;
    }
    struct section_list list = section_list(directory, section);
    const char *id = section_id(section, list.things[index]);
    if (section_is_id(section, id))
        snprintf(to, room, "%s %s", kinds[section].thing, id);
    else
        snprintf(to, room, "%s #%zu", kinds[section].thing, index + 1);
}

int64_t section_number(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field)
{
    const void *at = section_at(thing, field);
    if (field->type == PROTOBUF_C_TYPE_UINT64)
        return (int64_t) * (const uint64_t *)at;
    if (field->type == PROTOBUF_C_TYPE_SINT32)
        return *(const int32_t *)at;
    check(field->type == PROTOBUF_C_TYPE_UINT32);
    return *(const uint32_t *)at;
}

void section_set_number(ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field, int64_t value)
{
    void *at = section_at(thing, field);
    if (field->type == PROTOBUF_C_TYPE_UINT64)
        *(uint64_t *)at = (uint64_t)value;
    else if (field->type == PROTOBUF_C_TYPE_SINT32)
        *(int32_t *)at = (int32_t)value;
    else if (field->type == PROTOBUF_C_TYPE_UINT32)
        *(uint32_t *)at = (uint32_t)value;
    else
        check(!"a field that holds a number");
}

uint64_t section_setting(const Rec__Settings *settings, const char *field)
{
    uint64_t value = (uint64_t)section_number(
        &settings->base, protobuf_c_message_descriptor_get_field_by_name(&rec__settings__descriptor, field));
    for (size_t i = 0; value == 0 && i < section_bounds_count; i++)
        if (section_bounds[i].section == SECTION_SETTINGS && strcmp(section_bounds[i].field, field) == 0)
            value = section_bounds[i].standard;
    return value;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_sets(ProtobufCMessage *thing)
{
    for (unsigned i = 0; i < thing->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &thing->descriptor->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REPEATED && *section_count_at(thing, field) > 1)
            qsort(*(char ***)section_at(thing, field), *section_count_at(thing, field), sizeof(char *), compare_texts);
    }
}

// The id is the first field of every thing that stands in a list (checked by section_canonical), which makes one
// comparison do for all of them.
struct thing_with_id {
    ProtobufCMessage base;
    char *id;
};

static int compare_things(const void *a, const void *b)
{
    return strcmp((*(struct thing_with_id *const *)a)->id, (*(struct thing_with_id *const *)b)->id);
}

void section_canonical(Rec__Directory *directory, Rec__Settings *settings)
{
    for (enum section section = SECTION_FIRST_LIST; section < SECTIONS; section++) {
        check(section_id_field(section)->offset == offsetof(struct thing_with_id, id));
        struct section_list list = section_list(directory, section);
        for (size_t i = 0; i < list.count; i++)
            sort_sets(list.things[i]);
        if (list.count > 1)
            qsort(list.things, list.count, sizeof *list.things, compare_things);
    }
    if (directory->settings == NULL)
        directory->settings = settings;
    sort_sets(&directory->settings->base);
    for (size_t i = 0; i < section_bounds_count; i++) {
        const char *name = section_bounds[i].field;
        if (section_bounds[i].section == SECTION_SETTINGS)
            section_set_number(&directory->settings->base,
                               protobuf_c_message_descriptor_get_field_by_name(&rec__settings__descriptor, name),
                               (int64_t)section_setting(directory->settings, name));
    }
}
