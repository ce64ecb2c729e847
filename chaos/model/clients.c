// What desks and gateways have in common: an attachment, and what their node says to them, in order. A connection that
// breaks loses the end of that. What a client says is heard at once, or, once the connection is broken, said anew.
#include "chaos/model/inside.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <protobuf-c/protobuf-c.h>
#include <string.h>

#define FORGOTTEN 0xffffu  // no connection has this number
#define CLIENT_BUDGET_BYTES ((size_t)64 * 1024)

static bool is_desk(uint32_t client)
{
    return client < DESKS_MAX;
}

static const char *name_of(uint32_t client)
{
    return is_desk(client) ? town_agent(client) : town_gateway(client - DESKS_MAX);
}

void client_receive(struct model *self, uint32_t node, uint64_t session, uint32_t content)
{
    uint32_t client = (uint32_t)(session >> 16);
    check(client < CLIENTS_MAX);
    struct client *to = &self->now.clients[client];
    if (to->session != session || to->node != node)
        return;
    check(to->inbox_count < INBOX_MAX);
    to->inbox[to->inbox_count++] = content;
}

void client_say(struct model *self, uint32_t client, enum told_kind kind, const ProtobufCMessage *words)
{
    uint8_t packed[4096];
    check(protobuf_c_message_get_packed_size(words) <= sizeof packed);
    struct content about = {.record = NOBODY, .with = NO_CONTENT};
    struct span bytes = {packed, protobuf_c_message_pack(words, packed)};
    struct told told = {.kind = kind,
                        .a = client,
                        .b = self->now.clients[client].session,
                        .content = contents_add(self->contents, bytes, &about),
                        .with = NO_CONTENT};
    turns_take(self, self->now.clients[client].node, told, 0);
}

static uint64_t attach_of(const Cli__ToClient *message)
{
    switch (message->body_case) {
    case CLI__TO_CLIENT__BODY_REFUSED:
        return message->refused->attach;
    case CLI__TO_CLIENT__BODY_OFFERED:
        return message->offered->attach;
    case CLI__TO_CLIENT__BODY_WITHDRAWN:
        return message->withdrawn->attach;
    case CLI__TO_CLIENT__BODY_DESK_NEWS:
        return message->desk_news->attach;
    case CLI__TO_CLIENT__BODY_CALL_NEWS:
        return message->call_news->attach;
    case CLI__TO_CLIENT__BODY_SUPERSEDED:
        return message->superseded->attach;
    default:
        return 0;
    }
}

void client_hear(struct model *self, uint32_t client)
{
    struct client *me = &self->now.clients[client];
    check(me->inbox_count > 0);
    const struct content *content = contents_at(self->contents, me->inbox[0]);
    me->inbox_count--;
    memmove(me->inbox, me->inbox + 1, me->inbox_count * sizeof me->inbox[0]);
    me->inbox[me->inbox_count] = 0;
    struct arena arena = {0};
    Cli__ToClient *message =
        cli__to_client__unpack(arena_allocator(&arena, CLIENT_BUDGET_BYTES), content->bytes.bytes, content->bytes.data);
    check(message != NULL);
    if (attach_of(message) == me->attach) {
        if (message->body_case == CLI__TO_CLIENT__BODY_SUPERSEDED)
            violate(self, "%s is superseded by %llu, though its attach is the largest it ever took", name_of(client),
                    (unsigned long long)message->superseded->by);
        else if (is_desk(client))
            desk_client_hear(self, client, message);
        else
            gateway_client_hear(self, client - DESKS_MAX, message);
    }
    arena_close(&arena);
}

// The node learns it later: its session's end is under way.
void client_break(struct model *self, uint32_t client, bool node_lives)
{
    struct client *me = &self->now.clients[client];
    if (node_lives) {
        struct parcel parcel = {PARCEL_GONE, client, 0, me->node, me->session, 0};
        bag_add(self, &parcel);
    }
    me->node = NOBODY;
    me->session = 0;
}

void client_attach(struct model *self, uint32_t client, uint32_t node, bool same_session)
{
    struct client *me = &self->now.clients[client];
    if (!same_session)
        me->session = client << 16 | ++me->connections;
    me->attach++;
    me->node = node;
    me->inbox_count = 0;
    memset(me->inbox, 0, sizeof me->inbox);
    self->bound_session = 0;
    if (is_desk(client))
        desk_client_attach(self, client);
    else
        gateway_client_attach(self, client - DESKS_MAX);
    if (self->bound_session != me->session) {  // refused
        me->node = NOBODY;
        me->session = 0;
    }
}

// A forgotten client of the same name comes with an attach that this one left behind: for an instant, and without a
// call. Who knows better refuses it; who takes it, has it until it learns better.
void client_attach_forgotten(struct model *self, uint32_t client, uint32_t node)
{
    struct client *me = &self->now.clients[client];
    struct client now = *me;
    me->session = client << 16 | FORGOTTEN;
    me->attach--;
    Cli__AttachDesk desk = CLI__ATTACH_DESK__INIT;
    Cli__AttachGateway gateway = CLI__ATTACH_GATEWAY__INIT;
    desk.agent = gateway.gateway = (char *)name_of(client);
    desk.attach = gateway.attach = me->attach;
    desk.state = REC__AGENT_STATE__AVAILABLE;
    me->node = node;
    if (is_desk(client))
        client_say(self, client, TOLD_ATTACH_DESK, &desk.base);
    else
        client_say(self, client, TOLD_ATTACH_GATEWAY, &gateway.base);
    struct parcel parcel = {PARCEL_GONE, client, 0, node, me->session, 0};
    bool is_taken = self->bound_session == me->session;
    *me = now;
    if (is_taken)
        bag_add(self, &parcel);
}
