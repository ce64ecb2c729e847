#include "cluster/peers/peers_inside.h"

#include <stdio.h>
#include <string.h>

#define LATITUDE_MAX_UDEG 90000000
#define LONGITUDE_MAX_UDEG 180000000

static bool is_endpoint(const char *text)
{
    size_t bytes = strnlen(text, PEERS_ENDPOINT_MAX_BYTES + 1);
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return bytes <= PEERS_ENDPOINT_MAX_BYTES;
}

bool peers_card_from(const Peer__NodeCard *message, struct peers_card *ret)
{
    if (!text_is_name(message->name, NAME_MAX_BYTES) ||
        (message->site[0] != '\0' && !text_is_name(message->site, NAME_MAX_BYTES)))
        return false;
    if (!is_endpoint(message->peer) || !is_endpoint(message->bulk) || !is_endpoint(message->client) ||
        message->peer[0] == '\0' || message->bulk[0] == '\0')
        return false;
    if (message->lat_udeg < -LATITUDE_MAX_UDEG || message->lat_udeg > LATITUDE_MAX_UDEG ||
        message->lon_udeg < -LONGITUDE_MAX_UDEG || message->lon_udeg > LONGITUDE_MAX_UDEG)
        return false;
    *ret = (struct peers_card){.lat_udeg = message->lat_udeg, .lon_udeg = message->lon_udeg};
    text_copy(ret->name, sizeof ret->name, message->name);
    text_copy(ret->site, sizeof ret->site, message->site);
    text_copy(ret->control, sizeof ret->control, message->peer);
    text_copy(ret->bulk, sizeof ret->bulk, message->bulk);
    text_copy(ret->client, sizeof ret->client, message->client);
    return true;
}

void peers_card_to(const struct peers_card *card, Peer__NodeCard *ret)
{
    peer__node_card__init(ret);
    ret->name = (char *)card->name;
    ret->site = (char *)card->site;
    ret->peer = (char *)card->control;
    ret->bulk = (char *)card->bulk;
    ret->client = (char *)card->client;
    ret->lat_udeg = card->lat_udeg;
    ret->lon_udeg = card->lon_udeg;
}

// A peer that was configured by its endpoint alone.
static struct entry *find_nameless(struct peers *self, const struct peers_card *card)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->entries[i].peer.card.name[0] == '\0' && strcmp(self->entries[i].control, card->control) == 0)
            return &self->entries[i];
    return NULL;
}

static struct entry *find_or_learn(struct peers *self, const struct peers_card *card)
{
    struct entry *entry = peers_entry(self, card->name);
    if (entry != NULL)
        return entry;
    entry = find_nameless(self, card);
    if (entry != NULL) {
        peers_name(self, entry, card->name);
        return entry;
    }
    bool has_room = self->count < PEERS_MAX;
    entry = peers_new(self, card);
    self->counts.learnt += entry != NULL;
    self->counts.malformed += entry == NULL && has_room;  // an endpoint that leads nowhere
    return entry;
}

// `place` without its key, with that of `card`: "tcp://HOST:PORT#KEY".
static void with_key_of(const char *card, const char *place, char ret[PEERS_ENDPOINT_MAX_BYTES + 1])
{
    const char *key = strchr(card, '#');
    int bytes = (int)strcspn(place, "#");
    int length = snprintf(ret, PEERS_ENDPOINT_MAX_BYTES + 1, "%.*s%s", bytes, place, key != NULL ? key : "");
    if (length > PEERS_ENDPOINT_MAX_BYTES)
        text_copy(ret, PEERS_ENDPOINT_MAX_BYTES + 1, place);
}

// A node that was learnt is where it says it is. A configured one stays where it was configured: it may be seen from
// here through an address it does not know of. Its key is the one it says it has now.
static void update(struct peers *self, struct entry *entry, const struct peers_card *card)
{
    char control[PEERS_ENDPOINT_MAX_BYTES + 1], bulk[PEERS_ENDPOINT_MAX_BYTES + 1];
    with_key_of(card->control, entry->configured ? entry->control : card->control, control);
    with_key_of(card->bulk, entry->configured ? entry->bulk : card->bulk, bulk);
    if (!peers_move(self, entry, control, bulk)) {
        self->counts.malformed++;
        return;
    }
    entry->peer.card = *card;
}

struct entry *peers_card_own(struct peers *self, const char *name, const Peer__NodeCard *message)
{
    struct entry *entry = peers_entry(self, name);
    if (message == NULL) {
        self->counts.misdirected += entry == NULL;
        return entry;
    }
    struct peers_card card;
    if (!peers_card_from(message, &card) || strcmp(card.name, name) != 0) {
        self->counts.malformed++;
        return entry;
    }
    return entry != NULL ? entry : find_or_learn(self, &card);
}

void peers_card_update(struct peers *self, struct entry *entry, const Peer__NodeCard *message)
{
    struct peers_card card;
    if (message == NULL || !peers_card_from(message, &card) || strcmp(card.name, entry->peer.card.name) != 0)
        return;  // counted already
    update(self, entry, &card);
    entry->carded = true;
}

void peers_card_known(struct peers *self, const Peer__NodeCard *message)
{
    struct peers_card card;
    if (!peers_card_from(message, &card)) {
        self->counts.malformed++;
        return;
    }
    if (strcmp(card.name, self->options.self.name) == 0)
        return;
    struct entry *entry = find_or_learn(self, &card);
    if (entry != NULL)
        peers_take_back(self, entry);
    // Its own word counts more. Cards are told only of who is heard, so one that fell silent here may have moved.
    if (entry != NULL && (!entry->carded || !entry->peer.heard))
        update(self, entry, &card);
}
