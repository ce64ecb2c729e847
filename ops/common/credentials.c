#include "ops/common/credentials.h"

#include "ops/common/output.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder(const struct globals *globals)
{
    const char *keys = globals->keys != NULL ? globals->keys : getenv("HOTLINE_KEYS");
    return keys != NULL && keys[0] != '\0' ? keys : NULL;
}

const char *credentials_file(const struct credentials *self)
{
    return self->party[0] != '\0' ? self->path : NULL;
}

// The role's first key; "" when there is none.
static void find_first(const char *keys, const char *role, char party[NAME_MAX_BYTES + 1])
{
    char pattern[PATH_MAX];
    glob_t found = {0};
    party[0] = '\0';
    snprintf(pattern, sizeof pattern, "%s/%s/*.key", keys, role);
    if (glob(pattern, 0, NULL, &found) == 0) {
        const char *name = strrchr(found.gl_pathv[0], '/') + 1;
        snprintf(party, NAME_MAX_BYTES + 1, "%.*s", (int)(strlen(name) - strlen(".key")), name);
    }
    globfree(&found);
}

bool credentials_find(const struct globals *globals, enum key_role role, const char *party, struct credentials *ret)
{
    const char *keys = folder(globals), *role_name = key_role_name(role);
    *ret = (struct credentials){.party = ""};
    if (keys == NULL)
        return true;
    if (party != NULL)
        text_copy(ret->party, sizeof ret->party, party);
    else
        find_first(keys, role_name, ret->party);
    if (ret->party[0] == '\0') {
        output_fail(EXIT_REFUSED, "there is no key of a %s in %s: hotlinectl keygen %s NAME makes one", role_name, keys,
                    role_name);
        return false;
    }
    if ((size_t)snprintf(ret->path, sizeof ret->path, "%s/%s/%s.key", keys, role_name, ret->party) < sizeof ret->path)
        return true;
    output_fail(EXIT_REFUSED, "%s: too long a path", keys);
    return false;
}

bool credentials_find_asker(const struct globals *globals, struct credentials *ret)
{
    const char *slash = globals->as != NULL ? strchr(globals->as, '/') : NULL;
    char role[16] = "";
    if (globals->as == NULL)
        return credentials_find(globals, KEY_ROLE_ADMIN, NULL, ret);
    if (slash != NULL)
        snprintf(role, sizeof role, "%.*s", (int)(slash - globals->as), globals->as);
    if (key_role_named(role) == KEY_ROLE_NONE) {
        output_fail(EXIT_REFUSED, "--as: '%s' is not ROLE/NAME, such as admin/wang", globals->as);
        return false;
    }
    return credentials_find(globals, key_role_named(role), slash + 1, ret);
}
