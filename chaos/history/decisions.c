// Who should have gone first: what a node knew when it let a desk ring.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <stdlib.h>
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

// What a node knows may be older or newer than what the gateway was told: then it has decided otherwise in good faith.
static bool is_up_to_date(const struct leg *leg, uint64_t priority, uint64_t queued_ms)
{
    return (priority == 0 || priority == leg->priority) && (queued_ms == 0 || queued_ms == leg->queued_ms);
}

// An entry is `id` or `id:priority:queued_ms`, as the node knows them. Cuts off what is behind the id.
static void read_entry(char *entry, uint64_t *ret_priority, uint64_t *ret_queued_ms)
{
    char *last = strrchr(entry, ':');
    *ret_priority = *ret_queued_ms = 0;
    if (last == NULL)
        return;
    *last = '\0';
    char *first = strrchr(entry, ':');
    if (first == NULL) {
        *last = ':';
        return;
    }
    *first = '\0';
    *ret_priority = strtoull(first + 1, NULL, 10);
    *ret_queued_ms = strtoull(last + 1, NULL, 10);
}

static void compare(struct judge *self, const struct history_event *event, const struct leg *rung,
                    const struct client *desk, char *entry)
{
    uint64_t priority, queued_ms;
    read_entry(entry, &priority, &queued_ms);
    const struct leg *passed = judge_leg_find(self, entry);
    if (passed == NULL || passed == rung || !judge_leg_waits(passed) || !judge_leg_suits(passed, desk))
        return;
    self->count.decisions_compared++;
    if (!is_up_to_date(passed, priority, queued_ms))
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
    if (rung == NULL || rung->is_shared || desk == NULL || !is_up_to_date(rung, event->priority, event->queued_ms))
        return;
    const char *rest = text_or_none(event->list);
    while (*rest != '\0') {
        char entry[ID_MAX_BYTES + 48];
        size_t length = strcspn(rest, ",");
        if (length < sizeof entry) {
            memcpy(entry, rest, length);
            entry[length] = '\0';
            compare(self, event, rung, desk, entry);
        }
        rest += length + (rest[length] == ',');
    }
}
