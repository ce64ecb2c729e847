// libmicrohttpd as far as hotline-web uses it, without sockets: a request is a text, an answer is looked at and let go.
// It calls the handler when the library would, and what it cannot stand (an answer given twice, none at the end) fails.
#ifndef TESTS_FUZZ_HTTP_ALONE_H
#define TESTS_FUZZ_HTTP_ALONE_H

#include "cluster/base/bytes.h"

// Told of each whole answer that is no stream; NULL: nobody is.
typedef void http_alone_answered(unsigned status, const char *text);
void http_alone_listen(http_alone_answered *answered);
// "METHOD PATH?QUERY", lines of headers, an empty line, the body. Keeps it until it is answered.
void http_alone_ask(struct span text);
void http_alone_run(void);  // who was answered since, and what streams have to say

#endif
