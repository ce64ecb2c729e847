// What the index promises, case by case. Random populations are in route_random_test.c.
#include "tests/unit/route_random.h"

#define CHINESE 0
#define ARABIC 1
#define FRENCH 100  // in the second word
#define CONSULAR 3
#define EMERGENCY 127

static struct route_set set_of(uint32_t bit)
{
    struct route_set set = {{0, 0}};
    set.word[bit / 64] = UINT64_C(1) << (bit % 64);
    return set;
}

static struct route_set both(struct route_set a, struct route_set b)
{
    return (struct route_set){{a.word[0] | b.word[0], a.word[1] | b.word[1]}};
}

static const struct route_need anybody;

static struct route_need need_of(uint32_t language, uint32_t skill)
{
    return (struct route_need){.languages = set_of(language), .skills = set_of(skill)};
}

static struct route_agent agent_at(int32_t lat, int32_t lon)
{
    return (struct route_agent){.at = sphere_point(lat * 1000000, lon * 1000000)};
}

struct house {
    void *memory;
    struct route *route;
};

static struct house given(const struct route_agent *agents, uint32_t count)
{
    struct house house;
    house.memory = aligned_alloc(16, (route_bytes(count) + 15) / 16 * 16);
    assert_non_null(house.memory);
    house.route = route_build(house.memory, agents, count);
    return house;
}

static struct house given_all_available(const struct route_agent *agents, uint32_t count)
{
    struct house house = given(agents, count);
    for (uint32_t i = 0; i < count; i++)
        route_set_available(house.route, i, 1000);
    return house;
}

static void assert_ranked(struct house *house, struct sphere_point from, struct route_need need, const uint32_t *agents,
                          uint32_t count)
{
    struct route_pick picks[16];
    uint32_t found = route_nearest(house->route, from, &need, NULL, 0, picks, 16);
    assert_int_equal(found, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(picks[i].agent, agents[i]);
    assert_int_equal(route_count_eligible(house->route, &need), count);
}

#define ASSERT_RANKED(house, from, need, ...)                                                                          \
    assert_ranked(house, from, need, (const uint32_t[]){__VA_ARGS__},                                                  \
                  (uint32_t)(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)))

static void without_agents_nobody_is_found(void **state)
{
    (void)state;
    struct house house = given(NULL, 0);
    assert_ranked(&house, sphere_point(0, 0), anybody, NULL, 0);
    assert_int_equal(route_available(house.route), 0);
    free(house.memory);
}

static void at_first_nobody_is_available(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(10, 10), agent_at(20, 20)};
    struct house house = given(agents, 2);
    assert_ranked(&house, sphere_point(0, 0), anybody, NULL, 0);
    assert_false(route_is_available(house.route, 1));
    free(house.memory);
}

static void the_nearest_comes_first(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(39, 116), agent_at(1, 103), agent_at(-1, 36), agent_at(50, 8)};
    struct house house = given_all_available(agents, 4);
    ASSERT_RANKED(&house, sphere_point(15000000, 32000000), anybody, 2, 3, 1, 0);    // Khartoum
    ASSERT_RANKED(&house, sphere_point(21000000, 105000000), anybody, 1, 0, 2, 3);   // Hanoi
    ASSERT_RANKED(&house, sphere_point(-33000000, -70000000), anybody, 2, 3, 1, 0);  // Santiago
    free(house.memory);
}

static void the_way_over_the_date_line_or_the_pole_counts(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(0, 150), agent_at(0, -179), agent_at(85, -100), agent_at(60, 80)};
    struct house house = given_all_available(agents, 4);
    ASSERT_RANKED(&house, sphere_point(0, 179000000), anybody, 1, 0, 2, 3);
    ASSERT_RANKED(&house, sphere_point(80000000, 80000000), anybody, 2, 3, 0, 1);
    free(house.memory);
}

static void at_one_place_the_longest_idle_comes_first_then_the_first_agent(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(5, 5), agent_at(5, 5), agent_at(5, 5), agent_at(5, 5)};
    agents[1].skills = set_of(CONSULAR);  // another bucket, the same place
    struct house house = given(agents, 4);
    route_set_available(house.route, 3, 20);
    route_set_available(house.route, 2, 30);
    route_set_available(house.route, 1, 20);
    route_set_available(house.route, 0, 25);
    ASSERT_RANKED(&house, sphere_point(0, 0), anybody, 1, 3, 0, 2);
    free(house.memory);
}

static void places_equally_far_away_are_ranked_as_one(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(10, 20), agent_at(10, -20), agent_at(-10, 20), agent_at(-10, -20),
                                   agent_at(10, 20)};
    struct house house = given(agents, 5);
    const uint64_t idle_since_ms[] = {50, 40, 40, 60, 10};
    for (uint32_t i = 0; i < 5; i++)
        route_set_available(house.route, i, idle_since_ms[i]);
    ASSERT_RANKED(&house, sphere_point(0, 0), anybody, 4, 1, 2, 0, 3);
    free(house.memory);
}

static void any_language_will_do_but_every_skill_is_needed(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(1, 0), agent_at(2, 0), agent_at(3, 0), agent_at(4, 0)};
    agents[0].languages = set_of(CHINESE);
    agents[1].languages = both(set_of(CHINESE), set_of(FRENCH));
    agents[1].skills = set_of(CONSULAR);
    agents[2].languages = set_of(ARABIC);
    agents[2].skills = both(set_of(CONSULAR), set_of(EMERGENCY));
    agents[3].skills = both(set_of(CONSULAR), set_of(EMERGENCY));
    struct house house = given_all_available(agents, 4);
    struct sphere_point from = sphere_point(0, 0);
    ASSERT_RANKED(&house, from, ((struct route_need){.languages = set_of(CHINESE)}), 0, 1);
    ASSERT_RANKED(&house, from, ((struct route_need){.languages = both(set_of(FRENCH), set_of(ARABIC))}), 1, 2);
    ASSERT_RANKED(&house, from, ((struct route_need){.skills = set_of(CONSULAR)}), 1, 2, 3);
    ASSERT_RANKED(&house, from, ((struct route_need){.skills = both(set_of(CONSULAR), set_of(EMERGENCY))}), 2, 3);
    ASSERT_RANKED(&house, from, need_of(ARABIC, EMERGENCY), 2);
    assert_ranked(&house, from, need_of(CHINESE, EMERGENCY), NULL, 0);
    free(house.memory);
}

static void who_is_busy_is_not_found_until_available_again(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(1, 0), agent_at(2, 0), agent_at(2, 0)};
    struct house house = given_all_available(agents, 3);
    struct sphere_point from = sphere_point(0, 0);
    route_set_busy(house.route, 0);
    route_set_busy(house.route, 0);
    assert_int_equal(route_available(house.route), 2);
    ASSERT_RANKED(&house, from, anybody, 1, 2);
    route_set_busy(house.route, 1);
    ASSERT_RANKED(&house, from, anybody, 2);
    route_set_available(house.route, 1, 2000);
    route_set_available(house.route, 0, 3000);
    ASSERT_RANKED(&house, from, anybody, 0, 2, 1);
    route_set_available(house.route, 1, 500);  // anew, while available
    assert_int_equal(route_available(house.route), 3);
    ASSERT_RANKED(&house, from, anybody, 0, 1, 2);
    free(house.memory);
}

static void who_is_excepted_is_left_out_of_that_answer_only(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(1, 0), agent_at(1, 0), agent_at(2, 0)};
    struct house house = given_all_available(agents, 3);
    route_set_busy(house.route, 1);
    const uint32_t except[] = {1, 0, 0};
    struct route_pick pick;
    assert_int_equal(route_nearest(house.route, sphere_point(0, 0), &anybody, except, 3, &pick, 1), 1);
    assert_int_equal(pick.agent, 2);
    assert_true(pick.chord2 == sphere_chord2(sphere_point(0, 0), agents[2].at));
    assert_false(route_is_available(house.route, 1));
    ASSERT_RANKED(&house, sphere_point(0, 0), anybody, 0, 2);
    free(house.memory);
}

static void no_more_are_returned_than_asked_for(void **state)
{
    (void)state;
    struct route_agent agents[] = {agent_at(3, 0), agent_at(2, 0), agent_at(1, 0)};
    struct house house = given_all_available(agents, 3);
    struct route_pick picks[2];
    assert_int_equal(route_nearest(house.route, sphere_point(0, 0), &anybody, NULL, 0, picks, 2), 2);
    assert_int_equal(picks[0].agent, 2);
    assert_int_equal(picks[1].agent, 1);
    assert_int_equal(route_nearest(house.route, sphere_point(0, 0), &anybody, NULL, 0, NULL, 0), 0);
    free(house.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_agents_nobody_is_found),
        cmocka_unit_test(at_first_nobody_is_available),
        cmocka_unit_test(the_nearest_comes_first),
        cmocka_unit_test(the_way_over_the_date_line_or_the_pole_counts),
        cmocka_unit_test(at_one_place_the_longest_idle_comes_first_then_the_first_agent),
        cmocka_unit_test(places_equally_far_away_are_ranked_as_one),
        cmocka_unit_test(any_language_will_do_but_every_skill_is_needed),
        cmocka_unit_test(who_is_busy_is_not_found_until_available_again),
        cmocka_unit_test(who_is_excepted_is_left_out_of_that_answer_only),
        cmocka_unit_test(no_more_are_returned_than_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
