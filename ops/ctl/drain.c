// drain: a node hands its clients over and takes no new ones. Goes to the node named by itself.
#include "ops/common/output.h"
#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"

#include <stdio.h>
#include <string.h>

static void on_row(void *to, const struct hotline_row *row)
{
    (void)to;  // there is nothing to tell but that it is done
    (void)row;
}

static void say_done(bool json, const char *node, bool undo)
{
    if (!json) {
        printf("%s %s\n", node, undo ? "takes clients again" : "hands its clients over and takes no new ones");
        return;
    }
    struct output_table line;
    output_table_open(&line, true, NULL);
    output_table_add(&line, json_pack("{s:s, s:b}", "node", node, "draining", !undo));
    output_table_close(&line);
}

int ctl_drain(struct globals *globals, char **words, size_t count)
{
    struct args_list names = {0};
    bool undo = false;
    const struct args_option options[] = {{"--undo", ARGS_FLAG, &undo, 0}, {0}};
    struct args_command command = {.name = "drain",
                                   .usage = "drain NODE [--undo]",
                                   .options = options,
                                   .operand = "NODE",
                                   .operands = &names,
                                   .operands_min = 1,
                                   .operands_max = 1};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct hotline_question_args args = {.node = names.items[0]};
    char nodes[512];
    snprintf(nodes, sizeof nodes, "%s", globals->nodes);
    int status = EXIT_REFUSED;
    for (bool goes_on = true, first = true; goes_on; first = false) {
        struct ask ask;
        if (!ask_open(&ask, globals, nodes))
            return EXIT_WRONG_USAGE;
        status = ask_rows(&ask, undo ? HOTLINE_UNDRAIN : HOTLINE_DRAIN, &args, on_row, NULL);
        goes_on = first && status == EXIT_REFUSED && strcmp(ask.reason, "other_node") == 0 && ask.elsewhere[0];
        if (goes_on)
            snprintf(nodes, sizeof nodes, "%s", ask.elsewhere);
        else if (status == EXIT_DONE)
            say_done(globals->json, args.node, undo);
        else
            ask_complain(&ask);
        ask_close(&ask);
    }
    return status;
}
