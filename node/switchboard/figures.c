#include "node/switchboard/figures.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// As a label: letters, digits and '_'.
static void name_of(const char *what, const char *reason, char ret_name[64])
{
    snprintf(ret_name, 64, "%s:%s", what, reason[0] != '\0' ? reason : "unknown");
    for (char *at = strchr(ret_name, ':') + 1; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at))
            *at = '_';
}

static struct figures_reason *find(struct figures *self, const char *name)
{
    for (uint32_t i = 0; i < self->reason_count; i++)
        if (strcmp(self->reasons[i].name, name) == 0)
            return &self->reasons[i];
    return NULL;
}

void figures_count(struct figures *self, const char *what, const char *reason)
{
    char name[64];
    name_of(what, reason, name);
    struct figures_reason *known = find(self, name);
    if (known == NULL && self->reason_count >= FIGURES_REASONS_MAX - 2) {  // one "other" for calls, one for offers
        name_of(what, "other", name);
        known = find(self, name);
    }
    if (known == NULL) {
        known = &self->reasons[self->reason_count++];
        memcpy(known->name, name, sizeof name);
    }
    known->count++;
}
