#include "cluster/base/check.h"
#include "node/config/yaml_value.h"
#include "node/directory/directory.h"
#include "node/directory/directory_check.h"
#include "node/directory/directory_show.h"
#include "node/directory/directory_yaml.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 64
#define FIELDS_MAX 16  // of a thing

struct source {  // where something was read
    const char *file;
    const struct yaml_node *node;
};

struct thing {
    struct source source;
    uint32_t unread;  // its fields, by number, that could not be read: told, so that nothing more is said of them
};

struct section_reader {
    bool given;
    ProtobufCMessage **things;
    struct thing *sources;
    size_t count, capacity;
};

struct reader {
    struct problems *problems;
    struct arena base_arena, arena;
    Rec__Directory *message;
    struct section_reader sections[SECTIONS];
    struct source primary;
    Rec__Settings settings;
    struct source setting[FIELDS_MAX];
    uint32_t settings_unread;
};

PRINTF_LIKE(3, 4)
static void problem_at(struct reader *self, struct source source, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add(self->problems, "%s:%u: %s", source.file, source.node->line, text);
}

static void *take(struct reader *self, size_t bytes)
{
    void *memory = arena_take(&self->arena, bytes);
    check(memory != NULL);  // the bounds of the files bound this too
    return memory;
}

// "agent cairo-3", or where it stands, when its id can't be told.
static void label_thing(enum section section, const struct yaml_node *node, size_t number, char *to, size_t room)
{
    const struct yaml_node *id =
        section < SECTION_FIRST_LIST ? NULL : yaml_node_get(node, section_id_field(section)->name);
    if (section < SECTION_FIRST_LIST)
        snprintf(to, room, "%s", section_thing(section));
    else if (id != NULL && id->kind == YAML_TEXT && section_is_id(section, id->text))
        snprintf(to, room, "%s %s", section_thing(section), id->text);
    else
        snprintf(to, room, "%s #%zu", section_thing(section), number);
}

// ---- one value: NULL, or what is wrong with it

static const char *read_list(struct reader *self, const struct yaml_node *node, ProtobufCMessage *thing,
                             const ProtobufCFieldDescriptor *field)
{
    if (node->kind != YAML_LIST)
        return "must be a list, such as [zh, en]";
    char **texts = take(self, node->count * sizeof *texts);
    size_t count = 0;
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != YAML_TEXT || yaml_is_nothing(item))
            return "must be a list of texts, such as [zh, en]";
        texts[count++] = (char *)item->text;
    }
    *(char ***)section_at(thing, field) = texts;
    *section_count_at(thing, field) = count;
    return NULL;
}

static const char *read_number(const struct yaml_node *node, ProtobufCMessage *thing,
                               const ProtobufCFieldDescriptor *field)
{
    uint64_t number;
    if (!yaml_to_number(node, &number))
        return "must be a number";
    if (field->type == PROTOBUF_C_TYPE_UINT32 && number > UINT32_MAX)
        return "is too large a number";
    section_set_number(thing, field, (int64_t)number);
    return NULL;
}

static const char *read_degrees(const struct yaml_node *node, ProtobufCMessage *thing,
                                const ProtobufCFieldDescriptor *field)
{
    int32_t udeg;
    if (!yaml_to_udeg(node, &udeg))
        return "must be degrees with at most six decimals, such as -33.448890";
    section_set_number(thing, field, udeg);
    return NULL;
}

static const char *read_truth(const struct yaml_node *node, ProtobufCMessage *thing,
                              const ProtobufCFieldDescriptor *field)
{
    bool truth;
    if (!yaml_to_truth(node, &truth))
        return "must be true or false";
    *(protobuf_c_boolean *)section_at(thing, field) = truth;
    return NULL;
}

static const char *read_value(struct reader *self, const struct yaml_node *node, ProtobufCMessage *thing,
                              const ProtobufCFieldDescriptor *field)
{
    if (yaml_is_nothing(node))
        return "has no value";
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(self, node, thing, field);
    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return read_truth(node, thing, field);
    if (show_is_degrees(field))
        return read_degrees(node, thing, field);
    if (field->type != PROTOBUF_C_TYPE_STRING)
        return read_number(node, thing, field);
    if (node->kind != YAML_TEXT)
        return "must be a text";
    *(char **)section_at(thing, field) = (char *)node->text;
    return NULL;
}

// ---- things and sections

static unsigned find_field(const ProtobufCMessageDescriptor *descriptor, const char *key)
{
    unsigned i = 0;
    while (i < descriptor->n_fields && strcmp(show_key(&descriptor->fields[i]), key) != 0)
        i++;
    return i;
}

static void tell_unknown_key(struct reader *self, const char *label, struct source source,
                             const ProtobufCMessageDescriptor *descriptor)
{
    char keys[256] = "";
    size_t used = 0;
    for (unsigned i = 0; i < descriptor->n_fields && used < sizeof keys; i++)
        used += (size_t)snprintf(keys + used, sizeof keys - used, "%s%s", i > 0 ? ", " : "",
                                 show_key(&descriptor->fields[i]));
    problem_at(self, source, "%s: unknown key %s; there are: %s", label, source.node->key, keys);
}

// Returns the fields, by number, that could not be read. `seen`, for settings: where each was read before.
static uint32_t read_thing(struct reader *self, const char *label, struct source map, ProtobufCMessage *thing,
                           struct source *seen)
{
    uint32_t unread = 0;
    check(thing->descriptor->n_fields <= FIELDS_MAX);
    for (const struct yaml_node *child = map.node->first; child != NULL; child = child->next) {
        struct source at = {map.file, child};
        unsigned i = find_field(thing->descriptor, child->key);
        if (i == thing->descriptor->n_fields) {
            tell_unknown_key(self, label, at, thing->descriptor);
            continue;
        }
        if (seen != NULL && seen[i].node != NULL) {
            problem_at(self, at, "%s: %s is given twice, first at %s:%u", label, child->key, seen[i].file,
                       seen[i].node->line);
            continue;
        }
        if (seen != NULL)
            seen[i] = at;
        const char *wrong = read_value(self, child, thing, &thing->descriptor->fields[i]);
        if (wrong == NULL)
            continue;
        problem_at(self, at, "%s: %s %s", label, child->key, wrong);
        unread |= (uint32_t)1 << i;
    }
    return unread;
}

static void need_degrees(struct reader *self, const char *label, struct source source,
                         const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const char *key = show_key(&descriptor->fields[i]);
        if (show_is_degrees(&descriptor->fields[i]) && yaml_node_get(source.node, key) == NULL)
            problem_at(self, source, "%s: it has no %s", label, key);  // 0 is a place, not a default
    }
}

static void add_thing(struct section_reader *section, ProtobufCMessage *message, struct thing source)
{
    if (section->count == section->capacity) {
        section->capacity = section->capacity ? section->capacity * 2 : 64;
        section->things = check_realloc(section->things, section->capacity * sizeof *section->things);
        section->sources = check_realloc(section->sources, section->capacity * sizeof *section->sources);
    }
    section->things[section->count] = message;
    section->sources[section->count++] = source;
}

static void read_list_section(struct reader *self, enum section section, struct source list)
{
    if (list.node->kind != YAML_LIST) {
        problem_at(self, list, "%s: must be a list; [] when there are none", section_name(section));
        return;
    }
    const ProtobufCMessageDescriptor *descriptor = section_descriptor(section);
    for (const struct yaml_node *item = list.node->first; item != NULL; item = item->next) {
        struct source at = {list.file, item};
        char label[128];
        label_thing(section, item, self->sections[section].count + 1, label, sizeof label);
        if (item->kind != YAML_MAP) {
            problem_at(self, at, "%s: each must be a map with keys such as %s", section_name(section),
                       section_id_field(section)->name);
            continue;
        }
        ProtobufCMessage *thing = take(self, descriptor->sizeof_message);
        protobuf_c_message_init(descriptor, thing);
        uint32_t unread = read_thing(self, label, at, thing, NULL);
        need_degrees(self, label, at, descriptor);
        add_thing(&self->sections[section], thing, (struct thing){at, unread});
    }
}

static void read_primary(struct reader *self, struct source source)
{
    if (source.node->kind != YAML_TEXT || yaml_is_nothing(source.node)) {
        problem_at(self, source, "primary must be the name of a node");
    } else if (self->primary.node != NULL) {
        problem_at(self, source, "primary is given twice, first at %s:%u", self->primary.file,
                   self->primary.node->line);
    } else {
        self->primary = source;
        self->message->primary = (char *)source.node->text;
    }
}

static void read_settings(struct reader *self, struct source source)
{
    if (source.node->kind != YAML_MAP) {
        problem_at(self, source, "settings must be a map; {} when they are the defaults");
        return;
    }
    self->settings_unread |= read_thing(self, "settings", source, &self->settings.base, self->setting);
}

static void read_file(struct reader *self, const struct yaml_tree *tree)
{
    const struct yaml_node *root = yaml_tree_root(tree);
    if (root == NULL || yaml_is_nothing(root))
        return;  // comments only: changes nothing
    if (root->kind != YAML_MAP) {
        problem_at(self, (struct source){yaml_tree_name(tree), root}, "must be a map of sections such as agents");
        return;
    }
    for (const struct yaml_node *child = root->first; child != NULL; child = child->next) {
        struct source at = {yaml_tree_name(tree), child};
        enum section section = section_named(child->key);
        if (section == SECTIONS) {
            problem_at(self, at,
                       "unknown section %s; there are: primary, settings, nodes, sites, agents, queues, menu, keys",
                       child->key);
            continue;
        }
        self->sections[section].given = true;
        if (section == SECTION_PRIMARY)
            read_primary(self, at);
        else if (section == SECTION_SETTINGS)
            read_settings(self, at);
        else
            read_list_section(self, section, at);
    }
}

// ---- what is wrong with the whole, at its lines

static void tell_fault(void *context, const struct directory_fault *fault)
{
    struct reader *self = context;
    const struct section_reader *section = &self->sections[fault->section];
    char label[128];
    section_label(self->message, fault->section, fault->index, label, sizeof label);
    if (!section->given) {
        problems_add(self->problems, "%s (as it stands now): %s", label, fault->text);
        return;
    }
    const ProtobufCMessageDescriptor *descriptor = section_descriptor(fault->section);
    unsigned number = 0;
    while (fault->field != NULL && strcmp(descriptor->fields[number].name, fault->field) != 0)
        number++;
    if (fault->section == SECTION_SETTINGS && fault->field != NULL && self->setting[number].node != NULL) {
        if ((self->settings_unread >> number & 1) == 0)
            problem_at(self, self->setting[number], "%s: %s", label, fault->text);
        return;
    }
    if (fault->section == SECTION_PRIMARY && self->primary.node != NULL) {
        problem_at(self, self->primary, "%s: %s", label, fault->text);
        return;
    }
    if (fault->section < SECTION_FIRST_LIST || fault->index == SECTION_WHOLE) {
        problems_add(self->problems, "%s: %s", label, fault->text);
        return;
    }
    struct thing thing = section->sources[fault->index];
    struct source at = thing.source;
    if (fault->field != NULL && (thing.unread >> number & 1) != 0)
        return;
    const struct yaml_node *value =
        fault->field != NULL ? yaml_node_get(at.node, show_key(&descriptor->fields[number])) : NULL;
    if (fault->first != SECTION_WHOLE) {
        struct source first = section->sources[fault->first].source;
        problem_at(self, at, "%s: %s, first at %s:%u", label, fault->text, first.file, first.node->line);
    } else if (value != NULL) {
        problem_at(self, (struct source){at.file, value}, "%s: %s", label, fault->text);
    } else {
        problem_at(self, at, "%s: %s%s", label, fault->text, fault->field != NULL ? " (not given)" : "");
    }
}

static bool build(struct reader *self, struct bytes *ret_encoded)
{
    for (enum section section = SECTION_FIRST_LIST; section < SECTIONS; section++)
        if (self->sections[section].given)
            section_set_list(self->message, section,
                             (struct section_list){self->sections[section].count, self->sections[section].things});
    if (self->sections[SECTION_SETTINGS].given)
        self->message->settings = &self->settings;
    bool sound = directory_check(self->message, tell_fault, self);
    if (!sound || self->problems->count > 0)
        return false;
    struct directory *directory = directory_create(self->message, self->problems);
    if (directory != NULL)
        directory_encode(directory, ret_encoded);
    directory_free(directory);
    return directory != NULL;
}

bool directory_yaml_read(const char *const *files, size_t count, struct span base, struct bytes *ret_encoded,
                         struct problems *ret_problems)
{
    if (count > FILES_MAX) {
        problems_add(ret_problems, "more than %d files in one change", FILES_MAX);
        return false;
    }
    struct problems found;
    problems_init(&found);
    struct yaml_tree *trees[FILES_MAX] = {NULL};
    struct reader self = {.problems = &found};
    rec__settings__init(&self.settings);
    arena_allocator(&self.arena, YAML_TREE_MEMORY_MAX_BYTES);
    self.message = show_unpack(base, &self.base_arena);
    if (self.message == NULL)
        problems_add(&found, "the directory that is there now cannot be read");
    bool whole = self.message != NULL;
    for (size_t i = 0; i < count && self.message != NULL; i++) {
        trees[i] = yaml_tree_read(files[i], &found);
        if (trees[i] != NULL)
            read_file(&self, trees[i]);
        whole &= trees[i] != NULL;
    }
    // Without one of the files, most of what the check would say is that its things are missing.
    bool sound = whole && build(&self, ret_encoded);
    for (uint32_t i = 0; i < found.count; i++)
        problems_add(ret_problems, "%s", found.lines[i]);
    ret_problems->dropped += found.dropped;
    problems_close(&found);
    for (size_t i = 0; i < count; i++)
        yaml_tree_free(trees[i]);
    for (enum section section = SECTION_PRIMARY; section < SECTIONS; section++) {
        free(self.sections[section].things);
        free(self.sections[section].sources);
    }
    arena_close(&self.arena);
    arena_close(&self.base_arena);
    return sound;
}
