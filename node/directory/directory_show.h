// A directory's values as text in YAML. Inside node/directory only.
#ifndef NODE_DIRECTORY_DIRECTORY_SHOW_H
#define NODE_DIRECTORY_DIRECTORY_SHOW_H

#include "cluster/base/bytes.h"
#include "cluster/wire/arena.h"
#include "node/directory/sections.h"

#include <stdio.h>

// The key of a field: its name, without the unit in which it is stored.
const char *show_key(const ProtobufCFieldDescriptor *field);
bool show_is_degrees(const ProtobufCFieldDescriptor *field);
bool show_is_unset(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field);
void show_value(const ProtobufCMessage *thing, const ProtobufCFieldDescriptor *field, FILE *to);
// Unpacks, sorts and fills in; does not check. Lives in the arena. NULL: not a directory.
Rec__Directory *show_unpack(struct span encoded, struct arena *arena);

#endif
