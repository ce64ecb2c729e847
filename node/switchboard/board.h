// The board's own state. Included by the switchboard's files, by chaos/model/fingerprint.c and by
// tests/unit/orphans_test.c, by nobody else: what is added here that decides anything is added to the fingerprint, too.
//
// Who writes what: a struct call is `mine` when this node, in this boot, owns its newest version. Its body is read from
// the store when a step needs it (a draft), changed there, and put once at the end of the step.
#ifndef NODE_SWITCHBOARD_BOARD_H
#define NODE_SWITCHBOARD_BOARD_H

#include "cluster/base/text.h"
#include "cluster/base/timers.h"
#include "cluster/store/tables.h"
#include "cluster/wire/arena.h"
#include "node/route/route.h"
#include "node/route/waiting.h"
#include "node/switchboard/figures.h"
#include "node/switchboard/stats.h"
#include "node/switchboard/switchboard.h"

#include "client.pb-c.h"
#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <utlist.h>

#define CALL_OFFERS_MAX 16  // open at once: the ring width, and those kept open at nodes that went down
#define CALL_TRIED_MAX 32
#define DESK_PASSED_MAX 8
#define DESK_ANSWERED_MAX 8
#define DRAFT_BUDGET_BYTES ((size_t)256 * 1024)

struct party {  // who owns a record: a node in one boot
    uint32_t node;
    uint64_t boot;
};

struct board_node {
    char *name;
    uint64_t up_boot;     // 0: down
    uint64_t changed_us;  // when it last went up or down
    uint32_t rtt_us;
    uint32_t speaks;                // the newest protocol it understands; 0: never seen up
    uint64_t heard_boot, heard_ms;  // a third hears it, in that boot; when that was said, by the clock of callbacks
    bool swept;                     // its feeds were taken over in this boot of ours
};

// ---- N: what the owner of a call does for it

struct offer {
    uint32_t n;
    uint32_t agent;  // by the directory
    uint64_t agent_login;
    uint32_t node;  // where the desk was when it was made or heard
    uint64_t deadline_us;
    uint64_t repeat_us;  // said again then, until the desk's node answers
    bool rings;          // the desk's node said so
    bool told;           // the gateway knows
    bool unreachable;    // the desk's node is down: it counts no longer for the ring width
};

struct tried {
    uint32_t agent;
    uint64_t until_us;
    uint64_t login;  // whose: it says nothing of who signs in later
    bool by_node;    // the agent's node refused, not the person: an Invite lifts it
};

struct duty {
    struct offer offers[CALL_OFFERS_MAX];
    uint32_t offer_count;
    struct tried tried[CALL_TRIED_MAX];
    uint32_t tried_count;
    bool taken;  // by the offer below: accepted, not refused since
    struct offer taker;
    bool joined;
    uint64_t doubt_us;  // when the taker's desk is asked, as long as its record does not name the call
};

struct gateway;

struct call {  // not ended
    UT_hash_handle hh;
    char *id;
    uint64_t attach;
    struct party owner;
    uint64_t born_ms;
    Rec__CallState state;
    uint32_t queue;  // DIRECTORY_NONE: the directory no longer has it
    bool mine;
    bool is_call_back;      // and has no gateway
    bool rests;             // a call-back that is not offered just now
    bool diverted;          // mine and waiting: its gateway is told of the last resort; see diverts.c
    bool drafted, changed;  // in this step
    Rec__Call *body;        // the draft
    struct waiting_entry waiting;
    struct gateway *gateway;
    struct call *gateway_next, *gateway_previous;
    struct duty *duty;  // mine, and it has been offered
    struct timer timer;
    uint64_t wait_limit_us;  // mine
    uint64_t rest_until_us;  // mine and resting; TIMER_NEVER: until its caller's other call is over
    uint64_t desk_seen_us;   // mine, a call-back and taken: its desk was last known to have it
    uint64_t news_us;        // mine and waiting: the next word on the position, or on the last resort
    uint32_t position;       // last told
    uint32_t invited_agent;  // M: one of our desks asks for it, plus one
    uint8_t orphan_looks;    // see orphans.c
    struct call *next_draft;
};

struct listed {       // what a gateway listed once: it is here when this feed is, up to there
    uint64_t attach;  // when; 0: not known
    uint64_t boot;    // 0: in no feed, but by the gateway's own word
    uint64_t seq;
    char node[NAME_MAX_BYTES + 1];
};

struct gateway {
    UT_hash_handle hh;
    char *name;
    char site[NAME_MAX_BYTES + 1];  // where it stands, "" when it did not say
    uint64_t attach;                // the largest seen
    struct listed before;           // at the last one of the login before
    uint64_t beaten;                // the last one here, if another login's beat it from elsewhere
    struct party owner;             // where
    uint64_t session;               // here and attached: the session; otherwise 0
    bool here;                      // attached here last, and not elsewhere since
    bool told;                      // all that it listed elsewhere has come here
    bool left;                      // it signed off in order
    bool silent;                    // its node does not hear it
    bool lets_go;                   // it says so when it is asked
    uint64_t seq;                   // of its attachment in its node's feed, when it is elsewhere
    uint64_t copied_us;             // when that was heard of
    struct timer timer;             // how long its calls are kept for it
    struct call *calls;
};

// ---- M: a desk that is attached here

struct passed {  // calls the person declined or let ring: not again just now
    char call[CALL_ID_MAX_BYTES + 1];
    uint64_t until_us;
};

struct answered {  // what an owner has said to an Invite: nothing before this call is for this desk just now
    uint32_t node;
    bool nothing;  // nor anything else of it
    uint64_t until_us;
    uint32_t priority;
    uint64_t queued_ms;
    char call[CALL_ID_MAX_BYTES + 1];
};

struct rung {  // the offer at a desk
    char call[CALL_ID_MAX_BYTES + 1];
    uint64_t call_attach;
    uint32_t n;
    uint32_t node;         // the call's owner now
    uint64_t deadline_us;  // while it rings
    bool accepted, confirmed, joined;
    bool not_reached;      // a call-back, dialled in vain: reason and text
    uint32_t declined_ms;  // the person has declined the call before, which holds for so long yet
    char reason[24];
    char text[201];
};

struct here {
    uint32_t agent;  // by the directory
    uint64_t session;
    struct rung rung;                  // call "" when there is none
    struct rung leaving;               // a conversation the desk ended, until its owner knows
    struct rung asked;                 // its owner says that the desk took it, and the desk did not say so
    char hold[CALL_ID_MAX_BYTES + 1];  // invited for this call; "" when not held
    uint64_t hold_until_us;
    struct passed passed[DESK_PASSED_MAX];
    uint32_t passed_next;
    struct answered answered[DESK_ANSWERED_MAX];
    uint32_t answered_next;
    struct timer timer;
    bool engaged;  // in the board's list: rung or leaving
    struct here *prev, *next;
};

struct desk {  // one per agent of the directory
    Rec__AgentState state;
    char reason[NAME_MAX_BYTES + 1];
    char call[CALL_ID_MAX_BYTES + 1];
    uint64_t since_ms;
    uint64_t attach;  // 0: never seen
    struct party owner;
    uint32_t misses;
    bool changed;          // in this step
    uint8_t orphan_looks;  // see orphans.c
    struct here *here;     // attached now
    struct call *offered;  // N: our call that is offered to it, or that the agent has taken; see offer_holds
};

struct sweep {  // for states that have nobody
    bool goes_on;
    struct call *call;  // the next; NULL: the desks are looked at
    uint32_t agent;
    uint64_t found, orphans;  // so far, and in the last whole sweep
};

struct board {
    char node[NAME_MAX_BYTES + 1];
    char site[NAME_MAX_BYTES + 1];
    struct sphere_point at;
    uint64_t boot;
    const struct store *store;
    const struct atlas *atlas;
    const struct directory *directory;  // NULL: none yet
    uint32_t calls_max;
    bool tells_decisions;
    bool stores_nothing;  // its disk is broken
    bool is_restored;     // from a backup, and has not caught up

    struct board_node *nodes;
    uint32_t node_count;
    struct call *calls;
    uint32_t call_count;
    struct callbacks *callbacks;
    struct gateway *gateways;
    struct desk *desks;          // by the directory's agents
    struct here *engaged;        // desks here that have a call, or leave one
    struct route_agent *agents;  // the same
    struct route *route;         // who could be offered a call
    struct route *own;           // the same, of our own desks
    void *route_memory, *own_memory;
    struct waiting *waiting;
    struct timers timers;
    struct timer tick;
    struct stats stats;

    // the step
    struct now now;
    struct effects *effects;
    struct arena arena;
    struct call *drafts;
    uint32_t *changed_desks;
    uint32_t changed_desk_count;
    struct counters {
        uint64_t calls_submitted, calls_refused, offers_made, offers_taken, offers_refused, invites, invites_declined,
            talk_ignored, records_ignored, words_refused, tried_forgotten, offers_kept_back, callbacks_made,
            callbacks_made_later, callbacks_made_alone, callbacks_put_off, callbacks_cancelled, callbacks_reached,
            callbacks_failed, callbacks_expired, promises_dropped, redials, attaches_stale;
    } counters;
    struct figures figures;
    struct sweep sweep;
};

enum timer_kind { TIMER_CALL = 1, TIMER_DESK, TIMER_GATEWAY, TIMER_TICK };

// ---- board.c: looking up, drafts, who is up

uint32_t board_node_index(struct board *self, const char *name);
bool board_owner_up(const struct board *self, struct party owner);
uint32_t board_rtt_us(const struct board *self, uint32_t node);
bool board_knows_call_backs(const struct board *self, uint32_t node);                 // by the protocol it speaks
bool board_is_of_directory(const struct board *self, const struct board_node *node);  // or that names none
struct call *board_find_call(const struct board *self, const char *id);
struct call *board_add_call(struct board *self, const char *id);
void board_drop_call(struct board *self, struct call *call);
struct gateway *board_gateway(struct board *self, const char *name);
void board_link_gateway(struct call *call, struct gateway *gateway);
Rec__Call *board_body(struct board *self, struct call *call);    // reading
Rec__Call *board_change(struct board *self, struct call *call);  // to be put at the end of the step
void board_desk_changed(struct board *self, uint32_t agent);
char *board_text(struct board *self, const char *text);  // a copy that lives as long as the step
void *board_take(struct board *self, size_t bytes);
// Unpacks the body of the call that stands in the store, ended or not; NULL: there is none. Lives as long as the step.
Rec__Call *board_stored_call(struct board *self, const char *id, const struct record **ret_record);
void board_set_directory(struct board *self, const struct directory *directory);
// Sets what routing and waiting need to know of a call, from its body.
void board_read_call(struct board *self, struct call *call, const Rec__Call *body);
void board_refresh_desk(struct board *self, uint32_t agent);  // in the routing indexes
void board_flush(struct board *self);                         // drafts and desks into effects

// ---- intake.c: how a call comes to be here

void call_submit(struct board *self, const struct event *event);
// Whether it would be taken, if this node's own site submitted it; changes nothing.
bool call_is_admitted(const struct board *self, const Cli__Submit *submit, const char **ret_reason);
// From a gateway's attach: the call as the gateway has it.
void call_take(struct board *self, struct gateway *gateway, const Cli__HeldCall *held, uint64_t attach);

// ---- calls.c: the lifecycle of a call, at its owner

bool call_may_ring_at(const struct board *self, const struct call *call, uint32_t agent);  // by that node's protocol
void call_ring(struct board *self, struct call *call);                     // offers it on, or lets it wait
void call_move(struct board *self, struct call *call, Rec__CallState to);  // checked against the diagram
void call_end(struct board *self, struct call *call, Rec__EndReason end, const char *detail);
// Whoever took it does not have it: back to its old place.
void call_free_again(struct board *self, struct call *call, const char *detail);
void call_connect(struct board *self, struct call *call);  // tells the gateway whom to connect
void call_deadline(struct board *self, struct call *call);
void call_start_wait(struct board *self, struct call *call);  // its wait limit counts from now
void call_let_go(struct board *self, struct call *call);      // another owns it now
void call_set_timer(struct board *self, struct call *call);
void call_count_end(struct board *self, const Rec__Call *body);  // in the queue's statistics
// Among those that wait; an agent's node looks only at calls whose owner is up.
void call_enqueue(struct board *self, struct call *call);  // nothing, unless it waits and its owner is up
void call_dequeue(struct board *self, struct call *call);  // nothing, when it is not in

// ---- diverts.c: to the queue's last resort

void call_expire(struct board *self, struct call *call);
void call_divert(struct board *self, struct call *call);        // tells its gateway; again, until it has let go
void call_end_diverted(struct board *self, struct call *call);  // it has

// ---- gateways.c

void gateway_attach(struct board *self, const struct event *event);
void gateway_word(struct board *self, const struct event *event);
void gateway_gone(struct board *self, const struct event *event);
void gateway_deadline(struct board *self, struct gateway *gateway);
void gateway_copied(struct board *self, const struct record *record);

// ---- listings.c: what a gateway lists, and what it does not

// All of its node's feed up to its attachment is here, and so the calls it lists.
bool gateway_is_swept(const struct board *self, const struct gateway *gateway);
enum unlisted {
    UNLISTED_LOST,    // with the gateway: it did not attach at that login since
    UNLISTED_UNTOLD,  // it did, and what it listed is not here; it may never come, when that node lost its disk
    UNLISTED_ENDED    // it did, and did not list it: so the call has ended
};
// What became of a call that it held at `attach` and holds no more.
enum unlisted gateway_unlisted(const struct board *self, const struct gateway *gateway, uint64_t attach);
// Whose feed that was, when it is UNLISTED_UNTOLD.
struct party gateway_lister(struct board *self, const struct gateway *gateway, uint64_t attach);
// It has ended, and that is sure: what it lists is here. False, too, when there is no such gateway.
bool gateway_let_go(const struct board *self, const char *name, uint64_t attach);
// By its gateway's word, said or inferred.
void gateway_end_in_order(struct board *self, struct call *call, const char *detail);
// Its gateway is lost, and the caller's leg with it.
void gateway_end_lost(struct board *self, struct call *call, const char *detail);
// Calls it held at a smaller attach and no longer lists.
void gateway_end_unlisted(struct board *self, struct gateway *gateway);
// Ends another's call that its gateway no longer held when it was attached here, and beaten; returns whether it did.
bool gateway_end_beaten(struct board *self, struct call *call);
// The last attachment known here, of the login that ends now. What it listed is wherever that feed is as far as here.
void gateway_note_before(struct board *self, struct gateway *gateway);
void gateway_read_before(struct gateway *gateway, const Rec__Gateway *body);
// It is elsewhere: once all that it lists is here, what it does not list has ended; or its node died before it told.
void gateway_settle(struct board *self, struct gateway *gateway);
void gateway_settle_soon(struct board *self, struct gateway *gateway);  // in a while, if it left calls behind

// ---- offers.c: an offer, at the call's owner

struct duty *offer_duty(struct call *call);
struct offer *offer_find(struct call *call, uint32_t agent);  // open, or NULL
bool offer_holds(const struct board *self, uint32_t agent);   // a call of ours: no other is offered to the agent
bool offer_make(struct board *self, struct call *call, uint32_t agent, uint32_t rank, uint32_t eligible, bool invited);
void offer_close(struct board *self, struct call *call, uint32_t agent, Rec__OfferOutcome outcome, const char *detail);
void offer_close_all(struct board *self, struct call *call, Rec__OfferOutcome outcome, const char *reason);
void offer_overdue(struct board *self, struct call *call);
void offer_say_again(struct board *self, struct call *call, struct offer *offer, bool invited);
void offer_repeat(struct board *self, struct call *call);  // those that were not answered
void offer_note(struct board *self, struct call *call, uint32_t n, Rec__OfferOutcome outcome, const char *detail);
bool offer_was_tried(const struct board *self, const struct tried *tried);  // and is not offered it just now
void offer_try(struct board *self, struct call *call, uint32_t agent, uint64_t ms, bool by_node);
// From the story: offers another owner made. Said again, unless somebody has the call, who may be one of them.
void offer_restore(struct board *self, struct call *call, bool is_taken);
void offer_node_up(struct board *self, struct call *call, uint32_t node);
void offer_desk_copied(struct board *self, uint32_t agent);
void offer_desk_set(struct board *self, uint32_t agent);  // here
void offer_confirm(struct board *self, struct call *call);
// The taker's desk is here or at a node that is up, and its record says that it does not have the call.
bool offer_is_doubtful(const struct board *self, const struct call *call);
// Taken, and another call stands for its agent here (`offered`): no copy of her desk brings this one up.
bool offer_is_unfollowed(const struct board *self, const struct call *call);
void offer_withdraw_taker(struct board *self, struct call *call, const char *reason);

// ---- offer_answers.c

void offer_answered(struct board *self, const char *from, const Peer__OfferAnswer *answer);

// ---- wraps.c: how conversations went

void wrap_say(struct board *self, uint32_t agent, const struct Cli__DeskWord *word);
// The desk has the caller of this call-back on the line: noted here, and written for all.
void wrap_reached(struct board *self, uint32_t agent, const char *call);
// The same, as the desk says it with every attachment; nothing where it cannot be so.
void wrap_reached_before(struct board *self, uint32_t agent, const char *call);
bool wrap_is_reached(struct board *self, const char *call);  // by what any desk's node wrote

// ---- desks.c: the lifecycle of a desk, at its node

void desk_attach(struct board *self, const struct event *event);
void desk_word(struct board *self, const struct event *event);
void desk_gone(struct board *self, const struct event *event);
void desk_deadline(struct board *self, uint32_t agent);
void desk_set(struct board *self, uint32_t agent, Rec__AgentState state, const char *reason);
// After every change of what the desk has: its timer, and whether it is engaged.
void desk_settle(struct board *self, uint32_t agent);
// The session here is over: `attach`, at `node`, is larger, and goes on with `call` ("": none).
void desk_supersede(struct board *self, uint32_t agent, uint64_t attach, const char *node, const char *call);

void desk_end(struct board *self, uint32_t agent);                             // the desk ends its call
void desk_clear_call(struct board *self, uint32_t agent, const char *reason);  // the call there is no longer the desk's

// ---- rings.c: an offer at the desk

void desk_offered(struct board *self, const char *from, const Peer__Offer *offer);
void desk_withdrawn(struct board *self, const char *from, const Peer__Withdraw *withdraw);
void desk_confirmed(struct board *self, const char *from, const Peer__Confirm *confirm);
Peer__Answer desk_answer(const struct rung *rung);          // what the call's owner is told of it
void desk_say_leaving(struct board *self, uint32_t agent);  // ... and of the call that the desk has ended
void desk_dialled(struct board *self, uint32_t agent, const Cli__DeskWord *word);
// It has reached the caller of a call-back that it no longer has here.
void desk_regain(struct board *self, uint32_t agent, const Cli__DeskWord *word);
void desk_call_copied(struct board *self, const struct call *call, const Rec__Call *body);

// ---- invites.c

void invite_desk(struct board *self, uint32_t agent);               // our desk is free: is there a call for it?
void invite_for_call(struct board *self, const struct call *call);  // a call waits: have we a desk for it?
void invite_received(struct board *self, const char *from, const Peer__Invite *invite);
void invite_declined(struct board *self, const char *from, const Peer__InviteDeclined *declined);
void invite_pass(struct board *self, uint32_t agent, const char *call, uint64_t ms);  // declined, or let ring
// How long it holds yet that this desk let the call ring; 0: it did not.
uint32_t invite_declined_ms(const struct board *self, uint32_t agent, const char *call);
void invite_release(struct board *self, uint32_t agent);  // no longer held
void invite_call_ended(struct board *self, const struct call *call);
// The waiting call that goes first for this desk, among those it may be offered now, but for `except` (may be NULL).
struct call *invite_best(struct board *self, uint32_t agent, const char *except);
// Waits, and this desk could be offered it now, as far as is known here; eligible or not.
bool invite_may_offer(struct board *self, uint32_t agent, const struct call *call);
// The owner `node` answers an Invite with this offer: no call of its own that goes before is for this desk now.
void invite_answered(struct board *self, uint32_t agent, uint32_t node, const struct Peer__Offer *offer);
// This owner had nothing for the desk, perhaps because it took it for one that has a call; it does no more.
void invite_again(struct board *self, uint32_t agent, uint32_t node);

// ---- copies.c: what other nodes wrote

void copy_record(struct board *self, const struct record *record);
void copy_purged(struct board *self, const char *id);
void copy_peer_up(struct board *self, const struct event *event);
void copy_peer_down(struct board *self, const struct event *event);
// Its gateway has attached elsewhere since, and this version says nothing of it: not offered, not invited.
bool call_is_left_behind(const struct call *call);
// And what the gateway listed there is here, without the call: it reads as over.
bool call_reads_as_over(const struct board *self, const struct call *call);

// ---- orphans.c: what nobody renews and no deadline ends

void orphans_tick(struct board *self);
void orphans_forget(struct board *self, const struct call *call);  // is about to be dropped

// ---- say.c: messages out

void say_to_session(struct board *self, uint64_t session, Cli__ToClient *message);
void say_refused(struct board *self, uint64_t session, const char *reason, const char *what, uint64_t attach,
                 const char *format, ...) PRINTF_LIKE(6, 7);
void say_call_news(struct board *self, struct call *call, Cli__CallNews *news);
// The end of a call that is known from the store only.
void say_ended(struct board *self, uint64_t session, uint64_t attach, const char *call, const Rec__Call *body);
void say_stale(struct board *self, uint64_t session, const char *name, uint64_t attach, uint64_t largest);
// And unbinds the session. Nothing for session 0.
void say_superseded(struct board *self, uint64_t session, Rec__Kind kind, const char *name, uint64_t attach,
                    uint64_t by, const char *node);
void say_desk_news(struct board *self, uint32_t agent, const char *call, bool connected, bool ended);
void say_desk_asks(struct board *self, uint32_t agent, const char *call, uint32_t n);
void say_desk_withdrawn(struct board *self, uint32_t agent, const char *call, uint32_t n, const char *reason);
void say_to_node(struct board *self, uint32_t node, Peer__Talk *talk);
void say_offer_answer(struct board *self, uint32_t agent, const struct rung *rung, Peer__Answer answer,
                      const char *reason);
Peer__OfferName say_offer_name(const struct board *self, const struct call *call, const struct offer *offer);
void say_withdraw(struct board *self, const struct call *call, const struct offer *offer, const char *reason);
void say_orphan(struct board *self, const char *what, const char *kind, const char *id);
// For a judge, by what was known here: see board_options.
void say_decided(struct board *self, uint32_t agent, const Peer__Offer *offer);
struct made {  // a call-back
    const char *call;
    uint32_t number;
    uint64_t owed_ms;   // without a break, as this node knew it
    uint32_t nodes;     // of the directory
    const char *heard;  // the call's owner, as a node in reach still hears it; "": nobody does
    const char *other;  // another call-back of it: "kept", had an outcome; "lives"; "": none
};
void say_made(struct board *self, const struct made *made);
struct effect *say_effect(struct board *self, enum effect_type type);

static inline struct call *call_of_entry(const struct waiting_entry *entry)
{
    return entry == NULL ? NULL : (struct call *)(void *)((char *)entry - offsetof(struct call, waiting));
}

static inline uint64_t attach_login(uint64_t attach)
{
    return attach >> 20;
}

#endif
