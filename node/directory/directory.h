// The directory in memory: who and what there is, sorted by id and numbered. Immutable once created.
#ifndef NODE_DIRECTORY_DIRECTORY_H
#define NODE_DIRECTORY_DIRECTORY_H

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"
#include "cluster/base/problem.h"
#include "cluster/keys/keys.h"
#include "node/route/route.h"

#include <stdbool.h>
#include <stdint.h>

#define DIRECTORY_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define DIRECTORY_AGENTS_MAX 100000
#define DIRECTORY_SITES_MAX 10000
#define DIRECTORY_QUEUES_MAX 256
#define DIRECTORY_NODES_MAX 64
#define DIRECTORY_MENU_MAX 1000
#define DIRECTORY_KEYS_MAX 210000
#define DIRECTORY_KEYS_PER_PARTY 2  // that are not revoked
#define DIRECTORY_PRIORITY_MAX 1000
#define DIRECTORY_RING_WIDTH_MAX 8
#define DIRECTORY_HOME_PREFIXES_MAX 64
#define DIRECTORY_TEXT_MAX_BYTES 256                            // of names for people and contacts
#define DIRECTORY_DIGITS_MAX 32                                 // of a menu entry
#define DIRECTORY_MEMORY_MAX_BYTES ((size_t)128 * 1024 * 1024)  // unpacked
#define DIRECTORY_NONE UINT32_MAX

struct Rec__Directory;

struct directory_site {
    const char *id, *name, *country, *contact;
    int32_t lat_udeg, lon_udeg;
    struct sphere_point at;
};

struct directory_node {
    const char *name;
    uint32_t site;
};

struct directory_agent {
    const char *id, *name, *contact;  // contact: the agent's own, or else the site's
    uint32_t site;
    struct route_set languages, skills;
};

struct directory_queue {
    const char *id, *name;
    uint32_t priority, ring_ms, ring_width, wait_limit_ms, target_percent, target_ms;
    struct route_set skills;
    uint32_t last_resort_queue;       // DIRECTORY_NONE: the contact
    const char *last_resort_contact;  // "" when there is a queue
    bool emergency;
};

struct directory_key {
    const char *key;  // public, as text
    const char *party;
    enum key_role role;
    bool revoked;
};

struct directory_settings {  // defaults filled in
    uint32_t durability, durability_wait_ms, misses_max, retry_ms, reattach_ms, adopt_after_ms, adopt_alone_after_ms,
        call_back_retry_ms, selftest_interval_ms, selftest_timeout_ms;
    uint64_t retention_ms;
    bool selftest_off;
};

struct directory {
    const char *primary;
    struct directory_settings settings;
    const struct directory_site *sites;
    const struct directory_agent *agents;
    const struct directory_queue *queues;
    const struct directory_node *nodes;
    const struct directory_key *keys;
    uint32_t site_count, agent_count, queue_count, node_count, key_count;
    const char *const *languages;  // language_count names, by bit
    const char *const *skills;
    uint32_t language_count, skill_count;
    const struct Rec__Directory *message;  // as it was given, sections sorted by id: for export and menus
};

// Copies. NULL: problems say everything that is wrong, each naming the thing ("agent cairo-3: there is no site
// cairoo").
struct directory *directory_create(const struct Rec__Directory *message, struct problems *ret_problems);
struct directory *directory_decode(struct span encoded, struct problems *ret_problems);
void directory_encode(const struct directory *self, struct bytes *ret_bytes);  // equal directories, equal bytes
void directory_free(struct directory *self);

uint32_t directory_find_site(const struct directory *self, const char *id);  // DIRECTORY_NONE: there is none
uint32_t directory_find_agent(const struct directory *self, const char *id);
uint32_t directory_find_queue(const struct directory *self, const char *id);
uint32_t directory_find_node(const struct directory *self, const char *name);
uint32_t directory_find_key(const struct directory *self, const char *key);
// The set of those names; *ret_unknown (may be NULL) becomes the first name nobody has, or NULL.
struct route_set directory_language_set(const struct directory *self, char *const *names, size_t count,
                                        const char **ret_unknown);
struct route_set directory_skill_set(const struct directory *self, char *const *names, size_t count,
                                     const char **ret_unknown);
// The queue the digits lead to; DIRECTORY_NONE: nowhere (yet).
uint32_t directory_dial(const struct directory *self, const char *digits);
// A number with such a prefix says nothing of where its owner is.
bool directory_is_home(const struct directory *self, const char *number);

#endif
