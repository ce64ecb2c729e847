// The ZeroMQ wire against nodes that are a ROUTER and a thread each, on loopback.
#include "node/client/wire_zmq.h"

#include "client.pb-c.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zmq.h>

#include <cmocka.h>

struct node {
    pthread_t thread;
    char name[8];
    char endpoint[64];
    atomic_bool stop;
    atomic_bool started, mute;
    atomic_uint attaches, submits, detaches, answers;
    uint32_t burst;  // answers to one query
};

static uint64_t now_ms(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

// ---- a node

static void reply(void *router, zmq_msg_t *to, Cli__ToClient *message)
{
    uint8_t data[1024];
    size_t bytes = cli__to_client__pack(message, data);
    zmq_send(router, zmq_msg_data(to), zmq_msg_size(to), ZMQ_SNDMORE);
    zmq_send(router, data, bytes, 0);
}

static void pong(void *router, zmq_msg_t *to, struct node *node, const Cli__Ping *ping)
{
    Cli__Pong words = CLI__PONG__INIT;
    words.sent_us = ping->sent_us;
    words.node = node->name;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_PONG;
    message.pong = &words;
    reply(router, to, &message);
}

static void attached(void *router, zmq_msg_t *to, struct node *node, uint64_t attach)
{
    Cli__Attached words = CLI__ATTACHED__INIT;
    words.attach = attach;
    words.node = node->name;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ATTACHED;
    message.attached = &words;
    reply(router, to, &message);
    node->attaches++;
}

static void accepted(void *router, zmq_msg_t *to, const char *call, uint64_t attach)
{
    Cli__CallNews words = CLI__CALL_NEWS__INIT;
    words.attach = attach;
    words.call = (char *)call;
    words.what = CLI__CALL_NEWS__WHAT__ACCEPTED;
    words.copies = 1;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_CALL_NEWS;
    message.call_news = &words;
    reply(router, to, &message);
}

static void answer(void *router, zmq_msg_t *to, struct node *node, uint64_t query)
{
    for (uint32_t i = 0; i < node->burst; i++) {
        Cli__Answer words = CLI__ANSWER__INIT;
        words.query = query;
        words.last = i + 1 == node->burst;
        Cli__ToClient message = CLI__TO_CLIENT__INIT;
        message.body_case = CLI__TO_CLIENT__BODY_ANSWER;
        message.answer = &words;
        reply(router, to, &message);
    }
    node->answers++;
}

static void serve(void *router, zmq_msg_t *from, struct node *node, zmq_msg_t *body)
{
    Cli__ToNode *words = cli__to_node__unpack(NULL, zmq_msg_size(body), zmq_msg_data(body));
    if (words == NULL)
        return;
    if (words->body_case == CLI__TO_NODE__BODY_PING) {
        pong(router, from, node, words->ping);
    } else if (words->body_case == CLI__TO_NODE__BODY_ATTACH_GATEWAY) {
        attached(router, from, node, words->attach_gateway->attach);
        for (size_t i = 0; i < words->attach_gateway->n_calls; i++)
            accepted(router, from, words->attach_gateway->calls[i]->submit->call, words->attach_gateway->attach);
    } else if (words->body_case == CLI__TO_NODE__BODY_SUBMIT) {
        node->submits++;
        accepted(router, from, words->submit->call, words->submit->attach);
    } else if (words->body_case == CLI__TO_NODE__BODY_QUERY) {
        answer(router, from, node, words->query->query);
    } else if (words->body_case == CLI__TO_NODE__BODY_DETACH) {
        node->detaches++;
    }
    cli__to_node__free_unpacked(words, NULL);
}

static void *run(void *context)
{
    struct node *node = context;
    void *zmq = zmq_ctx_new();
    void *router = zmq_socket(zmq, ZMQ_ROUTER);
    int no_linger = 0, wait_ms = 20;
    zmq_setsockopt(router, ZMQ_LINGER, &no_linger, sizeof no_linger);
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    int bound = zmq_bind(router, node->endpoint);
    node->started = true;
    while (bound == 0 && !node->stop) {
        zmq_msg_t from, body;
        zmq_msg_init(&from);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&from, router, 0) >= 0 && zmq_msg_recv(&body, router, 0) >= 0 && !node->mute)
            serve(router, &from, node, &body);
        zmq_msg_close(&from);
        zmq_msg_close(&body);
    }
    zmq_close(router);
    zmq_ctx_term(zmq);
    return NULL;
}

static uint16_t next_port(void)
{
    static uint16_t port;
    if (port == 0)
        port = (uint16_t)(20000 + getpid() % 10000);
    return port++;
}

static void start(struct node *node, const char *name)
{
    *node = (struct node){.burst = 1};
    snprintf(node->name, sizeof node->name, "%s", name);
    snprintf(node->endpoint, sizeof node->endpoint, "tcp://127.0.0.1:%u", next_port());
    assert_int_equal(pthread_create(&node->thread, NULL, run, node), 0);
    while (!node->started)  // before that a client would be refused, and go elsewhere
        usleep(1000);
}

static void stop(struct node *node)
{
    node->stop = true;
    pthread_join(node->thread, NULL);
}

// ---- an application's loop

static atomic_uint accepted_events, dones;

static void on_event(void *user, const struct hotline_event *event)
{
    (void)user;
    accepted_events += event->type == HOTLINE_CALL_ACCEPTED;
}

static void on_done(void *user, const struct hotline_answer *given)
{
    (void)user;
    dones += given->result == HOTLINE_ANSWER_DONE;
}

// Waits as an application would: by the descriptor and the time-out, and never longer.
static void turn(struct hotline_client *client)
{
    struct pollfd fd = {.fd = hotline_client_fd(client), .events = POLLIN};
    poll(&fd, 1, hotline_client_timeout_ms(client));
    hotline_client_process(client);
}

// By the descriptor alone: a time-out that is longer than the client's says whether an edge was lost.
static bool turn_by_descriptor(struct hotline_client *client)
{
    struct pollfd fd = {.fd = hotline_client_fd(client), .events = POLLIN};
    bool readable = poll(&fd, 1, 200) == 1;
    hotline_client_process(client);
    return readable;
}

static struct hotline_client *gateway(struct hotline_context *context, struct node *a, struct node *b)
{
    char nodes[160];
    snprintf(nodes, sizeof nodes, "%s,%s", a->endpoint, b->endpoint);
    struct hotline_gateway_options options = {.nodes = nodes, .gateway = "sip-1", .on_event = on_event};
    struct hotline_client *client = hotline_gateway_create(context, &options, NULL);
    assert_non_null(client);
    accepted_events = 0;
    return client;
}

static void wait_attached(struct hotline_client *client, const char *node)
{
    uint64_t end = now_ms() + 5000;
    while (strcmp(hotline_client_node(client), node) != 0 && now_ms() < end)
        turn(client);
    assert_string_equal(hotline_client_node(client), node);
}

static void it_attaches_fails_over_and_loses_no_call(void **state)
{
    (void)state;
    struct node a, b;
    start(&a, "a");
    start(&b, "b");
    struct hotline_context *context = hotline_context_create();
    struct hotline_client *client = gateway(context, &a, &b);
    uint64_t began = now_ms();
    wait_attached(client, "a");
    print_message("attached after %llu ms\n", (unsigned long long)(now_ms() - began));
    for (uint64_t end = now_ms() + 600; now_ms() < end;)
        turn(client);
    struct hotline_call_spec spec = {.queue = "emergency"};
    a.mute = true;
    began = now_ms();
    for (int i = 0; i < 20; i++)
        assert_int_equal(hotline_gateway_submit(client, &spec, NULL), HOTLINE_OK);
    while (accepted_events < 20 && now_ms() < began + 5000)
        turn(client);
    print_message("failed over after %llu ms\n", (unsigned long long)(now_ms() - began));
    assert_int_equal(accepted_events, 20);
    assert_string_equal(hotline_client_node(client), "b");
    assert_true(now_ms() - began < 2500);
    hotline_client_free(client);
    for (uint64_t end = now_ms() + 3000; b.detaches == 0 && now_ms() < end;)
        usleep(5000);
    assert_int_equal(b.detaches, 1);
    hotline_context_free(context);
    stop(&a);
    stop(&b);
}

static void no_edge_is_lost_when_words_cross(void **state)
{
    (void)state;
    struct node a, b;
    start(&a, "a");
    start(&b, "b");
    struct hotline_context *context = hotline_context_create();
    struct hotline_client *client = gateway(context, &a, &b);
    wait_attached(client, "a");
    struct hotline_call_spec spec = {.queue = "emergency"};
    uint32_t slow = 0, rounds = 300;
    for (uint32_t i = 0; i < rounds; i++) {  // sends while answers come in, outside of process()
        uint64_t began = now_ms();
        assert_int_equal(hotline_gateway_submit(client, &spec, NULL), HOTLINE_OK);
        if (i % 3 == 0)
            usleep(300);
        assert_int_equal(hotline_gateway_submit(client, &spec, NULL), HOTLINE_OK);
        while (accepted_events < 2 * (i + 1) && now_ms() < began + 2000)
            turn_by_descriptor(client);
        assert_int_equal(accepted_events, 2 * (i + 1));
        slow += now_ms() - began >= 190;  // woken by the poll's end, or by the next ping
    }
    assert_true(slow <= rounds / 50);
    hotline_client_abandon(client);
    hotline_context_free(context);
    stop(&a);
    stop(&b);
}

static void a_burst_is_taken_in_bounded_turns_without_waiting(void **state)
{
    (void)state;
    struct node a;
    start(&a, "a");
    a.burst = 900;
    struct hotline_context *context = hotline_context_create();
    struct hotline_query_options options = {.nodes = a.endpoint};
    struct hotline_client *client = hotline_query_create(context, &options, NULL);
    wait_attached(client, "a");
    dones = 0;
    assert_int_equal(hotline_ask(client, HOTLINE_STATUS, NULL, 0, NULL, on_done), HOTLINE_OK);
    for (uint64_t end = now_ms() + 2000; a.answers == 0 && now_ms() < end;)
        usleep(2000);
    usleep(50000);  // all has come
    uint64_t before = hotline_client_counts(client).received;
    hotline_client_process(client);
    assert_true(hotline_client_counts(client).received - before <= 256 + 8);
    assert_int_equal(hotline_client_timeout_ms(client), 0);
    assert_int_equal(dones, 0);
    uint64_t began = now_ms();
    while (dones == 0 && now_ms() < began + 2000)
        turn_by_descriptor(client);
    assert_int_equal(dones, 1);
    assert_true(now_ms() - began < 150);
    hotline_client_free(client);
    hotline_context_free(context);
    stop(&a);
}

static void many_clients_share_a_context(void **state)
{
    (void)state;
    struct node a, b;
    start(&a, "a");
    start(&b, "b");
    struct hotline_context *context = hotline_context_create();
    struct hotline_client *clients[60];
    for (int i = 0; i < 60; i++)
        clients[i] = gateway(context, &a, &b);
    int attached_count = 0;
    for (uint64_t end = now_ms() + 5000; attached_count < 60 && now_ms() < end; usleep(2000)) {
        attached_count = 0;
        for (int i = 0; i < 60; i++) {
            hotline_client_process(clients[i]);
            attached_count += hotline_client_is_attached(clients[i]);
        }
    }
    assert_int_equal(attached_count, 60);
    for (int i = 0; i < 60; i++)
        hotline_client_free(clients[i]);
    uint64_t began = now_ms();
    hotline_context_free(context);
    assert_true(now_ms() - began < 2000);
    stop(&a);
    stop(&b);
}

static void no_node_is_no_reason_to_hang(void **state)
{
    (void)state;
    struct hotline_context *context = hotline_context_create();
    char nodes[64];
    snprintf(nodes, sizeof nodes, "tcp://127.0.0.1:%u", next_port());
    struct hotline_gateway_options options = {.nodes = nodes, .gateway = "sip-1", .on_event = on_event};
    struct hotline_client *client = hotline_gateway_create(context, &options, NULL);
    for (uint64_t end = now_ms() + 300; now_ms() < end;)
        turn(client);
    assert_false(hotline_client_is_attached(client));
    hotline_client_free(client);
    enum hotline_result result;
    options.nodes = "nonsense";
    assert_null(hotline_gateway_create(context, &options, &result));
    assert_int_equal(result, HOTLINE_INVALID);
    options.nodes = "tcp://[";  // only ZeroMQ can say that it leads nowhere
    client = hotline_gateway_create(context, &options, &result);
    assert_non_null(client);
    turn(client);
    hotline_client_free(client);
    assert_null(hotline_gateway_create(NULL, &options, &result));
    assert_int_equal(result, HOTLINE_INVALID);
    hotline_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_attaches_fails_over_and_loses_no_call),
        cmocka_unit_test(no_edge_is_lost_when_words_cross),
        cmocka_unit_test(a_burst_is_taken_in_bounded_turns_without_waiting),
        cmocka_unit_test(many_clients_share_a_context),
        cmocka_unit_test(no_node_is_no_reason_to_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
