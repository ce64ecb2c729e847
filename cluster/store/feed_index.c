#include "cluster/store/feed_index.h"

#include "cluster/base/check.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 8
#define HOLES_MIN 16  // fewer are not worth a pass

void feed_index_close(struct feed_index *self)
{
    free(self->places);
    *self = (struct feed_index){0};
}

uint32_t feed_index_records(const struct feed_index *self)
{
    return self->count - self->holes;
}

uint32_t feed_index_after(const struct feed_index *self, uint64_t seq)
{
    if (self->count == 0 || self->places[self->count - 1].seq <= seq)
        return self->count;
    uint32_t low = 0, high = self->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (self->places[middle].seq > seq)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void set_capacity(struct feed_index *self, uint32_t capacity)
{
    self->places = check_realloc(self->places, capacity * sizeof *self->places);
    self->capacity = capacity;
}

void feed_index_append(struct feed_index *self, uint64_t seq, struct entry *entry)
{
    if (self->count == self->capacity)
        set_capacity(self, self->capacity < CAPACITY_MIN ? CAPACITY_MIN : self->capacity + self->capacity / 2);
    self->places[self->count++] = (struct feed_place){seq, entry};
}

struct entry *feed_index_place(struct feed_index *self, uint64_t seq, struct entry *entry)
{
    uint32_t at = feed_index_after(self, seq);
    struct entry *other = NULL;
    if (at > 0 && self->places[at - 1].seq == seq) {
        other = self->places[at - 1].entry;
        if (other == NULL) {
            self->places[at - 1].entry = entry;
            self->holes--;
            return NULL;
        }
    }
    feed_index_append(self, seq, entry);
    struct feed_place *place = self->places + at;
    memmove(place + 1, place, (self->count - 1 - at) * sizeof *place);
    *place = (struct feed_place){seq, entry};
    return other;
}

static void take_out_holes(struct feed_index *self)
{
    uint32_t to = 0;
    for (uint32_t from = 0; from < self->count; from++)
        if (self->places[from].entry != NULL)
            self->places[to++] = self->places[from];
    self->count = to;
    self->holes = 0;
    if (self->capacity / 4 > self->count && self->capacity > CAPACITY_MIN)
        set_capacity(self, self->count * 2 < CAPACITY_MIN ? CAPACITY_MIN : self->count * 2);
}

void feed_index_remove(struct feed_index *self, uint64_t seq, const struct entry *entry)
{
    uint32_t at = feed_index_after(self, seq);
    do {
        check(at > 0 && self->places[at - 1].seq == seq);
        at--;
    } while (self->places[at].entry != entry);
    self->places[at].entry = NULL;
    self->holes++;
    while (self->count > 0 && self->places[self->count - 1].entry == NULL) {
        self->count--;
        self->holes--;
    }
    if (self->holes >= HOLES_MIN && self->holes > self->count / 2)
        take_out_holes(self);
}

static int compare_places(const void *a, const void *b)
{
    uint64_t left = ((const struct feed_place *)a)->seq, right = ((const struct feed_place *)b)->seq;
    return (left > right) - (left < right);
}

void feed_index_sort(struct feed_index *self)
{
    if (self->count > 1)
        qsort(self->places, self->count, sizeof *self->places, compare_places);
}
