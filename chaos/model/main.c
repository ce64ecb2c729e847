// hotline-model: explores a small scenario state by state, by the real boards.
#include "chaos/model/explore.h"

#include "chaos/sim/rules.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_HOLDS = 0, EXIT_VIOLATED = 1, EXIT_USAGE = 2, EXIT_BOUNDED = 3 };

static const char *const budget_names[BUDGETS] = {"losses", "repeats",   "crashes", "reattaches",
                                                  "words",  "deadlines", "late",    "forgotten"};
static const char *const lie_names[LIES] = {"none", "deaf-desk", "hasty-gateway", "says-once"};

static int usage(void)
{
    puts("usage: hotline-model SCENARIO [options]\n"
         "  --losses N --repeats N        messages between nodes lost, or delivered twice\n"
         "  --crashes N                   of a node, with or without its last writes\n"
         "  --reattaches N                connections of clients that break\n"
         "  --words N                     decline, end, no call, hang up, cannot be joined\n"
         "  --deadlines N                 times that a node's clock moves on to a deadline\n"
         "  --late N                      copies that leave now and arrive later\n"
         "  --forgotten N                 attaches by a forgotten client of the same name, at a smaller attach\n"
         "  --ring-width N                agents that a call rings at once\n"
         "  --prompt-nodes MASK           bit k: node k has every copy at once\n"
         "  --prompt-peers MASK           bit k: node k finds at once who is up and who is down\n"
         "  --prompt-clients MASK         bit k: client k (two desks, two gateways) hears at once\n"
         "  --prompt-attaches MASK        bit k: client k attaches anew at once, to the first node that runs\n"
         "  --stays 1                     clients attach anew only where they were at the beginning\n"
         "  --spared-nodes MASK           bit k: node k does not crash\n"
         "  --depth N --states N --seconds N   bounds of the exploration\n"
         "  --heal N                      one in N states runs to its end (1); more: beside the quiet ones; 0: none\n"
         "  --doubt N                     one in N ways to a known local is held against the others (0: none)\n"
         "  --anew 1                      every turn is made anew: slow, and must come to the same\n"
         "  --depths 1                    tells how far it is\n"
         "  --found N                     stops at so many different violations (1)\n"
         "  --lie NAME                    none, deaf-desk, hasty-gateway, says-once: a client that does wrong, to be "
         "found\n"
         "  --break RULE                  a rule of the nodes, see hotline-sim --break help\n"
         "status: 0 no violation in any state within the budgets, 1 violated, 2 usage, 3 no violation as far as it "
         "came.\n"
         "Scenarios:");
    struct scenario scenario;
    for (uint32_t i = 0; scenario_at(i, &scenario); i++)
        printf("  %-14s %s\n", scenario.name, scenario.what);
    return EXIT_USAGE;
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static bool read_number(const char *text, uint32_t *ret)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value > UINT32_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool read_options(int argc, char **argv, struct scenario *scenario, struct explore_options *options,
                         enum lie *lie)
{
    const struct {
        const char *name;
        uint32_t *to;
    } numbers[] = {{"depth", &options->depth_max},
                   {"states", &options->states_max},
                   {"heal", &options->heal_every},
                   {"doubt", &options->doubt_every},
                   {"found", &options->found_max},
                   {"seconds", &options->seconds_max},
                   {"depths", &options->tells_depths},
                   {"anew", &options->makes_anew},
                   {"ring-width", &scenario->ring_width},
                   {"prompt-nodes", &scenario->prompt_nodes},
                   {"prompt-peers", &scenario->prompt_peers},
                   {"stays", &scenario->stays},
                   {"spared-nodes", &scenario->spared_nodes},
                   {"prompt-attaches", &scenario->prompt_attaches},
                   {"prompt-clients", &scenario->prompt_clients}};
    for (int i = 2; i < argc; i++) {
        const char *name = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "";
        const char *value = i + 1 < argc ? argv[++i] : "";
        uint32_t *to = NULL;
        int budget = find_name(budget_names, BUDGETS, name);
        if (budget >= 0)
            to = &scenario->budget[budget];
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
            to = strcmp(numbers[k].name, name) == 0 ? numbers[k].to : to;
        if (strcmp(name, "lie") == 0 && find_name(lie_names, LIES, value) >= 0) {
            *lie = (enum lie)find_name(lie_names, LIES, value);
        } else if (strcmp(name, "break") == 0) {
            if (!rules_break(value, argv))
                return false;
        } else if (to == NULL || !read_number(value, to)) {
            fprintf(stderr, "hotline-model: %s%s%s is no option with a number\n", argv[i - (*value != '\0')],
                    *value != '\0' ? " " : "", value);
            return false;
        }
    }
    return true;
}

static double seconds_since(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static void tell(const struct scenario *scenario, const struct explored *explored, double seconds)
{
    printf("%s:", scenario->name);
    for (uint32_t i = 0; i < BUDGETS; i++)
        printf(" %s %u", budget_names[i], scenario->budget[i]);
    printf("\n%llu states, %llu transitions, depth %u, %s; %llu ran to their end, %llu looked at again; %u violations; "
           "%.1f s, %.0f states/s\n",
           (unsigned long long)explored->states, (unsigned long long)explored->transitions, explored->depth,
           explored->is_exhausted ? "exhausted" : "not exhausted", (unsigned long long)explored->healed,
           (unsigned long long)explored->doubted, explored->found_count, seconds,
           (double)explored->states / (seconds > 0 ? seconds : 1));
}

int main(int argc, char **argv)
{
    struct scenario scenario;
    if (argc < 2 || !scenario_find(argv[1], &scenario))
        return usage();
    struct explore_options options = {.states_max = 2000000, .heal_every = 1, .found_max = 1, .depth_max = UINT32_MAX};
    enum lie lie = NO_LIE;
    if (!read_options(argc, argv, &scenario, &options, &lie))
        return EXIT_USAGE;
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    struct model *model = model_create(&scenario, lie);
    struct explored explored;
    explore(model, &options, &explored);
    tell(&scenario, &explored, seconds_since(&start));
    for (uint32_t i = 0; i < explored.found_count; i++)
        explore_tell(model, &explored.found[i]);
    model_free(model);
    int status = explored.found_count > 0 ? EXIT_VIOLATED : explored.is_exhausted ? EXIT_HOLDS : EXIT_BOUNDED;
    explored_close(&explored);
    return status;
}
