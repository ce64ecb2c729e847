// Which node is next: by round trips a client measures itself, over a wire without a network.
#include "client_fake.h"

#include "node/client/core.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fake *desk_at(uint32_t nodes, const char *addresses)
{
    struct fake *self = fake_create(nodes);
    struct hotline_desk_options options = {.nodes = addresses, .agent = "lin", .on_event = fake_event, .user = self};
    self->client = client_desk_create(&self->wire, &options, NULL);
    assert_non_null(self->client);
    return self;
}

static void set_ways(struct fake *self, const uint32_t *ms)
{
    for (uint32_t i = 0; i < self->node_count; i++)
        self->nodes[i].way_ms = ms[i];
}

// Of five nodes, "a" to "e", it is attached at the first and knows how far each is.
static struct fake *desk_that_has_measured(const uint32_t *ways_ms)
{
    struct fake *self = desk_at(5, "fake://a,fake://b,fake://c,fake://d,fake://e");
    set_ways(self, ways_ms);
    fake_run_until_attached(self, 0);
    fake_run(self, 12000);
    return self;
}

static uint32_t stand_by(const struct fake *self)
{
    const struct hotline_client *client = self->client;
    return client->stand_by < CLIENT_SLOTS && self->slots[client->stand_by] >= 0
               ? (uint32_t)self->slots[client->stand_by]
               : FAKE_NODES_MAX;
}

static void lose(struct fake *self, uint32_t node)
{
    self->nodes[node].answers = self->nodes[node].takes = false;
}

static void break_down(struct fake *self, uint32_t node)
{
    lose(self, node);
    self->nodes[node].connects = false;
    self->nodes[node].breaks = true;
}

static void the_nearest_by_measure_is_next_whatever_the_order_given(void **state)
{
    (void)state;
    struct fake *self = desk_that_has_measured((uint32_t[]){20, 300, 80, 40, 160});
    assert_int_equal(stand_by(self), 3);
    lose(self, 0);
    fake_run(self, 1000);
    assert_string_equal(hotline_client_node(self->client), "d");
    fake_run(self, 12000);
    assert_int_equal(stand_by(self), 2);
    fake_free(self);
}

static void every_node_has_a_connection_that_is_warm_before_it_is_needed(void **state)
{
    (void)state;
    struct fake *self = desk_at(5, "fake://a,fake://b,fake://c,fake://d,fake://e");
    fake_run_until_attached(self, 0);
    fake_run(self, 4000);
    for (uint32_t node = 1; node < 5; node++)
        assert_true(self->pings[node] > 0);
    fake_free(self);
}

static void when_all_but_the_farthest_die_it_is_attached_there_within_a_second(void **state)
{
    (void)state;
    struct fake *self = desk_that_has_measured((uint32_t[]){20, 80, 160, 220, 340});
    for (uint32_t node = 0; node < 4; node++)
        break_down(self, node);
    fake_run(self, 500);
    assert_string_equal(hotline_client_node(self->client), "e");
    fake_free(self);
}

static void when_all_but_the_farthest_fall_silent_spares_are_asked_in_time(void **state)
{
    (void)state;
    struct fake *self = desk_that_has_measured((uint32_t[]){20, 80, 160, 220, 340});
    for (uint32_t node = 0; node < 4; node++)
        lose(self, node);
    fake_run(self, 1150);  // 750 ms of silence and a round trip
    assert_string_equal(hotline_client_node(self->client), "e");
    fake_free(self);
}

static void spares_are_asked_rarely(void **state)
{
    (void)state;
    struct fake *self = desk_that_has_measured((uint32_t[]){10, 20, 30, 40, 50});
    uint32_t before[5];
    memcpy(before, self->pings, sizeof before);
    fake_run(self, 10000);
    assert_in_range(self->pings[0] - before[0], 35, 41);
    assert_in_range(self->pings[1] - before[1], 35, 41);
    for (uint32_t node = 2; node < 5; node++)
        assert_in_range(self->pings[node] - before[node], 4, 6);
    fake_free(self);
}

static void nodes_about_as_far_do_not_take_turns_as_stand_by(void **state)
{
    (void)state;
    struct fake *self = desk_at(3, "fake://a,fake://b,fake://c");
    set_ways(self, (uint32_t[]){10, 80, 80});
    fake_run_until_attached(self, 0);
    fake_run(self, 12000);
    uint32_t first = stand_by(self), changes = 0;
    for (uint32_t i = 0; i < 60; i++) {  // one is nearer by 10 ms, then the other, every two seconds
        self->nodes[1].way_ms = i % 2 == 0 ? 75 : 85;
        self->nodes[2].way_ms = i % 2 == 0 ? 85 : 75;
        fake_run(self, 2000);
        changes += stand_by(self) != first;
    }
    assert_int_equal(changes, 0);
    self->nodes[first].way_ms = 200;  // clearly farther now
    fake_run(self, 12000);
    assert_int_equal(stand_by(self), 3 - first);
    fake_free(self);
}

static void equally_far_nodes_go_by_their_names(void **state)
{
    (void)state;
    struct endpoints known = {.count = 0};
    int c = endpoints_add(&known, "fake://c", "c"), b = endpoints_add(&known, "fake://b", "b");
    endpoints_measured(&known, c, 5000, 1);
    endpoints_measured(&known, b, 5000, 1);
    assert_true(endpoints_is_before(&known, b, c));
    assert_false(endpoints_is_before(&known, c, b));
    assert_int_equal(endpoints_choose(&known, NULL, 0, 1), b);
}

static void what_is_not_measured_goes_by_what_nodes_tell_of_it(void **state)
{
    (void)state;
    struct endpoints known = {.count = 0};
    int a = endpoints_add(&known, "fake://a", "a"), b = endpoints_add(&known, "fake://b", "b");
    int c = endpoints_add(&known, "fake://c", "c");
    assert_int_equal(endpoints_choose(&known, NULL, 0, 1), a);  // nothing is known: as given
    endpoints_told_rtt(&known, b, 90000);
    endpoints_told_rtt(&known, c, 40000);
    assert_int_equal(endpoints_choose(&known, NULL, 0, 1), c);
    endpoints_measured(&known, c, 200000, 1);  // the measure here goes before
    assert_int_equal(endpoints_choose(&known, NULL, 0, 1), b);
    endpoints_failed(&known, b);  // and who failed goes last
    assert_int_equal(endpoints_choose(&known, NULL, 0, 1), c);
}

static void more_nodes_than_connections_are_all_measured_by_and_by_and_the_nearest_stay(void **state)
{
    (void)state;
    struct fake *self = desk_at(8, "fake://a,fake://b,fake://c,fake://d,fake://e,fake://f,fake://g,fake://h");
    set_ways(self, (uint32_t[]){10, 300, 250, 200, 180, 30, 150, 20});
    fake_run_until_attached(self, 0);
    fake_run(self, 150000);
    for (uint32_t node = 0; node < 8; node++)
        assert_true(self->pings[node] > 0);
    assert_int_equal(stand_by(self), 7);
    bool has_f = false;
    uint32_t opened = 0;
    for (uint32_t slot = 0; slot < CLIENT_SLOTS; slot++)
        has_f = has_f || self->slots[slot] == 5;
    for (uint32_t node = 0; node < 8; node++)
        opened += self->nodes[node].opened;
    assert_true(has_f);
    assert_in_range(opened, 8, 5 + 11);  // one in 15 s
    fake_free(self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_by_measure_is_next_whatever_the_order_given),
        cmocka_unit_test(every_node_has_a_connection_that_is_warm_before_it_is_needed),
        cmocka_unit_test(when_all_but_the_farthest_die_it_is_attached_there_within_a_second),
        cmocka_unit_test(when_all_but_the_farthest_fall_silent_spares_are_asked_in_time),
        cmocka_unit_test(spares_are_asked_rarely),
        cmocka_unit_test(nodes_about_as_far_do_not_take_turns_as_stand_by),
        cmocka_unit_test(equally_far_nodes_go_by_their_names),
        cmocka_unit_test(what_is_not_measured_goes_by_what_nodes_tell_of_it),
        cmocka_unit_test(more_nodes_than_connections_are_all_measured_by_and_by_and_the_nearest_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
