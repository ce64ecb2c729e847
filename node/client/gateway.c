// A gateway: the callers' legs it holds, said whole to every node it attaches to.
//
//   SUBMITTED ──▶ WAITING ◀──▶ RINGING ──▶ CONNECTING ──joined──▶ JOINED       any ──hung up──▶ HUNG_UP
//                    ▲                        │                                any ──ENDED──▶ forgotten
//                    └──────join failed───────┘
//
// The caller's leg is here, so here it is known whom it is joined to: a JOINED leg is never connected to another.
#include "node/client/gateway.h"

#include <stdlib.h>
#include <string.h>

#define REPEAT_MAX_MS 4000
#define JOINED_TRIES_MAX 3  // nothing comes back for it; the attachment says it too
#define JOIN_FAILED_TRIES_MAX 10
#define HUNG_UP_TRIES_MAX 6
#define REPEATS_PER_PROCESS 256

struct leg *leg_find(const struct gateway *self, const char *call)
{
    struct leg *leg = NULL;
    HASH_FIND_STR(self->legs, call, leg);
    return leg;
}

void leg_forget(struct gateway *self, struct leg *leg)
{
    self->held_bytes -= leg->held_bytes;
    timers_unset(&self->timers, &leg->timer);
    HASH_DEL(self->legs, leg);
    free(leg->submit);
    free(leg);
}

// ---- words

static void again_later(struct gateway *self, struct leg *leg)
{
    uint32_t doublings = leg->tries > 1 && leg->word == CLI__LEG_WORD__WORD__WORD_UNSET ? leg->tries - 1 : 0;
    uint64_t wait_ms = earlier((uint64_t)CLIENT_REPEAT_MS << (doublings < 8 ? doublings : 8), REPEAT_MAX_MS);
    timers_set(&self->timers, &leg->timer, client_now(&self->base) + wait_ms * 1000);
}

void leg_quiet(struct gateway *self, struct leg *leg)
{
    leg->word = CLI__LEG_WORD__WORD__WORD_UNSET;
    leg->tries = 0;
    timers_unset(&self->timers, &leg->timer);
}

static void send_submit(struct gateway *self, struct leg *leg)
{
    leg->tries++;
    if (self->base.phase == CLIENT_ATTACHED) {
        leg->submit->attach = self->base.attach;
        Cli__ToNode message = CLI__TO_NODE__INIT;
        message.body_case = CLI__TO_NODE__BODY_SUBMIT;
        message.submit = leg->submit;
        leg->sent = client_send(&self->base, self->base.primary, &message) || leg->sent;
    }
    again_later(self, leg);
}

static void send_words(struct gateway *self, Cli__LegWord *words)
{
    if (self->base.phase != CLIENT_ATTACHED)
        return;
    words->attach = self->base.attach;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_LEG_WORD;
    message.leg_word = words;
    client_send(&self->base, self->base.primary, &message);
}

static void send_word(struct gateway *self, struct leg *leg)
{
    leg->tries++;
    Cli__LegWord words = CLI__LEG_WORD__INIT;
    words.call = leg->submit->call;
    words.word = leg->word;
    words.n = leg->word == CLI__LEG_WORD__WORD__JOIN_FAILED ? leg->failed_n : leg->n;
    words.detail = leg->detail;
    send_words(self, &words);
    again_later(self, leg);
}

void leg_say_let_go(struct gateway *self, char *call)
{
    Cli__LegWord words = CLI__LEG_WORD__INIT;
    words.call = call;
    words.word = CLI__LEG_WORD__WORD__LET_GO;
    send_words(self, &words);
}

void leg_say(struct gateway *self, struct leg *leg, Cli__LegWord__Word word)
{
    leg->word = word;
    leg->tries = 0;
    send_word(self, leg);
}

void leg_add(struct gateway *self, Cli__Submit *submit)
{
    struct leg *leg = check_alloc(sizeof *leg);
    leg->submit = submit;
    leg->held_bytes = cli__submit__get_packed_size(submit) + LEG_HELD_EXTRA_BYTES;
    self->held_bytes += leg->held_bytes;
    HASH_ADD_KEYPTR(hh, self->legs, submit->call, strlen(submit->call), leg);
    send_submit(self, leg);
}

void leg_end_here(struct gateway *self, struct leg *leg)
{
    leg_quiet(self, leg);
    leg->state = LEG_OVER;
    timers_set(&self->timers, &leg->timer, client_now(&self->base));
}

// ---- ends

void leg_emit_ended(struct gateway *self, struct leg *leg, const char *reason, const char *detail)
{
    char call[CALL_ID_MAX_BYTES + 1];
    text_copy(call, sizeof call, leg->submit->call);
    leg_forget(self, leg);  // before the application hears of it: it may submit the same id anew
    struct hotline_event event = {.type = HOTLINE_CALL_ENDED, .call = call, .reason = reason, .detail = detail};
    client_emit(&self->base, &event);
}

void leg_end_unconfirmed(struct gateway *self, struct leg *leg)
{
    leg_emit_ended(self, leg, leg->spoken ? "answered" : "abandoned", "the caller hung up");
}

// ---- attaching

static void fill_held(struct gateway *self, struct leg *leg, Cli__HeldCall *held)
{
    cli__held_call__init(held);
    leg->submit->attach = self->base.attach;
    held->submit = leg->submit;
    held->queued_ms = leg->queued_ms;
    held->state = REC__CALL_STATE__WAITING;
    if (leg->state == LEG_RINGING)
        held->state = REC__CALL_STATE__CALL_RINGING;
    if (leg->state != LEG_CONNECTING && leg->state != LEG_JOINED)
        return;
    held->state = leg->state == LEG_JOINED ? REC__CALL_STATE__CONNECTED : REC__CALL_STATE__CALL_RINGING;
    held->agent = leg->agent;
    held->agent_login = leg->agent_login;
    held->n = leg->n;
    held->connected_ms = leg->connected_ms;
}

static bool gateway_send_attach(struct hotline_client *client)
{
    struct gateway *self = gateway_of(client);
    size_t room = HASH_COUNT(self->legs), count = 0;
    struct place {
        Cli__HeldCall held;
        Cli__Submit submit;
    } *places = check_alloc(room * sizeof *places);
    Cli__HeldCall **list = check_alloc(room * sizeof(Cli__HeldCall *));
    for (struct leg *leg = self->legs; leg != NULL; leg = leg->hh.next) {
        if (leg->state == LEG_HUNG_UP || leg->state == LEG_OVER)
            continue;
        struct place *place = &places[count];
        fill_held(self, leg, &place->held);
        place->submit = *leg->submit;
        if (leg->queue[0] != '\0')
            place->submit.queue = leg->queue;
        place->held.submit = &place->submit;
        list[count++] = &place->held;
    }
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    words.gateway = client->party;
    words.attach = client->attach;
    words.before = client->raised_from;  // a node that took it, and whose answer was lost, may have calls of it
    words.site = self->site;
    words.calls = list;
    words.n_calls = count;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_ATTACH_GATEWAY;
    message.attach_gateway = &words;
    bool sent = client_send(client, client->primary, &message);
    free(list);
    free(places);
    for (struct leg *leg = self->legs; sent && leg != NULL; leg = leg->hh.next)
        leg->sent = leg->sent || leg->state != LEG_OVER;
    return sent;
}

// What was said while the attachment was on its way, or to a node that is gone.
static void gateway_attached(struct hotline_client *client)
{
    struct gateway *self = gateway_of(client);
    for (struct leg *leg = self->legs; leg != NULL; leg = leg->hh.next) {
        if (leg->state == LEG_OVER)
            continue;
        leg->tries = 0;
        if (leg->word != CLI__LEG_WORD__WORD__WORD_UNSET)
            send_word(self, leg);
        else if (leg->state == LEG_SUBMITTED && leg->submit->attach != client->attach)
            send_submit(self, leg);
        else if (leg->state == LEG_SUBMITTED)
            again_later(self, leg);
    }
}

// ---- time

static void repeat(struct gateway *self, struct leg *leg)
{
    if (leg->state == LEG_OVER) {
        leg_end_unconfirmed(self, leg);
        return;
    }
    if (self->base.phase != CLIENT_ATTACHED) {
        again_later(self, leg);
        return;
    }
    switch (leg->word) {
    case CLI__LEG_WORD__WORD__LET_GO:  // of no leg
    case CLI__LEG_WORD__WORD__WORD_UNSET:
        if (leg->state == LEG_SUBMITTED)
            send_submit(self, leg);
        return;
    case CLI__LEG_WORD__WORD__JOINED:
    case CLI__LEG_WORD__WORD__JOIN_FAILED:
        if (leg->tries < (leg->word == CLI__LEG_WORD__WORD__JOINED ? JOINED_TRIES_MAX : JOIN_FAILED_TRIES_MAX))
            send_word(self, leg);
        else
            leg_quiet(self, leg);
        return;
    case CLI__LEG_WORD__WORD__HUNG_UP:
        if (leg->tries < HUNG_UP_TRIES_MAX)
            send_word(self, leg);
        else
            leg_end_unconfirmed(self, leg);
        return;
    case _CLI__LEG_WORD__WORD_IS_INT_SIZE:
        return;
    }
}

static void gateway_tick(struct hotline_client *client, uint64_t now_us)
{
    struct gateway *self = gateway_of(client);
    struct timer *due;
    for (uint32_t i = 0; i < REPEATS_PER_PROCESS && (due = timers_pop(&self->timers, now_us)) != NULL; i++)
        repeat(self, (struct leg *)((char *)due - offsetof(struct leg, timer)));
}

static uint64_t gateway_next_us(const struct hotline_client *client)
{
    return timers_next(&((const struct gateway *)client)->timers);
}

static void gateway_close(struct hotline_client *client)
{
    struct gateway *self = gateway_of(client);
    struct leg *leg, *next;
    HASH_ITER(hh, self->legs, leg, next)
    {
        leg_forget(self, leg);
    }
    timers_close(&self->timers);
}

const struct client_kind gateway_kind = {.attaches = true,
                                         .message = gateway_message,
                                         .refused = gateway_refused,
                                         .send_attach = gateway_send_attach,
                                         .attached = gateway_attached,
                                         .tick = gateway_tick,
                                         .next_us = gateway_next_us,
                                         .close = gateway_close};
