#include "feed_cluster.h"

#include "peer.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND 4

// ---- events from below

static void on_up(void *context, uint32_t peer)
{
    struct fed *self = context;
    feed_peer_up(self->feed, world_now(self->world), peer);
}

static void on_down(void *context, uint32_t peer)
{
    struct fed *self = context;
    feed_peer_down(self->feed, world_now(self->world), peer);
}

static void on_talk(void *context, uint32_t peer, struct span message)
{
    (void)context;
    (void)peer;
    (void)message;
}

static void on_moved(void *context, uint32_t peer)
{
    struct fed *self = context;
    feed_peer_moved(self->feed, world_now(self->world), peer);
}

static void on_bulk(void *context, uint32_t peer, const struct Peer__Envelope *envelope)
{
    struct fed *self = context;
    feed_receive(self->feed, world_now(self->world), peer, envelope);
}

static void on_record(void *context, const struct record *record)
{
    struct fed *self = context;
    check(store_find(self->store, record->kind, record->id) == record);
    self->records_seen++;
}

static void on_stored(void *context, uint32_t peer, uint64_t seq)
{
    struct fed *self = context;
    check(seq <= store_last_seq(self->store) && feed_copies(self->feed, seq) > 0);
    // It is truly there, if that node still lives to be asked.
    for (uint32_t i = 0; i < self->cluster->count; i++) {
        const struct fed *other = &self->cluster->nodes[i];
        if (cluster_peer(self->cluster, self->node, i) == (int32_t)peer && other->alive &&
            other->boot == peers_at(self->peers, peer)->boot)
            check(store_stored(other->store, self->name, self->boot) >= seq);
    }
    self->stored_seen = seq > self->stored_seen ? seq : self->stored_seen;
}

static void on_swept(void *context, uint32_t peer)
{
    struct fed *self = context;
    check(feed_is_swept(self->feed, peer));
    self->swept_seen[peer]++;
}

// ---- the turn

static void on_written(void *context)
{
    struct fed *self = context;
    self->is_writing = false;
    disk_memory_commit(self->disk, UINT64_MAX);
    feed_stored(self->feed, world_now(self->world));
    cluster_end_turn(self);
}

void cluster_end_turn(struct fed *self)
{
    struct fake *fake = self->cluster->fake;
    feed_flush(self->feed, world_now(self->world));
    store_flush(self->store);
    if (disk_memory_queued(self->disk) > 0 && !self->is_writing) {
        self->is_writing = true;
        uint64_t at_us = fake_now_us(fake) + fake_random(fake, self->cluster->disk_max_us + 1);
        fake_call_at(fake, at_us, self->node, on_written, self);
    }
    uint64_t at_us = self->peers_want_us < self->feed_wants_us ? self->peers_want_us : self->feed_wants_us;
    self->world->type->wake_at(self->world, at_us);
}

static void on_message(void *context, struct span message)
{
    struct fed *self = context;
    peers_receive(self->peers, world_now(self->world), "", message);
    cluster_end_turn(self);
}

static void on_wake(void *context)
{
    struct fed *self = context;
    struct now now = world_now(self->world);
    if (now.mono_us >= self->peers_want_us)
        self->peers_want_us = peers_tick(self->peers, now, store_last_seq(self->store));
    if (now.mono_us >= self->feed_wants_us)
        self->feed_wants_us = feed_tick(self->feed, now);
    cluster_end_turn(self);
}

// ---- life

static void open_peers(struct fed *self)
{
    struct peers_options options = {.boot = self->boot, .heartbeat_ms = 250, .down_after_ms = 1000};
    text_copy(options.self.name, sizeof options.self.name, self->name);
    fake_endpoints(self->node, options.self.control, options.self.bulk);
    struct peers_events events = {
        .context = self, .up = on_up, .down = on_down, .moved = on_moved, .talk = on_talk, .bulk = on_bulk};
    self->peers = peers_create(self->world, &options, &events);
    for (uint32_t i = 0; i < self->cluster->count; i++) {
        struct peers_card card = {0};
        text_copy(card.name, sizeof card.name, self->cluster->nodes[i].name);
        fake_endpoints(i, card.control, card.bulk);
        check(peers_add(self->peers, &card));
    }
}

void cluster_start(struct cluster *cluster, uint32_t node)
{
    struct fed *self = &cluster->nodes[node];
    check(!self->alive);
    self->alive = true;
    self->boot = --cluster->boots;  // smaller every time: their order says nothing
    self->is_writing = false;
    self->peers_want_us = self->feed_wants_us = 0;
    self->stored_seen = 0;
    memset(self->swept_seen, 0, sizeof self->swept_seen);
    self->world = fake_start(cluster->fake, node, (struct fake_hooks){self, on_message, on_wake});
    self->disk = disk_memory_open(self->medium);
    struct store_options options = {.node = self->name, .boot = self->boot, .records_max = 1000000};
    self->store = store_create(&options);
    struct problem problem;
    if (!store_open(self->store, self->disk, &problem)) {
        fprintf(stderr, "%s\n", problem.text);
        abort();
    }
    open_peers(self);
    struct feed_options feed = {.digest_every_ms = cluster->digest_every_ms};
    struct feed_events events = {.context = self, .record = on_record, .stored = on_stored, .swept = on_swept};
    self->feed = feed_create(self->world, self->store, self->peers, &feed, &events);
    on_wake(self);
}

void cluster_kill(struct cluster *cluster, uint32_t node, bool keeps_disk)
{
    struct fed *self = &cluster->nodes[node];
    if (!self->alive)
        return;
    self->alive = false;
    fake_kill(cluster->fake, node);
    feed_free(self->feed);
    peers_free(self->peers);
    store_free(self->store);
    disk_memory_crash(self->disk);
    if (!keeps_disk) {
        disk_memory_free(self->medium);
        self->medium = disk_memory_create();
    }
}

struct cluster *cluster_create(uint64_t seed, uint32_t count)
{
    struct cluster *self = check_alloc(sizeof *self);
    self->fake = fake_create(seed);
    self->count = count;
    self->boots = 1000000;
    self->disk_max_us = 3 * MS;
    self->digest_every_ms = CLUSTER_DIGEST_EVERY_MS;
    for (uint32_t i = 0; i < count; i++) {
        struct fed *fed = &self->nodes[i];
        fed->cluster = self;
        fed->node = i;
        snprintf(fed->name, sizeof fed->name, "n%u", i);
        fed->medium = disk_memory_create();
        fake_place(self->fake, i, fake_random(self->fake, 1000000000), (int64_t)fake_random(self->fake, 10000));
    }
    return self;
}

void cluster_free(struct cluster *self)
{
    for (uint32_t i = 0; i < self->count; i++) {
        cluster_kill(self, i, true);
        disk_memory_free(self->nodes[i].medium);
    }
    fake_free(self->fake);
    free(self);
}

void cluster_start_all(struct cluster *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (!self->nodes[i].alive)
            cluster_start(self, i);
}

void cluster_run_ms(struct cluster *self, uint64_t ms)
{
    fake_run_us(self->fake, ms * MS);
}

void cluster_cut(struct cluster *self, uint32_t a, uint32_t b, bool is_cut)
{
    fake_cut(self->fake, a, b, is_cut);
    fake_cut(self->fake, b, a, is_cut);
}

void cluster_heal(struct cluster *self)
{
    fake_set_faults(self->fake, (struct fake_faults){.delay_min_us = 500, .delay_max_us = 2000});
    for (uint32_t i = 0; i < self->count; i++)
        for (uint32_t k = 0; k < self->count; k++) {
            fake_cut(self->fake, i, k, false);
            fake_cut_bulk(self->fake, i, k, false);
        }
}

// ---- records

uint64_t cluster_put(struct cluster *self, uint32_t node, const char *id, uint64_t attach, struct span body)
{
    struct fed *fed = &self->nodes[node];
    const struct record *record = store_put(fed->store, KIND, id, attach, 0, body);
    uint64_t seq = record != NULL ? record->version.seq : 0;
    cluster_end_turn(fed);
    return seq;
}

uint64_t cluster_put_text(struct cluster *self, uint32_t node, const char *id, uint64_t attach, const char *body)
{
    return cluster_put(self, node, id, attach, (struct span){body, strlen(body)});
}

bool cluster_has(const struct cluster *self, uint32_t node, const char *id, const char *body)
{
    const struct record *record = store_find(self->nodes[node].store, KIND, id);
    return record != NULL && record->body.bytes == strlen(body) && memcmp(record->body.data, body, strlen(body)) == 0;
}

bool cluster_is_equal(const struct cluster *self)
{
    const struct fed *first = NULL;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct fed *fed = &self->nodes[i];
        if (!fed->alive)
            continue;
        if (first == NULL)
            first = fed;
        if (store_digest(fed->store) != store_digest(first->store))
            return false;
    }
    return true;
}

static bool is_equal(void *context)
{
    return cluster_is_equal(context);
}

bool cluster_equal_within(struct cluster *self, uint64_t ms)
{
    return fake_run_until(self->fake, ms * MS, is_equal, self);
}

bool cluster_lags(const struct cluster *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        for (uint32_t k = 0; self->nodes[i].alive && k < peers_count(self->nodes[i].peers); k++)
            if (feed_lag(self->nodes[i].feed, k) > 0)
                return true;
    return false;
}

int32_t cluster_peer(const struct cluster *self, uint32_t node, uint32_t other)
{
    return peers_find(self->nodes[node].peers, self->nodes[other].name);
}
