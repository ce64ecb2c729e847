// The example directory: ops/example.
#include "node/directory/directory.h"
#include "node/directory/directory_yaml.h"
#include "node/directory/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct directory *directory;
static struct bytes encoded;
static struct atlas *atlas;

static int set_up(void **state)
{
    (void)state;
    const char *const files[] = {EXAMPLE "/nodes.yaml",  EXAMPLE "/sites.yaml", EXAMPLE "/agents.yaml",
                                 EXAMPLE "/queues.yaml", EXAMPLE "/menu.yaml",  EXAMPLE "/settings.yaml"};
    struct problems problems;
    problems_init(&problems);
    struct problem problem = {""};
    atlas = atlas_create(ZONE_TAB, PREFIXES, &problem);
    if (directory_yaml_read(files, sizeof files / sizeof *files, (struct span){NULL, 0}, &encoded, &problems))
        directory = directory_decode((struct span){encoded.data, encoded.count}, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.lines[i]);
    problems_close(&problems);
    return directory == NULL || atlas == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    directory_free(directory);
    atlas_free(atlas);
    bytes_close(&encoded);
    return 0;
}

static struct route_set languages_of(const char *name)
{
    char *names[] = {(char *)name};
    return directory_language_set(directory, names, 1, NULL);
}

static void it_covers_the_world(void **state)
{
    (void)state;
    assert_true(directory->site_count >= 60);
    assert_true(directory->agent_count >= 300);
    static const char *const sites[] = {
        "khartoum",     "hanoi",       "ho-chi-minh-city", "santiago",     "cairo",
        "nairobi",      "addis-ababa", "pretoria",         "frankfurt",    "berlin",
        "paris",        "london",      "new-york",         "washington",   "lima",
        "los-angeles",  "sao-paulo",   "brasilia",         "buenos-aires", "mexico-city",
        "canberra",     "sydney",      "auckland",         "suva",         "singapore",
        "kuala-lumpur", "jakarta",     "bangkok",          "manila",       "tokyo",
        "seoul",        "delhi",       "islamabad",        "tehran",       "baghdad",
        "riyadh",       "dubai",       "moscow",           "astana",       "tashkent",
        "beijing",      "johannesburg"};
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        assert_int_not_equal(directory_find_site(directory, sites[i]), DIRECTORY_NONE);
    static const char *const nodes[] = {"beijing", "singapore", "nairobi", "frankfurt", "sao-paulo"};
    assert_int_equal(directory->node_count, 5);
    for (size_t i = 0; i < 5; i++) {
        uint32_t node = directory_find_node(directory, nodes[i]);
        assert_int_not_equal(node, DIRECTORY_NONE);
        assert_string_equal(directory->sites[directory->nodes[node].site].id, nodes[i]);
    }
    assert_string_equal(directory->primary, "beijing");
}

static void every_site_can_take_an_emergency_in_chinese(void **state)
{
    (void)state;
    struct route_set chinese = languages_of("zh");
    struct route_set emergency = directory->queues[directory_find_queue(directory, "emergency")].skills;
    bool *takes = calloc(directory->site_count, sizeof *takes);
    for (uint32_t i = 0; i < directory->agent_count; i++) {
        const struct directory_agent *agent = &directory->agents[i];
        assert_true(route_set_meets(agent->languages, chinese));
        takes[agent->site] |= route_set_contains(agent->skills, emergency);
    }
    for (uint32_t i = 0; i < directory->site_count; i++)
        assert_true(takes[i]);
    free(takes);
}

static void queues_and_the_menu_are_as_described(void **state)
{
    (void)state;
    const struct directory_queue *queues = directory->queues;
    uint32_t emergency = directory_find_queue(directory, "emergency");
    uint32_t consular = directory_find_queue(directory, "consular");
    uint32_t consultation = directory_find_queue(directory, "consultation");
    assert_int_not_equal(emergency, DIRECTORY_NONE);
    assert_int_not_equal(consular, DIRECTORY_NONE);
    assert_int_not_equal(consultation, DIRECTORY_NONE);
    assert_true(queues[emergency].emergency);
    assert_int_equal(queues[emergency].ring_width, 3);
    assert_true(queues[emergency].priority > queues[consular].priority);
    assert_true(queues[consular].priority > queues[consultation].priority);
    assert_int_equal(directory_dial(directory, "09"), emergency);
    assert_int_equal(directory_dial(directory, "0"), DIRECTORY_NONE);
    assert_int_equal(directory_dial(directory, "1"), consular);
    assert_int_equal(directory_dial(directory, "2"), consultation);
    assert_true(directory_is_home(directory, "+8613800138000"));
    assert_false(directory_is_home(directory, "+249912345678"));
}

// The nearest site to a caller with this number.
static const char *nearest(const char *number)
{
    struct place_clues clues = {.number = number, .country = "", .site = ""};
    struct place place;
    struct problem problem;
    assert_true(place_caller(atlas, directory, &clues, &place, &problem));
    struct sphere_point from = sphere_point(place.lat_udeg, place.lon_udeg);
    uint32_t best = 0;
    for (uint32_t i = 1; i < directory->site_count; i++)
        if (sphere_chord2(from, directory->sites[i].at) < sphere_chord2(from, directory->sites[best].at))
            best = i;
    return directory->sites[best].id;
}

static void numbers_lead_to_the_mission_nearby(void **state)
{
    (void)state;
    assert_string_equal(nearest("+249912345678"), "khartoum");
    assert_string_equal(nearest("+84912345678"), "ho-chi-minh-city");  // where tzdata's zone of Viet Nam is
    assert_string_equal(nearest("+56912345678"), "santiago");
    assert_string_equal(nearest("+254712345678"), "nairobi");
    assert_string_equal(nearest("+27821234567"), "johannesburg");
    assert_string_equal(nearest("+4915112345678"), "berlin");
    assert_string_equal(nearest("+12125550100"), "new-york");
    assert_string_equal(nearest("+6421123456"), "auckland");
}

static void a_site_stands_in_its_country(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < directory->site_count; i++) {
        const struct directory_site *site = &directory->sites[i];
        int32_t lat, lon;
        assert_true(atlas_country_place(atlas, site->country, &lat, &lon));
        // The largest countries reach so far from their first zone.
        bool wide = strstr("RU US CA AU BR CN", site->country) != NULL;
        uint32_t km = sphere_km(site->at, sphere_point(lat, lon));
        if (km > (wide ? 7500u : 2400u))
            fail_msg("%s is %u km from where %s is", site->id, km, site->country);
    }
}

static void it_is_written_and_read_again_byte_for_byte(void **state)
{
    (void)state;
    char path[] = "/tmp/hotline-example-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_true(directory_yaml_write((struct span){encoded.data, encoded.count}, file));
    fclose(file);
    struct bytes again = {0};
    struct problems problems;
    problems_init(&problems);
    const char *const files[] = {path};
    assert_true(directory_yaml_read(files, 1, (struct span){NULL, 0}, &again, &problems));
    remove(path);
    assert_int_equal(again.count, encoded.count);
    assert_memory_equal(again.data, encoded.data, again.count);
    bytes_close(&again);
    problems_close(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_covers_the_world),
        cmocka_unit_test(every_site_can_take_an_emergency_in_chinese),
        cmocka_unit_test(queues_and_the_menu_are_as_described),
        cmocka_unit_test(numbers_lead_to_the_mission_nearby),
        cmocka_unit_test(a_site_stands_in_its_country),
        cmocka_unit_test(it_is_written_and_read_again_byte_for_byte),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
