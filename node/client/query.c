// Questions to whichever node answers, and writing the directory.
//
// What a node says is kept until its last part is there, so that a question asked again elsewhere, when the first node
// fell silent, does not give rows twice. An apply that was sent whole is not asked again: it may have been done.
#include "node/client/query.h"
#include "node/client/submit.h"

#include <stdlib.h>
#include <string.h>

#define QUESTIONS_MAX 64
#define TIMEOUT_MS 5000
#define SILENT_MS 1000  // then another node is asked; doubled by each try
#define PART_BYTES ((size_t)48 * 1024)
#define APPLY_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define ANSWER_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define FIND_LIMIT 10

struct question {
    uint64_t id;  // of this try; 0: not asked
    uint32_t tries;
    uint32_t slot;
    int endpoint;
    uint64_t asked_us, heard_us, again_us, deadline_us;
    Cli__Query__What what;  // UNSET: an apply
    Cli__Submit *find;
    uint32_t limit;
    char call[CALL_ID_MAX_BYTES + 1];
    struct bytes directory;
    uint64_t over_claim, over_revision;
    bool force;
    uint32_t parts_sent;
    struct bytes answer;  // messages, each behind its size
    hotline_row_callback *on_row;
    hotline_done_callback *on_done;
};

struct query {
    struct hotline_client base;
    struct question *questions[QUESTIONS_MAX];  // in the order asked
    uint32_t count;
    uint64_t last_id;
    struct arena arena;
};

static struct query *of(struct hotline_client *client)
{
    return (struct query *)client;
}

static bool is_apply(const struct question *question)
{
    return question->what == CLI__QUERY__WHAT__WHAT_UNSET;
}

static uint32_t part_count(const struct question *question)
{
    return (uint32_t)((question->directory.count + PART_BYTES - 1) / PART_BYTES);
}

static void question_free(struct question *question)
{
    free(question->find);
    bytes_close(&question->directory);
    bytes_close(&question->answer);
    free(question);
}

// ---- done

static void take_out(struct query *self, struct question *question)
{
    uint32_t at = 0;
    while (self->questions[at] != question)
        at++;
    self->count--;
    memmove(&self->questions[at], &self->questions[at + 1], (self->count - at) * sizeof self->questions[0]);
}

// Frees the question, which was taken out.
static void say_done(struct query *self, struct question *question, struct hotline_answer *answer)
{
    static const char *const none[] = {NULL};
    char node[NAME_MAX_BYTES + 1] = "";
    if (question->id != 0)
        text_copy(node, sizeof node, self->base.links[question->slot].node);
    answer->node = node;
    answer->reason = answer->reason == NULL ? "" : answer->reason;
    answer->detail = answer->detail == NULL ? "" : answer->detail;
    answer->elsewhere = answer->elsewhere == NULL ? "" : answer->elsewhere;
    answer->errors = answer->errors == NULL ? none : answer->errors;
    if (self->base.leaving == CLIENT_STAYS && question->on_done != NULL)
        question->on_done(self->base.user, answer);
    question_free(question);
}

static bool give_rows(struct query *self, struct question *question)
{
    struct bytes export_ = {0};
    uint32_t export_parts = 0;
    bool sound = true;
    for (size_t at = 0; at < question->answer.count && sound && self->base.leaving == CLIENT_STAYS;) {
        uint32_t bytes;
        memcpy(&bytes, question->answer.data + at, sizeof bytes);
        Cli__ToClient *words = cli__to_client__unpack(arena_allocator(&self->arena, CLIENT_UNPACK_BUDGET_BYTES), bytes,
                                                      question->answer.data + at + sizeof bytes);
        at += sizeof bytes + bytes;
        sound = words != NULL &&
                rows_give(&self->arena, words->answer, &export_, &export_parts, question->on_row, self->base.user);
    }
    bytes_close(&export_);
    return sound;
}

static void answered(struct query *self, const Cli__Answer *words)
{
    struct question *question = NULL;
    for (uint32_t i = 0; i < self->count; i++)
        if (self->questions[i]->id == words->query && words->query != 0)
            question = self->questions[i];
    if (question == NULL) {
        self->base.counts.stale++;
        return;
    }
    struct span raw = self->base.received;
    uint32_t bytes = (uint32_t)raw.bytes;
    question->heard_us = client_now(&self->base);
    bytes_append(&question->answer, &bytes, sizeof bytes);
    bytes_append(&question->answer, raw.data, raw.bytes);
    struct hotline_answer answer = {.result = HOTLINE_ANSWER_DONE};
    if (question->answer.count > ANSWER_MAX_BYTES) {
        answer = (struct hotline_answer){.result = HOTLINE_ANSWER_REFUSED,
                                         .reason = "answer_too_large",
                                         .detail = "the answer is larger than this client takes: ask for less"};
    } else if (!words->last) {
        return;
    }
    take_out(self, question);
    if (answer.result == HOTLINE_ANSWER_DONE && !give_rows(self, question)) {
        self->base.counts.malformed++;
        answer = (struct hotline_answer){
            .result = HOTLINE_ANSWER_REFUSED, .reason = "malformed", .detail = "the node's answer makes no sense"};
    }
    say_done(self, question, &answer);
}

static void query_message(struct hotline_client *client, const Cli__ToClient *message)
{
    if (message->body_case == CLI__TO_CLIENT__BODY_ANSWER)
        answered(of(client), message->answer);
    else
        client->counts.malformed++;  // not for a query
}

// `what` is the number of a question; nodes that could not read one say what they can.
static struct question *find_refused(struct query *self, const char *what)
{
    char *end;
    unsigned long long id = strtoull(what, &end, 10);
    struct question *only = NULL;
    uint32_t asked = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->questions[i]->id == 0)
            continue;
        if (*what != '\0' && *end == '\0' && self->questions[i]->id == id)
            return self->questions[i];
        only = self->questions[i];
        asked++;
    }
    bool number = *what != '\0' && *end == '\0';
    return asked == 1 && !number ? only : NULL;
}

static void query_refused(struct hotline_client *client, const Cli__Refused *words)
{
    struct query *self = of(client);
    struct question *question = find_refused(self, words->what);
    if (question == NULL) {
        client->counts.stale++;
        return;
    }
    const char **errors = check_alloc((words->n_errors + 1) * sizeof *errors);
    for (size_t i = 0; i < words->n_errors; i++)
        errors[i] = words->errors[i];
    struct hotline_answer answer = {.result = HOTLINE_ANSWER_REFUSED,
                                    .reason = words->reason,
                                    .detail = words->detail,
                                    .elsewhere = words->elsewhere == NULL ? "" : words->elsewhere->client,
                                    .errors = errors};
    take_out(self, question);
    say_done(self, question, &answer);
    free(errors);
}

// ---- asking

static bool send_question(struct query *self, struct question *question)
{
    Cli__Query words = CLI__QUERY__INIT;
    words.query = question->id;
    words.what = question->what;
    words.find = question->find;
    words.limit = question->limit;
    words.call = question->call;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_QUERY;
    message.query = &words;
    return client_send(&self->base, question->slot, &message);
}

static bool send_part(struct query *self, struct question *question)
{
    size_t from = question->parts_sent * PART_BYTES, left = question->directory.count - from;
    Cli__ApplyPart words = CLI__APPLY_PART__INIT;
    words.query = question->id;
    words.index = question->parts_sent;
    words.count = part_count(question);
    words.total_bytes = (uint32_t)question->directory.count;
    words.bytes.data = question->directory.data + from;
    words.bytes.len = left < PART_BYTES ? left : PART_BYTES;
    words.over_claim = question->over_claim;
    words.over_revision = question->over_revision;
    words.force = question->force;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_APPLY_PART;
    message.apply_part = &words;
    return client_send(&self->base, question->slot, &message);
}

static bool is_sent_whole(const struct question *question)
{
    return question->id != 0 && (!is_apply(question) || question->parts_sent == part_count(question));
}

// Sends what of it is not sent yet.
static void go_on(struct query *self, struct question *question, uint64_t now_us)
{
    bool sent = true;
    if (!is_apply(question))
        sent = send_question(self, question);
    while (is_apply(question) && sent && question->parts_sent < part_count(question)) {
        sent = send_part(self, question);
        question->parts_sent += sent;
    }
    question->asked_us = question->heard_us = now_us;
    if (sent)
        return;
    if (!is_apply(question))
        question->id = 0;
    question->again_us = now_us + CLIENT_SEND_RETRY_MS * (uint64_t)1000;
}

static void ask(struct query *self, struct question *question, uint32_t slot, uint64_t now_us)
{
    question->id = ++self->last_id;
    question->slot = slot;
    question->endpoint = self->base.links[slot].endpoint;
    question->parts_sent = 0;
    question->again_us = 0;
    bytes_clear(&question->answer);
    go_on(self, question, now_us);
}

static uint64_t patience_us(const struct question *question)
{
    return (uint64_t)SILENT_MS * 1000 << (question->tries < 4 ? question->tries : 4);
}

static void see_to(struct query *self, struct question *question, uint64_t now_us)
{
    if (now_us >= question->deadline_us) {
        take_out(self, question);
        struct hotline_answer answer = {
            .result = HOTLINE_ANSWER_NO_NODE, .reason = "no_node", .detail = "no node answered in time"};
        say_done(self, question, &answer);
        return;
    }
    if (self->base.phase != CLIENT_ATTACHED || now_us < question->again_us)
        return;
    bool whole = is_sent_whole(question);
    bool lost = question->id != 0 && self->base.links[question->slot].endpoint != question->endpoint;
    if (question->id == 0 || (lost && !(whole && is_apply(question)))) {
        ask(self, question, self->base.primary, now_us);
    } else if (!whole) {
        go_on(self, question, now_us);
    } else if (!is_apply(question) && now_us - question->heard_us >= patience_us(question)) {
        uint32_t other = 1 - question->slot;
        question->tries++;
        ask(self, question, attachment_is_alive(&self->base, other, now_us) ? other : self->base.primary, now_us);
    }
}

static void query_tick(struct hotline_client *client, uint64_t now_us)
{
    struct query *self = of(client);
    struct question *open[QUESTIONS_MAX];  // a callback may ask anew
    uint32_t count = self->count;
    memcpy(open, self->questions, count * sizeof open[0]);
    for (uint32_t i = 0; i < count; i++)
        see_to(self, open[i], now_us);
}

static uint64_t query_next_us(const struct hotline_client *client)
{
    const struct query *self = (const struct query *)client;
    uint64_t next = TIMER_NEVER;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct question *question = self->questions[i];
        next = earlier(next, question->deadline_us);
        if (client->phase == CLIENT_ATTACHED && !is_sent_whole(question))
            next = earlier(next, question->again_us);
        else if (client->phase == CLIENT_ATTACHED && !is_apply(question))
            next = earlier(next, question->heard_us + patience_us(question));
    }
    return next;
}

static void query_attached(struct hotline_client *client)
{
    query_tick(client, client_now(client));
}

static void query_close(struct hotline_client *client)
{
    struct query *self = of(client);
    for (uint32_t i = 0; i < self->count; i++)
        question_free(self->questions[i]);
    arena_close(&self->arena);
}

static const struct client_kind query_kind = {.attaches = false,
                                              .message = query_message,
                                              .refused = query_refused,
                                              .send_attach = NULL,
                                              .attached = query_attached,
                                              .tick = query_tick,
                                              .next_us = query_next_us,
                                              .close = query_close};

// ---- what an application asks for

struct hotline_client *client_query_create(struct client_wire *wire, const struct hotline_query_options *options,
                                           enum hotline_result *ret_result)
{
    struct query *self = check_alloc(sizeof *self);
    enum hotline_result result = client_init(&self->base, &query_kind, wire, options->nodes, NULL, 0);
    self->base.user = options->user;
    if (result != HOTLINE_OK)
        return client_refuse(&self->base, result, ret_result);
    if (ret_result != NULL)
        *ret_result = result;
    wire->type->random(wire, &self->last_id, sizeof self->last_id);
    self->last_id >>= 16;  // leaves room to count
    client_wake(&self->base);
    return &self->base;
}

static enum hotline_result add(struct hotline_client *client, uint32_t timeout_ms, hotline_row_callback *on_row,
                               hotline_done_callback *on_done, struct question **ret_question)
{
    if (client == NULL || client->kind != &query_kind || on_done == NULL)
        return HOTLINE_INVALID;
    struct query *self = of(client);
    if (self->count == QUESTIONS_MAX)
        return HOTLINE_TOO_MANY;
    struct question *question = check_alloc(sizeof *question);
    question->on_row = on_row;
    question->on_done = on_done;
    question->deadline_us = client_now(client) + (uint64_t)(timeout_ms == 0 ? TIMEOUT_MS : timeout_ms) * 1000;
    self->questions[self->count++] = question;
    *ret_question = question;
    return HOTLINE_OK;
}

static enum hotline_result refuse(struct query *self, struct question *question, enum hotline_result result)
{
    take_out(self, question);
    question_free(question);
    return result;
}

static bool what_of(enum hotline_question question, Cli__Query__What *ret_what)
{
    static const Cli__Query__What whats[] = {
        [HOTLINE_STATUS] = CLI__QUERY__WHAT__STATUS,   [HOTLINE_NODES] = CLI__QUERY__WHAT__NODES,
        [HOTLINE_AGENTS] = CLI__QUERY__WHAT__AGENTS,   [HOTLINE_CALLS] = CLI__QUERY__WHAT__CALLS,
        [HOTLINE_QUEUES] = CLI__QUERY__WHAT__QUEUES,   [HOTLINE_FIND] = CLI__QUERY__WHAT__FIND,
        [HOTLINE_EXPLAIN] = CLI__QUERY__WHAT__EXPLAIN, [HOTLINE_DIGEST] = CLI__QUERY__WHAT__DIGEST,
        [HOTLINE_EXPORT] = CLI__QUERY__WHAT__EXPORT};
    if ((int)question < HOTLINE_STATUS || (int)question > HOTLINE_EXPORT)
        return false;
    *ret_what = whats[question];
    return true;
}

enum hotline_result hotline_ask(struct hotline_client *client, enum hotline_question what,
                                const struct hotline_question_args *args, uint32_t timeout_ms,
                                hotline_row_callback *on_row, hotline_done_callback *on_done)
{
    static const struct hotline_question_args no_args = {0};
    args = args == NULL ? &no_args : args;
    Cli__Query__What wire_what;
    if (!what_of(what, &wire_what) || (what == HOTLINE_FIND && args->find == NULL) ||
        (what == HOTLINE_EXPLAIN && (args->call == NULL || !text_is_printable(args->call, CALL_ID_MAX_BYTES))))
        return HOTLINE_INVALID;
    struct question *question;
    enum hotline_result result = add(client, timeout_ms, on_row, on_done, &question);
    if (result != HOTLINE_OK)
        return result;
    question->what = wire_what;
    question->limit = args->limit == 0 && what == HOTLINE_FIND ? FIND_LIMIT : args->limit;
    if (what == HOTLINE_EXPLAIN)
        text_copy(question->call, sizeof question->call, args->call);
    if (what == HOTLINE_FIND)
        question->find = submit_create(args->find, "", true, &result);
    if (result != HOTLINE_OK)
        return refuse(of(client), question, result);
    see_to(of(client), question, client_now(client));
    client_wake(client);
    return HOTLINE_OK;
}

enum hotline_result hotline_apply(struct hotline_client *client, const void *directory, size_t bytes,
                                  uint64_t over_claim, uint64_t over_revision, bool force, uint32_t timeout_ms,
                                  hotline_row_callback *on_row, hotline_done_callback *on_done)
{
    if (directory == NULL || bytes == 0)
        return HOTLINE_INVALID;
    if (bytes > APPLY_MAX_BYTES)
        return HOTLINE_TOO_MANY;
    struct question *question;
    enum hotline_result result = add(client, timeout_ms, on_row, on_done, &question);
    if (result != HOTLINE_OK)
        return result;
    bytes_append(&question->directory, directory, bytes);
    question->over_claim = over_claim;
    question->over_revision = over_revision;
    question->force = force;
    see_to(of(client), question, client_now(client));
    client_wake(client);
    return HOTLINE_OK;
}
