// What the desk's node answers to an offer, at the owner of the call (N). The first accept wins.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/text.h"

#include "cluster/base/rule.h"

#include <string.h>

static void take_offer(struct board *self, struct call *call, struct offer offer)
{
    struct duty *duty = offer_duty(call);
    Rec__Call *body = board_change(self, call);
    struct offer *open = offer_find(call, offer.agent);
    if (open != NULL)
        *open = duty->offers[--duty->offer_count];
    duty->taken = true;
    duty->taker = offer;
    struct call *other = self->desks[offer.agent].offered;
    self->desks[offer.agent].offered = call;
    if (other != NULL && other != call && other->mine)
        call_set_timer(self, other);  // nobody follows it now
    board_refresh_desk(self, offer.agent);
    if (RULE(withdraw_others))
        offer_close_all(self, call, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, "answered_elsewhere");
    offer_note(self, call, offer.n, REC__OFFER_OUTCOME__OFFER_ACCEPTED, "");
    body->agent = board_text(self, self->directory->agents[offer.agent].id);
    body->agent_login = offer.agent_login;
    call_move(self, call, REC__CALL_STATE__CALL_RINGING);
    if (!RULE(connected_by_gateway)) {
        duty->joined = true;
        call_move(self, call, REC__CALL_STATE__CONNECTED);
    }
    offer_confirm(self, call);
    call_connect(self, call);
    self->counters.offers_taken++;
}

// ---- what the desk's node says

static void say_not_yours(struct board *self, const char *from, const Peer__OfferName *name, const char *reason)
{
    Peer__Withdraw words = PEER__WITHDRAW__INIT;
    words.name = (Peer__OfferName *)name;
    words.reason = (char *)reason;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_WITHDRAW;
    talk.withdraw = &words;
    say_to_node(self, board_node_index(self, from), &talk);
}

static void tell_ringing(struct board *self, struct call *call, struct offer *offer)
{
    if (offer->told)
        return;
    offer->told = true;
    const struct directory_agent *agent = &self->directory->agents[offer->agent];
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.what = CLI__CALL_NEWS__WHAT__RINGING;
    news.agent = (char *)agent->id;
    news.site = (char *)self->directory->sites[agent->site].id;
    news.km = sphere_km(call->waiting.from, self->agents[offer->agent].at);
    news.n = offer->n;
    say_call_news(self, call, &news);
}

// Declined, accepted and then not joined, or withdrawn: the desk has it no more, and no later word makes it good again.
static bool was_spoilt(struct board *self, struct call *call, uint32_t n)
{
    const Rec__Call *body = board_body(self, call);
    for (size_t i = 0; i < body->n_story; i++) {
        if (body->story[i]->n != n)
            continue;
        switch (body->story[i]->outcome) {
        case REC__OFFER_OUTCOME__OFFER_DECLINED:
        case REC__OFFER_OUTCOME__OFFER_NO_ANSWER:
        case REC__OFFER_OUTCOME__OFFER_WITHDRAWN:
        case REC__OFFER_OUTCOME__OFFER_FAILED:
            return true;
        case REC__OFFER_OUTCOME__OFFER_OPEN:
        case REC__OFFER_OUTCOME__OFFER_ACCEPTED:
        case REC__OFFER_OUTCOME__OFFER_REFUSED:      // an offer that came twice may have rung the second time
        case REC__OFFER_OUTCOME__OFFER_UNREACHABLE:  // the desk may have moved, and ring on
        case _REC__OFFER_OUTCOME_IS_INT_SIZE:
            return false;
        }
    }
    return false;
}

// Its accept may still come, and the desk has the call no more then.
static void take_back(struct board *self, const char *from, struct call *call, const Peer__OfferName *name,
                      const char *reason)
{
    const Rec__Call *body = board_body(self, call);
    say_not_yours(self, from, name, reason);
    for (size_t i = 0; i < body->n_story; i++)
        if (body->story[i]->n == name->n && strcmp(body->story[i]->agent, name->agent) == 0 &&
            !was_spoilt(self, call, name->n)) {
            offer_note(self, call, name->n, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, reason);
            return;
        }
}

// The offer an answer names: open here, or made by an earlier owner of the call and good as long as there is room.
static struct offer *adopt_offer(struct board *self, struct call *call, uint32_t agent, const Peer__OfferName *name)
{
    struct offer *offer = offer_find(call, agent);
    if (offer != NULL)
        return offer->n == name->n && offer->agent_login == name->agent_login ? offer : NULL;
    struct duty *duty = offer_duty(call);
    if ((RULE(first_accept_wins) && duty->taken) || call->diverted || duty->offer_count == CALL_OFFERS_MAX ||
        call->queue == DIRECTORY_NONE || (RULE(spoilt_stays_spoilt) && was_spoilt(self, call, name->n)))
        return NULL;
    uint64_t patience_ms = self->directory->queues[call->queue].ring_ms + SWITCHBOARD_OFFER_SLACK_MS;
    offer = &duty->offers[duty->offer_count++];
    *offer = (struct offer){.n = name->n,
                            .agent = agent,
                            .agent_login = name->agent_login,
                            .deadline_us = self->now.mono_us + patience_ms * 1000};
    if (!offer_holds(self, agent))
        self->desks[agent].offered = call;
    if (board_body(self, call)->offers < name->n)
        board_change(self, call)->offers = name->n;
    return offer;
}

static bool is_taker(const struct call *call, uint32_t agent, const Peer__OfferName *name)
{
    return call->duty != NULL && call->duty->taken && call->duty->taker.agent == agent &&
           call->duty->taker.n == name->n && call->duty->taker.agent_login == name->agent_login;
}

static void answer_rings_or_accepts(struct board *self, const char *from, struct call *call, uint32_t agent,
                                    const Peer__OfferAnswer *answer)
{
    const struct desk *desk = &self->desks[agent];
    bool has_moved = answer->desk_attach != 0 && answer->desk_attach < desk->attach;
    uint32_t node = has_moved ? desk->owner.node : board_node_index(self, from);
    if (is_taker(call, agent, answer->name)) {
        call->duty->taker.node = node;
        offer_confirm(self, call);
        return;
    }
    struct offer *offer = adopt_offer(self, call, agent, answer->name);
    if (offer == NULL || (RULE(first_accept_wins) && call->duty->taken)) {
        take_back(self, from, call, answer->name, call->duty->taken ? "answered_elsewhere" : "no_longer_offered");
        return;
    }
    offer->node = node;
    offer->unreachable = false;
    if (answer->answer != PEER__ANSWER__RINGS) {
        take_offer(self, call, *offer);
        return;
    }
    offer->rings = true;
    tell_ringing(self, call, offer);
    if (call->state == REC__CALL_STATE__WAITING)
        call_move(self, call, REC__CALL_STATE__CALL_RINGING);
    call_set_timer(self, call);
}

// A node that the desk has left says late that it does not ring there: only the person's own word counts from anywhere.
static bool is_of_older_node(const struct board *self, const struct offer *offer, const char *from)
{
    return strcmp(self->nodes[offer->node].name, from) != 0;
}

static void answer_closes(struct board *self, const char *from, struct call *call, uint32_t agent,
                          const Peer__OfferAnswer *answer, Rec__OfferOutcome outcome)
{
    struct offer *offer = offer_find(call, agent);
    bool by_node = outcome == REC__OFFER_OUTCOME__OFFER_REFUSED;
    if (offer == NULL || offer->n != answer->name->n)
        return;
    if (outcome != REC__OFFER_OUTCOME__OFFER_DECLINED && is_of_older_node(self, offer, from)) {
        self->counters.talk_ignored++;
        return;
    }
    offer_close(self, call, agent, outcome, answer->reason);
    uint32_t retry_ms = self->directory->settings.retry_ms;
    bool holds_less = answer->holds_ms > 0 && answer->holds_ms < retry_ms;
    offer_try(self, call, agent, holds_less ? answer->holds_ms : retry_ms, by_node);
    if (by_node) {
        self->counters.offers_refused++;
        figures_count(&self->figures, "offers_refused", answer->reason);
    }
    call_ring(self, call);
}

static void answer_over(struct board *self, const char *from, struct call *call, uint32_t agent,
                        const Peer__OfferAnswer *answer, const char *why_unjoined)
{
    if (!is_taker(call, agent, answer->name)) {
        // Its accept may be behind it.
        answer_closes(self, from, call, agent, answer, REC__OFFER_OUTCOME__OFFER_DECLINED);
        take_back(self, from, call, answer->name, "over");
        return;
    }
    if (call->duty->joined) {
        call_end(self, call, REC__END_REASON__ANSWERED, "ended by the agent");
        return;
    }
    offer_try(self, call, agent, self->directory->settings.retry_ms, false);
    call_free_again(self, call, why_unjoined);
}

// What the agent says who dialled. It may come before her accept.
static void answer_of_dialler(struct board *self, const char *from, struct call *call, uint32_t agent,
                              const Peer__OfferAnswer *answer)
{
    static const char *const reasons[] = {"no_answer", "wrong_number"};
    if (!call->is_call_back) {
        say_not_yours(self, from, answer->name, "over");
        return;
    }
    if (!is_taker(call, agent, answer->name))
        answer_rings_or_accepts(self, from, call, agent, answer);
    if (!is_taker(call, agent, answer->name))
        return;
    call->duty->taker.node = board_node_index(self, from);
    const char *reason = "other";
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strcmp(reasons[i], answer->reason) == 0)
            reason = reasons[i];
    bool readable = text_is_printable(answer->text, CALLBACK_TEXT_MAX_BYTES);
    if (answer->answer == PEER__ANSWER__REACHED)
        callback_reached(self, call);
    else
        callback_failed(self, call, reason, readable ? answer->text : "");
}

void offer_answered(struct board *self, const char *from, const Peer__OfferAnswer *answer)
{
    const Peer__OfferName *name = answer->name;
    struct call *call = board_find_call(self, name->call);
    uint32_t agent = self->directory == NULL ? DIRECTORY_NONE : directory_find_agent(self->directory, name->agent);
    if (call == NULL || call->state == REC__CALL_STATE__ENDED) {
        // Ended here, which the desk's node has not seen yet. A call nobody knows is the desk's to end.
        if (store_find(self->store, REC__KIND__CALL, name->call) != NULL)
            say_not_yours(self, from, name, "ended");
        return;
    }
    if (!call->mine || name->call_attach > call->attach || agent == DIRECTORY_NONE) {
        self->counters.talk_ignored++;
        return;
    }
    switch (answer->answer) {
    case PEER__ANSWER__RINGS:
    case PEER__ANSWER__ACCEPTS:
        answer_rings_or_accepts(self, from, call, agent, answer);
        break;
    case PEER__ANSWER__DECLINES:
        answer_closes(self, from, call, agent, answer, REC__OFFER_OUTCOME__OFFER_DECLINED);
        break;
    case PEER__ANSWER__NO_ANSWER:
        answer_closes(self, from, call, agent, answer, REC__OFFER_OUTCOME__OFFER_NO_ANSWER);
        break;
    case PEER__ANSWER__REFUSES:
        answer_closes(self, from, call, agent, answer, REC__OFFER_OUTCOME__OFFER_REFUSED);
        break;
    case PEER__ANSWER__NO_CALL:
        answer_over(self, from, call, agent, answer, "the agent says no call came");
        break;
    case PEER__ANSWER__OVER:
        answer_over(self, from, call, agent, answer, "ended before the legs were joined");
        break;
    case PEER__ANSWER__REACHED:
    case PEER__ANSWER__NOT_REACHED:
        answer_of_dialler(self, from, call, agent, answer);
        break;
    case PEER__ANSWER__ANSWER_UNSET:
    case _PEER__ANSWER_IS_INT_SIZE:
        self->counters.talk_ignored++;
        break;
    }
}
