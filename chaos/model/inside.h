// What the model's own files share.
#ifndef CHAOS_MODEL_INSIDE_H
#define CHAOS_MODEL_INSIDE_H

#include "chaos/model/model.h"
#include "chaos/model/turns.h"

#include "cluster/base/bytes.h"
#include "cluster/base/check.h"
#include "node/directory/directory.h"
#include "node/switchboard/switchboard.h"

#define FIRST_LOGIN 1u

struct Cli__ToClient;

// ---- contents.c: messages by number, equal ones once

struct content {
    struct span bytes;
    uint32_t record;  // that it is, or that comes with it; NOBODY: none
    uint32_t with;    // NOBODY, or the content that is the record which comes with it
    // Of a record, beside its place in a feed, which the bytes do not say:
    uint64_t attach, boot;
    uint32_t owner;
};

struct contents {
    struct content *list;
    uint32_t count, capacity;
    uint32_t *table;  // index plus one, by hash of all bytes; open addressing
};

struct contents *contents_create(void);
void contents_free(struct contents *self);
uint32_t contents_add(struct contents *self, struct span bytes, const struct content *about);

static inline const struct content *contents_at(const struct contents *self, uint32_t index)
{
    check(index < self->count);
    return &self->list[index];
}

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

// For real, on the board that lies in the node's region, and what came of it. turns.c asks for it.
void node_run(struct model *self, uint32_t node, const struct told *told, struct outcome *ret);
uint64_t node_boot(uint32_t node, uint32_t start);

// ---- copies.c

struct version_held {       // of a record
    uint32_t content, seq;  // NO_CONTENT: none
};
struct version_held copy_held(const struct model *self, uint32_t node, uint32_t record);
int copy_compare(const struct model *self, struct version_held a, struct version_held b);
void copy_take(struct model *self, uint32_t node, uint32_t record, uint32_t from);
void copy_leave(struct model *self, uint32_t node, uint32_t record, uint32_t from);
bool copy_spread_one(struct model *self, uint32_t node);  // anything this node lacks; false: nothing
// The gateways' copies, as bits, that this node has not yet called swept though it holds what they come after.
uint32_t copy_swept(const struct model *self, uint32_t node);
// Numbers versions anew and puts the bag in order, so that states that are alike are equal.
void copy_settle(struct model *self);
void bag_add(struct model *self, const struct parcel *parcel);
void bag_remove(struct model *self, uint32_t index);

// ---- clients.c

struct ProtobufCMessage;
void client_receive(struct model *self, uint32_t node, uint64_t session, uint32_t content);
void client_say(struct model *self, uint32_t client, enum told_kind kind, const struct ProtobufCMessage *words);
void client_hear(struct model *self, uint32_t client);
void client_break(struct model *self, uint32_t client, bool node_lives);
void client_attach(struct model *self, uint32_t client, uint32_t node, bool same_session);
void client_attach_forgotten(struct model *self, uint32_t client, uint32_t node);
void desk_client_hear(struct model *self, uint32_t desk, const struct Cli__ToClient *message);
void desk_client_attach(struct model *self, uint32_t desk);
void desk_client_say(struct model *self, uint32_t desk, uint32_t word, uint32_t call, uint32_t n);
void desk_client_choose(struct model *self, uint32_t desk, enum choice_kind kind);
bool desk_client_has_call(const struct desk_client *self);
void gateway_client_hear(struct model *self, uint32_t gateway, const struct Cli__ToClient *message);
void gateway_client_attach(struct model *self, uint32_t gateway);
void gateway_client_choose(struct model *self, uint32_t call, enum choice_kind kind);

// ---- choices.c

void choice_pass(struct model *self, uint32_t node, uint64_t us);  // a deadline, when so much time has passed
void choice_make(struct model *self, struct choice choice);        // and checks the rules; a failed check ends it

// ---- fingerprint.c: the one file that looks into a board

uint64_t fingerprint_board(const struct model *self, const struct board *board);
void fingerprint_skip(struct board *board);  // memory that need not be saved
// What others ask of it, into the local.
void fingerprint_look(const struct model *self, const struct board *board, struct local *ret);

// ---- rules.c

void violate(struct model *self, const char *format, ...) PRINTF_LIKE(2, 3);  // the first counts
void rules_check(struct model *self);                                         // of the state that now is

#endif
