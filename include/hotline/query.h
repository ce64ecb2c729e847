// Questions to a node, and writing the directory. See client.h for the loop, threads and memory.
#ifndef HOTLINE_QUERY_H
#define HOTLINE_QUERY_H

#include <hotline/client.h>
#include <hotline/gateway.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hotline_query_options {
    const char *nodes;     // client endpoints divided by commas; the first that answers is asked
    const char *key_file;  // as a desk's; of any role, though some questions are an admin's
    void *user;
};

HOTLINE_API struct hotline_client *hotline_query_create(struct hotline_context *context,
                                                        const struct hotline_query_options *options,
                                                        enum hotline_result *ret_result);

enum hotline_row_type {
    HOTLINE_ROW_STATUS = 1,
    HOTLINE_ROW_NODE,
    HOTLINE_ROW_AGENT,  // also of FIND, nearest first, with km
    HOTLINE_ROW_CALL,
    HOTLINE_ROW_QUEUE,
    HOTLINE_ROW_EXPLAIN,  // the call; then one HOTLINE_ROW_OFFERED per offer that is kept
    HOTLINE_ROW_OFFERED,
    HOTLINE_ROW_DIGEST,
    HOTLINE_ROW_EXPORT,  // the directory, encoded (proto/records.proto, Directory), whole
    HOTLINE_ROW_APPLIED,
    HOTLINE_ROW_EVENT,
    HOTLINE_ROW_CURSOR,     // of EVENTS, the last row
    HOTLINE_ROW_AUDIT,      // the latest first
    HOTLINE_ROW_HISTOGRAM,  // of STATUS, behind its other rows
    HOTLINE_ROW_BACKUP,     // some bytes of a backup, in order
    HOTLINE_ROW_SELFTEST,
};

struct hotline_link {  // between two nodes, as one of them sees it
    const char *to;
    bool up;  // the two hear each other, without a relay
    uint32_t rtt_us;
    uint64_t lag;  // changes of `to` that the node does not have, give or take a second or two
};

struct hotline_row {
    enum hotline_row_type type;
    union {
        struct {
            const char *name, *text;  // text is "" for numbers
            uint64_t number;
        } status;
        struct {
            const char *name;
            const uint64_t *bounds_us;  // buckets - 1: the last has no bound
            const uint64_t *counts;
            size_t buckets;
            uint64_t sum_us;
        } histogram;
        struct {
            const char *node, *site, *state;  // self, up, down
            const char *via;                  // up by this node, which relays; "": without
            uint64_t boot, lag;
            uint32_t rtt_us, desks, calls;
            int32_t skew_ms;
            const char *client;
            const char *version;               // of its program; "": not known
            uint32_t protocol;                 // the newest it speaks
            bool primary, draining, restored;  // restored: from a backup, and it makes no call-backs yet
            const struct hotline_link *links;  // of a node that the one asked does not hear: none
            size_t link_count;
        } node;
        struct {
            const char *agent, *name, *site, *country, *contact, *state, *reason, *node, *call;
            double lat, lon;
            const char *const *languages;  // NULL-terminated
            const char *const *skills;
            uint64_t since_ms;  // for how long
            uint32_t km;
        } agent;
        struct {
            const char *call, *from, *queue, *state, *agent, *node, *reason;
            struct hotline_place place;
            uint64_t waited_ms;
            const char *call_back;  // the lost call that this one calls back, or ""
            uint64_t owed_ms;       // since when, wall clock
            uint32_t tries;         // dialled in vain
        } call;
        struct {
            const char *queue;
            uint32_t priority, waiting, answered, abandoned, expired, called_back, asa_ms, ewt_s;
            uint64_t longest_ms;
            uint32_t service_level_permille, abandonment_permille, target_percent, target_ms;
        } queue;
        struct {
            const char *call, *gateway, *from, *queue, *dialled, *state, *reason, *detail, *agent, *site, *owner,
                *disposition;  // in the agent's words, after it
            struct hotline_place place;
            const char *const *languages;
            const char *const *skills;
            uint64_t attach, born_ms, queued_ms, ringing_ms, connected_ms, ended_ms;  // wall clock, 0: not
            uint32_t offers, copies, offers_dropped;
            const char *called_back_by;  // the call-back that stands for this call, or ""
            const char *call_back;       // the lost call that this one calls back, or ""
            const char *redials;         // the lost call whose caller dialled again with this one, or ""
            const char *last_try, *last_try_text;
            uint64_t owed_ms, last_try_ms;
            uint32_t tries;
            bool rests;
        } explain;
        struct {
            uint32_t n, rank, km, eligible;
            const char *agent, *site, *node, *outcome, *detail;
            bool invited;
            uint64_t at_ms, outcome_at_ms;
        } offered;
        struct {
            uint64_t digest, records;
        } digest;
        struct {
            const void *data;
            size_t bytes;
            uint64_t claim, revision;
        } export_;
        struct {
            uint64_t claim, revision;
        } applied;
        struct {  // a record as it stands at its place (owner, boot, seq). What its kind does not have is 0 or ""
            const char *kind;    // call, agent, wrap_up
            const char *id;      // of the call or agent
            const char *cursor;  // goes on behind this event
            const char *owner;
            uint64_t boot, seq, attach;
            // It came late to the node that was read: told once it was there, behind later ones of its owner.
            bool late;
            const char
                *told_owner;  // the place that the cursor goes to: (owner, boot, seq) but for those that came late
            uint64_t told_boot, told_seq;
            const char *state, *reason;
            const char *call;         // agent: that rings or is spoken
            uint64_t since_ms;        // agent: wall clock, in this state; wrap_up: said then
            const char *disposition;  // wrap_up, of the call `id` by `agent`
            const char *gateway, *from, *queue, *detail, *agent;  // call, from here on
            struct hotline_place place;
            uint32_t offers;
            uint64_t queued_ms, ringing_ms, connected_ms, ended_ms;  // wall clock, 0: not
        } event;
        struct {
            const char *cursor;  // ask on from here
            bool more;           // at once: there is more already
        } cursor;
        struct {
            const char *who, *key, *verb, *what, *reason, *node;
            uint64_t at_ms;
            bool refused;
        } audit;
        struct {
            const void *data;
            size_t bytes;
            const void *place;  // of an answer's last row: ask on from here; NULL in all: the backup is whole
            size_t place_bytes;
        } backup;
        struct {                      // the last test call of `node` through `site`
            const char *node, *site;  // site "": through nobody's desk, but until it was stored
            const char *state;   // passed; nobody: is signed in there; old: who should answer is of an older version;
                                 // failing; stale: a newer one is overdue; none: there was none yet
            const char *reason;  // of failing: a stable code, else ""
            const char *agent, *desk_node;  // of failing: whose desk, and where it is, or ""
            uint32_t took_us;               // until the answer
            uint64_t age_ms;
        } selftest;
    };
};

struct hotline_answer {
    enum { HOTLINE_ANSWER_DONE, HOTLINE_ANSWER_REFUSED, HOTLINE_ANSWER_NO_NODE } result;
    const char *node;           // who answered
    const char *reason;         // stable code when refused
    const char *detail;         // sentence
    const char *elsewhere;      // another node's client endpoint, or ""
    const char *const *errors;  // NULL-terminated, of an apply
};

typedef void hotline_row_callback(void *user, const struct hotline_row *row);
// Once per question, after its rows; not for those still open when the client is freed.
typedef void hotline_done_callback(void *user, const struct hotline_answer *answer);

enum hotline_question {
    HOTLINE_STATUS = 1,
    HOTLINE_NODES,
    HOTLINE_AGENTS,
    HOTLINE_CALLS,
    HOTLINE_QUEUES,
    HOTLINE_FIND,
    HOTLINE_EXPLAIN,
    HOTLINE_DIGEST,
    HOTLINE_EXPORT,  // an admin's
    HOTLINE_EVENTS,
    HOTLINE_AUDIT,  // an admin's: what admins did
    HOTLINE_DRAIN,  // an admin's: the node hands its clients over, and takes no new ones until HOTLINE_UNDRAIN
    HOTLINE_UNDRAIN,
    HOTLINE_BACKUP,        // an admin's: a piece of the node's store as a file; ask again until it is whole
    HOTLINE_TRUST_BACKUP,  // an admin's: nothing newer than the backup the node was made from will come
    HOTLINE_SELFTEST,      // what the nodes' test calls through the sites found
};

struct hotline_question_args {
    const struct hotline_call_spec *find;  // FIND: who would be nearest to such a call
    uint32_t limit;                        // FIND: 0 is 10; CALLS, AUDIT: 0 is all; EVENTS: about so many, 0 is 1000
    const char *call;                      // EXPLAIN
    const char *node;   // DRAIN, UNDRAIN, TRUST_BACKUP: refused by any other, `elsewhere` names where it is to be asked
    const char *since;  // EVENTS: a cursor; "now": only the cursor as it is now; NULL or "": all that is kept
    const char *number;  // EVENTS: only calls of this caller; NULL or "": all
    const void *place;   // BACKUP: as the last row gave it; NULL: from the beginning
    size_t place_bytes;
    void *user;         // given to this question's callbacks; NULL: the client's own
    bool only_failing;  // SELFTEST: and what is stale
    bool show_numbers;  // CALLS, EXPLAIN, EVENTS: of callers, whole; an admin's, and audited
};

// Unanswered after timeout_ms (0: 5000): done is called with NO_NODE. `args` may be NULL where none are needed,
// `on_row` where rows do not matter. A node that falls silent is passed over; rows come whole, from the one that
// answered.
HOTLINE_API enum hotline_result hotline_ask(struct hotline_client *query, enum hotline_question question,
                                            const struct hotline_question_args *args, uint32_t timeout_ms,
                                            hotline_row_callback *on_row, hotline_done_callback *on_done);
// Every change of a call or an agent is an event, given once, those of one owner in its order. A cursor goes on at any
// node, after any failure of either side. A change that a later one of the same call or agent has overtaken before the
// node was asked is folded into the later one, which has all of its times. What the node that was read got only after
// the cursor had passed its place (a dying owner had not told it) is given then, as `late`, by whichever node is read.
//
// For those who put two readings together: whether a cursor is behind an event (its told_ place) already; a cursor that
// is behind that event too, to be freed by free(), or NULL: this was none.
HOTLINE_API bool hotline_cursor_covers(const char *cursor, const char *owner, uint64_t boot, uint64_t seq);
HOTLINE_API char *hotline_cursor_advance(const char *cursor, const char *owner, uint64_t boot, uint64_t seq);

// Writes an encoded Directory over the version named (0, 0: there is none). Refused unless this node is its primary;
// `elsewhere` may name it. NO_NODE after it was sent does not say that nothing was done.
HOTLINE_API enum hotline_result hotline_apply(struct hotline_client *query, const void *directory, size_t bytes,
                                              uint64_t over_claim, uint64_t over_revision, bool force,
                                              uint32_t timeout_ms, hotline_row_callback *on_row,
                                              hotline_done_callback *on_done);

#ifdef __cplusplus
}
#endif
#endif
