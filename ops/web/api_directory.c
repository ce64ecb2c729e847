// The directory, for administrators: read as YAML, written over the version that was read.
#include "cluster/base/problem.h"
#include "node/directory/directory_yaml.h"
#include "ops/common/credentials.h"
#include "ops/common/output.h"
#include "ops/web/reply.h"
#include "ops/web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#define APPLY_MS 15000
#define HOPS_MAX 2  // to the primary

struct directory_task {  // the directory as a node has it
    struct web *web;
    struct directory_task *prev, *next;
    struct request *request;
    struct bytes encoded;
    uint64_t claim, revision;
    // of a PUT
    char *yaml;
    bool force;
    struct bytes after;
    struct hotline_client *client;  // of its own: an apply goes to the primary, whoever that is
    int hops;
};

static struct directory_task *task_create(struct request *request)
{
    struct directory_task *self = check_alloc(sizeof *self);
    self->web = request->web;
    self->request = request;
    DL_APPEND(self->web->directory_tasks, self);
    return self;
}

static void close_client(struct directory_task *self)
{
    if (self->client == NULL)
        return;
    loop_remove(&self->web->loop, self->client);
    hotline_client_free(self->client);
    self->client = NULL;
}

static void task_free(struct directory_task *self)
{
    DL_DELETE(self->web->directory_tasks, self);
    close_client(self);
    bytes_close(&self->encoded);
    bytes_close(&self->after);
    free(self->yaml);
    free(self);
}

void directory_give_up(struct web *web)
{
    while (web->directory_tasks != NULL) {
        reply_problem(web->directory_tasks->request, 503, "going", WEB_GOING);
        task_free(web->directory_tasks);
    }
}

static void on_export(void *user, const struct hotline_row *row)
{
    struct directory_task *self = user;
    if (row->type == HOTLINE_ROW_EXPORT) {
        bytes_clear(&self->encoded);
        bytes_append(&self->encoded, row->export_.data, row->export_.bytes);
        self->claim = row->export_.claim;
        self->revision = row->export_.revision;
    } else if (row->type == HOTLINE_ROW_APPLIED) {
        self->claim = row->applied.claim;
        self->revision = row->applied.revision;
    }
}

static struct span span_of(const struct bytes *bytes)
{
    return (struct span){bytes->data, bytes->count};
}

static bool ask_export(struct directory_task *self, hotline_done_callback *done)
{
    struct hotline_question_args args = {.user = self};
    struct hotline_client *query = self->client != NULL ? self->client : self->web->query;
    enum hotline_result result = hotline_ask(query, HOTLINE_EXPORT, &args, WEB_NODE_MS, on_export, done);
    if (result != HOTLINE_OK)
        reply_result(self->request, result, "the question");
    return result == HOTLINE_OK;
}

static void on_read(void *user, const struct hotline_answer *answer)
{
    struct directory_task *self = user;
    char *yaml = NULL;
    size_t bytes = 0;
    FILE *text = open_memstream(&yaml, &bytes);
    check(text);
    bool good = answer->result == HOTLINE_ANSWER_DONE && directory_yaml_write(span_of(&self->encoded), text);
    fclose(text);
    if (answer->result != HOTLINE_ANSWER_DONE)
        reply_refusal(self->request, answer);
    else if (!good)
        reply_problem(self->request, 502, "malformed", "the node's directory cannot be read");
    else
        reply_json(self->request, 200,
                   json_pack("{s:I, s:I, s:o}", "claim", (json_int_t)self->claim, "revision",
                             (json_int_t)self->revision, "yaml", output_text(yaml)));
    free(yaml);
    task_free(self);
}

void directory_get(struct request *request)
{
    struct directory_task *self = task_create(request);
    if (!ask_export(self, on_read))
        task_free(self);
}

// ---- writing

static void on_before(void *user, const struct hotline_answer *answer);

// Begins at those nodes: false: the request is answered.
static bool begin_at(struct directory_task *self, const char *nodes)
{
    struct web *web = self->web;
    close_client(self);
    struct credentials key;
    if (credentials_find_asker(&web->globals, &key)) {
        struct hotline_query_options options = {.nodes = nodes, .key_file = credentials_file(&key), .user = self};
        self->client = hotline_query_create(web->context, &options, NULL);
    }
    if (self->client == NULL) {
        reply_problem(self->request, 503, "no_primary", "the directory's primary cannot be reached");
        return false;
    }
    loop_add(&web->loop, self->client);
    self->hops++;
    return ask_export(self, on_before);
}

static void on_applied(void *user, const struct hotline_answer *answer)
{
    struct directory_task *self = user;
    if (answer->result == HOTLINE_ANSWER_DONE) {
        reply_json(self->request, 200,
                   json_pack("{s:I, s:I}", "claim", (json_int_t)self->claim, "revision", (json_int_t)self->revision));
    } else if (answer->result == HOTLINE_ANSWER_REFUSED && strcmp(answer->reason, "not_primary") == 0 &&
               answer->elsewhere[0] != '\0' && self->hops < HOPS_MAX) {
        char primary[512];
        snprintf(primary, sizeof primary, "%s", answer->elsewhere);  // lent by the client that is freed now
        if (begin_at(self, primary))
            return;
    } else {
        reply_refusal(self->request, answer);
    }
    task_free(self);
}

static json_t *lines_of(const struct problems *problems, const char *file)
{
    json_t *lines = json_array();
    size_t bytes = strlen(file);
    for (uint32_t i = 0; i < problems->count; i++) {
        const char *line = problems->lines[i];
        bool named = strncmp(line, file, bytes) == 0 && line[bytes] == ':';  // the file is of our making
        json_array_append_new(lines, output_text(named ? line + bytes + 1 : line));
    }
    return lines;
}

static bool read_yaml(struct directory_task *self)
{
    char file[] = "/tmp/hotline-web-XXXXXX";
    const char *const files[] = {file};
    int fd = mkstemp(file);
    struct problems problems;
    bool good = fd >= 0;
    for (size_t done = 0, all = strlen(self->yaml); good && done < all;) {
        ssize_t written = write(fd, self->yaml + done, all - done);
        good = written > 0;
        done += good ? (size_t)written : 0;
    }
    if (fd >= 0)
        close(fd);
    if (!good) {
        reply_problem(self->request, 500, "no_space", "the directory cannot be laid down for reading");
        unlink(file);
        return false;
    }
    problems_init(&problems);
    bytes_clear(&self->after);
    good = directory_yaml_read(files, 1, span_of(&self->encoded), &self->after, &problems);
    if (!good)
        reply_problem_with(self->request, 422, "bad_directory", json_pack("{s:o}", "errors", lines_of(&problems, file)),
                           "nothing was changed");
    problems_close(&problems);
    unlink(file);
    return good;
}

static void on_before(void *user, const struct hotline_answer *answer)
{
    struct directory_task *self = user;
    bool none = answer->result == HOTLINE_ANSWER_REFUSED && strcmp(answer->reason, "no_directory") == 0;
    if (answer->result != HOTLINE_ANSWER_DONE && !none) {
        reply_refusal(self->request, answer);
    } else if (read_yaml(self)) {
        enum hotline_result result = hotline_apply(self->client, self->after.data, self->after.count, self->claim,
                                                   self->revision, self->force, APPLY_MS, on_export, on_applied);
        if (result == HOTLINE_OK)
            return;
        reply_result(self->request, result, "the directory");
    }
    task_free(self);
}

void directory_put(struct request *request)
{
    static const char *const keys[] = {"yaml", "force", NULL};
    json_t *body = http_body_object(request, keys);
    if (body == NULL)
        return;
    const char *yaml = json_string_value(json_object_get(body, "yaml"));
    const json_t *force = json_object_get(body, "force");
    if (yaml == NULL || (force != NULL && !json_is_boolean(force))) {
        reply_problem(request, 422, "invalid", "yaml: the directory's sections as a text; force: true or false");
    } else {
        struct directory_task *self = task_create(request);
        self->yaml = check_strdup(yaml);
        self->force = json_is_true(force);
        if (!begin_at(self, request->web->nodes))
            task_free(self);
    }
    json_decref(body);
}
