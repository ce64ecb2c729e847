#include "ops/web/tokens.h"

#include "cluster/base/text.h"
#include "ops/common/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_BYTES 512

static bool add(struct tokens *self, enum role role, const char *name, const char *text, const char *where, size_t line)
{
    size_t bytes = strlen(text);
    bool any = strcmp(name, "*") == 0;
    if (!any && !text_is_name(name, TOKEN_NAME_MAX_BYTES)) {
        output_fail(EXIT_WRONG_USAGE, "%s:%zu: '%s' is no name", where, line, name);
        return false;
    }
    if (bytes < TOKEN_MIN_BYTES || bytes > TOKEN_MAX_BYTES) {
        output_fail(EXIT_WRONG_USAGE, "%s:%zu: a token has %d to %d characters", where, line, TOKEN_MIN_BYTES,
                    TOKEN_MAX_BYTES);
        return false;
    }
    if (self->count == TOKENS_MAX) {
        output_fail(EXIT_WRONG_USAGE, "%s:%zu: more than %d tokens", where, line, TOKENS_MAX);
        return false;
    }
    struct token *token = &self->list[self->count++];
    *token = (struct token){.role = role};
    text_copy(token->name, sizeof token->name, name);
    text_copy(token->text, sizeof token->text, text);
    return true;
}

static bool read_lines(struct tokens *self, enum role role, FILE *file, const char *where)
{
    char line[LINE_BYTES];
    for (size_t number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        char *rest = NULL, *name = strtok_r(line, " \t\r\n", &rest);
        if (name == NULL || name[0] == '#')
            continue;
        char *text = strtok_r(NULL, " \t\r\n", &rest);
        if (text == NULL || strtok_r(NULL, " \t\r\n", &rest) != NULL) {
            output_fail(EXIT_WRONG_USAGE, "%s:%zu: a line is NAME TOKEN", where, number);
            return false;
        }
        if (!add(self, role, name, text, where, number))
            return false;
    }
    return true;
}

static bool read_role(struct tokens *self, const char *folder, const char *role_name, enum role role)
{
    char where[4096];
    snprintf(where, sizeof where, "%s/%s", folder, role_name);
    FILE *file = fopen(where, "re");
    if (file == NULL && errno == ENOENT)
        return true;
    struct stat stat;
    bool good = false;
    if (file == NULL || fstat(fileno(file), &stat) != 0)
        output_fail(EXIT_WRONG_USAGE, "%s: %s", where, strerror(errno));
    else if ((stat.st_mode & 077) != 0)
        output_fail(EXIT_WRONG_USAGE, "%s: others may read it: chmod 600 %s", where, where);
    else
        good = read_lines(self, role, file, where);
    if (file != NULL)
        fclose(file);
    return good;
}

bool tokens_read(struct tokens *self, const char *folder)
{
    self->list = check_alloc(TOKENS_MAX * sizeof *self->list);
    self->count = 0;
    bool good = read_role(self, folder, "viewer", ROLE_VIEWER) && read_role(self, folder, "desk", ROLE_DESK) &&
                read_role(self, folder, "gateway", ROLE_GATEWAY) && read_role(self, folder, "admin", ROLE_ADMIN);
    if (good && self->count == 0) {
        output_fail(EXIT_WRONG_USAGE, "%s: no tokens: none of viewer, desk, gateway, admin has any", folder);
        good = false;
    }
    if (!good)
        tokens_close(self);
    return good;
}

void tokens_close(struct tokens *self)
{
    if (self->list != NULL)
        explicit_bzero(self->list, TOKENS_MAX * sizeof *self->list);
    free(self->list);
    *self = (struct tokens){0};
}

// Every byte is looked at, whichever is the first that differs.
static bool is_same(const char given[TOKEN_MAX_BYTES + 1], const char *text)
{
    unsigned char differs = 0;
    for (size_t i = 0; i <= TOKEN_MAX_BYTES; i++)
        differs |= (unsigned char)(given[i] ^ text[i]);
    return differs == 0;
}

const struct token *tokens_find(const struct tokens *self, const char *authorization)
{
    static const char bearer[] = "Bearer ";
    char given[TOKEN_MAX_BYTES + 1] = "";
    const struct token *found = NULL;
    if (authorization == NULL || strncasecmp(authorization, bearer, sizeof bearer - 1) != 0 ||
        strlen(authorization + sizeof bearer - 1) > TOKEN_MAX_BYTES)
        return NULL;
    strncpy(given, authorization + sizeof bearer - 1, TOKEN_MAX_BYTES);
    for (size_t i = 0; i < self->count; i++)
        if (is_same(given, self->list[i].text))
            found = &self->list[i];
    return found;
}

bool token_is_agent(const struct token *token, const char *agent)
{
    return token != NULL && (token->role == ROLE_ADMIN || strcmp(token->name, "*") == 0 ||
                             (token->role == ROLE_DESK && strcmp(token->name, agent) == 0));
}
