#include "node/client/links.h"

#define MS ((uint64_t)1000)
#define AT_ONCE 2  // connections that are opened without waiting

bool link_is_open(const struct client_link *link)
{
    return link->endpoint != ENDPOINT_NONE;
}

static bool is_in_use(const struct hotline_client *self, uint32_t slot)
{
    return self->phase != CLIENT_SEEKING && slot == self->primary;
}

static bool is_spare(const struct hotline_client *self, uint32_t slot)
{
    return self->phase != CLIENT_SEEKING && slot != self->primary && slot != self->stand_by;
}

// ---- silence

static uint64_t patience_us(const struct hotline_client *self, const struct client_link *link)
{
    uint64_t patience = self->down_after_ms * MS;
    if (!link->heard) {  // over a long way a connection takes round trips before it can be asked anything
        uint32_t rounds = self->rotations / (uint32_t)self->endpoints.count;
        uint64_t connect = (self->kind->attaches ? CLIENT_CONNECT_MS : CLIENT_CONNECT_FEW_MS) * MS;
        uint64_t first = link->asked || patience > connect ? patience : connect;
        return first << (rounds < 3 ? rounds : 3);
    }
    uint64_t trips = (uint64_t)link->rtt_us * 3;
    return trips > patience ? trips : patience;
}

static bool is_broken(const struct hotline_client *self, uint32_t slot)
{
    const struct client_wire_type *type = self->wire->type;
    return type->is_broken != NULL && type->is_broken(self->wire, slot);
}

uint64_t link_lost_us(const struct hotline_client *self, uint32_t slot)
{
    const struct client_link *link = &self->links[slot];
    uint64_t rarely = link->heard && is_spare(self, slot) ? CLIENT_SPARE_PING_MS * MS : 0;
    return link->silent_from_us + patience_us(self, link) + rarely;
}

bool link_is_lost(const struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    return link_is_open(&self->links[slot]) && (now_us >= link_lost_us(self, slot) || is_broken(self, slot));
}

bool link_is_heard(const struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    return link_is_open(&self->links[slot]) && self->links[slot].heard && !link_is_lost(self, slot, now_us);
}

bool attachment_is_alive(const struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    const struct client_link *link = &self->links[slot];
    return link_is_heard(self, slot, now_us) && now_us < link->silent_from_us + patience_us(self, link);
}

// When the primary has been silent for so long, spares are asked as often as the stand-by, to know who answers.
static uint64_t worry_us(const struct hotline_client *self)
{
    return self->down_after_ms * MS / 2;
}

static uint64_t worried_us(const struct hotline_client *self)
{
    const struct client_link *primary = &self->links[self->primary];
    return self->phase == CLIENT_SEEKING || !link_is_open(primary) ? 0 : primary->silent_from_us + worry_us(self);
}

uint64_t link_ping_us(const struct hotline_client *self, uint32_t slot)
{
    const struct client_link *link = &self->links[slot];
    if (!link->heard || !is_spare(self, slot))
        return link->ping_at_us;
    uint64_t rarely_us = link->ping_at_us + (CLIENT_SPARE_PING_MS - self->heartbeat_ms) * MS;
    uint64_t worried = worried_us(self);
    return earlier(rarely_us, worried > link->ping_at_us ? worried : link->ping_at_us);
}

// ---- opening and closing

void link_close(struct hotline_client *self, uint32_t slot)
{
    struct client_link *link = &self->links[slot];
    if (link_is_open(link))
        self->wire->type->close(self->wire, slot, false);
    *link = (struct client_link){.endpoint = ENDPOINT_NONE};
}

void link_open(struct hotline_client *self, uint32_t slot, int endpoint, uint64_t now_us)
{
    link_close(self, slot);
    struct client_link *link = &self->links[slot];
    if (!self->wire->type->open(self->wire, slot, self->endpoints.list[endpoint].address)) {
        endpoints_failed(&self->endpoints, endpoint);
        link->reopen_at_us = now_us + CLIENT_REPEAT_MS * MS;
        return;
    }
    link->endpoint = endpoint;
    link->silent_from_us = link->ping_at_us = now_us;
}

void links_give_up(struct hotline_client *self, uint32_t slot)
{
    struct client_link *link = &self->links[slot];
    if (link_is_open(link) && is_broken(self, slot)) {
        bool again = self->endpoints.list[link->endpoint].failed != 0;
        uint64_t rest_ms = again ? 2 * CLIENT_BROKEN_REST_MS : CLIENT_BROKEN_REST_MS;
        endpoints_rest(&self->endpoints, link->endpoint, client_now(self) + rest_ms * MS);
    }
    endpoints_failed(&self->endpoints, link->endpoint);
    self->rotations++;
    link_close(self, slot);
}

static uint32_t count_open(const struct hotline_client *self, int ret_used[CLIENT_SLOTS])
{
    uint32_t open = 0;
    for (uint32_t slot = 0; slot < self->slots; slot++) {
        ret_used[slot] = self->links[slot].endpoint;
        open += link_is_open(&self->links[slot]);
    }
    return open;
}

// Clients that lost the same node do not all knock at once where they go next.
static uint64_t pause_us(struct hotline_client *self)
{
    if (self->phase == CLIENT_SEEKING)
        return CLIENT_STAGGER_MS * MS;
    uint8_t more;
    self->wire->type->random(self->wire, &more, sizeof more);
    return (CLIENT_SPARE_PAUSE_MS + more) * MS;
}

void links_fill(struct hotline_client *self, uint64_t now_us)
{
    int used[CLIENT_SLOTS];
    uint32_t open = count_open(self, used);
    for (uint32_t slot = 0; slot < self->slots; slot++) {
        struct client_link *link = &self->links[slot];
        if (link_is_open(link) || now_us < link->reopen_at_us || (open >= AT_ONCE && now_us < self->spare_at_us))
            continue;
        int endpoint = endpoints_choose(&self->endpoints, used, self->slots, now_us);
        if (endpoint == ENDPOINT_NONE) {
            link->reopen_at_us = endpoints_rested_us(&self->endpoints, now_us);
            continue;
        }
        link_open(self, slot, endpoint, now_us);
        used[slot] = link->endpoint;
        open += link_is_open(link);
        if (open >= AT_ONCE)
            self->spare_at_us = now_us + pause_us(self);
    }
}

uint64_t links_fill_us(const struct hotline_client *self)
{
    int used[CLIENT_SLOTS];
    bool waits = count_open(self, used) >= AT_ONCE;
    uint64_t next = TIMER_NEVER;
    for (uint32_t slot = 0; slot < self->slots; slot++) {
        const struct client_link *link = &self->links[slot];
        if (link_is_open(link))
            continue;
        uint64_t at = waits && self->spare_at_us > link->reopen_at_us ? self->spare_at_us : link->reopen_at_us;
        if (at > self->ticked_us)  // else there is no other node to go to
            next = earlier(next, at);
    }
    return next;
}

// ---- the order

static bool is_before(const struct hotline_client *self, uint32_t left, uint32_t right)
{
    return endpoints_is_before(&self->endpoints, self->links[left].endpoint, self->links[right].endpoint);
}

// The smaller, the sooner it is gone to; LINK_NONE: not at all.
static uint32_t standing(const struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    const struct client_link *link = &self->links[slot];
    bool is_alive = attachment_is_alive(self, slot, now_us);
    if (is_alive && now_us < link->heard_us + worry_us(self))
        return slot == self->stand_by ? 0 : 1;
    if (is_alive)  // but may have fallen silent with the primary
        return 2;
    if (!self->kind->attaches || !link_is_open(link) || link_is_lost(self, slot, now_us))
        return LINK_NONE;
    return link->heard ? 3 : link->asked ? 4 : LINK_NONE;
}

uint32_t links_next(const struct hotline_client *self, uint32_t from, uint64_t now_us)
{
    uint32_t best = LINK_NONE, best_standing = LINK_NONE;
    for (uint32_t slot = 0; slot < self->slots; slot++) {
        uint32_t its = slot == from ? LINK_NONE : standing(self, slot, now_us);
        if (its == LINK_NONE)
            continue;
        uint32_t turned = self->links[slot].turned_away;
        uint32_t best_turned = best == LINK_NONE ? 0 : self->links[best].turned_away;
        if (best == LINK_NONE || turned < best_turned ||
            (turned == best_turned && (its < best_standing || (its == best_standing && is_before(self, slot, best))))) {
            best = slot;
            best_standing = its;
        }
    }
    return best;
}

void link_ask_often(struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    struct client_link *link = &self->links[slot];
    uint64_t asked_us = now_us - self->heartbeat_ms * MS;
    link->silent_from_us = link->silent_from_us > asked_us ? link->silent_from_us : asked_us;
    link->ping_at_us = earlier(link->ping_at_us, now_us);
}

static uint32_t nearest_heard(const struct hotline_client *self, uint64_t now_us)
{
    uint32_t best = LINK_NONE;
    for (uint32_t slot = 0; slot < self->slots; slot++)
        if (!is_in_use(self, slot) && link_is_heard(self, slot, now_us) &&
            (best == LINK_NONE || is_before(self, slot, best)))
            best = slot;
    return best;
}

static uint32_t farthest_spare(const struct hotline_client *self)
{
    uint32_t worst = LINK_NONE;
    for (uint32_t slot = 0; slot < self->slots; slot++)
        if (is_spare(self, slot) && link_is_open(&self->links[slot]) &&
            (worst == LINK_NONE || is_before(self, worst, slot)))
            worst = slot;
    return worst;
}

static bool is_clearly_nearer(const struct hotline_client *self, uint32_t slot, uint32_t than)
{
    uint32_t its = self->links[slot].rtt_us, other = self->links[than].rtt_us;
    uint32_t margin = other / CLIENT_NEARER_PART > CLIENT_NEARER_US ? other / CLIENT_NEARER_PART : CLIENT_NEARER_US;
    return its != 0 && other != 0 && its + margin < other;
}

static void choose_stand_by(struct hotline_client *self, uint64_t now_us)
{
    uint32_t now_it = self->stand_by, nearest = nearest_heard(self, now_us);
    bool stays = now_it < self->slots && !is_in_use(self, now_it) && link_is_open(&self->links[now_it]);
    if (!stays)
        self->stand_by = LINK_NONE;
    if (nearest == LINK_NONE || nearest == now_it)
        return;
    bool is_better = !stays || !self->links[now_it].heard ||
                     (now_us >= self->rank_at_us && is_clearly_nearer(self, nearest, now_it));
    if (is_better) {
        self->stand_by = nearest;
        link_ask_often(self, nearest, now_us);
    }
}

// The farthest spare makes room for the node that was measured longest ago: the nearest stay.
static void send_scout(struct hotline_client *self, uint64_t now_us)
{
    int used[CLIENT_SLOTS];
    uint32_t slot = farthest_spare(self);
    self->scout_at_us = now_us + CLIENT_SCOUT_MS * MS;
    if (slot == LINK_NONE || count_open(self, used) < self->slots)
        return;
    int endpoint = endpoints_choose_unmeasured(&self->endpoints, used, self->slots, now_us);
    if (endpoint != ENDPOINT_NONE)
        link_open(self, slot, endpoint, now_us);
}

void links_rank(struct hotline_client *self, uint64_t now_us)
{
    choose_stand_by(self, now_us);
    if (now_us >= self->rank_at_us)
        self->rank_at_us = now_us + CLIENT_RANK_MS * MS;
    if (now_us >= self->scout_at_us)
        send_scout(self, now_us);
}

uint32_t links_to(struct hotline_client *self, int endpoint, uint64_t now_us)
{
    uint32_t room = farthest_spare(self);
    for (uint32_t slot = 0; slot < self->slots; slot++) {
        if (self->links[slot].endpoint == endpoint)
            return slot;
        if (!link_is_open(&self->links[slot]))
            room = slot;
    }
    if (room == LINK_NONE)
        room = (self->primary + 1) % self->slots;
    link_open(self, room, endpoint, now_us);
    return room;
}

// ---- asking

bool links_ping(struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    struct client_link *link = &self->links[slot];
    if (!link_is_open(link) || now_us < link_ping_us(self, slot))
        return true;
    bool broke = false;
    Cli__Ping words = CLI__PING__INIT;
    words.sent_us = now_us;
    if (self->phase == CLIENT_ATTACHED && slot != self->primary && self->kind->attaches) {
        words.attached_to = self->node;
        words.party = self->party;
        words.boot = self->links[self->primary].boot;
    }
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_PING;
    message.ping = &words;
    uint64_t wait = self->heartbeat_ms * MS;
    bool sent = client_send(self, slot, &message);
    if (sent && !link->asked) {
        link->asked = true;
        link->silent_from_us = now_us;
    }
    if (!sent) {  // often at first, when a connection is about to stand
        uint64_t longer = (now_us - link->silent_from_us) / 4 + CLIENT_SEND_RETRY_MS * MS;
        wait = longer < wait ? longer : wait;
        broke = link->heard;
    }
    link->ping_at_us = now_us + wait;
    return !broke;
}
