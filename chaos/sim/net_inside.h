// What the files of the network share: a message under way.
#ifndef CHAOS_SIM_NET_INSIDE_H
#define CHAOS_SIM_NET_INSIDE_H

#include "chaos/sim/net.h"

struct net_parcel {
    struct net *net;
    struct net_line *line;
    struct net_host *to;
    struct net_parcel *next;
    uint32_t epoch, to_life;
    bool back, late, twice;
    size_t bytes;
    uint8_t data[];
};

bool net_is_cut(const struct net *self, const struct net_host *from, const struct net_host *to);
uint64_t net_round_trip_us(const struct net *self, const struct net_line *line);
void net_tell_lost(const struct net_line *line, bool back, struct span message);

struct net_parcel *parcel_pack(struct net *self, struct net_line *line, bool back, struct span message);
void parcel_go(struct net *self, struct net_parcel *parcel, uint64_t delay_us);
void parcel_hold(struct net *self, struct net_parcel *parcel);  // until net_release
void parcel_hand_over(struct net *self, struct net_parcel *parcel);
void parcel_drop(struct net_parcel *parcel);
void lane_drop_held(struct net_lane *lane);
void parcels_free(struct net *self);  // all that is under way

#endif
