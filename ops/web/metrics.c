// Metrics for Prometheus (OpenMetrics): what the node answers, and hotline-web's own. Five questions, one page.
// A node that does not answer is said by hotline_up 0, and the rest is then missing, not zero.
#include "ops/web/metrics.h"

#include "ops/common/output.h"
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 5 };

struct scrape {
    struct request *request;
    uint32_t open, answered;
    json_t *nodes, *queues, *agents, *status, *selftest;
    char *histograms;  // as text
    size_t histograms_bytes;
    FILE *histograms_to;
};

// ---- one family

static void family(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

// Names of the directory are printable ASCII without quotes or backslash.
static void sample(FILE *to, const char *name, const char *label, const char *value, double number)
{
    if (label != NULL)
        fprintf(to, "%s{%s=\"%s\"} %.10g\n", name, label, value, number);
    else
        fprintf(to, "%s %.10g\n", name, number);
}

static double number_of(const json_t *row, const char *key)
{
    return json_number_value(json_object_get(row, key));
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text == NULL ? "" : text;
}

static void of_rows(FILE *to, json_t *rows, const char *label, const char *id, const char *name, const char *help,
                    const char *key, double scale)
{
    size_t index;
    json_t *row;
    family(to, name, "gauge", help);
    json_array_foreach(rows, index, row)
    {
        if (!json_is_null(json_object_get(row, key)))
            sample(to, name, label, text_of(row, id), number_of(row, key) * scale);
    }
}

void metrics_histogram(FILE *to, const char *name, const char *help, const uint64_t *bounds_us, const uint64_t *counts,
                       size_t buckets, uint64_t sum_us)
{
    uint64_t sofar = 0;
    family(to, name, "histogram", help);
    for (size_t i = 0; i < buckets; i++) {
        sofar += counts[i];
        if (i + 1 < buckets)
            fprintf(to, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bounds_us[i] / 1e6, sofar);
        else
            fprintf(to, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sofar);
    }
    fprintf(to, "%s_count %" PRIu64 "\n%s_sum %.6f\n", name, sofar, name, (double)sum_us / 1e6);
}

// ---- the node's

static void of_queues(FILE *to, json_t *queues)
{
    static const struct {
        const char *name, *help, *key;
        double scale;
    } gauges[] = {
        {"hotline_calls_waiting", "Calls that wait.", "waiting", 1},
        {"hotline_longest_waiting_seconds", "How long the first of them waits.", "longest_ms", 1e-3},
        {"hotline_asa_seconds", "Average speed of answer, over a day.", "asa_ms", 1e-3},
        {"hotline_service_level_ratio", "Share answered within the target time, over a day.", "service_level", 1},
        {"hotline_service_level_target_ratio", "The share that is the target.", "target_percent", 1e-2},
        {"hotline_service_level_target_seconds", "The time that is the target.", "target_ms", 1e-3},
        {"hotline_abandonment_ratio", "Share of calls abandoned, over a day.", "abandonment_rate", 1},
        {"hotline_estimated_waiting_seconds", "EWT: what a caller is told now.", "ewt_s", 1},
    };
    static const char *const outcomes[] = {"answered", "abandoned", "expired"};
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
        of_rows(to, queues, "queue", "queue", gauges[i].name, gauges[i].help, gauges[i].key, gauges[i].scale);
    family(to, "hotline_day_calls", "gauge", "Calls that ended in the last day, by outcome.");
    size_t index;
    json_t *row;
    json_array_foreach(queues, index, row)
    {
        for (size_t i = 0; i < 3; i++)
            fprintf(to, "hotline_day_calls{queue=\"%s\",outcome=\"%s\"} %.0f\n", text_of(row, "queue"), outcomes[i],
                    number_of(row, outcomes[i]));
    }
}

static void of_agents(FILE *to, json_t *agents)
{
    static const char *const states[] = {"offline", "available", "ringing", "on_call", "wrap_up", "not_ready"};
    double counts[6] = {0};
    size_t index;
    json_t *row;
    json_array_foreach(agents, index, row)
    {
        for (size_t i = 0; i < 6; i++)
            counts[i] += strcmp(text_of(row, "state"), states[i]) == 0;
    }
    family(to, "hotline_agents", "gauge", "Agents by state.");
    for (size_t i = 0; i < 6; i++)
        sample(to, "hotline_agents", "state", states[i], counts[i]);
    double busy = counts[2] + counts[3] + counts[4], staffed = busy + counts[1];
    family(to, "hotline_occupancy_ratio", "gauge", "Share of the agents on duty who ring, speak or wrap up.");
    if (staffed > 0)
        sample(to, "hotline_occupancy_ratio", NULL, NULL, busy / staffed);
}

static void of_nodes(FILE *to, json_t *nodes)
{
    size_t index;
    json_t *row, *peers = json_array();
    json_array_foreach(nodes, index, row)
    {
        if (strcmp(text_of(row, "state"), "self") != 0)
            json_array_append(peers, row);
    }
    family(to, "hotline_peer_up", "gauge", "Whether this node hears that one, and is heard.");
    json_array_foreach(peers, index, row)
        sample(to, "hotline_peer_up", "peer", text_of(row, "node"), strcmp(text_of(row, "state"), "down") != 0);
    of_rows(to, peers, "peer", "node", "hotline_peer_round_trip_seconds", "Round trip to that node.", "rtt_ms", 1e-3);
    of_rows(to, peers, "peer", "node", "hotline_feed_lag", "Changes of that node that are not here yet.", "feed_lag",
            1);
    of_rows(to, peers, "peer", "node", "hotline_clock_skew_seconds", "That node's wall clock against this one.",
            "skew_ms", 1e-3);
    json_decref(peers);
}

// Numbers that only grow while the node lives are counters; these are what it holds just now.
static bool is_gauge(const char *name)
{
    static const char *const gauges[] = {"up_s",
                                         "directory_agents",
                                         "nodes_swept",
                                         "restored_from_ms",
                                         "restored_caught_up_with",
                                         "kept_since_ms",
                                         "accepts_pending",
                                         "records",
                                         "record_bytes",
                                         "feeds",
                                         "disk_used_bytes",
                                         "disk_limit_bytes",
                                         "sessions",
                                         "desks",
                                         "gateways",
                                         "calls_not_ended",
                                         "calls_waiting",
                                         "agents_available",
                                         "orphan_states",
                                         "selftest_passed",
                                         "selftest_failing",
                                         "selftest_nobody",
                                         "selftest_old",
                                         "peers_by_relay",
                                         "protocol",
                                         "directory_keys",
                                         "promises_open"};
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
        if (strcmp(gauges[i], name) == 0)
            return true;
    return false;
}

// A name "what:reason" is one sample of the family what_by_reason.
static void of_status(FILE *to, json_t *status)
{
    const char *name;
    json_t *value;
    char family_name[128] = "";
    json_object_foreach(status, name, value)
    {
        const char *colon = strchr(name, ':');
        if (!json_is_integer(value))
            continue;
        double number = (double)json_integer_value(value);
        if (is_gauge(name)) {
            snprintf(family_name, sizeof family_name, "hotline_node_%s", name);
            family(to, family_name, "gauge", "See hotlinectl status.");
            sample(to, family_name, NULL, NULL, number);
        } else if (colon == NULL) {
            snprintf(family_name, sizeof family_name, "hotline_%s", name);
            family(to, family_name, "counter", "See hotlinectl status.");
            fprintf(to, "%s_total %.0f\n", family_name, number);
        }
    }
    for (const char *const *what = (const char *const[]){"calls_refused", "offers_refused", NULL}; *what; what++) {
        snprintf(family_name, sizeof family_name, "hotline_%s_by_reason", *what);
        family(to, family_name, "counter", "Refusals by their reason.");
        json_object_foreach(status, name, value)
        {
            size_t bytes = strlen(*what);
            if (strncmp(name, *what, bytes) == 0 && name[bytes] == ':')
                fprintf(to, "%s_total{reason=\"%s\"} %" JSON_INTEGER_FORMAT "\n", family_name, name + bytes + 1,
                        json_integer_value(value));
        }
    }
    family(to, "hotline_orphan_states", "gauge", "States that nobody renews and no deadline ends: 0, or a fault.");
    sample(to, "hotline_orphan_states", NULL, NULL, number_of(status, "orphan_states"));
    family(to, "hotline_majority", "gauge", "Whether the node sees most of the nodes of the directory.");
    sample(to, "hotline_majority", NULL, NULL, strcmp(text_of(status, "majority"), "yes") == 0);
    family(to, "hotline_restored", "gauge", "Whether the node was made from a backup, and makes no call-backs yet.");
    sample(to, "hotline_restored", NULL, NULL, strcmp(text_of(status, "restored"), "yes") == 0);
    family(to, "hotline_disk_ok", "gauge", "Whether the node can store.");
    sample(to, "hotline_disk_ok", NULL, NULL, strcmp(text_of(status, "disk"), "ok") == 0);
}

// ---- hotline-web's own

static void counter(FILE *to, const char *name, const char *help, uint64_t value)
{
    family(to, name, "counter", help);
    fprintf(to, "%s_total %" PRIu64 "\n", name, value);
}

static void gauge(FILE *to, const char *name, const char *help, double value)
{
    family(to, name, "gauge", help);
    sample(to, name, NULL, NULL, value);
}

static void of_web(FILE *to, const struct web *web)
{
    const struct http_counts *counts = &web->http.counts;
    counter(to, "hotline_web_requests", "Requests.", counts->requests);
    counter(to, "hotline_web_problems", "Requests answered with a problem.", counts->problems);
    counter(to, "hotline_web_rate_limited", "Requests over an address's rate.", counts->rate_limited);
    counter(to, "hotline_web_unauthorized", "Requests without a token for them.", counts->unauthorized);
    counter(to, "hotline_web_bodies_too_large", "Requests with too large a body.", counts->bodies_too_large);
    counter(to, "hotline_web_streams_refused", "Streams over the bound.", counts->streams_refused);
    counter(to, "hotline_web_streams_too_slow", "Streams let go for their reader kept not up.",
            counts->streams_too_slow);
    gauge(to, "hotline_web_streams", "Streams of events that are open.", web->http.stream_count);
    gauge(to, "hotline_web_desks", "Desks that are signed in here.", (double)desks_count(web->desks));
    gauge(to, "hotline_web_calls", "Calls whose legs are held here.", (double)calls_held(web->calls));
    metrics_histogram(to, "hotline_failover_seconds",
                      "From a node's silence being noticed until a desk or gateway of here is at the next.",
                      histogram_bounds_us, web->failover.counts, HISTOGRAM_BUCKETS, web->failover.sum_us);
}

// ---- asking

static void scrape_done(struct scrape *self)
{
    struct web *web = self->request->web;
    char *text = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&text, &bytes);
    check(to);
    fclose(self->histograms_to);
    bool up = self->answered == QUESTIONS;
    gauge(to, "hotline_up", "Whether a node answers.", up);
    if (up) {
        of_queues(to, self->queues);
        of_agents(to, self->agents);
        of_nodes(to, self->nodes);
        of_status(to, self->status);
        metrics_selftest(to, self->selftest);
        fwrite(self->histograms, 1, self->histograms_bytes, to);
    }
    of_web(to, web);
    fputs("# EOF\n", to);
    fclose(to);
    reply_bytes(self->request, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", text, bytes);
    free(text);
    free(self->histograms);
    json_decref(self->nodes);
    json_decref(self->queues);
    json_decref(self->agents);
    json_decref(self->status);
    json_decref(self->selftest);
    free(self);
}

static void on_row(void *user, const struct hotline_row *row)
{
    struct scrape *self = user;
    if (row->type == HOTLINE_ROW_NODE)
        json_array_append_new(self->nodes, rows_json(row));
    else if (row->type == HOTLINE_ROW_QUEUE)
        json_array_append_new(self->queues, rows_json(row));
    else if (row->type == HOTLINE_ROW_AGENT)
        json_array_append_new(self->agents, rows_json(row));
    else if (row->type == HOTLINE_ROW_SELFTEST)
        json_array_append_new(self->selftest, rows_json(row));
    else if (row->type == HOTLINE_ROW_STATUS)
        json_object_set_new(self->status, row->status.name,
                            row->status.text[0] != '\0' ? output_text(row->status.text)
                                                        : json_integer((json_int_t)row->status.number));
    else if (row->type == HOTLINE_ROW_HISTOGRAM) {
        static const struct {
            const char *of, *name, *help;
        } known[] = {
            {"ring", "hotline_ring_seconds", "From queued until the first desk rings, of calls owned here."},
            {"answer", "hotline_answer_seconds", "From queued until the legs are joined, of calls owned here."},
            {"commit", "hotline_store_commit_seconds", "From a batch's hand-over until it is on the disk."}};
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (strcmp(known[i].of, row->histogram.name) == 0)
                metrics_histogram(self->histograms_to, known[i].name, known[i].help, row->histogram.bounds_us,
                                  row->histogram.counts, row->histogram.buckets, row->histogram.sum_us);
    }
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    struct scrape *self = user;
    self->answered += answer->result == HOTLINE_ANSWER_DONE;
    if (--self->open == 0)
        scrape_done(self);
}

void metrics_get(struct request *request)
{
    static const enum hotline_question questions[QUESTIONS] = {HOTLINE_NODES, HOTLINE_QUEUES, HOTLINE_AGENTS,
                                                               HOTLINE_STATUS, HOTLINE_SELFTEST};
    struct scrape *self = check_alloc(sizeof *self);
    *self = (struct scrape){.request = request,
                            .open = 1,
                            .nodes = json_array(),
                            .queues = json_array(),
                            .agents = json_array(),
                            .status = json_object(),
                            .selftest = json_array()};
    self->histograms_to = open_memstream(&self->histograms, &self->histograms_bytes);
    check(self->histograms_to);
    struct hotline_question_args args = {.user = self};
    for (size_t i = 0; i < QUESTIONS; i++)
        self->open += web_ask(request->web, questions[i], args, METRICS_NODE_MS, on_row, on_done) == HOTLINE_OK;
    if (--self->open == 0)
        scrape_done(self);
}
