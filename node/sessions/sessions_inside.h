// What sessions.c (connections, and what comes in) and sessions_out.c (what goes out) share. Nobody else's.
#ifndef NODE_SESSIONS_SESSIONS_INSIDE_H
#define NODE_SESSIONS_SESSIONS_INSIDE_H

#include "cluster/store/tables.h"
#include "cluster/wire/arena.h"
#include "node/sessions/parties.h"
#include "node/sessions/sessions.h"

#include "client.pb-c.h"

struct session {
    uint64_t id;
    struct world_client client;
    uint8_t kind;  // rec.Kind: DESK, GATEWAY, or 0 while it has attached to nothing
    char name[NAME_MAX_BYTES + 1];
    uint64_t attach;
    uint32_t protocol;
    enum key_role role;  // and whose key carries its messages
    char holder[NAME_MAX_BYTES + 1];
    struct party *party;
    uint64_t last_heard_us;
    bool missed;      // a word, at this attach: its picture may be wrong
    bool has_looked;  // see sessions_first_look
    UT_hash_handle by_client, by_id;
};

struct sessions {
    struct world *world;
    struct sessions_options options;
    struct sessions_events events;
    struct session *by_client, *by_id;
    struct parties parties;
    uint64_t last_id;
    struct arena arena, out_arena;
    struct bytes out;
    struct sessions_counts counts;
    uint64_t last_tick_us;
};

struct session *session_find(const struct sessions *self, uint64_t id);  // NULL: none
bool session_send_to(struct sessions *self, const struct world_client *client, struct span message);
struct span session_pack(struct sessions *self, const Cli__ToClient *message);  // until the next
// A client that has no session, or whose message is none.
void session_refuse_client(struct sessions *self, const struct world_client *client, const char *reason,
                           const char *detail, const Cli__NextNode *elsewhere);
const Cli__NextNode *session_elsewhere(struct sessions *self, Cli__NextNode *room);  // the next node; NULL: none

#endif
