// What is under way: packed when it is sent, held while its path is cut, handed over, lost, or late.
#include "chaos/sim/net_inside.h"

#include "cluster/base/check.h"

#include <stdlib.h>
#include <string.h>

#define RESEND_MAX_MS 1500  // a kernel's wait before it tries a path again

// ---- paths

bool net_is_cut(const struct net *self, const struct net_host *from, const struct net_host *to)
{
    return self->cut[from->zone][to->zone] || from->cut_out || to->cut_in;
}

static uint64_t trip_us(struct net *self, const struct net_host *from, const struct net_host *to)
{
    uint64_t base = self->latency_us[from->zone][to->zone];
    uint64_t jitter = chance_below(&self->chance, base / 16 + 100);
    uint64_t slow = self->slow_us[from->zone][to->zone];
    return base + jitter + (slow > 0 ? chance_between(&self->chance, slow / 2, slow) : 0);
}

uint64_t net_round_trip_us(const struct net *self, const struct net_line *line)
{
    return self->latency_us[line->from->zone][line->to->zone] + self->latency_us[line->to->zone][line->from->zone];
}

// ---- parcels

void net_tell_lost(const struct net_line *line, bool back, struct span message)
{
    if (back && line->is_open && line->from->alive && line->from->lost != NULL)
        line->from->lost(line->from, message);
}

void parcel_drop(struct net_parcel *parcel)
{
    parcel->line->lanes[parcel->back].under_way--;
    free(parcel);
}

static void parcel_lose(struct net_parcel *parcel)
{
    net_tell_lost(parcel->line, parcel->back, (struct span){parcel->data, parcel->bytes});
    parcel_drop(parcel);
}

void parcel_hand_over(struct net *self, struct net_parcel *parcel)
{
    self->delivered++;
    parcel->to->receive(parcel->to, parcel->line, (struct span){parcel->data, parcel->bytes});
    parcel_drop(parcel);
}

// Of a connection that broke, the first part may stand in a queue of the receiver's, beside what came by the next.
static bool had_arrived(const struct net_parcel *parcel)
{
    const struct net_lane *lane = &parcel->line->lanes[parcel->back];
    if (!parcel->line->is_open && parcel->back)
        return false;
    bool arrived = parcel->epoch == lane->broken_epoch && parcel->net->agenda->now_us <= lane->broken_us;
    parcel->net->met->counts[arrived ? MET_late_of_reset : MET_lost_in_reset]++;
    return arrived;
}

static void arrive(void *subject, uint64_t number)
{
    (void)number;
    struct net_parcel *parcel = subject;
    struct net_line *line = parcel->line;
    struct net_host *to = parcel->to;
    bool is_current = line->is_open && line->is_up && parcel->epoch == line->epoch;
    if (!to->alive || to->life != parcel->to_life) {
        if (is_current && to->alive)  // its kernel knows no such connection
            net_reset(parcel->net, line);
        parcel_drop(parcel);
    } else if (!is_current && !parcel->late && !had_arrived(parcel)) {
        parcel_lose(parcel);
    } else if (to->paused) {
        parcel->next = NULL;
        *to->inbox_end = parcel;
        to->inbox_end = &parcel->next;
    } else {
        parcel_hand_over(parcel->net, parcel);
    }
}

void parcel_go(struct net *self, struct net_parcel *parcel, uint64_t delay_us)
{
    struct net_lane *lane = &parcel->line->lanes[parcel->back];
    const struct net_host *from = parcel->back ? parcel->line->to : parcel->line->from;
    uint64_t at_us = self->agenda->now_us + delay_us + trip_us(self, from, parcel->to);
    if (!parcel->late && !parcel->twice) {
        at_us = at_us > lane->last_us ? at_us : lane->last_us;
        lane->last_us = at_us;
    }
    agenda_at(self->agenda, at_us, arrive, parcel, 0);
}

struct net_parcel *parcel_pack(struct net *self, struct net_line *line, bool back, struct span message)
{
    struct net_parcel *parcel = malloc(sizeof *parcel + message.bytes);
    check(parcel != NULL);
    struct net_host *to = back ? line->from : line->to;
    *parcel = (struct net_parcel){.net = self,
                                  .line = line,
                                  .to = to,
                                  .epoch = line->epoch,
                                  .to_life = back ? to->life : line->to_life,
                                  .back = back,
                                  .bytes = message.bytes};
    memcpy(parcel->data, message.data, message.bytes);
    line->lanes[back].under_way++;
    return parcel;
}

void parcel_hold(struct net *self, struct net_parcel *parcel)
{
    struct net_lane *lane = &parcel->line->lanes[parcel->back];
    parcel->next = NULL;
    *lane->held_end = parcel;
    lane->held_end = &parcel->next;
    self->met->counts[MET_held_by_cut]++;
}

void lane_drop_held(struct net_lane *lane)
{
    for (struct net_parcel *parcel = lane->held, *next; parcel != NULL; parcel = next) {
        next = parcel->next;
        parcel_lose(parcel);
    }
    lane->held = NULL;
    lane->held_end = &lane->held;
}

// ---- after a cut

void net_release(struct net *self)
{
    for (uint32_t i = 0; i < self->line_count; i++) {
        struct net_line *line = self->lines[i];
        bool loses = line->lanes[0].held != NULL || line->lanes[1].held != NULL;
        if (line->is_open && loses && chance_permille(&self->chance, 300)) {
            net_reset(self, line);
            continue;
        }
        for (int back = 0; back < 2; back++) {
            struct net_lane *lane = &line->lanes[back];
            if (lane->held == NULL || net_is_cut(self, back ? line->to : line->from, back ? line->from : line->to))
                continue;
            uint64_t delay_us = chance_below(&self->chance, RESEND_MAX_MS * 1000);
            struct net_parcel *first = lane->held;
            lane->held = NULL;
            lane->held_end = &lane->held;
            for (struct net_parcel *parcel = first, *next; parcel != NULL; parcel = next) {
                next = parcel->next;
                parcel->late = parcel->late || line->lingers;
                parcel_go(self, parcel, delay_us);
            }
        }
    }
}

void parcels_free(struct net *self)
{
    // What is under way stands in the agenda, which is thrown away whole.
    for (uint32_t i = 0; i < self->agenda->count; i++)
        if (self->agenda->heap[i].happen == arrive)
            free(self->agenda->heap[i].subject);
}
