#include "ops/ctl/load.h"

#include "cluster/base/check.h"
#include "ops/common/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void load_series_add(struct load_series *self, uint64_t us)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity > 0 ? self->capacity * 2 : 1024;
        self->us = check_realloc(self->us, self->capacity * sizeof *self->us);
    }
    self->us[self->count++] = us;
}

void load_series_close(struct load_series *self)
{
    free(self->us);
    *self = (struct load_series){0};
}

static int compare_us(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right ? 1 : 0;
}

// Nearest rank, of a sorted series that is not empty.
static json_t *percentile(const struct load_series *series, size_t percent)
{
    size_t rank = (series->count * percent + 99) / 100;
    return output_real((double)series->us[rank > 0 ? rank - 1 : 0] / 1000, 3);
}

static json_t *series_json(struct load_series *series)
{
    json_t *made = json_pack("{s:I}", "count", (json_int_t)series->count);
    if (series->count == 0)
        return made;
    qsort(series->us, series->count, sizeof *series->us, compare_us);
    json_object_set_new(made, "p50", percentile(series, 50));
    json_object_set_new(made, "p90", percentile(series, 90));
    json_object_set_new(made, "p99", percentile(series, 99));
    json_object_set_new(made, "max", percentile(series, 100));
    return made;
}

static void print_people(const struct load *self, json_t *report)
{
    static const char *const keys[] = {"ring_ms", "accepted_ms", "connected_ms"};
    static const char *const titles[] = {"submit to ring", "submit to accepted(2)", "submit to connected"};
    static const struct output_column columns[] = {{"what", "", 0, 0},
                                                   {"p50", "P50", 1, " ms"},
                                                   {"p90", "P90", 1, " ms"},
                                                   {"p99", "P99", 1, " ms"},
                                                   {"max", "MAX", 1, " ms"},
                                                   {"count", "COUNT", 1, 0},
                                                   {0}};
    struct output_table table;
    const char *reason;
    json_t *count;
    printf("%zu calls to %s in %.2f s (%.1f a second), at most %zu in flight, %zu desks, %zu gateways\n\n",
           self->placed, self->queue, self->seconds, (double)self->placed / self->seconds, self->in_flight_max,
           self->desk_count, self->gateway_count);
    output_table_open(&table, false, columns);
    for (size_t i = 0; i < 3; i++) {
        json_t *row = json_pack("{s:s}", "what", titles[i]);
        json_object_update(row, json_object_get(report, keys[i]));
        output_table_add(&table, row);
    }
    output_table_close(&table);
    printf("\nended");
    json_object_foreach(self->outcomes, reason, count)
        printf("  %s %lld", reason, (long long)json_integer_value(count));
    printf("\n");
    if (self->accepted_short > 0)
        printf("accepted with fewer than 2 copies: %zu\n", self->accepted_short);
    fflush(stdout);
}

int load_report(struct load *self, bool json)
{
    json_t *report = json_object();
    json_object_set_new(report, "calls", json_integer((json_int_t)self->placed));
    json_object_set_new(report, "desks", json_integer((json_int_t)self->desk_count));
    json_object_set_new(report, "gateways", json_integer((json_int_t)self->gateway_count));
    json_object_set_new(report, "in_flight", json_integer((json_int_t)self->in_flight_max));
    json_object_set_new(report, "queue", output_text(self->queue));
    json_object_set_new(report, "seconds", output_real(self->seconds, 3));
    json_object_set_new(report, "calls_per_second", output_real((double)self->placed / self->seconds, 1));
    json_object_set_new(report, "ring_ms", series_json(&self->ring));
    json_object_set_new(report, "accepted_ms", series_json(&self->accepted));
    json_object_set_new(report, "connected_ms", series_json(&self->connected));
    json_object_set_new(report, "accepted_short", json_integer((json_int_t)self->accepted_short));
    json_object_set(report, "outcomes", self->outcomes);
    const char *planned = self->desk_count > 0 ? "answered" : "abandoned";
    json_int_t as_planned = json_integer_value(json_object_get(self->outcomes, planned));
    if (json) {
        struct output_table line;
        output_table_open(&line, true, NULL);
        output_table_add(&line, json_incref(report));
        output_table_close(&line);
    } else {
        print_people(self, report);
    }
    json_decref(report);
    return as_planned == (json_int_t)self->call_count ? EXIT_DONE : EXIT_REFUSED;
}
