#include "chaos/model/inside.h"

#include <stdlib.h>
#include <string.h>

struct turn_made {
    uint64_t key;
    uint32_t before, after;
    uint32_t first_out, out_count;
    uint32_t next;  // of the same local, plus one
    struct told told;
};

struct table {        // open addressing
    uint32_t *slots;  // index plus one
    uint32_t bits;
};

struct turns {
    struct local *locals;
    uint32_t local_count, local_capacity;
    struct table by_hash, by_volatile_hash;
    struct turn_made *made;
    uint32_t made_count, made_capacity;
    struct table by_key;
    struct out *outs;
    uint32_t out_count, out_capacity;
    uint32_t in_region[NODES_MAX];  // the local whose image is there; NOBODY: another
    struct turns_counts counts;
    uint64_t known_met;
    struct outcome outcome;
};

// ---- tables

static uint32_t *slot_at(const struct table *table, uint64_t hash, uint64_t step)
{
    return &table->slots[(hash + step) & ((1u << table->bits) - 1)];
}

static void open_table(struct table *table, uint32_t bits)
{
    table->bits = bits;
    table->slots = check_alloc(sizeof *table->slots << bits);
}

static bool is_full(const struct table *table, uint32_t count)
{
    return (uint64_t)count * 2 >= (uint64_t)1 << table->bits;
}

static void *grow(void *list, uint32_t count, uint32_t *capacity, size_t bytes)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity == 0 ? 1024 : *capacity * 2;
    return check_realloc(list, *capacity * bytes);
}

static uint32_t *find_made(const struct turns *self, uint64_t key)
{
    for (uint64_t step = 0;; step++) {
        uint32_t *slot = slot_at(&self->by_key, key, step);
        if (*slot == 0 || self->made[*slot - 1].key == key)
            return slot;
    }
}

static uint32_t *find_hash(const struct turns *self, uint64_t hash)
{
    for (uint64_t step = 0;; step++) {
        uint32_t *slot = slot_at(&self->by_hash, hash, step);
        if (*slot == 0 || self->locals[*slot - 1].hash == hash)
            return slot;
    }
}

static uint32_t *find_volatile(const struct turns *self, uint64_t hash)
{
    for (uint64_t step = 0;; step++) {
        uint32_t *slot = slot_at(&self->by_volatile_hash, hash, step);
        if (*slot == 0 || self->locals[*slot - 1].volatile_hash == hash)
            return slot;
    }
}

// ---- life

static void add_nothing(struct turns *self)
{
    struct local *nothing = &self->locals[0];
    self->local_count = 1;
    *nothing = (struct local){0};
    for (uint32_t record = 0; record < RECORDS_MAX; record++)
        nothing->held[record] = nothing->durable[record] = NO_CONTENT;
}

void turns_create(struct model *model)
{
    struct turns *self = check_alloc(sizeof *self);
    open_table(&self->by_hash, 12);
    open_table(&self->by_volatile_hash, 12);
    open_table(&self->by_key, 12);
    self->locals = grow(NULL, 0, &self->local_capacity, sizeof *self->locals);
    add_nothing(self);
    model->turns = self;
    model->locals = self->locals;
}

void turns_free(struct turns *self)
{
    for (uint32_t i = 0; i < self->local_count; i++)
        memory_image_close(&self->locals[i].image);
    free(self->locals);
    free(self->made);
    free(self->outs);
    free(self->by_hash.slots);
    free(self->by_volatile_hash.slots);
    free(self->by_key.slots);
    free(self);
}

struct turns_counts turns_counts(const struct turns *self)
{
    struct turns_counts counts = self->counts;
    counts.locals = self->local_count;
    counts.turns = self->made_count;
    counts.bytes = memory_saved_bytes();
    return counts;
}

// ---- making a turn

static void put_back(struct turns *self, uint32_t node, uint32_t local)
{
    if (self->in_region[node] != local && local != 0)
        memory_restore(node, &self->locals[local].image);
    self->in_region[node] = NOBODY;  // until the turn is through
}

static void grow_tables(struct turns *self)
{
    if (is_full(&self->by_hash, self->local_count)) {
        free(self->by_hash.slots);
        free(self->by_volatile_hash.slots);
        open_table(&self->by_hash, self->by_hash.bits + 1);
        open_table(&self->by_volatile_hash, self->by_volatile_hash.bits + 1);
        for (uint32_t i = 1; i < self->local_count; i++) {
            *find_hash(self, self->locals[i].hash) = i + 1;
            *find_volatile(self, self->locals[i].volatile_hash) = self->locals[i].alike + 1;
        }
    }
    if (is_full(&self->by_key, self->made_count)) {
        free(self->by_key.slots);
        open_table(&self->by_key, self->by_key.bits + 1);
        for (uint32_t i = 0; i < self->made_count; i++)
            *find_made(self, self->made[i].key) = i + 1;
    }
}

static uint32_t add_local(struct turns *self, uint32_t node, uint32_t before, const struct local *local)
{
    grow_tables(self);
    self->locals = grow(self->locals, self->local_count, &self->local_capacity, sizeof *self->locals);
    uint32_t index = self->local_count++;
    struct local *to = &self->locals[index];
    *to = *local;
    uint32_t *alike = find_volatile(self, to->volatile_hash);
    if (*alike == 0)
        *alike = index + 1;
    to->alike = *alike - 1;
    *find_hash(self, to->hash) = index + 1;
    memory_save(node, &self->locals[before].image, &to->image);
    self->in_region[node] = index;
    return index;
}

static bool is_same(const struct turns *self, const struct turn_made *made, const struct outcome *outcome)
{
    return self->locals[made->after].hash == outcome->after.hash && made->out_count == outcome->out_count &&
           memcmp(&self->outs[made->first_out], outcome->outs, made->out_count * sizeof outcome->outs[0]) == 0;
}

// Memory that is called a known local, and came about otherwise: from it all known turns must lead where they led.
static void doubt(struct model *model, uint32_t node, uint32_t known)
{
    struct turns *self = model->turns;
    struct memory_image image = {0};
    struct outcome *outcome = check_alloc(sizeof *outcome);
    uint32_t now = model->now.local[node];
    if (model->doubt_every == 0 || self->known_met++ % model->doubt_every != 0)
        goto out;
    self->counts.doubted++;
    memory_save(node, &self->locals[known].image, &image);
    model->now.local[node] = known;
    for (uint32_t at = self->locals[known].first_turn; at != 0; at = self->made[at - 1].next) {
        memory_restore(node, &image);
        node_run(model, node, &self->made[at - 1].told, outcome);
        if (!is_same(self, &self->made[at - 1], outcome))
            violate(model, "the fingerprint misses something: a node that is called known behaves differently");
    }
    model->now.local[node] = now;
out:
    memory_image_close(&image);
    free(outcome);
}

static const struct turn_made *make(struct model *model, uint32_t node, const struct told *told, uint64_t key)
{
    struct turns *self = model->turns;
    struct outcome *outcome = &self->outcome;
    uint32_t before = model->now.local[node];
    put_back(self, node, before);
    node_run(model, node, told, outcome);
    uint32_t known = *find_hash(self, outcome->after.hash);
    if (known == 0) {
        known = add_local(self, node, before, &outcome->after) + 1;
        model->locals = self->locals;
    } else {
        doubt(model, node, known - 1);
    }
    grow_tables(self);
    self->made = grow(self->made, self->made_count, &self->made_capacity, sizeof *self->made);
    struct turn_made *made = &self->made[self->made_count++];
    *made = (struct turn_made){.key = key,
                               .before = before,
                               .after = known - 1,
                               .first_out = self->out_count,
                               .out_count = outcome->out_count,
                               .next = self->locals[before].first_turn,
                               .told = *told};
    for (uint32_t i = 0; i < outcome->out_count; i++) {
        self->outs = grow(self->outs, self->out_count, &self->out_capacity, sizeof *self->outs);
        self->outs[self->out_count++] = outcome->outs[i];
    }
    if (model->violation[0] == '\0') {  // otherwise it is made, and found, again
        self->locals[before].first_turn = self->made_count;
        *find_made(self, key) = self->made_count;
    }
    return made;
}

// ---- carrying it over into the state

static uint32_t last_seq(const struct state *now)
{
    uint32_t last = 0;
    for (uint32_t node = 0; node < NODES_MAX; node++)
        for (uint32_t record = 0; record < RECORDS_MAX; record++) {
            last = now->seq[node][record] > last ? now->seq[node][record] : last;
            last = now->durable_seq[node][record] > last ? now->durable_seq[node][record] : last;
        }
    for (uint32_t i = 0; i < now->bag_count; i++)
        last = now->bag[i].seq > last ? now->bag[i].seq : last;
    return last;
}

static void carry_out(struct model *self, uint32_t node, const struct out *out, uint32_t ages[RECORDS_MAX],
                      uint32_t seqs[RECORDS_MAX][AGES_MAX])
{
    struct state *now = &self->now;
    switch ((enum out_kind)out->kind) {
    case OUT_PUT:
        now->seq[node][out->record] = last_seq(now) + 1;
        check(ages[out->record] < AGES_MAX);
        seqs[out->record][ages[out->record]++] = now->seq[node][out->record];
        break;
    case OUT_NODE:
        if (now->running[out->to]) {
            struct parcel parcel = {.kind = PARCEL_TALK,
                                    .from = node,
                                    .from_start = now->starts[node],
                                    .to = out->to,
                                    .content = out->content,
                                    .seq = out->record == NOBODY ? 0 : seqs[out->record][out->age]};
            bag_add(self, &parcel);
        }
        break;
    case OUT_CLIENT:
        client_receive(self, node, out->session, out->content);
        break;
    case OUT_BIND:
        self->bound_session = out->session;
        break;
    }
}

static uint64_t key_of(uint32_t node, uint32_t local, const struct told *told)
{
    uint64_t key = hash_mix(hash_mix(6, (uint64_t)node << 32 | local), (uint64_t)told->kind << 32 | told->a);
    key = hash_mix(key, told->b);
    key = hash_mix(key, (uint64_t)told->content << 32 | told->with);
    return hash_mix(key, (uint64_t)told->swept << 32 | told->is_healing);
}

void turns_take(struct model *self, uint32_t node, struct told told, uint32_t seq)
{
    struct state *now = &self->now;
    told.is_healing = self->is_healing;
    told.swept = told.kind == TOLD_START || told.kind == TOLD_CRASH ? 0 : copy_swept(self, node);
    uint64_t key = key_of(node, now->local[node], &told);
    uint32_t slot = self->makes_anew ? 0 : *find_made(self->turns, key);
    const struct turn_made *made = slot != 0 ? &self->turns->made[slot - 1] : make(self, node, &told, key);

    uint32_t ages[RECORDS_MAX], seqs[RECORDS_MAX][AGES_MAX];
    uint32_t before[RECORDS_MAX];
    memcpy(before, now->seq[node], sizeof before);
    for (uint32_t record = 0; record < RECORDS_MAX; record++) {
        seqs[record][0] = now->seq[node][record];
        ages[record] = 1;
    }
    uint32_t taken = told.kind == TOLD_RECORD ? told.content : told.with;
    if (taken != NO_CONTENT) {
        uint32_t record = contents_at(self->contents, taken)->record;
        now->seq[node][record] = seqs[record][ages[record]++] = seq;
    }
    if (told.kind == TOLD_CRASH && told.a != 0)
        memcpy(now->seq[node], now->durable_seq[node], sizeof before);
    now->local[node] = made->after;
    for (uint32_t i = 0; i < made->out_count; i++)
        carry_out(self, node, &self->turns->outs[made->first_out + i], ages, seqs);
    bool loses = !self->is_healing && now->left[CRASHES] > 0 && told.kind != TOLD_CRASH;
    memcpy(now->durable_seq[node], loses ? before : now->seq[node], sizeof before);
}
