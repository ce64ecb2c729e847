// A node that is drained hands its clients to others and takes no new ones, but stays: its feeds, its copies and what
// it relays go on. Until it is told otherwise, or started anew.
#include "node/answers_private.h"
#include "node/node_private.h"

#include "client.pb-c.h"

#include <stdio.h>
#include <string.h>

#define SAY_AGAIN_US ((uint64_t)1000 * 1000)  // to who has not gone yet

static bool has_elsewhere(const struct node *self)
{
    Cli__NextNode next;
    return node_next_nodes(self, &next, 1) > 0;
}

void drain_tick(struct node *self)
{
    if (!self->draining || !has_elsewhere(self) || self->now.mono_us < self->drain_next_us)
        return;
    sessions_say_going(self->sessions, true);
    self->drain_next_us = self->now.mono_us + SAY_AGAIN_US;
}

static void refuse(const struct reply *reply, const char *reason, const char *detail, const char *elsewhere)
{
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)reply->query);
    sessions_refuse(reply->node->sessions, reply->session, reason, detail, what, elsewhere, NULL, 0);
}

static void refuse_other(struct node *self, const struct reply *reply, const char *name)
{
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        if (strcmp(peer->card.name, name) == 0) {
            refuse(reply, "other_node", "only the node itself can be asked that", peer->card.client);
            return;
        }
    }
    refuse(reply, "unknown_node", "there is no such node", "");
}

void drain_query(struct node *self, const struct reply *reply, const struct Cli__Query *query)
{
    bool drains = query->what == CLI__QUERY__WHAT__DRAIN;
    if (strcmp(query->node, self->config->self.name) != 0) {
        refuse_other(self, reply, query->node);
        return;
    }
    if (drains && !has_elsewhere(self)) {
        refuse(reply, "no_other_node", "no other node is up that could take this one's clients", "");
        return;
    }
    struct sessions_counts counts = sessions_counts(self->sessions);
    if (self->draining != drains)
        node_say(self, drains ? "draining" : "undrained", "desks=%llu gateways=%llu", (unsigned long long)counts.desks,
                 (unsigned long long)counts.gateways);
    self->draining = drains;
    audit_write(self, reply->session, drains ? "drain" : "undrain", self->config->self.name, "");
    peers_set_draining(self->peers, drains);
    Cli__Answer answer = CLI__ANSWER__INIT;
    answers_say(reply, &answer, true);
    self->drain_next_us = self->now.mono_us;
}
