// What a board holds, as one number: the one file that looks into a board. Nothing here may depend on addresses, on
// the order in which names were first heard, or on the absolute time: deadlines count from now, past ones are alike.
// Promises of call-backs are left out: in this town they take longer than what is explored (town.c).
// What it forgot shows with --doubt (explore.c): a state that is called known and behaves differently.
#include "chaos/model/inside.h"

#include "node/switchboard/board.h"

#include <string.h>

#define SETTLE_US ((uint64_t)1000000)  // how long a board waits after a gateway's copy, or a node's end, at most

struct hasher {
    const struct model *model;
    const struct board *board;
    uint64_t hash;
};

static void add(struct hasher *self, uint64_t value)
{
    self->hash = hash_mix(self->hash, value);
}

static void add_time(struct hasher *self, uint64_t at_us)
{
    uint64_t now_us = self->board->now.mono_us;
    add(self, at_us == TIMER_NEVER ? UINT64_MAX : at_us <= now_us ? 0 : at_us - now_us);
}

// By name: a board numbers nodes as it hears of them.
static uint32_t node_number(const struct hasher *self, uint32_t node)
{
    return town_find_node(self->model->scenario, self->board->nodes[node].name);
}

static void add_party(struct hasher *self, struct party party)
{
    add(self, party.boot == 0 ? NOBODY : node_number(self, party.node));
    add(self, party.boot);
}

static void add_timer(struct hasher *self, const struct timer *timer)
{
    if (timer->place == 0)
        add(self, 1);
    else
        add_time(self, timer->at_us);
}

// ---- calls

static void add_offer(struct hasher *self, const struct offer *offer)
{
    add(self, offer->n);
    add(self, offer->agent);
    add(self, offer->agent_login);
    add(self, offer->node < self->board->node_count ? node_number(self, offer->node) : NOBODY);
    add_time(self, offer->deadline_us);
    add_time(self, offer->repeat_us);
    add(self, offer->rings | offer->told << 1 | offer->unreachable << 2);
}

static void add_duty(struct hasher *self, const struct duty *duty)
{
    add(self, duty->offer_count);
    for (uint32_t i = 0; i < duty->offer_count; i++)
        add_offer(self, &duty->offers[i]);
    for (uint32_t i = 0; i < duty->tried_count; i++) {
        const struct tried *tried = &duty->tried[i];
        if (tried->until_us <= self->board->now.mono_us)
            continue;
        add(self, tried->agent);
        add_time(self, tried->until_us);
        add(self, tried->by_node);
    }
    add(self, duty->taken | duty->joined << 1);
    add_time(self, duty->doubt_us);
    if (duty->taken)
        add_offer(self, &duty->taker);
}

static void add_call(struct hasher *self, const struct call *call)
{
    self->hash = hash_text(self->hash, call->id);
    add(self, call->attach);
    add_party(self, call->owner);
    add(self, call->state);
    add(self, call->mine | (call->waiting.group != 0) << 1 | call->rests << 2 | call->diverted << 3);
    add(self, call->waiting.queued_ms);
    self->hash = hash_text(self->hash, call->gateway == NULL ? "" : call->gateway->name);
    add_timer(self, &call->timer);
    add(self, call->invited_agent);
    if (!call->mine)
        return;
    add_time(self, call->wait_limit_us);
    add_time(self, call->news_us);
    add(self, call->position);
    if (call->duty != NULL)
        add_duty(self, call->duty);
}

static void add_gateway(struct hasher *self, const struct gateway *gateway)
{
    self->hash = hash_text(self->hash, gateway->name);
    add(self, gateway->attach);
    add(self, gateway->beaten);
    add_party(self, gateway->owner);
    add(self, gateway->session);
    add(self, gateway->here | gateway->left << 1 | gateway->silent << 2 | gateway->lets_go << 3 | gateway->told << 4);
    add(self, gateway_is_swept(self->board, gateway));
    add_time(self, gateway->here ? 0 : gateway->copied_us + SETTLE_US);
    add_timer(self, &gateway->timer);
    for (const struct call *call = gateway->calls; call != NULL; call = call->gateway_next)
        self->hash = hash_text(self->hash, call->id);
}

// ---- desks

static void add_rung(struct hasher *self, const struct rung *rung)
{
    self->hash = hash_text(self->hash, rung->call);
    if (rung->call[0] == '\0')
        return;
    add(self, rung->call_attach);
    add(self, rung->n);
    add(self, node_number(self, rung->node));
    add_time(self, rung->accepted ? TIMER_NEVER : rung->deadline_us);
    add(self, rung->accepted | rung->confirmed << 1 | rung->joined << 2 | rung->not_reached << 3);
}

static void add_here(struct hasher *self, const struct here *here)
{
    add(self, here->session);
    add_rung(self, &here->rung);
    add_rung(self, &here->leaving);
    add_rung(self, &here->asked);
    self->hash = hash_text(self->hash, here->hold);
    add_time(self, here->hold[0] == '\0' ? 0 : here->hold_until_us);
    add_timer(self, &here->timer);
    for (uint32_t i = 0; i < DESK_PASSED_MAX; i++) {
        const struct passed *passed = &here->passed[i];
        if (passed->until_us <= self->board->now.mono_us)
            continue;
        self->hash = hash_text(self->hash, passed->call);
        add_time(self, passed->until_us);
    }
    for (uint32_t i = 0; i < DESK_ANSWERED_MAX; i++) {
        const struct answered *answered = &here->answered[i];
        if (answered->until_us <= self->board->now.mono_us)
            continue;
        add(self, node_number(self, answered->node));
        add(self, answered->nothing);
        add_time(self, answered->until_us);
        add(self, answered->priority);
        add(self, answered->queued_ms);
        self->hash = hash_text(self->hash, answered->call);
    }
}

static void add_desk(struct hasher *self, uint32_t agent)
{
    const struct board *board = self->board;
    const struct desk *desk = &board->desks[agent];
    add(self, desk->state);
    self->hash = hash_text(hash_text(self->hash, desk->reason), desk->call);
    add(self, desk->attach);
    add_party(self, desk->owner);
    add(self, desk->owner.boot == 0 ? node_number(self, desk->owner.node) : 0);
    add(self, desk->misses);
    self->hash = hash_text(self->hash, desk->offered == NULL ? "" : desk->offered->id);
    add(self, route_is_available(board->route, agent) | route_is_available(board->own, agent) << 1);
    if (desk->here != NULL)
        add_here(self, desk->here);
}

uint64_t fingerprint_board(const struct model *model, const struct board *board)
{
    struct hasher self = {model, board, 7};
    uint64_t up[NODES_MAX] = {0};
    uint64_t down_us[NODES_MAX] = {0};
    for (uint32_t i = 0; i < board->node_count; i++) {
        up[node_number(&self, i)] = board->nodes[i].up_boot;
        if (board->nodes[i].up_boot == 0)
            down_us[node_number(&self, i)] = board->nodes[i].changed_us + SETTLE_US;
    }
    for (uint32_t i = 0; i < model->scenario->nodes; i++) {
        add(&self, up[i]);
        add_time(&self, down_us[i]);
    }
    for (const struct call *call = board->calls; call != NULL; call = call->hh.next)
        add_call(&self, call);
    uint64_t gateways = 0;  // in no order that matters
    for (const struct gateway *gateway = board->gateways; gateway != NULL; gateway = gateway->hh.next) {
        struct hasher one = {model, board, 8};
        add_gateway(&one, gateway);
        gateways += one.hash;
    }
    add(&self, gateways);
    for (uint32_t agent = 0; agent < board->directory->agent_count; agent++)
        add_desk(&self, agent);
    for (const struct here *here = board->engaged; here != NULL; here = here->next)
        add(&self, here->agent);
    add_timer(&self, &board->tick);
    add(&self, board->stores_nothing);
    return self.hash;
}

// ---- what else the model asks of a board

#define FAR_US ((uint64_t)8000000)  // deadlines beyond it are left to the closing run

static void look_at_deadlines(const struct board *board, uint64_t ret_deadlines[DEADLINES_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < board->timers.count; i++) {
        uint64_t at_us = board->timers.heap[i]->at_us;
        if (at_us == TIMER_NEVER || at_us > board->now.mono_us + FAR_US)
            continue;
        uint32_t at = 0;
        while (at < count && ret_deadlines[at] < at_us)
            at++;
        if (at < count && ret_deadlines[at] == at_us)
            continue;
        if (count == DEADLINES_MAX)
            continue;  // reached by way of the earlier ones
        memmove(&ret_deadlines[at + 1], &ret_deadlines[at], (count - at) * sizeof *ret_deadlines);
        ret_deadlines[at] = at_us;
        count++;
    }
}

// One queue, two calls: the rest of these tables is never touched. And an arena holds nothing between steps.
void fingerprint_skip(struct board *board)
{
    memory_skip(&board->stats.queues[1], sizeof board->stats.queues - sizeof board->stats.queues[0]);
    memory_skip(&board->waiting->groups[4], sizeof board->waiting->groups - 4 * sizeof board->waiting->groups[0]);
    if (board->arena.blocks != NULL)
        memory_skip((uint8_t *)board->arena.blocks + 64, ARENA_BLOCK_BYTES - 64);
}

void fingerprint_look(const struct model *self, const struct board *board, struct local *ret)
{
    look_at_deadlines(board, ret->deadlines);
    for (const struct call *call = board->calls; call != NULL; call = call->hh.next)
        if (call->mine)
            ret->calls[town_find_call(call->id)] = (uint32_t)call->attach;
    for (const struct gateway *gateway = board->gateways; gateway != NULL; gateway = gateway->hh.next)
        for (uint32_t i = 0; i < self->scenario->gateways; i++)
            if (gateway->here && strcmp(gateway->name, town_gateway(i)) == 0)
                ret->gateways[i] = (uint32_t)gateway->attach;
    for (uint32_t i = 0; i < self->scenario->desks; i++) {
        const struct here *here = board->desks[i].here;
        if (here == NULL)
            continue;
        ret->desks[i] = (uint32_t)board->desks[i].attach;
        ret->at[i] = (struct at_desk){.is_here = true,
                                      .state = board->desks[i].state,
                                      .call = here->rung.call[0] == '\0' ? NOBODY : town_find_call(here->rung.call),
                                      .accepted = here->rung.accepted,
                                      .joined = here->rung.joined,
                                      .is_leaving = here->leaving.call[0] != '\0'};
    }
}
