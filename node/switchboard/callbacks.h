// Call-backs: the promise to ring a lost caller back, and the record `call~k` that keeps it.
//
// promises.c knows which calls are owed a call-back and when it is this node's to make it; callbacks.c what a call-back
// goes through at the node that made it. Included by the switchboard's files.
//
// A promise stands for a call while that may be owed: its newest version says called_back, or it waits or rings and its
// owner or its gateway is out of reach, or a call-back of it is known. Promises live in memory; they are read anew from
// the records at a start.
#ifndef NODE_SWITCHBOARD_CALLBACKS_H
#define NODE_SWITCHBOARD_CALLBACKS_H

#include "node/switchboard/board.h"

#define PROMISES_MAX 200000          // calls at a time; beyond that none is added, and that is counted
#define PROMISES_LOOKS_A_TICK 2000   // so many are looked at
#define PROMISES_MADE_A_TICK 200     // so many call-backs are made
#define PROMISE_MEMORY_MS 1200000    // one that is settled is remembered for that long
#define PROMISE_REDIAL_MS 600000     // a caller who dials again within this keeps the old place
#define PROMISE_HEARSAY_MS 3000      // a third hears a node: so long that counts, unless said again
#define CALLBACKS_A_CALL_MAX 1000    // call-backs of one call
#define CALLBACK_TRIES_MAX 3         // dialled in vain so often: the queue's last resort
#define CALLBACK_TEXT_MAX_BYTES 200  // an agent's words on a try

struct promise {
    UT_hash_handle hh;
    struct promise *prev, *next;                    // in the order they are looked at
    struct promise *number_next, *number_previous;  // of the same caller
    struct numbered *numbered;                      // NULL: the number is withheld, or the call is not known here
    char *call;                                     // the key
    bool emergency;
    bool is_owed;
    bool reached;         // a desk has the caller on the line, or had
    uint64_t look_ms;     // by the clock of callbacks; then it is looked at again
    uint64_t known_ms;    // first seen
    uint64_t since_ms;    // owed without a break since
    uint64_t settled_ms;  // 0: open
    uint32_t largest;     // number of its call-backs, the largest seen
    uint32_t mine;        // the number of the one that is ours and not over; 0: none
    uint32_t tries;       // in vain, over all of them
    char *redial;         // the call with which its caller dialled again; NULL: none
};

struct callbacks *callbacks_create(void);
void callbacks_free(struct callbacks *self);

// ---- promises.c: something happened that a promise may hang on

void promise_of_call(struct board *self, const char *id, const Rec__Call *body);  // a version of it, stored or to be
void promise_of_gateway(struct board *self, const struct gateway *gateway);       // silent, or it signed in anew
void promise_of_node(struct board *self, uint32_t node);                          // it went down
void promise_look_again(struct board *self);                                      // who is in reach has changed
void promise_forget(struct board *self, const char *id);                          // no longer stored
void promise_desk_speaks(struct board *self, const char *call);                   // a desk has reached the caller
// A third hears that node, in that boot.
void promise_heard(struct board *self, const char *node, uint64_t boot);
void promise_swept(struct board *self, const char *node);
// The lost call of the same caller whose place a new one takes, or NULL. *ret_queued_ms: that place.
const char *promise_redialled(struct board *self, const char *call, const char *number, uint64_t *ret_queued_ms);
void promises_tick(struct board *self);
bool promise_is_kept_by(const Rec__Call *back);                         // it had an outcome, or speaks
bool promise_keeps(const struct board *self, const struct call *call);  // our call-back: is looked at every tick
uint32_t promises_open(const struct board *self);

// ---- callbacks.c

// Of this promise, whose call stands in the store as `lost`.
void callback_make(struct board *self, struct promise *promise, const struct record *record, const Rec__Call *lost);
// Once a tick: the caller waits in another call; why the call-back is not needed any more, or not if nobody has taken
// it.
void callback_look(struct board *self, struct promise *promise, bool redialled, const char *needless,
                   const char *rival);
void callback_reached(struct board *self, struct call *call);
void callback_failed(struct board *self, struct call *call, const char *reason, const char *text);
void callback_deadline(struct board *self, struct call *call);  // while it rests
// An agent spoken with is not taken from a caller: the desk has a call-back whose caller is on the line.
bool callback_is_spoken(const struct rung *rung);

#endif
