// What operators measure a node by: buckets, commits, reasons.
#include "cluster/base/histogram.h"
#include "node/commits.h"
#include "node/switchboard/figures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_bucket_has_what_took_at_most_its_bound(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, 250);
    histogram_add(&histogram, 251);
    histogram_add(&histogram, 60000001);
    assert_int_equal(histogram.counts[0], 1);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[HISTOGRAM_BUCKETS - 1], 1);
    assert_int_equal(histogram.sum_us, 60000502);
}

static void a_commit_is_timed_once_however_often_its_number_is_named(void **state)
{
    (void)state;
    struct commits commits = {.count = 0};
    commits_begun(&commits, 1, 1000);
    commits_begun(&commits, 1, 2000);
    commits_begun(&commits, 2, 3000);
    commits_written(&commits, 1, 11000);
    commits_written(&commits, 1, 12000);
    assert_int_equal(commits.took.sum_us, 10000);
    commits_written(&commits, 2, 13000);
    assert_int_equal(commits.took.sum_us, 20000);
    assert_int_equal(commits.count, 0);
}

static void commits_under_way_are_bounded(void **state)
{
    (void)state;
    struct commits commits = {.count = 0};
    for (uint64_t number = 1; number <= COMMITS_UNDER_WAY_MAX + 10; number++)
        commits_begun(&commits, number, 0);
    commits_written(&commits, COMMITS_UNDER_WAY_MAX + 10, 100);
    uint64_t timed = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        timed += commits.took.counts[i];
    assert_int_equal(timed, COMMITS_UNDER_WAY_MAX);
}

static uint64_t count_of(const struct figures *figures, const char *name)
{
    for (uint32_t i = 0; i < figures->reason_count; i++)
        if (strcmp(figures->reasons[i].name, name) == 0)
            return figures->reasons[i].count;
    return 0;
}

static void reasons_are_counted_as_labels_and_past_the_bound_as_other(void **state)
{
    (void)state;
    struct figures figures = {.reason_count = 0};
    char reason[32];
    figures_count(&figures, "offers_refused", "signed in anew");
    figures_count(&figures, "offers_refused", "signed in anew");
    figures_count(&figures, "calls_refused", "");
    assert_int_equal(count_of(&figures, "offers_refused:signed_in_anew"), 2);
    assert_int_equal(count_of(&figures, "calls_refused:unknown"), 1);
    for (int i = 0; i < 100; i++) {
        snprintf(reason, sizeof reason, "reason %d", i);
        figures_count(&figures, i % 2 ? "offers_refused" : "calls_refused", reason);
    }
    assert_int_equal(figures.reason_count, FIGURES_REASONS_MAX);
    uint64_t all = 0;
    for (uint32_t i = 0; i < figures.reason_count; i++)
        all += figures.reasons[i].count;
    assert_int_equal(all, 103);
    assert_true(count_of(&figures, "calls_refused:other") > 30 && count_of(&figures, "offers_refused:other") > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_has_what_took_at_most_its_bound),
        cmocka_unit_test(a_commit_is_timed_once_however_often_its_number_is_named),
        cmocka_unit_test(commits_under_way_are_bounded),
        cmocka_unit_test(reasons_are_counted_as_labels_and_past_the_bound_as_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
