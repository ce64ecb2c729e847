// A gateway from within. Included by the gateway's files, by nobody else.
#ifndef NODE_CLIENT_GATEWAY_H
#define NODE_CLIENT_GATEWAY_H

#include "node/client/core.h"

#define uthash_fatal(text) check_failed(text, __FILE__, __LINE__, __func__)
#define HASH_FUNCTION HASH_FNV  // the default one falls through its switch
#include <uthash.h>

// All that is held must fit one message, for it is said whole at every attach.
#define GATEWAY_HELD_MAX_BYTES (CLIENT_ATTACH_MAX_BYTES - 64 * 1024)
#define LEG_HELD_EXTRA_BYTES 176  // of a HeldCall beside what was submitted: agent, login, times, a queue it moved to

enum leg_state {
    LEG_SUBMITTED,  // no node has answered yet
    LEG_WAITING,    // a node has it: it waits, or rings
    LEG_RINGING,
    LEG_CONNECTING,  // the application joins the legs
    LEG_JOINED,
    LEG_HUNG_UP,  // the caller is gone; the end is yet to come back
    LEG_OVER,     // ended here, to be told in process()
};

struct leg {
    UT_hash_handle hh;
    struct timer timer;  // what is said is said again
    enum leg_state state;
    Cli__LegWord__Word word;  // WORD_UNSET: nothing is being said
    uint32_t tries;
    bool sent;  // a node may know it
    bool spoken;
    Cli__Submit *submit;
    uint64_t queued_ms, connected_ms, agent_login;
    uint32_t n;         // of CONNECT
    uint32_t failed_n;  // whose legs could not be joined; 0: none
    size_t held_bytes;
    char agent[NAME_MAX_BYTES + 1];
    char queue[NAME_MAX_BYTES + 1];  // where the node put it, when not as submitted
    char detail[129];                // of JOIN_FAILED
};

struct gateway {
    struct hotline_client base;
    char site[NAME_MAX_BYTES + 1];
    struct leg *legs;  // by id
    struct timers timers;
    size_t held_bytes;
    uint64_t made;  // ids
};

extern const struct client_kind gateway_kind;

static inline struct gateway *gateway_of(struct hotline_client *client)
{
    return (struct gateway *)client;
}

struct leg *leg_find(const struct gateway *self, const char *call);
void leg_add(struct gateway *self, Cli__Submit *submit);  // takes it; says it, when attached
void leg_say(struct gateway *self, struct leg *leg, Cli__LegWord__Word word);
void leg_say_let_go(struct gateway *self, char *call);     // held here no more, or never
void leg_end_here(struct gateway *self, struct leg *leg);  // no node knows it
void leg_forget(struct gateway *self, struct leg *leg);
void leg_quiet(struct gateway *self, struct leg *leg);  // nothing more is being said of it
void leg_emit_ended(struct gateway *self, struct leg *leg, const char *reason, const char *detail);  // and forgets it
void leg_end_unconfirmed(struct gateway *self, struct leg *leg);

// ---- gateway_heard.c

void gateway_message(struct hotline_client *client, const Cli__ToClient *message);
void gateway_refused(struct hotline_client *client, const Cli__Refused *words);

#endif
