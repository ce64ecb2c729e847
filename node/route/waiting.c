#include "node/route/waiting.h"

#include "cluster/base/check.h"
#include "cluster/base/rule.h"

#include <string.h>

#define SHARED_GROUP (WAITING_GROUPS_MAX - 1)

// ---- orders

// By priority and time alone: negative when a goes before b.
static int compare_turns(const struct waiting_entry *a, const struct waiting_entry *b)
{
    if (RULE(highest_priority_first) && a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (RULE(longest_waiting_first) && a->queued_ms != b->queued_ms)
        return a->queued_ms < b->queued_ms ? -1 : 1;
    return 0;
}

bool waiting_goes_before(const struct waiting_entry *a, const struct waiting_entry *b)
{
    int order = compare_turns(a, b);
    return order ? order < 0 : strcmp(a->id, b->id) < 0;
}

bool waiting_has_earlier_turn(const struct waiting_entry *a, const struct waiting_entry *b)
{
    return compare_turns(a, b) < 0;
}

static bool goes_before_at(const struct waiting_entry *a, const struct waiting_entry *b, struct sphere_point at)
{
    int order = compare_turns(a, b);
    if (order != 0)
        return order < 0;
    int64_t chord2 = sphere_chord2(a->from, at), other = sphere_chord2(b->from, at);
    return chord2 != other ? chord2 < other : strcmp(a->id, b->id) < 0;
}

// ---- a group's tree: a treap, its weights taken from the ids, as there is no randomness here

static uint32_t weight_of(const char *id)
{
    uint32_t hash = 2166136261u;  // FNV-1a, then mixed: ids differ in their last digits
    for (const char *c = id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

static uint32_t size_of(const struct waiting_entry *entry)
{
    return entry ? entry->size : 0;
}

static void count_size(struct waiting_entry *entry)
{
    entry->size = 1 + size_of(entry->left) + size_of(entry->right);
}

static struct waiting_entry **link_to(struct waiting_group *group, struct waiting_entry *entry)
{
    if (entry->parent == NULL)
        return &group->root;
    return entry->parent->left == entry ? &entry->parent->left : &entry->parent->right;
}

// Puts the entry where its parent is, and the parent below it.
static void rotate_up(struct waiting_group *group, struct waiting_entry *entry)
{
    struct waiting_entry *parent = entry->parent, *moved;
    *link_to(group, parent) = entry;
    entry->parent = parent->parent;
    if (parent->left == entry) {
        moved = entry->right;
        parent->left = moved;
        entry->right = parent;
    } else {
        moved = entry->left;
        parent->right = moved;
        entry->left = parent;
    }
    if (moved)
        moved->parent = parent;
    parent->parent = entry;
    count_size(parent);
    count_size(entry);
}

static void tree_add(struct waiting_group *group, struct waiting_entry *entry)
{
    struct waiting_entry **link = &group->root;
    bool is_first = true;
    entry->left = entry->right = entry->parent = NULL;
    entry->weight = weight_of(entry->id);
    entry->size = 1;
    while (*link) {
        entry->parent = *link;
        (*link)->size++;
        if (waiting_goes_before(entry, *link)) {
            link = &(*link)->left;
        } else {
            link = &(*link)->right;
            is_first = false;
        }
    }
    *link = entry;
    if (is_first)
        group->first = entry;
    while (entry->parent && entry->parent->weight < entry->weight)
        rotate_up(group, entry);
}

static struct waiting_entry *tree_next(const struct waiting_entry *entry)
{
    if (entry->right) {
        struct waiting_entry *next = entry->right;
        while (next->left)
            next = next->left;
        return next;
    }
    while (entry->parent && entry->parent->right == entry)
        entry = entry->parent;
    return entry->parent;
}

static void tree_remove(struct waiting_group *group, struct waiting_entry *entry)
{
    if (group->first == entry)
        group->first = tree_next(entry);
    // What was below it, merged by weight, takes its place.
    struct waiting_entry *left = entry->left, *right = entry->right, *parent = entry->parent;
    struct waiting_entry **link = link_to(group, entry);
    while (left && right) {
        struct waiting_entry *heavier = left->weight >= right->weight ? left : right;
        *link = heavier;
        heavier->parent = parent;
        parent = heavier;
        if (heavier == left) {
            link = &heavier->right;
            left = heavier->right;
        } else {
            link = &heavier->left;
            right = heavier->left;
        }
    }
    *link = left ? left : right;
    if (*link)
        (*link)->parent = parent;
    for (; parent; parent = parent->parent)
        count_size(parent);
    entry->left = entry->right = entry->parent = NULL;
}

// ---- groups

static bool same_need(const struct route_need *a, const struct route_need *b)
{
    return a->languages.word[0] == b->languages.word[0] && a->languages.word[1] == b->languages.word[1] &&
           a->skills.word[0] == b->skills.word[0] && a->skills.word[1] == b->skills.word[1];
}

// The group with that need, or else the first without entries, or else the shared one.
static uint32_t group_for(const struct waiting *self, const struct route_need *need)
{
    uint32_t used = self->groups_used < SHARED_GROUP ? self->groups_used : SHARED_GROUP;
    uint32_t empty = used;
    for (uint32_t i = used; i-- > 0;) {
        if (self->groups[i].count == 0)
            empty = i;
        else if (same_need(&self->groups[i].need, need))
            return i;
    }
    return empty;
}

void waiting_add(struct waiting *self, struct waiting_entry *entry)
{
    check(entry->group == 0);
    uint32_t number = group_for(self, &entry->need);
    struct waiting_group *group = &self->groups[number];
    if (group->count == 0)
        *group = (struct waiting_group){.need = entry->need};
    if (number >= self->groups_used)
        self->groups_used = number + 1;
    entry->group = number + 1;
    group->count++;
    self->count++;
    tree_add(group, entry);
}

void waiting_remove(struct waiting *self, struct waiting_entry *entry)
{
    if (entry->group == 0)
        return;
    check(entry->group <= self->groups_used);
    struct waiting_group *group = &self->groups[entry->group - 1];
    tree_remove(group, entry);
    entry->group = 0;
    group->count--;
    self->count--;
    while (self->groups_used > 0 && self->groups[self->groups_used - 1].count == 0)
        self->groups_used--;
}

struct waiting_entry *waiting_best(const struct waiting *self, const struct route_agent *agent,
                                   bool (*skip)(void *context, const struct waiting_entry *entry), void *context)
{
    struct waiting_entry *best = NULL;
    for (uint32_t number = 0; number < self->groups_used; number++) {
        const struct waiting_group *group = &self->groups[number];
        bool shared = number == SHARED_GROUP;
        if (group->count == 0 || (!shared && !route_eligible(agent, &group->need)))
            continue;
        // Past a call with the best turn there may be more with the same turn, nearer ones.
        for (struct waiting_entry *entry = group->first; entry; entry = tree_next(entry)) {
            if (best && compare_turns(entry, best) > 0)
                break;
            if ((shared && !route_eligible(agent, &entry->need)) || (skip && skip(context, entry)))
                continue;
            if (best == NULL || goes_before_at(entry, best, agent->at))
                best = entry;
        }
    }
    return best;
}

const struct waiting_entry *waiting_next(const struct waiting_entry *entry)
{
    return tree_next(entry);
}

uint32_t waiting_position(const struct waiting_entry *entry)
{
    uint32_t position = size_of(entry->left) + 1;
    for (; entry->parent; entry = entry->parent)
        if (entry->parent->right == entry)
            position += size_of(entry->parent->left) + 1;
    return position;
}
