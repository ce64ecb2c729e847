#include "chaos/model/inside.h"

#include "node/directory/atlas.h"

#include <stdlib.h>
#include <string.h>

// ---- failed checks are violations

_Noreturn void __real_check_failed(const char *condition, const char *file, int line, const char *function);
_Noreturn void __wrap_check_failed(const char *condition, const char *file, int line, const char *function);

static struct model *trapping;  // of which there is one

_Noreturn void __wrap_check_failed(const char *condition, const char *file, int line, const char *function)
{
    struct model *self = trapping;
    memory_leave();
    if (self == NULL || !self->is_trapping)
        __real_check_failed(condition, file, line, function);
    violate(self, "check failed: %s (%s:%d, %s)", condition, file, line, function);
    longjmp(self->trap, 1);
}

// ---- life

static void meet(struct model *self)
{
    for (uint32_t a = 0; a < self->scenario->nodes; a++)
        for (uint32_t b = 0; b < self->scenario->nodes; b++) {
            if (a == b)
                continue;
            self->now.heard[a][b] = self->now.starts[b];
            struct event event = {.type = EVENT_PEER_UP,
                                  .name = self->scenario->node_names[b],
                                  .boot = node_boot(self, b, self->now.starts[b]),
                                  .rtt_us = 1000,
                                  .speaks = SWITCHBOARD_CALL_BACKS_SINCE};
            node_event(self, a, &event);
        }
}

static void attach_all(struct model *self)
{
    const struct scenario *scenario = self->scenario;
    for (uint32_t client = 0; client < CLIENTS_MAX; client++) {
        bool is_desk = client < DESKS_MAX;
        self->now.clients[client].node = NOBODY;
        self->now.clients[client].attach = FIRST_LOGIN << 20;
        if (is_desk ? client >= scenario->desks : client - DESKS_MAX >= scenario->gateways)
            continue;
        client_attach(self, client, is_desk ? scenario->desk_at[client] : scenario->gateway_at[client - DESKS_MAX],
                      false);
    }
}

struct model *model_create(const struct scenario *scenario, enum lie lie)
{
    struct model *self = check_alloc(sizeof *self);
    struct problem problem;
    trapping = self;
    self->scenario = scenario;
    self->lie = lie;
    self->atlas = atlas_create("/usr/share/zoneinfo/zone.tab", HOTLINE_PREFIXES, &problem);
    check(self->atlas != NULL);
    self->directory = town_directory(scenario);
    self->contents = contents_create();
    for (uint32_t call = 0; call < CALLS_MAX; call++)
        self->now.legs[call].agent = NOBODY;
    for (uint32_t desk = 0; desk < DESKS_MAX; desk++)
        self->now.desks[desk].call = NOBODY;
    for (uint32_t node = 0; node < scenario->nodes; node++) {
        memory_clear(node);
        node_start(self, node);
    }
    meet(self);
    attach_all(self);
    for (uint32_t node = 0; node < scenario->nodes; node++)
        while (copy_spread_one(self, node)) {
        }
    for (uint32_t client = 0; client < CLIENTS_MAX; client++)
        while (self->now.clients[client].inbox_count > 0)
            client_hear(self, client);
    check(self->now.bag_count == 0);
    memcpy(self->now.left, scenario->budget, sizeof self->now.left);
    return self;
}

void model_free(struct model *self)
{
    trapping = NULL;
    for (uint32_t node = 0; node < self->scenario->nodes; node++)
        memory_clear(node);
    contents_free(self->contents);
    arena_close(&self->arena);
    directory_free(self->directory);
    atlas_free(self->atlas);
    free(self);
}

// ---- recognising a state

// Where a version stands among all that are held or under way: its number in a feed says how long the way was.
static uint64_t rank(const struct model *self, uint32_t record, const struct held *version)
{
    const struct state *now = &self->now;
    const struct held *lesser[2 * NODES_MAX + BAG_MAX];
    uint32_t count = 0;
    if (version->attach == 0)
        return 0;
    for (uint32_t i = 0; i < 2 * self->scenario->nodes + now->bag_count; i++) {
        const struct held *other;
        if (i < self->scenario->nodes) {
            other = &now->held[i][record];
        } else if (i < 2 * self->scenario->nodes) {
            if (now->left[CRASHES] == 0)
                continue;
            other = &now->durable[i - self->scenario->nodes][record];
        } else {
            const struct parcel *parcel = &now->bag[i - 2 * self->scenario->nodes];
            const struct content *content =
                parcel->kind == PARCEL_GONE ? NULL : contents_at(self->contents, parcel->content);
            if (content == NULL || content->record != record)
                continue;
            other = &content->version;
        }
        if (other->attach == 0 || copy_compare(self, other, version) >= 0)
            continue;
        bool seen = false;
        for (uint32_t k = 0; k < count && !seen; k++)
            seen = copy_compare(self, lesser[k], other) == 0;
        if (!seen)
            lesser[count++] = other;
    }
    return count + 1;
}

static uint64_t add_version(const struct model *self, uint64_t hash, uint32_t record, const struct held *version)
{
    hash = hash_mix(hash, rank(self, record, version));
    hash = hash_mix(hash, version->attach);
    hash = hash_mix(hash, version->boot);
    return hash_mix(hash, version->body);
}

static uint64_t add_bag(const struct model *self, uint64_t hash)
{
    uint64_t bag = 0;  // in no order
    for (uint32_t i = 0; i < self->now.bag_count; i++) {
        const struct parcel *parcel = &self->now.bag[i];
        uint64_t one =
            hash_mix(9, (uint64_t)parcel->kind << 32 | parcel->from << 16 | parcel->from_start << 8 | parcel->to);
        if (parcel->kind == PARCEL_GONE) {
            one = hash_mix(one, parcel->content);
        } else {
            const struct content *content = contents_at(self->contents, parcel->content);
            one = hash_mix(one, content->hash);
            if (content->record != NOBODY)
                one = add_version(self, one, content->record, &content->version);
        }
        bag += one;
    }
    return hash_mix(hash, bag);
}

uint64_t model_fingerprint(const struct model *self)
{
    const struct state *now = &self->now;
    uint64_t hash = 11;
    for (uint32_t node = 0; node < self->scenario->nodes; node++) {
        hash = hash_mix(hash, now->board[node]);
        hash = hash_mix(hash, (uint64_t)now->running[node] << 32 | now->starts[node]);
        hash = hash_bytes(hash, now->heard[node], sizeof now->heard[node]);
        for (uint32_t record = 0; record < RECORDS_MAX; record++) {
            hash = add_version(self, hash, record, &now->held[node][record]);
            if (now->left[CRASHES] > 0)
                hash = add_version(self, hash, record, &now->durable[node][record]);
        }
    }
    hash = hash_bytes(hash, now->clients, sizeof now->clients);
    hash = hash_bytes(hash, now->desks, sizeof now->desks);
    hash = hash_bytes(hash, now->legs, sizeof now->legs);
    hash = hash_bytes(hash, now->left, sizeof now->left);
    return add_bag(self, hash);
}

bool model_is_quiet(const struct model *self)
{
    struct choice choices[CHOICES_MAX];
    uint32_t count = model_choices(self, choices);
    for (uint32_t i = 0; i < count; i++) {
        switch ((enum choice_kind)choices[i].kind) {
        case CHOICE_HEAR:
        case CHOICE_DELIVER:
        case CHOICE_COPY:
        case CHOICE_NOTICE:
        case CHOICE_START:
        case CHOICE_ATTACH:
        case CHOICE_JOIN:
            return false;
        default:
            break;
        }
    }
    return true;
}
