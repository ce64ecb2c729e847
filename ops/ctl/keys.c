// keygen, enroll, revoke: who may speak.
#include "ops/ctl/change.h"
#include "ops/ctl/ctl.h"

#include "node/directory/directory_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// ---- keygen

static bool make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    output_fail(EXIT_REFUSED, "keygen: %s: %s", path, strerror(errno));
    return false;
}

static int make_key(const char *folder, enum key_role role, const char *party, bool json)
{
    char path[PATH_MAX], public_path[PATH_MAX];
    struct key_pair pair;
    struct problem problem;
    key_pair_make(&pair, role, party);
    snprintf(path, sizeof path, "%s/%s.key", folder, party);
    snprintf(public_path, sizeof public_path, "%s/%s.pub", folder, party);
    bool good = key_pair_write(&pair, path, true, &problem) && key_pair_write(&pair, public_path, false, &problem);
    if (good) {
        json_t *fields = json_pack("{s:s, s:s}", "role", key_role_name(role), "public", pair.public_text);
        json_object_set_new(fields, "party", output_text(party));
        json_object_set_new(fields, "file", output_text(path));
        output_event(json, "key", fields);
    } else {
        output_fail(EXIT_REFUSED, "keygen: %s", problem.text);
    }
    key_pair_close(&pair);
    return good ? EXIT_DONE : EXIT_REFUSED;
}

int ctl_keygen(struct globals *globals, char **words, size_t count)
{
    struct args_list all = {0};
    const char *dir = "keys";
    const struct args_option options[] = {{"--dir", ARGS_TEXT, &dir, 0}, {0}};
    struct args_command command = {.name = "keygen",
                                   .usage = "keygen node|gateway|desk|admin NAME... [--dir DIR]",
                                   .options = options,
                                   .operand = "ROLE and NAME",
                                   .operands = &all,
                                   .operands_min = 2,
                                   .operands_max = ARGS_LIST_MAX};
    if (!args_parse(&command, globals, words, count))
        return EXIT_WRONG_USAGE;
    enum key_role role = key_role_named(all.items[0]);
    if (role == KEY_ROLE_NONE)
        return args_wrong(&command, "'%s' is no role", all.items[0]);
    for (size_t i = 1; i < all.count; i++)
        if (!text_is_name(all.items[i], NAME_MAX_BYTES) || strpbrk(all.items[i], "/:") || all.items[i][0] == '.')
            return args_wrong(&command,
                              "'%s' is no name: 1 to %d printable ASCII characters without space, quotes, "
                              "backslash, comma, slash, colon and ~",
                              all.items[i], NAME_MAX_BYTES);
    char folder[PATH_MAX - 2 * NAME_MAX_BYTES];
    if ((size_t)snprintf(folder, sizeof folder, "%s/%s", dir, key_role_name(role)) >= sizeof folder)
        return args_wrong(&command, "--dir: too long a path");
    int status = make_folder(dir) && make_folder(folder) ? EXIT_DONE : EXIT_REFUSED;
    for (size_t i = 1; i < all.count && status == EXIT_DONE; i++)
        status = make_key(folder, role, all.items[i], globals->json);
    return status;
}

// ---- enroll and revoke

struct enrolment {
    struct key_pair *keys;
    size_t count;
};

static bool enroll(void *what, struct span before, struct bytes *ret_after, struct problems *problems)
{
    const struct enrolment *self = what;
    return directory_enroll(before, self->keys, self->count, ret_after, problems);
}

int ctl_enroll(struct globals *globals, char **words, size_t count)
{
    struct args_list files = {0};
    struct enrolment enrolment = {NULL, 0};
    struct change change = {.make = enroll, .what = &enrolment, .name = "enroll"};
    const struct args_option options[] = {{"--dry-run", ARGS_FLAG, &change.dry_run, 0}, {0}};
    struct args_command command = {.name = "enroll",
                                   .usage = "enroll FILE.pub... [--dry-run]",
                                   .options = options,
                                   .operand = "FILE.pub",
                                   .operands = &files,
                                   .operands_min = 1,
                                   .operands_max = ARGS_LIST_MAX};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    int status = EXIT_DONE;
    enrolment.keys = check_alloc(files.count * sizeof *enrolment.keys);
    for (; enrolment.count < files.count && status == EXIT_DONE; enrolment.count++) {
        struct problem problem;
        if (!key_pair_read(files.items[enrolment.count], &enrolment.keys[enrolment.count], &problem))
            status = output_fail(EXIT_REFUSED, "enroll: %s", problem.text);
    }
    if (status == EXIT_DONE)
        status = change_run(&change, globals);
    for (size_t i = 0; i < enrolment.count; i++)
        key_pair_close(&enrolment.keys[i]);
    free(enrolment.keys);
    return status;
}

static bool revoke(void *what, struct span before, struct bytes *ret_after, struct problems *problems)
{
    const struct args_list *names = what;
    return directory_revoke(before, names->items, names->count, ret_after, problems);
}

int ctl_revoke(struct globals *globals, char **words, size_t count)
{
    struct args_list names = {0};
    struct change change = {.make = revoke, .what = &names, .name = "revoke"};
    const struct args_option options[] = {{"--dry-run", ARGS_FLAG, &change.dry_run, 0}, {0}};
    struct args_command command = {.name = "revoke",
                                   .usage = "revoke (ROLE/NAME | KEY)... [--dry-run]",
                                   .options = options,
                                   .operand = "ROLE/NAME or KEY",
                                   .operands = &names,
                                   .operands_min = 1,
                                   .operands_max = ARGS_LIST_MAX};
    if (!args_parse(&command, globals, words, count) || !ctl_nodes_known(&command, globals))
        return EXIT_WRONG_USAGE;
    return change_run(&change, globals);
}
