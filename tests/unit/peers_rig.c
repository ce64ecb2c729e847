#include "peers_rig.h"

#include "peer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char *nodes_name(uint32_t node)
{
    static const char *names[FAKE_NODES_MAX] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    return names[node];
}

static void on_up(void *context, uint32_t peer)
{
    struct side *self = context;
    self->ups++;
    self->up_boot = peers_at(self->peers, peer)->boot;
}

static void on_down(void *context, uint32_t peer)
{
    struct side *self = context;
    self->downs++;
    self->down_boot = peers_at(self->peers, peer)->boot;
}

static void on_moved(void *context, uint32_t peer)
{
    struct side *self = context;
    assert_true(peers_at(self->peers, peer)->up);
    self->moves++;
}

static void on_talk(void *context, uint32_t peer, struct span message)
{
    struct side *self = context;
    assert_int_equal(message.bytes, 5);
    assert_memory_equal(message.data, "hello", 5);
    self->talks++;
    self->talk_from = peer;
}

static void on_bulk(void *context, uint32_t peer, const struct Peer__Envelope *envelope)
{
    (void)peer;
    assert_int_equal(envelope->body_case, PEER__ENVELOPE__BODY_FEEDS_TELL);
    ((struct side *)context)->bulks++;
}

void nodes_turn(struct side *self)
{
    self->world->type->wake_at(self->world, peers_tick(self->peers, world_now(self->world), 7));
}

void nodes_hear(void *context, struct span message)
{
    struct side *self = context;
    peers_receive(self->peers, world_now(self->world), "", message);
}

void nodes_wake(void *context)
{
    nodes_turn(context);
}

void nodes_start(struct nodes *nodes, uint32_t node, uint64_t boot)
{
    struct side *self = &nodes->node[node];
    *self = (struct side){.fake = nodes->fake, .node = node, .boot = boot};
    self->world =
        fake_start(nodes->fake, node, (struct fake_hooks){.context = self, .message = nodes_hear, .wake = nodes_wake});
    struct peers_options options = {
        .boot = boot, .heartbeat_ms = HEARTBEAT_MS, .down_after_ms = DOWN_AFTER_MS, .speaks = nodes->speaks[node]};
    text_copy(options.self.name, sizeof options.self.name, nodes_name(node));
    text_copy(options.self.site, sizeof options.self.site, "site");
    text_copy(options.self.client, sizeof options.self.client, "fake://client");
    options.self.lat_udeg = (int32_t)node * 1000000;
    fake_endpoints(node, options.self.control, options.self.bulk);
    struct peers_events events = {
        .context = self, .up = on_up, .down = on_down, .moved = on_moved, .talk = on_talk, .bulk = on_bulk};
    self->peers = peers_create(self->world, &options, &events);
    nodes_turn(self);
}

void nodes_kill(struct nodes *nodes, uint32_t node)
{
    fake_kill(nodes->fake, node);
    peers_free(nodes->node[node].peers);
    nodes->node[node].peers = NULL;
}

bool nodes_know(struct nodes *nodes, uint32_t node, uint32_t other, bool by_name)
{
    struct peers_card card = {0};
    if (by_name)
        text_copy(card.name, sizeof card.name, nodes_name(other));
    fake_endpoints(other, card.control, card.bulk);
    return peers_add(nodes->node[node].peers, &card);
}

struct nodes *nodes_create(uint64_t seed)
{
    struct nodes *nodes = check_alloc(sizeof *nodes);
    nodes->fake = fake_create(seed);
    return nodes;
}

struct nodes *nodes_two(void)
{
    struct nodes *nodes = nodes_create(1);
    nodes_start(nodes, 0, 10);
    nodes_start(nodes, 1, 20);
    assert_true(nodes_know(nodes, 0, 1, true) && nodes_know(nodes, 1, 0, true));
    return nodes;
}

struct nodes *nodes_all(uint64_t seed, uint32_t count)
{
    struct nodes *nodes = nodes_create(seed);
    for (uint32_t i = 0; i < count; i++)
        nodes_start(nodes, i, 10 + i);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < count; k++)
            assert_true(nodes_know(nodes, i, k, true));
    return nodes;
}

void nodes_free(struct nodes *nodes)
{
    for (uint32_t i = 0; i < FAKE_NODES_MAX; i++)
        if (nodes->node[i].peers != NULL)
            nodes_kill(nodes, i);
    fake_free(nodes->fake);
    free(nodes);
}

const struct peer *nodes_see(struct nodes *nodes, uint32_t node, uint32_t other)
{
    int32_t index = peers_find(nodes->node[node].peers, nodes_name(other));
    return index < 0 ? NULL : peers_at(nodes->node[node].peers, (uint32_t)index);
}

void nodes_run_ms(struct nodes *nodes, uint64_t ms)
{
    fake_run_us(nodes->fake, ms * MS);
}

void nodes_cut(struct nodes *nodes, uint32_t a, uint32_t b, bool is_cut)
{
    fake_cut(nodes->fake, a, b, is_cut);
    fake_cut(nodes->fake, b, a, is_cut);
}

int32_t nodes_via(struct nodes *nodes, uint32_t node, uint32_t other)
{
    const struct peer *peer = nodes_see(nodes, node, other);
    for (uint32_t i = 0; peer->via >= 0 && i < FAKE_NODES_MAX; i++)
        if (strcmp(peers_at(nodes->node[node].peers, (uint32_t)peer->via)->card.name, nodes_name(i)) == 0)
            return (int32_t)i;
    return -1;
}

bool nodes_talk(struct nodes *nodes, uint32_t from, uint32_t to)
{
    int32_t peer = peers_find(nodes->node[from].peers, nodes_name(to));
    return peers_send_talk(nodes->node[from].peers, (uint32_t)peer, (struct span){"hello", 5}, 0);
}

struct peers_counts nodes_counts(struct nodes *nodes, uint32_t node)
{
    return peers_counts(nodes->node[node].peers);
}

uint32_t nodes_downs(struct nodes *nodes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FAKE_NODES_MAX; i++)
        count += nodes->node[i].downs;
    return count;
}

void nodes_expect_talk(struct nodes *nodes, uint32_t from, uint32_t to)
{
    struct side *hears = &nodes->node[to];
    uint32_t before = hears->talks;
    assert_true(nodes_talk(nodes, from, to));
    nodes_run_ms(nodes, 20);
    assert_int_equal(hears->talks, before + 1);  // once
    assert_int_equal(hears->talk_from, peers_find(hears->peers, nodes_name(from)));
}
