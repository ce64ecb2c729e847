// The closing run: faults stop, everything arrives, people do what they are there for, and time passes evenly. Then all
// must come to rest. Always the same from the same state.
#include "chaos/model/inside.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>

#define TURNS_MAX 20000
#define PATIENCE_MS 6000  // ring time, the owner's slack, the time an agent is not tried again, and ticks in between
#define ROUNDS_MAX (CALLS_MAX + 2)

static void make(struct model *self, struct choice choice)
{
    char words[512];
    if (self->is_told) {
        model_describe(self, choice, words, sizeof words);
        printf("      %s\n", words);
    }
    choice_make(self, choice);
}

// One thing that is at hand, of those that need nobody's will. False: there was none.
static bool one_more(struct model *self)
{
    static const enum choice_kind order[] = {CHOICE_START,   CHOICE_NOTICE, CHOICE_HEAR,
                                             CHOICE_DELIVER, CHOICE_COPY,   CHOICE_ATTACH};
    struct choice choices[CHOICES_MAX];
    uint32_t count = model_choices(self, choices);
    for (uint32_t kind = 0; kind < sizeof order / sizeof order[0]; kind++)
        for (uint32_t i = 0; i < count; i++)
            if (choices[i].kind == order[kind]) {
                make(self, choices[i]);
                return true;
            }
    return false;
}

static bool settle(struct model *self)
{
    for (uint32_t turn = 0; self->violation[0] == '\0'; turn++) {
        if (turn == TURNS_MAX) {
            violate(self, "after the faults stopped: talk without end");
            return false;
        }
        if (!one_more(self))
            break;
    }
    return self->violation[0] == '\0';
}

// People: answer, join, are ready again.
static bool act(struct model *self)
{
    struct choice choices[CHOICES_MAX];
    uint32_t count = model_choices(self, choices);
    for (uint32_t i = 0; i < count; i++)
        if (choices[i].kind == CHOICE_ACCEPT || choices[i].kind == CHOICE_JOIN || choices[i].kind == CHOICE_READY) {
            make(self, choices[i]);
            return true;
        }
    return false;
}

// Words whose effect was not seen are said again by the client library.
static void say_again(struct model *self)
{
    for (uint32_t desk = 0; desk < self->scenario->desks && self->lie != LIE_SAYS_ONCE; desk++)
        if (self->now.desks[desk].state == DESK_ACCEPTED && self->now.clients[desk].node != NOBODY)
            desk_client_say(self, desk, CLI__DESK_WORD__WORD__ACCEPT, self->now.desks[desk].call,
                            self->now.desks[desk].n);
    for (uint32_t call = 0; call < self->scenario->calls; call++)
        if (self->now.legs[call].state == LEG_HUNG_UP)
            gateway_client_choose(self, call, CHOICE_HANG_UP);
}

static void pass(struct model *self, uint64_t *left_us)
{
    uint64_t us = *left_us;
    for (uint32_t node = 0; node < self->scenario->nodes; node++)
        if (turns_local(self, node)->deadlines[0] != 0 && turns_local(self, node)->deadlines[0] < us)
            us = turns_local(self, node)->deadlines[0];
    if (self->is_told)
        printf("      %llu ms pass\n", (unsigned long long)(us / 1000));
    for (uint32_t node = 0; node < self->scenario->nodes; node++)
        choice_pass(self, node, us);
    *left_us -= us;
}

static bool run(struct model *self, uint64_t ms)
{
    uint64_t left_us = ms * 1000;
    while (left_us > 0) {
        for (bool more = true; more;) {
            if (!settle(self))
                return false;
            more = act(self);
        }
        say_again(self);
        pass(self, &left_us);
    }
    return settle(self);
}

// ---- what must be so at rest

static bool is_held(const struct leg *leg)
{
    return leg->state != LEG_NONE && leg->state != LEG_OVER;
}

static void check_conversations(struct model *self)
{
    const struct state *now = &self->now;
    for (uint32_t call = 0; call < self->scenario->calls; call++) {
        const struct leg *leg = &now->legs[call];
        if (!is_held(leg))
            continue;
        if (leg->state == LEG_JOINED && now->desks[leg->agent].call != call)
            violate(self, "at rest: %s is joined with %s, who does not have it", town_call(call),
                    town_agent(leg->agent));
        if (leg->state == LEG_HUNG_UP)
            violate(self, "at rest: %s hung up, and does not end", town_call(call));
        for (uint32_t desk = 0; desk < self->scenario->desks && leg->state != LEG_JOINED; desk++)
            if (now->desks[desk].state == DESK_AVAILABLE)
                violate(self, "at rest: %s waits beside %s, who is free", town_call(call), town_agent(desk));
    }
    for (uint32_t desk = 0; desk < self->scenario->desks; desk++) {
        const struct desk_client *person = &now->desks[desk];
        if (person->call != NOBODY && (now->legs[person->call].state != LEG_JOINED ||
                                       now->legs[person->call].agent != desk || person->state != DESK_ON_CALL))
            violate(self, "at rest: %s has %s, which is not joined with her", town_agent(desk),
                    town_call(person->call));
    }
}

static void check_boards(struct model *self)
{
    for (uint32_t desk = 0; desk < self->scenario->desks; desk++) {
        uint32_t places = 0;
        for (uint32_t node = 0; node < self->scenario->nodes; node++) {
            struct at_desk at = turns_local(self, node)->at[desk];
            if (!at.is_here)
                continue;
            places++;
            if (at.call != self->now.desks[desk].call || at.is_leaving)
                violate(self, "at rest: %s has for %s %s%s, she has %s", self->scenario->node_names[node],
                        town_agent(desk), at.call == NOBODY ? "no call" : town_call(at.call),
                        at.is_leaving ? " and one being left" : "",
                        self->now.desks[desk].call == NOBODY ? "none" : town_call(self->now.desks[desk].call));
        }
        if (places != 1)
            violate(self, "at rest: %s is attached to %u nodes", town_agent(desk), places);
    }
    for (uint32_t node = 1; node < self->scenario->nodes; node++)
        for (uint32_t record = 0; record < RECORDS_MAX; record++)
            if (copy_compare(self, copy_held(self, 0, record), copy_held(self, node, record)) != 0) {
                const char *id;
                town_record(self->scenario, record, &id);
                violate(self, "at rest: %s and %s hold different versions of %s", self->scenario->node_names[0],
                        self->scenario->node_names[node], id);
            }
}

static void check_ended(struct model *self)
{
    for (uint32_t node = 0; node < self->scenario->nodes; node++)
        for (uint32_t call = 0; call < self->scenario->calls; call++)
            if (turns_local(self, node)->calls[call] != 0)
                violate(self, "at rest: %s is over for its gateway, and %s still owns it", town_call(call),
                        self->scenario->node_names[node]);
    for (uint32_t desk = 0; desk < self->scenario->desks; desk++)
        if (self->now.desks[desk].state != DESK_AVAILABLE)
            violate(self, "at rest: %s does not become free", town_agent(desk));
}

static uint32_t hang_up(struct model *self)
{
    uint32_t held = 0;
    for (uint32_t call = 0; call < self->scenario->calls; call++) {
        held += is_held(&self->now.legs[call]);
        if (self->now.legs[call].state == LEG_JOINED)
            gateway_client_choose(self, call, CHOICE_HANG_UP);
    }
    return held;
}

static void heal(struct model *self)
{
    for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
        if (!run(self, PATIENCE_MS))
            return;
        check_conversations(self);
        check_boards(self);
        if (hang_up(self) == 0 || self->violation[0] != '\0')
            break;
    }
    if (self->violation[0] == '\0')
        check_ended(self);
}

void model_heal(struct model *self)
{
    self->violation[0] = '\0';
    self->is_healing = true;
    for (uint32_t budget = 0; budget < BUDGETS; budget++)
        self->now.left[budget] = 0;
    self->is_trapping = true;
    if (setjmp(self->trap) == 0)
        heal(self);
    self->is_trapping = self->is_healing = false;
}
