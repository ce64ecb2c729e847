// Agents, all of them or the nearest to a caller.
#include "node/answers_private.h"

#include "node/node_private.h"
#include "node/directory/place.h"
#include "node/route/sphere.h"
#include "node/switchboard/reading.h"

#include "client.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

#define ROWS_PER_PART 100
#define FIND_DEFAULT 10
#define FIND_MAX 100

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

void answer_agents(struct node *node, const struct reply *reply)
{
    if (answers_lack_directory(node, reply))
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
        answers_say(reply, &answer, done == total);
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
        answers_refuse(reply, "bad_caller", problem.text);
        return false;
    }
    ret_need->languages = directory_language_set(node->directory, find->languages, find->n_languages, &unknown);
    if (find->n_languages > 0 && route_set_is_empty(ret_need->languages)) {
        snprintf(detail, sizeof detail, "no agent speaks %.64s", unknown);
        answers_refuse(reply, "unknown_language", detail);
        return false;
    }
    ret_need->skills = directory_skill_set(node->directory, find->skills, find->n_skills, &unknown);
    if (find->n_skills > 0 && unknown != NULL) {
        snprintf(detail, sizeof detail, "no agent has the skill %.64s", unknown);
        answers_refuse(reply, "unknown_skill", detail);
        return false;
    }
    return true;
}

void answer_find(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    if (answers_lack_directory(node, reply))
        return;
    struct place place;
    struct route_need need = {0};
    if (query->find == NULL) {
        answers_refuse(reply, "malformed", "find needs a caller");
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
    answers_say(reply, &answer, true);
    free(rows);
}
