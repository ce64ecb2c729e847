#include "chaos/sim/agenda.h"

#include "cluster/base/check.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4  // children of a place in the heap: shallower than two, and they share cache lines

void agenda_close(struct agenda *self)
{
    free(self->heap);
    memset(self, 0, sizeof *self);
}

static bool before(const struct agenda_item *a, const struct agenda_item *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void agenda_at(struct agenda *self, uint64_t at_us, agenda_happen *happen, void *subject, uint64_t number)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 1024;
        self->heap = check_realloc(self->heap, self->capacity * sizeof *self->heap);
    }
    struct agenda_item item = {.at_us = at_us > self->now_us ? at_us : self->now_us,
                               .order = ++self->order,
                               .happen = happen,
                               .subject = subject,
                               .number = number};
    uint32_t at = self->count++;
    for (; at > 0 && before(&item, &self->heap[(at - 1) / WAYS]); at = (at - 1) / WAYS)
        self->heap[at] = self->heap[(at - 1) / WAYS];
    self->heap[at] = item;
}

static struct agenda_item take_first(struct agenda *self)
{
    struct agenda_item first = self->heap[0], last = self->heap[--self->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = WAYS * at + 1, end = child + WAYS, best = child;
        if (child >= self->count)
            break;
        for (uint32_t i = child + 1; i < end && i < self->count; i++)
            if (before(&self->heap[i], &self->heap[best]))
                best = i;
        if (!before(&self->heap[best], &last))
            break;
        self->heap[at] = self->heap[best];
        at = best;
    }
    if (self->count > 0)
        self->heap[at] = last;
    return first;
}

void agenda_run(struct agenda *self, uint64_t until_us, const bool *stop)
{
    while (!*stop && self->count > 0 && self->heap[0].at_us <= until_us) {
        struct agenda_item item = take_first(self);
        self->now_us = item.at_us > self->now_us ? item.at_us : self->now_us;  // live clocks run ahead of what is due
        item.happen(item.subject, item.number);
    }
    if (!*stop && until_us > self->now_us)
        self->now_us = until_us;
}
