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
// Clients ping. A connection of theirs that says nothing for so long, and for so many times the time after which a
// silent session ends, is closed.
#define GUARD_SILENT_MS 30000
#define GUARD_SILENT_TIMEOUTS 4
#define GUARD_PART_MS 500    // what was said to it last is out by then
#define GUARD_STALL_MS 2000  // a longer pause between two sweeps was this node's, not theirs

typedef bool guard_admit(void *context, const char *key, enum world_port port);

struct guard {
    bool insecure;
    struct key_pair own;
    void *zap;  // REP, in the caller's context; NULL while insecure
    struct guard_connection {
        char key[KEY_TEXT_BYTES + 1];  // "": none that has spoken
        uint8_t port;
        uint64_t heard_us;  // 0: it is closed
        uint64_t part_us;   // is closed then; 0: it may stay
    } * connections;        // by descriptor
    uint32_t room;
    uint16_t listens[GUARD_SOCKETS_MAX];  // TCP's port numbers
    uint32_t listen_count;
    uint64_t silent_us, swept_us;
    uint64_t refused, parted;
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
const char *guard_key_of(struct guard *self, void *message, enum world_port port, uint64_t now_us);
void guard_accepted(struct guard *self, int descriptor, enum world_port port, uint64_t now_us);
void guard_forget(struct guard *self, int descriptor);
void guard_part(struct guard *self, int descriptor, uint64_t now_us);  // closes it, in a moment
void guard_sweep(struct guard *self, uint64_t now_us);                 // closes those whose time is over
// Closes every connection whose key is admitted no longer. Returns how many.
uint32_t guard_recheck(struct guard *self, guard_admit *admit, void *context);

#endif
