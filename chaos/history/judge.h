// The judge: reads a history event by event and says which promise (P1 to P7) it breaks. It keeps what lives
// (clients, calls that are not over, and those owed to callers whose gateway is gone), not what happened; it has no
// clock but the events' own; the same history gets the same verdict.
//
//     struct judge *judge = judge_create(NULL);
//     judge_hear(judge, &event);            for every event, in order; cheap
//     ... if (judge_count(judge) > 0)       may be asked at any time: stop at the first
//     judge_hear(judge, &at_end);           { .us = now, .word = HISTORY_AT_END }
//     judge_verdict(judge, &text);
//     judge_free(judge);
//
// A history the judge cannot make sense of (a client never opened, time running backwards) is the driver's fault, and a
// violation of its own kind: JUDGE_HISTORY.
#ifndef CHAOS_HISTORY_JUDGE_H
#define CHAOS_HISTORY_JUDGE_H

#include "chaos/history/history.h"

#define JUDGE_VIOLATIONS_MAX 16  // kept; all are counted
#define JUDGE_SENTENCE_BYTES 512

// X(name, code): what a history can be guilty of.
// clang-format off
#define JUDGE_KINDS(X)                                                                                                 \
    X(HISTORY, "history")                       /* not a history: the driver's fault */                                \
    X(RUNG_TWICE, "rung_twice")                 /* P3: a desk rung for a call while it has another */                  \
    X(CONNECTED_TWICE, "connected_twice")       /* P3: a leg connected to a second agent, or joined twice */           \
    X(CONNECTED_UNJOINED, "connected_unjoined") /* a desk told of a conversation that no gateway joined with it */     \
    X(CONNECTED_UNASKED, "connected_unasked")   /* told to connect an agent whose desk did not accept the call */      \
    X(CALL_LOST, "call_lost")                   /* P4: an accepted call without an outcome, kept by nobody */          \
    X(CALLED_BACK_TWICE, "called_back_twice")   /* P3: for a caller whom a desk calls back already, or did */          \
    X(CALLED_BACK_HELD, "called_back_held")     /* for a caller who is on the line, or whose node is heard */          \
    X(CALLED_BACK_ALONE, "called_back_alone")   /* soon, by a node that sees no majority; by one made from a backup */ \
    X(LET_GO, "let_go")                         /* a call-back that was being spoken was taken from its desk */        \
    X(COPIES_UNTRUE, "copies_untrue")           /* P4: accepted(n) with fewer copies on disks */                       \
    X(ORDER, "order")                           /* P2: rung while a call that goes before it was known */              \
    X(NOT_NEAREST, "not_nearest")               /* P2: rung far away while a nearer agent was free */                  \
    X(DESK_STUCK, "desk_stuck")                 /* P6 */                                                               \
    X(LEG_STUCK, "leg_stuck")                   /* P6 */                                                               \
    X(RUNG_IN_VAIN, "rung_in_vain")             /* P6: rung for a call that has ended, long after */                   \
    X(ORPHANS, "orphans")                       /* P6: a node counts orphan states at rest */                          \
    X(SMALLER_SERVED, "smaller_served")         /* a smaller attach goes on beside a larger one */                     \
    X(ATTACH_REPEATED, "attach_repeated")       /* an attempt to attach without a new, larger count */                 \
    X(END_UNTRUE, "end_untrue")                 /* ended as what it was not: answered unspoken, abandoned by none */   \
    X(OUT_OF_ORDER, "out_of_order")             /* words of a call in an impossible order */                           \
    X(DIGESTS_DIFFER, "digests_differ")         /* P7 */                                                               \
    X(FEED_LAGS, "feed_lags")                   /* P7 */                                                               \
    X(MISSED_FALSELY, "missed_falsely")         /* P5: taken for down, while nothing kept it from being heard */       \
    X(DISPOSITION_LOST, "disposition_lost")     /* P7: what an agent said of a call is not kept, or not so */          \
    X(NO_PROGRESS, "no_progress")               /* P1: a call waits beside a free, eligible agent */
// clang-format on

enum judge_kind {
#define X(name, code) JUDGE_##name,
    JUDGE_KINDS(X)
#undef X
        JUDGE_KINDS_COUNT
};

struct judge_options {      // 0: the default. Counted from at.whole, or from the last fault after it
    uint32_t progress_ms;   // a call waits beside a free agent at most this long: 3000
    uint32_t digests_ms;    // digests equal, feeds caught up, no orphans: 5000, also after at.quiet
    uint32_t serves_ms;     // a smaller attach is told that it is over: 10000
    uint32_t stuck_ms;      // what moves by deadlines has moved: 45000
    uint32_t held_ms;       // a call-back is made of what a gateway holds soundly for so long: never, 15000
    uint32_t call_back_ms;  // a lost caller is called back, when an agent for it is free: 120000
    uint32_t alone_ms;      // who sees no majority makes a call-back when it is owed for so long: 300000
    uint32_t retry_ms;      // a call does not return to an agent that refused it: 30000
};

struct judge_violation {
    enum judge_kind kind;
    uint64_t us;                          // when it was seen
    char sentence[JUDGE_SENTENCE_BYTES];  // names call, agent, times
};

struct judge;

struct judge *judge_create(const struct judge_options *options);  // options may be NULL
void judge_free(struct judge *self);
void judge_hear(struct judge *self, const struct history_event *event);

uint64_t judge_count(const struct judge *self);  // of violations
// The index-th, in the order they were found; NULL when there is none or it is not kept.
const struct judge_violation *judge_violation(const struct judge *self, uint32_t index);
uint64_t judge_nearest(const struct judge *self);  // calls of which it was judged who rang
const char *judge_kind_text(enum judge_kind kind);
// What was judged, as a line of logfmt without newline: verdict=ok|violated events=... calls=... and, for what could
// not be judged because the driver did not tell it, not_judged=order,copies,... ; then a line for every violation kept.
void judge_verdict(const struct judge *self, struct bytes *text);

#endif
