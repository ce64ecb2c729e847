// Questions: each is answered once, though hotline-web stops; and those whose rows are wanted as JSON.
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/web.h"

#include <stdlib.h>
#include <utlist.h>

struct web_question {
    struct web *web;
    struct web_question *prev, *next;
    hotline_row_callback *on_row;
    hotline_done_callback *on_done;
    void *user;
};

static void on_question_row(void *user, const struct hotline_row *row)
{
    struct web_question *self = user;
    self->on_row(self->user, row);
}

static void on_question_done(void *user, const struct hotline_answer *answer)
{
    struct web_question *self = user;
    DL_DELETE(self->web->questions, self);
    self->on_done(self->user, answer);
    free(self);
}

enum hotline_result web_ask(struct web *web, enum hotline_question question, struct hotline_question_args args,
                            uint32_t timeout_ms, hotline_row_callback *on_row, hotline_done_callback *on_done)
{
    if (web->going)
        return HOTLINE_WRONG_STATE;
    struct web_question *self = check_alloc(sizeof *self);
    *self = (struct web_question){.web = web, .on_row = on_row, .on_done = on_done, .user = args.user};
    args.user = self;
    DL_APPEND(web->questions, self);
    enum hotline_result result =
        hotline_ask(web->query, question, &args, timeout_ms, on_question_row, on_question_done);
    if (result != HOTLINE_OK) {
        DL_DELETE(web->questions, self);
        free(self);
    }
    return result;
}

void web_give_up(struct web *web)
{
    static const char *const none[] = {NULL};
    static const struct hotline_answer going = {.result = HOTLINE_ANSWER_REFUSED,
                                                .reason = "going",
                                                .detail = WEB_GOING,
                                                .node = "",
                                                .elsewhere = "",
                                                .errors = none};
    web->going = true;
    while (web->questions != NULL)
        on_question_done(web->questions, &going);
    directory_give_up(web);
}

// ---- rows as JSON

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
    enum hotline_result result = web_ask(web, question, args, WEB_NODE_MS, on_row, on_done);
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
