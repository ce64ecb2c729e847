// The public ways to begin: a client on a ZeroMQ wire of its own.
#include "node/client/wire_zmq.h"

static struct client_wire *wire_for(struct hotline_context *context, const void *options,
                                    enum hotline_result *ret_result)
{
    enum hotline_result result = HOTLINE_INVALID;
    struct client_wire *wire = NULL;
    if (context != NULL && options != NULL) {
        wire = client_wire_zmq_create(context);
        result = wire == NULL ? HOTLINE_TOO_MANY : HOTLINE_OK;
    }
    if (ret_result != NULL)
        *ret_result = result;
    return wire;
}

struct hotline_client *hotline_desk_create(struct hotline_context *context, const struct hotline_desk_options *options,
                                           enum hotline_result *ret_result)
{
    struct client_wire *wire = wire_for(context, options, ret_result);
    return wire == NULL ? NULL : client_desk_create(wire, options, ret_result);
}

struct hotline_client *hotline_gateway_create(struct hotline_context *context,
                                              const struct hotline_gateway_options *options,
                                              enum hotline_result *ret_result)
{
    struct client_wire *wire = wire_for(context, options, ret_result);
    return wire == NULL ? NULL : client_gateway_create(wire, options, ret_result);
}

struct hotline_client *hotline_query_create(struct hotline_context *context,
                                            const struct hotline_query_options *options,
                                            enum hotline_result *ret_result)
{
    struct client_wire *wire = wire_for(context, options, ret_result);
    return wire == NULL ? NULL : client_query_create(wire, options, ret_result);
}
