// What admins did: one record each, in this node's feed, so that every node has it. Kept as long as calls are.
#include "cluster/base/text.h"
#include "node/answers_private.h"
#include "node/node_private.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUDIT_ROWS_PER_PART 100
#define AUDIT_TEXT_MAX_BYTES 1024
#define AUDIT_ROW_BYTES ((size_t)8 * 1024)  // one, unpacked

void audit_write(struct node *self, uint64_t session, const char *verb, const char *what, const char *refused)
{
    struct key_holder holder;
    if (!sessions_holder(self->sessions, session, &holder))
        return;
    char id[96], text[AUDIT_TEXT_MAX_BYTES + 1];
    snprintf(id, sizeof id, "%s-%016llx-%u", self->config->self.name, (unsigned long long)self->boot, ++self->audits);
    text_copy(text, sizeof text, what);
    for (char *quote = text; (quote = strchr(quote, '"')) != NULL;)
        *quote = '\'';  // it is a field of the log as well
    Rec__Audit audit = REC__AUDIT__INIT;
    audit.who = (char *)holder.party;
    audit.key = (char *)holder.key;
    audit.verb = (char *)verb;
    audit.what = text;
    audit.at_ms = self->now.wall_ms;
    audit.refused = refused[0] != '\0';
    audit.reason = (char *)refused;
    struct bytes body = {0};
    size_t bytes = rec__audit__get_packed_size(&audit);
    rec__audit__pack(&audit, bytes_grow(&body, bytes));
    uint64_t born_ms = self->now.wall_ms;
    if (store_put(self->store, REC__KIND__AUDIT, id, 1, born_ms, (struct span){body.data, bytes}) == NULL)
        self->counters.puts_refused++;
    bytes_close(&body);
    node_say(self, "audit", "who=%s key=%.16s verb=%s what=\"%.200s\" refused=%s", holder.party, holder.key, verb, text,
             refused[0] != '\0' ? refused : "no");
}

// ---- asked for

struct found {
    const struct record **records;
    size_t count, capacity;
};

static void find(void *context, const struct record *record)
{
    struct found *found = context;
    if (found->count == found->capacity) {
        found->capacity = found->capacity ? found->capacity * 2 : 64;
        found->records = check_realloc(found->records, found->capacity * sizeof *found->records);
    }
    found->records[found->count++] = record;
}

static int latest_first(const void *a, const void *b)
{
    const struct record *one = *(const struct record *const *)a, *other = *(const struct record *const *)b;
    if (one->born_ms != other->born_ms)
        return one->born_ms > other->born_ms ? -1 : 1;
    return version_compare(&other->version, &one->version);
}

void answer_audit(struct node *self, const struct reply *reply, const Cli__Query *query)
{
    struct found found = {NULL, 0, 0};
    store_each(self->store, REC__KIND__AUDIT, find, &found);
    if (found.count > 1)
        qsort(found.records, found.count, sizeof *found.records, latest_first);
    size_t total = query->limit > 0 && query->limit < found.count ? query->limit : found.count, done = 0;
    Cli__AuditRow rows[AUDIT_ROWS_PER_PART], *pointers[AUDIT_ROWS_PER_PART];
    do {
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.audit = pointers;
        arena_allocator(&self->arena, 0);
        for (; done < total && answer.n_audit < AUDIT_ROWS_PER_PART; done++) {
            const struct record *record = found.records[done];
            Cli__AuditRow *row = pointers[answer.n_audit] = &rows[answer.n_audit];
            cli__audit_row__init(row);
            row->node = (char *)record->version.owner;
            row->audit = rec__audit__unpack(arena_allocator_more(&self->arena, AUDIT_ROW_BYTES), record->body.bytes,
                                            record->body.data);
            answer.n_audit++;
        }
        answers_say(reply, &answer, done == total);
    } while (done < total);
    free(found.records);
}
