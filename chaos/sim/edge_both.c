// What is the same in both worlds.
#include "chaos/sim/city.h"
#include "chaos/sim/edge.h"

#include "client.pb-c.h"

#include <string.h>

// ---- whom it knows

static uint32_t distance_ms(const struct edge *self, uint32_t node)
{
    return city_round_trip_ms(self->region, city_node_region(node));
}

void edge_nodes(const struct edge *self, char to[EDGE_NODES_BYTES])
{
    const struct sim *sim = self->sim;
    bool taken[SIM_NODES_MAX] = {false};
    size_t at = 0;
    for (uint32_t i = 0; i < sim->node_count; i++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t node = 0; node < sim->node_count; node++)
            if (!taken[node] && (best == UINT32_MAX || distance_ms(self, node) < distance_ms(self, best)))
                best = node;
        taken[best] = true;
        if (i > 0)
            to[at++] = ',';
        sim_endpoint(sim, best, to + at, EDGE_NODES_BYTES - at);
        at += strlen(to + at);
    }
}

// ---- what goes over its wire, for the judge

// The number of the field that a message's body is in, without unpacking it.
static uint32_t body_of(struct span message, bool has_protocol)
{
    const uint8_t *at = message.data, *end = at + message.bytes;
    if (has_protocol && at < end && *at == 0x08)
        for (at++; at < end && (*at++ & 0x80) != 0;)
            continue;
    return at < end ? *at >> 3 : 0;
}

void edge_tell_sent(struct edge *self, struct span message, const char *node)
{
    uint32_t body = body_of(message, true);
    if (self->number == 0 || (body != CLI__TO_NODE__BODY_ATTACH_DESK && body != CLI__TO_NODE__BODY_ATTACH_GATEWAY))
        return;
    Cli__ToNode *words = cli__to_node__unpack(NULL, message.bytes, message.data);
    check(words != NULL);
    bool is_desk = words->body_case == CLI__TO_NODE__BODY_ATTACH_DESK;
    sim_tell(self->sim,
             (struct history_event){.word = HISTORY_ATTACHES,
                                    .client = self->number,
                                    .attach = is_desk ? words->attach_desk->attach : words->attach_gateway->attach,
                                    .node = node});
    cli__to_node__free_unpacked(words, NULL);
}

void edge_tell_heard(struct edge *self, struct span message, const char *node)
{
    uint32_t body = body_of(message, false);
    if (self->number == 0 || (body != CLI__TO_CLIENT__BODY_OFFERED && body != CLI__TO_CLIENT__BODY_CALL_NEWS))
        return;
    Cli__ToClient *words = cli__to_client__unpack(NULL, message.bytes, message.data);
    check(words != NULL);
    if (words->body_case == CLI__TO_CLIENT__BODY_OFFERED)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_TOLD_OFFER,
                                                   .client = self->number,
                                                   .attach = words->offered->attach,
                                                   .call = words->offered->call,
                                                   .n = words->offered->n,
                                                   .node = node});
    else if (words->call_news->what == CLI__CALL_NEWS__WHAT__CONNECT)
        sim_tell(self->sim, (struct history_event){.word = HISTORY_TOLD_CONNECT,
                                                   .client = self->number,
                                                   .attach = words->call_news->attach,
                                                   .call = words->call_news->call,
                                                   .agent = words->call_news->agent,
                                                   .n = words->call_news->n});
    cli__to_client__free_unpacked(words, NULL);
}

// Of the attachment it was for.
static uint64_t attach_of(const Cli__ToClient *words)
{
    switch (words->body_case) {
    case CLI__TO_CLIENT__BODY_ATTACHED:
        return words->attached->attach;
    case CLI__TO_CLIENT__BODY_OFFERED:
        return words->offered->attach;
    case CLI__TO_CLIENT__BODY_WITHDRAWN:
        return words->withdrawn->attach;
    case CLI__TO_CLIENT__BODY_DESK_NEWS:
        return words->desk_news->attach;
    case CLI__TO_CLIENT__BODY_CALL_NEWS:
        return words->call_news->attach;
    default:
        return 0;
    }
}

void edge_tell_lost(struct edge *self, struct span message)
{
    if (self->client == NULL || self->number == 0 || body_of(message, false) == CLI__TO_CLIENT__BODY_PONG)
        return;
    Cli__ToClient *words = cli__to_client__unpack(NULL, message.bytes, message.data);
    check(words != NULL);
    sim_tell(self->sim,
             (struct history_event){.word = HISTORY_WORD_LOST, .client = self->number, .attach = attach_of(words)});
    cli__to_client__free_unpacked(words, NULL);
}
