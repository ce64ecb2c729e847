// The gateway: what the node says of calls that were placed here.
#include "ops/web/calls.h"

#include "cluster/base/text.h"
#include "ops/common/credentials.h"
#include "ops/common/output.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct held_call *calls_find(const struct calls *self, const char *id)
{
    struct held_call *call;
    HASH_FIND_STR(self->held, id, call);
    return call;
}

struct held_call *calls_add(struct calls *self, const char *id)
{
    struct held_call *call = check_alloc(sizeof *call);
    text_copy(call->id, sizeof call->id, id);
    HASH_ADD_STR(self->held, id, call);
    return call;
}

static void drop(struct calls *self, struct held_call *call)
{
    HASH_DEL(self->held, call);
    free(call);
}

size_t calls_held(const struct calls *self)
{
    return HASH_COUNT(self->held);
}

struct call_waiter *waiters_add(struct calls *self, struct request *request, const char *call)
{
    struct call_waiter *waiter = check_alloc(sizeof *waiter);
    waiter->web = self->web;
    waiter->request = request;
    text_copy(waiter->call, sizeof waiter->call, call);
    waiter->next = self->waiters;
    if (waiter->next != NULL)
        waiter->next->previous = waiter;
    self->waiters = waiter;
    return waiter;
}

void waiters_remove(struct calls *self, struct call_waiter *waiter)
{
    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        self->waiters = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
    free(waiter);
}

// ---- what the node says

static void tell_placer(struct held_call *call, unsigned status, json_t *body)
{
    char location[HOTLINE_CALL_ID_BYTES + 16];
    struct request *request = call->placing;
    call->placing = NULL;
    if (request == NULL) {
        json_decref(body);
        return;
    }
    snprintf(location, sizeof location, "/v1/calls/%s", call->id);
    reply_json(request, status, body);
    reply_header(request, "Location", location);
}

static json_t *placed(const struct held_call *call, const char *state, uint32_t copies)
{
    return json_pack("{s:o, s:s, s:i}", "call", output_text(call->id), "state", state, "copies", (int)copies);
}

static void say_news(struct calls *self, const char *call, const char *what, json_t *fields)
{
    json_object_set_new(fields, "call", output_text(call));
    json_object_set_new(fields, "news", output_text(what));
    char *text = json_dumps(fields, JSON_COMPACT | JSON_REAL_PRECISION(10));
    streams_say(&self->web->http, STREAM_NEWS, call, false, "news", text);
    free(text);
    json_decref(fields);
}

static json_t *agent_fields(const struct hotline_event *event)
{
    json_t *fields = json_object();
    json_object_set_new(fields, "agent", output_text(event->agent));
    json_object_set_new(fields, "site", output_text(event->site));
    json_object_set_new(fields, "km", json_integer(event->km));
    return fields;
}

static void on_connect(struct calls *self, struct held_call *call, const struct hotline_event *event)
{
    json_t *fields = agent_fields(event);
    json_object_set_new(fields, "contact", output_text(event->contact));
    say_news(self, event->call, "connect", fields);
    if (call == NULL)
        return;
    text_copy(call->contact, sizeof call->contact, event->contact);
    call->position = 0;
    if (call->joins_itself)
        hotline_gateway_joined(self->gateway, event->call);
}

static void on_ended(struct calls *self, struct held_call *call, const struct hotline_event *event)
{
    say_news(self, event->call, "ended",
             json_pack("{s:o, s:o}", "reason", output_text(event->reason), "detail", output_text(event->detail)));
    if (call == NULL)
        return;
    if (call->placing != NULL && strcmp(event->reason, "refused") == 0) {
        struct request *request = call->placing;
        call->placing = NULL;
        reply_problem(request, 422, "refused", "%s", event->detail);
    } else {
        tell_placer(call, 201, placed(call, "ended", event->copies));
    }
    drop(self, call);
}

static void on_event(void *user, const struct hotline_event *event)
{
    struct calls *self = user;
    struct held_call *call = event->call == NULL ? NULL : calls_find(self, event->call);
    switch (event->type) {
    case HOTLINE_CALL_ACCEPTED:
        say_news(self, event->call, "accepted", json_pack("{s:i}", "copies", (int)event->copies));
        if (call != NULL)
            tell_placer(call, 201, placed(call, "accepted", event->copies));
        break;
    case HOTLINE_CALL_WAITING:
        if (call != NULL) {
            call->position = event->position;
            call->ewt_s = event->ewt_s;
        }
        say_news(self, event->call, "waiting",
                 json_pack("{s:i, s:i}", "position", (int)event->position, "ewt_s", (int)event->ewt_s));
        break;
    case HOTLINE_CALL_RINGING:
        say_news(self, event->call, "ringing", agent_fields(event));
        break;
    case HOTLINE_CALL_CONNECT:
        on_connect(self, call, event);
        break;
    case HOTLINE_CALL_ENDED:
        on_ended(self, call, event);
        break;
    case HOTLINE_DETACHED:
        self->detached_us = loop_now_us();
        return;
    case HOTLINE_ATTACHED:
        if (self->detached_us > 0)
            histogram_add(&self->web->failover, loop_now_us() - self->detached_us);
        self->detached_us = 0;
        return;
    case HOTLINE_REFUSED:
    case HOTLINE_SUPERSEDED:
    case HOTLINE_OFFER:
    case HOTLINE_WITHDRAWN:
    case HOTLINE_DESK_CONNECTED:
    case HOTLINE_DESK_ENDED:
    case HOTLINE_DESK_STATE:
        return;
    }
    calls_changed(self, event->call);
    view_look_again(self->web->view);
}

// ---- life

struct calls *calls_create(struct web *web, const char *gateway, const char *site)
{
    struct credentials key;
    if (!credentials_find(&web->globals, KEY_ROLE_GATEWAY, NULL, &key))
        return NULL;
    char name[2 * NAME_MAX_BYTES + 2];  // too long a one is refused by name
    snprintf(name, sizeof name, "%s%s%.64s", key.party, key.party[0] ? ":" : "", gateway);
    struct calls *self = check_alloc(sizeof *self);
    enum hotline_result result;
    self->web = web;
    struct hotline_gateway_options options = {.nodes = web->nodes,
                                              .gateway = name,
                                              .key_file = credentials_file(&key),
                                              .site = site,
                                              .on_event = on_event,
                                              .user = self};
    self->gateway = hotline_gateway_create(web->context, &options, &result);
    if (self->gateway == NULL) {
        output_fail(EXIT_WRONG_USAGE, "--gateway '%s': %s", gateway, hotline_result_text(result));
        free(self);
        return NULL;
    }
    loop_add(&web->loop, self->gateway);
    return self;
}

void calls_free(struct calls *self)
{
    if (self == NULL)
        return;
    struct held_call *call, *next;
    loop_remove(&self->web->loop, self->gateway);
    hotline_client_free(self->gateway);
    HASH_ITER(hh, self->held, call, next)
    {
        drop(self, call);
    }
    while (self->waiters != NULL)
        waiters_remove(self, self->waiters);
    free(self);
}

void calls_tick(struct calls *self, uint64_t now_us)
{
    struct held_call *call, *next;
    waiters_tick(self, now_us);
    HASH_ITER(hh, self->held, call, next)
    {
        if (call->placing != NULL && now_us >= call->placing_until_us)
            tell_placer(call, 202, placed(call, "submitted", 0));
    }
}
