#include "ops/ctl/ask.h"

#include "ops/common/credentials.h"

#include <stdio.h>
#include <string.h>

static void ask_on_row(void *user, const struct hotline_row *row)
{
    struct ask *self = user;
    self->on_row(self->row_to, row);
}

static void ask_on_done(void *user, const struct hotline_answer *answer)
{
    struct ask *self = user;
    self->done = true;
    switch (answer->result) {
    case HOTLINE_ANSWER_DONE:
        self->status = EXIT_DONE;
        break;
    case HOTLINE_ANSWER_REFUSED:
        self->status = EXIT_REFUSED;
        break;
    case HOTLINE_ANSWER_NO_NODE:
        self->status = EXIT_NO_NODE;
        break;
    }
    snprintf(self->node, sizeof self->node, "%s", answer->node ? answer->node : "");
    snprintf(self->reason, sizeof self->reason, "%s", answer->reason ? answer->reason : "");
    snprintf(self->detail, sizeof self->detail, "%s", answer->detail ? answer->detail : "");
    snprintf(self->elsewhere, sizeof self->elsewhere, "%s", answer->elsewhere ? answer->elsewhere : "");
    json_decref(self->errors);
    self->errors = output_list(answer->errors);
}

bool ask_open(struct ask *self, const struct globals *globals, const char *nodes)
{
    struct credentials key;
    if (!credentials_find_asker(globals, &key)) {
        *self = (struct ask){.loop = {.epoll = -1, .signals = -1}};
        return false;
    }
    *self = (struct ask){.nodes = nodes, .status = EXIT_NO_NODE};
    loop_open(&self->loop);
    self->context = hotline_context_create();
    check(self->context);
    enum hotline_result result = HOTLINE_OK;
    struct hotline_query_options options = {.nodes = nodes, .key_file = credentials_file(&key), .user = self};
    self->keyed = options.key_file != NULL;
    self->query = hotline_query_create(self->context, &options, &result);
    if (!self->query) {
        if (result == HOTLINE_BAD_KEY)
            output_fail(EXIT_WRONG_USAGE, "%s: %s", key.path, hotline_result_text(result));
        else
            output_fail(EXIT_WRONG_USAGE, "--nodes: '%s': %s", nodes, hotline_result_text(result));
        ask_close(self);
        return false;
    }
    loop_add(&self->loop, self->query);
    return true;
}

void ask_close(struct ask *self)
{
    if (self->query) {
        loop_remove(&self->loop, self->query);
        hotline_client_free(self->query);
    }
    if (self->context)
        hotline_context_free(self->context);
    json_decref(self->errors);
    loop_close(&self->loop);
    *self = (struct ask){.loop = {.epoll = -1, .signals = -1}};
}

static int ask_wait(struct ask *self, enum hotline_result result)
{
    if (result != HOTLINE_OK) {
        self->status = EXIT_REFUSED;
        snprintf(self->detail, sizeof self->detail, "%s", hotline_result_text(result));
        return self->status;
    }
    while (!self->done && !self->loop.stopping)
        loop_turn(&self->loop, UINT64_MAX);
    if (!self->done) {
        self->status = EXIT_REFUSED;
        snprintf(self->detail, sizeof self->detail, "interrupted");
    }
    return self->status;
}

static void ask_begin(struct ask *self, ask_row *on_row, void *to)
{
    self->on_row = on_row;
    self->row_to = to;
    self->done = false;
    self->reason[0] = self->detail[0] = self->elsewhere[0] = 0;
}

int ask_rows(struct ask *self, enum hotline_question question, const struct hotline_question_args *args,
             ask_row *on_row, void *to)
{
    ask_begin(self, on_row, to);
    return ask_wait(self, hotline_ask(self->query, question, args, LOOP_FIRST_NODE_MS, ask_on_row, ask_on_done));
}

int ask_apply(struct ask *self, const void *directory, size_t bytes, uint64_t over_claim, uint64_t over_revision,
              bool force, ask_row *on_row, void *to)
{
    ask_begin(self, on_row, to);
    return ask_wait(self, hotline_apply(self->query, directory, bytes, over_claim, over_revision, force, ASK_APPLY_MS,
                                        ask_on_row, ask_on_done));
}

static void ignore_row(void *to, const struct hotline_row *row)
{
    (void)to;  // there is nothing to tell but that it is done
    (void)row;
}

int ask_named(const struct globals *globals, enum hotline_question question, const char *node)
{
    struct hotline_question_args args = {.node = node};
    char nodes[512];
    snprintf(nodes, sizeof nodes, "%s", globals->nodes);
    int status = EXIT_REFUSED;
    for (bool goes_on = true, first = true; goes_on; first = false) {
        struct ask ask;
        if (!ask_open(&ask, globals, nodes))
            return EXIT_WRONG_USAGE;
        status = ask_rows(&ask, question, &args, ignore_row, NULL);
        goes_on = first && status == EXIT_REFUSED && strcmp(ask.reason, "other_node") == 0 && ask.elsewhere[0];
        if (goes_on)
            snprintf(nodes, sizeof nodes, "%s", ask.elsewhere);
        else if (status != EXIT_DONE)
            ask_complain(&ask);
        ask_close(&ask);
    }
    return status;
}

int ask_complain(const struct ask *self)
{
    if (self->status == EXIT_NO_NODE)
        return output_fail(EXIT_NO_NODE, "no node answers at %s%s", self->nodes,
                           self->keyed ? " (nor would one to a key that it does not know)" : "");
    if (self->status != EXIT_REFUSED)
        return self->status;
    size_t index;
    json_t *error;
    json_array_foreach(self->errors, index, error) fprintf(stderr, "%s\n", json_string_value(error));
    return output_fail(EXIT_REFUSED, "%s%s%s", self->detail, self->reason[0] ? ": " : "", self->reason);
}
