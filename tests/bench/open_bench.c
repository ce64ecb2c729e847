// From exec to the first answer: starts a node on a store that has records, and asks for its digest until it answers.
// The answer counts the records, so that a node that answers before it has read them does not count as open.
//
// usage: open_bench --hotlined PROGRAM --config FILE --node ENDPOINT --port PORT --log FILE --records N [--keys DIR]
#include "tests/bench/bench.h"

#include <hotline/query.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct open {
    struct bench_loop loop;
    uint64_t records;
    bool answered, asked;
};

static void on_row(void *user, const struct hotline_row *row)
{
    struct open *self = user;
    if (row->type == HOTLINE_ROW_DIGEST)
        self->records = row->digest.records;
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct open *self = user;
    self->asked = false;
    self->answered = answer->result == HOTLINE_ANSWER_DONE;
}

static pid_t start(const char *program, const char *config, const char *log)
{
    pid_t pid = fork();
    if (pid < 0)
        bench_fail("cannot fork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        _exit(1);
    execl(program, program, "--config", config, (char *)NULL);
    _exit(127);
}

// A connection asked for before the node listens costs a reconnect interval, which would be measured as the node's.
static void await_port(uint16_t port, pid_t pid)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (uint64_t end_ns = bench_now_ns() + BENCH_SILENCE_NS; bench_now_ns() < end_ns;) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(fd >= 0);
        bool listens = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
        close(fd);
        if (listens)
            return;
        if (waitpid(pid, NULL, WNOHANG) == pid)
            bench_fail("open_bench: the node has stopped: see its log");
        usleep(1000);
    }
    bench_fail("open_bench: nobody listens on port %u", port);
}

// A line of /proc/PID/status, in KiB.
static double memory_kib(pid_t pid, const char *name)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    double kib = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name), NULL);
    if (file != NULL)
        fclose(file);
    return kib;
}

int main(int argc, char **argv)
{
    const char *program = bench_option(argc, argv, "--hotlined", NULL);
    size_t port = bench_number(argc, argv, "--port", NULL), expected = bench_number(argc, argv, "--records", "0");
    struct open self = {0};
    struct hotline_context *context = hotline_context_create();
    check(context != NULL);
    uint64_t start_ns = bench_now_ns();
    pid_t pid = start(program, bench_option(argc, argv, "--config", NULL), bench_option(argc, argv, "--log", NULL));
    await_port((uint16_t)port, pid);
    uint64_t listens_ns = bench_now_ns();
    struct hotline_query_options options = {.nodes = bench_option(argc, argv, "--node", NULL),
                                            .key_file = bench_key_file(argc, argv, "admin", "operator"),
                                            .user = &self};
    enum hotline_result result;
    struct hotline_client *query = hotline_query_create(context, &options, &result);
    if (query == NULL)
        bench_fail("open_bench: %s", hotline_result_text(result));
    self.loop.clients[self.loop.count++] = query;
    while (!self.answered && bench_now_ns() < start_ns + BENCH_SILENCE_NS) {
        if (!self.asked)
            self.asked = hotline_ask(query, HOTLINE_DIGEST, NULL, 0, on_row, on_done) == HOTLINE_OK;
        bench_turn(&self.loop, 1000000);
    }
    uint64_t answered_ns = bench_now_ns();
    double resident_kib = memory_kib(pid, "VmRSS:"), own_kib = memory_kib(pid, "RssAnon:");
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    if (!self.answered || self.records < expected)
        bench_fail("open_bench: %s", self.answered ? "it answers before it has read its records" : "no answer");
    bench_say("records", (double)self.records);
    bench_say("listens_ms", (double)(listens_ns - start_ns) / 1e6);
    bench_say("answers_ms", (double)(answered_ns - start_ns) / 1e6);
    bench_say("rss_kib", resident_kib);
    bench_say("anon_kib", own_kib);
    hotline_client_free(query);
    hotline_context_free(context);
    return 0;
}
