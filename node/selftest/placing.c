#include "node/selftest/placing.h"

#include "cluster/base/check.h"

#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define MS ((uint64_t)1000)

struct under_way {
    uint64_t test;  // 0: free
    uint32_t site;  // 0: none; otherwise one more than its index
    bool sent;
    uint64_t since_us;
};

struct placing {
    struct placing_events events;
    struct placing_settings settings;
    char (*sites)[NAME_MAX_BYTES + 1];
    uint32_t site_count;
    uint32_t next;  // of the round: 0 is the one through no site
    uint64_t next_us, round_us;
    uint64_t ticked_us;
    uint64_t last_test;
    struct under_way under_way[PLACING_UNDER_WAY_MAX];
};

struct placing *placing_create(const struct placing_events *events)
{
    struct placing *self = check_alloc(sizeof *self);
    self->events = *events;
    return self;
}

void placing_free(struct placing *self)
{
    if (self != NULL)
        free(self->sites);
    free(self);
}

static void forget(struct placing *self)
{
    memset(self->under_way, 0, sizeof self->under_way);
}

void placing_begin(struct placing *self, const struct placing_settings *settings, const char *const *sites,
                   uint32_t count)
{
    check(count <= PLACING_SITES_MAX);
    self->settings = *settings;
    self->sites = check_realloc(self->sites, (count + 1) * sizeof *self->sites);
    for (uint32_t i = 0; i < count; i++)
        text_copy(self->sites[i], sizeof self->sites[i], sites[i]);
    self->site_count = count;
    self->next = 0;
    self->next_us = self->round_us = 0;
    forget(self);
}

// ---- what came of it

static const char *site_of(const struct placing *self, const struct under_way *test)
{
    return test->site == 0 ? "" : self->sites[test->site - 1];
}

static void found(struct placing *self, struct under_way *test, uint64_t now_us, const struct result *result)
{
    struct result whole = *result;
    uint64_t took_us = now_us - test->since_us;
    whole.took_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX;
    test->test = 0;
    self->events.found(self->events.context, site_of(self, test), &whole);
}

static struct under_way *find(struct placing *self, uint64_t test)
{
    for (uint32_t i = 0; i < PLACING_UNDER_WAY_MAX; i++)
        if (test != 0 && self->under_way[i].test == test)
            return &self->under_way[i];
    return NULL;
}

void placing_news(struct placing *self, uint64_t now_us, uint64_t test, const struct result *result)
{
    struct under_way *known = find(self, test);
    if (known != NULL && known->site != 0)
        found(self, known, now_us, result);
}

void placing_accepted(struct placing *self, uint64_t now_us, uint32_t copies, uint32_t wanted)
{
    for (uint32_t i = 0; i < PLACING_UNDER_WAY_MAX; i++) {
        struct under_way *test = &self->under_way[i];
        if (test->test != 0 && test->site == 0)
            found(self, test, now_us,
                  &(struct result){.result = copies < wanted ? REC__TEST_RESULT__TEST_FEW_COPIES
                                                             : REC__TEST_RESULT__TEST_PASSED});
    }
}

static uint32_t result_of(const char *reason)
{
    static const struct {
        const char *reason;
        uint32_t result;
    } known[] = {
        {"no_directory", REC__TEST_RESULT__TEST_NO_DIRECTORY}, {"overload", REC__TEST_RESULT__TEST_OVERLOAD},
        {"draining", REC__TEST_RESULT__TEST_DRAINING},         {"disk_full", REC__TEST_RESULT__TEST_DISK_FULL},
        {"disk_failed", REC__TEST_RESULT__TEST_DISK_FAILED},   {"going", REC__TEST_RESULT__TEST_GOING},
        {"not_stored", REC__TEST_RESULT__TEST_NOT_STORED},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].reason, reason) == 0)
            return known[i].result;
    return REC__TEST_RESULT__TEST_REFUSED;
}

void placing_refused(struct placing *self, uint64_t now_us, uint64_t test, const char *reason)
{
    struct under_way *oldest = NULL;
    for (uint32_t i = 0; i < PLACING_UNDER_WAY_MAX; i++) {
        struct under_way *one = &self->under_way[i];
        if (one->test != 0 && one->sent && (oldest == NULL || one->test < oldest->test))
            oldest = one;
    }
    struct under_way *meant = test == 0 ? oldest : find(self, test);
    if (meant != NULL)
        found(self, meant, now_us, &(struct result){.result = result_of(reason)});
}

// ---- time

static void look(struct placing *self, struct under_way *test, uint64_t now_us)
{
    uint64_t patience_ms = test->site == 0 ? self->settings.timeout_of_storing_ms : self->settings.timeout_ms;
    bool is_over = now_us - test->since_us >= (patience_ms + PLACING_SLACK_MS) * MS;
    if (!test->sent)
        test->sent = self->events.send(self->events.context, test->test, site_of(self, test));
    if (!test->sent && is_over)
        found(self, test, now_us, &(struct result){.result = REC__TEST_RESULT__TEST_NO_CONNECTION});
    else if (is_over)
        found(self, test, now_us,
              &(struct result){.result = test->site == 0 ? REC__TEST_RESULT__TEST_NOT_STORED
                                                         : REC__TEST_RESULT__TEST_SILENT});
}

static void place(struct placing *self, uint64_t now_us, uint64_t wall_ms)
{
    struct under_way *free_one = NULL;
    for (uint32_t i = 0; i < PLACING_UNDER_WAY_MAX && free_one == NULL; i++)
        if (self->under_way[i].test == 0)
            free_one = &self->under_way[i];
    if (free_one == NULL)
        return;
    if (self->next == 0)
        self->round_us = now_us;
    self->last_test = wall_ms > self->last_test ? wall_ms : self->last_test + 1;
    *free_one = (struct under_way){.test = self->last_test, .site = self->next, .since_us = now_us};
    self->next = self->next < self->site_count ? self->next + 1 : 0;
    // When the next one of the round is due. Those that could not be placed in time do not pile up.
    uint64_t step_us = self->settings.interval_ms * MS / (self->site_count + 1);
    uint64_t due_us = self->round_us + step_us * (self->next == 0 ? self->site_count + 1 : self->next);
    self->next_us = due_us > now_us ? due_us : now_us;
    look(self, free_one, now_us);
}

void placing_tick(struct placing *self, uint64_t now_us, uint64_t wall_ms)
{
    bool stalled = self->ticked_us != 0 && now_us - self->ticked_us > PLACING_STALL_MS * MS;
    self->ticked_us = now_us;
    if (stalled)
        forget(self);
    for (uint32_t i = 0; i < PLACING_UNDER_WAY_MAX; i++)
        if (self->under_way[i].test != 0)
            look(self, &self->under_way[i], now_us);
    // With many sites several are due between two ticks.
    for (uint32_t i = 0; i < PLACING_UNDER_WAY_MAX && self->settings.interval_ms != 0 && now_us >= self->next_us; i++)
        place(self, now_us, wall_ms);
}
