#include "node/directory/directory_show.h"

#include "cluster/base/check.h"
#include "node/config/yaml_value.h"
#include "node/directory/directory.h"

#include <inttypes.h>
#include <string.h>

bool show_is_degrees(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_SINT32;
}

const char *show_key(const ProtobufCFieldDescriptor *field)
{
    if (!show_is_degrees(field))
        return field->name;
    return strcmp(field->name, "lat_udeg") == 0 ? "lat" : "lon";
}

bool show_is_unset(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *section_count_at(thing, field) == 0;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return **(char **)section_at(thing, field) == '\0';
    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return !*(protobuf_c_boolean *)section_at(thing, field);
    return !show_is_degrees(field) && section_number(thing, field) == 0;
}

static void show_list(char *const *texts, size_t count, FILE *to)
{
    fputc('[', to);
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? ", " : "", to);
        yaml_print_text(texts[i], to);
    }
    fputc(']', to);
}

void show_value(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field, FILE *to)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        show_list(*(char ***)section_at(thing, field), *section_count_at(thing, field), to);
    else if (field->type == PROTOBUF_C_TYPE_STRING)
        yaml_print_text(*(char **)section_at(thing, field), to);
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        fputs(*(protobuf_c_boolean *)section_at(thing, field) ? "true" : "false", to);
    else if (show_is_degrees(field))
        yaml_print_udeg((int32_t)section_number(thing, field), to);
    else
        fprintf(to, "%" PRIu64, (uint64_t)section_number(thing, field));
}

Rec__Directory *show_unpack(struct span encoded, struct arena *arena)
{
    if (encoded.bytes > DIRECTORY_MAX_BYTES)
        return NULL;
    Rec__Directory *directory =
        rec__directory__unpack(arena_allocator(arena, DIRECTORY_MEMORY_MAX_BYTES), encoded.bytes, encoded.data);
    if (directory == NULL)
        return NULL;
    arena_allocator_more(arena, DIRECTORY_MEMORY_MAX_BYTES);
    Rec__Settings *settings = arena_take(arena, sizeof *settings);
    check(settings != NULL);
    rec__settings__init(settings);
    section_canonical(directory, settings);
    return directory;
}
