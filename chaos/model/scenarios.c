// What there is to explore, by name. The budgets are those that a run without options explores whole in seconds.
#include "chaos/model/inside.h"

#include <string.h>

// Said of each is only in what it differs: see scenario_at. Clients are counted desks first: 1 | 2 are desks, 4 | 8
// gateways.
static const struct scenario scenarios[] = {
    {.name = "ring",
     .what = "one call at N, one agent at M: offer, ring, accept, confirm, withdraw, with a loss and a deadline",
     .node_names = {"N", "M"},
     .desk_at = {1},
     .desk_nodes = {2},
     .gateway_nodes = {1},
     .prompt_clients = 4,
     .budget = {[LOSSES] = 1, [DEADLINES] = 1}},
    {.name = "two-agents",
     .what = "one call at N rings two agents, at M1 and at M2: the first accept wins; a loss, a repeat",
     .node_names = {"N", "M1", "M2"},
     .desk_at = {1, 2},
     .desk_nodes = {2, 4},
     .gateway_nodes = {1},
     .ring_width = 2,
     .prompt_nodes = 7,
     .prompt_clients = 7,
     .budget = {[LOSSES] = 1, [REPEATS] = 1}},
    {.name = "two-callers",
     .what = "two calls, at N1 and at N2, want the one agent at M: offers, invites and refusals cross",
     .node_names = {"N1", "N2", "M"},
     .desk_at = {2},
     .gateway_at = {0, 1},
     .desk_nodes = {4},
     .gateway_nodes = {1, 2},
     .prompt_nodes = 3,
     .prompt_clients = 4 | 8,
     .budget = {[LOSSES] = 1}},
    {.name = "gateway-moves",
     .what = "the call's gateway attaches from N1 to N2 while the call rings at M",
     .node_names = {"N1", "N2", "M"},
     .desk_at = {2},
     .desk_nodes = {4},
     .gateway_nodes = {1 | 2},
     .prompt_nodes = 7,
     .prompt_clients = 1 | 4,
     .budget = {[LOSSES] = 1, [REATTACHES] = 1}},
    {.name = "desk-moves",
     .what = "the agent's desk attaches from M1 to M2 while the call of N rings there",
     .node_names = {"N", "M1", "M2"},
     .desk_at = {1},
     .desk_nodes = {2 | 4},
     .gateway_nodes = {1},
     .prompt_nodes = 7,
     .prompt_clients = 1 | 4,
     .budget = {[REATTACHES] = 1}},
    {.name = "crash",
     .what = "two nodes, either of which may die and come back with what its disk has; both clients may go to either",
     .node_names = {"N", "M"},
     .desk_at = {1},
     .desk_nodes = {1 | 2},
     .gateway_nodes = {1 | 2},
     .prompt_nodes = 3,
     .prompt_clients = 1 | 4,
     .budget = {[LOSSES] = 1, [CRASHES] = 1}},
    {.name = "expire",
     .what = "a call for which nobody is there runs out of time while its gateway attaches from N1 to N2, and back",
     .node_names = {"N1", "N2"},
     .gateway_nodes = {1 | 2},
     .wait_limit_ms = 1000,
     .prompt_attaches = 4,
     .budget = {[WORDS] = 1, [DEADLINES] = 3, [REATTACHES] = 3}},
    {.name = "pair",
     .what =
         "two calls and two agents at two nodes, one of each at either: every node is a call's owner and an agent's",
     .node_names = {"A", "B"},
     .desk_at = {0, 1},
     .gateway_at = {0, 1},
     .desk_nodes = {1 | 2, 1 | 2},
     .gateway_nodes = {1 | 2, 1 | 2},
     .prompt_nodes = 2,
     .prompt_clients = 1 | 2 | 4 | 8},
    {.name = "four",
     .what =
         "two calls at two owners, two agents at two others: all that they say to each other, with a loss and a repeat",
     .node_names = {"N1", "N2", "M1", "M2"},
     .desk_at = {2, 3},
     .gateway_at = {0, 1},
     .desk_nodes = {4 | 8, 4 | 8},
     .gateway_nodes = {1 | 2, 1 | 2},
     .prompt_nodes = 15,
     .prompt_peers = 15,
     .prompt_clients = 1 | 2 | 4 | 8,
     .budget = {[LOSSES] = 1, [REPEATS] = 1}},
};

bool scenario_at(uint32_t index, struct scenario *ret)
{
    if (index >= sizeof scenarios / sizeof scenarios[0])
        return false;
    *ret = scenarios[index];
    while (ret->nodes < NODES_MAX && ret->node_names[ret->nodes] != NULL)
        ret->nodes++;
    while (ret->desks < DESKS_MAX && ret->desk_nodes[ret->desks] != 0)
        ret->desks++;
    while (ret->gateways < GATEWAYS_MAX && ret->gateway_nodes[ret->gateways] != 0)
        ret->gateways++;
    ret->calls = ret->gateways;
    if (ret->ring_width == 0)
        ret->ring_width = 1;
    return true;
}

bool scenario_find(const char *name, struct scenario *ret)
{
    struct scenario scenario;
    for (uint32_t i = 0; scenario_at(i, &scenario); i++)
        if (strcmp(scenario.name, name) == 0) {
            *ret = scenario;
            return true;
        }
    return false;
}
