#include "node/commits.h"

void commits_begun(struct commits *self, uint64_t number, uint64_t now_us)
{
    if (number <= self->last)
        return;
    self->last = number;
    if (self->count == COMMITS_UNDER_WAY_MAX)
        return;
    uint32_t at = (self->first + self->count++) % COMMITS_UNDER_WAY_MAX;
    self->under_way[at].number = number;
    self->under_way[at].at_us = now_us;
}

void commits_written(struct commits *self, uint64_t number, uint64_t now_us)
{
    while (self->count > 0 && self->under_way[self->first].number <= number) {
        histogram_add(&self->took, now_us - self->under_way[self->first].at_us);
        self->first = (self->first + 1) % COMMITS_UNDER_WAY_MAX;
        self->count--;
    }
}
