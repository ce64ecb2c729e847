// Whom the client is attached to, and the way from one node to the next.
#include "node/client/links.h"

#include "cluster/base/round_trip.h"
#include "cluster/base/rule.h"

#include <string.h>

#define MS ((uint64_t)1000)

// ---- phases

static void say_detached(struct hotline_client *self, const char *node)
{
    struct hotline_event event = {.type = HOTLINE_DETACHED, .node = node};
    client_emit(self, &event);
}

static void attach_at(struct hotline_client *self, uint32_t slot, uint64_t at_us)
{
    if (slot != self->primary)
        link_ask_often(self, slot, client_now(self));
    self->primary = slot;
    self->attach_holds = false;
    self->attempts_here = 0;
    self->attach_at_us = at_us;
    self->minority_from_us = 0;
    if (self->kind->attaches) {
        self->phase = CLIENT_ATTACHING;
        return;
    }
    self->phase = CLIENT_ATTACHED;
    text_copy(self->node, sizeof self->node, self->links[slot].node);
    self->kind->attached(self);
}

static void leave_primary(struct hotline_client *self, uint64_t now_us)
{
    bool was_attached = self->phase == CLIENT_ATTACHED;
    char node[sizeof self->node];
    memcpy(node, self->node, sizeof node);
    uint32_t next = links_next(self, self->primary, now_us);
    links_give_up(self, self->primary);
    self->node[0] = '\0';
    self->phase = CLIENT_SEEKING;
    self->attach_holds = false;
    if (was_attached)
        self->counts.failovers++;
    if (next != LINK_NONE)
        attach_at(self, next, now_us);
    self->rotations = 0;
    links_fill(self, now_us);
    if (was_attached)
        say_detached(self, node);
}

static void move_to(struct hotline_client *self, uint32_t slot, uint64_t at_us)
{
    bool was_attached = self->phase == CLIENT_ATTACHED;
    char node[sizeof self->node];
    memcpy(node, self->node, sizeof node);
    self->node[0] = '\0';
    if (was_attached)
        self->counts.failovers++;
    attach_at(self, slot, at_us);
    if (was_attached)
        say_detached(self, node);
}

void attachment_renew(struct hotline_client *self)
{
    if (self->phase == CLIENT_ATTACHED && self->kind->attaches) {
        char node[sizeof self->node];
        memcpy(node, self->node, sizeof node);
        uint64_t now = client_now(self), soonest = self->attached_us + CLIENT_REPEAT_MS * MS;
        self->node[0] = '\0';
        attach_at(self, self->primary, now > soonest ? now : soonest);
        say_detached(self, node);
    }
}

void attachment_end(struct hotline_client *self)
{
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        link_close(self, slot);
    self->phase = CLIENT_OVER;
    self->node[0] = '\0';
}

static void superseded(struct hotline_client *self, uint64_t by, const char *node)
{
    attachment_end(self);
    struct hotline_event event = {.type = HOTLINE_SUPERSEDED,
                                  .node = node,
                                  .attach = by,
                                  .reason = "superseded",
                                  .detail = "somebody signed in later under this name"};
    client_emit(self, &event);
}

static void give_up_lost(struct hotline_client *self, uint64_t now_us)
{
    for (uint32_t slot = 0; slot < self->slots; slot++)
        if (link_is_lost(self, slot, now_us))
            links_give_up(self, slot);
}

// At first as given; once it was attached, as near as they are.
static void seek(struct hotline_client *self, uint64_t now_us)
{
    give_up_lost(self, now_us);
    if (self->was_attached) {
        uint32_t next = links_next(self, LINK_NONE, now_us);
        if (next != LINK_NONE)
            attach_at(self, next, now_us);
        return;
    }
    uint32_t best = LINK_NONE;
    int first = ENDPOINTS_MAX;  // that may yet answer
    for (uint32_t slot = 0; slot < self->slots; slot++) {
        const struct client_link *link = &self->links[slot];
        if (attachment_is_alive(self, slot, now_us) &&
            (best == LINK_NONE || link->endpoint < self->links[best].endpoint))
            best = slot;
        if (link_is_open(link) && !link->heard && link->endpoint < first)
            first = link->endpoint;
    }
    if (best != LINK_NONE && (self->links[best].endpoint < first || now_us >= self->prefer_until_us))
        attach_at(self, best, now_us);
}

static uint64_t answer_time_us(const struct hotline_client *self)
{
    uint64_t wait = (uint64_t)CLIENT_REPEAT_MS * MS << (self->attempts_here < 4 ? self->attempts_here : 4);
    uint64_t trips = (uint64_t)self->links[self->primary].rtt_us * 3;
    return wait > trips ? wait : trips;
}

static void try_attach(struct hotline_client *self, uint64_t now_us)
{
    if (self->attempts_here >= CLIENT_ATTEMPTS_MAX && self->endpoints.count > 1) {
        leave_primary(self, now_us);
        return;
    }
    if (self->attempt + 1 >= (uint32_t)1 << CLIENT_ATTEMPT_BITS) {  // the library chooses no new login
        superseded(self, self->attach, "");
        return;
    }
    uint64_t before = self->attach;
    uint32_t attempt = RULE(new_attempt) || self->attempt == 0 ? self->attempt + 1 : self->attempt;
    self->attach = self->login << CLIENT_ATTEMPT_BITS | attempt;
    if (!self->kind->send_attach(self)) {
        self->attach = before;
        self->attach_at_us = now_us + CLIENT_SEND_RETRY_MS * MS;
        return;
    }
    self->attempt = attempt;
    self->attach_holds = true;
    self->attach_at_us = now_us + answer_time_us(self);
    self->attempts_here++;
}

static uint32_t with_majority(const struct hotline_client *self, uint64_t now_us)
{
    for (uint32_t slot = 0; slot < self->slots; slot++)
        if (slot != self->primary && link_is_heard(self, slot, now_us) && self->links[slot].majority)
            return slot;
    return LINK_NONE;
}

static void watch_primary(struct hotline_client *self, uint64_t now_us)
{
    if (link_is_lost(self, self->primary, now_us)) {
        leave_primary(self, now_us);
        return;
    }
    uint32_t other = self->links[self->primary].majority ? LINK_NONE : with_majority(self, now_us);
    if (other == LINK_NONE)
        self->minority_from_us = 0;
    else if (self->minority_from_us == 0)
        self->minority_from_us = now_us;
    else if (now_us - self->minority_from_us >= CLIENT_MINORITY_MS * MS)
        move_to(self, other, now_us);
}

// Another connection to a node that has one already.
static bool is_double(const struct hotline_client *self, uint32_t slot)
{
    const char *node = self->links[slot].node;
    for (uint32_t other = 0; other < self->slots && node[0] != '\0'; other++)
        if (other != slot && (other < slot || other == self->primary) && strcmp(self->links[other].node, node) == 0)
            return true;
    return false;
}

static void watch_others(struct hotline_client *self, uint64_t now_us)
{
    for (uint32_t slot = 0; slot < self->slots; slot++)
        if (slot != self->primary && (is_double(self, slot) || link_is_lost(self, slot, now_us)))
            links_give_up(self, slot);
    links_rank(self, now_us);
}

// Silence counts only while this loop ran. The node may have taken this client for gone meanwhile.
static void notice_stall(struct hotline_client *self, uint64_t now_us)
{
    uint64_t gap = now_us - self->ticked_us;
    self->ticked_us = now_us;
    if (!RULE(stall_is_no_silence) || gap <= CLIENT_STALL_MS * MS)
        return;
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        self->links[slot].silent_from_us = now_us;
    if (!self->was_attached)
        self->prefer_until_us = now_us + CLIENT_PREFER_MS * MS;
    if (gap >= self->down_after_ms * MS)
        attachment_renew(self);
}

void attachment_tick(struct hotline_client *self, uint64_t now_us)
{
    if (self->phase == CLIENT_OVER)
        return;
    notice_stall(self, now_us);
    if (self->phase == CLIENT_SEEKING)
        seek(self, now_us);
    if (self->phase == CLIENT_ATTACHING || self->phase == CLIENT_ATTACHED)
        watch_primary(self, now_us);
    if (self->phase == CLIENT_ATTACHING || self->phase == CLIENT_ATTACHED)
        watch_others(self, now_us);
    links_fill(self, now_us);
    if (self->phase == CLIENT_ATTACHING && now_us >= self->attach_at_us)
        try_attach(self, now_us);
    for (uint32_t slot = 0; slot < CLIENT_SLOTS && self->phase != CLIENT_OVER; slot++)
        if (!links_ping(self, slot, now_us) && slot == self->primary)
            attachment_renew(self);  // who is behind the connection next may know nothing of us
}

uint64_t attachment_next_us(const struct hotline_client *self)
{
    if (self->phase == CLIENT_OVER)
        return TIMER_NEVER;
    uint64_t next = TIMER_NEVER;
    for (uint32_t slot = 0; slot < self->slots; slot++)
        if (link_is_open(&self->links[slot]))
            next = earlier(next, earlier(link_ping_us(self, slot), link_lost_us(self, slot)));
    next = earlier(next, links_fill_us(self));
    if (self->phase == CLIENT_SEEKING && self->prefer_until_us > self->ticked_us)
        next = earlier(next, self->prefer_until_us);
    if (self->phase == CLIENT_ATTACHING)
        next = earlier(next, self->attach_at_us);
    return earlier(next, self->ticked_us + CLIENT_REPEAT_MS * MS);  // never asleep for as long as a stall
}

// ---- what nodes say

void attachment_heard(struct hotline_client *self, uint32_t slot)
{
    struct client_link *link = &self->links[slot];
    link->heard = true;
    link->heard_us = link->silent_from_us = client_now(self);
    endpoints_heard(&self->endpoints, link->endpoint, "");
}

static void pong(struct hotline_client *self, uint32_t slot, const Cli__Pong *words)
{
    struct client_link *link = &self->links[slot];
    uint64_t now = client_now(self);
    if (words->sent_us <= now && now - words->sent_us < 60 * 1000 * MS) {
        link->rtt_us = round_trip_take(link->rtt_us, now - words->sent_us, CLIENT_RTT_MAX_MS * 1000);
        endpoints_measured(&self->endpoints, link->endpoint, link->rtt_us, now);
    }
    text_copy(link->node, sizeof link->node, words->node);
    endpoints_heard(&self->endpoints, link->endpoint, link->node);
    link->majority = words->majority;
    link->boot = words->boot;
    // Started anew behind this connection, or dropped us: our attachment holds no longer.
    bool primary = slot == self->primary && self->phase == CLIENT_ATTACHED && words->sent_us >= self->attached_us;
    if (RULE(forgotten_attaches_anew) && primary && words->boot != 0 && words->attach != self->attach)
        attachment_renew(self);
}

static int add_next(struct hotline_client *self, size_t count, Cli__NextNode *const *next)
{
    int first = ENDPOINT_NONE;
    for (size_t i = 0; i < count; i++) {
        int index = endpoints_add(&self->endpoints, next[i]->client, next[i]->name);
        endpoints_told_rtt(&self->endpoints, index, next[i]->rtt_us);
        if (first == ENDPOINT_NONE)
            first = index;
    }
    return first;
}

static uint32_t within(uint32_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

static void attached(struct hotline_client *self, const Cli__Attached *words)
{
    if (!client_is_current(self, words->attach) || self->phase != CLIENT_ATTACHING)
        return;
    self->phase = CLIENT_ATTACHED;
    self->was_attached = true;
    self->attached_us = client_now(self);
    self->refusals = self->attempts_here = 0;
    for (uint32_t slot = 0; slot < self->slots; slot++)
        self->links[slot].turned_away = 0;
    text_copy(self->node, sizeof self->node, words->node);
    text_copy(self->links[self->primary].node, sizeof self->node, words->node);
    endpoints_heard(&self->endpoints, self->links[self->primary].endpoint, words->node);
    if (words->heartbeat_ms != 0)
        self->heartbeat_ms = within(words->heartbeat_ms, 20, CLIENT_STALL_MS);
    if (words->down_after_ms != 0)
        self->down_after_ms = within(words->down_after_ms, 2 * self->heartbeat_ms, 30000);
    add_next(self, words->n_next, words->next);
    struct hotline_event event = {.type = HOTLINE_ATTACHED, .node = self->node, .attach = self->attach};
    self->kind->attached(self);
    client_emit(self, &event);
}

static void going(struct hotline_client *self, uint32_t slot, const Cli__Going *words)
{
    endpoints_prefer(&self->endpoints, add_next(self, words->n_next, words->next));
    bool in_use = self->phase == CLIENT_ATTACHING || self->phase == CLIENT_ATTACHED;
    if (in_use && slot == self->primary)
        leave_primary(self, client_now(self));
    else
        links_give_up(self, slot);
}

static void refused_for_now(struct hotline_client *self, const Cli__Refused *refused)
{
    uint64_t now = client_now(self);
    uint32_t doublings = self->refusals < 3 ? self->refusals : 3;
    uint64_t wait_ms = earlier((uint64_t)CLIENT_REFUSED_WAIT_MS << doublings, CLIENT_REFUSED_WAIT_MAX_MS);
    int elsewhere = refused->elsewhere == NULL ? ENDPOINT_NONE : add_next(self, 1, &refused->elsewhere);
    uint32_t next = LINK_NONE;
    self->links[self->primary].turned_away = ++self->refusals;
    if (elsewhere != ENDPOINT_NONE && elsewhere != self->links[self->primary].endpoint && self->refusals <= 3) {
        next = links_to(self, elsewhere, now);
        wait_ms = 0;
    }
    if (next == LINK_NONE || !link_is_open(&self->links[next]))
        next = links_next(self, self->primary, now);
    if (next != LINK_NONE)
        attach_at(self, next, now + wait_ms * MS);
    else
        attach_at(self, self->primary, now + (wait_ms == 0 ? CLIENT_REPEAT_MS : wait_ms) * MS);
    client_emit_refused(self, refused);
}

// A connection the node has no room for.
static void refused_connection(struct hotline_client *self, uint32_t slot, const Cli__Refused *refused)
{
    bool in_use = self->phase == CLIENT_ATTACHING || self->phase == CLIENT_ATTACHED;
    if (!in_use || slot != self->primary) {
        links_give_up(self, slot);
        self->links[slot].reopen_at_us = client_now(self) + CLIENT_REPEAT_MS * MS;
    } else if (self->phase == CLIENT_ATTACHING) {
        refused_for_now(self, refused);
    } else {
        leave_primary(self, client_now(self));
    }
}

bool attachment_refused(struct hotline_client *self, uint32_t slot, const Cli__Refused *refused)
{
    if (strcmp(refused->reason, "overload") == 0 && refused->what[0] == '\0') {
        refused_connection(self, slot, refused);
        return true;
    }
    bool current = self->attach_holds && refused->attach == self->attach && slot == self->primary;
    bool stale = strcmp(refused->reason, "stale_attach") == 0;
    bool forgotten = strcmp(refused->reason, "not_attached") == 0 && (current || refused->attach == 0);
    if (slot == self->primary && self->phase == CLIENT_ATTACHED && (forgotten || (stale && current))) {
        attachment_renew(self);  // a word met a node that does not know this attachment
        return true;
    }
    if (forgotten)  // is being mended
        return true;
    if (!current || self->phase != CLIENT_ATTACHING || strcmp(refused->what, self->party) != 0)
        return false;
    if (!stale) {
        refused_for_now(self, refused);
        return true;
    }
    uint64_t largest_login = refused->largest >> CLIENT_ATTEMPT_BITS;
    bool may_raise = !self->login_is_given && !self->was_attached && self->raised_from == 0;
    if (!may_raise || largest_login < self->login || largest_login >= CLIENT_LOGIN_MAX - CLIENT_LOGIN_SPREAD) {
        superseded(self, refused->largest, self->links[self->primary].node);
        return true;
    }
    // Signed in now, by a clock that is behind another's. Not just the next one: two that start apart from each other,
    // and hear of the same largest login, would be one.
    uint16_t beyond;
    self->wire->type->random(self->wire, &beyond, sizeof beyond);
    self->raised_from = self->attach;
    self->login = largest_login + 1 + beyond % CLIENT_LOGIN_SPREAD;
    self->attempt = 0;
    attach_at(self, self->primary, client_now(self));
    return true;
}

void attachment_receive(struct hotline_client *self, uint32_t slot, const Cli__ToClient *message)
{
    switch (message->body_case) {
    case CLI__TO_CLIENT__BODY_PONG:
        pong(self, slot, message->pong);
        break;
    case CLI__TO_CLIENT__BODY_ATTACHED:
        attached(self, message->attached);
        break;
    case CLI__TO_CLIENT__BODY_GOING:
        going(self, slot, message->going);
        break;
    case CLI__TO_CLIENT__BODY_SUPERSEDED:
        // An older attachment of this client is superseded by its newer one: nothing to be told of.
        if (self->kind->attaches && self->attempt > 0 && message->superseded->by > self->attach)
            superseded(self, message->superseded->by, message->superseded->node);
        else
            self->counts.stale++;
        break;
    default:
        check(false);  // the caller hands over only these
    }
}
