// One event in, effects out.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/text.h"

#include <stdlib.h>
#include <string.h>

#define DEADLINES_A_STEP 256

struct board *board_create(const struct board_options *options)
{
    struct board *self = check_alloc(sizeof *self);
    text_copy(self->node, sizeof self->node, options->node);
    text_copy(self->site, sizeof self->site, options->site);
    self->at = sphere_point(options->lat_udeg, options->lon_udeg);
    self->boot = options->boot;
    self->store = options->store;
    self->atlas = options->atlas;
    self->calls_max = options->calls_max ? options->calls_max : SWITCHBOARD_CALLS_MAX;
    self->waiting = check_alloc(sizeof *self->waiting);
    self->tells_decisions = options->tells_decisions;
    self->callbacks = callbacks_create();
    self->tick.kind = TIMER_TICK;
    uint32_t me = board_node_index(self, self->node);
    check(me == 0);
    self->nodes[me].up_boot = self->boot;
    self->nodes[me].speaks = options->speaks != 0 ? options->speaks : UINT32_MAX;
    return self;
}

void board_free(struct board *self)
{
    if (self == NULL)
        return;
    struct call *call, *next_call;
    HASH_ITER(hh, self->calls, call, next_call)
    {
        board_drop_call(self, call);
    }
    struct gateway *gateway, *next_gateway;
    HASH_ITER(hh, self->gateways, gateway, next_gateway)
    {
        HASH_DEL(self->gateways, gateway);
        free(gateway->name);
        free(gateway);
    }
    for (uint32_t i = 0; self->directory != NULL && i < self->directory->agent_count; i++)
        free(self->desks[i].here);
    for (uint32_t i = 0; i < self->node_count; i++)
        free(self->nodes[i].name);
    free(self->nodes);
    free(self->desks);
    free(self->agents);
    free(self->changed_desks);
    free(self->route_memory);
    free(self->own_memory);
    free(self->waiting);
    callbacks_free(self->callbacks);
    timers_close(&self->timers);
    arena_close(&self->arena);
    free(self);
}

void effects_close(struct effects *self)
{
    free(self->list);
    bytes_close(&self->bytes);
    *self = (struct effects){0};
}

// ---- dispatch

static void talk(struct board *self, const char *from, const Peer__Talk *talk)
{
    if (self->directory == NULL) {
        self->counters.talk_ignored++;
        return;
    }
    switch (talk->body_case) {
    case PEER__TALK__BODY_OFFER:
        if (talk->offer->name != NULL)
            desk_offered(self, from, talk->offer);
        break;
    case PEER__TALK__BODY_ANSWER:
        if (talk->answer->name != NULL)
            offer_answered(self, from, talk->answer);
        break;
    case PEER__TALK__BODY_CONFIRM:
        if (talk->confirm->name != NULL)
            desk_confirmed(self, from, talk->confirm);
        break;
    case PEER__TALK__BODY_WITHDRAW:
        if (talk->withdraw->name != NULL)
            desk_withdrawn(self, from, talk->withdraw);
        break;
    case PEER__TALK__BODY_INVITE:
        invite_received(self, from, talk->invite);
        break;
    case PEER__TALK__BODY_INVITE_DECLINED:
        invite_declined(self, from, talk->invite_declined);
        break;
    case PEER__TALK__BODY_TEST_OFFER:  // of no call: do not come here
    case PEER__TALK__BODY_TEST_ANSWER:
    case PEER__TALK__BODY_TEST_TELL:
    case PEER__TALK__BODY__NOT_SET:
    case _PEER__TALK__BODY__CASE_IS_INT_SIZE:
        self->counters.talk_ignored++;
        break;
    }
}

static void tick(struct board *self)
{
    struct here *here;
    for (uint32_t i = 0; self->directory != NULL && self->waiting->count > 0 && i < self->directory->agent_count; i++) {
        here = self->desks[i].here;
        if (here != NULL)
            invite_desk(self, i);
    }
    promises_tick(self);
    orphans_tick(self);
    timers_set(&self->timers, &self->tick, self->now.mono_us + (uint64_t)SWITCHBOARD_TICK_MS * 1000);
}

static void deadlines(struct board *self)
{
    struct timer *timer;
    // What else is due comes in the next step: messages are heard in between.
    for (int i = 0; i < DEADLINES_A_STEP && (timer = timers_pop(&self->timers, self->now.mono_us)) != NULL; i++) {
        switch (timer->kind) {
        case TIMER_CALL:
            call_deadline(self, (struct call *)(void *)((char *)timer - offsetof(struct call, timer)));
            break;
        case TIMER_DESK:
            desk_deadline(self, ((struct here *)(void *)((char *)timer - offsetof(struct here, timer)))->agent);
            break;
        case TIMER_GATEWAY:
            gateway_deadline(self, (struct gateway *)(void *)((char *)timer - offsetof(struct gateway, timer)));
            break;
        case TIMER_TICK:
            tick(self);
            break;
        default:
            check(false);
        }
    }
}

static void take_directory(struct board *self, const struct directory *directory)
{
    board_set_directory(self, directory);
    for (struct call *call = self->calls; call != NULL; call = call->hh.next)
        if (call->mine && call->state == REC__CALL_STATE__WAITING)
            call_ring(self, call);
    if (self->tick.place == 0)
        tick(self);
}

static void dispatch(struct board *self, const struct event *event)
{
    switch (event->type) {
    case EVENT_DIRECTORY:
        take_directory(self, event->directory);
        break;
    case EVENT_RECORD:
        copy_record(self, event->record);
        break;
    case EVENT_PURGED:
        copy_purged(self, event->name);
        break;
    case EVENT_PEER_UP:
        copy_peer_up(self, event);
        break;
    case EVENT_PEER_RTT:
        self->nodes[board_node_index(self, event->name)].rtt_us = event->rtt_us;
        break;
    case EVENT_PEER_DOWN:
        copy_peer_down(self, event);
        break;
    case EVENT_TALK:
        talk(self, event->name, event->talk);
        break;
    case EVENT_HEARD:
        promise_heard(self, event->name, event->boot);
        break;
    case EVENT_SWEPT:
        promise_swept(self, event->name);
        break;
    case EVENT_DISK_BROKEN:
        self->stores_nothing = true;
        break;
    case EVENT_RESTORED:
        self->is_restored = true;
        break;
    case EVENT_CAUGHT_UP:
        self->is_restored = false;
        break;
    case EVENT_DESK_ATTACH:
        desk_attach(self, event);
        break;
    case EVENT_DESK_WORD:
        desk_word(self, event);
        break;
    case EVENT_DESK_GONE:
        desk_gone(self, event);
        break;
    case EVENT_GATEWAY_ATTACH:
        gateway_attach(self, event);
        break;
    case EVENT_SUBMIT:
        call_submit(self, event);
        break;
    case EVENT_LEG_WORD:
        gateway_word(self, event);
        break;
    case EVENT_GATEWAY_GONE:
        gateway_gone(self, event);
        break;
    case EVENT_DEADLINE:
        deadlines(self);
        break;
    }
}

uint64_t switchboard_step(struct board *self, struct now now, const struct event *event, struct effects *effects)
{
    effects->count = 0;
    bytes_clear(&effects->bytes);
    self->effects = effects;
    self->now = now;
    arena_allocator(&self->arena, 0);
    dispatch(self, event);
    board_flush(self);
    self->effects = NULL;
    return timers_next(&self->timers);
}
