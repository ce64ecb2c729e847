// Answers of nodes as rows for applications.
#include "node/client/query.h"
#include "node/client/texts.h"

#include <string.h>

struct out {
    struct arena *arena;
    hotline_row_callback *on_row;
    void *user;
};

static void give(const struct out *out, const struct hotline_row *row)
{
    if (out->on_row != NULL)
        out->on_row(out->user, row);
}

// NULL-terminated. Past the budget: none.
static const char *const *list(const struct out *out, size_t count, char **texts)
{
    static const char *const none[] = {NULL};
    const char **copy = arena_take(out->arena, (count + 1) * sizeof *copy);
    if (copy == NULL)
        return none;
    for (size_t i = 0; i < count; i++)
        copy[i] = texts[i];
    copy[count] = NULL;
    return copy;
}

static void give_status(const struct out *out, const Cli__StatusRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_STATUS};
    row.status.name = from->name;
    row.status.text = from->text;
    row.status.number = from->number;
    give(out, &row);
}

static void give_histogram(const struct out *out, const Cli__HistogramRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_HISTOGRAM};
    if (from->n_counts == 0 || from->n_bounds_us + 1 != from->n_counts)
        return;
    row.histogram.name = from->name;
    row.histogram.bounds_us = from->bounds_us;
    row.histogram.counts = from->counts;
    row.histogram.buckets = from->n_counts;
    row.histogram.sum_us = from->sum_us;
    give(out, &row);
}

static void give_node(const struct out *out, const Cli__NodeRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_NODE};
    row.node.node = from->node;
    row.node.site = from->site;
    row.node.state = from->state;
    row.node.via = from->via;
    row.node.boot = from->boot;
    row.node.rtt_us = from->rtt_us;
    row.node.lag = from->lag;
    row.node.skew_ms = from->skew_ms;
    row.node.client = from->client;
    row.node.version = from->version;
    row.node.protocol = from->protocol;
    row.node.desks = from->desks;
    row.node.calls = from->calls;
    row.node.primary = from->primary;
    row.node.draining = from->draining;
    struct hotline_link *links = arena_take(out->arena, (from->n_links + 1) * sizeof *links);
    for (size_t i = 0; i < from->n_links && links != NULL; i++) {
        const Cli__LinkRow *link = from->links[i];
        links[row.node.link_count++] = (struct hotline_link){link->to, link->up, link->rtt_us, link->lag};
    }
    row.node.links = links;
    row.node.restored = from->restored;
    give(out, &row);
}

static void give_agent(const struct out *out, const Cli__AgentRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_AGENT};
    row.agent.agent = from->agent;
    row.agent.name = from->name;
    row.agent.site = from->site;
    row.agent.country = from->country;
    row.agent.contact = from->contact;
    row.agent.state = agent_state_text(from->state);
    row.agent.reason = from->reason;
    row.agent.node = from->node;
    row.agent.call = from->call;
    row.agent.lat = from->lat_udeg / 1e6;
    row.agent.lon = from->lon_udeg / 1e6;
    row.agent.languages = list(out, from->n_languages, from->languages);
    row.agent.skills = list(out, from->n_skills, from->skills);
    row.agent.since_ms = from->since_ms;
    row.agent.km = from->km;
    give(out, &row);
}

static void give_audit(const struct out *out, const Cli__AuditRow *from)
{
    static const Rec__Audit unreadable = REC__AUDIT__INIT;
    const Rec__Audit *audit = from->audit == NULL ? &unreadable : from->audit;
    struct hotline_row row = {.type = HOTLINE_ROW_AUDIT};
    row.audit.who = audit->who;
    row.audit.key = audit->key;
    row.audit.verb = audit->verb;
    row.audit.what = audit->what;
    row.audit.reason = audit->reason;
    row.audit.refused = audit->refused;
    row.audit.at_ms = audit->at_ms;
    row.audit.node = from->node;
    give(out, &row);
}

static void give_selftest(const struct out *out, const Cli__SelfTestRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_SELFTEST};
    row.selftest.node = from->node;
    row.selftest.site = from->site;
    row.selftest.state = from->stale ? "stale" : test_state_text(from->result);
    row.selftest.reason = test_reason_text(from->result);
    row.selftest.agent = from->agent;
    row.selftest.desk_node = from->desk_node;
    row.selftest.took_us = from->took_us;
    row.selftest.age_ms = from->age_ms;
    give(out, &row);
}

static void give_call(const struct out *out, const Cli__CallRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_CALL};
    row.call.call = from->call;
    row.call.from = from->from;
    row.call.queue = from->queue;
    row.call.state = call_state_text(from->state);
    row.call.agent = from->agent;
    row.call.node = from->node;
    row.call.reason = end_text(from->end);
    row.call.place = place_of(from->place);
    row.call.waited_ms = from->waited_ms;
    row.call.call_back = from->call_back == NULL ? "" : from->call_back->call;
    row.call.owed_ms = from->call_back == NULL ? 0 : from->call_back->owed_ms;
    row.call.tries = from->call_back == NULL ? 0 : from->call_back->tries;
    give(out, &row);
}

static void give_queue(const struct out *out, const Cli__QueueRow *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_QUEUE};
    row.queue.queue = from->queue;
    row.queue.priority = from->priority;
    row.queue.waiting = from->waiting;
    row.queue.answered = from->answered;
    row.queue.abandoned = from->abandoned;
    row.queue.expired = from->expired;
    row.queue.called_back = from->called_back;
    row.queue.asa_ms = from->asa_ms;
    row.queue.ewt_s = from->ewt_s;
    row.queue.longest_ms = from->longest_ms;
    row.queue.service_level_permille = from->service_level_permille;
    row.queue.abandonment_permille = from->abandonment_permille;
    row.queue.target_percent = from->target_percent;
    row.queue.target_ms = from->target_ms;
    give(out, &row);
}

static void give_offered(const struct out *out, const Rec__Offered *from)
{
    struct hotline_row row = {.type = HOTLINE_ROW_OFFERED};
    row.offered.n = from->n;
    row.offered.rank = from->rank;
    row.offered.km = from->km;
    row.offered.eligible = from->eligible;
    row.offered.agent = from->agent;
    row.offered.site = from->site;
    row.offered.node = from->node;
    row.offered.outcome = outcome_text(from->outcome);
    row.offered.detail = from->detail;
    row.offered.invited = from->invited;
    row.offered.at_ms = from->at_ms;
    row.offered.outcome_at_ms = from->outcome_at_ms;
    give(out, &row);
}

static void fill_call_back(struct hotline_row *row, const Cli__Explain *from)
{
    static Rec__CallBack none = REC__CALL_BACK__INIT;
    const Rec__CallBack *back = from->story->call_back == NULL ? &none : from->story->call_back;
    row->explain.called_back_by = from->call_back;
    row->explain.redials = from->story->redials;
    row->explain.call_back = back->call;
    row->explain.owed_ms = back->owed_ms;
    row->explain.tries = back->tries;
    row->explain.rests = back->rests;
    row->explain.last_try = back->last;
    row->explain.last_try_text = back->last_text;
    row->explain.last_try_ms = back->last_ms;
}

static bool give_explain(const struct out *out, const Cli__Explain *from)
{
    const Rec__Call *story = from->story;
    if (story == NULL)
        return false;
    static Rec__Caller nobody = REC__CALLER__INIT;
    const Rec__Caller *caller = story->caller == NULL ? &nobody : story->caller;
    struct hotline_row row = {.type = HOTLINE_ROW_EXPLAIN};
    row.explain.call = from->call;
    row.explain.gateway = story->gateway;
    row.explain.from = caller->number;
    row.explain.queue = story->queue;
    row.explain.dialled = story->dialled;
    row.explain.state = call_state_text(story->state);
    row.explain.reason = end_text(story->end);
    row.explain.detail = story->detail;
    row.explain.agent = story->agent;
    row.explain.site = from->site;
    row.explain.disposition = from->wrap == NULL ? "" : from->wrap->disposition;
    row.explain.owner = from->version == NULL ? "" : from->version->owner;
    row.explain.place = place_of(caller->place);
    row.explain.languages = list(out, caller->n_languages, caller->languages);
    row.explain.skills = list(out, caller->n_skills, caller->skills);
    row.explain.attach = from->version == NULL ? 0 : from->version->attach;
    row.explain.born_ms = from->born_ms;
    row.explain.queued_ms = story->queued_ms;
    row.explain.ringing_ms = story->ringing_ms;
    row.explain.connected_ms = story->connected_ms;
    row.explain.ended_ms = story->ended_ms;
    row.explain.offers = story->offers;
    row.explain.copies = from->copies;
    row.explain.offers_dropped = story->outcomes_dropped;
    fill_call_back(&row, from);
    give(out, &row);
    for (size_t i = 0; i < story->n_story; i++)
        give_offered(out, story->story[i]);
    return true;
}

static bool give_export(const struct out *out, const Cli__ExportPart *from, struct bytes *whole, uint32_t *parts)
{
    if (from->index != *parts || from->index >= from->count)
        return false;
    ++*parts;
    bytes_append(whole, from->bytes.data, from->bytes.len);
    if (*parts < from->count)
        return true;
    struct hotline_row row = {.type = HOTLINE_ROW_EXPORT};
    row.export_.data = whole->data;
    row.export_.bytes = whole->count;
    row.export_.claim = from->claim;
    row.export_.revision = from->revision;
    give(out, &row);
    return true;
}

bool rows_give(struct arena *arena, const Cli__Answer *answer, struct bytes *export_, uint32_t *export_parts,
               struct cursor *cursor, hotline_row_callback *on_row, void *user)
{
    const struct out out = {arena, on_row, user};
    for (size_t i = 0; i < answer->n_status; i++)
        give_status(&out, answer->status[i]);
    for (size_t i = 0; i < answer->n_histograms; i++)
        give_histogram(&out, answer->histograms[i]);
    for (size_t i = 0; i < answer->n_nodes; i++)
        give_node(&out, answer->nodes[i]);
    for (size_t i = 0; i < answer->n_agents; i++)
        give_agent(&out, answer->agents[i]);
    for (size_t i = 0; i < answer->n_calls; i++)
        give_call(&out, answer->calls[i]);
    for (size_t i = 0; i < answer->n_queues; i++)
        give_queue(&out, answer->queues[i]);
    for (size_t i = 0; i < answer->n_selftests; i++)
        give_selftest(&out, answer->selftests[i]);
    for (size_t i = 0; i < answer->n_audit; i++)
        give_audit(&out, answer->audit[i]);
    if (answer->digest != NULL) {
        struct hotline_row row = {.type = HOTLINE_ROW_DIGEST};
        row.digest.digest = answer->digest->digest;
        row.digest.records = answer->digest->records;
        give(&out, &row);
    }
    if (answer->applied != NULL) {
        struct hotline_row row = {.type = HOTLINE_ROW_APPLIED};
        row.applied.claim = answer->applied->claim;
        row.applied.revision = answer->applied->revision;
        give(&out, &row);
    }
    if (answer->backup != NULL) {
        struct hotline_row row = {.type = HOTLINE_ROW_BACKUP};
        row.backup.data = answer->backup->bytes.data;
        row.backup.bytes = answer->backup->bytes.len;
        row.backup.place = answer->backup->place.len > 0 ? answer->backup->place.data : NULL;
        row.backup.place_bytes = answer->backup->place.len;
        give(&out, &row);
    }
    if (answer->explain != NULL && !give_explain(&out, answer->explain))
        return false;
    if (answer->events != NULL && !rows_give_events(arena, answer->events, answer->last, cursor, on_row, user))
        return false;
    return answer->export == NULL || give_export(&out, answer->export, export_, export_parts);
}
