// Status: one name and one value a row; whatever is dropped or refused anywhere is counted here.
#include "node/answers_private.h"

#include "node/node_private.h"
#include "node/selftest/results.h"
#include "node/switchboard/figures.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <string.h>

// ---- status

#define STATUS_ROWS_MAX 200

struct status {
    Cli__StatusRow rows[STATUS_ROWS_MAX], *pointers[STATUS_ROWS_MAX];
    uint32_t count;
};

static Cli__StatusRow *add_status(struct status *status, const char *name)
{
    check(status->count < STATUS_ROWS_MAX);
    Cli__StatusRow *row = &status->rows[status->count];
    cli__status_row__init(row);
    row->name = (char *)name;
    status->pointers[status->count++] = row;
    return row;
}

static void number(struct status *status, const char *name, uint64_t value)
{
    add_status(status, name)->number = value;
}

static void text(struct status *status, const char *name, const char *value)
{
    add_status(status, name)->text = (char *)value;
}

static void status_of_floors(struct node *node, struct status *status)
{
    struct store_counts store = store_counts(node->store);
    number(status, "records", store.records);
    number(status, "record_bytes", store.bytes);
    number(status, "feeds", store.feeds);
    number(status, "records_refused", store.refused);
    number(status, "version_clashes", store.clashes);
    uint64_t used, limit;
    node->disk->type->usage(node->disk, &used, &limit);
    text(status, "disk", drain_disk_word(node->disk->type->state(node->disk)));
    number(status, "disk_used_bytes", used);
    number(status, "disk_limit_bytes", limit);
    struct world_counts world = {0};
    if (node->world->type->counts != NULL)
        node->world->type->counts(node->world, &world);
    number(status, "connections_opened", world.connections_opened);
    number(status, "connections_closed", world.connections_closed);
    number(status, "handshakes_failed", world.handshakes_failed);
    number(status, "keys_refused", world.keys_refused);
    number(status, "connections_shut", world.connections_shut);
    number(status, "connections_parted", world.connections_parted);
    struct peers_counts peers = peers_counts(node->peers);
    number(status, "peer_messages", peers.received);
    number(status, "peer_messages_malformed", peers.malformed);
    number(status, "peer_messages_misdirected", peers.misdirected);
    number(status, "peer_messages_of_another", peers.of_another);
    number(status, "peer_messages_not_understood", peers.not_understood);
    number(status, "peer_messages_not_sent", peers.not_sent);
    number(status, "peer_messages_not_spoken", peers.not_spoken);
    number(status, "peer_messages_sent_by_relay", peers.sent_by_relay);
    number(status, "relayed", peers.relayed);
    number(status, "relay_dropped", peers.relay_dropped);
    number(status, "peers_by_relay", peers.by_relay);
    number(status, "peers_learnt", peers.learnt);
    number(status, "peers_over_bound", peers.over_bound);
    number(status, "stalls", peers.stalls);
    struct feed_counts feed = feed_counts(node->feed);
    number(status, "feed_records_in", feed.records_in);
    number(status, "feed_records_out", feed.records_out);
    number(status, "feed_asks", feed.asks);
    number(status, "feed_gaps", feed.gaps);
    number(status, "feed_refused", feed.refused);
    number(status, "feed_foreign", feed.foreign);
    number(status, "feed_by_third", feed.by_third);
    number(status, "digests_differ", feed.digests_differ);
    number(status, "mended", feed.mended);
    struct sessions_counts sessions = sessions_counts(node->sessions);
    number(status, "sessions", sessions.sessions);
    number(status, "desks", sessions.desks);
    number(status, "gateways", sessions.gateways);
    number(status, "client_messages", sessions.received);
    number(status, "client_messages_malformed", sessions.malformed);
    number(status, "client_messages_too_large", sessions.too_large);
    number(status, "client_messages_over_bound", sessions.over_bound);
    number(status, "client_words_unattached", sessions.not_attached);
    number(status, "client_messages_not_sent", sessions.not_sent);
    number(status, "clients_missed_words", sessions.missed);
    number(status, "clients_timed_out", sessions.timed_out);
    number(status, "client_messages_over_rate", sessions.over_rate);
    number(status, "keys_shut_out", sessions.shut_out);
    number(status, "client_words_forbidden", sessions.forbidden);
    number(status, "sessions_shut", sessions.shut);
}

static Cli__HistogramRow *histogram_row(Cli__HistogramRow *row, const char *name, const struct histogram *from)
{
    cli__histogram_row__init(row);
    row->name = (char *)name;
    row->bounds_us = (uint64_t *)histogram_bounds_us;
    row->n_bounds_us = HISTOGRAM_BUCKETS - 1;
    row->counts = (uint64_t *)from->counts;
    row->n_counts = HISTOGRAM_BUCKETS;
    row->sum_us = from->sum_us;
    return row;
}

struct own_tests {
    const char *node;
    uint64_t passed, failing, nobody, old;
};

static void count_test(void *context, const struct results_row *row)
{
    struct own_tests *self = context;
    if (strcmp(row->tester, self->node) != 0)
        return;
    self->passed += row->result->result == REC__TEST_RESULT__TEST_PASSED;
    self->nobody += row->result->result == REC__TEST_RESULT__TEST_NOBODY;
    self->old += row->result->result == REC__TEST_RESULT__TEST_OLD;
    self->failing += result_is_failure(row->result->result);
}

static void status_of_tests(const struct node *node, struct status *status)
{
    struct own_tests tests = {.node = node->config->self.name};
    results_each(selftest_results(node), count_test, &tests);
    text(status, "selftest", !selftest_is_on(node) ? "off" : tests.failing > 0 ? "failing" : "ok");
    number(status, "selftest_passed", tests.passed);
    number(status, "selftest_failing", tests.failing);
    number(status, "selftest_nobody", tests.nobody);
    number(status, "selftest_old", tests.old);
    number(status, "test_calls_passed", node->counters.test_calls_passed);
    number(status, "test_calls_failed", node->counters.test_calls_failed);
    number(status, "selftest_dropped", results_dropped(selftest_results(node)));
}

void answer_status(struct node *node, const struct reply *reply)
{
    struct status status = {.count = 0};
    char boot[32], directory[64];
    snprintf(boot, sizeof boot, "%016llx", (unsigned long long)node->boot);
    snprintf(directory, sizeof directory, "%llu.%llu", (unsigned long long)node->directory_version.claim,
             (unsigned long long)node->directory_version.revision);
    text(&status, "node", node->config->self.name);
    text(&status, "boot", boot);
    number(&status, "up_s", (node->now.mono_us - node->started_us) / 1000000);
    text(&status, "keys", node->config->insecure ? "INSECURE: none" : node->config->key);
    number(&status, "directory_keys", node->directory == NULL ? 0 : node->directory->key_count);
    number(&status, "unknown_keys", node->counters.unknown_keys);
    number(&status, "audits", node->audits);
    number(&status, "mends_noted", node->counters.mends_noted);
    number(&status, "protocol", node->speaks);
    text(&status, "going", node->going ? "yes" : "no");
    text(&status, "draining", drain_is_on(node) ? "yes" : "no");
    text(&status, "restored", restored_waits(node) ? "yes" : "no");
    number(&status, "restored_from_ms", store_restored_ms(node->store));
    number(&status, "restored_caught_up_with", restored_caught_up_with(node));
    number(&status, "kept_since_ms", store_kept_since_ms(node->store));
    number(&status, "backups", node->counters.backups);
    text(&status, "majority", primary_sees_majority(node) ? "yes" : "no");
    text(&status, "directory", node->directory == NULL ? "none" : directory);
    text(&status, "primary", node->directory == NULL ? "none" : node->directory->primary);
    number(&status, "directory_agents", node->directory == NULL ? 0 : node->directory->agent_count);
    number(&status, "nodes_swept", primary_swept(node));
    number(&status, "accepts_pending", acceptance_pending(node->acceptance));
    number(&status, "accepts_dropped", acceptance_dropped(node->acceptance));
    number(&status, "talk_dropped", node->counters.talk_dropped);
    number(&status, "talk_foreign", node->counters.talk_foreign);
    number(&status, "puts_refused", node->counters.puts_refused);
    number(&status, "directories_bad", node->counters.directories_bad);
    number(&status, "applies", node->counters.applies);
    number(&status, "applies_refused", node->counters.applies_refused);
    status_of_tests(node, &status);
    status_of_floors(node, &status);
    struct reading_counter counters[32];
    uint32_t count = reading_counters(node->board, counters, 32);
    for (uint32_t i = 0; i < count; i++)
        number(&status, counters[i].name, counters[i].value);
    number(&status, "orphan_states", reading_orphans(node->board));
    const struct figures *figures = reading_figures(node->board);
    for (uint32_t i = 0; i < figures->reason_count; i++)
        number(&status, figures->reasons[i].name, figures->reasons[i].count);
    Cli__HistogramRow rows[3], *pointers[] = {histogram_row(&rows[0], "ring", &figures->ring),
                                              histogram_row(&rows[1], "answer", &figures->answer),
                                              histogram_row(&rows[2], "commit", &node->commits.took)};
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.status = status.pointers;
    answer.n_status = status.count;
    answer.histograms = pointers;
    answer.n_histograms = 3;
    answers_say(reply, &answer, true);
}
