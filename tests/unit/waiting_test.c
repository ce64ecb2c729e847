#include "node/route/waiting.h"
#include "tests/unit/route_random.h"

#include <string.h>

#define ENTRIES_MAX 1600
#define ID_BYTES 16

static struct waiting waiting;  // too large for the stack
static struct waiting_entry entries[ENTRIES_MAX];
static char ids[ENTRIES_MAX][ID_BYTES];

static struct route_set set_of(uint32_t bit)
{
    struct route_set set = {{0, 0}};
    set.word[bit / 64] = UINT64_C(1) << (bit % 64);
    return set;
}

static int setup(void **state)
{
    (void)state;
    memset(&waiting, 0, sizeof waiting);
    memset(entries, 0, sizeof entries);
    return 0;
}

static struct waiting_entry *call(uint32_t number, uint32_t priority, uint64_t queued_ms, int32_t lon_deg)
{
    struct waiting_entry *entry = &entries[number];
    snprintf(ids[number], ID_BYTES, "call-%u", number);
    *entry = (struct waiting_entry){
        .priority = priority, .queued_ms = queued_ms, .id = ids[number], .from = sphere_point(0, lon_deg * 1000000)};
    return entry;
}

static struct route_agent agent_at(int32_t lon_deg)
{
    return (struct route_agent){.at = sphere_point(0, lon_deg * 1000000)};
}

static bool skip_one(void *context, const struct waiting_entry *entry)
{
    return entry == context;
}

static void assert_best(const struct route_agent *agent, const struct waiting_entry *entry)
{
    assert_ptr_equal(waiting_best(&waiting, agent, NULL, NULL), entry);
}

// ---- case by case

static void nothing_waits_at_first(void **state)
{
    (void)state;
    struct route_agent agent = agent_at(0);
    assert_best(&agent, NULL);
    struct waiting_entry *entry = call(0, 1, 1, 0);
    waiting_remove(&waiting, entry);
    assert_int_equal(waiting.count, 0);
}

static void priority_goes_before_time_and_time_before_distance(void **state)
{
    (void)state;
    struct route_agent agent = agent_at(0);
    waiting_add(&waiting, call(0, 1, 100, 0));
    assert_best(&agent, &entries[0]);
    waiting_add(&waiting, call(1, 1, 99, 90));
    assert_best(&agent, &entries[1]);
    waiting_add(&waiting, call(2, 5, 200, 170));
    assert_best(&agent, &entries[2]);
    waiting_remove(&waiting, &entries[2]);
    waiting_remove(&waiting, &entries[1]);
    assert_best(&agent, &entries[0]);
    assert_int_equal(waiting.count, 1);
}

static void of_equal_turns_the_nearest_goes_first_then_the_id(void **state)
{
    (void)state;
    waiting_add(&waiting, call(3, 1, 100, 20));
    waiting_add(&waiting, call(1, 1, 100, 40));
    waiting_add(&waiting, call(2, 1, 100, 40));
    struct waiting_entry *elsewhere = call(4, 1, 100, 60);
    elsewhere->need.skills = set_of(7);  // another group
    waiting_add(&waiting, elsewhere);
    struct route_agent near_three = agent_at(0), near_four = agent_at(80), between = agent_at(41);
    near_four.skills = set_of(7);
    assert_best(&near_three, &entries[3]);
    assert_best(&near_four, &entries[4]);
    assert_best(&between, &entries[1]);
}

static void a_call_goes_only_to_an_agent_who_meets_its_need(void **state)
{
    (void)state;
    struct waiting_entry *arabic = call(0, 9, 1, 0), *other = call(1, 1, 2, 0);
    arabic->need = (struct route_need){.languages = set_of(100), .skills = set_of(3)};
    waiting_add(&waiting, arabic);
    waiting_add(&waiting, other);
    struct route_agent agent = agent_at(0);
    assert_best(&agent, other);
    agent.languages = set_of(100);
    assert_best(&agent, other);
    agent.skills = set_of(3);
    assert_best(&agent, arabic);
}

static void a_skipped_call_does_not_hide_the_next(void **state)
{
    (void)state;
    struct route_agent agent = agent_at(0);
    waiting_add(&waiting, call(0, 1, 1, 0));
    waiting_add(&waiting, call(1, 1, 2, 0));
    assert_ptr_equal(waiting_best(&waiting, &agent, skip_one, &entries[0]), &entries[1]);
    assert_ptr_equal(waiting_best(&waiting, &agent, skip_one, &entries[1]), &entries[0]);
}

static void with_every_group_in_use_further_needs_are_still_served(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ENTRIES_MAX; i++) {
        struct waiting_entry *entry = call(i, 1, ENTRIES_MAX - i, 0);
        entry->need.skills = (struct route_set){{i, 1}};
        waiting_add(&waiting, entry);
    }
    assert_int_equal(waiting.groups_used, WAITING_GROUPS_MAX);
    for (uint32_t i = 0; i < ENTRIES_MAX; i += 7) {
        struct route_agent agent = agent_at(0);
        agent.skills = (struct route_set){{i, 1}};
        struct waiting_entry *best = waiting_best(&waiting, &agent, NULL, NULL);
        assert_non_null(best);
        assert_true(plain_eligible(&agent, &best->need));
        assert_true(best->queued_ms <= entries[i].queued_ms);
    }
    for (uint32_t i = 0; i < ENTRIES_MAX; i++)
        waiting_remove(&waiting, &entries[i]);
    assert_int_equal(waiting.count, 0);
    assert_int_equal(waiting.groups_used, 0);
}

static void a_hundred_thousand_calls_in_reverse_order_are_no_trouble(void **state)
{
    (void)state;
    uint32_t count = 100000;
    struct waiting_entry *many = calloc(count, sizeof *many);
    char(*names)[ID_BYTES] = calloc(count, ID_BYTES);
    assert_true(many && names);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], ID_BYTES, "gw~1~%u", i);
        many[i] = (struct waiting_entry){.priority = i % 3, .queued_ms = count - i / 10, .id = names[i]};
        waiting_add(&waiting, &many[i]);
    }
    struct route_agent agent = agent_at(0);
    struct waiting_entry *last = NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct waiting_entry *best = waiting_best(&waiting, &agent, NULL, NULL);
        assert_non_null(best);
        assert_true(last == NULL || waiting_goes_before(last, best));
        waiting_remove(&waiting, best);
        last = best;
    }
    assert_int_equal(waiting.count, 0);
    free(names);
    free(many);
}

// The calls in order, each with its position; the same by strength of waiting_next alone.
static void a_position_is_the_number_in_the_row(void **state)
{
    (void)state;
    struct dice dice = {.state = 7};
    bool in[ENTRIES_MAX] = {false};
    uint32_t count = 0;
    for (uint32_t step = 0; step < 4000; step++) {
        uint32_t i = dice_below(&dice, ENTRIES_MAX);
        if (in[i])
            waiting_remove(&waiting, &entries[i]);
        else
            waiting_add(&waiting, call(i, dice_below(&dice, 3), dice_below(&dice, 50), 0));
        in[i] = !in[i];
        count += in[i] ? 1u : -1u;
        uint32_t place = 0;
        const struct waiting_entry *last = NULL, *entry = waiting.groups[0].first;
        for (; step % 50 == 0 && entry != NULL; last = entry, entry = waiting_next(entry)) {
            assert_true(last == NULL || waiting_goes_before(last, entry));
            assert_int_equal(waiting_position(entry), ++place);
        }
        assert_true(step % 50 != 0 || place == count);
    }
}

// ---- against a plain scan

static bool skip_marked(void *context, const struct waiting_entry *entry)
{
    return ((const bool *)context)[entry - entries];
}

static struct waiting_entry *plain_best(uint32_t count, const struct route_agent *agent, const bool *skipped)
{
    struct waiting_entry *best = NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct waiting_entry *entry = &entries[i];
        if (entry->group == 0 || (skipped && skipped[i]) || !plain_eligible(agent, &entry->need))
            continue;
        bool before = true;
        if (best) {
            __int128 near = plain_chord2(entry->from, agent->at), far = plain_chord2(best->from, agent->at);
            if (entry->priority != best->priority)
                before = entry->priority > best->priority;
            else if (entry->queued_ms != best->queued_ms)
                before = entry->queued_ms < best->queued_ms;
            else if (near != far)
                before = near < far;
            else
                before = strcmp(entry->id, best->id) < 0;
        }
        if (before)
            best = entry;
    }
    return best;
}

static struct {
    uint64_t questions, empty, shared, equal_turns;
} met;

static void draw_entry(struct dice *dice, uint32_t i, uint32_t names, uint32_t times)
{
    entries[i].priority = dice_below(dice, 3);
    entries[i].queued_ms = dice_below(dice, times);
    entries[i].from = random_point(dice);
    entries[i].need.languages = random_set(dice, names, dice_below(dice, names > 20 ? 6 : 3));
    entries[i].need.skills = random_set(dice, names, dice_below(dice, 3));
}

static void ask(struct dice *dice, uint32_t count, uint32_t names)
{
    static bool skipped[ENTRIES_MAX];
    uint32_t percent = dice_below(dice, 3) * 45;
    for (uint32_t i = 0; i < count; i++)
        skipped[i] = dice_percent(dice, percent);
    struct route_agent agent = {.at = random_point(dice),
                                .languages = random_set(dice, names, dice_below(dice, 2 * names)),
                                .skills = random_set(dice, names, dice_below(dice, 2 * names))};
    const struct waiting_entry *best =
        percent ? waiting_best(&waiting, &agent, skip_marked, skipped) : waiting_best(&waiting, &agent, NULL, NULL);
    const struct waiting_entry *expected = plain_best(count, &agent, skipped);
    assert_ptr_equal(best, expected);
    met.questions++;
    met.empty += best == NULL;
    met.shared += best != NULL && best->group == WAITING_GROUPS_MAX;
    for (uint32_t i = 0; best && i < count; i++)
        if (&entries[i] != best && entries[i].group && entries[i].priority == best->priority &&
            entries[i].queued_ms == best->queued_ms && plain_eligible(&agent, &entries[i].need)) {
            met.equal_turns++;
            break;
        }
}

static void play_round(uint64_t seed)
{
    struct dice dice = {seed};
    bool large = dice_percent(&dice, 2);
    uint32_t count = large ? ENTRIES_MAX : 1 + dice_below(&dice, 60), waits = 0;
    uint32_t names = large ? 40 : 1 + dice_below(&dice, 8),
             times = 1 + dice_below(&dice, dice_percent(&dice, 50) ? 4 : 1000);
    uint32_t steps = large ? 6 * count : 200;
    setup(NULL);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(ids[i], ID_BYTES, "%x", (unsigned)dice_bits(&dice) << 11 | i);
        entries[i].id = ids[i];
    }
    for (uint32_t step = 0; step < steps; step++) {
        uint32_t i = dice_below(&dice, count);
        if (entries[i].group && dice_percent(&dice, 30)) {
            waiting_remove(&waiting, &entries[i]);
            waits--;
        } else if (!entries[i].group) {
            draw_entry(&dice, i, names, times);
            waiting_add(&waiting, &entries[i]);
            waits++;
        }
        assert_int_equal(waiting.count, waits);
        if (!large || step % 16 == 0)
            ask(&dice, count, names);
    }
    for (uint32_t i = 0; i < count; i++)
        waiting_remove(&waiting, &entries[i]);
    assert_int_equal(waiting.count + waiting.groups_used, 0);
}

static void the_groups_answer_as_a_scan_of_all_calls_does(void **state)
{
    (void)state;
    uint64_t seed = random_seed("waiting_test");
    uint32_t rounds = random_rounds(2000);
    for (uint32_t round = 0; round < rounds; round++)
        play_round(seed + round);  // a failing round is repeated by its own seed, with ROUTE_ROUNDS=1
    printf("%llu questions: %llu without an answer, %llu answered from the shared group, %llu with equal turns\n",
           (unsigned long long)met.questions, (unsigned long long)met.empty, (unsigned long long)met.shared,
           (unsigned long long)met.equal_turns);
    if (rounds >= 1000)
        assert_true(met.empty > 0 && met.shared > 0 && met.equal_turns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_waits_at_first, setup),
        cmocka_unit_test_setup(priority_goes_before_time_and_time_before_distance, setup),
        cmocka_unit_test_setup(of_equal_turns_the_nearest_goes_first_then_the_id, setup),
        cmocka_unit_test_setup(a_call_goes_only_to_an_agent_who_meets_its_need, setup),
        cmocka_unit_test_setup(a_skipped_call_does_not_hide_the_next, setup),
        cmocka_unit_test_setup(with_every_group_in_use_further_needs_are_still_served, setup),
        cmocka_unit_test_setup(a_hundred_thousand_calls_in_reverse_order_are_no_trouble, setup),
        cmocka_unit_test_setup(a_position_is_the_number_in_the_row, setup),
        cmocka_unit_test_setup(the_groups_answer_as_a_scan_of_all_calls_does, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
