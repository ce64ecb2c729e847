#include "cluster/peers/peers_inside.h"

#include <stdlib.h>
#include <string.h>

// ---- names

static uint32_t hash_name(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

// The place of this name in the table, or the free one where it belongs.
static uint32_t find_place(const struct peers *self, const char *name)
{
    uint32_t place = hash_name(name) % PEERS_NAMES;
    while (self->names[place] != 0 && strcmp(self->entries[self->names[place] - 1].peer.card.name, name) != 0)
        place = (place + 1) % PEERS_NAMES;
    return place;
}

int32_t peers_find(const struct peers *self, const char *name)
{
    return name[0] == '\0' ? -1 : (int32_t)self->names[find_place(self, name)] - 1;
}

struct entry *peers_entry(struct peers *self, const char *name)
{
    int32_t index = peers_find(self, name);
    return index < 0 ? NULL : &self->entries[index];
}

void peers_name(struct peers *self, struct entry *entry, const char *name)
{
    check(entry->peer.card.name[0] == '\0' && name[0] != '\0');
    uint32_t place = find_place(self, name);
    check(self->names[place] == 0);
    text_copy(entry->peer.card.name, sizeof entry->peer.card.name, name);
    self->names[place] = (uint8_t)(peers_index(self, entry) + 1);
}

// ---- links

bool peers_move(struct peers *self, struct entry *entry, const char *control, const char *bulk)
{
    if (strcmp(entry->control, control) == 0 && strcmp(entry->bulk, bulk) == 0)
        return true;
    if (!self->world->type->link_open(self->world, peers_index(self, entry), control, bulk))
        return false;
    text_copy(entry->control, sizeof entry->control, control);
    text_copy(entry->bulk, sizeof entry->bulk, bulk);
    return true;
}

void peers_let_go(struct peers *self, uint32_t peer)
{
    check(peer < self->count);
    struct entry *entry = &self->entries[peer];
    if (entry->peer.let_go || entry->peer.up || entry->peer.heard)
        return;
    entry->peer.let_go = true;
    self->world->type->link_close(self->world, peer);
}

void peers_take_back(struct peers *self, struct entry *entry)
{
    if (!entry->peer.let_go)
        return;
    entry->peer.let_go = false;
    // It stood before: what it says of itself may move it.
    check(self->world->type->link_open(self->world, peers_index(self, entry), entry->control, entry->bulk));
}

struct entry *peers_new(struct peers *self, const struct peers_card *card)
{
    if (self->count == PEERS_MAX) {
        self->counts.over_bound++;
        return NULL;
    }
    struct entry *entry = &self->entries[self->count];
    memset(entry, 0, sizeof *entry);
    if (!peers_move(self, entry, card->control, card->bulk))
        return NULL;
    self->count++;
    entry->peer.card = *card;
    entry->peer.card.name[0] = '\0';
    entry->peer.via = -1;
    entry->peer.speaks = PEERS_PROTOCOL_OLDEST;
    if (card->name[0] != '\0')
        peers_name(self, entry, card->name);
    return entry;
}

static struct entry *find_link(struct peers *self, const char *control)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (strcmp(self->entries[i].control, control) == 0)
            return &self->entries[i];
    return NULL;
}

bool peers_add(struct peers *self, const struct peers_card *card)
{
    if (card->name[0] != '\0' && !text_is_name(card->name, NAME_MAX_BYTES))
        return false;
    // One list of nodes may be given to all of them.
    if (strcmp(card->name, self->options.self.name) == 0 || strcmp(card->control, self->options.self.control) == 0)
        return true;
    struct entry *entry = peers_entry(self, card->name);
    if (entry == NULL) {
        entry = find_link(self, card->control);
        if (entry != NULL && card->name[0] != '\0') {
            if (entry->peer.card.name[0] != '\0')
                entry = NULL;  // another node at the same place: the two will tell by their heartbeats
            else
                peers_name(self, entry, card->name);
        }
    }
    if (entry == NULL)
        entry = peers_new(self, card);
    else if (!peers_move(self, entry, card->control, card->bulk))
        return false;
    if (entry == NULL)
        return false;
    entry->configured = true;
    peers_take_back(self, entry);
    return true;
}

// ---- questions

uint32_t peers_count(const struct peers *self)
{
    return self->count;
}

const struct peer *peers_at(const struct peers *self, uint32_t peer)
{
    check(peer < self->count);
    return &self->entries[peer].peer;
}

const char *peers_via(const struct peers *self, uint32_t peer)
{
    int32_t via = peers_at(self, peer)->via;
    return via < 0 ? "" : self->entries[via].peer.card.name;
}

bool peers_is_self(const struct peers *self, const char *owner, uint64_t boot)
{
    return boot == self->options.boot && strcmp(owner, self->options.self.name) == 0;
}

bool peers_owner_up(const struct peers *self, const char *owner, uint64_t boot)
{
    if (peers_is_self(self, owner, boot))
        return true;
    int32_t index = peers_find(self, owner);
    return index >= 0 && self->entries[index].peer.up && self->entries[index].peer.boot == boot;
}

bool peers_sees(const struct peers *self, uint32_t from, int32_t to, struct peers_seen *ret_seen)
{
    check(from < self->count && to < (int32_t)self->count);
    const struct entry *entry = &self->entries[from];
    const struct report *report = to < 0 ? &entry->of_us : &entry->reports[to];
    if (!entry->peer.heard || report->boot == 0)
        return false;
    *ret_seen = (struct peers_seen){.linked = report->linked, .rtt_us = report->rtt_us};
    return true;
}

struct peers_counts peers_counts(const struct peers *self)
{
    return self->counts;
}

// ---- messages

bool peers_pack(struct peers *self, const struct entry *link, const Peer__Envelope *envelope)
{
    bool is_control =
        envelope->body_case == PEER__ENVELOPE__BODY_HEARTBEAT || envelope->body_case == PEER__ENVELOPE__BODY_TALK;
    size_t bytes = peer__envelope__get_packed_size(envelope);
    if (bytes > WORLD_PEER_MESSAGE_MAX_BYTES)
        return false;
    bytes_clear(&self->scratch);
    peer__envelope__pack(envelope, bytes_grow(&self->scratch, bytes));
    return world_send_peer(self->world, peers_index(self, link), is_control ? WORLD_CONTROL : WORLD_BULK,
                           (struct span){self->scratch.data, bytes});
}

static void sign(const struct peers *self, const struct entry *to, Peer__Envelope *envelope)
{
    if (envelope->protocol == 0)
        envelope->protocol = PEERS_PROTOCOL_OLDEST;
    envelope->from = (char *)self->options.self.name;
    envelope->from_boot = self->options.boot;
    envelope->to = (char *)to->peer.card.name;
}

// Packs for `to`, on the way by `link`. What that peer, or this node, does not understand is not said.
static bool say(struct peers *self, const struct entry *to, const struct entry *link, Peer__Envelope *envelope)
{
    bool is_spoken = envelope->protocol <= self->options.speaks && envelope->protocol <= to->peer.speaks;
    bool sent = is_spoken && peers_pack(self, link, envelope);
    self->counts.not_sent += !sent;
    self->counts.not_spoken += !is_spoken;
    return sent;
}

bool peers_post(struct peers *self, const struct entry *entry, Peer__Envelope *envelope)
{
    sign(self, entry, envelope);
    return say(self, entry, entry, envelope);
}

bool peers_send(struct peers *self, uint32_t peer, struct Peer__Envelope *envelope)
{
    check(peer < self->count);
    const struct entry *entry = &self->entries[peer];
    if (entry->peer.via < 0)
        return peers_post(self, entry, envelope);
    if (!peers_may_be_relayed(envelope)) {
        self->counts.not_sent++;
        return false;
    }
    const struct entry *relay = &self->entries[entry->peer.via];
    envelope->relay = (char *)relay->peer.card.name;
    if (envelope->protocol < PEERS_RELAYS_SINCE)
        envelope->protocol = PEERS_RELAYS_SINCE;
    sign(self, entry, envelope);
    bool sent = say(self, entry, relay, envelope);
    self->counts.sent_by_relay += sent;
    return sent;
}

bool peers_send_talk(struct peers *self, uint32_t peer, struct span talk, uint32_t protocol)
{
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.protocol = protocol;
    envelope.body_case = PEER__ENVELOPE__BODY_TALK;
    envelope.talk = (ProtobufCBinaryData){.len = talk.bytes, .data = (uint8_t *)talk.data};
    return peers_send(self, peer, &envelope);
}

// Whether it comes from who it says, in its current boot: heard here, or by the relay that brings it.
static bool is_heard(const struct peers *self, const Peer__Envelope *envelope)
{
    int32_t from = peers_find(self, envelope->from);
    if (from < 0 || self->entries[from].peer.boot != envelope->from_boot)
        return false;
    if (!envelope->relayed)
        return self->entries[from].peer.heard;
    int32_t relay = peers_find(self, envelope->relay);
    return relay >= 0 && self->entries[relay].peer.heard && peers_may_be_relayed(envelope) &&
           peers_is_heard_by_any(self, envelope->from, envelope->from_boot);
}

// Hands on what a peer that is heard says, even while it is down: it may be the last words of one that goes, or it may
// have found this node up a moment earlier.
static void hand_on(struct peers *self, const Peer__Envelope *envelope)
{
    int32_t index = peers_find(self, envelope->from);
    if (!is_heard(self, envelope)) {
        self->counts.misdirected++;
        return;
    }
    const struct peers_events *events = &self->events;
    switch (envelope->body_case) {
    case PEER__ENVELOPE__BODY_TALK:
        events->talk(events->context, (uint32_t)index, (struct span){envelope->talk.data, envelope->talk.len});
        return;
    case PEER__ENVELOPE__BODY_FEEDS_TELL:
    case PEER__ENVELOPE__BODY_FEED_ASK:
    case PEER__ENVELOPE__BODY_FEED_CHUNK:
    case PEER__ENVELOPE__BODY_FEED_ACK:
    case PEER__ENVELOPE__BODY_DIGEST_TELL:
    case PEER__ENVELOPE__BODY_BUCKET_TELL:
    case PEER__ENVELOPE__BODY_BUCKET_WANT:
    case PEER__ENVELOPE__BODY_MEND:
        events->bulk(events->context, (uint32_t)index, envelope);
        return;
    case PEER__ENVELOPE__BODY__NOT_SET:
    case PEER__ENVELOPE__BODY_HEARTBEAT:
    case _PEER__ENVELOPE__BODY__CASE_IS_INT_SIZE:
        break;
    }
    self->counts.not_understood++;
}

void peers_receive(struct peers *self, struct now now, const char *sender, struct span message)
{
    peers_ran(self, now);
    self->counts.received++;
    Peer__Envelope *envelope = NULL;
    if (message.bytes <= WORLD_PEER_MESSAGE_MAX_BYTES)
        envelope =
            peer__envelope__unpack(arena_allocator(&self->arena, PEERS_BUDGET_BYTES), message.bytes, message.data);
    if (envelope == NULL || envelope->protocol < PEERS_PROTOCOL_OLDEST || envelope->from_boot == 0 ||
        !text_is_name(envelope->from, NAME_MAX_BYTES)) {
        self->counts.malformed++;
        return;
    }
    // Of a message that it hands on, a relay's word is taken: nodes trust each other that far.
    const char *carrier = envelope->relayed ? envelope->relay : envelope->from;
    if (sender[0] != '\0' && strcmp(sender, carrier) != 0) {
        self->counts.of_another++;
        return;
    }
    if (envelope->protocol > self->options.speaks) {
        self->counts.not_understood++;
        return;
    }
    // Who knows only this node's endpoint cannot name it, and says nothing but heartbeats.
    bool is_heartbeat = envelope->body_case == PEER__ENVELOPE__BODY_HEARTBEAT;
    bool is_for_us = strcmp(envelope->to, self->options.self.name) == 0 || (is_heartbeat && envelope->to[0] == '\0');
    bool is_from_us = strcmp(envelope->from, self->options.self.name) == 0;
    bool is_for_relay = !envelope->relayed && strcmp(envelope->relay, self->options.self.name) == 0;
    if (is_for_relay && !is_from_us && !is_for_us)
        peers_relay(self, envelope, message.bytes);
    else if (!is_for_us || is_from_us)
        self->counts.misdirected += !is_from_us || envelope->from_boot != self->options.boot;
    else if (is_heartbeat)
        peers_hear(self, now, envelope);
    else
        hand_on(self, envelope);
}

// ---- time

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t peers_tick(struct peers *self, struct now now, uint64_t feed_seq)
{
    peers_ran(self, now);
    self->feed_seq = feed_seq;
    // Often enough that this loop's own gaps are told from its sleep.
    uint64_t next_us = now.mono_us + (uint64_t)PEERS_STALL_MS * 1000 / 2;
    for (uint32_t i = 0; i < self->count; i++)
        peers_judge(self, now, &self->entries[i]);
    for (uint32_t i = 0; i < self->count; i++) {
        struct entry *entry = &self->entries[i];
        peers_route(self, now, entry);
        uint64_t bound_us = peers_bound_us(self, entry);
        if (entry->peer.heard)
            next_us = earlier(next_us, entry->heard_from_us + bound_us + 1);
        if (entry->linked)
            next_us = earlier(next_us, entry->hears_from_us + bound_us + 1);
        else if (entry->peer.via >= 0)
            next_us = earlier(next_us, peers_way_ends_us(self, entry));
    }
    if (now.mono_us >= self->next_beat_us) {
        self->next_beat_us = now.mono_us + (uint64_t)self->options.heartbeat_ms * 1000;
        self->relayed_now = 0;
        peers_beat(self, now, NULL);
    }
    return earlier(next_us, self->next_beat_us);
}

void peers_set_draining(struct peers *self, bool draining)
{
    self->draining = draining;
}

void peers_set_restored(struct peers *self, bool restored)
{
    self->restored = restored;
}

void peers_say_going(struct peers *self, struct now now)
{
    self->going = true;
    peers_beat(self, now, NULL);
}

// ---- life

struct peers *peers_create(struct world *world, const struct peers_options *options, const struct peers_events *events)
{
    check(text_is_name(options->self.name, NAME_MAX_BYTES));
    check(options->boot != 0 && options->heartbeat_ms > 0);
    struct peers *self = check_alloc(sizeof *self);
    self->world = world;
    self->options = *options;
    if (self->options.speaks == 0)
        self->options.speaks = PEERS_PROTOCOL;
    check(self->options.speaks <= PEERS_PROTOCOL);
    self->events = *events;
    return self;
}

void peers_free(struct peers *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        self->world->type->link_close(self->world, i);
    arena_close(&self->arena);
    bytes_close(&self->scratch);
    free(self);
}
