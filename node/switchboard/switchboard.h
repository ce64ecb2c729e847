// Calls and desks. Events in, effects out, as data: switchboard_step changes the board and fills the effects; no
// callback reaches into it and it calls nobody. It reads records from the store below it and never writes there: what
// is to be written is an effect. The node carries effects out in order, before the next step.
//
// An event's messages are those of the wire (proto/), unpacked and within bounds of size; the switchboard checks what
// they say.
#ifndef NODE_SWITCHBOARD_SWITCHBOARD_H
#define NODE_SWITCHBOARD_SWITCHBOARD_H

#include "cluster/base/bytes.h"
#include "cluster/store/store.h"
#include "cluster/world/world.h"
#include "node/directory/atlas.h"
#include "node/directory/directory.h"

#include <stdbool.h>
#include <stdint.h>

struct Cli__AttachDesk;
struct Cli__AttachGateway;
struct Cli__DeskWord;
struct Cli__LegWord;
struct Cli__Submit;
struct Peer__Talk;

#define SWITCHBOARD_CALLS_MAX 1000000    // not ended, own and copies
#define SWITCHBOARD_RESERVE_PART 10      // of these, this part is kept for emergencies and calls that gateways hold
#define SWITCHBOARD_LANGUAGES_MAX 16     // of one call
#define SWITCHBOARD_STORY_MAX 8          // offers kept whole with a call
#define WRAP_DISPOSITION_MAX_BYTES 64    // of a call's disposition
#define SWITCHBOARD_OFFER_SLACK_MS 1500  // an offer's owner waits this much longer than the desk rings
#define SWITCHBOARD_REPEAT_MS 500        // what must arrive between owners is said again
#define SWITCHBOARD_TICK_MS 1000
#define SWITCHBOARD_DECISION_CALLS_MAX 64  // named with one decision
#define SWITCHBOARD_MADE_NODES_MAX 64      // named with one call-back
#define SWITCHBOARD_CALL_BACKS_SINCE 2     // this protocol: nodes of an older one neither make nor ring call-backs
#define SWITCHBOARD_LETS_GO_SINCE 3        // this protocol of clients: gateways of an older one never say LET_GO
#define SWITCHBOARD_NEWS_MS 15000          // a waiting caller is told the position this often

// ---- events

enum event_type {
    EVENT_DIRECTORY,    // a directory was taken over
    EVENT_RECORD,       // a copy came, newer than what was here, or is read at start
    EVENT_PURGED,       // the call `name` was born before the horizon and is no longer stored
    EVENT_PEER_UP,      // name, boot, rtt_us, speaks
    EVENT_PEER_RTT,     // name, rtt_us: measured anew
    EVENT_PEER_DOWN,    // name, boot
    EVENT_HEARD,        // name, boot: a third hears that node, or is attached to it
    EVENT_SWEPT,        // in this boot all that `name` had was taken over
    EVENT_DISK_BROKEN,  // this node stores nothing more
    EVENT_RESTORED,     // this node was made from a backup: it makes no call-back
    EVENT_CAUGHT_UP,    // it knows what happened since, and does
    EVENT_TALK,         // from a peer or this node itself
    EVENT_DESK_ATTACH,  // session
    EVENT_DESK_WORD,    // of the desk `name`
    EVENT_DESK_GONE,    // `name`; leaving: in order
    EVENT_GATEWAY_ATTACH,
    EVENT_SUBMIT,  // of the gateway `name`
    EVENT_LEG_WORD,
    EVENT_GATEWAY_GONE,
    EVENT_DEADLINE,  // the time asked for has come
};

struct event {  // everything is lent for the step
    enum event_type type;
    uint64_t session;
    const char *name;
    uint64_t boot;
    uint32_t rtt_us;
    uint32_t speaks;  // the newest protocol that the peer, or the gateway that attaches, understands
    bool leaving;
    union {
        const struct directory *directory;  // lives until the next EVENT_DIRECTORY
        const struct record *record;
        const struct Peer__Talk *talk;  // from `name`
        const struct Cli__AttachDesk *attach_desk;
        const struct Cli__AttachGateway *attach_gateway;
        const struct Cli__DeskWord *desk_word;
        const struct Cli__LegWord *leg_word;
        const struct Cli__Submit *submit;
    };
};

// ---- effects

enum effect_type {
    EFFECT_CLIENT,       // bytes: a packed cli.ToClient for the session
    EFFECT_REFUSE,       // the same, a refusal: another node may know or have room for it, so the next is to be named
    EFFECT_BIND,         // the session is now desk or gateway `name`, at `attach`: tell it so, with the next nodes
    EFFECT_UNBIND,       // the session is no longer that party's
    EFFECT_NODE,         // bytes: a packed peer.Talk for the node `name`, which may be this one
    EFFECT_PUT,          // bytes: the body of record (kind, name, attach, born_ms)
    EFFECT_DECIDED,      // bytes: words for a judge, `name`: of what; see board_options
    EFFECT_ORPHAN,       // bytes: words for an operator, of a state that nobody renews and no deadline ends
    EFFECT_ACKNOWLEDGE,  // the gateway's session waits for accepted(n) of the call `name`, as it stands in the store
};

struct effect {
    enum effect_type type;
    uint64_t session;
    const char *name;  // lives until the next step
    uint8_t kind;      // BIND, UNBIND, PUT: rec.Kind
    uint64_t attach;
    uint64_t born_ms;
    uint32_t protocol;     // NODE: the oldest that understands it; 0: any does
    size_t offset, count;  // bytes, in effects.bytes
};

struct effects {  // zero is empty and valid; cleared by switchboard_step
    struct effect *list;
    uint32_t count, capacity;
    struct bytes bytes;
};

void effects_close(struct effects *self);

static inline struct span effect_bytes(const struct effects *effects, const struct effect *effect)
{
    return (struct span){effects->bytes.data + effect->offset, effect->count};
}

// ---- the board

struct board;

struct board_options {
    const char *node;  // copied
    uint64_t boot;
    const char *site;            // the node's own; "" when it has none
    int32_t lat_udeg, lon_udeg;  // callers of unknown place are counted from here
    const struct store *store;   // lent
    const struct atlas *atlas;   // lent
    uint32_t calls_max;          // 0: SWITCHBOARD_CALLS_MAX
    uint32_t speaks;             // the newest protocol this node may speak; 0: no bound
    // EFFECT_DECIDED, "decided" for every desk let ring: the call, and which others were known that it could be offered
    // now; "made" for every call-back: who was in reach, and who was heard of.
    bool tells_decisions;
};

struct board *board_create(const struct board_options *options);
void board_free(struct board *self);

// Returns when it wants an EVENT_DEADLINE (mono_us; UINT64_MAX: never).
uint64_t switchboard_step(struct board *self, struct now now, const struct event *event, struct effects *effects);

#endif
