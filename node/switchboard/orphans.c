// P6: every state of a call, a desk and an offer that is not at rest has a live party that renews it, a deadline that
// ends it, or reads as over. A sweep, some of it a tick, looks for what this node owns and has none of them. Two sweeps
// must find it so: between two messages much is half done. It is counted and told, and left as it is: it is a fault to
// be found.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include <string.h>

#define LOOKS_A_TICK 5000  // calls and desks
#define FOUND_AFTER 2      // sweeps in a row

static bool is_set(const struct timer *timer)
{
    return timer->place > 0;
}

static bool is_due_by(const struct timer *timer, uint64_t at_us)
{
    return is_set(timer) && timer->at_us <= at_us;
}

static bool is_ours(const struct board *self, struct party owner)
{
    return owner.node == 0 && owner.boot == self->boot;
}

// ---- what has nobody: the words of a notice, or NULL

static const char *look_at_offers(const struct call *call)
{
    for (uint32_t i = 0; call->duty != NULL && i < call->duty->offer_count; i++)
        if (!is_due_by(&call->timer, call->duty->offers[i].deadline_us))
            return "offer_without_deadline";
    return NULL;
}

// A waiting call has its wait limit, a ringing one its offers' deadlines or, taken, the repeats to its gateway; a
// conversation ends when its gateway or its desk says so.
static bool call_moves_on(const struct call *call)
{
    bool taken = call->duty != NULL && call->duty->taken, has_queue = call->queue != DIRECTORY_NONE;
    switch (call->state) {
    case REC__CALL_STATE__WAITING:
        return call->rests || !has_queue || is_set(&call->timer);
    case REC__CALL_STATE__CALL_RINGING:
        return is_set(&call->timer) || (taken && (call->duty->joined || call->is_call_back));
    case REC__CALL_STATE__CONNECTED:
    case REC__CALL_STATE__ENDED:
    case REC__CALL_STATE__CALL_STATE_UNSET:
    case _REC__CALL_STATE_IS_INT_SIZE:
        break;
    }
    return true;
}

static const char *look_at_call(const struct board *self, const struct call *call)
{
    if (!call->mine)
        return is_ours(self, call->owner) ? "call_of_nobody" : NULL;  // another's sweep, or it reads as over
    if (call->is_call_back && !promise_keeps(self, call))
        return "call_back_without_promise";
    const struct gateway *gateway = call->gateway;
    bool heard = gateway != NULL && (gateway->session != 0 || is_set(&gateway->timer));
    if (!call->is_call_back && !heard && !call_reads_as_over(self, call))
        return "call_without_gateway";
    const char *offer = look_at_offers(call);
    if (offer != NULL)
        return offer;
    return call_moves_on(call) ? NULL : "call_without_deadline";
}

static const char *look_at_desk(const struct board *self, const struct desk *desk)
{
    const struct here *here = desk->here;
    if (here == NULL)
        return desk->state != REC__AGENT_STATE__OFFLINE && desk->attach != 0 && is_ours(self, desk->owner)
                   ? "desk_of_nobody"
                   : NULL;
    if (here->session == 0)
        return "desk_without_session";
    if (desk->state == REC__AGENT_STATE__RINGING && here->rung.call[0] == '\0')
        return "desk_rings_for_nothing";
    bool rings = here->rung.call[0] != '\0' && !here->rung.accepted;
    if (rings && !is_due_by(&here->timer, here->rung.deadline_us))
        return "ring_without_deadline";
    bool repeats = here->rung.call[0] != '\0' && here->rung.accepted && !here->rung.confirmed;
    if ((repeats || here->leaving.call[0] != '\0') && !is_set(&here->timer))
        return "answer_without_repeat";
    if (here->hold[0] != '\0' && !is_due_by(&here->timer, here->hold_until_us))
        return "hold_without_deadline";
    return NULL;
}

// ---- the sweep

static void note(struct board *self, uint8_t *looks, const char *what, const char *kind, const char *id)
{
    if (what == NULL) {
        *looks = 0;
        return;
    }
    if (*looks < FOUND_AFTER && ++*looks == FOUND_AFTER)
        say_orphan(self, what, kind, id);
    self->sweep.found += *looks == FOUND_AFTER;
}

void orphans_forget(struct board *self, const struct call *call)
{
    if (self->sweep.call == call)
        self->sweep.call = call->hh.next;
}

void orphans_tick(struct board *self)
{
    struct sweep *sweep = &self->sweep;
    if (!sweep->goes_on)
        *sweep = (struct sweep){.goes_on = true, .call = self->calls, .orphans = sweep->orphans};
    for (uint32_t looks = 0; looks < LOOKS_A_TICK; looks++) {
        if (sweep->call != NULL) {
            struct call *call = sweep->call;
            sweep->call = call->hh.next;
            note(self, &call->orphan_looks, look_at_call(self, call), "call", call->id);
        } else if (self->directory != NULL && sweep->agent < self->directory->agent_count) {
            uint32_t agent = sweep->agent++;
            struct desk *desk = &self->desks[agent];
            note(self, &desk->orphan_looks, look_at_desk(self, desk), "agent", self->directory->agents[agent].id);
        } else {
            sweep->orphans = sweep->found;
            sweep->goes_on = false;
            return;
        }
    }
}
