// Where clients of this node may go: told to them when they attach, when this node goes, and with what it refuses.
#include "node/node_private.h"

#include "node/route/sphere.h"

#include "client.pb-c.h"

#include <string.h>

#define ROUND_TRIP_US_PER_KM 15  // light in fibre takes 10, and no cable is straight

struct way {
    const struct peer *peer;
    uint32_t rtt_us;
};

// Where the directory has it, else where its own configuration does.
static struct sphere_point place_of(const struct node *self, const struct peers_card *card)
{
    const struct directory *directory = self->directory;
    for (uint32_t i = 0; directory != NULL && i < directory->node_count; i++)
        if (strcmp(directory->nodes[i].name, card->name) == 0)
            return directory->sites[directory->nodes[i].site].at;
    return sphere_point(card->lat_udeg, card->lon_udeg);
}

static uint32_t round_trip_us(const struct node *self, const struct peer *peer)
{
    if (peer->rtt_us != 0)
        return peer->rtt_us;
    uint32_t km = sphere_km(place_of(self, &self->config->self), place_of(self, &peer->card));
    return km * ROUND_TRIP_US_PER_KM + 1;
}

static bool is_before(const struct way *left, const struct way *right)
{
    if (left->rtt_us != right->rtt_us)
        return left->rtt_us < right->rtt_us;
    return strcmp(left->peer->card.name, right->peer->card.name) < 0;
}

bool node_card_of(const struct node *self, const char *name, Cli__NextNode *ret_node)
{
    int32_t index = peers_find(self->peers, name);
    if (index < 0)
        return false;
    const struct peers_card *card = &peers_at(self->peers, (uint32_t)index)->card;
    cli__next_node__init(ret_node);
    ret_node->name = (char *)card->name;
    ret_node->client = (char *)card->client;
    return true;
}

uint32_t node_next_nodes(const struct node *self, Cli__NextNode *nodes, uint32_t room)
{
    struct way order[PEERS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < peers_count(self->peers); i++) {
        const struct peer *peer = peers_at(self->peers, i);
        if (!peer->up || peer->going || peer->draining || peer->card.client[0] == '\0')
            continue;
        struct way way = {peer, round_trip_us(self, peer)};
        uint32_t at = count++;
        for (; at > 0 && is_before(&way, &order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = way;
    }
    count = count < room ? count : room;
    for (uint32_t i = 0; i < count; i++) {
        cli__next_node__init(&nodes[i]);
        nodes[i].name = (char *)order[i].peer->card.name;
        nodes[i].client = (char *)order[i].peer->card.client;
        nodes[i].rtt_us = order[i].rtt_us;
    }
    return count;
}
