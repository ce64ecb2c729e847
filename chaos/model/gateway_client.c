// A gateway with its callers' legs, and the client library before it: node/client/gateway.c in small.
#include "chaos/model/inside.h"

#include "client.pb-c.h"

#include <string.h>

static void say(struct model *self, uint32_t call, uint32_t word)
{
    struct leg *leg = &self->now.legs[call];
    const struct client *me = &self->now.clients[DESKS_MAX + call];
    if (me->node == NOBODY) {  // said once it is attached
        leg->word = word;
        return;
    }
    Cli__LegWord words = CLI__LEG_WORD__INIT;
    words.attach = me->attach;
    words.call = (char *)town_call(call);
    words.word = (Cli__LegWord__Word)word;
    words.n = word == CLI__LEG_WORD__WORD__JOIN_FAILED ? leg->failed_n : leg->n;
    client_say(self, DESKS_MAX + call, TOLD_LEG_WORD, &words.base);
}

static void say_let_go(struct model *self, uint32_t call)
{
    if (self->now.clients[DESKS_MAX + call].node != NOBODY)  // else its next attach does not list it
        say(self, call, CLI__LEG_WORD__WORD__LET_GO);
}

static void submit(struct model *self, uint32_t call)
{
    const struct client *me = &self->now.clients[DESKS_MAX + call];
    if (me->node == NOBODY)
        return;  // its next attach lists it
    Cli__Submit words;
    town_submit(call, me->attach, &words);
    client_say(self, DESKS_MAX + call, TOLD_SUBMIT, &words.base);
}

static bool is_held(const struct leg *leg)
{
    return leg->state != LEG_NONE && leg->state != LEG_HUNG_UP && leg->state != LEG_OVER;
}

static void fill_held(const struct leg *leg, Cli__HeldCall *held)
{
    held->state = leg->state == LEG_RINGING ? REC__CALL_STATE__CALL_RINGING : REC__CALL_STATE__WAITING;
    if (leg->state != LEG_CONNECTING && leg->state != LEG_JOINED)
        return;
    held->state = leg->state == LEG_JOINED ? REC__CALL_STATE__CONNECTED : REC__CALL_STATE__CALL_RINGING;
    held->agent = (char *)town_agent(leg->agent);
    held->agent_login = leg->agent_login;
    held->n = leg->n;
}

void gateway_client_attach(struct model *self, uint32_t gateway)
{
    const struct client *me = &self->now.clients[DESKS_MAX + gateway];
    uint32_t call = gateway;  // it holds no other
    struct leg *leg = &self->now.legs[call];
    Cli__HeldCall held = CLI__HELD_CALL__INIT, *list[1] = {&held};
    Cli__Submit submit_words;
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    words.gateway = (char *)town_gateway(gateway);
    words.attach = me->attach;
    words.calls = list;
    if (is_held(leg)) {
        town_submit(call, me->attach, &submit_words);
        held.submit = &submit_words;
        fill_held(leg, &held);
        words.n_calls = 1;
    }
    client_say(self, DESKS_MAX + gateway, TOLD_ATTACH_GATEWAY, &words.base);
    uint32_t word = leg->word;
    if (word != 0 && self->bound_session == me->session) {
        leg->word = 0;
        say(self, call, word);
    }
}

// ---- what the node says

static void move(struct leg *leg, enum leg_state state)
{
    leg->state = state;
    leg->agent = NOBODY;
    leg->agent_login = leg->n = 0;
}

static bool is_same_offer(const struct leg *leg, const Cli__CallNews *news)
{
    return leg->n == news->n && leg->agent == town_find_agent(news->agent);
}

static bool is_taken_back(const struct leg *leg, const Cli__CallNews *news)
{
    if (news->what == CLI__CALL_NEWS__WHAT__CONNECT)
        return !is_same_offer(leg, news);
    return news->what == CLI__CALL_NEWS__WHAT__WAITING || (news->n != 0 && news->n > leg->n);
}

static void connect_legs(struct model *self, uint32_t call, const Cli__CallNews *news)
{
    struct leg *leg = &self->now.legs[call];
    if (leg->state == LEG_CONNECTING && is_same_offer(leg, news))
        return;
    uint32_t agent = town_find_agent(news->agent);
    check(agent != NOBODY && news->n < 32);
    if ((leg->accepted[agent] & 1u << news->n) == 0)
        violate(self, "%s is to be connected to %s by offer %u, to which she never said yes", town_call(call),
                news->agent, news->n);
    if (leg->failed_n != 0 && leg->failed_n == news->n) {
        say(self, call, CLI__LEG_WORD__WORD__JOIN_FAILED);
        return;
    }
    leg->word = 0;
    leg->state = LEG_CONNECTING;
    leg->agent = agent;
    leg->agent_login = (uint32_t)news->agent_login;
    leg->n = news->n;
}

static void news_of_joined(struct model *self, uint32_t gateway, uint32_t call, const Cli__CallNews *news)
{
    struct leg *leg = &self->now.legs[call];
    if (is_taken_back(leg, news)) {
        if (self->now.clients[DESKS_MAX + gateway].node != NOBODY)
            client_attach(self, DESKS_MAX + gateway, self->now.clients[DESKS_MAX + gateway].node, true);
    } else if (news->what == CLI__CALL_NEWS__WHAT__CONNECT) {
        say(self, call, CLI__LEG_WORD__WORD__JOINED);
    }
}

static void go_on(struct leg *leg, const Cli__CallNews *news)
{
    if (leg->state == LEG_CONNECTING && !is_taken_back(leg, news))
        return;
    if (leg->word == CLI__LEG_WORD__WORD__JOIN_FAILED)
        leg->word = 0;
    move(leg, news->what == CLI__CALL_NEWS__WHAT__RINGING ? LEG_RINGING : LEG_WAITING);
}

void gateway_client_hear(struct model *self, uint32_t gateway, const Cli__ToClient *message)
{
    if (message->body_case == CLI__TO_CLIENT__BODY_REFUSED) {
        uint32_t call = town_find_call(message->refused->what);
        if (call != NOBODY && self->now.legs[call].state == LEG_HUNG_UP)
            move(&self->now.legs[call], LEG_OVER);
        else if (call != NOBODY && is_held(&self->now.legs[call]))
            violate(self, "%s is refused: %s", town_call(call), message->refused->reason);
        return;
    }
    if (message->body_case != CLI__TO_CLIENT__BODY_CALL_NEWS)
        return;
    const Cli__CallNews *news = message->call_news;
    uint32_t call = town_find_call(news->call);
    check(call != NOBODY);
    struct leg *leg = &self->now.legs[call];
    bool lets_go = news->what == CLI__CALL_NEWS__WHAT__ENDED && news->asks;
    if (leg->state == LEG_OVER || leg->state == LEG_NONE) {
        if (lets_go)
            say_let_go(self, call);
        return;
    }
    if (news->what == CLI__CALL_NEWS__WHAT__ENDED) {
        bool may_expire = lets_go && leg->state != LEG_JOINED;
        if (leg->state != LEG_HUNG_UP && leg->ended == 0 && !may_expire)
            violate(self, "%s is over for its node, and nobody ended it", town_call(call));
        leg->word = 0;
        move(leg, LEG_OVER);
        if (lets_go)
            say_let_go(self, call);
    } else if (leg->state == LEG_JOINED) {
        news_of_joined(self, gateway, call, news);
    } else if (leg->state != LEG_HUNG_UP) {
        bool is_hasty = self->lie == LIE_HASTY_GATEWAY && news->what == CLI__CALL_NEWS__WHAT__RINGING;
        if (news->what == CLI__CALL_NEWS__WHAT__CONNECT || is_hasty)
            connect_legs(self, call, news);
        else
            go_on(leg, news);
    }
}

// ---- what the gateway and its caller do

void gateway_client_choose(struct model *self, uint32_t call, enum choice_kind kind)
{
    struct leg *leg = &self->now.legs[call];
    if (kind == CHOICE_SUBMIT) {
        leg->state = LEG_SUBMITTED;
        submit(self, call);
    } else if (kind == CHOICE_JOIN) {
        leg->state = LEG_JOINED;
        if (leg->joined_agent != 0 && (leg->joined_agent != leg->agent + 1))
            violate(self, "%s is joined with %s after it was joined with %s", town_call(call), town_agent(leg->agent),
                    town_agent(leg->joined_agent - 1));
        leg->joined_agent = leg->agent + 1;
        leg->left = self->now.desks[leg->agent].call != call;
        say(self, call, CLI__LEG_WORD__WORD__JOINED);
    } else if (kind == CHOICE_JOIN_FAILS) {
        leg->failed_n = leg->n;
        move(leg, LEG_WAITING);
        say(self, call, CLI__LEG_WORD__WORD__JOIN_FAILED);
    } else {
        check(kind == CHOICE_HANG_UP);
        leg->state = LEG_HUNG_UP;
        say(self, call, CLI__LEG_WORD__WORD__HUNG_UP);
    }
}
