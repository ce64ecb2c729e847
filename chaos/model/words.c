// A choice in readable words.
#include "chaos/model/inside.h"

#include "client.pb-c.h"
#include "peer.pb-c.h"
#include "records.pb-c.h"

#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <string.h>

#define BUDGET_BYTES ((size_t)64 * 1024)

static const char *enum_name(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
    return found == NULL ? "?" : found->name;
}

static void tell_name(char *to, size_t room, const char *what, const Peer__OfferName *name, const char *more)
{
    snprintf(to, room, "%s(%s at %u.%u, %s, n=%u%s%s)", what, name->call, (unsigned)(name->call_attach >> 20),
             (unsigned)(name->call_attach & 0xfffff), name->agent, name->n, more[0] == '\0' ? "" : ", ", more);
}

static void tell_talk(char *to, size_t room, const Peer__Talk *talk)
{
    char more[160] = "";
    switch (talk->body_case) {
    case PEER__TALK__BODY_OFFER:
        tell_name(to, room, "Offer", talk->offer->name, talk->offer->invited ? "invited" : "");
        break;
    case PEER__TALK__BODY_ANSWER:
        snprintf(more, sizeof more, "%s %s", enum_name(&peer__answer__descriptor, (int)talk->answer->answer),
                 talk->answer->reason);
        tell_name(to, room, "Answer", talk->answer->name, more);
        break;
    case PEER__TALK__BODY_CONFIRM:
        tell_name(to, room, "Confirm", talk->confirm->name, talk->confirm->joined ? "joined" : "");
        break;
    case PEER__TALK__BODY_WITHDRAW:
        tell_name(to, room, "Withdraw", talk->withdraw->name, talk->withdraw->reason);
        break;
    case PEER__TALK__BODY_INVITE:
        snprintf(to, room, "Invite(%s, %s)", talk->invite->call, talk->invite->agent);
        break;
    case PEER__TALK__BODY_INVITE_DECLINED:
        snprintf(to, room, "InviteDeclined(%s, %s)", talk->invite_declined->call, talk->invite_declined->agent);
        break;
    default:
        snprintf(to, room, "other talk");
        break;
    }
}

static void tell_client_message(char *to, size_t room, const Cli__ToClient *message)
{
    switch (message->body_case) {
    case CLI__TO_CLIENT__BODY_OFFERED:
        snprintf(to, room, "Offered(%s, n=%u)", message->offered->call, message->offered->n);
        break;
    case CLI__TO_CLIENT__BODY_WITHDRAWN:
        snprintf(to, room, "Withdrawn(%s, n=%u, %s)", message->withdrawn->call, message->withdrawn->n,
                 message->withdrawn->reason);
        break;
    case CLI__TO_CLIENT__BODY_DESK_NEWS:
        snprintf(to, room, "DeskNews(%s %s%s%s)",
                 enum_name(&rec__agent_state__descriptor, (int)message->desk_news->state), message->desk_news->call,
                 message->desk_news->connected ? " connected" : "", message->desk_news->ended ? " ended" : "");
        break;
    case CLI__TO_CLIENT__BODY_CALL_NEWS:
        snprintf(to, room, "CallNews(%s %s %s n=%u)", message->call_news->call,
                 enum_name(&cli__call_news__what__descriptor, (int)message->call_news->what), message->call_news->agent,
                 message->call_news->n);
        break;
    case CLI__TO_CLIENT__BODY_REFUSED:
        snprintf(to, room, "Refused(%s %s)", message->refused->what, message->refused->reason);
        break;
    default:
        snprintf(to, room, "another message");
        break;
    }
}

static void tell_parcel(const struct model *self, const struct parcel *parcel, char *to, size_t room)
{
    char words[256];
    const char *const *nodes = self->scenario->node_names;
    if (parcel->kind == PARCEL_GONE) {
        bool is_desk = parcel->from < DESKS_MAX;
        snprintf(to, room, "%s: the connection of %s %s is gone", nodes[parcel->to], is_desk ? "desk" : "gateway",
                 is_desk ? town_agent(parcel->from) : town_gateway(parcel->from - DESKS_MAX));
        return;
    }
    struct arena arena = {0};
    const struct content *content = contents_at(self->contents, parcel->content);
    if (parcel->kind == PARCEL_RECORD) {
        const char *id;
        town_record(self->scenario, content->record, &id);
        snprintf(words, sizeof words, "a late copy of %s", id);
    } else {
        Peer__Talk *talk =
            peer__talk__unpack(arena_allocator(&arena, BUDGET_BYTES), content->bytes.bytes, content->bytes.data);
        check(talk != NULL);
        tell_talk(words, sizeof words, talk);
    }
    snprintf(to, room, "%s -> %s: %s", nodes[parcel->from], nodes[parcel->to], words);
    arena_close(&arena);
}

static void tell_inbox(const struct model *self, uint32_t client, char *to, size_t room)
{
    char words[256];
    struct arena arena = {0};
    const struct content *content = contents_at(self->contents, self->now.clients[client].inbox[0]);
    Cli__ToClient *message =
        cli__to_client__unpack(arena_allocator(&arena, BUDGET_BYTES), content->bytes.bytes, content->bytes.data);
    check(message != NULL);
    tell_client_message(words, sizeof words, message);
    snprintf(to, room, "%s %s hears %s", client < DESKS_MAX ? "desk" : "gateway",
             client < DESKS_MAX ? town_agent(client) : town_gateway(client - DESKS_MAX), words);
    arena_close(&arena);
}

static const char *client_name(uint32_t client)
{
    return client < DESKS_MAX ? town_agent(client) : town_gateway(client - DESKS_MAX);
}

void model_describe(const struct model *self, struct choice choice, char *to, size_t room)
{
    static const char *const desk_words[] = {[CHOICE_ACCEPT] = "says yes to",
                                             [CHOICE_DECLINE] = "declines",
                                             [CHOICE_END] = "ends",
                                             [CHOICE_NO_CALL] = "has no call",
                                             [CHOICE_READY] = "is ready again"};
    static const char *const leg_words[] = {[CHOICE_SUBMIT] = "is submitted",
                                            [CHOICE_JOIN] = "is joined",
                                            [CHOICE_JOIN_FAILS] = "cannot be joined",
                                            [CHOICE_HANG_UP] = "hangs up"};
    const char *const *nodes = self->scenario->node_names;
    char words[320];
    const char *id = "";
    switch ((enum choice_kind)choice.kind) {
    case CHOICE_HEAR:
        tell_inbox(self, choice.a, to, room);
        break;
    case CHOICE_DELIVER:
    case CHOICE_LOSE:
    case CHOICE_REPEAT:
        tell_parcel(self, &self->now.bag[choice.a], words, sizeof words);
        snprintf(to, room, "%s%s", words,
                 choice.kind == CHOICE_DELIVER ? ""
                 : choice.kind == CHOICE_LOSE  ? ", which is lost"
                                               : ", which will come again");
        break;
    case CHOICE_COPY:
    case CHOICE_LATE:
        town_record(self->scenario, choice.b, &id);
        snprintf(to, room, "%s %s %s from %s", nodes[choice.a],
                 choice.kind == CHOICE_COPY ? "copies" : "is sent a copy that will be late of", id, nodes[choice.c]);
        break;
    case CHOICE_WAKE:
        snprintf(to, room, "%s: a deadline %llu ms from now", nodes[choice.a],
                 (unsigned long long)(turns_local(self, choice.a)->deadlines[choice.b] / 1000));
        break;
    case CHOICE_NOTICE:
        snprintf(to, room, "%s finds %s %s", nodes[choice.a], nodes[choice.b],
                 self->now.heard[choice.a][choice.b] == 0 ? "up" : "down");
        break;
    case CHOICE_CRASH:
        snprintf(to, room, "%s crashes%s", nodes[choice.a], choice.b ? " and loses its last writes" : "");
        break;
    case CHOICE_START:
        snprintf(to, room, "%s starts again", nodes[choice.a]);
        break;
    case CHOICE_BREAK:
        snprintf(to, room, "the connection of %s breaks", client_name(choice.a));
        break;
    case CHOICE_ATTACH:
        snprintf(to, room, "%s attaches to %s", client_name(choice.a), nodes[choice.b]);
        break;
    case CHOICE_FORGOTTEN:
        snprintf(to, room, "a forgotten %s attaches to %s", client_name(choice.a), nodes[choice.b]);
        break;
    case CHOICE_ACCEPT:
    case CHOICE_DECLINE:
    case CHOICE_END:
    case CHOICE_NO_CALL:
    case CHOICE_READY:
        snprintf(to, room, "%s %s%s%s", town_agent(choice.a), desk_words[choice.kind],
                 choice.kind == CHOICE_READY ? "" : " ",
                 choice.kind == CHOICE_READY ? "" : town_call(self->now.desks[choice.a].call));
        break;
    case CHOICE_SUBMIT:
    case CHOICE_JOIN:
    case CHOICE_JOIN_FAILS:
    case CHOICE_HANG_UP:
        snprintf(to, room, "%s %s", town_call(choice.a), leg_words[choice.kind]);
        break;
    }
}
