// What one who asks, asks for.
#include "node/client/query.h"
#include "node/client/submit.h"

#include <string.h>

#define TIMEOUT_MS 5000
#define APPLY_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define FIND_LIMIT 10

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
    struct query *self = query_of(client);
    if (self->count == QUESTIONS_MAX)
        return HOTLINE_TOO_MANY;
    struct question *question = check_alloc(sizeof *question);
    question->user = client->user;
    question->on_row = on_row;
    question->on_done = on_done;
    question->deadline_us = client_now(client) + (uint64_t)(timeout_ms == 0 ? TIMEOUT_MS : timeout_ms) * 1000;
    self->questions[self->count++] = question;
    *ret_question = question;
    return HOTLINE_OK;
}

static enum hotline_result refuse(struct query *self, struct question *question, enum hotline_result result)
{
    query_take_out(self, question);
    question_free(question);
    return result;
}

static bool what_of(enum hotline_question question, Cli__Query__What *ret_what)
{
    static const Cli__Query__What whats[] = {[HOTLINE_STATUS] = CLI__QUERY__WHAT__STATUS,
                                             [HOTLINE_NODES] = CLI__QUERY__WHAT__NODES,
                                             [HOTLINE_AGENTS] = CLI__QUERY__WHAT__AGENTS,
                                             [HOTLINE_CALLS] = CLI__QUERY__WHAT__CALLS,
                                             [HOTLINE_QUEUES] = CLI__QUERY__WHAT__QUEUES,
                                             [HOTLINE_FIND] = CLI__QUERY__WHAT__FIND,
                                             [HOTLINE_EXPLAIN] = CLI__QUERY__WHAT__EXPLAIN,
                                             [HOTLINE_DIGEST] = CLI__QUERY__WHAT__DIGEST,
                                             [HOTLINE_EXPORT] = CLI__QUERY__WHAT__EXPORT,
                                             [HOTLINE_EVENTS] = CLI__QUERY__WHAT__EVENTS,
                                             [HOTLINE_AUDIT] = CLI__QUERY__WHAT__AUDIT,
                                             [HOTLINE_DRAIN] = CLI__QUERY__WHAT__DRAIN,
                                             [HOTLINE_UNDRAIN] = CLI__QUERY__WHAT__UNDRAIN,
                                             [HOTLINE_BACKUP] = CLI__QUERY__WHAT__BACKUP,
                                             [HOTLINE_TRUST_BACKUP] = CLI__QUERY__WHAT__TRUST_BACKUP,
                                             [HOTLINE_SELFTEST] = CLI__QUERY__WHAT__SELFTEST};
    if ((int)question < HOTLINE_STATUS || (int)question > HOTLINE_SELFTEST)
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
    bool names_node = what == HOTLINE_DRAIN || what == HOTLINE_UNDRAIN || what == HOTLINE_TRUST_BACKUP;
    if (!what_of(what, &wire_what) || (what == HOTLINE_FIND && args->find == NULL) ||
        (args->number != NULL && !text_is_printable(args->number, SUBMIT_NUMBER_MAX_BYTES)) ||
        (what == HOTLINE_BACKUP && args->place_bytes > QUESTION_PLACE_MAX_BYTES) ||
        (names_node && (args->node == NULL || !text_is_name(args->node, NAME_MAX_BYTES))) ||
        (what == HOTLINE_EXPLAIN && (args->call == NULL || !text_is_printable(args->call, CALL_ID_MAX_BYTES))))
        return HOTLINE_INVALID;
    struct question *question;
    enum hotline_result result = add(client, timeout_ms, on_row, on_done, &question);
    if (result != HOTLINE_OK)
        return result;
    question->what = wire_what;
    question->user = args->user == NULL ? client->user : args->user;
    question->limit = args->limit == 0 && what == HOTLINE_FIND ? FIND_LIMIT : args->limit;
    question->show_numbers = args->show_numbers;
    question->only_failing = args->only_failing;
    if (what == HOTLINE_EXPLAIN)
        text_copy(question->call, sizeof question->call, args->call);
    if (what == HOTLINE_BACKUP && args->place_bytes > 0) {
        memcpy(question->place, args->place, args->place_bytes);
        question->place_bytes = args->place_bytes;
    }
    if (names_node)
        text_copy(question->node, sizeof question->node, args->node);
    if (what == HOTLINE_EVENTS) {
        question->from_now = args->since != NULL && strcmp(args->since, "now") == 0;
        if (args->since != NULL && !question->from_now && !cursor_read(&question->cursor, args->since))
            result = HOTLINE_INVALID;
        text_copy(question->number, sizeof question->number, args->number == NULL ? "" : args->number);
    }
    if (what == HOTLINE_FIND)
        question->find = submit_create(args->find, "", true, &result);
    if (result != HOTLINE_OK)
        return refuse(query_of(client), question, result);
    query_see_to(query_of(client), question, client_now(client));
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
    query_see_to(query_of(client), question, client_now(client));
    client_wake(client);
    return HOTLINE_OK;
}

bool hotline_cursor_covers(const char *text, const char *owner, uint64_t boot, uint64_t seq)
{
    struct cursor cursor = {0};
    bool covers = cursor_read(&cursor, text) && cursor_at(&cursor, owner, boot) >= seq;
    cursor_close(&cursor);
    return covers;
}

char *hotline_cursor_advance(const char *text, const char *owner, uint64_t boot, uint64_t seq)
{
    struct cursor cursor = {0};
    char *advanced = NULL;
    if (cursor_is_owner(owner) && cursor_read(&cursor, text) && cursor_advance(&cursor, owner, boot, seq, 0))
        advanced = cursor_write(&cursor);
    cursor_close(&cursor);
    return advanced;
}
