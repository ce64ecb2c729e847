// explain CALL: where the caller was taken to be and why, every offer, and the times.
#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"
#include "ops/common/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void on_row(void *to, const struct hotline_row *row)
{
    json_t *story = to;
    if (row->type == HOTLINE_ROW_EXPLAIN)
        json_object_update_new(story, rows_json(row));
    else if (row->type == HOTLINE_ROW_OFFERED)
        json_array_append_new(json_object_get(story, "offers"), rows_json(row));
}

static void print_time(const char *what, int64_t wall_ms, int64_t since_ms)
{
    if (wall_ms == 0)
        return;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &utc));
    printf("  %-10s %s.%03d UTC", what, text, (int)(wall_ms % 1000));
    if (since_ms > 0)
        printf("  (%+" PRId64 " ms)", wall_ms - since_ms);
    putchar('\n');
}

static const char *why_there(const char *placed_by)
{
    if (strcmp(placed_by, "coordinates") == 0)
        return "the gateway gave coordinates";
    if (strcmp(placed_by, "country") == 0)
        return "the gateway named the country";
    if (strcmp(placed_by, "prefix") == 0)
        return "the number's prefix";
    if (strcmp(placed_by, "gateway_site") == 0)
        return "the gateway's own site";
    return "nothing says where: distance counts from the node's site";
}

static void print_place(const json_t *story)
{
    printf("placed     ");
    if (json_is_number(json_object_get(story, "lat")))
        printf("%.4f,%.4f %s, ", json_number_value(json_object_get(story, "lat")),
               json_number_value(json_object_get(story, "lon")), text_of(story, "country"));
    printf("by %s (%s)\n", text_of(story, "placed_by"), why_there(text_of(story, "placed_by")));
}

static void print_list(const char *title, const json_t *list)
{
    size_t index;
    json_t *item;
    if (json_array_size(list) == 0)
        return;
    printf("%-10s", title);
    json_array_foreach(list, index, item) printf(" %s", json_string_value(item));
    putchar('\n');
}

static void print_offers(const json_t *story)
{
    static const struct output_column columns[] = {{"n", "N", 1, 0},
                                                   {"agent", "AGENT", 0, 0},
                                                   {"site", "SITE", 0, 0},
                                                   {"node", "BY NODE", 0, 0},
                                                   {"rank", "RANK", 1, 0},
                                                   {"km", "KM", 1, 0},
                                                   {"eligible", "ELIGIBLE", 1, 0},
                                                   {"invited", "INVITED", 0, 0},
                                                   {"after_ms", "AFTER", 1, " ms"},
                                                   {"outcome", "OUTCOME", 0, 0},
                                                   {"took_ms", "TOOK", 1, " ms"},
                                                   {"detail", "WHY", 0, 0},
                                                   {0}};
    const json_t *offers = json_object_get(story, "offers");
    size_t index;
    json_t *offer;
    struct output_table table;
    output_table_open(&table, false, columns);
    json_array_foreach(offers, index, offer)
    {
        json_t *row = json_copy(offer);
        int64_t at_ms = number_of(offer, "at_ms"), end_ms = number_of(offer, "outcome_at_ms");
        json_object_set_new(row, "after_ms", json_integer(at_ms - number_of(story, "queued_ms")));
        if (end_ms > 0)
            json_object_set_new(row, "took_ms", json_integer(end_ms - at_ms));
        if (!json_is_true(json_object_get(offer, "invited")))
            json_object_set_new(row, "invited", json_string("no"));
        output_table_add(&table, row);
    }
    printf("\noffers     %" PRId64 " made, %" PRId64 " of them only counted\n", number_of(story, "offers_made"),
           number_of(story, "offers_dropped"));
    if (json_array_size(offers) > 0)
        output_table_close(&table);
    else
        json_decref(table.rows);
}

static void print_call_back(const json_t *story)
{
    if (text_of(story, "redials")[0])
        printf("place      of lost call %s, whose caller dialled again\n", text_of(story, "redials"));
    if (text_of(story, "called_back_by")[0])
        printf("call-back  %s\n", text_of(story, "called_back_by"));
    if (!text_of(story, "call_back")[0])
        return;
    printf("call-back  of %s, dialled %" PRId64 " times in vain%s\n", text_of(story, "call_back"),
           number_of(story, "tries"),
           json_is_true(json_object_get(story, "rests")) ? ", rests before it is offered again" : "");
    print_time("owed", number_of(story, "owed_ms"), 0);
    if (text_of(story, "last_try")[0])
        printf("  last try   %s%s%s\n", text_of(story, "last_try"), text_of(story, "last_try_text")[0] ? ": " : "",
               text_of(story, "last_try_text"));
}

static void print_story(const json_t *story)
{
    int64_t queued_ms = number_of(story, "queued_ms");
    const char *number = text_of(story, "from");
    printf("call       %s\n", text_of(story, "call"));
    printf("from       %s, through gateway %s\n", number[0] ? number : "a withheld number", text_of(story, "gateway"));
    print_place(story);
    printf("queue      %s%s%s\n", text_of(story, "queue"), text_of(story, "dialled")[0] ? ", dialled " : "",
           text_of(story, "dialled"));
    print_list("speaks", json_object_get(story, "languages"));
    print_list("needs", json_object_get(story, "skills"));
    printf("state      %s%s%s%s%s\n", text_of(story, "state"), text_of(story, "reason")[0] ? ": " : "",
           text_of(story, "reason"), text_of(story, "detail")[0] ? ", " : "", text_of(story, "detail"));
    if (text_of(story, "agent")[0])
        printf("agent      %s at %s\n", text_of(story, "agent"), text_of(story, "site"));
    print_call_back(story);
    printf("owner      %s, on stable storage at %" PRId64 " nodes when last acknowledged\n", text_of(story, "owner"),
           number_of(story, "copies"));
    printf("times\n");
    print_time("born", number_of(story, "born_ms"), 0);
    print_time("queued", queued_ms, 0);
    print_time("rang", number_of(story, "ringing_ms"), queued_ms);
    print_time("connected", number_of(story, "connected_ms"), queued_ms);
    print_time("ended", number_of(story, "ended_ms"), queued_ms);
    print_offers(story);
    fflush(stdout);
}

int ctl_explain(struct globals *globals, char **words, size_t count)
{
    struct args_list calls = {0};
    struct hotline_question_args args = {0};
    const struct args_option options[] = {{"--show-numbers", ARGS_FLAG, &args.show_numbers, 0}, {0}};
    struct args_command command = {.name = "explain",
                                   .usage = "explain CALL [--show-numbers]",
                                   .options = options,
                                   .operand = "CALL",
                                   .operands = &calls,
                                   .operands_min = 1,
                                   .operands_max = 1};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct ask ask;
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    json_t *story = json_pack("{s:[]}", "offers");
    args.call = calls.items[0];
    int status = ask_rows(&ask, HOTLINE_EXPLAIN, &args, on_row, story);
    if (status != EXIT_DONE) {
        ask_complain(&ask);
    } else if (globals->json) {
        // The offers come last, as they happened last.
        json_t *offers = json_incref(json_object_get(story, "offers"));
        json_object_del(story, "offers");
        json_object_set_new(story, "offers", offers);
        struct output_table line;
        output_table_open(&line, true, NULL);
        output_table_add(&line, json_incref(story));
        output_table_close(&line);
    } else {
        print_story(story);
    }
    json_decref(story);
    ask_close(&ask);
    return status;
}
