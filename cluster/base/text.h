// Bounded text: names that come from outside.
#ifndef CLUSTER_BASE_TEXT_H
#define CLUSTER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 64                            // of a node, site, agent, queue, gateway; without the closing zero
#define CALL_NAME_MAX_BYTES 128                      // of a call, as its gateway names it
#define CALL_ID_MAX_BYTES (CALL_NAME_MAX_BYTES + 8)  // ... and of its call-backs, with "~k"

// Copies at most room-1 bytes and closes with a zero; false when it had to cut.
bool text_copy(char *to, size_t room, const char *from);

// A name: 1 to max_bytes of printable ASCII without space, quotes, backslash, comma, '~'.
// '~' divides a call from the number of its call-back.
bool text_is_name(const char *text, size_t max_bytes);

// The id of a call or, with "~k", of a call-back of one.
bool text_is_call_id(const char *text);
bool text_is_call_back(const char *id);

// Valid UTF-8 without control characters, at most max_bytes.
bool text_is_printable(const char *text, size_t max_bytes);

#endif
