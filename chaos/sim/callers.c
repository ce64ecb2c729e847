#include "chaos/sim/callers.h"

#include "chaos/sim/city.h"

#include <string.h>

#define HANDLED_MS 17000  // an agent's time for a call: rings, is spoken, wrap-up

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
    uint64_t delay_us = sim_people_us(gateway_sim(self), chance_between(gateway_chance(self), least_ms, most_ms));
    agenda_at(&gateway_sim(self)->agenda, sim_now(gateway_sim(self)) + delay_us, happen, self, plan(self, caller));
}

// NULL: that is over. A gateway that hangs does not hear its caller, who tries again.
static struct caller *who(struct gateway_person *self, uint64_t number, agenda_happen *again)
{
    struct caller *caller = &self->callers[number & ((1u << PLACE_BITS) - 1)];
    if (!edge_runs(&self->edge) || self->is_over || caller->id[0] == '\0' || caller->doing != number >> PLACE_BITS)
        return NULL;
    if (!self->edge.host.paused)
        return caller;
    agenda_at(&gateway_sim(self)->agenda, sim_now(gateway_sim(self)) + 200 * SIM_MS_US, again, self, number);
    return NULL;
}

struct caller *caller_find(struct gateway_person *self, const char *call)
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
    gateway_tell(self, HISTORY_HUNG_UP, caller->id, NULL);
    hotline_gateway_hung_up(self->edge.client, caller->id);
    edge_settle(&self->edge);
}

void caller_waits_on(struct gateway_person *self, struct caller *caller)
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
    struct sim *sim = gateway_sim(self);
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
    caller_waits_on(self, caller);
    edge_settle(&self->edge);
}

void caller_comes(struct gateway_person *self)
{
    struct sim *sim = gateway_sim(self);
    struct chance *chance = gateway_chance(self);
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
    // Where links are cut it is asked who was nearest, as of a call without company; of callers that are not located
    // only the nodes know where they are.
    uint32_t located_permille = sim->options.links != LINKS_NO_PLAN ? 800 : sim->closing ? 1000 : 200;
    struct hotline_call_spec spec = {.number = caller->number,
                                     .at = chance_permille(chance, located_permille),
                                     .lat = (double)chance_below(chance, 120) - 60,
                                     .lon = (double)chance_below(chance, 360) - 180,
                                     .queue = city_queues[caller->queue].name,
                                     .languages = languages};
    submit(self, caller, &spec);
}

void caller_dials_again(struct gateway_person *self, const struct caller *lost)
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
    sim_meet(gateway_sim(self), MET_redialled);
    submit(self, caller, &spec);
}

static void call_again(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    if (self->edge.host.life != life || gateway_sim(self)->closing)
        return;
    sim_meet(gateway_sim(self), MET_called_again);
    caller_comes(self);
}

static void next_caller(void *subject, uint64_t life)
{
    struct gateway_person *self = subject;
    struct sim *sim = gateway_sim(self);
    if (!edge_runs(&self->edge) || self->edge.host.life != life)
        return;
    if (!sim->closing)
        caller_comes(self);
    uint64_t mean_ms = (uint64_t)HANDLED_MS * 1000 * sim->gateway_count / (sim->agent_count * sim->load_permille);
    // Bursts: callers come together when something has happened.
    uint64_t wait_ms = chance_permille(gateway_chance(self), 300)
                           ? chance_below(gateway_chance(self), mean_ms / 8 + 1)
                           : chance_below(gateway_chance(self), mean_ms * 27 / 10 + 1);
    agenda_at(&sim->agenda, sim_now(sim) + sim_people_us(sim, wait_ms), next_caller, self, life);
}
// ---- the legs

static void join(void *subject, uint64_t number)
{
    struct gateway_person *self = subject;
    struct caller *caller = who(self, number, join);
    if (caller == NULL)
        return;
    if (chance_permille(gateway_chance(self), 30)) {
        if (hotline_gateway_join_failed(self->edge.client, caller->id, "no answer from the desk's telephone") ==
            HOTLINE_OK) {
            sim_meet(gateway_sim(self), MET_join_failed);
            gateway_tell(self, HISTORY_JOIN_FAILED, caller->id, NULL);
            caller->is_connecting = false;
            caller_waits_on(self, caller);
        }
    } else if (hotline_gateway_joined(self->edge.client, caller->id) == HOTLINE_OK) {
        gateway_tell(self, HISTORY_JOINED, caller->id, NULL);
        caller->is_joined = true;
        do_next(self, caller);
        if (gateway_sim(self)->closing)
            later(self, caller, 1000, 4000, hang_up);
        else if (chance_permille(gateway_chance(self), 500))
            later(self, caller, 2000, 18000, hang_up);
        else
            later(self, caller, 25000, 30000, hang_up);
    }
    edge_settle(&self->edge);
}

void caller_connect(struct gateway_person *self, struct caller *caller)
{
    caller->is_connecting = true;
    do_next(self, caller);
    later(self, caller, 30, 400, join);
}

// ---- coming and going

void callers_begin(struct gateway_person *self)
{
    next_caller(self, self->edge.host.life);
}

void caller_gone(struct gateway_person *self, struct caller *caller, bool is_served)
{
    caller->id[0] = '\0';
    if (!is_served && chance_permille(gateway_chance(self), 500)) {
        uint64_t delay_us = chance_between(gateway_chance(self), 1000, 6000) * SIM_MS_US;
        agenda_at(&gateway_sim(self)->agenda, sim_now(gateway_sim(self)) + delay_us, call_again, self,
                  self->edge.host.life);
    }
}

void caller_hangs_up_soon(struct gateway_person *self, struct caller *caller)
{
    later(self, caller, 100, 5000, hang_up);
}
