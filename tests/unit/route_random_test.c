// The index against a plain scan and sort, over random populations that change.
#include "tests/unit/route_random.h"

#include <math.h>
#include <string.h>

#define AGENTS_MAX 3000
#define STEPS 60
#define CANARY 64

struct population {
    struct route_agent agents[AGENTS_MAX];
    bool available[AGENTS_MAX];
    uint64_t idle_since_ms[AGENTS_MAX];
    uint32_t count, names;
    struct sphere_point places[AGENTS_MAX];
    uint32_t place_count;
    uint64_t now_ms;
    uint8_t *memory;
    size_t bytes;
    struct route *route;
};

// What the questions met: a trap that never came up proves nothing.
static struct {
    uint64_t questions, empty, cut_off, ties_at_a_place, ties_across_places, excepted, equal_idle, many_kinds;
} met;

static struct population population;  // too large for the stack

// ---- the oracle

struct ranked {
    __int128 chord2;
    uint64_t idle_since_ms;
    uint32_t agent;
};

static int compare_ranked(const void *a_void, const void *b_void)
{
    const struct ranked *a = a_void, *b = b_void;
    if (a->chord2 != b->chord2)
        return a->chord2 < b->chord2 ? -1 : 1;
    if (a->idle_since_ms != b->idle_since_ms)
        return a->idle_since_ms < b->idle_since_ms ? -1 : 1;
    return a->agent < b->agent ? -1 : a->agent > b->agent;
}

static bool among(const uint32_t *agents, uint32_t count, uint32_t agent)
{
    for (uint32_t i = 0; i < count; i++)
        if (agents[i] == agent)
            return true;
    return false;
}

static uint32_t rank_all(struct sphere_point from, const struct route_need *need, const uint32_t *except,
                         uint32_t except_count, struct ranked *ret_ranked, uint32_t *ret_eligible)
{
    uint32_t count = 0;
    *ret_eligible = 0;
    for (uint32_t i = 0; i < population.count; i++) {
        if (!population.available[i] || !plain_eligible(&population.agents[i], need))
            continue;
        ++*ret_eligible;
        if (among(except, except_count, i)) {
            met.excepted++;
            continue;
        }
        ret_ranked[count++] =
            (struct ranked){plain_chord2(from, population.agents[i].at), population.idle_since_ms[i], i};
    }
    qsort(ret_ranked, count, sizeof *ret_ranked, compare_ranked);
    return count;
}

// ---- the population

static uint32_t draw_count(struct dice *dice)
{
    if (dice_percent(dice, 3))
        return dice_below(dice, AGENTS_MAX + 1);
    return dice_below(dice, dice_percent(dice, 50) ? 12 : 300);
}

static void draw_population(struct dice *dice)
{
    struct population *self = &population;
    self->count = draw_count(dice);
    self->names = 1 + dice_below(dice, dice_percent(dice, self->count > 300 ? 70 : 30) ? ROUTE_SET_BITS : 6);
    self->place_count = 1 + dice_below(dice, self->count + 1 < 8 || dice_percent(dice, 70) ? self->count + 1 : 8);
    if (self->place_count > AGENTS_MAX)
        self->place_count = AGENTS_MAX;
    for (uint32_t i = 0; i < self->place_count; i++)
        self->places[i] = random_point(dice);
    uint32_t width = 1 + dice_below(dice, 4);
    for (uint32_t i = 0; i < self->count; i++) {
        self->agents[i] = (struct route_agent){
            .at = self->places[dice_below(dice, self->place_count)],
            .languages = random_set(dice, self->names, dice_below(dice, width + 1)),
            .skills = random_set(dice, self->names, dice_below(dice, width + 1)),
        };
        self->available[i] = false;
    }
    self->now_ms = dice_percent(dice, 10) ? 0 : 1 + dice_below(dice, 1000);
    self->bytes = (route_bytes(self->count) + 15) / 16 * 16;
    self->memory = aligned_alloc(16, self->bytes + CANARY);
    assert_non_null(self->memory);
    memset(self->memory, (int)dice_below(dice, 256), self->bytes);
    memset(self->memory + self->bytes, 0x5a, CANARY);
    self->route = route_build(self->memory, self->agents, self->count);
}

static void set_available(struct dice *dice, uint32_t agent)
{
    // Coarse times, mostly in order: equal ones are common, and copies from elsewhere come late.
    population.now_ms += dice_below(dice, 3);
    uint64_t late = dice_percent(dice, 30) ? dice_below(dice, 50) : 0;
    uint64_t idle_since_ms = population.now_ms > late ? population.now_ms - late : 0;
    if (dice_percent(dice, 1))
        idle_since_ms = UINT64_MAX;
    population.available[agent] = true;
    population.idle_since_ms[agent] = idle_since_ms;
    route_set_available(population.route, agent, idle_since_ms);
}

static void set_busy(uint32_t agent)
{
    population.available[agent] = false;
    route_set_busy(population.route, agent);
}

static void change(struct dice *dice, uint32_t percent_available)
{
    if (population.count == 0)
        return;
    uint32_t changes = dice_percent(dice, 80) ? 1 + dice_below(dice, 4) : dice_below(dice, population.count);
    while (changes-- > 0) {
        uint32_t agent = dice_below(dice, population.count);
        if (dice_percent(dice, percent_available))
            set_available(dice, agent);
        else
            set_busy(agent);
    }
}

// ---- questions

static struct route_need draw_need(struct dice *dice)
{
    struct route_need need = {
        .languages = random_set(dice, population.names, dice_percent(dice, 40) ? 0 : 1 + dice_below(dice, 3)),
        .skills = random_set(dice, population.names, dice_percent(dice, 40) ? 0 : 1 + dice_below(dice, 2)),
    };
    if (population.count > 0 && dice_percent(dice, 30)) {  // somebody meets it
        const struct route_agent *agent = &population.agents[dice_below(dice, population.count)];
        need = (struct route_need){agent->languages, agent->skills};
    }
    return need;
}

static struct sphere_point draw_from(struct dice *dice)
{
    switch (dice_below(dice, 4)) {
    case 0:
        return sphere_point(0, 0);  // mirrored places are equally far
    case 1:
        return population.places[dice_below(dice, population.place_count)];
    default:
        return random_point(dice);
    }
}

static bool same_point(struct sphere_point a, struct sphere_point b)
{
    return a.x == b.x && a.y == b.y && a.z == b.z;
}

static void count_what_was_met(const struct ranked *ranked, uint32_t found, uint32_t count)
{
    met.questions++;
    met.empty += count == 0;
    met.cut_off += found < count;
    for (uint32_t i = 1; i < count && i <= found; i++) {
        if (ranked[i].chord2 != ranked[i - 1].chord2)
            continue;
        if (same_point(population.agents[ranked[i].agent].at, population.agents[ranked[i - 1].agent].at))
            met.ties_at_a_place++;
        else
            met.ties_across_places++;
        met.equal_idle += ranked[i].idle_since_ms == ranked[i - 1].idle_since_ms;
    }
}

static long double great_circle(struct sphere_point a, struct sphere_point b)
{
    long double chord = sqrtl((long double)plain_chord2(a, b)) / (1 << SPHERE_UNIT_BITS);
    return 2 * asinl(chord > 2 ? 1 : chord / 2);
}

static void ask(struct dice *dice)
{
    static struct ranked ranked[AGENTS_MAX];
    static struct route_pick picks[AGENTS_MAX + 1], again[AGENTS_MAX + 1];
    uint32_t except[8], except_count = population.count == 0 || dice_percent(dice, 50) ? 0 : dice_below(dice, 9);
    struct sphere_point from = draw_from(dice);
    struct route_need need = draw_need(dice);
    uint32_t max = dice_percent(dice, 10) ? population.count + 1 : dice_below(dice, 9), eligible;
    for (uint32_t i = 0; i < except_count; i++)
        except[i] = dice_below(dice, population.count);
    if (except_count > 0) {  // best those who would come first
        uint32_t first = route_nearest(population.route, from, &need, NULL, 0, picks, except_count / 2);
        for (uint32_t i = 0; i < first; i++)
            except[i] = picks[i].agent;
    }

    uint32_t count = rank_all(from, &need, except, except_count, ranked, &eligible);
    uint32_t found = route_nearest(population.route, from, &need, except, except_count, picks, max);
    assert_int_equal(found, count < max ? count : max);
    for (uint32_t i = 0; i < found; i++) {
        assert_int_equal(picks[i].agent, ranked[i].agent);
        assert_true(picks[i].chord2 == ranked[i].chord2);
        assert_true(i == 0 || great_circle(from, population.agents[picks[i - 1].agent].at) <=
                                  great_circle(from, population.agents[picks[i].agent].at) + 1e-15L);
    }
    assert_int_equal(route_count_eligible(population.route, &need), eligible);
    assert_int_equal(route_nearest(population.route, from, &need, except, except_count, again, max), found);
    for (uint32_t i = 0; i < found; i++)
        assert_int_equal(again[i].agent, picks[i].agent);
    count_what_was_met(ranked, found, count);
}

static void check_states(void)
{
    uint32_t available = 0;
    for (uint32_t i = 0; i < population.count; i++) {
        available += population.available[i];
        assert_int_equal(route_is_available(population.route, i), population.available[i]);
    }
    assert_int_equal(route_available(population.route), available);
    for (size_t i = 0; i < CANARY; i++)
        assert_int_equal(population.memory[population.bytes + i], 0x5a);
}

static void play_round(uint64_t seed)
{
    struct dice dice = {seed};
    draw_population(&dice);
    uint32_t percent_available = (const uint32_t[]){1, 20, 50, 90, 100}[dice_below(&dice, 5)];
    if (dice_percent(&dice, 70)) {
        for (uint32_t i = 0; i < population.count; i++)
            if (dice_percent(&dice, percent_available))
                set_available(&dice, i);
    }
    met.many_kinds += population.count > 2000 && population.names > 20;
    for (uint32_t step = 0; step < STEPS; step++) {
        ask(&dice);
        change(&dice, percent_available);
    }
    check_states();
    free(population.memory);
}

static void the_index_answers_as_a_scan_of_all_agents_does(void **state)
{
    (void)state;
    uint64_t seed = random_seed("route_random_test");
    uint32_t rounds = random_rounds(3000);
    for (uint32_t round = 0; round < rounds; round++)
        play_round(seed + round);  // a failing round is repeated by its own seed, with ROUTE_ROUNDS=1
    printf("%llu questions: %llu without an answer, %llu cut off; ties: %llu at a place, %llu across places, %llu to "
           "the agent; %llu excepted; %llu populations with many kinds\n",
           (unsigned long long)met.questions, (unsigned long long)met.empty, (unsigned long long)met.cut_off,
           (unsigned long long)met.ties_at_a_place, (unsigned long long)met.ties_across_places,
           (unsigned long long)met.equal_idle, (unsigned long long)met.excepted, (unsigned long long)met.many_kinds);
    if (rounds >= 1000) {
        assert_true(met.empty > 0 && met.cut_off > 0 && met.ties_at_a_place > 0 && met.ties_across_places > 0 &&
                    met.equal_idle > 0 && met.excepted > 0 && met.many_kinds > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_answers_as_a_scan_of_all_agents_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
