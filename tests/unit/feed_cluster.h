// Nodes of the floors up to the feed, in a fake world: what node/ does with them in a turn, and no calls.
#ifndef TESTS_UNIT_FEED_CLUSTER_H
#define TESTS_UNIT_FEED_CLUSTER_H

#include "fake_world.h"

#include "cluster/feed/feed.h"
#include "cluster/store/disk_memory.h"

#include <stdint.h>

#define MS ((uint64_t)1000)
#define CLUSTER_DIGEST_EVERY_MS 5000

struct fed {  // one node
    struct cluster *cluster;
    uint32_t node;
    char name[16];
    uint64_t boot;
    bool alive;
    struct world *world;
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
    struct peers *peers;
    struct feed *feed;
    uint64_t peers_want_us, feed_wants_us;
    bool is_writing;  // a commit is under way
    uint64_t records_seen, stored_seen;
    uint32_t swept_seen[PEERS_MAX];
};

struct cluster {
    struct fake *fake;
    uint32_t count;
    uint64_t boots;
    uint64_t disk_max_us;      // a commit takes up to so long
    uint32_t digest_every_ms;  // of the nodes started from now on
    struct fed nodes[FAKE_NODES_MAX];
};

struct cluster *cluster_create(uint64_t seed, uint32_t count);  // none is started
void cluster_free(struct cluster *self);
void cluster_start(struct cluster *self, uint32_t node);  // with the disk it has
void cluster_kill(struct cluster *self, uint32_t node, bool keeps_disk);
void cluster_start_all(struct cluster *self);
void cluster_run_ms(struct cluster *self, uint64_t ms);
void cluster_heal(struct cluster *self);                                      // no cut, no fault; who was dead stays so
void cluster_cut(struct cluster *self, uint32_t a, uint32_t b, bool is_cut);  // both ways

// In a turn of its own. 0: the store did not take it; otherwise its seq.
uint64_t cluster_put(struct cluster *self, uint32_t node, const char *id, uint64_t attach, struct span body);
uint64_t cluster_put_text(struct cluster *self, uint32_t node, const char *id, uint64_t attach, const char *body);
void cluster_end_turn(struct fed *fed);

bool cluster_has(const struct cluster *self, uint32_t node, const char *id, const char *body);
bool cluster_is_equal(const struct cluster *self);  // all that live hold the same records
bool cluster_equal_within(struct cluster *self, uint64_t ms);
bool cluster_lags(const struct cluster *self);
int32_t cluster_peer(const struct cluster *self, uint32_t node, uint32_t other);  // index of other at node

#endif
