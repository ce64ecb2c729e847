// A few nodes' real boards and stores, a network that may do anything, and a handful of people, in one state that can
// be saved, put back and recognised. Whoever explores asks which choices there are and makes one.
//
// Always true: all that differs between two states lies in `struct state`, which has no pointers; two states that are
// alike are equal, byte by byte. What a node is, is a number there (turns.h).
#ifndef CHAOS_MODEL_MODEL_H
#define CHAOS_MODEL_MODEL_H

#include "chaos/model/memory.h"
#include "cluster/wire/arena.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#define NODES_MAX MEMORY_REGIONS
#define DESKS_MAX 2
#define GATEWAYS_MAX 2
#define CLIENTS_MAX (DESKS_MAX + GATEWAYS_MAX)  // desks first
#define CALLS_MAX 2
#define RECORDS_MAX (DESKS_MAX + GATEWAYS_MAX + CALLS_MAX)
#define BAG_MAX 40
#define INBOX_MAX 24
#define DEADLINES_MAX 6
#define CHOICES_MAX 256
#define NOBODY UINT32_MAX

enum budget_kind { LOSSES, REPEATS, CRASHES, REATTACHES, WORDS, DEADLINES, LATE_COPIES, FORGOTTEN_CLIENTS, BUDGETS };

// What a client does wrong, so that a test sees that the explorer finds what it leads to.
enum lie { NO_LIE, LIE_DEAF_DESK, LIE_HASTY_GATEWAY, LIE_SAYS_ONCE, LIES };

struct scenario {
    const char *name, *what;
    uint32_t nodes, desks, gateways, calls;  // call k comes by gateway k
    const char *node_names[NODES_MAX];
    uint32_t desk_at[DESKS_MAX], gateway_at[GATEWAYS_MAX];        // attached to at the beginning
    uint32_t desk_nodes[DESKS_MAX], gateway_nodes[GATEWAYS_MAX];  // bit k: may attach to node k
    uint32_t ring_width;
    uint32_t wait_limit_ms;  // then a call goes to the last resort; 0: it waits on
    // What is not explored, to see deeper elsewhere:
    uint32_t prompt_nodes;     // bit k: node k has every copy at once
    uint32_t prompt_peers;     // bit k: node k finds at once who is up and who is down
    uint32_t prompt_clients;   // bit k: client k (desks first) hears at once
    uint32_t prompt_attaches;  // bit k: client k attaches anew at once, to the first node that runs
    uint32_t stays;            // clients attach anew only where they were at the beginning
    uint32_t spared_nodes;     // bit k: node k does not crash
    uint32_t budget[BUDGETS];
};

bool scenario_find(const char *name, struct scenario *ret);
bool scenario_at(uint32_t index, struct scenario *ret);  // false: there are no more

// ---- the state

enum parcel_kind { PARCEL_TALK, PARCEL_RECORD, PARCEL_GONE };

struct parcel {  // under way to a node
    uint32_t kind;
    uint32_t from, from_start;  // PARCEL_GONE: the client
    uint32_t to;
    uint32_t content;  // PARCEL_GONE: the session
    uint32_t seq;      // of the record it carries
};

enum desk_state { DESK_AVAILABLE, DESK_RINGING, DESK_ACCEPTED, DESK_ON_CALL, DESK_WRAP_UP, DESK_NOT_READY };
enum leg_state { LEG_NONE, LEG_SUBMITTED, LEG_WAITING, LEG_RINGING, LEG_CONNECTING, LEG_JOINED, LEG_HUNG_UP, LEG_OVER };

struct client {     // what a desk and a gateway have in common
    uint32_t node;  // attached to; NOBODY: to none
    uint32_t attach, session, connections;
    uint32_t inbox_count;
    uint32_t inbox[INBOX_MAX];  // contents, oldest first
};

struct desk_client {
    uint32_t state;
    uint32_t call, call_attach, n;     // the offer, while it has one
    uint32_t word, word_call, word_n;  // said about a call while no node heard it; 0: nothing
};

struct leg {
    uint32_t state;
    uint32_t agent, agent_login, n;  // to be connected to, or joined with
    uint32_t failed_n;
    uint32_t word;                 // as above
    uint32_t joined_agent;         // for the rules; plus one
    uint32_t left;                 // the person it is joined with does not have it
    uint32_t ended;                // a person has ended it, or said that no call came
    uint32_t accepted[DESKS_MAX];  // bit n: this person said yes to offer n
};

struct state {
    uint32_t local[NODES_MAX];  // what each node is (turns.h)
    // Where the versions it holds, and has on its disk, stand among those of the same attachment: an order, not a
    // count.
    uint32_t seq[NODES_MAX][RECORDS_MAX], durable_seq[NODES_MAX][RECORDS_MAX];
    uint32_t running[NODES_MAX], starts[NODES_MAX];
    uint32_t heard[NODES_MAX][NODES_MAX];  // the start of the other that this one has for up; 0: down
    struct client clients[CLIENTS_MAX];
    struct desk_client desks[DESKS_MAX];
    struct leg legs[CALLS_MAX];
    uint32_t left[BUDGETS];
    uint32_t bag_count;
    struct parcel bag[BAG_MAX];
};

// ---- choices

enum choice_kind {
    CHOICE_HEAR,     // a: client
    CHOICE_DELIVER,  // a: parcel
    CHOICE_LOSE,
    CHOICE_REPEAT,
    CHOICE_COPY,    // a: node, b: record, c: from node
    CHOICE_LATE,    // the same, but it only leaves
    CHOICE_WAKE,    // a: node, b: deadline
    CHOICE_NOTICE,  // a: node, b: the other
    CHOICE_CRASH,   // a: node, b: its last writes are lost
    CHOICE_START,
    CHOICE_BREAK,      // a: client
    CHOICE_ATTACH,     // a: client, b: node
    CHOICE_FORGOTTEN,  // the same, at an attach that it left behind
    CHOICE_SUBMIT,     // a: call
    CHOICE_ACCEPT,     // a: desk
    CHOICE_DECLINE,
    CHOICE_END,
    CHOICE_NO_CALL,
    CHOICE_READY,
    CHOICE_JOIN,  // a: call
    CHOICE_JOIN_FAILS,
    CHOICE_HANG_UP,
};

struct choice {
    uint8_t kind, a, b, c;
};

struct node;
struct contents;
struct turns;
struct local;

struct model {
    const struct scenario *scenario;
    enum lie lie;
    uint32_t doubt_every;  // see turns.h
    uint32_t makes_anew;   // every turn, though it was made before: slow, and must come to the same
    struct state now;
    char violation[512];  // "": none

    struct atlas *atlas;
    struct directory *directory;
    struct node *nodes[NODES_MAX];
    struct contents *contents;
    struct turns *turns;
    const struct local *locals;  // by number, of `turns`
    struct arena arena;
    bool is_told;            // the closing run is printed
    bool is_healing;         // the closing run: everything written at once
    uint64_t bound_session;  // by the step just made
    jmp_buf trap;            // a failed check leads here, while it is set
    bool is_trapping;
};

struct model *model_create(const struct scenario *scenario, enum lie lie);  // in the scenario's first state
void model_free(struct model *self);
// Returns how many; always in the same order for the same struct state.
uint32_t model_choices(const struct model *self, struct choice ret_choices[CHOICES_MAX]);
void model_choose(struct model *self, struct choice choice);                                 // then look at `violation`
void model_describe(const struct model *self, struct choice choice, char *to, size_t room);  // before it is made
// Nothing is under way and nobody has anything to do but to wait or to speak.
bool model_is_quiet(const struct model *self);
// Faults stop, everything arrives, people answer and hang up, time passes: does all come to rest? Sets `violation`.
// Leaves the state spoilt.
void model_heal(struct model *self);

#endif
