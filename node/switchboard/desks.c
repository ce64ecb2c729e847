// The lifecycle of a desk, at the node it is attached to (M).
//
//   OFFLINE ──attach──▶ AVAILABLE ◀──ready── NOT_READY ◀──away, missed calls
//                         │   ▲                  ▲
//                       offer │ declined, withdrawn, ring time over
//                         ▼   │
//                       RINGING ──accept──▶ ON_CALL ──over──▶ WRAP_UP ──ready──▶ AVAILABLE
//
// A desk without a call may also put itself into wrap-up.
// From its accept on a desk is busy. Only Withdraw, a copy of the call that names another agent or an end, or the
// desk's own word frees it; no deadline does: the desk is the live party.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <stdlib.h>
#include <string.h>

static bool may_move(Rec__AgentState from, Rec__AgentState to)
{
    switch (from) {
    case REC__AGENT_STATE__OFFLINE:  // an attach says what the desk is doing, whatever that is
        return true;
    case REC__AGENT_STATE__AVAILABLE:
        return to != REC__AGENT_STATE__ON_CALL;
    case REC__AGENT_STATE__RINGING:
        return to != REC__AGENT_STATE__WRAP_UP;
    case REC__AGENT_STATE__ON_CALL:
        return to != REC__AGENT_STATE__RINGING;
    case REC__AGENT_STATE__WRAP_UP:
    case REC__AGENT_STATE__NOT_READY:
        return to != REC__AGENT_STATE__RINGING && to != REC__AGENT_STATE__ON_CALL;
    case _REC__AGENT_STATE_IS_INT_SIZE:
        return false;
    }
    return false;
}

void desk_set(struct board *self, uint32_t agent, Rec__AgentState state, const char *reason)
{
    struct desk *desk = &self->desks[agent];
    if (desk->state != state) {
        check(may_move(desk->state, state));
        desk->since_ms = self->now.wall_ms;
    }
    desk->state = state;
    text_copy(desk->reason, sizeof desk->reason, reason);
    const char *call = desk->here == NULL ? "" : desk->here->rung.call;
    text_copy(desk->call, sizeof desk->call, call);
    desk->owner = (struct party){0, self->boot};
    board_desk_changed(self, agent);
    board_refresh_desk(self, agent);
    offer_desk_set(self, agent);
}

void desk_settle(struct board *self, uint32_t agent)
{
    struct here *here = self->desks[agent].here;
    uint64_t at = TIMER_NEVER, repeat = self->now.mono_us + (uint64_t)SWITCHBOARD_REPEAT_MS * 1000;
    if (here->rung.call[0] != '\0' && !here->rung.accepted)
        at = here->rung.deadline_us;
    if ((here->rung.call[0] != '\0' && here->rung.accepted && !here->rung.confirmed) || here->leaving.call[0] != '\0')
        at = repeat < at ? repeat : at;
    if (here->hold[0] != '\0' && here->hold_until_us < at)
        at = here->hold_until_us;
    timers_set(&self->timers, &here->timer, at);
    bool engaged = here->rung.call[0] != '\0' || here->leaving.call[0] != '\0';
    if (engaged && !here->engaged)
        DL_APPEND(self->engaged, here);
    else if (!engaged && here->engaged)
        DL_DELETE(self->engaged, here);
    here->engaged = engaged;
}

static void leave(struct board *self, struct desk *desk)
{
    if (desk->here->engaged)
        DL_DELETE(self->engaged, desk->here);
    timers_unset(&self->timers, &desk->here->timer);
    free(desk->here);
    desk->here = NULL;
}

// Free for the next call: at once a waiting one is asked for.
static void become_available(struct board *self, uint32_t agent)
{
    self->desks[agent].here->rung = (struct rung){0};
    desk_set(self, agent, REC__AGENT_STATE__AVAILABLE, "");
    desk_settle(self, agent);
    invite_desk(self, agent);
}

// The call at the desk is no longer the desk's.
void desk_clear_call(struct board *self, uint32_t agent, const char *reason)
{
    struct here *here = self->desks[agent].here;
    struct rung rung = here->rung;
    if (rung.joined) {
        here->rung = (struct rung){0};
        desk_set(self, agent, REC__AGENT_STATE__WRAP_UP, "");
        say_desk_news(self, agent, rung.call, false, true);
        desk_settle(self, agent);
        return;
    }
    say_desk_withdrawn(self, agent, rung.call, rung.n, reason);
    become_available(self, agent);
}

// ---- attaching

static uint32_t find_agent(struct board *self, const struct event *event)
{
    const Cli__AttachDesk *words = event->attach_desk;
    uint32_t agent = DIRECTORY_NONE;
    if (self->directory == NULL)
        say_refused(self, event->session, "no_directory", words->agent, words->attach,
                    "this node has no directory yet: apply one");
    else if ((agent = directory_find_agent(self->directory, words->agent)) == DIRECTORY_NONE)
        say_refused(self, event->session, "unknown_agent", words->agent, words->attach,
                    "there is no agent %.64s in the directory", words->agent);
    else if (attach_login(words->attach) == 0)
        say_refused(self, event->session, "bad_attach", words->agent, words->attach,
                    "an attach is login << 20 | attempt, and the login is not 0");
    else if (RULE(compare_attach) && words->attach <= self->desks[agent].attach &&
             !(self->desks[agent].here != NULL && self->desks[agent].here->session == event->session &&
               self->desks[agent].attach == words->attach))
        say_stale(self, event->session, words->agent, words->attach, self->desks[agent].attach);
    else
        return agent;
    return DIRECTORY_NONE;
}

// What the larger attachment does not go on with is not the desk's any more. Of a call that an older login accepted the
// owner hears by the desk's record: legs that are joined stay so.
static void answer_unresumed(struct board *self, uint32_t agent, bool same_login)
{
    const struct rung *rung = &self->desks[agent].here->rung;
    if (!rung->accepted)
        say_offer_answer(self, agent, rung, PEER__ANSWER__REFUSES, same_login ? "attached_without" : "signed in anew");
    else if (same_login || text_is_call_back(rung->call))
        say_offer_answer(self, agent, rung, rung->joined ? PEER__ANSWER__OVER : PEER__ANSWER__NO_CALL, "");
}

void desk_supersede(struct board *self, uint32_t agent, uint64_t attach, const char *node, const char *call)
{
    struct desk *desk = &self->desks[agent];
    struct here *here = desk->here;
    if (here == NULL)
        return;
    say_superseded(self, here->session, REC__KIND__DESK, self->directory->agents[agent].id, desk->attach, attach, node);
    bool same_login = attach_login(attach) == attach_login(desk->attach);
    if (here->rung.call[0] != '\0' && (!same_login || strcmp(here->rung.call, call) != 0))
        answer_unresumed(self, agent, same_login);
    invite_release(self, agent);
    leave(self, desk);
    board_refresh_desk(self, agent);
}

// The offer as the desk has it; its owner is who owns the call now.
static void resume_call(struct board *self, uint32_t agent, const Cli__AttachDesk *words)
{
    struct here *here = self->desks[agent].here;
    struct call *call = board_find_call(self, words->call);
    struct rung *rung = &here->rung;
    text_copy(rung->call, sizeof rung->call, words->call);
    rung->call_attach = call != NULL && call->attach > words->call_attach ? call->attach : words->call_attach;
    rung->n = words->n;
    rung->accepted = words->accepted || words->state == REC__AGENT_STATE__ON_CALL;
    rung->node = call != NULL ? call->owner.node : 0;
    uint32_t ring_ms = call != NULL && call->queue != DIRECTORY_NONE ? self->directory->queues[call->queue].ring_ms
                                                                     : SWITCHBOARD_OFFER_SLACK_MS;
    rung->deadline_us = self->now.mono_us + (uint64_t)ring_ms * 1000;
    rung->joined = words->reached && rung->accepted && text_is_call_back(rung->call);
    if (rung->joined)
        wrap_reached(self, agent, rung->call);
    if (call != NULL && call->owner.node == 0 && !call->mine)
        return;  // owned by an earlier start of this node: its gateway brings it back
    say_offer_answer(self, agent, rung, desk_answer(rung), "");
}

static Rec__AgentState stated(const Cli__AttachDesk *words)
{
    bool has_call = text_is_call_id(words->call);
    switch (words->state) {
    case REC__AGENT_STATE__RINGING:
    case REC__AGENT_STATE__ON_CALL:
        if (!has_call)
            return REC__AGENT_STATE__AVAILABLE;
        return words->accepted ? REC__AGENT_STATE__ON_CALL : words->state;
    case REC__AGENT_STATE__WRAP_UP:
    case REC__AGENT_STATE__NOT_READY:
        return words->state;
    case REC__AGENT_STATE__OFFLINE:
    case REC__AGENT_STATE__AVAILABLE:
    case _REC__AGENT_STATE_IS_INT_SIZE:
        break;
    }
    return REC__AGENT_STATE__AVAILABLE;
}

void desk_attach(struct board *self, const struct event *event)
{
    const Cli__AttachDesk *words = event->attach_desk;
    uint32_t agent = find_agent(self, event);
    if (agent == DIRECTORY_NONE)
        return;
    struct desk *desk = &self->desks[agent];
    struct effect *effect = say_effect(self, EFFECT_BIND);
    effect->session = event->session;
    effect->kind = REC__KIND__DESK;
    effect->name = self->directory->agents[agent].id;
    effect->attach = words->attach;
    if (desk->attach == words->attach)
        return;  // said twice
    if (desk->here != NULL && desk->here->session == event->session)
        desk->here->session = 0;  // the same connection attaches anew: nobody is superseded
    desk_supersede(self, agent, words->attach, self->node, words->call);
    wrap_reached_before(self, agent, words->reached_call);
    bool new_login = attach_login(desk->attach) != attach_login(words->attach);
    desk->here = check_alloc(sizeof *desk->here);
    desk->here->agent = agent;
    desk->here->session = event->session;
    desk->here->timer.kind = TIMER_DESK;
    desk->attach = words->attach;
    desk->misses = new_login ? 0 : desk->misses;
    Rec__AgentState state = stated(words);
    if (state == REC__AGENT_STATE__RINGING || state == REC__AGENT_STATE__ON_CALL)
        resume_call(self, agent, words);
    desk->state = REC__AGENT_STATE__OFFLINE;
    desk_set(self, agent, state, words->reason);
    if (!new_login && words->since_ms > 0 && words->since_ms < self->now.wall_ms)
        desk->since_ms = words->since_ms;
    board_refresh_desk(self, agent);
    offer_desk_copied(self, agent);
    desk_settle(self, agent);
    if (state == REC__AGENT_STATE__AVAILABLE)
        invite_desk(self, agent);
}

// ---- what the desk says

static void answer_accept(struct board *self, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    if (!desk->here->rung.accepted) {
        desk->here->rung.accepted = true;
        desk->misses = 0;
        desk_set(self, agent, RULE(busy_until_confirm) ? REC__AGENT_STATE__ON_CALL : REC__AGENT_STATE__AVAILABLE, "");
    }
    say_offer_answer(self, agent, &desk->here->rung, PEER__ANSWER__ACCEPTS, "");
    desk_settle(self, agent);
}

static void answer_no(struct board *self, uint32_t agent, Peer__Answer answer, const char *reason)
{
    struct desk *desk = &self->desks[agent];
    struct rung rung = desk->here->rung;
    invite_pass(self, agent, rung.call, self->directory->settings.retry_ms);
    say_offer_answer(self, agent, &rung, answer, reason);
    say_desk_withdrawn(self, agent, rung.call, rung.n, reason);
}

void desk_end(struct board *self, uint32_t agent)
{
    struct here *here = self->desks[agent].here;
    here->leaving = here->rung;
    desk_say_leaving(self, agent);
    here->rung = (struct rung){0};
    desk_set(self, agent, REC__AGENT_STATE__WRAP_UP, "");
    say_desk_news(self, agent, here->leaving.call, false, true);
    desk_settle(self, agent);
}

static void set_readiness(struct board *self, uint32_t agent, const Cli__DeskWord *word)
{
    Rec__AgentState now = self->desks[agent].state;
    if (now == REC__AGENT_STATE__RINGING || now == REC__AGENT_STATE__ON_CALL) {
        self->counters.words_refused++;
        say_refused(self, self->desks[agent].here->session, "has_a_call", word->call, self->desks[agent].attach,
                    "the desk has a call: answer or end it first");
        return;
    }
    self->desks[agent].misses = 0;
    if (word->word == CLI__DESK_WORD__WORD__READY) {
        become_available(self, agent);
    } else {
        invite_release(self, agent);
        desk_set(self, agent,
                 word->word == CLI__DESK_WORD__WORD__AWAY ? REC__AGENT_STATE__NOT_READY : REC__AGENT_STATE__WRAP_UP,
                 word->reason);
    }
    say_desk_news(self, agent, "", false, false);
}

void desk_word(struct board *self, const struct event *event)
{
    const Cli__DeskWord *word = event->desk_word;
    uint32_t agent = self->directory == NULL ? DIRECTORY_NONE : directory_find_agent(self->directory, event->name);
    struct desk *desk = agent == DIRECTORY_NONE ? NULL : &self->desks[agent];
    if (desk == NULL || desk->here == NULL || desk->here->session != event->session || word->attach != desk->attach) {
        self->counters.words_refused++;
        return;
    }
    const struct rung *rung = &desk->here->rung;
    bool about_call =
        rung->call[0] != '\0' && strcmp(rung->call, word->call) == 0 && (word->n == 0 || word->n == rung->n);
    switch (word->word) {
    case CLI__DESK_WORD__WORD__ACCEPT:
    case CLI__DESK_WORD__WORD__DECLINE:
    case CLI__DESK_WORD__WORD__END:
    case CLI__DESK_WORD__WORD__NO_CALL:
    case CLI__DESK_WORD__WORD__REACHED:
    case CLI__DESK_WORD__WORD__NOT_REACHED:
        break;
    case CLI__DESK_WORD__WORD__READY:
    case CLI__DESK_WORD__WORD__AWAY:
    case CLI__DESK_WORD__WORD__WRAPPING:
        set_readiness(self, agent, word);
        return;
    case CLI__DESK_WORD__WORD__DISPOSITION:
        wrap_say(self, agent, word);
        return;
    case CLI__DESK_WORD__WORD__WORD_UNSET:
    case _CLI__DESK_WORD__WORD_IS_INT_SIZE:
        self->counters.words_refused++;
        return;
    }
    struct rung *asked = &desk->here->asked;
    if (word->word == CLI__DESK_WORD__WORD__NO_CALL && !about_call && strcmp(asked->call, word->call) == 0 &&
        asked->n == word->n) {
        say_offer_answer(self, agent, asked, asked->joined ? PEER__ANSWER__OVER : PEER__ANSWER__NO_CALL, "asked");
        *asked = (struct rung){0};
    } else if (!about_call &&
               word->word == CLI__DESK_WORD__WORD__REACHED) {  // it crossed a withdrawal: she speaks all the same
        desk_regain(self, agent, word);
    } else if (!about_call) {  // withdrawn in the meantime
        self->counters.words_refused++;
        say_desk_withdrawn(self, agent, word->call, word->n, "no_longer_offered");
    } else if (word->word == CLI__DESK_WORD__WORD__ACCEPT) {
        answer_accept(self, agent);
    } else if (word->word == CLI__DESK_WORD__WORD__REACHED || word->word == CLI__DESK_WORD__WORD__NOT_REACHED) {
        desk_dialled(self, agent, word);
    } else if (word->word == CLI__DESK_WORD__WORD__END && rung->accepted) {
        desk_end(self, agent);
    } else if (word->word == CLI__DESK_WORD__WORD__NO_CALL && rung->accepted) {
        answer_no(self, agent, PEER__ANSWER__NO_CALL, "no_call");
        become_available(self, agent);
    } else if (!rung->accepted) {
        desk->misses = 0;
        answer_no(self, agent, PEER__ANSWER__DECLINES, "declined");
        become_available(self, agent);
    }
}

void desk_gone(struct board *self, const struct event *event)
{
    uint32_t agent = self->directory == NULL ? DIRECTORY_NONE : directory_find_agent(self->directory, event->name);
    if (agent == DIRECTORY_NONE || self->desks[agent].here == NULL ||
        self->desks[agent].here->session != event->session)
        return;
    struct desk *desk = &self->desks[agent];
    struct rung rung = desk->here->rung;
    invite_release(self, agent);
    if (rung.call[0] != '\0' && !rung.accepted)
        say_offer_answer(self, agent, &rung, PEER__ANSWER__REFUSES, "desk_gone");
    else if (rung.call[0] != '\0' && event->leaving)
        say_offer_answer(self, agent, &rung, rung.joined ? PEER__ANSWER__OVER : PEER__ANSWER__NO_CALL, "signed off");
    leave(self, desk);
    desk_set(self, agent, REC__AGENT_STATE__OFFLINE, event->leaving ? "signed_off" : "gone");
}

// ---- time

static void ring_time_over(struct board *self, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    desk->misses++;
    answer_no(self, agent, PEER__ANSWER__NO_ANSWER, "ring_time_over");
    if (desk->misses < self->directory->settings.misses_max) {
        become_available(self, agent);
        return;
    }
    desk->here->rung = (struct rung){0};
    desk_set(self, agent, REC__AGENT_STATE__NOT_READY, "missed_calls");
    say_desk_news(self, agent, "", false, false);
    desk_settle(self, agent);
}

void desk_deadline(struct board *self, uint32_t agent)
{
    struct here *here = self->desks[agent].here;
    if (here->rung.call[0] != '\0' && !here->rung.accepted && self->now.mono_us >= here->rung.deadline_us) {
        ring_time_over(self, agent);
        return;
    }
    if (RULE(repeat_accept) && here->rung.call[0] != '\0' && here->rung.accepted && !here->rung.confirmed)
        say_offer_answer(self, agent, &here->rung, desk_answer(&here->rung), "");
    if (here->leaving.call[0] != '\0')
        desk_say_leaving(self, agent);
    if (here->hold[0] != '\0' && self->now.mono_us >= here->hold_until_us) {
        invite_release(self, agent);
        invite_desk(self, agent);
    }
    desk_settle(self, agent);
}
