// What a node knows, as it knows it: nodes, queues, agents, the nearest of them, its figures.
#include "cluster/base/text.h"
#include "node/directory/directory.h"
#include "ops/common/output.h"
#include "ops/common/rows.h"
#include "ops/web/reply.h"
#include "ops/web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 16

static void give_rows(struct request *request, const char *name, json_t *rows, const struct hotline_answer *answer)
{
    if (answer->result != HOTLINE_ANSWER_DONE)
        reply_refusal(request, answer);
    else
        reply_json(request, 200, json_pack("{s:O, s:o}", name, rows, "node", output_text(answer->node)));
}

static void on_nodes(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    (void)web;
    give_rows(user, "nodes", rows, answer);
}

void read_nodes(struct request *request)
{
    inquire_for(request, HOTLINE_NODES, (struct hotline_question_args){0}, on_nodes);
}

static void on_selftests(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    (void)web;
    give_rows(user, "selftests", rows, answer);
}

void read_selftest(struct request *request)
{
    inquire_for(request, HOTLINE_SELFTEST, (struct hotline_question_args){0}, on_selftests);
}

static void on_queues(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    (void)web;
    give_rows(user, "queues", rows, answer);
}

void read_queues(struct request *request)
{
    inquire_for(request, HOTLINE_QUEUES, (struct hotline_question_args){0}, on_queues);
}

static void on_agents(struct web *web, void *user, json_t *rows, const struct hotline_answer *answer)
{
    (void)web;
    give_rows(user, "agents", rows, answer);
}

void read_agents(struct request *request)
{
    inquire_for(request, HOTLINE_AGENTS, (struct hotline_question_args){0}, on_agents);
}

// "lat,lon" in degrees.
static bool read_at(const char *text, struct hotline_call_spec *spec)
{
    char *end;
    spec->lat = strtod(text, &end);
    if (end == text || *end != ',')
        return false;
    const char *lon = end + 1;
    spec->lon = strtod(lon, &end);
    spec->at = true;
    return end != lon && *end == '\0' && fabs(spec->lat) <= 90 && fabs(spec->lon) <= 180;
}

// "a,b,c", in `copy`.
static bool read_list(char *copy, const char *ret_list[LIST_MAX + 1])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *item = strtok_r(copy, ",", &rest); item != NULL; item = strtok_r(NULL, ",", &rest)) {
        if (count == LIST_MAX)
            return false;
        ret_list[count++] = item;
    }
    ret_list[count] = NULL;
    return true;
}

void read_nearest(struct request *request)
{
    const char *at = http_query(request, "at"), *limit = http_query(request, "limit");
    const char *language = http_query(request, "languages"), *skill = http_query(request, "skills");
    struct hotline_call_spec spec = {.number = http_query(request, "from"), .country = http_query(request, "country")};
    const char *languages[LIST_MAX + 1], *skills[LIST_MAX + 1];
    char language_copy[512], skill_copy[512];
    uint64_t limit_value = limit == NULL ? 10 : strtoul(limit, NULL, 10);
    if (at != NULL && !read_at(at, &spec)) {
        reply_problem(request, 422, "invalid", "at: LAT,LON in degrees, such as 15.6,32.5");
        return;
    }
    if (spec.number == NULL && !spec.at && spec.country == NULL) {
        reply_problem(request, 422, "invalid", "one of from, at and country is needed");
        return;
    }
    if (limit_value < 1 || limit_value > 100) {
        reply_problem(request, 422, "invalid", "limit: 1 to 100");
        return;
    }
    if (!text_copy(language_copy, sizeof language_copy, language == NULL ? "" : language) ||
        !text_copy(skill_copy, sizeof skill_copy, skill == NULL ? "" : skill) || !read_list(language_copy, languages) ||
        !read_list(skill_copy, skills)) {
        reply_problem(request, 422, "invalid", "languages, skills: at most %d, divided by commas", LIST_MAX);
        return;
    }
    spec.languages = languages;
    spec.skills = skills;
    inquire_for(request, HOTLINE_FIND, (struct hotline_question_args){.find = &spec, .limit = (uint32_t)limit_value},
                on_agents);
}

json_t *read_call_of_rows(json_t *rows, bool offers)
{
    if (json_array_size(rows) == 0)
        return NULL;
    json_t *call = json_deep_copy(json_array_get(rows, 0));
    if (offers) {
        json_t *list = json_array();
        for (size_t i = 1; i < json_array_size(rows); i++)
            json_array_append(list, json_array_get(rows, i));
        json_object_set_new(call, "offers", list);
    }
    return call;
}

// ---- status, digest: rows that are no tables

struct asked {
    struct request *request;
    json_t *all;
};

static void on_status_row(void *user, const struct hotline_row *row)
{
    struct asked *self = user;
    if (row->type == HOTLINE_ROW_DIGEST) {
        json_decref(self->all);
        self->all = rows_digest("", row->digest.digest, row->digest.records);
    } else if (row->type == HOTLINE_ROW_STATUS) {
        bool is_text = row->status.text[0] != '\0';
        json_object_set_new(self->all, row->status.name,
                            is_text ? output_text(row->status.text) : json_integer((json_int_t)row->status.number));
    }
}

static void on_status_done(void *user, const struct hotline_answer *answer)
{
    struct asked *self = user;
    if (answer->result == HOTLINE_ANSWER_DONE) {
        json_object_set_new(self->all, "node", output_text(answer->node));
        reply_json(self->request, 200, json_incref(self->all));
    } else {
        reply_refusal(self->request, answer);
    }
    json_decref(self->all);
    free(self);
}

static void ask_status(struct request *request, enum hotline_question question)
{
    struct asked *self = check_alloc(sizeof *self);
    *self = (struct asked){request, json_object()};
    struct hotline_question_args args = {.user = self};
    enum hotline_result result = web_ask(request->web, question, args, WEB_NODE_MS, on_status_row, on_status_done);
    if (result != HOTLINE_OK) {
        reply_result(request, result, "the question");
        json_decref(self->all);
        free(self);
    }
}

void read_status(struct request *request)
{
    ask_status(request, HOTLINE_STATUS);
}

void read_digest(struct request *request)
{
    ask_status(request, HOTLINE_DIGEST);
}

// Of a load balancer, without a token: a node is in reach.
void read_ready(struct request *request)
{
    if (hotline_client_is_attached(request->web->query))
        reply_json(request, 200, json_pack("{s:o}", "node", output_text(hotline_client_node(request->web->query))));
    else
        reply_problem(request, 503, "no_node", "no node is in reach");
}

// ---- sites, out of the directory

static json_t *sites_of(const struct directory *directory)
{
    json_t *sites = json_array();
    for (uint32_t i = 0; i < directory->site_count; i++) {
        const struct directory_site *site = &directory->sites[i];
        json_t *made = json_object();
        json_object_set_new(made, "site", output_text(site->id));
        json_object_set_new(made, "name", output_text(site->name));
        json_object_set_new(made, "country", output_text(site->country));
        json_object_set_new(made, "lat", output_real(site->lat_udeg / 1e6, 6));
        json_object_set_new(made, "lon", output_real(site->lon_udeg / 1e6, 6));
        json_array_append_new(sites, made);
    }
    return sites;
}

static void on_export_row(void *user, const struct hotline_row *row)
{
    struct asked *self = user;
    struct problems problems;
    problems_init(&problems);
    struct directory *directory =
        row->type == HOTLINE_ROW_EXPORT
            ? directory_decode((struct span){row->export_.data, row->export_.bytes}, &problems)
            : NULL;
    if (directory != NULL) {
        json_object_set_new(self->all, "sites", sites_of(directory));
        directory_free(directory);
    }
    problems_close(&problems);
}

void read_sites(struct request *request)
{
    struct asked *self = check_alloc(sizeof *self);
    *self = (struct asked){request, json_pack("{s:[]}", "sites")};
    struct hotline_question_args args = {.user = self};
    enum hotline_result result =
        web_ask(request->web, HOTLINE_EXPORT, args, WEB_NODE_MS, on_export_row, on_status_done);
    if (result != HOTLINE_OK) {
        reply_result(request, result, "the question");
        json_decref(self->all);
        free(self);
    }
}
