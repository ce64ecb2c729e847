// Questions whose rows are wanted as JSON.
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/web.h"

#include <stdlib.h>

struct inquiry {
    struct web *web;
    json_t *rows;
    inquiry_done *done;
    void *user;
};

static void on_row(void *user, const struct hotline_row *row)
{
    struct inquiry *self = user;
    json_array_append_new(self->rows, rows_json(row));
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct inquiry *self = user;
    self->done(self->web, self->user, self->rows, answer);
    json_decref(self->rows);
    free(self);
}

enum hotline_result inquire(struct web *web, enum hotline_question question, struct hotline_question_args args,
                            inquiry_done *done, void *user)
{
    struct inquiry *self = check_alloc(sizeof *self);
    *self = (struct inquiry){.web = web, .rows = json_array(), .done = done, .user = user};
    args.user = self;
    enum hotline_result result = hotline_ask(web->query, question, &args, WEB_NODE_MS, on_row, on_done);
    if (result != HOTLINE_OK) {
        json_decref(self->rows);
        free(self);
    }
    return result;
}

void inquire_for(struct request *request, enum hotline_question question, struct hotline_question_args args,
                 inquiry_done *done)
{
    enum hotline_result result = inquire(request->web, question, args, done, request);
    if (result != HOTLINE_OK)
        reply_result(request, result, "the question");
}
