// Between the metrics and who measures.
#ifndef OPS_WEB_METRICS_H
#define OPS_WEB_METRICS_H

#include "ops/web/web.h"

#include <stdio.h>

#define METRICS_NODE_MS 3000  // less than Prometheus waits

void metrics_histogram(FILE *to, const char *name, const char *help, const uint64_t *bounds_us, const uint64_t *counts,
                       size_t buckets, uint64_t sum_us);
// `rows`: of HOTLINE_SELFTEST, as JSON.
void metrics_selftest(FILE *to, json_t *rows);

#endif
