// The parts of one node, for the files of this floor.
#ifndef NODE_NODE_PRIVATE_H
#define NODE_NODE_PRIVATE_H

#include "cluster/feed/feed.h"
#include "cluster/peers/peers.h"
#include "cluster/store/store.h"
#include "cluster/wire/arena.h"
#include "node/directory/atlas.h"
#include "node/directory/directory.h"
#include "node/directory/shelf.h"
#include "node/commits.h"
#include "node/node.h"
#include "node/sessions/acceptance.h"
#include "node/sessions/sessions.h"
#include "node/switchboard/switchboard.h"

struct Cli__ApplyPart;
struct Cli__Query;
struct Cli__TestAnswered;
struct Cli__TestCall;
struct Peer__Talk;

struct talk_queue {  // messages of this node to itself
    struct bytes bytes;
    uint32_t count;
};

struct apply {  // one at a time
    uint64_t session, query;
    struct bytes bytes;
    uint32_t next_part;
    uint64_t written_seq;  // waits for the disk; 0: collecting
};

struct node {
    struct world *world;
    struct disk *disk;
    const struct config *config;
    uint64_t boot;
    struct now now;
    uint64_t started_us;
    uint32_t speaks;  // the newest protocol

    struct store *store;
    struct peers *peers;
    struct feed *feed;
    struct atlas *atlas;
    struct board *board;
    struct sessions *sessions;
    struct acceptance *acceptance;
    struct commits commits;
    struct selftest *selftest;

    struct directory *directory;  // NULL: none yet
    struct shelf_version directory_version;
    bool directory_stale;  // a chunk came: look whether it is whole
    uint64_t horizon_next_us;
    struct apply apply;

    struct effects effects;
    struct talk_queue talk, talk_now;
    struct arena arena, talk_arena;
    uint64_t board_wants_us, peers_want_us, feed_wants_us, tick_us, rtt_next_us, hearsay_us, drain_next_us;
    uint32_t audits;  // written in this boot
    bool going, draining;
    enum disk_state disk_state;  // as the node has taken note of it
    node_notice *notice;         // may be NULL
    void *notice_context;
    struct node_counters {
        uint64_t turns, talk_dropped, talk_foreign, puts_refused, directories_bad, applies, applies_refused,
            unknown_keys, mends_noted, backups, test_calls_passed, test_calls_failed;
    } counters;
};

// node.c
void node_check_accepted(struct node *self);           // the disk or a peer has stored more
uint32_t node_copies_wanted(const struct node *self);  // of a call, before it is said to be accepted
void node_say(struct node *self, const char *code, const char *fields, ...) PRINTF_LIKE(3, 4);

// elsewhere.c
// Where clients may go, best first: nodes that are up and neither stop nor are drained, by measured round trip, or by
// the directory's distance where none was measured; then by name.
uint32_t node_next_nodes(const struct node *self, struct Cli__NextNode *nodes, uint32_t room);
bool node_card_of(const struct node *self, const char *name, struct Cli__NextNode *ret_node);  // false: not known

// turn.c
void node_talk(struct node *self, const char *name, const struct Peer__Talk *talk, uint32_t protocol);
void node_step(struct node *self, const struct event *event);        // and what this node says to itself because of it
void node_step_alone(struct node *self, const struct event *event);  // without
void node_hear_talk(struct node *self, const char *from, struct span message);
void node_talk_to_self(struct node *self);

// primary.c: the directory, written by its primary, taken over by all
void primary_apply_part(struct node *self, uint64_t session, const struct Cli__ApplyPart *part);
void primary_written(struct node *self);          // the disk has more: an apply may be answered
void primary_tick(struct node *self);             // retention
void primary_disk_broken(struct node *self);      // an apply under way is never stored: it is refused
void primary_take_over(struct node *self);        // the newest whole directory in the store
uint32_t primary_swept(const struct node *self);  // nodes whose feeds were taken over in this boot, with this one
bool primary_sees_majority(const struct node *self);
uint32_t primary_node_total(const struct node *self);                         // of the directory
bool primary_counts_for_majority(const struct node *self, const char *name);  // is of the directory

// trust.c
bool trust_find(void *node, const char *key, struct key_holder *ret_holder);  // false: nobody who is trusted
void trust_recheck(struct node *self);                                        // who is admitted may have changed
void trust_changed(struct node *self);                                        // there is another directory

// audit.c: `refused`: why, or ""
void audit_write(struct node *self, uint64_t session, const char *verb, const char *what, const char *refused);

// selftest.c, selftest_told.c: test calls
struct result;
struct results;
struct Peer__TestTell;
#define SELFTEST_PEERS_SINCE 3  // this protocol between nodes
void selftest_create(struct node *self);
void selftest_free(struct node *self);
void selftest_directory(struct node *self);  // there is another one
void selftest_tick(struct node *self);
void selftest_peer_up(struct node *self, uint32_t peer);
void selftest_call(struct node *self, uint64_t session, const struct Cli__TestCall *call);
void selftest_answered(struct node *self, const char *agent, const struct Cli__TestAnswered *answered);
bool selftest_talk(struct node *self, const char *from, const struct Peer__Talk *talk);  // false: of something else
bool selftest_is_on(const struct node *self);
struct results *selftest_results(const struct node *self);
void selftest_tell(struct node *self, const char *site, const struct result *result);  // all others
void selftest_told(struct node *self, const char *from, const struct Peer__TestTell *tell);

// drain.c
struct reply;
bool drain_is_on(const struct node *self);               // told to, or its disk stores no more
const char *drain_reason(const struct node *self);       // why clients are refused, "" while they are not
const char *drain_disk_word(enum disk_state state);      // "ok", "full", "failed"
const char *drain_disk_reason(const struct node *self);  // "disk_full", "disk_failed", or "" while it stores
void drain_look_at_disk(struct node *self);
void drain_tick(struct node *self);
// True: the client that wants to attach was refused.
bool drain_refuses(struct node *self, const struct event *event);
void drain_query(struct node *self, const struct reply *reply, const struct Cli__Query *query);

// restored.c: made from a backup, it makes no call-back until it has caught up with a majority of the others, or an
// operator has said that nothing newer will come
bool restored_waits(const struct node *self);
uint32_t
restored_caught_up_with(const struct node *self);  // nodes that have been there since the backup, and are swept
void restored_begin(struct node *self);
void restored_say(struct node *self);
void restored_tick(struct node *self);
void restored_trust(struct node *self, const struct reply *reply, const struct Cli__Query *query);

// answers.c
void answers_query(struct node *self, uint64_t session, const struct Cli__Query *query);

#endif
