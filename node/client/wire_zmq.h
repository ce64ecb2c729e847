// A client's connections as ZeroMQ DEALER sockets. The one file of the client that knows ZeroMQ is wire_zmq.c.
#ifndef NODE_CLIENT_WIRE_ZMQ_H
#define NODE_CLIENT_WIRE_ZMQ_H

#include "cluster/keys/keys.h"
#include "node/client/wire.h"

// The context is lent; takes the key (closed: none) also on failure. NULL: out of descriptors.
struct client_wire *client_wire_zmq_create(struct hotline_context *context, struct key_pair key);

#endif
