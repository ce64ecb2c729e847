// What a person at a desk goes through.
//
//   NOTHING ──rings──▶ RINGING ──accepts──▶ ACCEPTED ──connected──▶ CONVERSATION
//      ▲                 │                     │                        │
//      └──── declines, withdrawn ──── withdrawn, ends ──────── ends, ended
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <string.h>

static const char *has_text(enum desk_has has)
{
    switch (has) {
    case HAS_NOTHING:
        return "has nothing";
    case HAS_RINGING:
        return "rings";
    case HAS_ACCEPTED:
        return "has accepted";
    case HAS_CONVERSATION:
        return "speaks";
    }
    return "";
}

static bool has_call(const struct client *desk, const char *call)
{
    return desk->has != HAS_NOTHING && strcmp(desk->call, text_or_none(call)) == 0;
}

void judge_desk_release(struct judge *self, struct client *desk)
{
    struct leg *leg = desk->leg;
    judge_call_back_left(self, desk);
    desk->has = HAS_NOTHING;
    desk->has_us = desk->free_us = self->us;
    desk->call[0] = '\0';
    desk->leg = NULL;
    if (leg != NULL) {
        leg->desks--;
        judge_leg_drop(self, leg);
    }
}

static void move(struct judge *self, struct client *desk, enum desk_has to)
{
    desk->has = to;
    desk->has_us = self->us;
}

// ---- rung

static void condemn_second(struct judge *self, const struct client *desk, const char *how, const char *call)
{
    judge_condemn(self, JUDGE_RUNG_TWICE,
                  "desk %s (client %" PRIu32 ", attach %" PRIu64
                  " at %s) %s call %s at %.3f s while it %s call %s since %.3f s",
                  desk->name.text, desk->number, desk->attach, desk->node.text, how, call, seconds(self->us),
                  has_text(desk->has), desk->call, seconds(desk->has_us));
}

// Its node's word at its present attachment. The library would keep a second ring from the person; the promise is the
// nodes' all the same. After a lost word the node is excused: the desk may have been told that the first is over.
static void told_offer(struct judge *self, struct client *desk, const struct history_event *event)
{
    const char *call = text_or_none(event->call);
    uint64_t present = desk->sent_attach > desk->attach ? desk->sent_attach : desk->attach;
    judge_client_served(self, desk, event->attach);
    if (event->attach != 0 && event->attach != present)
        return;
    desk->free_us = self->us;
    struct leg *leg = judge_leg_find(self, call);
    if (leg != NULL && !desk->available && !has_call(desk, call))  // the library declines it unheard
        judge_leg_note(leg->tried, &leg->tried_count, desk->name.text, self->us);
    if (desk->has != HAS_NOTHING && !has_call(desk, call) && desk->attached && !judge_client_lost_word(desk))
        condemn_second(self, desk, "is offered", call);
}

static void rings_in_vain(struct judge *self, const struct client *desk)
{
    const struct leg *leg = desk->leg;
    if (leg == NULL || leg->state != LEG_OVER || !leg->end_told || leg->is_shared)
        return;
    if (judge_passed(self, leg->over_us, self->options.digests_ms))
        judge_condemn(self, JUDGE_RUNG_IN_VAIN, "desk %s is rung at %.3f s for call %s, which has ended at %.3f s",
                      desk->name.text, seconds(self->us), leg->id, seconds(leg->over_us));
}

static void rings(struct judge *self, struct client *desk, const struct history_event *event)
{
    const char *call = text_or_none(event->call);
    judge_client_served(self, desk, 0);
    if (desk->has != HAS_NOTHING && (!has_call(desk, call) || desk->has != HAS_RINGING))
        condemn_second(self, desk, "is rung for", call);
    if (desk->has != HAS_NOTHING)
        judge_desk_release(self, desk);
    if (!text_copy(desk->call, sizeof desk->call, call) || call[0] == '\0')
        judge_condemn(self, JUDGE_HISTORY, "desk.rings at %.3f s without a call, or its id is too long",
                      seconds(self->us));
    desk->deadline_ms = event->deadline_ms;
    desk->n = event->n;
    desk->leg = judge_leg_find(self, call);
    move(self, desk, HAS_RINGING);
    self->count.rings++;
    if (desk->leg != NULL)
        desk->leg->desks++;
    rings_in_vain(self, desk);
    if (strchr(call, '~') != NULL)
        judge_call_back_rings(self, desk, event);
}

// ---- answered

static void accepts(struct judge *self, struct client *desk, const struct history_event *event)
{
    if (!has_call(desk, event->call) || desk->has != HAS_RINGING) {
        judge_condemn(self, JUDGE_HISTORY, "desk %s accepts call %s at %.3f s, which does not ring there",
                      desk->name.text, text_or_none(event->call), seconds(self->us));
        return;
    }
    if (desk->leg != NULL)
        judge_leg_note(desk->leg->accepters, &desk->leg->accepters_count, desk->name.text, self->us);
    move(self, desk, HAS_ACCEPTED);
}

static void leaves_call(struct judge *self, struct client *desk, bool was_tried)
{
    struct leg *leg = desk->leg;
    if (leg != NULL && was_tried)
        judge_leg_note(leg->tried, &leg->tried_count, desk->name.text, self->us);
    // A ring that is taken back from another desk of the agent is no end of what she speaks; nor is what an older login
    // of hers hears: joined legs outlive a new sign-in.
    bool was_taken = leg != NULL && desk->has != HAS_RINGING && name_is(&leg->agent, desk->name.text) &&
                     judge_client_leads(desk) && (leg->agent_n == 0 || desk->n == 0 || leg->agent_n == desk->n);
    if (was_taken && leg->state == LEG_JOINED && leg->agent_left_us == 0)
        leg->agent_left_us = self->us;
    judge_desk_release(self, desk);
}

static void declines(struct judge *self, struct client *desk, const struct history_event *event)
{
    if (!has_call(desk, event->call) || desk->has != HAS_RINGING)
        judge_condemn(self, JUDGE_HISTORY, "desk %s declines call %s at %.3f s, which does not ring there",
                      desk->name.text, text_or_none(event->call), seconds(self->us));
    else
        leaves_call(self, desk, true);
}

// Of a call-back: what the agent who dialled says.
static void dialled(struct judge *self, struct client *desk, const struct history_event *event)
{
    if (!has_call(desk, event->call) || desk->has != HAS_ACCEPTED || strchr(desk->call, '~') == NULL) {
        judge_condemn(self, JUDGE_HISTORY, "%s of desk %s at %.3f s: it has not accepted call-back %s",
                      history_word_text(event->word), desk->name.text, seconds(self->us), text_or_none(event->call));
        return;
    }
    if (event->word == HISTORY_NOT_REACHED) {
        leaves_call(self, desk, false);
        return;
    }
    move(self, desk, HAS_CONVERSATION);
    judge_call_back_reached(self, desk);
}

static void ends(struct judge *self, struct client *desk, const struct history_event *event)
{
    if (!has_call(desk, event->call) || desk->has == HAS_RINGING)
        judge_condemn(self, JUDGE_HISTORY, "desk %s ends call %s at %.3f s, which it has not taken", desk->name.text,
                      text_or_none(event->call), seconds(self->us));
    else
        leaves_call(self, desk, desk->has == HAS_ACCEPTED);
}

// ---- told

static void withdrawn(struct judge *self, struct client *desk, const struct history_event *event)
{
    if (!has_call(desk, event->call) || desk->has == HAS_CONVERSATION)
        judge_condemn(self, JUDGE_OUT_OF_ORDER, "desk %s is told at %.3f s that call %s is withdrawn, while it %s %s",
                      desk->name.text, seconds(self->us), text_or_none(event->call), has_text(desk->has), desk->call);
    else {
        struct leg *leg = desk->leg;
        if (leg != NULL) {
            leg->withdrawn = desk->name;
            leg->withdrawn_n = desk->n;
            leg->withdrawn_us = self->us;
        }
        leaves_call(self, desk, true);
    }
}

static void connected(struct judge *self, struct client *desk, const struct history_event *event)
{
    const struct leg *leg = desk->leg;
    if (!has_call(desk, event->call)) {
        judge_condemn(self, JUDGE_OUT_OF_ORDER, "desk %s is told at %.3f s that call %s is connected, while it %s %s",
                      desk->name.text, seconds(self->us), text_or_none(event->call), has_text(desk->has), desk->call);
        return;
    }
    bool is_joined = leg != NULL && (leg->is_shared || (leg->was_joined && name_is(&leg->agent, desk->name.text)));
    if (!is_joined)
        judge_condemn(self, JUDGE_CONNECTED_UNJOINED,
                      "desk %s is told at %.3f s that call %s is connected, and its gateway %s%s", desk->name.text,
                      seconds(self->us), desk->call,
                      leg != NULL && leg->was_joined ? "has joined it with " : "has joined it with nobody",
                      leg != NULL && leg->was_joined ? leg->agent.text : "");
    self->count.connected += desk->has != HAS_CONVERSATION;
    move(self, desk, HAS_CONVERSATION);
}

static void ended(struct judge *self, struct client *desk, const struct history_event *event)
{
    if (strcmp(text_or_none(event->reason), "ended_here") == 0 && !has_call(desk, event->call))
        return;  // the echo of the person's own doing
    if (!has_call(desk, event->call) || desk->has != HAS_CONVERSATION)
        judge_condemn(self, JUDGE_OUT_OF_ORDER, "desk %s is told at %.3f s that call %s has ended, while it %s %s",
                      desk->name.text, seconds(self->us), text_or_none(event->call), has_text(desk->has), desk->call);
    else {
        if (strchr(desk->call, '~') != NULL)
            judge_condemn(self, JUDGE_LET_GO,
                          "desk %s is told at %.3f s that %s has ended (%s), and speaks with its caller",
                          desk->name.text, seconds(self->us), desk->call, text_or_none(event->reason));
        leaves_call(self, desk, false);
    }
}

void judge_desk_hear(struct judge *self, const struct history_event *event)
{
    if (event->word == HISTORY_TOLD_OFFER && judge_client_find(self, event->client) == NULL)
        return;  // on its way when the desk went
    struct client *desk = judge_client_need(self, event, true);
    if (desk == NULL)
        return;
    switch (event->word) {
    case HISTORY_TOLD_OFFER:
        told_offer(self, desk, event);
        return;
    case HISTORY_RINGS:
        rings(self, desk, event);
        return;
    case HISTORY_ACCEPTS:
        accepts(self, desk, event);
        return;
    case HISTORY_DECLINES:
        declines(self, desk, event);
        return;
    case HISTORY_WITHDRAWN:
        withdrawn(self, desk, event);
        return;
    case HISTORY_DESK_CONNECTED:
        connected(self, desk, event);
        return;
    case HISTORY_REACHED:
    case HISTORY_NOT_REACHED:
        dialled(self, desk, event);
        return;
    case HISTORY_ENDS:
        ends(self, desk, event);
        return;
    case HISTORY_DESK_ENDED:
        ended(self, desk, event);
        return;
    case HISTORY_STATE:
        desk->available = strcmp(text_or_none(event->reason), "available") == 0;
        desk->free_us = self->us;
        return;
    default:
        return;
    }
}
