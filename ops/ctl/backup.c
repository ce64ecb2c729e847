// backup: what a node keeps, as a file that a node can be made from. trust-backup: such a node is told that nothing
// newer will come. The file has its name only when it is whole and on stable storage, and replaces none.
#include "ops/common/output.h"
#include "ops/ctl/ask.h"
#include "ops/ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct backup {
    const char *path;
    char part[PATH_MAX];  // its name while it is written
    int file;
    uint64_t bytes;
    int error;  // of a write, 0: none
    uint8_t *place;
    size_t place_bytes;  // 0: the answer ended it
};

static void write_bytes(struct backup *self, const uint8_t *data, size_t bytes)
{
    while (bytes > 0 && self->error == 0) {
        ssize_t written = write(self->file, data, bytes);
        if (written < 0 && errno != EINTR)
            self->error = errno;
        if (written > 0) {
            data += written;
            bytes -= (size_t)written;
            self->bytes += (uint64_t)written;
        }
    }
}

static void on_row(void *to, const struct hotline_row *row)
{
    struct backup *self = to;
    if (row->type != HOTLINE_ROW_BACKUP)
        return;
    write_bytes(self, row->backup.data, row->backup.bytes);
    if (row->backup.place != NULL) {
        self->place = check_realloc(self->place, row->backup.place_bytes);
        memcpy(self->place, row->backup.place, row->backup.place_bytes);
        self->place_bytes = row->backup.place_bytes;
    }
}

static int fail(const char *path, int error)
{
    return output_fail(EXIT_REFUSED, "%s: %s", path,
                       error == EEXIST ? "is there already; a backup never replaces a file" : strerror(error));
}

static int open_part(struct backup *self)
{
    if (access(self->path, F_OK) == 0)
        return fail(self->path, EEXIST);
    int length = snprintf(self->part, sizeof self->part, "%s.part-XXXXXX", self->path);
    if (length < 0 || (size_t)length >= sizeof self->part)
        return fail(self->path, ENAMETOOLONG);
    self->file = mkstemp(self->part);  // for its owner alone
    return self->file < 0 ? fail(self->path, errno) : EXIT_DONE;
}

static bool sync_folder(const char *path)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s", path);
    int folder = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = folder >= 0 && fsync(folder) == 0;
    if (folder >= 0)
        close(folder);
    return good;
}

// link, unlike rename, replaces nothing.
static int give_name(const struct backup *self)
{
    if (fsync(self->file) != 0 || link(self->part, self->path) != 0 || !sync_folder(self->path))
        return fail(self->path, errno);
    return EXIT_DONE;
}

// As often as it takes. The node that answers first is asked to the end.
static int fetch(struct backup *self, struct ask *ask)
{
    do {
        struct hotline_question_args args = {.place = self->place, .place_bytes = self->place_bytes};
        self->place_bytes = 0;
        uint8_t *place = self->place;  // lent while it is asked
        self->place = NULL;
        int status = ask_rows(ask, HOTLINE_BACKUP, &args, on_row, self);
        free(place);
        if (status != EXIT_DONE)
            return ask_complain(ask);
        if (self->error != 0)
            return fail(self->part, self->error);
    } while (self->place_bytes > 0);
    return EXIT_DONE;
}

static void say_backup(bool json, const struct backup *self, const char *node)
{
    if (!json) {
        printf("%s: %llu bytes of what %s keeps, callers' numbers among them: keep it as you keep those\n", self->path,
               (unsigned long long)self->bytes, node);
        return;
    }
    struct output_table line;
    output_table_open(&line, true, NULL);
    output_table_add(&line,
                     json_pack("{s:s, s:s, s:I}", "file", self->path, "node", node, "bytes", (json_int_t)self->bytes));
    output_table_close(&line);
}

int ctl_backup(struct globals *globals, char **words, size_t count)
{
    struct args_list files = {0};
    struct args_command command = {.name = "backup",
                                   .usage = "backup FILE",
                                   .operand = "FILE",
                                   .operands = &files,
                                   .operands_min = 1,
                                   .operands_max = 1};
    struct ask ask;
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    struct backup backup = {.path = files.items[0], .file = -1};
    int status = open_part(&backup);
    if (status != EXIT_DONE)
        return status;
    if (ask_open(&ask, globals, globals->nodes)) {
        status = fetch(&backup, &ask);
        if (status == EXIT_DONE)
            status = give_name(&backup);
        if (status == EXIT_DONE)
            say_backup(globals->json, &backup, ask.node);
        ask_close(&ask);
    } else {
        status = EXIT_WRONG_USAGE;
    }
    close(backup.file);
    unlink(backup.part);
    free(backup.place);
    return status;
}

int ctl_trust_backup(struct globals *globals, char **words, size_t count)
{
    struct args_list names = {0};
    struct args_command command = {.name = "trust-backup",
                                   .usage = "trust-backup NODE",
                                   .operand = "NODE",
                                   .operands = &names,
                                   .operands_min = 1,
                                   .operands_max = 1};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    const char *node = names.items[0];
    int status = ask_named(globals, HOTLINE_TRUST_BACKUP, node);
    if (status == EXIT_DONE && globals->json) {
        struct output_table line;
        output_table_open(&line, true, NULL);
        output_table_add(&line, json_pack("{s:s, s:b}", "node", node, "restored", false));
        output_table_close(&line);
    } else if (status == EXIT_DONE) {
        printf("%s calls back whom its backup says it owes that\n", node);
    }
    return status;
}
