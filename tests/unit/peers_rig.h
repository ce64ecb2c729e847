// Nodes that are nothing but their peers, in a fake world: the rig of the tests of cluster/peers.
#ifndef TESTS_UNIT_PEERS_RIG_H
#define TESTS_UNIT_PEERS_RIG_H

#include "cluster/peers/peers.h"
#include "fake_world.h"

#define MS 1000u
#define HEARTBEAT_MS 250
#define DOWN_AFTER_MS 1000

struct side {
    struct fake *fake;
    struct world *world;
    struct peers *peers;
    uint32_t node;
    uint64_t boot;
    uint32_t ups, downs, moves, talks, bulks;
    uint64_t up_boot, down_boot;
    uint32_t talk_from;  // the peer that talked last
};

struct nodes {
    struct fake *fake;
    struct side node[FAKE_NODES_MAX];
    uint32_t speaks[FAKE_NODES_MAX];  // from a node's next start on; 0: the newest
};

struct nodes *nodes_create(uint64_t seed);
void nodes_free(struct nodes *nodes);
struct nodes *nodes_two(void);  // that know each other, in boots 10 and 20
// So many, started in boots 10, 11, ..., that all know each other.
struct nodes *nodes_all(uint64_t seed, uint32_t count);

void nodes_start(struct nodes *nodes, uint32_t node, uint64_t boot);
void nodes_kill(struct nodes *nodes, uint32_t node);
bool nodes_know(struct nodes *nodes, uint32_t node, uint32_t other, bool by_name);  // configures it
void nodes_run_ms(struct nodes *nodes, uint64_t ms);
void nodes_cut(struct nodes *nodes, uint32_t a, uint32_t b, bool is_cut);  // both ways

const char *nodes_name(uint32_t node);  // "a", "b", ...
const struct peer *nodes_see(struct nodes *nodes, uint32_t node, uint32_t other);
// The node that `node` reaches `other` through; -1: none.
int32_t nodes_via(struct nodes *nodes, uint32_t node, uint32_t other);
bool nodes_talk(struct nodes *nodes, uint32_t from, uint32_t to);         // says hello
void nodes_expect_talk(struct nodes *nodes, uint32_t from, uint32_t to);  // and it comes, once
struct peers_counts nodes_counts(struct nodes *nodes, uint32_t node);
uint32_t nodes_downs(struct nodes *nodes);  // that were told, at all nodes

// A node's hooks in the fake world, for tests that stand between the two.
void nodes_hear(void *side, struct span message);
void nodes_wake(void *side);
void nodes_turn(struct side *self);

#endif
