#include "chaos/sim/sim.h"

#include "chaos/sim/city.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/faults.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/links.h"
#include "chaos/sim/lost.h"
#include "chaos/sim/observers.h"
#include "chaos/sim/restores.h"
#include "chaos/sim/server.h"
#include "chaos/sim/versions.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

// The seasons of a history, after its storm of `seconds`: whole, but calls go on; nobody calls any more; quiet.
#define CROWD_PERMILLE 20  // of histories
#define SMALL_WINDOW_PERMILLE 300
#define CROWD_AGENTS 100  // or more
#define WARM_UP_US (6 * SIM_SECOND_US)
#define WHOLE_US (15 * SIM_SECOND_US)
#define HANG_UP_US (20 * SIM_SECOND_US)  // whoever is still on the line then hangs up
#define QUIET_MOST_US (60 * SIM_SECOND_US)
#define REST_US (8 * SIM_SECOND_US)  // from the last leg's end on, and until the digests are asked for
#define WRAPS_PERMILLE 125           // of the histories
#define KEPT_US (1 * SIM_SECOND_US)
#define ANSWER_US (3 * SIM_SECOND_US)

// ---- telling

static void write_line(struct sim *self)
{
    fwrite(self->line.data, 1, self->line.count, self->options.trace);
}

static void write_and_hear(struct sim *self, struct history_event event)
{
    event.us = sim_now(self);
    if (self->options.trace != NULL) {
        bytes_clear(&self->line);
        history_print(&event, &self->line);
        write_line(self);
    }
    judge_hear(self->judge, &event);
    if (judge_count(self->judge) > 0)
        self->stop = true;
}

void sim_tell(struct sim *self, struct history_event event)
{
    if (!self->stop)
        write_and_hear(self, event);
}

void sim_remark(struct sim *self, const char *text, ...)
{
    char line[768];
    if (self->options.trace == NULL || self->stop)
        return;
    va_list args;
    va_start(args, text);
    vsnprintf(line, sizeof line, text, args);
    va_end(args);
    fprintf(self->options.trace, "# %llu %s\n", (unsigned long long)sim_now(self), line);
}

void sim_meet(struct sim *self, enum met_kind kind)
{
    self->met.counts[kind]++;
    sim_remark(self, "met %s", met_name(kind));
}

static void tell_word(struct sim *self, enum history_word word)
{
    sim_tell(self, (struct history_event){.word = word});
}

void sim_endpoint(const struct sim *self, uint32_t node, char *to, size_t room)
{
    (void)self;
    server_endpoint(node, "client", to, room);
}

// ---- life

static uint32_t draw_bit(struct sim *self, uint32_t given, uint64_t least, uint64_t most)
{
    uint64_t drawn = chance_between(&self->city_chance, least, most);
    return given != 0 ? given : (uint32_t)drawn;
}

static void create(struct sim *self)
{
    uint64_t seed = self->options.seed;
    // A call returns after the directory's retry_ms; see city.c.
    struct judge_options options = {
        .retry_ms = 8000, .call_back_ms = 45000, .held_ms = 8000, .alone_ms = self->options.adopt_alone_after_ms};
    self->judge = judge_create(&options);
    chance_init(&self->city_chance, seed, 'c');
    chance_init(&self->fault_chance, seed, 'f');
    chance_init(&self->link_chance, seed, 'l');
    chance_init(&self->version_chance, seed, 'v');
    chance_init(&self->restore_chance, seed, 'r');
    struct chance wrap_chance;  // its own: what else happens in a history does not depend on it
    chance_init(&wrap_chance, seed, 'w');
    self->has_wraps = chance_permille(&wrap_chance, WRAPS_PERMILLE);
    net_init(&self->net, &self->agenda, &self->met, seed);
    self->node_count = draw_bit(self, self->options.nodes, 2, 6);
    bool is_crowd = chance_permille(&self->city_chance, CROWD_PERMILLE);
    self->agent_count = draw_bit(self, self->options.agents, is_crowd ? CROWD_AGENTS : 4, is_crowd ? 300 : 40);
    if (self->agent_count >= CROWD_AGENTS)
        sim_meet(self, MET_crowd);
    if (chance_permille(&self->city_chance, SMALL_WINDOW_PERMILLE)) {
        sim_meet(self, MET_small_window);
        self->feed_window_bytes = (uint32_t)chance_between(&self->city_chance, 2000, 20000);
        // What a crowd does must come through such a window in the seconds within which things must go on.
        self->feed_window_bytes *= self->agent_count >= CROWD_AGENTS ? 8 : 1;
    }
    self->load_permille = chance_between(&self->city_chance, 200, 1500);
    if (self->options.links != LINKS_NO_PLAN)
        self->load_permille /= 4;  // mostly somebody is free, and nothing else waits
    self->gateway_count = (uint32_t)chance_between(&self->city_chance, 2, 6);
    self->unlucky = (uint32_t)chance_below(&self->fault_chance, self->node_count);
    city_set_latencies(self);
    city_write_directory(self);
    for (uint32_t i = 0; i < self->node_count; i++)
        self->servers[i] = server_create(self, i);
    versions_draw(self);
    observers_create(self);
    for (uint32_t i = 0; i < self->node_count; i++)
        server_start(self->servers[i]);
    observers_apply(self);
    desks_create(self);
    gateways_create(self);
}

static void destroy(struct sim *self)
{
    self->stop = true;  // nothing is told any more
    observers_free(self);
    restores_free(self);
    desks_free(self);
    gateways_free(self);
    lost_free(self);
    for (uint32_t i = 0; i < self->node_count; i++)
        server_free(self->servers[i]);
    net_close(&self->net);
    agenda_close(&self->agenda);
    bytes_close(&self->directory);
    bytes_close(&self->line);
    judge_free(self->judge);
}

// ---- one history

static void run_for(struct sim *self, uint64_t us)
{
    agenda_run(&self->agenda, sim_now(self) + us, &self->stop);
}

static void storm(struct sim *self)
{
    uint64_t storm_us = self->options.seconds * SIM_SECOND_US;
    // A node that stands still leaves all else whole.
    if ((self->options.faults & ~(1u << SIM_FAULT_PAUSE)) == 0)
        tell_word(self, HISTORY_AT_WHOLE);
    faults_start(self, WARM_UP_US, storm_us);
    links_start(self, WARM_UP_US, storm_us);
    versions_start(self, WARM_UP_US, storm_us);
    restores_start(self, WARM_UP_US, storm_us);
    run_for(self, storm_us);
}

// Lost callers are called back, as long as it takes and not for ever.
static void call_all_back(struct sim *self)
{
    for (uint64_t waited_us = 0; waited_us < QUIET_MOST_US && !self->stop; waited_us += 2 * SIM_SECOND_US) {
        observers_count_open(self);
        run_for(self, 2 * SIM_SECOND_US);
        if (observers_open(self) == 0)
            return;
    }
    sim_meet(self, MET_not_all_called_back);
}

// Everything works again: progress is demanded, first with calls going on, then until all is at rest.
static void heal(struct sim *self)
{
    if (self->options.faults != 0) {
        faults_end(self);
        tell_word(self, HISTORY_AT_WHOLE);
    }
    observers_connect(self);
    faults_late(self);
    run_for(self, WHOLE_US);
    self->closing = true;
    run_for(self, HANG_UP_US);
    gateways_hang_up(self);
    for (uint64_t waited_us = 0; waited_us < QUIET_MOST_US && gateways_callers(self) > 0 && !self->stop;
         waited_us += SIM_SECOND_US)
        run_for(self, SIM_SECOND_US);
    call_all_back(self);
    run_for(self, REST_US);
    tell_word(self, HISTORY_AT_QUIET);
    run_for(self, REST_US);
    while (!self->stop && observers_tell_kept(self) > 0)
        run_for(self, KEPT_US);
    if (!self->stop && self->wrapped_count > 0) {
        observers_tell_wraps(self);
        run_for(self, KEPT_US);
    }
    if (!self->stop)
        observers_ask(self);
    run_for(self, ANSWER_US);
    tell_word(self, HISTORY_AT_END);
}

static void report(struct sim *self, struct sim_result *ret_result)
{
    struct bytes text = {0};
    judge_verdict(self->judge, &text);
    size_t bytes = text.count < sizeof ret_result->verdict - 1 ? text.count : sizeof ret_result->verdict - 1;
    memcpy(ret_result->verdict, text.data, bytes);
    ret_result->verdict[bytes] = '\0';
    bytes_close(&text);
    ret_result->ok = judge_count(self->judge) == 0;
    ret_result->virtual_us = sim_now(self);
    ret_result->delivered = self->net.delivered;
    ret_result->calls = self->calls;
    ret_result->nodes = self->node_count;
    ret_result->agents = self->agent_count;
    self->met.counts[MET_nearest_judged] = judge_nearest(self->judge);
    for (uint32_t i = 0; i < self->node_count; i++)
        server_count(self->servers[i]);
    ret_result->met = self->met;
}

void sim_run(const struct sim_options *options, struct sim_result *ret_result)
{
    struct sim *self = check_alloc(sizeof *self);
    self->options = *options;
    create(self);
    storm(self);
    heal(self);
    report(self, ret_result);
    destroy(self);
    free(self);
}
