// The wallboard's picture: what the node's tables say, asked while somebody looks, told row by row where it differs.
#include "ops/common/output.h"
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"
#include "ops/web/web.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AGAIN_US 150000  // at most so often, after a change
#define TABLES 6
#define SAME_SINCE_MS 2000  // a node's "for so long" is the same moment, give or take its answer's way

struct table {
    const char *name, *key;
    enum hotline_question question;
    uint64_t every_us;
    // now
    json_t *rows;  // by key
    uint64_t next_us, asked_us;
    bool asking;
};

struct view {
    struct web *web;
    struct table tables[TABLES];
    bool changed;
};

static const struct table tables_of_view[TABLES] = {
    {.name = "nodes", .key = "node", .question = HOTLINE_NODES, .every_us = 300000},
    {.name = "queues", .key = "queue", .question = HOTLINE_QUEUES, .every_us = 500000},
    {.name = "calls", .key = "call", .question = HOTLINE_CALLS, .every_us = 1000000},
    {.name = "agents", .key = "agent", .question = HOTLINE_AGENTS, .every_us = 2000000},
    {.name = "status", .key = "name", .question = HOTLINE_STATUS, .every_us = 2000000},
    // Only what fails: they are as many as nodes times sites.
    {.name = "selftest", .key = "test", .question = HOTLINE_SELFTEST, .every_us = 2000000}};

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// "For so long" becomes "since then", which stays as it is while nothing changes.
static void set_since(json_t *row, const json_t *before, const char *key)
{
    const json_t *ms = json_object_get(row, key);
    if (ms == NULL)
        return;
    json_int_t since = (json_int_t)wall_ms() - json_integer_value(ms);
    json_int_t then = json_integer_value(json_object_get(before, "since"));
    if (then - since < SAME_SINCE_MS && since - then < SAME_SINCE_MS)
        since = then;
    json_object_del(row, key);
    json_object_set_new(row, "since", json_integer(since));
}

static void say_row(struct view *self, const struct table *table, const char *key, json_t *row)
{
    json_t *made = json_pack("{s:s, s:s, s:O?}", "table", table->name, "key", key, "row", row);
    char *text = json_dumps(made, JSON_COMPACT | JSON_REAL_PRECISION(10));
    streams_say(&self->web->http, STREAM_VIEW, "", true, "row", text);
    free(text);
    json_decref(made);
}

static void take_rows(struct view *self, struct table *table, json_t *rows)
{
    json_t *now = json_object(), *row, *before;
    size_t index;
    const char *key;
    json_array_foreach(rows, index, row)
    {
        key = json_string_value(json_object_get(row, table->key));
        if (key == NULL)
            continue;
        before = json_object_get(table->rows, key);
        set_since(row, before, "since_ms");
        set_since(row, before, "waited_ms");
        set_since(row, before, "age_ms");
        if (before == NULL || !json_equal(before, row))
            say_row(self, table, key, row);
        json_object_set(now, key, row);
    }
    json_object_foreach(table->rows, key, before)
    {
        if (json_object_get(now, key) == NULL)
            say_row(self, table, key, NULL);
    }
    json_decref(table->rows);
    table->rows = now;
}

struct asked {
    struct view *view;
    struct table *table;
    json_t *rows;
};

static void on_row(void *user, const struct hotline_row *row)
{
    struct asked *self = user;
    if (row->type == HOTLINE_ROW_HISTOGRAM)
        return;
    if (row->type != HOTLINE_ROW_STATUS) {
        json_t *made = rows_json(row);
        if (row->type == HOTLINE_ROW_SELFTEST)
            json_object_set_new(made, "test", json_sprintf("%s %s", row->selftest.node, row->selftest.site));
        json_array_append_new(self->rows, made);
        return;
    }
    json_t *value =
        row->status.text[0] != '\0' ? output_text(row->status.text) : json_integer((json_int_t)row->status.number);
    json_array_append_new(self->rows, json_pack("{s:o, s:o}", "name", output_text(row->status.name), "value", value));
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct asked *self = user;
    struct table *table = self->table;
    bool answered = answer->result == HOTLINE_ANSWER_DONE;
    table->asking = false;
    if (answered)
        take_rows(self->view, table, self->rows);
    if (table == &self->view->tables[0]) {  // with each: who answers, and that somebody does
        json_t *made = json_pack("{s:o, s:b, s:I}", "node", output_text(answer->node), "answers", (int)answered,
                                 "now_ms", (json_int_t)wall_ms());
        char *text = json_dumps(made, JSON_COMPACT | JSON_REAL_PRECISION(10));
        streams_say(&self->view->web->http, STREAM_VIEW, "", true, "beat", text);
        free(text);
        json_decref(made);
    }
    json_decref(self->rows);
    free(self);
}

static void ask(struct view *self, struct table *table, uint64_t now_us)
{
    struct asked *asked = check_alloc(sizeof *asked);
    *asked = (struct asked){self, table, json_array()};
    struct hotline_question_args args = {.user = asked, .only_failing = true};
    table->asked_us = now_us;
    table->next_us = now_us + table->every_us;
    // A wall cannot wait for a node that is silent: another one is asked after a second by the library.
    if (web_ask(self->web, table->question, args, WEB_NODE_MS, on_row, on_done) == HOTLINE_OK) {
        table->asking = true;
        return;
    }
    json_decref(asked->rows);
    free(asked);
}

void view_look_again(struct view *self)
{
    self->changed = true;
}

void view_tick(struct view *self, uint64_t now_us)
{
    if (!streams_any(&self->web->http, STREAM_VIEW, ""))
        return;
    bool changed = self->changed;
    self->changed = false;
    for (size_t i = 0; i < TABLES; i++) {
        struct table *table = &self->tables[i];
        bool of_calls = table->question == HOTLINE_CALLS || table->question == HOTLINE_AGENTS;
        if (changed && of_calls && table->next_us > table->asked_us + AGAIN_US)
            table->next_us = table->asked_us + AGAIN_US;
        if (!table->asking && now_us >= table->next_us)
            ask(self, table, now_us);
    }
}

void view_events(struct request *request)
{
    struct view *self = request->web->view;
    struct stream *stream = stream_open(request, STREAM_VIEW, "");
    if (stream == NULL)
        return;
    json_t *all = json_object();
    for (size_t i = 0; i < TABLES; i++) {
        json_t *list = json_array(), *row;
        const char *key;
        json_object_foreach(self->tables[i].rows, key, row) json_array_append(list, row);
        json_object_set_new(all, self->tables[i].name, list);
    }
    json_object_set_new(all, "now_ms", json_integer((json_int_t)wall_ms()));
    char *text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(10));
    stream_say(stream, "snapshot", NULL, text);
    free(text);
    json_decref(all);
}

struct view *view_create(struct web *web)
{
    struct view *self = check_alloc(sizeof *self);
    self->web = web;
    memcpy(self->tables, tables_of_view, sizeof self->tables);
    for (size_t i = 0; i < TABLES; i++)
        self->tables[i].rows = json_object();
    return self;
}

void view_free(struct view *self)
{
    for (size_t i = 0; self != NULL && i < TABLES; i++)
        json_decref(self->tables[i].rows);
    free(self);
}
