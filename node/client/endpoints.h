// The nodes a client knows: those it was given, in order, then those that nodes told it of; and how far each is.
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
    uint32_t rtt_us;                // measured here, smoothed; 0: not yet
    uint32_t told_rtt_us;  // from a node that told of it, by measure or by the directory's distance; 0: not told
    uint64_t measured_us;  // when last; 0: never
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
void endpoints_measured(struct endpoints *self, int index, uint32_t rtt_us, uint64_t now_us);
void endpoints_told_rtt(struct endpoints *self, int index, uint32_t rtt_us);
// In the order of next nodes: by the round trip measured here; where there is none, by what was told; then by the
// node's name; then as given.
bool endpoints_is_before(const struct endpoints *self, int left, int right);

// Where to go next, other than `used` (each an index or ENDPOINT_NONE) and than the nodes they belong to: the
// preferred, then the first in order that has not failed, then the one whose failure is longest ago. ENDPOINT_NONE:
// there is no other that does not rest.
int endpoints_choose(struct endpoints *self, const int *used, uint32_t used_count, uint64_t now_us);
// The same, to be measured: the one whose measure is the oldest. None that has failed.
int endpoints_choose_unmeasured(const struct endpoints *self, const int *used, uint32_t used_count, uint64_t now_us);

#endif
