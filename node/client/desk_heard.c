// What a desk makes of its node's words: it rings, rings no more, is connected, has ended.
#include "node/client/desk.h"
#include "node/client/texts.h"

#include "cluster/base/rule.h"

#include <stdlib.h>
#include <string.h>

#define RING_SLACK_MS 2000  // beyond the deadline: by then the node has said that the ring time is over
#define DEADLINE_MAX_MS 3600000

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

void desk_start_ring_time(struct desk *self)
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
    desk_start_ring_time(self);
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
        desk_ended_by_other(self, words->reason, false);
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
        desk_ended_by_other(self, words->reason[0] != '\0' ? words->reason : "ended",
                            words->state == REC__AGENT_STATE__WRAP_UP);
    } else if (ours && words->connected && self->state != DESK_ON_CALL) {
        self->call_word.tries = 0;
        desk_move(self, DESK_ON_CALL, "");
        desk_emit_call(self, HOTLINE_DESK_CONNECTED, self->offer.call, self->offer.n, "");
    } else if (ours && words->connected && self->call_word.word == CLI__DESK_WORD__WORD__REACHED) {
        self->call_word.tries = 0;
    } else if (words->ended && desk_word_is_about(&self->call_word, words->call, 0)) {
        self->call_word.tries = 0;
    }
    adopt(self, words);
}

void desk_message(struct hotline_client *client, const Cli__ToClient *message)
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

void desk_refused(struct hotline_client *client, const Cli__Refused *words)
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
            if (!keeps_call_back(self))
                desk_ended_by_other(self, words->reason, false);
            return;
        }
    }
    client_emit_refused(client, words);
}
