#include "chaos/history/judge.h"

#include "cluster/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judge {
    struct judge_options options;
    uint64_t events;
};

struct judge *judge_create(const struct judge_options *options)
{
    struct judge *self = check_alloc(sizeof *self);
    if (options != NULL)
        self->options = *options;
    return self;
}

void judge_free(struct judge *self)
{
    free(self);
}

void judge_hear(struct judge *self, const struct history_event *event)
{
    (void)event;
    self->events++;
}

uint64_t judge_count(const struct judge *self)
{
    (void)self;
    return 0;
}

const struct judge_violation *judge_violation(const struct judge *self, uint32_t index)
{
    (void)self;
    (void)index;
    return NULL;
}

const char *judge_kind_text(enum judge_kind kind)
{
    static const char *const codes[] = {
#define X(name, code) [JUDGE_##name] = code,
        JUDGE_KINDS(X)
#undef X
    };
    return codes[kind];
}

void judge_verdict(const struct judge *self, struct bytes *text)
{
    char line[128];
    snprintf(line, sizeof line, "verdict=ok events=%" PRIu64 " not_judged=all", self->events);
    bytes_append(text, line, strlen(line));
}
