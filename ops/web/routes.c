// The contract's paths (openapi.yaml) and who may walk them.
#include "ops/web/web.h"

#define READS (ROLE_VIEWER | ROLE_DESK | ROLE_GATEWAY | ROLE_ADMIN)
#define PLACES (ROLE_GATEWAY | ROLE_ADMIN)
#define SITS (ROLE_DESK | ROLE_ADMIN)

const struct http_route web_routes[] = {
    {"POST", "/v1/calls", PLACES, calls_post, 0},
    {"GET", "/v1/calls", READS, calls_list, 0},
    {"GET", "/v1/calls/{}", READS, calls_get, 0},
    {"DELETE", "/v1/calls/{}", PLACES, calls_delete, 0},
    {"GET", "/v1/calls/{}/events", READS, calls_events, 0},
    {"GET", "/v1/calls/{}/explain", READS, calls_explain, 0},
    {"POST", "/v1/calls/{}/joined", PLACES, calls_joined, 0},
    {"GET", "/v1/agents", READS, read_agents, 0},
    {"GET", "/v1/agents/nearest", READS, read_nearest, 0},
    {"POST", "/v1/desks/{}", SITS, desks_sign_in, 0},
    {"GET", "/v1/desks/{}", SITS, desks_get, 0},
    {"DELETE", "/v1/desks/{}", SITS, desks_sign_out, 0},
    {"GET", "/v1/desks/{}/events", SITS, desks_events, 0},
    {"POST", "/v1/desks/{}/{}", SITS, desks_word, 0},
    {"GET", "/v1/queues", READS, read_queues, 0},
    {"GET", "/v1/nodes", READS, read_nodes, 0},
    {"GET", "/v1/selftest", READS, read_selftest, 0},
    {"GET", "/v1/sites", READS, read_sites, 0},
    {"GET", "/v1/status", READS, read_status, 0},
    {"GET", "/v1/digest", READS, read_digest, 0},
    {"GET", "/v1/events", READS, changes_get, 0},
    {"GET", "/v1/wall/events", READS, view_events, 0},
    {"GET", "/v1/directory", ROLE_ADMIN, directory_get, 0},
    {"PUT", "/v1/directory", ROLE_ADMIN, directory_put, HTTP_DIRECTORY_MAX_BYTES},
    {"GET", "/ready", 0, read_ready, 0},
    {"GET", "/metrics", 0, metrics_get, 0},
    {0},
};
