// Real messages as seeds: the simulator, its calls between nodes and clients listened to by the linker's --wrap. Writes
// what is said, some messages a file, into SEEDS/client, SEEDS/peer and SEEDS/server; into SEEDS/backup a backup and
// its frames. usage: fuzz_seeds SEEDS [SEED]
#include "chaos/sim/faults.h"
#include "chaos/sim/sim.h"
#include "cluster/base/check.h"
#include "cluster/store/backup.h"
#include "node/client/wire.h"
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES_MAX 150         // of each kind
#define MESSAGES_PER_FILE 12  // in the order they came, so that one makes sense of the next
#define SKIPPED_RATIO 23      // so many files' worth are passed over for each that is kept
#define MESSAGE_MAX_BYTES 4000

void __real_node_client_message(struct node *self, const struct world_client *client, const char *key,
                                struct span message);
void __wrap_node_client_message(struct node *self, const struct world_client *client, const char *key,
                                struct span message);
void __real_node_peer_message(struct node *self, const char *key, struct span message);
void __wrap_node_peer_message(struct node *self, const char *key, struct span message);
void __real_client_receive(struct hotline_client *self, uint32_t slot, struct span message);
void __wrap_client_receive(struct hotline_client *self, uint32_t slot, struct span message);

static struct stream {
    const char *name;
    uint32_t messages, files;
    FILE *file;
} streams[] = {{.name = "client"}, {.name = "peer"}, {.name = "server"}};
static const char *folder;

static void keep(struct stream *self, struct span message)
{
    uint32_t at = self->messages++ % (MESSAGES_PER_FILE * SKIPPED_RATIO);
    if (at >= MESSAGES_PER_FILE || self->files > FILES_MAX || message.bytes > MESSAGE_MAX_BYTES)
        return;
    if (at == 0) {
        char path[512];
        if (self->file != NULL)
            fclose(self->file);
        snprintf(path, sizeof path, "%s/%s/%03u", folder, self->name, self->files++);
        self->file = fopen(path, "wb");
        check(self->file != NULL);
    }
    if (self->file == NULL)
        return;
    fputc((int)(message.bytes & 0xff), self->file);
    fputc((int)(message.bytes >> 8), self->file);
    fwrite(message.data, 1, message.bytes, self->file);
}

void __wrap_node_client_message(struct node *self, const struct world_client *client, const char *key,
                                struct span message)
{
    keep(&streams[0], message);
    __real_node_client_message(self, client, key, message);
}

void __wrap_node_peer_message(struct node *self, const char *key, struct span message)
{
    keep(&streams[1], message);
    __real_node_peer_message(self, key, message);
}

void __wrap_client_receive(struct hotline_client *self, uint32_t slot, struct span message)
{
    keep(&streams[2], message);
    __real_client_receive(self, slot, message);
}

// ---- a backup, which nobody asks for in that run

static FILE *open_seed(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/backup/%s", folder, name);
    FILE *file = fopen(path, "wb");
    check(file != NULL);
    return file;
}

static void write_frames(const struct bytes *backup)
{
    FILE *file = open_seed("frames");
    for (size_t at = BACKUP_MAGIC_BYTES; at < backup->count;) {
        const uint8_t *frame = backup->data + at;
        size_t bytes = (size_t)frame[2] << 8 | frame[3];  // none of them is larger
        fputc((int)(bytes & 0xff), file);
        fputc((int)(bytes >> 8), file);
        fwrite(frame + BACKUP_FRAME_HEAD_BYTES, 1, bytes, file);
        at += BACKUP_FRAME_HEAD_BYTES + bytes;
    }
    fclose(file);
}

static void write_backup(void)
{
    static const struct store_options options = {.node = "a", .boot = 3, .records_max = 100};
    struct store *store = store_create(&options);
    struct backup_place place = {0};
    struct bytes backup = {0}, packed = {0};
    for (int i = 0; i < 20; i++) {
        char id[32];
        snprintf(id, sizeof id, "gw:1:%d", i);
        check(store_put(store, 4, id, 1, 1000, (struct span){"body", 4}) != NULL);
    }
    store_advance_cursor(store, "b", 7, 30);
    check(backup_go_on(store, 5000, &place, 1, &backup));
    backup_place_pack(&place, store, &packed);
    FILE *whole = open_seed("whole"), *of_place = open_seed("place");
    fwrite(backup.data, 1, backup.count, whole);
    fwrite(packed.data, 1, packed.count, of_place);
    fclose(whole);
    fclose(of_place);
    write_frames(&backup);
    bytes_close(&backup);
    bytes_close(&packed);
    store_free(store);
}

int main(int count, char **words)
{
    if (count < 2 || count > 3)
        return 2;
    folder = words[1];
    mkdir(folder, 0755);
    static const char *const folders[] = {"client", "peer", "server", "backup"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        mkdir(path, 0755);
    }
    write_backup();
    struct sim_options options = {
        .seed = count == 3 ? strtoull(words[2], NULL, 10) : 7, .seconds = 60, .faults = FAULTS_ALL};
    struct sim_result result;
    sim_run(&options, &result);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        if (streams[i].file != NULL)
            fclose(streams[i].file);
        printf("%s: %u files of %u messages\n", streams[i].name, streams[i].files, streams[i].messages);
    }
    return 0;
}
