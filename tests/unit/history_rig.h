// Histories as text, judged. The pieces are the same in the right and the wrong ones: two nodes, two desks (anna and
// boris, clients 1 and 2), one gateway (gw, client 10).
#ifndef TESTS_UNIT_HISTORY_RIG_H
#define TESTS_UNIT_HISTORY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chaos/history/judge.h"

#define WORLD                                                                                                          \
    "0 node.started node=bei boot=0x1 number=1\n"                                                                      \
    "0 node.started node=sin boot=0x2 number=1\n"                                                                      \
    "0 at.whole\n"
#define ANNA                                                                                                           \
    "1000 desk.opens client=1 party=anna skills=0x1 languages=0x1\n"                                                   \
    "1000 client.attaches client=1 attach=101\n"                                                                       \
    "2000 client.attached client=1 attach=101 node=bei\n"                                                              \
    "2000 desk.state client=1 reason=available\n"
#define BORIS                                                                                                          \
    "2000 desk.opens client=2 party=boris skills=0x1 languages=0x1\n"                                                  \
    "2000 client.attaches client=2 attach=201\n"                                                                       \
    "3000 client.attached client=2 attach=201 node=sin\n"                                                              \
    "3000 desk.state client=2 reason=available\n"
#define GATEWAY                                                                                                        \
    "4000 gateway.opens client=10 party=gw\n"                                                                          \
    "4000 client.attaches client=10 attach=1001\n"                                                                     \
    "5000 client.attached client=10 attach=1001 node=bei\n"
#define CITY WORLD ANNA BORIS GATEWAY
// A call of gw that waits nowhere for long: one needs a skill that the desks have.
#define CALL(id)                                                                                                       \
    "10000 leg.submitted client=10 call=" id " priority=1 skills=0x1\n"                                                \
    "20000 leg.accepted client=10 call=" id " number=2 queued_ms=500\n"
#define RINGS_ANNA(id)                                                                                                 \
    "30000 told.offer client=1 attach=101 call=" id " n=1 node=bei\n"                                                  \
    "30000 desk.rings client=1 call=" id " n=1 deadline_ms=20000\n"                                                    \
    "40000 leg.ringing client=10 call=" id " agent=anna n=1\n"
#define ANNA_ACCEPTS(id)                                                                                               \
    "50000 desk.accepts client=1 call=" id "\n"                                                                        \
    "60000 told.connect client=10 attach=1001 call=" id " agent=anna n=1\n"                                            \
    "60000 leg.connect client=10 call=" id " agent=anna n=1\n"
#define JOINED_ANNA(id)                                                                                                \
    "70000 leg.joined client=10 call=" id "\n"                                                                         \
    "80000 desk.connected client=1 call=" id "\n"
#define SPEAKS(id) CALL(id) RINGS_ANNA(id) ANNA_ACCEPTS(id) JOINED_ANNA(id)
#define END "120000000 at.end\n"

// Fails the test unless the judge finds nothing.
void assert_right(const char *text);
// Fails unless all that the judge finds is of this kind, and every one of `names` (NULL-terminated) stands in the first
// sentence.
void assert_wrong(enum judge_kind kind, const char *const *names, const char *text);
#define WRONG(kind, text, ...) assert_wrong(JUDGE_##kind, (const char *const[]){__VA_ARGS__, NULL}, text)

struct judge *judge_text(const char *text);  // heard; to be freed

#endif
