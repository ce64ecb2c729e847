// Who there is: two agents at different distances from the callers, two gateways with a caller each, one queue.
#include "chaos/model/inside.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <string.h>

// The shortest times a directory may name.
#define RING_MS 1000
#define RETRY_MS 1000
#define REATTACH_MS 1000

static const char *const agents[DESKS_MAX] = {"ann", "bob"};
static const char *const gateways[GATEWAYS_MAX] = {"east", "west"};
static const char *const calls[CALLS_MAX] = {"call1", "call2"};

const char *town_agent(uint32_t desk)
{
    return agents[desk];
}

const char *town_gateway(uint32_t gateway)
{
    return gateways[gateway];
}

const char *town_call(uint32_t call)
{
    return calls[call];
}

static uint32_t find(const char *const *names, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return NOBODY;
}

uint32_t town_find_call(const char *id)
{
    return find(calls, CALLS_MAX, id);
}

uint32_t town_find_agent(const char *id)
{
    return find(agents, DESKS_MAX, id);
}

uint32_t town_find_node(const struct scenario *scenario, const char *name)
{
    return find(scenario->node_names, scenario->nodes, name);
}

uint8_t town_record(const struct scenario *scenario, uint32_t record, const char **ret_id)
{
    if (record < DESKS_MAX) {
        *ret_id = agents[record];
        return record < scenario->desks ? REC__KIND__DESK : 0;
    }
    record -= DESKS_MAX;
    if (record < GATEWAYS_MAX) {
        *ret_id = gateways[record];
        return record < scenario->gateways ? REC__KIND__GATEWAY : 0;
    }
    record -= GATEWAYS_MAX;
    *ret_id = calls[record];
    return record < scenario->calls ? REC__KIND__CALL : 0;
}

uint32_t town_find_record(uint32_t kind, const char *id)
{
    uint32_t found = NOBODY, first = 0;
    if (kind == REC__KIND__DESK) {
        found = find(agents, DESKS_MAX, id);
    } else if (kind == REC__KIND__GATEWAY) {
        first = DESKS_MAX;
        found = find(gateways, GATEWAYS_MAX, id);
    } else if (kind == REC__KIND__CALL) {
        first = DESKS_MAX + GATEWAYS_MAX;
        found = find(calls, CALLS_MAX, id);
    }
    return found == NOBODY ? NOBODY : first + found;
}

void town_submit(uint32_t call, uint32_t attach, Cli__Submit *ret_submit)
{
    cli__submit__init(ret_submit);
    ret_submit->call = (char *)calls[call];
    ret_submit->attach = attach;
    ret_submit->queue = (char *)"help";
    ret_submit->at = true;
}

struct directory *town_directory(const struct scenario *scenario)
{
    Rec__Directory message = REC__DIRECTORY__INIT;
    Rec__Settings settings = REC__SETTINGS__INIT;
    Rec__Site sites[DESKS_MAX], *site_list[DESKS_MAX];
    Rec__Agent people[DESKS_MAX], *agent_list[DESKS_MAX];
    Rec__Queue queue = REC__QUEUE__INIT, *queue_list[1] = {&queue};
    for (uint32_t i = 0; i < DESKS_MAX; i++) {
        rec__site__init(&sites[i]);
        sites[i].id = sites[i].name = (char *)(i == 0 ? "near" : "remote");
        sites[i].country = (char *)"KE";
        sites[i].lat_udeg = (int32_t)i * 30000000;
        sites[i].contact = (char *)"sip:site@hotline.example";
        site_list[i] = &sites[i];
        rec__agent__init(&people[i]);
        people[i].id = people[i].name = (char *)agents[i];
        people[i].site = sites[i].id;
        agent_list[i] = &people[i];
    }
    settings.retry_ms = RETRY_MS;
    settings.reattach_ms = REATTACH_MS;
    settings.adopt_after_ms = settings.adopt_alone_after_ms = 3600000;  // no call-backs
    settings.misses_max = 100;
    queue.id = queue.name = (char *)"help";
    queue.priority = 5;
    queue.ring_ms = RING_MS;
    queue.ring_width = scenario->ring_width;
    queue.wait_limit_ms = scenario->wait_limit_ms > 0 ? scenario->wait_limit_ms : 600000;
    queue.target_percent = 90;
    queue.target_ms = 15000;
    queue.last_resort_contact = (char *)"sip:duty@hotline.example";
    queue.emergency = true;
    message.primary = (char *)scenario->node_names[0];
    message.settings = &settings;
    message.sites = site_list, message.n_sites = DESKS_MAX;
    message.agents = agent_list, message.n_agents = scenario->desks;
    message.queues = queue_list, message.n_queues = 1;
    struct problems problems;
    problems_init(&problems);
    struct directory *directory = directory_create(&message, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        check_failed(problems.lines[i], __FILE__, __LINE__, __func__);
    return directory;
}
