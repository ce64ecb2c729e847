// A backup, a piece for each question: the store may change between two, and nothing is held for who never asks again.
#include "node/answers_private.h"

#include "cluster/store/backup.h"
#include "node/node_private.h"

#include "client.pb-c.h"

#define PIECE_BYTES ((size_t)256 * 1024)
#define PART_BYTES ((size_t)48 * 1024)

static void say_parts(const struct reply *reply, const struct bytes *piece, const struct bytes *place)
{
    size_t from = 0;
    do {
        size_t left = piece->count - from;
        Cli__BackupPart part = CLI__BACKUP_PART__INIT;
        part.bytes = (ProtobufCBinaryData){left < PART_BYTES ? left : PART_BYTES, piece->data + from};
        from += part.bytes.len;
        if (from == piece->count)
            part.place = (ProtobufCBinaryData){place->count, place->data};
        Cli__Answer answer = CLI__ANSWER__INIT;
        answer.backup = &part;
        answers_say(reply, &answer, from == piece->count);
    } while (from < piece->count);
}

void answer_backup(struct node *node, const struct reply *reply, const Cli__Query *query)
{
    struct backup_place place = {0};
    bool begins = query->place.len == 0;
    if (!begins && !backup_place_unpack((struct span){query->place.data, query->place.len}, node->store, &place)) {
        answers_refuse(reply, "other_backup",
                       "it was begun at another node, or before this one's last start: begin anew");
        return;
    }
    if (restored_waits(node)) {
        answers_refuse(reply, "restored", "it was made from a backup itself, and has not caught up: ask another");
        return;
    }
    if (begins)
        audit_write(node, reply->session, "backup", node->config->self.name, "");
    struct bytes piece = {0}, next = {0};
    bool ended = backup_go_on(node->store, node->now.wall_ms, &place, PIECE_BYTES, &piece);
    node->counters.backups += ended;
    if (!ended)
        backup_place_pack(&place, node->store, &next);
    say_parts(reply, &piece, &next);
    bytes_close(&piece);
    bytes_close(&next);
}
