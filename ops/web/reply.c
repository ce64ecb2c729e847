#include "ops/web/reply.h"

#include "ops/common/output.h"
#include "ops/web/web.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give(struct request *request, unsigned status, struct MHD_Response *response, const char *type)
{
    check(request->response == NULL && response != NULL);
    request->status = status;
    request->response = response;
    if (type != NULL)
        MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (strncmp(request->path, "/v1/", 4) == 0)
        MHD_add_response_header(response, "Cache-Control", "no-store");
    if (request->suspended) {
        request->suspended = false;
        MHD_resume_connection(request->connection);
    }
}

void reply_bytes(struct request *request, unsigned status, const char *type, const void *bytes, size_t count)
{
    give(request, status, MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY), type);
}

static void give_json(struct request *request, unsigned status, const char *type, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(10));
    check(text);
    give(request, status, MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE), type);
    json_decref(body);
}

void reply_json(struct request *request, unsigned status, json_t *body)
{
    give_json(request, status, "application/json", body);
}

void reply_nothing(struct request *request, unsigned status)
{
    give(request, status, MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT), NULL);
}

void reply_header(struct request *request, const char *name, const char *value)
{
    check(request->response != NULL);
    MHD_add_response_header(request->response, name, value);
}

static const char *title(unsigned status)
{
    const char *phrase = MHD_get_reason_phrase_for(status);
    return phrase == NULL ? "Problem" : phrase;
}

static void problem(struct request *request, unsigned status, const char *code, json_t *more, const char *format,
                    va_list list)
{
    char detail[1024];
    vsnprintf(detail, sizeof detail, format, list);
    json_t *body = json_pack("{s:s, s:s, s:i, s:o, s:o}", "type", "about:blank", "title", title(status), "status",
                             (int)status, "detail", output_text(detail), "code", output_text(code));
    if (more != NULL)
        json_object_update_missing(body, more);
    json_decref(more);
    request->web->http.counts.problems++;
    give_json(request, status, "application/problem+json", body);
}

void reply_problem(struct request *request, unsigned status, const char *code, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    problem(request, status, code, NULL, format, list);
    va_end(list);
}

void reply_problem_with(struct request *request, unsigned status, const char *code, json_t *more, const char *format,
                        ...)
{
    va_list list;
    va_start(list, format);
    problem(request, status, code, more, format, list);
    va_end(list);
}

static unsigned status_of(const char *reason)
{
    static const struct {
        const char *reason;
        unsigned status;
    } known[] = {{"unknown_call", 404},
                 {"unknown_agent", 404},
                 {"unknown_language", 422},
                 {"unknown_skill", 422},
                 {"unknown_queue", 422},
                 {"no_directory", 503},
                 {"going", 503},
                 {"bad_cursor", 422},
                 {"bad_caller", 422},
                 {"too_many_feeds", 503},
                 {"unknown_question", 501},
                 {"not_your_call", 409},
                 {"malformed", 502},
                 {"too_many_calls", 503},
                 {"overload", 503},
                 {"answer_too_large", 502},
                 {"disk_full", 503},
                 {"disk_failed", 503}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].reason, reason) == 0)
            return known[i].status;
    return 409;
}

void reply_refusal(struct request *request, const struct hotline_answer *answer)
{
    if (answer->result == HOTLINE_ANSWER_NO_NODE) {
        reply_problem(request, 503, "no_node", "no node answers");
        return;
    }
    json_t *errors = answer->errors != NULL && answer->errors[0] != NULL
                         ? json_pack("{s:o}", "errors", output_list(answer->errors))
                         : NULL;
    unsigned status = errors != NULL ? 422 : status_of(answer->reason);
    reply_problem_with(request, status, answer->reason, errors, "%s", answer->detail);
}

void reply_result(struct request *request, enum hotline_result result, const char *what)
{
    switch (result) {
    case HOTLINE_OK:
        break;
    case HOTLINE_INVALID:
        reply_problem(request, 422, "invalid", "%s: a value is missing, too long or out of range", what);
        return;
    case HOTLINE_UNKNOWN:
        reply_problem(request, 404, "unknown", "%s: there is none such here", what);
        return;
    case HOTLINE_TOO_MANY:
        reply_problem(request, 503, "too_many", "%s: %s", what, hotline_result_text(result));
        return;
    case HOTLINE_WRONG_STATE:
        reply_problem(request, 409, "wrong_state", "%s: not in this state", what);
        return;
    case HOTLINE_BAD_KEY:
        reply_problem(request, 404, "unknown", "%s: this server has no key of such a one", what);
        return;
    }
    check(false);
}
