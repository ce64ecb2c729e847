// status, nodes, agents, calls, queues, find, selftest, digest: state as one node sees it.
#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"
#include "ops/common/rows.h"

static const struct output_column columns_status[] = {{"name", "NAME", 0, 0}, {"value", "VALUE", 0, 0}, {0}};
static const struct output_column columns_nodes[] = {{"node", "NODE", 0, 0},         {"site", "SITE", 0, 0},
                                                     {"state", "STATE", 0, 0},       {"via", "VIA", 0, 0},
                                                     {"rtt_ms", "RTT", 1, " ms"},    {"feed_lag", "LAG", 1, 0},
                                                     {"skew_ms", "SKEW", 1, " ms"},  {"desks", "DESKS", 1, 0},
                                                     {"calls", "CALLS", 1, 0},       {"client", "CLIENT", 0, 0},
                                                     {"version", "VERSION", 0, 0},   {"protocol", "PROTOCOL", 1, 0},
                                                     {"primary", "PRIMARY", 0, 0},   {"draining", "DRAINING", 0, 0},
                                                     {"restored", "RESTORED", 0, 0}, {0}};
static const struct output_column columns_agents[] = {{"agent", "AGENT", 0, 0},
                                                      {"name", "NAME", 0, 0},
                                                      {"site", "SITE", 0, 0},
                                                      {"country", "CC", 0, 0},
                                                      {"languages", "SPEAKS", 0, 0},
                                                      {"skills", "SKILLS", 0, 0},
                                                      {"state", "STATE", 0, 0},
                                                      {"node", "NODE", 0, 0},
                                                      {"since_ms", "SINCE", 1, " ms"},
                                                      {"reason", "REASON", 0, 0},
                                                      {0}};
static const struct output_column columns_found[] = {
    {"agent", "AGENT", 0, 0},   {"site", "SITE", 0, 0},       {"country", "CC", 0, 0},
    {"km", "KM", 1, 0},         {"state", "STATE", 0, 0},     {"languages", "SPEAKS", 0, 0},
    {"skills", "SKILLS", 0, 0}, {"contact", "CONTACT", 0, 0}, {0}};
static const struct output_column columns_calls[] = {{"call", "CALL", 0, 0},
                                                     {"from", "FROM", 0, 0},
                                                     {"queue", "QUEUE", 0, 0},
                                                     {"state", "STATE", 0, 0},
                                                     {"agent", "AGENT", 0, 0},
                                                     {"node", "NODE", 0, 0},
                                                     {"placed_by", "PLACED BY", 0, 0},
                                                     {"country", "CC", 0, 0},
                                                     {"waited_ms", "WAITED", 1, " ms"},
                                                     {"tries", "TRIED", 1, 0},
                                                     {0}};
static const struct output_column columns_queues[] = {{"queue", "QUEUE", 0, 0},
                                                      {"priority", "PRIORITY", 1, 0},
                                                      {"waiting", "WAITING", 1, 0},
                                                      {"longest_ms", "LONGEST", 1, " ms"},
                                                      {"asa_ms", "ASA", 1, " ms"},
                                                      {"service_level", "SERVICE LEVEL", 1, 0},
                                                      {"target_percent", "TARGET", 1, " %"},
                                                      {"target_ms", "WITHIN", 1, " ms"},
                                                      {"abandonment_rate", "ABANDONED", 1, 0},
                                                      {"ewt_s", "EWT", 1, " s"},
                                                      {"answered", "ANSWERED", 1, 0},
                                                      {"called_back", "CALLED BACK", 1, 0},
                                                      {0}};
static const struct output_column columns_digest[] = {
    {"node", "NODE", 0, 0}, {"digest", "DIGEST", 0, 0}, {"records", "RECORDS", 1, 0}, {0}};

static const struct output_column columns_audit[] = {{"at", "at", false, NULL},     {"who", "who", false, NULL},
                                                     {"verb", "verb", false, NULL}, {"refused", "refused", false, NULL},
                                                     {"what", "what", false, NULL}, {NULL, NULL, false, NULL}};

static const struct output_column columns_selftest[] = {
    {"node", "NODE", 0, 0},        {"site", "SITE", 0, 0},      {"state", "STATE", 0, 0},
    {"reason", "REASON", 0, 0},    {"agent", "AGENT", 0, 0},    {"desk_node", "AT", 0, 0},
    {"took_ms", "TOOK", 1, " ms"}, {"age_ms", "AGE", 1, " ms"}, {0}};

static void on_row(void *to, const struct hotline_row *row)
{
    struct output_table *table = to;
    output_table_add(table, rows_json(row));
}

static int table_ask(struct globals *globals, const struct output_column *columns, enum hotline_question question,
                     const struct hotline_question_args *args)
{
    struct ask ask;
    struct output_table table;
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    output_table_open(&table, globals->json, columns);
    int status = ask_rows(&ask, question, args, on_row, &table);
    if (status == EXIT_DONE)
        output_table_close(&table);
    else
        ask_complain(&ask);
    json_decref(table.rows);
    ask_close(&ask);
    return status;
}

static int table_command(struct globals *globals, char **words, size_t count, const char *name,
                         const struct output_column *columns, enum hotline_question question)
{
    struct args_command command = {.name = name, .usage = name};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    return table_ask(globals, columns, question, NULL);
}

int ctl_nodes(struct globals *globals, char **words, size_t count)
{
    return table_command(globals, words, count, "nodes", columns_nodes, HOTLINE_NODES);
}

int ctl_agents(struct globals *globals, char **words, size_t count)
{
    return table_command(globals, words, count, "agents", columns_agents, HOTLINE_AGENTS);
}

int ctl_calls(struct globals *globals, char **words, size_t count)
{
    struct hotline_question_args args = {0};
    const struct args_option options[] = {{"--show-numbers", ARGS_FLAG, &args.show_numbers, 0}, {0}};
    struct args_command command = {.name = "calls", .usage = "calls [--show-numbers]", .options = options};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    return table_ask(globals, columns_calls, HOTLINE_CALLS, &args);
}

int ctl_audit(struct globals *globals, char **words, size_t count)
{
    struct args_number limit = {0};
    const struct args_option options[] = {{"--limit", ARGS_NUMBER, &limit, 1000000}, {0}};
    struct args_command command = {.name = "audit", .usage = "audit [--limit N]", .options = options};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    return table_ask(globals, columns_audit, HOTLINE_AUDIT, &(struct hotline_question_args){.limit = limit.value});
}

int ctl_selftest(struct globals *globals, char **words, size_t count)
{
    struct hotline_question_args args = {0};
    const struct args_option options[] = {{"--failing", ARGS_FLAG, &args.only_failing, 0}, {0}};
    struct args_command command = {.name = "selftest", .usage = "selftest [--failing]", .options = options};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    return table_ask(globals, columns_selftest, HOTLINE_SELFTEST, &args);
}

int ctl_queues(struct globals *globals, char **words, size_t count)
{
    return table_command(globals, words, count, "queues", columns_queues, HOTLINE_QUEUES);
}

int ctl_find(struct globals *globals, char **words, size_t count)
{
    struct args_at at = {0};
    struct args_list languages = {0}, skills = {0};
    struct args_number limit = {0};
    struct hotline_call_spec spec = {0};
    const struct args_option options[] = {{"--from", ARGS_TEXT, &spec.number, 0},   {"--at", ARGS_AT, &at, 0},
                                          {"--language", ARGS_LIST, &languages, 0}, {"--skill", ARGS_LIST, &skills, 0},
                                          {"--limit", ARGS_NUMBER, &limit, 100000}, {0}};
    struct args_command command = {
        .name = "find",
        .usage = "find (--from NUMBER | --at LAT,LON) [--language L]... [--skill S]... [--limit N]",
        .options = options};
    if (!args_parse(&command, globals, words, count))
        return EXIT_WRONG_USAGE;
    if (!spec.number && !at.given)
        return args_wrong(&command, "--from NUMBER or --at LAT,LON is missing");
    if (limit.given && limit.value == 0)
        return args_wrong(&command, "--limit: at least 1");
    if (!ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    spec.at = at.given;
    spec.lat = at.lat;
    spec.lon = at.lon;
    spec.languages = languages.items;
    spec.skills = skills.items;
    return table_ask(globals, columns_found, HOTLINE_FIND,
                     &(struct hotline_question_args){.find = &spec, .limit = limit.value});
}

// A node's status is one object in JSON, and a table of names and values for people.
static void on_status(void *to, const struct hotline_row *row)
{
    json_t *all = to;
    if (row->type != HOTLINE_ROW_STATUS)
        return;
    bool is_text = row->status.text && row->status.text[0];
    json_object_set_new(all, row->status.name,
                        is_text ? output_text(row->status.text) : json_integer((json_int_t)row->status.number));
}

int ctl_status(struct globals *globals, char **words, size_t count)
{
    struct args_command command = {.name = "status", .usage = "status"};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct ask ask;
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    json_t *all = json_object();
    int status = ask_rows(&ask, HOTLINE_STATUS, NULL, on_status, all);
    if (status == EXIT_DONE) {
        struct output_table table;
        output_table_open(&table, globals->json, columns_status);
        if (globals->json) {
            output_table_add(&table, json_incref(all));
        } else {
            const char *name;
            json_t *value;
            json_object_foreach(all, name, value)
                output_table_add(&table, json_pack("{s:s, s:O}", "name", name, "value", value));
        }
        output_table_close(&table);
    } else {
        ask_complain(&ask);
    }
    json_decref(all);
    ask_close(&ask);
    return status;
}

struct digest_to {
    struct output_table table;
    uint64_t digest, records;
};

static void on_digest(void *to, const struct hotline_row *row)
{
    struct digest_to *digest = to;
    digest->digest = row->digest.digest;
    digest->records = row->digest.records;
}

int ctl_digest(struct globals *globals, char **words, size_t count)
{
    struct args_command command = {.name = "digest", .usage = "digest"};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct ask ask;
    struct digest_to digest = {0};
    if (!ask_open(&ask, globals, globals->nodes))
        return EXIT_WRONG_USAGE;
    int status = ask_rows(&ask, HOTLINE_DIGEST, NULL, on_digest, &digest);
    if (status == EXIT_DONE) {
        output_table_open(&digest.table, globals->json, columns_digest);
        output_table_add(&digest.table, rows_digest(ask.node, digest.digest, digest.records));
        output_table_close(&digest.table);
    } else {
        ask_complain(&ask);
    }
    ask_close(&ask);
    return status;
}
