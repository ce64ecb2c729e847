#include "node/config/config.h"

#include "cluster/base/text.h"
#include "node/config/config_keys.h"
#include "node/config/endpoint.h"
#include "node/config/yaml_value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KB ((uint64_t)1024)
#define MB (KB * 1024)
#define DEGREE 1000000

enum kind {
    KIND_NAME,
    KIND_PATH,
    KIND_LISTEN,
    KIND_ENDPOINT,
    KIND_DEGREES,
    KIND_U32,
    KIND_U64,
    KIND_MAP,
    KIND_PEERS,
    KIND_KEY,
    KIND_ADMINS,
    KIND_TRUTH
};

struct key {
    const char *name;
    enum kind kind;
    bool needed;
    size_t offset;           // where its value goes
    uint64_t min, max;       // of numbers; of degrees: max is the bound on both sides
    uint64_t standard;       // of numbers
    const char *text;        // of paths: the standard
    uint64_t scale;          // numbers are multiplied by it; 0: 1
    const struct key *keys;  // of a map; a key without name ends them
};

struct reader {
    const char *file;
    struct config *config;
    struct problems *problems;
};

#define AT(member) offsetof(struct config, member)

struct peer_entry {
    struct peers_card card;
    char key[KEY_TEXT_BYTES + 1];
};
#define PEER_AT(member) offsetof(struct peer_entry, member)

static const struct key position_keys[] = {
    {"lat", KIND_DEGREES, .needed = true, .offset = AT(self.lat_udeg), .max = 90},
    {"lon", KIND_DEGREES, .needed = true, .offset = AT(self.lon_udeg), .max = 180},
    {0},
};

static const struct key listen_keys[] = {
    {"client", KIND_LISTEN, .needed = true, .offset = AT(listen_client)},
    {"peer", KIND_LISTEN, .needed = true, .offset = AT(listen_control)},
    {"bulk", KIND_LISTEN, .needed = true, .offset = AT(listen_bulk)},
    {0},
};

static const struct key advertise_keys[] = {
    {"client", KIND_ENDPOINT, .offset = AT(self.client)},
    {"peer", KIND_ENDPOINT, .offset = AT(self.control)},
    {"bulk", KIND_ENDPOINT, .offset = AT(self.bulk)},
    {0},
};

static const struct key timing_keys[] = {
    {"heartbeat_ms", KIND_U32, .offset = AT(heartbeat_ms), .min = 10, .max = 10000, .standard = 200},
    {"down_after_ms", KIND_U32, .offset = AT(down_after_ms), .min = 50, .max = 60000, .standard = 1000},
    {"client_heartbeat_ms", KIND_U32, .offset = AT(client_heartbeat_ms), .min = 10, .max = 10000, .standard = 250},
    {"client_down_after_ms", KIND_U32, .offset = AT(client_down_after_ms), .min = 50, .max = 60000, .standard = 750},
    {"desk_timeout_ms", KIND_U32, .offset = AT(desk_timeout_ms), .min = 100, .max = 600000, .standard = 3000},
    {0},
};

static const struct key peer_keys[] = {
    {"node", KIND_NAME, .offset = PEER_AT(card.name)},
    {"peer", KIND_ENDPOINT, .needed = true, .offset = PEER_AT(card.control)},
    {"bulk", KIND_ENDPOINT, .needed = true, .offset = PEER_AT(card.bulk)},
    {"key", KIND_KEY, .offset = PEER_AT(key)},
    {0},
};

static const struct key keys_keys[] = {
    {"own", KIND_PATH, .offset = AT(key_file)},
    {"admins", KIND_ADMINS, .needed = false},
    {0},
};

static const struct key limits_keys[] = {
    {"records_per_owner", KIND_U64, .offset = AT(records_per_owner), .min = 1000, .max = 100000000,
     .standard = 3000000},
    {"sessions_per_key", KIND_U32, .offset = AT(sessions_per_key), .min = 2, .max = 10000, .standard = 200},
    {"calls", KIND_U32, .offset = AT(calls_max), .min = 10, .max = 1000000, .standard = 1000000},
    {"client_message_kb", KIND_U64, .offset = AT(client_message_max_bytes), .min = 64, .max = 1024, .standard = 64,
     .scale = KB},
    {"client_attach_kb", KIND_U64, .offset = AT(client_attach_max_bytes), .min = 64, .max = 16384, .standard = 4096,
     .scale = KB},
    {"client_messages_s", KIND_U32, .offset = AT(client_messages_s), .min = 10, .max = 1000000, .standard = 5000},
    {0},
};

static const struct key top_keys[] = {
    {"node", KIND_NAME, .needed = true, .offset = AT(self.name)},
    {"site", KIND_NAME, .needed = true, .offset = AT(self.site)},
    {"position", KIND_MAP, .needed = true, .keys = position_keys},
    {"listen", KIND_MAP, .needed = true, .keys = listen_keys},
    {"advertise", KIND_MAP, .keys = advertise_keys},
    {"peers", KIND_PEERS, .keys = peer_keys},
    {"data", KIND_PATH, .needed = true, .offset = AT(data)},
    {"data_limit_mb", KIND_U64, .offset = AT(data_limit_bytes), .min = 16, .max = MB, .standard = 4096, .scale = MB},
    {"zone_tab", KIND_PATH, .offset = AT(zone_tab), .text = "/usr/share/zoneinfo/zone.tab"},
    {"prefixes", KIND_PATH, .offset = AT(prefixes), .text = CONFIG_PREFIXES},
    {"timing", KIND_MAP, .keys = timing_keys},
    {"keys", KIND_MAP, .keys = keys_keys},
    {"insecure", KIND_TRUTH, .offset = AT(insecure)},
    {"limits", KIND_MAP, .keys = limits_keys},
    {"protocol", KIND_U32, .offset = AT(protocol), .min = 1, .max = PEERS_PROTOCOL, .standard = PEERS_PROTOCOL},
    {"records_max", KIND_U64, .offset = AT(records_max), .min = 1000, .max = 100000000, .standard = 5000000},
    {"log_decisions", KIND_TRUTH, .offset = AT(tells_decisions)},
    {"digest_every_ms", KIND_U32, .offset = AT(digest_every_ms), .min = 100, .max = 3600000, .standard = 60000},
    {0},
};

PRINTF_LIKE(3, 4)
static void problem_at(struct reader *self, uint32_t line, const char *format, ...)
{
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add(self->problems, "%s:%u: %s", self->file, line, text);
}

static void set_number(void *base, const struct key *key, uint64_t number)
{
    void *at = (char *)base + key->offset;
    number *= key->scale ? key->scale : 1;
    if (key->kind == KIND_U32)
        *(uint32_t *)at = (uint32_t)number;
    else
        *(uint64_t *)at = number;
}

// False: longer than the room for a path.
static bool set_path(struct reader *self, char *at, const char *path)
{
    const char *slash = strrchr(self->file, '/');
    size_t folder = path[0] == '/' || slash == NULL ? 0 : (size_t)(slash - self->file) + 1;
    return snprintf(at, CONFIG_PATH_MAX_BYTES + 1, "%.*s%s", (int)folder, self->file, path) <= CONFIG_PATH_MAX_BYTES;
}

static void set_standards(struct reader *self, const struct key *keys)
{
    for (const struct key *key = keys; key->name != NULL; key++) {
        if (key->kind == KIND_U32 || key->kind == KIND_U64)
            set_number(self->config, key, key->standard);
        else if (key->kind == KIND_PATH && key->text != NULL)
            text_copy((char *)self->config + key->offset, CONFIG_PATH_MAX_BYTES + 1, key->text);
        else if (key->kind == KIND_MAP)
            set_standards(self, key->keys);
    }
}

static void read_number(struct reader *self, const char *label, const struct yaml_node *node, const struct key *key,
                        void *base)
{
    uint64_t number;
    if (!yaml_to_number(node, &number) || number < key->min || number > key->max)
        problem_at(self, node->line, "%s must be a number from %" PRIu64 " to %" PRIu64, label, key->min, key->max);
    else
        set_number(base, key, number);
}

static void read_degrees(struct reader *self, const char *label, const struct yaml_node *node, const struct key *key,
                         void *base)
{
    int32_t udeg, bound = (int32_t)key->max * DEGREE;
    if (!yaml_to_udeg(node, &udeg) || udeg < -bound || udeg > bound)
        problem_at(self, node->line, "%s must be degrees from -%" PRIu64 " to %" PRIu64 ", with at most six decimals",
                   label, key->max, key->max);
    else
        *(int32_t *)(void *)((char *)base + key->offset) = udeg;
}

static void read_text(struct reader *self, const char *label, const struct yaml_node *node, const struct key *key,
                      void *base)
{
    char *at = (char *)base + key->offset;
    const char *text = node->kind == YAML_TEXT ? node->text : "";
    if (key->kind == KIND_NAME) {
        if (text_is_name(text, NAME_MAX_BYTES))
            text_copy(at, NAME_MAX_BYTES + 1, text);
        else
            problem_at(self, node->line,
                       "%s must be a name: 1 to %d printable ASCII characters without space, quotes, backslash, "
                       "comma and ~",
                       label, NAME_MAX_BYTES);
    } else if (key->kind == KIND_PATH) {
        if (text[0] == '\0' || !text_is_printable(text, CONFIG_PATH_MAX_BYTES) || !set_path(self, at, text))
            problem_at(self, node->line, "%s must be a path of at most %d bytes", label, CONFIG_PATH_MAX_BYTES);
    } else if (!endpoint_is_valid(text, key->kind == KIND_LISTEN) ||
               !text_copy(at, PEERS_ENDPOINT_MAX_BYTES + 1, text)) {
        problem_at(self, node->line, "%s must be tcp://HOST:PORT%s", label,
                   key->kind == KIND_LISTEN ? "; HOST may be * for every address" : "");
    }
}

// Copies a public key; says where there is none.
static void read_key(struct reader *self, const char *label, const struct yaml_node *node, char *to)
{
    if (node->kind != YAML_TEXT || !key_text_is_valid(node->text))
        problem_at(self, node->line, "%s must be a public key: %d of 0-9 and a-f", label, KEY_TEXT_BYTES);
    else
        text_copy(to, KEY_TEXT_BYTES + 1, node->text);
}

static void read_admins(struct reader *self, const char *label, const struct yaml_node *list)
{
    struct config *config = self->config;
    if (list->kind != YAML_LIST)
        problem_at(self, list->line, "%s must be a list of public keys", label);
    for (const struct yaml_node *item = list->kind == YAML_LIST ? list->first : NULL; item != NULL; item = item->next) {
        if (config->admin_count == CONFIG_ADMINS_MAX) {
            problem_at(self, item->line, "%s: more than %d", label, CONFIG_ADMINS_MAX);
            return;
        }
        read_key(self, label, item, config->admins[config->admin_count++]);
    }
}

static void read_truth(struct reader *self, const char *label, const struct yaml_node *node, bool *to)
{
    if (!yaml_to_truth(node, to))
        problem_at(self, node->line, "%s must be true or false", label);
}

static void read_peers(struct reader *self, const struct yaml_node *list, const struct key *keys);
static void read_map(struct reader *self, const char *prefix, const struct yaml_node *map, const struct key *keys,
                     void *base);

static void read_value(struct reader *self, const char *label, const struct yaml_node *node, const struct key *key,
                       void *base)
{
    if (yaml_is_nothing(node)) {
        problem_at(self, node->line, "%s has no value", label);
        return;
    }
    switch (key->kind) {
    case KIND_NAME:
    case KIND_PATH:
    case KIND_LISTEN:
    case KIND_ENDPOINT:
        read_text(self, label, node, key, base);
        break;
    case KIND_DEGREES:
        read_degrees(self, label, node, key, base);
        break;
    case KIND_U32:
    case KIND_U64:
        read_number(self, label, node, key, base);
        break;
    case KIND_MAP:
        if (node->kind == YAML_MAP)
            read_map(self, label, node, key->keys, base);
        else
            problem_at(self, node->line, "%s must be a map", label);
        break;
    case KIND_PEERS:
        read_peers(self, node, key->keys);
        break;
    case KIND_KEY:
        read_key(self, label, node, (char *)base + key->offset);
        break;
    case KIND_ADMINS:
        read_admins(self, label, node);
        break;
    case KIND_TRUTH:
        read_truth(self, label, node, (bool *)(void *)((char *)base + key->offset));
        break;
    }
}

static void tell_unknown(struct reader *self, const char *label, uint32_t line, const struct key *keys)
{
    char known[256] = "";
    size_t used = 0;
    for (const struct key *key = keys; key->name != NULL && used < sizeof known; key++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", key == keys ? "" : ", ", key->name);
    problem_at(self, line, "unknown key %s; there are: %s", label, known);
}

static void read_map(struct reader *self, const char *prefix, const struct yaml_node *map, const struct key *keys,
                     void *base)
{
    char label[256];
    const char *dot = prefix[0] != '\0' ? "." : "";
    for (const struct yaml_node *child = map->first; child != NULL; child = child->next) {
        const struct key *key = keys;
        while (key->name != NULL && strcmp(key->name, child->key) != 0)
            key++;
        snprintf(label, sizeof label, "%s%s%s", prefix, dot, child->key);
        if (key->name == NULL)
            tell_unknown(self, label, child->line, keys);
        else
            read_value(self, label, child, key, base);
    }
    for (const struct key *key = keys; key->name != NULL; key++)
        if (key->needed && yaml_node_get(map, key->name) == NULL)
            problem_at(self, map->line, "%s%s%s is missing", prefix, dot, key->name);
}

// A node may find itself among its peers, so that all nodes can have the same list.
static void read_peers(struct reader *self, const struct yaml_node *list, const struct key *keys)
{
    struct config *config = self->config;
    if (list->kind != YAML_LIST) {
        problem_at(self, list->line, "peers must be a list; [] when there are none");
        return;
    }
    for (const struct yaml_node *item = list->first; item != NULL; item = item->next) {
        if (item->kind != YAML_MAP) {
            problem_at(self, item->line, "peers: each must be a map with peer and bulk");
            continue;
        }
        if (config->peer_count == PEERS_MAX) {
            problem_at(self, item->line, "peers: more than %d", PEERS_MAX);
            return;
        }
        struct peer_entry entry = {0};
        read_map(self, "peers", item, keys, &entry);
        const struct peers_card *card = &entry.card;
        for (uint32_t i = 0; i < config->peer_count; i++) {
            const struct peers_card *other = &config->peers[i];
            if (card->name[0] != '\0' && strcmp(card->name, other->name) == 0)
                problem_at(self, item->line, "peers: node %s is given twice", card->name);
            if (card->control[0] != '\0' && strcmp(card->control, other->control) == 0)
                problem_at(self, item->line, "peers: %s is given twice", card->control);
        }
        memcpy(config->peer_keys[config->peer_count], entry.key, sizeof entry.key);
        config->peers[config->peer_count++] = entry.card;
    }
}

static uint32_t line_of(const struct yaml_node *root, const char *section, const char *key)
{
    const struct yaml_node *map = yaml_node_get(root, section);
    const struct yaml_node *node = map != NULL && map->kind == YAML_MAP ? yaml_node_get(map, key) : NULL;
    return node != NULL ? node->line : map != NULL ? map->line : root->line;
}

static void drop_self_from_peers(struct reader *self, const struct yaml_node *root)
{
    struct config *config = self->config;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < config->peer_count; i++) {
        const struct peers_card *card = &config->peers[i];
        bool is_here = strcmp(card->control, config->self.control) == 0;
        bool is_self = strcmp(card->name, config->self.name) == 0;
        if (is_here && !is_self && card->name[0] != '\0')
            problem_at(self, line_of(root, "peers", ""), "peers: node %s has this node's own address, %s", card->name,
                       card->control);
        if (is_self || is_here)
            continue;
        memmove(config->peer_keys[kept], config->peer_keys[i], sizeof config->peer_keys[i]);
        config->peers[kept++] = *card;
    }
    config->peer_count = kept;
}

static void fill_in_advertised(struct reader *self, const struct yaml_node *root)
{
    struct config *config = self->config;
    struct {
        const char *key;
        const char *listen;
        char *advertise;
    } pairs[] = {
        {"client", config->listen_client, config->self.client},
        {"peer", config->listen_control, config->self.control},
        {"bulk", config->listen_bulk, config->self.bulk},
    };
    for (size_t i = 0; i < 3; i++) {
        const struct yaml_node *advertise = yaml_node_get(root, "advertise");
        bool given = advertise != NULL && advertise->kind == YAML_MAP && yaml_node_get(advertise, pairs[i].key) != NULL;
        if (!given && endpoint_is_everywhere(pairs[i].listen))
            problem_at(self, line_of(root, "listen", pairs[i].key),
                       "listen.%s is on every address: advertise.%s must say by which one others reach it",
                       pairs[i].key, pairs[i].key);
        if (!given)
            text_copy(pairs[i].advertise, PEERS_ENDPOINT_MAX_BYTES + 1, pairs[i].listen);
        if (given && endpoint_is_everywhere(pairs[i].advertise))
            problem_at(self, line_of(root, "advertise", pairs[i].key), "advertise.%s is no address to connect to",
                       pairs[i].key);
        for (size_t k = 0; k < i; k++)
            if (pairs[i].listen[0] != '\0' && strcmp(pairs[i].listen, pairs[k].listen) == 0)
                problem_at(self, line_of(root, "listen", pairs[i].key), "listen.%s is the same as listen.%s",
                           pairs[i].key, pairs[k].key);
    }
}

static void check_timing(struct reader *self, const struct yaml_node *root)
{
    const struct config *config = self->config;
    if (config->down_after_ms < 2 * config->heartbeat_ms)
        problem_at(self, line_of(root, "timing", "down_after_ms"),
                   "timing.down_after_ms (%u) must be at least twice timing.heartbeat_ms (%u)", config->down_after_ms,
                   config->heartbeat_ms);
    if (config->client_down_after_ms < 2 * config->client_heartbeat_ms)
        problem_at(self, line_of(root, "timing", "client_down_after_ms"),
                   "timing.client_down_after_ms (%u) must be at least twice timing.client_heartbeat_ms (%u)",
                   config->client_down_after_ms, config->client_heartbeat_ms);
    if (config->desk_timeout_ms < 2 * config->client_heartbeat_ms)
        problem_at(self, line_of(root, "timing", "desk_timeout_ms"),
                   "timing.desk_timeout_ms (%u) must be at least twice timing.client_heartbeat_ms (%u)",
                   config->desk_timeout_ms, config->client_heartbeat_ms);
}

bool config_read(const char *path, struct config *ret_config, struct problems *ret_problems)
{
    struct config config = {0};
    struct problems found;
    problems_init(&found);
    struct yaml_tree *tree = yaml_tree_read(path, &found);
    const struct yaml_node *root = tree != NULL ? yaml_tree_root(tree) : NULL;
    struct reader self = {path, &config, &found};
    if (root != NULL && root->kind == YAML_MAP) {
        set_standards(&self, top_keys);
        read_map(&self, "", root, top_keys, &config);
        fill_in_advertised(&self, root);
        check_timing(&self, root);
        drop_self_from_peers(&self, root);
        config_keys_check(&config, path, &found);
    } else if (tree != NULL) {
        problem_at(&self, 1, "must be a map with keys such as node");
    }
    yaml_tree_free(tree);
    bool sound = found.count == 0;
    if (sound)
        *ret_config = config;
    for (uint32_t i = 0; i < found.count; i++)
        problems_add(ret_problems, "%s", found.lines[i]);
    ret_problems->dropped += found.dropped;
    problems_close(&found);
    return sound;
}
