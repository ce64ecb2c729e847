#include "cluster/keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES 4096
#define LINE_MAX_BYTES 256

// ---- reading

struct fields {
    char role[16], party[NAME_MAX_BYTES + 1], public_text[KEY_TEXT_BYTES + 1], secret[KEY_TEXT_BYTES + 1];
};

// False: a line is no "name: value" of those that there are, or it is there twice.
static bool read_line(struct fields *fields, const char *line)
{
    struct {
        const char *name;
        char *to;
        size_t room;
    } known[] = {{"role: ", fields->role, sizeof fields->role},
                 {"party: ", fields->party, sizeof fields->party},
                 {"public: ", fields->public_text, sizeof fields->public_text},
                 {"secret: ", fields->secret, sizeof fields->secret}};
    if (line[0] == '#' || line[0] == '\0')
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t bytes = strlen(known[i].name);
        if (strncmp(line, known[i].name, bytes) == 0)
            return known[i].to[0] == '\0' && text_copy(known[i].to, known[i].room, line + bytes);
    }
    return false;
}

static bool read_fields(char *text, struct fields *fields, const char *path, struct problem *ret_problem)
{
    uint32_t number = 1;
    for (char *line = text, *end; line != NULL; line = end, number++) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        if (!read_line(fields, line)) {
            problem_set(ret_problem, "%s:%u: not a line of a key file, or there twice", path, number);
            return false;
        }
    }
    return true;
}

static bool take_fields(const struct fields *fields, const char *path, struct key_pair *pair,
                        struct problem *ret_problem)
{
    uint8_t derived[KEY_BYTES];
    pair->role = key_role_named(fields->role);
    if (pair->role == KEY_ROLE_NONE || !text_is_name(fields->party, NAME_MAX_BYTES) ||
        !key_from_text(fields->public_text, pair->public_key)) {
        problem_set(ret_problem, "%s: a key file has a role, a party and a public key of 64 hexadecimal digits", path);
        return false;
    }
    memcpy(pair->party, fields->party, sizeof pair->party);
    memcpy(pair->public_text, fields->public_text, sizeof pair->public_text);
    if (fields->secret[0] == '\0')
        return true;
    pair->secret = sodium_malloc(KEY_BYTES);
    check(pair->secret != NULL);
    if (!key_from_text(fields->secret, pair->secret) || crypto_scalarmult_base(derived, pair->secret) != 0 ||
        memcmp(derived, pair->public_key, sizeof derived) != 0) {
        problem_set(ret_problem, "%s: the secret key and the public key do not belong together", path);
        return false;
    }
    return true;
}

// What the file says, whole; false when it cannot be read or others may read its secret.
static bool read_text(int file, const char *path, char *text, struct problem *ret_problem)
{
    struct stat about;
    bool is_known = fstat(file, &about) == 0;
    if (is_known && !S_ISREG(about.st_mode)) {
        problem_set(ret_problem, "%s: not a file", path);
        return false;
    }
    ssize_t bytes = is_known ? read(file, text, FILE_MAX_BYTES) : -1;
    if (bytes < 0) {
        problem_set(ret_problem, "%s: %s", path, strerror(errno));
        return false;
    }
    if (bytes == FILE_MAX_BYTES || memchr(text, '\0', (size_t)bytes) != NULL) {
        problem_set(ret_problem, "%s: not a key file", path);
        return false;
    }
    text[bytes] = '\0';
    if (strstr(text, "secret:") != NULL && (about.st_mode & 077) != 0) {
        problem_set(ret_problem, "%s: others may read this secret key: chmod 600, or make a new one", path);
        return false;
    }
    return true;
}

bool key_pair_read(const char *path, struct key_pair *ret_pair, struct problem *ret_problem)
{
    check(sodium_init() >= 0);
    *ret_pair = (struct key_pair){.role = KEY_ROLE_NONE};
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe's other end may never come
    if (file < 0) {
        problem_set(ret_problem, "%s: %s", path, strerror(errno));
        return false;
    }
    char *text = sodium_malloc(FILE_MAX_BYTES + 1);
    struct fields *fields = sodium_malloc(sizeof *fields);
    check(text != NULL && fields != NULL);
    memset(fields, 0, sizeof *fields);
    bool good = read_text(file, path, text, ret_problem) && read_fields(text, fields, path, ret_problem) &&
                take_fields(fields, path, ret_pair, ret_problem);
    sodium_free(text);
    sodium_free(fields);
    close(file);
    if (!good)
        key_pair_close(ret_pair);
    return good;
}

// ---- writing

bool key_pair_write(const struct key_pair *self, const char *path, bool secret, struct problem *ret_problem)
{
    char *text = sodium_malloc(4 * LINE_MAX_BYTES);
    check(text != NULL && (!secret || self->secret != NULL));
    int bytes = snprintf(text, 4 * LINE_MAX_BYTES, "%srole: %s\nparty: %s\npublic: %s\n",
                         secret ? "# a secret key of hotline: whoever has it is this party\n" : "",
                         key_role_name(self->role), self->party, self->public_text);
    if (secret) {
        bytes += snprintf(text + bytes, LINE_MAX_BYTES, "secret: ");
        key_to_text(self->secret, text + bytes);
        bytes += KEY_TEXT_BYTES;
        text[bytes++] = '\n';
    }
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
    bool good = file >= 0 && write(file, text, (size_t)bytes) == bytes &&
                (!secret || fsync(file) == 0);  // a public key is a copy
    if (!good)
        problem_set(ret_problem, "%s: %s", path,
                    file < 0 && errno == EEXIST ? "is there already; a key is never overwritten" : strerror(errno));
    if (file >= 0)
        close(file);
    sodium_free(text);
    return good;
}
