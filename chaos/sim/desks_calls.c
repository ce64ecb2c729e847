// A call at a desk: taken, declined or missed, spoken, ended; a call-back dialled.
#include "chaos/sim/desks_inside.h"
#include "chaos/sim/lost.h"

#include <string.h>

#define LATE_MS 400  // around the end of the ring time

static void end_call(void *subject, uint64_t number)
{
    struct desk_person *self = subject;
    if (!desk_may_act(self, number, end_call) || hotline_desk_call(self->edge.client)[0] == '\0')
        return;
    desk_tell(self, HISTORY_ENDS, self->call, 0, NULL);
    hotline_desk_end(self->edge.client);
    edge_settle(&self->edge);
}

// The agent dials a lost caller, and says how that went, unless she or her program is gone by then.
static void dial(void *subject, uint64_t number)
{
    static const char *const reasons[] = {
        [LOST_NO_ANSWER] = "no_answer", [LOST_WRONG_NUMBER] = "wrong_number", [LOST_OTHER] = "other"};
    static const enum hotline_call_back_failure failures[] = {[LOST_NO_ANSWER] = HOTLINE_NO_ANSWER,
                                                              [LOST_WRONG_NUMBER] = HOTLINE_WRONG_NUMBER,
                                                              [LOST_OTHER] = HOTLINE_NOT_REACHED};
    struct desk_person *self = subject;
    struct sim *sim = desk_sim(self);
    if (!desk_may_act(self, number, dial) || hotline_desk_call(self->edge.client)[0] == '\0')
        return;
    bool faulty = (sim->options.faults & 1u << SIM_FAULT_CLIENT) != 0 && !sim->closing;
    if (faulty && chance_permille(desk_chance(self), 60)) {
        sim_meet(sim, MET_callback_desk_vanish);
        desk_vanish(self);
        return;
    }
    if (!sim->closing && chance_permille(desk_chance(self), 60)) {  // something else goes first
        sim_meet(sim, MET_callback_given_up);
        end_call(self, number);
        return;
    }
    self->doing++;
    enum lost_answer answer = lost_dial(sim, desk_chance(self), self->lost);
    if (answer == LOST_REACHED) {
        sim_meet(sim, MET_callback_reached);
        desk_tell(self, HISTORY_REACHED, self->call, 0, NULL);
        text_copy(self->speaks_with, sizeof self->speaks_with, self->number);
        hotline_desk_reached(self->edge.client, self->call);
        desk_later(self, 1000, sim->closing ? 4000 : 15000, end_call);
    } else {
        sim_meet(sim, MET_callback_failed);
        desk_tell(self, HISTORY_NOT_REACHED, self->call, 0, reasons[answer]);
        hotline_desk_not_reached(self->edge.client, self->call, failures[answer], "as simulated");
    }
    edge_settle(&self->edge);
}

static void no_call_came(void *subject, uint64_t number)
{
    struct desk_person *self = subject;
    if (!desk_may_act(self, number, no_call_came) || hotline_desk_call(self->edge.client)[0] == '\0')
        return;
    sim_meet(desk_sim(self), MET_no_call_came);
    end_call(self, number);
}

static void accept(void *subject, uint64_t number)
{
    struct desk_person *self = subject;
    if (!desk_may_act(self, number, accept) || strcmp(hotline_desk_state(self->edge.client), "ringing") != 0)
        return;
    self->doing++;
    desk_tell(self, HISTORY_ACCEPTS, self->call, 0, NULL);
    hotline_desk_accept(self->edge.client, self->call);
    if (chance_permille(desk_chance(self), 50)) {
        sim_meet(desk_sim(self), MET_answered_twice);
        hotline_desk_accept(self->edge.client, self->call);
    }
    edge_settle(&self->edge);
    if (self->lost[0] != '\0')
        desk_later(self, 500, 5000, dial);
    else
        desk_later(self, 8000, 15000, no_call_came);
}

static void decline(void *subject, uint64_t number)
{
    struct desk_person *self = subject;
    if (!desk_may_act(self, number, decline) || strcmp(hotline_desk_state(self->edge.client), "ringing") != 0)
        return;
    self->doing++;
    sim_meet(desk_sim(self), MET_offer_declined);
    desk_tell(self, HISTORY_DECLINES, self->call, 0, NULL);
    hotline_desk_decline(self->edge.client, self->call);
    edge_settle(&self->edge);
}

void desk_rings(struct desk_person *self, const struct hotline_event *event)
{
    self->doing++;
    text_copy(self->call, sizeof self->call, event->call);
    text_copy(self->lost, sizeof self->lost, event->call_back);
    text_copy(self->number, sizeof self->number, event->number);
    if (self->lost[0] != '\0')
        sim_meet(desk_sim(self), MET_callback_rung);
    sim_tell(desk_sim(self), (struct history_event){.word = HISTORY_RINGS,
                                                    .client = self->edge.number,
                                                    .call = event->call,
                                                    .party = self->lost[0] != '\0' ? self->number : NULL,
                                                    .n = event->n,
                                                    .deadline_ms = event->deadline_ms});
    uint64_t mood = chance_below(desk_chance(self), 100);
    if (mood < 74 || desk_sim(self)->closing) {
        desk_later(self, 400, 5000, accept);
    } else if (mood < 82) {
        desk_later(self, 600, 4000, decline);
    } else if (mood < 87 && event->deadline_ms > LATE_MS) {
        sim_meet(desk_sim(self), MET_answered_late);
        desk_later(self, event->deadline_ms - LATE_MS, event->deadline_ms + LATE_MS, accept);
    } else {
        sim_meet(desk_sim(self), MET_offer_missed);
    }
}

void desk_is_connected(struct desk_person *self, const struct hotline_event *event)
{
    self->doing++;
    desk_tell(self, HISTORY_DESK_CONNECTED, event->call, 0, NULL);
    if (desk_sim(self)->closing)
        desk_later(self, 1000, 4000, end_call);
    else if (chance_permille(desk_chance(self), 500))
        desk_later(self, 2000, 18000, end_call);
    else
        desk_later(self, 20000, 25000, end_call);
}
