// A node made from a backup knows what was when the backup began. Until it has caught up it makes no call-back: a call
// that waits in its records may have ended since. It has caught up when it has taken over all that a majority of the
// other nodes had, counting only those whose own disks go back to before that backup: one that was restored or began
// empty since then knows no better. Where no such majority is left, an operator says that nothing newer will come. The
// mark is on the disk, and outlasts restarts.
#include "node/answers_private.h"
#include "node/node_private.h"

#include "client.pb-c.h"

bool restored_waits(const struct node *self)
{
    return store_restored_ms(self->store) != 0;
}

uint32_t restored_caught_up_with(const struct node *self)
{
    uint64_t begun_ms = store_restored_ms(self->store);
    uint32_t count = 0;
    for (uint32_t i = 0; begun_ms != 0 && i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        bool was_there = peer->kept_since_ms != 0 && peer->kept_since_ms <= begun_ms;
        count += was_there && feed_is_swept(self->feed, i) && primary_counts_for_majority(self, peer->card.name);
    }
    return count;
}

static uint32_t others(const struct node *self)
{
    return primary_node_total(self) - primary_counts_for_majority(self, self->config->self.name);
}

static void caught_up(struct node *self, const char *why)
{
    node_say(self, "caught_up", "why=%s backup_ms=%llu with=%u others=%u", why,
             (unsigned long long)store_restored_ms(self->store), restored_caught_up_with(self), others(self));
    store_end_restored(self->store);
    peers_set_restored(self->peers, false);
    struct event event = {.type = EVENT_CAUGHT_UP};
    node_step(self, &event);
}

void restored_begin(struct node *self)
{
    if (!restored_waits(self))
        return;
    peers_set_restored(self->peers, true);
    struct event event = {.type = EVENT_RESTORED};
    node_step_alone(self, &event);
}

void restored_say(struct node *self)
{
    if (restored_waits(self))
        node_say(self, "restored", "backup_ms=%llu others=%u detail=\"no call-backs until it has caught up\"",
                 (unsigned long long)store_restored_ms(self->store), others(self));
}

void restored_tick(struct node *self)
{
    if (restored_waits(self) && 2 * restored_caught_up_with(self) > others(self))
        caught_up(self, "majority");
}

void restored_trust(struct node *self, const struct reply *reply, const Cli__Query *query)
{
    if (answers_is_for_other(reply, query->node))
        return;
    audit_write(self, reply->session, "trust-backup", self->config->self.name,
                restored_waits(self) ? "" : "not_restored");
    if (!restored_waits(self)) {
        answers_refuse(reply, "not_restored", "it was not made from a backup, or has caught up since");
        return;
    }
    caught_up(self, "operator");
    Cli__Answer answer = CLI__ANSWER__INIT;
    answers_say(reply, &answer, true);
}
