// One node: store, peers, feed, switchboard and sessions, and the turn that joins them. Everything outside comes
// through the world and the disk, so the same code runs in hotlined and in the simulator. One thread.
//
// A turn: messages and deadlines come in one by one, each a step of the switchboard whose effects are carried out at
// once; node_turn_end then ships what changed to the peers and gives it to the disk as one batch.
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "cluster/base/problem.h"
#include "cluster/store/store.h"
#include "cluster/world/disk.h"
#include "cluster/world/world.h"
#include "node/config/config.h"

#include <stdbool.h>

#define NODE_TALK_MAX 100000  // messages of this node to itself in one turn

struct node;

// What an operator should know, as a stable code and logfmt fields. The program logs it.
typedef void node_notice(void *context, const char *code, const char *fields);

// What a node of this configuration keeps, in this boot.
struct store_options node_store_options(const struct config *config, uint64_t boot, uint64_t wall_ms);
// Reads the store. The world, disk and config are lent until node_free. NULL: the problem says why.
struct node *node_create(struct world *world, struct disk *disk, const struct config *config,
                         struct problem *ret_problem);
void node_free(struct node *self);
void node_on_notice(struct node *self, node_notice *notice, void *context);

// `key`: the public key, as text, of the connection the message came on; "" in a world without keys.
void node_client_message(struct node *self, const struct world_client *client, const char *key, struct span message);
void node_peer_message(struct node *self, const char *key, struct span message);
// May a connection with this key stand?
bool node_admits(const struct node *self, const char *key, enum world_port port);
void node_own_message(struct node *self, struct span message);  // see world_type.send_own
void node_wake(struct node *self);                              // the time asked for has come
void node_disk_written(struct node *self);                      // the disk has written more, or failed
void node_turn_end(struct node *self);
// Tells clients and peers that it goes. Run the loop a little longer, so that clients move on, before node_free.
void node_say_going(struct node *self);
// A counter of the switchboard, or of test calls, by the name that STATUS gives it; 0 when there is none.
uint64_t node_counter(const struct node *self, const char *name);
bool node_has_clients(const struct node *self);  // that are attached

#endif
