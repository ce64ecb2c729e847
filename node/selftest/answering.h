// The node's side of a test call through a site: the desks that are signed in there are asked, each by the node it is
// attached to, until all have answered or time is over; then who placed it is told. The board is only read. One thread.
//
//                              ASKED            ANSWERED
//   a desk:  UNHEARD ───────────────▶ REACHED ───────────▶ settled
//               └── its node's protocol, or its library, is old; signed off meanwhile ──▶ settled
#ifndef NODE_SELFTEST_ANSWERING_H
#define NODE_SELFTEST_ANSWERING_H

#include "cluster/world/world.h"
#include "node/directory/directory.h"
#include "node/selftest/results.h"
#include "node/switchboard/switchboard.h"

#define ANSWERING_MAX 128         // test calls at once; further ones are refused
#define ANSWERING_DESKS_MAX 8     // asked by one test call; of more, others each time
#define ANSWERING_AGAIN_MS 500    // who has not answered is asked again, where the desk then is
#define ANSWERING_GONE_MS 600000  // a desk that vanished without signing off is missed for so long

struct Peer__TestAnswer;

struct answering_events {
    void *context;
    bool (*knows_tests)(void *context, const char *node);  // by the protocol it speaks
    void (*ask)(void *context, const char *node, uint64_t test, const char *agent, uint64_t login);
    void (*settled)(void *context, uint64_t session, uint64_t test, const struct result *result);
};

struct answering;

struct answering *answering_create(struct board *board, const struct answering_events *events);  // lends the board
void answering_free(struct answering *self);
// Those under way are let go: who placed them begins a new round.
void answering_set_directory(struct answering *self, const struct directory *directory);

// False: too many at once. `site`: by the directory.
bool answering_begin(struct answering *self, struct now now, uint64_t session, uint64_t test, uint32_t site);
void answering_heard(struct answering *self, struct now now, const char *from, const struct Peer__TestAnswer *answer);
void answering_tick(struct answering *self, struct now now);

#endif
