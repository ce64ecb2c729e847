#include "tests/bench/bare.h"

#include "tests/bench/bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

static _Noreturn void echo(const char *endpoint)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    void *router = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
    if (zmq_bind(router, endpoint) != 0)
        bench_fail("cannot listen on %s: %s", endpoint, zmq_strerror(errno));
    for (;;) {
        zmq_msg_t name, payload;
        zmq_msg_init(&name);
        zmq_msg_init(&payload);
        if (zmq_msg_recv(&name, router, 0) < 0 || zmq_msg_recv(&payload, router, 0) < 0 ||
            zmq_msg_send(&name, router, ZMQ_SNDMORE) < 0 || zmq_msg_send(&payload, router, 0) < 0)
            bench_fail("echo: %s", zmq_strerror(errno));
    }
}

pid_t bare_fork_echo(const char *endpoint)
{
    pid_t pid = fork();
    if (pid == 0)
        echo(endpoint);
    if (pid < 0)
        bench_fail("cannot fork: %s", strerror(errno));
    return pid;
}

void bare_open(struct bare *self, pid_t pid, const char *endpoint, size_t bytes)
{
    *self = (struct bare){.echo = pid, .context = zmq_ctx_new(), .payload = check_alloc(bytes), .bytes = bytes};
    self->dealer = zmq_socket(self->context, ZMQ_DEALER);
    int wait_ms = 5000, linger_ms = 0;
    zmq_setsockopt(self->dealer, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    zmq_setsockopt(self->dealer, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (zmq_connect(self->dealer, endpoint) != 0)
        bench_fail("cannot connect to %s: %s", endpoint, zmq_strerror(errno));
}

uint64_t bare_round_trip_ns(struct bare *self)
{
    zmq_msg_t message;
    uint64_t start_ns = bench_now_ns();
    zmq_msg_init_size(&message, self->bytes);
    memcpy(zmq_msg_data(&message), self->payload, self->bytes);
    if (zmq_msg_send(&message, self->dealer, 0) < 0 || zmq_msg_recv(&message, self->dealer, 0) < 0)
        bench_fail("bare round trip: %s", zmq_strerror(errno));
    uint64_t taken_ns = bench_now_ns() - start_ns;
    zmq_msg_close(&message);
    return taken_ns;
}

void bare_close(struct bare *self)
{
    zmq_close(self->dealer);
    zmq_ctx_term(self->context);
    free(self->payload);
    kill(self->echo, SIGKILL);
    waitpid(self->echo, NULL, 0);
}
