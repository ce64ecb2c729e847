// Whose key a command speaks with. --keys DIR (or HOTLINE_KEYS) has the keys as keygen lays them: DIR/ROLE/PARTY.key.
// Without it there are none, as in tests on loopback.
#ifndef OPS_COMMON_CREDENTIALS_H
#define OPS_COMMON_CREDENTIALS_H

#include "ops/common/args.h"

#include "cluster/keys/keys.h"

#include <limits.h>

struct credentials {
    char party[NAME_MAX_BYTES + 1];  // "": no keys
    char path[PATH_MAX];
};

// NULL when there are no keys.
const char *credentials_file(const struct credentials *self);
// The key of that party; of the role's first, by name, when `party` is NULL. False: said on stderr.
MUST_USE bool credentials_find(const struct globals *globals, enum key_role role, const char *party,
                               struct credentials *ret);
// The key for questions: --as ROLE/PARTY, or the first admin's.
MUST_USE bool credentials_find_asker(const struct globals *globals, struct credentials *ret);

#endif
