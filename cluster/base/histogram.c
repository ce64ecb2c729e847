#include "cluster/base/histogram.h"

const uint64_t histogram_bounds_us[HISTOGRAM_BUCKETS - 1] = {
    250,    500,     1000,    2500,    5000,     10000,    25000,    50000,    100000,  250000,
    500000, 1000000, 2500000, 5000000, 10000000, 15000000, 20000000, 30000000, 60000000};

void histogram_add(struct histogram *self, uint64_t took_us)
{
    uint32_t bucket = 0;
    while (bucket < HISTOGRAM_BUCKETS - 1 && took_us > histogram_bounds_us[bucket])
        bucket++;
    self->counts[bucket]++;
    self->sum_us += took_us;
}
