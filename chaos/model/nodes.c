// A node: its real board and store, its clock, and how the board's effects are carried out.
#include "chaos/model/inside.h"

#include "cluster/store/disk_memory.h"
#include "cluster/store/record_codec.h"

#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define SELF_TALK_MAX 32
#define TALK_BUDGET_BYTES ((size_t)512 * 1024)
#define WALL_MS 1700000000000u  // stands still while exploring: it only orders waiting calls

struct node {  // in its region
    struct now now;
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
    struct board *board;
    struct effects effects;
    uint32_t self_talk[SELF_TALK_MAX];  // contents
    uint32_t self_talk_count;
};

uint64_t node_boot(const struct model *self, uint32_t node, uint32_t start)
{
    (void)self;
    return 1000 * (uint64_t)(node + 1) + start;
}

struct board *node_board(const struct model *self, uint32_t node)
{
    return self->nodes[node]->board;
}

struct store *node_store(const struct model *self, uint32_t node)
{
    return self->nodes[node]->store;
}

uint64_t node_mono_us(const struct model *self, uint32_t node)
{
    return self->nodes[node]->now.mono_us;
}

void node_pass(struct model *self, uint32_t node, uint64_t us)
{
    self->dirty |= 1u << node;
    self->nodes[node]->now.mono_us += us;
    if (self->is_healing)
        self->nodes[node]->now.wall_ms += us / 1000;
}

// ---- carrying out effects

// What is said to another: which record goes with it, and its hash without that record's place in its feed.
static uint32_t add_talk(struct model *self, struct span bytes)
{
    struct content about = {.record = NOBODY};
    Peer__Talk *talk = peer__talk__unpack(arena_allocator(&self->arena, TALK_BUDGET_BYTES), bytes.bytes, bytes.data);
    check(talk != NULL);
    struct record record;
    if (talk->body_case == PEER__TALK__BODY_ANSWER && talk->answer->desk != NULL &&
        record_from_message(talk->answer->desk, &record)) {
        about.record = town_find_record(record.kind, record.id);
        about.version = (struct held){.attach = record.version.attach,
                                      .boot = record.version.boot,
                                      .seq = record.version.seq,
                                      .body = hash_bytes(3, record.body.data, record.body.bytes),
                                      .owner = town_find_node(self->scenario, record.version.owner)};
        talk->answer->desk->version->seq = 0;
        uint8_t packed[4096];
        check(peer__talk__get_packed_size(talk) <= sizeof packed);
        about.hash = hash_bytes(4, packed, peer__talk__pack(talk, packed));
    }
    return contents_add(self->contents, bytes, &about);
}

static void send_talk(struct model *self, uint32_t node, const char *to_name, struct span bytes)
{
    uint32_t to = town_find_node(self->scenario, to_name), content = add_talk(self, bytes);
    struct node *from = self->nodes[node];
    check(to != NOBODY);
    if (to == node) {
        check(from->self_talk_count < SELF_TALK_MAX);
        from->self_talk[from->self_talk_count++] = content;
    } else if (self->now.running[to]) {
        struct parcel parcel = {PARCEL_TALK, node, self->now.starts[node], to, content};
        bag_add(self, &parcel);
    }
}

static void put(struct model *self, uint32_t node, const struct effect *effect, struct span bytes)
{
    memory_enter(node);
    bool taken =
        store_put(self->nodes[node]->store, effect->kind, effect->name, effect->attach, effect->born_ms, bytes) != NULL;
    memory_leave();
    if (!taken)
        violate(self, "%s wrote a version of %s that loses against what it holds", self->scenario->node_names[node],
                effect->name);
}

static void step(struct model *self, uint32_t index, const struct event *event)
{
    struct node *node = self->nodes[index];
    memory_enter(index);
    switchboard_step(node->board, node->now, event, &node->effects);
    memory_leave();
    for (uint32_t i = 0; i < node->effects.count; i++) {
        const struct effect *effect = &node->effects.list[i];
        struct span bytes = effect_bytes(&node->effects, effect);
        switch (effect->type) {
        case EFFECT_CLIENT:
            client_receive(self, index, effect->session, bytes);
            break;
        case EFFECT_BIND:
            self->bound_session = effect->session;
            break;
        case EFFECT_UNBIND:
        case EFFECT_ACKNOWLEDGE:
        case EFFECT_DECIDED:
            break;
        case EFFECT_ORPHAN:
            if (self->is_healing)
                violate(self, "%s has an orphan: %s", self->scenario->node_names[index], (const char *)bytes.data);
            break;
        case EFFECT_NODE:
            send_talk(self, index, effect->name, bytes);
            break;
        case EFFECT_PUT:
            put(self, index, effect, bytes);
            break;
        }
    }
}

// ---- a turn

static void settle_store(struct model *self, uint32_t index)
{
    struct node *node = self->nodes[index];
    memcpy(self->now.durable[index], self->now.held[index], sizeof self->now.held[index]);
    memory_enter(index);
    disk_memory_commit(node->disk, UINT64_MAX);
    store_flush(node->store);
    bool losses = !self->is_healing && self->scenario->budget[CRASHES] > 0;
    if (!losses)
        disk_memory_commit(node->disk, UINT64_MAX);
    for (uint32_t record = 0; record < RECORDS_MAX; record++) {
        struct held *held = &self->now.held[index][record];
        const char *id;
        uint8_t kind = town_record(self->scenario, record, &id);
        const struct record *stored = kind == 0 ? NULL : store_find(node->store, kind, id);
        *held = (struct held){0};
        if (stored != NULL)
            *held = (struct held){.attach = stored->version.attach,
                                  .boot = stored->version.boot,
                                  .seq = stored->version.seq,
                                  .body = hash_bytes(3, stored->body.data, stored->body.bytes),
                                  .owner = town_find_node(self->scenario, stored->version.owner)};
    }
    memory_leave();
    if (!losses)
        memcpy(self->now.durable[index], self->now.held[index], sizeof self->now.held[index]);
}

static void hear_self(struct model *self, uint32_t index)
{
    struct node *node = self->nodes[index];
    for (uint32_t i = 0; i < node->self_talk_count; i++) {
        const struct content *content = contents_at(self->contents, node->self_talk[i]);
        struct arena arena = {0};
        Peer__Talk *talk =
            peer__talk__unpack(arena_allocator(&arena, TALK_BUDGET_BYTES), content->bytes.bytes, content->bytes.data);
        check(talk != NULL);
        struct event event = {.type = EVENT_TALK, .name = self->scenario->node_names[index], .talk = talk};
        step(self, index, &event);
        arena_close(&arena);
    }
    node->self_talk_count = 0;
}

static void finish_turn(struct model *self, uint32_t node)
{
    hear_self(self, node);
    settle_store(self, node);
    self->now.board[node] = fingerprint_board(self, self->nodes[node]->board);
    fingerprint_deadlines(self->nodes[node]->board, self->now.deadlines[node]);
    uint64_t now_us = self->nodes[node]->now.mono_us;
    for (uint32_t i = 0; i < DEADLINES_MAX && self->now.deadlines[node][i] != 0; i++) {
        uint64_t *at = &self->now.deadlines[node][i];
        *at = *at > now_us ? *at - now_us : 1;
    }
}

void node_event(struct model *self, uint32_t node, const struct event *event)
{
    self->dirty |= 1u << node;
    step(self, node, event);
    finish_turn(self, node);
}

// As a node hears a peer: a record that comes with a refusal is taken first, in the same turn.
void node_hear(struct model *self, uint32_t node, uint32_t from, const struct content *content)
{
    struct arena arena = {0};
    Peer__Talk *talk =
        peer__talk__unpack(arena_allocator(&arena, TALK_BUDGET_BYTES), content->bytes.bytes, content->bytes.data);
    check(talk != NULL);
    self->dirty |= 1u << node;
    struct record record;
    if (talk->body_case == PEER__TALK__BODY_ANSWER && talk->answer->desk != NULL &&
        record_from_message(talk->answer->desk, &record)) {
        const struct record *taken;
        memory_enter(node);
        enum store_taken result = store_take(self->nodes[node]->store, &record, &taken);
        memory_leave();
        struct event event = {.type = EVENT_RECORD, .record = taken};
        if (result == STORE_TAKEN)
            step(self, node, &event);
    }
    struct event event = {.type = EVENT_TALK, .name = self->scenario->node_names[from], .talk = talk};
    step(self, node, &event);
    finish_turn(self, node);
    arena_close(&arena);
}

// ---- life

static void read_record(void *context, const struct record *record)
{
    struct model *self = ((void **)context)[0];
    uint32_t node = *(uint32_t *)((void **)context)[1];
    memory_leave();
    struct event event = {.type = EVENT_RECORD, .record = record};
    step(self, node, &event);
    memory_enter(node);
}

void node_start(struct model *self, uint32_t index)
{
    uint32_t start = ++self->now.starts[index];
    self->now.running[index] = 1;
    self->dirty |= 1u << index;
    memory_enter(index);
    if (self->nodes[index] == NULL) {
        self->nodes[index] = check_alloc(sizeof *self->nodes[index]);
        self->nodes[index]->now = (struct now){1000000, WALL_MS};
        self->nodes[index]->medium = disk_memory_create();
    }
    struct node *node = self->nodes[index];
    struct problem problem;
    node->disk = disk_memory_open(node->medium);
    struct store_options store = {
        .node = self->scenario->node_names[index], .boot = node_boot(self, index, start), .records_max = 1000};
    node->store = store_create(&store);
    check(store_open(node->store, node->disk, &problem));
    struct board_options options = {
        .node = store.node, .boot = store.boot, .site = "", .store = node->store, .atlas = self->atlas};
    node->board = board_create(&options);
    memory_leave();
    struct event event = {.type = EVENT_DIRECTORY, .directory = self->directory};
    step(self, index, &event);
    memory_enter(index);
    fingerprint_skip(node->board);
    store_each(node->store, REC__KIND__GATEWAY, read_record, (void *[]){self, &index});
    store_each(node->store, REC__KIND__CALL, read_record, (void *[]){self, &index});
    memory_leave();
    event = (struct event){.type = EVENT_DEADLINE};
    node_event(self, index, &event);
}

void node_free(struct model *self, uint32_t index)
{
    struct node *node = self->nodes[index];
    memory_enter(index);
    board_free(node->board);
    store_free(node->store);
    effects_close(&node->effects);
    node->board = NULL;
    node->store = NULL;
    memory_leave();
}

void node_crash(struct model *self, uint32_t index, bool loses_last)
{
    struct node *node = self->nodes[index];
    struct state *now = &self->now;
    self->dirty |= 1u << index;
    memory_enter(index);
    if (!loses_last)
        disk_memory_commit(node->disk, UINT64_MAX);
    disk_memory_crash(node->disk);
    memory_leave();
    node_free(self, index);
    now->running[index] = 0;
    now->board[index] = 0;
    memset(now->deadlines[index], 0, sizeof now->deadlines[index]);
    memset(now->heard[index], 0, sizeof now->heard[index]);
    if (loses_last)
        memcpy(now->held[index], now->durable[index], sizeof now->held[index]);
    else
        memcpy(now->durable[index], now->held[index], sizeof now->held[index]);
    for (uint32_t i = now->bag_count; i-- > 0;)
        if (now->bag[i].to == index)
            bag_remove(self, i);
    for (uint32_t client = 0; client < CLIENTS_MAX; client++)
        if (now->clients[client].node == index)
            client_break(self, client, false);
}
