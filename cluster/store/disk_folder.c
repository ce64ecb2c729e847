#include "cluster/store/disk_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

// LMDB maps this file and writes to it through the map: on a full disk that is SIGBUS, unless it has its blocks.
#define LOCK_FILE_BYTES ((off_t)16 * 1024)
#define ROOM_MIN_BYTES ((off_t)1024 * 1024)

static bool say(const char *path, const char *what, int error, struct problem *ret_problem)
{
    if (error == ENOSPC || error == EDQUOT)
        problem_set(ret_problem, "disk full at %s: make room and start again", path);
    else
        problem_set(ret_problem, "store %s: %s: %s", path, what, strerror(error));
    return false;
}

static bool sync_one(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

static bool make_folders(const char *path, struct problem *ret_problem)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        return say(path, "is not a path", ENAMETOOLONG, ret_problem);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0750) != 0 && errno != EEXIST)
            return say(path, "the folder cannot be made", errno, ret_problem);
    }
    return true;
}

// The file gets its blocks now; nothing when it has them.
static int reserve(int folder, const char *name, off_t bytes, bool keep)
{
    int fd = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return errno;
    int error = posix_fallocate(fd, 0, bytes);
    close(fd);
    if (!keep || error != 0)
        unlinkat(folder, name, 0);
    return error;
}

int folder_open(const char *path, struct problem *ret_problem)
{
    if (!make_folders(path, ret_problem))
        return -1;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        say(path, "cannot be opened", errno, ret_problem);
        return -1;
    }
    // The lock is on the folder itself: no file of its own that could be left behind or taken away.
    if (flock(folder, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            problem_set(ret_problem, "store %s is in use by another process", path);
        else
            say(path, "cannot be locked", errno, ret_problem);
        close(folder);
        return -1;
    }
    int error = reserve(folder, "room", ROOM_MIN_BYTES, false);
    if (error == 0)
        error = reserve(folder, "lock.mdb", LOCK_FILE_BYTES, true);
    if (error != 0) {
        say(path, "cannot be written", error, ret_problem);
        close(folder);
        return -1;
    }
    return folder;
}

bool folder_sync(const char *path, struct problem *ret_problem)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    memcpy(part, path, length + 1);
    if (!sync_one(part))
        return say(path, "cannot be synced", errno, ret_problem);
    while (length > 1 && part[length - 1] == '/')
        part[--length] = '\0';
    char *slash = strrchr(part, '/');
    if (slash == NULL)
        memcpy(part, ".", 2);
    else
        slash[slash == part] = '\0';
    if (!sync_one(part) && errno != EACCES)  // a folder above may be closed to us: then it is not ours to make durable
        return say(path, "the folder above cannot be synced", errno, ret_problem);
    return true;
}

bool folder_is_full(const char *path)
{
    struct statvfs room;
    return statvfs(path, &room) == 0 && room.f_bavail == 0;
}
