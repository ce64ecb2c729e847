// An offer at the desk (M): rung or refused, withdrawn, confirmed; and what a copy of the call says of it.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <string.h>

// ---- offered

// An offer that was long under way: the call has ended since.
static bool is_over(struct board *self, const Peer__OfferName *name)
{
    const struct record *record = NULL;
    const Rec__Call *stored = board_stored_call(self, name->call, &record);
    return stored != NULL && stored->state == REC__CALL_STATE__ENDED && record->version.attach >= name->call_attach;
}

// Another node owns the call since, by a copy that is here already.
static bool is_of_older_owner(const struct board *self, const Peer__OfferName *name)
{
    const struct call *call = board_find_call(self, name->call);
    return call != NULL && call->attach > name->call_attach;
}

static const char *why_not(struct board *self, uint32_t agent, const Peer__Offer *offer)
{
    const struct desk *desk = &self->desks[agent];
    if (desk->here == NULL)
        return "not_here";
    if (RULE(offer_names_login) && attach_login(desk->attach) != offer->name->agent_login)
        return "other_login";
    if (RULE(refuse_second_offer) && desk->state != REC__AGENT_STATE__AVAILABLE)
        return "busy";
    if (is_over(self, offer->name))
        return "ended";
    if (is_of_older_owner(self, offer->name))
        return "older_attach";
    struct waiting_entry offered = {
        .priority = offer->priority, .queued_ms = offer->queued_ms, .id = offer->name->call};
    if (desk->here->hold[0] != '\0' && strcmp(desk->here->hold, offer->name->call) != 0) {
        const struct call *held = board_find_call(self, desk->here->hold);
        if (held != NULL && held->state == REC__CALL_STATE__WAITING &&
            waiting_has_earlier_turn(&held->waiting, &offered))
            return "held";
    }
    // Of this call itself the offer knows more than a copy here: it may wait in a lesser queue by now.
    const struct call *best = invite_best(self, agent, offer->name->call);
    if (RULE(refuse_lesser_offer) && best != NULL && waiting_has_earlier_turn(&best->waiting, &offered))
        return "another_call_first";
    return NULL;
}

static void ring_desk(struct board *self, uint32_t agent, const char *from, const Peer__Offer *offer)
{
    struct desk *desk = &self->desks[agent];
    struct rung *rung = &desk->here->rung;
    *rung = (struct rung){.call_attach = offer->name->call_attach,
                          .n = offer->name->n,
                          .node = board_node_index(self, from),
                          .deadline_us = self->now.mono_us + (uint64_t)offer->ring_ms * 1000};
    text_copy(rung->call, sizeof rung->call, offer->name->call);
    invite_release(self, agent);
    desk_set(self, agent, REC__AGENT_STATE__RINGING, "");
    Cli__Offered words = CLI__OFFERED__INIT;
    words.attach = desk->attach;
    words.call = rung->call;
    words.call_attach = rung->call_attach;
    words.n = rung->n;
    words.number = offer->number;
    words.queue = offer->queue;
    words.km = offer->km;
    words.deadline_ms = offer->ring_ms;
    words.queued_ms = offer->queued_ms;
    words.place = offer->place;
    words.languages = offer->languages;
    words.n_languages = offer->n_languages;
    words.call_back = offer->call_back;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_OFFERED;
    message.offered = &words;
    say_to_session(self, desk->here->session, &message);
    say_offer_answer(self, agent, rung, PEER__ANSWER__RINGS, "");
    desk_settle(self, agent);
}

void desk_offered(struct board *self, const char *from, const Peer__Offer *offer)
{
    uint32_t agent = directory_find_agent(self->directory, offer->name->agent);
    if (agent == DIRECTORY_NONE) {
        self->counters.talk_ignored++;  // its directory is newer or older: the offer runs out
        return;
    }
    struct here *here = self->desks[agent].here;
    if (here != NULL && strcmp(here->rung.call, offer->name->call) == 0 && here->rung.n == offer->name->n) {
        if (RULE(judge_by_attach) && offer->name->call_attach < here->rung.call_attach)
            return;  // of an owner before this one
        here->rung.call_attach = offer->name->call_attach;
        here->rung.node = board_node_index(self, from);
        say_offer_answer(self, agent, &here->rung, desk_answer(&here->rung), "");
        return;
    }
    if (here != NULL && offer->invited)
        invite_answered(self, agent, board_node_index(self, from), offer);
    const char *refusal = why_not(self, agent, offer);
    uint32_t declined_ms = here == NULL ? 0 : invite_declined_ms(self, agent, offer->name->call);
    if (refusal == NULL && declined_ms == 0) {
        if (self->tells_decisions)
            say_decided(self, agent, offer);
        ring_desk(self, agent, from, offer);
        return;
    }
    struct rung unrung = {.call_attach = offer->name->call_attach,
                          .n = offer->name->n,
                          .node = board_node_index(self, from),
                          .declined_ms = declined_ms};
    text_copy(unrung.call, sizeof unrung.call, offer->name->call);
    if (declined_ms > 0) {  // said before, and lost on the way
        say_offer_answer(self, agent, &unrung, PEER__ANSWER__DECLINES, "declined");
        return;
    }
    self->counters.offers_kept_back++;
    say_offer_answer(self, agent, &unrung, PEER__ANSWER__REFUSES, refusal);
    if (strcmp(refusal, "another_call_first") != 0)
        return;
    if (strcmp(here->hold, offer->name->call) == 0)
        invite_release(self, agent);  // what it was held for has come
    invite_desk(self, agent);
}

// ---- what the call's owner says

// The desk of an offer that is rung or spoken here, or NULL.
static struct here *rung_here(struct board *self, const Peer__OfferName *name, uint32_t *ret_agent)
{
    *ret_agent = directory_find_agent(self->directory, name->agent);
    if (*ret_agent == DIRECTORY_NONE)
        return NULL;
    struct here *here = self->desks[*ret_agent].here;
    bool same = here != NULL && strcmp(here->rung.call, name->call) == 0 && here->rung.n == name->n &&
                attach_login(self->desks[*ret_agent].attach) == name->agent_login;
    return same ? here : NULL;
}

void desk_withdrawn(struct board *self, const char *from, const Peer__Withdraw *withdraw)
{
    uint32_t agent;
    struct here *here = rung_here(self, withdraw->name, &agent);
    if (here != NULL) {
        if (RULE(spoken_call_back_stays) && callback_is_spoken(&here->rung))
            here->rung.confirmed = true;  // never let go: its maker is told no more
        else if (!RULE(judge_by_attach) || withdraw->name->call_attach >= here->rung.call_attach)
            desk_clear_call(self, agent, withdraw->reason);
        return;
    }
    if (agent == DIRECTORY_NONE || self->desks[agent].here == NULL)
        return;
    here = self->desks[agent].here;
    if (strcmp(here->leaving.call, withdraw->name->call) == 0 && here->leaving.n == withdraw->name->n)
        here->leaving = (struct rung){0};  // the owner knows that it is over
    invite_again(self, agent, board_node_index(self, from));
}

// The call is this desk's: by its owner's word, or by a copy that names the agent.
static void confirm_call(struct board *self, uint32_t agent, bool joined)
{
    struct rung *rung = &self->desks[agent].here->rung;
    if (callback_is_spoken(rung) && !joined)
        return;  // the owner has yet to hear that the caller is on the line
    rung->confirmed = true;
    if (!rung->accepted) {  // the person said yes through another node
        rung->accepted = true;
        desk_set(self, agent, REC__AGENT_STATE__ON_CALL, "");
    }
    if (joined && !rung->joined) {
        rung->joined = true;
        say_desk_news(self, agent, rung->call, true, false);
    }
    desk_settle(self, agent);
}

// The owner takes this desk for the one that has the call, and the desk has not said so: a word of it was lost with the
// node it was said to. The desk is asked, and its word decides.
static void ask_desk(struct board *self, const char *from, uint32_t agent, const Peer__Confirm *confirm)
{
    const Peer__OfferName *name = confirm->name;
    struct here *here = agent == DIRECTORY_NONE ? NULL : self->desks[agent].here;
    bool elsewhere = here == NULL || attach_login(self->desks[agent].attach) != name->agent_login;
    if (elsewhere || strcmp(here->rung.call, name->call) == 0) {
        self->counters.talk_ignored++;
        return;
    }
    if (strcmp(here->leaving.call, name->call) == 0 && here->leaving.n == name->n) {
        here->leaving.node = board_node_index(self, from);
        say_offer_answer(self, agent, &here->leaving, PEER__ANSWER__OVER, "");
        return;
    }
    here->asked = (struct rung){.call_attach = name->call_attach,
                                .n = name->n,
                                .node = board_node_index(self, from),
                                .accepted = true,
                                .joined = confirm->joined};
    text_copy(here->asked.call, sizeof here->asked.call, name->call);
    say_desk_asks(self, agent, name->call, name->n);
}

void desk_confirmed(struct board *self, const char *from, const Peer__Confirm *confirm)
{
    uint32_t agent;
    struct here *here = rung_here(self, confirm->name, &agent);
    if (here == NULL) {
        ask_desk(self, from, agent, confirm);
        return;
    }
    if (RULE(judge_by_attach) && confirm->name->call_attach < here->rung.call_attach)
        return;
    here->rung.call_attach = confirm->name->call_attach;
    here->rung.node = board_node_index(self, from);
    confirm_call(self, agent, confirm->joined);
}

// By its number; 0: unknown. An agent's name alone does not say which of her offers the call was taken by.
static uint32_t accepted_offer(const Rec__Call *body)
{
    for (size_t i = body->n_story; i-- > 0;)
        if (body->story[i]->outcome == REC__OFFER_OUTCOME__OFFER_ACCEPTED)
            return body->story[i]->n;
    return 0;
}

void desk_call_copied(struct board *self, const struct call *call, const Rec__Call *body)
{
    if (self->directory == NULL)
        return;
    struct here *here, *next;
    DL_FOREACH_SAFE(self->engaged, here, next)
    {
        uint32_t agent = here->agent;
        if (strcmp(here->leaving.call, call->id) == 0 && body->state == REC__CALL_STATE__ENDED)
            here->leaving = (struct rung){0};
        if (strcmp(here->rung.call, call->id) != 0 || (RULE(judge_by_attach) && call->attach < here->rung.call_attach))
            continue;
        const char *id = self->directory->agents[agent].id;
        bool moved = here->rung.node != call->owner.node || call->attach > here->rung.call_attach;
        here->rung.node = call->owner.node;
        here->rung.call_attach = call->attach;  // what an owner before this one still says is late
        bool ended = body->state == REC__CALL_STATE__ENDED;
        bool other = body->agent[0] != '\0' &&
                     (strcmp(body->agent, id) != 0 || body->agent_login != attach_login(self->desks[agent].attach));
        if (RULE(spoken_call_back_stays) && callback_is_spoken(&here->rung) && (ended || other)) {
            here->rung.confirmed = true;  // never let go: the desk ends it
        } else if (RULE(copy_frees_desk) && ended) {
            desk_clear_call(self, agent, "ended");
        } else if (RULE(copy_frees_desk) && other) {
            desk_clear_call(self, agent, "answered_elsewhere");
        } else if (body->agent[0] != '\0') {
            bool is_it = here->rung.accepted || accepted_offer(body) == here->rung.n;
            if (is_it && !call_reads_as_over(self, call))  // else the leg is gone: the desk's own word frees it
                confirm_call(self, agent, body->state == REC__CALL_STATE__CONNECTED);
        } else if (here->rung.confirmed || moved) {
            here->rung.confirmed = false;
            say_offer_answer(self, agent, &here->rung, desk_answer(&here->rung), "");
            desk_settle(self, agent);
        }
    }
}

// ---- what the owner is told, again and again

Peer__Answer desk_answer(const struct rung *rung)
{
    if (callback_is_spoken(rung))
        return PEER__ANSWER__REACHED;
    return rung->accepted ? PEER__ANSWER__ACCEPTS : PEER__ANSWER__RINGS;
}

// It ended the call, or dialled in vain: said until the owner knows.
void desk_say_leaving(struct board *self, uint32_t agent)
{
    struct rung *leaving = &self->desks[agent].here->leaving;
    bool owner_gone = leaving->node != 0 && self->nodes[leaving->node].up_boot == 0;
    uint64_t patience_us = (uint64_t)self->directory->settings.adopt_after_ms * 1000;
    if (owner_gone && self->now.mono_us - self->nodes[leaving->node].changed_us >= patience_us)
        *leaving = (struct rung){0};  // nobody is left to hear it
    else
        say_offer_answer(self, agent, leaving, leaving->not_reached ? PEER__ANSWER__NOT_REACHED : PEER__ANSWER__OVER,
                         leaving->reason);
}

// ---- a call-back: the agent has dialled

static void answer_reached(struct board *self, uint32_t agent)
{
    struct rung *rung = &self->desks[agent].here->rung;
    if (!rung->joined) {
        rung->joined = true;
        rung->confirmed = false;
        board_desk_changed(self, agent);
        wrap_reached(self, agent, rung->call);
    }
    say_desk_news(self, agent, rung->call, true, false);
    say_offer_answer(self, agent, rung, PEER__ANSWER__REACHED, "");
    desk_settle(self, agent);
}

void desk_dialled(struct board *self, uint32_t agent, const Cli__DeskWord *word)
{
    struct rung *rung = &self->desks[agent].here->rung;
    if (!rung->accepted || !text_is_call_back(rung->call)) {
        self->counters.words_refused++;
        say_refused(self, self->desks[agent].here->session, "no_call_back", word->call, self->desks[agent].attach,
                    "call %s is no call-back that was accepted", word->call);
        return;
    }
    if (word->word == CLI__DESK_WORD__WORD__REACHED) {
        answer_reached(self, agent);
        return;
    }
    if (rung->joined)
        return;  // it was reached: that is ended, not taken back
    bool readable = text_is_printable(word->text, CALLBACK_TEXT_MAX_BYTES);
    rung->not_reached = true;
    text_copy(rung->reason, sizeof rung->reason, word->reason);
    text_copy(rung->text, sizeof rung->text, readable ? word->text : "");
    desk_end(self, agent);
}

void desk_regain(struct board *self, uint32_t agent, const Cli__DeskWord *word)
{
    struct desk *desk = &self->desks[agent];
    struct rung *rung = &desk->here->rung;
    const struct call *call = board_find_call(self, word->call);
    if (rung->call[0] != '\0' || !text_is_call_id(word->call) || !text_is_call_back(word->call) ||
        desk->state != REC__AGENT_STATE__AVAILABLE) {
        self->counters.words_refused++;  // it has another call here: it attaches anew, and says what it does
        return;
    }
    *rung = (struct rung){.n = word->n, .accepted = true, .node = call != NULL ? call->owner.node : 0};
    text_copy(rung->call, sizeof rung->call, word->call);
    invite_release(self, agent);
    desk_set(self, agent, REC__AGENT_STATE__RINGING, "");
    desk_set(self, agent, REC__AGENT_STATE__ON_CALL, "");
    answer_reached(self, agent);
}
