// hotline-live: one scenario on real processes, prepared by `run`. Ends with the judge's verdict and a row of the
// table. Status 0: nothing found, 1: violated, 2: it could not be run.
#include "chaos/live/plan.h"
#include "chaos/sim/callers.h"
#include "chaos/sim/city.h"
#include "chaos/sim/city_keys.h"
#include "chaos/sim/desks.h"
#include "chaos/sim/gateways.h"
#include "chaos/sim/observers.h"
#include "cluster/base/text.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define READY_MOST_MS 30000
#define WARM_UP_MS 4000     // people sign in within 1.6 s, and have their connections two seconds later
#define WHOLE_MS 3000       // whole again, and calls go on
#define LEAVE_MOST_MS 2500  // nobody calls any more; who is on the line then hangs up
#define END_MOST_MS 30000
#define LONE_CALLS 3
#define ALONE_MS 2500  // what is so for so long is known everywhere
#define REST_MS 1500
#define DIGESTS_MS 3000
#define ANSWER_MS 1700
#define PACE_PERMILLE 400

enum { EXIT_VIOLATED = 1, EXIT_USAGE = 2 };

static struct live live;

static void on_signal(int signal)
{
    (void)signal;
    live.sim.stop = true;
}

// ---- the seasons of a run

static bool get_ready(struct live *self)
{
    struct sim *sim = &self->sim;
    city_write_directory(sim);
    for (uint32_t i = 0; i < sim->node_count; i++)
        live_node_start(self, i);
    observers_apply(sim);
    for (uint32_t waited_ms = 0; waited_ms < READY_MOST_MS && !sim->stop; waited_ms += 300) {
        observers_look(sim);
        live_run_for(self, 300);
        if (observers_see_all(sim))
            return true;
    }
    fprintf(stderr, "the nodes do not see each other, or have no directory: see the logs in %s\n", self->options.dir);
    return false;
}

static void run_until_nobody_calls(struct live *self, uint32_t most_ms)
{
    for (uint32_t waited_ms = 0; waited_ms < most_ms && gateways_callers(&self->sim) > 0 && !self->sim.stop;
         waited_ms += 250)
        live_run_for(self, 250);
}

static void tell(struct live *self, enum history_word word)
{
    sim_tell(&self->sim, (struct history_event){.word = word});
}

// Each alone, when nobody doubts which desks are free: it is judged whether the nearest rings.
static void call_one_by_one(struct live *self)
{
    for (uint32_t i = 0; i < LONE_CALLS && !self->sim.stop; i++) {
        live_run_for(self, ALONE_MS);
        caller_comes(self->sim.gateways[chance_below(&self->sim.fault_chance, self->sim.gateway_count)]);
        run_until_nobody_calls(self, END_MOST_MS);
    }
}

static void come_to_rest(struct live *self)
{
    live_run_for(self, WHOLE_MS);
    self->sim.closing = true;
    run_until_nobody_calls(self, LEAVE_MOST_MS);
    gateways_hang_up(&self->sim);
    run_until_nobody_calls(self, END_MOST_MS);
    call_one_by_one(self);
    live_run_for(self, REST_MS);
    tell(self, HISTORY_AT_QUIET);
    live_run_for(self, DIGESTS_MS + 500);
    observers_ask(&self->sim);
    live_run_for(self, ANSWER_MS);
    tell(self, HISTORY_AT_END);
}

// ---- the row of the table

static uint32_t count_of(const struct live *self, const enum judge_kind *kinds, uint32_t kinds_count)
{
    uint32_t count = 0;
    const struct judge_violation *violation;
    for (uint32_t i = 0; (violation = judge_violation(self->sim.judge, i)) != NULL; i++)
        for (uint32_t kind = 0; kind < kinds_count; kind++)
            count += violation->kind == kinds[kind];
    return count;
}

static void print_times(struct samples *samples)
{
    printf("\t%llu/%llu/%llu", (unsigned long long)samples_at(samples, 500) / 1000,
           (unsigned long long)samples_at(samples, 990) / 1000, (unsigned long long)samples_at(samples, 1000) / 1000);
}

static void print_row(struct live *self, const struct plan *plan)
{
    static const enum judge_kind lost[] = {JUDGE_CALL_LOST}, twice[] = {JUDGE_RUNG_TWICE, JUDGE_CONNECTED_TWICE},
                                 orphaned[] = {JUDGE_ORPHANS, JUDGE_DESK_STUCK, JUDGE_LEG_STUCK};
    struct bytes text = {0};
    judge_verdict(self->sim.judge, &text);
    printf("%.*s\n", (int)text.count, (const char *)text.data);
    bytes_close(&text);
    if (self->moved > 0)
        printf("next nodes: %u of %u clients whose node was lost went to the nearest\n", self->moved_to_nearest,
               self->moved);
    printf("row\t%s\t%llu\t%u\t%u\t%u", plan->name, (unsigned long long)self->sim.calls, count_of(self, lost, 1),
           count_of(self, twice, 2), count_of(self, orphaned, 3));
    print_times(&self->report.first_ring);
    print_times(&self->report.ring_gap);
    print_times(&self->report.fail_over);
    print_times(&self->report.call_back);
    printf("\t%s\n", self->sim.stop ? "stopped" : judge_count(self->sim.judge) > 0 ? "violated" : "ok");
}

// ---- a run

static int run(struct live *self, const struct plan *plan)
{
    struct sim *sim = &self->sim;
    struct judge_options options = {.retry_ms = 8000, .digests_ms = DIGESTS_MS};
    sim->judge = judge_create(&options);
    chance_init(&sim->city_chance, sim->options.seed, 'c');
    chance_init(&sim->fault_chance, sim->options.seed, 'f');
    sim->agent_count = sim->options.agents;
    sim->gateway_count = SIM_REGIONS;
    sim->load_permille = 800;
    int status = EXIT_USAGE;
    if (live_open(self)) {
        sim->node_count++;  // for one that is added
        observers_create(sim);
        sim->node_count--;
        if (get_ready(self)) {
            desks_create(sim);
            gateways_create(sim);
            live_run_for(self, WARM_UP_MS);
            plan->storm(self, live_now_us() + sim->options.seconds * SIM_SECOND_US);
            plan_heal(self);
            come_to_rest(self);
            print_row(self, plan);
            status = sim->stop ? EXIT_USAGE : judge_count(sim->judge) > 0 ? EXIT_VIOLATED : 0;
        }
        desks_free(sim);
        gateways_free(sim);
        observers_free(sim);
    }
    live_close(self);
    judge_free(sim->judge);
    return status;
}

// ---- options

static void usage(FILE *to)
{
    fputs("usage: hotline-live --scenario NAME --dir DIR --hotlined FILE --hotlinectl FILE [--nodes K] [--seconds S]\n"
          "                    [--seed N] [--agents A] [--namespaces PREFIX] [--preload LIBRARY] [--disk-tool FILE]\n"
          "       hotline-live --list       name, needs and shortest storm of every scenario\n"
          "       hotline-live --write-keys DIR    the keys of all nodes and of the admin, as hotlinectl keygen lays "
          "them\n"
          "       hotline-live --regions    name, latitude and longitude (in millionths of a degree) of every region\n"
          "chaos/live/run prepares DIR and calls it.\n",
          to);
}

static void list(void)
{
    static const char *const needs[] = {"nothing", "preload", "faketime", "switch", "mount", "small_disk"};
    const struct plan *plan;
    for (uint32_t i = 0; (plan = plan_at(i)) != NULL; i++)
        printf("%s %s %u\n", plan->name, needs[plan->needs], plan->seconds_min);
}

static bool write_key(const char *dir, enum key_role role, const char *party)
{
    char folder[LIVE_PATH_BYTES], path[2 * LIVE_PATH_BYTES];
    struct key_pair pair;
    struct problem problem;
    city_key(role, party, &pair);
    snprintf(folder, sizeof folder, "%s/%s", dir, key_role_name(role));
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/%s.key", folder, party);
    bool good = key_pair_write(&pair, path, true, &problem);
    snprintf(path, sizeof path, "%s/%s.pub", folder, party);
    good = good && key_pair_write(&pair, path, false, &problem);
    if (!good)
        fprintf(stderr, "%s\n", problem.text);
    key_pair_close(&pair);
    return good;
}

static bool write_keys(const char *dir)
{
    mkdir(dir, 0700);
    bool good = write_key(dir, KEY_ROLE_ADMIN, CITY_ADMIN);
    for (uint32_t i = 0; i < SIM_REGIONS && good; i++)
        good = write_key(dir, KEY_ROLE_NODE, city_regions[i].name);
    return good;
}

static void list_regions(void)
{
    for (uint32_t i = 0; i < SIM_REGIONS; i++)
        printf("%s %d %d\n", city_regions[i].name, city_regions[i].lat_udeg, city_regions[i].lon_udeg);
}

static bool read_number(const char *text, uint64_t most, uint64_t *ret_number)
{
    char *end;
    *ret_number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *ret_number <= most;
}

static bool read_option(int option, const char *value, const struct plan **plan)
{
    struct sim_options *options = &live.sim.options;
    uint64_t number = 0;
    bool good = true;
    switch (option) {
    case 'x':
        *plan = plan_find(value);
        good = *plan != NULL;
        break;
    case 'd':
        live.options.dir = value;
        break;
    case 'h':
        live.options.hotlined = value;
        break;
    case 'c':
        live.options.hotlinectl = value;
        break;
    case 'N':
        live.options.ns = value;
        break;
    case 'p':
        live.options.preload = value;
        break;
    case 't':
        live.options.disk_tool = value;
        break;
    case 's':
        good = read_number(value, UINT64_MAX, &options->seed);
        break;
    case 'n':
        good = read_number(value, SIM_REGIONS - 1, &number) && number >= 2;
        live.sim.node_count = (uint32_t)number;
        break;
    case 'S':
        good = read_number(value, 3600, &number) && number > 0;
        options->seconds = (uint32_t)number;
        break;
    case 'a':
        good = read_number(value, 500, &number) && number > 0;
        options->agents = (uint32_t)number;
        break;
    default:
        good = false;
    }
    if (!good && value != NULL)
        fprintf(stderr, "hotline-live: '%s' will not do\n", value);
    return good;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"scenario", required_argument, NULL, 'x'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"hotlined", required_argument, NULL, 'h'},
                                            {"hotlinectl", required_argument, NULL, 'c'},
                                            {"nodes", required_argument, NULL, 'n'},
                                            {"seconds", required_argument, NULL, 'S'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"agents", required_argument, NULL, 'a'},
                                            {"namespaces", required_argument, NULL, 'N'},
                                            {"preload", required_argument, NULL, 'p'},
                                            {"disk-tool", required_argument, NULL, 't'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"regions", no_argument, NULL, 'r'},
                                            {"write-keys", required_argument, NULL, 'k'},
                                            {NULL, 0, NULL, 0}};
    const struct plan *plan = NULL;
    live.sim.node_count = 5;
    live.sim.options = (struct sim_options){.seconds = 20,
                                            .agents = 12,
                                            .seed = 1,
                                            .pace_permille = PACE_PERMILLE,
                                            .reattach_ms = 3000,
                                            .adopt_after_ms = 3000};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'l' || option == 'r') {
            option == 'l' ? list() : list_regions();
            return 0;
        }
        if (option == 'k')
            return write_keys(optarg) ? 0 : EXIT_USAGE;
        if (!read_option(option, optarg, &plan)) {
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (plan == NULL || live.options.dir == NULL || live.options.hotlined == NULL || live.options.hotlinectl == NULL) {
        usage(stderr);
        return EXIT_USAGE;
    }
    char trace[LIVE_PATH_BYTES];
    snprintf(trace, sizeof trace, "%s/history", live.options.dir);
    live.sim.options.trace = fopen(trace, "w");
    if (live.sim.options.trace == NULL) {
        perror(trace);
        return EXIT_USAGE;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    signal(SIGPIPE, SIG_IGN);
    if (live.sim.options.seconds < plan->seconds_min)
        live.sim.options.seconds = plan->seconds_min;
    int status = run(&live, plan);
    fclose(live.sim.options.trace);
    return status;
}
