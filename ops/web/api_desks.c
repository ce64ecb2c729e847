// Desks by HTTP: one client of the library each. A desk belongs to its page: when nobody has listened to its events for
// GONE_US it signs off, unless it is on a call, which goes on without the page.
#include "cluster/base/text.h"
#include "ops/common/credentials.h"
#include "ops/common/output.h"
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"
#include "ops/web/web.h"

#include <hotline/desk.h>
#include <hotline/gateway.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DESKS_MAX 150  // each holds some twenty descriptors of the library's
#define GONE_US 15000000
#define SIGN_IN_US 8000000

struct desk {
    struct desks *all;
    char agent[65];
    struct hotline_client *client;
    struct request *signing_in;  // is to be told
    uint64_t sign_in_until_us, heard_us, detached_us;
    bool attached, connected, over;
    char why_over[65];
    json_t *offer;                          // that rings or is spoken
    char last_call[HOTLINE_CALL_ID_BYTES];  // whose disposition may be said
    char disposition[65];
    struct desk *next;
};

struct desks {
    struct web *web;
    struct desk *list;
    size_t count;
};

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct desk *find(const struct desks *self, const char *agent)
{
    for (struct desk *desk = self->list; desk != NULL; desk = desk->next)
        if (strcmp(desk->agent, agent) == 0)
            return desk;
    return NULL;
}

size_t desks_count(const struct desks *self)
{
    return self->count;
}

static json_t *describe(const struct desk *desk)
{
    json_t *made = json_object();
    json_object_set_new(made, "agent", output_text(desk->agent));
    json_object_set_new(made, "node", output_text(hotline_client_node(desk->client)));
    json_object_set_new(made, "attached", json_boolean(desk->attached));
    json_object_set_new(made, "state", output_text(desk->over ? "offline" : hotline_desk_state(desk->client)));
    json_object_set_new(made, "connected", json_boolean(desk->connected));
    json_object_set(made, "offer", desk->offer != NULL ? desk->offer : json_null());
    json_object_set_new(made, "last_call", output_text(desk->last_call));
    json_object_set_new(made, "disposition", output_text(desk->disposition));
    json_object_set_new(made, "over", output_text(desk->why_over));
    json_object_set_new(made, "now_ms", json_integer((json_int_t)wall_ms()));
    return made;
}

static void tell(struct desk *desk, const char *news, const char *reason)
{
    json_t *made = describe(desk);
    json_object_set_new(made, "news", output_text(news));
    json_object_set_new(made, "reason", output_text(reason));
    char *text = json_dumps(made, JSON_COMPACT | JSON_REAL_PRECISION(10));
    streams_say(&desk->all->web->http, STREAM_DESK, desk->agent, false, "desk", text);
    free(text);
    json_decref(made);
    view_look_again(desk->all->web->view);
}

// ---- what the node says

static void take_offer(struct desk *desk, const struct hotline_event *event)
{
    json_t *offer = json_object();
    json_object_set_new(offer, "call", output_text(event->call));
    json_object_set_new(offer, "n", json_integer(event->n));
    json_object_set_new(offer, "from", output_text(event->number));
    json_object_set_new(offer, "queue", output_text(event->queue));
    json_object_set_new(offer, "languages", output_list(event->languages));
    json_object_set_new(offer, "km", json_integer(event->km));
    json_object_set_new(offer, "queued_ms", json_integer((json_int_t)event->queued_ms));
    json_object_set_new(offer, "call_back", output_text(event->call_back));
    json_object_set_new(offer, "owed_ms", json_integer((json_int_t)event->owed_ms));
    json_object_set_new(offer, "tries", json_integer(event->tries));
    json_object_set_new(offer, "until_ms", json_integer((json_int_t)(wall_ms() + event->deadline_ms)));
    rows_add_place(offer, &event->place);
    json_decref(desk->offer);
    desk->offer = offer;
    desk->connected = false;
}

static void drop_offer(struct desk *desk)
{
    json_decref(desk->offer);
    desk->offer = NULL;
    desk->connected = false;
}

static void signed_in(struct desk *desk)
{
    struct request *request = desk->signing_in;
    desk->signing_in = NULL;
    if (request != NULL)
        reply_json(request, 201, describe(desk));
}

static void refused(struct desk *desk, const struct hotline_event *event)
{
    struct request *request = desk->signing_in;
    if (request == NULL)
        return;
    desk->signing_in = NULL;
    desk->over = true;
    text_copy(desk->why_over, sizeof desk->why_over, event->reason);
    unsigned status = strcmp(event->reason, "unknown_agent") == 0  ? 404
                      : strcmp(event->reason, "no_directory") == 0 ? 503
                                                                   : 409;
    reply_problem(request, status, event->reason, "%s", event->detail);
}

static void on_event(void *user, const struct hotline_event *event)
{
    struct desk *desk = user;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        desk->attached = true;
        if (desk->detached_us > 0)
            histogram_add(&desk->all->web->failover, loop_now_us() - desk->detached_us);
        desk->detached_us = 0;
        signed_in(desk);
        tell(desk, "attached", "");
        break;
    case HOTLINE_DETACHED:
        desk->attached = false;
        desk->detached_us = loop_now_us();
        tell(desk, "detached", "");
        break;
    case HOTLINE_REFUSED:
        refused(desk, event);
        tell(desk, "refused", event->reason);
        break;
    case HOTLINE_SUPERSEDED:
        desk->over = true;
        desk->attached = false;
        text_copy(desk->why_over, sizeof desk->why_over, "superseded");
        drop_offer(desk);
        tell(desk, "superseded", "");
        break;
    case HOTLINE_OFFER:
        take_offer(desk, event);
        tell(desk, "offer", "");
        break;
    case HOTLINE_WITHDRAWN:
        drop_offer(desk);
        tell(desk, "withdrawn", event->reason);
        break;
    case HOTLINE_DESK_CONNECTED:
        desk->connected = true;
        tell(desk, "connected", "");
        break;
    case HOTLINE_DESK_ENDED:
        text_copy(desk->last_call, sizeof desk->last_call, event->call);
        desk->disposition[0] = '\0';
        drop_offer(desk);
        tell(desk, "ended", event->reason);
        break;
    case HOTLINE_DESK_STATE:
        tell(desk, "state", event->reason);
        break;
    case HOTLINE_CALL_ACCEPTED:
    case HOTLINE_CALL_WAITING:
    case HOTLINE_CALL_RINGING:
    case HOTLINE_CALL_CONNECT:
    case HOTLINE_CALL_ENDED:
        break;  // a gateway's
    }
}

// ---- life

static void desk_free(struct desks *self, struct desk *desk)
{
    struct desk **at = &self->list;
    while (*at != desk)
        at = &(*at)->next;
    *at = desk->next;
    self->count--;
    loop_remove(&self->web->loop, desk->client);
    hotline_client_free(desk->client);
    json_decref(desk->offer);
    free(desk);
}

struct desks *web_desks_create(struct web *web)
{
    struct desks *self = check_alloc(sizeof *self);
    self->web = web;
    return self;
}

void web_desks_free(struct desks *self)
{
    while (self != NULL && self->list != NULL)
        desk_free(self, self->list);
    free(self);
}

void desks_tick(struct desks *self, uint64_t now_us)
{
    struct desk *next;
    for (struct desk *desk = self->list; desk != NULL; desk = next) {
        next = desk->next;
        if (desk->signing_in != NULL && now_us >= desk->sign_in_until_us) {
            struct request *request = desk->signing_in;
            desk->signing_in = NULL;
            desk->over = true;
            reply_problem(request, 503, "no_node", "no node takes the desk");
        }
        if (streams_any(&self->web->http, STREAM_DESK, desk->agent))
            desk->heard_us = now_us;
        bool speaks = strcmp(hotline_desk_state(desk->client), "on_call") == 0;
        if (desk->over || (now_us - desk->heard_us > GONE_US && !speaks))
            desk_free(self, desk);
    }
}

// ---- signing in and out

static struct desk *desk_create(struct desks *self, const char *agent, const char *not_ready,
                                enum hotline_result *ret_result)
{
    struct credentials key;
    if (!credentials_find(&self->web->globals, KEY_ROLE_DESK, agent, &key)) {
        *ret_result = HOTLINE_BAD_KEY;
        return NULL;
    }
    struct desk *desk = check_alloc(sizeof *desk);
    desk->all = self;
    text_copy(desk->agent, sizeof desk->agent, agent);
    struct hotline_desk_options options = {.nodes = self->web->nodes,
                                           .agent = agent,
                                           .key_file = credentials_file(&key),
                                           .not_ready = not_ready,
                                           .on_event = on_event,
                                           .user = desk};
    desk->client = hotline_desk_create(self->web->context, &options, ret_result);
    if (desk->client == NULL) {
        free(desk);
        return NULL;
    }
    desk->heard_us = loop_now_us();
    desk->sign_in_until_us = desk->heard_us + SIGN_IN_US;
    desk->next = self->list;
    self->list = desk;
    self->count++;
    loop_add(&self->web->loop, desk->client);
    return desk;
}

static bool may_be(struct request *request, const char *agent)
{
    if (token_is_agent(request->token, agent))
        return true;
    reply_problem(request, 403, "forbidden", "this token is not of the agent %.64s", agent);
    return false;
}

void desks_sign_in(struct request *request)
{
    static const char *const keys[] = {"not_ready", NULL};
    struct desks *self = request->web->desks;
    const char *agent = request->params[0];
    if (!may_be(request, agent))
        return;
    json_t *body = http_body_object(request, keys);
    if (body == NULL)
        return;
    struct desk *desk = find(self, agent);
    enum hotline_result result = HOTLINE_OK;
    if (desk != NULL && !desk->over && desk->signing_in == NULL) {
        reply_json(request, 200, describe(desk));  // the page was loaded again
    } else if (desk != NULL) {
        reply_problem(request, 409, "signing_in", "the agent %.64s is just signing in or out here", agent);
    } else if (self->count == DESKS_MAX) {
        reply_problem(request, 503, "too_many_desks", "%d desks are signed in here", DESKS_MAX);
    } else {
        desk = desk_create(self, agent, json_string_value(json_object_get(body, "not_ready")), &result);
        if (desk == NULL)
            reply_result(request, result, "agent");
        else
            desk->signing_in = request;
    }
    json_decref(body);
}

static struct desk *signed_in_desk(struct request *request)
{
    if (!may_be(request, request->params[0]))
        return NULL;
    struct desk *desk = find(request->web->desks, request->params[0]);
    if (desk == NULL || desk->over)
        reply_problem(request, 404, "not_signed_in", "the agent %.64s is not signed in here", request->params[0]);
    return desk == NULL || desk->over ? NULL : desk;
}

void desks_get(struct request *request)
{
    struct desk *desk = signed_in_desk(request);
    if (desk != NULL)
        reply_json(request, 200, describe(desk));
}

void desks_events(struct request *request)
{
    struct desk *desk = signed_in_desk(request);
    struct stream *stream = desk == NULL ? NULL : stream_open(request, STREAM_DESK, desk->agent);
    if (stream == NULL)
        return;
    json_t *made = describe(desk);
    json_object_set_new(made, "news", output_text("snapshot"));
    json_object_set_new(made, "reason", output_text(""));
    char *text = json_dumps(made, JSON_COMPACT | JSON_REAL_PRECISION(10));
    stream_say(stream, "desk", NULL, text);
    free(text);
    json_decref(made);
}

void desks_sign_out(struct request *request)
{
    struct desk *desk = signed_in_desk(request);
    if (desk == NULL)
        return;
    text_copy(desk->why_over, sizeof desk->why_over, "signed_off");
    desk->over = true;  // freed by the tick
    tell(desk, "signed_off", "");
    reply_nothing(request, 204);
}

// ---- what the person says

static enum hotline_result not_reached(struct desk *desk, const char *call, const char *failure, const char *text)
{
    static const struct {
        const char *name;
        enum hotline_call_back_failure failure;
    } known[] = {
        {"no_answer", HOTLINE_NO_ANSWER}, {"wrong_number", HOTLINE_WRONG_NUMBER}, {"other", HOTLINE_NOT_REACHED}};
    for (size_t i = 0; failure != NULL && i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, failure) == 0)
            return hotline_desk_not_reached(desk->client, call, known[i].failure, text);
    return HOTLINE_INVALID;
}

// Of these no event of the library tells: they are the person's own words.
static void told_by_nobody(struct desk *desk, const char *word, const char *disposition)
{
    if (strcmp(word, "reached") == 0)
        desk->connected = true;
    else if (strcmp(word, "disposition") == 0)
        text_copy(desk->disposition, sizeof desk->disposition, disposition);
    else if (strcmp(word, "decline") == 0)
        drop_offer(desk);
    else
        return;
    tell(desk, word, "");
}

void desks_word(struct request *request)
{
    static const char *const keys[] = {"call", "reason", "disposition", "failure", "text", NULL};
    const char *word = request->params[1];
    struct desk *desk = signed_in_desk(request);
    json_t *body = desk == NULL ? NULL : http_body_object(request, keys);
    if (body == NULL)
        return;
    const char *call = json_string_value(json_object_get(body, "call"));
    const char *reason = json_string_value(json_object_get(body, "reason"));
    const char *disposition = json_string_value(json_object_get(body, "disposition"));
    enum hotline_result result = HOTLINE_OK;
    bool known = true;
    if (strcmp(word, "accept") == 0)
        result = hotline_desk_accept(desk->client, call);
    else if (strcmp(word, "decline") == 0)
        result = hotline_desk_decline(desk->client, call);
    else if (strcmp(word, "end") == 0)
        result = hotline_desk_end(desk->client);
    else if (strcmp(word, "available") == 0)
        result = hotline_desk_available(desk->client);
    else if (strcmp(word, "not_ready") == 0)
        result = hotline_desk_not_ready(desk->client, reason == NULL ? "break" : reason);
    else if (strcmp(word, "disposition") == 0)
        result = hotline_desk_disposition(desk->client, call, disposition);
    else if (strcmp(word, "reached") == 0)
        result = hotline_desk_reached(desk->client, call);
    else if (strcmp(word, "not_reached") == 0)
        result = not_reached(desk, call, json_string_value(json_object_get(body, "failure")),
                             json_string_value(json_object_get(body, "text")));
    else
        known = false;
    if (known && result == HOTLINE_OK)
        told_by_nobody(desk, word, disposition);
    if (!known)
        reply_problem(request, 404, "unknown_word",
                      "a desk says accept, decline, end, available, not_ready, disposition, reached or "
                      "not_reached, not %.64s",
                      word);
    else if (result != HOTLINE_OK)
        reply_result(request, result, word);
    else
        reply_json(request, 200, describe(desk));
    json_decref(body);
}
