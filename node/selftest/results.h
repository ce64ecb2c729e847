// What every node's last test call through each site found. A table, sorted by node and site; one thread.
#ifndef NODE_SELFTEST_RESULTS_H
#define NODE_SELFTEST_RESULTS_H

#include "cluster/base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define RESULTS_MAX 50000  // rows; further ones are dropped, and counted

struct result {
    uint32_t result;                 // rec.TestResult
    char agent[NAME_MAX_BYTES + 1];  // of a failure: whose desk, or ""
    char node[NAME_MAX_BYTES + 1];   // and where that is
    uint32_t took_us;
};

bool result_is_failure(uint32_t result);

struct results;

struct results *results_create(void);
void results_free(struct results *self);

// `site` "": the test call that goes through nobody's desk.
void results_put(struct results *self, const char *tester, const char *site, const struct result *result,
                 uint64_t at_us);

// NULL: there was none. Lent until the next change.
const struct result *results_find(const struct results *self, const char *tester, const char *site);

struct results_row {  // lent until the next change
    const char *tester, *site;
    const struct result *result;
    uint64_t at_us;
};

typedef void results_visit(void *context, const struct results_row *row);
void results_each(const struct results *self, results_visit *visit, void *context);
// Keeps only those rows.
typedef bool results_keep(void *context, const char *tester, const char *site);
void results_filter(struct results *self, results_keep *keep, void *context);
uint64_t results_dropped(const struct results *self);

#endif
