#include "node/config/yaml_value.h"
#include "node/directory/directory_show.h"
#include "node/directory/directory_yaml.h"

#include <string.h>

struct diff {
    FILE *to;
    size_t changes;
};

static bool is_same(const ProtobufCMessage *before, const ProtobufCMessage *after,
                    const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        char *const *one = *(char ***)section_at(before, field), *const *other = *(char ***)section_at(after, field);
        size_t count = *section_count_at(before, field);
        bool same = count == *section_count_at(after, field);
        for (size_t i = 0; same && i < count; i++)
            same = strcmp(one[i], other[i]) == 0;
        return same;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return strcmp(*(char **)section_at(before, field), *(char **)section_at(after, field)) == 0;
    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return show_is_unset(before, field) == show_is_unset(after, field);
    return section_number(before, field) == section_number(after, field);
}

static void diff_thing(struct diff *self, const char *label, const ProtobufCMessage *before,
                       const ProtobufCMessage *after)
{
    for (unsigned i = 0; i < before->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &before->descriptor->fields[i];
        if (is_same(before, after, field))
            continue;
        fprintf(self->to, "~ %s: %s ", label, show_key(field));
        show_value(before, field, self->to);
        fputs(" -> ", self->to);
        show_value(after, field, self->to);
        fputc('\n', self->to);
        self->changes++;
    }
}

static void diff_list(struct diff *self, enum section section, const Rec__Directory *before,
                      const Rec__Directory *after)
{
    struct section_list old = section_list(before, section), new = section_list(after, section);
    for (size_t i = 0, k = 0; i < old.count || k < new.count;) {
        int order = i == old.count   ? 1
                    : k == new.count ? -1
                                     : strcmp(section_id(section, old.things[i]), section_id(section, new.things[k]));
        char label[128];
        if (order > 0)
            section_label(after, section, k, label, sizeof label);
        else
            section_label(before, section, i, label, sizeof label);
        if (order == 0) {
            diff_thing(self, label, old.things[i], new.things[k]);
        } else {
            fprintf(self->to, "%c %s\n", order < 0 ? '-' : '+', label);
            self->changes++;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

bool directory_diff(struct span before, struct span after, FILE *to, size_t *ret_changes)
{
    struct arena old_arena = {0}, new_arena = {0};
    const Rec__Directory *old = show_unpack(before, &old_arena), *new = show_unpack(after, &new_arena);
    bool sound = old != NULL && new != NULL;
    if (sound) {
        struct diff self = {.to = to};
        if (strcmp(old->primary, new->primary) != 0) {
            fprintf(to, "~ %s: ", section_name(SECTION_PRIMARY));
            yaml_print_text(old->primary, to);
            fputs(" -> ", to);
            yaml_print_text(new->primary, to);
            fputc('\n', to);
            self.changes++;
        }
        diff_thing(&self, section_name(SECTION_SETTINGS), &old->settings->base, &new->settings->base);
        for (enum section section = SECTION_FIRST_LIST; section < SECTIONS; section++)
            diff_list(&self, section, old, new);
        *ret_changes = self.changes;
        sound = fflush(to) == 0 && !ferror(to);
    }
    arena_close(&old_arena);
    arena_close(&new_arena);
    return sound;
}
