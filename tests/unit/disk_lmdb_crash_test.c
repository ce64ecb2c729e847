// What happens to disk_lmdb from outside: kill -9, a full file system, an I/O error. Each in a process of its own.
#include "cluster/store/disk_lmdb.h"

#include "disk_lmdb_folder.h"
#include "disk_lmdb_tests.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_BYTES ((uint64_t)64 * 1024 * 1024)
#define SKIPPED 77

// ---- kill -9

static _Noreturn void write_until_killed(const char *path, int to_parent)
{
    struct problem problem;
    struct disk *disk = disk_lmdb_open(path, LIMIT_BYTES, NULL, NULL, &problem);
    if (disk == NULL)
        _exit(1);
    uint64_t told = 0;
    for (int i = 1;; i++) {
        char key[24];
        snprintf(key, sizeof key, "%08d", i);
        disk_lmdb_test_put(disk, key, 300);
        uint64_t written = disk_written(disk);
        if (written != told && write(to_parent, &written, sizeof written) != sizeof written)
            _exit(1);
        told = written;
        if (i % 16 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
}

struct rows {
    uint64_t count, largest;
};

static void look_at_row(void *context, struct span key, struct span value)
{
    struct rows *rows = context;
    char text[16] = "";
    memcpy(text, key.data, key.bytes < 15 ? key.bytes : 15);
    rows->count++;
    rows->largest = strtoull(text, NULL, 10);
    assert_int_equal(value.bytes, 300);
}

static void kill_once(const char *path, long after_ns)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(path, ends[1]);
    close(ends[1]);
    uint64_t told = 0, acknowledged = 0;
    assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);  // it is at work
    nanosleep(&(struct timespec){.tv_nsec = after_ns}, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    acknowledged = told;
    while (read(ends[0], &told, sizeof told) == sizeof told)
        acknowledged = told;
    close(ends[0]);

    struct disk *disk = disk_lmdb_test_open(path, LIMIT_BYTES);
    struct rows rows = {0};
    struct problem problem;
    assert_true(disk->type->load(disk, DISK_RECORDS, look_at_row, &rows, &problem));
    assert_true(acknowledged > 0 && rows.count >= acknowledged);
    assert_int_equal(rows.count, rows.largest);  // a prefix of what was written
    disk->type->close(disk);
}

void after_kill_9_all_that_was_acknowledged_is_there_and_no_gap(void **state)
{
    const struct folder *folder = *state;
    for (int i = 0; i < 5; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%d", folder->path, i);
        kill_once(path, 3000000L * i + 517000);
    }
}

// ---- a full file system: a small tmpfs in a name space of its own

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

static bool mount_small(const char *path)
{
    uid_t uid = getuid();
    if (uid != 0) {
        char map[64];
        snprintf(map, sizeof map, "0 %d 1", (int)uid);
        if (unshare(CLONE_NEWUSER) != 0 || !write_text("/proc/self/uid_map", map))
            return false;
    }
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", path, "tmpfs", 0, "size=4m") == 0;
}

// Leaves so many bytes free.
static bool fill_up(const char *path, off_t leave)
{
    char file[300];
    snprintf(file, sizeof file, "%s/ballast", path);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    bool done = fd >= 0 && posix_fallocate(fd, 0, 4 * 1024 * 1024 - leave) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static void in_a_child(void (*body)(const char *path), const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        body(path);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
        print_message("no mount name space here: not tried\n");
        skip();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("child ended with status %x", (unsigned)status);
}

#define demand(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static void open_on_a_full_disk(const char *path)
{
    if (!mount_small(path))
        _exit(SKIPPED);
    const off_t left[] = {0, 4096, 16384, 65536, 300000, 1000000};
    char store[300], file[300], expected[400];
    snprintf(file, sizeof file, "%s/ballast", path);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        snprintf(store, sizeof store, "%s/store%d", path, (int)i);
        snprintf(expected, sizeof expected, "disk full at %s", store);
        demand(fill_up(path, left[i]));
        struct problem problem = {""};
        demand(disk_lmdb_open(store, LIMIT_BYTES, NULL, NULL, &problem) == NULL);
        if (strncmp(problem.text, expected, strlen(expected)) != 0)
            fprintf(stderr, "%d bytes left: %s\n", (int)left[i], problem.text);
        demand(strncmp(problem.text, expected, strlen(expected)) == 0);
        demand(unlink(file) == 0);
    }
    // An old store on a disk that has become full since.
    struct problem problem = {""};
    struct disk *disk = disk_lmdb_open(store, LIMIT_BYTES, NULL, NULL, &problem);
    demand(disk != NULL);
    disk->type->close(disk);
    demand(fill_up(path, 100000));
    demand(disk_lmdb_open(store, LIMIT_BYTES, NULL, NULL, &problem) == NULL);
    demand(strncmp(problem.text, expected, strlen(expected)) == 0);
}

void a_disk_that_is_full_at_start_is_named(void **state)
{
    in_a_child(open_on_a_full_disk, ((struct folder *)*state)->path);
}

static void write_until_full(const char *path)
{
    if (!mount_small(path))
        _exit(SKIPPED);
    char store[300];
    snprintf(store, sizeof store, "%s/store", path);
    struct problem problem = {""};
    struct disk *disk = disk_lmdb_open(store, LIMIT_BYTES, NULL, NULL, &problem);
    demand(disk != NULL);
    uint64_t last = 0;
    for (int i = 0; i < 1000 && disk->type->state(disk) == DISK_OK; i++) {
        char key[24];
        snprintf(key, sizeof key, "%d", i);
        last = disk_lmdb_test_put(disk, key, 20000);
        disk_lmdb_test_settle(disk, last);
    }
    demand(disk->type->state(disk) == DISK_FULL);
    uint64_t written = disk_written(disk);
    demand(written > 10 && written < last);
    disk_lmdb_test_put(disk, "more", 1);
    disk->type->close(disk);
    demand(mount("none", path, "tmpfs", MS_REMOUNT, "size=16m") == 0);  // room has been made
    disk = disk_lmdb_open(store, LIMIT_BYTES, NULL, NULL, &problem);
    demand(disk != NULL);
    demand(disk_lmdb_test_rows(disk) == written);
    disk->type->close(disk);
}

void a_disk_that_fills_up_while_running_stops_and_keeps_what_it_acknowledged(void **state)
{
    in_a_child(write_until_full, ((struct folder *)*state)->path);
}

// ---- an error that is not a full disk: a bound on the size of files

static void write_past_the_bound(const char *path)
{
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit bound = {2 * 1024 * 1024, 2 * 1024 * 1024};
    demand(setrlimit(RLIMIT_FSIZE, &bound) == 0);
    struct problem problem = {""};
    struct disk *disk = disk_lmdb_open(path, LIMIT_BYTES, NULL, NULL, &problem);
    demand(disk != NULL);
    uint64_t last = 0;
    for (int i = 0; i < 1000 && disk->type->state(disk) == DISK_OK; i++) {
        char key[24];
        snprintf(key, sizeof key, "%d", i);
        last = disk_lmdb_test_put(disk, key, 20000);
        disk_lmdb_test_settle(disk, last);
    }
    demand(disk->type->state(disk) == DISK_FAILED);
    uint64_t written = disk_written(disk);
    demand(written > 10 && written < last);
    disk->type->close(disk);
}

void after_another_error_the_disk_has_failed(void **state)
{
    in_a_child(write_past_the_bound, ((struct folder *)*state)->path);
}

// ---- an error of the flush itself: fdatasync is ours, and says what the test wants

static int flushes_until_error;  // 0: none

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    if (__atomic_load_n(&flushes_until_error, __ATOMIC_SEQ_CST) > 0 &&
        __atomic_sub_fetch(&flushes_until_error, 1, __ATOMIC_SEQ_CST) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static void look_for_after(void *context, struct span key, struct span value)
{
    (void)value;
    if (key.bytes == strlen("after") && memcmp(key.data, "after", key.bytes) == 0)
        *(bool *)context = true;
}

void a_flush_that_failed_once_is_never_tried_again(void **state)
{
    struct disk *disk = disk_lmdb_test_open(((struct folder *)*state)->path, LIMIT_BYTES);
    disk_lmdb_test_settle(disk, disk_lmdb_test_put(disk, "before", 300));
    __atomic_store_n(&flushes_until_error, 1, __ATOMIC_SEQ_CST);
    disk_lmdb_test_settle(disk, disk_lmdb_test_put(disk, "lost", 300));
    assert_int_equal(__atomic_load_n(&flushes_until_error, __ATOMIC_SEQ_CST), 0);  // it was met
    assert_int_equal(disk->type->state(disk), DISK_FAILED);
    disk_lmdb_test_settle(disk, disk_lmdb_test_put(disk, "after", 300));
    assert_int_equal(disk_written(disk), 1);
    disk->type->close(disk);
    disk = disk_lmdb_test_open(((struct folder *)*state)->path, LIMIT_BYTES);
    bool is_there = false;
    struct problem problem;
    assert_true(disk->type->load(disk, DISK_RECORDS, look_for_after, &is_there, &problem));
    assert_false(is_there);
    disk->type->close(disk);
}
