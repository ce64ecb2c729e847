// A YAML file as a small tree with line numbers. All scalars are text: what they mean, their reader says (so NO is
// Norway and 09 are two digits). Anchors, aliases, tags and several documents are refused; a key given twice too.
#ifndef NODE_CONFIG_YAML_TREE_H
#define NODE_CONFIG_YAML_TREE_H

#include "cluster/base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_TREE_MAX_BYTES ((size_t)32 * 1024 * 1024)          // of the file
#define YAML_TREE_MEMORY_MAX_BYTES ((size_t)512 * 1024 * 1024)  // of the tree
#define YAML_TREE_NODES_MAX 4000000
#define YAML_TREE_DEPTH_MAX 8
#define YAML_TREE_KEYS_MAX 256  // in one map

enum yaml_kind {
    YAML_TEXT,
    YAML_LIST,
    YAML_MAP,
};

struct yaml_node {
    enum yaml_kind kind;
    uint32_t line;                         // where it, or its key, begins; from 1
    const char *key;                       // in a map; otherwise NULL
    const char *text;                      // YAML_TEXT
    bool plain;                            // YAML_TEXT: without quotes
    const struct yaml_node *first, *next;  // its children, in order; its next sibling
    uint32_t count;                        // of its children
};

struct yaml_tree;

// Tells what is wrong as "file:line: ...". NULL: it could not be read to its end; a tree that comes with problems is
// there so that its reader may find more of them. "-" is the standard input.
struct yaml_tree *yaml_tree_read(const char *path, struct problems *ret_problems);
void yaml_tree_free(struct yaml_tree *self);
const char *yaml_tree_name(const struct yaml_tree *self);                             // of the file, for people
const struct yaml_node *yaml_tree_root(const struct yaml_tree *self);                 // NULL: nothing in it
const struct yaml_node *yaml_node_get(const struct yaml_node *map, const char *key);  // NULL: none, or no map

#endif
