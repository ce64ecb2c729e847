// A cluster of real processes and its people: the world of sim.h, lived in real time.
//
// One process holds all people and their client library, so that what they see has one order and one clock
// (CLOCK_MONOTONIC); the sockets of a region's clients are made in that region's network namespace. Nodes are children:
// they die with this process. What `run` has prepared for a scenario lies in one folder; see README.md.
#ifndef CHAOS_LIVE_LIVE_H
#define CHAOS_LIVE_LIVE_H

#include "chaos/live/report.h"
#include "chaos/sim/edge.h"
#include "chaos/sim/sim.h"

#include <sys/types.h>

#define LIVE_PATH_BYTES 256
#define LIVE_CLIENTS_MAX 4096     // of which it is known where they were attached
#define LIVE_LOG_LINE_BYTES 1024  // a node's lines are cut off there

struct live_node {
    char name[32], endpoint[128];
    pid_t pid;  // 0: does not run
    bool stopped;
    uint32_t starts;
    uint64_t started_us;  // last
    int log_fd;           // what it says is read as it comes, see logs.c; -1: not opened
    char log_rest[LIVE_LOG_LINE_BYTES];
    size_t log_bytes;
    bool is_removed;  // from the directory: it does not come back
};

struct live_options {
    const char *dir;  // of the scenario: NAME/node.yaml for every node, addresses, switch.sock
    const char *hotlined, *hotlinectl;
    const char *ns;         // namespaces are called NS-REGION; NULL: all on loopback
    const char *preload;    // for nodes: a library, or NULL
    const char *disk_tool;  // mounts a node's disk again, or NULL
};

struct live {
    struct sim sim;  // first
    struct live_options options;
    struct live_node nodes[SIM_NODES_MAX];
    struct hotline_context *contexts[SIM_REGIONS];
    int namespaces[SIM_REGIONS];
    int own_namespace;
    int epoll_fd, switch_fd;
    uint64_t logs_us;  // when the nodes' logs were read
    struct report report;
    uint8_t attached_at[LIVE_CLIENTS_MAX];  // node, plus one; 0: not known
    uint32_t moved, moved_to_nearest;       // whose node was lost
};

static inline struct live *live_of(const struct sim *sim)
{
    return (struct live *)(void *)sim;
}

uint64_t live_now_us(void);
// It is now: what is told from here on has this time.
void live_tick(struct live *self);
// Runs people and clients for so long, or until the run is stopped.
void live_run_for(struct live *self, uint64_t ms);

// ---- world.c

// False: says on stderr why.
bool live_open(struct live *self);
void live_close(struct live *self);
void live_enter(struct live *self, uint32_t region);  // its namespace, until live_leave
void live_leave(struct live *self);
void live_watch(struct live *self, struct edge *edge);  // its descriptor
void live_forget(struct live *self, struct edge *edge);
void edge_process(struct edge *self);  // its descriptor is readable

// ---- nodes.c

bool live_read_nodes(struct live *self);
void live_node_start(struct live *self, uint32_t node);
void live_node_kill(struct live *self, uint32_t node);                  // SIGKILL, and waits
void live_node_stop(struct live *self, uint32_t node);                  // SIGSTOP
void live_node_continue(struct live *self, uint32_t node);              // SIGCONT
void live_node_terminate(struct live *self, uint32_t node);             // SIGTERM; people go on until it has ended
void live_nodes_reap(struct live *self);                                // notices those that died by themselves
uint32_t live_node_of(const struct live *self, const char *endpoint);   // UINT32_MAX: none
uint32_t live_node_of_name(const struct live *self, const char *name);  // the same
bool live_tool(struct live *self, const char *const *arguments);        // runs a program, people go on; did it succeed?

// ---- logs.c

// Tells what nodes said of their decisions since the last look.
void live_logs_read(struct live *self);
void live_logs_close(struct live *self);

// ---- next.c

void live_next_hear(struct live *self, const struct history_event *event);  // client.attached

// ---- copies.c

// Looks up on the nodes' disks who has the call, and tells. A disk that cannot be read just now: nothing is told.
void live_copies_tell(struct live *self, const char *call);

// ---- the switch

// Sends a command, see switch.c. Not without namespaces.
void live_switch(struct live *self, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
