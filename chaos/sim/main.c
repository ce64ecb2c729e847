// hotline-sim: histories from seeds, judged.
#include "chaos/sim/faults.h"
#include "chaos/sim/links.h"
#include "chaos/sim/many.h"
#include "chaos/sim/rules.h"
#include "chaos/sim/sim.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_VIOLATED = 1, EXIT_USAGE = 2 };

static void usage(FILE *to)
{
    fputs("usage: hotline-sim --seed N [--trace FILE] [OPTIONS]         one history\n"
          "       hotline-sim --seeds A..B [--jobs J] [--go-on] [OPTIONS]   many, until one is violated, or all\n"
          "  --nodes K        nodes (the seed decides)\n"
          "  --agents K       agents (the seed decides)\n"
          "  --minutes M      of storm, before all is healed (1; 0.5 is half a minute)\n"
          "  --faults LIST    of net,cut,crash,disk,pause,clock,client,region,link,old,restore; all of them (all,\n"
          "                   the default); late; none\n"
          "  --links PLAN     cuts links between nodes: turn (every pair in turn), lonely (a node hears one other\n"
          "                   alone); to the end, and without other faults unless --faults says so\n"
          "  --break RULE     without this safety rule: the history should be violated; help: lists the rules\n"
          "  --trace FILE     writes the history, an event a line\n",
          to);
}

static bool read_number(const char *text, uint64_t most, uint64_t *ret_number)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number > most)
        return false;
    *ret_number = number;
    return true;
}

static bool read_seeds(char *text, uint64_t *ret_first, uint64_t *ret_last)
{
    char *dots = strstr(text, "..");
    if (dots == NULL)
        return false;
    *dots = '\0';
    return read_number(text, UINT64_MAX, ret_first) && read_number(dots + 2, UINT64_MAX, ret_last) &&
           *ret_first <= *ret_last;
}

static bool read_minutes(const char *text, uint32_t *ret_seconds)
{
    char *end;
    double minutes = strtod(text, &end);
    if (*end != '\0' || !(minutes > 0 && minutes <= 10000))
        return false;
    *ret_seconds = (uint32_t)(minutes * 60 + 0.5);
    return true;
}

struct wishes {
    struct sim_options options;
    const char *trace;
    char **argv;
    bool has_seed, has_seeds, has_faults, goes_on;
    uint64_t first, last, jobs;
};

static bool read_option(struct wishes *wishes, int option, char *value)
{
    uint64_t number = 0;
    bool good = true;
    switch (option) {
    case 's':
        wishes->has_seed = good = read_number(value, UINT64_MAX, &wishes->options.seed);
        break;
    case 'S':
        wishes->has_seeds = good = read_seeds(value, &wishes->first, &wishes->last);
        break;
    case 'j':
        good = read_number(value, 256, &wishes->jobs) && wishes->jobs > 0;
        break;
    case 'n':
        good = read_number(value, SIM_NODES_MAX, &number) && number > 0;
        wishes->options.nodes = (uint32_t)number;
        break;
    case 'a':
        good = read_number(value, 2000, &number) && number > 0;
        wishes->options.agents = (uint32_t)number;
        break;
    case 'm':
        good = read_minutes(value, &wishes->options.seconds);
        break;
    case 'f':
        wishes->has_faults = good = faults_parse(value, &wishes->options.faults);
        break;
    case 'l':
        good = links_parse(value, &wishes->options.links);
        break;
    case 'g':
        wishes->goes_on = true;
        break;
    case 'b':
        wishes->options.rule = value;
        good = rules_break(value, wishes->argv);
        break;
    case 't':
        wishes->trace = value;
        break;
    default:
        good = false;
    }
    return good;
}

static int run_one(struct wishes *wishes)
{
    struct sim_result result;
    if (wishes->trace != NULL) {
        wishes->options.trace = strcmp(wishes->trace, "-") == 0 ? stdout : fopen(wishes->trace, "w");
        if (wishes->options.trace == NULL) {
            perror(wishes->trace);
            return EXIT_USAGE;
        }
    }
    sim_run(&wishes->options, &result);
    if (wishes->options.trace != NULL && fclose(wishes->options.trace) != 0) {
        perror(wishes->trace);
        return EXIT_USAGE;
    }
    many_print(&wishes->options, &result);
    return result.ok ? 0 : EXIT_VIOLATED;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"seeds", required_argument, NULL, 'S'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"nodes", required_argument, NULL, 'n'},
                                            {"agents", required_argument, NULL, 'a'},
                                            {"minutes", required_argument, NULL, 'm'},
                                            {"faults", required_argument, NULL, 'f'},
                                            {"trace", required_argument, NULL, 't'},
                                            {"links", required_argument, NULL, 'l'},
                                            {"break", required_argument, NULL, 'b'},
                                            {"go-on", no_argument, NULL, 'g'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    // Short enough for a minute to see callers called back.
    struct wishes wishes = {.options = {.seconds = 60,
                                        .faults = FAULTS_ALL,
                                        .reattach_ms = 3000,
                                        .adopt_after_ms = 5000,
                                        .adopt_alone_after_ms = 15000,
                                        .call_back_retry_ms = 4000,
                                        .selftest_interval_ms = 5000},
                            .jobs = 1,
                            .argv = argv};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h') {
            usage(stdout);
            return 0;
        }
        if (!read_option(&wishes, option, optarg)) {
            usage(stderr);
            return EXIT_USAGE;
        }
    }
    if (wishes.options.links != LINKS_NO_PLAN && !wishes.has_faults)
        wishes.options.faults = 0;
    if (wishes.has_seed == wishes.has_seeds || optind != argc || (wishes.has_seeds && wishes.trace != NULL)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (wishes.has_seed)
        return run_one(&wishes);
    bool good = many_run(&wishes.options, wishes.first, wishes.last, (uint32_t)wishes.jobs, wishes.goes_on);
    return good ? 0 : EXIT_VIOLATED;
}
