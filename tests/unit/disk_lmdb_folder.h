// A folder for one test, under $TMPDIR or /tmp, and taking it away again.
#ifndef TESTS_UNIT_DISK_LMDB_FOLDER_H
#define TESTS_UNIT_DISK_LMDB_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder {
    char path[256];
};

static inline struct folder folder_make(void)
{
    struct folder folder;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder.path, sizeof folder.path, "%s/hotline_test_XXXXXX", tmp != NULL && *tmp ? tmp : "/tmp");
    if (mkdtemp(folder.path) == NULL)
        abort();
    return folder;
}

static inline int folder_remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void folder_remove(const struct folder *folder)
{
    nftw(folder->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
