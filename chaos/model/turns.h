// A node as an automaton: what it is after a turn, and what comes of the turn, depends only on what it was and on what
// it was told. So each turn is made once, by the real board, and afterwards looked up.
//
// A local is what a node is between turns: the memory of its region, recognised by its fingerprint and by the records
// it holds. Where these stand in their feeds is kept in `struct state`: on the board's side it is an order that fits.
#ifndef CHAOS_MODEL_TURNS_H
#define CHAOS_MODEL_TURNS_H

#include "chaos/model/model.h"

#define NO_CONTENT UINT32_MAX
#define OUTCOMES_MAX 64
#define AGES_MAX 12  // versions of one record in one turn

enum told_kind {
    TOLD_START,  // a process begins; a: which start of it
    TOLD_CRASH,  // a: its last writes are lost
    TOLD_TALK,   // a: the node it is from, content; with: the record that comes with it, if it is news
    TOLD_RECORD,
    TOLD_PEER_UP,  // a: the other, b: its start
    TOLD_PEER_DOWN,
    TOLD_DEADLINE,  // b: us that pass before
    TOLD_GONE,      // a: a client, b: its session
    TOLD_ATTACH_DESK,
    TOLD_DESK_WORD,
    TOLD_ATTACH_GATEWAY,
    TOLD_SUBMIT,
    TOLD_LEG_WORD,
};

struct told {  // what a node is told: all a turn depends on, beside what it was
    uint32_t kind, a;
    uint64_t b;
    uint32_t content, with;  // NO_CONTENT: none
    uint32_t swept;          // gateways' copies that are called swept from now on (copies.c)
    uint32_t is_healing;
};

enum out_kind { OUT_PUT, OUT_NODE, OUT_CLIENT, OUT_BIND };

struct out {
    uint32_t kind;
    uint32_t record, age;  // PUT: which; NODE: that goes with it, and which of the turn's versions of it; 0: before
    uint32_t to, content;  // NODE, CLIENT
    uint64_t session;      // CLIENT, BIND
};

struct at_desk {           // what stands at a desk that is attached here
    uint32_t state, call;  // NOBODY: none
    bool is_here, accepted, joined, is_leaving;
};

struct local {
    uint64_t hash;                                     // recognises it
    uint64_t volatile_hash;                            // without what is on its disk
    uint32_t alike;                                    // the first local that has the same volatile_hash
    uint32_t held[RECORDS_MAX], durable[RECORDS_MAX];  // contents
    uint32_t swept, durable_swept;
    uint64_t deadlines[DEADLINES_MAX];  // us from then, in order; 0: no more
    uint32_t calls[CALLS_MAX], desks[DESKS_MAX],
        gateways[GATEWAYS_MAX];  // the attach of what it believes its own; 0: not
    struct at_desk at[DESKS_MAX];
    uint32_t first_turn;  // that was made from it, plus one
    struct memory_image image;
};

struct outcome {         // of one turn
    struct local after;  // without its image
    uint32_t out_count;
    struct out outs[OUTCOMES_MAX];
};

void turns_create(struct model *model);
void turns_free(struct turns *self);
// What this node is now. Lent until the next turn of any.
static inline const struct local *turns_local(const struct model *self, uint32_t node)
{
    return &self->locals[self->now.local[node]];
}

// A turn of this node: `told.swept` and `is_healing` are filled here. `seq`: of the record that is told or comes along.
void turns_take(struct model *self, uint32_t node, struct told told, uint32_t seq);

struct turns_counts {
    uint64_t locals, turns, doubted, bytes;
};
struct turns_counts turns_counts(const struct turns *self);

#endif
