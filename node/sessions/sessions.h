// Clients' connections: who is on the other end, how long it has been silent, what it says. Takes messages apart and
// hands them up as switchboard events or as questions; packs nothing but liveness and refusals. One thread.
#ifndef NODE_SESSIONS_SESSIONS_H
#define NODE_SESSIONS_SESSIONS_H

#include "cluster/base/bytes.h"
#include "cluster/keys/keys.h"
#include "cluster/world/world.h"
#include "node/switchboard/switchboard.h"

#include <stdbool.h>
#include <stdint.h>

#define SESSIONS_MAX 50000
#define SESSIONS_MESSAGE_MAX_BYTES ((size_t)64 * 1024)       // an ordinary message of a client
#define SESSIONS_ATTACH_MAX_BYTES ((size_t)4 * 1024 * 1024)  // a gateway that says what it holds
#define SESSIONS_BUDGET_FACTOR 8                             // memory for unpacking, in message sizes

struct Cli__Query;
struct Cli__ApplyPart;
struct Cli__TestAnswered;
struct Cli__TestCall;
struct Cli__ToClient;
struct Cli__NextNode;

struct sessions;

struct sessions_options {
    const char *node;  // copied
    uint64_t boot;
    uint32_t client_heartbeat_ms, client_down_after_ms;  // told to clients
    uint32_t silent_after_ms;                            // a silent client's session ends
    uint32_t sessions_per_key, messages_s;               // bounds of one key; 0: none
    size_t message_max_bytes, attach_max_bytes;          // 0: as below
};

struct sessions_events {  // called from sessions_receive and sessions_tick
    void *context;
    void (*event)(void *context, const struct event *event);
    void (*query)(void *context, uint64_t session, const struct Cli__Query *query);
    void (*apply_part)(void *context, uint64_t session, const struct Cli__ApplyPart *part);
    void (*test_call)(void *context, uint64_t session, const struct Cli__TestCall *call);
    // By the desk of `agent`, which is attached.
    void (*test_answered)(void *context, const char *agent, const struct Cli__TestAnswered *answered);
    // Other nodes a client could go to, best first. Lends what it fills in; returns how many.
    uint32_t (*next_nodes)(void *context, struct Cli__NextNode *ret_nodes, uint32_t room);
    bool (*sees_majority)(void *context);
    void (*shut_out)(void *context, const char *key);  // see sessions_shuts_out
};

struct sessions_counts {
    uint64_t sessions, desks, gateways;
    uint64_t received, malformed, too_large, over_bound, not_attached, not_sent, timed_out;
    uint64_t over_rate;  // not heard: its key said more than it may
    uint64_t shut_out;   // keys, for saying far more
    uint64_t forbidden;  // not this key's to say, or not on this connection
    uint64_t shut;       // sessions of keys that are admitted no longer
    uint64_t missed;     // attachments that a word could not be sent to: they are told to attach anew
};

struct sessions *sessions_create(struct world *world, const struct sessions_options *options,
                                 const struct sessions_events *events);
void sessions_free(struct sessions *self);

// `holder`: of the key that carried the message.
void sessions_receive(struct sessions *self, struct now now, const struct world_client *client,
                      const struct key_holder *holder, struct span message);
void sessions_tick(struct sessions *self, struct now now);

// Effects of the switchboard.
void sessions_send(struct sessions *self, uint64_t session, struct span message);
void sessions_say(struct sessions *self, uint64_t session, struct Cli__ToClient *message);
void sessions_bind(struct sessions *self, uint64_t session, uint8_t kind, const char *name, uint64_t attach);
void sessions_unbind(struct sessions *self, uint64_t session);
// This node stops: every client is told where to go.
void sessions_say_going(struct sessions *self, bool only_attached);
// `elsewhere`: the node to ask instead, NULL: none.
void sessions_refuse(struct sessions *self, uint64_t session, const char *reason, const char *detail, const char *what,
                     const struct Cli__NextNode *elsewhere, char *const *errors, size_t error_count);
// Names the attach that it answers: the client then goes on, to the next node if there is one.
void sessions_refuse_attach(struct sessions *self, const struct event *event, const char *reason, const char *detail);
// A packed refusal, to which the next node is added, if there is one.
void sessions_send_refusal(struct sessions *self, uint64_t session, struct span message);

// Which keys are admitted has changed: ends the sessions of those that are not, or are now somebody else's.
typedef bool sessions_find_holder(void *context, const char *key, struct key_holder *ret_holder);
void sessions_keys_changed(struct sessions *self, sessions_find_holder *find, void *context);
// A key that says far too much is not admitted for a moment: its connections are closed, so that others are heard.
bool sessions_shuts_out(const struct sessions *self, struct now now, const char *key);
// True once for each session: it looks at callers' numbers whole. Who follows all calls asks all the time.
bool sessions_first_look(struct sessions *self, uint64_t session);
// The newest version of this protocol that the client understands; 0: it is gone.
uint32_t sessions_protocol(const struct sessions *self, uint64_t session);
// Who is at the other end of a session; false: it is gone.
bool sessions_holder(const struct sessions *self, uint64_t session, struct key_holder *ret_holder);

struct sessions_counts sessions_counts(const struct sessions *self);

#endif
