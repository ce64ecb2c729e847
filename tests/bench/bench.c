#include "tests/bench/bench.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t bench_now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void bench_say(const char *name, double value)
{
    printf("%s %.1f\n", name, value);
    fflush(stdout);
}

const char *bench_option(int argc, char **argv, const char *name, const char *otherwise)
{
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    if (otherwise == NULL)
        bench_fail("%s: %s is missing", argv[0], name);
    return otherwise;
}

size_t bench_number(int argc, char **argv, const char *name, const char *otherwise)
{
    const char *text = bench_option(argc, argv, name, otherwise);
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        bench_fail("%s: %s: '%s' is not a number", argv[0], name, text);
    return (size_t)number;
}

const char *bench_key_file(int argc, char **argv, const char *role, const char *party)
{
    const char *keys = bench_option(argc, argv, "--keys", "");
    char *path = NULL;
    if (keys[0] != '\0')
        check(asprintf(&path, "%s/%s/%s.key", keys, role, party) > 0);
    return path;
}

// ---- durations

void series_add(struct series *self, uint64_t ns)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity == 0 ? 1024 : self->capacity * 2;
        self->ns = check_realloc(self->ns, self->capacity * sizeof *self->ns);
    }
    self->ns[self->count++] = ns;
}

void series_clear(struct series *self)
{
    self->count = 0;
}

void series_close(struct series *self)
{
    free(self->ns);
    *self = (struct series){0};
}

static int compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

double series_us(struct series *self, unsigned percent)
{
    if (self->count == 0)
        return 0;
    qsort(self->ns, self->count, sizeof *self->ns, compare);
    return (double)self->ns[(self->count - 1) * percent / 100] / 1000;
}

void series_say(struct series *self, const char *name)
{
    char line[96];
    snprintf(line, sizeof line, "%s_p50_us", name);
    bench_say(line, series_us(self, 50));
    snprintf(line, sizeof line, "%s_p99_us", name);
    bench_say(line, series_us(self, 99));
}

// ---- the loop

void bench_turn(struct bench_loop *self, uint64_t wait_ns)
{
    struct pollfd fds[BENCH_CLIENTS_MAX + 1];
    for (size_t i = 0; i < self->count; i++) {
        fds[i] = (struct pollfd){.fd = hotline_client_fd(self->clients[i]), .events = POLLIN};
        uint64_t client_ns = (uint64_t)hotline_client_timeout_ms(self->clients[i]) * 1000000;
        wait_ns = client_ns < wait_ns ? client_ns : wait_ns;
    }
    fds[self->count] = (struct pollfd){.fd = self->with_stdin ? STDIN_FILENO : -1, .events = POLLIN};
    struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1000000000), .tv_nsec = (long)(wait_ns % 1000000000)};
    int ready = ppoll(fds, self->count + 1, &wait, NULL);
    self->stdin_ready = ready > 0 && fds[self->count].revents != 0;
    for (size_t i = 0; i < self->count; i++)
        if ((ready > 0 && fds[i].revents != 0) || hotline_client_timeout_ms(self->clients[i]) == 0)
            hotline_client_process(self->clients[i]);
}

void bench_rest(struct bench_loop *self, uint64_t rest_us)
{
    uint64_t end_ns = bench_now_ns() + rest_us * 1000;
    for (uint64_t now_ns = bench_now_ns(); now_ns < end_ns; now_ns = bench_now_ns())
        bench_turn(self, end_ns - now_ns);
}
