// What a directory is made of: its sections, and the things in them, walked alike by means of the descriptors that
// protobuf-c generates. Inside node/directory only.
#ifndef NODE_DIRECTORY_SECTIONS_H
#define NODE_DIRECTORY_SECTIONS_H

#include <records.pb-c.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum section {
    SECTION_PRIMARY,   // one text
    SECTION_SETTINGS,  // one thing
    SECTION_NODES,     // from here on lists of things with an id
    SECTION_SITES,
    SECTION_AGENTS,
    SECTION_QUEUES,
    SECTION_MENU,
    SECTION_KEYS,
    SECTIONS,
};

#define SECTION_FIRST_LIST SECTION_NODES
#define SECTION_WHOLE SIZE_MAX  // instead of an index

struct section_list {  // lent by the message
    size_t count;
    ProtobufCMessage **things;
};

const char *section_name(enum section section);                              // "agents": also the key in YAML
const char *section_thing(enum section section);                             // "agent"
enum section section_named(const char *name);                                // SECTIONS: there is none
const ProtobufCMessageDescriptor *section_descriptor(enum section section);  // of its things; NULL: SECTION_PRIMARY
uint32_t section_things_max(enum section section);

struct section_list section_list(const Rec__Directory *directory, enum section section);
void section_set_list(Rec__Directory *directory, enum section section, struct section_list list);

const ProtobufCFieldDescriptor *section_id_field(enum section section);
const char *section_id(enum section section, const ProtobufCMessage *thing);
bool section_is_id(enum section section, const char *id);
// "agent cairo-3"; "agent #3" where the id is no id; "settings".
void section_label(const Rec__Directory *directory, enum section section, size_t index, char *to, size_t room);

// A number that a field holds must lie in bounds. Where there is a default, 0 stands for it.
struct section_bounds {
    enum section section;
    const char *field;
    uint64_t min, max, standard;
};
extern const struct section_bounds section_bounds[];
extern const size_t section_bounds_count;

// The value of a field that holds one number (not a truth value).
int64_t section_number(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field);
void section_set_number(ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field, int64_t value);
void *section_at(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field);  // where its value stands
size_t *section_count_at(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field);  // of a repeated one

// A setting's value, or what stands for 0.
uint64_t section_setting(const Rec__Settings *settings, const char *field);

// Sorts the sections and the sets in their things, and writes the defaults down: equal directories become equal
// bytes. `settings` is used when there are none.
void section_canonical(Rec__Directory *directory, Rec__Settings *settings);

#endif
