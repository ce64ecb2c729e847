// Answers to a request: each is given once, by the handler or later.
#ifndef OPS_WEB_REPLY_H
#define OPS_WEB_REPLY_H

#include "ops/web/http.h"

#include <hotline/query.h>

void reply_json(struct request *request, unsigned status, json_t *body);  // takes body
void reply_bytes(struct request *request, unsigned status, const char *type, const void *bytes, size_t count);
void reply_nothing(struct request *request, unsigned status);
// RFC 9457. `code` is stable, the sentence is for people.
void reply_problem(struct request *request, unsigned status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
void reply_problem_with(struct request *request, unsigned status, const char *code, json_t *more, const char *format,
                        ...) PRINTF_LIKE(5, 6);  // takes `more`: further keys
// What a node or the library refused, as a problem.
void reply_refusal(struct request *request, const struct hotline_answer *answer);
void reply_result(struct request *request, enum hotline_result result, const char *what);
void reply_header(struct request *request, const char *name, const char *value);  // of the answer that was given

#endif
