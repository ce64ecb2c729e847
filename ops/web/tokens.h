// Who may do what: bearer tokens in files of one folder, one file a role, each line "NAME TOKEN". The files are secret:
// they must be readable by their owner only.
#ifndef OPS_WEB_TOKENS_H
#define OPS_WEB_TOKENS_H

#include "cluster/base/check.h"

#include <stdbool.h>
#include <stddef.h>

#define TOKENS_MAX 4096
#define TOKEN_NAME_MAX_BYTES 64
#define TOKEN_MIN_BYTES 16
#define TOKEN_MAX_BYTES 128

enum role {
    ROLE_VIEWER = 1,   // sees everything but the directory
    ROLE_DESK = 2,     // and signs in as the agent that the token names, or as anybody: "*"
    ROLE_GATEWAY = 4,  // and places calls
    ROLE_ADMIN = 8,    // everything, and the directory
};

struct token {
    enum role role;
    char name[TOKEN_NAME_MAX_BYTES + 1];
    char text[TOKEN_MAX_BYTES + 1];
};

struct tokens {
    struct token *list;
    size_t count;
};

// Reads viewer, desk, gateway and admin in the folder; absent ones give nobody that role. False: said on stderr.
MUST_USE bool tokens_read(struct tokens *self, const char *folder);
void tokens_close(struct tokens *self);
// By a header "Bearer TOKEN"; NULL: nobody's. Takes the same time for every wrong one.
const struct token *tokens_find(const struct tokens *self, const char *authorization);
bool token_is_agent(const struct token *token, const char *agent);

#endif
