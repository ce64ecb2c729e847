// Keys in a node's configuration: its own, those of the peers it is given, and the first admin's. They are how a node
// gets in before there is a directory, and how it gets back in when its directory is out of date.
#include "node/config/config_keys.h"

#include "cluster/base/text.h"
#include "cluster/keys/keys.h"
#include "node/config/endpoint.h"

#include <stdio.h>
#include <string.h>

// True when there was room for it.
static bool add_key(char endpoint[PEERS_ENDPOINT_MAX_BYTES + 1], const char *key)
{
    char whole[PEERS_ENDPOINT_MAX_BYTES + 1];  // the two stand in one struct: not written into while read
    if (endpoint[0] == '\0')
        return true;
    size_t bytes = (size_t)snprintf(whole, sizeof whole, "%s#%s", endpoint, key);
    return bytes < sizeof whole && text_copy(endpoint, sizeof whole, whole);
}

// In an address the key of who is expected there goes along, so that whoever learns of one learns of the other.
static void name_keys(struct config *config, const char *file, struct problems *problems)
{
    struct peers_card *self = &config->self;
    bool fits =
        add_key(self->client, config->key) && add_key(self->control, config->key) && add_key(self->bulk, config->key);
    for (uint32_t i = 0; i < config->peer_count; i++) {
        struct peers_card *card = &config->peers[i];
        fits = fits && add_key(card->control, config->peer_keys[i]) && add_key(card->bulk, config->peer_keys[i]);
    }
    if (!fits)
        problems_add(problems, "%s:1: an address is longer than %d characters", file,
                     PEERS_ENDPOINT_MAX_BYTES - KEY_TEXT_BYTES - 1);
}

static void read_own(struct config *config, const char *file, struct problems *problems)
{
    struct key_pair pair;
    struct problem problem;
    if (!key_pair_read(config->key_file, &pair, &problem)) {
        problems_add(problems, "%s:1: keys.own: %s", file, problem.text);
        return;
    }
    if (pair.secret == NULL)
        problems_add(problems, "%s:1: keys.own: %s is a public key", file, config->key_file);
    else if (pair.role != KEY_ROLE_NODE || strcmp(pair.party, config->self.name) != 0)
        problems_add(problems, "%s:1: keys.own: %s is the key of %s %s, this is node %s", file, config->key_file,
                     key_role_name(pair.role), pair.party, config->self.name);
    text_copy(config->key, sizeof config->key, pair.public_text);
    key_pair_close(&pair);
}

static void check_insecure(const struct config *config, const char *file, struct problems *problems)
{
    const char *const listens[] = {config->listen_client, config->listen_control, config->listen_bulk};
    for (size_t i = 0; i < 3; i++)
        if (listens[i][0] != '\0' && !endpoint_is_loopback(listens[i]))
            problems_add(problems, "%s:1: insecure: without keys a node listens on loopback only, not on %s", file,
                         listens[i]);
    if (config->key_file[0] != '\0')
        problems_add(problems, "%s:1: insecure and keys.own exclude each other", file);
}

void config_keys_check(struct config *config, const char *file, struct problems *problems)
{
    if (config->insecure) {
        check_insecure(config, file, problems);
        return;
    }
    if (config->key_file[0] == '\0') {
        problems_add(problems, "%s:1: keys.own is missing: hotlinectl keygen node %s makes a key", file,
                     config->self.name[0] != '\0' ? config->self.name : "NAME");
        return;
    }
    for (uint32_t i = 0; i < config->peer_count; i++)
        if (config->peer_keys[i][0] == '\0' || config->peers[i].name[0] == '\0')
            problems_add(problems, "%s:1: peers: %s: %s is missing", file, config->peers[i].control,
                         config->peer_keys[i][0] == '\0' ? "key" : "node");
    read_own(config, file, problems);
    name_keys(config, file, problems);
}
