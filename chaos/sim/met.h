// What a history met: faults and rare states, counted. A fault that never happened proves nothing.
#ifndef CHAOS_SIM_MET_H
#define CHAOS_SIM_MET_H

#include <stdbool.h>
#include <stdint.h>

// FAULT(name): done by the simulator. STATE(name): came of it.
#define MET_LIST(FAULT, STATE)                                                                                         \
    FAULT(lost)          /* a message of a connection that stands */                                                   \
    FAULT(delayed)       /* packets lost below: late, and all behind it */                                             \
    FAULT(twice)         /* a message between nodes, again */                                                          \
    FAULT(reset)         /* a connection */                                                                            \
    FAULT(lost_in_reset) /* messages under way in it */                                                                \
    FAULT(late_of_reset) /* that came after those of the next connection might */                                      \
    FAULT(slow_link)                                                                                                   \
    FAULT(narrow_link) /* its queues are short */                                                                      \
    FAULT(queue_full)  /* messages refused */                                                                          \
    FAULT(cut_one_way)                                                                                                 \
    FAULT(link_cut) /* between two nodes, for long */                                                                  \
    FAULT(partition)                                                                                                   \
    FAULT(held_by_cut)   /* messages that waited in the sender's kernel */                                             \
    FAULT(crash)         /* of a process: its connections are closed */                                                \
    FAULT(power_loss)    /* of a machine: its peers hear nothing */                                                    \
    FAULT(crash_in_turn) /* after some of a turn's messages */                                                         \
    FAULT(commit_torn)   /* the last transaction was on the disk, and nobody knew */                                   \
    FAULT(writes_lost)   /* batches not on the disk at a crash */                                                      \
    FAULT(stop)          /* in order */                                                                                \
    FAULT(restart)                                                                                                     \
    FAULT(disk_lost)      /* restart with an empty disk */                                                             \
    FAULT(backup)         /* made of a node that lives */                                                              \
    FAULT(restored)       /* restart with a disk made from a backup */                                                 \
    FAULT(restored_alone) /* and without the other nodes for a while */                                                \
    FAULT(disk_slow)                                                                                                   \
    FAULT(disk_full)                                                                                                   \
    FAULT(disk_failed)                                                                                                 \
    FAULT(disk_slow_failed) /* while it was slow, with writes under way */                                             \
    FAULT(left_dead)        /* nodes that do not come back when all is healed */                                       \
    FAULT(pause)            /* of a node */                                                                            \
    FAULT(clock_jump)                                                                                                  \
    FAULT(clock_drift) /* from now on more or less than before */                                                      \
    FAULT(client_pause)                                                                                                \
    FAULT(client_cut)  /* its own line */                                                                              \
    FAULT(cut_in_talk) /* an agent's, in the middle of a conversation */                                               \
    FAULT(desk_vanish)                                                                                                 \
    FAULT(desk_sign_off)                                                                                               \
    FAULT(desk_same_login) /* came back with the login of before */                                                    \
    FAULT(desk_twice)      /* the same agent signs in while an older desk of hers lives */                             \
    FAULT(region_lost)     /* a node, its region's gateways, and some desks */                                         \
    FAULT(old_version)     /* nodes that begin with the oldest protocol version */                                     \
    FAULT(upgraded)        /* to the present one, while calls go on or when all is healed */                           \
    FAULT(stepped_back)    /* to the oldest one */                                                                     \
    FAULT(gateway_vanish)                                                                                              \
    STATE(desk_attached_anew)                                                                                          \
    STATE(gateway_attached_anew)                                                                                       \
    STATE(superseded)                                                                                                  \
    STATE(refused)                                                                                                     \
    STATE(offer_withdrawn)                                                                                             \
    STATE(offer_missed)                                                                                                \
    STATE(offer_declined)                                                                                              \
    STATE(answered_late)  /* accepted as the ring time ends */                                                         \
    STATE(answered_twice) /* accept, pressed again */                                                                  \
    STATE(took_break)                                                                                                  \
    STATE(called_again) /* a caller who was not served */                                                              \
    STATE(crowd)        /* hundreds of agents */                                                                       \
    STATE(small_window) /* feeds that need many chunks for a sweep */                                                  \
    STATE(connect_taken_back)                                                                                          \
    STATE(no_call_came)                                                                                                \
    STATE(join_failed)                                                                                                 \
    STATE(copies_one) /* accepted(1) */                                                                                \
    STATE(copies_two) /* or more */                                                                                    \
    STATE(accepted_again)                                                                                              \
    STATE(attached_in_talk)                                                                                            \
    STATE(attached_in_ring)                                                                                            \
    STATE(redialled)                                                                                                   \
    STATE(callback_rung)                                                                                               \
    STATE(callback_reached)                                                                                            \
    STATE(callback_failed)                                                                                             \
    STATE(callback_given_up)                                                                                           \
    STATE(callback_desk_vanish)                                                                                        \
    STATE(callback_made)                                                                                               \
    STATE(callback_made_later) /* by the second in rank, or one after it */                                            \
    STATE(callback_made_alone)                                                                                         \
    STATE(callback_cancelled)                                                                                          \
    STATE(not_all_called_back) /* a minute after all was whole and nobody called any more */                           \
    STATE(callback_expired)                                                                                            \
    STATE(peer_up)                                                                                                     \
    STATE(peer_bridged) /* up by a relay from now on */                                                                \
    STATE(relayed)      /* messages, as nodes count them that live at the end */                                       \
    STATE(relay_dropped)                                                                                               \
    STATE(caught_up) /* a node made from a backup, with a majority of the others */                                    \
    STATE(peer_down)                                                                                                   \
    STATE(disk_drained) /* nodes whose disk broke, and another was there to take their clients */                      \
    STATE(test_passed)  /* test calls, as nodes count them */                                                          \
    STATE(test_failed)                                                                                                 \
    STATE(nearest_judged) /* calls of which it was judged that the nearest rang */                                     \
    STATE(not_attached_at_end)                                                                                         \
    STATE(disposition_said)                                                                                            \
    STATE(end_answered)                                                                                                \
    STATE(end_abandoned)                                                                                               \
    STATE(end_refused)                                                                                                 \
    STATE(end_expired)                                                                                                 \
    STATE(end_called_back)                                                                                             \
    STATE(end_lost)

#define MET_ENUM(name) MET_##name,
enum met_kind { MET_LIST(MET_ENUM, MET_ENUM) MET_KINDS };
#undef MET_ENUM

struct met {
    uint64_t counts[MET_KINDS];
};

bool met_is_fault(enum met_kind kind);
const char *met_name(enum met_kind kind);
void met_add(struct met *self, const struct met *other);

#endif
