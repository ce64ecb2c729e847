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
#include "node/client/texts.h"

#include "cluster/base/rule.h"

#include <stdlib.h>
#include <string.h>

#define RING_SLACK_MS 2000  // beyond the deadline: by then the node has said that the ring time is over
#define DEADLINE_MAX_MS 3600000

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

static void emit_call(struct desk *self, enum hotline_event_type type, const char *call, uint32_t n, const char *reason)
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

static void ended_by_other(struct desk *self, const char *reason, bool node_knows_wrap_up)
{
    char call[sizeof self->offer.call];
    memcpy(call, self->offer.call, sizeof call);
    uint32_t n = self->offer.n;
    self->call_word.tries = 0;
    if (self->state != DESK_ON_CALL) {
        desk_rest(self, DESK_AVAILABLE);
        emit_call(self, HOTLINE_WITHDRAWN, call, n, reason);
        return;
    }
    desk_has_spoken(self, call);
    desk_rest(self, DESK_WRAP_UP);
    if (!node_knows_wrap_up && self->state == DESK_WRAP_UP)
        desk_set_word(self, &self->state_word, CLI__DESK_WORD__WORD__WRAPPING, "", 0);
    emit_call(self, HOTLINE_DESK_ENDED, call, n, reason);
}

// ---- what the node says

static void emit_offer(struct desk *self, const Cli__Offered *words)
{
    const char **languages = check_alloc((words->n_languages + 1) * sizeof *languages);
    for (size_t i = 0; i < words->n_languages; i++)
        languages[i] = words->languages[i];
    struct hotline_event event = {.type = HOTLINE_OFFER,
                                  .call = self->offer.call,
                                  .n = words->n,
                                  .number = words->number,
                                  .queue = words->queue,
                                  .languages = languages,
                                  .km = words->km,
                                  .deadline_ms = words->deadline_ms,
                                  .queued_ms = words->queued_ms,
                                  .place = place_of(words->place)};
    if (words->call_back != NULL) {
        event.call_back = words->call_back->call;
        event.owed_ms = words->call_back->owed_ms;
        event.tries = words->call_back->tries;
    }
    client_emit(&self->base, &event);
    free(languages);
}

static void start_ring_time(struct desk *self)
{
    self->offer.over_us = client_now(&self->base) + (uint64_t)(self->offer.deadline_ms + RING_SLACK_MS) * 1000;
}

static void offered(struct desk *self, const Cli__Offered *words)
{
    bool same = desk_has_call(self) && strcmp(self->offer.call, words->call) == 0;
    if (same && (self->offer.n == words->n || self->state != DESK_RINGING)) {
        self->offer.n = words->n;
        self->offer.call_attach = words->call_attach;
        if (self->state == DESK_ON_CALL && text_is_call_back(self->offer.call))
            desk_set_word(self, &self->call_word, CLI__DESK_WORD__WORD__REACHED, self->offer.call, self->offer.n);
        else if (self->state != DESK_RINGING)  // the person has said yes to this call, whoever offers it
            desk_set_word(self, &self->call_word, CLI__DESK_WORD__WORD__ACCEPT, self->offer.call, self->offer.n);
        return;
    }
    if (!same && self->state != DESK_AVAILABLE) {  // it crossed our word, or the node has a wrong picture
        desk_say(self, CLI__DESK_WORD__WORD__DECLINE, words->call, words->n, desk_state_text(self->state));
        if (self->state_word.tries > 0)
            desk_say_word(self, &self->state_word);
        else
            attachment_renew(&self->base);
        return;
    }
    self->call_word.tries = self->state_word.tries = 0;  // it offers: so it has seen them
    desk_move(self, DESK_RINGING, "");
    text_copy(self->offer.call, sizeof self->offer.call, words->call);
    self->offer.call_attach = words->call_attach;
    self->offer.n = words->n;
    self->offer.deadline_ms = words->deadline_ms < DEADLINE_MAX_MS ? words->deadline_ms : DEADLINE_MAX_MS;
    start_ring_time(self);
    emit_offer(self, words);
}

// The person speaks with a caller she has dialled: no node can end that, and one that says so has a wrong picture.
static bool keeps_call_back(struct desk *self)
{
    if (!RULE(spoken_call_back_stays) || self->state != DESK_ON_CALL || !text_is_call_back(self->offer.call))
        return false;
    attachment_renew(&self->base);
    return true;
}

static void withdrawn(struct desk *self, const Cli__Withdrawn *words)
{
    if (desk_word_is_about(&self->call_word, words->call, words->n))
        self->call_word.tries = 0;
    bool ours = desk_has_call(self) && strcmp(self->offer.call, words->call) == 0;
    if (ours && (words->n == 0 || words->n == self->offer.n) && !keeps_call_back(self))
        ended_by_other(self, words->reason, false);
}

static bool is_said_by(const struct word *word, Rec__AgentState state)
{
    switch (word->word) {
    case CLI__DESK_WORD__WORD__READY:
        return state == REC__AGENT_STATE__AVAILABLE;
    case CLI__DESK_WORD__WORD__AWAY:
        return state == REC__AGENT_STATE__NOT_READY;
    case CLI__DESK_WORD__WORD__WRAPPING:
        return state == REC__AGENT_STATE__WRAP_UP;
    default:
        return false;
    }
}

// At rest the node may know better: calls were missed, or it has seen the end of a call that we have not.
static void adopt(struct desk *self, const Cli__DeskNews *news)
{
    if (desk_has_call(self))
        return;
    if (self->state_word.tries > 0) {  // otherwise it crossed our word
        if (is_said_by(&self->state_word, news->state))
            self->state_word.tries = 0;
        return;
    }
    switch (news->state) {
    case REC__AGENT_STATE__AVAILABLE:
        desk_move(self, DESK_AVAILABLE, "");
        break;
    case REC__AGENT_STATE__WRAP_UP:
        desk_move(self, DESK_WRAP_UP, "");
        break;
    case REC__AGENT_STATE__NOT_READY:
        desk_move(self, DESK_NOT_READY, news->reason);
        break;
    case REC__AGENT_STATE__OFFLINE:
    case REC__AGENT_STATE__RINGING:
    case REC__AGENT_STATE__ON_CALL:
    case _REC__AGENT_STATE_IS_INT_SIZE:
        break;
    }
}

static void news(struct desk *self, const Cli__DeskNews *words)
{
    bool ours = desk_has_call(self) && strcmp(self->offer.call, words->call) == 0;
    if (words->disposed) {
        if (desk_word_is_about(&self->disposition_word, words->call, 0))
            self->disposition_word.tries = 0;
        return;
    }
    if (words->asks) {
        if (ours)
            attachment_renew(&self->base);  // its picture of this desk is wrong
        else
            desk_say(self, CLI__DESK_WORD__WORD__NO_CALL, words->call, words->n, "");
    } else if (ours && words->ended && keeps_call_back(self)) {
        return;
    } else if (ours && words->ended) {
        ended_by_other(self, words->reason[0] != '\0' ? words->reason : "ended",
                       words->state == REC__AGENT_STATE__WRAP_UP);
    } else if (ours && words->connected && self->state != DESK_ON_CALL) {
        self->call_word.tries = 0;
        desk_move(self, DESK_ON_CALL, "");
        emit_call(self, HOTLINE_DESK_CONNECTED, self->offer.call, self->offer.n, "");
    } else if (ours && words->connected && self->call_word.word == CLI__DESK_WORD__WORD__REACHED) {
        self->call_word.tries = 0;
    } else if (words->ended && desk_word_is_about(&self->call_word, words->call, 0)) {
        self->call_word.tries = 0;
    }
    adopt(self, words);
}

static void desk_message(struct hotline_client *client, const Cli__ToClient *message)
{
    struct desk *self = desk_of(client);
    if (message->body_case == CLI__TO_CLIENT__BODY_OFFERED) {
        if (!text_is_call_id(message->offered->call))
            client->counts.malformed++;
        else if (client_is_current(client, message->offered->attach))
            offered(self, message->offered);
    } else if (message->body_case == CLI__TO_CLIENT__BODY_WITHDRAWN) {
        if (client_is_current(client, message->withdrawn->attach))
            withdrawn(self, message->withdrawn);
    } else if (message->body_case == CLI__TO_CLIENT__BODY_DESK_NEWS) {
        if (client_is_current(client, message->desk_news->attach))
            news(self, message->desk_news);
    } else if (message->body_case == CLI__TO_CLIENT__BODY_TEST_OFFERED) {
        if (client_is_current(client, message->test_offered->attach))
            desk_say_tested(self, message->test_offered);
    } else {
        client->counts.malformed++;  // not for a desk
    }
}

static void desk_refused(struct hotline_client *client, const Cli__Refused *words)
{
    struct desk *self = desk_of(client);
    if (words->attach != 0 && !client_is_current(client, words->attach))
        return;
    if (strcmp(words->reason, "has_a_call") == 0)
        return;  // an offer crossed our word; it will be declined, and the word said again
    if (words->what[0] != '\0' && desk_word_is_about(&self->disposition_word, words->what, 0))
        return;  // it has no copy of the call yet: it is said again
    if (words->what[0] != '\0' && desk_word_is_about(&self->call_word, words->what, 0)) {
        self->call_word.tries = 0;
        if (desk_has_call(self) && strcmp(self->offer.call, words->what) == 0) {
            ended_by_other(self, words->reason, false);
            return;
        }
    }
    client_emit_refused(client, words);
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
        start_ring_time(self);  // the node gives it a ring time anew, too
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
        ended_by_other(self, "ring_time_over", false);
        attachment_renew(client);  // the node should have said so
    }
    if (self->ended_call[0] != '\0') {
        char call[sizeof self->ended_call];
        memcpy(call, self->ended_call, sizeof call);
        self->ended_call[0] = '\0';
        emit_call(self, HOTLINE_DESK_ENDED, call, 0, "ended_here");
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
