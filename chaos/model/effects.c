// What a board says is carried out: what it wrote and sent, as outcome of the turn.
#include "chaos/model/node_turn.h"

#include "cluster/store/record_codec.h"

#include "peer.pb-c.h"

#include <string.h>

#define ANY_SEQ 1  // in a content: which it is there says nothing

static struct out *add_out(struct turn *self, enum out_kind kind)
{
    check(self->ret->out_count < OUTCOMES_MAX);
    struct out *out = &self->ret->outs[self->ret->out_count++];
    *out = (struct out){.kind = kind, .record = NOBODY, .content = NO_CONTENT};
    return out;
}

// ---- records

const struct record *turn_stored(const struct turn *self, uint32_t record)
{
    const char *id;
    uint8_t kind = town_record(self->model->scenario, record, &id);
    return kind == 0 || self->node->store == NULL ? NULL : store_find(self->node->store, kind, id);
}

uint32_t turn_add_record(const struct turn *self, const struct record *record)
{
    struct record any = *record;
    any.version.seq = ANY_SEQ;
    struct bytes bytes = {0};
    record_pack(&any, &bytes);
    struct content about = {.record = town_find_record(record->kind, record->id),
                            .with = NO_CONTENT,
                            .attach = record->version.attach,
                            .boot = record->version.boot,
                            .owner = town_find_node(self->model->scenario, record->version.owner)};
    uint32_t content = contents_add(self->model->contents, (struct span){bytes.data, bytes.count}, &about);
    bytes_close(&bytes);
    return content;
}

static void note_age(struct turn *self, uint32_t record, uint64_t seq)
{
    struct node *node = self->node;
    check(node->ages[record] < AGES_MAX);
    node->seqs[record][node->ages[record]++] = seq;
}

void turn_begin_ages(struct turn *self)
{
    memset(self->node->ages, 0, sizeof self->node->ages);
    for (uint32_t record = 0; record < RECORDS_MAX; record++) {
        const struct record *here = turn_stored(self, record);
        note_age(self, record, here == NULL ? 0 : here->version.seq);
    }
}

// Newer than what is here, as the state says (copies.c); so its place in its feed lies behind all that are here.
void turn_take_record(struct turn *self, uint32_t content)
{
    struct arena arena = {0};
    struct record record;
    const struct record *taken;
    uint64_t last = 0;
    for (uint32_t i = 0; i < RECORDS_MAX; i++) {
        const struct record *here = turn_stored(self, i);
        last = here != NULL && here->version.seq > last ? here->version.seq : last;
    }
    arena_allocator(&arena, STORE_RECORD_MAX_BYTES);
    check(record_unpack(contents_at(self->model->contents, content)->bytes, &arena, &record));
    record.version.seq = last + 1;
    memory_enter(self->index);
    enum store_taken result = store_take(self->node->store, &record, &taken);
    memory_leave();
    check(result == STORE_TAKEN);
    note_age(self, contents_at(self->model->contents, content)->record, record.version.seq);
    struct event event = {.type = EVENT_RECORD, .record = taken};
    turn_step(self, &event);
    arena_close(&arena);
}

// All that comes before these copies in their feeds is here.
void turn_call_swept(struct turn *self, uint32_t gateways)
{
    for (uint32_t gateway = 0; gateway < GATEWAYS_MAX; gateway++) {
        if ((gateways & 1u << gateway) == 0)
            continue;
        const struct version *version = &turn_stored(self, DESKS_MAX + gateway)->version;
        memory_enter(self->index);
        store_advance_cursor(self->node->store, version->owner, version->boot, version->seq);
        memory_leave();
    }
}

// ---- carrying out effects

static uint32_t age_of(const struct turn *self, uint32_t record, uint64_t seq)
{
    for (uint32_t age = self->node->ages[record]; age-- > 0;)
        if (self->node->seqs[record][age] == seq)
            return age;
    check(false);
    return 0;
}

static void send_talk(struct turn *self, const char *to_name, struct span bytes)
{
    struct model *model = self->model;
    struct out out = {.kind = OUT_NODE, .record = NOBODY, .to = town_find_node(model->scenario, to_name)};
    struct content about = {.record = NOBODY, .with = NO_CONTENT};
    Peer__Talk *talk = peer__talk__unpack(arena_allocator(&model->arena, TALK_BUDGET_BYTES), bytes.bytes, bytes.data);
    check(talk != NULL && out.to != NOBODY);
    struct record record;
    uint8_t packed[4096];
    if (talk->body_case == PEER__TALK__BODY_ANSWER && talk->answer->desk != NULL &&
        record_from_message(talk->answer->desk, &record)) {
        about.with = turn_add_record(self, &record);
        out.record = about.record = contents_at(model->contents, about.with)->record;
        out.age = age_of(self, out.record, record.version.seq);
        talk->answer->desk->version->seq = ANY_SEQ;
        check(peer__talk__get_packed_size(talk) <= sizeof packed);
        bytes = (struct span){packed, peer__talk__pack(talk, packed)};
    }
    out.content = contents_add(model->contents, bytes, &about);
    if (out.to == self->index) {
        check(self->node->self_talk_count < SELF_TALK_MAX);
        self->node->self_talk[self->node->self_talk_count++] = out.content;
    } else {
        *add_out(self, OUT_NODE) = out;
    }
}

static void put(struct turn *self, const struct effect *effect, struct span bytes)
{
    memory_enter(self->index);
    const struct record *written =
        store_put(self->node->store, effect->kind, effect->name, effect->attach, effect->born_ms, bytes);
    memory_leave();
    if (written == NULL) {
        violate(self->model, "%s wrote a version of %s that loses against what it holds", turn_name(self, self->index),
                effect->name);
        return;
    }
    struct out *out = add_out(self, OUT_PUT);
    out->record = town_find_record(effect->kind, effect->name);
    out->content = turn_add_record(self, written);
    note_age(self, out->record, written->version.seq);
}

void turn_step(struct turn *self, const struct event *event)
{
    struct node *node = self->node;
    memory_enter(self->index);
    switchboard_step(node->board, node->now, event, &node->effects);
    memory_leave();
    for (uint32_t i = 0; i < node->effects.count; i++) {
        const struct effect *effect = &node->effects.list[i];
        struct span bytes = effect_bytes(&node->effects, effect);
        struct content about = {.record = NOBODY, .with = NO_CONTENT};
        struct out *out;
        switch (effect->type) {
        case EFFECT_CLIENT:
        case EFFECT_REFUSE:
            out = add_out(self, OUT_CLIENT);
            out->session = effect->session;
            out->content = contents_add(self->model->contents, bytes, &about);
            break;
        case EFFECT_BIND:
            add_out(self, OUT_BIND)->session = effect->session;
            break;
        case EFFECT_UNBIND:
        case EFFECT_ACKNOWLEDGE:
        case EFFECT_DECIDED:
            break;
        case EFFECT_ORPHAN:
            if (self->told->is_healing)
                violate(self->model, "%s has an orphan: %s", turn_name(self, self->index), (const char *)bytes.data);
            break;
        case EFFECT_NODE:
            send_talk(self, effect->name, bytes);
            break;
        case EFFECT_PUT:
            put(self, effect, bytes);
            break;
        }
    }
}
