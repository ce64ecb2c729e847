// Asking a node and waiting for the answer, for commands that do one thing and end.
#ifndef OPS_CTL_ASK_H
#define OPS_CTL_ASK_H

#include "cluster/base/check.h"
#include "ops/common/args.h"
#include "ops/common/loop.h"
#include "ops/common/output.h"

#include <hotline/query.h>

#include <stdbool.h>

#define ASK_APPLY_MS 15000

typedef void ask_row(void *to, const struct hotline_row *row);

struct ask {
    const char *nodes;
    bool keyed;
    struct loop loop;
    struct hotline_context *context;
    struct hotline_client *query;
    ask_row *on_row;
    void *row_to;
    // of the last question
    bool done;
    int status;  // EXIT_DONE, EXIT_REFUSED or EXIT_NO_NODE
    char node[128];
    char reason[128];
    char detail[1024];
    char elsewhere[512];
    json_t *errors;  // of an apply: every one
};

// Will ask the first of `nodes` (lent) that answers, with the key that the globals name. False: said on stderr.
MUST_USE bool ask_open(struct ask *self, const struct globals *globals, const char *nodes);
void ask_close(struct ask *self);
// Asks and waits; on_row(to, row) for each row. Returns the exit status; says nothing.
int ask_rows(struct ask *self, enum hotline_question question, const struct hotline_question_args *args,
             ask_row *on_row, void *to);
int ask_apply(struct ask *self, const void *directory, size_t bytes, uint64_t over_claim, uint64_t over_revision,
              bool force, ask_row *on_row, void *to);
// Asks the node named, wherever it is, what only itself can be asked. Returns the exit status; says on stderr what went
// wrong.
int ask_named(const struct globals *globals, enum hotline_question question, const char *node);
// Says on stderr why the last question was not answered as wished; returns its status.
int ask_complain(const struct ask *self);

#endif
