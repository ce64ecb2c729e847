#include "chaos/sim/desks_inside.h"

#include "chaos/sim/city.h"

#include <stdlib.h>
#include <string.h>

void desk_tell(struct desk_person *self, enum history_word word, const char *call, uint32_t n, const char *reason)
{
    sim_tell(desk_sim(self),
             (struct history_event){.word = word, .client = self->edge.number, .call = call, .n = n, .reason = reason});
}

static uint64_t plan(struct desk_person *self)
{
    return (uint64_t)self->edge.host.life << 32 | (self->doing & UINT32_MAX);
}

void desk_later(struct desk_person *self, uint64_t least_ms, uint64_t most_ms, agenda_happen *happen)
{
    uint64_t delay_us = sim_people_us(desk_sim(self), chance_between(desk_chance(self), least_ms, most_ms));
    agenda_at(&desk_sim(self)->agenda, sim_now(desk_sim(self)) + delay_us, happen, self, plan(self));
}

bool desk_may_act(struct desk_person *self, uint64_t number, agenda_happen *again)
{
    if (!edge_runs(&self->edge) || self->is_over || plan(self) != number)
        return false;
    if (self->edge.host.paused) {
        agenda_at(&desk_sim(self)->agenda, sim_now(desk_sim(self)) + 200 * SIM_MS_US, again, self, number);
        return false;
    }
    return true;
}

// ---- rest

static void be_available(void *subject, uint64_t number)
{
    struct desk_person *self = subject;
    if (!desk_may_act(self, number, be_available))
        return;
    hotline_desk_available(self->edge.client);
    edge_settle(&self->edge);
}

static void take_break(void *subject, uint64_t life)
{
    struct desk_person *self = subject;
    if (!edge_runs(&self->edge) || self->edge.host.life != life)
        return;
    uint64_t next_us = chance_between(desk_chance(self), 10, 60) * SIM_SECOND_US;
    agenda_at(&desk_sim(self)->agenda, sim_now(desk_sim(self)) + next_us, take_break, self, life);
    if (desk_sim(self)->closing || self->is_over || self->edge.host.paused)
        return;
    sim_meet(desk_sim(self), MET_took_break);
    hotline_desk_not_ready(self->edge.client, "break");
    edge_settle(&self->edge);
}

static void on_state(struct desk_person *self, const char *state)
{
    if (strcmp(state, "on_call") != 0)
        self->speaks_with[0] = '\0';
    desk_tell(self, HISTORY_STATE, NULL, 0, state);
    if (strcmp(state, "wrap_up") == 0 || strcmp(state, "not_ready") == 0) {
        self->doing++;
        desk_later(self, 500, desk_sim(self)->closing ? 1500 : 5000, be_available);
    }
}

static void after_over(void *subject, uint64_t life)
{
    struct desk_person *self = subject;
    if (!edge_runs(&self->edge) || self->edge.host.life != life)
        return;
    edge_vanish(&self->edge, false);
    if (!self->is_twin)
        desk_sign_in_later(self, chance_between(desk_chance(self), 3, 15) * SIM_SECOND_US);
}

static void on_superseded(struct desk_person *self, const struct hotline_event *event)
{
    sim_meet(desk_sim(self), MET_superseded);
    self->is_over = true;
    self->doing++;
    sim_tell(desk_sim(self),
             (struct history_event){.word = HISTORY_SUPERSEDED, .client = self->edge.number, .attach = event->attach});
    agenda_at(&desk_sim(self)->agenda, sim_now(desk_sim(self)) + 500 * SIM_MS_US, after_over, self,
              self->edge.host.life);
}

static void on_attached(struct desk_person *self, const struct hotline_event *event)
{
    self->login = event->attach >> 20;
    sim_tell(desk_sim(self),
             (struct history_event){
                 .word = HISTORY_ATTACHED, .client = self->edge.number, .attach = event->attach, .node = event->node});
    const char *state = hotline_desk_state(self->edge.client);
    if (strcmp(state, "ringing") == 0)
        sim_meet(desk_sim(self), MET_attached_in_ring);
    if (strcmp(state, "on_call") == 0)
        sim_meet(desk_sim(self), MET_attached_in_talk);
}

// Of a conversation that has ended, before the agent is available again.
static void say_how_it_went(struct desk_person *self, const char *call)
{
    static const char *const words[] = {"resolved", "forwarded", "follow_up"};
    struct sim *sim = desk_sim(self);
    if (!sim->has_wraps)
        return;
    const char *word = words[self->doing % 3];
    if (hotline_desk_disposition(self->edge.client, call, word) != HOTLINE_OK)
        return;  // it was not spoken
    sim_meet(sim, MET_disposition_said);
    desk_tell(self, HISTORY_DISPOSES, call, 0, word);
    text_copy(sim->wrapped[sim->wrapped_count++ % SIM_WRAPPED_MAX], sizeof sim->wrapped[0], call);
}

static void on_event(void *user, const struct hotline_event *event)
{
    struct desk_person *self = user;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        on_attached(self, event);
        break;
    case HOTLINE_DETACHED:
        sim_meet(desk_sim(self), MET_desk_attached_anew);
        desk_tell(self, HISTORY_DETACHED, NULL, 0, NULL);
        break;
    case HOTLINE_REFUSED:
        sim_meet(desk_sim(self), MET_refused);
        desk_tell(self, HISTORY_REFUSED, event->call[0] != '\0' ? event->call : NULL, 0, event->reason);
        break;
    case HOTLINE_SUPERSEDED:
        on_superseded(self, event);
        break;
    case HOTLINE_OFFER:
        desk_rings(self, event);
        break;
    case HOTLINE_WITHDRAWN:
        self->doing++;
        sim_meet(desk_sim(self), MET_offer_withdrawn);
        desk_tell(self, HISTORY_WITHDRAWN, event->call, event->n, event->reason);
        break;
    case HOTLINE_DESK_CONNECTED:
        desk_is_connected(self, event);
        break;
    case HOTLINE_DESK_ENDED:
        self->doing++;
        desk_tell(self, HISTORY_DESK_ENDED, event->call, 0, event->reason);
        if (strcmp(hotline_desk_state(self->edge.client), "wrap_up") == 0) {
            say_how_it_went(self, event->call);
            desk_later(self, 500, 4000, be_available);
        }
        break;
    case HOTLINE_DESK_STATE:
        on_state(self, event->state);
        break;
    case HOTLINE_CALL_ACCEPTED:
    case HOTLINE_CALL_WAITING:
    case HOTLINE_CALL_RINGING:
    case HOTLINE_CALL_CONNECT:
    case HOTLINE_CALL_ENDED:
        check(false);  // not a desk's
    }
}

// ---- life

void desk_sign_in(struct desk_person *self, uint64_t login)
{
    if (edge_runs(&self->edge))
        return;
    struct sim *sim = desk_sim(self);
    char nodes[EDGE_NODES_BYTES];
    edge_nodes(&self->edge, nodes);
    edge_begin(&self->edge, ++sim->clients);
    self->is_over = false;
    self->doing = 0;
    self->call[0] = self->lost[0] = self->speaks_with[0] = '\0';
    const struct city_region *region = &city_regions[city_agent_region(self->agent)];
    char place[CITY_PLACE_BYTES];
    city_write_place(region->lat_udeg, region->lon_udeg, place);
    sim_tell(sim, (struct history_event){.word = HISTORY_DESK_OPENS,
                                         .client = self->edge.number,
                                         .party = self->name,
                                         .skills = city_agent_skills(sim, self->agent),
                                         .languages = city_agent_languages(sim, self->agent),
                                         .place = place});
    struct hotline_desk_options options = {
        .nodes = nodes, .agent = self->name, .login = login, .on_event = on_event, .user = self};
    enum hotline_result result;
    edge_started(&self->edge, client_desk_create(&self->edge.wire, &options, &result));
    agenda_at(&sim->agenda, sim_now(sim) + chance_between(desk_chance(self), 5, 90) * SIM_SECOND_US, take_break, self,
              self->edge.host.life);
}

static void sign_in_now(void *subject, uint64_t life)
{
    struct desk_person *self = subject;
    if (self->edge.host.life == life)
        desk_sign_in(self, 0);
}

static void sign_in_as_before(void *subject, uint64_t life)
{
    struct desk_person *self = subject;
    if (self->edge.host.life != life || edge_runs(&self->edge))
        return;
    sim_meet(desk_sim(self), MET_desk_same_login);
    desk_sign_in(self, self->login);
}

void desk_sign_in_later(struct desk_person *self, uint64_t delay_us)
{
    agenda_at(&desk_sim(self)->agenda, sim_now(desk_sim(self)) + delay_us, sign_in_now, self, self->edge.host.life);
}

void desk_vanish(struct desk_person *self)
{
    if (!edge_runs(&self->edge))
        return;
    sim_meet(desk_sim(self), MET_desk_vanish);
    edge_vanish(&self->edge, chance_permille(desk_chance(self), 500));
    uint64_t delay_us = chance_between(desk_chance(self), 200, 12000) * SIM_MS_US;
    if (self->login != 0 && chance_permille(desk_chance(self), 200))
        agenda_at(&desk_sim(self)->agenda, sim_now(desk_sim(self)) + delay_us, sign_in_as_before, self,
                  self->edge.host.life);
    else
        desk_sign_in_later(self, delay_us);
}

bool desk_speaks(const struct desk_person *self)
{
    return edge_runs(&self->edge) && !self->is_over && strcmp(hotline_desk_state(self->edge.client), "on_call") == 0;
}

void desk_sign_off(struct desk_person *self)
{
    if (!edge_runs(&self->edge) || self->edge.host.paused)
        return;
    sim_meet(desk_sim(self), MET_desk_sign_off);
    edge_sign_off(&self->edge);
    if (!self->is_twin)
        desk_sign_in_later(self, chance_between(desk_chance(self), 200, 10000) * SIM_MS_US);
}

void desks_come_back(struct sim *sim)
{
    for (uint32_t i = 2 * sim->agent_count; i-- > 0;) {  // twins go first
        struct desk_person *desk = sim->desks[i];
        edge_resume(&desk->edge);
        desk->edge.host.cut_in = desk->edge.host.cut_out = false;
        if (desk->is_twin && chance_permille(desk_chance(desk), 500))
            desk_sign_off(desk);
        else if (desk->is_twin)
            continue;  // one of the two is told that it is over
        else if (!edge_runs(&desk->edge))
            desk_sign_in(desk, 0);
    }
}

void desks_create(struct sim *sim)
{
    sim->desks = check_alloc(2 * sim->agent_count * sizeof(struct desk_person *));
    for (uint32_t i = 0; i < 2 * sim->agent_count; i++) {
        struct desk_person *desk = sim->desks[i] = check_alloc(sizeof *desk);
        desk->agent = i % sim->agent_count;
        desk->is_twin = i >= sim->agent_count;
        city_agent_name(desk->agent, desk->name);
        edge_init(&desk->edge, sim, city_agent_region(desk->agent), 200000 + i, KEY_ROLE_DESK, desk->name);
        if (!desk->is_twin)
            desk_sign_in_later(desk, sim_people_us(sim, chance_between(&desk->edge.chance, 500, 4000)));
    }
}

void desks_free(struct sim *sim)
{
    for (uint32_t i = 0; sim->desks != NULL && i < 2 * sim->agent_count; i++) {
        if (edge_runs(&sim->desks[i]->edge))
            hotline_client_abandon(sim->desks[i]->edge.client);
        free(sim->desks[i]);
    }
    free(sim->desks);
}
