#include "ops/ctl/change.h"

#include "node/directory/directory_yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOPS_MAX 3  // from node to node, looking for the primary

void change_on_export(void *to, const struct hotline_row *row)
{
    struct version_at *at = to;
    if (row->type != HOTLINE_ROW_EXPORT)
        return;
    bytes_clear(&at->encoded);
    bytes_append(&at->encoded, row->export_.data, row->export_.bytes);
    at->claim = row->export_.claim;
    at->revision = row->export_.revision;
}

int change_fetch(struct ask *ask, struct version_at *at)
{
    bytes_clear(&at->encoded);
    at->claim = at->revision = 0;
    int status = ask_rows(ask, HOTLINE_EXPORT, NULL, change_on_export, at);
    if (status == EXIT_REFUSED && strcmp(ask->reason, "no_directory") == 0)
        status = EXIT_DONE;
    return status;
}

static struct span span_of(const struct bytes *bytes)
{
    return (struct span){bytes->data, bytes->count};
}

static int print_problems(const char *name, const struct problems *problems)
{
    for (uint32_t i = 0; i < problems->count; i++)
        fprintf(stderr, "%s\n", problems->lines[i]);
    uint64_t all = (uint64_t)problems->count + problems->dropped;
    return output_fail(EXIT_REFUSED, "%s: %llu error%s, nothing was changed", name, (unsigned long long)all,
                       all == 1 ? "" : "s");
}

static void change_close(struct change *self)
{
    bytes_close(&self->before.encoded);
    bytes_close(&self->after);
    free(self->diff);
}

// What the command makes of the directory that this node has.
static int change_prepare(struct change *self, struct ask *ask)
{
    int status = change_fetch(ask, &self->before);
    if (status != EXIT_DONE)
        return ask_complain(ask);
    struct problems problems;
    problems_init(&problems);
    bytes_clear(&self->after);
    if (!self->make(self->what, span_of(&self->before.encoded), &self->after, &problems))
        status = print_problems(self->name, &problems);
    problems_close(&problems);
    if (status != EXIT_DONE)
        return status;
    free(self->diff);
    self->diff = NULL;
    FILE *text = open_memstream(&self->diff, &self->diff_bytes);
    check(text);
    bool good = directory_diff(span_of(&self->before.encoded), span_of(&self->after), text, &self->changes);
    fclose(text);
    if (!good)
        return output_fail(EXIT_REFUSED, "%s: the node's directory cannot be read", self->name);
    return EXIT_DONE;
}

static void change_print(const struct change *self)
{
    if (!self->json) {
        fwrite(self->diff, 1, self->diff_bytes, stdout);
        printf("%zu change%s%s\n", self->changes, self->changes == 1 ? "" : "s", self->dry_run ? ", none made" : "");
        fflush(stdout);
        return;
    }
    for (char *line = self->diff, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            break;
        *end = 0;
        output_event(true, "change", json_pack("{s:o}", "change", output_text(line)));
    }
}

static void change_say(const struct change *self, const char *event, const char *node, uint64_t claim,
                       uint64_t revision)
{
    json_t *fields = json_pack("{s:I, s:I, s:I}", "changes", (json_int_t)self->changes, "claim", (json_int_t)claim,
                               "revision", (json_int_t)revision);
    json_object_set_new(fields, "node", output_text(node));
    output_event(self->json, event, fields);
}

static void on_applied(void *to, const struct hotline_row *row)
{
    struct version_at *at = to;
    if (row->type == HOTLINE_ROW_APPLIED) {
        at->claim = row->applied.claim;
        at->revision = row->applied.revision;
    }
}

// One attempt at one node. *ret_elsewhere: not this node, but that one.
static int change_try(struct change *self, struct ask *ask, bool *ret_elsewhere)
{
    *ret_elsewhere = false;
    int status = change_prepare(self, ask);
    if (status != EXIT_DONE)
        return status;
    if (self->dry_run) {
        change_print(self);
        return EXIT_DONE;
    }
    if (self->changes == 0 && self->before.claim > 0 && !self->force) {
        change_say(self, "unchanged", ask->node, self->before.claim, self->before.revision);
        return EXIT_DONE;
    }
    struct version_at applied = {0};
    status = ask_apply(ask, self->after.data, self->after.count, self->before.claim, self->before.revision, self->force,
                       on_applied, &applied);
    if (status == EXIT_DONE) {
        if (!self->json)
            change_print(self);
        change_say(self, "applied", ask->node, applied.claim, applied.revision);
    } else if (status == EXIT_REFUSED && strcmp(ask->reason, "not_primary") == 0 && ask->elsewhere[0]) {
        *ret_elsewhere = true;
    } else {
        ask_complain(ask);
    }
    return status;
}

int change_run(struct change *self, struct globals *globals)
{
    self->json = globals->json;
    char nodes[512] = "";
    int status = EXIT_REFUSED;
    for (int hop = 0; hop < HOPS_MAX; hop++) {
        struct ask ask;
        bool elsewhere = false;
        if (!ask_open(&ask, globals, hop == 0 ? globals->nodes : nodes))
            break;
        status = change_try(self, &ask, &elsewhere);
        if (hop > 0 && status == EXIT_NO_NODE)
            status = output_fail(EXIT_REFUSED, "the directory's primary is away: until it is back or moved, the "
                                               "directory is read-only");
        if (elsewhere)
            snprintf(nodes, sizeof nodes, "%s", ask.elsewhere);
        if (elsewhere && hop + 1 == HOPS_MAX)
            ask_complain(&ask);
        ask_close(&ask);
        if (!elsewhere)
            break;
    }
    change_close(self);
    return status;
}
