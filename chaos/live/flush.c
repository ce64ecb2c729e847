// libhotline-flush.so, preloaded into nodes: while LIVE_FAULTS/flush_fails exists, what must reach the disk does not
// (EIO from fdatasync, fsync, and from writes to a descriptor that writes through, as LMDB's meta page goes); while
// LIVE_FAULTS/disk_full exists, nothing is written behind a file's first pages (ENOSPC), as on a full disk that copies
// on write: LMDB uses its own free pages again, and in a short run would not notice that its file cannot grow.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FIRST_BYTES 8192  // LMDB's two meta pages
#define EXPORT __attribute__((visibility("default")))

static bool is_there(const char *name)
{
    char path[512];
    const char *folder = getenv("LIVE_FAULTS");
    return folder != NULL && snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

static bool is_file(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// 0: it may be written; else the error.
static int refusal(int fd, off_t end)
{
    int error = errno, refusal = 0;
    if (is_file(fd)) {
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && (flags & O_DSYNC) != 0 && is_there("flush_fails"))
            refusal = EIO;
        else if (end > FIRST_BYTES && is_there("disk_full"))
            refusal = ENOSPC;
    }
    errno = error;
    return refusal;
}

static int flush(int fd, const char *real)
{
    if (is_there("flush_fails")) {
        errno = EIO;
        return -1;
    }
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, real);
    return next(fd);
}

EXPORT int fdatasync(int fd);
EXPORT int fdatasync(int fd)
{
    return flush(fd, "fdatasync");
}

EXPORT int fsync(int fd)
{
    return flush(fd, "fsync");
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at)
{
    int refused = refusal(fd, at + (off_t)bytes);
    if (refused != 0) {
        errno = refused;
        return -1;
    }
    ssize_t (*next)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    return next(fd, data, bytes, at);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    int error = errno;
    off_t end = lseek(fd, 0, SEEK_CUR);  // of sockets and pipes: none
    errno = error;
    for (int i = 0; i < count; i++)
        end += (off_t)parts[i].iov_len;
    int refused = refusal(fd, end);
    if (refused != 0) {
        errno = refused;
        return -1;
    }
    ssize_t (*next)(int, const struct iovec *, int) =
        (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    return next(fd, parts, count);
}
