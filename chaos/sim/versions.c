// Call-backs are made, and broken links walked around, only by nodes of the present version: whatever is drawn here,
// all are of that when everything is healed.
#include "chaos/sim/versions.h"

#include "chaos/sim/server.h"

#define OLD_PERMILLE 200      // of histories with this fault
#define ALL_OLD_PERMILLE 250  // of those
#define STEP_BACK_PERMILLE 250
#define STOPS_MS 2000  // longer than a node takes to hand its clients over

static uint64_t draw(struct sim *sim, uint64_t least, uint64_t most)
{
    return chance_between(&sim->version_chance, least, most);
}

static bool is_old(const struct server *server)
{
    return server->config.protocol < PEERS_PROTOCOL;
}

void versions_draw(struct sim *sim)
{
    bool is_alone = sim->options.faults == 1u << SIM_FAULT_OLD;
    if ((sim->options.faults & 1u << SIM_FAULT_OLD) == 0 ||
        (!is_alone && !chance_permille(&sim->version_chance, OLD_PERMILLE)))
        return;
    sim->has_versions = true;
    bool all = chance_permille(&sim->version_chance, ALL_OLD_PERMILLE);
    uint64_t first = draw(sim, 0, sim->node_count - 1), count = all ? sim->node_count : draw(sim, 1, sim->node_count);
    for (uint64_t i = 0; i < count; i++) {
        sim_meet(sim, MET_old_version);
        sim->servers[(first + i) % sim->node_count]->config.protocol = PEERS_PROTOCOL_OLDEST;
    }
}

// Its program is another one from now on.
static void change(struct server *server)
{
    sim_meet(server->sim, is_old(server) ? MET_upgraded : MET_stepped_back);
    server->config.protocol = is_old(server) ? PEERS_PROTOCOL : PEERS_PROTOCOL_OLDEST;
}

static void start_changed(void *subject, uint64_t life)
{
    struct server *server = subject;
    if (server->host.life != life)
        return;                   // something else has stopped it before its operators did
    server_crash(server, false);  // nothing, if it stopped as it was told to
    change(server);
    server_start(server);
}

static void begin_change(void *subject, uint64_t number)
{
    (void)number;
    struct server *server = subject;
    sim_tell(server->sim, (struct history_event){.word = HISTORY_AT_FAULT, .reason = "version"});
    if (server->node == NULL) {
        change(server);
        return;
    }
    server_stop(server);
    agenda_at(&server->sim->agenda, sim_now(server->sim) + STOPS_MS * SIM_MS_US, start_changed, server,
              server->host.life);
}

void versions_start(struct sim *sim, uint64_t from_us, uint64_t until_us)
{
    for (uint32_t i = 0; i < sim->node_count && sim->has_versions && from_us < until_us; i++) {
        struct server *server = sim->servers[i];
        bool changes = is_old(server) ? draw(sim, 0, 2) > 0 : chance_permille(&sim->version_chance, STEP_BACK_PERMILLE);
        if (changes)
            agenda_at(&sim->agenda, draw(sim, from_us, until_us), begin_change, server, 0);
    }
}

bool versions_end(struct server *server)
{
    if (!is_old(server) || !server->sim->has_versions)
        return false;
    change(server);
    return true;
}
