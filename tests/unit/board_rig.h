// Several switchboards over stores of their own, joined by queues in one thread: what one says to another arrives in
// order when the test lets it, copies of records included. Clients are sessions whose messages the rig keeps.
#ifndef TESTS_UNIT_BOARD_RIG_H
#define TESTS_UNIT_BOARD_RIG_H

#include "node/switchboard/switchboard.h"

#include <client.pb-c.h>
#include <peer.pb-c.h>
#include <records.pb-c.h>

#include <stdbool.h>
#include <stdint.h>

#define RIG_NODES 3

struct rig;
struct board;

// Sites: north (60 N), equator (0 N), south (60 S), all on the zero meridian, and agents n1 n2 (north), e1 e2
// (equator), s1 (south) who speak zh; e2 and s1 also sw. Queues: emergency (priority 9, width 3), consular (5), quick
// (1, waits 2 s, then the contact).
struct rig *rig_create(void);
struct rig *rig_create_speaking(const uint32_t speaks[RIG_NODES]);  // protocols
uint32_t rig_unspoken(const struct rig *self);                      // messages that a node did not speak: lost
void rig_free(struct rig *self);
// Of a cmocka test: a rig whose majority has lasted for longer than adopt_after_ms; and its end.
int rig_setup(void **state);
int rig_teardown(void **state);

void rig_pass(struct rig *self, uint64_t ms);             // time, with deadlines, delivering everything on the way
void rig_settle(struct rig *self);                        // delivers what is under way
void rig_cut(struct rig *self, int node, bool up);        // the others see it go down, or come up
void rig_hearsay(struct rig *self, int node, int hears);  // a third says to `node` that it hears the other
void rig_hold(struct rig *self, bool hold);               // nothing is delivered until it is let go
void rig_deliver_record(struct rig *self, int to);        // of what is held back, the first record for that node

void rig_offer(struct rig *self, int from, int to, Peer__OfferName *name);  // said by `from`
void rig_talk(struct rig *self, int from, int to, const Peer__Talk *talk);  // as if `from` had said it

// Clients. A session is any number not used before on that node.
void rig_desk(struct rig *self, int node, uint64_t session, const char *agent, uint64_t attach);
void rig_desk_resumes(struct rig *self, int node, uint64_t session, const char *agent, uint64_t attach,
                      Rec__AgentState state, const char *call, uint32_t n);
// Available, and the last call-back whose caller it reached is this one.
void rig_desk_reached_before(struct rig *self, int node, uint64_t session, const char *agent, uint64_t attach,
                             const char *call);
void rig_desk_word(struct rig *self, int node, uint64_t session, const char *agent, Cli__DeskWord__Word word);
void rig_gone(struct rig *self, int node, uint64_t session, const char *name, bool desk, bool leaving);
void rig_gateway(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach);
void rig_gateways_speak(struct rig *self, uint32_t protocol);  // those that attach from now on
// Its login was raised from this attach of its own, and it holds no call.
void rig_gateway_raised(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                        uint64_t before);
// With every call the gateway had before, as the rig's clients know them.
void rig_gateway_resumes(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                         const char *call, const char *queue);
void rig_gateway_holds(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                       Cli__HeldCall *held);  // this call, NULL: none
// This consular call alone, which n1 has taken at that login, by offer 1.
void rig_gateway_holds_taken(struct rig *self, int node, uint64_t session, const char *gateway, uint64_t attach,
                             const char *call, Rec__CallState state, uint64_t login);
void rig_submit(struct rig *self, int node, uint64_t session, const char *gateway, const char *call, const char *queue,
                double lat, const char *language);
// The next calls come from this number.
void rig_number(struct rig *self, const char *number);
// Asked for it, the desk says that it does not have this call.
void rig_no_call(struct rig *self, int node, uint64_t session, const char *agent, const char *call, uint32_t n);
// A call-back was dialled in vain.
void rig_not_reached(struct rig *self, int node, uint64_t session, const char *agent, const char *reason,
                     const char *text);
void rig_disposes(struct rig *self, int node, uint64_t session, const char *agent, const char *call,
                  const char *disposition);
void rig_leg_word(struct rig *self, int node, uint64_t session, const char *gateway, const char *call,
                  Cli__LegWord__Word word);

// What a session was told last, by kind; NULL: nothing of the kind. Lives until the next message to that session.
const Cli__ToClient *rig_heard(struct rig *self, int node, uint64_t session, Cli__ToClient__BodyCase kind);
const Cli__CallNews *rig_news(struct rig *self, int node, uint64_t session, Cli__CallNews__What what);
void rig_forget(struct rig *self);  // all that was heard

// What a sweep found that nobody renews and no deadline ends, or "". Not taken, it fails rig_free.
void rig_take_orphan(struct rig *self, char *ret_words, size_t room);
struct board *rig_board(struct rig *self, int node);
const struct directory *rig_directory(const struct rig *self, int node);
struct now rig_now(const struct rig *self);

const Rec__Call *rig_call(struct rig *self, int node, const char *call);    // as stored there; until the next rig_call
const char *rig_disposition(struct rig *self, int node, const char *call);  // as stored there, "": none is; likewise
const char *rig_state(struct rig *self, int node, const char *agent);       // as read there
const char *rig_call_back(struct rig *self, int node, const char *call);    // that stands for it, as read there
uint64_t rig_digest(struct rig *self, int node);
uint64_t rig_attach(uint64_t login, uint64_t attempt);

#endif
