// What a node says to the client library: a desk, a gateway and one that asks, all three in turn.
#include "node/client/wire.h"
#include "tests/fuzz/fuzz.h"

#include "cluster/base/check.h"

#include <stdlib.h>
#include <string.h>

struct wire {
    struct client_wire wire;
    uint64_t now_us;
};

static uint64_t now_us(struct client_wire *wire)
{
    return ((struct wire *)wire)->now_us;
}

static uint64_t wall_ms(struct client_wire *wire)
{
    return 1700000000000 + ((struct wire *)wire)->now_us / 1000;
}

static void fill_random(struct client_wire *wire, void *to, size_t bytes)
{
    (void)wire;
    memset(to, 7, bytes);
}

static bool open_slot(struct client_wire *wire, uint32_t slot, const char *endpoint)
{
    (void)wire;
    (void)slot;
    (void)endpoint;
    return true;
}

static void close_slot(struct client_wire *wire, uint32_t slot, bool linger)
{
    (void)wire;
    (void)slot;
    (void)linger;
}

static bool send_slot(struct client_wire *wire, uint32_t slot, struct span message)
{
    (void)wire;
    (void)slot;
    (void)message;
    return true;
}

static void receive(struct client_wire *wire, struct hotline_client *client)
{
    (void)wire;
    (void)client;
}

static bool has_more(struct client_wire *wire)
{
    (void)wire;
    return false;
}

static void wake(struct client_wire *wire)
{
    (void)wire;
}

static int fd(struct client_wire *wire)
{
    (void)wire;
    return -1;
}

static void free_wire(struct client_wire *wire)
{
    free(wire);
}

static const struct client_wire_type type = {.now_us = now_us,
                                             .wall_ms = wall_ms,
                                             .random = fill_random,
                                             .open = open_slot,
                                             .close = close_slot,
                                             .send = send_slot,
                                             .receive = receive,
                                             .has_more = has_more,
                                             .wake = wake,
                                             .fd = fd,
                                             .free = free_wire};

static void on_event(void *user, const struct hotline_event *event)
{
    struct hotline_client **client = user;
    if (event->type == HOTLINE_OFFER)
        (void)hotline_desk_accept(*client, event->call);
    if (event->type == HOTLINE_CALL_CONNECT)
        (void)hotline_gateway_joined(*client, event->call);
}

static void on_row(void *user, const struct hotline_row *row)
{
    (void)user;
    (void)row;
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    (void)user;
    (void)answer;
}

static struct wire *wire_create(void)
{
    struct wire *wire = check_alloc(sizeof *wire);
    wire->wire.type = &type;
    wire->now_us = 1000000;
    return wire;
}

// The messages of the input that are this client's turn.
static void speak(struct hotline_client *client, struct wire *wire, struct span input)
{
    struct span message;
    for (uint32_t i = 0; fuzz_next(&input, &message); i++) {
        client_receive(client, i % CLIENT_SLOTS, message);
        wire->now_us += 30000;
        hotline_client_process(client);
    }
    hotline_client_abandon(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char nodes[] = "tcp://a:1,tcp://b:1";
    struct span input = {data, bytes};
    struct hotline_client *client = NULL;

    struct wire *wire = wire_create();
    struct hotline_desk_options desk = {
        .nodes = nodes, .agent = "agent-1", .login = 5, .on_event = on_event, .user = &client};
    client = client_desk_create(&wire->wire, &desk, NULL);
    check(client != NULL);
    hotline_client_process(client);
    speak(client, wire, input);

    wire = wire_create();
    struct hotline_gateway_options gateway = {
        .nodes = nodes, .gateway = "gw-1", .login = 5, .on_event = on_event, .user = &client};
    client = client_gateway_create(&wire->wire, &gateway, NULL);
    check(client != NULL);
    char id[HOTLINE_CALL_ID_BYTES];
    struct hotline_call_spec spec = {.id = "gw-1:5-1", .number = "+249912345678", .queue = "consular"};
    (void)hotline_gateway_submit(client, &spec, id);
    hotline_client_process(client);
    speak(client, wire, input);

    wire = wire_create();
    struct hotline_query_options query = {.nodes = nodes};
    client = client_query_create(&wire->wire, &query, NULL);
    check(client != NULL);
    hotline_client_process(client);
    for (enum hotline_question question = HOTLINE_STATUS; question <= HOTLINE_SELFTEST; question++)
        if (question != HOTLINE_FIND && question != HOTLINE_EXPLAIN)
            (void)hotline_ask(client, question, NULL, 60000, on_row, on_done);
    speak(client, wire, input);
    return 0;
}
