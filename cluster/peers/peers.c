#include "cluster/peers/peers.h"

#include "cluster/wire/arena.h"

#include "peer.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ENVELOPE_BUDGET_BYTES (WORLD_PEER_MESSAGE_MAX_BYTES * 6)
#define KNOWN_EVERY_US ((uint64_t)1000 * 1000)
#define RTT_WEIGHT 8  // of the past, against one new measurement
#define HEARD_MAX PEERS_MAX

struct heard_of {  // whom a peer says it hears
    char name[NAME_MAX_BYTES + 1];
    uint64_t boot;
    bool up;
};

struct state {
    struct peer view;
    bool open;
    bool named;           // its name is known
    uint64_t rival_boot;  // another boot under this name, heard once while the current one was alive
    uint64_t hears_us_at_us;
    uint64_t their_sent_us;  // to be echoed
    uint64_t their_sent_at_us;
    struct heard_of heard[HEARD_MAX];
    uint32_t heard_count;
};

struct peers {
    struct world *world;
    struct peers_options options;
    struct peers_events events;
    struct state peers[PEERS_MAX];
    uint32_t count;
    struct peers_counts counts;
    struct arena arena;
    struct bytes out;
    uint64_t last_tick_us, next_beat_us, next_known_us;
    bool going;
};

struct peers *peers_create(struct world *world, const struct peers_options *options, const struct peers_events *events)
{
    struct peers *self = check_alloc(sizeof *self);
    self->world = world;
    self->options = *options;
    self->events = *events;
    return self;
}

void peers_free(struct peers *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->peers[i].open)
            self->world->type->link_close(self->world, i);
    arena_close(&self->arena);
    bytes_close(&self->out);
    free(self);
}

// ---- questions

uint32_t peers_count(const struct peers *self)
{
    return self->count;
}

const struct peer *peers_at(const struct peers *self, uint32_t peer)
{
    check(peer < self->count);
    return &self->peers[peer].view;
}

int32_t peers_find(const struct peers *self, const char *name)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (strcmp(self->peers[i].view.card.name, name) == 0)
            return (int32_t)i;
    return -1;
}

bool peers_owner_up(const struct peers *self, const char *owner, uint64_t boot)
{
    if (strcmp(owner, self->options.self.name) == 0)
        return boot == self->options.boot;
    int32_t peer = peers_find(self, owner);
    return peer >= 0 && self->peers[peer].view.up && self->peers[peer].view.boot == boot;
}

bool peers_is_self(const struct peers *self, const char *owner, uint64_t boot)
{
    return boot == self->options.boot && strcmp(owner, self->options.self.name) == 0;
}

bool peers_hears(const struct peers *self, uint32_t peer, const char *owner)
{
    const struct state *state = &self->peers[peer];
    for (uint32_t i = 0; i < state->heard_count; i++)
        if (state->heard[i].up && strcmp(state->heard[i].name, owner) == 0)
            return true;
    return false;
}

struct peers_counts peers_counts(const struct peers *self)
{
    return self->counts;
}

// ---- who there is

static int32_t find_by_endpoint(const struct peers *self, const char *control)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (strcmp(self->peers[i].view.card.control, control) == 0)
            return (int32_t)i;
    return -1;
}

static bool open_link(struct peers *self, uint32_t peer)
{
    struct state *state = &self->peers[peer];
    state->open = self->world->type->link_open(self->world, peer, state->view.card.control, state->view.card.bulk);
    return state->open;
}

// A later word on a known peer: a moved endpoint is connected anew.
static bool update_card(struct peers *self, uint32_t peer, const struct peers_card *card)
{
    struct peers_card *known = &self->peers[peer].view.card;
    bool moved = strcmp(known->control, card->control) != 0 || strcmp(known->bulk, card->bulk) != 0;
    char name[NAME_MAX_BYTES + 1];
    memcpy(name, known->name, sizeof name);
    *known = *card;
    if (card->name[0] == '\0')
        memcpy(known->name, name, sizeof name);
    return !moved || open_link(self, peer);
}

bool peers_add(struct peers *self, const struct peers_card *card)
{
    if (card->control[0] == '\0' || card->bulk[0] == '\0')
        return false;
    int32_t known = card->name[0] != '\0' ? peers_find(self, card->name) : -1;
    if (known < 0)
        known = find_by_endpoint(self, card->control);
    if (known >= 0)
        return update_card(self, (uint32_t)known, card);
    if (self->count == PEERS_MAX) {
        self->counts.over_bound++;
        return false;
    }
    struct state *state = &self->peers[self->count];
    *state = (struct state){.view = {.card = *card}};
    if (!open_link(self, self->count))
        return false;
    self->count++;
    return true;
}

// ---- sending

bool peers_send(struct peers *self, uint32_t peer, Peer__Envelope *envelope)
{
    struct state *state = &self->peers[peer];
    envelope->protocol = PEERS_PROTOCOL;
    envelope->from = self->options.self.name;
    envelope->from_boot = self->options.boot;
    envelope->to = state->view.card.name;
    bytes_clear(&self->out);
    size_t count = peer__envelope__get_packed_size(envelope);
    peer__envelope__pack(envelope, bytes_grow(&self->out, count));
    bool control =
        envelope->body_case == PEER__ENVELOPE__BODY_HEARTBEAT || envelope->body_case == PEER__ENVELOPE__BODY_TALK;
    struct span message = {self->out.data, count};
    if (state->open && world_send_peer(self->world, peer, control ? WORLD_CONTROL : WORLD_BULK, message))
        return true;
    self->counts.not_sent++;
    return false;
}

bool peers_send_talk(struct peers *self, uint32_t peer, struct span talk)
{
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_TALK;
    envelope.talk = (ProtobufCBinaryData){talk.bytes, (uint8_t *)talk.data};
    return peers_send(self, peer, &envelope);
}

static void fill_card(Peer__NodeCard *to, const struct peers_card *from)
{
    peer__node_card__init(to);
    to->name = (char *)from->name;
    to->peer = (char *)from->control;
    to->bulk = (char *)from->bulk;
    to->client = (char *)from->client;
    to->lat_udeg = from->lat_udeg;
    to->lon_udeg = from->lon_udeg;
    to->site = (char *)from->site;
}

static void send_heartbeat(struct peers *self, uint32_t peer, struct now now, uint64_t feed_seq, bool known)
{
    struct state *to = &self->peers[peer];
    Peer__Heartbeat beat = PEER__HEARTBEAT__INIT;
    Peer__Heard heard[PEERS_MAX], *heard_list[PEERS_MAX];
    Peer__NodeCard card, cards[PEERS_MAX], *card_list[PEERS_MAX];
    beat.wall_ms = now.wall_ms;
    beat.sent_us = now.mono_us;
    beat.echo_us = to->their_sent_us;
    beat.echo_held_us = (uint32_t)(now.mono_us - to->their_sent_at_us);
    beat.feed_seq = feed_seq;
    beat.going = self->going;
    beat.heard = heard_list;
    beat.known = card_list;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct state *state = &self->peers[i];
        if (!state->named)
            continue;
        if (known)
            fill_card(card_list[beat.n_known] = &cards[beat.n_known], &state->view.card), beat.n_known++;
        if (!state->view.heard)
            continue;
        Peer__Heard *entry = heard_list[beat.n_heard] = &heard[beat.n_heard];
        beat.n_heard++;
        peer__heard__init(entry);
        entry->name = (char *)state->view.card.name;
        entry->boot = state->view.boot;
        entry->rtt_us = state->view.rtt_us;
        entry->up = state->view.up;
    }
    fill_card(&card, &self->options.self);
    beat.card = &card;
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = PEER__ENVELOPE__BODY_HEARTBEAT;
    envelope.heartbeat = &beat;
    peers_send(self, peer, &envelope);
}

// ---- up and down

static void set_up(struct peers *self, uint32_t peer, bool up)
{
    struct peer *view = &self->peers[peer].view;
    if (view->up == up)
        return;
    view->up = up;
    if (up)
        self->events.up(self->events.context, peer);
    else
        self->events.down(self->events.context, peer);
}

static uint64_t patience_us(const struct peers *self, const struct peer *view)
{
    uint64_t bound_us = (uint64_t)self->options.down_after_ms * 1000;
    return bound_us > 3 * (uint64_t)view->rtt_us ? bound_us : 3 * (uint64_t)view->rtt_us;
}

static void judge(struct peers *self, uint32_t peer, struct now now)
{
    struct state *state = &self->peers[peer];
    uint64_t patience = patience_us(self, &state->view);
    state->view.heard = state->view.boot != 0 && now.mono_us - state->view.last_heard_us < patience;
    bool hears_us = state->hears_us_at_us != 0 && now.mono_us - state->hears_us_at_us < patience;
    set_up(self, peer, state->view.heard && hears_us && !state->view.going);
}

// ---- receiving

static bool card_is_valid(const Peer__NodeCard *card)
{
    return card != NULL && text_is_name(card->name, NAME_MAX_BYTES) && strlen(card->peer) <= PEERS_ENDPOINT_MAX_BYTES &&
           strlen(card->bulk) <= PEERS_ENDPOINT_MAX_BYTES && strlen(card->client) <= PEERS_ENDPOINT_MAX_BYTES &&
           (card->site[0] == '\0' || text_is_name(card->site, NAME_MAX_BYTES));
}

static void read_card(struct peers_card *to, const Peer__NodeCard *from)
{
    *to = (struct peers_card){.lat_udeg = from->lat_udeg, .lon_udeg = from->lon_udeg};
    text_copy(to->name, sizeof to->name, from->name);
    text_copy(to->control, sizeof to->control, from->peer);
    text_copy(to->bulk, sizeof to->bulk, from->bulk);
    text_copy(to->client, sizeof to->client, from->client);
    text_copy(to->site, sizeof to->site, from->site);
}

static void learn(struct peers *self, const Peer__NodeCard *message)
{
    struct peers_card card;
    if (!card_is_valid(message)) {
        self->counts.malformed++;
        return;
    }
    if (strcmp(message->name, self->options.self.name) == 0)
        return;
    read_card(&card, message);
    int32_t known = peers_find(self, card.name);
    bool new = known < 0 && find_by_endpoint(self, card.control) < 0;
    if (known >= 0 || !peers_add(self, &card))
        return;
    self->counts.learnt += new;
    known = peers_find(self, card.name);
    if (known >= 0)
        self->peers[known].named = true;
}

// Which boot of a peer speaks. Another boot counts once the current one has been silent, or when it has beaten twice in
// a row: a delayed or doubled message of an old boot comes once among many of the new.
static bool accept_boot(struct peers *self, uint32_t peer, struct now now, uint64_t boot, bool heartbeat)
{
    struct state *state = &self->peers[peer];
    if (state->view.boot == boot) {
        if (heartbeat)
            state->rival_boot = 0;
        return true;
    }
    bool alive = state->view.boot != 0 && !state->view.going &&
                 now.mono_us - state->view.last_heard_us < patience_us(self, &state->view);
    if (!heartbeat || boot == 0 || (alive && state->rival_boot != boot)) {
        state->rival_boot = heartbeat ? boot : state->rival_boot;
        self->counts.misdirected++;
        return false;
    }
    set_up(self, peer, false);
    state->view.boot = boot;
    state->view.going = false;
    state->view.feed_seq = 0;
    state->view.rtt_us = 0;
    state->rival_boot = 0;
    state->hears_us_at_us = 0;
    state->their_sent_us = 0;
    state->heard_count = 0;
    return true;
}

static void measure(struct state *state, struct now now, const Peer__Heartbeat *beat)
{
    // An echo counts once the peer hears us in this boot: before, it may echo an earlier one.
    if (state->hears_us_at_us == now.mono_us && beat->echo_us != 0 && beat->echo_us + beat->echo_held_us <= now.mono_us) {
        uint64_t rtt_us = now.mono_us - beat->echo_us - beat->echo_held_us;
        rtt_us = rtt_us < 60000000 ? rtt_us : 60000000;
        rtt_us = rtt_us > 0 ? rtt_us : 1;
        state->view.rtt_us = state->view.rtt_us == 0
                                 ? (uint32_t)rtt_us
                                 : (uint32_t)(((RTT_WEIGHT - 1) * (uint64_t)state->view.rtt_us + rtt_us) / RTT_WEIGHT);
    }
    int64_t skew_ms = (int64_t)(beat->wall_ms + state->view.rtt_us / 2000) - (int64_t)now.wall_ms;
    state->view.skew_ms = skew_ms > INT32_MAX ? INT32_MAX : skew_ms < INT32_MIN ? INT32_MIN : (int32_t)skew_ms;
}

static void read_heard(struct peers *self, struct state *state, struct now now, const Peer__Heartbeat *beat)
{
    state->heard_count = 0;
    for (size_t i = 0; i < beat->n_heard && state->heard_count < HEARD_MAX; i++) {
        const Peer__Heard *entry = beat->heard[i];
        if (strcmp(entry->name, self->options.self.name) == 0) {
            if (entry->boot == self->options.boot)
                state->hears_us_at_us = now.mono_us;
            continue;
        }
        struct heard_of *heard = &state->heard[state->heard_count++];
        text_copy(heard->name, sizeof heard->name, entry->name);
        heard->boot = entry->boot;
        heard->up = entry->up;
    }
}

static void receive_heartbeat(struct peers *self, uint32_t peer, struct now now, const Peer__Heartbeat *beat)
{
    struct state *state = &self->peers[peer];
    state->view.last_heard_us = now.mono_us;
    state->view.feed_seq = beat->feed_seq > state->view.feed_seq ? beat->feed_seq : state->view.feed_seq;
    state->view.going = beat->going;
    state->their_sent_us = beat->sent_us;
    state->their_sent_at_us = now.mono_us;
    read_heard(self, state, now, beat);
    measure(state, now, beat);
    for (size_t i = 0; i < beat->n_known; i++)
        learn(self, beat->known[i]);
    judge(self, peer, now);
}

static int32_t sender(struct peers *self, const Peer__Envelope *envelope)
{
    int32_t peer = peers_find(self, envelope->from);
    if (envelope->body_case != PEER__ENVELOPE__BODY_HEARTBEAT || envelope->heartbeat->card == NULL)
        return peer;
    const Peer__NodeCard *card = envelope->heartbeat->card;
    if (strcmp(card->name, envelope->from) != 0)
        return peer;
    if (peer < 0)
        learn(self, card);
    else if (card_is_valid(card)) {
        struct peers_card now;
        read_card(&now, card);
        update_card(self, (uint32_t)peer, &now);
        self->peers[peer].named = true;
    }
    return peers_find(self, envelope->from);
}

void peers_receive(struct peers *self, struct now now, struct span message)
{
    self->counts.received++;
    Peer__Envelope *envelope =
        message.bytes > WORLD_PEER_MESSAGE_MAX_BYTES
            ? NULL
            : peer__envelope__unpack(arena_allocator(&self->arena, ENVELOPE_BUDGET_BYTES), message.bytes, message.data);
    if (envelope == NULL || envelope->protocol != PEERS_PROTOCOL || !text_is_name(envelope->from, NAME_MAX_BYTES) ||
        envelope->body_case == PEER__ENVELOPE__BODY__NOT_SET) {
        self->counts.malformed++;
        return;
    }
    bool for_us = envelope->to[0] == '\0' || strcmp(envelope->to, self->options.self.name) == 0;
    int32_t peer = for_us ? sender(self, envelope) : -1;
    bool heartbeat = envelope->body_case == PEER__ENVELOPE__BODY_HEARTBEAT;
    if (peer < 0 || strcmp(envelope->from, self->options.self.name) == 0) {
        self->counts.misdirected++;
        return;
    }
    if (!accept_boot(self, (uint32_t)peer, now, envelope->from_boot, heartbeat))
        return;
    if (heartbeat)
        receive_heartbeat(self, (uint32_t)peer, now, envelope->heartbeat);
    else if (envelope->body_case == PEER__ENVELOPE__BODY_TALK)
        self->events.talk(self->events.context, (uint32_t)peer, (struct span){envelope->talk.data, envelope->talk.len});
    else
        self->events.bulk(self->events.context, (uint32_t)peer, envelope);
}

// ---- time

static void beat_all(struct peers *self, struct now now, uint64_t feed_seq)
{
    bool known = now.mono_us >= self->next_known_us;
    if (known)
        self->next_known_us = now.mono_us + KNOWN_EVERY_US;
    for (uint32_t i = 0; i < self->count; i++)
        send_heartbeat(self, i, now, feed_seq, known);
}

uint64_t peers_tick(struct peers *self, struct now now, uint64_t feed_seq)
{
    if (self->last_tick_us != 0 && now.mono_us - self->last_tick_us > (uint64_t)PEERS_STALL_MS * 1000) {
        self->counts.stalls++;
        for (uint32_t i = 0; i < self->count; i++) {
            struct state *state = &self->peers[i];
            if (state->view.up)
                state->view.last_heard_us = state->hears_us_at_us = now.mono_us;
        }
    }
    self->last_tick_us = now.mono_us;
    for (uint32_t i = 0; i < self->count; i++)
        judge(self, i, now);
    if (now.mono_us >= self->next_beat_us) {
        beat_all(self, now, feed_seq);
        self->next_beat_us = now.mono_us + (uint64_t)self->options.heartbeat_ms * 1000;
    }
    uint64_t look_us = now.mono_us + (uint64_t)self->options.down_after_ms * 1000 / 10;
    return look_us < self->next_beat_us ? look_us : self->next_beat_us;
}

void peers_say_going(struct peers *self, struct now now)
{
    self->going = true;
    beat_all(self, now, 0);
}
