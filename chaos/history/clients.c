// Who is attached where, and that the larger attach wins.
#include "chaos/history/judge_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct client *judge_client_find(struct judge *self, uint32_t number)
{
    struct client *client = NULL;
    HASH_FIND(hh, self->clients, &number, sizeof number, client);
    return client;
}

struct client *judge_client_need(struct judge *self, const struct history_event *event, bool is_desk)
{
    struct client *client = judge_client_find(self, event->client);
    if (client == NULL || client->is_desk != is_desk) {
        judge_condemn(self, JUDGE_HISTORY, "%s at %.3f s is of client %" PRIu32 ", which is no open %s",
                      history_word_text(event->word), seconds(self->us), event->client, is_desk ? "desk" : "gateway");
        return NULL;
    }
    return client;
}

const char *judge_client_kind(const struct client *client)
{
    return client->is_desk ? "desk" : "gateway";
}

bool judge_client_is_sound(const struct client *client, uint64_t since_us)
{
    return client->attached && !client->stalls && client->settled_us <= since_us;
}

bool judge_client_lost_word(const struct client *client)
{
    return client->lost_attach != 0 && client->lost_attach >= client->attach;
}

bool judge_client_leads(const struct client *client)
{
    return client->party->largest_client == client->number && client->attach > client->party->gone;
}

static uint64_t largest_said(const struct client *client)
{
    return client->sent_attach > client->attach ? client->sent_attach : client->attach;
}

// ---- life

static struct party *party_of(struct judge *self, bool is_desk, const char *name)
{
    char key[sizeof((struct party *)0)->key] = {is_desk ? 'd' : 'g'};
    text_copy(key + 1, sizeof key - 1, name);
    struct party *party = NULL;
    HASH_FIND_STR(self->parties, key, party);
    if (party == NULL) {
        party = check_alloc(sizeof *party);
        memcpy(party->key, key, sizeof key);
        HASH_ADD_STR(self->parties, key, party);
    }
    party->clients++;
    return party;
}

static void open_client(struct judge *self, const struct history_event *event, bool is_desk)
{
    const char *name = text_or_none(event->party);
    if (event->client == 0 || judge_client_find(self, event->client) != NULL || !text_is_name(name, NAME_MAX_BYTES)) {
        judge_condemn(self, JUDGE_HISTORY, "%s at %.3f s: client %" PRIu32 " is 0, is open already, or has no name",
                      history_word_text(event->word), seconds(self->us), event->client);
        return;
    }
    struct client *client = check_alloc(sizeof *client);
    client->number = event->client;
    client->is_desk = is_desk;
    name_set(&client->name, name);
    client->party = party_of(self, is_desk, name);
    client->opened_us = client->lost_us = self->us;
    client->skills = event->skills;
    client->languages = event->languages;
    judge_place_read(event->place, &client->place);
    HASH_ADD(hh, self->clients, number, sizeof client->number, client);
}

static void close_client(struct judge *self, struct client *client, bool in_order)
{
    client->attached = false;
    if (client->is_desk)
        judge_desk_release(self, client);
    while (client->legs != NULL)
        judge_leg_gateway_gone(self, client->legs, in_order);
    HASH_DEL(self->clients, client);
    struct party *party = client->party;
    uint64_t said = largest_said(client);
    if (said > party->gone)
        party->gone = said;
    if (--party->clients == 0 && party->gone == 0) {
        HASH_DEL(self->parties, party);
        free(party);
    }
    free(client);
}

// ---- attachments

void judge_client_served(struct judge *self, struct client *client, uint64_t attach)
{
    const struct party *party = client->party;
    if (attach == 0)
        attach = client->attach;
    if (attach >= party->largest || client->condemned)
        return;
    const struct client *larger = judge_client_find(self, party->largest_client);
    if (larger == NULL || !judge_client_is_sound(larger, party->largest_us))
        return;
    if (!judge_passed(self, party->largest_us, self->options.serves_ms))
        return;
    client->condemned = true;
    judge_condemn(self, JUDGE_SMALLER_SERVED,
                  "%s %s is served at attach %" PRIu64 " (client %" PRIu32 ") at %.3f s, though attach %" PRIu64
                  " (client %" PRIu32 ") was answered by %s at %.3f s",
                  judge_client_kind(client), client->name.text, attach, client->number, seconds(self->us),
                  party->largest, larger->number, larger->node.text, seconds(party->largest_us));
}

static void hear_attempt(struct judge *self, struct client *client, const struct history_event *event)
{
    uint64_t before = largest_said(client);
    client->attaches_told = true;
    if (event->attach <= before)
        judge_condemn(self, JUDGE_ATTACH_REPEATED,
                      "%s %s (client %" PRIu32 ") attaches at %.3f s as %" PRIu64 ", after it has used %" PRIu64,
                      judge_client_kind(client), client->name.text, client->number, seconds(self->us), event->attach,
                      before);
    client->sent_attach = event->attach;
}

static void hear_attached(struct judge *self, struct client *client, const struct history_event *event)
{
    uint64_t last = client->attaches_told ? client->sent_attach : client->attach;
    if (event->attach < last)
        judge_condemn(
            self, JUDGE_SMALLER_SERVED,
            "%s %s (client %" PRIu32 ") takes the answer to attach %" PRIu64 " at %.3f s, after it has said %" PRIu64,
            judge_client_kind(client), client->name.text, client->number, event->attach, seconds(self->us), last);
    self->count.reattached += client->attach != 0;
    client->attach = event->attach;
    client->attached = true;
    client->attached_us = client->settled_us = self->us;
    name_set(&client->node, event->node);
    struct party *party = client->party;
    if (event->attach >= party->largest) {
        party->largest = event->attach;
        party->largest_us = self->us;
        party->largest_client = client->number;
    } else {
        judge_client_served(self, client, event->attach);
    }
}

// It may be lost before the client hears that it is attached: the node goes on from its own answer.
static void hear_word_lost(struct client *client, const struct history_event *event)
{
    uint64_t of = event->attach != 0 ? event->attach : largest_said(client);
    client->lost_attach = of > client->lost_attach ? of : client->lost_attach;
}

static void hear_superseded(struct judge *self, struct client *client, const struct history_event *event)
{
    if (event->attach != 0 && event->attach < client->attach)
        judge_condemn(self, JUDGE_SMALLER_SERVED,
                      "%s %s (client %" PRIu32 ") is superseded at %.3f s by attach %" PRIu64 ", and has %" PRIu64,
                      judge_client_kind(client), client->name.text, client->number, seconds(self->us), event->attach,
                      client->attach);
    close_client(self, client, false);
}

void judge_client_hear(struct judge *self, const struct history_event *event)
{
    struct client *client = judge_client_find(self, event->client);
    bool opens = event->word == HISTORY_DESK_OPENS || event->word == HISTORY_GATEWAY_OPENS;
    if (opens) {
        open_client(self, event, event->word == HISTORY_DESK_OPENS);
        return;
    }
    if (client == NULL)  // the last twitches of one that is over
        return;
    switch (event->word) {
    case HISTORY_ATTACHES:
        hear_attempt(self, client, event);
        return;
    case HISTORY_ATTACHED:
        hear_attached(self, client, event);
        return;
    case HISTORY_DETACHED:
        client->attached = false;
        client->lost_us = self->us;
        return;
    case HISTORY_SUPERSEDED:
        hear_superseded(self, client, event);
        return;
    case HISTORY_LEAVES:
    case HISTORY_VANISHED:
        close_client(self, client, event->word == HISTORY_LEAVES);
        return;
    case HISTORY_STALLED:
    case HISTORY_RESUMED:
        client->stalls = event->word == HISTORY_STALLED;
        client->settled_us = client->lost_us = self->us;
        return;
    case HISTORY_WORD_LOST:
        hear_word_lost(client, event);
        return;
    default:
        return;
    }
}
