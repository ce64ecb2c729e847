#include "node/route/index.h"

#include "cluster/base/check.h"

#define COUNT_WORDS 32   // of kinds, counted at a time
#define FEW_BUCKETS 512  // so many are looked at one by one in about the time of a search

// ---- tournaments

// Of two slots of a bucket: who is idle longer, then the lower agent, who has the lower slot.
static uint32_t better(const struct route *self, uint32_t a, uint32_t b)
{
    if (a == ROUTE_NONE || b == ROUTE_NONE)
        return a == ROUTE_NONE ? b : a;
    if (self->idle_since_ms[a] != self->idle_since_ms[b])
        return self->idle_since_ms[a] < self->idle_since_ms[b] ? a : b;
    return a < b ? a : b;
}

// Lets the slot play in its bucket's tournament, or not.
static void play(struct route *self, uint32_t slot, bool in)
{
    struct route_bucket *bucket = &self->bucket[self->bucket_of[slot]];
    uint32_t *winners = &self->tournament[2 * (size_t)bucket->first];
    uint32_t at = slot - bucket->first + (bucket[1].first - bucket->first);
    winners[at] = in ? slot : ROUTE_NONE;
    for (at /= 2; at > 0; at /= 2)
        winners[at] = better(self, winners[2 * at], winners[2 * at + 1]);
    bucket->head = winners[1];
}

// ---- which kinds are available where

static uint64_t *classes_of(const struct route *self, uint32_t box)
{
    return &self->box_classes[(size_t)box * self->class_words];
}

static uint32_t class_of(const struct route *self, uint32_t kind)
{
    return kind % (64 * self->class_words);
}

static uint32_t leaf_of(const struct route *self, uint32_t bucket)
{
    return self->leaves + self->bucket[bucket].place / ROUTE_LEAF_PLACES;
}

// One past the last place below the leaf; the first is *ret_first.
static uint32_t leaf_places(const struct route *self, uint32_t leaf, uint32_t *ret_first)
{
    uint32_t first = (leaf - self->leaves) * ROUTE_LEAF_PLACES;
    *ret_first = first;
    return self->places - first < ROUTE_LEAF_PLACES ? self->places : first + ROUTE_LEAF_PLACES;
}

// The bucket got its first available agent.
static void bucket_filled(struct route *self, uint32_t bucket)
{
    uint32_t class = class_of(self, self->bucket[bucket].kind);
    uint64_t mask = UINT64_C(1) << (class % 64);
    for (uint32_t box = leaf_of(self, bucket); box > 0; box /= 2) {
        uint64_t *word = &classes_of(self, box)[class / 64];
        if (*word & mask)
            return;
        *word |= mask;
    }
}

static bool leaf_has(const struct route *self, uint32_t leaf, uint32_t class)
{
    uint32_t first, end = leaf_places(self, leaf, &first);
    for (uint32_t bucket = self->place[first].bucket; bucket < self->place[end].bucket; bucket++)
        if (self->bucket[bucket].head != ROUTE_NONE && class_of(self, self->bucket[bucket].kind) == class)
            return true;
    return false;
}

// The bucket lost its last available agent.
static void bucket_emptied(struct route *self, uint32_t bucket)
{
    uint32_t class = class_of(self, self->bucket[bucket].kind);
    uint64_t mask = UINT64_C(1) << (class % 64);
    uint32_t box = leaf_of(self, bucket);
    if (leaf_has(self, box, class))
        return;
    for (;;) {
        classes_of(self, box)[class / 64] &= ~mask;
        if (box == 1 || (classes_of(self, box ^ 1)[class / 64] & mask))
            return;
        box /= 2;
    }
}

static void count_available(struct route *self, uint32_t kind, int change)
{
    self->available += (uint32_t)change;
    self->available_of[kind] += (uint32_t)change;
    uint64_t mask = UINT64_C(1) << (kind % 64);
    if (self->available_of[kind] > 0)
        self->present[kind / 64] |= mask;
    else
        self->present[kind / 64] &= ~mask;
}

// ---- changes

void route_set_available(struct route *self, uint32_t agent, uint64_t idle_since_ms)
{
    check(agent < self->agents);
    uint32_t slot = self->slot_of[agent];
    uint32_t bucket = self->bucket_of[slot];
    bool was_empty = self->bucket[bucket].head == ROUTE_NONE;
    self->idle_since_ms[slot] = idle_since_ms;
    play(self, slot, true);
    if (!self->is_available[slot]) {
        self->is_available[slot] = true;
        count_available(self, self->bucket[bucket].kind, +1);
    }
    if (was_empty)
        bucket_filled(self, bucket);
}

void route_set_busy(struct route *self, uint32_t agent)
{
    check(agent < self->agents);
    uint32_t slot = self->slot_of[agent];
    if (!self->is_available[slot])
        return;
    uint32_t bucket = self->bucket_of[slot];
    self->is_available[slot] = false;
    count_available(self, self->bucket[bucket].kind, -1);
    play(self, slot, false);
    if (self->bucket[bucket].head == ROUTE_NONE)
        bucket_emptied(self, bucket);
}

bool route_is_available(const struct route *self, uint32_t agent)
{
    check(agent < self->agents);
    return self->is_available[self->slot_of[agent]];
}

uint32_t route_available(const struct route *self)
{
    return self->available;
}

// ---- needs

// Which of the kinds that are available at all meet the need: `words` words of them from the given one on.
static void kinds_that_meet(const struct route *self, const struct route_need *need, uint32_t first, uint32_t words,
                            uint64_t *ret_kinds)
{
    bool any_language = route_set_is_empty(need->languages);
    for (uint32_t word = 0; word < words; word++)
        ret_kinds[word] = any_language ? self->present[first + word] : 0;
    for (uint32_t i = 0; i < ROUTE_SET_BITS / 64; i++)
        for (uint64_t left = need->languages.word[i]; left != 0; left &= left - 1) {
            const uint64_t *speakers = self->speak[64 * i + (uint32_t)__builtin_ctzll(left)] + first;
            for (uint32_t word = 0; word < words; word++)
                ret_kinds[word] |= speakers[word] & self->present[first + word];
        }
    for (uint32_t i = 0; i < ROUTE_SET_BITS / 64; i++)
        for (uint64_t left = need->skills.word[i]; left != 0; left &= left - 1) {
            const uint64_t *able = self->can[64 * i + (uint32_t)__builtin_ctzll(left)] + first;
            for (uint32_t word = 0; word < words; word++)
                ret_kinds[word] &= able[word];
        }
}

uint32_t route_count_eligible(const struct route *self, const struct route_need *need)
{
    if (route_set_is_empty(need->languages) && route_set_is_empty(need->skills))
        return self->available;
    uint64_t kinds[COUNT_WORDS];
    uint32_t count = 0;
    for (uint32_t first = 0; first < self->kind_words; first += COUNT_WORDS) {
        uint32_t words = self->kind_words - first < COUNT_WORDS ? self->kind_words - first : COUNT_WORDS;
        kinds_that_meet(self, need, first, words, kinds);
        for (uint32_t word = 0; word < words; word++)
            for (uint64_t left = kinds[word]; left != 0; left &= left - 1)
                count += self->available_of[64 * (first + word) + (uint32_t)__builtin_ctzll(left)];
    }
    return count;
}

static void set_wanted(struct route *self, const struct route_need *need)
{
    kinds_that_meet(self, need, 0, self->kind_words, self->wanted);
    for (uint32_t word = 0; word < self->class_words; word++)
        self->wanted_classes[word] = self->wanted[word];
    for (uint32_t word = self->class_words; word < self->kind_words; word++)
        self->wanted_classes[word % self->class_words] |= self->wanted[word];
}

static bool is_wanted(const struct route *self, uint32_t kind)
{
    return self->wanted[kind / 64] >> (kind % 64) & 1;
}

static bool box_may_meet(const struct route *self, uint32_t box)
{
    const uint64_t *classes = classes_of(self, box);
    for (uint32_t word = 0; word < self->class_words; word++)
        if (classes[word] & self->wanted_classes[word])
            return true;
    return false;
}

// ---- the question: a search that always looks at what may be nearest

static bool goes_before(const struct route_entry *a, const struct route_entry *b)
{
    if (a->chord2 != b->chord2)
        return a->chord2 < b->chord2;
    if (a->type != b->type && (a->type == ROUTE_ENTRY_BUCKET || b->type == ROUTE_ENTRY_BUCKET))
        return b->type == ROUTE_ENTRY_BUCKET;
    if (a->idle_since_ms != b->idle_since_ms)
        return a->idle_since_ms < b->idle_since_ms;
    return a->agent < b->agent;
}

// The heap never holds more entries than there are agents: what they stand for is disjoint, and none is empty.
struct search {
    struct route *route;
    struct sphere_point from;
    uint32_t count;
};

static void push(struct search *self, struct route_entry entry)
{
    struct route_entry *heap = self->route->heap;
    check(self->count < self->route->agents);
    uint32_t at = self->count++;
    while (at > 0 && goes_before(&entry, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = entry;
}

static struct route_entry pop(struct search *self)
{
    struct route_entry *heap = self->route->heap;
    struct route_entry first = heap[0];
    const struct route_entry last = heap[--self->count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < self->count; child = 2 * at + 1) {
        if (child + 1 < self->count && goes_before(&heap[child + 1], &heap[child]))
            child++;
        if (!goes_before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

// To the nearest point of the box: at most the distance to any place in it, exactly.
static int64_t box_chord2(const struct route_box *box, struct sphere_point from)
{
    int32_t coordinates[3] = {from.x, from.y, from.z};
    int64_t chord2 = 0;
    for (int axis = 0; axis < 3; axis++) {
        int64_t below = (int64_t)box->min[axis] - coordinates[axis];
        int64_t above = (int64_t)coordinates[axis] - box->max[axis];
        int64_t outside = below > 0 ? below : above > 0 ? above : 0;
        chord2 += outside * outside;
    }
    return chord2;
}

static void push_box(struct search *self, uint32_t box)
{
    if (box_may_meet(self->route, box))
        push(self, (struct route_entry){.chord2 = box_chord2(&self->route->box[box], self->from),
                                        .type = ROUTE_ENTRY_BOX,
                                        .number = box});
}

static void push_bucket(struct search *self, uint32_t bucket, int64_t chord2)
{
    const struct route *route = self->route;
    uint32_t head = route->bucket[bucket].head;
    if (head != ROUTE_NONE)
        push(self, (struct route_entry){.chord2 = chord2,
                                        .idle_since_ms = route->idle_since_ms[head],
                                        .agent = route->agent_of[head],
                                        .type = ROUTE_ENTRY_BUCKET,
                                        .number = bucket});
}

static void open_box(struct search *self, uint32_t box)
{
    const struct route *route = self->route;
    if (box < route->leaves) {
        push_box(self, 2 * box);
        push_box(self, 2 * box + 1);
        return;
    }
    uint32_t first, end = leaf_places(route, box, &first);
    for (uint32_t place = first; place < end; place++)
        push(self, (struct route_entry){.chord2 = sphere_chord2(route->place[place].at, self->from),
                                        .type = ROUTE_ENTRY_PLACE,
                                        .number = place});
}

static void open_place(struct search *self, uint32_t place, int64_t chord2)
{
    const struct route *route = self->route;
    for (uint32_t bucket = route->place[place].bucket; bucket < route->place[place + 1].bucket; bucket++)
        if (is_wanted(route, route->bucket[bucket].kind))
            push_bucket(self, bucket, chord2);
}

// With more kinds than boxes tell apart, a need that few meet would open box after box in vain.
static bool few_buckets_are_wanted(const struct route *self)
{
    if (self->kinds <= 64 * self->class_words)
        return false;
    uint32_t buckets = 0;
    for (uint32_t word = 0; word < self->kind_words && buckets <= FEW_BUCKETS; word++)
        for (uint64_t left = self->wanted[word]; left != 0; left &= left - 1) {
            uint32_t kind = 64 * word + (uint32_t)__builtin_ctzll(left);
            buckets += self->kind_first[kind + 1] - self->kind_first[kind];
        }
    return buckets <= FEW_BUCKETS;
}

static void push_wanted_buckets(struct search *self)
{
    const struct route *route = self->route;
    for (uint32_t word = 0; word < route->kind_words; word++)
        for (uint64_t left = route->wanted[word]; left != 0; left &= left - 1) {
            uint32_t kind = 64 * word + (uint32_t)__builtin_ctzll(left);
            for (uint32_t i = route->kind_first[kind]; i < route->kind_first[kind + 1]; i++) {
                uint32_t bucket = route->kind_bucket[i];
                struct sphere_point at = route->place[route->bucket[bucket].place].at;
                push_bucket(self, bucket, sphere_chord2(at, self->from));
            }
        }
}

static uint32_t search(struct search *self, struct route_pick *ret_picks, uint32_t max)
{
    struct route *route = self->route;
    uint32_t found = 0;
    if (few_buckets_are_wanted(route))
        push_wanted_buckets(self);
    else
        push_box(self, 1);
    while (self->count > 0 && found < max) {
        struct route_entry entry = pop(self);
        switch (entry.type) {
        case ROUTE_ENTRY_BOX:
            open_box(self, entry.number);
            break;
        case ROUTE_ENTRY_PLACE:
            open_place(self, entry.number, entry.chord2);
            break;
        case ROUTE_ENTRY_BUCKET:
            ret_picks[found++] = (struct route_pick){.agent = entry.agent, .chord2 = entry.chord2};
            play(route, route->slot_of[entry.agent], false);
            push_bucket(self, entry.number, entry.chord2);
            break;
        }
    }
    return found;
}

uint32_t route_nearest(struct route *self, struct sphere_point from, const struct route_need *need,
                       const uint32_t *except, uint32_t except_count, struct route_pick *ret_picks, uint32_t max)
{
    if (self->available == 0 || max == 0)
        return 0;
    // Who is excepted or picked stands out of the tournaments until the answer is complete.
    for (uint32_t i = 0; i < except_count; i++) {
        check(except[i] < self->agents);
        if (self->is_available[self->slot_of[except[i]]])
            play(self, self->slot_of[except[i]], false);
    }
    set_wanted(self, need);
    uint32_t found = search(&(struct search){.route = self, .from = from}, ret_picks, max);
    for (uint32_t i = 0; i < found; i++)
        play(self, self->slot_of[ret_picks[i].agent], true);
    for (uint32_t i = 0; i < except_count; i++)
        if (self->is_available[self->slot_of[except[i]]])
            play(self, self->slot_of[except[i]], true);
    return found;
}
