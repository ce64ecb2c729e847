// Answers to questions: rows in parts, each part one message.
#include "node/answers_private.h"

#include "node/node_private.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"

#include <stdio.h>
#include <string.h>

#define EXPORT_PART_BYTES ((size_t)48 * 1024)

void answers_say(const struct reply *reply, Cli__Answer *answer, bool last)
{
    answer->query = reply->query;
    answer->last = last;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ANSWER;
    message.answer = answer;
    sessions_say(reply->node->sessions, reply->session, &message);
}

void answers_refuse(const struct reply *reply, const char *reason, const char *detail)
{
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)reply->query);
    Cli__NextNode next;
    bool has_next = node_next_nodes(reply->node, &next, 1) > 0;
    sessions_refuse(reply->node->sessions, reply->session, reason, detail, what, has_next ? &next : NULL, NULL, 0);
}

bool answers_lack_directory(struct node *node, const struct reply *reply)
{
    if (node->directory == NULL)
        answers_refuse(reply, "no_directory", "this node has no directory yet: apply one");
    return node->directory == NULL;
}

// ---- nodes

static void answer_nodes(struct node *node, const struct reply *reply)
{
    Cli__NodeRow rows[PEERS_MAX + 1], *pointers[PEERS_MAX + 1];
    uint32_t count = peers_count(node->peers) + 1;
    for (uint32_t i = 0; i < count; i++) {
        Cli__NodeRow *row = pointers[i] = &rows[i];
        cli__node_row__init(row);
        const struct peer *peer = i == 0 ? NULL : peers_at(node->peers, i - 1);
        const struct peers_card *card = peer == NULL ? &node->config->self : &peer->card;
        row->node = (char *)card->name;
        row->site = (char *)card->site;
        row->client = (char *)card->client;
        row->primary = node->directory != NULL && strcmp(node->directory->primary, card->name) == 0;
        row->state = (char *)(peer == NULL ? "self" : peer->up ? "up" : "down");
        row->boot = peer == NULL ? node->boot : peer->boot;
        row->draining = peer == NULL ? drain_is_on(node) : peer->draining;
        reading_load(node->board, card->name, &row->desks, &row->calls);
        if (peer == NULL)
            continue;
        row->via = (char *)peers_via(node->peers, i - 1);
        row->rtt_us = peer->rtt_us;
        row->skew_ms = peer->skew_ms;
        row->lag = feed_lag(node->feed, i - 1);
    }
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.nodes = pointers;
    answer.n_nodes = count;
    answers_say(reply, &answer, true);
}

// ---- queues, digest, export

static uint32_t permille(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (uint32_t)((uint64_t)part * 1000 / whole);
}

static void answer_queues(struct node *node, const struct reply *reply)
{
    if (answers_lack_directory(node, reply))
        return;
    Cli__QueueRow rows[DIRECTORY_QUEUES_MAX], *pointers[DIRECTORY_QUEUES_MAX];
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.queues = pointers;
    for (uint32_t i = 0; i < node->directory->queue_count; i++) {
        const struct directory_queue *queue = &node->directory->queues[i];
        struct reading_queue reading;
        reading_queue(node->board, node->now, i, &reading);
        Cli__QueueRow *row = pointers[answer.n_queues++] = &rows[i];
        cli__queue_row__init(row);
        uint32_t ended = reading.answered + reading.abandoned + reading.expired;
        row->queue = (char *)queue->id;
        row->priority = queue->priority;
        row->waiting = reading.waiting;
        row->longest_ms = reading.longest_ms;
        row->asa_ms = reading.asa_ms;
        row->answered = reading.answered;
        row->abandoned = reading.abandoned;
        row->expired = reading.expired;
        row->called_back = reading.called_back;
        row->service_level_permille = permille(reading.answered_in_target, ended);
        row->abandonment_permille = permille(reading.abandoned, ended);
        row->ewt_s = reading.ewt_s;
        row->target_percent = queue->target_percent;
        row->target_ms = queue->target_ms;
    }
    answers_say(reply, &answer, true);
}

static void answer_digest(struct node *node, const struct reply *reply)
{
    Cli__Digest digest = CLI__DIGEST__INIT;
    digest.digest = store_digest(node->store);
    digest.records = store_counts(node->store).records;
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.digest = &digest;
    answers_say(reply, &answer, true);
}

static void answer_export(struct node *node, const struct reply *reply)
{
    if (answers_lack_directory(node, reply))
        return;
    struct bytes encoded = {0};
    directory_encode(node->directory, &encoded);
    uint32_t count = (uint32_t)((encoded.count + EXPORT_PART_BYTES - 1) / EXPORT_PART_BYTES);
    for (uint32_t i = 0; i < count; i++) {
        size_t offset = (size_t)i * EXPORT_PART_BYTES;
        size_t left = encoded.count - offset;
        Cli__ExportPart part = CLI__EXPORT_PART__INIT;
        part.index = i;
        part.count = count;
        part.claim = node->directory_version.claim;
        part.revision = node->directory_version.revision;
        part.bytes = (ProtobufCBinaryData){left < EXPORT_PART_BYTES ? left : EXPORT_PART_BYTES, encoded.data + offset};
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.export = &part;
        answers_say(reply, &answer, i + 1 == count);
    }
    bytes_close(&encoded);
}

void answers_query(struct node *node, uint64_t session, const Cli__Query *query)
{
    struct reply reply = {node, session, query->query};
    if (query->show_numbers)
        audit_write(node, session, "show-numbers", query->call[0] != '\0' ? query->call : "calls", "");
    switch (query->what) {
    case CLI__QUERY__WHAT__STATUS:
        answer_status(node, &reply);
        break;
    case CLI__QUERY__WHAT__NODES:
        answer_nodes(node, &reply);
        break;
    case CLI__QUERY__WHAT__AGENTS:
        answer_agents(node, &reply);
        break;
    case CLI__QUERY__WHAT__CALLS:
        answer_calls(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__QUEUES:
        answer_queues(node, &reply);
        break;
    case CLI__QUERY__WHAT__FIND:
        answer_find(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__EXPLAIN:
        answer_explain(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__DIGEST:
        answer_digest(node, &reply);
        break;
    case CLI__QUERY__WHAT__EXPORT:
        answer_export(node, &reply);
        break;
    case CLI__QUERY__WHAT__EVENTS:
        answer_events(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__AUDIT:
        answer_audit(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__DRAIN:
    case CLI__QUERY__WHAT__UNDRAIN:
        drain_query(node, &reply, query);
        break;
    case CLI__QUERY__WHAT__WHAT_UNSET:
    case _CLI__QUERY__WHAT_IS_INT_SIZE:
        answers_refuse(&reply, "unknown_question", "this node does not know the question");
        break;
    }
}
