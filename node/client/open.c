// The public ways to begin: a client on a ZeroMQ wire of its own.
#include "node/client/wire_zmq.h"

#include <string.h>

// Whose key a client must have: `party` NULL, of anyone.
struct needed {
    enum key_role role;
    const char *party;
};

static bool is_of(const struct key_pair *key, const struct needed *needed)
{
    if (needed->party == NULL)
        return true;
    size_t bytes = strlen(key->party);
    bool is_instance = needed->role == KEY_ROLE_GATEWAY && strncmp(needed->party, key->party, bytes) == 0 &&
                       needed->party[bytes] == ':';
    return key->role == needed->role && (is_instance || strcmp(needed->party, key->party) == 0);
}

static struct client_wire *wire_for(struct hotline_context *context, const char *key_file, const struct needed *needed,
                                    enum hotline_result *ret_result)
{
    struct key_pair key = {.secret = NULL};
    struct client_wire *wire = NULL;
    struct problem problem;
    enum hotline_result result = context == NULL ? HOTLINE_INVALID : HOTLINE_OK;
    if (result == HOTLINE_OK && key_file != NULL &&
        (!key_pair_read(key_file, &key, &problem) || key.secret == NULL || !is_of(&key, needed)))
        result = HOTLINE_BAD_KEY;
    if (result == HOTLINE_OK) {
        wire = client_wire_zmq_create(context, key);
        result = wire == NULL ? HOTLINE_TOO_MANY : HOTLINE_OK;
    } else {
        key_pair_close(&key);
    }
    if (ret_result != NULL)
        *ret_result = result;
    return wire;
}

static struct hotline_client *invalid(enum hotline_result *ret_result)
{
    if (ret_result != NULL)
        *ret_result = HOTLINE_INVALID;
    return NULL;
}

struct hotline_client *hotline_desk_create(struct hotline_context *context, const struct hotline_desk_options *options,
                                           enum hotline_result *ret_result)
{
    if (options == NULL || options->agent == NULL)
        return invalid(ret_result);
    struct client_wire *wire =
        wire_for(context, options->key_file, &(struct needed){KEY_ROLE_DESK, options->agent}, ret_result);
    return wire == NULL ? NULL : client_desk_create(wire, options, ret_result);
}

struct hotline_client *hotline_gateway_create(struct hotline_context *context,
                                              const struct hotline_gateway_options *options,
                                              enum hotline_result *ret_result)
{
    if (options == NULL || options->gateway == NULL)
        return invalid(ret_result);
    struct client_wire *wire =
        wire_for(context, options->key_file, &(struct needed){KEY_ROLE_GATEWAY, options->gateway}, ret_result);
    return wire == NULL ? NULL : client_gateway_create(wire, options, ret_result);
}

struct hotline_client *hotline_query_create(struct hotline_context *context,
                                            const struct hotline_query_options *options,
                                            enum hotline_result *ret_result)
{
    if (options == NULL)
        return invalid(ret_result);
    struct client_wire *wire = wire_for(context, options->key_file, &(struct needed){KEY_ROLE_NONE, NULL}, ret_result);
    return wire == NULL ? NULL : client_query_create(wire, options, ret_result);
}
