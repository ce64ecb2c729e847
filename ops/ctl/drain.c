// drain: a node hands its clients over and takes no new ones. Goes to the node named by itself.
#include "ops/common/output.h"
#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"

#include <stdio.h>

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
    int status = ask_named(globals, undo ? HOTLINE_UNDRAIN : HOTLINE_DRAIN, names.items[0]);
    if (status == EXIT_DONE)
        say_done(globals->json, names.items[0], undo);
    return status;
}
