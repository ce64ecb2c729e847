// hotline-measure: how long a call is without its ring when a node is killed. Round after round, a caller's gateway in
// one region and an agent's desk in another; the call rings, a node is killed, and the call is answered after all.
//
//     gateway    the gateway's node is killed: until the gateway is told by another node that its call rings at the
//     desk,
//                and the desk rings
//     desk       the desk's node is killed: until the desk is attached to another node and rings for the same call
//     region     node and gateway are killed, once for all calls: until each call's call-back rings at a desk
//
// Prints a line for every kind; status 0: no call was lost.
#include "chaos/live/live.h"
#include "chaos/sim/city.h"
#include "chaos/sim/observers.h"
#include "cluster/base/text.h"
#include "node/client/wire.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MOST_MS 15000  // whatever takes longer is a failure
#define CALL_BACK_MOST_MS 180000
#define LOOK_MS 5

struct stage {         // one gateway, one desk, and what they saw last
    struct live live;  // first
    struct edge gateway, desk;
    char call[HOTLINE_CALL_ID_BYTES];
    uint64_t told_rings_us, desk_attached_us, desk_silent_us;
    bool desk_rings, connects, is_connected, is_over, is_answered;
    uint64_t rang_back_us;
};

static struct stage stage;

static void on_signal(int signal)
{
    (void)signal;
    stage.live.sim.stop = true;
}

// ---- what they see

static void on_gateway(void *user, const struct hotline_event *event)
{
    struct stage *self = user;
    if (event->type == HOTLINE_CALL_RINGING)
        self->told_rings_us = live_now_us();
    else if (event->type == HOTLINE_CALL_CONNECT) {
        self->connects = true;
        hotline_gateway_joined(self->gateway.client, event->call);
    } else if (event->type == HOTLINE_CALL_ENDED) {
        self->is_over = true;
        self->is_answered = strcmp(event->reason, "answered") == 0;
    }
}

static void on_desk(void *user, const struct hotline_event *event)
{
    struct stage *self = user;
    if (event->type == HOTLINE_ATTACHED) {
        self->desk_attached_us = live_now_us();
    } else if (event->type == HOTLINE_OFFER) {
        self->desk_rings = true;
        self->desk_silent_us = 0;
        text_copy(self->call, sizeof self->call, event->call);
        if (strchr(event->call, '~') != NULL)
            self->rang_back_us = live_now_us();
    } else if (event->type == HOTLINE_WITHDRAWN) {
        self->desk_rings = false;
        self->desk_silent_us = live_now_us();
    } else if (event->type == HOTLINE_DESK_CONNECTED) {
        self->is_connected = true;
    } else if (event->type == HOTLINE_DESK_ENDED && strcmp(hotline_desk_state(self->desk.client), "wrap_up") == 0) {
        hotline_desk_available(self->desk.client);
    }
}

// ---- waiting, in which everything goes on

typedef bool reached(const struct stage *self);

static bool wait_for(struct stage *self, reached *is_reached, uint32_t most_ms)
{
    for (uint64_t until_us = live_now_us() + most_ms * SIM_MS_US; live_now_us() < until_us && !self->live.sim.stop;) {
        if (is_reached(self))
            return true;
        live_run_for(&self->live, LOOK_MS);
    }
    return is_reached(self);
}

static bool both_attached(const struct stage *self)
{
    return hotline_client_is_attached(self->gateway.client) && hotline_client_is_attached(self->desk.client);
}

static bool it_rings(const struct stage *self)
{
    return self->desk_rings && self->told_rings_us != 0;
}

static bool rings_at_another(const struct stage *self)
{
    return self->desk_attached_us != 0 && hotline_client_is_attached(self->desk.client) && self->desk_rings;
}

static bool it_connects(const struct stage *self)
{
    return self->is_connected;
}

static bool it_is_over(const struct stage *self)
{
    return self->is_over;
}

static bool wait_all_up(struct stage *self)
{
    for (uint32_t waited_ms = 0; waited_ms < STEP_MOST_MS && !self->live.sim.stop; waited_ms += 250) {
        observers_look(&self->live.sim);
        live_run_for(&self->live, 400);
        if (observers_see_all(&self->live.sim))
            return true;
    }
    return false;
}

// ---- a round

static void open_clients(struct stage *self, uint32_t gateway_region, uint32_t desk_region)
{
    struct sim *sim = &self->live.sim;
    char nodes[EDGE_NODES_BYTES], agent[CITY_NAME_BYTES], name[16];
    self->told_rings_us = self->desk_attached_us = self->desk_silent_us = 0;
    self->desk_rings = self->connects = self->is_connected = self->is_over = self->is_answered = false;
    snprintf(name, sizeof name, "gw-%u", gateway_region);
    edge_init(&self->gateway, sim, gateway_region, 1, KEY_ROLE_GATEWAY, name);
    edge_nodes(&self->gateway, nodes);
    edge_begin(&self->gateway, 0);
    struct hotline_gateway_options gateway = {.nodes = nodes,
                                              .gateway = name,
                                              .site = city_regions[gateway_region].name,
                                              .on_event = on_gateway,
                                              .user = self};
    edge_started(&self->gateway, client_gateway_create(&self->gateway.wire, &gateway, NULL));
    city_agent_name(desk_region, agent);  // the n-th agent is at home in the n-th region
    edge_init(&self->desk, sim, desk_region, 2, KEY_ROLE_DESK, agent);
    edge_nodes(&self->desk, nodes);
    edge_begin(&self->desk, 0);
    struct hotline_desk_options desk = {.nodes = nodes, .agent = agent, .on_event = on_desk, .user = self};
    edge_started(&self->desk, client_desk_create(&self->desk.wire, &desk, NULL));
}

static void close_clients(struct stage *self)
{
    edge_sign_off(&self->gateway);
    edge_sign_off(&self->desk);
    live_run_for(&self->live, 300);
}

static bool place_call(struct stage *self)
{
    struct hotline_call_spec spec = {.queue = city_queues[CITY_QUEUES - 1].name};
    char id[HOTLINE_CALL_ID_BYTES];
    bool placed = hotline_gateway_submit(self->gateway.client, &spec, id) == HOTLINE_OK;
    edge_settle(&self->gateway);
    return placed;
}

static bool answer_it(struct stage *self)
{
    hotline_desk_accept(self->desk.client, NULL);
    edge_settle(&self->desk);
    if (!wait_for(self, it_connects, STEP_MOST_MS))
        return false;
    hotline_desk_end(self->desk.client);
    edge_settle(&self->desk);
    return wait_for(self, it_is_over, STEP_MOST_MS) && self->is_answered;
}

// False: the call was lost, or the round could not be run. *ret_us: how long it took.
static bool round_of(struct stage *self, bool kills_desks, uint32_t number, uint64_t *ret_us)
{
    struct live *live = &self->live;
    uint32_t count = live->sim.node_count, from = number % count,
             at = (from + 1 + number / count % (count - 1)) % count;
    open_clients(self, from, at);
    bool good = wait_for(self, both_attached, STEP_MOST_MS);
    live_run_for(live, 700);  // until the stand-by connections are warm
    good = good && place_call(self) && wait_for(self, it_rings, STEP_MOST_MS);
    live_run_for(live, chance_between(&live->sim.fault_chance, 50, 600));
    self->told_rings_us = self->desk_attached_us = 0;
    uint32_t victim =
        live_node_of_name(live, hotline_client_node(kills_desks ? self->desk.client : self->gateway.client));
    good = good && victim != UINT32_MAX;
    uint64_t killed_us = live_now_us();
    if (good)
        live_node_kill(live, victim);
    good = good && wait_for(self, kills_desks ? rings_at_another : it_rings, STEP_MOST_MS);
    uint64_t rang_us = kills_desks ? self->desk_attached_us : self->told_rings_us;
    *ret_us = rang_us > killed_us ? rang_us - killed_us : 0;
    good = good && answer_it(self);
    if (victim != UINT32_MAX)
        live_node_start(live, victim);
    close_clients(self);
    return wait_all_up(self) && good;
}

static void print_line(const char *what, uint32_t kills, uint32_t lost, struct samples *samples)
{
    printf("%s\t%u\t%u\t%llu\t%llu\t%llu\n", what, kills, lost, (unsigned long long)samples_at(samples, 500) / 1000,
           (unsigned long long)samples_at(samples, 990) / 1000, (unsigned long long)samples_at(samples, 1000) / 1000);
    fflush(stdout);
}

static uint32_t measure(struct stage *self, bool kills_desks, uint32_t kills)
{
    struct samples samples = {.count = 0};
    uint32_t lost = 0;
    for (uint32_t i = 0; i < kills && !self->live.sim.stop; i++) {
        uint64_t us;
        bool good = round_of(self, kills_desks, i, &us);
        if (good)
            samples_add(&samples, us);
        lost += !good;
        fprintf(stderr, "%s %u: %llu ms%s\n", kills_desks ? "desk" : "gateway", i, (unsigned long long)us / 1000,
                good ? "" : " NOT ANSWERED");
    }
    print_line(kills_desks ? "desk" : "gateway", kills, lost, &samples);
    samples_close(&samples);
    return lost;
}

// ---- a region dies

static bool it_rings_back(const struct stage *self)
{
    return self->rang_back_us != 0;
}

// Calls wait in a region whose node and gateway die; then an agent elsewhere is free, and takes what is owed.
static uint32_t measure_region(struct stage *self, uint32_t calls)
{
    struct live *live = &self->live;
    struct samples samples = {.count = 0};
    open_clients(self, 1, 2);
    bool good = wait_for(self, both_attached, STEP_MOST_MS);
    hotline_desk_not_ready(self->desk.client, "measure");
    edge_settle(&self->desk);
    live_run_for(live, 1000);
    for (uint32_t i = 0; good && i < calls; i++)
        good = place_call(self);
    live_run_for(live, 3000);  // accepted, and told to all
    uint64_t killed_us = live_now_us();
    live_node_kill(live, 1);
    edge_vanish(&self->gateway, true);
    hotline_desk_available(self->desk.client);
    edge_settle(&self->desk);
    uint32_t lost = 0;
    for (uint32_t i = 0; i < calls; i++) {
        self->rang_back_us = 0;
        if (!good || !wait_for(self, it_rings_back, CALL_BACK_MOST_MS)) {
            lost = calls - i;
            break;
        }
        samples_add(&samples, self->rang_back_us - killed_us);
        hotline_desk_accept(self->desk.client, NULL);
        edge_settle(&self->desk);
        live_run_for(live, 1500);
        hotline_desk_end(self->desk.client);
        edge_settle(&self->desk);
    }
    print_line("region", calls, lost, &samples);
    samples_close(&samples);
    live_node_start(live, 1);
    edge_sign_off(&self->desk);
    return lost;
}

// ---- all of it

static int run(struct stage *self, uint32_t kills, uint32_t calls)
{
    struct sim *sim = &self->live.sim;
    uint32_t lost = kills;
    sim->agent_count = sim->gateway_count = SIM_REGIONS;
    if (live_open(&self->live)) {
        observers_create(sim);
        city_write_directory(sim);
        for (uint32_t i = 0; i < sim->node_count; i++)
            live_node_start(&self->live, i);
        observers_apply(sim);
        if (wait_all_up(self)) {
            lost = measure(self, false, kills);
            lost += measure(self, true, kills);
            if (calls > 0)
                lost += measure_region(self, calls);
        } else {
            fprintf(stderr, "the nodes do not see each other: see the logs in %s\n", self->live.options.dir);
        }
        observers_free(sim);
    }
    live_close(&self->live);
    return lost == 0 && !sim->stop ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
                                            {"hotlined", required_argument, NULL, 'h'},
                                            {"nodes", required_argument, NULL, 'n'},
                                            {"kills", required_argument, NULL, 'k'},
                                            {"calls", required_argument, NULL, 'c'},
                                            {"namespaces", required_argument, NULL, 'N'},
                                            {NULL, 0, NULL, 0}};
    struct live *live = &stage.live;
    unsigned long kills = 20, calls = 5, nodes = 5;
    bool good = true;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'd')
            live->options.dir = optarg;
        else if (option == 'h')
            live->options.hotlined = optarg;
        else if (option == 'N')
            live->options.ns = optarg;
        else if (option == 'n')
            nodes = strtoul(optarg, NULL, 10);
        else if (option == 'k')
            kills = strtoul(optarg, NULL, 10);
        else if (option == 'c')
            calls = strtoul(optarg, NULL, 10);
        else
            good = false;
    }
    if (!good || live->options.dir == NULL || live->options.hotlined == NULL || nodes < 3 || nodes > SIM_REGIONS ||
        kills > 1000 || calls > 100) {
        fprintf(stderr, "usage: hotline-measure --dir DIR --hotlined FILE [--nodes 3..6] [--kills N] [--calls N]\n"
                        "                       [--namespaces PREFIX]      chaos/live/measure prepares DIR\n");
        return 2;
    }
    live->sim.node_count = (uint32_t)nodes;
    live->sim.options.seed = 1;
    chance_init(&live->sim.city_chance, 1, 'c');
    chance_init(&live->sim.fault_chance, 1, 'f');
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    return run(&stage, (uint32_t)kills, (uint32_t)calls);
}
