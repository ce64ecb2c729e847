// What a gateway makes of its node's words of the calls it holds.
#include "cluster/base/rule.h"
#include "node/client/gateway.h"
#include "node/client/texts.h"

#include <string.h>

static void emit_news(struct gateway *self, enum hotline_event_type type, const Cli__CallNews *news)
{
    struct hotline_event event = {.type = type,
                                  .call = news->call,
                                  .n = news->n,
                                  .queue = news->queue,
                                  .agent = news->agent,
                                  .site = news->site,
                                  .contact = news->contact,
                                  .km = news->km,
                                  .copies = news->copies,
                                  .position = news->position,
                                  .ewt_s = news->ewt_s,
                                  .queued_ms = news->queued_ms,
                                  .place = place_of(news->place)};
    client_emit(&self->base, &event);
}

static bool is_same_offer(const struct leg *leg, const Cli__CallNews *news)
{
    return leg->n == news->n && strcmp(leg->agent, news->agent) == 0;
}

static void connect_legs(struct gateway *self, struct leg *leg, const Cli__CallNews *news)
{
    if (leg->state == LEG_CONNECTING && is_same_offer(leg, news))
        return;
    if (leg->failed_n != 0 && leg->failed_n == news->n) {
        leg_say(self, leg, CLI__LEG_WORD__WORD__JOIN_FAILED);
        return;
    }
    leg_quiet(self, leg);
    leg->state = LEG_CONNECTING;
    leg->n = news->n;
    leg->agent_login = news->agent_login;
    text_copy(leg->agent, sizeof leg->agent, news->agent);
    emit_news(self, HOTLINE_CALL_CONNECT, news);
}

// Is whom it was told to connect to no longer the one? A word about an older offer is only late.
static bool is_taken_back(const struct leg *leg, const Cli__CallNews *news)
{
    if (news->what == CLI__CALL_NEWS__WHAT__CONNECT)
        return !is_same_offer(leg, news);
    return news->what == CLI__CALL_NEWS__WHAT__WAITING || (news->n != 0 && news->n > leg->n);
}

static void go_on(struct gateway *self, struct leg *leg, const Cli__CallNews *news)
{
    bool rings = news->what == CLI__CALL_NEWS__WHAT__RINGING;
    if (leg->state == LEG_CONNECTING && !is_taken_back(leg, news))
        return;
    if (leg->state == LEG_SUBMITTED || leg->word == CLI__LEG_WORD__WORD__JOIN_FAILED)
        leg_quiet(self, leg);
    leg->state = rings ? LEG_RINGING : LEG_WAITING;
    leg->agent[0] = '\0';
    leg->agent_login = 0;
    emit_news(self, rings ? HOTLINE_CALL_RINGING : HOTLINE_CALL_WAITING, news);
}

// The leg is where the gateway says: a node that has it elsewhere is told all again.
static void news_of_joined(struct gateway *self, struct leg *leg, const Cli__CallNews *news)
{
    if (news->what == CLI__CALL_NEWS__WHAT__ACCEPTED)
        emit_news(self, HOTLINE_CALL_ACCEPTED, news);
    else if (is_taken_back(leg, news))
        attachment_renew(&self->base);
    else if (news->what == CLI__CALL_NEWS__WHAT__CONNECT)
        leg_say(self, leg, CLI__LEG_WORD__WORD__JOINED);
}

static void news_of(struct gateway *self, struct leg *leg, const Cli__CallNews *news)
{
    if (news->queued_ms != 0)
        leg->queued_ms = news->queued_ms;
    if (news->queue[0] != '\0' && text_is_name(news->queue, NAME_MAX_BYTES))
        text_copy(leg->queue, sizeof leg->queue, news->queue);
    if (RULE(joined_leg_stays) && leg->state == LEG_JOINED) {
        news_of_joined(self, leg, news);
        return;
    }
    switch (news->what) {
    case CLI__CALL_NEWS__WHAT__ACCEPTED:
        if (leg->state == LEG_SUBMITTED) {
            leg_quiet(self, leg);
            leg->state = LEG_WAITING;
        }
        emit_news(self, HOTLINE_CALL_ACCEPTED, news);
        break;
    case CLI__CALL_NEWS__WHAT__WAITING:
    case CLI__CALL_NEWS__WHAT__RINGING:
        go_on(self, leg, news);
        break;
    case CLI__CALL_NEWS__WHAT__CONNECT:
        connect_legs(self, leg, news);
        break;
    case CLI__CALL_NEWS__WHAT__ENDED:
    case CLI__CALL_NEWS__WHAT__WHAT_UNSET:
    case _CLI__CALL_NEWS__WHAT_IS_INT_SIZE:
        self->base.counts.malformed++;
        break;
    }
}

static void leg_news(struct gateway *self, const Cli__CallNews *news)
{
    struct leg *leg = leg_find(self, news->call);
    if (leg == NULL || leg->state == LEG_OVER)
        self->base.counts.stale++;
    else if (news->what == CLI__CALL_NEWS__WHAT__ENDED)
        leg_emit_ended(self, leg, news->end == REC__END_REASON__NOT_ENDED ? "lost" : end_text(news->end), news->detail);
    else if (leg->state != LEG_HUNG_UP)  // it crossed our word
        news_of(self, leg, news);
}

void gateway_message(struct hotline_client *client, const Cli__ToClient *message)
{
    struct gateway *self = gateway_of(client);
    if (message->body_case != CLI__TO_CLIENT__BODY_CALL_NEWS) {
        client->counts.malformed++;  // not for a gateway
        return;
    }
    const Cli__CallNews *news = message->call_news;
    if (!client_is_current(client, news->attach))
        return;
    leg_news(self, news);
    // Once the application was told, for the node then counts the caller as cared for; not of a call that it submits
    // anew.
    if (news->what == CLI__CALL_NEWS__WHAT__ENDED && news->asks && leg_find(self, news->call) == NULL)
        leg_say_let_go(self, news->call);
}

void gateway_refused(struct hotline_client *client, const Cli__Refused *words)
{
    struct gateway *self = gateway_of(client);
    if (words->attach != 0 && !client_is_current(client, words->attach))
        return;
    struct leg *leg = leg_find(self, words->what);
    if (leg != NULL && leg->state == LEG_HUNG_UP) {
        leg_end_unconfirmed(self, leg);
        return;
    }
    struct hotline_event event = {.type = HOTLINE_REFUSED,
                                  .call = leg == NULL ? "" : leg->submit->call,
                                  .reason = words->reason,
                                  .detail = words->detail,
                                  .what = words->what,
                                  .node = words->elsewhere == NULL ? "" : words->elsewhere->name,
                                  .attach = words->attach};
    bool was_submitted = leg != NULL && leg->state == LEG_SUBMITTED;
    client_emit(client, &event);
    leg = leg_find(self, words->what);  // the application was asked in between
    if (was_submitted && leg != NULL && leg->state == LEG_SUBMITTED)
        leg_emit_ended(self, leg, "refused", words->detail);
}
