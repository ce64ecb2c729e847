#include "node/directory/names.h"

#include <string.h>

// Where the name stands, or would stand.
static uint32_t place_of(const char *const *names, uint32_t count, const char *name)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(names[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t names_find(const char *const *names, uint32_t count, const char *name)
{
    uint32_t place = place_of(names, count, name);
    return place < count && strcmp(names[place], name) == 0 ? place : UINT32_MAX;
}

void names_add(struct names *self, const char *name)
{
    uint32_t place = place_of(self->name, self->count, name);
    if (place < self->count && strcmp(self->name[place], name) == 0)
        return;
    if (self->count == ROUTE_SET_BITS) {
        self->over = true;
        return;
    }
    memmove(self->name + place + 1, self->name + place, (self->count - place) * sizeof *self->name);
    self->name[place] = name;
    self->count++;
}

void names_add_all(struct names *self, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        names_add(self, names[i]);
}
