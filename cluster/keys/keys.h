// Keys: pairs of a public and a secret CURVE key (X25519), the files they lie in, and addresses that name the key of
// who is expected there. A key is written as 64 hexadecimal digits: they need no quoting anywhere.
//
//   desk/cairo-3.key   0600: role, party, public and secret key, one "name: value" a line
//   desk/cairo-3.pub   the same without the secret: what is enrolled
//
// A secret is read into memory that is neither swapped nor dumped, and wiped by key_pair_close.
#ifndef CLUSTER_KEYS_KEYS_H
#define CLUSTER_KEYS_KEYS_H

#include "cluster/base/check.h"
#include "cluster/base/problem.h"
#include "cluster/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BYTES 32
#define KEY_TEXT_BYTES 64  // without the closing zero

enum key_role {
    KEY_ROLE_NONE,  // of a world without keys: tests on loopback
    KEY_ROLE_NODE,
    KEY_ROLE_GATEWAY,
    KEY_ROLE_DESK,  // party: an agent
    KEY_ROLE_ADMIN,
};

struct key_holder {  // who is behind a key; lent
    enum key_role role;
    const char *party;  // "" in a world without keys
    const char *key;    // the public one, as text
};

struct key_pair {
    enum key_role role;
    char party[NAME_MAX_BYTES + 1];
    char public_text[KEY_TEXT_BYTES + 1];
    uint8_t public_key[KEY_BYTES];
    uint8_t *secret;  // KEY_BYTES; NULL: a .pub file, or closed
};

void key_pair_make(struct key_pair *ret_pair, enum key_role role, const char *party);
// A .key file (nobody else may read it) or a .pub file. False: the problem says what is wrong with it.
bool key_pair_read(const char *path, struct key_pair *ret_pair, struct problem *ret_problem);
// The .key file or, without `secret`, the .pub file. Never over one that is there.
bool key_pair_write(const struct key_pair *self, const char *path, bool secret, struct problem *ret_problem);
void key_pair_close(struct key_pair *self);

const char *key_role_name(enum key_role role);   // "desk"; "" for none
enum key_role key_role_named(const char *name);  // KEY_ROLE_NONE: there is none
bool key_text_is_valid(const char *text);        // 64 lower-case hexadecimal digits
void key_to_text(const uint8_t key[KEY_BYTES], char ret_text[KEY_TEXT_BYTES + 1]);
bool key_from_text(const char *text, uint8_t ret_key[KEY_BYTES]);

// "tcp://HOST:PORT#KEY": copies what is before the '#', and says where the key begins; "" without one.
// False: no room, or what follows the '#' is no key.
bool key_split_endpoint(const char *endpoint, char *ret_place, size_t room, const char **ret_key);

// This process leaves no core dump, and nobody of its own user may read its memory. Every program that holds keys
// begins with it.
void keys_guard_process(void);

#endif
