#include "fake_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_US 1000000000u
#define START_WALL_MS 1700000000000

enum kind {
    MESSAGE,
    WAKE,
    CALL,
};

struct event {
    uint64_t at_us, order;
    enum kind kind;
    uint32_t node, life;
    void (*call)(void *context);
    void *context;
    size_t bytes;
    uint8_t data[];
};

struct place {
    struct world world;  // first: a world is its place
    struct fake *fake;
    struct fake_hooks hooks;
    uint32_t index, life;
    bool alive, stopped;
    uint64_t mono_off_us, wake_us;
    int64_t wall_off_ms;
    int32_t links[WORLD_LINKS_MAX];       // the node's index, -1: none
    uint64_t last_us[FAKE_NODES_MAX][2];  // of the message sent last, per receiver and channel
    struct event **waiting;               // while stopped
    uint32_t waiting_count, waiting_capacity;
};

struct fake {
    uint64_t seed[2], now_us, order;
    struct fake_faults faults;
    struct fake_counts counts;
    struct place places[FAKE_NODES_MAX];
    bool cut[FAKE_NODES_MAX][FAKE_NODES_MAX], cut_bulk[FAKE_NODES_MAX][FAKE_NODES_MAX];
    uint64_t more_us[FAKE_NODES_MAX][FAKE_NODES_MAX];
    uint64_t bulk_bytes[FAKE_NODES_MAX][FAKE_NODES_MAX];
    struct event **heap;
    uint32_t count, capacity;
};

// xorshift128+
uint64_t fake_random(struct fake *self, uint64_t below)
{
    uint64_t x = self->seed[0], y = self->seed[1];
    self->seed[0] = y;
    x ^= x << 23;
    self->seed[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
    return below == 0 ? 0 : (self->seed[1] + y) % below;
}

static bool chance(struct fake *self, uint32_t permille)
{
    return permille > 0 && fake_random(self, 1000) < permille;
}

// ---- events in order of time

static bool before(const struct event *a, const struct event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(struct fake *self, struct event *event)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 256;
        self->heap = check_realloc(self->heap, self->capacity * sizeof *self->heap);
    }
    event->order = ++self->order;
    uint32_t at = self->count++;
    for (; at > 0 && before(event, self->heap[(at - 1) / 2]); at = (at - 1) / 2)
        self->heap[at] = self->heap[(at - 1) / 2];
    self->heap[at] = event;
}

static struct event *pop(struct fake *self)
{
    struct event *first = self->heap[0], *last = self->heap[--self->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= self->count)
            break;
        if (child + 1 < self->count && before(self->heap[child + 1], self->heap[child]))
            child++;
        if (!before(self->heap[child], last))
            break;
        self->heap[at] = self->heap[child];
        at = child;
    }
    if (self->count > 0)
        self->heap[at] = last;
    return first;
}

static struct event *new_event(const struct place *place, enum kind kind, uint64_t at_us, struct span data)
{
    struct event *event = check_alloc(sizeof *event + data.bytes);
    *event =
        (struct event){.at_us = at_us, .kind = kind, .node = place->index, .life = place->life, .bytes = data.bytes};
    if (data.bytes > 0)
        memcpy(event->data, data.data, data.bytes);
    return event;
}

// ---- the world as a node sees it

static struct place *place_of(struct world *world)
{
    return (struct place *)(void *)world;
}

static struct now now_of(struct world *world)
{
    const struct place *place = place_of(world);
    uint64_t run_ms = (place->fake->now_us - START_US) / 1000;
    return (struct now){.mono_us = place->fake->now_us + place->mono_off_us,
                        .wall_ms = (uint64_t)(START_WALL_MS + place->wall_off_ms) + run_ms};
}

static void random_of(struct world *world, void *to, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)fake_random(place_of(world)->fake, 256);
}

static void wake_at(struct world *world, uint64_t mono_us)
{
    struct place *place = place_of(world);
    if (mono_us == UINT64_MAX)
        return;
    uint64_t at_us = mono_us > place->mono_off_us ? mono_us - place->mono_off_us : 0;
    at_us = at_us > place->fake->now_us ? at_us : place->fake->now_us;
    if (place->wake_us <= at_us)
        return;
    place->wake_us = at_us;
    push(place->fake, new_event(place, WAKE, at_us, (struct span){0}));
}

static bool link_open(struct world *world, uint32_t link, const char *control, const char *bulk)
{
    unsigned node, bulk_node;
    if (sscanf(control, "fake://%u/control", &node) != 1 || sscanf(bulk, "fake://%u/bulk", &bulk_node) != 1 ||
        node >= FAKE_NODES_MAX || node != bulk_node)
        return false;
    place_of(world)->links[link] = (int32_t)node;
    return true;
}

static void link_close(struct world *world, uint32_t link)
{
    place_of(world)->links[link] = -1;
}

static void deliver_later(struct place *from, struct place *to, enum world_channel channel, struct span message)
{
    struct fake *self = from->fake;
    const struct fake_faults *faults = &self->faults;
    uint64_t spread_us = faults->delay_max_us - faults->delay_min_us + 1;
    uint64_t at_us = self->now_us + faults->delay_min_us + fake_random(self, spread_us);
    at_us += self->more_us[from->index][to->index];
    if (chance(self, faults->late_permille)) {
        self->counts.late++;
        at_us += fake_random(self, 10 * faults->delay_max_us + 1000);
    } else {
        uint64_t *last_us = &from->last_us[to->index][channel];
        at_us = at_us > *last_us ? at_us : *last_us;
        *last_us = at_us;
    }
    struct event *event = new_event(to, MESSAGE, at_us, message);
    push(self, event);
}

static bool send_peer(struct world *world, uint32_t link, enum world_channel channel, struct span message)
{
    struct place *from = place_of(world);
    struct fake *self = from->fake;
    if (from->links[link] < 0)
        return false;
    struct place *to = &self->places[from->links[link]];
    check(message.bytes <= WORLD_PEER_MESSAGE_MAX_BYTES);
    self->bulk_bytes[from->index][to->index] += channel == WORLD_BULK ? message.bytes : 0;
    if (self->cut[from->index][to->index] || (channel == WORLD_BULK && self->cut_bulk[from->index][to->index])) {
        self->counts.cut++;
        return true;
    }
    if (!to->alive) {
        self->counts.dead++;
        return false;
    }
    if (chance(self, self->faults.lost_permille)) {
        self->counts.lost++;
        return true;
    }
    deliver_later(from, to, channel, message);
    if (chance(self, self->faults.twice_permille)) {
        self->counts.twice++;
        deliver_later(from, to, channel, message);
    }
    return true;
}

static bool send_client(struct world *world, const struct world_client *client, struct span message)
{
    (void)world;
    (void)client;
    (void)message;
    return false;
}

static const struct world_type type = {.now = now_of,
                                       .random = random_of,
                                       .wake_at = wake_at,
                                       .link_open = link_open,
                                       .link_close = link_close,
                                       .send_peer = send_peer,
                                       .send_client = send_client};

// ---- running

static void happen(struct fake *self, struct event *event)
{
    struct place *place = &self->places[event->node];
    if (!place->alive || place->life != event->life) {
        free(event);
        return;
    }
    if (place->stopped) {
        if (place->waiting_count == place->waiting_capacity) {
            place->waiting_capacity = place->waiting_capacity ? 2 * place->waiting_capacity : 64;
            place->waiting = check_realloc(place->waiting, place->waiting_capacity * sizeof *place->waiting);
        }
        place->waiting[place->waiting_count++] = event;
        return;
    }
    switch (event->kind) {
    case MESSAGE:
        self->counts.delivered++;
        place->hooks.message(place->hooks.context, (struct span){event->data, event->bytes});
        break;
    case WAKE:
        if (place->wake_us == event->at_us) {
            place->wake_us = UINT64_MAX;
            place->hooks.wake(place->hooks.context);
        }
        break;
    case CALL:
        event->call(event->context);
        break;
    }
    free(event);
}

void fake_run_us(struct fake *self, uint64_t for_us)
{
    uint64_t until_us = self->now_us + for_us;
    while (self->count > 0 && self->heap[0]->at_us <= until_us) {
        struct event *event = pop(self);
        self->now_us = event->at_us > self->now_us ? event->at_us : self->now_us;
        happen(self, event);
    }
    self->now_us = until_us;
}

bool fake_run_until(struct fake *self, uint64_t for_us, bool (*is_true)(void *context), void *context)
{
    for (uint64_t end_us = self->now_us + for_us; self->now_us < end_us; fake_run_us(self, 1000))
        if (is_true(context))
            return true;
    return is_true(context);
}

// ---- life

struct fake *fake_create(uint64_t seed)
{
    struct fake *self = check_alloc(sizeof *self);
    self->seed[0] = seed * 0x9e3779b97f4a7c15u + 1;
    self->seed[1] = seed ^ 0xd1b54a32d192ed03u;
    for (int i = 0; i < 16; i++)
        fake_random(self, 2);
    self->now_us = START_US;
    self->faults = (struct fake_faults){.delay_min_us = 500, .delay_max_us = 2000};
    for (uint32_t i = 0; i < FAKE_NODES_MAX; i++)
        self->places[i] = (struct place){.world = {&type}, .fake = self, .index = i};
    return self;
}

void fake_free(struct fake *self)
{
    for (uint32_t i = 0; i < FAKE_NODES_MAX; i++)
        fake_kill(self, i);
    for (uint32_t i = 0; i < self->count; i++)
        free(self->heap[i]);
    free(self->heap);
    free(self);
}

uint64_t fake_now_us(const struct fake *self)
{
    return self->now_us;
}

struct fake_counts fake_counts(const struct fake *self)
{
    return self->counts;
}

void fake_set_faults(struct fake *self, struct fake_faults faults)
{
    self->faults = faults;
}

void fake_place(struct fake *self, uint32_t node, uint64_t mono_off_us, int64_t wall_off_ms)
{
    self->places[node].mono_off_us = mono_off_us;
    self->places[node].wall_off_ms = wall_off_ms;
}

struct world *fake_start(struct fake *self, uint32_t node, struct fake_hooks hooks)
{
    struct place *place = &self->places[node];
    check(!place->alive);
    place->hooks = hooks;
    place->alive = true;
    place->life++;
    place->wake_us = UINT64_MAX;
    for (uint32_t i = 0; i < WORLD_LINKS_MAX; i++)
        place->links[i] = -1;
    memset(place->last_us, 0, sizeof place->last_us);
    return &place->world;
}

void fake_kill(struct fake *self, uint32_t node)
{
    struct place *place = &self->places[node];
    place->alive = place->stopped = false;
    for (uint32_t i = 0; i < place->waiting_count; i++)
        free(place->waiting[i]);
    free(place->waiting);
    place->waiting = NULL;
    place->waiting_count = place->waiting_capacity = 0;
}

void fake_cut(struct fake *self, uint32_t from, uint32_t to, bool is_cut)
{
    self->cut[from][to] = is_cut;
}

void fake_cut_bulk(struct fake *self, uint32_t from, uint32_t to, bool is_cut)
{
    self->cut_bulk[from][to] = is_cut;
}

void fake_delay(struct fake *self, uint32_t from, uint32_t to, uint64_t more_us)
{
    self->more_us[from][to] = more_us;
}

uint64_t fake_bulk_bytes(const struct fake *self, uint32_t from, uint32_t to)
{
    return self->bulk_bytes[from][to];
}

void fake_stop(struct fake *self, uint32_t node, bool is_stopped)
{
    struct place *place = &self->places[node];
    place->stopped = is_stopped;
    // The kernel hands over what came meanwhile in the order of its coming, the time-outs first.
    for (int round = 0; !is_stopped && round < 2; round++)
        for (uint32_t i = 0; i < place->waiting_count; i++)
            if ((place->waiting[i]->kind != MESSAGE) == (round == 0)) {
                if (place->waiting[i]->kind == WAKE)
                    place->wake_us = self->now_us;
                place->waiting[i]->at_us = self->now_us;
                push(self, place->waiting[i]);
            }
    if (!is_stopped)
        place->waiting_count = 0;
}

void fake_endpoints(uint32_t node, char control[32], char bulk[32])
{
    snprintf(control, 32, "fake://%u/control", node);
    snprintf(bulk, 32, "fake://%u/bulk", node);
}

void fake_call_at(struct fake *self, uint64_t at_us, uint32_t node, void (*call)(void *context), void *context)
{
    struct event *event = new_event(&self->places[node], CALL, at_us, (struct span){0});
    event->call = call;
    event->context = context;
    push(self, event);
}
