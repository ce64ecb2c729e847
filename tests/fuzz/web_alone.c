// hotline-web before a node that is alone with it: the library's clients on wires of this file, and no loop.
#include "cluster/base/check.h"
#include "node/client/wire.h"
#include "node/node.h"
#include "ops/common/loop.h"
#include "ops/web/web.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http_alone.h"
#include "tests/fuzz/web_alone.h"

#include <stdlib.h>
#include <string.h>

#define NODE "tcp://a:1"
#define CLIENTS_MAX 64
#define END_STEP_MS 500
#define ATTACH_TURNS 4

// ---- the clients' wires

struct heard {
    uint32_t slot;
    struct bytes bytes;
    struct heard *next;
};

struct wire {
    struct client_wire wire;
    struct world_client address[CLIENT_SLOTS];
    bool open[CLIENT_SLOTS];
    struct heard *heard, **last;
    struct hotline_client *client;
    struct wire *next;
};

static struct {
    struct web web;
    struct node *node;
    struct wire *wires;
    struct hotline_client *clients[CLIENTS_MAX];
    size_t client_count;
    uint32_t last_address;
    struct span lies;
} alone;

static uint64_t now_us(struct client_wire *wire)
{
    (void)wire;
    return fuzz_node_now().mono_us;
}

static uint64_t wall_ms(struct client_wire *wire)
{
    (void)wire;
    return fuzz_node_now().wall_ms;
}

static void fill_random(struct client_wire *wire, void *to, size_t bytes)
{
    (void)wire;
    memset(to, 7, bytes);
}

static bool open_slot(struct client_wire *wire, uint32_t slot, const char *endpoint)
{
    struct wire *self = (struct wire *)wire;
    self->open[slot] = strcmp(endpoint, NODE) == 0;
    self->address[slot] = (struct world_client){.bytes = sizeof alone.last_address};
    alone.last_address++;
    memcpy(self->address[slot].id, &alone.last_address, sizeof alone.last_address);
    return true;
}

static void close_slot(struct client_wire *wire, uint32_t slot, bool linger)
{
    (void)linger;
    ((struct wire *)wire)->open[slot] = false;
}

static bool send_slot(struct client_wire *wire, uint32_t slot, struct span message)
{
    struct wire *self = (struct wire *)wire;
    if (!self->open[slot])
        return false;
    node_client_message(alone.node, &self->address[slot], "", message);
    return true;
}

static void receive(struct client_wire *wire, struct hotline_client *client)
{
    struct wire *self = (struct wire *)wire;
    struct heard *heard = self->heard, *next;
    self->heard = NULL;
    self->last = &self->heard;
    for (; heard != NULL; heard = next) {
        next = heard->next;
        client_receive(client, heard->slot, (struct span){heard->bytes.data, heard->bytes.count});
        bytes_close(&heard->bytes);
        free(heard);
    }
}

static bool has_more(struct client_wire *wire)
{
    return ((struct wire *)wire)->heard != NULL;
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
    struct wire *self = (struct wire *)wire, **at = &alone.wires;
    struct heard *next;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    for (struct heard *heard = self->heard; heard != NULL; heard = next) {
        next = heard->next;
        bytes_close(&heard->bytes);
        free(heard);
    }
    free(self);
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

static struct client_wire *wire_create(void)
{
    struct wire *wire = check_alloc(sizeof *wire);
    wire->wire.type = &type;
    wire->last = &wire->heard;
    wire->next = alone.wires;
    alone.wires = wire;
    return &wire->wire;
}

static void hear(const struct world_client *client, struct span message)
{
    for (struct wire *wire = alone.wires; wire != NULL; wire = wire->next)
        for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++) {
            if (!wire->open[slot] || memcmp(&wire->address[slot], client, sizeof *client) != 0)
                continue;
            struct heard *heard = check_alloc(sizeof *heard);
            heard->slot = slot;
            bytes_append(&heard->bytes, message.data, message.bytes);
            const uint8_t *lie = alone.lies.data;
            if (alone.lies.bytes >= 3 && message.bytes > 0) {
                heard->bytes.data[((size_t)lie[0] | (size_t)lie[1] << 8) % message.bytes] = lie[2];
                alone.lies = (struct span){lie + 3, alone.lies.bytes - 3};
            }
            *wire->last = heard;
            wire->last = &heard->next;
        }
}

// ---- what hotline-web calls, by the linker's --wrap: the library's clients on these wires, a loop without descriptors

struct hotline_client *__wrap_hotline_desk_create(struct hotline_context *context,
                                                  const struct hotline_desk_options *options,
                                                  enum hotline_result *ret_result);
struct hotline_client *__wrap_hotline_gateway_create(struct hotline_context *context,
                                                     const struct hotline_gateway_options *options,
                                                     enum hotline_result *ret_result);
struct hotline_client *__wrap_hotline_query_create(struct hotline_context *context,
                                                   const struct hotline_query_options *options,
                                                   enum hotline_result *ret_result);
uint64_t __wrap_loop_now_us(void);
void __wrap_loop_add(struct loop *loop, struct hotline_client *client);
void __wrap_loop_remove(struct loop *loop, struct hotline_client *client);
void __wrap_loop_watch_fd(struct loop *loop, int watched, loop_ready *ready, void *user);

struct hotline_client *__wrap_hotline_desk_create(struct hotline_context *context,
                                                  const struct hotline_desk_options *options,
                                                  enum hotline_result *ret_result)
{
    (void)context;
    return client_desk_create(wire_create(), options, ret_result);
}

struct hotline_client *__wrap_hotline_gateway_create(struct hotline_context *context,
                                                     const struct hotline_gateway_options *options,
                                                     enum hotline_result *ret_result)
{
    (void)context;
    return client_gateway_create(wire_create(), options, ret_result);
}

struct hotline_client *__wrap_hotline_query_create(struct hotline_context *context,
                                                   const struct hotline_query_options *options,
                                                   enum hotline_result *ret_result)
{
    (void)context;
    return client_query_create(wire_create(), options, ret_result);
}

uint64_t __wrap_loop_now_us(void)
{
    return fuzz_node_now().mono_us;
}

void __wrap_loop_add(struct loop *loop, struct hotline_client *client)
{
    (void)loop;
    check(alone.client_count < CLIENTS_MAX);
    alone.clients[alone.client_count++] = client;
}

void __wrap_loop_remove(struct loop *loop, struct hotline_client *client)
{
    (void)loop;
    for (size_t i = 0; i < alone.client_count; i++)
        if (alone.clients[i] == client)
            alone.clients[i] = alone.clients[--alone.client_count];
}

void __wrap_loop_watch_fd(struct loop *loop, int watched, loop_ready *ready, void *user)
{
    (void)loop;
    (void)watched;
    (void)ready;
    (void)user;
}

// ---- hotline-web

void web_alone_begin(void)
{
    static struct token tokens[] = {{.role = ROLE_ADMIN, .name = "admin", .text = WEB_ALONE_TOKEN}};
    static const struct http_options options = {.address = "127.0.0.1", .routes = web_routes, .otherwise = pages_get};
    struct web *web = &alone.web;
    enum hotline_result result;
    *web = (struct web){.nodes = NODE, .tokens = {.list = tokens, .count = 1}};
    alone.node = fuzz_node();
    fuzz_node_listen(hear);
    struct hotline_query_options query = {.nodes = NODE, .user = web};
    web->query = __wrap_hotline_query_create(NULL, &query, &result);
    check(web->query != NULL);
    __wrap_loop_add(&web->loop, web->query);
    web->desks = web_desks_create(web);
    web->changes = changes_create(web);
    web->view = view_create(web);
    web->pages = pages_create(NULL);
    web->calls = calls_create(web, "web", NULL);
    check(web->calls != NULL && http_open(&web->http, web, &options, &web->loop));
    web_alone_turn(ATTACH_TURNS);
}

static void turn_clients(void)
{
    fuzz_node_turn(alone.node);
    for (size_t i = 0; i < alone.client_count; i++)
        hotline_client_process(alone.clients[i]);
}

// As main.c's run.
void web_alone_turn(uint32_t turns)
{
    struct web *web = &alone.web;
    for (uint32_t i = 0; i < turns; i++) {
        turn_clients();
        uint64_t now = fuzz_node_now().mono_us;
        changes_tick(web->changes, now);
        view_tick(web->view, now);
        calls_tick(web->calls, now);
        desks_tick(web->desks, now);
        http_turn(&web->http);
    }
}

void web_alone_finish(void)
{
    static const char late[] = "PUT /v1/directory\n\n{\"yaml\":\"\"}";
    struct web *web = &alone.web;
    alone.lies = (struct span){NULL, 0};
    // What was asked is heard out, or given up.
    for (uint32_t ms = 0; ms <= WEB_NODE_MS; ms += END_STEP_MS) {
        fuzz_node_sleep(END_STEP_MS);
        turn_clients();
    }
    web_give_up(web);
    web_alone_ask((struct span){late, sizeof late - 1});  // while it closes
    http_close(&web->http);
    calls_free(web->calls);
    web_desks_free(web->desks);
    __wrap_loop_remove(&web->loop, web->query);
    hotline_client_free(web->query);
    changes_free(web->changes);
    view_free(web->view);
    pages_free(web->pages);
    fuzz_node_listen(NULL);
    check(alone.client_count == 0 && alone.wires == NULL);
}

void web_alone_lie(struct span lies)
{
    alone.lies = lies;
}

// Its first line, the admin's token, the rest.
void web_alone_ask(struct span text)
{
    static const char key[] = "\nAuthorization: ", admin[] = "\nAuthorization: Bearer " WEB_ALONE_TOKEN;
    struct bytes whole = {0};
    const char *end = memchr(text.data, '\n', text.bytes);
    size_t first = end == NULL ? text.bytes : (size_t)(end - (const char *)text.data);
    bytes_append(&whole, text.data, first);
    if (memmem(text.data, text.bytes, key, sizeof key - 1) == NULL)
        bytes_append(&whole, admin, sizeof admin - 1);
    bytes_append(&whole, (const char *)text.data + first, text.bytes - first);
    http_alone_ask((struct span){whole.data, whole.count});
    bytes_close(&whole);
}
