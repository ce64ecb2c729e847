#include "cluster/keys/keys.h"

#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const char *const role_names[] = {"", "node", "gateway", "desk", "admin"};

const char *key_role_name(enum key_role role)
{
    return role_names[role];
}

enum key_role key_role_named(const char *name)
{
    for (enum key_role role = KEY_ROLE_NODE; role <= KEY_ROLE_ADMIN; role++)
        if (strcmp(role_names[role], name) == 0)
            return role;
    return KEY_ROLE_NONE;
}

bool key_text_is_valid(const char *text)
{
    return strspn(text, "0123456789abcdef") == KEY_TEXT_BYTES && text[KEY_TEXT_BYTES] == '\0';
}

void key_to_text(const uint8_t key[KEY_BYTES], char ret_text[KEY_TEXT_BYTES + 1])
{
    sodium_bin2hex(ret_text, KEY_TEXT_BYTES + 1, key, KEY_BYTES);
}

bool key_from_text(const char *text, uint8_t ret_key[KEY_BYTES])
{
    return key_text_is_valid(text) && sodium_hex2bin(ret_key, KEY_BYTES, text, KEY_TEXT_BYTES, NULL, NULL, NULL) == 0;
}

void key_pair_make(struct key_pair *ret_pair, enum key_role role, const char *party)
{
    check(sodium_init() >= 0);
    *ret_pair = (struct key_pair){.role = role};
    text_copy(ret_pair->party, sizeof ret_pair->party, party);
    ret_pair->secret = sodium_malloc(KEY_BYTES);
    check(ret_pair->secret != NULL);
    crypto_box_keypair(ret_pair->public_key, ret_pair->secret);
    key_to_text(ret_pair->public_key, ret_pair->public_text);
}

void key_pair_close(struct key_pair *self)
{
    sodium_free(self->secret);  // wipes; takes NULL
    self->secret = NULL;
}

bool key_split_endpoint(const char *endpoint, char *ret_place, size_t room, const char **ret_key)
{
    size_t bytes = strcspn(endpoint, "#");
    if (bytes >= room)
        return false;
    memcpy(ret_place, endpoint, bytes);
    ret_place[bytes] = '\0';
    *ret_key = endpoint[bytes] == '#' ? endpoint + bytes + 1 : endpoint + bytes;
    return endpoint[bytes] == '\0' || key_text_is_valid(*ret_key);
}

void keys_guard_process(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_DUMPABLE, 0);
}
