// Calls by HTTP. hotline-web is a gateway: it holds the legs for those who placed them, joins them when the node says
// so (or lets the placer join, "join": "manual"), and lets them go by DELETE.
#include "cluster/base/text.h"
#include "ops/common/output.h"
#include "ops/common/rows.h"
#include "ops/web/calls.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"

#include <stdlib.h>
#include <string.h>

#define ACCEPT_US 10000000  // then the placer is told that it is on its way
#define LIST_MAX 16
#define HISTORY_MAX 100

// ---- what the caller is like

static bool take_text(struct request *request, const json_t *body, const char *key, const char **ret_text)
{
    const json_t *value = json_object_get(body, key);
    *ret_text = json_string_value(value);
    if (value == NULL || json_is_null(value) || json_is_string(value))
        return true;
    reply_problem(request, 422, "invalid", "%s: a text is expected", key);
    return false;
}

static bool take_list(struct request *request, const json_t *body, const char *key, const char *ret_list[LIST_MAX + 1])
{
    const json_t *value = json_object_get(body, key), *item;
    size_t index;
    bool good = value == NULL || (json_is_array(value) && json_array_size(value) <= LIST_MAX);
    ret_list[0] = NULL;
    json_array_foreach(value, index, item)
    {
        good = good && json_is_string(item);
        if (!good)
            break;
        ret_list[index] = json_string_value(item);
        ret_list[index + 1] = NULL;
    }
    if (!good)
        reply_problem(request, 422, "invalid", "%s: at most %d texts are expected", key, LIST_MAX);
    return good;
}

static bool take_place(struct request *request, const json_t *body, struct hotline_call_spec *spec)
{
    const json_t *lat = json_object_get(body, "lat"), *lon = json_object_get(body, "lon");
    if (lat == NULL && lon == NULL)
        return true;
    spec->at = true;
    spec->lat = json_number_value(lat);
    spec->lon = json_number_value(lon);
    if (json_is_number(lat) && json_is_number(lon) && spec->lat >= -90 && spec->lat <= 90 && spec->lon >= -180 &&
        spec->lon <= 180)
        return true;
    reply_problem(request, 422, "invalid", "lat, lon: degrees, -90 to 90 and -180 to 180, both or none");
    return false;
}

static const char *const post_keys[] = {"call",    "number", "lat",       "lon",  "country", "queue",
                                        "dialled", "skills", "languages", "join", NULL};

static void submit(struct calls *self, struct request *request, const json_t *body)
{
    struct hotline_call_spec spec = {0};
    const char *languages[LIST_MAX + 1], *skills[LIST_MAX + 1], *join;
    if (!take_text(request, body, "call", &spec.id) || !take_text(request, body, "number", &spec.number) ||
        !take_text(request, body, "country", &spec.country) || !take_text(request, body, "queue", &spec.queue) ||
        !take_text(request, body, "dialled", &spec.dialled) || !take_text(request, body, "join", &join) ||
        !take_list(request, body, "languages", languages) || !take_list(request, body, "skills", skills) ||
        !take_place(request, body, &spec))
        return;
    if (join != NULL && strcmp(join, "auto") != 0 && strcmp(join, "manual") != 0) {
        reply_problem(request, 422, "invalid", "join: auto or manual");
        return;
    }
    if ((spec.queue == NULL) == (spec.dialled == NULL)) {
        reply_problem(request, 422, "invalid", "one of queue and dialled is needed");
        return;
    }
    if (spec.id != NULL && calls_find(self, spec.id) != NULL) {
        reply_problem(request, 409, "call_exists", "the call %.128s is held here already", spec.id);
        return;
    }
    spec.languages = languages;
    spec.skills = skills;
    char id[HOTLINE_CALL_ID_BYTES];
    enum hotline_result result = hotline_gateway_submit(self->gateway, &spec, id);
    if (result != HOTLINE_OK) {
        reply_result(request, result, "the call");
        return;
    }
    struct held_call *call = calls_add(self, id);
    call->joins_itself = join == NULL || strcmp(join, "auto") == 0;
    call->placing = request;
    call->placing_until_us = loop_now_us() + ACCEPT_US;
}

void calls_post(struct request *request)
{
    json_t *body = http_body_object(request, post_keys);
    if (body != NULL)
        submit(request->web->calls, request, body);
    json_decref(body);
}

void calls_delete(struct request *request)
{
    struct calls *self = request->web->calls;
    enum hotline_result result = hotline_gateway_hung_up(self->gateway, request->params[0]);
    if (result == HOTLINE_UNKNOWN)
        reply_problem(request, 404, "unknown_call", "no call %.128s is held here", request->params[0]);
    else if (result != HOTLINE_OK)
        reply_result(request, result, "the call");
    else
        reply_nothing(request, 204);
}

void calls_joined(struct request *request)
{
    struct calls *self = request->web->calls;
    enum hotline_result result = hotline_gateway_joined(self->gateway, request->params[0]);
    if (result == HOTLINE_UNKNOWN)
        reply_problem(request, 404, "unknown_call", "no call %.128s is held here", request->params[0]);
    else if (result != HOTLINE_OK)
        reply_result(request, result, "the call");
    else
        reply_nothing(request, 204);
}

// ---- reading one, at once or when it has changed

static json_t *describe(struct calls *self, json_t *rows, bool offers)
{
    json_t *call = read_call_of_rows(rows, offers);
    const struct held_call *held =
        call == NULL ? NULL : calls_find(self, json_string_value(json_object_get(call, "call")));
    if (held != NULL) {
        json_object_set_new(call, "position", json_integer(held->position));
        json_object_set_new(call, "ewt_s", json_integer(held->ewt_s));
        json_object_set_new(call, "contact", output_text(held->contact));
    }
    return call;
}

// One more copy is no news of the call.
static void etag_of(const json_t *call, char ret_etag[24])
{
    json_t *told = json_copy((json_t *)call);
    json_object_del(told, "copies");
    char *text = json_dumps(told, JSON_COMPACT | JSON_SORT_KEYS);
    uint64_t hash = 14695981039346656037u;
    for (const char *at = text; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    snprintf(ret_etag, 24, "\"%016llx\"", (unsigned long long)hash);
    free(text);
    json_decref(told);
}

static void on_waiter_told(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer);

static void waiter_ask(struct call_waiter *waiter)
{
    struct hotline_question_args args = {.call = waiter->call};
    waiter->asking = true;
    waiter->stale = false;
    enum hotline_result result = inquire(waiter->web, HOTLINE_EXPLAIN, args, on_waiter_told, waiter);
    if (result == HOTLINE_OK)
        return;
    reply_result(waiter->request, result, "the question");
    waiters_remove(waiter->web->calls, waiter);
}

static void on_waiter_told(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    struct call_waiter *waiter = user;
    json_t *call = NULL;
    char etag[24] = "";
    waiter->asking = false;
    if (answer->result == HOTLINE_ANSWER_DONE)
        call = describe(web->calls, rows, false);
    if (call == NULL) {
        reply_refusal(waiter->request, answer);
        waiters_remove(web->calls, waiter);
        return;
    }
    etag_of(call, etag);
    bool over = loop_now_us() >= waiter->until_us;
    if (waiter->seen[0] == '\0' || strcmp(etag, waiter->seen) != 0) {
        reply_json(waiter->request, 200, json_incref(call));
        reply_header(waiter->request, "ETag", etag);
        waiters_remove(web->calls, waiter);
    } else if (over) {
        reply_nothing(waiter->request, 304);
        reply_header(waiter->request, "ETag", etag);
        waiters_remove(web->calls, waiter);
    } else if (waiter->stale) {
        waiter_ask(waiter);
    }
    json_decref(call);
}

void calls_changed(struct calls *self, const char *call)
{
    struct call_waiter *next;
    for (struct call_waiter *waiter = self->waiters; waiter != NULL; waiter = next) {
        next = waiter->next;
        if (strcmp(waiter->call, call) != 0)
            continue;
        waiter->stale = true;
        if (!waiter->asking)
            waiter_ask(waiter);
    }
}

void waiters_tick(struct calls *self, uint64_t now_us)
{
    struct call_waiter *next;
    for (struct call_waiter *waiter = self->waiters; waiter != NULL; waiter = next) {
        next = waiter->next;
        if (now_us >= waiter->until_us && !waiter->asking)
            waiter_ask(waiter);
    }
}

void calls_get(struct request *request)
{
    const char *wait = http_query(request, "wait"), *seen = http_header(request, "If-None-Match");
    char *end = NULL;
    unsigned long seconds = wait == NULL ? 0 : strtoul(wait, &end, 10);
    if (wait != NULL && (end == wait || *end != '\0' || seconds > WEB_LONG_POLL_MAX_S)) {
        reply_problem(request, 422, "invalid", "wait: seconds, 0 to %d", WEB_LONG_POLL_MAX_S);
        return;
    }
    struct call_waiter *waiter = waiters_add(request->web->calls, request, request->params[0]);
    waiter->until_us = loop_now_us() + (uint64_t)seconds * 1000000;
    text_copy(waiter->seen, sizeof waiter->seen, seen == NULL ? "" : seen);
    waiter_ask(waiter);
}

static void on_explained(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    json_t *call = answer->result == HOTLINE_ANSWER_DONE ? describe(web->calls, rows, true) : NULL;
    if (call != NULL)
        reply_json(user, 200, call);
    else
        reply_refusal(user, answer);
}

void calls_explain(struct request *request)
{
    inquire_for(request, HOTLINE_EXPLAIN, (struct hotline_question_args){.call = request->params[0]}, on_explained);
}

// The call as it is, then every change of it, and what only its placer is told.
static void on_watched(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    struct request *request = user;
    json_t *call = answer->result == HOTLINE_ANSWER_DONE ? describe(web->calls, rows, true) : NULL;
    if (call == NULL) {
        reply_refusal(request, answer);
        return;
    }
    struct stream *stream =
        stream_open(request, STREAM_CHANGES | STREAM_NEWS, json_string_value(json_object_get(call, "call")));
    char *text = json_dumps(call, JSON_COMPACT | JSON_REAL_PRECISION(10));
    if (stream != NULL)
        stream_say(stream, "snapshot", NULL, text);
    free(text);
    json_decref(call);
}

void calls_events(struct request *request)
{
    inquire_for(request, HOTLINE_EXPLAIN, (struct hotline_question_args){.call = request->params[0]}, on_watched);
}

// ---- many: those that are not over, or all of one number

static void on_listed(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    (void)web;
    if (answer->result == HOTLINE_ANSWER_DONE)
        reply_json(user, 200, json_pack("{s:O, s:o}", "calls", rows, "node", output_text(answer->node)));
    else
        reply_refusal(user, answer);
}

struct history {  // of one number, from the beginning on, in answers of bounded size
    struct request *request;
    json_t *calls;
    char *number, *cursor;
    bool more;
};

static bool history_ask(struct history *self);

static void history_over(struct history *self)
{
    json_decref(self->calls);
    free(self->number);
    free(self->cursor);
    free(self);
}

static void on_history_row(void *user, const struct hotline_row *row)
{
    struct history *self = user;
    if (row->type == HOTLINE_ROW_CURSOR) {
        free(self->cursor);
        self->cursor = check_strdup(row->cursor.cursor);
        self->more = row->cursor.more;
    } else if (row->type == HOTLINE_ROW_EVENT) {
        json_array_append_new(self->calls, rows_json(row));
    }
}

static int newest_first(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    json_int_t at = json_integer_value(json_object_get(*x, "queued_ms"));
    json_int_t other = json_integer_value(json_object_get(*y, "queued_ms"));
    return at > other ? -1 : at < other;
}

static json_t *newest(json_t *calls)
{
    size_t count = json_array_size(calls);
    json_t **order = check_alloc((count + 1) * sizeof(json_t *)), *list = json_array();
    for (size_t i = 0; i < count; i++)
        order[i] = json_array_get(calls, i);
    qsort(order, count, sizeof(json_t *), newest_first);
    for (size_t i = 0; i < count && i < HISTORY_MAX; i++)
        json_array_append(list, order[i]);
    free(order);
    return list;
}

static void on_history_done(void *user, const struct hotline_answer *answer)
{
    struct history *self = user;
    if (answer->result != HOTLINE_ANSWER_DONE) {
        reply_refusal(self->request, answer);
    } else if (self->more) {
        if (history_ask(self))
            return;
    } else {
        reply_json(self->request, 200,
                   json_pack("{s:o, s:o}", "calls", newest(self->calls), "node", output_text(answer->node)));
    }
    history_over(self);
}

static bool history_ask(struct history *self)
{
    struct hotline_question_args args = {.since = self->cursor, .number = self->number, .user = self};
    self->more = false;
    enum hotline_result result =
        web_ask(self->request->web, HOTLINE_EVENTS, args, WEB_NODE_MS, on_history_row, on_history_done);
    if (result != HOTLINE_OK)
        reply_result(self->request, result, "number");
    return result == HOTLINE_OK;
}

void calls_list(struct request *request)
{
    const char *number = http_query(request, "number");
    if (number == NULL) {
        inquire_for(request, HOTLINE_CALLS, (struct hotline_question_args){0}, on_listed);
        return;
    }
    if (number[0] == '\0') {
        reply_problem(request, 422, "invalid", "number: a withheld number has no calls of its own");
        return;
    }
    struct history *self = check_alloc(sizeof *self);
    *self = (struct history){
        .request = request, .calls = json_array(), .number = check_strdup(number), .cursor = check_strdup("")};
    if (!history_ask(self))
        history_over(self);
}
