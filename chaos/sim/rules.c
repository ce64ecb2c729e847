#include "chaos/sim/rules.h"

#include "cluster/base/rule.h"

#include <stdio.h>
#include <stdlib.h>

const char *rule_broken;

// clang-format off
static const struct {
    const char *name, *says;
} rules[] = {
    // who is attached where
    {"compare_attach", "a node takes an attachment only if it is larger than the largest it knows"},
    {"new_attempt", "a client takes a new count for every attempt to attach"},
    {"ignore_older_answers", "a client hears only what its newest attachment is told"},
    {"forgotten_attaches_anew", "a client whose node no longer knows its attachment attaches anew"},
    {"gateway_after_calls", "a gateway's attachment is written after the calls it lists"},
    {"end_unlisted", "what a gateway does not list when it attaches has ended"},
    {"told_end_is_final", "a call that ended by somebody's word stays ended, though a gateway still lists it"},
    // an offer and its answers
    {"refuse_second_offer", "a desk that is not available is not rung"},
    {"refuse_lesser_offer", "a desk is not rung while a call that goes before is known to its node"},
    {"offer_names_login", "an offer to an earlier login of the agent is refused"},
    {"first_accept_wins", "a call that is taken is not given to another who accepts it"},
    {"withdraw_others", "the agents who ring beside the one who accepted are withdrawn"},
    {"busy_until_confirm", "an agent is busy from the accept on"},
    {"repeat_accept", "an accept is repeated until it is confirmed"},
    {"spoilt_stays_spoilt", "an offer that was declined, or whose legs were not joined, is not taken up again"},
    {"connected_by_gateway", "a call is connected only when its gateway has joined the legs"},
    {"joined_leg_stays", "a gateway does not connect a leg that is joined to another agent"},
    {"judge_by_attach", "what is said of a call at a smaller attach than the desk has it is only late"},
    {"copy_frees_desk", "a copy of the call that names another agent, or an end, frees the desk"},
    // whose a record is
    {"let_go_of_beaten", "the owner of a beaten version lets go of the call"},
    {"boot_matters", "what an earlier start of a node owned is not up because the node is"},
    {"down_is_not_offered", "an agent whose node is down is not offered a call"},
    {"stall_is_no_silence", "silence counts only while one's own loop ran"},
    // waiting calls
    {"highest_priority_first", "of waiting calls the highest priority goes first"},
    {"longest_waiting_first", "of waiting calls of one priority the longest waiting goes first"},
    // call-backs
    {"lost_are_called_back", "who is lost with gateway and node is owed a call-back, and gets it"},
    {"adopt_only_unheard", "no call-back is made while a node that is heard still hears the call's owner"},
    {"adopt_by_majority", "only a node that sees a majority makes call-backs soon"},
    {"restored_waits", "a node made from a backup makes no call-back before it has caught up"},
    {"adopt_in_turn", "the live nodes make a call-back in turn, not all at once"},
    {"expired_is_heard", "a call ends as expired only when its gateway has heard of the last resort"},
    {"kept_is_kept", "a promise that a call-back has kept is not kept again"},
    {"cancel_needless", "a call-back of a call that is back, or has ended otherwise, is cancelled"},
    {"one_call_back", "a call that is being called back is not called back again"},
    {"spoken_call_back_stays", "a call-back whose caller is on the line is not taken from its desk"},
    // the same everywhere, and on disks
    {"wait_for_disk", "a call is accepted, and a copy acknowledged, only when it is on the disk"},
    {"new_boot_stored_nothing", "what a peer had stored counts no longer when it has started anew"},
    {"cursor_with_records", "the cursor on the disk says no more than the records beside it"},
    {"cursor_of_the_beginning", "a sweep takes over the cursor that its server had when it began"},
    {"gap_keeps_cursor", "a chunk that does not continue where the cursor is does not move it"},
    {"mend_by_digests", "nodes compare their digests and mend what differs"},
};
// clang-format on

#define RULES_COUNT (sizeof rules / sizeof rules[0])

bool rules_break(const char *name, char **argv)
{
    (void)argv;
    bool is_help = strcmp(name, "help") == 0;
    for (size_t i = 0; i < RULES_COUNT; i++) {
        if (is_help)
            printf("%-24s %s\n", rules[i].name, rules[i].says);
        else if (strcmp(rules[i].name, name) == 0)
            rule_broken = rules[i].name;
    }
    if (is_help)
        exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    return rule_broken != NULL;
}
