#include "feed_cluster.h"

#include "peer.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct cluster *start(uint32_t count)
{
    struct cluster *cluster = cluster_create(7, count);
    cluster_start_all(cluster);
    cluster_run_ms(cluster, 1000);
    return cluster;
}

static struct feed_counts counts_of(struct cluster *cluster, uint32_t node)
{
    return feed_counts(cluster->nodes[node].feed);
}

static uint32_t copies(struct cluster *cluster, uint32_t node, uint64_t seq)
{
    return feed_copies(cluster->nodes[node].feed, seq);
}

// ---- the ordinary way

static void a_change_is_at_its_readers_in_the_time_of_one_way(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    fake_set_faults(cluster->fake, (struct fake_faults){.delay_min_us = 10 * MS, .delay_max_us = 10 * MS});
    cluster_run_ms(cluster, 100);
    cluster_put_text(cluster, 0, "call", 1, "waits");
    fake_run_us(cluster->fake, 10 * MS - 1);
    assert_false(cluster_has(cluster, 1, "call", "waits"));
    fake_run_us(cluster->fake, 1);
    assert_true(cluster_has(cluster, 1, "call", "waits"));
    assert_true(cluster_has(cluster, 2, "call", "waits"));
    cluster_free(cluster);
}

static void a_copy_counts_once_it_is_on_stable_storage(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    fake_set_faults(cluster->fake, (struct fake_faults){.delay_min_us = 10 * MS, .delay_max_us = 10 * MS});
    cluster_run_ms(cluster, 1000);
    cluster->disk_max_us = 0;
    cluster->nodes[2].is_writing = true;  // its disk hangs
    uint64_t seq = cluster_put_text(cluster, 0, "call", 1, "waits");
    assert_int_equal(copies(cluster, 0, seq), 0);
    cluster_run_ms(cluster, 19);
    assert_int_equal(copies(cluster, 0, seq), 0);
    cluster_run_ms(cluster, 1);  // there, stored and back
    assert_int_equal(copies(cluster, 0, seq), 1);
    assert_true(cluster->nodes[0].stored_seen == seq);
    cluster_run_ms(cluster, 5000);
    assert_true(cluster_has(cluster, 2, "call", "waits"));
    assert_int_equal(copies(cluster, 0, seq), 1);
    cluster_free(cluster);
}

static void a_peer_that_lost_its_disk_is_no_copy_until_it_has_it_again(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    uint64_t seq = cluster_put_text(cluster, 0, "call", 1, "waits");
    cluster_run_ms(cluster, 50);
    assert_int_equal(copies(cluster, 0, seq), 1);
    cluster_kill(cluster, 1, false);
    cluster_run_ms(cluster, 2000);
    cluster_start(cluster, 1);
    cluster->nodes[1].is_writing = true;  // nothing is written yet
    cluster_run_ms(cluster, 1000);
    assert_true(cluster_has(cluster, 1, "call", "waits"));
    assert_int_equal(copies(cluster, 0, seq), 0);
    cluster_free(cluster);
}

static void large_records_come_through(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    static uint8_t body[STORE_RECORD_MAX_BYTES - 16];
    char id[16];
    for (uint32_t i = 0; i < 12; i++) {
        memset(body, (int)i, sizeof body);
        snprintf(id, sizeof id, "large%u", i);
        assert_true(cluster_put(cluster, 0, id, 1, (struct span){body, sizeof body}) > 0);
    }
    assert_true(cluster_equal_within(cluster, 1000));
    assert_int_equal(store_counts(cluster->nodes[1].store).records, 12);
    cluster_free(cluster);
}

static void a_reader_that_does_not_acknowledge_is_sent_no_more_than_the_bound(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    fake_cut_bulk(cluster->fake, 1, 0, true);
    uint64_t before = fake_bulk_bytes(cluster->fake, 0, 1);
    static uint8_t body[1000];
    char id[16];
    for (uint32_t i = 0; i < 4000; i++) {
        snprintf(id, sizeof id, "call%u", i);
        cluster_put(cluster, 0, id, 1, (struct span){body, sizeof body});
    }
    cluster_run_ms(cluster, 5000);
    uint64_t sent = fake_bulk_bytes(cluster->fake, 0, 1) - before;
    assert_in_range(sent, FEED_UNACKED_BYTES * 9 / 10, FEED_UNACKED_BYTES + 16384);  // beside it, what is told
    assert_false(cluster_is_equal(cluster));
    cluster_heal(cluster);
    assert_true(cluster_equal_within(cluster, 3000));
    cluster_free(cluster);
}

static void small_changes_do_not_wait_for_the_disk_of_the_reader(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    cluster->nodes[1].is_writing = true;
    char id[16];
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "call%u", i);
        cluster_put_text(cluster, 0, id, 1, "waits");
        cluster_run_ms(cluster, 1);
    }
    cluster_run_ms(cluster, 10);
    assert_true(cluster_is_equal(cluster));
    cluster_free(cluster);
}

// ---- when something is broken

static void what_was_lost_is_asked_for_again(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    fake_cut_bulk(cluster->fake, 0, 1, true);
    cluster_put_text(cluster, 0, "lost", 1, "here");  // the last one: no gap shows it
    cluster_run_ms(cluster, 10);
    fake_cut_bulk(cluster->fake, 0, 1, false);
    cluster_run_ms(cluster, 250 + 100 + FEED_ASK_AGAIN_MS + 100 + 10);
    assert_true(cluster_has(cluster, 1, "lost", "here"));
    assert_int_equal(counts_of(cluster, 1).gaps, 0);
    cluster_free(cluster);
}

static void a_gap_is_asked_for_at_once(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    fake_cut_bulk(cluster->fake, 0, 1, true);
    cluster_put_text(cluster, 0, "lost", 1, "here");
    fake_cut_bulk(cluster->fake, 0, 1, false);
    cluster_put_text(cluster, 0, "next", 1, "here");
    cluster_run_ms(cluster, 10);
    assert_true(cluster_has(cluster, 1, "lost", "here"));
    assert_true(cluster_has(cluster, 1, "next", "here"));
    assert_int_equal(counts_of(cluster, 1).gaps, 1);
    cluster_free(cluster);
}

static void an_ack_that_was_lost_is_said_again(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    fake_cut_bulk(cluster->fake, 1, 0, true);
    uint64_t seq = cluster_put_text(cluster, 0, "call", 1, "waits");
    cluster_run_ms(cluster, 20);
    assert_true(cluster_has(cluster, 1, "call", "waits"));
    fake_cut_bulk(cluster->fake, 1, 0, false);
    cluster_run_ms(cluster, 1100);
    assert_int_equal(copies(cluster, 0, seq), 1);
    cluster_free(cluster);
}

static void a_third_bridges_a_link_that_is_cut(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    cluster_cut(cluster, 0, 2, true);
    cluster_put_text(cluster, 0, "in-the-gap", 1, "here");
    cluster_run_ms(cluster, 1300);  // by then both know that the link is lost, and whom to ask
    assert_true(cluster_has(cluster, 2, "in-the-gap", "here"));
    const struct peer *owner = peers_at(cluster->nodes[2].peers, (uint32_t)cluster_peer(cluster, 2, 0));
    assert_true(owner->up && owner->via == cluster_peer(cluster, 2, 1));
    for (uint32_t i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof id, "call%u", i);
        uint64_t asks = counts_of(cluster, 2).asks;
        uint64_t seq = cluster_put_text(cluster, 0, id, 1, "waits");
        cluster_run_ms(cluster, 10);  // it passes on what comes at once
        assert_true(cluster_has(cluster, 2, id, "waits"));
        cluster_run_ms(cluster, 120);  // and the owner is told of both copies
        assert_int_equal(feed_copies(cluster->nodes[0].feed, seq), 2);
        assert_int_equal(counts_of(cluster, 2).asks, asks);
    }
    assert_int_equal(cluster->nodes[2].swept_seen[cluster_peer(cluster, 2, 0)], 1);
    cluster_cut(cluster, 0, 2, false);
    cluster_run_ms(cluster, 5000);
    uint64_t chunks = counts_of(cluster, 2).chunks_in;
    cluster_put_text(cluster, 0, "third", 1, "here");
    cluster_run_ms(cluster, 100);
    assert_true(cluster_has(cluster, 2, "third", "here"));
    assert_int_equal(counts_of(cluster, 2).chunks_in, chunks + 1);  // from its owner again, and once
    cluster_free(cluster);
}

static void a_dead_owners_feed_is_served_by_a_third(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    fake_cut(cluster->fake, 0, 2, true);
    char id[16];
    for (uint32_t i = 0; i < 500; i++) {
        snprintf(id, sizeof id, "call%u", i);
        cluster_put_text(cluster, 0, id, 1, "waits");
    }
    cluster_run_ms(cluster, 10);
    cluster_kill(cluster, 0, false);
    assert_false(cluster_is_equal(cluster));
    assert_true(cluster_equal_within(cluster, 3000));
    assert_int_equal(store_counts(cluster->nodes[2].store).records, 500);
    assert_int_equal(counts_of(cluster, 2).mended, 0);  // by the feed
    cluster_free(cluster);
}

static void a_server_that_says_nothing_is_left_for_the_next_best(void **state)
{
    (void)state;
    struct cluster *cluster = start(4);
    cluster_put_text(cluster, 0, "call", 1, "waits");
    cluster_run_ms(cluster, 100);
    cluster_kill(cluster, 0, true);
    cluster_kill(cluster, 3, false);
    cluster_run_ms(cluster, 2000);
    cluster_start(cluster, 3);
    fake_cut_bulk(cluster->fake, 3, 1, true);  // one of the two hears no question
    fake_cut_bulk(cluster->fake, 3, 2, true);
    cluster_run_ms(cluster, 1000);
    assert_false(cluster_has(cluster, 3, "call", "waits"));
    fake_cut_bulk(cluster->fake, 3, 2, false);
    cluster_run_ms(cluster, 2 * (FEED_ASK_AGAIN_MS + 100) + 100);
    assert_true(cluster_has(cluster, 3, "call", "waits"));
    cluster_free(cluster);
}

static void a_server_that_took_its_reader_for_dead_serves_it_again(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    fake_cut(cluster->fake, 1, 0, true);
    const struct peer *reader = peers_at(cluster->nodes[0].peers, 0), *server = peers_at(cluster->nodes[1].peers, 0);
    while (reader->up)
        cluster_run_ms(cluster, 1);
    fake_cut(cluster->fake, 1, 0, false);
    while (!reader->up) {
        cluster_run_ms(cluster, 1);
        assert_true(server->up);  // all the time: it saw nothing of it
    }
    cluster_run_ms(cluster, 20);
    cluster_put_text(cluster, 0, "call", 1, "waits");
    cluster_run_ms(cluster, 5);
    assert_true(cluster_has(cluster, 1, "call", "waits"));
    cluster_free(cluster);
}

static void what_was_told_and_lost_is_told_again(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    cluster_cut(cluster, 0, 2, true);
    cluster_run_ms(cluster, 2500);
    fake_cut_bulk(cluster->fake, 1, 2, true);
    cluster_put_text(cluster, 0, "call", 1, "waits");
    cluster_run_ms(cluster, 700);
    fake_cut_bulk(cluster->fake, 1, 2, false);
    cluster_run_ms(cluster, 1000 + FEED_ASK_AGAIN_MS + 200);  // it is told again, and its server has its time
    assert_true(cluster_has(cluster, 2, "call", "waits"));
    assert_int_equal(counts_of(cluster, 2).mended, 0);
    cluster_free(cluster);
}

static void what_nobody_has_any_more_is_not_asked_for(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    fake_cut_bulk(cluster->fake, 0, 2, true);
    fake_cut_bulk(cluster->fake, 2, 1, true);  // its questions do not come, but it is told
    cluster_put_text(cluster, 0, "call", 1, "waits");
    cluster_run_ms(cluster, 1500);
    cluster_kill(cluster, 0, false);
    cluster_kill(cluster, 1, false);
    cluster_run_ms(cluster, 1500);
    cluster_start(cluster, 1);
    cluster_heal(cluster);
    cluster_run_ms(cluster, 1500);
    uint64_t asks = counts_of(cluster, 2).asks;
    cluster_run_ms(cluster, 10000);
    assert_int_equal(counts_of(cluster, 2).asks, asks);
    assert_false(cluster_has(cluster, 2, "call", "waits"));
    cluster_free(cluster);
}

static void a_node_without_its_disk_gets_back_what_it_wrote(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    char id[16];
    for (uint32_t i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "call%u", i);
        cluster_put_text(cluster, 0, id, 1, "waits");
    }
    cluster_run_ms(cluster, 50);
    cluster_kill(cluster, 0, false);
    cluster_start(cluster, 0);
    assert_int_equal(store_counts(cluster->nodes[0].store).records, 0);
    cluster_run_ms(cluster, 600);
    assert_int_equal(store_counts(cluster->nodes[0].store).records, 100);
    assert_int_equal(cluster->nodes[0].swept_seen[0], 1);
    assert_int_equal(cluster->nodes[0].swept_seen[1], 1);
    assert_int_equal(cluster->nodes[1].swept_seen[0], 1);  // in its own boot: not again
    cluster_free(cluster);
}

static void who_is_not_swept_is_not_said_to_be(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    char id[16];
    static uint8_t body[1000];
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(id, sizeof id, "call%u", i);
        cluster_put(cluster, 0, id, 1, (struct span){body, sizeof body});
    }
    cluster_run_ms(cluster, 1000);
    cluster_kill(cluster, 1, false);
    fake_set_faults(cluster->fake, (struct fake_faults){.delay_min_us = 100 * MS, .delay_max_us = 100 * MS});
    cluster_start(cluster, 1);
    bool was_partly = false;
    for (uint32_t i = 0; i < 3000; i++) {
        uint64_t held = store_counts(cluster->nodes[1].store).records;
        assert_true(!feed_is_swept(cluster->nodes[1].feed, 0) || held == 3000);
        was_partly |= held > 0 && held < 3000;
        cluster_run_ms(cluster, 1);
    }
    assert_true(was_partly);
    assert_true(feed_is_swept(cluster->nodes[1].feed, 0));
    cluster_free(cluster);
}

static void many_feeds_are_told_in_parts_and_swept_a_few_at_a_time(void **state)
{
    (void)state;
    struct cluster *cluster = cluster_create(8, 2);
    cluster_start(cluster, 0);
    char id[24];
    for (uint32_t i = 0; i < 3000; i++) {  // boots of long ago
        snprintf(id, sizeof id, "call%u", i);
        struct record record = {.kind = 4, .id = id, .version = {1, "old", 1 + i, 5}, .body = {id, sizeof id}};
        assert_int_equal(store_take(cluster->nodes[0].store, &record, NULL), STORE_TAKEN);
        store_advance_cursor(cluster->nodes[0].store, "old", 1 + i, 5);
    }
    cluster_end_turn(&cluster->nodes[0]);
    cluster_run_ms(cluster, 100);
    cluster_kill(cluster, 0, true);
    cluster_start(cluster, 0);
    cluster_start(cluster, 1);
    assert_true(cluster_equal_within(cluster, 5000));
    assert_int_equal(store_counts(cluster->nodes[1].store).records, 3000);
    assert_int_equal(counts_of(cluster, 1).mended, 0);
    cluster_run_ms(cluster, 100);
    assert_int_equal(cluster->nodes[1].swept_seen[0], 1);
    assert_int_equal(cluster->nodes[0].swept_seen[0], 1);
    cluster_free(cluster);
}

static void lag_is_what_a_peer_has_and_we_have_not(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    fake_cut_bulk(cluster->fake, 0, 1, true);
    for (uint32_t i = 0; i < 5; i++)
        cluster_put_text(cluster, 0, "call", 1 + i, "waits");
    cluster_run_ms(cluster, 300);
    assert_int_equal(feed_lag(cluster->nodes[1].feed, 0), 5);
    assert_int_equal(feed_lag(cluster->nodes[0].feed, 0), 0);
    cluster_free(cluster);
}

// ---- bad input

static void send_as(struct cluster *cluster, Peer__Envelope__BodyCase body_case, void *body)
{
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    envelope.body_case = body_case;
    envelope.mend = body;
    assert_true(peers_send(cluster->nodes[1].peers, 0, &envelope));
    cluster_run_ms(cluster, 5);
}

static void what_is_out_of_range_is_counted_and_taken_nowhere(void **state)
{
    (void)state;
    struct cluster *cluster = start(2);
    struct fed *here = &cluster->nodes[0];
    Peer__FeedCursor cursor = PEER__FEED_CURSOR__INIT, *cursors = &cursor;
    cursor.owner = (char *)"two words";
    cursor.boot = 1;
    cursor.cursor = 9;
    Peer__FeedsTell tell = PEER__FEEDS_TELL__INIT;
    tell.answer = true;
    tell.feeds = &cursors;
    tell.n_feeds = 1;
    send_as(cluster, PEER__ENVELOPE__BODY_FEEDS_TELL, &tell);
    tell.n_feeds = 0;
    tell.part = 4;
    tell.parts = 3;
    send_as(cluster, PEER__ENVELOPE__BODY_FEEDS_TELL, &tell);
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    chunk.owner = (char *)"n1";
    chunk.boot = cluster->nodes[1].boot;
    chunk.after = 9;
    chunk.upto = 8;
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk);
    chunk.owner = here->name;  // our own feed comes from nobody else
    chunk.boot = here->boot;
    chunk.after = 0;
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk);
    Peer__FeedAck ack = PEER__FEED_ACK__INIT;
    ack.owner = here->name;
    ack.boot = here->boot;
    ack.received = ack.stored = 1000;  // more than there is
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_ACK, &ack);
    Peer__DigestTell digest = PEER__DIGEST_TELL__INIT;
    send_as(cluster, PEER__ENVELOPE__BODY_DIGEST_TELL, &digest);
    Peer__BucketTell bucket = PEER__BUCKET_TELL__INIT;
    bucket.bucket = STORE_BUCKETS;
    send_as(cluster, PEER__ENVELOPE__BODY_BUCKET_TELL, &bucket);
    Peer__BucketEntry entry = PEER__BUCKET_ENTRY__INIT, *entries = &entry;
    Peer__BucketWant want = PEER__BUCKET_WANT__INIT;
    want.entries = &entries;
    want.n_entries = 1;
    send_as(cluster, PEER__ENVELOPE__BODY_BUCKET_WANT, &want);
    assert_int_equal(counts_of(cluster, 0).malformed, 8);
    assert_int_equal(copies(cluster, 0, 1), 0);
    Rec__Record record = REC__RECORD__INIT, *records = &record;
    Peer__Mend mend = PEER__MEND__INIT;
    mend.records = &records;
    mend.n_records = 1;
    send_as(cluster, PEER__ENVELOPE__BODY_MEND, &mend);
    assert_int_equal(counts_of(cluster, 0).foreign, 1);  // no bucket is being exchanged
    assert_int_equal(store_counts(here->store).records, 0);
    cluster_free(cluster);
}

// A record as its owner would have written it.
static void forge(Rec__Record *record, Rec__Version *version, const char *owner, uint64_t boot, const char *id)
{
    rec__version__init(version);
    version->attach = 99;
    version->owner = (char *)owner;
    version->boot = boot;
    version->seq = 50;
    rec__record__init(record);
    record->kind = REC__KIND__CALL;  // as cluster_has looks for
    record->id = (char *)id;
    record->version = version;
    record->body = (ProtobufCBinaryData){.len = 6, .data = (uint8_t *)"forged"};
}

static void a_feed_is_its_owners_to_tell_while_he_can_be_reached(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    Rec__Record record, *records = &record;
    Rec__Version version;
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    chunk.upto = 50;
    chunk.records = &records;
    chunk.n_records = 1;

    // n1, in the name of n2, which is up.
    chunk.owner = cluster->nodes[2].name;
    chunk.boot = cluster->nodes[2].boot;
    forge(&record, &version, chunk.owner, chunk.boot, "agent-of-2");
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk);
    assert_int_equal(counts_of(cluster, 0).foreign, 1);
    assert_false(cluster_has(cluster, 0, "agent-of-2", "forged"));

    // n1, in its own feed, a record that says n2 wrote it.
    chunk.owner = cluster->nodes[1].name;
    chunk.boot = cluster->nodes[1].boot;
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk);
    assert_int_equal(counts_of(cluster, 0).foreign, 2);
    assert_false(cluster_has(cluster, 0, "agent-of-2", "forged"));
    assert_int_equal(store_counts(cluster->nodes[0].store).records, 0);

    // Once n2 is down a third may serve what n2 wrote.
    cluster_kill(cluster, 2, true);
    cluster_run_ms(cluster, 5000);
    chunk.owner = cluster->nodes[2].name;
    chunk.boot = version.boot;
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk);
    assert_true(cluster_has(cluster, 0, "agent-of-2", "forged"));
    assert_int_equal(counts_of(cluster, 0).foreign, 2);
    assert_true(counts_of(cluster, 0).by_third > 0);
    cluster_free(cluster);
}

// n1 says of n2's feed to n0: it has all of it, and a record in it that n2 never wrote.
static void serve_forged(struct cluster *cluster, const char *id)
{
    Rec__Record record, *records = &record;
    Rec__Version version;
    Peer__FeedCursor cursor = PEER__FEED_CURSOR__INIT, *cursors = &cursor;
    Peer__FeedsTell tell = PEER__FEEDS_TELL__INIT;
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    cursor.owner = chunk.owner = cluster->nodes[2].name;
    cursor.boot = chunk.boot = cluster->nodes[2].boot;
    cursor.cursor = 1000;
    tell.answer = true;
    tell.feeds = &cursors;
    tell.n_feeds = 1;
    send_as(cluster, PEER__ENVELOPE__BODY_FEEDS_TELL, &tell);
    forge(&record, &version, chunk.owner, chunk.boot, id);
    chunk.upto = 50;
    chunk.records = &records;
    chunk.n_records = 1;
    send_as(cluster, PEER__ENVELOPE__BODY_FEED_CHUNK, &chunk);
}

static void a_third_that_served_a_feed_is_not_heard_once_its_owner_is_there_again(void **state)
{
    (void)state;
    struct cluster *cluster = start(3);
    cluster_cut(cluster, 0, 2, true);
    cluster_run_ms(cluster, 1300);
    const struct peer *owner = peers_at(cluster->nodes[0].peers, (uint32_t)cluster_peer(cluster, 0, 2));
    assert_true(owner->up && owner->via == cluster_peer(cluster, 0, 1));
    cluster_put_text(cluster, 2, "call", 1, "waits");
    cluster_run_ms(cluster, 100);
    assert_true(cluster_has(cluster, 0, "call", "waits"));  // by the third, that now could say anything
    assert_true(counts_of(cluster, 0).by_third > 0);
    cluster_cut(cluster, 0, 2, false);
    cluster_run_ms(cluster, 5000);
    assert_int_equal(owner->via, -1);
    uint64_t by_third = counts_of(cluster, 0).by_third;
    for (uint32_t i = 0; i < 20; i++) {  // however often, and whatever it says that it holds
        serve_forged(cluster, "forged-call");
        cluster_run_ms(cluster, FEED_ASK_AGAIN_MS / 2);
        assert_int_equal(counts_of(cluster, 0).foreign, i + 1);
        assert_false(cluster_has(cluster, 0, "forged-call", "forged"));
    }
    assert_int_equal(counts_of(cluster, 0).by_third, by_third);
    cluster_put_text(cluster, 2, "call", 1, "rings");
    cluster_run_ms(cluster, 100);
    assert_true(cluster_has(cluster, 0, "call", "rings"));  // by its owner, at once
    cluster_free(cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_at_its_readers_in_the_time_of_one_way),
        cmocka_unit_test(a_copy_counts_once_it_is_on_stable_storage),
        cmocka_unit_test(a_peer_that_lost_its_disk_is_no_copy_until_it_has_it_again),
        cmocka_unit_test(large_records_come_through),
        cmocka_unit_test(a_reader_that_does_not_acknowledge_is_sent_no_more_than_the_bound),
        cmocka_unit_test(small_changes_do_not_wait_for_the_disk_of_the_reader),
        cmocka_unit_test(what_was_lost_is_asked_for_again),
        cmocka_unit_test(a_gap_is_asked_for_at_once),
        cmocka_unit_test(an_ack_that_was_lost_is_said_again),
        cmocka_unit_test(a_third_bridges_a_link_that_is_cut),
        cmocka_unit_test(a_dead_owners_feed_is_served_by_a_third),
        cmocka_unit_test(a_server_that_says_nothing_is_left_for_the_next_best),
        cmocka_unit_test(a_server_that_took_its_reader_for_dead_serves_it_again),
        cmocka_unit_test(what_was_told_and_lost_is_told_again),
        cmocka_unit_test(what_nobody_has_any_more_is_not_asked_for),
        cmocka_unit_test(a_node_without_its_disk_gets_back_what_it_wrote),
        cmocka_unit_test(who_is_not_swept_is_not_said_to_be),
        cmocka_unit_test(many_feeds_are_told_in_parts_and_swept_a_few_at_a_time),
        cmocka_unit_test(lag_is_what_a_peer_has_and_we_have_not),
        cmocka_unit_test(a_feed_is_its_owners_to_tell_while_he_can_be_reached),
        cmocka_unit_test(a_third_that_served_a_feed_is_not_heard_once_its_owner_is_there_again),
        cmocka_unit_test(what_is_out_of_range_is_counted_and_taken_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
