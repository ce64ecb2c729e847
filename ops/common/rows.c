#include "ops/common/rows.h"

#include "ops/common/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <string.h>

static void add_text(json_t *to, const char *key, const char *text)
{
    json_object_set_new(to, key, output_text(text));
}

static void add_number(json_t *to, const char *key, uint64_t number)
{
    json_object_set_new(to, key, json_integer((json_int_t)number));
}

// 64 bits do not fit a JSON number of every reader.
static void add_hex(json_t *to, const char *key, uint64_t number)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, number);
    add_text(to, key, text);
}

void rows_add_place(json_t *to, const struct hotline_place *place)
{
    const char *by = place->placed_by && place->placed_by[0] ? place->placed_by : "unknown";
    bool known = strcmp(by, "unknown") != 0;
    add_text(to, "placed_by", by);
    json_object_set_new(to, "lat", known ? output_real(place->lat, 6) : json_null());
    json_object_set_new(to, "lon", known ? output_real(place->lon, 6) : json_null());
    add_text(to, "country", place->country);
}

static json_t *row_node(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_text(to, "node", row->node.node);
    add_text(to, "site", row->node.site);
    add_text(to, "state", row->node.state);
    add_text(to, "via", row->node.via);
    json_object_set_new(to, "rtt_ms", output_real(row->node.rtt_us / 1000.0, 3));
    add_number(to, "feed_lag", row->node.lag);
    json_object_set_new(to, "skew_ms", json_integer(row->node.skew_ms));
    json_object_set_new(to, "desks", json_integer(row->node.desks));
    json_object_set_new(to, "calls", json_integer(row->node.calls));
    add_text(to, "client", row->node.client);
    add_text(to, "version", row->node.version);
    add_number(to, "protocol", row->node.protocol);
    json_object_set_new(to, "primary", json_boolean(row->node.primary));
    json_object_set_new(to, "draining", json_boolean(row->node.draining));
    json_object_set_new(to, "restored", json_boolean(row->node.restored));
    add_hex(to, "boot", row->node.boot);
    json_t *links = json_array();
    for (size_t i = 0; i < row->node.link_count; i++) {
        const struct hotline_link *link = &row->node.links[i];
        json_array_append_new(links, json_pack("{s:o, s:b, s:o, s:I}", "to", output_text(link->to), "up", (int)link->up,
                                               "rtt_ms", output_real(link->rtt_us / 1000.0, 3), "feed_lag",
                                               (json_int_t)link->lag));
    }
    json_object_set_new(to, "links", links);
    return to;
}

static json_t *row_agent(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_text(to, "agent", row->agent.agent);
    add_text(to, "name", row->agent.name);
    add_text(to, "site", row->agent.site);
    add_text(to, "country", row->agent.country);
    json_object_set_new(to, "lat", output_real(row->agent.lat, 6));
    json_object_set_new(to, "lon", output_real(row->agent.lon, 6));
    json_object_set_new(to, "languages", output_list(row->agent.languages));
    json_object_set_new(to, "skills", output_list(row->agent.skills));
    add_text(to, "state", row->agent.state);
    add_text(to, "node", row->agent.node);
    add_number(to, "since_ms", row->agent.since_ms);
    add_text(to, "reason", row->agent.reason);
    add_text(to, "call", row->agent.call);
    add_text(to, "contact", row->agent.contact);
    add_number(to, "km", row->agent.km);
    return to;
}

static json_t *row_call(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_text(to, "call", row->call.call);
    add_text(to, "from", row->call.from);
    add_text(to, "queue", row->call.queue);
    add_text(to, "state", row->call.state);
    add_text(to, "agent", row->call.agent);
    add_text(to, "node", row->call.node);
    rows_add_place(to, &row->call.place);
    add_number(to, "waited_ms", row->call.waited_ms);
    if (row->call.call_back[0] != '\0') {
        add_text(to, "call_back", row->call.call_back);
        add_number(to, "owed_ms", row->call.owed_ms);
        add_number(to, "tries", row->call.tries);
    }
    add_text(to, "reason", row->call.reason);
    return to;
}

static json_t *row_queue(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_text(to, "queue", row->queue.queue);
    add_number(to, "priority", row->queue.priority);
    add_number(to, "waiting", row->queue.waiting);
    add_number(to, "longest_ms", row->queue.longest_ms);
    add_number(to, "asa_ms", row->queue.asa_ms);
    // No call has ended in the last day: there is no level, least of all zero.
    bool any = row->queue.answered + row->queue.abandoned + row->queue.expired > 0;
    json_object_set_new(to, "service_level",
                        any ? output_real(row->queue.service_level_permille / 1000.0, 3) : json_null());
    json_object_set_new(to, "abandonment_rate", output_real(row->queue.abandonment_permille / 1000.0, 3));
    add_number(to, "ewt_s", row->queue.ewt_s);
    add_number(to, "answered", row->queue.answered);
    add_number(to, "abandoned", row->queue.abandoned);
    add_number(to, "expired", row->queue.expired);
    add_number(to, "called_back", row->queue.called_back);
    add_number(to, "target_percent", row->queue.target_percent);
    add_number(to, "target_ms", row->queue.target_ms);
    return to;
}

static json_t *row_explain(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_text(to, "call", row->explain.call);
    add_text(to, "from", row->explain.from);
    rows_add_place(to, &row->explain.place);
    add_text(to, "queue", row->explain.queue);
    add_text(to, "dialled", row->explain.dialled);
    json_object_set_new(to, "languages", output_list(row->explain.languages));
    json_object_set_new(to, "skills", output_list(row->explain.skills));
    add_text(to, "state", row->explain.state);
    add_text(to, "reason", row->explain.reason);
    add_text(to, "detail", row->explain.detail);
    add_text(to, "agent", row->explain.agent);
    add_text(to, "site", row->explain.site);
    add_text(to, "disposition", row->explain.disposition);
    add_text(to, "gateway", row->explain.gateway);
    add_text(to, "owner", row->explain.owner);
    add_number(to, "attach", row->explain.attach);
    add_number(to, "copies", row->explain.copies);
    add_number(to, "born_ms", row->explain.born_ms);
    add_number(to, "queued_ms", row->explain.queued_ms);
    add_number(to, "ringing_ms", row->explain.ringing_ms);
    add_number(to, "connected_ms", row->explain.connected_ms);
    add_number(to, "ended_ms", row->explain.ended_ms);
    add_text(to, "called_back_by", row->explain.called_back_by);
    add_text(to, "redials", row->explain.redials);
    if (row->explain.call_back[0] != '\0') {
        add_text(to, "call_back", row->explain.call_back);
        add_number(to, "owed_ms", row->explain.owed_ms);
        add_number(to, "tries", row->explain.tries);
        json_object_set_new(to, "rests", json_boolean(row->explain.rests));
        add_text(to, "last_try", row->explain.last_try);
        add_text(to, "last_try_text", row->explain.last_try_text);
        add_number(to, "last_try_ms", row->explain.last_try_ms);
    }
    add_number(to, "offers_made", row->explain.offers);
    add_number(to, "offers_dropped", row->explain.offers_dropped);
    return to;
}

static json_t *row_offered(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_number(to, "n", row->offered.n);
    add_text(to, "agent", row->offered.agent);
    add_text(to, "site", row->offered.site);
    add_text(to, "node", row->offered.node);
    add_number(to, "rank", row->offered.rank);
    add_number(to, "km", row->offered.km);
    add_number(to, "eligible", row->offered.eligible);
    json_object_set_new(to, "invited", json_boolean(row->offered.invited));
    add_text(to, "outcome", row->offered.outcome);
    add_text(to, "detail", row->offered.detail);
    add_number(to, "at_ms", row->offered.at_ms);
    add_number(to, "outcome_at_ms", row->offered.outcome_at_ms);
    return to;
}

static json_t *row_event(const struct hotline_row *row)
{
    json_t *to = json_object();
    bool is_call = strcmp(row->event.kind, "call") == 0, is_agent = strcmp(row->event.kind, "agent") == 0;
    add_text(to, "kind", row->event.kind);
    add_text(to, is_agent ? "agent" : "call", row->event.id);
    if (is_call || is_agent) {
        add_text(to, "state", row->event.state);
        add_text(to, "reason", row->event.reason);
    }
    if (is_call) {
        add_text(to, "agent", row->event.agent);
        add_text(to, "from", row->event.from);
        rows_add_place(to, &row->event.place);
        add_text(to, "queue", row->event.queue);
        add_text(to, "detail", row->event.detail);
        add_text(to, "gateway", row->event.gateway);
        add_number(to, "offers_made", row->event.offers);
        add_number(to, "queued_ms", row->event.queued_ms);
        add_number(to, "ringing_ms", row->event.ringing_ms);
        add_number(to, "connected_ms", row->event.connected_ms);
        add_number(to, "ended_ms", row->event.ended_ms);
    } else if (is_agent) {
        add_text(to, "call", row->event.call);
        add_number(to, "since_ms", row->event.since_ms);
    } else {
        add_text(to, "agent", row->event.agent);
        add_text(to, "disposition", row->event.disposition);
        add_number(to, "at_ms", row->event.since_ms);
    }
    add_text(to, "owner", row->event.owner);
    add_hex(to, "boot", row->event.boot);
    add_number(to, "seq", row->event.seq);
    json_object_set_new(to, "late", json_boolean(row->event.late));
    add_number(to, "attach", row->event.attach);
    add_text(to, "cursor", row->event.cursor);
    return to;
}

static json_t *row_audit(const struct hotline_row *row)
{
    json_t *to = json_object();
    char at[32];
    time_t seconds = (time_t)(row->audit.at_ms / 1000);
    struct tm utc;
    strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    add_text(to, "at", at);
    add_number(to, "at_ms", row->audit.at_ms);
    add_text(to, "who", row->audit.who);
    add_text(to, "key", row->audit.key);
    add_text(to, "verb", row->audit.verb);
    add_text(to, "what", row->audit.what);
    add_text(to, "refused", row->audit.refused ? row->audit.reason : "");
    add_text(to, "node", row->audit.node);
    return to;
}

static json_t *row_selftest(const struct hotline_row *row)
{
    json_t *to = json_object();
    add_text(to, "node", row->selftest.node);
    add_text(to, "site", row->selftest.site);
    add_text(to, "state", row->selftest.state);
    add_text(to, "reason", row->selftest.reason);
    add_text(to, "agent", row->selftest.agent);
    add_text(to, "desk_node", row->selftest.desk_node);
    json_object_set_new(to, "took_ms", output_real(row->selftest.took_us / 1e3, 1));
    add_number(to, "age_ms", row->selftest.age_ms);
    return to;
}

json_t *rows_json(const struct hotline_row *row)
{
    switch (row->type) {
    case HOTLINE_ROW_NODE:
        return row_node(row);
    case HOTLINE_ROW_AGENT:
        return row_agent(row);
    case HOTLINE_ROW_CALL:
        return row_call(row);
    case HOTLINE_ROW_QUEUE:
        return row_queue(row);
    case HOTLINE_ROW_EXPLAIN:
        return row_explain(row);
    case HOTLINE_ROW_OFFERED:
        return row_offered(row);
    case HOTLINE_ROW_EVENT:
        return row_event(row);
    case HOTLINE_ROW_AUDIT:
        return row_audit(row);
    case HOTLINE_ROW_SELFTEST:
        return row_selftest(row);
    case HOTLINE_ROW_CURSOR:
    case HOTLINE_ROW_HISTOGRAM:
    case HOTLINE_ROW_STATUS:
    case HOTLINE_ROW_DIGEST:
    case HOTLINE_ROW_EXPORT:
    case HOTLINE_ROW_APPLIED:
    case HOTLINE_ROW_BACKUP:
        break;  // never rows of a table
    }
    return json_object();
}

json_t *rows_digest(const char *node, uint64_t digest, uint64_t records)
{
    json_t *to = json_object();
    add_hex(to, "digest", digest);
    add_number(to, "records", records);
    add_text(to, "node", node);
    return to;
}
