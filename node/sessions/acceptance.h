// accepted(n): a gateway hears that its call is on stable storage at n nodes. As soon as `durability` nodes have it;
// after durability_wait_ms with what was reached, once that is at least one. A call that has ended meanwhile has been
// told its end. One thread.
#ifndef NODE_SESSIONS_ACCEPTANCE_H
#define NODE_SESSIONS_ACCEPTANCE_H

#include "cluster/feed/feed.h"
#include "cluster/store/store.h"
#include "node/sessions/sessions.h"

#include <stdint.h>

#define ACCEPTANCE_MAX 100000  // calls that wait for it; past that the oldest is said, or dropped if none has it

struct acceptance;

struct acceptance *acceptance_create(const char *node, struct store *store, struct feed *feed,
                                     struct sessions *sessions);
void acceptance_free(struct acceptance *self);
// `kind`: a call, or the record of a test call, whose gateway is told as a call's is.
void acceptance_add(struct acceptance *self, struct now now, uint64_t session, uint8_t kind, const char *call,
                    uint64_t attach);
// Call when the disk or a peer has stored more, and at least every durability_wait_ms.
void acceptance_check(struct acceptance *self, struct now now, uint32_t durability, uint32_t durability_wait_ms);
uint32_t acceptance_pending(const struct acceptance *self);
uint64_t acceptance_dropped(const struct acceptance *self);

#endif
