// Submit-to-ring beside bare ZeroMQ round trips. Gateway and desk are in this one process, so one clock sees both ends:
// from hotline_gateway_submit to HOTLINE_OFFER at the desk. One call after another, each spoken and ended whole; every
// call has a bare round trip beside it, after the same rest, so that both meet the same machine.
//
// usage: ring_bench --gateway NODES --desk NODES --agent AGENT --echo ENDPOINT [--keys DIR] [--calls N] [--warm-up N]
// [--rest-us N]
#include "tests/bench/bare.h"
#include "tests/bench/bench.h"

#include <hotline/desk.h>
#include <hotline/gateway.h>

#include "client.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER "+249912345678"
#define GATEWAY "bench:ring"

struct ring {
    struct bench_loop loop;
    struct hotline_client *gateway, *desk;
    const char *queue;
    bool attached, available, ended;
    uint64_t offer_ns, connect_ns;  // of this call; 0: not yet
};

static void desk_event(void *user, const struct hotline_event *event)
{
    struct ring *self = user;
    if (event->type == HOTLINE_OFFER) {
        self->offer_ns = bench_now_ns();
        (void)hotline_desk_accept(self->desk, event->call);
    } else if (event->type == HOTLINE_DESK_CONNECTED) {
        (void)hotline_gateway_hung_up(self->gateway, event->call);
    } else if (event->type == HOTLINE_DESK_STATE) {
        self->available = strcmp(event->state, "available") == 0;
        if (strcmp(event->state, "wrap_up") == 0)
            (void)hotline_desk_available(self->desk);
    } else if (event->type == HOTLINE_REFUSED || event->type == HOTLINE_SUPERSEDED) {
        bench_fail("ring_bench: the desk is refused: %s: %s", event->reason, event->detail);
    }
}

static void gateway_event(void *user, const struct hotline_event *event)
{
    struct ring *self = user;
    if (event->type == HOTLINE_ATTACHED) {
        self->attached = true;
    } else if (event->type == HOTLINE_CALL_CONNECT) {
        self->connect_ns = bench_now_ns();
        (void)hotline_gateway_joined(self->gateway, event->call);
    } else if (event->type == HOTLINE_CALL_ENDED) {
        self->ended = true;
    } else if (event->type == HOTLINE_REFUSED) {
        bench_fail("ring_bench: the gateway is refused: %s: %s", event->reason, event->detail);
    }
}

static void await(struct ring *self, const bool *one, const bool *other, const char *what)
{
    uint64_t end_ns = bench_now_ns() + BENCH_SILENCE_NS;
    while (!*one || !*other) {
        if (bench_now_ns() > end_ns)
            bench_fail("ring_bench: %s: nothing comes", what);
        bench_turn(&self->loop, BENCH_SILENCE_NS);
    }
}

// The size of what a submit is on the wire: the bare message is as long.
static size_t submit_bytes(const char *queue)
{
    Cli__Submit submit = CLI__SUBMIT__INIT;
    submit.call = (char *)GATEWAY ":1700000000000-100";
    submit.attach = (uint64_t)1700000000000 << 20;
    submit.number = (char *)NUMBER;
    submit.queue = (char *)queue;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.protocol = 1;
    message.body_case = CLI__TO_NODE__BODY_SUBMIT;
    message.submit = &submit;
    return cli__to_node__get_packed_size(&message);
}

static void clients_create(struct ring *self, struct hotline_context *context, int argc, char **argv)
{
    enum hotline_result result = HOTLINE_OK;
    const char *agent = bench_option(argc, argv, "--agent", NULL);
    struct hotline_desk_options desk = {.nodes = bench_option(argc, argv, "--desk", NULL),
                                        .agent = agent,
                                        .key_file = bench_key_file(argc, argv, "desk", agent),
                                        .on_event = desk_event,
                                        .user = self};
    struct hotline_gateway_options gateway = {.nodes = bench_option(argc, argv, "--gateway", NULL),
                                              .gateway = GATEWAY,
                                              .key_file = bench_key_file(argc, argv, "gateway", "bench"),
                                              .on_event = gateway_event,
                                              .user = self};
    self->desk = hotline_desk_create(context, &desk, &result);
    if (self->desk != NULL)
        self->gateway = hotline_gateway_create(context, &gateway, &result);
    if (self->gateway == NULL)
        bench_fail("ring_bench: %s", hotline_result_text(result));
    self->loop.clients[self->loop.count++] = self->desk;
    self->loop.clients[self->loop.count++] = self->gateway;
}

static void call_once(struct ring *self, struct series *ring, struct series *connect)
{
    struct hotline_call_spec spec = {.number = NUMBER, .queue = self->queue};
    char id[HOTLINE_CALL_ID_BYTES];
    self->ended = self->available = false;
    self->offer_ns = self->connect_ns = 0;
    uint64_t start_ns = bench_now_ns();
    enum hotline_result result = hotline_gateway_submit(self->gateway, &spec, id);
    if (result != HOTLINE_OK)
        bench_fail("ring_bench: submit: %s", hotline_result_text(result));
    await(self, &self->ended, &self->available, "a call");
    if (self->offer_ns == 0 || self->connect_ns == 0)
        bench_fail("ring_bench: call %s ended without a ring", id);
    series_add(ring, self->offer_ns - start_ns);
    series_add(connect, self->connect_ns - start_ns);
}

int main(int argc, char **argv)
{
    struct ring self = {.queue = bench_option(argc, argv, "--queue", "consultation")};
    const char *endpoint = bench_option(argc, argv, "--echo", NULL);
    size_t calls = bench_number(argc, argv, "--calls", "500"), warm_up = bench_number(argc, argv, "--warm-up", "100");
    size_t rest_us = bench_number(argc, argv, "--rest-us", "3000"), bytes = submit_bytes(self.queue);
    pid_t echo = bare_fork_echo(endpoint);
    struct bare bare;
    bare_open(&bare, echo, endpoint, bytes);
    struct hotline_context *context = hotline_context_create();
    check(context != NULL);
    clients_create(&self, context, argc, argv);
    await(&self, &self.attached, &self.available, "attaching");

    struct series ring = {0}, connect = {0}, trip = {0};
    for (size_t i = 0; i < warm_up + calls; i++) {
        if (i == warm_up) {
            series_clear(&ring);
            series_clear(&connect);
            series_clear(&trip);
        }
        bench_rest(&self.loop, rest_us);
        call_once(&self, &ring, &connect);
        bench_rest(&self.loop, rest_us);
        series_add(&trip, bare_round_trip_ns(&bare));
    }
    bench_say("bytes", (double)bytes);
    bench_say("calls", (double)calls);
    series_say(&trip, "bare");
    series_say(&ring, "ring");
    series_say(&connect, "connect");
    hotline_client_free(self.gateway);
    hotline_client_free(self.desk);
    hotline_context_free(context);
    bare_close(&bare);
    series_close(&ring);
    series_close(&connect);
    series_close(&trip);
    return 0;
}
