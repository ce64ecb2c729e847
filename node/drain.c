// A node that is drained hands its clients to others and takes no new ones, but stays: its feeds, its copies and what
// it relays go on. Until it is told otherwise, or started anew. One whose disk is full or failing drains by itself, for
// good: what breaks once is not trusted again until it is opened anew. While no other node takes clients it serves on,
// and what it cannot store counts as no copy.
#include "node/answers_private.h"
#include "node/node_private.h"

#include "client.pb-c.h"

#define SAY_AGAIN_US ((uint64_t)1000 * 1000)  // to who has not gone yet

static bool has_elsewhere(const struct node *self)
{
    Cli__NextNode next;
    return node_next_nodes(self, &next, 1) > 0;
}

bool drain_is_on(const struct node *self)
{
    return self->draining || self->disk_state != DISK_OK;
}

const char *drain_disk_word(enum disk_state state)
{
    switch (state) {
    case DISK_OK:
        return "ok";
    case DISK_FULL:
        return "full";
    case DISK_FAILED:
        return "failed";
    }
    return "";
}

const char *drain_disk_reason(const struct node *self)
{
    switch (self->disk_state) {
    case DISK_OK:
        return "";
    case DISK_FULL:
        return "disk_full";
    case DISK_FAILED:
        return "disk_failed";
    }
    return "";
}

void drain_look_at_disk(struct node *self)
{
    enum disk_state state = self->disk->type->state(self->disk);
    if (state == DISK_OK || self->disk_state != DISK_OK)
        return;
    struct sessions_counts counts = sessions_counts(self->sessions);
    self->disk_state = state;
    node_say(self, drain_disk_reason(self), "desks=%llu gateways=%llu elsewhere=%d", (unsigned long long)counts.desks,
             (unsigned long long)counts.gateways, has_elsewhere(self));
    peers_set_draining(self->peers, true);
    primary_disk_broken(self);
    struct event event = {.type = EVENT_DISK_BROKEN};
    node_step(self, &event);
    self->drain_next_us = self->now.mono_us;
    drain_tick(self);
}

const char *drain_reason(const struct node *self)
{
    if (self->going)
        return "going";
    if (!has_elsewhere(self) || !drain_is_on(self))
        return "";
    return self->disk_state != DISK_OK ? drain_disk_reason(self) : "draining";
}

bool drain_refuses(struct node *self, const struct event *event)
{
    const char *reason = drain_reason(self);
    if ((event->type != EVENT_DESK_ATTACH && event->type != EVENT_GATEWAY_ATTACH) || reason[0] == '\0')
        return false;
    const char *detail = self->going                   ? "this node stops"
                         : self->disk_state != DISK_OK ? "this node can store nothing more"
                                                       : "this node takes no new clients";
    sessions_refuse_attach(self->sessions, event, reason, detail);
    return true;
}

void drain_tick(struct node *self)
{
    if (!drain_is_on(self) || !has_elsewhere(self) || self->now.mono_us < self->drain_next_us)
        return;
    sessions_say_going(self->sessions, true);
    self->drain_next_us = self->now.mono_us + SAY_AGAIN_US;
}

void drain_query(struct node *self, const struct reply *reply, const struct Cli__Query *query)
{
    bool drains = query->what == CLI__QUERY__WHAT__DRAIN;
    if (answers_is_for_other(reply, query->node))
        return;
    if (drains && !has_elsewhere(self)) {
        answers_refuse(reply, "no_other_node", "no other node is up that could take this one's clients");
        return;
    }
    if (!drains && self->disk_state != DISK_OK) {
        answers_refuse(reply, drain_disk_reason(self), "it drains until it is started with a disk that stores");
        return;
    }
    struct sessions_counts counts = sessions_counts(self->sessions);
    if (self->draining != drains)
        node_say(self, drains ? "draining" : "undrained", "desks=%llu gateways=%llu", (unsigned long long)counts.desks,
                 (unsigned long long)counts.gateways);
    self->draining = drains;
    audit_write(self, reply->session, drains ? "drain" : "undrain", self->config->self.name, "");
    peers_set_draining(self->peers, drain_is_on(self));
    Cli__Answer answer = CLI__ANSWER__INIT;
    answers_say(reply, &answer, true);
    self->drain_next_us = self->now.mono_us;
}
