// A person at a desk, and the client library before her: node/client/desk.c in small.
#include "chaos/model/inside.h"

#include "client.pb-c.h"

#include <string.h>

bool desk_client_has_call(const struct desk_client *self)
{
    return self->state == DESK_RINGING || self->state == DESK_ACCEPTED || self->state == DESK_ON_CALL;
}

static void rest(struct desk_client *self, enum desk_state state)
{
    self->state = state;
    self->call = NOBODY;
    self->call_attach = self->n = 0;
}

void desk_client_say(struct model *self, uint32_t desk, uint32_t word, uint32_t call, uint32_t n)
{
    struct client *me = &self->now.clients[desk];
    struct desk_client *person = &self->now.desks[desk];
    if (me->node == NOBODY) {  // said once it is attached
        person->word = word;
        person->word_call = call;
        person->word_n = n;
        return;
    }
    Cli__DeskWord words = CLI__DESK_WORD__INIT;
    words.attach = me->attach;
    words.word = (Cli__DeskWord__Word)word;
    words.call = (char *)(call == NOBODY ? "" : town_call(call));
    words.n = n;
    client_say(self, desk, TOLD_DESK_WORD, &words.base);
}

void desk_client_attach(struct model *self, uint32_t desk)
{
    static const Rec__AgentState states[] = {
        [DESK_AVAILABLE] = REC__AGENT_STATE__AVAILABLE, [DESK_RINGING] = REC__AGENT_STATE__RINGING,
        [DESK_ACCEPTED] = REC__AGENT_STATE__ON_CALL,    [DESK_ON_CALL] = REC__AGENT_STATE__ON_CALL,
        [DESK_WRAP_UP] = REC__AGENT_STATE__WRAP_UP,     [DESK_NOT_READY] = REC__AGENT_STATE__NOT_READY};
    const struct client *me = &self->now.clients[desk];
    struct desk_client *person = &self->now.desks[desk];
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)town_agent(desk);
    words.attach = me->attach;
    words.state = states[person->state];
    if (desk_client_has_call(person)) {
        words.call = (char *)town_call(person->call);
        words.call_attach = person->call_attach;
        words.n = person->n;
        words.accepted = person->state != DESK_RINGING;
    }
    client_say(self, desk, TOLD_ATTACH_DESK, &words.base);
    if (person->word != 0 && self->bound_session == me->session) {
        uint32_t word = person->word;
        person->word = 0;
        desk_client_say(self, desk, word, person->word_call, person->word_n);
        person->word_call = person->word_n = 0;
    }
}

// ---- what the node says

// Its node has a wrong picture of this desk: all is said again.
static void renew(struct model *self, uint32_t desk)
{
    if (self->now.clients[desk].node != NOBODY)
        client_attach(self, desk, self->now.clients[desk].node, true);
}

static void note_yes(struct model *self, uint32_t desk)
{
    const struct desk_client *person = &self->now.desks[desk];
    check(person->n < 32);
    self->now.legs[person->call].accepted[desk] |= 1u << person->n;
}

static void offered(struct model *self, uint32_t desk, const Cli__Offered *words)
{
    struct desk_client *person = &self->now.desks[desk];
    uint32_t call = town_find_call(words->call);
    bool same = desk_client_has_call(person) && person->call == call;
    if (desk_client_has_call(person) && !same) {
        violate(self, "%s is rung for %s while she has %s", town_agent(desk), words->call, town_call(person->call));
        return;
    }
    if (same && (person->n == words->n || person->state != DESK_RINGING)) {
        person->n = words->n;
        person->call_attach = (uint32_t)words->call_attach;
        if (person->state != DESK_RINGING) {  // she has said yes to this call, whoever offers it
            note_yes(self, desk);
            desk_client_say(self, desk, CLI__DESK_WORD__WORD__ACCEPT, call, words->n);
        }
        return;
    }
    if (!same && person->state != DESK_AVAILABLE) {
        desk_client_say(self, desk, CLI__DESK_WORD__WORD__DECLINE, call, words->n);
        renew(self, desk);
        return;
    }
    person->state = DESK_RINGING;
    person->call = call;
    person->call_attach = (uint32_t)words->call_attach;
    person->n = words->n;
}

// By the other side, or taken back.
static void over(struct model *self, uint32_t desk, bool node_knows_wrap_up)
{
    struct desk_client *person = &self->now.desks[desk];
    if (person->state != DESK_ON_CALL) {
        rest(person, DESK_AVAILABLE);
        return;
    }
    rest(person, DESK_WRAP_UP);
    if (!node_knows_wrap_up)
        desk_client_say(self, desk, CLI__DESK_WORD__WORD__WRAPPING, NOBODY, 0);
}

static void news(struct model *self, uint32_t desk, const Cli__DeskNews *words)
{
    struct desk_client *person = &self->now.desks[desk];
    bool ours = desk_client_has_call(person) && person->call == town_find_call(words->call);
    if (words->asks) {
        if (ours)
            renew(self, desk);
        else if (self->now.clients[desk].node != NOBODY)
            desk_client_say(self, desk, CLI__DESK_WORD__WORD__NO_CALL, town_find_call(words->call), words->n);
    } else if (ours && words->ended)
        over(self, desk, words->state == REC__AGENT_STATE__WRAP_UP);
    else if (ours && words->connected)
        person->state = DESK_ON_CALL;
    if (desk_client_has_call(person))
        return;
    if (words->state == REC__AGENT_STATE__AVAILABLE)
        rest(person, DESK_AVAILABLE);
    else if (words->state == REC__AGENT_STATE__WRAP_UP)
        rest(person, DESK_WRAP_UP);
    else if (words->state == REC__AGENT_STATE__NOT_READY)
        rest(person, DESK_NOT_READY);
}

void desk_client_hear(struct model *self, uint32_t desk, const Cli__ToClient *message)
{
    struct desk_client *person = &self->now.desks[desk];
    if (message->body_case == CLI__TO_CLIENT__BODY_OFFERED) {
        offered(self, desk, message->offered);
    } else if (message->body_case == CLI__TO_CLIENT__BODY_WITHDRAWN) {
        const Cli__Withdrawn *words = message->withdrawn;
        if (self->lie != LIE_DEAF_DESK && desk_client_has_call(person) && person->call == town_find_call(words->call) &&
            (words->n == 0 || words->n == person->n))
            over(self, desk, false);
    } else if (message->body_case == CLI__TO_CLIENT__BODY_DESK_NEWS) {
        news(self, desk, message->desk_news);
    }
}

// ---- what the person does

void desk_client_choose(struct model *self, uint32_t desk, enum choice_kind kind)
{
    struct desk_client *person = &self->now.desks[desk];
    uint32_t call = person->call, n = person->n;
    if (kind == CHOICE_END || kind == CHOICE_NO_CALL)
        self->now.legs[call].left = self->now.legs[call].ended = 1;
    if (kind == CHOICE_ACCEPT) {
        note_yes(self, desk);
        person->state = DESK_ACCEPTED;
        desk_client_say(self, desk, CLI__DESK_WORD__WORD__ACCEPT, call, n);
    } else if (kind == CHOICE_DECLINE) {
        rest(person, DESK_AVAILABLE);
        desk_client_say(self, desk, CLI__DESK_WORD__WORD__DECLINE, call, n);
    } else if (kind == CHOICE_END) {
        rest(person, DESK_WRAP_UP);
        desk_client_say(self, desk, CLI__DESK_WORD__WORD__END, call, n);
    } else if (kind == CHOICE_NO_CALL) {
        rest(person, DESK_AVAILABLE);
        desk_client_say(self, desk, CLI__DESK_WORD__WORD__NO_CALL, call, n);
    } else {
        check(kind == CHOICE_READY);
        rest(person, DESK_AVAILABLE);
        if (self->now.clients[desk].node != NOBODY)  // otherwise its next attach says it
            desk_client_say(self, desk, CLI__DESK_WORD__WORD__READY, NOBODY, 0);
    }
}
