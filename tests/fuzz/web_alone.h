// All of hotline-web but its sockets (http_alone.h), before the node of fuzz.h, in one time.
#ifndef TESTS_FUZZ_WEB_ALONE_H
#define TESTS_FUZZ_WEB_ALONE_H

#include "cluster/base/bytes.h"

#include <stdint.h>

#define WEB_ALONE_TOKEN "0123456789abcdef"  // the admin's

void web_alone_begin(void);  // until it is attached
void web_alone_turn(uint32_t turns);
void web_alone_finish(void);
// A request, see http_alone.h; without an Authorization it is the admin's.
void web_alone_ask(struct span text);
// Three bytes for each answer of the node that is changed: where (two bytes, little end first), and to what. Lent until
// they are used up or it is finished.
void web_alone_lie(struct span lies);

#endif
