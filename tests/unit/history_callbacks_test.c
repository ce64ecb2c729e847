// Histories of lost callers: those who are called back as they should be, and those who are not, each condemned for its
// own reason.
#include "history_rig.h"

#define NUMBERED_CALL(id, number)                                                                                      \
    "10000 leg.submitted client=10 call=" id " party=" number " priority=1 skills=0x1\n"                               \
    "20000 leg.accepted client=10 call=" id " number=2 queued_ms=500\n"
#define VANISHED "60000 client.vanished client=10\n"
#define RUNG(us, client, id) us " desk.rings client=" client " call=" id " n=1 deadline_ms=20000\n"
#define REACHED(id)                                                                                                    \
    RUNG("31000000", "1", id)                                                                                          \
    "32000000 desk.accepts client=1 call=" id "\n"                                                                     \
    "33000000 desk.reached client=1 call=" id "\n"
#define MADE(us, node, id, list, owed)                                                                                 \
    us " call_back.made node=" node " call=" id " list=" list " records=2 number=" owed "\n"
#define FROM_BACKUP                                                                                                    \
    "10000000 node.died node=sin\n"                                                                                    \
    "20000000 node.started node=sin boot=3 number=1 reason=backup\n"
#define LATE_END "200000000 at.end\n"
#define SECOND_GATEWAY                                                                                                 \
    "1000000 gateway.opens client=11 party=gw2\n"                                                                      \
    "1000000 client.attaches client=11 attach=2001\n"                                                                  \
    "1100000 client.attached client=11 attach=2001 node=sin\n"

// ---- right

static void a_try_in_vain_is_a_try_and_another_desk_may_make_the_next(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED RUNG(
        "31000000", "1", "a~1") "32000000 desk.accepts client=1 call=a~1\n"
                                "33000000 desk.not_reached client=1 call=a~1 "
                                "reason=no_answer\n" RUNG("90000000", "2",
                                                          "a~1") "91000000 desk.accepts client=2 call=a~1\n"
                                                                 "92000000 desk.reached client=2 call=a~1\n"
                                                                 "99000000 desk.ends client=2 call=a~1\n" END);
}

static void a_caller_who_dials_again_and_is_answered_needs_no_call_back(void **state)
{
    (void)state;
    assert_right(CITY NUMBERED_CALL("a", "+471") VANISHED SECOND_GATEWAY
                 "2000000 leg.submitted client=11 call=b party=+471 priority=1 skills=0x1\n"
                 "2100000 leg.accepted client=11 call=b number=2\n"
                 "2200000 desk.rings client=1 call=b n=1 deadline_ms=20000\n"
                 "3000000 desk.accepts client=1 call=b\n"
                 "3100000 leg.connect client=11 call=b agent=anna n=1\n"
                 "3200000 leg.joined client=11 call=b\n"
                 "3300000 desk.connected client=1 call=b\n"
                 "9000000 leg.hung_up client=11 call=b\n"
                 "9100000 leg.ended client=11 call=b reason=answered\n"
                 "9100000 desk.ended client=1 call=b reason=answered\n"
                 "110000000 call.kept call=a reason=owed\n" LATE_END);
}

static void one_that_nobody_could_take_goes_to_the_last_resort(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED "110000000 call.kept call=a reason=called_back_expired\n" LATE_END);
}

static void the_last_resort_is_an_outcome_for_who_was_sent_there(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "50000 leg.ended client=10 call=a reason=expired\n" VANISHED
                                "110000000 call.kept call=a reason=expired\n" LATE_END);
}

static void one_that_waits_while_no_agent_is_free_for_it_is_a_promise(void **state)
{
    (void)state;
    assert_right(WORLD GATEWAY CALL("a") VANISHED "110000000 call.kept call=a reason=waiting\n" LATE_END);
}

static void a_wrong_verdict_in_a_storm_may_call_back_who_is_on_the_line(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "50000 at.fault\n" RUNG(
        "31000000", "1", "a~1") "32000000 desk.accepts client=1 call=a~1\n"
                                "33000000 desk.withdrawn client=1 call=a~1 reason=withdrawn\n"
                                "40000000 leg.hung_up client=10 call=a\n"
                                "41000000 leg.ended client=10 call=a reason=abandoned\n" END);
}

static void a_number_is_not_a_caller_when_it_is_withheld(void **state)
{
    (void)state;
    WRONG(CALL_LOST,
          CITY CALL("a") VANISHED SECOND_GATEWAY "2000000 leg.submitted client=11 call=b priority=1 skills=0x1\n"
                                                 "2100000 leg.accepted client=11 call=b number=2\n"
                                                 "2200000 desk.rings client=1 call=b n=1 deadline_ms=20000\n"
                                                 "3000000 desk.accepts client=1 call=b\n"
                                                 "3100000 leg.connect client=11 call=b agent=anna n=1\n"
                                                 "3200000 leg.joined client=11 call=b\n"
                                                 "3300000 desk.connected client=1 call=b\n"
                                                 "9000000 leg.hung_up client=11 call=b\n"
                                                 "9100000 leg.ended client=11 call=b reason=answered\n"
                                                 "9100000 desk.ended client=1 call=b reason=answered\n"
                                                 "110000000 call.kept call=a reason=owed\n" LATE_END,
          "call a", "kept as owed");
}

static void call_backs_are_made_in_turn(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED MADE("31000000", "bei", "a~1", "sin", "5000") MADE(
        "36000000", "sin", "a~2", "bei", "10000") "110000000 call.kept call=a reason=called_back_done\n" LATE_END);
}

static void who_sees_no_majority_makes_one_when_it_is_owed_for_long(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED MADE("110000000", "bei", "a~1", "", "300000") END);
}

static void who_was_made_from_a_backup_makes_one_when_it_has_caught_up(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED FROM_BACKUP
                 "21000000 node.caught_up node=sin number=1 records=1 reason=majority\n" MADE("31000000", "sin", "a~1",
                                                                                              "bei", "5000") END);
    assert_right(CITY CALL("a") VANISHED FROM_BACKUP
                 "21000000 node.caught_up node=sin number=0 records=1 reason=operator\n" MADE("110000000", "sin", "a~1",
                                                                                              "", "300000") END);
}

static void who_lost_its_disk_once_more_was_not_made_from_a_backup(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED FROM_BACKUP
                 "21000000 node.died node=sin\n"
                 "22000000 node.started node=sin boot=4 number=1\n" MADE("31000000", "sin", "a~1", "bei", "5000") END);
}

static void a_ring_at_its_deadline_keeps_nobody_from_making_the_next(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED "31000000 desk.rings client=1 call=a~1 n=1 deadline_ms=7600\n" MADE(
        "38550000", "sin", "a~2", "bei", "5000") "38700000 desk.withdrawn client=1 call=a~1 reason=no_answer\n" END);
}

static void a_ring_of_a_maker_who_died_keeps_nobody_from_making_the_next(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") VANISHED RUNG(
        "31000000", "1", "a~1") "31500000 node.died node=sin\n"
                                "37500000 node.started node=sin boot=3\n" MADE(
                                    "38000000", "bei", "a~2", "sin",
                                    "5000") "39000000 desk.withdrawn client=1 call=a~1 reason=no_answer\n" END);
}

// ---- wrong

static void a_call_that_is_owed_for_ever_beside_a_free_agent_is_lost(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") VANISHED "110000000 call.kept call=a reason=owed\n" LATE_END, "call a", "gw",
          "never called back");
}

static void a_call_back_that_waits_for_ever_beside_a_free_agent_is_lost(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") VANISHED "110000000 call.kept call=a reason=waiting\n" LATE_END, "call a",
          "kept as waiting", "free desk");
}

static void a_call_back_that_was_cancelled_for_nothing_leaves_the_call_lost(void **state)
{
    (void)state;
    WRONG(CALL_LOST, CITY CALL("a") VANISHED "110000000 call.kept call=a reason=cancelled\n" LATE_END, "call a",
          "kept as cancelled");
}

static void a_caller_who_speaks_with_one_agent_is_not_rung_for_another(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE, CITY CALL("a") VANISHED REACHED("a~1") RUNG("50000000", "2", "a~2"), "boris", "a~2",
          "client 1");
}

static void a_caller_whose_gateway_holds_him_soundly_is_not_called_back(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_HELD, CITY CALL("a") RINGS_ANNA("a") RUNG("20000000", "2", "a~1"), "boris", "a~1", "gateway gw");
}

static void a_call_back_that_is_spoken_is_not_taken_from_its_desk(void **state)
{
    (void)state;
    WRONG(LET_GO, CITY CALL("a") VANISHED REACHED("a~1") "40000000 desk.ended client=1 call=a~1 reason=withdrawn\n",
          "anna", "a~1", "withdrawn");
}

static void a_desk_with_a_call_back_is_not_rung_for_another_call(void **state)
{
    (void)state;
    WRONG(RUNG_TWICE,
          CITY CALL("a") VANISHED REACHED("a~1") "40000000 told.offer client=1 attach=101 call=b n=1 node=bei\n",
          "anna", "call a~1", "call b");
}

static void only_an_accepted_call_back_can_be_reached(void **state)
{
    (void)state;
    WRONG(HISTORY, CITY CALL("a") VANISHED RUNG("31000000", "1", "a~1") "32000000 desk.reached client=1 call=a~1\n",
          "anna", "a~1");
}

static void nobody_makes_a_call_back_while_the_owner_is_heard(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_HELD,
          CITY CALL("a") VANISHED
          "31000000 call_back.made node=bei call=a~1 list=sin records=2 number=5000 party=sin\n",
          "node bei", "a~1", "hears sin");
}

static void who_sees_no_majority_makes_none_soon(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_ALONE, CITY CALL("a") VANISHED MADE("31000000", "bei", "a~1", "", "30000"), "node bei", "a~1",
          "1 of 2 nodes");
}

static void who_was_made_from_a_backup_makes_none_before_it_has_caught_up(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_ALONE, CITY CALL("a") VANISHED FROM_BACKUP MADE("110000000", "sin", "a~1", "", "300000"),
          "node sin", "a~1", "from a backup at 20.000 s");
    WRONG(CALLED_BACK_ALONE,
          CITY CALL("a") VANISHED FROM_BACKUP
          "21000000 node.caught_up node=sin number=1 records=2 reason=majority\n" MADE("31000000", "sin", "a~1", "bei",
                                                                                       "5000"),
          "node sin", "a~1", "not caught up");
}

static void what_was_made_from_a_backup_is_so_after_a_restart(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_ALONE,
          CITY CALL("a") VANISHED FROM_BACKUP
          "21000000 node.died node=sin\n"
          "22000000 node.started node=sin boot=4\n" MADE("31000000", "sin", "a~1", "bei", "5000"),
          "node sin", "a~1", "not caught up");
}

static void two_nodes_that_see_each_other_do_not_make_one_at_once(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE,
          CITY CALL("a") VANISHED MADE("31000000", "bei", "a~1", "sin", "5000")
              MADE("31200000", "sin", "a~1", "bei", "5100"),
          "node sin", "a~1", "node bei");
}

static void what_a_call_back_has_kept_is_not_kept_again(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE,
          CITY CALL("a") VANISHED
          "31000000 call_back.made node=bei call=a~2 list=sin records=2 number=5000 reason=kept\n",
          "node bei", "a~2", "had its outcome");
}

static void no_second_is_made_while_the_first_is_known_to_live(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE,
          CITY CALL("a") VANISHED
          "31000000 call_back.made node=bei call=a~2 list=sin records=2 number=5000 reason=lives\n",
          "node bei", "a~2", "which lives");
}

static void none_is_made_while_a_desk_is_at_one(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE,
          CITY CALL("a") VANISHED RUNG("31000000", "1", "a~1") MADE("37000000", "sin", "a~2", "bei", "5000"),
          "node sin", "a~2", "anna");
}

static void two_desks_are_not_rung_for_two_call_backs_of_one_call(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE, CITY CALL("a") VANISHED RUNG("31000000", "1", "a~1") RUNG("37000000", "2", "a~2"), "boris",
          "a~2", "anna", "a~1");
}

static void who_was_reached_and_spoken_with_is_not_called_back_again(void **state)
{
    (void)state;
    WRONG(CALLED_BACK_TWICE,
          CITY CALL("a") VANISHED REACHED("a~1") "40000000 desk.ends client=1 call=a~1\n" RUNG("46000000", "2", "a~2"),
          "boris", "a~2", "was reached");
}

static void who_hung_up_is_not_called_back(void **state)
{
    (void)state;
    WRONG(RUNG_IN_VAIN,
          CITY CALL("a") "40000 leg.hung_up client=10 call=a\n"
                         "50000 leg.ended client=10 call=a reason=abandoned\n" RUNG("6000000", "1", "a~1"),
          "anna", "a~1", "has ended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_try_in_vain_is_a_try_and_another_desk_may_make_the_next),
        cmocka_unit_test(a_caller_who_dials_again_and_is_answered_needs_no_call_back),
        cmocka_unit_test(one_that_nobody_could_take_goes_to_the_last_resort),
        cmocka_unit_test(the_last_resort_is_an_outcome_for_who_was_sent_there),
        cmocka_unit_test(one_that_waits_while_no_agent_is_free_for_it_is_a_promise),
        cmocka_unit_test(a_wrong_verdict_in_a_storm_may_call_back_who_is_on_the_line),
        cmocka_unit_test(a_number_is_not_a_caller_when_it_is_withheld),
        cmocka_unit_test(a_call_that_is_owed_for_ever_beside_a_free_agent_is_lost),
        cmocka_unit_test(a_call_back_that_waits_for_ever_beside_a_free_agent_is_lost),
        cmocka_unit_test(a_call_back_that_was_cancelled_for_nothing_leaves_the_call_lost),
        cmocka_unit_test(a_caller_who_speaks_with_one_agent_is_not_rung_for_another),
        cmocka_unit_test(a_caller_whose_gateway_holds_him_soundly_is_not_called_back),
        cmocka_unit_test(a_call_back_that_is_spoken_is_not_taken_from_its_desk),
        cmocka_unit_test(a_desk_with_a_call_back_is_not_rung_for_another_call),
        cmocka_unit_test(only_an_accepted_call_back_can_be_reached),
        cmocka_unit_test(call_backs_are_made_in_turn),
        cmocka_unit_test(who_sees_no_majority_makes_one_when_it_is_owed_for_long),
        cmocka_unit_test(who_was_made_from_a_backup_makes_one_when_it_has_caught_up),
        cmocka_unit_test(who_lost_its_disk_once_more_was_not_made_from_a_backup),
        cmocka_unit_test(a_ring_at_its_deadline_keeps_nobody_from_making_the_next),
        cmocka_unit_test(a_ring_of_a_maker_who_died_keeps_nobody_from_making_the_next),
        cmocka_unit_test(nobody_makes_a_call_back_while_the_owner_is_heard),
        cmocka_unit_test(who_sees_no_majority_makes_none_soon),
        cmocka_unit_test(who_was_made_from_a_backup_makes_none_before_it_has_caught_up),
        cmocka_unit_test(what_was_made_from_a_backup_is_so_after_a_restart),
        cmocka_unit_test(two_nodes_that_see_each_other_do_not_make_one_at_once),
        cmocka_unit_test(what_a_call_back_has_kept_is_not_kept_again),
        cmocka_unit_test(no_second_is_made_while_the_first_is_known_to_live),
        cmocka_unit_test(none_is_made_while_a_desk_is_at_one),
        cmocka_unit_test(two_desks_are_not_rung_for_two_call_backs_of_one_call),
        cmocka_unit_test(who_was_reached_and_spoken_with_is_not_called_back_again),
        cmocka_unit_test(who_hung_up_is_not_called_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
