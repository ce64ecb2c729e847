// A turn of a node, as nodes.c and effects.c make it.
#ifndef CHAOS_MODEL_NODE_TURN_H
#define CHAOS_MODEL_NODE_TURN_H

#include "chaos/model/inside.h"

#include "node/switchboard/switchboard.h"

#define SELF_TALK_MAX 32
#define TALK_BUDGET_BYTES ((size_t)512 * 1024)

struct node {  // in its region
    struct now now;
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
    struct board *board;
    struct effects effects;
    uint32_t self_talk[SELF_TALK_MAX];  // contents
    uint32_t self_talk_count;
    uint64_t seqs[RECORDS_MAX][AGES_MAX];  // of the versions of this turn
    uint32_t ages[RECORDS_MAX];
};

struct turn {
    struct model *model;
    uint32_t index;
    struct node *node;
    const struct told *told;
    struct outcome *ret;
};

static inline const char *turn_name(const struct turn *self, uint32_t node)
{
    return self->model->scenario->node_names[node];
}

// ---- effects.c

const struct record *turn_stored(const struct turn *self, uint32_t record);  // NULL: it holds none
uint32_t turn_add_record(const struct turn *self, const struct record *record);
void turn_begin_ages(struct turn *self);
void turn_take_record(struct turn *self, uint32_t content);
void turn_call_swept(struct turn *self, uint32_t gateways);
void turn_step(struct turn *self, const struct event *event);

#endif
