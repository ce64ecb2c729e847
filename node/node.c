#include "node/node.h"

#include "node/node_private.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TICK_MS 100
#define RTT_MS 1000  // how often the switchboard hears of round trips
#define HEARSAY_EVERY_MS 1000
#define DURABILITY_DEFAULT 2
#define DURABILITY_WAIT_DEFAULT_MS 1500

void node_on_notice(struct node *self, node_notice *notice, void *context)
{
    self->notice = notice;
    self->notice_context = context;
    restored_say(self);
}

void node_say(struct node *self, const char *code, const char *fields, ...)
{
    char line[512];
    va_list args;
    va_start(args, fields);
    vsnprintf(line, sizeof line, fields, args);
    va_end(args);
    if (self->notice != NULL)
        self->notice(self->notice_context, code, line);
}

uint32_t node_copies_wanted(const struct node *self)
{
    uint32_t durability = self->directory ? self->directory->settings.durability : DURABILITY_DEFAULT;
    uint32_t reachable = self->disk_state == DISK_OK;
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        reachable += peers_at(self->peers, i)->up;
    return durability < reachable ? durability : reachable;
}

void node_check_accepted(struct node *self)
{
    const struct directory *directory = self->directory;
    acceptance_check(self->acceptance, self->now, node_copies_wanted(self),
                     directory ? directory->settings.durability_wait_ms : DURABILITY_WAIT_DEFAULT_MS);
}

// A node that the directory no longer names is no longer looked for once it is silent. One that is configured and was
// never heard is: it may be there before the directory is.
static void let_go_unnamed(struct node *self)
{
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        if (self->directory == NULL || peer->let_go || peer->up || peer->heard || peer->boot == 0 ||
            peers_is_heard_by_any(self->peers, peer->card.name, peer->boot) ||
            directory_find_node(self->directory, peer->card.name) != DIRECTORY_NONE)
            continue;
        node_say(self, "peer_let_go", "peer=%s", peer->card.name);
        peers_let_go(self->peers, i);
    }
}

// Nodes that this one does not hear, and others do: what those own is not given up.
static void tell_hearsay(struct node *self)
{
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        struct event event = {.type = EVENT_HEARD, .name = peer->card.name, .boot = peer->boot};
        if (!peer->up && peer->boot != 0 && peers_is_heard_by_any(self->peers, peer->card.name, peer->boot))
            node_step(self, &event);
    }
    self->hearsay_us = self->now.mono_us + (uint64_t)HEARSAY_EVERY_MS * 1000;
}

// ---- the turn

void node_client_message(struct node *self, const struct world_client *client, const char *key, struct span message)
{
    struct key_holder holder;
    self->now = world_now(self->world);
    if (trust_find(self, key, &holder))
        sessions_receive(self->sessions, self->now, client, &holder, message);
    else
        self->counters.unknown_keys++;  // revoked while it was under way
}

void node_peer_message(struct node *self, const char *key, struct span message)
{
    struct key_holder holder;
    self->now = world_now(self->world);
    if (trust_find(self, key, &holder) && (holder.role == KEY_ROLE_NODE || holder.role == KEY_ROLE_NONE))
        peers_receive(self->peers, self->now, holder.party, message);
    else
        self->counters.unknown_keys++;
}

void node_disk_written(struct node *self)
{
    self->now = world_now(self->world);
    drain_look_at_disk(self);
    commits_written(&self->commits, disk_written(self->disk), self->now.mono_us);
    feed_stored(self->feed, self->now);
    node_check_accepted(self);
    primary_written(self);
}

static void tell_round_trips(struct node *self)
{
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        struct event event = {.type = EVENT_PEER_RTT, .name = peer->card.name, .rtt_us = peer->rtt_us};
        if (peer->up)
            node_step_alone(self, &event);
    }
}

void node_wake(struct node *self)
{
    self->now = world_now(self->world);
    uint64_t now_us = self->now.mono_us;
    if (now_us >= self->board_wants_us) {
        struct event event = {.type = EVENT_DEADLINE};
        node_step(self, &event);
    }
    if (now_us >= self->peers_want_us)
        self->peers_want_us = peers_tick(self->peers, self->now, store_last_seq(self->store));
    if (now_us >= self->feed_wants_us)
        self->feed_wants_us = feed_tick(self->feed, self->now);
    if (now_us >= self->tick_us) {
        sessions_tick(self->sessions, self->now);
        node_check_accepted(self);
        primary_tick(self);
        drain_tick(self);
        restored_tick(self);
        selftest_tick(self);
        if (now_us >= self->rtt_next_us) {
            tell_round_trips(self);
            self->rtt_next_us = now_us + (uint64_t)RTT_MS * 1000;
        }
        if (now_us >= self->hearsay_us) {
            tell_hearsay(self);
            let_go_unnamed(self);
        }
        self->tick_us = now_us + (uint64_t)TICK_MS * 1000;
    }
}

void node_turn_end(struct node *self)
{
    if (self->directory_stale)
        primary_take_over(self);
    feed_flush(self->feed, self->now);
    commits_begun(&self->commits, store_flush(self->store), self->now.mono_us);
    self->counters.turns++;
    uint64_t at = self->board_wants_us;
    at = self->peers_want_us < at ? self->peers_want_us : at;
    at = self->feed_wants_us < at ? self->feed_wants_us : at;
    at = self->tick_us < at ? self->tick_us : at;
    self->world->type->wake_at(self->world, at);
}

void node_say_going(struct node *self)
{
    self->going = true;
    peers_say_going(self->peers, self->now);
    sessions_say_going(self->sessions, false);
}

uint64_t node_counter(const struct node *self, const char *name)
{
    struct reading_counter counters[64] = {{"test_calls_passed", self->counters.test_calls_passed},
                                           {"test_calls_failed", self->counters.test_calls_failed}};
    uint32_t count = 2 + reading_counters(self->board, counters + 2, 62);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(counters[i].name, name) == 0)
            return counters[i].value;
    return 0;
}

bool node_has_clients(const struct node *self)
{
    struct sessions_counts counts = sessions_counts(self->sessions);
    return counts.desks + counts.gateways > 0;
}
