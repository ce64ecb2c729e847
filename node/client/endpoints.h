// The nodes a client knows: those it was given, in order, then those that nodes told it of.
#ifndef NODE_CLIENT_ENDPOINTS_H
#define NODE_CLIENT_ENDPOINTS_H

#include "cluster/base/text.h"
#include "node/client/wire.h"

#include <stdbool.h>
#include <stdint.h>

#define ENDPOINTS_MAX 64
#define ENDPOINT_NONE (-1)

struct endpoint {
    char address[CLIENT_ENDPOINT_MAX_BYTES + 1];
    char node[NAME_MAX_BYTES + 1];  // "": not known yet
    uint64_t failed;                // in which order it failed; 0: not since it was last heard
    uint64_t rests_until_us;        // nobody listened there: not before then again
};

struct endpoints {  // zero is empty and valid
    struct endpoint list[ENDPOINTS_MAX];
    int count;
    int preferred;  // goes first, once, plus one; 0: none
    uint64_t failures;
};

// Addresses divided by commas.
enum hotline_result endpoints_parse(struct endpoints *self, const char *addresses);
// Returns its index; known addresses are not added twice. ENDPOINT_NONE: not an address, or over ENDPOINTS_MAX.
int endpoints_add(struct endpoints *self, const char *address, const char *node);
void endpoints_prefer(struct endpoints *self, int index);
void endpoints_failed(struct endpoints *self, int index);
void endpoints_rest(struct endpoints *self, int index, uint64_t until_us);
uint64_t endpoints_rested_us(const struct endpoints *self, uint64_t now_us);  // when the next has rested; 0: none rests
void endpoints_heard(struct endpoints *self, int index, const char *node);
// Where to go next, other than `used` and other than the node `used` belongs to: the preferred, then the first that has
// not failed, then the one whose failure is longest ago. ENDPOINT_NONE: there is no other that does not rest.
int endpoints_choose(struct endpoints *self, int used, uint64_t now_us);

#endif
