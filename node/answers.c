// Answers to questions: rows in parts, each part one message.
#include "node/node_private.h"

#include "cluster/base/text.h"
#include "node/directory/place.h"
#include "node/route/sphere.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_PER_PART 100
#define EXPORT_PART_BYTES ((size_t)48 * 1024)
#define FIND_DEFAULT 10
#define FIND_MAX 100
#define CALL_BUDGET_BYTES ((size_t)256 * 1024)

struct reply {
    struct node *node;
    uint64_t session, query;
};

static void say(const struct reply *reply, Cli__Answer *answer, bool last)
{
    answer->query = reply->query;
    answer->last = last;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ANSWER;
    message.answer = answer;
    sessions_say(reply->node->sessions, reply->session, &message);
}

static void refuse(const struct reply *reply, const char *reason, const char *detail)
{
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)reply->query);
    sessions_refuse(reply->node->sessions, reply->session, reason, detail, what, "", NULL, 0);
}

// ---- status

#define STATUS_ROWS_MAX 80

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

static const char *disk_word(enum disk_state state)
{
    switch (state) {
    case DISK_OK:
        return "ok";
    case DISK_FULL:
        return "full";
    case DISK_FAILED:
        return "failed";
    }
    return "";
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
    text(status, "disk", disk_word(node->disk->type->state(node->disk)));
    number(status, "disk_used_bytes", used);
    number(status, "disk_limit_bytes", limit);
    struct peers_counts peers = peers_counts(node->peers);
    number(status, "peer_messages", peers.received);
    number(status, "peer_messages_malformed", peers.malformed);
    number(status, "peer_messages_misdirected", peers.misdirected);
    number(status, "peer_messages_not_sent", peers.not_sent);
    number(status, "peers_learnt", peers.learnt);
    number(status, "peers_over_bound", peers.over_bound);
    number(status, "stalls", peers.stalls);
    struct feed_counts feed = feed_counts(node->feed);
    number(status, "feed_records_in", feed.records_in);
    number(status, "feed_records_out", feed.records_out);
    number(status, "feed_asks", feed.asks);
    number(status, "feed_gaps", feed.gaps);
    number(status, "feed_refused", feed.refused);
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
    number(status, "clients_timed_out", sessions.timed_out);
}

static void answer_status(struct node *node, const struct reply *reply)
{
    struct status status = {.count = 0};
    char boot[32], directory[64];
    snprintf(boot, sizeof boot, "%016llx", (unsigned long long)node->boot);
    snprintf(directory, sizeof directory, "%llu.%llu", (unsigned long long)node->directory_version.claim,
             (unsigned long long)node->directory_version.revision);
    text(&status, "node", node->config->self.name);
    text(&status, "boot", boot);
    number(&status, "up_s", (node->now.mono_us - node->started_us) / 1000000);
    text(&status, "going", node->going ? "yes" : "no");
    text(&status, "majority", primary_sees_majority(node) ? "yes" : "no");
    text(&status, "directory", node->directory == NULL ? "none" : directory);
    text(&status, "primary", node->directory == NULL ? "none" : node->directory->primary);
    number(&status, "directory_agents", node->directory == NULL ? 0 : node->directory->agent_count);
    number(&status, "nodes_swept", primary_swept(node));
    number(&status, "accepts_pending", acceptance_pending(node->acceptance));
    number(&status, "talk_dropped", node->counters.talk_dropped);
    number(&status, "puts_refused", node->counters.puts_refused);
    number(&status, "directories_bad", node->counters.directories_bad);
    number(&status, "applies", node->counters.applies);
    number(&status, "applies_refused", node->counters.applies_refused);
    status_of_floors(node, &status);
    struct reading_counter counters[32];
    uint32_t count = reading_counters(node->board, counters, 32);
    for (uint32_t i = 0; i < count; i++)
        number(&status, counters[i].name, counters[i].value);
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.status = status.pointers;
    answer.n_status = status.count;
    say(reply, &answer, true);
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
        if (peer == NULL) {
            reading_load(node->board, &row->desks, &row->calls);
            continue;
        }
        row->rtt_us = peer->rtt_us;
        row->skew_ms = peer->skew_ms;
        row->lag = feed_lag(node->feed, i - 1);
    }
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.nodes = pointers;
    answer.n_nodes = count;
    say(reply, &answer, true);
}

// ---- agents

struct agent_row {
    Cli__AgentRow row;
    char *languages[ROUTE_SET_BITS], *skills[ROUTE_SET_BITS];
};

static size_t set_names(struct route_set set, const char *const *names, uint32_t count, char **ret_names)
{
    size_t used = 0;
    for (uint32_t bit = 0; bit < count; bit++)
        if (set.word[bit / 64] >> (bit % 64) & 1)
            ret_names[used++] = (char *)names[bit];
    return used;
}

static void fill_agent(struct node *node, uint32_t index, struct agent_row *to)
{
    const struct directory *directory = node->directory;
    const struct directory_agent *agent = &directory->agents[index];
    const struct directory_site *site = &directory->sites[agent->site];
    struct reading_agent reading;
    reading_agent(node->board, node->now, index, &reading);
    Cli__AgentRow *row = &to->row;
    cli__agent_row__init(row);
    row->agent = (char *)agent->id;
    row->name = (char *)agent->name;
    row->site = (char *)site->id;
    row->country = (char *)site->country;
    row->lat_udeg = site->lat_udeg;
    row->lon_udeg = site->lon_udeg;
    row->contact = (char *)agent->contact;
    row->languages = to->languages;
    row->n_languages = set_names(agent->languages, directory->languages, directory->language_count, to->languages);
    row->skills = to->skills;
    row->n_skills = set_names(agent->skills, directory->skills, directory->skill_count, to->skills);
    row->state = (Rec__AgentState)reading.state;
    row->reason = (char *)reading.reason;
    row->node = (char *)reading.node;
    row->call = (char *)reading.call;
    if (reading.since_ms > 0 && node->now.wall_ms > reading.since_ms)
        row->since_ms = node->now.wall_ms - reading.since_ms;
}

static bool needs_directory(struct node *node, const struct reply *reply)
{
    if (node->directory == NULL)
        refuse(reply, "no_directory", "this node has no directory yet: apply one");
    return node->directory == NULL;
}

static void answer_agents(struct node *node, const struct reply *reply)
{
    if (needs_directory(node, reply))
        return;
    struct agent_row *rows = check_alloc(ROWS_PER_PART * sizeof *rows);
    Cli__AgentRow *pointers[ROWS_PER_PART];
    uint32_t total = node->directory->agent_count, done = 0;
    do {
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.agents = pointers;
        for (; done < total && answer.n_agents < ROWS_PER_PART; done++) {
            fill_agent(node, done, &rows[answer.n_agents]);
            pointers[answer.n_agents] = &rows[answer.n_agents].row;
            answer.n_agents++;
        }
        say(reply, &answer, done == total);
    } while (done < total);
    free(rows);
}

static bool find_need(struct node *node, const struct reply *reply, const Cli__Submit *find, struct place *ret_place,
                      struct route_need *ret_need)
{
    char detail[256];
    const char *unknown = NULL;
    struct place_clues clues = {.number = find->number,
                                .at = find->at,
                                .lat_udeg = find->lat_udeg,
                                .lon_udeg = find->lon_udeg,
                                .country = find->country,
                                .site = ""};
    struct problem problem;
    if (!place_caller(node->atlas, node->directory, &clues, ret_place, &problem)) {
        refuse(reply, "bad_caller", problem.text);
        return false;
    }
    ret_need->languages = directory_language_set(node->directory, find->languages, find->n_languages, &unknown);
    if (find->n_languages > 0 && route_set_is_empty(ret_need->languages)) {
        snprintf(detail, sizeof detail, "no agent speaks %.64s", unknown);
        refuse(reply, "unknown_language", detail);
        return false;
    }
    ret_need->skills = directory_skill_set(node->directory, find->skills, find->n_skills, &unknown);
    if (find->n_skills > 0 && unknown != NULL) {
        snprintf(detail, sizeof detail, "no agent has the skill %.64s", unknown);
        refuse(reply, "unknown_skill", detail);
        return false;
    }
    return true;
}

static void answer_find(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    if (needs_directory(node, reply))
        return;
    struct place place;
    struct route_need need = {0};
    if (query->find == NULL) {
        refuse(reply, "malformed", "find needs a caller");
        return;
    }
    if (!find_need(node, reply, query->find, &place, &need))
        return;
    struct sphere_point from = place.by == PLACE_UNKNOWN
                                   ? sphere_point(node->config->self.lat_udeg, node->config->self.lon_udeg)
                                   : sphere_point(place.lat_udeg, place.lon_udeg);
    struct route_pick picks[FIND_MAX];
    uint32_t limit = query->limit == 0 ? FIND_DEFAULT : query->limit < FIND_MAX ? query->limit : FIND_MAX;
    uint32_t count = reading_nearest(node->board, from, &need, picks, limit);
    struct agent_row *rows = check_alloc(FIND_MAX * sizeof *rows);
    Cli__AgentRow *pointers[FIND_MAX];
    for (uint32_t i = 0; i < count; i++) {
        fill_agent(node, picks[i].agent, &rows[i]);
        rows[i].row.km = sphere_km(from, node->directory->sites[node->directory->agents[picks[i].agent].site].at);
        pointers[i] = &rows[i].row;
    }
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.agents = pointers;
    answer.n_agents = count;
    say(reply, &answer, true);
    free(rows);
}

// ---- calls

static Rec__Call *stored_call(struct node *node, const char *id, const struct record **ret_record)
{
    const struct record *record = store_find(node->store, REC__KIND__CALL, id);
    if (record == NULL)
        return NULL;
    *ret_record = record;
    return rec__call__unpack(arena_allocator_more(&node->arena, CALL_BUDGET_BYTES), record->body.bytes,
                             record->body.data);
}

static void fill_call(struct node *node, const struct reading_call *reading, Cli__CallRow *row)
{
    const struct record *record;
    Rec__Call *body = stored_call(node, reading->id, &record);
    cli__call_row__init(row);
    row->call = (char *)reading->id;
    row->node = (char *)reading->node;
    row->state = (Rec__CallState)reading->state;
    row->end = (Rec__EndReason)reading->end;
    if (body == NULL)
        return;
    row->queue = body->queue;
    row->agent = body->agent;
    if (body->caller != NULL) {
        row->from = body->caller->number;
        row->place = body->caller->place;
    }
    uint64_t until_ms = body->connected_ms > 0 ? body->connected_ms : node->now.wall_ms;
    row->waited_ms = until_ms > body->queued_ms ? until_ms - body->queued_ms : 0;
}

static void answer_calls(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    struct reading_call *readings;
    uint32_t total = reading_calls(node->board, node->now, &readings), done = 0;
    if (query->limit > 0 && query->limit < total)
        total = query->limit;
    Cli__CallRow rows[ROWS_PER_PART], *pointers[ROWS_PER_PART];
    do {
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.calls = pointers;
        arena_allocator(&node->arena, 0);
        for (; done < total && answer.n_calls < ROWS_PER_PART; done++) {
            fill_call(node, &readings[done], &rows[answer.n_calls]);
            pointers[answer.n_calls] = &rows[answer.n_calls];
            answer.n_calls++;
        }
        say(reply, &answer, done == total);
    } while (done < total);
    free(readings);
}

static void answer_explain(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    const struct record *record;
    arena_allocator(&node->arena, 0);
    Rec__Call *body = stored_call(node, query->call, &record);
    if (body == NULL) {
        char detail[256];
        snprintf(detail, sizeof detail, "there is no call %.128s", query->call);
        refuse(reply, "unknown_call", detail);
        return;
    }
    Cli__Explain explain = CLI__EXPLAIN__INIT;
    Rec__Version version = REC__VERSION__INIT;
    version.attach = record->version.attach;
    version.owner = (char *)record->version.owner;
    version.boot = record->version.boot;
    version.seq = record->version.seq;
    explain.call = query->call;
    explain.story = body;
    explain.version = &version;
    explain.born_ms = record->born_ms;
    uint32_t agent = node->directory == NULL ? DIRECTORY_NONE : directory_find_agent(node->directory, body->agent);
    if (agent != DIRECTORY_NONE)
        explain.site = (char *)node->directory->sites[node->directory->agents[agent].site].id;
    if (peers_is_self(node->peers, version.owner, version.boot))
        explain.copies = (store_stored(node->store, version.owner, version.boot) >= version.seq) +
                         feed_copies(node->feed, version.seq);
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.explain = &explain;
    say(reply, &answer, true);
}

// ---- queues, digest, export

static uint32_t permille(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (uint32_t)((uint64_t)part * 1000 / whole);
}

static void answer_queues(struct node *node, const struct reply *reply)
{
    if (needs_directory(node, reply))
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
        row->service_level_permille = permille(reading.answered_in_target, ended);
        row->abandonment_permille = permille(reading.abandoned, ended);
        row->ewt_s = reading.ewt_s;
        row->target_percent = queue->target_percent;
        row->target_ms = queue->target_ms;
    }
    say(reply, &answer, true);
}

static void answer_digest(struct node *node, const struct reply *reply)
{
    Cli__Digest digest = CLI__DIGEST__INIT;
    digest.digest = store_digest(node->store);
    digest.records = store_counts(node->store).records;
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.digest = &digest;
    say(reply, &answer, true);
}

static void answer_export(struct node *node, const struct reply *reply)
{
    if (needs_directory(node, reply))
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
        say(reply, &answer, i + 1 == count);
    }
    bytes_close(&encoded);
}

void answers_query(struct node *node, uint64_t session, const Cli__Query *query)
{
    struct reply reply = {node, session, query->query};
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
    case CLI__QUERY__WHAT__WHAT_UNSET:
    case _CLI__QUERY__WHAT_IS_INT_SIZE:
        refuse(&reply, "unknown_question", "this node does not know the question");
        break;
    }
}
