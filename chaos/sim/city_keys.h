// Everybody's keys, the same in every run: real ones, made from names. Nobody else does that.
#ifndef CHAOS_SIM_CITY_KEYS_H
#define CHAOS_SIM_CITY_KEYS_H

#include "cluster/keys/keys.h"

#define CITY_ADMIN "observer"

// The caller closes it.
void city_key(enum key_role role, const char *party, struct key_pair *ret_pair);
void city_public_key(enum key_role role, const char *party, char ret_text[KEY_TEXT_BYTES + 1]);

#endif
