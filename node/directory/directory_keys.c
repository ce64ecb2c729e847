#include "node/directory/directory_keys.h"

#include "cluster/wire/arena.h"
#include "node/directory/directory.h"
#include "node/directory/directory_show.h"

#include <stdlib.h>
#include <string.h>

static bool encode(const Rec__Directory *message, struct bytes *ret_after, struct problems *problems)
{
    struct directory *directory = directory_create(message, problems);
    if (directory != NULL)
        directory_encode(directory, ret_after);
    directory_free(directory);
    return directory != NULL;
}

static const Rec__Key *find(const Rec__Directory *directory, const char *key)
{
    for (size_t i = 0; i < directory->n_keys; i++)
        if (strcmp(directory->keys[i]->key, key) == 0)
            return directory->keys[i];
    return NULL;
}

bool directory_enroll(struct span before, const struct key_pair *keys, size_t count, struct bytes *ret_after,
                      struct problems *ret_problems)
{
    struct arena arena = {0};
    uint32_t problems = ret_problems->count;
    Rec__Directory *directory = show_unpack(before, &arena);
    Rec__Key *added = check_alloc(count * sizeof *added), **all = NULL;
    if (directory == NULL)
        problems_add(ret_problems, "the directory that is there now cannot be read");
    for (size_t i = 0; i < count && directory != NULL; i++) {
        const Rec__Key *known = find(directory, keys[i].public_text);
        if (known != NULL)
            problems_add(ret_problems, "key %s of %s %s is %s", keys[i].public_text, known->role, known->party,
                         known->revoked ? "revoked: make a new one" : "enrolled already");
        rec__key__init(&added[i]);
        added[i].key = (char *)keys[i].public_text;
        added[i].role = (char *)key_role_name(keys[i].role);
        added[i].party = (char *)keys[i].party;
    }
    bool good = directory != NULL && ret_problems->count == problems;
    if (good) {
        size_t had = directory->n_keys;
        all = check_alloc((had + count) * sizeof *all);
        if (had > 0)
            memcpy(all, directory->keys, had * sizeof *all);
        for (size_t i = 0; i < count; i++)
            all[had + i] = &added[i];
        directory->keys = all;
        directory->n_keys = had + count;
        good = encode(directory, ret_after, ret_problems);
    }
    free(all);
    free(added);
    arena_close(&arena);
    return good;
}

static bool is_named(const Rec__Key *key, const char *name)
{
    size_t role = strlen(key->role);
    return strcmp(key->key, name) == 0 ||
           (strncmp(key->role, name, role) == 0 && name[role] == '/' && strcmp(key->party, name + role + 1) == 0);
}

bool directory_revoke(struct span before, const char *const *names, size_t count, struct bytes *ret_after,
                      struct problems *ret_problems)
{
    struct arena arena = {0};
    uint32_t problems = ret_problems->count;
    Rec__Directory *directory = show_unpack(before, &arena);
    if (directory == NULL)
        problems_add(ret_problems, "the directory that is there now cannot be read");
    for (size_t i = 0; i < count && directory != NULL; i++) {
        size_t found = 0;
        for (size_t k = 0; k < directory->n_keys; k++)
            if (is_named(directory->keys[k], names[i])) {
                directory->keys[k]->revoked = true;
                found++;
            }
        if (found == 0)
            problems_add(ret_problems, "%s: no such key is enrolled", names[i]);
    }
    bool good = directory != NULL && ret_problems->count == problems && encode(directory, ret_after, ret_problems);
    arena_close(&arena);
    return good;
}
