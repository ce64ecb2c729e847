// Events as a node answers them: while its disk moves, and when a record came late.
#include "cluster/store/disk_memory.h"
#include "node/client/query.h"
#include "node/mends.h"
#include "node/node_private.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_MAX 64
#define ROUNDS 2000

// ---- a node alone, whose clients' mail lies in a heap

static struct rig {
    struct world world;
    uint64_t now_us, random;
    struct config config;
    struct disk_memory *medium;
    struct disk *disk;
    const struct disk_type *real;
    struct disk_type moving;
    struct node *node;
    struct arena arena;
    // of the reader who asks
    struct cursor *cursor;
    char told[ROWS_MAX][64];
    uint32_t told_count, late_count;
    bool answered, more;
} rig;

static struct now now_of(struct world *world)
{
    (void)world;
    return (struct now){.mono_us = rig.now_us, .wall_ms = 1700000000000 + rig.now_us / 1000};
}

static uint64_t draw(void)
{
    rig.random = rig.random * 6364136223846793005u + 1442695040888963407u;
    return rig.random >> 33;
}

static void random_of(struct world *world, void *to, size_t bytes)
{
    (void)world;
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)to)[i] = (uint8_t)draw();
}

static void wake_at(struct world *world, uint64_t mono_us)
{
    (void)world;
    (void)mono_us;
}

static bool link_open(struct world *world, uint32_t link, const char *control, const char *bulk)
{
    (void)world;
    return link < WORLD_LINKS_MAX && control[0] != '\0' && bulk[0] != '\0';
}

static void link_close(struct world *world, uint32_t link)
{
    (void)world;
    (void)link;
}

static bool send_peer(struct world *world, uint32_t link, enum world_channel channel, struct span message)
{
    (void)world;
    (void)link;
    (void)channel;
    (void)message;
    return false;
}

static void on_row(void *user, const struct hotline_row *row)
{
    (void)user;
    if (row->type == HOTLINE_ROW_CURSOR) {
        rig.more = row->cursor.more;
        return;
    }
    assert_int_equal(row->type, HOTLINE_ROW_EVENT);
    assert_true(rig.told_count < ROWS_MAX);
    snprintf(rig.told[rig.told_count++], sizeof rig.told[0], "%s", row->event.id);
    rig.late_count += row->event.late;
}

static bool send_client(struct world *world, const struct world_client *client, struct span message)
{
    (void)world;
    (void)client;
    Cli__ToClient *words = cli__to_client__unpack(arena_allocator(&rig.arena, 1 << 20), message.bytes, message.data);
    assert_non_null(words);
    if (words->body_case != CLI__TO_CLIENT__BODY_ANSWER || words->answer->events == NULL)
        return true;
    assert_true(rows_give_events(&rig.arena, words->answer->events, words->answer->last, rig.cursor, on_row, NULL));
    rig.answered = rig.answered || words->answer->last;
    return true;
}

static const struct world_type world_type = {.now = now_of,
                                             .random = random_of,
                                             .wake_at = wake_at,
                                             .link_open = link_open,
                                             .link_close = link_close,
                                             .send_peer = send_peer,
                                             .send_client = send_client};

static int set_up(void **state)
{
    (void)state;
    rig = (struct rig){.world = {&world_type}, .now_us = 1000000, .random = 7};
    struct config *config = &rig.config;
    *config = (struct config){.self = {.name = "here", .site = "here", .control = "fake://here", .bulk = "fake://here"},
                              .insecure = true,
                              .heartbeat_ms = 200,
                              .down_after_ms = 1000,
                              .client_heartbeat_ms = 250,
                              .client_down_after_ms = 750,
                              .desk_timeout_ms = 3000,
                              .records_max = 10000,
                              .digest_every_ms = 60000};
    text_copy(config->zone_tab, sizeof config->zone_tab, "/usr/share/zoneinfo/zone.tab");
    text_copy(config->prefixes, sizeof config->prefixes, HOTLINE_PREFIXES);
    rig.medium = disk_memory_create();
    rig.disk = disk_memory_open(rig.medium);
    rig.real = rig.disk->type;
    struct problem problem;
    rig.node = node_create(&rig.world, rig.disk, config, &problem);
    if (rig.node == NULL)
        fail_msg("%s", problem.text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    node_free(rig.node);
    rig.disk->type->close(rig.disk);
    disk_memory_free(rig.medium);
    arena_close(&rig.arena);
    return 0;
}

static void end_turn(void)
{
    rig.now_us += 1000;
    node_turn_end(rig.node);
}

static void put_desk(const char *agent)
{
    assert_non_null(store_put(rig.node->store, REC__KIND__DESK, agent, 1, 0, (struct span){NULL, 0}));
    end_turn();
}

// What a reader with this cursor is told now.
static void ask(struct cursor *reader)
{
    Cli__FeedPlace places[ROWS_MAX], *pointers[ROWS_MAX];
    Cli__Query query = CLI__QUERY__INIT;
    query.query = 1;
    query.what = CLI__QUERY__WHAT__EVENTS;
    query.after = pointers;
    for (uint32_t i = 0; i < reader->count; i++) {
        cli__feed_place__init(pointers[query.n_after++] = &places[i]);
        places[i].owner = reader->places[i].owner;
        places[i].boot = reader->places[i].boot;
        places[i].seq = reader->places[i].seq;
        places[i].since = reader->places[i].since;
    }
    Cli__ToNode words = CLI__TO_NODE__INIT;
    words.body_case = CLI__TO_NODE__BODY_QUERY;
    words.query = &query;
    struct bytes packed = {0};
    size_t bytes = cli__to_node__get_packed_size(&words);
    cli__to_node__pack(&words, bytes_grow(&packed, bytes));
    rig.cursor = reader;
    rig.told_count = rig.late_count = 0;
    rig.answered = false;
    struct world_client client = {.id = "reader", .bytes = 6};
    node_client_message(rig.node, &client, "", (struct span){packed.data, bytes});
    end_turn();
    bytes_close(&packed);
    assert_true(rig.answered);
}

static void told(struct cursor *reader, const char *id)
{
    ask(reader);
    assert_int_equal(rig.told_count, id != NULL);
    if (id != NULL)
        assert_string_equal(rig.told[0], id);
}

// ---- the disk's thread

static uint64_t moving_written(struct disk *disk)
{
    if (draw() % 2 == 0)
        disk_memory_commit(disk, rig.real->written(disk) + 1);
    return rig.real->written(disk);
}

static void what_the_disk_writes_between_two_looks_is_told_once_and_harms_nobody(void **state)
{
    (void)state;
    rig.moving = *rig.real;
    rig.moving.written = moving_written;
    rig.disk->type = &rig.moving;
    struct cursor reader = {0};
    uint32_t put = 0, heard = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        char agent[16];
        snprintf(agent, sizeof agent, "agent-%u", put);
        if (draw() % 4 == 0) {
            put_desk(agent);
            put++;
        }
        ask(&reader);
        for (uint32_t i = 0; i < rig.told_count; i++) {
            snprintf(agent, sizeof agent, "agent-%u", heard++);
            assert_string_equal(rig.told[i], agent);
        }
    }
    rig.disk->type = rig.real;
    disk_memory_commit(rig.disk, UINT64_MAX);
    ask(&reader);
    assert_int_equal(heard + rig.told_count, put);
    assert_true(put > ROUNDS / 8);
    cursor_close(&reader);
}

// ---- what came late

static const struct record *take(uint8_t kind, const char *id, const char *owner, uint64_t seq, struct span body)
{
    struct record record = {
        .kind = kind, .id = id, .version = {1, owner, 9, seq}, .born_ms = 1700000000000, .body = body};
    const struct record *here;
    assert_int_equal(store_take(rig.node->store, &record, &here), STORE_TAKEN);
    return here;
}

static void come_late(const char *id, uint64_t seq)
{
    mends_note(rig.node, take(REC__KIND__DESK, id, "gone", seq, (struct span){NULL, 0}));
    end_turn();
    disk_memory_commit(rig.disk, UINT64_MAX);
}

// Another node, in boot 9, has noted the same of it.
static void noted_by(const char *node, uint64_t at, const char *id, uint64_t seq)
{
    Rec__Mended mended = REC__MENDED__INIT;
    mended.kind = REC__KIND__DESK;
    mended.id = (char *)id;
    mended.owner = (char *)"gone";
    mended.boot = 9;
    mended.seq = seq;
    uint8_t body[256];
    char note[32];
    snprintf(note, sizeof note, "%s-%u", node, (unsigned)at);
    take(REC__KIND__MENDED, note, node, at, (struct span){body, rec__mended__pack(&mended, body)});
    store_advance_cursor(rig.node->store, node, 9, at);
}

static struct cursor reader_at(uint64_t seq)
{
    struct cursor reader = {0};
    assert_true(cursor_advance(&reader, "gone", 9, seq, 0));
    return reader;
}

static void what_came_late_is_told_once_to_who_read_here(void **state)
{
    (void)state;
    store_advance_cursor(rig.node->store, "gone", 9, 7);
    struct cursor here = {0}, elsewhere = reader_at(7), behind = reader_at(3);
    told(&here, NULL);
    come_late("fatima", 5);
    told(&elsewhere, NULL);  // it reads here for the first time: it had it where it was
    told(&elsewhere, NULL);
    told(&behind, "fatima");  // by its place
    told(&behind, NULL);
    told(&here, "fatima");
    assert_int_equal(rig.late_count, 1);
    told(&here, NULL);
    come_late("omar", 6);
    told(&here, "omar");
    told(&elsewhere, "omar");
    told(&behind, "omar");
    told(&here, NULL);
    cursor_close(&here);
    cursor_close(&elsewhere);
    cursor_close(&behind);
}

static void what_two_nodes_noted_is_told_once(void **state)
{
    (void)state;
    store_advance_cursor(rig.node->store, "gone", 9, 7);
    struct cursor both = {0}, first = {0};
    assert_true(cursor_advance(&both, "~there", 9, 0, 0));
    told(&both, NULL);
    told(&first, NULL);
    come_late("fatima", 5);
    told(&both, "fatima");
    noted_by("there", 4, "fatima", 5);
    told(&both, NULL);
    told(&first, "fatima");
    told(&first, NULL);
    cursor_close(&both);
    cursor_close(&first);
}

static void a_note_from_before_it_read_here_hides_no_later_one_of_where_it_read(void **state)
{
    (void)state;
    store_advance_cursor(rig.node->store, "gone", 9, 7);
    come_late("fatima", 5);
    struct cursor moved = reader_at(7);
    assert_true(cursor_advance(&moved, "~there", 9, 0, 0));
    told(&moved, NULL);
    noted_by("there", 4, "fatima", 5);
    told(&moved, "fatima");
    told(&moved, NULL);
    cursor_close(&moved);
}

static void what_came_late_and_has_changed_since_is_told_by_its_new_place_only(void **state)
{
    (void)state;
    store_advance_cursor(rig.node->store, "gone", 9, 7);
    struct cursor reader = {0};
    told(&reader, NULL);
    come_late("fatima", 5);
    take(REC__KIND__DESK, "fatima", "gone", 8, (struct span){NULL, 0});
    store_advance_cursor(rig.node->store, "gone", 9, 8);
    told(&reader, "fatima");
    assert_int_equal(rig.late_count, 0);
    told(&reader, NULL);
    cursor_close(&reader);
}

static void what_is_ahead_of_every_reader_is_not_noted(void **state)
{
    (void)state;
    store_advance_cursor(rig.node->store, "gone", 9, 7);
    come_late("fatima", 8);
    assert_int_equal(rig.node->counters.mends_noted, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_the_disk_writes_between_two_looks_is_told_once_and_harms_nobody),
        TEST(what_came_late_is_told_once_to_who_read_here),
        TEST(what_two_nodes_noted_is_told_once),
        TEST(a_note_from_before_it_read_here_hides_no_later_one_of_where_it_read),
        TEST(what_came_late_and_has_changed_since_is_told_by_its_new_place_only),
        TEST(what_is_ahead_of_every_reader_is_not_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
