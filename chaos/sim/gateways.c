#include "chaos/sim/gateways.h"

#include "chaos/sim/city.h"
#include "chaos/sim/lost.h"

#include <stdlib.h>
#include <string.h>

#define HANDLED_MS 17000  // an agent's time for a call: rings, is spoken, wrap-up

static struct sim *sim_of(const struct gateway_person *self)
{
    return self->edge.sim;
}

static struct chance *chance_of(struct gateway_person *self)
{
    return &self->edge.chance;
}

static void tell(struct gateway_person *self, enum history_word word, const char *call, const char *reason)
{
    sim_tell(sim_of(self),
             (struct history_event){.word = word, .client = self->edge.number, .call = call, .reason = reason});
}

// ---- callers: places are numbered, and what was planned for an earlier caller, or deed, is passed over

#define PLACE_BITS 16

static uint64_t plan(const struct gateway_person *self, const struct caller *caller)
{
    return caller->doing << PLACE_BITS | (uint64_t)(caller - self->callers);
}

static void do_next(struct gateway_person *self, struct caller *caller)
{
    caller->doing = ++self->doing;
}

static void later(struct gateway_person *self, const struct caller *caller, uint64_t least_ms, uint64_t most_ms,
                  agenda_happen *happen)
{
    uint64_t delay_us = sim_people_us(sim_of(self), chance_between(chance_of(self), least_ms, most_ms));
    agenda_at(&sim_of(self)->agenda, sim_now(sim_of(self)) + delay_us, happen, self, plan(self, caller));
}

// NULL: that is over. A gateway that hangs does not hear its caller, who tries again.
static struct caller *who(struct gateway_person *self, uint64_t number, agenda_happen *again)
{
    struct caller *caller = &self->callers[number & ((1u << PLACE_BITS) - 1)];
    if (!edge_runs(&self->edge) || self->is_over || caller->id[0] == '\0' || caller->doing != number >> PLACE_BITS)
        return NULL;
    if (!self->edge.host.paused)
        return caller;
    agenda_at(&sim_of(self)->agenda, sim_now(sim_of(self)) + 200 * SIM_MS_US, again, self, number);
    return NULL;
}

static struct caller *find(struct gateway_person *self, const char *call)
{
    for (uint32_t i = 0; i < self->caller_top; i++)
        if (strcmp(self->callers[i].id, call) == 0)
            return &self->callers[i];
    return NULL;
}

static struct caller *free_place(struct gateway_person *self)
{
    for (uint32_t i = 0; i < self->caller_top; i++)
        if (self->callers[i].id[0] == '\0')
            return &self->callers[i];
    return self->caller_top < GATEWAY_CALLERS_MAX ? &self->callers[self->caller_top++] : NULL;
}

// ---- what callers do

static void hang_up(void *subject, uint64_t number)
{
    struct gateway_person *self = subject;
    struct caller *caller = who(self, number, hang_up);
    if (caller == NULL)
        return;
    do_next(self, caller);
    tell(self, HISTORY_HUNG_UP, caller->id, NULL);
    hotline_gateway_hung_up(self->edge.client, caller->id);
    edge_settle(&self->edge);
}

// Patience: not with an agent on the line, nor when about to be.
static void lose_patience(struct gateway_person *self, struct caller *caller)
{
    do_next(self, caller);
    if (!caller->is_patient)
        later(self, caller, 3000, 40000, hang_up);
}

static bool may_call(const struct gateway_person *self)
{
    return edge_runs(&self->edge) && !self->is_over && !self->edge.host.paused;
}

static void submit(struct gateway_person *self, struct caller *caller, const struct hotline_call_spec *spec)
{
    struct sim *sim = sim_of(self);
    char id[HOTLINE_CALL_ID_BYTES];
    if (hotline_gateway_submit(self->edge.client, spec, id) != HOTLINE_OK)
        return;
    text_copy(caller->id, sizeof caller->id, id);
    sim->calls++;
    char place[CITY_PLACE_BYTES] = "";
    if (spec->at)
        city_write_place((int32_t)spec->lat * 1000000, (int32_t)spec->lon * 1000000, place);
    sim_tell(sim, (struct history_event){.word = HISTORY_SUBMITTED,
                                         .client = self->edge.number,
                                         .call = caller->id,
                                         .party = caller->number,
                                         .priority = city_queues[caller->queue].priority,
                                         .skills = city_queues[caller->queue].skills,
                                         .languages = caller->languages,
                                         .place = place,
                                         .number = city_queues[caller->queue].ring_width});
    lose_patience(self, caller);
    edge_settle(&self->edge);
}

static void place_call(struct gateway_person *self)
{
    struct sim *sim = sim_of(self);
    struct chance *chance = chance_of(self);
    struct caller *caller = may_call(self) ? free_place(self) : NULL;
    if (caller == NULL)
        return;
    const char *languages[2] = {NULL, NULL};
    uint64_t kind = chance_below(chance, 10), speaks = chance_below(chance, 20);
    *caller = (struct caller){.queue = kind < 2 ? 0 : kind < 6 ? 1 : 2, .is_patient = chance_permille(chance, 600)};
    if (speaks < 12) {
        uint32_t language = speaks < 4 ? 0 : speaks < 9 ? 1 : 2;
        languages[0] = city_languages[language];
        caller->languages = (uint64_t)1 << language;
    }
    if (!chance_permille(chance, 100))
        snprintf(caller->number, sizeof caller->number, "%s%04u",
                 city_regions[chance_below(chance, SIM_REGIONS)].number, (uint32_t)(++sim->numbers % 10000));
    // Where links are cut it is asked who was nearest; of other callers only the nodes know where they are.
    uint32_t located_permille = sim->options.links != LINKS_NO_PLAN ? 800 : 200;
    struct hotline_call_spec spec = {.number = caller->number,
                                     .at = chance_permille(chance, located_permille),
                                     .lat = (double)chance_below(chance, 120) - 60,
                                     .lon = (double)chance_below(chance, 360) - 180,
                                     .queue = city_queues[caller->queue].name,
                                     .languages = languages};
    submit(self, caller, &spec);
}

void gateway_dial_again(struct gateway_person *self, const struct caller *lost)
{
    struct caller *caller = may_call(self) ? free_place(self) : NULL;
    if (caller == NULL)
        return;
    const char *languages[2] = {NULL, NULL};
    for (uint32_t language = 0; language < CITY_LANGUAGES; language++)
        if (lost->languages >> language & 1)
            languages[0] = city_languages[language];
    *caller = (struct caller){.queue = lost->queue, .languages = lost->languages, .is_patient = lost->is_patient};
    text_copy(caller->number, sizeof caller->number, lost->number);
    struct hotline_call_spec spec = {
        .number = caller->number, .queue = city_queues[caller->queue].name, .languages = languages};
    sim_meet(sim_of(self), MET_redialled);
    submit(self, caller, &spec);
}

static void call_again(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    if (self->edge.host.life != life || sim_of(self)->closing)
        return;
    sim_meet(sim_of(self), MET_called_again);
    place_call(self);
}

static void next_caller(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    struct sim *sim = sim_of(self);
    if (!edge_runs(&self->edge) || self->edge.host.life != life)
        return;
    if (!sim->closing)
        place_call(self);
    uint64_t mean_ms = (uint64_t)HANDLED_MS * 1000 * sim->gateway_count / (sim->agent_count * sim->load_permille);
    // Bursts: callers come together when something has happened.
    uint64_t wait_ms = chance_permille(chance_of(self), 300) ? chance_below(chance_of(self), mean_ms / 8 + 1)
                                                             : chance_below(chance_of(self), mean_ms * 27 / 10 + 1);
    agenda_at(&sim->agenda, sim_now(sim) + sim_people_us(sim, wait_ms), next_caller, self, life);
}

// ---- the legs

static void join(void *subject, uint64_t number)
{
    struct gateway_person *self = subject;
    struct caller *caller = who(self, number, join);
    if (caller == NULL)
        return;
    if (chance_permille(chance_of(self), 30)) {
        if (hotline_gateway_join_failed(self->edge.client, caller->id, "no answer from the desk's telephone") ==
            HOTLINE_OK) {
            sim_meet(sim_of(self), MET_join_failed);
            tell(self, HISTORY_JOIN_FAILED, caller->id, NULL);
            caller->is_connecting = false;
            lose_patience(self, caller);
        }
    } else if (hotline_gateway_joined(self->edge.client, caller->id) == HOTLINE_OK) {
        tell(self, HISTORY_JOINED, caller->id, NULL);
        caller->is_joined = true;
        do_next(self, caller);
        if (sim_of(self)->closing)
            later(self, caller, 1000, 4000, hang_up);
        else if (chance_permille(chance_of(self), 500))
            later(self, caller, 2000, 18000, hang_up);
        else
            later(self, caller, 25000, 30000, hang_up);
    }
    edge_settle(&self->edge);
}

static void on_ended(struct gateway_person *self, const struct hotline_event *event)
{
    static const struct {
        const char *reason;
        enum met_kind kind;
    } ends[] = {{"answered", MET_end_answered}, {"abandoned", MET_end_abandoned},     {"refused", MET_end_refused},
                {"expired", MET_end_expired},   {"called_back", MET_end_called_back}, {"lost", MET_end_lost}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strcmp(ends[i].reason, event->reason) == 0)
            sim_meet(sim_of(self), ends[i].kind);
    tell(self, HISTORY_LEG_ENDED, event->call, event->reason);
    struct caller *caller = find(self, event->call);
    if (caller == NULL)
        return;
    caller->id[0] = '\0';
    if (strcmp(event->reason, "answered") != 0 && chance_permille(chance_of(self), 500)) {
        uint64_t delay_us = chance_between(chance_of(self), 1000, 6000) * SIM_MS_US;
        agenda_at(&sim_of(self)->agenda, sim_now(sim_of(self)) + delay_us, call_again, self, self->edge.host.life);
    }
}

static void on_accepted(struct gateway_person *self, struct caller *caller, const struct hotline_event *event)
{
    sim_meet(sim_of(self), event->copies < 2 ? MET_copies_one : MET_copies_two);
    if (caller != NULL && caller->is_accepted)
        sim_meet(sim_of(self), MET_accepted_again);
    if (caller != NULL)
        caller->is_accepted = true;
    sim_tell(sim_of(self), (struct history_event){.word = HISTORY_ACCEPTED,
                                                  .client = self->edge.number,
                                                  .call = event->call,
                                                  .number = event->copies,
                                                  .queued_ms = event->queued_ms});
}

// It waits or rings: a connect that was told before is taken back.
static void on_waiting(struct gateway_person *self, struct caller *caller, const struct hotline_event *event)
{
    bool rings = event->type == HOTLINE_CALL_RINGING;
    sim_tell(sim_of(self), (struct history_event){.word = rings ? HISTORY_RINGING : HISTORY_WAITING,
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
        sim_tell(sim_of(self), (struct history_event){.word = HISTORY_MOVED,
                                                      .client = self->edge.number,
                                                      .call = event->call,
                                                      .priority = queue->priority,
                                                      .skills = queue->skills,
                                                      .languages = caller->languages});
    }
    if (caller->is_connecting) {
        sim_meet(sim_of(self), MET_connect_taken_back);
        caller->is_connecting = false;
        lose_patience(self, caller);
    }
}

static void on_connect(struct gateway_person *self, struct caller *caller, const struct hotline_event *event)
{
    sim_tell(sim_of(self), (struct history_event){.word = HISTORY_CONNECT,
                                                  .client = self->edge.number,
                                                  .call = event->call,
                                                  .agent = event->agent,
                                                  .n = event->n});
    if (caller == NULL)
        return;
    caller->is_connecting = true;
    do_next(self, caller);
    later(self, caller, 30, 400, join);
}

static void after_over(void *subject, uint64_t life);

static void on_event(void *user, const struct hotline_event *event)
{
    struct gateway_person *self = user;
    struct caller *caller = event->call[0] != '\0' ? find(self, event->call) : NULL;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        sim_tell(sim_of(self), (struct history_event){.word = HISTORY_ATTACHED,
                                                      .client = self->edge.number,
                                                      .attach = event->attach,
                                                      .node = event->node});
        break;
    case HOTLINE_DETACHED:
        sim_meet(sim_of(self), MET_gateway_attached_anew);
        tell(self, HISTORY_DETACHED, NULL, NULL);
        break;
    case HOTLINE_REFUSED:
        sim_meet(sim_of(self), MET_refused);
        tell(self, HISTORY_REFUSED, event->call[0] != '\0' ? event->call : NULL, event->reason);
        break;
    case HOTLINE_SUPERSEDED:
        sim_meet(sim_of(self), MET_superseded);
        self->is_over = true;
        sim_tell(sim_of(self), (struct history_event){
                                   .word = HISTORY_SUPERSEDED, .client = self->edge.number, .attach = event->attach});
        agenda_at(&sim_of(self)->agenda, sim_now(sim_of(self)) + 500 * SIM_MS_US, after_over, self,
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
    struct sim *sim = sim_of(self);
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
    next_caller(self, self->edge.host.life);
}

static void open_now(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    if (self->edge.host.life == life)
        open_gateway(self);
}

static void open_later(struct gateway_person *self, uint64_t least_ms, uint64_t most_ms)
{
    uint64_t delay_us = sim_people_us(sim_of(self), chance_between(chance_of(self), least_ms, most_ms));
    agenda_at(&sim_of(self)->agenda, sim_now(sim_of(self)) + delay_us, open_now, self, self->edge.host.life);
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
    sim_meet(sim_of(self), MET_gateway_vanish);
    for (uint32_t i = 0; i < self->caller_top; i++)
        if (self->callers[i].id[0] != '\0' && self->callers[i].is_accepted && !self->callers[i].is_joined)
            lost_add(sim_of(self), &self->callers[i]);
    edge_vanish(&self->edge, chance_permille(chance_of(self), 500));
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
                later(gateway, &gateway->callers[k], 100, 5000, hang_up);
    }
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
