// Lays the index out and fills it: kinds are numbered, places are put along a Morton curve (so that runs of them are
// close together), agents are sorted by (place, kind, agent).
#include "node/route/index.h"

#include "cluster/base/check.h"

#include <string.h>

#define ALIGNMENT 16

struct counts {
    uint32_t agents, kinds, places, buckets;
};

// ---- layout

static void *take(uintptr_t *cursor, size_t count, size_t bytes)
{
    uintptr_t at = *cursor;
    *cursor += (count * bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return (void *)at;
}

static uint32_t power_of_two_from(uint32_t count)
{
    uint32_t power = 1;
    while (power < count)
        power *= 2;
    return power;
}

// What depends on the number of agents alone.
static void lay_out_slots(struct route *self, uintptr_t *cursor, uint32_t agents)
{
    self->agents = agents;
    self->slot_of = take(cursor, agents, sizeof *self->slot_of);
    self->agent_of = take(cursor, agents, sizeof *self->agent_of);
    self->bucket_of = take(cursor, agents, sizeof *self->bucket_of);
    self->idle_since_ms = take(cursor, agents, sizeof *self->idle_since_ms);
    self->is_available = take(cursor, agents, sizeof *self->is_available);
    self->tournament = take(cursor, (size_t)2 * agents, sizeof *self->tournament);
    self->heap =
        take(cursor, (size_t)agents + 2, sizeof *self->heap);  // two more, so that few agents can be sorted too
}

static void lay_out_rest(struct route *self, uintptr_t *cursor, const struct counts *counts)
{
    self->kinds = counts->kinds;
    self->places = counts->places;
    self->buckets = counts->buckets;
    self->leaves = power_of_two_from((counts->places + ROUTE_LEAF_PLACES - 1) / ROUTE_LEAF_PLACES);
    self->kind_words = (counts->kinds + 63) / 64;
    self->class_words = self->kind_words < ROUTE_CLASS_WORDS_MAX ? self->kind_words : ROUTE_CLASS_WORDS_MAX;
    self->place = take(cursor, (size_t)counts->places + 1, sizeof *self->place);
    self->bucket = take(cursor, (size_t)counts->buckets + 1, sizeof *self->bucket);
    self->box = take(cursor, (size_t)2 * self->leaves, sizeof *self->box);
    self->box_classes = take(cursor, (size_t)2 * self->leaves * self->class_words, sizeof *self->box_classes);
    self->kind_first = take(cursor, (size_t)counts->kinds + 1, sizeof *self->kind_first);
    self->kind_bucket = take(cursor, counts->buckets, sizeof *self->kind_bucket);
    self->present = take(cursor, self->kind_words, sizeof *self->present);
    self->available_of = take(cursor, counts->kinds, sizeof *self->available_of);
    for (uint32_t bit = 0; bit < ROUTE_SET_BITS; bit++) {
        self->speak[bit] = take(cursor, self->kind_words, sizeof **self->speak);
        self->can[bit] = take(cursor, self->kind_words, sizeof **self->can);
    }
    self->wanted = take(cursor, self->kind_words, sizeof *self->wanted);
}

size_t route_bytes(uint32_t agents)
{
    check(agents <= ROUTE_AGENTS_MAX);
    struct route sketch;
    uintptr_t cursor = 0;
    take(&cursor, 1, sizeof sketch);
    lay_out_slots(&sketch, &cursor, agents);
    lay_out_rest(&sketch, &cursor, &(struct counts){agents, agents, agents, agents});
    return cursor;
}

// ---- sorting

struct sorting {
    const struct route_agent *agents;
    uint64_t *curve;  // by agent: where its place is along the curve
    uint32_t *kind;   // by agent
    uint32_t *order;  // agents
    uint32_t *spare;
};

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_signed(int32_t a, int32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_kinds(const struct sorting *self, uint32_t a, uint32_t b)
{
    const struct route_agent *agent = &self->agents[a], *other = &self->agents[b];
    int order = 0;
    for (uint32_t i = 0; i < ROUTE_SET_BITS / 64 && order == 0; i++)
        order = compare(agent->languages.word[i], other->languages.word[i]);
    for (uint32_t i = 0; i < ROUTE_SET_BITS / 64 && order == 0; i++)
        order = compare(agent->skills.word[i], other->skills.word[i]);
    return order;
}

static int compare_places(const struct sorting *self, uint32_t a, uint32_t b)
{
    const struct sphere_point *at = &self->agents[a].at, *other = &self->agents[b].at;
    int order = compare(self->curve[a], self->curve[b]);
    if (order == 0)
        order = compare_signed(at->x, other->x);
    if (order == 0)
        order = compare_signed(at->y, other->y);
    if (order == 0)
        order = compare_signed(at->z, other->z);
    return order;
}

static int compare_buckets(const struct sorting *self, uint32_t a, uint32_t b)
{
    int order = compare_places(self, a, b);
    return order ? order : compare(self->kind[a], self->kind[b]);
}

// Merges runs of growing length. Stable, so that equals stay in the order of agents; qsort would be neither that nor
// free of allocation.
static void sort(struct sorting *self, uint32_t count, int (*order)(const struct sorting *, uint32_t, uint32_t))
{
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t start = 0; start < count; start += 2 * run) {
            uint32_t middle = count - start < run ? count : start + run;
            uint32_t end = count - middle < run ? count : middle + run;
            uint32_t left = start, right = middle;
            for (uint32_t i = start; i < end; i++) {
                bool take_left =
                    left < middle && (right == end || order(self, self->order[left], self->order[right]) <= 0);
                self->spare[i] = self->order[take_left ? left++ : right++];
            }
        }
        uint32_t *sorted = self->spare;
        self->spare = self->order;
        self->order = sorted;
    }
}

// 21 bits to every third bit.
static uint64_t spread(uint64_t bits)
{
    bits = (bits | bits << 32) & UINT64_C(0x001f00000000ffff);
    bits = (bits | bits << 16) & UINT64_C(0x001f0000ff0000ff);
    bits = (bits | bits << 8) & UINT64_C(0x100f00f00f00f00f);
    bits = (bits | bits << 4) & UINT64_C(0x10c30c30c30c30c3);
    bits = (bits | bits << 2) & UINT64_C(0x1249249249249249);
    return bits;
}

static uint64_t curve_part(int32_t coordinate)
{
    return spread((uint64_t)((int64_t)coordinate + (INT64_C(1) << SPHERE_UNIT_BITS)) >> (SPHERE_UNIT_BITS - 20 + 1));
}

static bool on_the_globe(int32_t coordinate)
{
    return coordinate >= -(1 << SPHERE_UNIT_BITS) && coordinate <= 1 << SPHERE_UNIT_BITS;
}

static uint64_t curve_of(struct sphere_point at)
{
    check(on_the_globe(at.x) && on_the_globe(at.y) && on_the_globe(at.z));
    return curve_part(at.x) | curve_part(at.y) << 1 | curve_part(at.z) << 2;
}

// ---- filling

// Numbers the kinds, sorts the agents, and counts what the index will hold.
static struct counts sort_agents(struct sorting *sorting, uint32_t count)
{
    struct counts counts = {.agents = count};
    for (uint32_t i = 0; i < count; i++) {
        sorting->order[i] = i;
        sorting->curve[i] = curve_of(sorting->agents[i].at);
    }
    sort(sorting, count, compare_kinds);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || compare_kinds(sorting, sorting->order[i - 1], sorting->order[i]) != 0)
            counts.kinds++;
        sorting->kind[sorting->order[i]] = counts.kinds - 1;
    }
    sort(sorting, count, compare_buckets);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || compare_places(sorting, sorting->order[i - 1], sorting->order[i]) != 0)
            counts.places++;
        if (i == 0 || compare_buckets(sorting, sorting->order[i - 1], sorting->order[i]) != 0)
            counts.buckets++;
    }
    return counts;
}

static void fill_slots(struct route *self, const struct sorting *sorting)
{
    uint32_t places = 0, buckets = 0;
    for (uint32_t slot = 0; slot < self->agents; slot++) {
        uint32_t agent = sorting->order[slot];
        bool new_place = slot == 0 || compare_places(sorting, sorting->order[slot - 1], agent) != 0;
        if (new_place)
            self->place[places++] = (struct route_place){.at = sorting->agents[agent].at, .bucket = buckets};
        if (new_place || compare_buckets(sorting, sorting->order[slot - 1], agent) != 0)
            self->bucket[buckets++] = (struct route_bucket){
                .first = slot, .kind = sorting->kind[agent], .place = places - 1, .head = ROUTE_NONE};
        self->agent_of[slot] = agent;
        self->slot_of[agent] = slot;
        self->bucket_of[slot] = buckets - 1;
        self->is_available[slot] = false;
        self->tournament[2 * slot] = self->tournament[2 * slot + 1] = ROUTE_NONE;
    }
    check(places == self->places && buckets == self->buckets);
    self->place[places] = (struct route_place){.bucket = buckets};
    self->bucket[buckets] = (struct route_bucket){.first = self->agents, .head = ROUTE_NONE};
}

static void mark(uint64_t *const kinds_with[ROUTE_SET_BITS], const struct route_set *set, uint32_t kind)
{
    for (uint32_t i = 0; i < ROUTE_SET_BITS / 64; i++)
        for (uint64_t left = set->word[i]; left != 0; left &= left - 1)
            kinds_with[64 * i + (uint32_t)__builtin_ctzll(left)][kind / 64] |= UINT64_C(1) << (kind % 64);
}

static void fill_kinds(struct route *self, const struct sorting *sorting)
{
    for (uint32_t bit = 0; bit < ROUTE_SET_BITS; bit++) {
        memset(self->speak[bit], 0, self->kind_words * sizeof **self->speak);
        memset(self->can[bit], 0, self->kind_words * sizeof **self->can);
    }
    memset(self->present, 0, self->kind_words * sizeof *self->present);
    memset(self->available_of, 0, self->kinds * sizeof *self->available_of);
    for (uint32_t agent = 0; agent < self->agents; agent++) {
        mark(self->speak, &sorting->agents[agent].languages, sorting->kind[agent]);
        mark(self->can, &sorting->agents[agent].skills, sorting->kind[agent]);
    }
}

// Counts the buckets of each kind, turns counts into ends, and fills from the ends down to the beginnings.
static void fill_kind_buckets(struct route *self)
{
    memset(self->kind_first, 0, ((size_t)self->kinds + 1) * sizeof *self->kind_first);
    for (uint32_t bucket = 0; bucket < self->buckets; bucket++)
        self->kind_first[self->bucket[bucket].kind]++;
    for (uint32_t kind = 1; kind <= self->kinds; kind++)
        self->kind_first[kind] += self->kind_first[kind - 1];
    for (uint32_t bucket = self->buckets; bucket-- > 0;)
        self->kind_bucket[--self->kind_first[self->bucket[bucket].kind]] = bucket;
}

static void widen(struct route_box *box, const int32_t min[3], const int32_t max[3])
{
    for (int axis = 0; axis < 3; axis++) {
        box->min[axis] = min[axis] < box->min[axis] ? min[axis] : box->min[axis];
        box->max[axis] = max[axis] > box->max[axis] ? max[axis] : box->max[axis];
    }
}

static void fill_boxes(struct route *self)
{
    for (uint32_t box = 0; box < 2 * self->leaves; box++) {
        for (int axis = 0; axis < 3; axis++) {  // around nothing
            self->box[box].min[axis] = INT32_MAX;
            self->box[box].max[axis] = INT32_MIN;
        }
    }
    for (uint32_t place = 0; place < self->places; place++) {
        const struct sphere_point *at = &self->place[place].at;
        int32_t corner[3] = {at->x, at->y, at->z};
        widen(&self->box[self->leaves + place / ROUTE_LEAF_PLACES], corner, corner);
    }
    for (uint32_t box = self->leaves - 1; box > 0; box--) {
        widen(&self->box[box], self->box[2 * box].min, self->box[2 * box].max);
        widen(&self->box[box], self->box[2 * box + 1].min, self->box[2 * box + 1].max);
    }
    memset(self->box_classes, 0, (size_t)2 * self->leaves * self->class_words * sizeof *self->box_classes);
}

struct route *route_build(void *memory, const struct route_agent *agents, uint32_t count)
{
    check(count <= ROUTE_AGENTS_MAX);
    check((uintptr_t)memory % ALIGNMENT == 0);
    uintptr_t cursor = (uintptr_t)memory;
    struct route *self = take(&cursor, 1, sizeof *self);
    *self = (struct route){0};
    lay_out_slots(self, &cursor, count);
    uintptr_t heap_end = cursor;

    uintptr_t scratch = (uintptr_t)self->heap;
    struct sorting sorting = {.agents = agents};
    sorting.curve = take(&scratch, count, sizeof *sorting.curve);
    sorting.kind = take(&scratch, count, sizeof *sorting.kind);
    sorting.order = take(&scratch, count, sizeof *sorting.order);
    sorting.spare = take(&scratch, count, sizeof *sorting.spare);
    check(scratch <= heap_end);
    struct counts counts = sort_agents(&sorting, count);

    lay_out_rest(self, &cursor, &counts);
    check(cursor - (uintptr_t)memory <= route_bytes(count));
    fill_slots(self, &sorting);
    fill_kinds(self, &sorting);
    fill_kind_buckets(self);
    fill_boxes(self);
    return self;
}
