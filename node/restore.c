#include "node/restore.h"

#include "cluster/store/backup.h"
#include "cluster/store/disk_lmdb.h"
#include "node/log.h"
#include "node/node.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_AGAIN_NS 1000000  // for what the disk's thread has written

// What a fresh file system has of its own does not count.
static bool is_empty(const char *folder, struct problem *ret_problem)
{
    DIR *dir = opendir(folder);
    if (dir == NULL && errno == ENOENT)
        return true;
    if (dir == NULL) {
        problem_set(ret_problem, "data folder %s cannot be read: %s", folder, strerror(errno));
        return false;
    }
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(dir)) != NULL;) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, "lost+found") == 0;
        if (!empty)
            problem_set(
                ret_problem,
                "data folder %s is not empty: it has %s. A backup is restored into an empty one only: move away "
                "what is there",
                folder, entry->d_name);
    }
    closedir(dir);
    return empty;
}

static void wait_for_disk(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_NS}, NULL);
}

bool restore_data(const struct config *config, const char *path)
{
    struct problem problem;
    struct backup_summary summary;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t wall_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    struct store_options options = node_store_options(config, wall_ms << 20, wall_ms);
    struct disk *disk = NULL;
    bool good = is_empty(config->data, &problem) && backup_verify(path, &options, &summary, &problem) &&
                (disk = disk_lmdb_open(config->data, config->data_limit_bytes, NULL, NULL, &problem)) != NULL &&
                backup_restore(path, &options, disk, wait_for_disk, &problem);
    if (disk != NULL)
        disk->type->close(disk);
    if (good)
        log_line(LOG_INFO, "restored_data",
                 "node=%s from=%s boot=%016llx backup_ms=%llu records=%llu feeds=%llu bytes=%llu", config->self.name,
                 summary.node, (unsigned long long)summary.boot, (unsigned long long)summary.begun_ms,
                 (unsigned long long)summary.totals.records, (unsigned long long)summary.totals.cursors,
                 (unsigned long long)summary.totals.bytes);
    else
        log_line(LOG_ERROR, "start_failed", "node=%s what=restore detail=\"%s\"", config->self.name, problem.text);
    return good;
}

bool restore_check(const char *path)
{
    struct problem problem;
    struct backup_summary summary;
    char begun[32];
    const struct store_options options = {.node = "check", .records_max = UINT64_MAX};
    if (!backup_verify(path, &options, &summary, &problem)) {
        fprintf(stderr, "%s\n", problem.text);
        return false;
    }
    time_t seconds = (time_t)(summary.begun_ms / 1000);
    struct tm utc;
    strftime(begun, sizeof begun, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    printf("%s: whole, of %s, begun %s: %llu records, %llu feeds\n", path, summary.node, begun,
           (unsigned long long)summary.totals.records, (unsigned long long)summary.totals.cursors);
    return true;
}
