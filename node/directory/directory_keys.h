// A change of the directory's keys, as an encoded directory over an encoded one.
#ifndef NODE_DIRECTORY_DIRECTORY_KEYS_H
#define NODE_DIRECTORY_DIRECTORY_KEYS_H

#include "cluster/base/bytes.h"
#include "cluster/base/problem.h"
#include "cluster/keys/keys.h"

// Adds them; one that is there, revoked or not, is a problem.
bool directory_enroll(struct span before, const struct key_pair *keys, size_t count, struct bytes *ret_after,
                      struct problems *ret_problems);
// Marks keys as revoked. Each name is a key, or ROLE/PARTY: all of that party's.
bool directory_revoke(struct span before, const char *const *names, size_t count, struct bytes *ret_after,
                      struct problems *ret_problems);

#endif
