#include "node/directory/directory.h"

#include "tests/unit/directory_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct directory *create(const struct fixture *fixture)
{
    struct problems problems;
    problems_init(&problems);
    struct directory *directory = directory_create(&fixture->message, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.lines[i]);
    assert_int_equal(problems.count, 0);
    assert_non_null(directory);
    problems_close(&problems);
    return directory;
}

// Refused, with this as the only problem.
static void refuse(const struct fixture *fixture, const char *text)
{
    struct problems problems;
    problems_init(&problems);
    assert_null(directory_create(&fixture->message, &problems));
    assert_true(fixture_says(&problems, text));
    assert_int_equal(problems.count, 1);
    problems_close(&problems);
}

static void things_are_sorted_numbered_and_found(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct directory *directory = create(&fixture);
    assert_int_equal(directory->agent_count, 3);
    assert_string_equal(directory->agents[0].id, "cairo-1");
    assert_string_equal(directory->agents[2].id, "khartoum-1");
    uint32_t agent = directory_find_agent(directory, "cairo-2");
    assert_int_equal(agent, 1);
    assert_string_equal(directory->sites[directory->agents[agent].site].id, "cairo");
    assert_int_equal(directory_find_agent(directory, "cairo-3"), DIRECTORY_NONE);
    assert_int_equal(directory_find_agent(directory, ""), DIRECTORY_NONE);
    assert_string_equal(directory->sites[directory->nodes[directory_find_node(directory, "south")].site].id,
                        "khartoum");
    assert_int_equal(directory_find_site(directory, "khartoum"), 1);
    uint32_t emergency = directory_find_queue(directory, "emergency");
    assert_true(directory->queues[emergency].emergency);
    assert_int_equal(directory->queues[emergency].last_resort_queue, directory_find_queue(directory, "consular"));
    uint32_t last = directory_find_queue(directory, "consultation");
    assert_int_equal(directory->queues[last].last_resort_queue, DIRECTORY_NONE);
    assert_string_equal(directory->queues[last].last_resort_contact, "sip:duty-officer@hotline.example");
    directory_free(directory);
}

static void an_agent_without_a_contact_has_its_sites(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct directory *directory = create(&fixture);
    assert_string_equal(directory->agents[0].contact, "sip:cairo-1@hotline.example");
    assert_string_equal(directory->agents[1].contact, "");
    assert_string_equal(directory->agents[2].contact, "sip:khartoum@hotline.example");
    directory_free(directory);
}

static void sets_hold_what_is_known_and_name_what_is_not(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct directory *directory = create(&fixture);
    assert_int_equal(directory->language_count, 3);
    const char *unknown = "";
    char *asked[] = {"zh", "sw", "en", "xx"};
    struct route_set set = directory_language_set(directory, asked, 4, &unknown);
    assert_string_equal(unknown, "sw");
    assert_true(route_set_contains(directory->agents[0].languages, set));
    assert_false(route_set_contains(directory->agents[1].languages, set));
    assert_true(route_set_meets(directory->agents[1].languages, set));
    set = directory_language_set(directory, asked, 1, &unknown);
    assert_null(unknown);
    char *skills[] = {"emergency"};
    set = directory_skill_set(directory, skills, 1, NULL);
    assert_true(route_set_contains(directory->agents[1].skills, set));
    assert_memory_equal(&set, &directory->queues[directory_find_queue(directory, "emergency")].skills, sizeof set);
    directory_free(directory);
}

static void settings_that_are_not_given_have_defaults(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.settings.retry_ms = 5000;
    struct directory *directory = create(&fixture);
    assert_int_equal(directory->settings.durability, 2);
    assert_int_equal(directory->settings.durability_wait_ms, 1500);
    assert_int_equal(directory->settings.misses_max, 3);
    assert_int_equal(directory->settings.retry_ms, 5000);
    assert_int_equal(directory->settings.reattach_ms, 10000);
    assert_int_equal(directory->settings.adopt_after_ms, 30000);
    assert_int_equal(directory->settings.adopt_alone_after_ms, 300000);
    assert_int_equal(directory->settings.retention_ms, 30 * 86400000ull);
    assert_int_equal(directory->settings.selftest_interval_ms, 60000);
    assert_int_equal(directory->settings.selftest_timeout_ms, 5000);
    assert_false(directory->settings.selftest_off);
    directory_free(directory);
    fixture.message.settings = NULL;
    directory = create(&fixture);
    assert_int_equal(directory->settings.retry_ms, 30000);
    assert_false(directory_is_home(directory, "+8613800138000"));
    directory_free(directory);
}

static void an_empty_directory_is_one(void **state)
{
    (void)state;
    struct problems problems;
    problems_init(&problems);
    struct directory *directory = directory_decode((struct span){NULL, 0}, &problems);
    assert_non_null(directory);
    assert_int_equal(directory->agent_count, 0);
    assert_int_equal(directory_dial(directory, "09"), DIRECTORY_NONE);
    assert_int_equal(directory_find_site(directory, "cairo"), DIRECTORY_NONE);
    directory_free(directory);
    problems_close(&problems);
}

static void digits_lead_to_queues(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    struct directory *directory = create(&fixture);
    assert_int_equal(directory_dial(directory, ""), DIRECTORY_NONE);
    assert_int_equal(directory_dial(directory, "0"), DIRECTORY_NONE);
    assert_int_equal(directory_dial(directory, "5"), DIRECTORY_NONE);
    assert_int_equal(directory_dial(directory, "09"), directory_find_queue(directory, "emergency"));
    assert_int_equal(directory_dial(directory, "1"), directory_find_queue(directory, "consular"));
    assert_int_equal(directory_dial(directory, "099"), directory_find_queue(directory, "emergency"));
    directory_free(directory);
}

static void shuffle(void **things, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)rand() % i;
        void *kept = things[i - 1];
        things[i - 1] = things[other];
        things[other] = kept;
    }
}

static void equal_directories_give_equal_bytes_in_whatever_order_they_come(void **state)
{
    (void)state;
    srand(7);
    struct fixture fixture;
    fixture_init(&fixture);
    struct directory *directory = create(&fixture);
    struct bytes expected = {0}, met = {0};
    directory_encode(directory, &expected);
    directory_free(directory);
    for (int round = 0; round < 50; round++) {
        shuffle((void **)fixture.nodes, 2);
        shuffle((void **)fixture.sites, 2);
        shuffle((void **)fixture.agents, 3);
        shuffle((void **)fixture.queues, 3);
        shuffle((void **)fixture.menu, 3);
        shuffle((void **)fixture.languages[0], 3);
        shuffle((void **)fixture.skills[2], 2);
        directory = create(&fixture);
        directory_encode(directory, &met);
        directory_free(directory);
        assert_int_equal(met.count, expected.count);
        assert_memory_equal(met.data, expected.data, met.count);
    }
    struct problems problems;
    problems_init(&problems);
    directory = directory_decode((struct span){met.data, met.count}, &problems);
    directory_encode(directory, &met);
    assert_int_equal(met.count, expected.count);
    assert_memory_equal(met.data, expected.data, met.count);
    directory_free(directory);
    bytes_close(&expected);
    bytes_close(&met);
}

static void every_problem_is_told_at_once(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.agent[1].site = "cairoo";
    fixture.agent[2].id = "khartoum-1";
    fixture.node[0].site = "nowhere";
    fixture.site[0].lat_udeg = 90000001;
    fixture.site[0].country = "sd";
    fixture.queue[1].ring_ms = 10;
    fixture.entry[2].queue = "gone";
    fixture.settings.misses_max = 1000;
    fixture.message.primary = "east";
    struct problems problems;
    problems_init(&problems);
    assert_null(directory_create(&fixture.message, &problems));
    assert_true(fixture_says(&problems, "agent cairo-2: there is no site cairoo"));
    assert_true(fixture_says(&problems, "agent khartoum-1: given twice (#1 and #3)"));
    assert_true(fixture_says(&problems, "node south: there is no site nowhere"));
    assert_true(fixture_says(&problems, "site khartoum: its latitude must be -90 to 90 degrees"));
    assert_true(fixture_says(&problems, "site khartoum: its country must be two capital letters (ISO 3166)"));
    assert_true(fixture_says(&problems, "queue consular: ring_ms must be 1000 to 300000, not 10"));
    assert_true(fixture_says(&problems, "menu entry 2: there is no queue gone"));
    assert_true(fixture_says(&problems, "settings: misses_max must be 1 to 100, not 1000"));
    assert_true(fixture_says(&problems, "primary: there is no node east"));
    assert_int_equal(problems.count, 9);
    problems_close(&problems);
}

static void a_queue_without_last_resort_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.queue[2].last_resort_contact = "";
    refuse(&fixture, "queue consultation: it leads nowhere: it needs a last_resort_queue or a last_resort_contact");
    fixture_init(&fixture);
    fixture.queue[0].last_resort_contact = "sip:x@hotline.example";
    refuse(&fixture, "queue emergency: it has two last resorts: a queue and a contact; it needs one of them");
}

static void last_resorts_that_go_in_a_circle_are_refused_once(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.queue[2].last_resort_contact = "";
    fixture.queue[2].last_resort_queue = "consular";  // emergency leads into the circle but is not on it
    refuse(&fixture, "queue consular: its last resort leads back to it and to no contact: "
                     "consular -> consultation -> consular");
    fixture.queue[2].last_resort_queue = "consultation";
    refuse(&fixture, "queue consultation: its last resort leads back to it and to no contact: "
                     "consultation -> consultation");
}

static void a_menu_entry_that_nobody_can_dial_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.entry[1].digits = "0";
    refuse(&fixture, "menu entry 09: nobody can dial it: 0, with which it begins, is an entry already");
    fixture.entry[1].digits = "09";
    refuse(&fixture, "menu entry 09: given twice (#1 and #2)");
    fixture.entry[1].digits = "one";
    refuse(&fixture, "menu entry #2: its digits must be 1 to 32 of 0-9, * and #");
}

static void names_that_cannot_be_told_apart_or_shown_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.agent[0].name = "bell\a";
    refuse(&fixture, "agent khartoum-1: its name must be at most 256 bytes of UTF-8 without control characters");
    fixture_init(&fixture);
    fixture.agent[0].id = "two words";
    refuse(&fixture, "agent #1: its id must be 1 to 64 printable ASCII characters without space, quotes, backslash, "
                     "comma and ~");
    fixture_init(&fixture);
    fixture.languages[0][2] = "zh";
    refuse(&fixture, "agent khartoum-1: languages: zh is given twice");
    fixture_init(&fixture);
    fixture.settings.home_prefixes[0] = "86";
    refuse(&fixture, "settings: home_prefixes: #1 must be + and 1 to 15 digits");
}

static void texts_are_strict_utf8(void **state)
{
    (void)state;
    static char *const good[] = {"\xe4\xb8\xad\xe6\x96\x87", "S\xc3\xa3o", "\xf4\x8f\xbf\xbf", "\xee\x80\x80",
                                 "\xc2\xa0"};
    static char *const bad[] = {"\xc0\xaf",
                                "\xe0\x80\xaf",
                                "\xed\xa0\x80",
                                "\xf0\x80\x80\xaf",
                                "\xf4\x90\x80\x80",
                                "\xf5\x80\x80\x80",
                                "\xc2\x85",
                                "\xe4\xb8",
                                "\x80",
                                "a\nb",
                                "\x7f"};
    struct fixture fixture;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        fixture_init(&fixture);
        fixture.site[0].name = good[i];
        directory_free(create(&fixture));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fixture_init(&fixture);
        fixture.site[0].name = bad[i];
        refuse(&fixture, "site khartoum: its name must be at most 256 bytes of UTF-8 without control characters");
    }
}

static void more_languages_than_a_set_holds_are_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    char names[ROUTE_SET_BITS][16], *pointers[ROUTE_SET_BITS];
    for (int i = 0; i < ROUTE_SET_BITS; i++) {
        snprintf(names[i], sizeof names[i], "l%d", i);
        pointers[i] = names[i];
    }
    fixture.message.n_agents = 1;
    fixture.agent[0].languages = pointers;
    fixture.agent[0].n_languages = ROUTE_SET_BITS;
    directory_free(create(&fixture));
    fixture.message.n_agents = 2;  // whose languages are others
    refuse(&fixture, "agents: they have more than 128 languages");
}

static void bytes_that_are_no_directory_are_refused(void **state)
{
    (void)state;
    unsigned seed = 20;
    struct fixture fixture;
    fixture_init(&fixture);
    struct directory *directory = create(&fixture);
    struct bytes sound = {0}, broken = {0};
    directory_encode(directory, &sound);
    directory_free(directory);
    int refused = 0;
    for (int round = 0; round < 2000; round++) {
        bytes_clear(&broken);
        bytes_append(&broken, sound.data, (size_t)rand_r(&seed) % (sound.count + 1));
        for (int i = 0; i < 3 && broken.count > 0; i++)
            broken.data[(size_t)rand_r(&seed) % broken.count] = (uint8_t)rand_r(&seed);
        struct problems problems;
        problems_init(&problems);
        directory = directory_decode((struct span){broken.data, broken.count}, &problems);
        assert_int_equal(directory == NULL, problems.count > 0);
        refused += directory == NULL;
        directory_free(directory);
        problems_close(&problems);
    }
    assert_true(refused > 1000);
    bytes_close(&sound);
    bytes_close(&broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_are_sorted_numbered_and_found),
        cmocka_unit_test(an_agent_without_a_contact_has_its_sites),
        cmocka_unit_test(sets_hold_what_is_known_and_name_what_is_not),
        cmocka_unit_test(settings_that_are_not_given_have_defaults),
        cmocka_unit_test(an_empty_directory_is_one),
        cmocka_unit_test(digits_lead_to_queues),
        cmocka_unit_test(equal_directories_give_equal_bytes_in_whatever_order_they_come),
        cmocka_unit_test(every_problem_is_told_at_once),
        cmocka_unit_test(a_queue_without_last_resort_is_refused),
        cmocka_unit_test(last_resorts_that_go_in_a_circle_are_refused_once),
        cmocka_unit_test(a_menu_entry_that_nobody_can_dial_is_refused),
        cmocka_unit_test(names_that_cannot_be_told_apart_or_shown_are_refused),
        cmocka_unit_test(texts_are_strict_utf8),
        cmocka_unit_test(more_languages_than_a_set_holds_are_refused),
        cmocka_unit_test(bytes_that_are_no_directory_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
