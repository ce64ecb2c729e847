// What other nodes wrote, and who is up: copies change what is known here, never what is stored.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <string.h>

bool call_is_left_behind(const struct call *call)
{
    return call->gateway != NULL && call->attach < call->gateway->attach;
}

bool call_reads_as_over(const struct board *self, const struct call *call)
{
    const struct gateway *gateway = call->gateway;
    if (!call_is_left_behind(call))
        return false;
    return attach_login(call->attach) < attach_login(gateway->attach) || gateway_is_swept(self, gateway);
}

// ---- calls

static void copy_call(struct board *self, const struct record *record, const Rec__Call *body)
{
    struct call *call = board_find_call(self, record->id);
    if (call == NULL && body->state == REC__CALL_STATE__ENDED) {
        call_count_end(self, body);
        struct call ended = {.id = (char *)record->id,
                             .attach = record->version.attach,
                             .owner = {board_node_index(self, record->version.owner), record->version.boot}};
        desk_call_copied(self, &ended, body);
        promise_of_call(self, record->id, body);
        return;
    }
    if (!RULE(let_go_of_beaten) && call != NULL && call->mine)
        return;
    if (call == NULL)
        call = board_add_call(self, record->id);
    call_dequeue(self, call);
    if (call->mine)
        call_let_go(self, call);
    call->attach = record->version.attach;
    call->owner = (struct party){board_node_index(self, record->version.owner), record->version.boot};
    call->born_ms = record->born_ms;
    board_link_gateway(call, body->call_back != NULL ? NULL : board_gateway(self, body->gateway));
    board_read_call(self, call, body);
    desk_call_copied(self, call, body);
    promise_of_call(self, call->id, body);
    if (call->state == REC__CALL_STATE__ENDED) {
        call_count_end(self, body);
        invite_call_ended(self, call);
        if (call->drafted)
            return;  // dropped at the end of the step
        board_drop_call(self, call);
        return;
    }
    call->invited_agent = 0;
    if (gateway_end_beaten(self, call))
        return;
    call_enqueue(self, call);
    invite_for_call(self, call);
}

// ---- desks

static void copy_desk(struct board *self, const struct record *record, const Rec__Desk *body)
{
    if (self->directory == NULL)
        return;  // read again when there is one
    uint32_t agent = directory_find_agent(self->directory, record->id);
    if (agent == DIRECTORY_NONE) {
        self->counters.records_ignored++;
        return;
    }
    struct desk *desk = &self->desks[agent];
    desk_supersede(self, agent, record->version.attach, record->version.owner, body->call);
    desk->attach = record->version.attach;
    desk->owner = (struct party){board_node_index(self, record->version.owner), record->version.boot};
    desk->state = body->state;
    desk->since_ms = body->since_ms;
    desk->misses = body->misses;
    text_copy(desk->reason, sizeof desk->reason, body->reason);
    text_copy(desk->call, sizeof desk->call, body->call);
    board_refresh_desk(self, agent);
    offer_desk_copied(self, agent);
    if (body->reached)
        promise_desk_speaks(self, body->call);
}

void copy_record(struct board *self, const struct record *record)
{
    ProtobufCAllocator *allocator = arena_allocator_more(&self->arena, DRAFT_BUDGET_BYTES);
    if (record->kind == REC__KIND__CALL) {
        Rec__Call *body = rec__call__unpack(allocator, record->body.bytes, record->body.data);
        if (body != NULL && text_is_name(body->gateway, NAME_MAX_BYTES))
            copy_call(self, record, body);
        else
            self->counters.records_ignored++;
    } else if (record->kind == REC__KIND__DESK) {
        Rec__Desk *body = rec__desk__unpack(allocator, record->body.bytes, record->body.data);
        if (body != NULL && body->state <= REC__AGENT_STATE__NOT_READY)
            copy_desk(self, record, body);
        else
            self->counters.records_ignored++;
    } else if (record->kind == REC__KIND__GATEWAY) {
        gateway_copied(self, record);
    }
}

void copy_purged(struct board *self, const char *id)
{
    struct call *call = board_find_call(self, id);
    promise_forget(self, id);
    if (call == NULL)
        return;
    call_dequeue(self, call);
    if (call->mine)
        call_let_go(self, call);
    board_drop_call(self, call);
}

// ---- who is up

static void refresh_desks_of(struct board *self, uint32_t node)
{
    for (uint32_t i = 0; self->directory != NULL && i < self->directory->agent_count; i++)
        if (self->desks[i].attach != 0 && self->desks[i].owner.node == node)
            board_refresh_desk(self, i);
}

void copy_peer_up(struct board *self, const struct event *event)
{
    uint32_t node = board_node_index(self, event->name);
    self->nodes[node].up_boot = event->boot;
    self->nodes[node].changed_us = self->now.mono_us;
    self->nodes[node].rtt_us = event->rtt_us;
    self->nodes[node].speaks = event->speaks;
    refresh_desks_of(self, node);
    promise_look_again(self);
    for (struct call *call = self->calls; call != NULL; call = call->hh.next) {
        if (call->mine)
            offer_node_up(self, call, node);
        if (call->owner.node != node || call->state != REC__CALL_STATE__WAITING)
            continue;
        call_enqueue(self, call);
        invite_for_call(self, call);
    }
}

// Offers at desks of a node that went down are kept open: the desk may attach elsewhere and go on ringing. Beside them
// the next agents ring at once.
void copy_peer_down(struct board *self, const struct event *event)
{
    uint32_t node = board_node_index(self, event->name);
    self->nodes[node].up_boot = 0;
    self->nodes[node].changed_us = self->now.mono_us;
    refresh_desks_of(self, node);
    promise_of_node(self, node);
    for (struct call *call = self->calls; call != NULL; call = call->hh.next) {
        bool hit = false;
        if (call->owner.node == node)
            call_dequeue(self, call);
        for (uint32_t i = 0; call->mine && call->duty != NULL && i < call->duty->offer_count; i++) {
            struct offer *offer = &call->duty->offers[i];
            if (offer->node != node || offer->unreachable)
                continue;
            offer->unreachable = true;
            hit = true;
        }
        if (hit)
            call_ring(self, call);
    }
}
