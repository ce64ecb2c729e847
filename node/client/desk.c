// A desk: what the person does, kept here because here it is known, and said whole to every node it attaches to.
//
//   NOT_READY ◀──────────▶ AVAILABLE ──offer──▶ RINGING ──accept──▶ ACCEPTED ──connected──▶ ON_CALL
//    │ ▲  ▲                 ▲ ▲ ▲ ▲              │   │                │   │                  │
//    │ │  │                 │ │ │ └──declined, withdrawn, ring over───┘   │                  │
//    │ │  │                 │ │ └────withdrawn, no call came──────────────┘                  │
//    ▼ │  └─remembered──────│─┘  (instead, when not_ready was asked for meanwhile)           │
//   WRAP_UP ────available───┘ ◀──────────────────end, ended by the other side────────────────┘
//
// A call-back goes the same way: ON_CALL when the person says that the caller is on the line, WRAP_UP when not.
// ACCEPTED and ON_CALL are one for others: on_call. What the desk says is said again until its effect is seen.
#include "node/client/desk.h"

#include <string.h>

const char *desk_state_text(enum desk_state state)
{
    switch (state) {
    case DESK_AVAILABLE:
        return "available";
    case DESK_RINGING:
        return "ringing";
    case DESK_ACCEPTED:
    case DESK_ON_CALL:
        return "on_call";
    case DESK_WRAP_UP:
        return "wrap_up";
    case DESK_NOT_READY:
        return "not_ready";
    }
    return "";
}

bool desk_has_call(const struct desk *self)
{
    return self->state == DESK_RINGING || self->state == DESK_ACCEPTED || self->state == DESK_ON_CALL;
}

static bool may_move(enum desk_state from, enum desk_state to)
{
    switch (to) {
    case DESK_RINGING:
        return from == DESK_AVAILABLE || from == DESK_RINGING;
    case DESK_ACCEPTED:
        return from == DESK_RINGING;
    case DESK_ON_CALL:
        return from == DESK_RINGING || from == DESK_ACCEPTED;
    case DESK_WRAP_UP:
        return from != DESK_RINGING;
    case DESK_AVAILABLE:
        return from != DESK_ON_CALL;
    case DESK_NOT_READY:
        return true;
    }
    return false;
}

void desk_move(struct desk *self, enum desk_state to, const char *reason)
{
    check(may_move(self->state, to));
    if (strcmp(desk_state_text(self->state), desk_state_text(to)) != 0)
        self->since_ms = self->base.wire->type->wall_ms(self->base.wire);
    self->state = to;
    self->moves++;
    text_copy(self->reason, sizeof self->reason, reason);
    if (!desk_has_call(self))
        self->offer.call[0] = '\0';
}

// ---- the call is over

// To `state`, or to not ready when that was asked for meanwhile.
void desk_rest(struct desk *self, enum desk_state state)
{
    if (!self->then_not_ready) {
        desk_move(self, state, "");
        return;
    }
    self->then_not_ready = false;
    desk_move(self, DESK_NOT_READY, self->then_reason);
    desk_set_word(self, &self->state_word, CLI__DESK_WORD__WORD__AWAY, "", 0);
}

void desk_emit_call(struct desk *self, enum hotline_event_type type, const char *call, uint32_t n, const char *reason)
{
    struct hotline_event event = {.type = type, .call = call, .n = n, .reason = reason};
    client_emit(&self->base, &event);
}

void desk_has_spoken(struct desk *self, const char *call)
{
    text_copy(self->spoken_call, sizeof self->spoken_call, call);
    self->disposition[0] = '\0';
    self->disposition_word.tries = 0;
}

void desk_ended_by_other(struct desk *self, const char *reason, bool node_knows_wrap_up)
{
    char call[sizeof self->offer.call];
    memcpy(call, self->offer.call, sizeof call);
    uint32_t n = self->offer.n;
    self->call_word.tries = 0;
    if (self->state != DESK_ON_CALL) {
        desk_rest(self, DESK_AVAILABLE);
        desk_emit_call(self, HOTLINE_WITHDRAWN, call, n, reason);
        return;
    }
    desk_has_spoken(self, call);
    desk_rest(self, DESK_WRAP_UP);
    if (!node_knows_wrap_up && self->state == DESK_WRAP_UP)
        desk_set_word(self, &self->state_word, CLI__DESK_WORD__WORD__WRAPPING, "", 0);
    desk_emit_call(self, HOTLINE_DESK_ENDED, call, n, reason);
}

// ---- attaching

static bool desk_send_attach(struct hotline_client *client)
{
    struct desk *self = desk_of(client);
    static const Rec__AgentState states[] = {
        [DESK_AVAILABLE] = REC__AGENT_STATE__AVAILABLE, [DESK_RINGING] = REC__AGENT_STATE__RINGING,
        [DESK_ACCEPTED] = REC__AGENT_STATE__ON_CALL,    [DESK_ON_CALL] = REC__AGENT_STATE__ON_CALL,
        [DESK_WRAP_UP] = REC__AGENT_STATE__WRAP_UP,     [DESK_NOT_READY] = REC__AGENT_STATE__NOT_READY};
    self->moves_attached = self->moves;
    self->said_call = desk_has_call(self);
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = client->party;
    words.attach = client->attach;
    words.state = states[self->state];
    words.reason = self->reason;
    words.since_ms = self->since_ms;
    words.reached_call = self->reached_call;
    if (desk_has_call(self)) {
        words.call = self->offer.call;
        words.call_attach = self->offer.call_attach;
        words.n = self->offer.n;
        words.accepted = self->state != DESK_RINGING;
        words.reached = self->state == DESK_ON_CALL && text_is_call_back(self->offer.call);
    }
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_ATTACH_DESK;
    message.attach_desk = &words;
    return client_send(client, client->primary, &message);
}

// What the person said about the call while no node heard it, or the one that heard it is gone.
static void desk_attached(struct hotline_client *client)
{
    struct desk *self = desk_of(client);
    bool said = self->moves == self->moves_attached;
    bool says_no_call = self->said_call && !desk_has_call(self);  // which no word about rest does
    self->unsaid = !said && self->call_word.tries == 0 && (self->state_word.tries == 0 || says_no_call);
    if (self->state == DESK_RINGING)
        desk_start_ring_time(self);  // the node gives it a ring time anew, too
    if (self->disposition[0] != '\0')
        desk_set_word(self, &self->disposition_word, CLI__DESK_WORD__WORD__DISPOSITION, self->spoken_call, 0);
    if (self->call_word.tries > 0) {
        self->call_word.tries = 0;
        desk_say_word(self, &self->call_word);
    }
    if (self->state_word.tries > 0) {
        self->state_word.tries = 0;
        if (!said)  // the attachment was on its way when the person said it
            desk_say_word(self, &self->state_word);
    }
}

static void tell_state(struct desk *self)
{
    const char *state = desk_state_text(self->state);
    if (strcmp(state, self->told_state) == 0 && strcmp(self->reason, self->told_reason) == 0)
        return;
    self->told_state = state;
    text_copy(self->told_reason, sizeof self->told_reason, self->reason);
    struct hotline_event event = {.type = HOTLINE_DESK_STATE, .state = state, .reason = self->told_reason};
    client_emit(&self->base, &event);
}

static void desk_tick(struct hotline_client *client, uint64_t now_us)
{
    struct desk *self = desk_of(client);
    if (client->phase == CLIENT_OVER)
        return;
    desk_repeat_word(self, &self->call_word, now_us);
    desk_repeat_word(self, &self->state_word, now_us);
    desk_repeat_word(self, &self->disposition_word, now_us);
    if (self->unsaid) {
        self->unsaid = false;
        attachment_renew(client);
    }
    if (self->state == DESK_RINGING && now_us >= self->offer.over_us) {
        desk_ended_by_other(self, "ring_time_over", false);
        attachment_renew(client);  // the node should have said so
    }
    if (self->ended_call[0] != '\0') {
        char call[sizeof self->ended_call];
        memcpy(call, self->ended_call, sizeof call);
        self->ended_call[0] = '\0';
        desk_emit_call(self, HOTLINE_DESK_ENDED, call, 0, "ended_here");
    }
    tell_state(self);
}

static uint64_t desk_next_us(const struct hotline_client *client)
{
    const struct desk *self = (const struct desk *)client;
    uint64_t next = TIMER_NEVER;
    if (client->phase == CLIENT_OVER)
        return next;
    if (self->state == DESK_RINGING)
        next = self->offer.over_us;
    if (client->phase == CLIENT_ATTACHED && self->call_word.tries > 0)
        next = earlier(next, self->call_word.at_us);
    if (client->phase == CLIENT_ATTACHED && self->state_word.tries > 0)
        next = earlier(next, self->state_word.at_us);
    if (client->phase == CLIENT_ATTACHED && self->disposition_word.tries > 0)
        next = earlier(next, self->disposition_word.at_us);
    bool untold = strcmp(desk_state_text(self->state), self->told_state) != 0 ||
                  strcmp(self->reason, self->told_reason) != 0 || self->ended_call[0] != '\0';
    return untold ? client->ticked_us : next;
}

static void desk_close(struct hotline_client *client)
{
    (void)client;
}

const struct client_kind desk_kind = {.attaches = true,
                                      .message = desk_message,
                                      .refused = desk_refused,
                                      .send_attach = desk_send_attach,
                                      .attached = desk_attached,
                                      .tick = desk_tick,
                                      .next_us = desk_next_us,
                                      .close = desk_close};
