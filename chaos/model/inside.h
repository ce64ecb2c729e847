// What the model's own files share.
#ifndef CHAOS_MODEL_INSIDE_H
#define CHAOS_MODEL_INSIDE_H

#include "chaos/model/model.h"

#include "cluster/base/check.h"
#include "node/directory/directory.h"
#include "node/switchboard/switchboard.h"

#define FIRST_LOGIN 1u

struct Cli__ToClient;

// ---- contents.c: messages by number, equal ones once

struct content {
    struct span bytes;
    uint64_t hash;    // without the place in a feed of a record it carries
    uint32_t record;  // that it carries; NOBODY: none
    struct held version;
};

struct contents *contents_create(void);
void contents_free(struct contents *self);
uint32_t contents_add(struct contents *self, struct span bytes, const struct content *about);
const struct content *contents_at(const struct contents *self, uint32_t index);

static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ (hash >> 29);
}

uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes);
uint64_t hash_text(uint64_t hash, const char *text);

// ---- town.c: the names

struct directory *town_directory(const struct scenario *scenario);
const char *town_agent(uint32_t desk);
const char *town_gateway(uint32_t gateway);
const char *town_call(uint32_t call);
uint32_t town_find_call(const char *id);                                                     // NOBODY: none
uint32_t town_find_agent(const char *id);                                                    // the same
uint8_t town_record(const struct scenario *scenario, uint32_t record, const char **ret_id);  // its kind; 0: not there
uint32_t town_find_record(uint32_t kind, const char *id);
uint32_t town_find_node(const struct scenario *scenario, const char *name);
struct Cli__Submit;
void town_submit(uint32_t call, uint32_t attach, struct Cli__Submit *ret_submit);

// ---- nodes.c

void node_start(struct model *self, uint32_t node);
void node_crash(struct model *self, uint32_t node, bool loses_last);
void node_event(struct model *self, uint32_t node, const struct event *event);  // a whole turn
void node_hear(struct model *self, uint32_t node, uint32_t from, const struct content *content);
void node_pass(struct model *self, uint32_t node, uint64_t us);  // its clock
void node_free(struct model *self, uint32_t node);
uint64_t node_boot(const struct model *self, uint32_t node, uint32_t start);
struct board *node_board(const struct model *self, uint32_t node);
struct store *node_store(const struct model *self, uint32_t node);
uint64_t node_mono_us(const struct model *self, uint32_t node);

// ---- copies.c

// Whether this version is newer than what the node holds.
bool copy_is_news(const struct model *self, uint32_t node, uint32_t record, const struct held *version);
int copy_compare(const struct model *self, const struct held *a, const struct held *b);
void copy_take(struct model *self, uint32_t node, uint32_t record, uint32_t from);
void copy_leave(struct model *self, uint32_t node, uint32_t record, uint32_t from);
void copy_arrives(struct model *self, uint32_t node, const struct content *content);
bool copy_spread_one(struct model *self, uint32_t node);  // anything this node lacks; false: nothing
void bag_add(struct model *self, const struct parcel *parcel);
void bag_remove(struct model *self, uint32_t index);

// ---- clients.c

void client_receive(struct model *self, uint32_t node, uint64_t session, struct span message);
void client_hear(struct model *self, uint32_t client);
void client_break(struct model *self, uint32_t client, bool node_lives);
void client_attach(struct model *self, uint32_t client, uint32_t node, bool same_session);
void desk_client_hear(struct model *self, uint32_t desk, const struct Cli__ToClient *message);
void desk_client_attach(struct model *self, uint32_t desk);
void desk_client_say(struct model *self, uint32_t desk, uint32_t word, uint32_t call, uint32_t n);
void desk_client_choose(struct model *self, uint32_t desk, enum choice_kind kind);
bool desk_client_has_call(const struct desk_client *self);
void gateway_client_hear(struct model *self, uint32_t gateway, const struct Cli__ToClient *message);
void gateway_client_attach(struct model *self, uint32_t gateway);
void gateway_client_choose(struct model *self, uint32_t call, enum choice_kind kind);

// ---- choices.c

void choice_make(struct model *self, struct choice choice);  // and checks the rules; a failed check ends it

// ---- fingerprint.c: the one file that looks into a board

uint64_t fingerprint_board(const struct model *self, const struct board *board);
void fingerprint_deadlines(const struct board *board, uint64_t ret_deadlines[DEADLINES_MAX]);
void fingerprint_skip(struct board *board);                               // memory that need not be saved
struct owned {                                                            // what a board believes to be its own
    uint32_t calls[CALLS_MAX], desks[DESKS_MAX], gateways[GATEWAYS_MAX];  // the attach; 0: not
};
void fingerprint_owned(const struct model *self, const struct board *board, struct owned *ret_owned);
// What stands at a desk that is at this node: the call, NOBODY for none; false: it is not here.
struct at_desk {
    uint32_t state, call;
    bool accepted, joined, is_leaving;
};
bool fingerprint_desk(const struct board *board, uint32_t desk, struct at_desk *ret);

// ---- rules.c

void violate(struct model *self, const char *format, ...) PRINTF_LIKE(2, 3);  // the first counts
void rules_check(struct model *self);                                         // of the state that now is

#endif
