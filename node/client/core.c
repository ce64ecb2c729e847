#include "node/client/core.h"

#include "cluster/base/rule.h"

#include <stdlib.h>
#include <string.h>

const char *hotline_result_text(enum hotline_result result)
{
    switch (result) {
    case HOTLINE_OK:
        return "ok";
    case HOTLINE_INVALID:
        return "an argument is missing, too long or out of range";
    case HOTLINE_UNKNOWN:
        return "there is no such call, offer or query here";
    case HOTLINE_TOO_MANY:
        return "a bound of this client is reached";
    case HOTLINE_WRONG_STATE:
        return "not possible in this state";
    case HOTLINE_BAD_KEY:
        return "the key file is not there, is no secret key, is readable by others, or is another party's";
    }
    return "unknown result";
}

// ---- life

enum hotline_result client_init(struct hotline_client *self, const struct client_kind *kind, struct client_wire *wire,
                                const char *nodes, const char *party, uint64_t login)
{
    self->kind = kind;
    self->wire = wire;
    self->heartbeat_ms = CLIENT_HEARTBEAT_MS;
    self->down_after_ms = CLIENT_DOWN_AFTER_MS;
    self->ticked_us = client_now(self);
    self->prefer_until_us = self->ticked_us + CLIENT_PREFER_MS * (uint64_t)1000;
    self->login_is_given = login != 0;
    self->login = login != 0 ? login : wire->type->wall_ms(wire);
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        self->links[slot].endpoint = ENDPOINT_NONE;
    self->slots = kind->attaches ? CLIENT_SLOTS : CLIENT_SLOTS_OF_QUERIES;
    self->stand_by = CLIENT_SLOTS;
    self->scout_at_us = self->ticked_us + CLIENT_SCOUT_MS * (uint64_t)1000;
    if (kind->attaches && (party == NULL || !text_is_name(party, NAME_MAX_BYTES)))
        return HOTLINE_INVALID;
    if (self->login == 0 || self->login > CLIENT_LOGIN_MAX)
        return HOTLINE_INVALID;
    text_copy(self->party, sizeof self->party, party == NULL ? "" : party);
    return endpoints_parse(&self->endpoints, nodes);
}

static void close_client(struct hotline_client *self)
{
    self->kind->close(self);
    arena_close(&self->arena);
    bytes_close(&self->packed);
    self->wire->type->free(self->wire);
    free(self);
}

struct hotline_client *client_refuse(struct hotline_client *self, enum hotline_result result,
                                     enum hotline_result *ret_result)
{
    if (ret_result != NULL)
        *ret_result = result;
    close_client(self);
    return NULL;
}

static void sign_off(struct hotline_client *self)
{
    if ((self->phase == CLIENT_ATTACHED || self->phase == CLIENT_ATTACHING) && self->attempt > 0) {
        Cli__Detach words = CLI__DETACH__INIT;
        words.attach = self->attach;
        Cli__ToNode message = CLI__TO_NODE__INIT;
        message.body_case = CLI__TO_NODE__BODY_DETACH;
        message.detach = &words;
        client_send(self, self->primary, &message);
        self->wire->type->close(self->wire, self->primary, true);
        self->links[self->primary].endpoint = ENDPOINT_NONE;
    }
}

static void leave(struct hotline_client *self)
{
    if (self->leaving == CLIENT_SIGNS_OFF)
        sign_off(self);
    attachment_end(self);
    close_client(self);
}

void hotline_client_free(struct hotline_client *self)
{
    if (self == NULL)
        return;
    self->leaving = CLIENT_SIGNS_OFF;
    if (self->depth == 0)
        leave(self);
}

void hotline_client_abandon(struct hotline_client *self)
{
    if (self == NULL)
        return;
    self->leaving = CLIENT_VANISHES;
    if (self->depth == 0)
        leave(self);
}

// ---- questions

int hotline_client_fd(const struct hotline_client *self)
{
    return self->wire->type->fd(self->wire);
}

uint64_t client_next_us(const struct hotline_client *self)
{
    return earlier(attachment_next_us(self), self->kind->next_us(self));
}

int hotline_client_timeout_ms(const struct hotline_client *self)
{
    if (self->wire->type->has_more(self->wire))
        return 0;
    uint64_t next = client_next_us(self), now = client_now(self);
    if (next <= now)
        return 0;
    uint64_t wait_ms = (next - now) / 1000 + 1;  // never a little too early, over and over
    return (int)earlier(wait_ms, CLIENT_TIMEOUT_MAX_MS);
}

bool hotline_client_is_attached(const struct hotline_client *self)
{
    return self->phase == CLIENT_ATTACHED;
}

const char *hotline_client_node(const struct hotline_client *self)
{
    return self->phase == CLIENT_ATTACHED ? self->node : "";
}

struct hotline_client_counts hotline_client_counts(const struct hotline_client *self)
{
    return self->counts;
}

uint64_t client_now(const struct hotline_client *self)
{
    return self->wire->type->now_us(self->wire);
}

// ---- out

bool client_send(struct hotline_client *self, uint32_t slot, Cli__ToNode *message)
{
    message->protocol = CLIENT_PROTOCOL;
    size_t bytes = cli__to_node__get_packed_size(message);
    bytes_clear(&self->packed);
    bool sent = false;
    if (self->links[slot].endpoint != ENDPOINT_NONE && bytes <= CLIENT_ATTACH_MAX_BYTES) {
        cli__to_node__pack(message, bytes_grow(&self->packed, bytes));
        sent = self->wire->type->send(self->wire, slot, (struct span){self->packed.data, bytes});
    }
    if (sent)
        self->counts.sent++;
    else if (message->body_case != CLI__TO_NODE__BODY_PING)  // pings find out whether a connection stands
        self->counts.not_sent++;
    return sent;
}

static const char *text(const char *given)
{
    return given == NULL ? "" : given;
}

void client_emit(struct hotline_client *self, const struct hotline_event *event)
{
    if (self->leaving != CLIENT_STAYS || !self->kind->attaches)
        return;
    if (self->on_event == NULL) {
        self->counts.events_dropped++;
        return;
    }
    struct hotline_event whole = *event;
    whole.node = text(event->node);
    whole.call = text(event->call);
    whole.reason = text(event->reason);
    whole.detail = text(event->detail);
    whole.what = text(event->what);
    whole.number = text(event->number);
    whole.queue = text(event->queue);
    whole.state = text(event->state);
    whole.agent = text(event->agent);
    whole.site = text(event->site);
    whole.contact = text(event->contact);
    whole.call_back = text(event->call_back);
    whole.place.placed_by = text(event->place.placed_by);
    whole.place.country = text(event->place.country);
    self->on_event(self->user, &whole);
}

void client_emit_refused(struct hotline_client *self, const Cli__Refused *refused)
{
    struct hotline_event event = {.type = HOTLINE_REFUSED,
                                  .reason = refused->reason,
                                  .detail = refused->detail,
                                  .what = refused->what,
                                  .node = refused->elsewhere == NULL ? NULL : refused->elsewhere->name,
                                  .attach = refused->attach};
    client_emit(self, &event);
}

bool client_is_current(struct hotline_client *self, uint64_t attach)
{
    if (!RULE(ignore_older_answers) ||
        (attach == self->attach && self->attach_holds && self->received_slot == self->primary))
        return true;
    self->counts.stale++;
    return false;
}

void client_wake(struct hotline_client *self)
{
    if (self->depth == 0)
        self->wire->type->wake(self->wire);
}

// ---- in

static void dispatch(struct hotline_client *self, uint32_t slot, const Cli__ToClient *message)
{
    switch (message->body_case) {
    case CLI__TO_CLIENT__BODY_PONG:
    case CLI__TO_CLIENT__BODY_ATTACHED:
    case CLI__TO_CLIENT__BODY_GOING:
    case CLI__TO_CLIENT__BODY_SUPERSEDED:
        attachment_receive(self, slot, message);
        break;
    case CLI__TO_CLIENT__BODY_REFUSED:
        if (!attachment_refused(self, slot, message->refused))
            self->kind->refused(self, message->refused);
        break;
    case CLI__TO_CLIENT__BODY_OFFERED:
    case CLI__TO_CLIENT__BODY_WITHDRAWN:
    case CLI__TO_CLIENT__BODY_DESK_NEWS:
    case CLI__TO_CLIENT__BODY_CALL_NEWS:
    case CLI__TO_CLIENT__BODY_ANSWER:
    case CLI__TO_CLIENT__BODY_TEST_OFFERED:
    case CLI__TO_CLIENT__BODY_TEST_NEWS:  // never to a client of the library
        self->kind->message(self, message);
        break;
    case CLI__TO_CLIENT__BODY__NOT_SET:
    case _CLI__TO_CLIENT__BODY__CASE_IS_INT_SIZE:
        self->counts.malformed++;
        break;
    }
}

void client_receive(struct hotline_client *self, uint32_t slot, struct span message)
{
    check(slot < CLIENT_SLOTS);
    if (self->leaving != CLIENT_STAYS || self->links[slot].endpoint == ENDPOINT_NONE)
        return;
    self->counts.received++;
    if (self->wire->type->look != NULL)
        self->wire->type->look(self->wire, slot, message);
    self->received = message;
    self->received_slot = slot;
    Cli__ToClient *words = NULL;
    if (message.bytes <= CLIENT_MESSAGE_MAX_BYTES)
        words = cli__to_client__unpack(arena_allocator(&self->arena, CLIENT_UNPACK_BUDGET_BYTES), message.bytes,
                                       message.data);
    if (words == NULL) {
        self->counts.malformed++;
        return;
    }
    attachment_heard(self, slot);
    self->depth++;
    dispatch(self, slot, words);
    self->depth--;
    if (self->depth == 0 && self->leaving != CLIENT_STAYS)
        leave(self);
}

void hotline_client_process(struct hotline_client *self)
{
    self->depth++;
    self->wire->type->receive(self->wire, self);
    if (self->leaving == CLIENT_STAYS) {
        uint64_t now = client_now(self);
        attachment_tick(self, now);
        self->kind->tick(self, now);
    }
    self->depth--;
    if (self->depth == 0 && self->leaving != CLIENT_STAYS)
        leave(self);
}
