// Where a reader of events is in every feed, and how that is written: "beijing~18c3a9b2f00d0001~532,frankfurt~...".
// '~' and ',' stand in no name. "~beijing~BOOT~SEQ~SINCE": how far it is told of what came late to beijing, where it
// read first when beijing was at SINCE.
#ifndef NODE_CLIENT_CURSOR_H
#define NODE_CLIENT_CURSOR_H

#include "cluster/base/check.h"
#include "cluster/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_PLACES_MAX 1024

struct cursor_place {
    char owner[NAME_MAX_BYTES + 2];  // "~NODE" for what came late there
    uint64_t boot, seq, since;
};

struct cursor {                   // zero is empty and valid: the beginning
    struct cursor_place *places;  // by owner and boot
    uint32_t count, capacity;
};

void cursor_close(struct cursor *self);
void cursor_copy(struct cursor *self, const struct cursor *from);
MUST_USE bool cursor_read(struct cursor *self, const char *text);  // false: not a cursor, or of too many places
char *cursor_write(const struct cursor *self);                     // the caller frees
uint64_t cursor_at(const struct cursor *self, const char *owner, uint64_t boot);
bool cursor_is_owner(const char *owner);
// Never back; `since` of a new place only. False: CURSOR_PLACES_MAX.
bool cursor_advance(struct cursor *self, const char *owner, uint64_t boot, uint64_t seq, uint64_t since);

#endif
