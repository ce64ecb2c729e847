// Who holds a key. The directory says so; beside it, what this node's own configuration names (its peers, the first
// admins), so that a cluster can begin and a node whose directory is out of date gets back in. What the directory has
// revoked nobody trusts.
#include "node/node_private.h"

#include <string.h>

bool trust_find(void *context, const char *key, struct key_holder *ret_holder)
{
    const struct node *self = context;
    const struct config *config = self->config;
    if (key[0] == '\0') {
        *ret_holder = (struct key_holder){KEY_ROLE_NONE, "", key};
        return true;
    }
    uint32_t index = self->directory == NULL ? DIRECTORY_NONE : directory_find_key(self->directory, key);
    if (index != DIRECTORY_NONE) {
        const struct directory_key *known = &self->directory->keys[index];
        *ret_holder = (struct key_holder){known->role, known->party, known->key};
        return !known->revoked;
    }
    if (strcmp(config->key, key) == 0) {
        *ret_holder = (struct key_holder){KEY_ROLE_NODE, config->self.name, config->key};
        return true;
    }
    for (uint32_t i = 0; i < config->admin_count; i++)
        if (strcmp(config->admins[i], key) == 0) {
            *ret_holder = (struct key_holder){KEY_ROLE_ADMIN, "first-admin", config->admins[i]};
            return true;
        }
    for (uint32_t i = 0; i < config->peer_count; i++)
        if (strcmp(config->peer_keys[i], key) == 0) {
            *ret_holder = (struct key_holder){KEY_ROLE_NODE, config->peers[i].name, config->peer_keys[i]};
            return true;
        }
    return false;
}

bool node_admits(const struct node *self, const char *key, enum world_port port)
{
    struct key_holder holder;
    bool is_own = strcmp(self->config->key, key) == 0;  // places test calls at its own client port
    return trust_find((void *)self, key, &holder) &&
           (holder.role == KEY_ROLE_NONE ||
            (holder.role == KEY_ROLE_NODE ? port == WORLD_PORT_PEER || is_own : port == WORLD_PORT_CLIENT)) &&
           !sessions_shuts_out(self->sessions, world_now(self->world), key);
}

void trust_recheck(struct node *self)
{
    if (self->world->type->keys_changed != NULL)
        self->world->type->keys_changed(self->world);
}

void trust_changed(struct node *self)
{
    sessions_keys_changed(self->sessions, trust_find, self);
    trust_recheck(self);
}
