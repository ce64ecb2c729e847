// Several nodes' worlds in one thread: virtual time, and messages that come late, never, twice or out of order, as a
// seeded generator decides; links that are cut one way or both; nodes that are stopped or dead. The same seed gives the
// same run. What was met is counted: a fault that never happened proves nothing.
#ifndef TESTS_UNIT_FAKE_WORLD_H
#define TESTS_UNIT_FAKE_WORLD_H

#include "cluster/world/world.h"

#define FAKE_NODES_MAX 8

struct fake_faults {  // of every message
    uint64_t delay_min_us, delay_max_us;
    uint32_t lost_permille;
    uint32_t twice_permille;
    uint32_t late_permille;  // overtaken by what was sent after it
};

struct fake_counts {
    uint64_t delivered, lost, twice, late, cut, dead;
};

struct fake_hooks {  // of a node; each call is a turn of its loop
    void *context;
    void (*message)(void *context, struct span message);
    void (*wake)(void *context);
};

struct fake;

struct fake *fake_create(uint64_t seed);
void fake_free(struct fake *self);

uint64_t fake_random(struct fake *self, uint64_t below);
uint64_t fake_now_us(const struct fake *self);
struct fake_counts fake_counts(const struct fake *self);
void fake_set_faults(struct fake *self, struct fake_faults faults);

// A node's place in the world; its clocks are off by as much. Its endpoints are "fake://INDEX/control" and ".../bulk".
void fake_place(struct fake *self, uint32_t node, uint64_t mono_off_us, int64_t wall_off_ms);
struct world *fake_start(struct fake *self, uint32_t node, struct fake_hooks hooks);
void fake_kill(struct fake *self, uint32_t node);  // what it sent may still come; what comes to it is gone
void fake_cut(struct fake *self, uint32_t from, uint32_t to, bool is_cut);
void fake_cut_bulk(struct fake *self, uint32_t from, uint32_t to, bool is_cut);    // heartbeats still come
void fake_delay(struct fake *self, uint32_t from, uint32_t to, uint64_t more_us);  // a longer way than others
uint64_t fake_bulk_bytes(const struct fake *self, uint32_t from, uint32_t to);     // sent, whether it came or not
void fake_stop(struct fake *self, uint32_t node, bool is_stopped);                 // as SIGSTOP: messages wait
void fake_endpoints(uint32_t node, char control[32], char bulk[32]);

// Calls back in virtual time; not when the node was killed meanwhile.
void fake_call_at(struct fake *self, uint64_t at_us, uint32_t node, void (*call)(void *context), void *context);
void fake_run_us(struct fake *self, uint64_t for_us);
// Until it is true, asked every millisecond of virtual time; false after for_us.
bool fake_run_until(struct fake *self, uint64_t for_us, bool (*is_true)(void *context), void *context);

#endif
