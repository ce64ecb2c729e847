#include "tests/bench/commit.h"

#include "tests/bench/bench.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_BYTES ((size_t)1 << 30)

static void must(int rc, const char *what)
{
    if (rc != 0)
        bench_fail("LMDB: %s: %s", what, mdb_strerror(rc));
}

void commit_open(struct commit *self, const char *folder, size_t value_bytes)
{
    MDB_env *env;
    MDB_txn *txn;
    *self = (struct commit){.value_bytes = value_bytes, .value = check_alloc(value_bytes)};
    must(mdb_env_create(&env), "create");
    must(mdb_env_set_mapsize(env, MAP_BYTES), "map size");
    must(mdb_env_open(env, folder, 0, 0644), folder);
    must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    must(mdb_dbi_open(txn, NULL, 0, &self->table), "open");
    must(mdb_txn_commit(txn), "commit");
    self->env = env;
}

uint64_t commit_ns(struct commit *self)
{
    char key[64];
    int bytes = snprintf(key, sizeof key, "commit-bench~1700000000000~%llu", (unsigned long long)++self->count);
    MDB_val name = {(size_t)bytes, key}, value = {self->value_bytes, self->value};
    MDB_txn *txn;
    uint64_t start_ns = bench_now_ns();
    must(mdb_txn_begin(self->env, NULL, 0, &txn), "begin");
    must(mdb_put(txn, self->table, &name, &value, 0), "put");
    must(mdb_txn_commit(txn), "commit");
    return bench_now_ns() - start_ns;
}

void commit_close(struct commit *self)
{
    mdb_env_close(self->env);
    free(self->value);
}

static int compare(const void *a, const void *b)
{
    size_t one = *(const size_t *)a, other = *(const size_t *)b;
    return one < other ? -1 : one > other;
}

#define KIND_CALL 4

size_t commit_record_bytes(const char *store, size_t *ret_count)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi records;
    MDB_cursor *cursor;
    MDB_val key, value;
    must(mdb_env_create(&env), "create");
    must(mdb_env_set_maxdbs(env, 8), "tables");
    must(mdb_env_open(env, store, MDB_RDONLY, 0644), store);
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
    must(mdb_dbi_open(txn, "records", 0, &records), "records");
    must(mdb_cursor_open(txn, records, &cursor), "cursor");
    size_t *sizes = NULL, count = 0, capacity = 0;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        if (((const unsigned char *)key.mv_data)[0] != KIND_CALL)
            continue;
        if (count == capacity) {
            capacity = capacity == 0 ? 1024 : capacity * 2;
            sizes = check_realloc(sizes, capacity * sizeof *sizes);
        }
        sizes[count++] = value.mv_size;
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    if (count == 0)
        bench_fail("%s: no call is stored there", store);
    qsort(sizes, count, sizeof *sizes, compare);
    size_t median = sizes[count / 2];
    free(sizes);
    *ret_count = count;
    return median;
}
