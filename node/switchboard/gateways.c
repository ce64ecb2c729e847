// Gateways: who holds the callers' legs. What a gateway lists when it attaches is what there is; what it does not list
// has ended, and what an older login of it held is owed a call-back.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"

#include <string.h>

#define GATEWAY_ENDS_A_STEP 200

static void put_gateway(struct board *self, const struct gateway *gateway, uint32_t calls)
{
    Rec__Gateway body = REC__GATEWAY__INIT;
    body.node = self->node;
    body.since_ms = self->now.wall_ms;
    body.left = gateway->left;
    body.silent = gateway->silent;
    Rec__Version listed = REC__VERSION__INIT;
    listed.owner = (char *)gateway->before.node;
    listed.boot = gateway->before.boot;
    listed.seq = gateway->before.seq;
    body.before = gateway->before.attach;
    body.listed = listed.boot != 0 ? &listed : NULL;
    body.calls = calls;
    struct effect *effect = say_effect(self, EFFECT_PUT);
    effect->kind = REC__KIND__GATEWAY;
    effect->name = gateway->name;
    effect->attach = gateway->attach;
    effect->count = rec__gateway__get_packed_size(&body);
    rec__gateway__pack(&body, bytes_grow(&self->effects->bytes, effect->count));
}

static void unbind(struct board *self, struct gateway *gateway, uint64_t by, const char *node)
{
    say_superseded(self, gateway->session, REC__KIND__GATEWAY, gateway->name, gateway->attach, by, node);
    gateway->session = 0;
}

static bool may_attach(struct board *self, const struct event *event)
{
    const Cli__AttachGateway *words = event->attach_gateway;
    if (!text_is_name(words->gateway, NAME_MAX_BYTES)) {
        say_refused(self, event->session, "bad_name", words->gateway, words->attach,
                    "a gateway's name is 1 to 64 printable ASCII characters without space");
        return false;
    }
    if (self->directory ==
        NULL) {  // it could take none of the calls, and what a gateway's node has not taken has ended
        say_refused(self, event->session, "no_directory", words->gateway, words->attach,
                    "this node has no directory yet: apply one");
        return false;
    }
    if (words->site[0] != '\0' && directory_find_site(self->directory, words->site) == DIRECTORY_NONE) {
        say_refused(self, event->session, "unknown_site", words->gateway, words->attach,
                    "gateway %s: there is no site %.64s", words->gateway, words->site);
        return false;
    }
    if (attach_login(words->attach) == 0) {
        say_refused(self, event->session, "bad_attach", words->gateway, words->attach,
                    "an attach is login << 20 | attempt, and the login is not 0");
        return false;
    }
    return true;
}

void gateway_attach(struct board *self, const struct event *event)
{
    const Cli__AttachGateway *words = event->attach_gateway;
    if (!may_attach(self, event))
        return;
    struct gateway *gateway = board_gateway(self, words->gateway);
    bool again = words->attach == gateway->attach && gateway->here && gateway->session == event->session;
    if (RULE(compare_attach) && words->attach <= gateway->attach && !again) {
        say_stale(self, event->session, gateway->name, words->attach, gateway->attach);
        return;
    }
    if (gateway->session != event->session)
        unbind(self, gateway, words->attach, self->node);
    // A gateway that raised its login says what it had: the largest login known here is another's.
    if (words->before != 0 && attach_login(words->before) < attach_login(words->attach))
        gateway->before = (struct listed){.attach = words->before};
    else if (attach_login(gateway->attach) < attach_login(words->attach))
        gateway_note_before(self, gateway);
    gateway->attach = words->attach;
    gateway->owner = (struct party){0, self->boot};
    gateway->session = event->session;
    gateway->here = true;
    gateway->told = false;
    gateway->left = gateway->silent = false;
    gateway->lets_go = event->speaks >= SWITCHBOARD_LETS_GO_SINCE;
    text_copy(gateway->site, sizeof gateway->site, words->site);
    timers_unset(&self->timers, &gateway->timer);
    struct effect *effect = say_effect(self, EFFECT_BIND);
    effect->session = event->session;
    effect->kind = REC__KIND__GATEWAY;
    effect->name = gateway->name;
    effect->attach = gateway->attach;
    if (again)
        return;
    if (!RULE(gateway_after_calls))
        put_gateway(self, gateway, (uint32_t)words->n_calls);
    for (size_t i = 0; i < words->n_calls; i++)
        if (words->calls[i]->submit != NULL)
            call_take(self, gateway, words->calls[i], gateway->attach);
    gateway_end_unlisted(self, gateway);
    board_flush(self);  // the gateway's attachment is written after the calls it lists
    if (RULE(gateway_after_calls))
        put_gateway(self, gateway, (uint32_t)words->n_calls);
}

// ---- words about a leg

static void leg_joined(struct board *self, struct call *call, const Cli__LegWord *word)
{
    struct duty *duty = call->duty;
    if (duty == NULL || !duty->taken || (word->n != 0 && word->n != duty->taker.n)) {
        self->counters.words_refused++;  // joined with one who was withdrawn since: the gateway is told of the next
        return;
    }
    duty->joined = true;
    call_move(self, call, REC__CALL_STATE__CONNECTED);
    if (duty->taker.agent != DIRECTORY_NONE)
        board_refresh_desk(self, duty->taker.agent);  // another login of hers is free now
    offer_confirm(self, call);
    call_set_timer(self, call);
}

static void leg_join_failed(struct board *self, struct call *call, const Cli__LegWord *word)
{
    struct duty *duty = call->duty;
    if (duty == NULL || !duty->taken || duty->joined || (word->n != 0 && word->n != duty->taker.n))
        return;
    if (duty->taker.agent != DIRECTORY_NONE)
        offer_try(self, call, duty->taker.agent, self->directory->settings.retry_ms, false);
    call_free_again(self, call, word->detail[0] != '\0' ? word->detail : "the legs could not be joined");
}

// A word about a call that is not open here: a gateway that missed its end learns it so.
static void say_where_it_is(struct board *self, const struct event *event, const struct gateway *gateway)
{
    const Cli__LegWord *word = event->leg_word;
    Rec__Call *stored = board_stored_call(self, word->call, NULL);
    if (stored != NULL && strcmp(stored->gateway, gateway->name) == 0)
        say_ended(self, event->session, word->attach, word->call, stored);
    else
        say_refused(self, event->session, "unknown_call", word->call, word->attach, "there is no such call here");
}

void gateway_word(struct board *self, const struct event *event)
{
    const Cli__LegWord *word = event->leg_word;
    struct gateway *gateway = board_gateway(self, event->name);
    struct call *call = board_find_call(self, word->call);
    if (call == NULL || call->gateway != gateway || !call->mine || word->attach != call->attach) {
        self->counters.words_refused++;
        if (call == NULL && word->word != CLI__LEG_WORD__WORD__LET_GO)
            say_where_it_is(self, event, gateway);
        return;
    }
    switch (word->word) {
    case CLI__LEG_WORD__WORD__JOINED:
        leg_joined(self, call, word);
        break;
    case CLI__LEG_WORD__WORD__JOIN_FAILED:
        leg_join_failed(self, call, word);
        break;
    case CLI__LEG_WORD__WORD__HUNG_UP:
        gateway_end_in_order(self, call, "the caller hung up");
        break;
    case CLI__LEG_WORD__WORD__LET_GO:
        if (call->diverted)
            call_end_diverted(self, call);
        break;
    case CLI__LEG_WORD__WORD__WORD_UNSET:
    case _CLI__LEG_WORD__WORD_IS_INT_SIZE:
        self->counters.words_refused++;
        break;
    }
}

// ---- gone

// Some of its calls; the timer brings the others. One gateway's end must not hold up everybody else's calls.
static void end_some(struct board *self, struct gateway *gateway)
{
    uint32_t ended = 0;
    struct call *call = gateway->calls;
    for (; call != NULL && ended < GATEWAY_ENDS_A_STEP; call = call->gateway_next) {
        if (!call->mine || call->state == REC__CALL_STATE__ENDED)
            continue;
        if (gateway->left)
            gateway_end_in_order(self, call, "its gateway signed off");
        else
            gateway_end_lost(self, call, "its gateway is gone");
        ended++;
    }
    if (ended == GATEWAY_ENDS_A_STEP) {
        timers_set(&self->timers, &gateway->timer, self->now.mono_us + 1);  // not in this step
    } else if (gateway->left) {
        board_flush(self);
        put_gateway(self, gateway, 0);
    }
}

void gateway_gone(struct board *self, const struct event *event)
{
    struct gateway *gateway = board_gateway(self, event->name);
    if (gateway->session != event->session)
        return;
    gateway->session = 0;
    gateway->left = event->leaving;
    if (gateway->left) {
        end_some(self, gateway);
        return;
    }
    gateway->silent = true;
    put_gateway(self, gateway, 0);  // others may know by it that its callers dial again
    promise_of_gateway(self, gateway);
    uint64_t keep_ms = self->directory == NULL ? 0 : self->directory->settings.reattach_ms;
    timers_set(&self->timers, &gateway->timer, self->now.mono_us + keep_ms * 1000);
}

void gateway_deadline(struct board *self, struct gateway *gateway)
{
    if (!gateway->here)
        gateway_settle(self, gateway);
    else if (gateway->session == 0)
        end_some(self, gateway);
}

void gateway_copied(struct board *self, const struct record *record)
{
    struct gateway *gateway = board_gateway(self, record->id);
    struct party owner = {board_node_index(self, record->version.owner), record->version.boot};
    if (record->version.attach < gateway->attach || (owner.node == 0 && owner.boot == self->boot))
        return;
    unbind(self, gateway, record->version.attach, record->version.owner);
    timers_unset(&self->timers, &gateway->timer);
    if (gateway->here && attach_login(gateway->attach) < attach_login(record->version.attach))
        gateway->beaten = gateway->attach;
    gateway->told = gateway->told && gateway->attach == record->version.attach && gateway->owner.boot == owner.boot;
    gateway->here = false;
    gateway->attach = record->version.attach;
    gateway->owner = owner;
    gateway->seq = record->version.seq;
    gateway->copied_us = self->now.mono_us;
    const Rec__Gateway *body = rec__gateway__unpack(arena_allocator_more(&self->arena, DRAFT_BUDGET_BYTES),
                                                    record->body.bytes, record->body.data);
    gateway->silent = body != NULL && body->silent;
    gateway_read_before(gateway, body);
    gateway_end_unlisted(self, gateway);
    gateway_settle_soon(self, gateway);
    promise_of_gateway(self, gateway);
}
