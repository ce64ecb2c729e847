// A node of the cluster in the simulated world: its process, clocks, connections and disk.
#ifndef CHAOS_SIM_SERVER_H
#define CHAOS_SIM_SERVER_H

#include "chaos/sim/own.h"
#include "chaos/sim/sim.h"
#include "cluster/world/disk.h"
#include "cluster/world/world.h"
#include "node/config/config.h"

struct node;
struct disk_memory;

struct server {
    struct net_host host;  // first: a host is its server
    struct world world;
    struct sim *sim;
    uint32_t index;
    struct config config;
    struct chance chance;  // its random numbers
    struct node *node;     // NULL: not running
    struct disk_memory *medium;
    struct disk *disk;
    struct net_line *lines[WORLD_LINKS_MAX][2];  // by channel
    struct own own;
    uint64_t wake_us, armed_us;
    bool commits;  // a transaction is being written
    uint64_t commit_upto;
    bool disk_is_slow;
    bool disk_is_used;
    bool disk_is_older;  // made from a backup, and not started since
    bool dies_in_turn;
    bool going;
    bool was_emptied;  // it has started with an empty disk
    uint64_t emptied_us;
    uint64_t met_us[SIM_NODES_MAX];  // when another was up for it last
};

struct server *server_create(struct sim *sim, uint32_t index);
void server_free(struct server *self);

void server_start(struct server *self);
void server_crash(struct server *self, bool power_loss);
void server_count(struct server *self);          // what its node met, into the history's; before it goes
void server_crash_in_turn(struct server *self);  // in one of its next turns, after some of its messages
void server_stop(struct server *self);           // in order
void server_pause(struct server *self);
void server_resume(struct server *self);
void server_lose_disk(struct server *self);                    // while it does not run
void server_restore(struct server *self, struct span backup);  // instead of its disk, while it does not run
void server_break_disk(struct server *self, enum disk_state state);

void server_own_message(struct server *self, struct span message);  // for its own connection

// Durably: what was written to its disk, whether it runs or not.
bool server_has_call(const struct server *self, const char *call);

// ---- copies.c

// What goes to a client: an accepted(n) is looked at as it is said.
void server_look_at_copies(struct server *self, struct span message);

static inline const char *server_name(const struct server *self)
{
    return self->config.self.name;
}

// The server of an endpoint as servers are configured with; -1: none.
int server_index_of(const char *endpoint);
void server_endpoint(uint32_t index, const char *port, char *to, size_t room);

#endif
