// accepted(n), looked at as the node says it: on whose disks the call is.
#include "chaos/sim/server.h"

#include "client.pb-c.h"

#include <string.h>

// It had the call, and lost it with its disk: that the node which counts it cannot know yet.
static bool is_lost_unknown(const struct server *self, const struct server *other)
{
    return other->was_emptied && self->met_us[other->index] < other->emptied_us;
}

void server_look_at_copies(struct server *self, struct span message)
{
    if (message.bytes == 0 || *(const uint8_t *)message.data >> 3 != CLI__TO_CLIENT__BODY_CALL_NEWS)
        return;
    Cli__ToClient *words = cli__to_client__unpack(NULL, message.bytes, message.data);
    check(words != NULL);
    const Cli__CallNews *news = words->call_news;
    if (news->what == CLI__CALL_NEWS__WHAT__ACCEPTED) {
        char list[SIM_NODES_MAX * (NAME_MAX_BYTES + 1)] = "";
        size_t at = 0;
        uint64_t lost = 0;
        for (uint32_t i = 0; i < self->sim->node_count; i++) {
            const struct server *other = self->sim->servers[i];
            if (server_has_call(other, news->call))
                at += (size_t)snprintf(list + at, sizeof list - at, "%s%s", at > 0 ? "," : "", server_name(other));
            else
                lost += other != self && is_lost_unknown(self, other);
        }
        sim_tell(self->sim, (struct history_event){.word = HISTORY_COPIES,
                                                   .node = server_name(self),
                                                   .call = news->call,
                                                   .list = list,
                                                   .number = news->copies,
                                                   .records = lost});
    }
    cli__to_client__free_unpacked(words, NULL);
}
