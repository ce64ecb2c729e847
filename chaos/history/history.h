// What happened in a run, as events: what the clients saw and said, and what the driver of the run knows for sure of
// the world. Both drivers, the simulator and the one of live processes, tell it in these words; judge.h judges it.
//
// As text (a trace) an event is one line:
//
//     TIME WORD [KEY=VALUE]...        1204500 desk.rings client=7 party=anna call=gw-1-4 n=1 deadline_ms=20000
//
// TIME is microseconds on the driver's own clock, never decreasing; WORD and KEYs are those below; numbers are decimal,
// or hexadecimal after 0x; a byte of a value that is a blank, '%', or not printable ASCII is written %XX. A key that is
// 0 or "" is left out. Empty lines and lines that begin with '#' are no events.
//
// Clients are told apart by `client`: a number of the driver's own, above 0, new for every start of a client (a second
// desk of one agent is another client; a re-attach is not). Calls are told apart by their id.
#ifndef CHAOS_HISTORY_HISTORY_H
#define CHAOS_HISTORY_HISTORY_H

#include "cluster/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

// X(name, word). The keys of each stand beside it, [in brackets]: when known. All events of clients have `client`.
//
// at.whole    begins the time in which progress is demanded: all links work or are walked around, disks and clocks are
//             well, and what is still dead or gone stays so. A fault after it (node.died, ...) makes the judge wait
//             anew; after at.fault nothing is demanded until the next at.whole. A history without faults begins with
//             it.
// node.caught_up: `node`, which was made from a backup, says that it makes call-backs again: it has taken over what
//             `number` of `records` others had that remember more, or (reason: operator) was told to do without.
// node.digest is asked of every living node at the same TIME, some time after at.quiet.
// call.copies is looked up on the disks as the gateway is told accepted; or, better, as a node says it: then `number`
// is
//             the n of its accepted(n), and `records` counts those whose disk is lost, as it cannot have heard yet.
// call.kept   is what a living node reads of a call whose gateway is gone, before at.end: owed, waiting, ringing,
//             connected, called_back_done, called_back_expired, or how it ended.
// call.decided: `node` lets its own desk `agent` ring for `call`; told as it sends the desk its Offered. `list`: the
//             other waiting calls that it knew it could offer this desk now (owner up, not refused by this agent within
//             retry_ms, Invite not just declined), eligible or not, in any order, each as `call` or, as the node knows
//             them, `call:priority:queued_ms`; priority, queued_ms: of the call itself, as the node knows them (0: not
//             told).
// call_back.made: `node` makes this call-back. `list`: the other nodes of the directory in its reach, of `records` in
// all;
//             `number`: for how many ms it has known that it is owed; `party`: the owner of the call, when a node in
//             reach still hears that; `reason`: kept or lives, when it knows that another call-back had its outcome, or
//             goes on.
// told.*      is a node's message as it comes off the wire, whatever the client library then makes of it.
// client.word_lost is told of every word that the world loses between a node and this client, and does not tell the
//             client as a broken connection that it attaches anew for: without it an innocent node is found guilty.
//             `attach`: the attachment it was for (0: not told, the last that was said).
// The driver leaves a directory on at least one disk, and every client knows a node that will live at the end: what is
// stuck for want of either is called stuck.
// A call-back is a call of its own, `call~k`, whose leg no gateway holds: the agent dials, and says how that went.
//
// clang-format off
#define HISTORY_WORDS(X)                                                                                               \
    /* the world */                                                                                                    \
    X(NODE_STARTED, "node.started")     /* node, boot, number: 1 when its disk is empty (lost, or never used) or       \
                                           older than it was, [reason]: backup, when made anew from one */             \
    X(CAUGHT_UP, "node.caught_up")      /* node, number, records, reason */                                            \
    X(NODE_DIED, "node.died")           /* node: killed; what it had not on disk is gone */                            \
    X(NODE_STALLED, "node.stalled")     /* node: it, or its disk, does not run for a while */                          \
    X(NODE_RESUMED, "node.resumed")     /* node */                                                                     \
    X(MISSES, "node.misses")            /* node, party: it has heard nothing of that node, and takes it for down */    \
    X(AT_FAULT, "at.fault")             /* [reason]: a cut, a bad disk, a jumping clock, loss, ... */                  \
    X(AT_WHOLE, "at.whole")             /* */                                                                          \
    X(AT_QUIET, "at.quiet")             /* from here on nobody does anything new, and records are at rest */           \
    X(AT_END, "at.end")                 /* the last event: what is stuck now is stuck */                               \
    X(DIGEST, "node.digest")            /* node, number, [records] */                                                  \
    X(LAG, "node.lag")                  /* node, party: the peer whose feed, number: changes not here yet */           \
    X(ORPHANS, "node.orphans")          /* node, number: its metric orphan_states */                                   \
    X(COPIES, "call.copies")            /* call, list: nodes that have it on disk, [number, records] */                \
    X(KEPT, "call.kept")                /* call, reason */                                                             \
    X(DISPOSITION, "call.disposition")  /* node, call, [reason]: what that node reads of it, before at.end */          \
    X(DECIDED, "call.decided")          /* node, call, agent, list, [priority, queued_ms] */                           \
    X(MADE, "call_back.made")           /* node, call, list, records, number, [party, reason] */                       \
    /* any client */                                                                                                   \
    X(DESK_OPENS, "desk.opens")         /* party: the agent, skills, languages: bits of what the agent has,            \
                                           [place] */                                                                  \
    X(GATEWAY_OPENS, "gateway.opens")   /* party */                                                                    \
    X(ATTACHES, "client.attaches")      /* attach, [node]: it sent this attempt */                                     \
    X(ATTACHED, "client.attached")      /* attach, node: answered, and taken as its own */                             \
    X(DETACHED, "client.detached")      /* */                                                                          \
    X(SUPERSEDED, "client.superseded")  /* attach: by which. This client is over */                                    \
    X(REFUSED, "client.refused")        /* reason, [call] */                                                           \
    X(LEAVES, "client.leaves")          /* signs off in order: its calls end */                                        \
    X(VANISHED, "client.vanished")      /* without a word, for good, its callers' legs with it */                      \
    X(STALLED, "client.stalled")        /* hangs: reads and says nothing */                                            \
    X(RESUMED, "client.resumed")        /* */                                                                          \
    X(WORD_LOST, "client.word_lost")    /* a node's message to this client was lost on its way */                      \
    /* desks */                                                                                                        \
    X(TOLD_OFFER, "told.offer")         /* attach, call, n, node */                                                    \
    X(RINGS, "desk.rings")              /* call, n, deadline_ms, [party: the number, of a call-back]: the person hears it */ \
    X(ACCEPTS, "desk.accepts")          /* call: the person's doing */                                                 \
    X(DECLINES, "desk.declines")        /* call: the person's doing */                                                 \
    X(WITHDRAWN, "desk.withdrawn")      /* call, reason: it rings no more; or, accepted, will not come */              \
    X(DESK_CONNECTED, "desk.connected") /* call */                                                                     \
    X(REACHED, "desk.reached")          /* call: a call-back, the caller is on the line; the person's doing */         \
    X(NOT_REACHED, "desk.not_reached")  /* call, reason: dialled in vain; the person's doing */                        \
    X(ENDS, "desk.ends")                /* call: the person ends it, or gives up waiting for an accepted call */       \
    X(DISPOSES, "desk.disposes")        /* call, reason: how it went, said in wrap-up */                               \
    X(DESK_ENDED, "desk.ended")         /* call, reason */                                                             \
    X(STATE, "desk.state")              /* reason: available, ringing, on_call, wrap_up, not_ready */                  \
    /* gateways */                                                                                                     \
    X(SUBMITTED, "leg.submitted")       /* call, priority, skills (all needed), languages (any; 0: no matter),         \
                                           [deadline_ms: the longest wait of its queue],                              \
                                           [place, number: how many desks its queue rings at once],                    \
                                           [party: the caller's number] */                  \
    X(MOVED, "leg.moved")               /* the same: it now waits in another queue */                                  \
    X(ACCEPTED, "leg.accepted")         /* call, number: copies, [queued_ms] */                                        \
    X(WAITING, "leg.waiting")           /* call, [queued_ms] */                                                        \
    X(RINGING, "leg.ringing")           /* call, agent, n */                                                           \
    X(TOLD_CONNECT, "told.connect")     /* attach, call, agent, n */                                                   \
    X(CONNECT, "leg.connect")           /* call, agent, n: told to join the legs */                                    \
    X(JOINED, "leg.joined")             /* call: with the agent of the last connect; the gateway's doing */            \
    X(JOIN_FAILED, "leg.join_failed")   /* call */                                                                     \
    X(HUNG_UP, "leg.hung_up")           /* call: the caller's doing */                                                 \
    X(LEG_ENDED, "leg.ended")           /* call, reason: answered, abandoned, refused, expired, called_back, lost */
// clang-format on

enum history_word {
    HISTORY_NONE,
#define X(name, word) HISTORY_##name,
    HISTORY_WORDS(X)
#undef X
        HISTORY_WORDS_COUNT
};

struct history_event {  // what a word does not name is 0 or NULL. Strings are lent
    uint64_t us;
    enum history_word word;
    uint32_t client;
    const char *party;  // agent or gateway
    const char *node;
    const char *call;
    const char *agent;
    const char *reason;
    const char *list;   // names divided by commas, no blanks
    const char *place;  // latitude, comma, longitude, in millionths of a degree
    uint64_t attach;
    uint64_t boot;
    uint32_t n;  // which offer of the call
    uint32_t priority;
    uint32_t deadline_ms;  // from now
    uint64_t skills, languages;
    uint64_t queued_ms;  // wall clock, as the node says
    uint64_t number;     // see the words
    uint64_t records;
};

const char *history_word_text(enum history_word word);

// Appends the event as a line, with its newline.
void history_print(const struct history_event *event, struct bytes *text);

// Reads one line without its newline. The event's strings lie in `line`, which is changed. ret_event->word is
// HISTORY_NONE for an empty line or a remark. NULL, or what is wrong with the line.
const char *history_parse(char *line, struct history_event *ret_event);

#endif
