#include "chaos/model/explore.h"
#include "chaos/model/turns.h"

#include "cluster/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS (sizeof(struct state) / sizeof(uint32_t))
#define PACKED_MAX (sizeof(struct state) + WORDS / 4 + 1)

struct point {  // a state that was reached
    uint64_t hash;
    uint32_t parent;
    struct choice choice;  // that led here from its parent
};

struct packed {  // states one behind the other, each after its length
    uint8_t *data;
    size_t bytes, capacity;
};

struct explorer {
    struct model *model;
    const struct explore_options *options;
    struct explored *explored;
    struct point *points;
    uint32_t count, capacity;
    uint32_t *table;  // index plus one
    uint32_t table_bits;
    struct packed now, next;  // the states of this depth and the next, in the order of their points
    time_t end;
};

// ---- states in small

// Two bits say how many bytes a word has: 0, 1, 2 or 4.
static size_t pack(const struct state *state, uint8_t to[PACKED_MAX])
{
    const uint32_t *words = (const uint32_t *)state;
    uint8_t *at = to + WORDS / 4 + 1;
    memset(to, 0, WORDS / 4 + 1);
    for (uint32_t i = 0; i < WORDS; i++) {
        uint32_t word = words[i] + 1;  // NOBODY is small, too
        uint32_t bytes = word == 1 ? 0 : word < 1u << 8 ? 1 : word < 1u << 16 ? 2 : 4;
        to[i / 4] |= (uint8_t)((bytes == 4 ? 3 : bytes) << i % 4 * 2);
        memcpy(at, &word, 4);
        at += bytes;
    }
    return (size_t)(at - to);
}

static void unpack(const uint8_t *from, struct state *ret)
{
    uint32_t *words = (uint32_t *)ret;
    const uint8_t *at = from + WORDS / 4 + 1;
    for (uint32_t i = 0; i < WORDS; i++) {
        uint32_t word = 0, bytes = from[i / 4] >> i % 4 * 2 & 3;
        bytes = bytes == 3 ? 4 : bytes;
        memcpy(&word, at, bytes);
        words[i] = bytes == 0 ? 0 : word - 1;
        at += bytes;
    }
}

static void append(struct packed *self, const uint8_t *packed, size_t bytes)
{
    uint16_t length = (uint16_t)bytes;
    if (self->capacity < self->bytes + bytes + sizeof length) {
        self->capacity = self->capacity * 2 + 65536;
        self->data = check_realloc(self->data, self->capacity);
    }
    memcpy(self->data + self->bytes, &length, sizeof length);
    memcpy(self->data + self->bytes + sizeof length, packed, bytes);
    self->bytes += sizeof length + bytes;
}

static uint64_t hash_of(const uint8_t *packed, size_t bytes)
{
    uint64_t hash = bytes;
    for (size_t at = 0; at < bytes; at += 8) {
        uint64_t word = 0;
        memcpy(&word, packed + at, bytes - at < 8 ? bytes - at : 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

// ---- which states are known

static uint32_t *slot_of(struct explorer *self, uint64_t hash)
{
    uint32_t mask = (1u << self->table_bits) - 1;
    for (uint64_t at = hash;; at++) {
        uint32_t *slot = &self->table[at & mask];
        if (*slot == 0 || self->points[*slot - 1].hash == hash)
            return slot;
    }
}

static void grow_table(struct explorer *self)
{
    free(self->table);
    self->table_bits++;
    self->table = check_alloc(sizeof *self->table << self->table_bits);
    for (uint32_t i = 0; i < self->count; i++)
        *slot_of(self, self->points[i].hash) = i + 1;
}

static void add_point(struct explorer *self, uint64_t hash, uint32_t parent, struct choice choice)
{
    if (self->count == self->capacity) {
        self->capacity *= 2;
        self->points = check_realloc(self->points, self->capacity * sizeof *self->points);
    }
    if (self->count * (uint64_t)2 >= (uint64_t)1 << self->table_bits)
        grow_table(self);
    *slot_of(self, hash) = self->count + 1;
    self->points[self->count++] = (struct point){.hash = hash, .parent = parent, .choice = choice};
}

// ---- what is found

static bool is_full(const struct explorer *self)
{
    return self->explored->found_count >= self->options->found_max;
}

static void find(struct explorer *self, uint32_t point, const struct choice *last, const char *when)
{
    struct explored *explored = self->explored;
    const char *what = self->model->violation;
    for (uint32_t i = 0; i < explored->found_count; i++)
        if (strcmp(explored->found[i].what, what) == 0)
            return;
    if (explored->found_count == FOUND_MAX)
        return;
    struct found *found = &explored->found[explored->found_count++];
    snprintf(found->what, sizeof found->what, "%s", what);
    snprintf(found->heals, sizeof found->heals, "%s", when);
    uint32_t steps = last != NULL;
    for (uint32_t at = point; at != 0; at = self->points[at].parent)
        steps++;
    found->steps = steps;
    found->path = check_alloc(steps * sizeof *found->path + 1);
    if (last != NULL)
        found->path[--steps] = *last;
    for (uint32_t at = point; at != 0; at = self->points[at].parent)
        found->path[--steps] = self->points[at].choice;
}

// ---- expanding a state

static bool is_over(const struct explorer *self)
{
    return is_full(self) || self->count >= self->options->states_max || (self->end != 0 && time(NULL) >= self->end);
}

static void heal(struct explorer *self, uint64_t hash, uint32_t point)
{
    uint32_t every = self->options->heal_every;
    if (every == 0 || (hash % every != 0 && !model_is_quiet(self->model)))
        return;
    self->explored->healed++;
    model_heal(self->model);
    if (self->model->violation[0] != '\0')
        find(self, point, NULL, "when healed");
}

static void reach(struct explorer *self, uint32_t index, struct choice choice)
{
    uint8_t packed[PACKED_MAX + 8];
    size_t bytes = pack(&self->model->now, packed);
    uint64_t hash = hash_of(packed, bytes);
    if (*slot_of(self, hash) != 0)
        return;
    add_point(self, hash, index, choice);
    append(&self->next, packed, bytes);
    heal(self, hash, self->count - 1);
}

static void expand(struct explorer *self, uint32_t index, const struct state *state)
{
    struct choice choices[CHOICES_MAX];
    self->model->now = *state;
    uint32_t count = model_choices(self->model, choices);
    for (uint32_t i = 0; i < count && !is_full(self); i++) {
        self->model->now = *state;
        model_choose(self->model, choices[i]);
        self->explored->transitions++;
        if (self->model->violation[0] != '\0')
            find(self, index, &choices[i], "");
        else
            reach(self, index, choices[i]);
    }
}

static void tell_depth(const struct explorer *self, uint32_t count)
{
    struct turns_counts counts = turns_counts(self->model->turns);
    fprintf(stderr, "depth %u: %u states, %u at this depth, %llu locals, %llu turns, %llu MB of images\n",
            self->explored->depth, self->count, count, (unsigned long long)counts.locals,
            (unsigned long long)counts.turns, (unsigned long long)counts.bytes >> 20);
}

void explore(struct model *model, const struct explore_options *options, struct explored *ret_explored)
{
    struct explorer self = {.model = model, .options = options, .explored = ret_explored, .table_bits = 12};
    const struct state root = model->now;
    *ret_explored = (struct explored){0};
    model->doubt_every = options->doubt_every;
    model->makes_anew = options->makes_anew;
    self.capacity = 1024;
    self.points = check_alloc(self.capacity * sizeof *self.points);
    self.table = check_alloc(sizeof *self.table << self.table_bits);
    self.end = options->seconds_max == 0 ? 0 : time(NULL) + options->seconds_max;
    reach(&self, 0, (struct choice){0});
    bool is_done = false;
    for (uint32_t first = 0; ret_explored->depth < options->depth_max && !is_done && !is_over(&self);) {
        struct packed swap = self.now;
        self.now = self.next;
        self.next = swap;
        self.next.bytes = 0;
        uint32_t count = self.count - first;
        const uint8_t *at = self.now.data;
        for (uint32_t i = 0; i < count && !is_over(&self); i++) {
            struct state state;
            uint16_t bytes;
            memcpy(&bytes, at, sizeof bytes);
            unpack(at + sizeof bytes, &state);
            at += sizeof bytes + bytes;
            expand(&self, first + i, &state);
        }
        first += count;
        is_done = self.count == first && !is_over(&self);
        ret_explored->depth++;
        if (options->tells_depths)
            tell_depth(&self, count);
    }
    ret_explored->states = self.count;
    ret_explored->is_exhausted = is_done;
    ret_explored->is_bounded = !is_done;
    ret_explored->doubted = turns_counts(model->turns).doubted;
    model->now = root;
    free(self.now.data);
    free(self.next.data);
    free(self.points);
    free(self.table);
}

void explore_tell(struct model *model, const struct found *found)
{
    char words[512];
    const struct state root = model->now;
    printf("%s, %u steps%s%s:\n", found->what, found->steps, found->heals[0] == '\0' ? "" : ", ", found->heals);
    for (uint32_t i = 0; i < found->steps; i++) {
        model_describe(model, found->path[i], words, sizeof words);
        printf("  %2u. %s\n", i + 1, words);
        model_choose(model, found->path[i]);
    }
    model->is_told = true;
    if (found->heals[0] != '\0')
        model_heal(model);
    model->is_told = false;
    model->now = root;
}

void explored_close(struct explored *self)
{
    for (uint32_t i = 0; i < self->found_count; i++)
        free(self->found[i].path);
}
