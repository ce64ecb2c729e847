#include "cluster/store/disk_lmdb.h"

#include "cluster/store/disk_batch.h"
#include "cluster/store/disk_folder.h"

#include <errno.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// A transaction's changed pages stand in memory until it commits.
#define TRANSACTION_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define READERS_MAX 8
// While this many batches are under way, the next transaction waits a moment for those just behind: or else they wait
// for the whole of it and then for their own.
#define GATHER_BATCHES 4
#define GATHER_US 100
#define GROW_BYTES ((uint64_t)256 * 1024)
#define GROW_BELOW_BYTES ((uint64_t)128 * 1024)
#define UNUSED_EVERY_S 1  // counting them reads pages

struct disk_lmdb {
    struct disk disk;  // first: a struct disk is this
    MDB_env *env;
    MDB_dbi tables[DISK_TABLES];
    uint64_t limit;
    char *path;
    int lock;  // of the folder
    void (*wake)(void *);
    void *wake_context;
    pthread_t writer;
    bool writer_runs;
    pthread_mutex_t mutex;  // of the members from here to `closing`; held for a few instructions at a time
    pthread_cond_t more;
    struct disk_batch *first, *last;
    uint64_t given, written, transactions;
    uint64_t queued_bytes, used;
    enum disk_state state;
    bool closing;
    uint64_t unused_pages;  // from here on the writer's
    time_t unused_at;
    uint64_t file_bytes;
};

const char *const disk_lmdb_tables[DISK_TABLES] = {"records", "feeds", "meta"};

static struct disk_lmdb *lmdb_of(struct disk *disk)
{
    return (struct disk_lmdb *)disk;
}

// ---- the writer

static int apply(struct disk_lmdb *self, MDB_txn *txn, const struct disk_batch *batch)
{
    struct disk_op op;
    for (size_t at = 0; disk_batch_next(batch, &at, &op);) {
        MDB_val key = {op.key.bytes, (void *)op.key.data};
        MDB_val value = {op.value.bytes, (void *)op.value.data};
        int rc = op.is_delete ? mdb_del(txn, self->tables[op.table], &key, NULL)
                              : mdb_put(txn, self->tables[op.table], &key, &value, 0);
        if (rc != 0 && !(op.is_delete && rc == MDB_NOTFOUND))
            return rc;
    }
    return 0;
}

// A flush that makes the file longer waits for the file system's journal as well, which costs a third of a commit. So
// the file is made longer ahead of its pages, in steps, by zeros: a hole or a reservation would be the journal's again.
// What cannot be written here is the next commit's to find out.
static void grow_ahead(struct disk_lmdb *self)
{
    static const char zeros[64 * 1024];
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    int fd;
    check(mdb_env_info(self->env, &info) == 0 && mdb_env_stat(self->env, &stat) == 0);
    uint64_t end = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    if (end + GROW_BELOW_BYTES <= self->file_bytes)
        return;
    if (mdb_env_get_fd(self->env, &fd) != 0 || fstat(fd, &file) != 0)
        return;
    self->file_bytes = (uint64_t)file.st_size;
    while (self->file_bytes < end + GROW_BYTES && self->file_bytes + sizeof zeros <= self->limit) {
        if (pwrite(fd, zeros, sizeof zeros, (off_t)self->file_bytes) != (ssize_t)sizeof zeros)
            return;
        self->file_bytes += sizeof zeros;
    }
}

static int commit(struct disk_lmdb *self, const struct disk_batch *batches)
{
    MDB_txn *txn;
    grow_ahead(self);
    int rc = mdb_txn_begin(self->env, NULL, 0, &txn);
    if (rc != 0)
        return rc;
    for (; batches != NULL; batches = batches->next) {
        rc = apply(self, txn, batches);
        if (rc != 0) {
            mdb_txn_abort(txn);
            return rc;
        }
    }
    return mdb_txn_commit(txn);
}

static enum disk_state state_after(const struct disk_lmdb *self, int rc)
{
    if (rc == 0)
        return DISK_OK;
    // LMDB calls a write that the full disk cut short EIO.
    if (rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT || (rc == EIO && folder_is_full(self->path)))
        return DISK_FULL;
    return DISK_FAILED;
}

// Pages that LMDB keeps for reuse are inside the file but not used.
static uint64_t free_pages(MDB_env *env)
{
    MDB_txn *txn;
    if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0)
        return 0;
    uint64_t pages = 0;
    MDB_cursor *cursor;
    if (mdb_cursor_open(txn, 0, &cursor) == 0) {
        MDB_val key, value;
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
            pages += *(const size_t *)value.mv_data;
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return pages;
}

// Of the file, what is free inside it not counted.
static uint64_t measure_used(struct disk_lmdb *self)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_sec - self->unused_at >= UNUSED_EVERY_S) {
        self->unused_at = now.tv_sec;
        self->unused_pages = free_pages(self->env);
    }
    MDB_envinfo info;
    MDB_stat stat;
    check(mdb_env_info(self->env, &info) == 0 && mdb_env_stat(self->env, &stat) == 0);
    uint64_t pages = info.me_last_pgno + 1;
    return (pages > self->unused_pages ? pages - self->unused_pages : 0) * stat.ms_psize;
}

// What one transaction takes from the queue: at least one batch.
static struct disk_batch *take_some(struct disk_lmdb *self, size_t *ret_bytes)
{
    struct disk_batch *taken = self->first, *end = taken;
    size_t bytes = end->ops.count;
    while (end->next != NULL && bytes + end->next->ops.count <= TRANSACTION_MAX_BYTES) {
        end = end->next;
        bytes += end->ops.count;
    }
    self->first = end->next;
    if (self->first == NULL)
        self->last = NULL;
    end->next = NULL;
    *ret_bytes = bytes;
    return taken;
}

// Returns the last one's number.
static uint64_t free_batches(struct disk_batch *batches)
{
    uint64_t number = 0;
    while (batches != NULL) {
        struct disk_batch *next = batches->next;
        number = batches->number;
        disk_batch_free(batches);
        batches = next;
    }
    return number;
}

static void *write_until_closed(void *argument)
{
    struct disk_lmdb *self = argument;
    pthread_mutex_lock(&self->mutex);
    for (;;) {
        while (self->first == NULL && !self->closing)
            pthread_cond_wait(&self->more, &self->mutex);
        if (self->first == NULL)
            break;
        if (self->given - self->written > GATHER_BATCHES && self->state == DISK_OK && !self->closing) {
            pthread_mutex_unlock(&self->mutex);
            usleep(GATHER_US);
            pthread_mutex_lock(&self->mutex);
        }
        size_t bytes;
        struct disk_batch *batches = take_some(self, &bytes);
        enum disk_state state = self->state;
        pthread_mutex_unlock(&self->mutex);

        bool committed = false;
        uint64_t used = 0;
        if (state == DISK_OK) {  // after an error nothing later may be acknowledged
            state = state_after(self, commit(self, batches));
            committed = state == DISK_OK;
            used = committed ? measure_used(self) : 0;
        }
        uint64_t number = free_batches(batches);

        pthread_mutex_lock(&self->mutex);
        self->state = state;
        self->queued_bytes -= bytes;
        if (committed) {
            self->written = number;
            self->used = used;
            self->transactions++;
        }
        pthread_mutex_unlock(&self->mutex);
        if (self->wake != NULL)
            self->wake(self->wake_context);
        pthread_mutex_lock(&self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

// ---- the loop's side

static bool lmdb_load(struct disk *disk, enum disk_table table, disk_row *visit, void *context,
                      struct problem *ret_problem)
{
    struct disk_lmdb *self = lmdb_of(disk);
    MDB_txn *txn;
    int rc = mdb_txn_begin(self->env, NULL, MDB_RDONLY, &txn);
    MDB_cursor *cursor;
    if (rc == 0) {
        rc = mdb_cursor_open(txn, self->tables[table], &cursor);
        if (rc == 0) {
            MDB_val key, value;
            while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
                visit(context, (struct span){key.mv_data, key.mv_size}, (struct span){value.mv_data, value.mv_size});
            mdb_cursor_close(cursor);
        }
        mdb_txn_abort(txn);  // never outlives this call: a forgotten reader makes the file grow without end
    }
    if (rc != MDB_NOTFOUND) {
        problem_set(ret_problem, "store %s cannot be read: %s", self->path, mdb_strerror(rc));
        return false;
    }
    return true;
}

static uint64_t lmdb_write(struct disk *disk, struct disk_batch *batch)
{
    struct disk_lmdb *self = lmdb_of(disk);
    batch->next = NULL;
    pthread_mutex_lock(&self->mutex);
    uint64_t number = batch->number = ++self->given;
    self->queued_bytes += batch->ops.count;
    if (self->last != NULL)
        self->last->next = batch;
    else
        self->first = batch;
    self->last = batch;
    pthread_cond_signal(&self->more);
    pthread_mutex_unlock(&self->mutex);
    return number;
}

static uint64_t lmdb_written(struct disk *disk)
{
    struct disk_lmdb *self = lmdb_of(disk);
    pthread_mutex_lock(&self->mutex);
    uint64_t written = self->written;
    pthread_mutex_unlock(&self->mutex);
    return written;
}

static enum disk_state lmdb_state(struct disk *disk)
{
    struct disk_lmdb *self = lmdb_of(disk);
    pthread_mutex_lock(&self->mutex);
    enum disk_state state = self->state;
    pthread_mutex_unlock(&self->mutex);
    return state;
}

static void lmdb_usage(struct disk *disk, uint64_t *ret_used, uint64_t *ret_limit)
{
    struct disk_lmdb *self = lmdb_of(disk);
    pthread_mutex_lock(&self->mutex);
    *ret_used = self->used + self->queued_bytes;
    pthread_mutex_unlock(&self->mutex);
    *ret_limit = self->limit;
}

struct disk_lmdb_counts disk_lmdb_counts(struct disk *disk)
{
    struct disk_lmdb *self = lmdb_of(disk);
    pthread_mutex_lock(&self->mutex);
    struct disk_lmdb_counts counts = {.transactions = self->transactions, .batches = self->written};
    pthread_mutex_unlock(&self->mutex);
    return counts;
}

static void lmdb_close(struct disk *disk)
{
    struct disk_lmdb *self = lmdb_of(disk);
    if (self->writer_runs) {
        pthread_mutex_lock(&self->mutex);
        self->closing = true;
        pthread_cond_signal(&self->more);
        pthread_mutex_unlock(&self->mutex);
        pthread_join(self->writer, NULL);
    }
    if (self->env != NULL)
        mdb_env_close(self->env);
    if (self->lock >= 0)
        close(self->lock);
    pthread_cond_destroy(&self->more);
    pthread_mutex_destroy(&self->mutex);
    free(self->path);
    free(self);
}

// ---- opening

static bool say(const struct disk_lmdb *self, const char *what, int rc, struct problem *ret_problem)
{
    if (rc == MDB_MAP_FULL)
        problem_set(ret_problem, "store %s has reached its limit of %llu bytes: raise the limit", self->path,
                    (unsigned long long)self->limit);
    else if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH || rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND)
        problem_set(ret_problem, "store %s is damaged or is not a store: %s; move it away to start from the peers",
                    self->path, mdb_strerror(rc));
    else if (state_after(self, rc) == DISK_FULL)
        problem_set(ret_problem, "disk full at %s: make room and start again", self->path);
    else
        problem_set(ret_problem, "store %s: %s: %s", self->path, what, mdb_strerror(rc));
    return false;
}

// One more each time, so that every opening writes, and finds a disk that cannot.
static uint64_t next_opening(MDB_txn *txn, MDB_dbi meta)
{
    MDB_val key = {strlen("opened"), (void *)"opened"}, value;
    char text[24] = "";
    if (mdb_get(txn, meta, &key, &value) == 0 && value.mv_size < sizeof text)
        memcpy(text, value.mv_data, value.mv_size);
    return strtoull(text, NULL, 10) + 1;
}

static int prepare(struct disk_lmdb *self, MDB_txn *txn, char ret_format[24])
{
    for (int table = 0; table < DISK_TABLES; table++) {
        int rc = mdb_dbi_open(txn, disk_lmdb_tables[table], MDB_CREATE, &self->tables[table]);
        if (rc != 0)
            return rc;
    }
    MDB_dbi meta = self->tables[DISK_META];
    MDB_val key = {strlen("format"), (void *)"format"}, value;
    int rc = mdb_get(txn, meta, &key, &value);
    if (rc == 0) {
        snprintf(ret_format, 24, "%.*s", (int)(value.mv_size < 23 ? value.mv_size : 23), (const char *)value.mv_data);
    } else if (rc == MDB_NOTFOUND) {
        snprintf(ret_format, 24, DISK_LMDB_FORMAT);
        value = (MDB_val){strlen(DISK_LMDB_FORMAT), (void *)DISK_LMDB_FORMAT};
        rc = mdb_put(txn, meta, &key, &value, 0);
    }
    if (rc != 0)
        return rc;
    char opened[24];
    int length = snprintf(opened, sizeof opened, "%llu", (unsigned long long)next_opening(txn, meta));
    key = (MDB_val){strlen("opened"), (void *)"opened"};
    value = (MDB_val){(size_t)length, opened};
    return mdb_put(txn, meta, &key, &value, 0);
}

static bool commit_opening(struct disk_lmdb *self, struct problem *ret_problem)
{
    MDB_txn *txn;
    char format[24] = "";
    int rc = mdb_txn_begin(self->env, NULL, 0, &txn);
    if (rc == 0) {
        rc = prepare(self, txn, format);
        if (rc == 0 && strcmp(format, DISK_LMDB_FORMAT) != 0) {
            mdb_txn_abort(txn);
            problem_set(ret_problem, "store %s has format %s and this program reads format %s only", self->path, format,
                        DISK_LMDB_FORMAT);
            return false;
        }
        if (rc == 0)
            rc = mdb_txn_commit(txn);
        else
            mdb_txn_abort(txn);
    }
    return rc == 0 || say(self, "cannot be written", rc, ret_problem);
}

static bool open_env(struct disk_lmdb *self, struct problem *ret_problem)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    self->limit = (self->limit + page - 1) / page * page;
    int rc = mdb_env_create(&self->env);
    if (rc == 0)
        rc = mdb_env_set_mapsize(self->env, self->limit);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(self->env, DISK_TABLES);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(self->env, READERS_MAX);
    if (rc == 0)
        rc = mdb_env_open(self->env, self->path, MDB_NOTLS, 0640);
    return rc == 0 || say(self, "cannot be opened", rc, ret_problem);
}

static bool start_writer(struct disk_lmdb *self, struct problem *ret_problem)
{
    sigset_t all, before;  // signals are the loop's
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&self->writer, NULL, write_until_closed, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    self->writer_runs = rc == 0;
    return rc == 0 || say(self, "no thread to write with", rc, ret_problem);
}

struct disk *disk_lmdb_open(const char *path, uint64_t limit_bytes, void (*wake)(void *), void *wake_context,
                            struct problem *ret_problem)
{
    static const struct disk_type type = {
        .load = lmdb_load,
        .write = lmdb_write,
        .written = lmdb_written,
        .state = lmdb_state,
        .usage = lmdb_usage,
        .close = lmdb_close,
    };
    struct disk_lmdb *self = check_alloc(sizeof *self);
    self->disk.type = &type;
    self->limit = limit_bytes;
    self->path = check_strdup(path);
    self->wake = wake;
    self->wake_context = wake_context;
    self->unused_at = -UNUSED_EVERY_S;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->more, NULL);
    self->lock = folder_open(path, ret_problem);
    if (self->lock < 0 || !open_env(self, ret_problem) || !commit_opening(self, ret_problem) ||
        !folder_sync(path, ret_problem)) {
        lmdb_close(&self->disk);
        return NULL;
    }
    self->used = measure_used(self);
    if (!start_writer(self, ret_problem)) {
        lmdb_close(&self->disk);
        return NULL;
    }
    return &self->disk;
}
