// The lifecycle of a call, at its owner (N).
//
//            ┌──────────── nobody took it ────────────┐
//            ▼                                        │
//   new ─▶ WAITING ──offers──▶ CALL_RINGING ──joined──▶ CONNECTED
//            │  ▲                │      ▲                │ │
//            │  └── freed again ─┼──────┴── freed again ─┘ │
//            └───────────────────┴────────▶ ENDED ◀────────┘
//
// From an accept until the legs are joined the call is CALL_RINGING and names the agent taken.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/text.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_REPEAT_MS 1000

static bool may_move(Rec__CallState from, Rec__CallState to)
{
    switch (from) {
    case REC__CALL_STATE__CALL_STATE_UNSET:
        return true;
    case REC__CALL_STATE__WAITING:
        return to == REC__CALL_STATE__CALL_RINGING || to == REC__CALL_STATE__ENDED;
    case REC__CALL_STATE__CALL_RINGING:
        return true;
    case REC__CALL_STATE__CONNECTED:
        return to == REC__CALL_STATE__ENDED || to == REC__CALL_STATE__WAITING;
    case REC__CALL_STATE__ENDED:
    case _REC__CALL_STATE_IS_INT_SIZE:
        return false;
    }
    return false;
}

static uint64_t waited_us(const struct board *self, const Rec__Call *body)
{
    return self->now.wall_ms > body->queued_ms ? (self->now.wall_ms - body->queued_ms) * 1000 : 0;
}

void call_move(struct board *self, struct call *call, Rec__CallState to)
{
    if (call->state == to)
        return;
    check(may_move(call->state, to));
    if (call->state == REC__CALL_STATE__WAITING)
        call_dequeue(self, call);
    Rec__Call *body = board_change(self, call);
    call->state = to;
    body->state = to;
    if (to == REC__CALL_STATE__CALL_RINGING && body->ringing_ms == 0) {
        body->ringing_ms = self->now.wall_ms;
        histogram_add(&self->figures.ring, waited_us(self, body));
    }
    if (to == REC__CALL_STATE__CONNECTED && body->connected_ms == 0) {
        body->connected_ms = self->now.wall_ms;
        histogram_add(&self->figures.answer, waited_us(self, body));
    }
    if (to == REC__CALL_STATE__ENDED)
        body->ended_ms = self->now.wall_ms;
    if (to == REC__CALL_STATE__WAITING)
        call_enqueue(self, call);
}

// ---- in the queue

void call_enqueue(struct board *self, struct call *call)
{
    if (call->waiting.group != 0 || call->rests || call->diverted || call->queue == DIRECTORY_NONE ||
        call->state != REC__CALL_STATE__WAITING || !board_owner_up(self, call->owner) || call_is_left_behind(call))
        return;
    waiting_add(self->waiting, &call->waiting);
    struct stats_queue *queue = stats_queue(&self->stats, self->directory->queues[call->queue].id);
    if (queue != NULL)
        queue->waiting++;
}

void call_dequeue(struct board *self, struct call *call)
{
    if (call->waiting.group == 0)
        return;
    waiting_remove(self->waiting, &call->waiting);
    struct stats_queue *queue = stats_queue(&self->stats, self->directory->queues[call->queue].id);
    if (queue != NULL)
        queue->waiting--;
}

static void tell_waiting(struct board *self, struct call *call)
{
    bool again = call->news_us != 0;
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count; i++)
        call->duty->offers[i].told = false;  // should one of them ring after all
    call->news_us = self->now.mono_us + (uint64_t)SWITCHBOARD_NEWS_MS * 1000;
    uint32_t position = call->waiting.group == 0 ? 1 : waiting_position(&call->waiting);
    if (again && position == call->position)
        return;
    struct stats_queue *queue =
        call->queue == DIRECTORY_NONE ? NULL : stats_queue(&self->stats, self->directory->queues[call->queue].id);
    if (queue == NULL)
        return;
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.what = CLI__CALL_NEWS__WHAT__WAITING;
    news.position = position;
    news.ewt_s = stats_ewt_s(queue, news.position);
    news.queue = queue->id;
    call->position = news.position;
    say_call_news(self, call, &news);
}

void call_start_wait(struct board *self, struct call *call)
{
    uint32_t limit_ms = call->queue == DIRECTORY_NONE ? 0 : self->directory->queues[call->queue].wait_limit_ms;
    call->wait_limit_us = call->queue == DIRECTORY_NONE ? TIMER_NEVER : self->now.mono_us + (uint64_t)limit_ms * 1000;
}

// Who is away hears of no contact: the call waits on until its gateway is back, or its time is over and the call owed.
static bool is_heard(const struct call *call)
{
    return call->is_call_back || call->gateway == NULL || call->gateway->session != 0;
}

static bool waits_too_long(const struct board *self, const struct call *call)
{
    return call->queue != DIRECTORY_NONE && self->now.mono_us >= call->wait_limit_us && is_heard(call);
}

static void wait_on(struct board *self, struct call *call)
{
    bool new = call->state != REC__CALL_STATE__WAITING || call->news_us == 0;
    call_move(self, call, REC__CALL_STATE__WAITING);
    if (waits_too_long(self, call)) {
        call_expire(self, call);
        return;
    }
    if (new) {
        tell_waiting(self, call);
        invite_for_call(self, call);
    }
}

// ---- ringing

// A call rings one agent only while another of equal or higher priority waits.
static uint32_t ring_width(const struct board *self, const struct call *call)
{
    uint32_t width = self->directory->queues[call->queue].ring_width;
    for (uint32_t g = 0; width > 1 && g < self->waiting->groups_used; g++) {
        const struct waiting_entry *first = self->waiting->groups[g].first;
        if (first == &call->waiting)
            first = waiting_next(first);
        if (first != NULL && first->priority >= call->waiting.priority)
            width = 1;
    }
    return width;
}

bool call_may_ring_at(const struct board *self, const struct call *call, uint32_t agent)
{
    return !call->is_call_back || board_knows_call_backs(self, self->desks[agent].owner.node);
}

static bool is_old_node_up(const struct board *self)
{
    for (uint32_t i = 0; i < self->node_count; i++)
        if (self->nodes[i].up_boot != 0 && !board_knows_call_backs(self, i))
            return true;
    return false;
}

// These agents, and those at whose nodes this call may not ring.
static const uint32_t *except_old(struct board *self, const struct call *call, const uint32_t *except, uint32_t *count)
{
    uint32_t *agents = board_take(self, (*count + self->directory->agent_count) * sizeof *agents);
    memcpy(agents, except, *count * sizeof *agents);
    for (uint32_t i = 0; i < self->directory->agent_count; i++)
        if (route_is_available(self->route, i) && !call_may_ring_at(self, call, i))
            agents[(*count)++] = i;
    return agents;
}

static uint32_t offer_nearest(struct board *self, struct call *call)
{
    const struct duty *duty = call->duty;  // most calls that wait were never offered
    uint32_t asked[CALL_OFFERS_MAX + CALL_TRIED_MAX], except_count = 0, open = 0;
    for (uint32_t i = 0; duty != NULL && i < duty->offer_count; i++) {
        asked[except_count++] = duty->offers[i].agent;
        open += !duty->offers[i].unreachable;
    }
    for (uint32_t i = 0; duty != NULL && i < duty->tried_count; i++)
        if (offer_was_tried(self, &duty->tried[i]))
            asked[except_count++] = duty->tried[i].agent;
    uint32_t width = ring_width(self, call);
    if (open >= width)
        return open;
    const uint32_t *except = asked;
    if (call->is_call_back && is_old_node_up(self))
        except = except_old(self, call, asked, &except_count);
    struct route_pick picks[DIRECTORY_RING_WIDTH_MAX];
    uint32_t count =
        route_nearest(self->route, call->waiting.from, &call->waiting.need, except, except_count, picks, width - open);
    uint32_t eligible = count > 0 ? route_count_eligible(self->route, &call->waiting.need) : 0;
    for (uint32_t i = 0; i < count; i++)
        open += offer_make(self, call, picks[i].agent, i + 1, eligible, false);
    return open;
}

void call_ring(struct board *self, struct call *call)
{
    if (!call->mine || call->rests || call->diverted || call->state == REC__CALL_STATE__ENDED ||
        (call->duty != NULL && call->duty->taken))
        return;
    if (call->queue != DIRECTORY_NONE && offer_nearest(self, call) > 0)
        call_move(self, call, REC__CALL_STATE__CALL_RINGING);
    else
        wait_on(self, call);
    call_set_timer(self, call);
}

void call_connect(struct board *self, struct call *call)
{
    const struct offer *taker = &call->duty->taker;
    if (call->is_call_back) {  // nobody to tell: the agent dials
        call_set_timer(self, call);
        return;
    }
    call->news_us = self->now.mono_us + (uint64_t)CONNECT_REPEAT_MS * 1000;
    call_set_timer(self, call);
    if (taker->agent == DIRECTORY_NONE)
        return;
    const struct directory_agent *agent = &self->directory->agents[taker->agent];
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.what = CLI__CALL_NEWS__WHAT__CONNECT;
    news.agent = (char *)agent->id;
    news.agent_login = taker->agent_login;
    news.site = (char *)self->directory->sites[agent->site].id;
    news.contact = (char *)agent->contact;
    news.km = sphere_km(call->waiting.from, self->agents[taker->agent].at);
    news.n = taker->n;
    say_call_news(self, call, &news);
}

void call_free_again(struct board *self, struct call *call, const char *detail)
{
    Rec__Call *body = board_change(self, call);
    if (call->duty != NULL && call->duty->taken) {
        offer_note(self, call, call->duty->taker.n, REC__OFFER_OUTCOME__OFFER_FAILED, detail);
        offer_withdraw_taker(self, call, "taken_back");
    }
    body->agent = (char *)"";
    body->agent_login = 0;
    body->connected_ms = 0;
    call->news_us = 0;
    if (call->state == REC__CALL_STATE__CONNECTED)
        call_move(self, call, REC__CALL_STATE__WAITING);
    call_ring(self, call);
}

// ---- the end

static void count_end(struct board *self, const Rec__Call *body)
{
    struct stats_queue *queue = stats_queue(&self->stats, body->queue);
    if (queue == NULL)
        return;
    uint32_t index = directory_find_queue(self->directory, body->queue);
    uint32_t target_ms = index == DIRECTORY_NONE ? 0 : self->directory->queues[index].target_ms;
    if (body->call_back != NULL && body->end == REC__END_REASON__ANSWERED) {
        stats_count(queue, body->ended_ms, STATS_CALLED_BACK, 0, target_ms);
    } else if (body->end == REC__END_REASON__ANSWERED) {
        uint64_t wait_ms = body->connected_ms > body->queued_ms ? body->connected_ms - body->queued_ms : 0;
        stats_count(queue, body->ended_ms, STATS_ANSWERED, wait_ms, target_ms);
    } else if (body->end == REC__END_REASON__ABANDONED) {
        stats_count(queue, body->ended_ms, STATS_ABANDONED, 0, target_ms);
    } else if (body->end == REC__END_REASON__EXPIRED) {
        stats_count(queue, body->ended_ms, STATS_EXPIRED, 0, target_ms);
    }
}

void call_count_end(struct board *self, const Rec__Call *body)
{
    if (self->directory != NULL)
        count_end(self, body);
}

void call_end(struct board *self, struct call *call, Rec__EndReason end, const char *detail)
{
    Rec__Call *body = board_change(self, call);
    offer_close_all(self, call, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, "caller_gone");
    offer_withdraw_taker(self, call, "ended");
    body->end = end;
    body->detail = board_text(self, detail);
    call_move(self, call, REC__CALL_STATE__ENDED);
    timers_unset(&self->timers, &call->timer);
    Cli__CallNews news = CLI__CALL_NEWS__INIT;
    news.what = CLI__CALL_NEWS__WHAT__ENDED;
    news.end = end;
    news.detail = body->detail;
    if (!call->diverted)  // it was told
        say_call_news(self, call, &news);
    call_count_end(self, body);
    self->counters.callbacks_expired += call->is_call_back && end == REC__END_REASON__EXPIRED;
    promise_of_call(self, call->id, body);
}

void call_let_go(struct board *self, struct call *call)
{
    struct duty *duty = call->duty;
    call->mine = false;
    call->changed = false;
    call->diverted = false;
    call->duty = NULL;
    timers_unset(&self->timers, &call->timer);
    for (uint32_t i = 0; duty != NULL && i < duty->offer_count; i++) {
        struct desk *desk = &self->desks[duty->offers[i].agent];
        desk->offered = desk->offered == call ? NULL : desk->offered;
        board_refresh_desk(self, duty->offers[i].agent);
    }
    if (duty != NULL && duty->taken && duty->taker.agent != DIRECTORY_NONE) {
        struct desk *desk = &self->desks[duty->taker.agent];
        desk->offered = desk->offered == call ? NULL : desk->offered;
        board_refresh_desk(self, duty->taker.agent);
    }
    free(duty);
}

// ---- time

void call_set_timer(struct board *self, struct call *call)
{
    uint64_t at = TIMER_NEVER;
    bool taken = call->duty != NULL && call->duty->taken;
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count; i++) {
        const struct offer *offer = &call->duty->offers[i];
        at = offer->deadline_us < at ? offer->deadline_us : at;
        if (!offer->rings && !offer->unreachable)
            at = offer->repeat_us < at ? offer->repeat_us : at;
    }
    if (call->rests) {  // a late answer may have brought an offer back
        at = call->rest_until_us < at ? call->rest_until_us : at;
    } else if (call->diverted) {
        at = call->news_us < at ? call->news_us : at;
    } else if (call->state == REC__CALL_STATE__WAITING) {
        at = is_heard(call) && call->wait_limit_us < at ? call->wait_limit_us : at;
        at = call->news_us < at ? call->news_us : at;
    }
    if (taken && !call->duty->joined && !call->is_call_back)
        at = call->news_us < at ? call->news_us : at;
    if (offer_is_doubtful(self, call)) {
        uint64_t doubt_us = self->now.mono_us + (uint64_t)SWITCHBOARD_REPEAT_MS * 1000;
        if (call->duty->doubt_us <= self->now.mono_us || call->duty->doubt_us > doubt_us)
            call->duty->doubt_us = doubt_us;
        at = call->duty->doubt_us < at ? call->duty->doubt_us : at;
    } else if (offer_is_unfollowed(self, call)) {
        uint64_t look_us = self->now.mono_us + (uint64_t)SWITCHBOARD_REPEAT_MS * 1000;
        at = look_us < at ? look_us : at;
    }
    timers_set(&self->timers, &call->timer, at);
}

void call_deadline(struct board *self, struct call *call)
{
    if (!call->mine || call->state == REC__CALL_STATE__ENDED)
        return;
    offer_overdue(self, call);
    offer_repeat(self, call);
    if (call->rests) {
        callback_deadline(self, call);
    } else if (call->diverted) {
        if (self->now.mono_us >= call->news_us)
            call_divert(self, call);
    } else if (call->duty != NULL && call->duty->taken) {
        if (offer_is_doubtful(self, call) && self->now.mono_us >= call->duty->doubt_us)
            offer_confirm(self, call);
        if (!call->duty->joined && !call->is_call_back && self->now.mono_us >= call->news_us)
            call_connect(self, call);  // until the gateway says the legs are joined
    } else if (call->state == REC__CALL_STATE__CALL_RINGING && (call->duty == NULL || call->duty->offer_count == 0)) {
        call_ring(self, call);
    } else if (call->state == REC__CALL_STATE__WAITING) {
        if (waits_too_long(self, call))
            call_expire(self, call);
        else if (self->now.mono_us >= call->news_us)
            tell_waiting(self, call);
    }
    if (call->mine && call->state != REC__CALL_STATE__ENDED)
        call_set_timer(self, call);
}
