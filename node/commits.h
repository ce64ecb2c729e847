// How long commits take: from the hand-over of a batch to the disk until it is on stable storage.
#ifndef NODE_COMMITS_H
#define NODE_COMMITS_H

#include "cluster/base/histogram.h"

#include <stdint.h>

#define COMMITS_UNDER_WAY_MAX 256  // batches beyond are not timed

struct commits {  // zero is empty and valid
    struct histogram took;
    struct {
        uint64_t number, at_us;
    } under_way[COMMITS_UNDER_WAY_MAX];  // a ring
    uint32_t first, count;
    uint64_t last;
};

void commits_begun(struct commits *self, uint64_t number, uint64_t now_us);  // the last batch's number, new or not
void commits_written(struct commits *self, uint64_t number, uint64_t now_us);

#endif
