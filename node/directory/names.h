// A small sorted set of names: the languages, or the skills, of a directory. A name's place in it is its bit in a
// route_set. The names are lent.
#ifndef NODE_DIRECTORY_NAMES_H
#define NODE_DIRECTORY_NAMES_H

#include "node/route/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names {  // zero is empty and valid
    const char *name[ROUTE_SET_BITS];
    uint32_t count;
    bool over;  // there were more
};

void names_add(struct names *self, const char *name);  // nothing, when it is in it
void names_add_all(struct names *self, char *const *names, size_t count);
uint32_t names_find(const char *const *names, uint32_t count, const char *name);  // UINT32_MAX: there is none

#endif
