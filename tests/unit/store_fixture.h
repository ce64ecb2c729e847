// A node's store on a disk that outlives it, and short words for what the store's tests do with it.
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "cluster/base/text.h"
#include "cluster/store/disk_memory.h"
#include "cluster/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CALL 4
#define DESK 2
#define RESTLESS 20  // a kind that digests leave out

struct node {  // a store on a disk that outlives it
    struct disk_memory *medium;
    struct disk *disk;
    struct store *store;
};

static inline struct store *open_store(struct disk *disk, uint64_t boot)
{
    const struct store_options options = {.node = "nairobi",
                                          .boot = boot,
                                          .records_max = 1000,
                                          .horizon_kind_mask = 1u << CALL | 1u << RESTLESS,
                                          .restless_kind_mask = 1u << RESTLESS};
    struct store *store = store_create(&options);
    struct problem problem = {""};
    if (!store_open(store, disk, &problem))
        fail_msg("%s", problem.text);
    return store;
}

static inline int start(void **state)
{
    struct node *node = check_alloc(sizeof *node);
    node->medium = disk_memory_create();
    node->disk = disk_memory_open(node->medium);
    node->store = open_store(node->disk, 1);
    *state = node;
    return 0;
}

static inline int stop(void **state)
{
    struct node *node = *state;
    store_free(node->store);
    node->disk->type->close(node->disk);
    disk_memory_free(node->medium);
    free(node);
    return 0;
}

static inline void kill_and_restart(struct node *node, uint64_t boot)
{
    store_free(node->store);
    disk_memory_crash(node->disk);
    node->disk = disk_memory_open(node->medium);
    node->store = open_store(node->disk, boot);
}

static inline void flush_and_commit(struct node *node)
{
    store_flush(node->store);
    disk_memory_commit(node->disk, UINT64_MAX);
}

static inline struct span text(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline const struct record *put(struct node *node, const char *id, uint64_t attach, const char *body)
{
    return store_put(node->store, CALL, id, attach, 5000, text(body));
}

static inline enum store_taken take_as(struct node *node, const char *id, struct version version, const char *body)
{
    const struct record foreign = {CALL, id, version, 5000, text(body)};
    return store_take(node->store, &foreign, NULL);
}

static inline struct version of(uint64_t attach, const char *owner, uint64_t boot, uint64_t seq)
{
    return (struct version){attach, owner, boot, seq};
}

static inline void assert_body(const struct node *node, const char *id, const char *body)
{
    const struct record *record = store_find(node->store, CALL, id);
    assert_non_null(record);
    assert_int_equal(record->body.bytes, strlen(body));
    if (record->body.bytes > 0)
        assert_memory_equal(record->body.data, body, strlen(body));
}

static inline void count_record(void *context, const struct record *record)
{
    (void)record;
    ++*(int *)context;
}

struct seen {
    char text[512];
    size_t length;
    int count, stop_after;
    uint64_t last_seq;
    bool is_rising;
};

static inline bool see(void *context, const struct record *record)
{
    struct seen *seen = context;
    if (seen->stop_after != 0 && seen->count == seen->stop_after)
        return false;
    seen->length += (size_t)snprintf(seen->text + seen->length, sizeof seen->text - seen->length, "%s:%d ", record->id,
                                     (int)record->version.seq);
    seen->count++;
    return true;
}

static inline void assert_scan(const struct node *node, const char *owner, uint64_t boot, uint64_t after, uint64_t upto,
                               const char *expected)
{
    struct seen seen = {.length = 0};
    assert_int_equal(store_scan(node->store, owner, boot, after, upto, see, &seen), upto);
    assert_string_equal(seen.text, expected);
}

#define WITH_NODE(test) cmocka_unit_test_setup_teardown(test, start, stop)

#endif
