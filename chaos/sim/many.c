#include "chaos/sim/many.h"

#include "chaos/sim/faults.h"
#include "chaos/sim/links.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_S 10
// A history that has not ended by then never does. With a rule broken that happens.
#define HISTORY_CPU_S 900
#define BROKEN_CPU_S 30

static void print_met(const struct met *met)
{
    for (int kind = 0; kind < MET_KINDS; kind++)
        if (met->counts[kind] > 0)
            printf(" %s=%llu", met_name((enum met_kind)kind), (unsigned long long)met->counts[kind]);
    printf("\n");
}

void many_print(const struct sim_options *options, const struct sim_result *result)
{
    printf("seed=%llu %s virtual_s=%.3f nodes=%u agents=%u calls=%llu messages=%llu", (unsigned long long)options->seed,
           result->ok ? "ok" : "VIOLATED", (double)result->virtual_us / 1e6, result->nodes, result->agents,
           (unsigned long long)result->calls, (unsigned long long)result->delivered);
    print_met(&result->met);
    if (!result->ok)
        printf("%s\n", result->verdict);
}

static void print_command(const struct sim_options *options, uint64_t seed)
{
    printf("repeat it: hotline-sim --seed %llu", (unsigned long long)seed);
    if (options->rule != NULL)
        printf(" --break %s", options->rule);
    if (options->nodes != 0)
        printf(" --nodes %u", options->nodes);
    if (options->agents != 0)
        printf(" --agents %u", options->agents);
    if (options->seconds != 60)
        printf(" --minutes %.10g", (double)options->seconds / 60);
    if (options->links != LINKS_NO_PLAN)
        printf(" --links %s", links_name(options->links));
    if (options->faults != (options->links != LINKS_NO_PLAN ? 0 : FAULTS_ALL))
        faults_print(options->faults);
    printf(" --trace trace.txt\n");
}

// ---- jobs

struct job {    // shared with its process
    pid_t pid;  // 0: free
    uint64_t seed;
    bool is_done;
    bool is_endless;
    struct sim_result result;
};

struct sums {  // of histories that came to their end
    uint64_t seeds, violated, calls, virtual_us;
    struct met met;
};

static void start(struct job *job, const struct sim_options *options, uint64_t seed)
{
    job->seed = seed;
    job->is_done = false;
    fflush(stdout);
    pid_t pid = fork();
    check(pid >= 0);
    if (pid > 0) {
        job->pid = pid;
        return;
    }
    struct sim_options own = *options;
    own.seed = seed;
    rlim_t most_s = options->rule != NULL ? BROKEN_CPU_S : HISTORY_CPU_S;
    struct rlimit limit = {.rlim_cur = most_s, .rlim_max = most_s};
    check(setrlimit(RLIMIT_CPU, &limit) == 0);
    sim_run(&own, &job->result);
    job->is_done = true;
    _exit(0);
}

// True: its history is without violation.
static bool finish(struct job *job, const struct sim_options *options, struct sums *sums)
{
    struct sim_options own = *options;
    own.seed = job->seed;
    job->pid = 0;
    if (job->is_done) {
        sums->seeds++;
        sums->calls += job->result.calls;
        sums->virtual_us += job->result.virtual_us;
        met_add(&sums->met, &job->result.met);
    }
    if (job->is_done && job->result.ok)
        return true;
    sums->violated++;
    if (job->is_done)
        many_print(&own, &job->result);
    else
        printf("seed=%llu %s\n", (unsigned long long)job->seed, job->is_endless ? "ENDLESS" : "CRASHED");
    print_command(options, job->seed);
    return false;
}

static struct job *wait_for(struct job *jobs, uint32_t count)
{
    int status;
    pid_t pid = wait(&status);
    check(pid > 0);
    for (uint32_t i = 0; i < count; i++)
        if (jobs[i].pid == pid) {
            jobs[i].is_endless = WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
            return &jobs[i];
        }
    return NULL;
}

static void print_sums(const char *word, const struct sums *sums, time_t since)
{
    struct rusage used;
    check(getrusage(RUSAGE_CHILDREN, &used) == 0);
    double core_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%s seeds=%llu violated=%llu virtual_hours=%.2f calls=%llu seconds=%lld virtual_s_per_core_s=%.0f", word,
           (unsigned long long)sums->seeds, (unsigned long long)sums->violated, (double)sums->virtual_us / 3.6e9,
           (unsigned long long)sums->calls, (long long)(time(NULL) - since),
           core_s > 0 ? (double)sums->virtual_us / 1e6 / core_s : 0.0);
    print_met(&sums->met);
    fflush(stdout);
}

// A fault that never happened proves nothing.
static void print_never_met(const struct sim_options *options, const struct met *met)
{
    const char *divider = "never met: ";
    for (int kind = 0; kind < MET_KINDS && options->faults == FAULTS_ALL; kind++)
        if (met->counts[kind] == 0) {
            printf("%s%s%s", divider, met_name((enum met_kind)kind), met_is_fault((enum met_kind)kind) ? "" : "*");
            divider = " ";
        }
    if (divider[0] == ' ')
        printf("    (*: came of faults, or of people)\n");
}

bool many_run(const struct sim_options *options, uint64_t first, uint64_t last, uint32_t jobs_max, bool goes_on)
{
    size_t bytes = jobs_max * sizeof(struct job);
    struct job *jobs = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(jobs != MAP_FAILED);
    struct sums sums = {0};
    uint64_t next = first;
    bool good = true, all_started = false;
    uint32_t running = 0;
    time_t since = time(NULL), told = since;
    while (running > 0 || ((good || goes_on) && !all_started)) {
        for (uint32_t i = 0; i < jobs_max && (good || goes_on) && !all_started; i++)
            if (jobs[i].pid == 0) {
                start(&jobs[i], options, next);
                running++;
                all_started = next++ == last;
            }
        struct job *job = wait_for(jobs, jobs_max);
        if (job == NULL)
            continue;
        running--;
        good = finish(job, options, &sums) && good;
        if (time(NULL) - told >= PROGRESS_S) {
            told = time(NULL);
            print_sums("...", &sums, since);
        }
    }
    print_never_met(options, &sums.met);
    print_sums(good ? "ok" : "VIOLATED", &sums, since);
    munmap(jobs, bytes);
    return good;
}
