#include "chaos/sim/server_inside.h"

#include "chaos/sim/city.h"
#include "cluster/base/text.h"
#include "cluster/store/backup.h"
#include "cluster/store/disk_memory.h"
#include "cluster/store/store.h"
#include "node/node.h"
#include "node/switchboard/switchboard.h"

#include "records.pb-c.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORDS_MAX 1000000
#define DECISION_BYTES (SWITCHBOARD_DECISION_CALLS_MAX * (CALL_ID_MAX_BYTES + 40) + 512)
#define STEADY_US (3 * SIM_SECOND_US)
#define HAND_OVER_US (1500 * SIM_MS_US)

// ---- the disk: what is queued when a transaction begins is one transaction

static void on_committed(void *subject, uint64_t life);

static void commit_soon(struct server *self)
{
    if (self->commits || self->disk->type->state(self->disk) != DISK_OK || disk_memory_queued(self->disk) == 0)
        return;
    uint64_t queued = disk_memory_queued(self->disk);
    uint64_t us = chance_permille(&self->chance, 20) ? chance_between(&self->chance, 5000, 12000)
                                                     : chance_between(&self->chance, 300, 700);
    if (self->disk_is_slow)
        us = chance_between(&self->chance, 50000, 1500000);
    self->commits = true;
    self->commit_upto = disk_written(self->disk) + queued;
    agenda_at(&self->sim->agenda, sim_now(self->sim) + us, on_committed, self, self->host.life);
}

// ---- turns of the loop

static void end_turn(struct server *self)
{
    node_turn_end(self->node);
    if (self->dies_in_turn && self->host.sends_left != UINT32_MAX) {
        sim_meet(self->sim, MET_crash_in_turn);
        server_crash(self, false);
        return;
    }
    commit_soon(self);
}

static void begin_turn(struct server *self)
{
    if (self->dies_in_turn && self->host.sends_left == UINT32_MAX && chance_permille(&self->chance, 50))
        self->host.sends_left = (uint32_t)chance_below(&self->chance, 6);
}

static void wake_if_due(struct server *self)
{
    if (net_mono_us(&self->sim->net, &self->host) < self->wake_us) {
        server_arm(self);
        return;
    }
    begin_turn(self);
    node_wake(self->node);
    end_turn(self);
}

void server_on_time(void *subject, uint64_t life)
{
    struct server *self = subject;
    if (self->node == NULL || self->host.life != life || sim_now(self->sim) != self->armed_us)
        return;
    self->armed_us = UINT64_MAX;
    if (!self->host.paused)  // otherwise server_resume looks at the time
        wake_if_due(self);
}

static void on_message(struct net_host *host, struct net_line *line, struct span message)
{
    struct server *self = (struct server *)host;
    begin_turn(self);
    if (line->port == NET_CLIENT) {
        struct world_client client = {.bytes = 12};
        uint32_t name[3] = {line->index, line->generation, line->epoch};
        memcpy(client.id, name, sizeof name);
        node_client_message(self->node, &client, line->from->key, message);
    } else {
        node_peer_message(self->node, line->from->key, message);
    }
    end_turn(self);
}

void server_own_message(struct server *self, struct span message)
{
    begin_turn(self);
    node_own_message(self->node, message);
    end_turn(self);
}

static void on_committed(void *subject, uint64_t life)
{
    struct server *self = subject;
    if (self->node == NULL || self->host.life != life)
        return;
    disk_memory_commit(self->disk, self->commit_upto);
    if (self->host.paused) {  // its loop hears of it when it runs again
        agenda_at(&self->sim->agenda, sim_now(self->sim) + 10 * SIM_MS_US, on_committed, self, life);
        return;
    }
    self->commits = false;
    node_disk_written(self->node);
    end_turn(self);
}

// ---- life

static void tell_decision(struct server *self, enum history_word word, const char *fields)
{
    char line[DECISION_BYTES];
    snprintf(line, sizeof line, "0 %s node=%s %s", history_word_text(word), server_name(self), fields);
    struct history_event event;
    check(history_parse(line, &event) == NULL);
    sim_tell(self->sim, event);
}

static void hear_of_peer(struct server *self, const char *code, const char *fields)
{
    char name[NAME_MAX_BYTES + 1] = "";
    bool is_up = strcmp(code, "peer_up") == 0, is_down = strcmp(code, "peer_down") == 0;
    if (is_up || strcmp(code, "peer_moved") == 0)
        if (strstr(fields, "via= ") == NULL)
            sim_meet(self->sim, MET_peer_bridged);
    if (!is_up && !is_down)
        return;
    sim_meet(self->sim, is_up ? MET_peer_up : MET_peer_down);
    check(sscanf(fields, "peer=%64s", name) == 1);
    uint32_t peer = 0;
    while (peer < self->sim->node_count && strcmp(server_name(self->sim->servers[peer]), name) != 0)
        peer++;
    check(peer < self->sim->node_count);
    uint64_t up_us = sim_now(self->sim) - self->met_us[peer];
    if (is_up)
        self->met_us[peer] = sim_now(self->sim);
    else if (strstr(fields, " heard=0") != NULL && up_us > STEADY_US)  // otherwise a third's word of old
        sim_tell(self->sim, (struct history_event){.word = HISTORY_MISSES, .node = server_name(self), .party = name});
}

static void hear_of_catching_up(struct server *self, const char *fields)
{
    char why[16];
    unsigned with, others;
    check(sscanf(fields, "why=%15s backup_ms=%*u with=%u others=%u", why, &with, &others) == 3);
    sim_meet(self->sim, MET_caught_up);
    sim_tell(
        self->sim,
        (struct history_event){
            .word = HISTORY_CAUGHT_UP, .node = server_name(self), .number = with, .records = others, .reason = why});
}

static void on_notice(void *context, const char *code, const char *fields)
{
    struct server *self = context;
    bool is_made = strcmp(code, "made") == 0;
    if (is_made || strcmp(code, "decided") == 0) {
        tell_decision(self, is_made ? HISTORY_MADE : HISTORY_DECIDED, fields);
        return;
    }
    if (strcmp(code, "caught_up") == 0)
        hear_of_catching_up(self, fields);
    if (strncmp(code, "peer_", 5) == 0)
        hear_of_peer(self, code, fields);
    if (strncmp(code, "disk_", 5) == 0 && strstr(fields, "elsewhere=1") != NULL)
        sim_meet(self->sim, MET_disk_drained);
    sim_remark(self->sim, "%s %s %s", server_name(self), code, fields);
}

struct server *server_create(struct sim *sim, uint32_t index)
{
    struct server *self = check_alloc(sizeof *self);
    self->sim = sim;
    self->index = index;
    self->world.type = &server_world;
    self->host.zone = index;
    self->host.receive = on_message;
    self->host.clock = city_clock(sim);
    chance_init(&self->chance, sim->options.seed, 1000 + index);
    self->medium = disk_memory_create();
    city_config(sim, index, &self->config);
    text_copy(self->host.key, sizeof self->host.key, self->config.key);
    own_init(&self->own, self);
    return self;
}

void server_start(struct server *self)
{
    if (self->node != NULL)
        return;
    struct problem problem;
    net_start(&self->sim->net, &self->host);
    own_start(&self->own);
    bool is_older = self->disk_is_older, lost_some = is_older || disk_memory_rows(self->medium, DISK_RECORDS) == 0;
    self->disk_is_older = false;
    self->host.clock.mono_off_us += chance_between(&self->chance, 1, 1000 * SIM_SECOND_US);
    self->disk = disk_memory_open(self->medium);
    self->wake_us = self->armed_us = UINT64_MAX;
    self->commits = self->dies_in_turn = self->going = false;
    sim_tell(self->sim, (struct history_event){.word = HISTORY_NODE_STARTED,
                                               .node = server_name(self),
                                               .boot = self->host.life,
                                               .number = lost_some,
                                               .reason = is_older ? "backup" : ""});
    if (lost_some) {
        self->was_emptied = true;
        self->emptied_us = sim_now(self->sim);
    }
    self->node = node_create(&self->world, self->disk, &self->config, &problem);
    if (self->node == NULL)
        check_failed(problem.text, __FILE__, __LINE__, __func__);
    node_on_notice(self->node, on_notice, self);
    end_turn(self);
}

// What its node has done, before it goes.
void server_count(struct server *self)
{
    static const struct {
        const char *name;
        enum met_kind kind;
    } counters[] = {{"callbacks_made", MET_callback_made},
                    {"callbacks_made_later", MET_callback_made_later},
                    {"callbacks_made_alone", MET_callback_made_alone},
                    {"callbacks_cancelled", MET_callback_cancelled},
                    {"callbacks_expired", MET_callback_expired},
                    {"test_calls_passed", MET_test_passed},
                    {"test_calls_failed", MET_test_failed}};
    for (size_t i = 0; self->node != NULL && i < sizeof counters / sizeof *counters; i++)
        self->sim->met.counts[counters[i].kind] += node_counter(self->node, counters[i].name);
}

static void close_node(struct server *self, bool silent)
{
    struct node *node = self->node;
    server_count(self);
    self->node = NULL;  // it says nothing more
    self->host.sends_left = 0;
    node_free(node);
    own_kill(&self->own);
    net_kill(&self->sim->net, &self->host, silent);
    sim_tell(self->sim, (struct history_event){.word = HISTORY_NODE_DIED, .node = server_name(self)});
}

void server_crash(struct server *self, bool power_loss)
{
    if (self->node == NULL)
        return;
    sim_meet(self->sim, power_loss ? MET_power_loss : MET_crash);
    if (self->commits && chance_permille(&self->chance, 500)) {
        sim_meet(self->sim, MET_commit_torn);
        disk_memory_commit(self->disk, self->commit_upto);
    }
    self->sim->met.counts[MET_writes_lost] += disk_memory_queued(self->disk);
    close_node(self, power_loss);
    disk_memory_crash(self->disk);
    self->disk = NULL;
}

void server_crash_in_turn(struct server *self)
{
    self->dies_in_turn = self->node != NULL;
}

static void on_handed_over(void *subject, uint64_t life)
{
    struct server *self = subject;
    if (self->node == NULL || self->host.life != life)
        return;
    close_node(self, false);
    self->disk->type->close(self->disk);
    self->disk = NULL;
}

void server_stop(struct server *self)
{
    if (self->node == NULL || self->going || self->host.paused)
        return;
    sim_meet(self->sim, MET_stop);
    self->going = true;
    node_say_going(self->node);
    end_turn(self);
    agenda_at(&self->sim->agenda, sim_now(self->sim) + HAND_OVER_US, on_handed_over, self, self->host.life);
}

void server_pause(struct server *self)
{
    if (self->node == NULL || self->host.paused)
        return;
    sim_meet(self->sim, MET_pause);
    net_pause(&self->sim->net, &self->host);
    own_pause(&self->own);
    sim_tell(self->sim, (struct history_event){.word = HISTORY_NODE_STALLED, .node = server_name(self)});
}

// What came meanwhile and the time-out are both due: which of them the loop sees first is chance.
void server_resume(struct server *self)
{
    if (self->node == NULL || !self->host.paused)
        return;
    sim_tell(self->sim, (struct history_event){.word = HISTORY_NODE_RESUMED, .node = server_name(self)});
    bool time_first = chance_permille(&self->chance, 500);
    uint32_t life = self->host.life;
    self->armed_us = UINT64_MAX;
    if (time_first)
        wake_if_due(self);
    net_resume(&self->sim->net, &self->host);
    if (self->node != NULL && self->host.life == life)
        own_resume(&self->own);
    if (self->node != NULL && self->host.life == life)
        wake_if_due(self);
}

static void empty_medium(struct server *self)
{
    check(self->node == NULL);
    disk_memory_free(self->medium);
    self->medium = disk_memory_create();
}

void server_lose_disk(struct server *self)
{
    if (self->node != NULL)
        return;
    sim_meet(self->sim, MET_disk_lost);
    empty_medium(self);
}

static void never_wait(void)
{
    check(false);  // a disk that writes at once is not waited for
}

void server_restore(struct server *self, struct span backup)
{
    struct problem problem;
    struct backup_summary summary;
    struct now now = world_now(&self->world);
    struct store_options options = node_store_options(&self->config, now.wall_ms << 20, now.wall_ms);
    char path[64];
    int file = memfd_create("backup", MFD_CLOEXEC);
    check(file >= 0 && write(file, backup.data, backup.bytes) == (ssize_t)backup.bytes);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    sim_meet(self->sim, MET_restored);
    empty_medium(self);
    disk_memory_set_immediate(self->medium, true);
    struct disk *disk = disk_memory_open(self->medium);
    if (!backup_verify(path, &options, &summary, &problem) ||
        !backup_restore(path, &options, disk, never_wait, &problem))
        check_failed(problem.text, __FILE__, __LINE__, __func__);
    disk->type->close(disk);
    disk_memory_set_immediate(self->medium, false);
    close(file);
    self->disk_is_older = true;
}

void server_break_disk(struct server *self, enum disk_state state)
{
    if (self->node == NULL || self->disk->type->state(self->disk) != DISK_OK)
        return;
    sim_meet(self->sim, state == DISK_FULL ? MET_disk_full : MET_disk_failed);
    disk_memory_break(self->disk, state);
    if (self->host.paused)
        return;
    node_disk_written(self->node);
    end_turn(self);
}

bool server_has_call(const struct server *self, const char *call)
{
    uint8_t key[STORE_KEY_MAX_BYTES];
    return disk_memory_has(self->medium, DISK_RECORDS, store_key(REC__KIND__CALL, call, key));
}

void server_free(struct server *self)
{
    if (self == NULL)
        return;
    if (self->node != NULL) {
        struct node *node = self->node;
        self->node = NULL;
        node_free(node);
        disk_memory_crash(self->disk);
    }
    disk_memory_free(self->medium);
    free(self);
}
