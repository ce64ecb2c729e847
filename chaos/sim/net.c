#include "chaos/sim/net_inside.h"

#include "cluster/base/check.h"

#include <stdlib.h>
#include <string.h>

#define RECONNECT_MS 50
#define RECONNECT_MAX_MS 1000
#define NARROW_MESSAGES 3
#define LATE_US 400000

void net_init(struct net *self, struct agenda *agenda, struct met *met, uint64_t seed)
{
    memset(self, 0, sizeof *self);
    self->agenda = agenda;
    self->met = met;
    chance_init(&self->chance, seed, 'n');
}

// ---- time

static uint64_t drifted(uint64_t us, int32_t ppm)
{
    return us + (uint64_t)((int64_t)us / 1000000 * ppm + (int64_t)us % 1000000 * ppm / 1000000);
}

uint64_t net_mono_us(const struct net *self, const struct net_host *host)
{
    return host->clock.mono_off_us + drifted(self->agenda->now_us, host->clock.drift_ppm);
}

uint64_t net_wall_ms(const struct net *self, const struct net_host *host)
{
    return (uint64_t)(1700000000000 + host->clock.wall_off_ms) +
           drifted(self->agenda->now_us, host->clock.drift_ppm) / 1000;
}

void net_set_drift(const struct net *self, struct net_host *host, int32_t ppm)
{
    uint64_t mono_us = net_mono_us(self, host), wall_ms = net_wall_ms(self, host);
    host->clock.drift_ppm = ppm;
    host->clock.mono_off_us += mono_us - net_mono_us(self, host);
    host->clock.wall_off_ms += (int64_t)(wall_ms - net_wall_ms(self, host));
}

uint64_t net_time_of(const struct net_host *host, uint64_t mono_us)
{
    if (mono_us <= host->clock.mono_off_us)
        return 0;
    uint64_t us = mono_us - host->clock.mono_off_us;
    uint64_t at = us * 1000000 / (uint64_t)(1000000 + host->clock.drift_ppm);
    while (drifted(at, host->clock.drift_ppm) < us)  // never early; the inverse is near already
        at += 1 + (us - drifted(at, host->clock.drift_ppm)) / 2;
    return at;
}

// ---- lines

static void init_lanes(struct net_line *line)
{
    for (int back = 0; back < 2; back++)
        line->lanes[back].held_end = &line->lanes[back].held;
}

static struct net_line *free_line(struct net *self)
{
    for (uint32_t i = 0; i < self->line_count; i++) {
        struct net_line *line = self->lines[i];
        if (!line->is_open && line->lanes[0].under_way + line->lanes[1].under_way == 0)
            return line;
    }
    if (self->line_count == self->line_capacity) {
        self->line_capacity = self->line_capacity ? 2 * self->line_capacity : 256;
        self->lines = check_realloc(self->lines, self->line_capacity * sizeof(struct net_line *));
    }
    struct net_line *line = check_alloc(sizeof *line);
    line->index = self->line_count;
    self->lines[self->line_count++] = line;
    return line;
}

struct net_line *net_connect(struct net *self, struct net_host *from, struct net_host *to, enum net_port port,
                             uint32_t slot)
{
    struct net_line *line = free_line(self);
    uint32_t index = line->index;
    *line = (struct net_line){.from = from,
                              .to = to,
                              .port = port,
                              .slot = slot,
                              .index = index,
                              .generation = ++self->generations,
                              .is_open = true};
    init_lanes(line);
    line->ready_us = self->agenda->now_us + net_round_trip_us(self, line) * 3 / 2 + 500;
    return line;
}

void net_disconnect(struct net *self, struct net_line *line, bool linger)
{
    line->is_open = line->is_up = false;
    // The kernel goes on sending what it has been given.
    line->lingers = linger || chance_permille(&self->chance, 500);
    lane_drop_held(&line->lanes[1]);
    if (!line->lingers)
        lane_drop_held(&line->lanes[0]);
}

struct net_line *net_find(struct net *self, uint32_t index, uint32_t generation, uint32_t epoch)
{
    if (index >= self->line_count)
        return NULL;
    struct net_line *line = self->lines[index];
    bool is_it = line->generation == generation && line->epoch == epoch && line->is_open && line->is_up;
    return is_it ? line : NULL;
}

void net_not_sent(struct net *self, uint32_t index, uint32_t generation, struct span message)
{
    if (index < self->line_count && self->lines[index]->generation == generation)
        net_tell_lost(self->lines[index], true, message);
}

void net_reset(struct net *self, struct net_line *line)
{
    if (!line->is_up)
        return;
    self->met->counts[MET_reset]++;
    line->is_up = false;
    line->backoff_ms = RECONNECT_MS;
    line->ready_us = self->agenda->now_us + RECONNECT_MS * 1000 + net_round_trip_us(self, line) * 3 / 2;
    for (int back = 0; back < 2; back++) {
        line->lanes[back].last_us = 0;
        line->lanes[back].broken_epoch = line->epoch;
        line->lanes[back].broken_us = self->agenda->now_us + chance_below(&self->chance, LATE_US);
    }
    lane_drop_held(&line->lanes[0]);
    lane_drop_held(&line->lanes[1]);
}

static bool stands(struct net *self, struct net_line *line)
{
    if (!line->is_open)
        return false;
    if (line->is_up)
        return true;
    if (self->agenda->now_us < line->ready_us)
        return false;
    const struct net_host *to = line->to;
    if (to->alive && !to->paused && !net_is_cut(self, line->from, to) && !net_is_cut(self, to, line->from)) {
        line->is_up = true;
        line->epoch++;
        line->to_life = to->life;
        line->backoff_ms = 0;
        return true;
    }
    line->backoff_ms = line->backoff_ms == 0 ? RECONNECT_MS : line->backoff_ms * 2;
    if (line->backoff_ms > RECONNECT_MAX_MS)
        line->backoff_ms = RECONNECT_MAX_MS;
    line->ready_us = self->agenda->now_us + (uint64_t)line->backoff_ms * 1000;
    return false;
}

static uint32_t queue_messages(const struct net *self, const struct net_line *line, bool back)
{
    static const uint32_t most[] = {[NET_CLIENT] = 10000, [NET_CONTROL] = 2000, [NET_BULK] = 200};
    uint32_t from = line->from->zone, to = line->to->zone;
    bool is_narrow = back ? self->narrow[to][from] : self->narrow[from][to];
    return is_narrow ? NARROW_MESSAGES : 2 * most[line->port];  // one queue at each end
}

bool net_send(struct net *self, struct net_line *line, bool back, struct span message)
{
    struct net_host *from = back ? line->to : line->from;
    struct net_host *to = back ? line->from : line->to;
    if (from->sends_left == 0)
        return true;  // nobody will ever know
    if (from->sends_left != UINT32_MAX)
        from->sends_left--;
    if (!stands(self, line))
        return false;
    if (line->lanes[back].under_way >= queue_messages(self, line, back)) {
        self->met->counts[MET_queue_full]++;
        return false;
    }
    if (chance_permille(&self->chance, self->rates.lost_permille)) {
        self->met->counts[MET_lost]++;
        net_tell_lost(line, back, message);
        if (line->port == NET_CLIENT)  // nothing is lost of a connection but its end
            net_reset(self, line);
        return true;
    }
    struct net_parcel *parcel = parcel_pack(self, line, back, message);
    if (net_is_cut(self, from, to) || line->lanes[back].held != NULL) {  // nothing overtakes what is held
        parcel_hold(self, parcel);
        return true;
    }
    uint64_t delay_us = 0;
    if (chance_permille(&self->chance, self->rates.delayed_permille)) {
        self->met->counts[MET_delayed]++;
        delay_us = 200000 + net_round_trip_us(self, line);
    }
    parcel_go(self, parcel, delay_us);
    if (line->port != NET_CLIENT && chance_permille(&self->chance, self->rates.twice_permille)) {
        self->met->counts[MET_twice]++;
        struct net_parcel *again = parcel_pack(self, line, back, message);
        again->twice = again->late = true;
        parcel_go(self, again, chance_below(&self->chance, 2000000));
    }
    return true;
}

// ---- processes

void net_start(struct net *self, struct net_host *host)
{
    (void)self;
    host->alive = true;
    host->paused = false;
    host->life++;
    host->sends_left = UINT32_MAX;
    host->inbox = NULL;
    host->inbox_end = &host->inbox;
}

static struct net_parcel *take_inbox(struct net_host *host)
{
    struct net_parcel *first = host->inbox;
    host->inbox = NULL;
    host->inbox_end = &host->inbox;
    return first;
}

void net_kill(struct net *self, struct net_host *host, bool silent)
{
    if (!host->alive)
        return;
    host->alive = host->paused = false;
    for (struct net_parcel *parcel = take_inbox(host), *next; parcel != NULL; parcel = next) {
        next = parcel->next;
        parcel_drop(parcel);
    }
    for (uint32_t i = 0; i < self->line_count; i++) {
        struct net_line *line = self->lines[i];
        if (line->is_open && line->from == host)
            net_disconnect(self, line, false);
        else if (line->is_open && line->to == host && !silent)
            net_reset(self, line);
    }
}

void net_pause(struct net *self, struct net_host *host)
{
    (void)self;
    host->paused = host->alive;
}

void net_resume(struct net *self, struct net_host *host)
{
    if (!host->paused)
        return;
    host->paused = false;
    uint32_t life = host->life;
    for (struct net_parcel *parcel = take_inbox(host), *next; parcel != NULL; parcel = next) {
        next = parcel->next;
        bool is_current = parcel->line->is_open && parcel->epoch == parcel->line->epoch;
        if (host->alive && host->life == life && (is_current || !parcel->back))
            parcel_hand_over(self, parcel);
        else
            parcel_drop(parcel);
    }
}

// ---- faults

void net_heal(struct net *self)
{
    self->rates = (struct net_rates){0};
    memset(self->cut, 0, sizeof self->cut);
    memset(self->narrow, 0, sizeof self->narrow);
    memset(self->slow_us, 0, sizeof self->slow_us);
    net_release(self);
}

void net_close(struct net *self)
{
    parcels_free(self);
    for (uint32_t i = 0; i < self->line_count; i++) {
        lane_drop_held(&self->lines[i]->lanes[0]);
        lane_drop_held(&self->lines[i]->lanes[1]);
        free(self->lines[i]);
    }
    free(self->lines);
}
