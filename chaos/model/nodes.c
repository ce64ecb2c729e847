// A node: its real board and store, its clock and its life; a turn as node/turn.c has it.
#include "chaos/model/node_turn.h"

#include "cluster/store/disk_memory.h"

#include "client.pb-c.h"
#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <string.h>

#define WALL_MS 1700000000000u  // stands still: it only orders waiting calls

uint64_t node_boot(uint32_t node, uint32_t start)
{
    return 1000 * (uint64_t)(node + 1) + start;
}

// ---- a turn

static void hear_self(struct turn *self)
{
    struct node *node = self->node;
    for (uint32_t i = 0; i < node->self_talk_count; i++) {
        const struct content *content = contents_at(self->model->contents, node->self_talk[i]);
        struct arena arena = {0};
        Peer__Talk *talk =
            peer__talk__unpack(arena_allocator(&arena, TALK_BUDGET_BYTES), content->bytes.bytes, content->bytes.data);
        check(talk != NULL);
        struct event event = {.type = EVENT_TALK, .name = turn_name(self, self->index), .talk = talk};
        turn_step(self, &event);
        arena_close(&arena);
    }
    node->self_talk_count = 0;
}

// What a turn wrote is on the disk after the next one, where a crash may lose it.
static void settle_store(struct turn *self, const struct local *before)
{
    struct node *node = self->node;
    struct local *after = &self->ret->after;
    bool loses = !self->told->is_healing && self->model->scenario->budget[CRASHES] > 0;
    memory_enter(self->index);
    disk_memory_commit(node->disk, UINT64_MAX);
    store_flush(node->store);
    if (!loses)
        disk_memory_commit(node->disk, UINT64_MAX);
    memory_leave();
    for (uint32_t record = 0; record < RECORDS_MAX; record++) {
        const struct record *here = turn_stored(self, record);
        after->held[record] = here == NULL ? NO_CONTENT : turn_add_record(self, here);
    }
    memcpy(after->durable, loses ? before->held : after->held, sizeof after->durable);
    after->durable_swept = before->swept;
}

static void finish_turn(struct turn *self, const struct local *before)
{
    struct node *node = self->node;
    hear_self(self);
    settle_store(self, before);
    fingerprint_look(self->model, node->board, &self->ret->after);
    for (uint32_t i = 0; i < DEADLINES_MAX && self->ret->after.deadlines[i] != 0; i++) {
        uint64_t *at = &self->ret->after.deadlines[i];
        *at = *at > node->now.mono_us ? *at - node->now.mono_us : 1;
    }
    uint64_t hash = hash_mix(fingerprint_board(self->model, node->board), self->index);
    hash = hash_bytes(hash, self->ret->after.held, sizeof self->ret->after.held);
    self->ret->after.volatile_hash = hash_mix(hash, self->ret->after.swept);
}

// ---- life

static void read_record(void *context, const struct record *record)
{
    struct turn *self = context;
    memory_leave();
    struct event event = {.type = EVENT_RECORD, .record = record};
    turn_step(self, &event);
    memory_enter(self->index);
}

static void start(struct turn *self)
{
    struct model *model = self->model;
    uint32_t index = self->index;
    memory_enter(index);
    if (model->nodes[index] == NULL) {
        model->nodes[index] = check_alloc(sizeof *model->nodes[index]);
        model->nodes[index]->now = (struct now){1000000, WALL_MS};
        model->nodes[index]->medium = disk_memory_create();
    }
    struct node *node = self->node = model->nodes[index];
    struct problem problem;
    node->disk = disk_memory_open(node->medium);
    struct store_options store = {
        .node = turn_name(self, index), .boot = node_boot(index, self->told->a), .records_max = 1000};
    node->store = store_create(&store);
    check(store_open(node->store, node->disk, &problem));
    struct board_options options = {
        .node = store.node, .boot = store.boot, .site = "", .store = node->store, .atlas = model->atlas};
    node->board = board_create(&options);
    memory_leave();
    turn_begin_ages(self);
    struct event event = {.type = EVENT_DIRECTORY, .directory = model->directory};
    turn_step(self, &event);
    memory_enter(index);
    fingerprint_skip(node->board);
    store_each(node->store, REC__KIND__GATEWAY, read_record, self);
    store_each(node->store, REC__KIND__CALL, read_record, self);
    memory_leave();
    event = (struct event){.type = EVENT_DEADLINE};
    turn_step(self, &event);
}

static void crash(struct turn *self, const struct local *before)
{
    struct node *node = self->node;
    bool loses_last = self->told->a != 0;
    memory_enter(self->index);
    if (!loses_last)
        disk_memory_commit(node->disk, UINT64_MAX);
    disk_memory_crash(node->disk);
    board_free(node->board);
    store_free(node->store);
    effects_close(&node->effects);
    node->board = NULL;
    node->store = NULL;
    memory_leave();
    struct local *after = &self->ret->after;
    memcpy(after->held, loses_last ? before->durable : before->held, sizeof after->held);
    memcpy(after->durable, after->held, sizeof after->durable);
    after->swept = after->durable_swept = loses_last ? before->durable_swept : before->swept;
    uint64_t hash = hash_mix(1, self->index);
    hash = hash_bytes(hash, after->held, sizeof after->held);
    after->volatile_hash = hash_mix(hash, after->swept);
}

static void tell(struct turn *self)
{
    const struct told *told = self->told;
    const struct content *content =
        told->content == NO_CONTENT ? NULL : contents_at(self->model->contents, told->content);
    struct arena arena = {0};
    struct event event = {.session = told->b};
    const char *name = told->kind < TOLD_GONE ? turn_name(self, told->a)
                       : told->a < DESKS_MAX  ? town_agent(told->a)
                                              : town_gateway(told->a - DESKS_MAX);
    ProtobufCAllocator *allocator = arena_allocator(&arena, TALK_BUDGET_BYTES);
    event.name = name;
    switch ((enum told_kind)told->kind) {
    case TOLD_TALK:
        if (told->with != NO_CONTENT)  // is taken first
            turn_take_record(self, told->with);
        event.type = EVENT_TALK;
        event.talk = peer__talk__unpack(allocator, content->bytes.bytes, content->bytes.data);
        break;
    case TOLD_PEER_UP:
    case TOLD_PEER_DOWN:
        event.type = told->kind == TOLD_PEER_UP ? EVENT_PEER_UP : EVENT_PEER_DOWN;
        event.boot = node_boot(told->a, (uint32_t)told->b);
        event.rtt_us = 1000;
        event.speaks = SWITCHBOARD_CALL_BACKS_SINCE;
        break;
    case TOLD_DEADLINE:
        self->node->now.mono_us += told->b;
        event.type = EVENT_DEADLINE;
        break;
    case TOLD_GONE:
        event.type = told->a < DESKS_MAX ? EVENT_DESK_GONE : EVENT_GATEWAY_GONE;
        break;
    case TOLD_ATTACH_DESK:
        event.type = EVENT_DESK_ATTACH;
        event.attach_desk = cli__attach_desk__unpack(allocator, content->bytes.bytes, content->bytes.data);
        break;
    case TOLD_DESK_WORD:
        event.type = EVENT_DESK_WORD;
        event.desk_word = cli__desk_word__unpack(allocator, content->bytes.bytes, content->bytes.data);
        break;
    case TOLD_ATTACH_GATEWAY:
        event.type = EVENT_GATEWAY_ATTACH;
        event.speaks = SWITCHBOARD_LETS_GO_SINCE;
        event.attach_gateway = cli__attach_gateway__unpack(allocator, content->bytes.bytes, content->bytes.data);
        break;
    case TOLD_SUBMIT:
        event.type = EVENT_SUBMIT;
        event.submit = cli__submit__unpack(allocator, content->bytes.bytes, content->bytes.data);
        break;
    case TOLD_LEG_WORD:
        event.type = EVENT_LEG_WORD;
        event.leg_word = cli__leg_word__unpack(allocator, content->bytes.bytes, content->bytes.data);
        break;
    case TOLD_START:
    case TOLD_CRASH:
    case TOLD_RECORD:
        check(false);
    }
    turn_step(self, &event);
    arena_close(&arena);
}

void node_run(struct model *model, uint32_t index, const struct told *told, struct outcome *ret)
{
    struct turn self = {model, index, model->nodes[index], told, ret};
    const struct local *before = turns_local(model, index);
    memset(ret, 0, sizeof *ret);
    ret->after.swept = before->swept | told->swept;
    if (told->kind == TOLD_CRASH) {
        crash(&self, before);
    } else {
        if (told->kind == TOLD_START) {
            start(&self);
        } else {
            turn_begin_ages(&self);
            turn_call_swept(&self, told->swept);
            if (told->kind == TOLD_RECORD)
                turn_take_record(&self, told->content);
            else
                tell(&self);
        }
        finish_turn(&self, before);
    }
    uint64_t hash = ret->after.volatile_hash;
    if (model->scenario->budget[CRASHES] > 0) {
        hash = hash_bytes(hash, ret->after.durable, sizeof ret->after.durable);
        hash = hash_mix(hash, ret->after.durable_swept);
    }
    ret->after.hash = hash;
}
