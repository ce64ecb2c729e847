// The placing side of a node's test calls: where a caller's gateway would stand. A round each interval: first the test
// call that goes as far as accepted(n), then one through each site, spread evenly over the round. What has no answer in
// time has failed. Knows no clock and no connection; one thread.
//
//           send_own             TestNews, accepted(n), Refused
//   WAITS ───────────▶ SENT ─────────────────────────────────────▶ found
//     └─ no connection ─┴─ silent ─────────────────────────────────▶
//
// Silence counts only while this loop ran: after a gap what is under way is forgotten, not failed.
#ifndef NODE_SELFTEST_PLACING_H
#define NODE_SELFTEST_PLACING_H

#include "node/selftest/results.h"

#define PLACING_UNDER_WAY_MAX 64  // test calls; a round takes longer where that is not enough
#define PLACING_SITES_MAX 100000
#define PLACING_STALL_MS 500
#define PLACING_SLACK_MS 500  // so much longer than the node's own side is an answer waited for

struct placing_events {
    void *context;
    // False: there is no connection just now.
    bool (*send)(void *context, uint64_t test, const char *site);
    void (*found)(void *context, const char *site, const struct result *result);
};

struct placing_settings {
    uint32_t interval_ms;            // 0: no test calls are placed
    uint32_t timeout_ms;             // through a site
    uint32_t timeout_of_storing_ms;  // until accepted(n)
};

struct placing;

struct placing *placing_create(const struct placing_events *events);
void placing_free(struct placing *self);

// A round begins anew with the next tick, with these sites (copied).
void placing_begin(struct placing *self, const struct placing_settings *settings, const char *const *sites,
                   uint32_t count);
// Call at least every 100 ms.
void placing_tick(struct placing *self, uint64_t now_us, uint64_t wall_ms);

// Answers. One to a test call that is not under way is ignored.
void placing_news(struct placing *self, uint64_t now_us, uint64_t test, const struct result *result);
void placing_accepted(struct placing *self, uint64_t now_us, uint32_t copies, uint32_t wanted);
// `test` 0: the refusal does not say which; the oldest is meant.
void placing_refused(struct placing *self, uint64_t now_us, uint64_t test, const char *reason);

#endif
