// call: places one call and holds its leg until it is over. A second process with the same --id is the same gateway,
// signed in anew: it takes the same call over.
#include "ops/common/credentials.h"
#include "ops/ctl/ctl.h"
#include "ops/common/loop.h"
#include "ops/common/output.h"
#include "ops/common/rows.h"

#include <hotline/gateway.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define GATEWAY_NAME_MAX 64
#define END_WAIT_US 3000000u  // for ENDED, once hung up

struct call {
    bool json;
    struct loop loop;
    struct hotline_client *gateway;
    const struct hotline_call_spec *spec;
    struct args_number talk, hang_up_after;
    uint64_t submitted_us;
    uint64_t hang_up_us;  // when to hang up; UINT64_MAX: not
    bool attached;
    bool submitted;
    bool hung_up;     // by us; after END_WAIT_US it is over whatever the node says
    bool on_purpose;  // by --hang-up-after
    bool refused;     // something was
    bool over;
    int status;
    char code[64];  // of the last refusal
    char id[HOTLINE_CALL_ID_BYTES];
};

static json_t *event_of(const struct call *self, const struct hotline_event *event)
{
    const char *call = event->call && event->call[0] ? event->call : self->id;
    return json_pack("{s:o}", "call", output_text(call));
}

static void add_ms(json_t *to, const struct call *self)
{
    json_object_set_new(to, "ms", output_real((double)(loop_now_us() - self->submitted_us) / 1000, 1));
}

static void add_agent(json_t *to, const struct hotline_event *event, bool contact)
{
    json_object_set_new(to, "agent", output_text(event->agent));
    json_object_set_new(to, "site", output_text(event->site));
    if (contact)
        json_object_set_new(to, "contact", output_text(event->contact));
    json_object_set_new(to, "km", json_integer(event->km));
}

static void call_end(struct call *self, const char *reason, const char *code, const char *detail)
{
    json_t *fields = json_pack("{s:o, s:o}", "call", output_text(self->id), "reason", output_text(reason));
    if (code && code[0])
        json_object_set_new(fields, "code", output_text(code));
    if (detail && detail[0])
        json_object_set_new(fields, "detail", output_text(detail));
    add_ms(fields, self);
    output_event(self->json, "ended", fields);
    self->over = true;
    bool answered = strcmp(reason, "answered") == 0;
    self->status = answered || (self->on_purpose && strcmp(reason, "abandoned") == 0) ? EXIT_DONE : EXIT_REFUSED;
}

static void call_connect(struct call *self, const struct hotline_event *event)
{
    enum hotline_result result = hotline_gateway_joined(self->gateway, event->call);
    if (result != HOTLINE_OK) {
        output_fail(EXIT_REFUSED, "joining the legs: %s", hotline_result_text(result));
        return;
    }
    json_t *fields = event_of(self, event);
    add_agent(fields, event, true);
    add_ms(fields, self);
    output_event(self->json, "connected", fields);
    if (self->talk.given) {
        uint64_t talk_end_us = loop_now_us() + (uint64_t)self->talk.value * 1000;
        if (talk_end_us < self->hang_up_us)
            self->hang_up_us = talk_end_us;
    }
}

static void call_accepted(struct call *self, const struct hotline_event *event)
{
    json_t *fields = event_of(self, event);
    json_object_set_new(fields, "copies", json_integer(event->copies));
    rows_add_place(fields, &event->place);
    if (event->queue && event->queue[0])
        json_object_set_new(fields, "queue", output_text(event->queue));
    add_ms(fields, self);
    output_event(self->json, "accepted", fields);
}

// If it is the end of the call, ENDED follows.
static void call_refused(struct call *self, const struct hotline_event *event)
{
    self->refused = true;
    snprintf(self->code, sizeof self->code, "%s", event->reason ? event->reason : "");
    json_t *fields = event_of(self, event);
    json_object_set_new(fields, "reason", output_text(event->reason));
    json_object_set_new(fields, "detail", output_text(event->detail));
    if (event->node && event->node[0])
        json_object_set_new(fields, "elsewhere", output_text(event->node));
    output_event(self->json, "refused", fields);
}

static void on_event(void *user, const struct hotline_event *event)
{
    struct call *self = user;
    json_t *fields;
    if (self->over)
        return;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        if (self->attached)  // anew: the first time goes without saying
            output_event(
                self->json, "attached",
                json_pack("{s:o, s:I}", "node", output_text(event->node), "attach", (json_int_t)event->attach));
        self->attached = true;
        break;
    case HOTLINE_DETACHED:
        output_event(self->json, "detached", json_pack("{s:o}", "node", output_text(event->node)));
        break;
    case HOTLINE_REFUSED:
        call_refused(self, event);
        break;
    case HOTLINE_SUPERSEDED:
        call_end(self, "superseded", "", "somebody else took this call over, with the same --id");
        break;
    case HOTLINE_CALL_ACCEPTED:
        call_accepted(self, event);
        break;
    case HOTLINE_CALL_WAITING:
        fields = event_of(self, event);
        json_object_set_new(fields, "position", json_integer(event->position));
        json_object_set_new(fields, "ewt_s", json_integer(event->ewt_s));
        add_ms(fields, self);
        output_event(self->json, "waiting", fields);
        break;
    case HOTLINE_CALL_RINGING:
        fields = event_of(self, event);
        add_agent(fields, event, false);
        add_ms(fields, self);
        output_event(self->json, "ringing", fields);
        break;
    case HOTLINE_CALL_CONNECT:
        call_connect(self, event);
        break;
    case HOTLINE_CALL_ENDED:
        call_end(self, event->reason, strcmp(event->reason, "refused") == 0 ? self->code : "", event->detail);
        break;
    case HOTLINE_OFFER:
    case HOTLINE_WITHDRAWN:
    case HOTLINE_DESK_CONNECTED:
    case HOTLINE_DESK_ENDED:
    case HOTLINE_DESK_STATE:
        break;  // a desk's
    }
}

// FNV-1a: only to make a long --id fit a gateway's name.
static uint64_t text_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

// The same --id is the same gateway. With keys it is one of the key's: PARTY, a colon and more.
static void gateway_name(const char *party, const char *id, char room[GATEWAY_NAME_MAX + 1])
{
    uint32_t random = 0;
    char own[2 * GATEWAY_NAME_MAX], whole[4 * GATEWAY_NAME_MAX];
    if (!id) {
        check(getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random);
        snprintf(own, sizeof own, "ctl-%ld-%08x", (long)getpid(), random);
    } else {
        snprintf(own, sizeof own, "ctl-%.*s", 100, id);
    }
    if (strlen(party) + 1 + strlen(own) > GATEWAY_NAME_MAX)
        snprintf(own, sizeof own, "ctl-%016llx", (unsigned long long)text_hash(id ? id : own));
    snprintf(whole, sizeof whole, "%s%s%s", party, party[0] ? ":" : "", own);
    text_copy(room, GATEWAY_NAME_MAX + 1, whole);
}

// A call's id begins with its gateway's name.
static const char *call_id(const char *party, const char *id, char room[HOTLINE_CALL_ID_BYTES])
{
    size_t bytes = strlen(party);
    if (!id || bytes == 0 || (strncmp(id, party, bytes) == 0 && id[bytes] == ':'))
        return id;
    snprintf(room, HOTLINE_CALL_ID_BYTES, "%s:%s", party, id);
    return room;
}

static void call_hang_up(struct call *self, bool on_purpose)
{
    self->on_purpose = on_purpose;
    self->hung_up = true;
    self->hang_up_us = loop_now_us() + END_WAIT_US;
    if (hotline_gateway_hung_up(self->gateway, self->id) != HOTLINE_OK)
        self->hang_up_us = 0;
}

static bool call_submit(struct call *self)
{
    self->submitted = true;
    self->submitted_us = loop_now_us();
    if (self->hang_up_after.given)
        self->hang_up_us = self->submitted_us + (uint64_t)self->hang_up_after.value * 1000;
    enum hotline_result result = hotline_gateway_submit(self->gateway, self->spec, self->id);
    if (result != HOTLINE_OK)
        self->status =
            output_fail(EXIT_REFUSED, "the call cannot be placed: %s (from '%s', %s '%s')", hotline_result_text(result),
                        self->spec->number, self->spec->queue ? "queue" : "dialled",
                        self->spec->queue ? self->spec->queue : self->spec->dialled);
    return result == HOTLINE_OK;
}

static void call_hold(struct call *self)
{
    uint64_t give_up_us = loop_now_us() + LOOP_FIRST_NODE_MS * 1000u;
    bool at_limit = self->hang_up_after.given;
    while (!self->over) {
        uint64_t wake_us = self->attached || self->hang_up_us < give_up_us ? self->hang_up_us : give_up_us;
        loop_turn(&self->loop, wake_us);
        uint64_t now_us = loop_now_us();
        if (self->over)
            break;
        if (!self->attached && (now_us >= give_up_us || self->loop.stopping)) {
            self->status = self->refused ? EXIT_REFUSED : EXIT_NO_NODE;
            break;
        }
        if (self->attached && !self->submitted && !call_submit(self))
            break;
        if (self->hung_up && now_us >= self->hang_up_us) {
            call_end(self, "unknown", "", "hung up; the node did not say how it ended");
        } else if (!self->hung_up && self->loop.stopping) {
            call_hang_up(self, false);
        } else if (!self->hung_up && self->attached && now_us >= self->hang_up_us) {
            call_hang_up(self, at_limit && now_us - self->submitted_us >= (uint64_t)self->hang_up_after.value * 1000);
        }
    }
}

static int call_run(struct call *self, const struct globals *globals, struct hotline_call_spec *spec)
{
    char name[GATEWAY_NAME_MAX + 1], id[HOTLINE_CALL_ID_BYTES];
    struct credentials key;
    if (!credentials_find(globals, KEY_ROLE_GATEWAY, NULL, &key))
        return EXIT_WRONG_USAGE;
    struct hotline_context *context = hotline_context_create();
    check(context);
    enum hotline_result result = HOTLINE_OK;
    gateway_name(key.party, spec->id, name);
    spec->id = call_id(key.party, spec->id, id);
    struct hotline_gateway_options options = {.nodes = globals->nodes,
                                              .gateway = name,
                                              .key_file = credentials_file(&key),
                                              .on_event = on_event,
                                              .user = self};
    self->status = EXIT_REFUSED;
    self->gateway = hotline_gateway_create(context, &options, &result);
    if (self->gateway) {
        loop_add(&self->loop, self->gateway);
        self->hang_up_us = UINT64_MAX;
        self->spec = spec;
        // A call that may be there already must be part of the attach: what is not listed then has ended. Any other
        // is submitted once attached, so that the times do not contain the connecting.
        if (!spec->id || call_submit(self))
            call_hold(self);
        if (self->status == EXIT_NO_NODE)
            output_fail(EXIT_NO_NODE, "no node answers at %s", globals->nodes);
        loop_remove(&self->loop, self->gateway);
        hotline_client_free(self->gateway);
    } else {
        output_fail(EXIT_REFUSED, "gateway %s: %s", name, hotline_result_text(result));
    }
    hotline_context_free(context);
    return self->status;
}

int ctl_call(struct globals *globals, char **words, size_t count)
{
    struct call call = {0};
    struct args_at at = {0};
    struct args_list languages = {0}, skills = {0};
    struct hotline_call_spec spec = {0};
    const struct args_option options[] = {{"--from", ARGS_TEXT, &spec.number, 0},
                                          {"--at", ARGS_AT, &at, 0},
                                          {"--country", ARGS_TEXT, &spec.country, 0},
                                          {"--queue", ARGS_TEXT, &spec.queue, 0},
                                          {"--dial", ARGS_TEXT, &spec.dialled, 0},
                                          {"--language", ARGS_LIST, &languages, 0},
                                          {"--skill", ARGS_LIST, &skills, 0},
                                          {"--id", ARGS_TEXT, &spec.id, 0},
                                          {"--talk", ARGS_NUMBER, &call.talk, 0},
                                          {"--hang-up-after", ARGS_NUMBER, &call.hang_up_after, 0},
                                          {0}};
    struct args_command command = {
        .name = "call",
        .usage = "call --from NUMBER [--at LAT,LON] [--country CC] (--queue Q | --dial DIGITS) [--language L]... "
                 "[--skill S]... [--id ID] [--talk MS] [--hang-up-after MS]",
        .options = options};
    if (!args_parse(&command, globals, words, count))
        return EXIT_WRONG_USAGE;
    if (!spec.number)
        return args_wrong(&command, "--from NUMBER is missing (--from '' for a withheld number)");
    if (!spec.queue && !spec.dialled)
        return args_wrong(&command, "--queue Q or --dial DIGITS is missing");
    if (spec.queue && spec.dialled)
        return args_wrong(&command, "--queue and --dial exclude each other");
    if (spec.country && (strlen(spec.country) != 2 || !isalpha((unsigned char)spec.country[0]) ||
                         !isalpha((unsigned char)spec.country[1])))
        return args_wrong(&command, "--country: '%s' is not a country code of two letters (ISO 3166)", spec.country);
    if (!ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    spec.at = at.given;
    spec.lat = at.lat;
    spec.lon = at.lon;
    spec.languages = languages.items;
    spec.skills = skills.items;
    call.json = globals->json;
    loop_open(&call.loop);
    int status = call_run(&call, globals, &spec);
    loop_close(&call.loop);
    return status;
}
