// Intake: how a call comes to be here, by a submission or as part of what a gateway says it holds when it attaches.
#include "node/switchboard/board.h"
#include "node/switchboard/callbacks.h"

#include "cluster/base/rule.h"
#include "cluster/base/text.h"
#include "node/directory/place.h"

#include <stdio.h>
#include <string.h>

// ---- is it a call we can take?

struct admission {
    struct gateway *gateway;
    uint64_t session;
    const Cli__Submit *submit;
    bool is_held;  // by its gateway: another node may have accepted it
    uint32_t queue;
    struct place place;
    const char *reason;  // of a refusal
    char detail[sizeof(struct problem)];
};

static bool refuse(struct admission *a, const char *reason, const char *detail)
{
    a->reason = reason;
    text_copy(a->detail, sizeof a->detail, detail);
    return false;
}

static void say_refusal(struct board *self, const struct admission *a)
{
    say_refused(self, a->session, a->reason, a->submit->call, a->submit->attach, "%s", a->detail);
    self->counters.calls_refused++;
    figures_count(&self->figures, "calls_refused", a->reason);
}

static bool find_queue(const struct board *self, struct admission *a)
{
    char detail[256];
    const Cli__Submit *submit = a->submit;
    if (submit->queue[0] != '\0') {
        a->queue = directory_find_queue(self->directory, submit->queue);
        if (a->queue != DIRECTORY_NONE)
            return true;
        snprintf(detail, sizeof detail, "there is no queue %.64s", submit->queue);
        return refuse(a, "unknown_queue", detail);
    }
    if (submit->dialled[0] == '\0')
        return refuse(a, "no_queue", "the call names neither a queue nor the digits dialled");
    a->queue = directory_dial(self->directory, submit->dialled);
    if (a->queue != DIRECTORY_NONE)
        return true;
    snprintf(detail, sizeof detail, "the digits %.32s lead nowhere in the menu", submit->dialled);
    return refuse(a, "unknown_digits", detail);
}

// A language nobody in the directory speaks is an error; an emergency is taken all the same, for whoever is nearest.
static bool check_names(const struct board *self, struct admission *a)
{
    const Cli__Submit *submit = a->submit;
    char detail[256];
    const char *unknown = NULL;
    if (submit->n_languages > SWITCHBOARD_LANGUAGES_MAX || submit->n_skills > SWITCHBOARD_LANGUAGES_MAX)
        return refuse(a, "too_many", "a call names at most 16 languages and 16 skills");
    if (self->directory->queues[a->queue].emergency)
        return true;
    struct route_set languages =
        directory_language_set(self->directory, submit->languages, submit->n_languages, &unknown);
    if (submit->n_languages > 0 && route_set_is_empty(languages)) {
        snprintf(detail, sizeof detail, "no agent speaks %.64s", unknown);
        return refuse(a, "unknown_language", detail);
    }
    directory_skill_set(self->directory, submit->skills, submit->n_skills, &unknown);
    if (submit->n_skills > 0 && unknown != NULL) {
        snprintf(detail, sizeof detail, "no agent has the skill %.64s", unknown);
        return refuse(a, "unknown_skill", detail);
    }
    return true;
}

static bool find_place(const struct board *self, struct admission *a, const char *site)
{
    struct place_clues clues = {.number = a->submit->number,
                                .at = a->submit->at,
                                .lat_udeg = a->submit->lat_udeg,
                                .lon_udeg = a->submit->lon_udeg,
                                .country = a->submit->country,
                                .site = site};
    struct problem problem;
    if (place_caller(self->atlas, self->directory, &clues, &a->place, &problem))
        return true;
    return refuse(a, "bad_caller", problem.text);
}

// Routine calls are refused first. What is kept free is for emergencies, and for calls that gateways already hold.
static bool check_room(const struct board *self, struct admission *a)
{
    if (self->call_count >= self->calls_max)
        return refuse(a, "overload", "this node holds as many calls as it may");
    bool goes_first = a->is_held || self->directory->queues[a->queue].emergency;
    if (!goes_first && self->call_count >= self->calls_max - self->calls_max / SWITCHBOARD_RESERVE_PART)
        return refuse(a, "overload", "the calls this node may yet hold are kept for emergencies");
    return true;
}

static bool admit(const struct board *self, struct admission *a, const char *site)
{
    if (!text_is_name(a->submit->call, CALL_NAME_MAX_BYTES))
        return refuse(a, "bad_call_id", "a call id is 1 to 128 printable ASCII characters without space or ~");
    if (self->directory == NULL)
        return refuse(a, "no_directory", "this node has no directory yet: apply one");
    return find_queue(self, a) && check_room(self, a) && check_names(self, a) && find_place(self, a, site);
}

bool call_is_admitted(const struct board *self, const Cli__Submit *submit, const char **ret_reason)
{
    struct admission a = {.submit = submit};
    bool is_admitted = admit(self, &a, self->site);
    *ret_reason = is_admitted ? "" : a.reason;
    return is_admitted;
}

// ---- a new call

static Rec__Caller *make_caller(struct board *self, const struct admission *a)
{
    Rec__Caller *caller = board_take(self, sizeof *caller);
    rec__caller__init(caller);
    caller->number = a->submit->number;
    caller->languages = a->submit->languages;
    caller->n_languages = a->submit->n_languages;
    caller->skills = a->submit->skills;
    caller->n_skills = a->submit->n_skills;
    caller->place = board_take(self, sizeof *caller->place);
    rec__place__init(caller->place);
    caller->place->by = (Rec__PlacedBy)a->place.by;
    caller->place->lat_udeg = a->place.lat_udeg;
    caller->place->lon_udeg = a->place.lon_udeg;
    caller->place->country = board_text(self, a->place.country);
    return caller;
}

static void own(struct board *self, struct call *call, struct gateway *gateway, uint64_t attach)
{
    call->mine = true;
    call->attach = attach;
    call->owner = (struct party){0, self->boot};
    board_link_gateway(call, gateway);
}

// Its caller was lost with another call, and keeps the place of that.
static void take_old_place(struct board *self, struct call *call, Rec__Call *body)
{
    uint64_t queued_ms;
    if (!board_knows_call_backs(self, 0))
        return;
    const char *lost = promise_redialled(self, call->id, body->caller->number, &queued_ms);
    if (lost == NULL)
        return;
    body->redials = board_text(self, lost);
    body->queued_ms = queued_ms < body->queued_ms ? queued_ms : body->queued_ms;
    promise_of_call(self, call->id, body);
}

static struct call *create(struct board *self, const struct admission *a, uint64_t attach, uint64_t queued_ms)
{
    struct call *call = board_add_call(self, a->submit->call);
    own(self, call, a->gateway, attach);
    call->born_ms = self->now.wall_ms;
    Rec__Call *body = board_change(self, call);
    body->gateway = a->gateway->name;
    body->caller = make_caller(self, a);
    body->queue = board_text(self, self->directory->queues[a->queue].id);
    body->dialled = a->submit->dialled;
    body->queued_ms = queued_ms > 0 && queued_ms < self->now.wall_ms ? queued_ms : self->now.wall_ms;
    if (queued_ms == 0)
        take_old_place(self, call, body);
    board_read_call(self, call, body);
    call_start_wait(self, call);
    self->counters.calls_submitted++;
    return call;
}

static void call_acknowledge(struct board *self, struct call *call)
{
    if (call->gateway->session == 0)
        return;
    struct effect *effect = say_effect(self, EFFECT_ACKNOWLEDGE);
    effect->session = call->gateway->session;
    effect->name = board_text(self, call->id);
    effect->attach = call->attach;
}

// ---- a call that is known

// An ended call a gateway still holds: the edge is the truth where the end was only read into it.
static bool may_revive(const Rec__Call *stored)
{
    return !RULE(told_end_is_final) || stored->inferred || stored->end == REC__END_REASON__CALLED_BACK ||
           stored->end == REC__END_REASON__LOST;
}

static struct call *revive(struct board *self, struct gateway *gateway, const struct record *record, Rec__Call *stored,
                           uint64_t attach)
{
    struct call *call = board_add_call(self, record->id);
    call->born_ms = record->born_ms;
    own(self, call, gateway, attach);
    Rec__Call *body = board_change(self, call);
    body->end = REC__END_REASON__NOT_ENDED;
    body->inferred = false;
    body->detail = (char *)"";
    body->ended_ms = 0;
    body->state =
        stored->agent[0] != '\0' && stored->connected_ms > 0 ? REC__CALL_STATE__CONNECTED : REC__CALL_STATE__WAITING;
    board_read_call(self, call, body);
    return call;
}

// Who speaks with the caller, or was taken to, by the gateway's word.
static void restore_taker(struct board *self, struct call *call, const Cli__HeldCall *held)
{
    struct duty *duty = offer_duty(call);
    uint32_t agent = self->directory == NULL ? DIRECTORY_NONE : directory_find_agent(self->directory, held->agent);
    Rec__Call *body = board_change(self, call);
    struct offer *open = agent == DIRECTORY_NONE ? NULL : offer_find(call, agent);
    if (open != NULL && open->n == held->n) {  // from the story: not one of those that are withdrawn
        *open = duty->offers[--duty->offer_count];
        self->desks[agent].offered = NULL;
    }
    // Another offer to the same agent, to her new login say, is: before the taker holds her.
    offer_close_all(self, call, REC__OFFER_OUTCOME__OFFER_WITHDRAWN, "answered_elsewhere");
    duty->taken = true;
    duty->joined = held->state == REC__CALL_STATE__CONNECTED;
    duty->taker = (struct offer){.n = held->n, .agent = agent, .agent_login = held->agent_login};
    body->agent = held->agent;
    body->agent_login = held->agent_login;
    if (body->offers < held->n)
        body->offers = held->n;
    if (duty->joined && body->connected_ms == 0)
        body->connected_ms = held->connected_ms;
    call->state = body->state = duty->joined ? REC__CALL_STATE__CONNECTED : REC__CALL_STATE__CALL_RINGING;
    if (agent == DIRECTORY_NONE)
        return;
    duty->taker.node = self->desks[agent].owner.node;
    struct call *other = self->desks[agent].offered;
    self->desks[agent].offered = call;
    if (other != NULL && !offer_holds(self, agent))
        self->desks[agent].offered = other;  // offered to another login of hers
    else if (other != NULL && other != call && other->mine)
        call_set_timer(self, other);  // nobody follows it now
    board_refresh_desk(self, agent);
    offer_confirm(self, call);
}

static void go_on(struct board *self, struct call *call, const Cli__HeldCall *held)
{
    call_start_wait(self, call);
    call->news_us = 0;
    bool is_taken = held->agent[0] != '\0';
    if (self->directory != NULL)
        offer_restore(self, call, is_taken);
    if (is_taken) {
        restore_taker(self, call, held);
        if (call->duty->joined)
            call_set_timer(self, call);
        else
            call_connect(self, call);
        return;
    }
    Rec__Call *body = board_change(self, call);
    body->agent = (char *)"";
    body->agent_login = 0;
    body->connected_ms = 0;
    // The copy may say more than the gateway knows: whoever was taken will say so again.
    call->state = REC__CALL_STATE__CALL_STATE_UNSET;
    call_ring(self, call);
}

// Of copies a desk's node learns who owns the call now; of this node's own taking it must be told as well.
static void tell_desks_here(struct board *self, struct call *call)
{
    desk_call_copied(self, call, board_body(self, call));
}

static void take_over(struct board *self, struct gateway *gateway, struct call *call, const Cli__HeldCall *held,
                      uint64_t attach)
{
    bool was_mine = call->mine;
    if (was_mine && call->attach == attach)
        return;
    call_dequeue(self, call);
    if (was_mine)
        call_let_go(self, call);
    own(self, call, gateway, attach);
    board_change(self, call);
    go_on(self, call, held);
    tell_desks_here(self, call);
    call_acknowledge(self, call);
}

static void refuse_held(struct board *self, struct admission *a, const char *reason, const char *detail)
{
    refuse(a, reason, detail);
    say_refusal(self, a);
}

void call_take(struct board *self, struct gateway *gateway, const Cli__HeldCall *held, uint64_t attach)
{
    struct admission a = {.gateway = gateway,
                          .session = gateway->session,
                          .submit = held->submit,
                          .is_held = held->state != REC__CALL_STATE__CALL_STATE_UNSET};
    if (text_is_call_back(held->submit->call)) {
        refuse_held(self, &a, "bad_call_id", "a call-back is no gateway's call");
        return;
    }
    struct call *call = board_find_call(self, held->submit->call);
    if (call != NULL && call->gateway != gateway) {
        refuse_held(self, &a, "call_id_in_use", "another gateway holds a call of this id");
        return;
    }
    const struct record *record = NULL;
    Rec__Call *stored = board_stored_call(self, held->submit->call, &record);
    bool ours = stored != NULL && record->version.boot == self->boot && strcmp(record->version.owner, self->node) == 0;
    if (stored != NULL && (record->version.attach > attach || (record->version.attach == attach && !ours))) {
        // Its gateway is elsewhere by now; that attachment's own record follows.
        say_stale(self, gateway->session, gateway->name, attach, record->version.attach);
        return;
    }
    if (call != NULL) {
        take_over(self, gateway, call, held, attach);
        return;
    }
    if (stored != NULL && strcmp(stored->gateway, gateway->name) != 0) {
        refuse_held(self, &a, "call_id_in_use", "another gateway had a call of this id");
        return;
    }
    if (stored != NULL && !may_revive(stored)) {
        say_ended(self, gateway->session, gateway->attach, held->submit->call, stored);
        return;
    }
    if (stored != NULL) {
        take_over(self, gateway, revive(self, gateway, record, stored, 0), held, attach);
        return;
    }
    if (!admit(self, &a, gateway->site)) {
        say_refusal(self, &a);
        return;
    }
    call = create(self, &a, attach, held->queued_ms);
    call->state = REC__CALL_STATE__CALL_STATE_UNSET;
    go_on(self, call, held);
    tell_desks_here(self, call);
    call_acknowledge(self, call);
}

void call_submit(struct board *self, const struct event *event)
{
    struct gateway *gateway = board_gateway(self, event->name);
    const Cli__Submit *submit = event->submit;
    if (submit->attach != gateway->attach || !gateway->here) {
        self->counters.words_refused++;
        say_refused(self, event->session, "stale_attach", submit->call, submit->attach, "not the gateway's attachment");
        return;
    }
    struct call *known = board_find_call(self, submit->call);
    if (known != NULL && known->mine && known->gateway == gateway) {  // said twice: the same call
        call_acknowledge(self, known);
        if (known->duty != NULL && known->duty->taken && !known->duty->joined)
            call_connect(self, known);
        return;
    }
    Cli__HeldCall held = CLI__HELD_CALL__INIT;
    held.submit = (Cli__Submit *)submit;
    call_take(self, gateway, &held, gateway->attach);
}
