// Dispositions. The desk says one until it is acknowledged, wherever it is attached; so what was said when all was
// whole, by a desk that stayed, every node has at the end. What was said in a storm may have died with the node that
// heard it.
#include "chaos/history/judge_inside.h"

#include <stdlib.h>

#define HEARD_US ((uint64_t)3000000)  // a desk that stays so long after it said it was heard

static struct wrap *find(struct judge *self, const char *call)
{
    struct wrap *wrap;
    HASH_FIND_STR(self->wraps, call, wrap);
    return wrap;
}

static void hear_disposes(struct judge *self, const struct history_event *event)
{
    struct wrap *wrap = find(self, text_or_none(event->call));
    if (wrap == NULL) {
        wrap = check_alloc(sizeof *wrap);
        text_copy(wrap->call, sizeof wrap->call, text_or_none(event->call));
        HASH_ADD_STR(self->wraps, call, wrap);
    }
    // Two desks spoke it, in a storm: it has one disposition all the same, that of the larger login.
    wrap->is_shared = wrap->is_shared || (wrap->client != 0 && wrap->client != event->client);
    text_copy(wrap->said, sizeof wrap->said, text_or_none(event->reason));
    wrap->client = event->client;
    wrap->us = event->us;
    wrap->excused = wrap->is_shared;
}

static void hear_gone(struct judge *self, const struct history_event *event)
{
    struct wrap *wrap, *next;
    HASH_ITER(hh, self->wraps, wrap, next)
    {
        bool is_its = wrap->client == event->client && event->us < wrap->us + HEARD_US;
        wrap->excused = wrap->excused || is_its;
    }
}

static void hear_disposition(struct judge *self, const struct history_event *event)
{
    const struct wrap *wrap = find(self, text_or_none(event->call));
    if (wrap == NULL || wrap->excused || wrap->us < self->calm_us ||
        !judge_passed(self, wrap->us, self->options.digests_ms) || strcmp(wrap->said, text_or_none(event->reason)) == 0)
        return;
    judge_condemn(self, JUDGE_DISPOSITION_LOST,
                  "at %.3f s node %s reads '%s' as the disposition of %s, of which desk %u had said '%s' at %.3f s",
                  seconds(event->us), text_or_none(event->node), text_or_none(event->reason), wrap->call, wrap->client,
                  wrap->said, seconds(wrap->us));
}

void judge_wrap_hear(struct judge *self, const struct history_event *event)
{
    struct wrap *wrap = event->call != NULL ? find(self, event->call) : NULL;
    if (event->word == HISTORY_DISPOSES)
        hear_disposes(self, event);
    else if (event->word == HISTORY_DISPOSITION)
        hear_disposition(self, event);
    else if (event->word == HISTORY_REFUSED && wrap != NULL)
        wrap->excused = true;
    else if (event->word == HISTORY_SUPERSEDED || event->word == HISTORY_LEAVES || event->word == HISTORY_VANISHED)
        hear_gone(self, event);
}

void judge_wraps_free(struct judge *self)
{
    struct wrap *wrap, *next;
    HASH_ITER(hh, self->wraps, wrap, next)
    {
        HASH_DEL(self->wraps, wrap);
        free(wrap);
    }
}
