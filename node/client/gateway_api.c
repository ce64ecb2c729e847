// What a gateway's application asks for.
#include "node/client/gateway.h"
#include "node/client/submit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum hotline_result init(struct gateway *self, struct client_wire *wire,
                                const struct hotline_gateway_options *options)
{
    const char *site = options->site == NULL ? "" : options->site;
    enum hotline_result result =
        client_init(&self->base, &gateway_kind, wire, options->nodes, options->gateway, options->login);
    self->base.on_event = options->on_event;
    self->base.user = options->user;
    if (site[0] != '\0' && !text_is_name(site, NAME_MAX_BYTES))
        return HOTLINE_INVALID;
    text_copy(self->site, sizeof self->site, site);
    return result;
}

struct hotline_client *client_gateway_create(struct client_wire *wire, const struct hotline_gateway_options *options,
                                             enum hotline_result *ret_result)
{
    struct gateway *self = check_alloc(sizeof *self);
    enum hotline_result result = init(self, wire, options);
    if (result != HOTLINE_OK)
        return client_refuse(&self->base, result, ret_result);
    if (ret_result != NULL)
        *ret_result = result;
    client_wake(&self->base);
    return &self->base;
}

static bool is_gateway(const struct hotline_client *client)
{
    return client != NULL && client->kind == &gateway_kind;
}

static void make_id(struct gateway *self, char id[HOTLINE_CALL_ID_BYTES])
{
    do
        snprintf(id, HOTLINE_CALL_ID_BYTES, "%s:%" PRIu64 "-%" PRIu64, self->base.party, self->base.login,
                 ++self->made);
    while (leg_find(self, id) != NULL);
}

enum hotline_result hotline_gateway_submit(struct hotline_client *client, const struct hotline_call_spec *spec,
                                           char ret_id[HOTLINE_CALL_ID_BYTES])
{
    char id[HOTLINE_CALL_ID_BYTES];
    if (!is_gateway(client) || spec == NULL || (spec->id != NULL && !text_is_name(spec->id, CALL_NAME_MAX_BYTES)))
        return HOTLINE_INVALID;
    if (client->phase == CLIENT_OVER)
        return HOTLINE_WRONG_STATE;
    struct gateway *self = gateway_of(client);
    if (spec->id != NULL)
        text_copy(id, sizeof id, spec->id);
    else
        make_id(self, id);
    if (leg_find(self, id) == NULL) {  // otherwise it is the same call
        enum hotline_result result;
        Cli__Submit *submit = submit_create(spec, id, false, &result);
        if (submit == NULL)
            return result;
        submit->attach = UINT64_MAX >> 1;  // counted at its longest
        size_t bytes = cli__submit__get_packed_size(submit) + LEG_HELD_EXTRA_BYTES;
        if (HASH_COUNT(self->legs) >= HOTLINE_GATEWAY_CALLS_MAX || self->held_bytes + bytes > GATEWAY_HELD_MAX_BYTES) {
            free(submit);
            return HOTLINE_TOO_MANY;
        }
        leg_add(self, submit);
        client_wake(client);
    }
    if (ret_id != NULL)
        text_copy(ret_id, HOTLINE_CALL_ID_BYTES, id);
    return HOTLINE_OK;
}

// A leg the caller is still on.
static enum hotline_result find(struct hotline_client *client, const char *call, struct leg **ret_leg)
{
    if (!is_gateway(client) || call == NULL)
        return HOTLINE_INVALID;
    if (client->phase == CLIENT_OVER)
        return HOTLINE_WRONG_STATE;
    *ret_leg = leg_find(gateway_of(client), call);
    return *ret_leg == NULL ? HOTLINE_UNKNOWN : HOTLINE_OK;
}

enum hotline_result hotline_gateway_joined(struct hotline_client *client, const char *call)
{
    struct leg *leg;
    enum hotline_result result = find(client, call, &leg);
    if (result != HOTLINE_OK)
        return result;
    if (leg->state != LEG_CONNECTING)
        return leg->state == LEG_JOINED ? HOTLINE_OK : HOTLINE_WRONG_STATE;
    leg->state = LEG_JOINED;
    leg->spoken = true;
    leg->connected_ms = client->wire->type->wall_ms(client->wire);
    leg_say(gateway_of(client), leg, CLI__LEG_WORD__WORD__JOINED);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_gateway_join_failed(struct hotline_client *client, const char *call, const char *detail)
{
    struct leg *leg;
    enum hotline_result result = find(client, call, &leg);
    if (result != HOTLINE_OK)
        return result;
    if (leg->state != LEG_CONNECTING)
        return HOTLINE_WRONG_STATE;
    if (detail != NULL && !text_is_printable(detail, sizeof leg->detail - 1))
        return HOTLINE_INVALID;
    leg->state = LEG_WAITING;
    leg->failed_n = leg->n;
    leg->agent[0] = '\0';
    leg->agent_login = 0;
    text_copy(leg->detail, sizeof leg->detail, detail == NULL ? "" : detail);
    leg_say(gateway_of(client), leg, CLI__LEG_WORD__WORD__JOIN_FAILED);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_gateway_hung_up(struct hotline_client *client, const char *call)
{
    struct leg *leg;
    enum hotline_result result = find(client, call, &leg);
    if (result != HOTLINE_OK || leg->state == LEG_HUNG_UP || leg->state == LEG_OVER)
        return result;
    if (leg->sent) {
        leg->state = LEG_HUNG_UP;
        leg_say(gateway_of(client), leg, CLI__LEG_WORD__WORD__HUNG_UP);
    } else {
        leg_end_here(gateway_of(client), leg);
    }
    client_wake(client);
    return HOTLINE_OK;
}

size_t hotline_gateway_calls(const struct hotline_client *client)
{
    return is_gateway(client) ? HASH_COUNT(((const struct gateway *)client)->legs) : 0;
}
