// What the benchmark programs share: a clock, durations and their percentiles, a loop over clients, lines of results.
// A program prints its results as lines "name value"; tests/bench/run reads them. What goes wrong ends it with a
// sentence on stderr and status 1: half a measurement is none.
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "cluster/base/check.h"

#include <hotline/client.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_CLIENTS_MAX 12
#define BENCH_SILENCE_NS ((uint64_t)20 * 1000000000)  // nothing that is waited for takes this long

uint64_t bench_now_ns(void);
_Noreturn void bench_fail(const char *format, ...) PRINTF_LIKE(1, 2);
void bench_say(const char *name, double value);
// The value of "--name VALUE" among the arguments, or `otherwise`; NULL otherwise: it must be given.
const char *bench_option(int argc, char **argv, const char *name, const char *otherwise);
size_t bench_number(int argc, char **argv, const char *name, const char *otherwise);

// The file of that party's key in the folder that "--keys" names; NULL without that: nodes that run insecure. Never
// freed.
const char *bench_key_file(int argc, char **argv, const char *role, const char *party);

struct series {  // durations
    uint64_t *ns;
    size_t count, capacity;
};

void series_add(struct series *self, uint64_t ns);
void series_clear(struct series *self);
void series_close(struct series *self);
double series_us(struct series *self, unsigned percent);  // sorts
// Prints NAME_p50_us and NAME_p99_us.
void series_say(struct series *self, const char *name);

struct bench_loop {
    struct hotline_client *clients[BENCH_CLIENTS_MAX];
    size_t count;
    bool with_stdin, stdin_ready;
};

// Waits for a client, or standard input when with_stdin, at most wait_ns, and processes.
void bench_turn(struct bench_loop *self, uint64_t wait_ns);
// Goes on processing for so long: what the last measurement left behind is done before the next.
void bench_rest(struct bench_loop *self, uint64_t rest_us);

#endif
