// What a call goes through, as its gateway and its caller see it.
//
//   SUBMITTED ──▶ WAITING ◀──▶ RINGING ──▶ CONNECTING ──joined──▶ JOINED      any ──ended──▶ OVER
//                    ▲                        │                               any ──gateway gone──▶ OWED or OVER
//                    └──────join failed───────┘
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct leg *judge_leg_find(struct judge *self, const char *id)
{
    struct leg *leg = NULL;
    id = text_or_none(id);
    HASH_FIND_STR(self->legs, id, leg);
    return leg;
}

void judge_leg_note(struct tried *people, uint32_t *count, const char *agent, uint64_t us)
{
    for (uint32_t i = 0; i < *count && i < PEOPLE_MAX; i++)
        if (name_is(&people[i].agent, agent)) {
            people[i].us = us;
            return;
        }
    struct tried *place = &people[*count % PEOPLE_MAX];  // the oldest makes room
    ++*count;
    name_set(&place->agent, agent);
    place->us = us;
}

bool judge_leg_has(const struct tried *people, uint32_t count, const char *agent, uint64_t since_us)
{
    for (uint32_t i = 0; i < count && i < PEOPLE_MAX; i++)
        if (name_is(&people[i].agent, agent))
            return people[i].us >= since_us;
    return false;
}

bool judge_leg_suits(const struct leg *leg, const struct client *desk)
{
    return (leg->skills & ~desk->skills) == 0 && (leg->languages == 0 || (leg->languages & desk->languages) != 0);
}

bool judge_leg_waits(const struct leg *leg)
{
    return !leg->is_shared && !leg->hung_up &&
           (leg->state == LEG_WAITING || (leg->state == LEG_SUBMITTED && leg->accepted > 0));
}

// ---- kept and dropped

static void leave_gateway(struct leg *leg)
{
    if (leg->gateway == NULL)
        return;
    if (leg->previous != NULL)
        leg->previous->next = leg->next;
    else
        leg->gateway->legs = leg->next;
    if (leg->next != NULL)
        leg->next->previous = leg->previous;
    leg->previous = leg->next = NULL;
    leg->gateway = NULL;
}

static void join_gateway(struct leg *leg, struct client *gateway)
{
    leg->gateway = gateway;
    leg->gateway_name = gateway->name;
    leg->previous = NULL;
    leg->next = gateway->legs;
    if (leg->next != NULL)
        leg->next->previous = leg;
    gateway->legs = leg;
}

void judge_leg_drop(struct judge *self, struct leg *leg)
{
    bool is_remembered = leg->end_told && self->us < leg->over_us + ENDED_KEPT_US;
    if (leg->state != LEG_OVER || leg->desks > 0 || leg->backs > 0 || is_remembered)
        return;
    HASH_DEL(self->legs, leg);
    free(leg);
}

static void move(struct judge *self, struct leg *leg, enum leg_state to)
{
    leg->state = to;
    leg->since_us = self->us;
}

void judge_leg_end(struct judge *self, struct leg *leg)
{
    leave_gateway(leg);
    move(self, leg, LEG_OVER);
    leg->over_us = self->us;
    judge_leg_drop(self, leg);
}

// Signed off in order, or without a word: what was accepted and not spoken is then owed.
void judge_leg_gateway_gone(struct judge *self, struct leg *leg, bool in_order)
{
    bool is_owed = !in_order && leg->accepted >= 2 && !leg->was_joined && !leg->hung_up && !leg->is_shared;
    if (!is_owed) {
        judge_leg_end(self, leg);
        return;
    }
    self->count.owed++;
    leave_gateway(leg);
    leg->over_us = self->us;
    move(self, leg, LEG_OWED);
}

// ---- submitted

static void set_queue(struct leg *leg, const struct history_event *event)
{
    leg->priority = event->priority;
    leg->skills = event->skills;
    leg->languages = event->languages;
    leg->wait_limit_ms = event->deadline_ms;
    if (event->party != NULL)
        name_set(&leg->caller, event->party);
}

static void submitted(struct judge *self, struct client *gateway, const struct history_event *event)
{
    const char *id = text_or_none(event->call);
    struct leg *leg = judge_leg_find(self, id);
    if (id[0] == '\0' || strlen(id) >= ID_MAX_BYTES) {
        judge_condemn(self, JUDGE_HISTORY, "leg.submitted at %.3f s without a call, or its id is too long",
                      seconds(self->us));
        return;
    }
    if (leg != NULL && leg->gateway == gateway)
        return;  // the same call
    if (leg != NULL && leg->gateway != NULL) {
        leg->is_shared = true;
        return;
    }
    if (leg == NULL) {
        leg = check_alloc(sizeof *leg);
        text_copy(leg->id, sizeof leg->id, id);
        HASH_ADD_STR(self->legs, id, leg);
        self->count.calls++;
    } else {  // over or owed before, and held anew: nothing of the old leg counts for the new one, but who has it
        struct leg fresh = {.hh = leg->hh, .desks = leg->desks, .backs = leg->backs};
        memcpy(fresh.id, leg->id, sizeof fresh.id);
        memcpy(fresh.accepters, leg->accepters, sizeof fresh.accepters);
        fresh.accepters_count = leg->accepters_count;
        *leg = fresh;
    }
    join_gateway(leg, gateway);
    set_queue(leg, event);
    leg->submitted_us = leg->heard_us = self->us;
    move(self, leg, LEG_SUBMITTED);
}

// ---- told

static void accepted(struct judge *self, struct leg *leg, const struct history_event *event)
{
    self->count.accepted += leg->accepted < 2 && event->number >= 2;
    if (event->number > leg->accepted) {
        leg->accepted = event->number < NODES_MAX ? (uint32_t)event->number : NODES_MAX;
        leg->accepted_us = self->us;
    }
    if (leg->copies_told && leg->copies_us == self->us)
        judge_world_check_copies(self, leg);
    if (leg->state == LEG_SUBMITTED)
        move(self, leg, LEG_WAITING);
}

static void condemn_order(struct judge *self, const struct leg *leg, const struct history_event *event, const char *why)
{
    judge_condemn(self, JUDGE_OUT_OF_ORDER, "gateway %s hears %s of call %s at %.3f s, %s", leg->gateway_name.text,
                  history_word_text(event->word), leg->id, seconds(self->us), why);
}

static void goes_on(struct judge *self, struct leg *leg, const struct history_event *event)
{
    enum leg_state to = event->word == HISTORY_RINGING ? LEG_RINGING : LEG_WAITING;
    if (leg->state == LEG_JOINED) {
        condemn_order(self, leg, event, "whose legs are joined");
        return;
    }
    if (leg->state != to || to == LEG_RINGING)
        move(self, leg, to);
    leg->agent.text[0] = '\0';
}

static void condemn_second(struct judge *self, const struct leg *leg, const struct history_event *event)
{
    judge_condemn(self, JUDGE_CONNECTED_TWICE,
                  "call %s of gateway %s is told at %.3f s to connect to %s, and is joined with %s since %.3f s",
                  leg->id, leg->gateway_name.text, seconds(self->us), text_or_none(event->agent), leg->agent.text,
                  seconds(leg->since_us));
}

// Off the wire. A word on its way when the legs were joined is only late; what a node says to an attachment that has
// listed the joined leg is not.
static void told_connect(struct judge *self, struct leg *leg, const struct history_event *event)
{
    bool other = !name_is(&leg->agent, text_or_none(event->agent));
    if (leg->state == LEG_JOINED && other && leg->gateway->attaches_told && event->attach > leg->joined_attach)
        condemn_second(self, leg, event);
}

static void connect_to(struct judge *self, struct leg *leg, const struct history_event *event)
{
    const char *agent = text_or_none(event->agent);
    if (leg->state == LEG_JOINED) {
        condemn_second(self, leg, event);
        return;
    }
    if (!judge_leg_has(leg->accepters, leg->accepters_count, agent, 0))
        judge_condemn(self, JUDGE_CONNECTED_UNASKED,
                      "call %s of gateway %s is told at %.3f s to connect to %s, whose desk has not accepted it",
                      leg->id, leg->gateway_name.text, seconds(self->us), agent);
    name_set(&leg->agent, agent);
    leg->agent_n = event->n;
    move(self, leg, LEG_CONNECTING);
}

// ---- done

static void joined(struct judge *self, struct leg *leg)
{
    if (leg->state != LEG_CONNECTING) {
        enum judge_kind kind = leg->state == LEG_JOINED ? JUDGE_CONNECTED_TWICE : JUDGE_OUT_OF_ORDER;
        judge_condemn(self, kind, "call %s of gateway %s is joined at %.3f s, %s%s", leg->id, leg->gateway_name.text,
                      seconds(self->us),
                      leg->state == LEG_JOINED ? "and is joined already with " : "with nobody to connect to",
                      leg->state == LEG_JOINED ? leg->agent.text : "");
        return;
    }
    leg->was_joined = true;
    judge_call_back_tried(self, leg->caller.text);
    leg->agent_left_us = 0;
    const struct client *gateway = leg->gateway;
    leg->joined_attach = gateway->sent_attach > gateway->attach ? gateway->sent_attach : gateway->attach;
    move(self, leg, LEG_JOINED);
}

static void join_failed(struct judge *self, struct leg *leg)
{
    if (leg->state != LEG_CONNECTING)
        return;
    judge_leg_note(leg->tried, &leg->tried_count, leg->agent.text, self->us);
    leg->agent.text[0] = '\0';
    move(self, leg, LEG_WAITING);
}

// ---- ended

// Nothing happened that could have cut the gateway off from its call: so the system has no excuse.
static bool is_undisturbed(const struct judge *self, const struct leg *leg, uint64_t since_us)
{
    return judge_is_calm(self) && self->calm_us <= since_us && judge_client_is_sound(leg->gateway, since_us) &&
           judge_client_leads(leg->gateway);
}

// The agent's desk, as sound as the gateway, still in this conversation.
static const struct client *desk_in(const struct judge *self, const struct leg *leg)
{
    for (const struct client *desk = self->clients; desk != NULL; desk = desk->hh.next)
        if (desk->is_desk && desk->leg == leg && desk->has == HAS_CONVERSATION &&
            judge_client_is_sound(desk, leg->since_us) && judge_client_leads(desk))
            return desk;
    return NULL;
}

// Ended as if by an agent whose desk did not have it any more when it was joined with her, and nothing had gone wrong.
static bool is_ended_by_nobody(const struct judge *self, const struct leg *leg)
{
    return leg->state == LEG_JOINED && !leg->hung_up && leg->agent_left_us == 0 && leg->agent_n != 0 &&
           name_is(&leg->withdrawn, leg->agent.text) && leg->withdrawn_n == leg->agent_n &&
           self->nodes_us < leg->submitted_us && judge_client_is_sound(leg->gateway, leg->submitted_us);
}

// NULL, or why this cannot be how the call ended.
static const char *why_untrue(const struct judge *self, const struct leg *leg, const char *reason)
{
    bool calm = is_undisturbed(self, leg, leg->submitted_us);
    if (strcmp(reason, "answered") == 0) {
        if (!leg->was_joined)
            return "nobody spoke";
        if (leg->state == LEG_JOINED && !leg->hung_up && leg->agent_left_us == 0 && calm && desk_in(self, leg) != NULL)
            return "neither the caller nor the agent has ended it";
        if (is_ended_by_nobody(self, leg))
            return "it was taken from the agent before she spoke";
    } else if (strcmp(reason, "abandoned") == 0) {
        if (!leg->hung_up)
            return "its caller has not hung up";
    } else if (strcmp(reason, "called_back") == 0) {
        if (calm)
            return "its gateway held it without a break";
    } else if (strcmp(reason, "lost") == 0) {
        if (calm && leg->was_joined)
            return "its gateway held it without a break";
    } else if (strcmp(reason, "refused") != 0 && strcmp(reason, "expired") != 0) {
        return "that is no way to end";
    }
    return NULL;
}

static void leg_ended(struct judge *self, struct leg *leg, const struct history_event *event)
{
    const char *reason = text_or_none(event->reason), *untrue = leg->is_shared ? NULL : why_untrue(self, leg, reason);
    bool was_dropped = strcmp(reason, "refused") == 0 || (strcmp(reason, "lost") == 0 && !leg->was_joined);
    if (untrue != NULL)
        judge_condemn(self, JUDGE_END_UNTRUE, "call %s of gateway %s ends at %.3f s as %s, but %s", leg->id,
                      leg->gateway_name.text, seconds(self->us), reason, untrue);
    if (was_dropped && leg->accepted >= 2 && !leg->hung_up && !leg->is_shared)
        judge_condemn(self, JUDGE_CALL_LOST,
                      "call %s of gateway %s, accepted(%" PRIu32 ") at %.3f s, ends at %.3f s as %s", leg->id,
                      leg->gateway_name.text, leg->accepted, seconds(leg->accepted_us), seconds(self->us), reason);
    self->count.ended++;
    judge_call_back_settle(self, leg, reason);
    leg->end_told = true;
    leg->is_settled = strcmp(reason, "answered") == 0 || strcmp(reason, "abandoned") == 0;
    judge_leg_end(self, leg);
}

// ---- hearing

static void hear_known(struct judge *self, struct leg *leg, const struct history_event *event)
{
    bool is_news = event->word == HISTORY_ACCEPTED || event->word == HISTORY_WAITING ||
                   event->word == HISTORY_RINGING || event->word == HISTORY_CONNECT;
    if (event->word == HISTORY_TOLD_CONNECT) {
        told_connect(self, leg, event);
        return;
    }
    if (is_news) {
        judge_client_served(self, leg->gateway, 0);
        leg->heard_us = self->us;
        leg->queued_ms = event->queued_ms != 0 ? event->queued_ms : leg->queued_ms;
    }
    if (is_news && leg->hung_up) {
        condemn_order(self, leg, event, "whose caller has hung up");
        return;
    }
    switch (event->word) {
    case HISTORY_MOVED:
        set_queue(leg, event);
        leg->since_us = self->us;  // it waits for others now
        return;
    case HISTORY_ACCEPTED:
        accepted(self, leg, event);
        return;
    case HISTORY_WAITING:
    case HISTORY_RINGING:
        goes_on(self, leg, event);
        return;
    case HISTORY_CONNECT:
        connect_to(self, leg, event);
        return;
    case HISTORY_JOINED:
        joined(self, leg);
        return;
    case HISTORY_JOIN_FAILED:
        join_failed(self, leg);
        return;
    case HISTORY_HUNG_UP:
        leg->hung_up_us = leg->hung_up ? leg->hung_up_us : self->us;
        leg->hung_up = true;
        return;
    case HISTORY_LEG_ENDED:
        leg_ended(self, leg, event);
        return;
    default:
        return;
    }
}

void judge_leg_hear(struct judge *self, const struct history_event *event)
{
    if (event->word == HISTORY_TOLD_CONNECT && judge_client_find(self, event->client) == NULL)
        return;  // on its way when the gateway went
    struct client *gateway = judge_client_need(self, event, false);
    if (gateway == NULL)
        return;
    if (event->word == HISTORY_SUBMITTED) {
        submitted(self, gateway, event);
        return;
    }
    if (event->word == HISTORY_TOLD_CONNECT)
        judge_client_served(self, gateway, event->attach);
    struct leg *leg = judge_leg_find(self, event->call);
    if (leg != NULL && leg->gateway == gateway)
        hear_known(self, leg, event);
    else if (event->word != HISTORY_TOLD_CONNECT && (leg == NULL || !leg->is_shared))
        judge_condemn(self, JUDGE_OUT_OF_ORDER,
                      "%s of call %s, client %" PRIu32
                      " (gateway %s), at %.3f s: the call has ended, or was never submitted",
                      history_word_text(event->word), text_or_none(event->call), gateway->number, gateway->name.text,
                      seconds(self->us));
}
