// Promises from within. Included by promises.c, promise_worth.c and promise_turns.c, by nobody else.
#ifndef NODE_SWITCHBOARD_PROMISES_H
#define NODE_SWITCHBOARD_PROMISES_H

#include "node/switchboard/callbacks.h"

struct numbered {  // the promises to callers with one number
    UT_hash_handle hh;
    char *number;
    struct promise *first;
};

struct callbacks {
    struct promise *by_call;
    struct numbered *by_number;
    struct promise *emergencies, *others;  // lists, next to be looked at first
    uint64_t clock_ms;                     // how long the loop ran
    uint64_t ticked_us;
    bool has_majority;
    uint64_t majority_ms;  // since when
    bool all_anew;         // who is in reach has changed: all are looked at
};

enum worth {
    WORTH_NOTHING,  // not known here, ended otherwise, or its owner is up with its gateway
    WORTH_SETTLED,  // a call-back had an outcome, or speaks
    WORTH_WATCHED,  // kept by somebody: by its owner, by a call-back, by the caller's next call
    WORTH_OWED,
    WORTH_OWED_AT_ONCE,
};

struct finding {
    enum worth worth;
    const char *needless;  // why a call-back is cancelled; NULL: it is not
    const char *rival;     // why one that nobody has taken is; NULL: it is not
    bool kept, lives;      // a call-back had an outcome, or speaks; a call-back goes on
    bool redialled;        // its caller waits in another call
    bool by_silence;       // owed by nobody's word: its owner is out of reach
    const struct record *record;
    const Rec__Call *lost;
    struct party owner;
};

// ---- promises.c

struct promise **promises_list_of(struct callbacks *self, const struct promise *promise);
// The promise to the caller of this call, or of the call that this call-back stands for.
struct promise *promise_find(const struct board *self, const char *id);
void promise_drop(struct callbacks *self, struct promise *promise);

// ---- promise_worth.c: by the records, now

struct finding promise_look(struct board *self, struct promise *promise);
bool promise_hears_of(const struct board *self, struct party owner);  // a node that we hear says that it hears it

#endif
