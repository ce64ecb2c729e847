#include "node/client/links.h"

#define MS ((uint64_t)1000)

bool link_is_open(const struct client_link *link)
{
    return link->endpoint != ENDPOINT_NONE;
}

uint64_t link_patience_us(const struct hotline_client *self, const struct client_link *link)
{
    uint64_t patience = self->down_after_ms * MS;
    if (!link->heard) {  // over a long way a connection takes round trips before it can be asked anything
        uint32_t rounds = self->rotations / (uint32_t)self->endpoints.count;
        uint64_t first = link->asked || patience > CLIENT_CONNECT_MS * MS ? patience : CLIENT_CONNECT_MS * MS;
        return first << (rounds < 3 ? rounds : 3);
    }
    uint64_t trips = (uint64_t)link->rtt_us * 3;
    return trips > patience ? trips : patience;
}

static bool is_refused(const struct hotline_client *self, const struct client_link *link)
{
    const struct client_wire_type *type = self->wire->type;
    return type->is_refused != NULL && type->is_refused(self->wire, (uint32_t)(link - self->links));
}

bool link_is_lost(const struct hotline_client *self, const struct client_link *link, uint64_t now_us)
{
    return link_is_open(link) &&
           (now_us >= link->silent_from_us + link_patience_us(self, link) || is_refused(self, link));
}

bool attachment_is_alive(const struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    const struct client_link *link = &self->links[slot];
    return link_is_open(link) && link->heard && !link_is_lost(self, link, now_us);
}

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
    endpoints_failed(&self->endpoints, link->endpoint);
    if (link_is_open(link) && is_refused(self, link))
        endpoints_rest(&self->endpoints, link->endpoint, client_now(self) + CLIENT_REFUSED_REST_MS * MS);
    self->rotations++;
    link_close(self, slot);
}

// Every slot that is closed goes to the next node that is not the other slot's.
void links_fill(struct hotline_client *self, uint64_t now_us)
{
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++) {
        if (link_is_open(&self->links[slot]) || now_us < self->links[slot].reopen_at_us)
            continue;
        int endpoint = endpoints_choose(&self->endpoints, self->links[1 - slot].endpoint, now_us);
        if (endpoint != ENDPOINT_NONE)
            link_open(self, slot, endpoint, now_us);
        else
            self->links[slot].reopen_at_us = endpoints_rested_us(&self->endpoints, now_us);
    }
}

bool links_ping(struct hotline_client *self, uint32_t slot, uint64_t now_us)
{
    struct client_link *link = &self->links[slot];
    if (!link_is_open(link) || now_us < link->ping_at_us)
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
