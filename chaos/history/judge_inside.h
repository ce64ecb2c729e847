// The judge from within: what it keeps of what lives. Included by the judge's files, by nobody else.
//
// judge.c hears an event and hands it on: world.c the driver's facts, clients.c who is attached where, desks.c and
// legs.c what people and calls go through, call_backs.c what becomes of the lost, decisions.c who should have gone
// first. rest.c looks, once a second of the history, for what should have moved by now.
//
// Always true: a leg is kept while its gateway holds it, while a desk has it, or while it is owed to a caller whose
// gateway is gone; a client until it is over; a party while it has a client.
#ifndef CHAOS_HISTORY_JUDGE_INSIDE_H
#define CHAOS_HISTORY_JUDGE_INSIDE_H

#include "chaos/history/judge.h"
#include "cluster/base/check.h"
#include "cluster/base/text.h"

#include <string.h>

#define uthash_fatal(text) check_failed(text, __FILE__, __LINE__, __func__)
#define HASH_FUNCTION HASH_FNV  // the default one falls through its switch
#include <uthash.h>

#define NODES_MAX 64                        // by bits
#define PEOPLE_MAX 16                       // of one call: who accepted it last, and who was tried last
#define ID_MAX_BYTES 160                    // a call's id, or that of a try of a call-back
#define SWEEP_US 1000000                    // so often rest.c looks
#define ENDED_KEPT_US ((uint64_t)60000000)  // a call's end is remembered

struct name {
    char text[NAME_MAX_BYTES + 1];
};

struct node {
    struct name name;
    bool lives, stalls;
    bool was_emptied;
    uint64_t emptied_us;
    bool is_behind;  // made from a backup, at backup_us, and has not caught up since
    uint64_t backup_us;
    uint64_t ran_us;  // without a break since
    bool in_round;    // has told its digest in the round that is open
};

// An agent or a gateway, for good once it has said an attach: the largest that was answered under this name, and whose.
struct party {
    UT_hash_handle hh;
    char key[NAME_MAX_BYTES + 2];  // 'd' or 'g', then the name
    uint64_t largest;
    uint64_t largest_us;
    uint32_t largest_client;
    uint32_t clients;
    uint64_t gone;  // the largest that was said by a client that is no more; a node may have heard it
};

enum desk_has { HAS_NOTHING, HAS_RINGING, HAS_ACCEPTED, HAS_CONVERSATION };

struct judge_place {
    bool known;
    double lat, lon;  // degrees
};

struct client {
    UT_hash_handle hh;
    uint32_t number;
    bool is_desk;
    struct name name;
    struct party *party;
    bool condemned;  // once is enough for what goes on
    bool attached, stalls;
    bool attaches_told;    // the driver tells attempts
    uint64_t sent_attach;  // the last attempt
    uint64_t attach;       // the last that was answered
    struct name node;
    uint64_t opened_us;
    uint64_t settled_us;  // attached and running without a break since
    uint64_t lost_us;     // detached since
    uint64_t attached_us;
    // desks
    uint64_t skills, languages;
    struct judge_place place;
    bool available;
    uint64_t free_us;      // available, and without a call, since
    uint64_t lost_attach;  // a word of this attachment was lost: what the node believes of it is not known
    enum desk_has has;
    char call[ID_MAX_BYTES];
    uint32_t n;        // which offer of that call
    struct leg *leg;   // of that call; NULL: it was over before, or its gateway tells no history
    struct leg *lost;  // of a call-back: the call it stands for; NULL: not known
    uint32_t deadline_ms;
    uint64_t has_us;  // as it does, since
    // gateways
    struct leg *legs;
};

enum leg_state { LEG_SUBMITTED, LEG_WAITING, LEG_RINGING, LEG_CONNECTING, LEG_JOINED, LEG_OWED, LEG_OVER };

struct tried {
    struct name agent;
    uint64_t us;
};

struct leg {
    UT_hash_handle hh;
    struct leg *previous, *next;  // of its gateway
    char id[ID_MAX_BYTES];
    struct client *gateway;  // NULL: gone
    struct name gateway_name;
    enum leg_state state;
    bool is_shared;  // two living clients use this id: not judged
    bool condemned;  // once is enough for what goes on
    bool hung_up;
    bool was_joined;
    bool end_told;    // by a node
    bool is_settled;  // ... as answered or abandoned
    uint64_t submitted_us;
    uint64_t since_us;  // in this state
    uint64_t heard_us;  // the last word about it that its gateway heard
    uint64_t hung_up_us, over_us;
    uint32_t priority;
    uint32_t wait_limit_ms;  // 0: not told
    uint64_t skills, languages, queued_ms;
    uint32_t accepted;  // copies
    uint64_t accepted_us;
    bool copies_told;
    uint64_t copies;  // bits of nodes
    uint64_t copies_us;
    struct name agent;       // to connect to, or joined with
    uint32_t agent_n;        // by which offer; 0: not told
    uint64_t joined_attach;  // the last attempt of its gateway when it joined
    uint64_t agent_left_us;  // the agent's desk has ended the conversation; 0: not
    struct name withdrawn;   // whom a node took it from, before she spoke
    uint32_t withdrawn_n;
    uint64_t withdrawn_us;
    struct tried accepters[PEOPLE_MAX], tried[PEOPLE_MAX];  // rings
    uint32_t accepters_count, tried_count;
    uint32_t desks;    // that have it
    uint32_t backs;    // that have a call-back of it
    uint32_t speaker;  // the client of the desk that speaks with its caller in a call-back; 0: none
    uint64_t speaker_us;
    uint64_t reached_us;  // in a call-back whose desk had come to its end; 0: not
    struct name maker;    // of its last call-back
    uint64_t made_us, made_owed_ms;
    struct name caller;  // the number; "": withheld
    char kept[24];       // what a living node reads of it; "": not told
    bool is_tried;       // a call-back rings or rang, or its caller dialled again and was answered
};

struct wrap {  // what an agent said of a call in wrap-up
    UT_hash_handle hh;
    char call[ID_MAX_BYTES];
    char said[32];
    uint32_t client;
    uint64_t us;
    bool excused;    // its desk was gone before a node can be demanded to have heard it, or was refused
    bool is_shared;  // said by two
};

#define JUDGE_NEAREST_MAX 4  // rung at once

struct judge_watch {  // a call, from its submission until it is sure whom it should have rung
    bool open;
    char call[ID_MAX_BYTES];
    struct judge_place place;
    uint32_t width, count;
    struct judge_near {
        uint32_t client;
        double km;
    } nearest[JUDGE_NEAREST_MAX];
    uint64_t rung_us;  // at a farther one; 0: not yet
    double rung_km;
    struct name rung;
};

struct judge {
    struct judge_options options;
    uint64_t us;  // of the event being heard
    uint64_t events, violations;
    struct judge_violation kept[JUDGE_VIOLATIONS_MAX];
    struct client *clients;
    struct party *parties;
    struct leg *legs;
    struct wrap *wraps;
    struct node nodes[NODES_MAX];
    uint32_t nodes_count;
    bool whole, quiet, ended;
    uint32_t nodes_stalled;
    uint64_t whole_us;
    uint64_t calm_us;   // whole, and without a fault since
    uint64_t nodes_us;  // a node died, started, or stood still
    uint64_t quiet_us;
    uint64_t sweep_us;  // when rest.c looks next
    struct judge_watch watch;
    uint64_t unserved_us;  // the last word about a call that was not joined
    struct {               // digests told at one time
        bool open, differs;
        uint64_t us, digest, records;
        uint32_t first;  // node
        uint32_t other;
    } round;
    struct {
        uint64_t calls, accepted, connected, rings, reattached, owed, made, called_back, ended;
        uint64_t decisions, decisions_compared, rounds, kept_told, copies_told, sweeps, nearest;
        uint64_t not_kept, not_copied;  // vanished callers of whom the driver did not tell enough
    } count;
};

// ---- judge.c

void judge_condemn(struct judge *self, enum judge_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
bool judge_is_calm(const struct judge *self);
// It is calm, and `ms` have passed since then and since `us`.
bool judge_passed(const struct judge *self, uint64_t us, uint32_t ms);

static inline double seconds(uint64_t us)
{
    return (double)us / 1e6;
}

static inline const char *text_or_none(const char *text)
{
    return text == NULL ? "" : text;
}

static inline void name_set(struct name *name, const char *text)
{
    text_copy(name->text, sizeof name->text, text_or_none(text));
}

static inline bool name_is(const struct name *name, const char *text)
{
    return strcmp(name->text, text_or_none(text)) == 0;
}

// ---- wraps.c

void judge_wrap_hear(struct judge *self, const struct history_event *event);
void judge_wraps_free(struct judge *self);

// ---- world.c

void judge_world_hear(struct judge *self, const struct history_event *event);
struct node *judge_world_node(struct judge *self, const char *name);  // made when new; NULL: no room, or no name
bool judge_world_serves(const struct judge *self);                    // a node lives, or none was ever named
void judge_world_close_round(struct judge *self);
void judge_world_check_copies(struct judge *self, const struct leg *leg);
// Of the nodes that had it on disk, is there one alive with that disk? Fewer than all is told: in favour of no.
bool judge_world_must_have(struct judge *self, const struct leg *leg);

// ---- clients.c

void judge_client_hear(struct judge *self, const struct history_event *event);
struct client *judge_client_find(struct judge *self, uint32_t number);
// The client that a word of a desk or gateway is of; NULL, and condemned, when there is none.
struct client *judge_client_need(struct judge *self, const struct history_event *event, bool is_desk);
// A node serves it at `attach` (0: its own): is there a larger one that it should know of?
void judge_client_served(struct judge *self, struct client *client, uint64_t attach);
// No larger attach was answered under its name, or said by a client that is gone: no node may prefer another's word.
bool judge_client_leads(const struct client *client);
bool judge_client_is_sound(const struct client *client,
                           uint64_t since_us);             // attached and running without a break since then
bool judge_client_lost_word(const struct client *client);  // of its present attachment
const char *judge_client_kind(const struct client *client);

// ---- desks.c

void judge_desk_hear(struct judge *self, const struct history_event *event);
void judge_desk_release(struct judge *self, struct client *desk);  // it has no call any more

// ---- legs.c

void judge_leg_hear(struct judge *self, const struct history_event *event);
struct leg *judge_leg_find(struct judge *self, const char *id);
void judge_leg_drop(struct judge *self, struct leg *leg);  // when nothing keeps it
void judge_leg_gateway_gone(struct judge *self, struct leg *leg, bool in_order);
void judge_leg_end(struct judge *self, struct leg *leg);
void judge_leg_note(struct tried *people, uint32_t *count, const char *agent, uint64_t us);
bool judge_leg_has(const struct tried *people, uint32_t count, const char *agent, uint64_t since_us);
bool judge_leg_suits(const struct leg *leg, const struct client *desk);
bool judge_leg_waits(const struct leg *leg);

// ---- call_backs.c

void judge_call_back_made(struct judge *self, const struct history_event *event);
void judge_call_back_rings(struct judge *self, struct client *desk, const struct history_event *event);
void judge_call_back_reached(struct judge *self, struct client *desk);
void judge_call_back_left(struct judge *self, struct client *desk);  // the desk has it no more
// A leg has ended as `reason`: it may have been a call-back.
void judge_call_back_settle(struct judge *self, const struct leg *leg, const char *reason);
// Every lost call of that caller: he was rung, or has been answered.
void judge_call_back_tried(struct judge *self, const char *caller);

// ---- decisions.c

void judge_decision_hear(struct judge *self, const struct history_event *event);

// ---- nearest.c

bool judge_place_read(const char *text, struct judge_place *ret_place);
void judge_nearest_look(struct judge *self, const struct history_event *event);  // before the others hear it
void judge_nearest_hear(struct judge *self, const struct history_event *event);  // after them

// ---- rest.c

void judge_rest_sweep(struct judge *self);
void judge_rest_at_end(struct judge *self);

#endif
