// What desks, gateways and queries have in common: a client without its connections. Included by the client's files and
// its tests, by nobody else. Messages and time in, messages and events out; see wire.h for the seam. One thread.
//
//             one of two answers           Attached
//   SEEKING ─────────────────────▶ ATTACHING ────▶ ATTACHED          OVER: superseded, or signed off
//      ▲                            ▲  │  ▲            │
//      └──── neither answers ───────┼──┘  └── renewed ─┤  (the node does not know this attachment, or this loop slept)
//      └────────────────────────────┴─ fell silent ────┘  to the next that answers, else to SEEKING
//
// Always true: a number in `attach` that was sent once is never sent with another message to attach; a message that
// carries another attach than the last one sent is not acted on.
#ifndef NODE_CLIENT_CORE_H
#define NODE_CLIENT_CORE_H

#include "cluster/base/check.h"
#include "cluster/base/text.h"
#include "cluster/base/timers.h"
#include "cluster/wire/arena.h"
#include "node/client/endpoints.h"
#include "node/client/wire.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#define CLIENT_PROTOCOL 3  // see proto/README.md
#define CLIENT_SLOTS_OF_QUERIES 2
#define CLIENT_HEARTBEAT_MS 250  // until Attached says otherwise
#define CLIENT_DOWN_AFTER_MS 750
#define CLIENT_STALL_MS 500     // of this loop: silence is not the other end's
#define CLIENT_PREFER_MS 300    // so long the first endpoint may take to answer before the second
#define CLIENT_CONNECT_MS 2500  // so long a connection may take: four round trips across the world, and as much again
#define CLIENT_CONNECT_FEW_MS 1500   // where there are not connections enough to try all nodes beside each other
#define CLIENT_RTT_MAX_MS 500        // what takes longer stood still on its way, and says nothing of the distance
#define CLIENT_BROKEN_REST_MS 400    // where nobody listens, so long before it is tried again; then twice as long
#define CLIENT_STAGGER_MS 100        // between connections to one node after the other, while none has answered
#define CLIENT_SPARE_PAUSE_MS 20     // the same, once attached, and up to 255 ms more by chance
#define CLIENT_SPARE_PING_MS 2000    // spares are asked so often
#define CLIENT_RANK_MS 5000          // so often it is looked whether another is nearer than the stand-by
#define CLIENT_NEARER_PART 8         // by more than this part of its way,
#define CLIENT_NEARER_US 5000u       // and by more than this
#define CLIENT_SCOUT_MS 15000        // so often a node that has no connection gets one, to be measured
#define CLIENT_REPEAT_MS 500         // what was not answered is said again
#define CLIENT_ATTEMPTS_MAX 4        // unanswered, at one node that answers pings
#define CLIENT_SEND_RETRY_MS 10      // until a fresh connection stands
#define CLIENT_REFUSED_WAIT_MS 1000  // doubled by each refusal, to CLIENT_REFUSED_WAIT_MAX_MS
#define CLIENT_REFUSED_WAIT_MAX_MS 8000
#define CLIENT_MINORITY_MS 3000  // at a node that sees no majority while the stand-by does
#define CLIENT_TIMEOUT_MAX_MS 1000
#define CLIENT_ATTEMPT_BITS 20
#define CLIENT_LOGIN_SPREAD 4096  // a login that is raised goes beyond the largest known by up to so much
#define CLIENT_LOGIN_MAX (((uint64_t)1 << 43) - 1)
#define CLIENT_UNPACK_BUDGET_BYTES ((size_t)16 * 1024 * 1024)
#define CLIENT_REASON_MAX_BYTES 64

enum client_phase { CLIENT_SEEKING, CLIENT_ATTACHING, CLIENT_ATTACHED, CLIENT_OVER };

struct client_link {
    int endpoint;             // ENDPOINT_NONE: closed
    bool asked;               // a ping was sent: the connection stands
    bool heard;               // since it was opened
    bool majority;            // its node sees one
    uint64_t silent_from_us;  // since it was opened, last heard, or this loop woke
    uint64_t heard_us;        // last
    uint64_t ping_at_us;
    uint64_t reopen_at_us;  // while closed
    uint32_t rtt_us;        // smoothed; 0: not measured
    uint32_t turned_away;   // the how manieth refusal in a row was its; 0: none
    uint64_t boot;          // of its node; 0: not told
    char node[NAME_MAX_BYTES + 1];
};

struct client_kind {
    bool attaches;                                                    // queries do not
    void (*message)(struct hotline_client *, const Cli__ToClient *);  // of this attachment, or an Answer
    void (*refused)(struct hotline_client *, const Cli__Refused *);   // not of an attach
    bool (*send_attach)(struct hotline_client *);                     // all that it does, at self->attach
    void (*attached)(struct hotline_client *);                        // or, for queries, connected
    void (*tick)(struct hotline_client *, uint64_t now_us);
    uint64_t (*next_us)(const struct hotline_client *);
    void (*close)(struct hotline_client *);  // frees what is the kind's own, but not the struct
};

struct hotline_client {  // first in the struct of its kind
    const struct client_kind *kind;
    struct client_wire *wire;
    hotline_event_callback *on_event;
    void *user;
    char party[NAME_MAX_BYTES + 1];  // agent or gateway
    struct hotline_client_counts counts;
    struct arena arena;  // of the message that is being read
    struct span received;
    uint32_t received_slot;
    struct bytes packed;
    uint32_t depth;  // of calls into the application
    enum { CLIENT_STAYS, CLIENT_SIGNS_OFF, CLIENT_VANISHES } leaving;

    enum client_phase phase;
    struct endpoints endpoints;
    struct client_link links[CLIENT_SLOTS];
    uint32_t slots;     // of these, in use
    uint32_t primary;   // slot; means nothing while SEEKING
    uint32_t stand_by;  // slot; beyond the last: none
    uint64_t spare_at_us, rank_at_us, scout_at_us;
    uint32_t heartbeat_ms, down_after_ms;
    uint64_t ticked_us;
    uint64_t prefer_until_us;
    uint32_t rotations;  // links given up since it began to seek
    uint64_t minority_from_us;

    uint64_t login;
    bool login_is_given;
    uint64_t raised_from;  // the last attach before the login was raised; 0: it was not
    bool was_attached;
    uint32_t attempt;        // the last that was sent
    uint64_t attach;         // login << 20 | attempt
    bool attach_holds;       // it was sent on the primary connection, and nothing broke since
    uint32_t attempts_here;  // unanswered
    uint64_t attach_at_us;
    uint64_t attached_us;
    uint32_t refusals;  // in a row
    char node[NAME_MAX_BYTES + 1];
};

// ---- core.c

// Takes the wire. `login` 0: this moment.
enum hotline_result client_init(struct hotline_client *self, const struct client_kind *kind, struct client_wire *wire,
                                const char *nodes, const char *party, uint64_t login);
struct hotline_client *client_refuse(struct hotline_client *self, enum hotline_result result,
                                     enum hotline_result *ret_result);  // frees, returns NULL
uint64_t client_now(const struct hotline_client *self);
bool client_send(struct hotline_client *self, uint32_t slot, Cli__ToNode *message);
void client_emit(struct hotline_client *self, const struct hotline_event *event);
void client_emit_refused(struct hotline_client *self, const Cli__Refused *refused);
// Of the attachment that holds now? Others are counted.
bool client_is_current(struct hotline_client *self, uint64_t attach);
void client_wake(struct hotline_client *self);  // a call from outside changed what is to be done next

// ---- attachment.c, with links.c

void attachment_receive(struct hotline_client *self, uint32_t slot, const Cli__ToClient *message);
void attachment_heard(struct hotline_client *self, uint32_t slot);
void attachment_tick(struct hotline_client *self, uint64_t now_us);
uint64_t attachment_next_us(const struct hotline_client *self);
void attachment_renew(struct hotline_client *self);  // the node's picture of this client is wrong: say all again
// True when it was of an attach, and is dealt with.
bool attachment_refused(struct hotline_client *self, uint32_t slot, const Cli__Refused *refused);
void attachment_end(struct hotline_client *self);
bool attachment_is_alive(const struct hotline_client *self, uint32_t slot, uint64_t now_us);  // answers in time

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
