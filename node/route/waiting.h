// Which call is next: highest priority first, then the longest waiting, then the nearest to the agent, then the id.
// Pure: no I/O, clock, allocation or randomness. Entries are the caller's memory.
//
// Calls stand in groups, one per need (languages, skills), each in the order (priority, queued, id), so that an agent's
// question looks at heads. When WAITING_GROUPS_MAX needs are in use, further ones share the last group, where every
// entry is looked at for itself.
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
    struct waiting_entry *previous, *next;
    uint32_t group;  // 0: not in it; otherwise the group's number plus one
};

struct waiting_group {
    struct route_need need;
    struct waiting_entry *first, *last;
    uint32_t count;
};

struct waiting {  // zero is empty and valid
    struct waiting_group groups[WAITING_GROUPS_MAX];
    uint32_t groups_used;  // numbers below this have been used
    uint32_t count;
};

void waiting_add(struct waiting *self, struct waiting_entry *entry);
void waiting_remove(struct waiting *self, struct waiting_entry *entry);  // nothing, when it is not in it

// The call that goes first among those the agent is eligible for and `skip` (may be NULL) does not rule out.
struct waiting_entry *waiting_best(const struct waiting *self, const struct route_agent *agent,
                                   bool (*skip)(void *context, const struct waiting_entry *entry), void *context);
// A strict order by (priority, queued, id): a goes before b.
bool waiting_goes_before(const struct waiting_entry *a, const struct waiting_entry *b);

#endif
