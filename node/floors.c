// The floors of one node, made and joined: what each of them tells comes here, and is handed to the next.
#include "node/node.h"

#include "node/mends.h"
#include "node/node_private.h"

#include "client.pb-c.h"
#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

// ---- events from below

static void on_peer_up(void *context, uint32_t index)
{
    struct node *self = context;
    const struct peer *peer = peers_at(self->peers, index);
    node_say(self, "peer_up", "peer=%s boot=%016llx via=%s rtt_us=%u protocol=%u", peer->card.name,
             (unsigned long long)peer->boot, peers_via(self->peers, index), peer->rtt_us, peer->speaks);
    feed_peer_up(self->feed, self->now, index);
    struct event event = {.type = EVENT_PEER_UP,
                          .name = peer->card.name,
                          .boot = peer->boot,
                          .rtt_us = peer->rtt_us,
                          .speaks = peer->speaks};
    node_step(self, &event);
    selftest_peer_up(self, index);
}

static void on_peer_moved(void *context, uint32_t index)
{
    struct node *self = context;
    const struct peer *peer = peers_at(self->peers, index);
    node_say(self, "peer_moved", "peer=%s via=%s rtt_us=%u", peer->card.name, peers_via(self->peers, index),
             peer->rtt_us);
    feed_peer_moved(self->feed, self->now, index);
    struct event event = {.type = EVENT_PEER_RTT, .name = peer->card.name, .rtt_us = peer->rtt_us};
    node_step(self, &event);
}

static void on_peer_down(void *context, uint32_t index)
{
    struct node *self = context;
    const struct peer *peer = peers_at(self->peers, index);
    node_say(self, "peer_down", "peer=%s boot=%016llx heard=%d going=%d rtt_us=%u", peer->card.name,
             (unsigned long long)peer->boot, peer->heard, peer->going, peer->rtt_us);
    feed_peer_down(self->feed, self->now, index);
    struct event event = {.type = EVENT_PEER_DOWN, .name = peer->card.name, .boot = peer->boot};
    node_step(self, &event);
}

static void on_talk(void *context, uint32_t index, struct span message)
{
    struct node *self = context;
    node_hear_talk(self, peers_at(self->peers, index)->card.name, message);
    node_talk_to_self(self);
}

static void on_bulk(void *context, uint32_t index, const struct Peer__Envelope *envelope)
{
    struct node *self = context;
    feed_receive(self->feed, self->now, index, envelope);
}

static void on_record(void *context, const struct record *record)
{
    struct node *self = context;
    if (record->kind == REC__KIND__DIRECTORY) {
        self->directory_stale = true;
        return;
    }
    if (record->kind == REC__KIND__AUDIT || record->kind == REC__KIND__MENDED || record->kind == REC__KIND__TEST_CALL)
        return;  // is asked for, and decides nothing
    mends_note(self, record);
    struct event event = {.type = EVENT_RECORD, .record = record};
    node_step(self, &event);
}
static void on_stored(void *context, uint32_t peer, uint64_t seq)
{
    (void)peer;
    (void)seq;
    node_check_accepted(context);
}

static void on_swept(void *context, uint32_t peer)
{
    struct node *self = context;
    node_say(self, "swept", "peer=%s", peers_at(self->peers, peer)->card.name);
    struct event event = {.type = EVENT_SWEPT, .name = peers_at(self->peers, peer)->card.name};
    node_step(self, &event);
}

// ---- events from clients

// Somebody at this desk is calling back, of which this node could tell nobody: another takes the desk.
static bool refuses_call_back(struct node *self, const struct event *event)
{
    if (event->type != EVENT_DESK_ATTACH || self->speaks >= SWITCHBOARD_CALL_BACKS_SINCE ||
        !text_is_call_back(event->attach_desk->call))
        return false;
    sessions_refuse_attach(self->sessions, event, "older_protocol", "this node does not know call-backs yet");
    return true;
}

static void on_client_event(void *context, const struct event *event)
{
    struct node *self = context;
    if (event->type == EVENT_HEARD && peers_owner_up(self->peers, event->name, event->boot))
        return;  // nothing that this node does not know better
    if (!drain_refuses(self, event) && !refuses_call_back(self, event))
        node_step(self, event);
}

static void on_query(void *context, uint64_t session, const struct Cli__Query *query)
{
    answers_query(context, session, query);
}

static void on_apply_part(void *context, uint64_t session, const struct Cli__ApplyPart *part)
{
    primary_apply_part(context, session, part);
}

static uint32_t on_next_nodes(void *context, Cli__NextNode *nodes, uint32_t room)
{
    return node_next_nodes(context, nodes, room);
}

static bool on_sees_majority(void *context)
{
    return primary_sees_majority(context);
}

static void on_test_call(void *context, uint64_t session, const Cli__TestCall *call)
{
    selftest_call(context, session, call);
}

static void on_test_answered(void *context, const char *agent, const Cli__TestAnswered *answered)
{
    selftest_answered(context, agent, answered);
}

static void on_shut_out(void *context, const char *key)
{
    struct node *self = context;
    node_say(self, "shut_out", "key=%s why=flood", key);
    trust_recheck(self);
}

// ---- life

static void read_record(void *context, const struct record *record)
{
    struct node *self = context;
    struct event event = {.type = EVENT_RECORD, .record = record};
    if (record->kind != REC__KIND__DIRECTORY)
        node_step_alone(self, &event);
}

struct store_options node_store_options(const struct config *config, uint64_t boot, uint64_t wall_ms)
{
    return (struct store_options){.node = config->self.name,
                                  .boot = boot,
                                  .records_max = config->records_max,
                                  .owner_records_max = config->records_per_owner,
                                  .horizon_kind_mask = 1u << REC__KIND__CALL | 1u << REC__KIND__WRAP_UP_OF |
                                                       1u << REC__KIND__AUDIT | 1u << REC__KIND__MENDED |
                                                       1u << REC__KIND__TEST_CALL,
                                  .restless_kind_mask = 1u << REC__KIND__TEST_CALL,
                                  .wall_ms = wall_ms};
}

static bool open_store(struct node *self, struct problem *ret_problem)
{
    struct store_options options = node_store_options(self->config, self->boot, self->now.wall_ms);
    self->store = store_create(&options);
    if (!store_open(self->store, self->disk, ret_problem))
        return false;
    store_set_horizon(self->store, shelf_read_horizon(self->store), NULL, NULL);
    return true;
}

static void create_floors(struct node *self)
{
    const struct config *config = self->config;
    struct peers_options peers = {.self = config->self,
                                  .boot = self->boot,
                                  .heartbeat_ms = config->heartbeat_ms,
                                  .down_after_ms = config->down_after_ms,
                                  .speaks = self->speaks,
                                  .program = HOTLINE_VERSION,
                                  .kept_since_ms = store_kept_since_ms(self->store)};
    struct peers_events peers_events = {.context = self,
                                        .up = on_peer_up,
                                        .down = on_peer_down,
                                        .moved = on_peer_moved,
                                        .talk = on_talk,
                                        .bulk = on_bulk};
    self->peers = peers_create(self->world, &peers, &peers_events);
    struct feed_options feed = {.digest_every_ms = config->digest_every_ms, .window_bytes = config->feed_window_bytes};
    struct feed_events feed_events = {.context = self, .record = on_record, .stored = on_stored, .swept = on_swept};
    self->feed = feed_create(self->world, self->store, self->peers, &feed, &feed_events);
    struct board_options board = {.node = config->self.name,
                                  .boot = self->boot,
                                  .site = config->self.site,
                                  .lat_udeg = config->self.lat_udeg,
                                  .lon_udeg = config->self.lon_udeg,
                                  .store = self->store,
                                  .atlas = self->atlas,
                                  .calls_max = config->calls_max,
                                  .speaks = self->speaks,
                                  .tells_decisions = config->tells_decisions};
    self->board = board_create(&board);
    struct sessions_options sessions = {.node = config->self.name,
                                        .boot = self->boot,
                                        .client_heartbeat_ms = config->client_heartbeat_ms,
                                        .client_down_after_ms = config->client_down_after_ms,
                                        .silent_after_ms = config->desk_timeout_ms,
                                        .sessions_per_key = config->sessions_per_key,
                                        .messages_s = config->client_messages_s,
                                        .message_max_bytes = config->client_message_max_bytes,
                                        .attach_max_bytes = config->client_attach_max_bytes};
    struct sessions_events sessions_events = {.context = self,
                                              .event = on_client_event,
                                              .query = on_query,
                                              .apply_part = on_apply_part,
                                              .test_call = on_test_call,
                                              .test_answered = on_test_answered,
                                              .next_nodes = on_next_nodes,
                                              .sees_majority = on_sees_majority,
                                              .shut_out = on_shut_out};
    self->sessions = sessions_create(self->world, &sessions, &sessions_events);
    self->acceptance = acceptance_create(config->self.name, self->store, self->feed, self->sessions);
}

struct node *node_create(struct world *world, struct disk *disk, const struct config *config,
                         struct problem *ret_problem)
{
    struct node *self = check_alloc(sizeof *self);
    self->world = world;
    self->disk = disk;
    self->config = config;
    self->now = world_now(world);
    self->started_us = self->now.mono_us;
    self->speaks = config->protocol != 0 ? config->protocol : PEERS_PROTOCOL;
    // Unique per start; its order decides nothing.
    world->type->random(world, &self->boot, sizeof self->boot);
    self->boot = (self->now.wall_ms << 20) | (self->boot & 0xfffff);
    self->atlas = atlas_create(config->zone_tab, config->prefixes, ret_problem);
    if (self->atlas == NULL || !open_store(self, ret_problem)) {
        node_free(self);
        return NULL;
    }
    create_floors(self);
    selftest_create(self);
    for (uint32_t i = 0; i < config->peer_count; i++)
        if (!peers_add(self->peers, &config->peers[i])) {
            problem_set(ret_problem, "peer %s: invalid endpoint, or more than %d peers", config->peers[i].name,
                        PEERS_MAX);
            node_free(self);
            return NULL;
        }
    primary_take_over(self);
    restored_begin(self);
    store_each(self->store, REC__KIND__GATEWAY, read_record, self);
    store_each(self->store, REC__KIND__CALL, read_record, self);
    node_wake(self);
    return self;
}

void node_free(struct node *self)
{
    if (self == NULL)
        return;
    selftest_free(self);
    acceptance_free(self->acceptance);
    sessions_free(self->sessions);
    board_free(self->board);
    if (self->feed != NULL)
        feed_free(self->feed);
    if (self->peers != NULL)
        peers_free(self->peers);
    if (self->store != NULL)
        store_free(self->store);
    directory_free(self->directory);
    atlas_free(self->atlas);
    effects_close(&self->effects);
    bytes_close(&self->talk.bytes);
    bytes_close(&self->talk_now.bytes);
    bytes_close(&self->apply.bytes);
    arena_close(&self->arena);
    arena_close(&self->talk_arena);
    free(self);
}
