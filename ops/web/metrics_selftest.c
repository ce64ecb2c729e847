// Metrics of test calls: for each node how many sites are in which state, and for what reasons some fail.
#include "ops/web/metrics.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = {"passed", "nobody", "old", "failing", "stale", "none"};
// What a node may tell; of a newer one's words the rest is "unknown". So the label has a bound.
static const char *const reasons[] = {"no_connection", "silent",      "refused",    "no_directory",
                                      "overload",      "draining",    "disk_full",  "disk_failed",
                                      "going",         "not_stored",  "few_copies", "no_route",
                                      "node_silent",   "desk_silent", "desk_gone",  "unknown"};

enum { STATES = sizeof states / sizeof *states, REASONS = sizeof reasons / sizeof *reasons };

struct node {
    const char *name;
    uint32_t in_state[STATES], for_reason[REASONS];
    double newest_s, longest_s;  // age; round trip of those that passed
};

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text == NULL ? "" : text;
}

static size_t index_of(const char *const *words, size_t count, const char *word)
{
    size_t i = 0;
    while (i + 1 < count && strcmp(words[i], word) != 0)
        i++;
    return i;  // the last one stands for all others
}

static void add(struct node *node, const json_t *row)
{
    const char *state = text_of(row, "state"), *reason = text_of(row, "reason");
    double age_s = json_number_value(json_object_get(row, "age_ms")) / 1e3;
    double took_s = json_number_value(json_object_get(row, "took_ms")) / 1e3;
    node->in_state[index_of(states, STATES, state)]++;
    if (strcmp(state, "failing") == 0)
        node->for_reason[index_of(reasons, REASONS, reason)]++;
    if (age_s < node->newest_s)
        node->newest_s = age_s;
    if (strcmp(state, "passed") == 0 && took_s > node->longest_s)
        node->longest_s = took_s;
}

static void one_label(FILE *to, const char *name, const char *help, const struct node *nodes, size_t count,
                      size_t offset)
{
    fprintf(to, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help);
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, (const char *)&nodes[i] + offset, sizeof value);
        fprintf(to, "%s{node=\"%s\"} %.10g\n", name, nodes[i].name, value);
    }
}

static void two_labels(FILE *to, const char *name, const char *help, const char *label, const char *const *words,
                       const struct node *node, const uint32_t *counts, size_t count, bool begins)
{
    if (begins)
        fprintf(to, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help);
    for (size_t i = 0; node != NULL && i < count; i++)
        fprintf(to, "%s{node=\"%s\",%s=\"%s\"} %u\n", name, node->name, label, words[i], counts[i]);
}

void metrics_selftest(FILE *to, json_t *rows)
{
    size_t count = 0, index;
    json_t *row;
    struct node *nodes = check_alloc((json_array_size(rows) + 1) * sizeof *nodes);
    json_array_foreach(rows, index, row)
    {
        const char *name = text_of(row, "node");
        size_t at = 0;
        while (at < count && strcmp(nodes[at].name, name) != 0)
            at++;
        if (at == count)
            nodes[count++] = (struct node){.name = name, .newest_s = 1e9};
        add(&nodes[at], row);
    }
    for (size_t i = 0; i == 0 || i < count; i++)
        two_labels(to, "hotline_selftest_tests",
                   "Test calls of each node by the state of the last one through each site.", "state", states,
                   count == 0 ? NULL : &nodes[i], nodes[i].in_state, STATES, i == 0);
    for (size_t i = 0; i == 0 || i < count; i++)
        two_labels(to, "hotline_selftest_failing", "Sites through which a node's last test call failed, by reason.",
                   "reason", reasons, count == 0 ? NULL : &nodes[i], nodes[i].for_reason, REASONS, i == 0);
    one_label(to, "hotline_selftest_age_seconds", "Since a node's last test call.", nodes, count,
              offsetof(struct node, newest_s));
    one_label(to, "hotline_selftest_round_trip_seconds", "The longest that a passed test call took.", nodes, count,
              offsetof(struct node, longest_s));
    free(nodes);
}
