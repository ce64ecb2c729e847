#include "cluster/base/timers.h"

#include "cluster/base/check.h"

#include <stdbool.h>
#include <stdlib.h>

static bool before(const struct timer *a, const struct timer *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void put(struct timers *self, uint32_t index, struct timer *timer)
{
    self->heap[index] = timer;
    timer->place = index + 1;
}

static void rise(struct timers *self, uint32_t index)
{
    struct timer *timer = self->heap[index];
    while (index > 0 && before(timer, self->heap[(index - 1) / 2])) {
        put(self, index, self->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(self, index, timer);
}

static void sink(struct timers *self, uint32_t index)
{
    struct timer *timer = self->heap[index];
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= self->count)
            break;
        if (child + 1 < self->count && before(self->heap[child + 1], self->heap[child]))
            child++;
        if (!before(self->heap[child], timer))
            break;
        put(self, index, self->heap[child]);
        index = child;
    }
    put(self, index, timer);
}

void timers_close(struct timers *self)
{
    free(self->heap);
    *self = (struct timers){0};
}

void timers_set(struct timers *self, struct timer *timer, uint64_t at_us)
{
    timers_unset(self, timer);
    if (at_us == TIMER_NEVER)
        return;
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 64;
        self->heap = check_realloc(self->heap, self->capacity * sizeof(struct timer *));
    }
    timer->at_us = at_us;
    timer->order = ++self->order;
    put(self, self->count++, timer);
    rise(self, self->count - 1);
}

void timers_unset(struct timers *self, struct timer *timer)
{
    if (timer->place == 0)
        return;
    uint32_t index = timer->place - 1;
    check(index < self->count && self->heap[index] == timer);
    timer->place = 0;
    struct timer *last = self->heap[--self->count];
    if (last == timer)
        return;
    put(self, index, last);
    rise(self, index);
    sink(self, last->place - 1);
}

uint64_t timers_next(const struct timers *self)
{
    return self->count > 0 ? self->heap[0]->at_us : TIMER_NEVER;
}

struct timer *timers_pop(struct timers *self, uint64_t now_us)
{
    if (timers_next(self) > now_us)
        return NULL;
    struct timer *timer = self->heap[0];
    timers_unset(self, timer);
    return timer;
}
