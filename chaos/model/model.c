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
            if (a == b || self->now.heard[a][b] != 0)
                continue;
            choice_make(self, (struct choice){CHOICE_NOTICE, (uint8_t)a, (uint8_t)b, 0});
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
    memcpy(self->now.left, scenario->budget, sizeof self->now.left);
    turns_create(self);
    for (uint32_t call = 0; call < CALLS_MAX; call++)
        self->now.legs[call].agent = NOBODY;
    for (uint32_t desk = 0; desk < DESKS_MAX; desk++)
        self->now.desks[desk].call = NOBODY;
    for (uint32_t node = 0; node < scenario->nodes; node++) {
        memory_clear(node);
        choice_make(self, (struct choice){CHOICE_START, (uint8_t)node, 0, 0});
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
    copy_settle(self);
    return self;
}

void model_free(struct model *self)
{
    trapping = NULL;
    for (uint32_t node = 0; node < self->scenario->nodes; node++)
        memory_clear(node);
    turns_free(self->turns);
    contents_free(self->contents);
    arena_close(&self->arena);
    directory_free(self->directory);
    atlas_free(self->atlas);
    free(self);
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
