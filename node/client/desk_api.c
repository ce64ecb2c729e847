// What a desk's application asks for.
#include "node/client/desk.h"

#include <string.h>

static enum hotline_result init(struct desk *self, struct client_wire *wire, const struct hotline_desk_options *options)
{
    const char *reason = options->not_ready;
    enum hotline_result result =
        client_init(&self->base, &desk_kind, wire, options->nodes, options->agent, options->login);
    self->base.on_event = options->on_event;
    self->base.user = options->user;
    self->since_ms = wire->type->wall_ms(wire);
    self->told_state = "";
    if (reason == NULL)
        return result;
    if (!text_is_printable(reason, CLIENT_REASON_MAX_BYTES))
        return HOTLINE_INVALID;
    self->state = DESK_NOT_READY;
    text_copy(self->reason, sizeof self->reason, reason);
    return result;
}

struct hotline_client *client_desk_create(struct client_wire *wire, const struct hotline_desk_options *options,
                                          enum hotline_result *ret_result)
{
    struct desk *self = check_alloc(sizeof *self);
    enum hotline_result result = init(self, wire, options);
    if (result != HOTLINE_OK)
        return client_refuse(&self->base, result, ret_result);
    if (ret_result != NULL)
        *ret_result = result;
    client_wake(&self->base);
    return &self->base;
}

// A desk, not over, and `call` (NULL: whichever) is the one it has.
static enum hotline_result has(const struct hotline_client *client, const char *call)
{
    if (client == NULL || client->kind != &desk_kind)
        return HOTLINE_INVALID;
    const struct desk *self = (const struct desk *)client;
    if (client->phase == CLIENT_OVER || !desk_has_call(self))
        return HOTLINE_WRONG_STATE;
    return call == NULL || strcmp(call, self->offer.call) == 0 ? HOTLINE_OK : HOTLINE_UNKNOWN;
}

static enum hotline_result is_desk(const struct hotline_client *client)
{
    if (client == NULL || client->kind != &desk_kind)
        return HOTLINE_INVALID;
    return client->phase == CLIENT_OVER ? HOTLINE_WRONG_STATE : HOTLINE_OK;
}

enum hotline_result hotline_desk_accept(struct hotline_client *client, const char *call)
{
    enum hotline_result result = has(client, call);
    struct desk *self = desk_of(client);
    if (result != HOTLINE_OK || self->state != DESK_RINGING)
        return result;  // accepted twice is accepted
    desk_move(self, DESK_ACCEPTED, "");
    desk_set_word(self, &self->call_word, CLI__DESK_WORD__WORD__ACCEPT, self->offer.call, self->offer.n);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_desk_decline(struct hotline_client *client, const char *call)
{
    enum hotline_result result = has(client, call);
    struct desk *self = desk_of(client);
    if (result != HOTLINE_OK)
        return result;
    if (self->state != DESK_RINGING)
        return HOTLINE_WRONG_STATE;
    desk_set_word(self, &self->call_word, CLI__DESK_WORD__WORD__DECLINE, self->offer.call, self->offer.n);
    desk_rest(self, DESK_AVAILABLE);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_desk_end(struct hotline_client *client)
{
    enum hotline_result result = has(client, NULL);
    struct desk *self = desk_of(client);
    if (result != HOTLINE_OK)
        return result;
    if (self->state == DESK_RINGING)
        return HOTLINE_WRONG_STATE;
    bool spoken = self->state == DESK_ON_CALL;
    text_copy(self->ended_call, sizeof self->ended_call, self->offer.call);
    desk_set_word(self, &self->call_word, spoken ? CLI__DESK_WORD__WORD__END : CLI__DESK_WORD__WORD__NO_CALL,
                  self->offer.call, self->offer.n);
    if (spoken)
        desk_has_spoken(self, self->offer.call);
    desk_rest(self, spoken ? DESK_WRAP_UP : DESK_AVAILABLE);
    client_wake(client);
    return HOTLINE_OK;
}

// A call-back that was accepted and not reported on yet.
static enum hotline_result dials(const struct hotline_client *client, const char *call)
{
    enum hotline_result result = has(client, call);
    if (result != HOTLINE_OK)
        return result;
    const struct desk *self = (const struct desk *)client;
    return self->state == DESK_ACCEPTED && text_is_call_back(self->offer.call) ? HOTLINE_OK : HOTLINE_WRONG_STATE;
}

enum hotline_result hotline_desk_reached(struct hotline_client *client, const char *call)
{
    enum hotline_result result = dials(client, call);
    struct desk *self = desk_of(client);
    if (result != HOTLINE_OK)
        return result;
    desk_move(self, DESK_ON_CALL, "");
    text_copy(self->reached_call, sizeof self->reached_call, self->offer.call);
    desk_set_word(self, &self->call_word, CLI__DESK_WORD__WORD__REACHED, self->offer.call, self->offer.n);
    client_wake(client);
    return HOTLINE_OK;
}

static const char *failure_text(enum hotline_call_back_failure failure)
{
    switch (failure) {
    case HOTLINE_NO_ANSWER:
        return "no_answer";
    case HOTLINE_WRONG_NUMBER:
        return "wrong_number";
    case HOTLINE_NOT_REACHED:
        return "other";
    }
    return NULL;
}

enum hotline_result hotline_desk_not_reached(struct hotline_client *client, const char *call,
                                             enum hotline_call_back_failure failure, const char *text)
{
    enum hotline_result result = dials(client, call);
    struct desk *self = desk_of(client);
    text = text == NULL ? "" : text;
    if (result != HOTLINE_OK)
        return result;
    if (failure_text(failure) == NULL || !text_is_printable(text, HOTLINE_TEXT_MAX_BYTES))
        return HOTLINE_INVALID;
    text_copy(self->said_reason, sizeof self->said_reason, failure_text(failure));
    text_copy(self->said_text, sizeof self->said_text, text);
    text_copy(self->ended_call, sizeof self->ended_call, self->offer.call);
    desk_set_word(self, &self->call_word, CLI__DESK_WORD__WORD__NOT_REACHED, self->offer.call, self->offer.n);
    desk_rest(self, DESK_WRAP_UP);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_desk_available(struct hotline_client *client)
{
    enum hotline_result result = is_desk(client);
    struct desk *self = desk_of(client);
    if (result != HOTLINE_OK)
        return result;
    self->then_not_ready = false;
    if (self->state != DESK_WRAP_UP && self->state != DESK_NOT_READY)
        return HOTLINE_OK;
    desk_move(self, DESK_AVAILABLE, "");
    desk_set_word(self, &self->state_word, CLI__DESK_WORD__WORD__READY, "", 0);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_desk_not_ready(struct hotline_client *client, const char *reason)
{
    enum hotline_result result = is_desk(client);
    struct desk *self = desk_of(client);
    reason = reason == NULL ? "" : reason;
    if (result != HOTLINE_OK)
        return result;
    if (!text_is_printable(reason, CLIENT_REASON_MAX_BYTES))
        return HOTLINE_INVALID;
    if (desk_has_call(self)) {
        self->then_not_ready = true;
        text_copy(self->then_reason, sizeof self->then_reason, reason);
        return HOTLINE_OK;
    }
    desk_move(self, DESK_NOT_READY, reason);
    desk_set_word(self, &self->state_word, CLI__DESK_WORD__WORD__AWAY, "", 0);
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_desk_disposition(struct hotline_client *client, const char *call, const char *disposition)
{
    enum hotline_result result = is_desk(client);
    struct desk *self = desk_of(client);
    if (result != HOTLINE_OK)
        return result;
    if (disposition == NULL || disposition[0] == '\0' || !text_is_printable(disposition, CLIENT_REASON_MAX_BYTES))
        return HOTLINE_INVALID;
    if (self->spoken_call[0] == '\0')
        return HOTLINE_WRONG_STATE;
    if (call != NULL && strcmp(call, self->spoken_call) != 0)
        return HOTLINE_UNKNOWN;
    text_copy(self->disposition, sizeof self->disposition, disposition);
    desk_set_word(self, &self->disposition_word, CLI__DESK_WORD__WORD__DISPOSITION, self->spoken_call, 0);
    client_wake(client);
    return HOTLINE_OK;
}

const char *hotline_desk_state(const struct hotline_client *client)
{
    if (client == NULL || client->kind != &desk_kind)
        return "";
    return client->phase == CLIENT_OVER ? "offline" : desk_state_text(((const struct desk *)client)->state);
}

const char *hotline_desk_call(const struct hotline_client *client)
{
    if (client == NULL || client->kind != &desk_kind)
        return "";
    return ((const struct desk *)client)->offer.call;
}
