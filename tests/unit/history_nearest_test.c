// Who rings for a call that comes in calm: the nearest who is surely free; and every reason not to judge.
#include "history_rig.h"

#define BERLIN " place=52500000,13400000"
#define CAPE_TOWN " place=-33900000,18400000"
#define DESK(us, client, name, place, attach, state)                                                                   \
    us " desk.opens client=" client " party=" name " skills=0x1" place "\n" us " client.attaches client=" client       \
       " attach=" attach "\n" us " client.attached client=" client " attach=" attach " node=bei\n" state
#define AVAILABLE(us, client) us " desk.state client=" client " reason=available\n"
#define OPEN                                                                                                           \
    DESK("2000", "1", "anna", BERLIN, "101", "") DESK("2000", "2", "boris", CAPE_TOWN, "201", AVAILABLE("2000", "2"))
#define BOTH WORLD OPEN AVAILABLE("2000", "1") GATEWAY
#define CARLA DESK("6000", "3", "carla", " place=41900000,12500000", "301", AVAILABLE("6000", "3"))
#define VIENNA(number)                                                                                                 \
    "10000000 leg.submitted client=10 call=a priority=1 skills=0x1 number=" number " place=48200000,16400000\n"
#define RINGS(us, client) us " desk.rings client=" client " call=a n=1 deadline_ms=20000\n"
#define LATER "13000000 at.end\n"

static void expect_judged(uint64_t count, const char *text)
{
    struct judge *judge = judge_text(text);
    assert_int_equal(judge_count(judge), 0);
    assert_int_equal(judge_nearest(judge), count);
    judge_free(judge);
}

static void the_nearest_that_is_free_rings(void **state)
{
    (void)state;
    expect_judged(1, BOTH VIENNA("1") RINGS("10100000", "1") LATER);
    WRONG(NOT_NEAREST, BOTH VIENNA("1") RINGS("10100000", "2") LATER, "call a", "rings boris at 10.100 s", "desk anna");
    // The ring itself changes the desk's state, before or after.
    expect_judged(1, BOTH VIENNA("1") "10100000 desk.state client=1 reason=ringing\n" RINGS("10100000", "1") LATER);
}

static void a_wide_queue_rings_any_of_so_many_nearest(void **state)
{
    (void)state;
    expect_judged(1, BOTH CARLA VIENNA("2") RINGS("10100000", "3") RINGS("10200000", "1") LATER);
    WRONG(NOT_NEAREST, BOTH CARLA VIENNA("2") RINGS("10100000", "2") LATER, "rings boris");
    expect_judged(0, BOTH VIENNA("3") RINGS("10100000", "2") LATER);  // fewer are free: anybody may ring
}

static void who_is_not_surely_free_may_be_passed_over(void **state)
{
    (void)state;
    expect_judged(1, WORLD OPEN GATEWAY VIENNA("1") RINGS("10100000", "2") LATER);
    expect_judged(1, WORLD OPEN GATEWAY AVAILABLE("9000000", "1") VIENNA("1") RINGS("10100000", "2") LATER);
    // She says so a moment before the call comes, and hears that it is so a moment after it rings elsewhere.
    expect_judged(0, BOTH VIENNA("1") RINGS("10100000", "2") "10400000 desk.state client=1 reason=not_ready\n" LATER);
    expect_judged(0, BOTH VIENNA("1") RINGS("10100000", "2") "10400000 client.detached client=1\n" LATER);
    expect_judged(0, BOTH VIENNA("1") "10050000 client.stalled client=1\n" RINGS("10100000", "2") LATER);
}

static void another_call_or_a_fault_leaves_it_open(void **state)
{
    (void)state;
    expect_judged(0,
                  BOTH VIENNA("1") "10050000 leg.submitted client=10 call=b priority=1\n" RINGS("10100000", "2") LATER);
    expect_judged(0,
                  BOTH "9900000 leg.submitted client=10 call=b priority=1\n" VIENNA("1") RINGS("10100000", "2") LATER);
    expect_judged(0, BOTH VIENNA("1") RINGS("10100000", "2") "10200000 at.fault reason=cut\n" LATER);
    expect_judged(0, BOTH "9000000 at.fault\n9000000 at.whole\n" VIENNA("1") RINGS("10100000", "2") LATER);
}

static void what_was_not_told_is_not_judged(void **state)
{
    (void)state;
    expect_judged(0, BOTH VIENNA("0") RINGS("10100000", "2") LATER);
    expect_judged(0, BOTH "10000000 leg.submitted client=10 call=a priority=1 skills=0x1 number=1\n" RINGS("10100000",
                                                                                                           "2") LATER);
    expect_judged(0, BOTH "10000000 leg.submitted client=10 call=a priority=1 number=1 place=48,x\n" RINGS("10100000",
                                                                                                           "2") LATER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_that_is_free_rings),
        cmocka_unit_test(a_wide_queue_rings_any_of_so_many_nearest),
        cmocka_unit_test(who_is_not_surely_free_may_be_passed_over),
        cmocka_unit_test(another_call_or_a_fault_leaves_it_open),
        cmocka_unit_test(what_was_not_told_is_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
