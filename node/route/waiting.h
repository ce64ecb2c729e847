// Which call is next: highest priority first, then the longest waiting, then the nearest to the agent, then the id.
// Pure: no I/O, clock, allocation or randomness. Entries are the caller's memory.
//
// Calls stand in groups, one per need (languages, skills), each a search tree in the order (priority, queued, id):
// copies come in any order, and 10^5 of them at once. An agent's question looks at the first of each group. When all
// groups but the last are in use, further needs share the last one, where every entry is looked at for itself.
#ifndef NODE_ROUTE_WAITING_H
#define NODE_ROUTE_WAITING_H

#include "node/route/route.h"

#include <stdbool.h>
#include <stdint.h>

#define WAITING_GROUPS_MAX 1024

struct waiting_entry {
    // set by the caller before waiting_add, then left alone until waiting_remove
    uint32_t priority;   // larger goes first
    uint64_t queued_ms;  // smaller goes first
    const char *id;      // lent
    struct sphere_point from;
    struct route_need need;
    // the module's
    struct waiting_entry *left, *right, *parent;
    uint32_t weight;  // from the id; no entry is above a heavier one
    uint32_t size;    // of the tree from here down, this entry counted
    uint32_t group;   // 0: not in it; otherwise the group's number plus one
};

struct waiting_group {
    struct route_need need;
    struct waiting_entry *root, *first;
    uint32_t count;
};

struct waiting {  // zero is empty and valid
    struct waiting_group groups[WAITING_GROUPS_MAX];
    uint32_t groups_used;  // none from this number on has an entry
    uint32_t count;        // entries
};

void waiting_add(struct waiting *self, struct waiting_entry *entry);     // it must not be in one; ids are unique
void waiting_remove(struct waiting *self, struct waiting_entry *entry);  // nothing, when it is not in it

// The call that goes first among those the agent is eligible for and `skip` (may be NULL) does not rule out; NULL:
// there is none. `skip` is asked about eligible calls only, and must not change what waits.
struct waiting_entry *waiting_best(const struct waiting *self, const struct route_agent *agent,
                                   bool (*skip)(void *context, const struct waiting_entry *entry), void *context);
// The next in its group, in order; NULL: it is the last.
const struct waiting_entry *waiting_next(const struct waiting_entry *entry);
// Its place among those in its group, which compete for the same agents: 1 goes first.
uint32_t waiting_position(const struct waiting_entry *entry);
// By (priority, queued) alone: among calls of one turn the nearest to the agent goes first, and any may.
bool waiting_has_earlier_turn(const struct waiting_entry *a, const struct waiting_entry *b);
// A strict order by (priority, queued, id): a goes before b.
bool waiting_goes_before(const struct waiting_entry *a, const struct waiting_entry *b);

#endif
