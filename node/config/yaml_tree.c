#include "node/config/yaml_tree.h"

#include "cluster/base/bytes.h"
#include "cluster/wire/arena.h"

#include <yaml.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct yaml_tree {
    char *name;
    struct arena arena;
    const struct yaml_node *root;
};

struct level {  // a list or map that is open
    struct yaml_node *node, *last;
    const char *key;  // of a map: read, its value not yet
    uint32_t key_line;
};

struct reader {
    struct yaml_tree *tree;
    struct problems *problems;
    struct level levels[YAML_TREE_DEPTH_MAX];
    uint32_t depth, nodes, documents;
    bool stop;  // nothing sensible can follow
};

PRINTF_LIKE(3, 4)
static void problem_at(struct reader *self, uint32_t line, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add(self->problems, "%s:%u: %s", self->tree->name, line, text);
}

PRINTF_LIKE(3, 4)
static void stop_at(struct reader *self, uint32_t line, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problem_at(self, line, "%s", text);
    self->stop = true;
}

static void *take(struct reader *self, uint32_t line, size_t bytes)
{
    void *memory = arena_take(&self->tree->arena, bytes);
    if (memory == NULL)
        stop_at(self, line, "the file takes more than %zu bytes of memory", YAML_TREE_MEMORY_MAX_BYTES);
    return memory;
}

static const char *take_text(struct reader *self, uint32_t line, const yaml_event_t *event)
{
    size_t length = event->data.scalar.length;
    char *text = take(self, line, length + 1);
    if (text == NULL)
        return NULL;
    memcpy(text, event->data.scalar.value, length);
    text[length] = '\0';
    if (strlen(text) != length)
        problem_at(self, line, "a text with a zero in it");
    return text;
}

// False: the key is there already.
static bool is_new_key(struct reader *self, const struct level *map)
{
    for (const struct yaml_node *child = map->node->first; child != NULL; child = child->next) {
        if (strcmp(child->key, map->key) != 0)
            continue;
        problem_at(self, map->key_line, "%s is given twice, first at line %u", map->key, child->line);
        return false;
    }
    return true;
}

// Hangs the node in where the reader stands.
static void place(struct reader *self, struct yaml_node *node)
{
    if (self->depth == 0) {
        self->tree->root = node;
        return;
    }
    struct level *level = &self->levels[self->depth - 1];
    if (level->node->kind == YAML_MAP) {
        node->key = level->key;
        node->line = level->key_line;
        bool is_new = is_new_key(self, level);
        level->key = NULL;
        if (!is_new)
            return;
        if (level->node->count == YAML_TREE_KEYS_MAX) {
            stop_at(self, node->line, "more than %d keys in one map", YAML_TREE_KEYS_MAX);
            return;
        }
    }
    if (level->last == NULL)
        level->node->first = node;
    else
        level->last->next = node;
    level->last = node;
    level->node->count++;
}

static bool wants_key(const struct reader *self)
{
    if (self->depth == 0)
        return false;
    const struct level *level = &self->levels[self->depth - 1];
    return level->node->kind == YAML_MAP && level->key == NULL;
}

static struct yaml_node *add_node(struct reader *self, enum yaml_kind kind, uint32_t line)
{
    if (++self->nodes > YAML_TREE_NODES_MAX) {
        stop_at(self, line, "more than %d values", YAML_TREE_NODES_MAX);
        return NULL;
    }
    struct yaml_node *node = take(self, line, sizeof *node);
    if (node == NULL)
        return NULL;
    *node = (struct yaml_node){.kind = kind, .line = line};
    place(self, node);
    return node;
}

static void on_open(struct reader *self, enum yaml_kind kind, uint32_t line)
{
    if (wants_key(self)) {
        stop_at(self, line, "a key must be a text");
        return;
    }
    if (self->depth == YAML_TREE_DEPTH_MAX) {
        stop_at(self, line, "more than %d lists and maps in each other", YAML_TREE_DEPTH_MAX);
        return;
    }
    struct yaml_node *node = add_node(self, kind, line);
    if (node != NULL)
        self->levels[self->depth++] = (struct level){.node = node};
}

static void on_text(struct reader *self, const yaml_event_t *event, uint32_t line)
{
    const char *text = take_text(self, line, event);
    if (text == NULL)
        return;
    if (wants_key(self)) {
        self->levels[self->depth - 1].key = text;
        self->levels[self->depth - 1].key_line = line;
        return;
    }
    struct yaml_node *node = add_node(self, YAML_TEXT, line);
    if (node == NULL)
        return;
    node->text = text;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void refuse_extras(struct reader *self, uint32_t line, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        problem_at(self, line, "anchors (&) are not allowed");
    if (tag != NULL)
        problem_at(self, line, "tags (!) are not allowed");
}

static void on_event(struct reader *self, const yaml_event_t *event)
{
    uint32_t line = (uint32_t)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (++self->documents > 1)
            stop_at(self, line, "only one document in a file");
        break;
    case YAML_ALIAS_EVENT:
        stop_at(self, line, "aliases (*) are not allowed");
        break;
    case YAML_SCALAR_EVENT:
        refuse_extras(self, line, event->data.scalar.anchor, event->data.scalar.tag);
        on_text(self, event, line);
        break;
    case YAML_SEQUENCE_START_EVENT:
        refuse_extras(self, line, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        on_open(self, YAML_LIST, line);
        break;
    case YAML_MAPPING_START_EVENT:
        refuse_extras(self, line, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        on_open(self, YAML_MAP, line);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        self->depth--;
        break;
    }
}

static void tell_parser(struct reader *self, const yaml_parser_t *parser, const struct bytes *file)
{
    size_t line = parser->problem_mark.line + 1;
    if (parser->error == YAML_READER_ERROR) {  // which knows offsets only
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < file->count; i++)
            line += file->data[i] == '\n';
    }
    stop_at(self, (uint32_t)line, "not YAML: %s%s%s", parser->context ? parser->context : "",
            parser->context ? ", " : "", parser->problem ? parser->problem : "out of memory");
}

static void parse(struct reader *self, const struct bytes *file)
{
    yaml_parser_t parser;
    check(yaml_parser_initialize(&parser));
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, file->data, file->count);
    for (bool end = false; !end && !self->stop;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            tell_parser(self, &parser, file);
            continue;
        }
        on_event(self, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

static bool read_file(const char *path, const char *name, struct bytes *ret_file, struct problems *problems)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    bool sound = file != NULL;
    while (sound && ret_file->count <= YAML_TREE_MAX_BYTES && !feof(file)) {
        size_t before = ret_file->count, room = 65536;
        ret_file->count = before + fread(bytes_grow(ret_file, room), 1, room, file);
        sound = !ferror(file);
    }
    if (!sound)
        problems_add(problems, "%s: cannot be read: %s", name, strerror(errno));
    if (ret_file->count > YAML_TREE_MAX_BYTES) {
        problems_add(problems, "%s: more than %zu bytes", name, YAML_TREE_MAX_BYTES);
        sound = false;
    }
    if (file != NULL && file != stdin)
        fclose(file);
    return sound;
}

struct yaml_tree *yaml_tree_read(const char *path, struct problems *ret_problems)
{
    const char *name = strcmp(path, "-") == 0 ? "(standard input)" : path;
    struct bytes file = {0};
    struct reader self = {.problems = ret_problems};
    if (read_file(path, name, &file, ret_problems)) {
        self.tree = check_alloc(sizeof *self.tree);
        self.tree->name = check_strdup(name);
        arena_allocator(&self.tree->arena, YAML_TREE_MEMORY_MAX_BYTES);
        bytes_grow(&file, 1);  // so that there is memory, in an empty file too
        file.count--;
        parse(&self, &file);
    }
    bytes_close(&file);
    if (self.tree != NULL && self.stop) {
        yaml_tree_free(self.tree);
        self.tree = NULL;
    }
    return self.tree;
}

void yaml_tree_free(struct yaml_tree *self)
{
    if (self == NULL)
        return;
    arena_close(&self->arena);
    free(self->name);
    free(self);
}

const char *yaml_tree_name(const struct yaml_tree *self)
{
    return self->name;
}

const struct yaml_node *yaml_tree_root(const struct yaml_tree *self)
{
    return self->root;
}

const struct yaml_node *yaml_node_get(const struct yaml_node *map, const char *key)
{
    if (map->kind != YAML_MAP)  // the children of a list have no keys
        return NULL;
    for (const struct yaml_node *child = map->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}
