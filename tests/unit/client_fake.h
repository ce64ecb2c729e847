// A wire without a network, and nodes that answer as they are told to. Time passes only in fake_run.
#ifndef TESTS_UNIT_CLIENT_FAKE_H
#define TESTS_UNIT_CLIENT_FAKE_H

#include "node/client/wire.h"

#include "client.pb-c.h"

#define FAKE_NODES_MAX 8
#define FAKE_LOG_MAX 4096

struct fake_node {
    const char *address;
    const char *name;
    bool connects;  // connections to it stand
    bool answers;   // pings
    bool takes;     // attaches
    bool no_majority;
    uint64_t boot;    // told in Pong, with `attach`; 0: not
    uint64_t attach;  // the last it took
    uint32_t opened;  // how often it was connected to
    bool breaks;      // nobody listens there, and what stood is no more
    uint32_t way_ms;  // until what it says arrives
};

struct fake_message {
    uint32_t node;
    Cli__ToNode *words;
};

struct fake_event {
    struct hotline_event event;  // its texts are in here too
    char texts[10][160];
};

struct fake {
    struct client_wire wire;
    uint64_t now_us, wall_ms;
    struct fake_node nodes[FAKE_NODES_MAX];
    uint32_t node_count;
    int slots[CLIENT_SLOTS];  // node, -1: closed
    bool lingered;
    bool freed;
    struct {
        uint64_t at_us;
        uint32_t slot;
        uint32_t node;
        void *data;
        size_t bytes;
    } inbox[FAKE_LOG_MAX];
    uint32_t inbox_count;
    struct fake_message log[FAKE_LOG_MAX];  // but pings
    uint32_t log_count;
    uint32_t pings[FAKE_NODES_MAX];
    Cli__Ping *last_ping[FAKE_NODES_MAX];
    struct fake_event events[FAKE_LOG_MAX];
    uint32_t event_count;
    struct hotline_client *client;
    void (*on_event)(struct fake *, const struct hotline_event *);  // may call into the client
};

// Nodes 0 .. count-1 at "fake://a", "fake://b" ..., named "a", "b" ...; all well.
struct fake *fake_create(uint32_t count);
void fake_free(struct fake *self);                               // frees its client, too, when it still has one
void fake_event(void *fake, const struct hotline_event *event);  // the on_event of its clients
void fake_run(struct fake *self, uint32_t ms);                   // in steps of 10 ms
void fake_sleep(struct fake *self, uint32_t ms);                 // without process()
void fake_run_until_attached(struct fake *self, uint32_t node);  // fails after 5 s

// From a node to the client, wherever it is connected. Delivered with the next process().
void fake_say(struct fake *self, uint32_t node, Cli__ToClient *message);
void fake_say_bytes(struct fake *self, uint32_t node, const void *data, size_t bytes);
void fake_refuse(struct fake *self, uint32_t node, const char *reason, const char *what, uint64_t attach);

void fake_forget(struct fake *self);  // what was heard so far

// The last message of that kind that reached the node (-1: any node), or NULL.
const Cli__ToNode *fake_last(const struct fake *self, int node, Cli__ToNode__BodyCase kind);
uint32_t fake_count(const struct fake *self, int node, Cli__ToNode__BodyCase kind);
const struct hotline_event *fake_last_event(const struct fake *self, enum hotline_event_type type);  // or NULL
uint32_t fake_count_events(const struct fake *self, enum hotline_event_type type);

#endif
