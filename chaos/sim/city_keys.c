#include "chaos/sim/city_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

void city_key(enum key_role role, const char *party, struct key_pair *ret_pair)
{
    char name[128];
    uint8_t seed[crypto_box_SEEDBYTES];
    int bytes = snprintf(name, sizeof name, "chaos %s %s", key_role_name(role), party);
    check(sodium_init() >= 0);
    crypto_generichash(seed, sizeof seed, (const uint8_t *)name, (unsigned long long)bytes, NULL, 0);
    *ret_pair = (struct key_pair){.role = role, .secret = sodium_malloc(KEY_BYTES)};
    check(ret_pair->secret != NULL);
    text_copy(ret_pair->party, sizeof ret_pair->party, party);
    crypto_box_seed_keypair(ret_pair->public_key, ret_pair->secret, seed);
    key_to_text(ret_pair->public_key, ret_pair->public_text);
}

void city_public_key(enum key_role role, const char *party, char ret_text[KEY_TEXT_BYTES + 1])
{
    struct key_pair pair;
    city_key(role, party, &pair);
    memcpy(ret_text, pair.public_text, sizeof pair.public_text);
    key_pair_close(&pair);
}
