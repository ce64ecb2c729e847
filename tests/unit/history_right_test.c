// Right histories, failovers and accidents among them: the judge must find nothing.
#include "history_rig.h"

#include "chaos/history/judge_inside.h"

#include <stdio.h>
#include <string.h>

#define HUNG_UP_AFTER_TALK                                                                                             \
    "5000000 leg.hung_up client=10 call=a\n"                                                                           \
    "5100000 leg.ended client=10 call=a reason=answered\n"                                                             \
    "5100000 desk.ended client=1 call=a reason=answered\n"                                                             \
    "5100000 desk.state client=1 reason=wrap_up\n"

static void an_ordinary_call(void **state)
{
    (void)state;
    assert_right(CITY SPEAKS("a") HUNG_UP_AFTER_TALK END);
}

static void the_agent_ends_it(void **state)
{
    (void)state;
    assert_right(CITY SPEAKS("a") "5000000 desk.ends client=1 call=a\n"
                                  "5000000 desk.state client=1 reason=wrap_up\n"
                                  "5000000 desk.ended client=1 call=a reason=ended_here\n"
                                  "5200000 leg.ended client=10 call=a reason=answered\n" END);
}

static void an_offer_said_again_by_another_node_is_no_second_ring(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") RINGS_ANNA("a") "50000 node.died node=bei\n"
                                                "1050000 client.detached client=1\n"
                                                "1050000 client.detached client=10\n"
                                                "1050000 client.attaches client=1 attach=102\n"
                                                "1050000 client.attaches client=10 attach=1002\n"
                                                "1060000 client.attached client=1 attach=102 node=sin\n"
                                                "1060000 client.attached client=10 attach=1002 node=sin\n"
                                                "1070000 told.offer client=1 attach=102 call=a n=1 node=sin\n"
                                                "1070000 leg.ringing client=10 call=a agent=anna n=1\n"
                                                "1080000 told.offer client=1 attach=102 call=a n=2 node=sin\n"
                                                "1080000 desk.rings client=1 call=a n=2 deadline_ms=20000\n"
                                                "2000000 desk.accepts client=1 call=a\n"
                                                "2100000 leg.connect client=10 call=a agent=anna n=2\n"
                                                "2200000 leg.joined client=10 call=a\n"
                                                "2300000 desk.connected client=1 call=a\n" HUNG_UP_AFTER_TALK END);
}

static void an_offer_of_an_older_attachment_is_not_judged(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") RINGS_ANNA("a") "50000 client.attaches client=1 attach=102\n"
                                                "60000 told.offer client=1 attach=101 call=b n=1 node=bei\n");
}

static void after_a_lost_word_the_node_is_excused(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") RINGS_ANNA("a") "50000 client.word_lost client=1\n"
                                                "60000 told.offer client=1 attach=101 call=b n=1 node=bei\n");
}

static void a_word_lost_before_the_attachment_it_is_of_is_heard_excuses_the_node_too(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "50000 client.attaches client=1 attach=102\n"
                                "55000 client.word_lost client=1 attach=102\n"
                                "60000 client.attached client=1 attach=102 node=bei\n"
                                "70000 told.offer client=1 attach=102 call=a n=1 node=bei\n"
                                "70000 desk.rings client=1 call=a n=1 deadline_ms=20000\n"
                                "80000 told.offer client=1 attach=102 call=b n=1 node=bei\n");
}

static void two_logins_of_one_agent_may_ring_in_a_split(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "21000 at.fault reason=split\n" RINGS_ANNA("a")  //
                 "50000 desk.opens client=3 party=anna skills=0x1\n"
                 "50000 client.attached client=3 attach=301 node=sin\n"
                 "60000 told.offer client=3 attach=301 call=b n=1 node=sin\n"
                 "60000 desk.rings client=3 call=b n=1 deadline_ms=20000\n"
                 "70000 told.offer client=1 attach=101 call=a n=1 node=bei\n"
                 "9000000 at.whole\n"
                 "9500000 client.superseded client=1 attach=301\n"
                 "9600000 told.offer client=1 attach=101 call=a n=1 node=bei\n");
}

static void a_connect_that_crosses_the_joining_is_only_late(void **state)
{
    (void)state;
    assert_right(CITY SPEAKS("a") "90000 told.connect client=10 attach=1001 call=a agent=boris n=2\n"  //
                 HUNG_UP_AFTER_TALK END);
}

static void a_connect_taken_back_before_the_joining_is_right(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") RINGS_ANNA("a") ANNA_ACCEPTS("a")  //
                 "61000 desk.ends client=1 call=a\n"
                 "62000 leg.ringing client=10 call=a agent=boris n=2\n"
                 "62000 desk.rings client=2 call=a n=2 deadline_ms=20000\n"
                 "63000 desk.accepts client=2 call=a\n"
                 "64000 leg.connect client=10 call=a agent=boris n=2\n"
                 "65000 leg.joined client=10 call=a\n"
                 "66000 desk.connected client=2 call=a\n"
                 "70000 leg.hung_up client=10 call=a\n"
                 "71000 leg.ended client=10 call=a reason=answered\n"
                 "72000 desk.ended client=2 call=a reason=answered\n" END);
}

static void an_accepted_call_whose_gateway_died_is_owed_a_call_back(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") RINGS_ANNA("a") "60000 client.vanished client=10\n"
                                                "10100000 desk.withdrawn client=1 call=a reason=gateway_gone\n"
                                                "10100000 desk.state client=1 reason=available\n"
                                                "110000000 call.kept call=a reason=called_back\n" END);
}

static void an_accepted_call_whose_gateway_died_is_called_back(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "60000 client.vanished client=10\n"
                                "1000000 gateway.opens client=11 party=gw2\n"
                                "1000000 client.attached client=11 attach=5 node=sin\n"
                                "31000000 desk.rings client=1 call=a~1 n=1 deadline_ms=20000\n"
                                "32000000 desk.accepts client=1 call=a~1\n"
                                "33000000 desk.reached client=1 call=a~1\n"
                                "40000000 desk.ends client=1 call=a~1\n"
                                "40000000 desk.ended client=1 call=a~1 reason=ended_here\n"
                                "110000000 call.kept call=a reason=none\n" END);
}

static void a_call_that_was_on_lost_disks_only_is_not_demanded(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "60000 client.vanished client=10\n"
                                "70000 node.died node=bei\n"
                                "70000 node.died node=sin\n"
                                "80000 node.started node=bei number=1\n"
                                "80000 node.started node=sin number=1\n"
                                "110000000 call.kept call=a reason=none\n" END);
}

static void a_call_whose_caller_hung_up_is_not_owed(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "50000 leg.hung_up client=10 call=a\n"
                                "60000 client.vanished client=10\n"
                                "110000000 call.kept call=a reason=none\n" END);
}

static void a_gateway_that_was_cut_off_is_called_back(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "30000 at.fault reason=cut\n"
                                "1000000 client.detached client=10\n"
                                "20000000 at.whole\n"
                                "20100000 client.attached client=10 attach=1003 node=sin\n"
                                "20200000 leg.ended client=10 call=a reason=called_back\n" END);
}

// Of the login that it goes on with a larger attach is known, and said what that one did: nothing of this conversation.
static void a_desk_that_counts_its_attachments_anew_may_lose_what_it_does(void **state)
{
    (void)state;
    assert_right(WORLD "500 desk.opens client=9 party=anna skills=0x1 languages=0x1\n"
                       "500 client.attaches client=9 attach=102\n"
                       "600 client.vanished client=9\n" ANNA BORIS GATEWAY SPEAKS(
                           "a") "5000000 leg.ended client=10 call=a reason=answered\n");
}

static void no_progress_is_demanded_in_a_storm(void **state)
{
    (void)state;
    assert_right(CITY CALL("a") "30000 at.fault reason=storm\n"
                                "60000000 leg.waiting client=10 call=a\n"
                                "60000000 at.whole\n"
                                "62900000 desk.rings client=1 call=a n=1 deadline_ms=20000\n"
                                "62900000 leg.ringing client=10 call=a agent=anna n=1\n"
                                "63900000 at.end\n");
}

static void an_agent_who_declined_or_lacks_a_skill_is_not_owed_the_call(void **state)
{
    (void)state;
    assert_right(WORLD ANNA GATEWAY CALL("a") RINGS_ANNA("a")  //
                 "50000 desk.declines client=1 call=a\n"
                 "50000 leg.waiting client=10 call=a\n"
                 "60000 leg.submitted client=10 call=b skills=0x2\n"
                 "60000 leg.accepted client=10 call=b number=2\n"
                 "20000000 at.end\n");
}

static void an_offer_that_crosses_a_break_counts_as_declined(void **state)
{
    (void)state;
    assert_right(WORLD ANNA GATEWAY "9000 desk.state client=1 reason=not_ready\n" CALL("a")  //
                 "30000 told.offer client=1 attach=101 call=a n=1 node=bei\n"
                 "40000 leg.waiting client=10 call=a\n"
                 "50000 desk.state client=1 reason=available\n"
                 "20000000 at.end\n");
}

static void a_call_rung_before_one_that_waits_for_others_is_in_order(void **state)
{
    (void)state;
    assert_right(CITY "10000 leg.submitted client=10 call=a priority=1 skills=0x1\n"
                      "10000 leg.submitted client=10 call=b priority=9 skills=0x2\n"
                      "10000 leg.submitted client=10 call=c priority=1 skills=0x1\n"
                      "20000 leg.waiting client=10 call=a queued_ms=500\n"
                      "20000 leg.waiting client=10 call=b queued_ms=400\n"
                      "20000 leg.waiting client=10 call=c queued_ms=600\n"
                      "30000 call.decided node=bei call=a agent=anna list=b,c\n");
}

// The node has not heard yet that b waits in a lesser queue by now, or has heard it before the gateway.
static void a_call_passed_over_by_older_knowledge_is_in_order(void **state)
{
    (void)state;
    assert_right(CITY "10000 leg.submitted client=10 call=a priority=5 skills=0x1\n"
                      "10000 leg.submitted client=10 call=b priority=9 skills=0x1\n"
                      "20000 leg.waiting client=10 call=a queued_ms=500\n"
                      "20000 leg.waiting client=10 call=b queued_ms=400\n"
                      "30000 call.decided node=bei call=a agent=anna priority=5 queued_ms=500 list=b:1:400\n"
                      "30000 call.decided node=bei call=a agent=anna priority=10 queued_ms=500 list=b:9:400\n"
                      "30000 call.decided node=bei call=a agent=anna priority=5 queued_ms=500 list=b:9:700\n");
}

static void digests_may_differ_until_the_bound(void **state)
{
    (void)state;
    assert_right(WORLD "1000000 at.quiet\n"
                       "2000000 node.digest node=bei number=7\n"
                       "2000000 node.digest node=sin number=8\n"
                       "6100000 node.digest node=bei number=9\n"
                       "6100000 node.digest node=sin number=9\n"
                       "6100000 node.lag node=bei party=sin\n"
                       "6200000 at.end\n");
}

static void what_the_driver_did_not_tell_is_named_in_the_verdict(void **state)
{
    (void)state;
    struct judge *judge = judge_text(CITY SPEAKS("a") HUNG_UP_AFTER_TALK END);
    struct bytes text = {0};
    judge_verdict(judge, &text);
    bytes_append(&text, "", 1);
    assert_non_null(strstr((const char *)text.data, "verdict=ok"));
    assert_non_null(strstr((const char *)text.data, "calls=1 accepted2=1 rings=1 connected=1 ended=1"));
    assert_non_null(strstr((const char *)text.data, "not_judged=order,copies,digests"));
    bytes_close(&text);
    judge_free(judge);
}

static void say(struct judge *judge, uint64_t us, enum history_word word, uint32_t client, const char *call)
{
    struct history_event event = {.us = us, .word = word, .client = client, .call = call, .reason = "abandoned"};
    judge_hear(judge, &event);
}

static void memory_is_held_for_what_lives_only(void **state)
{
    (void)state;
    struct judge *judge = judge_text(WORLD GATEWAY);
    for (uint64_t i = 0; i < 20000; i++) {
        char call[32];
        snprintf(call, sizeof call, "gw-%u", (unsigned)i);
        uint64_t us = 10000 + i * 1000;
        say(judge, us, HISTORY_SUBMITTED, 10, call);
        say(judge, us, HISTORY_WAITING, 10, call);
        say(judge, us, HISTORY_HUNG_UP, 10, call);
        say(judge, us, HISTORY_LEG_ENDED, 10, call);
        struct history_event opens = {.us = us, .word = HISTORY_DESK_OPENS, .client = 100 + (uint32_t)i, .party = call};
        judge_hear(judge, &opens);
        say(judge, us, HISTORY_VANISHED, 100 + (uint32_t)i, NULL);
    }
    say(judge, (uint64_t)90 * 1000000, HISTORY_AT_QUIET, 0, NULL);  // a call's end is remembered for a minute
    assert_int_equal(judge_count(judge), 0);
    assert_int_equal(HASH_COUNT(judge->legs), 0);
    assert_int_equal(HASH_COUNT(judge->clients), 1);
    assert_int_equal(HASH_COUNT(judge->parties), 1);
    judge_free(judge);
}

static void a_disposition_may_die_with_its_desk_or_in_a_storm_or_be_anothers(void **state)
{
    (void)state;
    assert_right(CITY "88000 desk.disposes client=2 call=gw-1 reason=forwarded\n"  // two spoke it
                      "90000 desk.disposes client=1 call=gw-1 reason=resolved\n"
                      "20000000 call.disposition node=sin call=gw-1 reason=forwarded\n" END);
    assert_right(CITY "90000 desk.disposes client=1 call=gw-1 reason=resolved\n"
                      "20000000 call.disposition node=sin call=gw-1 reason=resolved\n" END);
    assert_right(CITY "90000 desk.disposes client=1 call=gw-1 reason=resolved\n"
                      "95000 client.refused client=1 call=gw-1 reason=not_your_call\n"
                      "20000000 call.disposition node=sin call=gw-1\n" END);
    assert_right(CITY "90000 desk.disposes client=1 call=gw-1 reason=resolved\n"
                      "95000 at.fault reason=cut\n"
                      "96000 at.whole\n"
                      "20000000 call.disposition node=sin call=gw-1\n" END);
}

static void a_copy_counts_until_it_can_be_known_that_its_disk_is_lost(void **state)
{
    (void)state;
    assert_right(CITY "10000 leg.submitted client=10 call=a priority=1 skills=0x1\n"
                      "20000 call.copies node=bei call=a list=bei number=2 records=1\n");
}

static void a_node_that_stands_still_is_missed(void **state)
{
    (void)state;
    assert_right(CITY "10000000 node.stalled node=bei\n"
                      "11000000 node.misses node=sin party=bei\n"
                      "12000000 node.resumed node=bei\n"
                      "12000000 node.misses node=sin party=bei\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_disposition_may_die_with_its_desk_or_in_a_storm_or_be_anothers),
        cmocka_unit_test(an_ordinary_call),
        cmocka_unit_test(the_agent_ends_it),
        cmocka_unit_test(an_offer_said_again_by_another_node_is_no_second_ring),
        cmocka_unit_test(an_offer_of_an_older_attachment_is_not_judged),
        cmocka_unit_test(after_a_lost_word_the_node_is_excused),
        cmocka_unit_test(a_word_lost_before_the_attachment_it_is_of_is_heard_excuses_the_node_too),
        cmocka_unit_test(two_logins_of_one_agent_may_ring_in_a_split),
        cmocka_unit_test(a_connect_that_crosses_the_joining_is_only_late),
        cmocka_unit_test(a_connect_taken_back_before_the_joining_is_right),
        cmocka_unit_test(an_accepted_call_whose_gateway_died_is_owed_a_call_back),
        cmocka_unit_test(an_accepted_call_whose_gateway_died_is_called_back),
        cmocka_unit_test(a_call_that_was_on_lost_disks_only_is_not_demanded),
        cmocka_unit_test(a_call_whose_caller_hung_up_is_not_owed),
        cmocka_unit_test(a_gateway_that_was_cut_off_is_called_back),
        cmocka_unit_test(a_desk_that_counts_its_attachments_anew_may_lose_what_it_does),
        cmocka_unit_test(no_progress_is_demanded_in_a_storm),
        cmocka_unit_test(an_agent_who_declined_or_lacks_a_skill_is_not_owed_the_call),
        cmocka_unit_test(an_offer_that_crosses_a_break_counts_as_declined),
        cmocka_unit_test(a_call_rung_before_one_that_waits_for_others_is_in_order),
        cmocka_unit_test(a_call_passed_over_by_older_knowledge_is_in_order),
        cmocka_unit_test(digests_may_differ_until_the_bound),
        cmocka_unit_test(what_the_driver_did_not_tell_is_named_in_the_verdict),
        cmocka_unit_test(memory_is_held_for_what_lives_only),
        cmocka_unit_test(a_copy_counts_until_it_can_be_known_that_its_disk_is_lost),
        cmocka_unit_test(a_node_that_stands_still_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
