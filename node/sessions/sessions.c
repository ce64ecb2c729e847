#include "node/sessions/sessions_inside.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"
#include "node/sessions/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sessions *sessions_create(struct world *world, const struct sessions_options *options,
                                 const struct sessions_events *events)
{
    struct sessions *self = check_alloc(sizeof *self);
    self->world = world;
    self->options = *options;
    self->options.node = check_strdup(options->node);
    if (options->message_max_bytes == 0)
        self->options.message_max_bytes = SESSIONS_MESSAGE_MAX_BYTES;
    if (options->attach_max_bytes == 0)
        self->options.attach_max_bytes = SESSIONS_ATTACH_MAX_BYTES;
    self->events = *events;
    return self;
}

static void drop(struct sessions *self, struct session *session)
{
    if (session->kind == REC__KIND__DESK)
        self->counts.desks--;
    if (session->kind == REC__KIND__GATEWAY)
        self->counts.gateways--;
    self->counts.sessions--;
    session->party->sessions--;
    HASH_DELETE(by_client, self->by_client, session);
    HASH_DELETE(by_id, self->by_id, session);
    free(session);
}

void sessions_free(struct sessions *self)
{
    if (self == NULL)
        return;
    struct session *session, *next;
    HASH_ITER(by_id, self->by_id, session, next)
    {
        drop(self, session);
    }
    parties_close(&self->parties);
    arena_close(&self->arena);
    arena_close(&self->out_arena);
    bytes_close(&self->out);
    free((char *)self->options.node);
    free(self);
}

// ---- in

static void ping(struct sessions *self, const struct session *session, const Cli__Ping *words)
{
    Cli__Pong pong = CLI__PONG__INIT;
    pong.sent_us = words->sent_us;
    pong.node = (char *)self->options.node;
    pong.boot = self->options.boot;
    pong.attach = session->kind == 0 || session->missed ? 0 : session->attach;
    pong.majority = self->events.sees_majority(self->events.context);
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_PONG;
    message.pong = &pong;
    session_send_to(self, &session->client, session_pack(self, &message));
    // It stands by here, and is attached to another node: so that one lives.
    struct event event = {.type = EVENT_HEARD, .session = session->id, .name = words->attached_to, .boot = words->boot};
    if (words->boot != 0 && text_is_name(words->attached_to, NAME_MAX_BYTES))
        self->events.event(self->events.context, &event);
}

static void gone(struct sessions *self, struct session *session, bool leaving)
{
    struct event event = {.type = session->kind == REC__KIND__DESK ? EVENT_DESK_GONE : EVENT_GATEWAY_GONE,
                          .session = session->id,
                          .name = session->name,
                          .leaving = leaving};
    if (session->kind != 0)
        self->events.event(self->events.context, &event);
}

// A word of a party that is attached.
static void party_word(struct sessions *self, struct session *session, uint8_t kind, struct event *event,
                       const char *what)
{
    if (session->kind != kind) {
        self->counts.not_attached++;
        sessions_refuse(self, session->id, "not_attached", "attach first", what, NULL, NULL, 0);
        return;
    }
    event->name = session->name;
    self->events.event(self->events.context, event);
}

// A connection is of one party until it detaches: of whom it was before, nobody would hear that it is gone.
static void attach(struct sessions *self, struct session *session, uint8_t kind, const char *name,
                   const struct event *event)
{
    if (session->kind != 0 && (session->kind != kind || strcmp(session->name, name) != 0)) {
        self->counts.forbidden++;
        sessions_refuse(self, session->id, "attached", "this connection is attached as something else", name, NULL,
                        NULL, 0);
        return;
    }
    self->events.event(self->events.context, event);
}

static void take_apart(struct sessions *self, struct session *session, const Cli__ToNode *words)
{
    struct event event = {.session = session->id};
    switch (words->body_case) {
    case CLI__TO_NODE__BODY_PING:
        ping(self, session, words->ping);
        break;
    case CLI__TO_NODE__BODY_ATTACH_DESK:
        event.type = EVENT_DESK_ATTACH;
        event.attach_desk = words->attach_desk;
        attach(self, session, REC__KIND__DESK, words->attach_desk->agent, &event);
        break;
    case CLI__TO_NODE__BODY_ATTACH_GATEWAY:
        event.type = EVENT_GATEWAY_ATTACH;
        event.attach_gateway = words->attach_gateway;
        event.speaks = words->protocol;
        attach(self, session, REC__KIND__GATEWAY, words->attach_gateway->gateway, &event);
        break;
    case CLI__TO_NODE__BODY_DETACH:
        if (session->kind != 0 && words->detach->attach == session->attach) {
            gone(self, session, true);
            sessions_unbind(self, session->id);
        }
        break;
    case CLI__TO_NODE__BODY_DESK_WORD:
        event.type = EVENT_DESK_WORD;
        event.desk_word = words->desk_word;
        party_word(self, session, REC__KIND__DESK, &event, words->desk_word->call);
        break;
    case CLI__TO_NODE__BODY_SUBMIT:
        event.type = EVENT_SUBMIT;
        event.submit = words->submit;
        party_word(self, session, REC__KIND__GATEWAY, &event, words->submit->call);
        break;
    case CLI__TO_NODE__BODY_LEG_WORD:
        event.type = EVENT_LEG_WORD;
        event.leg_word = words->leg_word;
        party_word(self, session, REC__KIND__GATEWAY, &event, words->leg_word->call);
        break;
    case CLI__TO_NODE__BODY_QUERY:
        self->events.query(self->events.context, session->id, words->query);
        break;
    case CLI__TO_NODE__BODY_APPLY_PART:
        self->events.apply_part(self->events.context, session->id, words->apply_part);
        break;
    case CLI__TO_NODE__BODY_TEST_CALL:
        self->events.test_call(self->events.context, session->id, words->test_call);
        break;
    case CLI__TO_NODE__BODY_TEST_ANSWERED:
        if (session->kind == REC__KIND__DESK && session->attach == words->test_answered->attach)
            self->events.test_answered(self->events.context, session->name, words->test_answered);
        break;
    case CLI__TO_NODE__BODY__NOT_SET:
    case _CLI__TO_NODE__BODY__CASE_IS_INT_SIZE:
        self->counts.malformed++;
        session_refuse_client(self, &session->client, "malformed", "a message without a body, or of a newer protocol",
                              NULL);
        break;
    }
}

static bool is_holder(const struct session *session, const struct key_holder *holder)
{
    return session->role == holder->role && strcmp(session->party->key, holder->key) == 0 &&
           strcmp(session->holder, holder->party) == 0;
}

static void end(struct sessions *self, struct session *session)
{
    gone(self, session, false);
    drop(self, session);
}

// The session of this connection. A routing id is no identity: with another key it is another's. NULL: over a bound.
static struct session *find_or_add(struct sessions *self, const struct world_client *client,
                                   const struct key_holder *holder, struct party *party)
{
    struct session *session;
    HASH_FIND(by_client, self->by_client, client, sizeof *client, session);
    if (session != NULL && is_holder(session, holder))
        return session;
    if (session != NULL)
        end(self, session);
    uint32_t per_key = holder->role == KEY_ROLE_NONE ? 0 : self->options.sessions_per_key;
    if (self->counts.sessions >= SESSIONS_MAX || (per_key != 0 && party->sessions >= per_key))
        return NULL;
    session = check_alloc(sizeof *session);
    session->id = ++self->last_id;
    session->client = *client;
    session->role = holder->role;
    text_copy(session->holder, sizeof session->holder, holder->party);
    session->party = party;
    party->sessions++;
    HASH_ADD(by_client, self->by_client, client, sizeof *client, session);
    HASH_ADD(by_id, self->by_id, id, sizeof session->id, session);
    self->counts.sessions++;
    return session;
}

static bool is_too_large(struct sessions *self, const struct world_client *client, size_t bytes, size_t bytes_max)
{
    if (bytes <= bytes_max)
        return false;
    char detail[128];
    self->counts.too_large++;
    snprintf(detail, sizeof detail, "a message of %zu bytes: at most %zu", bytes, bytes_max);
    session_refuse_client(self, client, "too_large", detail, NULL);
    return true;
}

static void hear(struct sessions *self, struct session *session, const struct key_holder *holder, struct span message)
{
    size_t budget = message.bytes * SESSIONS_BUDGET_FACTOR + ARENA_BLOCK_BYTES;
    Cli__ToNode *words = cli__to_node__unpack(arena_allocator(&self->arena, budget), message.bytes, message.data);
    struct refusal refusal;
    if (words == NULL) {
        self->counts.malformed++;
        session_refuse_client(self, &session->client, "malformed", "the message is not a cli.ToNode", NULL);
    } else if (words->body_case != CLI__TO_NODE__BODY_ATTACH_GATEWAY &&
               is_too_large(self, &session->client, message.bytes, self->options.message_max_bytes)) {
        return;
    } else if (!rights_allow(holder, words, &refusal)) {
        self->counts.forbidden++;
        sessions_refuse(self, session->id, refusal.reason, refusal.detail, refusal.what, NULL, NULL, 0);
    } else {
        session->protocol = words->protocol;
        take_apart(self, session, words);
    }
}

void sessions_receive(struct sessions *self, struct now now, const struct world_client *client,
                      const struct key_holder *holder, struct span message)
{
    self->counts.received++;
    if (is_too_large(self, client, message.bytes, self->options.attach_max_bytes))
        return;
    struct party *party = parties_need(&self->parties, holder->key);
    bool is_bound = holder->role != KEY_ROLE_NONE && self->options.messages_s != 0;
    enum party_hearing hearing = is_bound ? party_hear(party, now.mono_us, self->options.messages_s) : PARTY_HEARD;
    if (hearing != PARTY_HEARD) {
        self->counts.over_rate++;
        self->counts.shut_out += hearing == PARTY_SHUT_OUT;
        if (hearing == PARTY_SHUT_OUT)
            self->events.shut_out(self->events.context, party->key);
        return;
    }
    struct session *session = find_or_add(self, client, holder, party);
    if (session == NULL) {
        self->counts.over_bound++;
        Cli__NextNode next;
        session_refuse_client(self, client, "overload", "this node, or this key, has as many sessions as it may",
                              session_elsewhere(self, &next));
        world_part_client(self->world);
        return;
    }
    session->last_heard_us = now.mono_us;
    hear(self, session, holder, message);
}

void sessions_keys_changed(struct sessions *self, sessions_find_holder *find_holder, void *context)
{
    struct session *session, *next;
    HASH_ITER(by_id, self->by_id, session, next)
    {
        struct key_holder holder;
        bool stays = find_holder(context, session->party->key, &holder) && holder.role == session->role &&
                     (session->kind == 0 || is_holder(session, &holder));
        if (stays) {
            text_copy(session->holder, sizeof session->holder, holder.party);
            continue;
        }
        self->counts.shut++;
        end(self, session);
    }
}

bool sessions_shuts_out(const struct sessions *self, struct now now, const char *key)
{
    const struct party *party = parties_find(&self->parties, key);
    return party != NULL && now.mono_us < party->shut_out_us;
}

bool sessions_first_look(struct sessions *self, uint64_t id)
{
    struct session *session = session_find(self, id);
    bool first = session != NULL && !session->has_looked;
    if (first)
        session->has_looked = true;
    return first;
}

uint32_t sessions_protocol(const struct sessions *self, uint64_t id)
{
    const struct session *session = session_find(self, id);
    return session == NULL ? 0 : session->protocol;
}

bool sessions_holder(const struct sessions *self, uint64_t id, struct key_holder *ret_holder)
{
    const struct session *session = session_find(self, id);
    if (session != NULL)
        *ret_holder = (struct key_holder){session->role, session->holder, session->party->key};
    return session != NULL;
}

void sessions_tick(struct sessions *self, struct now now)
{
    // Silence counts only while this loop ran.
    uint64_t gap_us = now.mono_us - self->last_tick_us;
    bool stalled = RULE(stall_is_no_silence) && self->last_tick_us != 0 && gap_us > (uint64_t)500 * 1000;
    self->last_tick_us = now.mono_us;
    struct session *session, *next;
    HASH_ITER(by_id, self->by_id, session, next)
    {
        if (stalled)
            session->last_heard_us = now.mono_us;
        if (now.mono_us - session->last_heard_us < (uint64_t)self->options.silent_after_ms * 1000)
            continue;
        self->counts.timed_out += session->kind != 0;
        end(self, session);
    }
    parties_sweep(&self->parties, now.mono_us);
}

struct sessions_counts sessions_counts(const struct sessions *self)
{
    return self->counts;
}
