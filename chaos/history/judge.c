// The bench: hears events, keeps the time and the violations, speaks the verdict.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void judge_condemn(struct judge *self, enum judge_kind kind, const char *format, ...)
{
    self->violations++;
    if (self->violations > JUDGE_VIOLATIONS_MAX)
        return;
    struct judge_violation *violation = &self->kept[self->violations - 1];
    violation->kind = kind;
    violation->us = self->us;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(violation->sentence, sizeof violation->sentence, format, arguments);
    va_end(arguments);
}

bool judge_is_calm(const struct judge *self)
{
    return self->whole && self->nodes_stalled == 0;
}

bool judge_passed(const struct judge *self, uint64_t us, uint32_t ms)
{
    uint64_t from = us > self->calm_us ? us : self->calm_us;
    return judge_is_calm(self) && self->us >= from + (uint64_t)ms * 1000;
}

// ---- life

struct judge *judge_create(const struct judge_options *options)
{
    static const struct judge_options defaults = {.progress_ms = 3000,
                                                  .digests_ms = 5000,
                                                  .serves_ms = 10000,
                                                  .stuck_ms = 45000,
                                                  .held_ms = 15000,
                                                  .call_back_ms = 120000,
                                                  .alone_ms = 300000,
                                                  .retry_ms = 30000};
    struct judge *self = check_alloc(sizeof *self);
    struct judge_options *own = &self->options;
    if (options != NULL)
        *own = *options;
    own->progress_ms = own->progress_ms != 0 ? own->progress_ms : defaults.progress_ms;
    own->digests_ms = own->digests_ms != 0 ? own->digests_ms : defaults.digests_ms;
    own->serves_ms = own->serves_ms != 0 ? own->serves_ms : defaults.serves_ms;
    own->stuck_ms = own->stuck_ms != 0 ? own->stuck_ms : defaults.stuck_ms;
    own->held_ms = own->held_ms != 0 ? own->held_ms : defaults.held_ms;
    own->call_back_ms = own->call_back_ms != 0 ? own->call_back_ms : defaults.call_back_ms;
    own->alone_ms = own->alone_ms != 0 ? own->alone_ms : defaults.alone_ms;
    own->retry_ms = own->retry_ms != 0 ? own->retry_ms : defaults.retry_ms;
    return self;
}

void judge_free(struct judge *self)
{
    if (self == NULL)
        return;
    struct client *client, *next_client;
    HASH_ITER(hh, self->clients, client, next_client)
    {
        HASH_DEL(self->clients, client);
        free(client);
    }
    struct party *party, *next_party;
    HASH_ITER(hh, self->parties, party, next_party)
    {
        HASH_DEL(self->parties, party);
        free(party);
    }
    struct leg *leg, *next_leg;
    HASH_ITER(hh, self->legs, leg, next_leg)
    {
        HASH_DEL(self->legs, leg);
        free(leg);
    }
    judge_wraps_free(self);
    free(self);
}

// ---- hearing

static void hand_on(struct judge *self, const struct history_event *event)
{
    switch (event->word) {
    case HISTORY_NONE:
    case HISTORY_WORDS_COUNT:
        judge_condemn(self, JUDGE_HISTORY, "at %.3f s an event without a word", seconds(event->us));
        return;
    case HISTORY_NODE_STARTED:
    case HISTORY_CAUGHT_UP:
    case HISTORY_NODE_DIED:
    case HISTORY_NODE_STALLED:
    case HISTORY_NODE_RESUMED:
    case HISTORY_MISSES:
    case HISTORY_AT_FAULT:
    case HISTORY_AT_WHOLE:
    case HISTORY_AT_QUIET:
    case HISTORY_AT_END:
    case HISTORY_DIGEST:
    case HISTORY_LAG:
    case HISTORY_ORPHANS:
    case HISTORY_COPIES:
    case HISTORY_KEPT:
        judge_world_hear(self, event);
        return;
    case HISTORY_DISPOSES:
    case HISTORY_DISPOSITION:
        judge_wrap_hear(self, event);
        return;
    case HISTORY_DECIDED:
        judge_decision_hear(self, event);
        return;
    case HISTORY_MADE:
        judge_call_back_made(self, event);
        return;
    case HISTORY_DESK_OPENS:
    case HISTORY_GATEWAY_OPENS:
    case HISTORY_ATTACHES:
    case HISTORY_ATTACHED:
    case HISTORY_DETACHED:
    case HISTORY_SUPERSEDED:
    case HISTORY_REFUSED:
    case HISTORY_LEAVES:
    case HISTORY_VANISHED:
    case HISTORY_STALLED:
    case HISTORY_RESUMED:
    case HISTORY_WORD_LOST:
        judge_wrap_hear(self, event);
        judge_client_hear(self, event);
        return;
    case HISTORY_TOLD_OFFER:
    case HISTORY_RINGS:
    case HISTORY_ACCEPTS:
    case HISTORY_DECLINES:
    case HISTORY_WITHDRAWN:
    case HISTORY_DESK_CONNECTED:
    case HISTORY_REACHED:
    case HISTORY_NOT_REACHED:
    case HISTORY_ENDS:
    case HISTORY_DESK_ENDED:
    case HISTORY_STATE:
        judge_desk_hear(self, event);
        return;
    case HISTORY_SUBMITTED:
    case HISTORY_MOVED:
    case HISTORY_ACCEPTED:
    case HISTORY_WAITING:
    case HISTORY_RINGING:
    case HISTORY_TOLD_CONNECT:
    case HISTORY_CONNECT:
    case HISTORY_JOINED:
    case HISTORY_JOIN_FAILED:
    case HISTORY_HUNG_UP:
    case HISTORY_LEG_ENDED:
        judge_leg_hear(self, event);
        return;
    }
    judge_condemn(self, JUDGE_HISTORY, "at %.3f s a word that is not known: %d", seconds(event->us), (int)event->word);
}

void judge_hear(struct judge *self, const struct history_event *event)
{
    self->events++;
    if (event->us < self->us) {
        judge_condemn(self, JUDGE_HISTORY, "time runs backwards: %s at %.6f s comes after %.6f s",
                      history_word_text(event->word), seconds(event->us), seconds(self->us));
        return;
    }
    if (self->ended) {
        judge_condemn(self, JUDGE_HISTORY, "%s at %.6f s comes after the end", history_word_text(event->word),
                      seconds(event->us));
        return;
    }
    // What should have moved before this event is looked at as it stood before it.
    if (event->us >= self->sweep_us) {
        self->us = event->us;
        judge_world_close_round(self);
        judge_rest_sweep(self);
        self->sweep_us = event->us + SWEEP_US;
    }
    if (event->us > self->us || event->word != HISTORY_DIGEST)
        judge_world_close_round(self);
    self->us = event->us;
    judge_nearest_look(self, event);
    hand_on(self, event);
    judge_nearest_hear(self, event);
}

// ---- the verdict

uint64_t judge_count(const struct judge *self)
{
    return self->violations;
}

const struct judge_violation *judge_violation(const struct judge *self, uint32_t index)
{
    return index < self->violations && index < JUDGE_VIOLATIONS_MAX ? &self->kept[index] : NULL;
}

uint64_t judge_nearest(const struct judge *self)
{
    return self->count.nearest;
}

const char *judge_kind_text(enum judge_kind kind)
{
    static const char *const codes[JUDGE_KINDS_COUNT] = {
#define X(name, code) [JUDGE_##name] = code,
        JUDGE_KINDS(X)
#undef X
    };
    return (unsigned)kind < JUDGE_KINDS_COUNT ? codes[kind] : "unknown";
}

static void PRINTF_LIKE(2, 3) put(struct bytes *text, const char *format, ...)
{
    char line[JUDGE_SENTENCE_BYTES + 128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    bytes_append(text, line, strlen(line));
}

static void put_not_judged(const struct judge *self, struct bytes *text)
{
    const struct {
        const char *what;
        bool is_missing;
    } list[] = {
        {"order", self->count.decisions == 0}, {"copies", self->count.accepted > 0 && self->count.copies_told == 0},
        {"kept", self->count.not_kept > 0},    {"survivors", self->count.not_copied > 0},
        {"digests", self->count.rounds == 0},  {"progress", self->count.sweeps == 0},
        {"nearest", self->count.nearest == 0}, {"end", !self->ended},
    };
    const char *divider = " not_judged=";
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (!list[i].is_missing)
            continue;
        put(text, "%s%s", divider, list[i].what);
        divider = ",";
    }
}

void judge_verdict(const struct judge *self, struct bytes *text)
{
    put(text, "verdict=%s violations=%" PRIu64 " events=%" PRIu64 " seconds=%.3f",
        self->violations == 0 ? "ok" : "violated", self->violations, self->events, seconds(self->us));
    put(text,
        " calls=%" PRIu64 " accepted2=%" PRIu64 " rings=%" PRIu64 " connected=%" PRIu64 " ended=%" PRIu64
        " reattached=%" PRIu64 " owed=%" PRIu64 " called_back=%" PRIu64 " decisions=%" PRIu64 " passed_over=%" PRIu64,
        self->count.calls, self->count.accepted, self->count.rings, self->count.connected, self->count.ended,
        self->count.reattached, self->count.owed, self->count.called_back, self->count.decisions,
        self->count.decisions_compared);
    put_not_judged(self, text);
    for (uint32_t i = 0; judge_violation(self, i) != NULL; i++) {
        const struct judge_violation *violation = judge_violation(self, i);
        put(text, "\n%s: %s", judge_kind_text(violation->kind), violation->sentence);
    }
}
