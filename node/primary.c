// The directory: written whole by its primary, taken over whole by every node, its own primary included.
#include "node/node_private.h"

#include "cluster/base/text.h"
#include "node/directory/directory_yaml.h"

#include "client.pb-c.h"
#include "records.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HORIZON_EVERY_MS 60000
#define HORIZON_STEP_MS ((uint64_t)600 * 1000)  // the horizon moves on by at least this much

// ---- majority

uint32_t primary_node_total(const struct node *self)
{
    if (self->directory != NULL && self->directory->node_count > 0)
        return self->directory->node_count;
    return peers_count(self->peers) + 1;
}

bool primary_counts_for_majority(const struct node *self, const char *name)
{
    return self->directory == NULL || self->directory->node_count == 0 ||
           directory_find_node(self->directory, name) != DIRECTORY_NONE;
}

uint32_t primary_swept(const struct node *self)
{
    uint32_t swept = 1;
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        swept += feed_is_swept(self->feed, i) && primary_counts_for_majority(self, peers_at(self->peers, i)->card.name);
    return swept;
}

bool primary_sees_majority(const struct node *self)
{
    uint32_t up = 1;
    for (uint32_t i = 0; i < peers_count(self->peers); i++)
        up += peers_at(self->peers, i)->up && primary_counts_for_majority(self, peers_at(self->peers, i)->card.name);
    return 2 * up > primary_node_total(self);
}

// ---- taking over

static void on_purged(void *context, const struct record *record)
{
    struct event event = {.type = EVENT_PURGED, .name = record->id};
    if (record->kind == REC__KIND__CALL)
        node_step(context, &event);
}

void primary_take_over(struct node *self)
{
    struct shelf_version version;
    struct bytes encoded = {0};
    self->directory_stale = false;
    store_set_horizon(self->store, shelf_read_horizon(self->store), on_purged, self);
    bool newer = shelf_read(self->store, &version, &encoded) &&
                 (self->directory == NULL || shelf_compare(&version, &self->directory_version) > 0);
    if (newer) {
        struct problems problems;
        problems_init(&problems);
        struct directory *directory = directory_decode((struct span){encoded.data, encoded.count}, &problems);
        if (directory == NULL) {
            self->counters.directories_bad++;
            node_say(self, "directory_bad", "claim=%llu revision=%llu", (unsigned long long)version.claim,
                     (unsigned long long)version.revision);
        } else {
            struct directory *old = self->directory;
            self->directory = directory;
            self->directory_version = version;
            node_say(self, "directory", "claim=%llu revision=%llu primary=%s agents=%u",
                     (unsigned long long)version.claim, (unsigned long long)version.revision, directory->primary,
                     directory->agent_count);
            selftest_directory(self);  // test calls under way are of the old one
            struct event event = {.type = EVENT_DIRECTORY, .directory = directory};
            node_step(self, &event);
            trust_changed(self);
            directory_free(old);
        }
        problems_close(&problems);
    }
    bytes_close(&encoded);
}

// ---- applying

static void refuse(struct node *self, const struct Cli__ApplyPart *part, uint64_t session, const char *reason,
                   const char *detail, const Cli__NextNode *elsewhere, const struct problems *problems)
{
    char what[32];
    snprintf(what, sizeof what, "%llu", (unsigned long long)part->query);
    sessions_refuse(self->sessions, session, reason, detail, what, elsewhere, problems ? problems->lines : NULL,
                    problems ? problems->count : 0);
    self->counters.applies_refused++;
    audit_write(self, session, "apply", detail, reason);
    self->apply.session = 0;
    bytes_clear(&self->apply.bytes);
}

// True: the newest directory is one that this node wrote in this boot. Another's on top ends its claim, as a primary's
// that was moved away: when it is moved back, this node claims anew.
static bool holds_claim(const struct node *self)
{
    return self->directory != NULL && self->directory_version.boot == self->boot &&
           strcmp(self->directory_version.owner, self->config->self.name) == 0;
}

// True: this node may write `directory` now, over the version the client names.
static bool may_write(struct node *self, uint64_t session, const Cli__ApplyPart *part,
                      const struct directory *directory)
{
    char detail[512];
    if (strcmp(directory->primary, self->config->self.name) != 0) {
        snprintf(detail, sizeof detail, "the directory's primary is %s, this node is %s", directory->primary,
                 self->config->self.name);
        Cli__NextNode primary;
        bool is_known = node_card_of(self, directory->primary, &primary);
        refuse(self, part, session, "not_primary", detail, is_known ? &primary : NULL, NULL);
        return false;
    }
    if (self->disk_state != DISK_OK) {
        refuse(self, part, session, drain_disk_reason(self), "this node can store nothing more", NULL, NULL);
        return false;
    }
    uint64_t claim = self->directory ? self->directory_version.claim : 0;
    uint64_t revision = self->directory ? self->directory_version.revision : 0;
    if (part->over_claim != claim || part->over_revision != revision) {
        snprintf(detail, sizeof detail, "the directory has changed: it is %llu.%llu, the change is over %llu.%llu",
                 (unsigned long long)claim, (unsigned long long)revision, (unsigned long long)part->over_claim,
                 (unsigned long long)part->over_revision);
        refuse(self, part, session, "directory_changed", detail, NULL, NULL);
        return false;
    }
    uint32_t total = directory->node_count > 0 ? directory->node_count : primary_node_total(self);
    if (!holds_claim(self) && !part->force && 2 * primary_swept(self) <= total) {
        snprintf(detail, sizeof detail, "has taken over the feeds of %u of %u nodes since its start: wait, or --force",
                 primary_swept(self), total);
        refuse(self, part, session, "no_majority", detail, NULL, NULL);
        return false;
    }
    return true;
}

// What changes, for the audit. The caller frees it.
static char *describe(struct span before, struct span after)
{
    char *text = NULL;
    size_t bytes = 0, changes = 0;
    FILE *to = open_memstream(&text, &bytes);
    check(to != NULL);
    if (!directory_diff(before, after, to, &changes))
        fputs("unreadable", to);
    fclose(to);
    for (char *line = strchr(text, '\n'); line != NULL; line = strchr(line, '\n'))
        *line = ';';
    return text;
}

static void write_directory(struct node *self, uint64_t session, const Cli__ApplyPart *part,
                            const struct directory *directory)
{
    struct bytes encoded = {0}, before = {0};
    directory_encode(directory, &encoded);
    if (self->directory != NULL)
        directory_encode(self->directory, &before);
    char *changes = describe((struct span){before.data, before.count}, (struct span){encoded.data, encoded.count});
    bytes_close(&before);
    uint64_t claim = self->directory_version.claim + !holds_claim(self);
    uint64_t seq = shelf_write(self->store, (struct span){encoded.data, encoded.count}, claim,
                               self->directory_version.revision + 1);
    bytes_close(&encoded);
    if (seq == 0) {
        free(changes);
        refuse(self, part, session, "store_full", "the store has no room for the directory", NULL, NULL);
        return;
    }
    audit_write(self, session, "apply", changes, "");
    free(changes);
    self->apply.written_seq = seq;
    self->counters.applies++;
    primary_take_over(self);
}

static void apply_whole(struct node *self, uint64_t session, const Cli__ApplyPart *part)
{
    struct problems problems;
    problems_init(&problems);
    struct directory *directory =
        directory_decode((struct span){self->apply.bytes.data, self->apply.bytes.count}, &problems);
    if (directory == NULL)
        refuse(self, part, session, "invalid_directory", "nothing was changed", NULL, &problems);
    else if (may_write(self, session, part, directory))
        write_directory(self, session, part, directory);
    bytes_clear(&self->apply.bytes);
    directory_free(directory);
    problems_close(&problems);
}

void primary_apply_part(struct node *self, uint64_t session, const Cli__ApplyPart *part)
{
    struct apply *apply = &self->apply;
    if (part->index == 0) {
        if (apply->written_seq != 0) {
            refuse(self, part, session, "busy", "another change is being written", NULL, NULL);
            return;
        }
        *apply = (struct apply){.session = session, .query = part->query, .bytes = apply->bytes};
        bytes_clear(&apply->bytes);
    }
    if (apply->session != session || apply->query != part->query || part->index != apply->next_part ||
        part->total_bytes > DIRECTORY_MAX_BYTES || apply->bytes.count + part->bytes.len > part->total_bytes) {
        refuse(self, part, session, "bad_parts", "the parts do not follow each other, or are too many", NULL, NULL);
        return;
    }
    apply->next_part++;
    bytes_append(&apply->bytes, part->bytes.data, part->bytes.len);
    if (part->index + 1 == part->count)
        apply_whole(self, session, part);
}

void primary_written(struct node *self)
{
    struct apply *apply = &self->apply;
    if (apply->written_seq == 0 || store_stored(self->store, self->config->self.name, self->boot) < apply->written_seq)
        return;
    Cli__Applied applied = CLI__APPLIED__INIT;
    applied.claim = self->directory_version.claim;
    applied.revision = self->directory_version.revision;
    Cli__Answer answer = CLI__ANSWER__INIT;
    answer.query = apply->query;
    answer.last = true;
    answer.applied = &applied;
    Cli__ToClient message = CLI__TO_CLIENT__INIT;
    message.body_case = CLI__TO_CLIENT__BODY_ANSWER;
    message.answer = &answer;
    sessions_say(self->sessions, apply->session, &message);
    apply->written_seq = 0;
    apply->session = 0;
}

void primary_disk_broken(struct node *self)
{
    struct apply *apply = &self->apply;
    Cli__ApplyPart part = CLI__APPLY_PART__INIT;
    part.query = apply->query;
    if (apply->written_seq == 0)
        return;
    apply->written_seq = 0;
    refuse(self, &part, apply->session, drain_disk_reason(self), "the change could not be stored here", NULL, NULL);
}

// ---- retention

void primary_tick(struct node *self)
{
    const struct directory *directory = self->directory;
    if (self->now.mono_us < self->horizon_next_us || directory == NULL || self->disk_state != DISK_OK ||
        2 * primary_swept(self) <= primary_node_total(self) ||
        strcmp(directory->primary, self->config->self.name) != 0 ||
        self->now.wall_ms < directory->settings.retention_ms)
        return;
    self->horizon_next_us = self->now.mono_us + (uint64_t)HORIZON_EVERY_MS * 1000;
    uint64_t horizon_ms = self->now.wall_ms - directory->settings.retention_ms;
    if (horizon_ms < shelf_read_horizon(self->store) + HORIZON_STEP_MS)
        return;
    shelf_write_horizon(self->store, self->directory_version.claim, horizon_ms);
    store_set_horizon(self->store, horizon_ms, on_purged, self);
}
