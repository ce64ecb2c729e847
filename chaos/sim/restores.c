#include "chaos/sim/restores.h"

#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"
#include "chaos/sim/edge.h"
#include "chaos/sim/server.h"

#include <stdlib.h>

#define RESTORE_PERMILLE 250  // of histories with other faults as well
#define ALONE_PERMILLE 400
#define ASK_AGAIN_MS 500

struct restores {
    struct edge edge;  // first: who asks for the backup
    uint64_t until_us;
    struct bytes file, place;
    bool goes_on;  // the last answer was not the backup's end
};

static uint64_t draw(struct sim *sim, uint64_t least, uint64_t most)
{
    return chance_between(&sim->restore_chance, least, most);
}

static struct server *unlucky(struct sim *sim)
{
    return sim->servers[sim->unlucky];
}

static void after(struct sim *sim, uint64_t ms, agenda_happen *happen, void *subject, uint64_t number)
{
    agenda_at(&sim->agenda, sim_now(sim) + ms * SIM_MS_US, happen, subject, number);
}

// ---- the node comes back

// Cut off from the other nodes, so that it must do without them for a while; clients reach it.
static void set_alone(struct sim *sim, bool alone)
{
    for (uint32_t i = 0; i < sim->node_count; i++)
        if (i != sim->unlucky)
            sim->net.cut[i][sim->unlucky] = sim->net.cut[sim->unlucky][i] = alone;
    net_release(&sim->net);
}

static void end_alone(void *subject, uint64_t number)
{
    (void)number;
    set_alone(subject, false);
}

static void restore_and_start(void *subject, uint64_t life)
{
    struct restores *self = subject;
    struct sim *sim = self->edge.sim;
    struct server *server = unlucky(sim);
    if (server->node != NULL || server->host.life != life)
        return;  // all was healed meanwhile
    server_restore(server, (struct span){self->file.data, self->file.count});
    if (sim_now(sim) < self->until_us && draw(sim, 0, 999) < ALONE_PERMILLE) {
        sim_meet(sim, MET_restored_alone);
        set_alone(sim, true);
        after(sim, draw(sim, 3000, 40000), end_alone, sim, 0);
    }
    server_start(server);
}

static void lose(void *subject, uint64_t number)
{
    (void)number;
    struct restores *self = subject;
    struct sim *sim = self->edge.sim;
    struct server *server = unlucky(sim);
    if (sim_now(sim) >= self->until_us)
        return;
    if (server->node == NULL) {
        after(sim, ASK_AGAIN_MS, lose, self, 0);
        return;
    }
    sim_tell(sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = "restore"});
    server_crash(server, draw(sim, 0, 1) == 0);
    after(sim, draw(sim, 50, 5000), restore_and_start, self, server->host.life);
}

// ---- the backup

static void ask(void *subject, uint64_t number);

static void on_row(void *user, const struct hotline_row *row)
{
    struct restores *self = user;
    if (row->type != HOTLINE_ROW_BACKUP)
        return;
    bytes_append(&self->file, row->backup.data, row->backup.bytes);
    self->goes_on = row->backup.place != NULL;
    bytes_clear(&self->place);
    if (self->goes_on)
        bytes_append(&self->place, row->backup.place, row->backup.place_bytes);
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct restores *self = user;
    struct sim *sim = self->edge.sim;
    if (answer->result != HOTLINE_ANSWER_DONE) {  // begun anew: it may be another node, or another start
        bytes_clear(&self->file);
        bytes_clear(&self->place);
        after(sim, ASK_AGAIN_MS, ask, self, 0);
    } else if (self->goes_on) {
        after(sim, draw(sim, 0, 300), ask, self, 0);
    } else {
        sim_meet(sim, MET_backup);
        after(sim, draw(sim, 200, 30000), lose, self, 0);
    }
}

static void ask(void *subject, uint64_t number)
{
    (void)number;
    struct restores *self = subject;
    struct sim *sim = self->edge.sim;
    struct hotline_question_args args = {.place = self->place.data, .place_bytes = self->place.count};
    if (sim_now(sim) >= self->until_us)
        return;
    self->goes_on = false;
    hotline_ask(self->edge.client, HOTLINE_BACKUP, &args, 3000, on_row, on_done);
    edge_settle(&self->edge);
}

static void begin(void *subject, uint64_t number)
{
    (void)number;
    struct restores *self = subject;
    char nodes[EDGE_NODES_BYTES];
    sim_endpoint(self->edge.sim, self->edge.sim->unlucky, nodes, sizeof nodes);
    edge_begin(&self->edge, 0);
    struct hotline_query_options options = {.nodes = nodes, .user = self};
    enum hotline_result result;
    edge_started(&self->edge, client_query_create(&self->edge.wire, &options, &result));
    ask(self, 0);
}

void restores_start(struct sim *sim, uint64_t from_us, uint64_t until_us)
{
    bool is_alone = sim->options.faults == 1u << SIM_FAULT_RESTORE;
    if ((sim->options.faults & 1u << SIM_FAULT_RESTORE) == 0 || from_us >= until_us ||
        (!is_alone && draw(sim, 0, 999) >= RESTORE_PERMILLE))
        return;
    struct restores *self = sim->restores = check_alloc(sizeof *self);
    self->until_us = until_us;
    edge_init(&self->edge, sim, city_node_region(sim->unlucky), 910000, KEY_ROLE_ADMIN, CITY_ADMIN);
    agenda_at(&sim->agenda, draw(sim, from_us, from_us + (until_us - from_us) / 2), begin, self, 0);
}

void restores_free(struct sim *sim)
{
    struct restores *self = sim->restores;
    if (self == NULL)
        return;
    if (edge_runs(&self->edge))
        hotline_client_abandon(self->edge.client);
    bytes_close(&self->file);
    bytes_close(&self->place);
    free(self);
}
