#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"

#include <stdlib.h>
#include <string.h>

// ---- nodes

uint32_t board_node_index(struct board *self, const char *name)
{
    for (uint32_t i = 0; i < self->node_count; i++)
        if (strcmp(self->nodes[i].name, name) == 0)
            return i;
    self->nodes = check_realloc(self->nodes, (self->node_count + 1) * sizeof *self->nodes);
    self->nodes[self->node_count] = (struct board_node){.name = check_strdup(name), .changed_us = self->now.mono_us};
    return self->node_count++;
}

bool board_owner_up(const struct board *self, struct party owner)
{
    uint64_t up_boot = self->nodes[owner.node].up_boot;
    return owner.boot != 0 && (RULE(boot_matters) ? up_boot == owner.boot : up_boot != 0);
}

bool board_is_of_directory(const struct board *self, const struct board_node *node)
{
    return self->directory->node_count == 0 || directory_find_node(self->directory, node->name) != DIRECTORY_NONE;
}

uint32_t board_rtt_us(const struct board *self, uint32_t node)
{
    return self->nodes[node].rtt_us;
}

bool board_knows_call_backs(const struct board *self, uint32_t node)
{
    return self->nodes[node].speaks >= SWITCHBOARD_CALL_BACKS_SINCE;
}

// ---- calls

struct call *board_find_call(const struct board *self, const char *id)
{
    struct call *call;
    HASH_FIND_STR(self->calls, id, call);
    return call;
}

struct call *board_add_call(struct board *self, const char *id)
{
    struct call *call = check_alloc(sizeof *call);
    call->id = check_strdup(id);
    call->queue = DIRECTORY_NONE;
    call->timer.kind = TIMER_CALL;
    HASH_ADD_KEYPTR(hh, self->calls, call->id, strlen(call->id), call);
    self->call_count++;
    return call;
}

void board_link_gateway(struct call *call, struct gateway *gateway)
{
    if (call->gateway == gateway)
        return;
    if (call->gateway != NULL) {
        if (call->gateway_previous != NULL)
            call->gateway_previous->gateway_next = call->gateway_next;
        else
            call->gateway->calls = call->gateway_next;
        if (call->gateway_next != NULL)
            call->gateway_next->gateway_previous = call->gateway_previous;
    }
    call->gateway = gateway;
    call->gateway_previous = NULL;
    call->gateway_next = NULL;
    if (gateway == NULL)
        return;
    call->gateway_next = gateway->calls;
    if (gateway->calls != NULL)
        gateway->calls->gateway_previous = call;
    gateway->calls = call;
}

void board_drop_call(struct board *self, struct call *call)
{
    check(!call->drafted);
    call_dequeue(self, call);
    timers_unset(&self->timers, &call->timer);
    board_link_gateway(call, NULL);
    orphans_forget(self, call);
    HASH_DEL(self->calls, call);
    self->call_count--;
    free(call->duty);
    free(call->id);
    free(call);
}

struct gateway *board_gateway(struct board *self, const char *name)
{
    struct gateway *gateway;
    HASH_FIND_STR(self->gateways, name, gateway);
    if (gateway != NULL)
        return gateway;
    gateway = check_alloc(sizeof *gateway);
    gateway->name = check_strdup(name);
    gateway->timer.kind = TIMER_GATEWAY;
    HASH_ADD_KEYPTR(hh, self->gateways, gateway->name, strlen(gateway->name), gateway);
    return gateway;
}

// ---- what lives as long as the step

void *board_take(struct board *self, size_t bytes)
{
    arena_allocator_more(&self->arena, DRAFT_BUDGET_BYTES + bytes);
    void *memory = arena_take(&self->arena, bytes);
    check(memory != NULL);
    return memory;
}

char *board_text(struct board *self, const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(board_take(self, bytes), text, bytes);
}

Rec__Call *board_stored_call(struct board *self, const char *id, const struct record **ret_record)
{
    const struct record *record = store_find(self->store, REC__KIND__CALL, id);
    if (record == NULL)
        return NULL;
    Rec__Call *body = rec__call__unpack(arena_allocator_more(&self->arena, DRAFT_BUDGET_BYTES), record->body.bytes,
                                        record->body.data);
    if (body != NULL && ret_record != NULL)
        *ret_record = record;
    return body;
}

Rec__Call *board_body(struct board *self, struct call *call)
{
    if (call->drafted)
        return call->body;
    call->body = board_stored_call(self, call->id, NULL);
    if (call->body == NULL) {
        call->body = board_take(self, sizeof *call->body);
        rec__call__init(call->body);
    }
    if (call->body->caller == NULL) {
        call->body->caller = board_take(self, sizeof *call->body->caller);
        rec__caller__init(call->body->caller);
    }
    call->drafted = true;
    call->changed = false;
    call->next_draft = self->drafts;
    self->drafts = call;
    return call->body;
}

Rec__Call *board_change(struct board *self, struct call *call)
{
    check(call->mine);
    Rec__Call *body = board_body(self, call);
    call->changed = true;
    return body;
}

void board_desk_changed(struct board *self, uint32_t agent)
{
    if (self->desks[agent].changed)
        return;
    self->desks[agent].changed = true;
    self->changed_desks[self->changed_desk_count++] = agent;
}

// ---- the end of a step

static void put_call(struct board *self, struct call *call)
{
    struct effect *effect = say_effect(self, EFFECT_PUT);
    effect->kind = REC__KIND__CALL;
    effect->name = board_text(self, call->id);
    effect->attach = call->attach;
    effect->born_ms = call->born_ms;
    effect->count = rec__call__get_packed_size(call->body);
    rec__call__pack(call->body, bytes_grow(&self->effects->bytes, effect->count));
}

static void put_desk(struct board *self, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    Rec__Desk body = REC__DESK__INIT;
    body.state = desk->state;
    body.reason = desk->reason;
    body.since_ms = desk->since_ms;
    body.call = desk->call;
    body.misses = desk->misses;
    body.reached = desk->here != NULL && callback_is_spoken(&desk->here->rung);
    struct effect *effect = say_effect(self, EFFECT_PUT);
    effect->kind = REC__KIND__DESK;
    effect->name = self->directory->agents[agent].id;
    effect->attach = desk->attach;
    effect->count = rec__desk__get_packed_size(&body);
    rec__desk__pack(&body, bytes_grow(&self->effects->bytes, effect->count));
}

void board_flush(struct board *self)
{
    while (self->drafts != NULL) {
        struct call *call = self->drafts;
        self->drafts = call->next_draft;
        if (call->changed)
            put_call(self, call);
        call->drafted = false;
        call->body = NULL;
        if (call->state == REC__CALL_STATE__ENDED)
            board_drop_call(self, call);
    }
    for (uint32_t i = 0; i < self->changed_desk_count; i++) {
        put_desk(self, self->changed_desks[i]);
        self->desks[self->changed_desks[i]].changed = false;
    }
    self->changed_desk_count = 0;
}

// ---- what routing needs to know

static struct sphere_point board_place(const struct board *self, const Rec__Place *place)
{
    if (place == NULL || place->by == REC__PLACED_BY__PLACED_UNKNOWN ||
        !sphere_in_range(place->lat_udeg, place->lon_udeg))
        return self->at;
    return sphere_point(place->lat_udeg, place->lon_udeg);
}

static uint32_t board_priority(const struct board *self, const struct call *call)
{
    return call->queue == DIRECTORY_NONE ? 0 : self->directory->queues[call->queue].priority;
}

void board_read_call(struct board *self, struct call *call, const Rec__Call *body)
{
    check(call->waiting.group == 0);
    call->state = body->state;
    call->is_call_back = body->call_back != NULL;
    call->rests = body->call_back != NULL && body->call_back->rests;
    call->queue = DIRECTORY_NONE;
    call->waiting.id = call->id;
    call->waiting.queued_ms = body->queued_ms;
    call->waiting.need = (struct route_need){0};
    call->waiting.from = board_place(self, body->caller ? body->caller->place : NULL);
    if (self->directory != NULL) {
        call->queue = directory_find_queue(self->directory, body->queue);
        if (body->caller != NULL) {
            call->waiting.need.languages =
                directory_language_set(self->directory, body->caller->languages, body->caller->n_languages, NULL);
            call->waiting.need.skills =
                directory_skill_set(self->directory, body->caller->skills, body->caller->n_skills, NULL);
        }
    }
    if (call->queue != DIRECTORY_NONE) {
        const struct route_set *queue = &self->directory->queues[call->queue].skills;
        call->waiting.need.skills.word[0] |= queue->word[0];
        call->waiting.need.skills.word[1] |= queue->word[1];
    }
    call->waiting.priority = board_priority(self, call);
}

void board_refresh_desk(struct board *self, uint32_t agent)
{
    struct desk *desk = &self->desks[agent];
    bool up = !RULE(down_is_not_offered) || board_owner_up(self, desk->owner);
    bool free = desk->state == REC__AGENT_STATE__AVAILABLE && up;
    bool held = desk->here != NULL && desk->here->hold[0] != '\0';
    if (free && !offer_holds(self, agent) && !held)
        route_set_available(self->route, agent, desk->since_ms);
    else
        route_set_busy(self->route, agent);
    if (free && desk->here != NULL && !held)
        route_set_available(self->own, agent, desk->since_ms);
    else
        route_set_busy(self->own, agent);
}

// ---- the directory

// What the old directory's agents were doing, carried over by id. Desks of agents that are gone are told.
static void carry_desks(struct board *self, const struct directory *old, struct desk *desks,
                        const struct directory *directory)
{
    for (uint32_t i = 0; old != NULL && i < old->agent_count; i++) {
        uint32_t agent = directory_find_agent(directory, old->agents[i].id);
        if (agent != DIRECTORY_NONE) {
            desks[agent] = self->desks[i];
            continue;
        }
        struct here *here = self->desks[i].here;
        if (here == NULL)
            continue;
        say_refused(self, here->session, "unknown_agent", old->agents[i].id, self->desks[i].attach,
                    "agent %s is no longer in the directory", old->agents[i].id);
        timers_unset(&self->timers, &here->timer);
        if (here->engaged)
            DL_DELETE(self->engaged, here);
        free(here);
    }
}

static struct route *build_index(void **memory, const struct route_agent *agents, uint32_t count)
{
    free(*memory);
    size_t bytes = (route_bytes(count) + 15) & ~(size_t)15;
    *memory = aligned_alloc(16, bytes > 0 ? bytes : 16);
    check(*memory != NULL);
    return route_build(*memory, agents, count);
}

static void renumber_offers(struct duty *duty, const struct directory *old, const struct directory *directory)
{
    for (uint32_t i = 0; i < duty->offer_count;) {
        uint32_t agent = directory_find_agent(directory, old->agents[duty->offers[i].agent].id);
        if (agent == DIRECTORY_NONE) {
            duty->offers[i] = duty->offers[--duty->offer_count];
            continue;
        }
        duty->offers[i++].agent = agent;
    }
    for (uint32_t i = 0; i < duty->tried_count;) {
        uint32_t agent = directory_find_agent(directory, old->agents[duty->tried[i].agent].id);
        if (agent == DIRECTORY_NONE) {
            duty->tried[i] = duty->tried[--duty->tried_count];
            continue;
        }
        duty->tried[i++].agent = agent;
    }
    if (duty->taken)  // DIRECTORY_NONE: speaks with one who is no longer listed
        duty->taker.agent = duty->taker.agent == DIRECTORY_NONE
                                ? DIRECTORY_NONE
                                : directory_find_agent(directory, old->agents[duty->taker.agent].id);
}

// Bodies are read one by one: a step's arena would have to hold them all.
static void renumber_call(struct board *self, struct call *call, const struct directory *old)
{
    struct arena arena = {0};
    const struct record *record = store_find(self->store, REC__KIND__CALL, call->id);
    Rec__Call *body = record == NULL ? NULL
                                     : rec__call__unpack(arena_allocator(&arena, DRAFT_BUDGET_BYTES),
                                                         record->body.bytes, record->body.data);
    if (call->duty != NULL && old != NULL)
        renumber_offers(call->duty, old, self->directory);
    if (body != NULL) {
        call_dequeue(self, call);
        board_read_call(self, call, body);
        call_enqueue(self, call);
    }
    arena_close(&arena);
}

void board_set_directory(struct board *self, const struct directory *directory)
{
    const struct directory *old = self->directory;
    struct desk *desks = check_alloc(directory->agent_count * sizeof *desks);
    carry_desks(self, old, desks, directory);
    free(self->desks);
    self->desks = desks;
    self->directory = directory;
    self->changed_desks = check_realloc(self->changed_desks, directory->agent_count * sizeof *self->changed_desks);
    self->agents = check_realloc(self->agents, directory->agent_count * sizeof *self->agents);
    for (uint32_t i = 0; i < directory->agent_count; i++)
        self->agents[i] = (struct route_agent){.at = directory->sites[directory->agents[i].site].at,
                                               .languages = directory->agents[i].languages,
                                               .skills = directory->agents[i].skills};
    self->route = build_index(&self->route_memory, self->agents, directory->agent_count);
    self->own = build_index(&self->own_memory, self->agents, directory->agent_count);

    for (struct call *call = self->calls; call != NULL; call = call->hh.next)
        renumber_call(self, call, old);
    for (uint32_t i = 0; i < directory->agent_count; i++) {
        if (self->desks[i].here != NULL)
            self->desks[i].here->agent = i;
        const struct record *record = store_find(self->store, REC__KIND__DESK, directory->agents[i].id);
        if (self->desks[i].attach == 0 && record != NULL)
            copy_record(self, record);
        board_refresh_desk(self, i);
    }
}
