// Directories that nobody wrote by hand: the largest, and random ones judged by brute force.
#include "node/directory/directory.h"
#include "node/directory/directory_yaml.h"
#include "tests/unit/directory_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned seed;

static unsigned below(unsigned bound)
{
    return (unsigned)rand_r(&seed) % bound;
}

static int set_up(void **state)
{
    (void)state;
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    return 0;
}

// ---- last resorts

#define QUEUES 8

struct resorts {
    Rec__Directory message;
    Rec__Queue queue[QUEUES], *queues[QUEUES];
    char id[QUEUES][16];
    int next[QUEUES];  // QUEUES: a contact
};

static void draw_resorts(struct resorts *self)
{
    rec__directory__init(&self->message);
    self->message.n_queues = 1 + below(QUEUES);
    self->message.queues = self->queues;
    int count = (int)self->message.n_queues;
    for (int i = 0; i < count; i++) {
        Rec__Queue *queue = self->queues[i] = &self->queue[i];
        rec__queue__init(queue);
        snprintf(self->id[i], sizeof self->id[i], "q%d", i);
        queue->id = self->id[i];
        queue->ring_ms = queue->wait_limit_ms = queue->target_ms = 1000;
        queue->ring_width = queue->target_percent = 1;
        self->next[i] = below(3) == 0 ? QUEUES : (int)below((unsigned)count);
    }
    for (int i = 0; i < count; i++) {
        if (self->next[i] == QUEUES)
            self->queue[i].last_resort_contact = "sip:duty@hotline.example";
        else
            self->queue[i].last_resort_queue = self->id[self->next[i]];
    }
}

static bool reaches_a_contact(const struct resorts *self, int queue)
{
    for (int steps = 0; steps <= QUEUES && queue != QUEUES; steps++)
        queue = self->next[queue];
    return queue == QUEUES;
}

// How many circles there are: each counted at its first queue.
static uint32_t circles(const struct resorts *self)
{
    uint32_t found = 0;
    for (int start = 0; start < (int)self->message.n_queues; start++) {
        int at = self->next[start], steps = 0;
        bool first = true;
        while (at != QUEUES && at != start && steps++ <= QUEUES) {
            first &= at > start;
            at = self->next[at];
        }
        found += at == start && first;
    }
    return found;
}

static void a_directory_is_taken_exactly_if_every_queue_reaches_a_contact(void **state)
{
    (void)state;
    int taken = 0, refused = 0;
    for (int round = 0; round < 5000; round++) {
        struct resorts resorts;
        draw_resorts(&resorts);
        bool sound = true;
        for (int i = 0; i < (int)resorts.message.n_queues; i++)
            sound &= reaches_a_contact(&resorts, i);
        struct problems problems;
        problems_init(&problems);
        struct directory *directory = directory_create(&resorts.message, &problems);
        assert_int_equal(directory != NULL, sound);
        assert_int_equal(problems.count, circles(&resorts));
        for (uint32_t i = 0; directory != NULL && i < directory->queue_count; i++) {
            uint32_t at = i, steps = 0;
            while (directory->queues[at].last_resort_queue != DIRECTORY_NONE && steps++ < QUEUES)
                at = directory->queues[at].last_resort_queue;
            assert_string_equal(directory->queues[at].last_resort_contact, "sip:duty@hotline.example");
        }
        *(directory != NULL ? &taken : &refused) += 1;
        directory_free(directory);
        problems_close(&problems);
    }
    assert_true(taken > 500 && refused > 500);
}

// ---- menus

#define ENTRIES 6

static void a_menu_is_taken_exactly_if_every_entry_can_be_dialled(void **state)
{
    (void)state;
    int taken = 0, refused = 0;
    for (int round = 0; round < 5000; round++) {
        struct fixture fixture;
        fixture_init(&fixture);
        Rec__MenuEntry entry[ENTRIES], *menu[ENTRIES];
        char digits[ENTRIES][8] = {""};
        size_t count = 1 + below(ENTRIES);
        for (size_t i = 0; i < count; i++) {
            menu[i] = &entry[i];
            rec__menu_entry__init(&entry[i]);
            for (unsigned length = 1 + below(4), k = 0; k < length; k++)
                digits[i][k] = "019*#"[below(5)];
            entry[i].digits = digits[i];
            entry[i].queue = fixture.queue[i % 3].id;
        }
        bool sound = true;
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < count; k++)
                sound &= i == k || strncmp(digits[i], digits[k], strlen(digits[i])) != 0;
        fixture.message.menu = menu;
        fixture.message.n_menu = count;
        struct problems problems;
        problems_init(&problems);
        struct directory *directory = directory_create(&fixture.message, &problems);
        assert_int_equal(directory != NULL, sound);
        for (size_t i = 0; directory != NULL && i < count; i++) {
            uint32_t queue = directory_find_queue(directory, entry[i].queue);
            assert_int_equal(directory_dial(directory, digits[i]), queue);
            digits[i][strlen(digits[i]) - 1] = '\0';  // one digit less leads nowhere yet
            assert_int_equal(directory_dial(directory, digits[i]), DIRECTORY_NONE);
        }
        *(directory != NULL ? &taken : &refused) += 1;
        directory_free(directory);
        problems_close(&problems);
    }
    assert_true(taken > 500 && refused > 500);
}

// ---- the largest

struct crowd {
    Rec__Directory message;
    Rec__Site *site, **sites;
    Rec__Agent *agent, **agents;
    char (*names)[24];
    char *languages[3], *skills[2];
};

static void make_crowd(struct crowd *self, uint32_t sites, uint32_t agents)
{
    *self = (struct crowd){.languages = {"zh", "en", "ar"}, .skills = {"consular", "emergency"}};
    rec__directory__init(&self->message);
    self->site = calloc(sites, sizeof *self->site);
    self->sites = calloc(sites, sizeof *self->sites);
    self->agent = calloc(agents, sizeof *self->agent);
    self->agents = calloc(agents, sizeof *self->agents);
    self->names = calloc(sites + agents, sizeof *self->names);
    for (uint32_t i = 0; i < sites; i++) {
        Rec__Site *site = self->sites[i] = &self->site[i];
        rec__site__init(site);
        snprintf(self->names[i], sizeof *self->names, "site-%u", sites - i);
        site->id = site->name = self->names[i];
        site->country = "SD";
        site->lat_udeg = (int32_t)(i % 180) * 1000000 - 89999999;
        site->lon_udeg = (int32_t)(i % 360) * 1000000 - 179999999;
    }
    for (uint32_t i = 0; i < agents; i++) {
        Rec__Agent *agent = self->agents[i] = &self->agent[i];
        rec__agent__init(agent);
        snprintf(self->names[sites + i], sizeof *self->names, "agent-%u", agents - i);
        agent->id = agent->name = agent->contact = self->names[sites + i];
        agent->site = self->names[i % sites];
        agent->languages = self->languages;
        agent->n_languages = 3;
        agent->skills = self->skills;
        agent->n_skills = 2;
    }
    self->message.sites = self->sites;
    self->message.n_sites = sites;
    self->message.agents = self->agents;
    self->message.n_agents = agents;
}

static void free_crowd(struct crowd *self)
{
    free(self->site);
    free(self->sites);
    free(self->agent);
    free(self->agents);
    free(self->names);
}

static void the_largest_directory_is_taken_and_a_larger_is_not(void **state)
{
    (void)state;
    struct crowd crowd;
    make_crowd(&crowd, DIRECTORY_SITES_MAX + 1, DIRECTORY_AGENTS_MAX + 1);
    struct problems problems;
    problems_init(&problems);
    assert_null(directory_create(&crowd.message, &problems));
    assert_int_equal(problems.count, 2);
    assert_true(fixture_says(&problems, "sites: there are 10001, at most 10000 are allowed"));
    assert_true(fixture_says(&problems, "agents: there are 100001, at most 100000 are allowed"));
    problems_close(&problems);
    free_crowd(&crowd);

    make_crowd(&crowd, DIRECTORY_SITES_MAX, DIRECTORY_AGENTS_MAX);
    struct directory *directory = directory_create(&crowd.message, &problems);
    free_crowd(&crowd);
    assert_non_null(directory);
    assert_int_equal(directory->agent_count, DIRECTORY_AGENTS_MAX);
    uint32_t agent = directory_find_agent(directory, "agent-77777");
    assert_string_equal(directory->agents[agent].id, "agent-77777");
    struct bytes encoded = {0}, again = {0};
    directory_encode(directory, &encoded);
    directory_free(directory);

    char path[] = "/tmp/hotline-crowd-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_true(directory_yaml_write((struct span){encoded.data, encoded.count}, file));
    fclose(file);
    const char *const files[] = {path};
    bool sound = directory_yaml_read(files, 1, (struct span){NULL, 0}, &again, &problems);
    unlink(path);
    assert_true(sound);
    assert_int_equal(again.count, encoded.count);
    assert_memory_equal(again.data, encoded.data, encoded.count);
    bytes_close(&encoded);
    bytes_close(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_taken_exactly_if_every_queue_reaches_a_contact),
        cmocka_unit_test(a_menu_is_taken_exactly_if_every_entry_can_be_dialled),
        cmocka_unit_test(the_largest_directory_is_taken_and_a_larger_is_not),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
