#include "node/selftest/results.h"

#include "cluster/store/tables.h"

#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>

struct key {
    char tester[NAME_MAX_BYTES + 1], site[NAME_MAX_BYTES + 1];  // zero-padded
};

struct row {
    struct key key;
    struct result result;
    uint64_t at_us;
    UT_hash_handle hh;
};

struct results {
    struct row *rows;
    uint64_t dropped;
};

bool result_is_failure(uint32_t result)
{
    return result >= REC__TEST_RESULT__TEST_NO_CONNECTION;
}

struct results *results_create(void)
{
    return check_alloc(sizeof(struct results));
}

static bool keep_none(void *context, const char *tester, const char *site)
{
    (void)context;
    (void)tester;
    (void)site;
    return false;
}

void results_free(struct results *self)
{
    if (self != NULL)
        results_filter(self, keep_none, NULL);
    free(self);
}

static int by_key(const struct row *a, const struct row *b)
{
    int tester = strcmp(a->key.tester, b->key.tester);
    return tester != 0 ? tester : strcmp(a->key.site, b->key.site);
}

static struct row *find(const struct results *self, const char *tester, const char *site, struct key *ret_key)
{
    struct row *row;
    memset(ret_key, 0, sizeof *ret_key);
    text_copy(ret_key->tester, sizeof ret_key->tester, tester);
    text_copy(ret_key->site, sizeof ret_key->site, site);
    HASH_FIND(hh, self->rows, ret_key, sizeof *ret_key, row);
    return row;
}

const struct result *results_find(const struct results *self, const char *tester, const char *site)
{
    struct key key;
    const struct row *row = find(self, tester, site, &key);
    return row == NULL ? NULL : &row->result;
}

void results_put(struct results *self, const char *tester, const char *site, const struct result *result,
                 uint64_t at_us)
{
    struct key key;
    struct row *row = find(self, tester, site, &key);
    if (row == NULL && HASH_COUNT(self->rows) >= RESULTS_MAX) {
        self->dropped++;
        return;
    }
    if (row == NULL) {
        row = check_alloc(sizeof *row);
        row->key = key;
        HASH_ADD_INORDER(hh, self->rows, key, sizeof row->key, row, by_key);
    }
    row->result = *result;
    row->at_us = at_us;
}

void results_each(const struct results *self, results_visit *visit, void *context)
{
    for (const struct row *row = self->rows; row != NULL; row = row->hh.next)
        visit(context, &(struct results_row){row->key.tester, row->key.site, &row->result, row->at_us});
}

void results_filter(struct results *self, results_keep *keep, void *context)
{
    struct row *row, *next;
    HASH_ITER(hh, self->rows, row, next)
    {
        if (keep(context, row->key.tester, row->key.site))
            continue;
        HASH_DEL(self->rows, row);
        free(row);
    }
}

uint64_t results_dropped(const struct results *self)
{
    return self->dropped;
}
