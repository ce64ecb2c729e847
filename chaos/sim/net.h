// The network of the simulated world, as ZeroMQ over TCP shows it to a process: connections that keep order, break,
// and are made anew without a word; what was under way when one broke is lost or comes late. Hosts stand in zones;
// latency and cuts are between zones, and a host's own line may be cut too.
//
// A line is one socket of `from` that connects to `to`; to ROUTER and DEALER alike it may break and stand again, each
// time with a new `epoch`. While a path is cut, what is sent waits in the sender's kernel, as TCP does.
#ifndef CHAOS_SIM_NET_H
#define CHAOS_SIM_NET_H

#include "cluster/keys/keys.h"
#include "chaos/sim/agenda.h"
#include "chaos/sim/chance.h"
#include "chaos/sim/met.h"
#include "cluster/base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#define NET_ZONES_MAX 24

enum net_port { NET_CLIENT, NET_CONTROL, NET_BULK };

struct net_line;
struct net_parcel;
struct net_host;

typedef void net_receive(struct net_host *host, struct net_line *line, struct span message);
typedef void net_lost(struct net_host *host, struct span message);  // on its way to the host, by the listener's side

struct net_clock {  // off from the world's time, and drifting
    uint64_t mono_off_us;
    int64_t wall_off_ms;
    int32_t drift_ppm;
};

struct net_host {  // first in the struct of a process
    uint32_t zone;
    uint32_t life;  // counts its starts
    bool alive, paused;
    bool cut_in, cut_out;
    uint32_t sends_left;           // then it sends nothing more: it dies within this turn
    char key[KEY_TEXT_BYTES + 1];  // the public one, that carries what it says
    struct net_clock clock;
    net_receive *receive;
    net_lost *lost;                         // may be NULL
    struct net_parcel *inbox, **inbox_end;  // while paused
};

struct net_lane {  // one direction of a line
    uint64_t last_us;
    uint32_t under_way;
    uint32_t broken_epoch;  // what came in it until then still stands in the receiver's queue
    uint64_t broken_us;
    struct net_parcel *held, **held_end;
};

struct net_line {
    struct net_host *from, *to;
    enum net_port port;
    uint32_t slot;               // the owner's
    uint32_t index, generation;  // unique in a history
    bool is_open, is_up;
    uint32_t epoch;
    uint32_t to_life;
    uint64_t ready_us;  // when a connection may stand
    uint32_t backoff_ms;
    struct net_lane lanes[2];  // 0: from `from`, 1: back
    bool lingers;              // closed; what it sent still arrives
};

struct net_rates {  // of every message
    uint32_t lost_permille, delayed_permille, twice_permille;
};

struct net {
    struct agenda *agenda;
    struct chance chance;
    struct met *met;
    struct net_rates rates;
    uint32_t zone_count;
    uint64_t latency_us[NET_ZONES_MAX][NET_ZONES_MAX];  // one way
    uint64_t slow_us[NET_ZONES_MAX][NET_ZONES_MAX];     // added
    bool cut[NET_ZONES_MAX][NET_ZONES_MAX];
    bool narrow[NET_ZONES_MAX][NET_ZONES_MAX];
    struct net_line **lines;
    uint32_t line_count, line_capacity;
    uint32_t generations;
    uint64_t delivered;
};

void net_init(struct net *self, struct agenda *agenda, struct met *met, uint64_t seed);
void net_close(struct net *self);

// ---- processes

void net_start(struct net *self, struct net_host *host);
// silent: its machine is gone; otherwise its kernel says so to those it was connected with.
void net_kill(struct net *self, struct net_host *host, bool silent);
void net_pause(struct net *self, struct net_host *host);
void net_resume(struct net *self, struct net_host *host);  // hands over what came meanwhile

uint64_t net_mono_us(const struct net *self, const struct net_host *host);
uint64_t net_wall_ms(const struct net *self, const struct net_host *host);
void net_set_drift(const struct net *self, struct net_host *host, int32_t ppm);  // from now on; it goes on from here
uint64_t net_time_of(const struct net_host *host, uint64_t mono_us);  // when its clock reads so, by the world's

// ---- lines

struct net_line *net_connect(struct net *self, struct net_host *from, struct net_host *to, enum net_port port,
                             uint32_t slot);
void net_disconnect(struct net *self, struct net_line *line, bool linger);
// False: no connection, or its queue is full. Copies.
bool net_send(struct net *self, struct net_line *line, bool back, struct span message);
// The line of that name, if it still stands in that epoch.
struct net_line *net_find(struct net *self, uint32_t index, uint32_t generation, uint32_t epoch);
// The listener could not send this over the line of that name.
void net_not_sent(struct net *self, uint32_t index, uint32_t generation, struct span message);

// ---- faults

void net_reset(struct net *self, struct net_line *line);
void net_release(struct net *self);  // after a cut was taken back: what it held goes on, or is lost with its line
// Everything is as it should be from now on; nothing is held, lost or slow any more.
void net_heal(struct net *self);

#endif
