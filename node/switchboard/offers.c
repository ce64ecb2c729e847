// An offer, at the owner of the call (N).
//
//   made ──RINGS──▶ rings ──ACCEPTS──▶ taken ──(gateway joins)──▶ spoken
//     │               │                  └──NO_CALL, join failed──▶ closed
//     └───────────────┴── declined, no answer, refused, withdrawn, unreachable ──▶ closed
//
// The first accept wins; every other open offer is withdrawn. An accept of an offer that was closed here is still good
// while the call is free, for the person said yes; but not of one that was withdrawn, or closed by the desk's own word:
// the desk has it no more.
#include "node/switchboard/board.h"

#include <string.h>

#define CLOCK_SLACK_MS 1000  // clocks may differ so much

struct duty *offer_duty(struct call *call)
{
    if (call->duty == NULL)
        call->duty = check_alloc(sizeof *call->duty);
    return call->duty;
}

struct offer *offer_find(struct call *call, uint32_t agent)
{
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count; i++)
        if (call->duty->offers[i].agent == agent)
            return &call->duty->offers[i];
    return NULL;
}

bool offer_holds(const struct board *self, uint32_t agent)
{
    const struct desk *desk = &self->desks[agent];
    const struct duty *duty = desk->offered == NULL ? NULL : desk->offered->duty;
    if (duty == NULL || !duty->taken || duty->taker.agent != agent)
        return desk->offered != NULL;
    // A conversation of another login of hers goes on without her desk. Before the legs are joined a larger one may
    // have said yes at a desk that no copy tells of yet.
    uint64_t login = attach_login(desk->attach);
    return login == duty->taker.agent_login || (login < duty->taker.agent_login && !duty->joined);
}

// ---- who was tried

bool offer_was_tried(const struct board *self, const struct tried *tried)
{
    return tried->until_us > self->now.mono_us && tried->login == attach_login(self->desks[tried->agent].attach);
}

void offer_try(struct board *self, struct call *call, uint32_t agent, uint64_t ms, bool by_node)
{
    struct duty *duty = offer_duty(call);
    uint32_t slot = duty->tried_count;
    for (uint32_t i = 0; i < duty->tried_count; i++) {
        bool holds = offer_was_tried(self, &duty->tried[i]);
        if (duty->tried[i].agent == agent && holds && by_node && !duty->tried[i].by_node)
            return;                           // what the person said counts for more
        if (duty->tried[i].agent == agent) {  // an agent has one place
            slot = i;
            break;
        }
        if (!holds)
            slot = i;
    }
    if (slot == CALL_TRIED_MAX) {  // forgets the one that comes free first
        slot = 0;
        for (uint32_t i = 1; i < duty->tried_count; i++)
            if (duty->tried[i].until_us < duty->tried[slot].until_us)
                slot = i;
        self->counters.tried_forgotten++;
    }
    if (slot == duty->tried_count)
        duty->tried_count++;
    duty->tried[slot] = (struct tried){.agent = agent,
                                       .until_us = self->now.mono_us + ms * 1000,
                                       .login = attach_login(self->desks[agent].attach),
                                       .by_node = by_node};
}

// ---- the story

static void add_story(struct board *self, Rec__Call *body, Rec__Offered *entry)
{
    size_t keep = body->n_story < SWITCHBOARD_STORY_MAX ? body->n_story : SWITCHBOARD_STORY_MAX - 1;
    size_t dropped = body->n_story - keep;
    Rec__Offered **story = board_take(self, (keep + 1) * sizeof *story);
    if (keep > 0)
        memcpy(story, body->story + dropped, keep * sizeof *story);
    story[keep] = entry;
    body->story = story;
    body->n_story = keep + 1;
    body->outcomes_dropped += (uint32_t)dropped;
}

void offer_note(struct board *self, struct call *call, uint32_t n, Rec__OfferOutcome outcome, const char *detail)
{
    Rec__Call *body = board_change(self, call);
    for (size_t i = 0; i < body->n_story; i++) {
        if (body->story[i]->n != n)
            continue;
        body->story[i]->outcome = outcome;
        body->story[i]->detail = board_text(self, detail);
        body->story[i]->outcome_at_ms = self->now.wall_ms;
    }
}

// ---- making

void offer_say_again(struct board *self, struct call *call, struct offer *offer, bool invited)
{
    offer->repeat_us = self->now.mono_us + (uint64_t)SWITCHBOARD_REPEAT_MS * 1000;
    const struct directory_queue *queue = &self->directory->queues[call->queue];
    Rec__Call *body = board_body(self, call);
    Peer__OfferName name = say_offer_name(self, call, offer);
    Peer__Offer words = PEER__OFFER__INIT;
    words.name = &name;
    words.ring_ms = queue->ring_ms;
    words.number = body->caller->number;
    words.queue = body->queue;
    words.priority = queue->priority;
    words.queued_ms = body->queued_ms;
    words.place = body->caller->place;
    words.languages = body->caller->languages;
    words.n_languages = body->caller->n_languages;
    words.km = sphere_km(call->waiting.from, self->agents[offer->agent].at);
    words.invited = invited;
    words.call_back = body->call_back;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_OFFER;
    talk.offer = &words;
    say_to_node(self, offer->node, &talk);
}

bool offer_make(struct board *self, struct call *call, uint32_t agent, uint32_t rank, uint32_t eligible, bool invited)
{
    struct desk *desk = &self->desks[agent];
    struct duty *duty = offer_duty(call);
    if (offer_holds(self, agent) || duty->offer_count == CALL_OFFERS_MAX || call->queue == DIRECTORY_NONE)
        return false;
    Rec__Call *body = board_change(self, call);
    struct offer *offer = &duty->offers[duty->offer_count++];
    uint64_t patience_ms = self->directory->queues[call->queue].ring_ms + SWITCHBOARD_OFFER_SLACK_MS;
    *offer = (struct offer){.n = ++body->offers,
                            .agent = agent,
                            .agent_login = attach_login(desk->attach),
                            .node = desk->owner.node,
                            .deadline_us = self->now.mono_us + patience_ms * 1000};
    Rec__Offered *entry = board_take(self, sizeof *entry);
    rec__offered__init(entry);
    entry->n = offer->n;
    entry->agent = board_text(self, self->directory->agents[agent].id);
    entry->site = board_text(self, self->directory->sites[self->directory->agents[agent].site].id);
    entry->node = self->nodes[offer->node].name;
    entry->rank = rank;
    entry->eligible = eligible;
    entry->km = sphere_km(call->waiting.from, self->agents[agent].at);
    entry->invited = invited;
    entry->at_ms = self->now.wall_ms;
    add_story(self, body, entry);
    desk->offered = call;
    board_refresh_desk(self, agent);
    offer_say_again(self, call, offer, invited);
    self->counters.offers_made++;
    return true;
}

// ---- closing

static void remove_offer(struct board *self, struct call *call, struct offer *offer)
{
    struct desk *desk = &self->desks[offer->agent];
    if (desk->offered == call)
        desk->offered = NULL;
    board_refresh_desk(self, offer->agent);
    *offer = call->duty->offers[--call->duty->offer_count];
}

void offer_close(struct board *self, struct call *call, uint32_t agent, Rec__OfferOutcome outcome, const char *detail)
{
    struct offer *offer = offer_find(call, agent);
    if (offer == NULL)
        return;
    offer_note(self, call, offer->n, outcome, detail);
    remove_offer(self, call, offer);
}

void offer_close_all(struct board *self, struct call *call, Rec__OfferOutcome outcome, const char *reason)
{
    while (call->duty != NULL && call->duty->offer_count > 0) {
        struct offer offer = call->duty->offers[0];
        say_withdraw(self, call, &offer, reason);
        offer_close(self, call, offer.agent, outcome, reason);
    }
}

void offer_overdue(struct board *self, struct call *call)
{
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count;) {
        struct offer offer = call->duty->offers[i];
        if (offer.deadline_us > self->now.mono_us) {
            i++;
            continue;
        }
        say_withdraw(self, call, &offer, "ring_time_over");
        offer_close(self, call, offer.agent, REC__OFFER_OUTCOME__OFFER_NO_ANSWER, "no word from the agent's node");
        // Who could not be reached has let nothing ring, as far as is known here; her own node knows.
        offer_try(self, call, offer.agent, self->directory->settings.retry_ms, offer.unreachable);
    }
}

void offer_repeat(struct board *self, struct call *call)
{
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count; i++) {
        struct offer *offer = &call->duty->offers[i];
        if (!offer->rings && !offer->unreachable && self->now.mono_us >= offer->repeat_us)
            offer_say_again(self, call, offer, false);
    }
}

// ---- taking

// To where the agent's desk is now: when another call was offered to her meanwhile, nobody moved this one along.
static void follow_desk(const struct board *self, struct offer *taker)
{
    const struct desk *desk = &self->desks[taker->agent];
    if (attach_login(desk->attach) == taker->agent_login && board_owner_up(self, desk->owner))
        taker->node = desk->owner.node;
}

void offer_confirm(struct board *self, struct call *call)
{
    struct offer *taker = &call->duty->taker;
    if (taker->agent == DIRECTORY_NONE)
        return;
    follow_desk(self, taker);
    Peer__OfferName name = say_offer_name(self, call, taker);
    Peer__Confirm words = PEER__CONFIRM__INIT;
    words.name = &name;
    words.joined = call->duty->joined;
    Peer__Talk talk = PEER__TALK__INIT;
    talk.body_case = PEER__TALK__BODY_CONFIRM;
    talk.confirm = &words;
    say_to_node(self, taker->node, &talk);
}

bool offer_is_doubtful(const struct board *self, const struct call *call)
{
    const struct duty *duty = call->duty;
    if (duty == NULL || !duty->taken || duty->taker.agent == DIRECTORY_NONE)
        return false;
    const struct desk *desk = &self->desks[duty->taker.agent];
    return desk->state != REC__AGENT_STATE__OFFLINE && attach_login(desk->attach) == duty->taker.agent_login &&
           board_owner_up(self, desk->owner) && strcmp(desk->call, call->id) != 0;
}

bool offer_is_unfollowed(const struct board *self, const struct call *call)
{
    const struct duty *duty = call->duty;
    return duty != NULL && duty->taken && duty->taker.agent != DIRECTORY_NONE &&
           self->desks[duty->taker.agent].offered != call;
}

void offer_withdraw_taker(struct board *self, struct call *call, const char *reason)
{
    if (call->duty == NULL || !call->duty->taken)
        return;
    struct offer taker = call->duty->taker;
    call->duty->taken = false;
    call->duty->joined = false;
    if (taker.agent == DIRECTORY_NONE)
        return;
    follow_desk(self, &taker);
    say_withdraw(self, call, &taker, reason);
    if (self->desks[taker.agent].offered == call)
        self->desks[taker.agent].offered = NULL;
    board_refresh_desk(self, taker.agent);
}

// ---- after a change of owner, or of the desk's node

void offer_restore(struct board *self, struct call *call, bool is_taken)
{
    Rec__Call *body = board_body(self, call);
    for (size_t i = 0; i < body->n_story && call->queue != DIRECTORY_NONE; i++) {
        const Rec__Offered *entry = body->story[i];
        uint32_t agent = directory_find_agent(self->directory, entry->agent);
        if (agent == DIRECTORY_NONE)
            continue;
        // By the clock of an earlier owner. One far ahead says nothing: the desk's own node still knows what the person
        // said.
        uint64_t ago_ms = self->now.wall_ms > entry->at_ms ? self->now.wall_ms - entry->at_ms : 0;
        uint64_t retry_ms = self->directory->settings.retry_ms;
        if (entry->at_ms > self->now.wall_ms + CLOCK_SLACK_MS)
            ago_ms = UINT32_MAX;
        bool by_person = entry->outcome == REC__OFFER_OUTCOME__OFFER_DECLINED ||
                         entry->outcome == REC__OFFER_OUTCOME__OFFER_NO_ANSWER;
        if (by_person && ago_ms < retry_ms)
            offer_try(self, call, agent, retry_ms - ago_ms, false);
        uint64_t patience_ms = self->directory->queues[call->queue].ring_ms + SWITCHBOARD_OFFER_SLACK_MS;
        if (entry->outcome != REC__OFFER_OUTCOME__OFFER_OPEN || ago_ms >= patience_ms || offer_holds(self, agent))
            continue;
        struct duty *duty = offer_duty(call);
        struct offer *offer = &duty->offers[duty->offer_count++];
        *offer = (struct offer){.n = entry->n,
                                .agent = agent,
                                .agent_login = attach_login(self->desks[agent].attach),
                                .node = self->desks[agent].owner.node,
                                .deadline_us = self->now.mono_us + (patience_ms - ago_ms) * 1000,
                                .unreachable = !board_owner_up(self, self->desks[agent].owner)};
        self->desks[agent].offered = call;
        board_refresh_desk(self, agent);
        if (!offer->unreachable && !is_taken)  // the desk may have moved in between, and never have seen it
            offer_say_again(self, call, offer, false);
    }
}

// Said again at once, until the desk's node answers anew.
static void offer_reachable(struct offer *offer)
{
    offer->unreachable = offer->rings = false;
    offer->repeat_us = 0;
}

void offer_node_up(struct board *self, struct call *call, uint32_t node)
{
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count; i++) {
        struct offer *offer = &call->duty->offers[i];
        if (offer->node == node && offer->unreachable && board_owner_up(self, self->desks[offer->agent].owner))
            offer_reachable(offer);
    }
    call_set_timer(self, call);  // also: its agent's desk may now be asked
}

static void desk_moved(struct board *self, struct call *call, struct offer *offer, const struct desk *desk)
{
    offer->node = desk->owner.node;
    offer_reachable(offer);
    if (desk->state == REC__AGENT_STATE__AVAILABLE)  // the offer died with the node: the desk never saw it
        offer_say_again(self, call, offer, false);
    call_set_timer(self, call);
}

void offer_desk_set(struct board *self, uint32_t agent)
{
    struct call *call = self->desks[agent].offered;
    if (call != NULL && call->mine && call->state != REC__CALL_STATE__ENDED && offer_is_doubtful(self, call))
        call_set_timer(self, call);
}

void offer_desk_copied(struct board *self, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    struct call *call = desk->offered;
    if (call == NULL || !call->mine || call->duty == NULL)
        return;
    bool taker = call->duty->taken && call->duty->taker.agent == agent;
    struct offer *offer = taker ? &call->duty->taker : offer_find(call, agent);
    if (offer == NULL)
        return;
    if (attach_login(desk->attach) != offer->agent_login) {  // a new login ends what the older one did
        if (taker && call->duty->joined) {  // they speak: only the gateway's word, or the agent's, ends that
            board_refresh_desk(self, agent);
            return;
        }
        if (taker) {
            call_free_again(self, call, "the agent signed in anew");
            return;
        }
        offer_close(self, call, agent, REC__OFFER_OUTCOME__OFFER_UNREACHABLE, "the agent signed in anew");
        call_ring(self, call);
        return;
    }
    if (desk->state == REC__AGENT_STATE__OFFLINE) {
        if (taker)
            return;  // the legs may be joined all the same: the gateway's word decides
        offer_close(self, call, agent, REC__OFFER_OUTCOME__OFFER_UNREACHABLE, "the desk is gone");
        call_ring(self, call);
        return;
    }
    if (taker) {
        offer->node = desk->owner.node;
        call_set_timer(self, call);
    } else if (offer->node != desk->owner.node || offer->unreachable) {
        desk_moved(self, call, offer, desk);
    } else if (offer->rings && desk->state == REC__AGENT_STATE__AVAILABLE) {
        offer_say_again(self, call, offer, false);  // its answer was lost, or this copy is older than the ring
    }
}
