// hotlined: one node of the cluster.
#include "cluster/base/service.h"
#include "cluster/store/disk_lmdb.h"
#include "node/config/config.h"
#include "node/io/io.h"
#include "node/log.h"
#include "node/node.h"
#include "node/restore.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static void usage(FILE *to)
{
    fputs("usage: hotlined --config FILE [--check-config | --restore FILE [--restore-only]]\n"
          "       hotlined --check-backup FILE\n"
          "  --config FILE    the node's configuration (YAML)\n"
          "  --check-config   report every error in it, with its line, and stop\n"
          "  --restore FILE   fill the data folder, which must be empty, from a backup (hotlinectl backup), then run\n"
          "  --restore-only   ... and stop instead\n"
          "  --check-backup FILE   read a backup whole, say what is in it or what is wrong with it, and stop\n"
          "  --version\n",
          to);
}

static bool read_config(const char *path, struct config *ret_config)
{
    struct problems problems;
    problems_init(&problems);
    bool good = config_read(path, ret_config, &problems);
    for (uint32_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.lines[i]);
    if (problems.dropped > 0)
        fprintf(stderr, "and %u further errors\n", problems.dropped);
    problems_close(&problems);
    return good;
}

static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// ---- from the world to the node

static void on_client_message(void *node, const struct world_client *client, const char *key, struct span message)
{
    node_client_message(node, client, key, message);
}

static void on_peer_message(void *node, const char *key, struct span message)
{
    node_peer_message(node, key, message);
}

static void on_own_message(void *node, struct span message)
{
    node_own_message(node, message);
}

static bool on_admits(void *node, const char *key, enum world_port port)
{
    return node_admits(node, key, port);
}

static void on_wake(void *node)
{
    node_wake(node);
}

static void on_disk_written(void *node)
{
    node_disk_written(node);
}

static struct service service;  // the process's own

static void on_turn_end(void *node)
{
    struct timespec now;
    node_turn_end(node);
    clock_gettime(CLOCK_MONOTONIC, &now);
    service_turn(&service, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

static void on_going(void *node)
{
    log_line(LOG_INFO, "going", "why=signal");
    service_say(&service, "STOPPING=1");
    node_say_going(node);
}

static bool on_has_clients(void *node)
{
    return node_has_clients(node);
}

static void on_notice(void *context, const char *code, const char *fields)
{
    (void)context;
    log_line(LOG_INFO, code, "%s", fields);
}

static int run(const struct config *config)
{
    struct problem problem;
    struct io *io = io_create(config, &problem);
    if (io == NULL) {
        log_line(LOG_ERROR, "start_failed", "node=%s what=listen detail=\"%s\"", config->self.name, problem.text);
        return EXIT_FAILED;
    }
    struct disk *disk = disk_lmdb_open(config->data, config->data_limit_bytes, io_disk_wake, io, &problem);
    struct node *node = disk == NULL ? NULL : node_create(io_world(io), disk, config, &problem);
    if (node == NULL) {
        log_line(LOG_ERROR, "start_failed", "node=%s what=store detail=\"%s\"", config->self.name, problem.text);
    } else {
        if (config->insecure)
            log_line(LOG_WARN, "insecure", "node=%s detail=\"no keys: whoever reaches this loopback is believed\"",
                     config->self.name);
        log_line(LOG_INFO, "started", "node=%s client=%s peer=%s bulk=%s data=%s peers=%u", config->self.name,
                 config->listen_client, config->listen_control, config->listen_bulk, config->data, config->peer_count);
        struct io_handler handler = {.context = node,
                                     .client_message = on_client_message,
                                     .peer_message = on_peer_message,
                                     .own_message = on_own_message,
                                     .admits = on_admits,
                                     .wake = on_wake,
                                     .disk_written = on_disk_written,
                                     .turn_end = on_turn_end,
                                     .going = on_going,
                                     .has_clients = on_has_clients};
        node_on_notice(node, on_notice, NULL);
        service_say(&service, "READY=1");
        io_run(io, &handler);
        node_free(node);
        log_line(LOG_INFO, "stopped", "node=%s", config->self.name);
    }
    if (disk != NULL)
        disk->type->close(disk);
    io_free(io);
    return node == NULL ? EXIT_FAILED : 0;
}

static int serve(const struct config *config)
{
    service_open(&service);
    int status = run(config);
    service_close(&service);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check-config", no_argument, NULL, 'k'},
                                            {"restore", required_argument, NULL, 'r'},
                                            {"restore-only", no_argument, NULL, 'o'},
                                            {"check-backup", required_argument, NULL, 'b'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    const char *path = NULL, *backup = NULL;
    bool check_only = false, restore_only = false;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'c') {
            path = optarg;
        } else if (option == 'k') {
            check_only = true;
        } else if (option == 'r') {
            backup = optarg;
        } else if (option == 'b') {
            return restore_check(optarg) ? 0 : EXIT_FAILED;
        } else if (option == 'o') {
            restore_only = true;
        } else if (option == 'v') {
            puts("hotlined " HOTLINE_VERSION);
            return 0;
        } else {
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : EXIT_USAGE;
        }
    }
    if (path == NULL || optind != argc || (check_only && backup != NULL) || (restore_only && backup == NULL)) {
        usage(stderr);
        return EXIT_USAGE;
    }
    struct config *config = check_alloc(sizeof *config);
    int status = EXIT_FAILED;
    if (read_config(path, config)) {
        status = 0;
        if (check_only) {
            printf("%s: ok\n", path);
        } else {
            keys_guard_process();
            raise_file_limit();
            status = backup == NULL || restore_data(config, backup) ? 0 : EXIT_FAILED;
            if (status == 0 && !restore_only)
                status = serve(config);
        }
    }
    free(config);
    return status;
}
