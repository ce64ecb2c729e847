// Which nodes have a call on their disks, as its gateway is told accepted(n).
#include "chaos/live/live.h"
#include "cluster/store/disk_lmdb.h"
#include "cluster/store/store.h"

#include "records.pb-c.h"

#include <stdio.h>

void live_copies_tell(struct live *self, const char *call)
{
    char list[SIM_NODES_MAX * (NAME_MAX_BYTES + 1)] = "", path[LIVE_PATH_BYTES];
    uint8_t key[STORE_KEY_MAX_BYTES];
    size_t at = 0;
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++) {
        const struct live_node *node = &self->nodes[i];
        if (node->starts == 0)
            continue;
        snprintf(path, sizeof path, "%.180s/%s/data", self->options.dir, node->name);
        enum disk_look look = disk_lmdb_look(path, DISK_RECORDS, store_key(REC__KIND__CALL, call, key));
        if (look == DISK_LOOK_FAILED)
            return;
        if (look == DISK_LOOK_HAS)
            at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at > 0 ? "," : "", node->name);
    }
    sim_tell(&self->sim, (struct history_event){.word = HISTORY_COPIES, .call = call, .list = list});
}
