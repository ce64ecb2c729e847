// Wrong histories: each must be rejected, for its own reason.
#include "history_rig.h"

// ---- P3

static void a_desk_offered_a_second_call_while_the_first_rings_is_rung_twice(void **state)
{
    (void)state;
    WRONG(RUNG_TWICE, CITY CALL("a") RINGS_ANNA("a") "50000 told.offer client=1 attach=101 call=b n=1 node=bei\n",
          "anna", "call a", "call b", "0.050 s");
}

static void a_desk_offered_a_call_while_it_speaks_is_rung_twice(void **state)
{
    (void)state;
    WRONG(RUNG_TWICE, CITY SPEAKS("a") "90000 told.offer client=1 attach=101 call=b n=1 node=bei\n", "anna", "call a",
          "call b", "speaks");
}

static void a_desk_that_said_at_its_new_node_that_it_rings_is_not_offered_another_call(void **state)
{
    (void)state;
    WRONG(RUNG_TWICE,
          CITY CALL("a") RINGS_ANNA("a") "50000 node.died node=bei\n"
                                         "1050000 client.detached client=1\n"
                                         "1050000 client.attaches client=1 attach=102\n"
                                         "1060000 client.attached client=1 attach=102 node=sin\n"
                                         "1070000 told.offer client=1 attach=102 call=b n=1 node=sin\n",
          "anna", "attach 102", "call a", "call b");
}

static void a_desk_that_accepted_is_busy_until_the_call_is_taken_from_it(void **state)
{
    (void)state;
    WRONG(RUNG_TWICE,
          CITY CALL("a") RINGS_ANNA("a") "50000 desk.accepts client=1 call=a\n"
                                         "2900000 told.offer client=1 attach=101 call=b n=1 node=bei\n",
          "anna", "has accepted", "call b");
}

static void a_library_that_lets_two_calls_ring_is_found_too(void **state)
{
    (void)state;
    WRONG(RUNG_TWICE, CITY CALL("a") RINGS_ANNA("a") "50000 desk.rings client=1 call=b n=1 deadline_ms=20000\n", "anna",
          "call a", "call b");
}

static void a_joined_leg_told_to_connect_to_another_is_connected_twice(void **state)
{
    (void)state;
    WRONG(CONNECTED_TWICE, CITY SPEAKS("a") "90000 leg.connect client=10 call=a agent=boris n=2\n", "call a", "boris",
          "anna");
}

static void a_node_that_was_told_of_the_joined_leg_connects_it_to_no_other(void **state)
{
    (void)state;
    WRONG(CONNECTED_TWICE,
          CITY SPEAKS("a") "90000 node.died node=bei\n"
                           "1000000 client.detached client=10\n"
                           "1000000 client.attaches client=10 attach=1002\n"
                           "1100000 client.attached client=10 attach=1002 node=sin\n"
                           "1200000 told.connect client=10 attach=1002 call=a agent=boris n=2\n",
          "call a", "boris", "anna");
}

static void a_leg_is_joined_once(void **state)
{
    (void)state;
    WRONG(CONNECTED_TWICE, CITY SPEAKS("a") "90000 leg.joined client=10 call=a\n", "call a", "anna");
}

static void a_desk_is_connected_only_once_the_gateway_has_joined(void **state)
{
    (void)state;
    WRONG(CONNECTED_UNJOINED, CITY CALL("a") RINGS_ANNA("a") ANNA_ACCEPTS("a") "65000 desk.connected client=1 call=a\n",
          "anna", "call a");
}

static void a_desk_is_not_connected_to_a_leg_that_speaks_with_another(void **state)
{
    (void)state;
    WRONG(CONNECTED_UNJOINED,
          CITY CALL("a") "25000 desk.rings client=2 call=a n=2 deadline_ms=20000\n" RINGS_ANNA("a") ANNA_ACCEPTS("a")
              JOINED_ANNA("a") "90000 desk.connected client=2 call=a\n",
          "boris", "call a", "with anna");
}

static void nobody_is_connected_who_has_not_accepted(void **state)
{
    (void)state;
    WRONG(CONNECTED_UNASKED, CITY CALL("a") RINGS_ANNA("a") "60000 leg.connect client=10 call=a agent=anna n=1\n",
          "call a", "anna");
}

// ---- P4

#define GATEWAY_VANISHES "60000 client.vanished client=10\n"
#define ANNA_IS_ALONE                                                                                                  \
    "70000 desk.withdrawn client=1 call=a reason=gone\n"                                                               \
    "70000 desk.state client=1 reason=available\n"

static void an_accepted_call_that_no_node_keeps_is_lost(void **state)
{
    (void)state;
    WRONG(CALL_LOST,
          CITY CALL("a") RINGS_ANNA("a") GATEWAY_VANISHES ANNA_IS_ALONE "110000000 call.kept call=a reason=none\n" END,
          "call a", "gw", "accepted(2)", "0.020 s");
}

static void nobody_was_sent_to_the_last_resort_whose_gateway_had_not_heard_of_it(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") GATEWAY_VANISHES "110000000 call.kept call=a reason=expired\n" END, "call a",
          "kept as expired");
}

static void an_accepted_call_whose_caller_held_on_is_not_kept_as_abandoned(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") GATEWAY_VANISHES "110000000 call.kept call=a reason=abandoned\n" END, "call a",
          "abandoned");
}

static void a_call_is_lost_when_one_node_that_had_it_survives_and_forgets_it(void **state)
{
    (void)state;
    WRONG(CALL_LOST,
          CITY CALL("a") "20000 call.copies call=a list=bei,sin\n"
                         "60000 node.died node=bei\n" GATEWAY_VANISHES "70000 node.started node=bei number=1\n"
                         "110000000 call.kept call=a reason=none\n" END,
          "call a");
}

static void an_accepted_call_is_not_refused_later(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") "30000 leg.ended client=10 call=a reason=refused\n", "call a", "refused");
}

static void a_waiting_call_is_not_ended_as_lost(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") "30000 leg.ended client=10 call=a reason=lost\n", "call a", "lost");
}

static void accepted_by_two_with_one_copy_on_disk_is_untrue(void **state)
{
    (void)state;
    WRONG(COPIES_UNTRUE, WORLD "1 node.started node=fra\n" GATEWAY CALL("a") "20000 call.copies call=a list=bei\n",
          "call a", "accepted(2)", "1 nodes");
}

// ---- P2

#define TWO_WAIT                                                                                                       \
    "10000 leg.submitted client=10 call=a priority=1 skills=0x1\n"                                                     \
    "10000 leg.submitted client=10 call=b priority=1 skills=0x1\n"                                                     \
    "10000 leg.submitted client=10 call=e priority=9 skills=0x1\n"                                                     \
    "20000 leg.waiting client=10 call=a queued_ms=500\n"                                                               \
    "20000 leg.waiting client=10 call=b queued_ms=400\n"

static void the_longest_waiting_goes_first(void **state)
{
    (void)state;
    WRONG(ORDER, CITY TWO_WAIT "30000 call.decided node=bei call=a agent=anna list=x,b\n", "bei", "anna", "call a",
          "call b");
}

static void the_higher_priority_goes_first(void **state)
{
    (void)state;
    WRONG(ORDER,
          CITY TWO_WAIT "25000 leg.waiting client=10 call=e queued_ms=600\n"
                        "30000 call.decided node=bei call=b agent=anna list=a,e\n",
          "call b", "call e", "priority 9");
}

static void what_a_node_knows_as_the_gateway_was_told_is_no_excuse(void **state)
{
    (void)state;
    WRONG(ORDER,
          CITY TWO_WAIT "25000 leg.waiting client=10 call=e queued_ms=600\n"
                        "30000 call.decided node=bei call=b agent=anna priority=1 queued_ms=400 list=a:1:500,e:9:600\n",
          "call b", "call e", "priority 9");
}

// ---- P6

static void a_ring_that_outlasts_its_deadline_is_stuck(void **state)
{
    (void)state;
    WRONG(DESK_STUCK, CITY CALL("a") RINGS_ANNA("a") "27000000 at.end\n", "anna", "rings", "call a");
}

static void a_desk_that_rings_for_a_call_joined_with_another_is_stuck(void **state)
{
    (void)state;
    WRONG(DESK_STUCK,
          CITY SPEAKS("a") "90000 desk.rings client=2 call=a n=2 deadline_ms=20000\n"
                           "5000000 at.end\n",
          "boris", "call a", "joined with another");
}

static void an_accepted_call_that_never_comes_leaves_the_desk_stuck(void **state)
{
    (void)state;
    WRONG(DESK_STUCK,
          WORLD ANNA "30000 desk.rings client=1 call=a n=1 deadline_ms=20000\n"
                     "50000 desk.accepts client=1 call=a\n" END,
          "anna", "has accepted", "call a");
}

static void a_desk_that_speaks_with_a_leg_that_is_over_is_stuck(void **state)
{
    (void)state;
    WRONG(DESK_STUCK,
          CITY SPEAKS("a") "1000000 leg.hung_up client=10 call=a\n"
                           "1100000 leg.ended client=10 call=a reason=answered\n" END,
          "anna", "call a", "1.100 s");
}

static void a_call_that_has_ended_rings_no_more(void **state)
{
    (void)state;
    WRONG(RUNG_IN_VAIN,
          CITY SPEAKS("a") "100000 leg.hung_up client=10 call=a\n"
                           "110000 leg.ended client=10 call=a reason=answered\n"
                           "120000 desk.ended client=1 call=a reason=ended\n"
                           "6000000 desk.rings client=2 call=a n=2 deadline_ms=20000\n",
          "boris", "call a", "0.110 s");
}

static void an_agent_who_ended_a_conversation_is_believed(void **state)
{
    (void)state;
    WRONG(LEG_STUCK, CITY SPEAKS("a") "100000 desk.ends client=1 call=a\n12000000 at.end\n", "call a", "0.100 s");
}

static void a_desk_that_finds_no_node_is_stuck(void **state)
{
    (void)state;
    WRONG(DESK_STUCK, WORLD ANNA "1000000 client.detached client=1\n" END, "anna", "not attached");
}

static void a_hung_up_call_that_never_ends_is_stuck(void **state)
{
    (void)state;
    WRONG(LEG_STUCK, WORLD GATEWAY CALL("a") "1000000 leg.hung_up client=10 call=a\n" END, "call a", "hung up");
}

static void a_waiting_call_of_which_no_node_speaks_is_stuck(void **state)
{
    (void)state;
    WRONG(LEG_STUCK, WORLD GATEWAY CALL("a") END, "call a", "no node speaks");
}

static void a_call_that_no_node_answers_is_stuck(void **state)
{
    (void)state;
    WRONG(LEG_STUCK, WORLD GATEWAY "10000 leg.submitted client=10 call=a\n" END, "call a", "no node has answered");
}

static void a_call_that_is_said_to_ring_where_nothing_rings_is_stuck(void **state)
{
    (void)state;
    WRONG(LEG_STUCK, WORLD GATEWAY CALL("a") "30000 leg.ringing client=10 call=a agent=anna n=1\n" END, "call a",
          "no desk rings");
}

static void a_leg_whose_agent_has_ended_is_told_so(void **state)
{
    (void)state;
    WRONG(LEG_STUCK,
          CITY SPEAKS("a") "1000000 desk.ends client=1 call=a\n"
                           "1000000 desk.state client=1 reason=wrap_up\n" END,
          "call a", "has ended the conversation");
}

static void orphan_states_at_rest_are_counted_against_the_node(void **state)
{
    (void)state;
    WRONG(ORPHANS, WORLD "1000000 at.quiet\n60000000 node.orphans node=sin number=3\n", "sin", "3");
}

// ---- the larger attach wins

#define SECOND_ANNA                                                                                                    \
    "1000000 desk.opens client=3 party=anna skills=0x1 languages=0x1\n"                                                \
    "1000000 client.attached client=3 attach=301 node=sin\n"                                                           \
    "1000000 desk.state client=3 reason=not_ready\n"

static void a_desk_that_a_later_login_has_superseded_is_not_rung_any_more(void **state)
{
    (void)state;
    WRONG(SMALLER_SERVED,
          WORLD ANNA SECOND_ANNA "9000000 at.fault reason=cut\n"
                                 "10000000 at.whole\n"
                                 "20900000 told.offer client=1 attach=101 call=a n=1 node=bei\n",
          "anna", "101", "301");
}

static void two_desks_of_one_agent_do_not_stay_attached_side_by_side(void **state)
{
    (void)state;
    WRONG(SMALLER_SERVED, WORLD ANNA SECOND_ANNA END, "anna", "client 1", "client 3");
}

static void a_client_does_not_take_the_answer_to_an_older_attempt(void **state)
{
    (void)state;
    WRONG(SMALLER_SERVED,
          WORLD ANNA "3000000 client.attaches client=1 attach=102\n"
                     "4000000 client.attaches client=1 attach=103\n"
                     "4500000 client.attached client=1 attach=102 node=sin\n",
          "anna", "102", "103");
}

static void every_attempt_to_attach_takes_a_new_count(void **state)
{
    (void)state;
    WRONG(ATTACH_REPEATED, WORLD ANNA "3000000 client.attaches client=1 attach=101\n", "anna", "101");
}

// ---- what is said of a call

static void a_call_is_not_answered_when_nobody_spoke(void **state)
{
    (void)state;
    WRONG(END_UNTRUE, CITY CALL("a") RINGS_ANNA("a") "50000 leg.ended client=10 call=a reason=answered\n", "call a",
          "nobody spoke");
}

static void a_call_is_not_abandoned_by_a_caller_who_holds_on(void **state)
{
    (void)state;
    WRONG(END_UNTRUE, CITY CALL("a") "50000 leg.ended client=10 call=a reason=abandoned\n", "call a", "not hung up");
}

static void a_call_is_not_called_back_while_its_gateway_holds_it(void **state)
{
    (void)state;
    WRONG(END_UNTRUE, CITY CALL("a") "50000 leg.ended client=10 call=a reason=called_back\n", "call a",
          "without a break");
}

static void a_conversation_is_not_ended_by_the_system(void **state)
{
    (void)state;
    WRONG(END_UNTRUE, CITY SPEAKS("a") "5000000 leg.ended client=10 call=a reason=answered\n", "call a", "neither");
}

static void a_call_ends_once(void **state)
{
    (void)state;
    WRONG(OUT_OF_ORDER,
          CITY CALL("a") "30000 leg.hung_up client=10 call=a\n"
                         "40000 leg.ended client=10 call=a reason=abandoned\n"
                         "50000 leg.ended client=10 call=a reason=abandoned\n",
          "call a", "has ended");
}

static void nothing_is_said_of_a_call_after_its_end(void **state)
{
    (void)state;
    WRONG(OUT_OF_ORDER,
          CITY CALL("a") "30000 leg.hung_up client=10 call=a\n"
                         "40000 leg.ended client=10 call=a reason=abandoned\n"
                         "50000 leg.ringing client=10 call=a agent=anna n=1\n",
          "call a", "leg.ringing");
}

static void a_joined_leg_does_not_wait(void **state)
{
    (void)state;
    WRONG(OUT_OF_ORDER, CITY SPEAKS("a") "90000 leg.waiting client=10 call=a\n", "call a", "joined");
}

static void a_leg_is_joined_only_when_told_to(void **state)
{
    (void)state;
    WRONG(OUT_OF_ORDER, CITY CALL("a") RINGS_ANNA("a") "60000 leg.joined client=10 call=a\n", "call a", "nobody");
}

static void a_desk_is_not_told_of_the_end_of_a_call_it_has_not(void **state)
{
    (void)state;
    WRONG(OUT_OF_ORDER, WORLD ANNA "60000 desk.ended client=1 call=a reason=ended\n", "call a", "anna");
}

// ---- P7, P1

#define DIFFERENT                                                                                                      \
    "6100000 node.digest node=bei number=7 records=4\n"                                                                \
    "6100000 node.digest node=sin number=8 records=4\n"                                                                \
    "6200000 at.end\n"

static void digests_that_differ_after_the_bound_are_found(void **state)
{
    (void)state;
    WRONG(DIGESTS_DIFFER, WORLD "1000000 at.quiet\n" DIFFERENT, "bei", "sin", "5.100 s");
}

static void a_feed_that_lags_after_the_bound_is_found(void **state)
{
    (void)state;
    WRONG(FEED_LAGS, WORLD "1000000 at.quiet\n6100000 node.lag node=bei party=sin number=5\n", "bei", "sin", "5");
}

static void a_call_that_waits_beside_a_free_agent_is_found(void **state)
{
    (void)state;
    WRONG(NO_PROGRESS, CITY CALL("a") "3500000 at.end\n", "call a", "anna", "gw");
}

static void the_last_living_node_has_to_route_too(void **state)
{
    (void)state;
    WRONG(NO_PROGRESS,
          CITY CALL("a") "100000 node.died node=sin\n"
                         "3000000 leg.waiting client=10 call=a\n"
                         "4000000 at.end\n",
          "call a", "anna");
}

// ---- no history at all

static void time_does_not_run_backwards(void **state)
{
    (void)state;
    WRONG(HISTORY, WORLD ANNA "1999 at.quiet\n", "backwards");
}

static void a_word_of_a_client_that_was_never_opened_is_the_drivers_fault(void **state)
{
    (void)state;
    WRONG(HISTORY, WORLD "10 desk.state client=5 reason=available\n", "client 5");
}

static void nothing_comes_after_the_end(void **state)
{
    (void)state;
    WRONG(HISTORY, WORLD "10 at.end\n11 at.quiet\n", "after the end");
}

static void a_disposition_is_kept_by_every_node(void **state)
{
    (void)state;
    WRONG(DISPOSITION_LOST,
          CITY "90000 desk.disposes client=1 call=gw-1 reason=resolved\n"
               "20000000 call.disposition node=bei call=gw-1 reason=resolved\n"
               "20000000 call.disposition node=sin call=gw-1\n" END,
          "gw-1", "sin", "resolved");
    WRONG(DISPOSITION_LOST,
          CITY "90000 desk.disposes client=1 call=gw-1 reason=resolved\n"
               "20000000 call.disposition node=bei call=gw-1 reason=forwarded\n" END,
          "gw-1", "bei", "forwarded");
}

// ---- what nobody moves on

static void an_agent_who_accepted_is_told_what_became_of_it(void **state)
{
    (void)state;
    WRONG(DESK_STUCK,
          CITY CALL("a") RINGS_ANNA("a") "50000 desk.accepts client=1 call=a\n"
                                         "5000000 client.detached client=2\n",
          "anna", "call a", "not told to connect");
}

static void a_call_is_not_ended_as_by_an_agent_who_never_had_it(void **state)
{
    (void)state;
    WRONG(END_UNTRUE,
          CITY CALL("a") RINGS_ANNA("a") "50000 desk.accepts client=1 call=a\n"
                                         "55000 desk.withdrawn client=1 call=a reason=taken_back n=1\n"
                                         "60000 leg.connect client=10 call=a agent=anna n=1\n"
                                         "70000 leg.joined client=10 call=a\n"
                                         "400000 leg.ended client=10 call=a reason=answered\n",
          "call a", "taken from the agent");
}

static void a_copy_that_was_lost_with_its_disk_does_not_count(void **state)
{
    (void)state;
    WRONG(COPIES_UNTRUE,
          CITY "10000 leg.submitted client=10 call=a priority=1 skills=0x1\n"
               "20000 call.copies node=bei call=a list=bei number=2\n",
          "node bei", "accepted(2)", "call a", "1 nodes");
}

static void a_node_that_stood_still_does_not_take_others_for_down(void **state)
{
    (void)state;
    WRONG(MISSED_FALSELY,
          CITY "10000000 node.stalled node=bei\n"
               "12000000 node.resumed node=bei\n"
               "12000000 node.misses node=bei party=sin\n",
          "node bei", "sin", "12.000 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disposition_is_kept_by_every_node),
        cmocka_unit_test(a_desk_offered_a_second_call_while_the_first_rings_is_rung_twice),
        cmocka_unit_test(a_desk_offered_a_call_while_it_speaks_is_rung_twice),
        cmocka_unit_test(a_desk_that_said_at_its_new_node_that_it_rings_is_not_offered_another_call),
        cmocka_unit_test(a_desk_that_accepted_is_busy_until_the_call_is_taken_from_it),
        cmocka_unit_test(a_library_that_lets_two_calls_ring_is_found_too),
        cmocka_unit_test(a_joined_leg_told_to_connect_to_another_is_connected_twice),
        cmocka_unit_test(a_node_that_was_told_of_the_joined_leg_connects_it_to_no_other),
        cmocka_unit_test(a_leg_is_joined_once),
        cmocka_unit_test(a_desk_is_connected_only_once_the_gateway_has_joined),
        cmocka_unit_test(a_desk_is_not_connected_to_a_leg_that_speaks_with_another),
        cmocka_unit_test(nobody_is_connected_who_has_not_accepted),
        cmocka_unit_test(an_accepted_call_that_no_node_keeps_is_lost),
        cmocka_unit_test(nobody_was_sent_to_the_last_resort_whose_gateway_had_not_heard_of_it),
        cmocka_unit_test(an_accepted_call_whose_caller_held_on_is_not_kept_as_abandoned),
        cmocka_unit_test(a_call_is_lost_when_one_node_that_had_it_survives_and_forgets_it),
        cmocka_unit_test(an_accepted_call_is_not_refused_later),
        cmocka_unit_test(a_waiting_call_is_not_ended_as_lost),
        cmocka_unit_test(accepted_by_two_with_one_copy_on_disk_is_untrue),
        cmocka_unit_test(the_longest_waiting_goes_first),
        cmocka_unit_test(the_higher_priority_goes_first),
        cmocka_unit_test(what_a_node_knows_as_the_gateway_was_told_is_no_excuse),
        cmocka_unit_test(a_ring_that_outlasts_its_deadline_is_stuck),
        cmocka_unit_test(a_desk_that_rings_for_a_call_joined_with_another_is_stuck),
        cmocka_unit_test(an_accepted_call_that_never_comes_leaves_the_desk_stuck),
        cmocka_unit_test(a_desk_that_speaks_with_a_leg_that_is_over_is_stuck),
        cmocka_unit_test(a_call_that_has_ended_rings_no_more),
        cmocka_unit_test(an_agent_who_ended_a_conversation_is_believed),
        cmocka_unit_test(a_desk_that_finds_no_node_is_stuck),
        cmocka_unit_test(a_hung_up_call_that_never_ends_is_stuck),
        cmocka_unit_test(a_waiting_call_of_which_no_node_speaks_is_stuck),
        cmocka_unit_test(a_call_that_no_node_answers_is_stuck),
        cmocka_unit_test(a_call_that_is_said_to_ring_where_nothing_rings_is_stuck),
        cmocka_unit_test(a_leg_whose_agent_has_ended_is_told_so),
        cmocka_unit_test(orphan_states_at_rest_are_counted_against_the_node),
        cmocka_unit_test(a_desk_that_a_later_login_has_superseded_is_not_rung_any_more),
        cmocka_unit_test(two_desks_of_one_agent_do_not_stay_attached_side_by_side),
        cmocka_unit_test(a_client_does_not_take_the_answer_to_an_older_attempt),
        cmocka_unit_test(every_attempt_to_attach_takes_a_new_count),
        cmocka_unit_test(a_call_is_not_answered_when_nobody_spoke),
        cmocka_unit_test(a_call_is_not_abandoned_by_a_caller_who_holds_on),
        cmocka_unit_test(a_call_is_not_called_back_while_its_gateway_holds_it),
        cmocka_unit_test(a_conversation_is_not_ended_by_the_system),
        cmocka_unit_test(a_call_ends_once),
        cmocka_unit_test(nothing_is_said_of_a_call_after_its_end),
        cmocka_unit_test(a_joined_leg_does_not_wait),
        cmocka_unit_test(a_leg_is_joined_only_when_told_to),
        cmocka_unit_test(a_desk_is_not_told_of_the_end_of_a_call_it_has_not),
        cmocka_unit_test(digests_that_differ_after_the_bound_are_found),
        cmocka_unit_test(a_feed_that_lags_after_the_bound_is_found),
        cmocka_unit_test(a_call_that_waits_beside_a_free_agent_is_found),
        cmocka_unit_test(the_last_living_node_has_to_route_too),
        cmocka_unit_test(time_does_not_run_backwards),
        cmocka_unit_test(a_word_of_a_client_that_was_never_opened_is_the_drivers_fault),
        cmocka_unit_test(nothing_comes_after_the_end),
        cmocka_unit_test(an_agent_who_accepted_is_told_what_became_of_it),
        cmocka_unit_test(a_call_is_not_ended_as_by_an_agent_who_never_had_it),
        cmocka_unit_test(a_copy_that_was_lost_with_its_disk_does_not_count),
        cmocka_unit_test(a_node_that_stood_still_does_not_take_others_for_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
