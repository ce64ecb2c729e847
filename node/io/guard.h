// Who may speak to this node: CURVE on every socket, and the ZAP handler that asks about each key. Inside node/io only.
//
// Always true while there are keys: no message comes from a key that was not admitted when its connection was made; the
// key of a message is that of the connection it came on (ZeroMQ's User-Id), never what the message or its routing id
// say.
#ifndef NODE_IO_GUARD_H
#define NODE_IO_GUARD_H

#include "cluster/keys/keys.h"
#include "cluster/world/world.h"
#include "node/config/config.h"

#define GUARD_DESCRIPTORS_MAX (1 << 20)
#define GUARD_SOCKETS_MAX 4  // that listen

typedef bool guard_admit(void *context, const char *key, enum world_port port);

struct guard {
    bool insecure;
    struct key_pair own;
    void *zap;  // REP, in the caller's context; NULL while insecure
    struct guard_connection {
        char key[KEY_TEXT_BYTES + 1];  // "": none that has spoken
        uint8_t port;
    } * connections;  // by descriptor
    uint32_t room;
    uint16_t listens[GUARD_SOCKETS_MAX];  // TCP's port numbers
    uint32_t listen_count;
    uint64_t refused;
};

// Binds the handler: before any other socket. False: the problem says why.
bool guard_open(struct guard *self, void *context, const struct config *config, struct problem *ret_problem);
void guard_close(struct guard *self);
// Before the socket is bound to `endpoint`.
void guard_serve(struct guard *self, void *socket, enum world_port port, const char *endpoint);
// Connects. `endpoint`: with the key of who is there. False: it is not valid.
bool guard_dial(struct guard *self, void *socket, const char *endpoint);
// Answers one question of ZeroMQ's. False: there was none.
bool guard_answer(struct guard *self, guard_admit *admit, void *context);
// The key a message came with, "" while insecure; remembers its connection. `message` is a zmq_msg_t.
const char *guard_key_of(struct guard *self, void *message, enum world_port port);
void guard_forget(struct guard *self, int descriptor);
// Closes every connection whose key is admitted no longer. Returns how many.
uint32_t guard_recheck(struct guard *self, guard_admit *admit, void *context);

#endif
