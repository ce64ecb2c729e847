// events: every change of a call or an agent, from a cursor on. Goes on at the next node when one dies.
#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"
#include "ops/common/rows.h"

#include <stdlib.h>
#include <string.h>

#define POLL_US 200000

struct events {
    bool json;
    char *cursor;
    bool more;
};

static void print_for_people(json_t *event)
{
    static const char *const keys[] = {"agent", "call", "reason", "from", "queue", "disposition", "owner", "seq"};
    json_t *fields = json_object();
    const char *kind = json_string_value(json_object_get(event, "kind"));
    json_object_set(fields, kind, json_object_get(event, kind));
    json_object_set(fields, "state", json_object_get(event, "state"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(event, keys[i]);
        bool empty = json_is_string(value) && json_string_length(value) == 0;
        if (value && !empty && strcmp(keys[i], kind) != 0)
            json_object_set(fields, keys[i], value);
    }
    output_event(false, kind, fields);
    json_decref(event);
}

static void on_row(void *to, const struct hotline_row *row)
{
    struct events *self = to;
    if (row->type == HOTLINE_ROW_CURSOR) {
        free(self->cursor);
        self->cursor = check_strdup(row->cursor.cursor);
        self->more = row->cursor.more;
    } else if (row->type == HOTLINE_ROW_EVENT) {
        json_t *event = rows_json(row);
        if (!self->json) {
            print_for_people(event);
            return;
        }
        struct output_table line;
        output_table_open(&line, true, NULL);
        output_table_add(&line, event);
        output_table_close(&line);
    }
}

static int follow(struct events *self, struct ask *ask, struct hotline_question_args *args, bool once)
{
    for (;;) {
        self->more = false;
        args->since = self->cursor;
        int status = ask_rows(ask, HOTLINE_EVENTS, args, on_row, self);
        if (ask->loop.stopping)
            return EXIT_DONE;
        // A follower outlasts the time in which no node answers; what asks once does not.
        if (status != EXIT_DONE && (once || status != EXIT_NO_NODE))
            return ask_complain(ask);
        if (once && !self->more)
            return EXIT_DONE;
        for (uint64_t until_us = loop_now_us() + POLL_US; !self->more && loop_now_us() < until_us;) {
            loop_turn(&ask->loop, until_us);
            if (ask->loop.stopping)
                return EXIT_DONE;
        }
    }
}

int ctl_events(struct globals *globals, char **words, size_t count)
{
    const char *since = "";
    bool once = false;
    struct hotline_question_args args = {0};
    const struct args_option options[] = {{"--since", ARGS_TEXT, &since, 0},
                                          {"--number", ARGS_TEXT, &args.number, 0},
                                          {"--once", ARGS_FLAG, &once, 0},
                                          {"--show-numbers", ARGS_FLAG, &args.show_numbers, 0},
                                          {0}};
    struct args_command command = {.name = "events",
                                   .usage = "events [--since CURSOR | --since now] [--number NUMBER] [--once] "
                                            "[--show-numbers]",
                                   .options = options};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct ask ask;
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    struct events events = {.json = globals->json, .cursor = check_strdup(since)};
    int status = follow(&events, &ask, &args, once);
    if (status == EXIT_DONE && once && globals->json)
        output_event(true, "cursor", json_pack("{s:o}", "cursor", output_text(events.cursor)));
    free(events.cursor);
    ask_close(&ask);
    return status;
}
