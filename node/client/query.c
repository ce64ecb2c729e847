// Questions to whichever node answers, and writing the directory.
//
// What a node says is kept until its last part is there, so that a question asked again elsewhere, when the first node
// fell silent, does not give rows twice. An apply that was sent whole is not asked again: it may have been done.
#include "node/client/query.h"

#include "node/client/links.h"

#include <stdlib.h>
#include <string.h>

#define SILENT_MS 1000  // then another node is asked; doubled by each try
#define PART_BYTES ((size_t)48 * 1024)
#define ANSWER_MAX_BYTES ((size_t)64 * 1024 * 1024)

static bool is_apply(const struct question *question)
{
    return question->what == CLI__QUERY__WHAT__WHAT_UNSET;
}

static uint32_t part_count(const struct question *question)
{
    return (uint32_t)((question->directory.count + PART_BYTES - 1) / PART_BYTES);
}

void question_free(struct question *question)
{
    free(question->find);
    bytes_close(&question->directory);
    bytes_close(&question->answer);
    cursor_close(&question->cursor);
    free(question);
}

// ---- done

void query_take_out(struct query *self, struct question *question)
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
        question->on_done(question->user, answer);
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
        sound = words != NULL && rows_give(&self->arena, words->answer, &export_, &export_parts, &question->cursor,
                                           question->on_row, question->user);
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
    query_take_out(self, question);
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
        answered(query_of(client), message->answer);
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
    struct query *self = query_of(client);
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
    query_take_out(self, question);
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
    words.only_failing = question->only_failing;
    words.call = question->call;
    words.node = question->node;
    words.place = (ProtobufCBinaryData){question->place_bytes, question->place};
    words.from_now = question->from_now;
    words.number = question->number;
    uint32_t feeds = question->cursor.count;
    Cli__FeedPlace *places = check_alloc((feeds + 1) * sizeof *places);
    Cli__FeedPlace **pointers = check_alloc((feeds + 1) * sizeof *pointers);
    for (uint32_t i = 0; i < feeds; i++) {
        cli__feed_place__init(&places[i]);
        places[i].owner = question->cursor.places[i].owner;
        places[i].boot = question->cursor.places[i].boot;
        places[i].seq = question->cursor.places[i].seq;
        places[i].since = question->cursor.places[i].since;
        pointers[i] = &places[i];
    }
    words.after = pointers;
    words.n_after = feeds;
    words.show_numbers = question->show_numbers;
    Cli__ToNode message = CLI__TO_NODE__INIT;
    message.body_case = CLI__TO_NODE__BODY_QUERY;
    message.query = &words;
    bool sent = client_send(&self->base, question->slot, &message);
    free(places);
    free(pointers);
    return sent;
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

void query_see_to(struct query *self, struct question *question, uint64_t now_us)
{
    if (now_us >= question->deadline_us) {
        query_take_out(self, question);
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
    } else if (!is_apply(question) && now_us >= question->heard_us + patience_us(question)) {
        uint32_t other = links_next(&self->base, question->slot, now_us);
        question->tries++;
        ask(self, question, other != LINK_NONE ? other : self->base.primary, now_us);
    }
}

static void query_tick(struct hotline_client *client, uint64_t now_us)
{
    struct query *self = query_of(client);
    struct question *open[QUESTIONS_MAX];  // a callback may ask anew
    uint32_t count = self->count;
    memcpy(open, self->questions, count * sizeof open[0]);
    for (uint32_t i = 0; i < count; i++)
        query_see_to(self, open[i], now_us);
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
    struct query *self = query_of(client);
    for (uint32_t i = 0; i < self->count; i++)
        question_free(self->questions[i]);
    arena_close(&self->arena);
}

const struct client_kind query_kind = {.attaches = false,
                                       .message = query_message,
                                       .refused = query_refused,
                                       .send_attach = NULL,
                                       .attached = query_attached,
                                       .tick = query_tick,
                                       .next_us = query_next_us,
                                       .close = query_close};
