// How long things took, counted in buckets with fixed bounds. Zero is empty and valid.
#ifndef CLUSTER_BASE_HISTOGRAM_H
#define CLUSTER_BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 20  // the last has no bound

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t sum_us;
};

extern const uint64_t histogram_bounds_us[HISTOGRAM_BUCKETS - 1];  // a bucket has what took at most this long

void histogram_add(struct histogram *self, uint64_t took_us);

#endif
