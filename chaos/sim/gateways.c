#include "chaos/sim/gateways.h"

#include "chaos/sim/callers.h"
#include "chaos/sim/city.h"
#include "chaos/sim/lost.h"

#include <stdlib.h>
#include <string.h>

void gateway_tell(struct gateway_person *self, enum history_word word, const char *call, const char *reason)
{
    sim_tell(gateway_sim(self),
             (struct history_event){.word = word, .client = self->edge.number, .call = call, .reason = reason});
}
// ---- what its client is told

static void on_ended(struct gateway_person *self, const struct hotline_event *event)
{
    static const struct {
        const char *reason;
        enum met_kind kind;
    } ends[] = {{"answered", MET_end_answered}, {"abandoned", MET_end_abandoned},     {"refused", MET_end_refused},
                {"expired", MET_end_expired},   {"called_back", MET_end_called_back}, {"lost", MET_end_lost}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(ends[i].reason, event->reason) == 0)
            sim_meet(gateway_sim(self), ends[i].kind);
    gateway_tell(self, HISTORY_LEG_ENDED, event->call, event->reason);
    struct caller *caller = caller_find(self, event->call);
    if (caller != NULL)
        caller_gone(self, caller, strcmp(event->reason, "answered") == 0);
}

static void on_accepted(struct gateway_person *self, struct caller *caller, const struct hotline_event *event)
{
    sim_meet(gateway_sim(self), event->copies < 2 ? MET_copies_one : MET_copies_two);
    if (caller != NULL && caller->is_accepted)
        sim_meet(gateway_sim(self), MET_accepted_again);
    if (caller != NULL)
        caller->is_accepted = true;
    sim_tell(gateway_sim(self), (struct history_event){.word = HISTORY_ACCEPTED,
                                                       .client = self->edge.number,
                                                       .call = event->call,
                                                       .number = event->copies,
                                                       .queued_ms = event->queued_ms});
}

// It waits or rings: a connect that was told before is taken back.
static void on_waiting(struct gateway_person *self, struct caller *caller, const struct hotline_event *event)
{
    bool rings = event->type == HOTLINE_CALL_RINGING;
    sim_tell(gateway_sim(self), (struct history_event){.word = rings ? HISTORY_RINGING : HISTORY_WAITING,
                                                       .client = self->edge.number,
                                                       .call = event->call,
                                                       .agent = rings ? event->agent : NULL,
                                                       .n = rings ? event->n : 0,
                                                       .queued_ms = event->queued_ms});
    if (caller == NULL)
        return;
    const struct city_queue *queue = city_find_queue(event->queue);
    if (queue != NULL && queue != &city_queues[caller->queue]) {
        caller->queue = (uint32_t)(queue - city_queues);
        sim_tell(gateway_sim(self), (struct history_event){.word = HISTORY_MOVED,
                                                           .client = self->edge.number,
                                                           .call = event->call,
                                                           .priority = queue->priority,
                                                           .skills = queue->skills,
                                                           .languages = caller->languages});
    }
    if (caller->is_connecting) {
        sim_meet(gateway_sim(self), MET_connect_taken_back);
        caller->is_connecting = false;
        caller_waits_on(self, caller);
    }
}

static void on_connect(struct gateway_person *self, struct caller *caller, const struct hotline_event *event)
{
    sim_tell(gateway_sim(self), (struct history_event){.word = HISTORY_CONNECT,
                                                       .client = self->edge.number,
                                                       .call = event->call,
                                                       .agent = event->agent,
                                                       .n = event->n});
    if (caller != NULL)
        caller_connect(self, caller);
}

static void after_over(void *subject, uint64_t life);

static void on_event(void *user, const struct hotline_event *event)
{
    struct gateway_person *self = user;
    struct caller *caller = event->call[0] != '\0' ? caller_find(self, event->call) : NULL;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        sim_tell(gateway_sim(self), (struct history_event){.word = HISTORY_ATTACHED,
                                                           .client = self->edge.number,
                                                           .attach = event->attach,
                                                           .node = event->node});
        break;
    case HOTLINE_DETACHED:
        sim_meet(gateway_sim(self), MET_gateway_attached_anew);
        gateway_tell(self, HISTORY_DETACHED, NULL, NULL);
        break;
    case HOTLINE_REFUSED:
        sim_meet(gateway_sim(self), MET_refused);
        gateway_tell(self, HISTORY_REFUSED, event->call[0] != '\0' ? event->call : NULL, event->reason);
        break;
    case HOTLINE_SUPERSEDED:
        sim_meet(gateway_sim(self), MET_superseded);
        self->is_over = true;
        sim_tell(
            gateway_sim(self),
            (struct history_event){.word = HISTORY_SUPERSEDED, .client = self->edge.number, .attach = event->attach});
        agenda_at(&gateway_sim(self)->agenda, sim_now(gateway_sim(self)) + 500 * SIM_MS_US, after_over, self,
                  self->edge.host.life);
        break;
    case HOTLINE_CALL_ACCEPTED:
        on_accepted(self, caller, event);
        break;
    case HOTLINE_CALL_WAITING:
    case HOTLINE_CALL_RINGING:
        on_waiting(self, caller, event);
        break;
    case HOTLINE_CALL_CONNECT:
        on_connect(self, caller, event);
        break;
    case HOTLINE_CALL_ENDED:
        on_ended(self, event);
        break;
    case HOTLINE_OFFER:
    case HOTLINE_WITHDRAWN:
    case HOTLINE_DESK_CONNECTED:
    case HOTLINE_DESK_ENDED:
    case HOTLINE_DESK_STATE:
        check(false);  // not a gateway's
    }
}

// ---- life

static void open_gateway(struct gateway_person *self)
{
    struct sim *sim = gateway_sim(self);
    char nodes[EDGE_NODES_BYTES];
    if (edge_runs(&self->edge))
        return;
    edge_nodes(&self->edge, nodes);
    edge_begin(&self->edge, ++sim->clients);
    self->is_over = false;
    for (uint32_t i = 0; i < self->caller_top; i++)
        self->callers[i].id[0] = '\0';
    sim_tell(sim,
             (struct history_event){.word = HISTORY_GATEWAY_OPENS, .client = self->edge.number, .party = self->name});
    struct hotline_gateway_options options = {.nodes = nodes,
                                              .gateway = self->name,
                                              .site = city_regions[self->edge.region].name,
                                              .on_event = on_event,
                                              .user = self};
    enum hotline_result result;
    edge_started(&self->edge, client_gateway_create(&self->edge.wire, &options, &result));
    callers_begin(self);
}

static void open_now(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    if (self->edge.host.life == life)
        open_gateway(self);
}

static void open_later(struct gateway_person *self, uint64_t least_ms, uint64_t most_ms)
{
    uint64_t delay_us = sim_people_us(gateway_sim(self), chance_between(gateway_chance(self), least_ms, most_ms));
    agenda_at(&gateway_sim(self)->agenda, sim_now(gateway_sim(self)) + delay_us, open_now, self, self->edge.host.life);
}

static void after_over(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    if (!edge_runs(&self->edge) || self->edge.host.life != life)
        return;
    edge_vanish(&self->edge, false);
    open_later(self, 1000, 3000);
}

void gateway_vanish(struct gateway_person *self)
{
    if (!edge_runs(&self->edge))
        return;
    sim_meet(gateway_sim(self), MET_gateway_vanish);
    for (uint32_t i = 0; i < self->caller_top; i++)
        if (self->callers[i].id[0] != '\0' && self->callers[i].is_accepted && !self->callers[i].is_joined)
            lost_add(gateway_sim(self), &self->callers[i]);
    edge_vanish(&self->edge, chance_permille(gateway_chance(self), 500));
    open_later(self, 200, 15000);
}

void gateways_come_back(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->gateway_count; i++) {
        struct gateway_person *gateway = sim->gateways[i];
        edge_resume(&gateway->edge);
        gateway->edge.host.cut_in = gateway->edge.host.cut_out = false;
        open_gateway(gateway);
    }
}

void gateways_hang_up(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->gateway_count; i++) {
        struct gateway_person *gateway = sim->gateways[i];
        for (uint32_t k = 0; k < gateway->caller_top; k++)
            if (gateway->callers[k].id[0] != '\0')
                caller_hangs_up_soon(gateway, &gateway->callers[k]);
    }
}

uint32_t gateway_waiting(const struct gateway_person *self)
{
    uint32_t count = 0;
    for (uint32_t i = 0; edge_runs(&self->edge) && i < self->caller_top; i++)
        count += self->callers[i].id[0] != '\0' && self->callers[i].is_accepted && !self->callers[i].is_joined;
    return count;
}

uint32_t gateways_callers(const struct sim *sim)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sim->gateway_count; i++)
        for (uint32_t k = 0; k < sim->gateways[i]->caller_top; k++)
            count += sim->gateways[i]->callers[k].id[0] != '\0';
    return count;
}

void gateways_create(struct sim *sim)
{
    sim->gateways = check_alloc(sim->gateway_count * sizeof(struct gateway_person *));
    for (uint32_t i = 0; i < sim->gateway_count; i++) {
        struct gateway_person *gateway = sim->gateways[i] = check_alloc(sizeof *gateway);
        snprintf(gateway->name, sizeof gateway->name, "gw-%u", i);
        edge_init(&gateway->edge, sim, i % SIM_REGIONS, 500000 + i, KEY_ROLE_GATEWAY, gateway->name);
        open_later(gateway, 3000, 4000);
    }
}

void gateways_free(struct sim *sim)
{
    for (uint32_t i = 0; sim->gateways != NULL && i < sim->gateway_count; i++) {
        if (edge_runs(&sim->gateways[i]->edge))
            hotline_client_abandon(sim->gateways[i]->edge.client);
        free(sim->gateways[i]);
    }
    free(sim->gateways);
}
