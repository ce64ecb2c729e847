// A step of the switchboard and what comes of it: effects carried out in order, and talk of this node with itself.
#include "node/node_private.h"

#include "cluster/store/record_codec.h"

#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <string.h>

#define TALK_BUDGET_BYTES ((size_t)512 * 1024)

// ---- talk

static void queue_talk(struct node *self, struct span message)
{
    if (self->talk.count == NODE_TALK_MAX) {
        self->counters.talk_dropped++;
        return;
    }
    uint32_t bytes = (uint32_t)message.bytes;
    bytes_append(&self->talk.bytes, &bytes, sizeof bytes);
    bytes_append(&self->talk.bytes, message.data, message.bytes);
    self->talk.count++;
}

static void send_talk(struct node *self, const char *name, struct span message, uint32_t protocol)
{
    if (strcmp(name, self->config->self.name) == 0) {
        queue_talk(self, message);
        return;
    }
    int32_t peer = peers_find(self->peers, name);
    if (peer >= 0)
        peers_send_talk(self->peers, (uint32_t)peer, message, protocol);
    else
        self->counters.talk_dropped++;
}

void node_talk(struct node *self, const char *name, const Peer__Talk *talk, uint32_t protocol)
{
    struct bytes packed = {0};
    size_t bytes = peer__talk__get_packed_size(talk);
    peer__talk__pack(talk, bytes_grow(&packed, bytes));
    send_talk(self, name, (struct span){packed.data, bytes}, protocol);
    bytes_close(&packed);
}

// ---- carrying out effects

static void carry_out(struct node *self, const struct effect *effect)
{
    struct span bytes = effect_bytes(&self->effects, effect);
    switch (effect->type) {
    case EFFECT_CLIENT:
        sessions_send(self->sessions, effect->session, bytes);
        break;
    case EFFECT_REFUSE:
        sessions_send_refusal(self->sessions, effect->session, bytes);
        break;
    case EFFECT_BIND:
        sessions_bind(self->sessions, effect->session, effect->kind, effect->name, effect->attach);
        break;
    case EFFECT_UNBIND:
        sessions_unbind(self->sessions, effect->session);
        break;
    case EFFECT_NODE:
        send_talk(self, effect->name, bytes, effect->protocol);
        break;
    case EFFECT_PUT:
        if (store_put(self->store, effect->kind, effect->name, effect->attach, effect->born_ms, bytes) == NULL)
            self->counters.puts_refused++;
        break;
    case EFFECT_DECIDED:
        if (self->notice != NULL)
            self->notice(self->notice_context, effect->name, bytes.data);
        break;
    case EFFECT_ORPHAN:
        node_say(self, "orphan_state", "%s", (const char *)bytes.data);
        break;
    case EFFECT_ACKNOWLEDGE:
        acceptance_add(self->acceptance, self->now, effect->session, REC__KIND__CALL, effect->name, effect->attach);
        break;
    }
}

void node_step_alone(struct node *self, const struct event *event)
{
    self->board_wants_us = switchboard_step(self->board, self->now, event, &self->effects);
    for (uint32_t i = 0; i < self->effects.count; i++)
        carry_out(self, &self->effects.list[i]);
}

// Its own records anybody may tell; another's only while their owner is not up, who would tell them better.
static bool may_tell(struct node *self, const char *from, const struct record *record)
{
    bool may = strcmp(record->version.owner, from) == 0 ||
               !peers_owner_up(self->peers, record->version.owner, record->version.boot);
    self->counters.talk_foreign += !may;
    return may;
}

void node_hear_talk(struct node *self, const char *from, struct span message)
{
    Peer__Talk *talk =
        peer__talk__unpack(arena_allocator(&self->talk_arena, TALK_BUDGET_BYTES), message.bytes, message.data);
    if (talk == NULL) {
        self->counters.talk_dropped++;
        return;
    }
    if (selftest_talk(self, from, talk))
        return;
    struct record record;
    const struct record *taken;
    if (talk->body_case == PEER__TALK__BODY_ANSWER && talk->answer->desk != NULL &&
        record_from_message(talk->answer->desk, &record) && may_tell(self, from, &record) &&
        store_take(self->store, &record, &taken) == STORE_TAKEN) {
        struct event event = {.type = EVENT_RECORD, .record = taken};
        node_step_alone(self, &event);
    }
    struct event event = {.type = EVENT_TALK, .name = from, .talk = talk};
    node_step_alone(self, &event);
}

// What this node says to itself is heard within the turn, in order.
void node_talk_to_self(struct node *self)
{
    while (self->talk.count > 0) {
        struct talk_queue now = self->talk;
        self->talk = self->talk_now;
        self->talk.count = 0;
        bytes_clear(&self->talk.bytes);
        size_t offset = 0;
        for (uint32_t i = 0; i < now.count; i++) {
            uint32_t bytes;
            memcpy(&bytes, now.bytes.data + offset, sizeof bytes);
            offset += sizeof bytes;
            node_hear_talk(self, self->config->self.name, (struct span){now.bytes.data + offset, bytes});
            offset += bytes;
        }
        self->talk_now = now;
    }
}

void node_step(struct node *self, const struct event *event)
{
    node_step_alone(self, event);
    node_talk_to_self(self);
}
