// apply and export: the directory in and out. apply goes to the directory's primary by itself.
#include "ops/ctl/change.h"
#include "ops/ctl/ctl.h"

#include "node/directory/directory_yaml.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_files(void *what, struct span before, struct bytes *ret_after, struct problems *problems)
{
    const struct args_list *files = what;
    return directory_yaml_read(files->items, files->count, before, ret_after, problems);
}

int ctl_apply(struct globals *globals, char **words, size_t count)
{
    struct args_list files = {0};
    struct change change = {.make = read_files, .what = &files, .name = "apply"};
    const struct args_option options[] = {{"-f", ARGS_FILES, &files, 0},
                                          {"--force", ARGS_FLAG, &change.force, 0},
                                          {"--dry-run", ARGS_FLAG, &change.dry_run, 0},
                                          {0}};
    struct args_command command = {
        .name = "apply", .usage = "apply -f FILE... [--dry-run] [--force]", .options = options};
    if (!args_parse(&command, globals, words, count))
        return EXIT_WRONG_USAGE;
    if (files.count == 0)
        return args_wrong(&command, "-f FILE... is missing");
    if (!ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    return change_run(&change, globals);
}

int ctl_export(struct globals *globals, char **words, size_t count)
{
    struct args_command command = {.name = "export", .usage = "export"};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct ask ask;
    struct version_at at = {0};
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    int status = ask_rows(&ask, HOTLINE_EXPORT, NULL, change_on_export, &at);
    char *yaml = NULL;
    size_t yaml_bytes = 0;
    FILE *text = open_memstream(&yaml, &yaml_bytes);
    check(text);
    if (status != EXIT_DONE)
        ask_complain(&ask);
    else if (!directory_yaml_write((struct span){at.encoded.data, at.encoded.count}, text))
        status = output_fail(EXIT_REFUSED, "export: the node's directory cannot be read");
    fclose(text);
    if (status == EXIT_DONE && globals->json) {
        json_t *fields = json_pack("{s:I, s:I, s:o}", "claim", (json_int_t)at.claim, "revision",
                                   (json_int_t)at.revision, "yaml", output_text(yaml));
        struct output_table line;
        output_table_open(&line, true, NULL);
        output_table_add(&line, fields);
        output_table_close(&line);
    } else if (status == EXIT_DONE && (fwrite(yaml, 1, yaml_bytes, stdout) != yaml_bytes || fflush(stdout) != 0)) {
        status = output_fail(EXIT_REFUSED, "export: the output cannot be written");
    }
    free(yaml);
    bytes_close(&at.encoded);
    ask_close(&ask);
    return status;
}
