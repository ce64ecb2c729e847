#include "chaos/model/explore.h"

#include "cluster/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX 64
#define NONE UINT32_MAX

struct point {  // a state that was reached
    uint64_t hash;
    uint64_t behaviour;  // the sum over where its choices lead; 0: not asked yet
    uint32_t parent, first_child, child_count;
    struct choice choice;  // that led here from its parent
    bool is_alive;         // something below it is yet to be expanded
};

struct level {  // a state on the way from the root, in whole
    struct state state;
    struct memory_image own[NODES_MAX];
    const struct memory_image *image[NODES_MAX];
    uint64_t serial[NODES_MAX];
};

struct explorer {
    struct model *model;
    const struct explore_options *options;
    struct explored *explored;
    struct point *points;
    uint32_t count, capacity;
    uint32_t *table;  // index plus one
    uint32_t table_bits;
    struct level *levels[DEPTH_MAX + 2];
    uint64_t in_memory[NODES_MAX];  // the serial of what is there; 0: something else
    uint64_t serial;
    uint32_t depth;  // that is expanded
    time_t end;
};

// ---- putting states back

static void note_dirty(struct explorer *self)
{
    for (uint32_t node = 0; node < self->model->scenario->nodes; node++)
        if ((self->model->dirty & 1u << node) != 0)
            self->in_memory[node] = 0;
    self->model->dirty = 0;
}

static void save(struct explorer *self, uint32_t depth)
{
    if (self->levels[depth] == NULL)
        self->levels[depth] = check_alloc(sizeof *self->levels[depth]);
    struct level *level = self->levels[depth];
    note_dirty(self);
    level->state = self->model->now;
    for (uint32_t node = 0; node < self->model->scenario->nodes; node++) {
        if (depth > 0 && self->in_memory[node] != 0) {
            level->image[node] = self->levels[depth - 1]->image[node];
            level->serial[node] = self->levels[depth - 1]->serial[node];
            check(level->serial[node] == self->in_memory[node]);
            continue;
        }
        memory_save(node, &level->own[node]);
        level->image[node] = &level->own[node];
        level->serial[node] = self->in_memory[node] = ++self->serial;
    }
}

static void restore(struct explorer *self, uint32_t depth)
{
    const struct level *level = self->levels[depth];
    note_dirty(self);
    self->model->now = level->state;
    for (uint32_t node = 0; node < self->model->scenario->nodes; node++) {
        if (self->in_memory[node] == level->serial[node])
            continue;
        memory_restore(node, level->image[node]);
        self->in_memory[node] = level->serial[node];
    }
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
    self->points[self->count++] = (struct point){.hash = hash, .parent = parent, .choice = choice, .is_alive = true};
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

static uint64_t behaviour_of(struct explorer *self, uint32_t depth)
{
    struct choice choices[CHOICES_MAX];
    uint64_t sum = 1;
    uint32_t count = model_choices(self->model, choices);
    for (uint32_t i = 0; i < count; i++) {
        restore(self, depth);
        model_choose(self->model, choices[i]);
        if (self->model->violation[0] == '\0')
            sum += model_fingerprint(self->model) | 1;
    }
    return sum;
}

// A state that is called known, reached on another way: it must behave as the known one did.
static void doubt(struct explorer *self, uint32_t known, uint32_t parent, const struct choice *choice, uint32_t depth)
{
    uint32_t every = self->options->doubt_every;
    if (every == 0 || self->explored->known_met % every != 0 || self->points[known].behaviour == 0)
        return;
    self->explored->doubted++;
    save(self, depth + 1);
    if (behaviour_of(self, depth + 1) == self->points[known].behaviour)
        return;
    snprintf(self->model->violation, sizeof self->model->violation,
             "the fingerprint misses something: a state that is called known behaves differently");
    find(self, parent, choice, "");
}

static void expand(struct explorer *self, uint32_t index, uint32_t depth)
{
    struct choice choices[CHOICES_MAX];
    uint32_t count = model_choices(self->model, choices);
    uint64_t behaviour = 1;
    self->points[index].first_child = self->count;
    for (uint32_t i = 0; i < count && !is_over(self); i++) {
        restore(self, depth);
        model_choose(self->model, choices[i]);
        self->explored->transitions++;
        self->explored->kinds[choices[i].kind]++;
        if (self->model->violation[0] != '\0') {
            find(self, index, &choices[i], "");
            continue;
        }
        uint64_t hash = model_fingerprint(self->model);
        behaviour += hash | 1;
        uint32_t known = *slot_of(self, hash);
        if (known == 0) {
            add_point(self, hash, index, choices[i]);
            heal(self, hash, self->count - 1);
        } else {
            self->explored->known_met++;
            doubt(self, known - 1, index, &choices[i], depth);
        }
    }
    self->points[index].behaviour = behaviour;
    self->points[index].child_count = self->count - self->points[index].first_child;
    self->points[index].is_alive = self->points[index].child_count > 0;
}

// ---- walking down to the states that were new at the depth before

static void walk(struct explorer *self, uint32_t index, uint32_t depth)
{
    if (depth == self->depth) {
        expand(self, index, depth);
        return;
    }
    bool is_alive = false;
    for (uint32_t i = 0; i < self->points[index].child_count && !is_over(self); i++) {
        uint32_t child = self->points[index].first_child + i;
        if (!self->points[child].is_alive)
            continue;
        restore(self, depth);
        model_choose(self->model, self->points[child].choice);
        save(self, depth + 1);
        walk(self, child, depth + 1);
        is_alive = is_alive || self->points[child].is_alive;
    }
    self->points[index].is_alive = is_alive;
}

void explore(struct model *model, const struct explore_options *options, struct explored *ret_explored)
{
    struct explorer self = {.model = model, .options = options, .explored = ret_explored, .table_bits = 12};
    *ret_explored = (struct explored){0};
    self.capacity = 1024;
    self.points = check_alloc(self.capacity * sizeof *self.points);
    self.table = check_alloc(sizeof *self.table << self.table_bits);
    self.end = options->seconds_max == 0 ? 0 : time(NULL) + options->seconds_max;
    model->dirty = (1u << model->scenario->nodes) - 1;
    save(&self, 0);
    add_point(&self, model_fingerprint(model), 0, (struct choice){0});
    uint32_t depth_max = options->depth_max < DEPTH_MAX ? options->depth_max : DEPTH_MAX;
    for (; self.depth < depth_max && self.points[0].is_alive && !is_over(&self); self.depth++) {
        restore(&self, 0);
        walk(&self, 0, 0);
        ret_explored->depth = self.depth + 1;
    }
    ret_explored->states = self.count;
    ret_explored->is_bounded = is_over(&self) || self.points[0].is_alive;
    ret_explored->is_exhausted = !ret_explored->is_bounded;
    restore(&self, 0);
    for (uint32_t depth = 0; depth < DEPTH_MAX + 2; depth++) {
        for (uint32_t node = 0; self.levels[depth] != NULL && node < NODES_MAX; node++)
            memory_image_close(&self.levels[depth]->own[node]);
        free(self.levels[depth]);
    }
    free(self.points);
    free(self.table);
}

void explore_tell(struct model *model, const struct found *found)
{
    char words[512];
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
}

void explored_close(struct explored *self)
{
    for (uint32_t i = 0; i < self->found_count; i++)
        free(self->found[i].path);
}
