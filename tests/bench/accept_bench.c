// Submit-to-accepted(2) of calls that wait: no desk is attached, so that one call is one change. Nothing is hung up
// while it runs. A round begins with each line on standard input and ends with the line "done"; at the end of the input
// the gateways are dropped without a word.
//
// usage: accept_bench --node ENDPOINT --store FOLDER [--rounds N] [--calls N] [--in-flight K] [--copies N]
//                     [--commits FOLDER] [--keys DIR]
// With --commits one LMDB commit of a record of the same size is measured after each call (for --in-flight 1).
#include "tests/bench/bench.h"
#include "tests/bench/commit.h"

#include <hotline/gateway.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARM_UP_CALLS 100
#define GATEWAY_CALLS 10000  // held by one gateway; what a gateway may hold is bounded in bytes
#define REST_US 3000         // the third node's commit is done then

struct accept {
    struct bench_loop loop;
    struct series accepted;
    uint64_t *submitted_ns;  // by number
    size_t placed, finished, placed_max;
    size_t copies, fewer;  // accepted with less than `copies`
    uint64_t news_ns;
    size_t attached;
};

static void on_event(void *user, const struct hotline_event *event)
{
    struct accept *self = user;
    if (event->type == HOTLINE_ATTACHED) {
        self->attached++;
    } else if (event->type == HOTLINE_CALL_ACCEPTED) {
        self->news_ns = bench_now_ns();
        size_t number = strtoul(strrchr(event->call, '-') + 1, NULL, 10);
        if (number >= self->placed || self->submitted_ns[number] == 0)
            return;  // accepted again, at more copies
        series_add(&self->accepted, self->news_ns - self->submitted_ns[number]);
        self->submitted_ns[number] = 0;
        self->fewer += event->copies < self->copies;
        self->finished++;
    } else if (event->type == HOTLINE_REFUSED || event->type == HOTLINE_CALL_ENDED ||
               event->type == HOTLINE_CALL_RINGING || event->type == HOTLINE_DETACHED) {
        bench_fail("accept_bench: event %d %s: %s %s", (int)event->type, event->call, event->reason, event->detail);
    }
}

static void place(struct accept *self)
{
    char id[HOTLINE_CALL_ID_BYTES], given[HOTLINE_CALL_ID_BYTES];
    struct hotline_client *gateway = self->loop.clients[self->placed / GATEWAY_CALLS];
    snprintf(id, sizeof id, "bench:%d-%zu", (int)getpid(), self->placed);
    struct hotline_call_spec spec = {.id = id, .number = "+249912345678", .queue = "consultation"};
    if (self->placed == self->placed_max) {
        self->placed_max = self->placed_max == 0 ? 4096 : self->placed_max * 2;
        self->submitted_ns = check_realloc(self->submitted_ns, self->placed_max * sizeof *self->submitted_ns);
    }
    self->submitted_ns[self->placed++] = bench_now_ns();
    enum hotline_result result = hotline_gateway_submit(gateway, &spec, given);
    if (result != HOTLINE_OK)
        bench_fail("accept_bench: submit: %s", hotline_result_text(result));
}

static void run(struct accept *self, size_t calls, size_t in_flight)
{
    size_t end = self->placed + calls;
    self->news_ns = bench_now_ns();
    while (self->finished < end) {
        while (self->placed < end && self->placed - self->finished < in_flight)
            place(self);
        bench_turn(&self->loop, BENCH_SILENCE_NS);
        if (bench_now_ns() > self->news_ns + BENCH_SILENCE_NS)
            bench_fail("accept_bench: %zu of %zu accepted, and nothing comes", self->finished, self->placed);
    }
}

static void say(struct accept *self, uint64_t taken_ns, struct series *commits)
{
    bench_say("calls", (double)self->accepted.count);
    bench_say("per_s", (double)self->accepted.count * 1e9 / (double)taken_ns);
    bench_say("fewer_copies", (double)self->fewer);
    series_say(&self->accepted, "accepted");
    if (commits->count > 0)
        series_say(commits, "commit");
    printf("done\n");
    fflush(stdout);
}

static void attach(struct accept *self, struct hotline_context *context, const char *node, const char *key_file,
                   size_t gateways)
{
    if (gateways > BENCH_CLIENTS_MAX)
        bench_fail("accept_bench: at most %zu calls in all", (size_t)BENCH_CLIENTS_MAX * GATEWAY_CALLS);
    while (self->loop.count < gateways) {
        enum hotline_result result;
        char name[64];
        snprintf(name, sizeof name, "bench:%d-%zu", (int)getpid(), self->loop.count);
        struct hotline_gateway_options options = {
            .nodes = node, .gateway = name, .key_file = key_file, .on_event = on_event, .user = self};
        struct hotline_client *gateway = hotline_gateway_create(context, &options, &result);
        if (gateway == NULL)
            bench_fail("accept_bench: %s", hotline_result_text(result));
        self->loop.clients[self->loop.count++] = gateway;
    }
    for (uint64_t end_ns = bench_now_ns() + BENCH_SILENCE_NS; self->attached < gateways;) {
        bench_turn(&self->loop, BENCH_SILENCE_NS);
        if (bench_now_ns() > end_ns)
            bench_fail("accept_bench: %zu of %zu gateways are attached", self->attached, gateways);
    }
}

static void round_of(struct accept *self, size_t calls, size_t in_flight, struct commit *commit)
{
    struct series commits = {0};
    series_clear(&self->accepted);
    uint64_t start_ns = bench_now_ns();
    if (commit == NULL)
        run(self, calls, in_flight);
    for (size_t i = 0; i < calls && commit != NULL; i++) {
        run(self, 1, 1);
        bench_rest(&self->loop, REST_US);
        series_add(&commits, commit_ns(commit));
        bench_rest(&self->loop, REST_US);
    }
    say(self, bench_now_ns() - start_ns, &commits);
    series_close(&commits);
}

int main(int argc, char **argv)
{
    const char *node = bench_option(argc, argv, "--node", NULL), *store = bench_option(argc, argv, "--store", NULL);
    const char *folder = bench_option(argc, argv, "--commits", "");
    size_t calls = bench_number(argc, argv, "--calls", "1000"),
           in_flight = bench_number(argc, argv, "--in-flight", "1");
    size_t rounds = bench_number(argc, argv, "--rounds", "1");
    struct accept self = {.copies = bench_number(argc, argv, "--copies", "2")};
    struct hotline_context *context = hotline_context_create();
    check(context != NULL);
    attach(&self, context, node, bench_key_file(argc, argv, "gateway", "bench"),
           (WARM_UP_CALLS + rounds * calls + GATEWAY_CALLS - 1) / GATEWAY_CALLS);
    run(&self, WARM_UP_CALLS, in_flight);
    size_t stored, record_bytes = commit_record_bytes(store, &stored);
    bench_say("record_bytes", (double)record_bytes);
    struct commit commit;
    if (*folder != '\0')
        commit_open(&commit, folder, record_bytes);

    self.loop.with_stdin = true;
    for (char line[16]; rounds > 0; rounds--) {
        self.loop.stdin_ready = false;
        while (!self.loop.stdin_ready)
            bench_turn(&self.loop, BENCH_SILENCE_NS);
        if (read(STDIN_FILENO, line, sizeof line) <= 0)
            break;
        round_of(&self, calls, in_flight, *folder == '\0' ? NULL : &commit);
    }
    // What was placed goes on waiting until nobody wants it any more.
    for (char line[16]; rounds == 0 && !(self.loop.stdin_ready && read(STDIN_FILENO, line, sizeof line) <= 0);)
        bench_turn(&self.loop, BENCH_SILENCE_NS);
    if (*folder != '\0')
        commit_close(&commit);
    for (size_t i = 0; i < self.loop.count; i++)
        hotline_client_abandon(self.loop.clients[i]);
    hotline_context_free(context);
    series_close(&self.accepted);
    free(self.submitted_ns);
    return 0;
}
