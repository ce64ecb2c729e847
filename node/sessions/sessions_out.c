// What is said to clients.
#include "node/sessions/sessions_inside.h"

#include "cluster/base/text.h"

#include <string.h>

#define NEXT_NODES_MAX 16

struct session *session_find(const struct sessions *self, uint64_t id)
{
    struct session *session;
    HASH_FIND(by_id, self->by_id, &id, sizeof id, session);
    return session;
}

bool session_send_to(struct sessions *self, const struct world_client *client, struct span message)
{
    bool sent = world_send_client(self->world, client, message);
    self->counts.not_sent += !sent;
    return sent;
}

struct span session_pack(struct sessions *self, const Cli__ToClient *message)
{
    bytes_clear(&self->out);
    size_t count = cli__to_client__get_packed_size(message);
    cli__to_client__pack(message, bytes_grow(&self->out, count));
    return (struct span){self->out.data, count};
}

// The connection takes nothing more, or is no more. The client's liveness is its own heartbeats' to show; but if it is
// there, it lacks a word. It hears so with its next Pong, attaches anew, says all and is told all.
void sessions_send(struct sessions *self, uint64_t id, struct span message)
{
    struct session *session = session_find(self, id);
    if (session == NULL) {
        self->counts.not_sent++;
        return;
    }
    if (session_send_to(self, &session->client, message) || session->kind == 0 || session->missed)
        return;
    session->missed = true;
    self->counts.missed++;
}

void sessions_say(struct sessions *self, uint64_t id, Cli__ToClient *message)
{
    sessions_send(self, id, session_pack(self, message));
}

void session_refuse_client(struct sessions *self, const struct world_client *client, const char *reason,
                           const char *detail, const Cli__NextNode *elsewhere)
{
    Cli__Refused refused = CLI__REFUSED__INIT;
    refused.reason = (char *)reason;
    refused.detail = (char *)detail;
    refused.elsewhere = (Cli__NextNode *)elsewhere;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = &refused;
    session_send_to(self, client, session_pack(self, &message));
}

const Cli__NextNode *session_elsewhere(struct sessions *self, Cli__NextNode *room)
{
    return self->events.next_nodes(self->events.context, room, 1) > 0 ? room : NULL;
}

static void refuse(struct sessions *self, uint64_t id, Cli__Refused *refused, const Cli__NextNode *elsewhere)
{
    refused->elsewhere = (Cli__NextNode *)elsewhere;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_REFUSED;
    message.refused = refused;
    sessions_say(self, id, &message);
}

void sessions_refuse(struct sessions *self, uint64_t id, const char *reason, const char *detail, const char *what,
                     const Cli__NextNode *elsewhere, char *const *errors, size_t error_count)
{
    Cli__Refused refused = CLI__REFUSED__INIT;
    refused.reason = (char *)reason;
    refused.detail = (char *)detail;
    refused.what = (char *)what;
    refused.errors = (char **)errors;
    refused.n_errors = error_count;
    refuse(self, id, &refused, elsewhere);
}

void sessions_refuse_attach(struct sessions *self, const struct event *event, const char *reason, const char *detail)
{
    bool is_desk = event->type == EVENT_DESK_ATTACH;
    Cli__NextNode next;
    Cli__Refused refused = CLI__REFUSED__INIT;
    refused.reason = (char *)reason;
    refused.detail = (char *)detail;
    refused.what = is_desk ? event->attach_desk->agent : event->attach_gateway->gateway;
    refused.attach = is_desk ? event->attach_desk->attach : event->attach_gateway->attach;
    refuse(self, event->session, &refused, session_elsewhere(self, &next));
}

void sessions_send_refusal(struct sessions *self, uint64_t id, struct span message)
{
    Cli__NextNode next;
    size_t budget = message.bytes * SESSIONS_BUDGET_FACTOR + ARENA_BLOCK_BYTES;
    Cli__ToClient *words =
        cli__to_client__unpack(arena_allocator(&self->out_arena, budget), message.bytes, message.data);
    check(words != NULL && words->body_case == CLI__TO_CLIENT__BODY_REFUSED);
    refuse(self, id, words->refused, session_elsewhere(self, &next));
}

static uint32_t next_nodes(struct sessions *self, Cli__NextNode *nodes, Cli__NextNode **pointers)
{
    uint32_t count = self->events.next_nodes(self->events.context, nodes, NEXT_NODES_MAX);
    for (uint32_t i = 0; i < count; i++)
        pointers[i] = &nodes[i];
    return count;
}

void sessions_bind(struct sessions *self, uint64_t id, uint8_t kind, const char *name, uint64_t attach)
{
    struct session *session = session_find(self, id);
    if (session == NULL)
        return;
    if (session->kind == 0) {
        self->counts.desks += kind == REC__KIND__DESK;
        self->counts.gateways += kind == REC__KIND__GATEWAY;
    }
    session->kind = kind;
    text_copy(session->name, sizeof session->name, name);
    session->attach = attach;
    session->missed = false;
    Cli__NextNode nodes[NEXT_NODES_MAX], *pointers[NEXT_NODES_MAX];
    Cli__Attached attached = CLI__ATTACHED__INIT;
    attached.attach = attach;
    attached.node = (char *)self->options.node;
    attached.heartbeat_ms = self->options.client_heartbeat_ms;
    attached.down_after_ms = self->options.client_down_after_ms;
    attached.n_next = next_nodes(self, nodes, pointers);
    attached.next = pointers;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ATTACHED;
    message.attached = &attached;
    sessions_say(self, id, &message);
}

void sessions_unbind(struct sessions *self, uint64_t id)
{
    struct session *session = session_find(self, id);
    if (session == NULL || session->kind == 0)
        return;
    self->counts.desks -= session->kind == REC__KIND__DESK;
    self->counts.gateways -= session->kind == REC__KIND__GATEWAY;
    session->kind = 0;
}

void sessions_say_going(struct sessions *self, bool only_attached)
{
    Cli__NextNode nodes[NEXT_NODES_MAX], *pointers[NEXT_NODES_MAX];
    Cli__Going going = CLI__GOING__INIT;
    going.n_next = next_nodes(self, nodes, pointers);
    going.next = pointers;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_GOING;
    message.going = &going;
    struct span packed = session_pack(self, &message);
    for (struct session *session = self->by_id; session != NULL; session = session->by_id.next)
        if (session->kind != 0 || !only_attached)
            session_send_to(self, &session->client, packed);
}
