// A call as an application describes it, checked and copied into the words of the wire.
#ifndef NODE_CLIENT_SUBMIT_H
#define NODE_CLIENT_SUBMIT_H

#include "client.pb-c.h"

#include <hotline/gateway.h>

#define SUBMIT_LIST_MAX 16  // languages, skills
#define SUBMIT_NUMBER_MAX_BYTES 32
#define SUBMIT_DIALLED_MAX_BYTES 32

// In one block: free() frees it. `id` may be "". `finds`: a queue need not be named. NULL: ret_result says why.
Cli__Submit *submit_create(const struct hotline_call_spec *spec, const char *id, bool finds,
                           enum hotline_result *ret_result);

#endif
