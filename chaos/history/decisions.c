// Who should have gone first: what a node knew when it let a desk ring.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <string.h>

// Only what nobody doubts: ties, and calls whose place is not known, go either way.
static bool goes_before(const struct leg *a, const struct leg *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->queued_ms != 0 && b->queued_ms != 0 && a->queued_ms < b->queued_ms;
}

// The desk of this agent that is attached to the node which decides.
static const struct client *desk_of(const struct judge *self, const struct history_event *event)
{
    for (const struct client *client = self->clients; client != NULL; client = client->hh.next)
        if (client->is_desk && name_is(&client->name, event->agent) && name_is(&client->node, event->node))
            return client;
    return NULL;
}

static void compare(struct judge *self, const struct history_event *event, const struct leg *rung,
                    const struct client *desk, const char *id)
{
    const struct leg *passed = judge_leg_find(self, id);
    if (passed == NULL || passed == rung || !judge_leg_waits(passed) || !judge_leg_suits(passed, desk))
        return;
    if (goes_before(passed, rung))
        judge_condemn(self, JUDGE_ORDER,
                      "node %s lets desk %s ring for call %s (priority %" PRIu32 ", queued at %" PRIu64
                      " ms) at %.3f s, and knows call %s (priority %" PRIu32 ", queued at %" PRIu64
                      " ms), which goes before it",
                      text_or_none(event->node), desk->name.text, rung->id, rung->priority, rung->queued_ms,
                      seconds(self->us), passed->id, passed->priority, passed->queued_ms);
}

void judge_decision_hear(struct judge *self, const struct history_event *event)
{
    const struct leg *rung = judge_leg_find(self, event->call);
    const struct client *desk = desk_of(self, event);
    self->count.decisions++;
    if (rung == NULL || rung->is_shared || desk == NULL)
        return;
    const char *rest = text_or_none(event->list);
    while (*rest != '\0') {
        char id[ID_MAX_BYTES];
        size_t length = strcspn(rest, ",");
        if (length < sizeof id) {
            memcpy(id, rest, length);
            id[length] = '\0';
            compare(self, event, rung, desk, id);
        }
        rest += length + (rest[length] == ',');
    }
}
