#include "cluster/store/record_codec.h"

#include "cluster/base/text.h"
#include "cluster/wire/arena.h"

#include "records.pb-c.h"

#include <string.h>

// Strings and structs beside the body, at their largest.
#define UNPACK_BUDGET_BYTES (STORE_RECORD_MAX_BYTES + 4096)

static bool is_id(const char *text)
{
    char plain[CALL_ID_MAX_BYTES + 1];
    if (!text_copy(plain, sizeof plain, text))
        return false;
    for (char *tilde = plain; (tilde = strchr(tilde, '~')) != NULL;)
        *tilde = '.';
    return text_is_name(plain, CALL_ID_MAX_BYTES);
}

bool record_is_valid(const struct record *record)
{
    return record->kind != 0 && record->version.seq != 0 && is_id(record->id) &&
           text_is_name(record->version.owner, NAME_MAX_BYTES) &&
           record->body.bytes <= STORE_RECORD_MAX_BYTES - strlen(record->id);
}

void record_to_message(const struct record *record, Rec__Record *ret, Rec__Version *ret_version)
{
    rec__version__init(ret_version);
    ret_version->attach = record->version.attach;
    ret_version->owner = (char *)record->version.owner;
    ret_version->boot = record->version.boot;
    ret_version->seq = record->version.seq;
    rec__record__init(ret);
    ret->kind = (Rec__Kind)record->kind;
    ret->id = (char *)record->id;
    ret->version = ret_version;
    ret->born_ms = record->born_ms;
    ret->body = (ProtobufCBinaryData){.len = record->body.bytes, .data = (uint8_t *)record->body.data};
}

bool record_from_message(const Rec__Record *message, struct record *ret)
{
    if ((int)message->kind < 1 || (int)message->kind > UINT8_MAX || message->version == NULL)
        return false;
    struct record record = {
        .kind = (uint8_t)message->kind,
        .id = message->id,
        .version = {message->version->attach, message->version->owner, message->version->boot, message->version->seq},
        .born_ms = message->born_ms,
        .body = {message->body.data, message->body.len},
    };
    if (!record_is_valid(&record))
        return false;
    *ret = record;
    return true;
}

void record_pack(const struct record *record, struct bytes *to)
{
    Rec__Record message;
    Rec__Version version;
    record_to_message(record, &message, &version);
    rec__record__pack(&message, bytes_grow(to, rec__record__get_packed_size(&message)));
}

bool record_unpack(struct span packed, struct arena *arena, struct record *ret)
{
    if (packed.bytes > UNPACK_BUDGET_BYTES)
        return false;
    Rec__Record *message = rec__record__unpack(arena_allocator(arena, UNPACK_BUDGET_BYTES), packed.bytes, packed.data);
    return message != NULL && record_from_message(message, ret);
}
