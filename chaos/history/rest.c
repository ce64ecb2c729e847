// What should have moved by now: looked at once a second of the history, and at its end. Nothing is demanded in a
// storm: all bounds count from the moment it was over.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RING_SLACK_MS 5000  // beyond an offer's deadline
#define VAIN_MS 3000        // an agent rings for a call that is answered or over
#define UNANSWERED_MS 3000  // an accept goes on, or the agent is told

// ---- desks

static uint32_t desk_limit_ms(const struct judge *self, const struct client *desk)
{
    bool rings = desk->has == HAS_RINGING && desk->deadline_ms != 0;
    return rings ? desk->deadline_ms + RING_SLACK_MS : self->options.stuck_ms;
}

static void PRINTF_LIKE(3, 4) condemn_desk(struct judge *self, struct client *desk, const char *format, ...)
{
    char what[JUDGE_SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    desk->condemned = true;
    judge_condemn(self, JUDGE_DESK_STUCK, "desk %s (client %" PRIu32 ") at %.3f s %s", desk->name.text, desk->number,
                  seconds(self->us), what);
}

// Rings for a call that is spoken with another, or over by a node's word, all of it since all was calm: NULL, or which.
static const char *why_rings_in_vain(const struct judge *self, const struct client *desk, uint64_t *ret_us)
{
    const struct leg *leg = desk->leg;
    if (desk->has != HAS_RINGING || leg == NULL || leg->is_shared || self->calm_us > desk->has_us ||
        !judge_client_is_sound(desk, desk->has_us))
        return NULL;
    *ret_us = leg->since_us;
    if (leg->since_us < self->calm_us)
        return NULL;
    if (leg->state == LEG_JOINED && !name_is(&leg->agent, desk->name.text))
        return "is joined with another";
    return leg->state == LEG_OVER && leg->end_told ? "has ended" : NULL;
}

// She has accepted, and has been told nothing of what became of it, while gateway and desk are sound: NULL, or what
// did.
static const char *why_unanswered(const struct client *desk, uint64_t *ret_us)
{
    const struct leg *leg = desk->leg;
    if (desk->has != HAS_ACCEPTED || leg == NULL || leg->is_shared)
        return NULL;
    *ret_us = leg->since_us > desk->has_us ? leg->since_us : desk->has_us;
    *ret_us = desk->settled_us > *ret_us ? desk->settled_us : *ret_us;
    if (leg->gateway == NULL || !leg->gateway->attached || leg->gateway->stalls || leg->hung_up)
        return NULL;
    *ret_us = leg->gateway->settled_us > *ret_us ? leg->gateway->settled_us : *ret_us;
    if (leg->state == LEG_WAITING || leg->state == LEG_RINGING)
        return "was not told to connect to her";
    return leg->state == LEG_JOINED && !name_is(&leg->agent, desk->name.text) ? "is joined with another" : NULL;
}

static void look_at_desk(struct judge *self, struct client *desk)
{
    if (desk->stalls || desk->condemned)
        return;
    if (!desk->attached) {
        if (judge_passed(self, desk->lost_us, self->options.stuck_ms))
            condemn_desk(self, desk, "is not attached, since %.3f s", seconds(desk->lost_us));
        return;
    }
    uint64_t over_us;
    const char *why = why_rings_in_vain(self, desk, &over_us);
    if (why != NULL && judge_passed(self, over_us, VAIN_MS)) {
        condemn_desk(self, desk, "rings for call %s, which %s at %.3f s", desk->call, why, seconds(over_us));
        return;
    }
    why = why_unanswered(desk, &over_us);
    if (why != NULL && judge_passed(self, over_us, UNANSWERED_MS)) {
        condemn_desk(self, desk, "has accepted call %s, which %s: nothing has happened since %.3f s", desk->call, why,
                     seconds(over_us));
        return;
    }
    // A new attachment gives a ring its time anew.
    uint64_t from = desk->has_us > desk->settled_us ? desk->has_us : desk->settled_us;
    switch (desk->has) {
    case HAS_NOTHING:
        return;
    case HAS_RINGING:
    case HAS_ACCEPTED:
        if (judge_passed(self, from, desk_limit_ms(self, desk)))
            condemn_desk(self, desk, "still %s call %s, since %.3f s",
                         desk->has == HAS_RINGING ? "rings for" : "has accepted", desk->call, seconds(desk->has_us));
        return;
    case HAS_CONVERSATION:
        if (desk->leg == NULL || (desk->leg->state != LEG_OVER && desk->leg->state != LEG_OWED))
            return;
        if (desk->leg->over_us > from)
            from = desk->leg->over_us;
        if (judge_passed(self, from, self->options.stuck_ms))
            condemn_desk(self, desk, "speaks call %s, which was over at %.3f s", desk->call,
                         seconds(desk->leg->over_us));
        return;
    }
}

// ---- legs

// The agent who ended the conversation has been at the same desk ever since: her word has come through.
static bool still_sits_there(const struct judge *self, const struct leg *leg)
{
    for (const struct client *desk = self->clients; desk != NULL; desk = desk->hh.next)
        if (desk->is_desk && name_is(&desk->name, leg->agent.text) && judge_client_leads(desk))
            return judge_client_is_sound(desk, leg->agent_left_us);
    return false;
}

// NULL, or what it should not be any more; *ret_us: since when.
static const char *why_stuck(const struct judge *self, const struct leg *leg, uint64_t *ret_us)
{
    uint32_t limit = self->options.stuck_ms;
    *ret_us = leg->hung_up ? leg->hung_up_us : leg->since_us;
    if (leg->hung_up)
        return judge_passed(self, *ret_us, limit) ? "was hung up, and no end has come" : NULL;
    switch (leg->state) {
    case LEG_SUBMITTED:
        return judge_passed(self, *ret_us, limit) ? "was submitted, and no node has answered" : NULL;
    case LEG_WAITING:
        *ret_us = leg->heard_us;
        if (judge_passed(self, *ret_us, limit))
            return "waits, and no node speaks of it";
        *ret_us = leg->since_us;
        if (leg->wait_limit_ms != 0 && judge_passed(self, *ret_us, leg->wait_limit_ms + limit))
            return "waits beyond its queue's limit";
        return NULL;
    case LEG_RINGING:
        return leg->desks == 0 && judge_passed(self, *ret_us, limit) ? "is said to ring, and no desk rings" : NULL;
    case LEG_JOINED:
        *ret_us = leg->agent_left_us;
        limit = still_sits_there(self, leg) ? self->options.serves_ms : limit;
        return leg->agent_left_us != 0 && judge_passed(self, *ret_us, limit)
                   ? "is joined with an agent who has ended the conversation"
                   : NULL;
    case LEG_CONNECTING:  // the gateway's own doing
    case LEG_OWED:
    case LEG_OVER:
        return NULL;
    }
    return NULL;
}

static void look_at_leg(struct judge *self, struct leg *leg)
{
    if (leg->is_shared || leg->condemned || leg->gateway == NULL || leg->gateway->stalls)
        return;
    uint64_t since_us;
    const char *why = why_stuck(self, leg, &since_us);
    uint32_t settled_ms = leg->state == LEG_JOINED ? self->options.serves_ms : self->options.stuck_ms;
    leg->condemned = why != NULL && judge_passed(self, leg->gateway->settled_us, settled_ms);
    if (leg->condemned)
        judge_condemn(self, JUDGE_LEG_STUCK, "call %s of gateway %s %s at %.3f s, since %.3f s", leg->id,
                      leg->gateway_name.text, why, seconds(self->us), seconds(since_us));
}

// ---- a call beside an agent

static bool is_free(const struct judge *self, const struct client *desk)
{
    uint64_t from = desk->free_us > desk->settled_us ? desk->free_us : desk->settled_us;
    return desk->is_desk && desk->available && desk->has == HAS_NOTHING && desk->attached && !desk->stalls &&
           judge_client_leads(desk) && judge_passed(self, from, self->options.progress_ms);
}

static bool waits_long(const struct judge *self, const struct leg *leg)
{
    const struct client *gateway = leg->gateway;
    if (!judge_leg_waits(leg) || gateway == NULL || !gateway->attached || gateway->stalls)
        return false;
    uint64_t from = leg->since_us > gateway->settled_us ? leg->since_us : gateway->settled_us;
    return judge_passed(self, from, self->options.progress_ms);
}

static void look_for_pairs(struct judge *self, const struct client *desk)
{
    uint64_t retry_us = (uint64_t)self->options.retry_ms * 1000 + (uint64_t)self->options.progress_ms * 1000;
    uint64_t since_us = self->us > retry_us ? self->us - retry_us : 0;
    for (struct leg *leg = self->legs; leg != NULL; leg = leg->hh.next) {
        if (leg->condemned || !waits_long(self, leg) || !judge_leg_suits(leg, desk) ||
            judge_leg_has(leg->tried, leg->tried_count, desk->name.text, since_us))
            continue;
        judge_condemn(
            self, JUDGE_NO_PROGRESS,
            "call %s of gateway %s waits at %.3f s since %.3f s, and desk %s at %s is free for it since %.3f s "
            "(all was whole at %.3f s)",
            leg->id, leg->gateway_name.text, seconds(self->us), seconds(leg->since_us), desk->name.text,
            desk->node.text, seconds(desk->free_us), seconds(self->calm_us));
        return;
    }
}

static void look_at_larger(struct judge *self, struct client *client)
{
    if (client->attached && !client->stalls && judge_passed(self, client->settled_us, self->options.serves_ms))
        judge_client_served(self, client, client->attach);
}

static void forget_ended(struct judge *self)
{
    struct leg *leg, *next;
    HASH_ITER(hh, self->legs, leg, next)
    {
        judge_leg_drop(self, leg);
    }
}

void judge_rest_sweep(struct judge *self)
{
    forget_ended(self);
    if (!judge_is_calm(self) || !judge_world_serves(self))
        return;
    self->count.sweeps += judge_passed(self, 0, self->options.progress_ms);
    for (struct client *client = self->clients; client != NULL; client = client->hh.next) {
        look_at_larger(self, client);
        if (client->is_desk)
            look_at_desk(self, client);
        if (is_free(self, client))
            look_for_pairs(self, client);
    }
    for (struct leg *leg = self->legs; leg != NULL; leg = leg->hh.next)
        look_at_leg(self, leg);
}

// ---- the end

// What may be kept of a call whose caller vanished unspoken and had not hung up: an outcome, or a promise.
static bool is_one_of(const char *kept, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, kept) == 0)
            return true;
    return false;
}

static const struct client *free_for(const struct judge *self, const struct leg *leg)
{
    for (const struct client *desk = self->clients; desk != NULL; desk = desk->hh.next)
        if (is_free(self, desk) && judge_leg_suits(leg, desk))
            return desk;
    return NULL;
}

static void look_at_owed(struct judge *self, struct leg *leg)
{
    static const char *const outcomes[] = {"called_back_expired", "called_back_done", NULL};
    static const char *const promises[] = {"owed", "waiting", "ringing", "connected", "called_back", NULL};
    if (leg->state != LEG_OWED || leg->is_tried)
        return;
    if (leg->kept[0] == '\0' || !judge_passed(self, leg->over_us, self->options.digests_ms)) {
        self->count.not_kept++;
        return;
    }
    if (is_one_of(leg->kept, outcomes) || !judge_world_must_have(self, leg))
        return;
    bool is_promise = is_one_of(leg->kept, promises);
    const struct client *desk = is_promise ? free_for(self, leg) : NULL;
    if (is_promise && (desk == NULL || !judge_passed(self, leg->over_us, self->options.call_back_ms)))
        return;
    judge_condemn(self, JUDGE_CALL_LOST,
                  "call %s, accepted(%" PRIu32
                  ") at %.3f s, whose gateway %s was gone at %.3f s, is kept as %s at %.3f s%s%s",
                  leg->id, leg->accepted, seconds(leg->accepted_us), leg->gateway_name.text, seconds(leg->over_us),
                  leg->kept, seconds(self->us), desk != NULL ? ", and was never called back, beside free desk " : "",
                  desk != NULL ? desk->name.text : "");
}

void judge_rest_at_end(struct judge *self)
{
    judge_rest_sweep(self);
    for (struct leg *leg = self->legs; leg != NULL; leg = leg->hh.next)
        look_at_owed(self, leg);
}
