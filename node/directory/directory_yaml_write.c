#include "node/config/yaml_value.h"
#include "node/directory/directory_show.h"
#include "node/directory/directory_yaml.h"

static void write_thing(const ProtobufCMessage *thing, const char *first, const char *others, FILE *to)
{
    for (unsigned i = 0; i < thing->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &thing->descriptor->fields[i];
        if (show_is_unset(thing, field))
            continue;
        fprintf(to, "%s%s: ", first, show_key(field));
        show_value(thing, field, to);
        fputc('\n', to);
        first = others;
    }
}

bool directory_yaml_write(struct span encoded, FILE *to)
{
    struct arena arena = {0};
    const Rec__Directory *directory = show_unpack(encoded, &arena);
    if (directory != NULL) {
        fprintf(to, "%s: ", section_name(SECTION_PRIMARY));
        yaml_print_text(directory->primary, to);
        fprintf(to, "\n\n%s:\n", section_name(SECTION_SETTINGS));
        write_thing(&directory->settings->base, "  ", "  ", to);
        for (enum section section = SECTION_FIRST_LIST; section < SECTIONS; section++) {
            struct section_list list = section_list(directory, section);
            fprintf(to, "\n%s:%s\n", section_name(section), list.count == 0 ? " []" : "");
            for (size_t i = 0; i < list.count; i++)
                write_thing(list.things[i], "  - ", "    ", to);
        }
    }
    arena_close(&arena);
    return directory != NULL && fflush(to) == 0 && !ferror(to);
}
