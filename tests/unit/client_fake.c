#include "client_fake.h"

#include "cluster/base/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fake *of(struct client_wire *wire)
{
    return (struct fake *)wire;
}

static uint64_t now_us(struct client_wire *wire)
{
    return of(wire)->now_us;
}

static uint64_t wall_ms(struct client_wire *wire)
{
    return of(wire)->wall_ms;
}

static void fill_random(struct client_wire *wire, void *to, size_t bytes)
{
    (void)wire;
    memset(to, 7, bytes);
}

static bool open_slot(struct client_wire *wire, uint32_t slot, const char *endpoint)
{
    struct fake *self = of(wire);
    assert_int_equal(self->slots[slot], -1);
    for (uint32_t i = 0; i < self->node_count; i++) {
        if (strcmp(self->nodes[i].address, endpoint) == 0) {
            self->slots[slot] = (int)i;
            self->nodes[i].opened++;
            return true;
        }
    }
    return false;
}

static bool is_broken(struct client_wire *wire, uint32_t slot)
{
    const struct fake *self = of(wire);
    return self->slots[slot] >= 0 && self->nodes[self->slots[slot]].breaks;
}

static void close_slot(struct client_wire *wire, uint32_t slot, bool linger)
{
    of(wire)->lingered = of(wire)->lingered || linger;
    of(wire)->slots[slot] = -1;
}

static void deliver(struct fake *self, uint32_t slot, uint32_t node, const void *data, size_t bytes)
{
    assert_true(self->inbox_count < FAKE_LOG_MAX);
    self->inbox[self->inbox_count].at_us = self->now_us + (uint64_t)self->nodes[node].way_ms * 1000;
    self->inbox[self->inbox_count].slot = slot;
    self->inbox[self->inbox_count].node = node;
    self->inbox[self->inbox_count].data = check_alloc(bytes);
    memcpy(self->inbox[self->inbox_count].data, data, bytes);
    self->inbox[self->inbox_count++].bytes = bytes;
}

void fake_say_bytes(struct fake *self, uint32_t node, const void *data, size_t bytes)
{
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        if (self->slots[slot] == (int)node)
            deliver(self, slot, node, data, bytes);
}

void fake_say(struct fake *self, uint32_t node, Cli__ToClient *message)
{
    size_t bytes = cli__to_client__get_packed_size(message);
    uint8_t *data = check_alloc(bytes);
    cli__to_client__pack(message, data);
    fake_say_bytes(self, node, data, bytes);
    free(data);
}

void fake_refuse(struct fake *self, uint32_t node, const char *reason, const char *what, uint64_t attach)
{
    Cli__Refused words = CLI__REFUSED__INIT;
    words.reason = (char *)reason;
    words.detail = (char *)"a sentence";
    words.what = (char *)what;
    words.attach = attach;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &words;
    fake_say(self, node, &message);
}

static void answer_ping(struct fake *self, uint32_t node, const Cli__Ping *ping)
{
    Cli__Pong words = CLI__PONG__INIT;
    words.sent_us = ping->sent_us;
    words.node = (char *)self->nodes[node].name;
    words.majority = !self->nodes[node].no_majority;
    words.boot = self->nodes[node].boot;
    words.attach = self->nodes[node].attach;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_PONG;
    message.pong = &words;
    fake_say(self, node, &message);
}

static void answer_attach(struct fake *self, uint32_t node, uint64_t attach)
{
    self->nodes[node].attach = attach;
    Cli__Attached words = CLI__ATTACHED__INIT;
    words.attach = attach;
    words.node = (char *)self->nodes[node].name;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ATTACHED;
    message.attached = &words;
    fake_say(self, node, &message);
}

static void hear(struct fake *self, uint32_t at, Cli__ToNode *words)
{
    struct fake_node *node = &self->nodes[at];
    if (words->body_case == CLI__TO_NODE__BODY_PING) {
        self->pings[at]++;
        if (self->last_ping[at] != NULL)
            cli__ping__free_unpacked(self->last_ping[at], NULL);
        self->last_ping[at] = words->ping;
        words->body_case = CLI__TO_NODE__BODY__NOT_SET;
        words->ping = NULL;
        cli__to_node__free_unpacked(words, NULL);
        if (node->answers)
            answer_ping(self, at, self->last_ping[at]);
        return;
    }
    assert_true(self->log_count < FAKE_LOG_MAX);
    self->log[self->log_count++] = (struct fake_message){at, words};
    if (node->takes && words->body_case == CLI__TO_NODE__BODY_ATTACH_DESK)
        answer_attach(self, at, words->attach_desk->attach);
    if (node->takes && words->body_case == CLI__TO_NODE__BODY_ATTACH_GATEWAY)
        answer_attach(self, at, words->attach_gateway->attach);
}

static bool send_slot(struct client_wire *wire, uint32_t slot, struct span message)
{
    struct fake *self = of(wire);
    int node = self->slots[slot];
    assert_true(node >= 0);
    if (!self->nodes[node].connects)
        return false;
    Cli__ToNode *words = cli__to_node__unpack(NULL, message.bytes, message.data);
    assert_non_null(words);
    hear(self, (uint32_t)node, words);
    return true;
}

static void receive(struct client_wire *wire, struct hotline_client *client)
{
    struct fake *self = of(wire);
    uint32_t left = 0;
    for (uint32_t i = 0; i < self->inbox_count; i++) {
        if (self->inbox[i].at_us > self->now_us) {
            self->inbox[left++] = self->inbox[i];
            continue;
        }
        if (self->slots[self->inbox[i].slot] == (int)self->inbox[i].node)  // still connected to the one who sent it
            client_receive(client, self->inbox[i].slot, (struct span){self->inbox[i].data, self->inbox[i].bytes});
        free(self->inbox[i].data);
    }
    self->inbox_count = left;
}

static bool has_more(struct client_wire *wire)
{
    return of(wire)->inbox_count > 0;
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

static void wire_free(struct client_wire *wire)
{
    of(wire)->freed = true;
    of(wire)->client = NULL;
}

struct fake *fake_create(uint32_t count)
{
    static const struct client_wire_type type = {.now_us = now_us,
                                                 .wall_ms = wall_ms,
                                                 .random = fill_random,
                                                 .open = open_slot,
                                                 .close = close_slot,
                                                 .send = send_slot,
                                                 .is_broken = is_broken,
                                                 .receive = receive,
                                                 .has_more = has_more,
                                                 .wake = wake,
                                                 .fd = fd,
                                                 .free = wire_free};
    static const char *const addresses[] = {"fake://a", "fake://b", "fake://c", "fake://d",
                                            "fake://e", "fake://f", "fake://g", "fake://h"};
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    struct fake *self = check_alloc(sizeof *self);
    self->wire.type = &type;
    self->now_us = 1000000;
    self->wall_ms = 1700000000000;
    self->node_count = count;
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        self->slots[slot] = -1;
    for (uint32_t i = 0; i < count; i++)
        self->nodes[i] = (struct fake_node){
            .address = addresses[i], .name = names[i], .connects = true, .answers = true, .takes = true};
    return self;
}

void fake_free(struct fake *self)
{
    if (self->client != NULL)
        hotline_client_free(self->client);
    assert_true(self->freed);
    for (uint32_t i = 0; i < self->inbox_count; i++)
        free(self->inbox[i].data);
    for (uint32_t i = 0; i < self->log_count; i++)
        cli__to_node__free_unpacked(self->log[i].words, NULL);
    for (uint32_t i = 0; i < FAKE_NODES_MAX; i++)
        if (self->last_ping[i] != NULL)
            cli__ping__free_unpacked(self->last_ping[i], NULL);
    free(self);
}

void fake_forget(struct fake *self)
{
    for (uint32_t i = 0; i < self->log_count; i++)
        cli__to_node__free_unpacked(self->log[i].words, NULL);
    self->log_count = self->event_count = 0;
}

static const char *keep(char *to, const char *text)
{
    snprintf(to, sizeof((struct fake_event *)0)->texts[0], "%s", text);
    return to;
}

void fake_event(void *fake, const struct hotline_event *event)
{
    struct fake *self = fake;
    assert_true(self->event_count < FAKE_LOG_MAX);
    struct fake_event *kept = &self->events[self->event_count++];
    kept->event = *event;
    kept->event.node = keep(kept->texts[0], event->node);
    kept->event.call = keep(kept->texts[1], event->call);
    kept->event.reason = keep(kept->texts[2], event->reason);
    kept->event.detail = keep(kept->texts[3], event->detail);
    kept->event.what = keep(kept->texts[4], event->what);
    kept->event.number = keep(kept->texts[5], event->number);
    kept->event.queue = keep(kept->texts[6], event->queue);
    kept->event.state = keep(kept->texts[7], event->state);
    kept->event.agent = keep(kept->texts[8], event->agent);
    kept->event.contact = keep(kept->texts[9], event->contact);
    if (self->on_event != NULL)
        self->on_event(self, event);
}

void fake_sleep(struct fake *self, uint32_t ms)
{
    self->now_us += (uint64_t)ms * 1000;
    self->wall_ms += ms;
}

void fake_run(struct fake *self, uint32_t ms)
{
    for (uint32_t past = 0; past < ms && self->client != NULL; past += 10) {
        fake_sleep(self, 10);
        hotline_client_process(self->client);
    }
}

void fake_run_until_attached(struct fake *self, uint32_t node)
{
    for (uint32_t past = 0; past < 5000; past += 10) {
        if (strcmp(hotline_client_node(self->client), self->nodes[node].name) == 0)
            return;
        fake_run(self, 10);
    }
    fail_msg("not attached to %s in 5 s", self->nodes[node].name);
}

const Cli__ToNode *fake_last(const struct fake *self, int node, Cli__ToNode__BodyCase kind)
{
    for (uint32_t i = self->log_count; i > 0; i--)
        if ((node < 0 || self->log[i - 1].node == (uint32_t)node) && self->log[i - 1].words->body_case == kind)
            return self->log[i - 1].words;
    return NULL;
}

uint32_t fake_count(const struct fake *self, int node, Cli__ToNode__BodyCase kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->log_count; i++)
        count += (node < 0 || self->log[i].node == (uint32_t)node) && self->log[i].words->body_case == kind;
    return count;
}

const struct hotline_event *fake_last_event(const struct fake *self, enum hotline_event_type type)
{
    for (uint32_t i = self->event_count; i > 0; i--)
        if (self->events[i - 1].event.type == type)
            return &self->events[i - 1].event;
    return NULL;
}

uint32_t fake_count_events(const struct fake *self, enum hotline_event_type type)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->event_count; i++)
        count += self->events[i].event.type == type;
    return count;
}
