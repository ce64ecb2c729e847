// A call-back, at the node that made it. It goes through what every call goes through (calls.c), but for this: nobody
// is on a line, so the agent who accepts dials, and says how that went.
//
//   made ─▶ WAITING ──offers──▶ CALL_RINGING ──accepted, dials──▶ CALL_RINGING ──reached──▶ CONNECTED ──▶ ENDED
//   answered
//             ▲  │                                                   │
//             │  └─ rests ◀────────────── not reached ───────────────┘   the third time: the queue's last resort
//             └───────┘
//
// Each has its end: a deadline while it waits or rests, the agent's desk while she dials or speaks. A desk that is gone
// for adopt_after_ms has failed, or, if it spoke, is over. Not needed any more: ENDED cancelled, unless it is spoken.
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <stdio.h>
#include <string.h>

static struct call *call_of(const struct board *self, const struct promise *promise)
{
    char id[CALL_ID_MAX_BYTES + 16];
    snprintf(id, sizeof id, "%s~%u", promise->call, promise->mine);
    struct call *call = board_find_call(self, id);
    return call != NULL && call->mine && call->state != REC__CALL_STATE__ENDED ? call : NULL;
}

static bool is_taken(const struct call *call)
{
    return call->duty != NULL && call->duty->taken;
}

// ---- made

void callback_make(struct board *self, struct promise *promise, const struct record *record, const Rec__Call *lost)
{
    char id[CALL_ID_MAX_BYTES + 16];
    promise->mine = ++promise->largest;
    snprintf(id, sizeof id, "%s~%u", promise->call, promise->mine);
    struct call *call = board_add_call(self, id);
    call->mine = call->is_call_back = true;
    call->attach = record->version.attach;
    call->owner = (struct party){0, self->boot};
    call->born_ms = record->born_ms;
    Rec__Call *body = board_change(self, call);
    body->gateway = lost->gateway;  // whose leg it was; it has none itself
    body->caller = lost->caller != NULL ? lost->caller : body->caller;
    body->queue = lost->queue;
    body->dialled = lost->dialled;
    body->queued_ms = lost->queued_ms;
    body->call_back = board_take(self, sizeof *body->call_back);
    rec__call_back__init(body->call_back);
    body->call_back->call = board_text(self, promise->call);
    body->call_back->owed_ms = lost->ended_ms > 0 ? lost->ended_ms : self->now.wall_ms;
    body->call_back->tries = promise->tries;
    board_read_call(self, call, body);
    call_start_wait(self, call);
    self->counters.callbacks_made++;
    call_ring(self, call);
}

// ---- dialled

void callback_reached(struct board *self, struct call *call)
{
    if (!is_taken(call))
        return;
    if (!call->duty->joined) {
        call->duty->joined = true;
        call_move(self, call, REC__CALL_STATE__CONNECTED);
        self->counters.callbacks_reached++;
    }
    offer_confirm(self, call);
    call_set_timer(self, call);
}

static void set_rests(struct board *self, struct call *call, bool rests)
{
    board_change(self, call)->call_back->rests = rests;
    call->rests = rests;
}

static void rest(struct board *self, struct call *call, uint64_t until_us)
{
    call_dequeue(self, call);
    set_rests(self, call, true);
    call->rest_until_us = until_us;
    call_move(self, call, REC__CALL_STATE__WAITING);
    call_set_timer(self, call);
}

static void wake(struct board *self, struct call *call)
{
    set_rests(self, call, false);
    call_start_wait(self, call);
    call_enqueue(self, call);
    call->news_us = 0;
    call_ring(self, call);
}

void callback_failed(struct board *self, struct call *call, const char *reason, const char *text)
{
    Rec__Call *body = board_change(self, call);
    offer_note(self, call, call->duty->taker.n, REC__OFFER_OUTCOME__OFFER_FAILED, reason);
    offer_withdraw_taker(self, call, "noted");
    body->agent = (char *)"";
    body->agent_login = 0;
    body->connected_ms = 0;
    body->call_back->tries++;
    body->call_back->last = board_text(self, reason);
    body->call_back->last_text = board_text(self, text);
    body->call_back->last_ms = self->now.wall_ms;
    self->counters.callbacks_failed++;
    uint64_t retry_us = (uint64_t)self->directory->settings.call_back_retry_ms * 1000;
    rest(self, call, self->now.mono_us + retry_us);
    if (body->call_back->tries % CALLBACK_TRIES_MAX != 0 || call->queue == DIRECTORY_NONE)
        return;
    set_rests(self, call, false);
    call_expire(self, call);
}

void callback_deadline(struct board *self, struct call *call)
{
    if (self->now.mono_us >= call->rest_until_us)
        wake(self, call);
}

bool callback_is_spoken(const struct rung *rung)
{
    return rung->joined && text_is_call_back(rung->call);
}

// ---- once a tick

// Only its desk ends a try: one that is gone for good has ended it, too.
static void look_at_desk(struct board *self, struct call *call)
{
    const struct offer *taker = &call->duty->taker;
    const struct desk *desk = taker->agent == DIRECTORY_NONE ? NULL : &self->desks[taker->agent];
    bool has_it = desk != NULL && board_owner_up(self, desk->owner) && desk->state == REC__AGENT_STATE__ON_CALL &&
                  attach_login(desk->attach) == taker->agent_login && strcmp(desk->call, call->id) == 0;
    uint64_t patience_us = (uint64_t)self->directory->settings.adopt_after_ms * 1000;
    if (has_it || call->desk_seen_us == 0)
        call->desk_seen_us = self->now.mono_us;
    if (self->now.mono_us - call->desk_seen_us < patience_us)
        return;
    call->desk_seen_us = 0;
    if (call->duty->joined)
        call_end(self, call, REC__END_REASON__ANSWERED, "the agent's desk is gone");
    else
        callback_failed(self, call, "desk_gone", "");
}

void callback_look(struct board *self, struct promise *promise, bool redialled, const char *needless, const char *rival)
{
    struct call *call = call_of(self, promise);
    if (call == NULL) {  // over, or another node's version goes before
        promise->mine = 0;
        return;
    }
    bool taken = is_taken(call), spoken = taken && call->duty->joined;
    needless = needless == NULL && !taken ? rival : needless;
    if (RULE(cancel_needless) && needless != NULL && !(spoken && RULE(spoken_call_back_stays))) {
        self->counters.callbacks_cancelled++;
        call_end(self, call, REC__END_REASON__CANCELLED, needless);
        promise->mine = 0;
    } else if (taken) {
        look_at_desk(self, call);
    } else if (promise->reached) {  // by one who was given up, and is back
        call_end(self, call, REC__END_REASON__ANSWERED, "a desk that was out of reach had reached the caller");
        promise->mine = 0;
    } else if (redialled && !call->rests) {
        offer_close_all(self, call, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, "the caller has dialled again");
        rest(self, call, TIMER_NEVER);
    } else if (!redialled && call->rests && call->rest_until_us == TIMER_NEVER) {
        wake(self, call);
    }
    if (!taken)
        call->desk_seen_us = 0;
}
