#include "node/directory/shelf.h"

#include "cluster/base/text.h"
#include "cluster/wire/arena.h"
#include "node/directory/directory.h"

#include "records.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define HORIZON_ID "horizon"
#define HORIZON_BUDGET_BYTES ((size_t)4096)

static void chunk_id(char id[32], uint64_t slot, uint32_t index)
{
    snprintf(id, 32, "%c/%05u", slot % 2 == 0 ? 'a' : 'b', index);
}

static uint64_t hash_of(struct span encoded)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES] = "hotline shelf";  // guards against mixing, not malice
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, encoded.data, encoded.bytes, key);
    uint64_t hash;
    memcpy(&hash, out, sizeof hash);
    return hash;
}

int shelf_compare(const struct shelf_version *a, const struct shelf_version *b)
{
    const struct version x = {a->claim, a->owner, a->boot, a->revision};
    const struct version y = {b->claim, b->owner, b->boot, b->revision};
    return version_compare(&x, &y);
}

static Rec__DirectoryChunk *read_chunk(const struct store *store, struct arena *arena, uint64_t slot, uint32_t index,
                                       struct shelf_version *ret_version)
{
    char id[32];
    chunk_id(id, slot, index);
    const struct record *record = store_find(store, REC__KIND__DIRECTORY, id);
    if (record == NULL)
        return NULL;
    Rec__DirectoryChunk *chunk = rec__directory_chunk__unpack(arena_allocator(arena, STORE_RECORD_MAX_BYTES * 2),
                                                              record->body.bytes, record->body.data);
    if (chunk == NULL || chunk->claim != record->version.attach || chunk->index != index)
        return NULL;
    *ret_version =
        (struct shelf_version){.claim = chunk->claim, .revision = chunk->revision, .boot = record->version.boot};
    text_copy(ret_version->owner, sizeof ret_version->owner, record->version.owner);
    return chunk;
}

static bool read_slot(const struct store *store, struct arena *arena, uint64_t slot, struct shelf_version *ret_version,
                      struct bytes *ret_encoded)
{
    struct shelf_version version;
    Rec__DirectoryChunk *chunk = read_chunk(store, arena, slot, 0, &version);
    if (chunk == NULL || chunk->total_bytes > DIRECTORY_MAX_BYTES)
        return false;
    uint32_t count = chunk->count;
    uint64_t hash = chunk->hash, total = chunk->total_bytes;
    bytes_clear(ret_encoded);
    bytes_append(ret_encoded, chunk->bytes.data, chunk->bytes.len);
    for (uint32_t i = 1; i < count; i++) {
        struct shelf_version other;
        chunk = read_chunk(store, arena, slot, i, &other);
        if (chunk == NULL || shelf_compare(&version, &other) != 0 || ret_encoded->count + chunk->bytes.len > total)
            return false;
        bytes_append(ret_encoded, chunk->bytes.data, chunk->bytes.len);
    }
    *ret_version = version;
    return ret_encoded->count == total && hash_of((struct span){ret_encoded->data, total}) == hash;
}

bool shelf_read(const struct store *store, struct shelf_version *ret_version, struct bytes *ret_encoded)
{
    struct arena arena = {0};
    struct bytes encoded[2] = {{0}, {0}};
    struct shelf_version versions[2];
    int best = -1;
    for (int slot = 0; slot < 2; slot++)
        if (read_slot(store, &arena, (uint64_t)slot, &versions[slot], &encoded[slot]) &&
            (best < 0 || shelf_compare(&versions[slot], &versions[best]) > 0))
            best = slot;
    if (best >= 0) {
        *ret_version = versions[best];
        bytes_clear(ret_encoded);
        bytes_append(ret_encoded, encoded[best].data, encoded[best].count);
    }
    bytes_close(&encoded[0]);
    bytes_close(&encoded[1]);
    arena_close(&arena);
    return best >= 0;
}

uint64_t shelf_write(struct store *store, struct span encoded, uint64_t claim, uint64_t revision)
{
    uint32_t count = (uint32_t)((encoded.bytes + SHELF_CHUNK_BYTES - 1) / SHELF_CHUNK_BYTES);
    uint64_t hash = hash_of(encoded), seq = 0;
    struct bytes body = {0};
    for (uint32_t i = 0; i < count; i++) {
        size_t offset = (size_t)i * SHELF_CHUNK_BYTES;
        size_t bytes = encoded.bytes - offset < SHELF_CHUNK_BYTES ? encoded.bytes - offset : SHELF_CHUNK_BYTES;
        Rec__DirectoryChunk chunk = REC__DIRECTORY_CHUNK__INIT;
        chunk.claim = claim;
        chunk.revision = revision;
        chunk.index = i;
        chunk.count = count;
        chunk.total_bytes = (uint32_t)encoded.bytes;
        chunk.hash = hash;
        chunk.bytes = (ProtobufCBinaryData){bytes, (uint8_t *)encoded.data + offset};
        bytes_clear(&body);
        size_t packed = rec__directory_chunk__get_packed_size(&chunk);
        rec__directory_chunk__pack(&chunk, bytes_grow(&body, packed));
        char id[32];
        chunk_id(id, revision, i);
        const struct record *record =
            store_put(store, REC__KIND__DIRECTORY, id, claim, 0, (struct span){body.data, body.count});
        seq = record == NULL ? 0 : record->version.seq;
        if (record == NULL)
            break;
    }
    bytes_close(&body);
    return seq;
}

uint64_t shelf_read_horizon(const struct store *store)
{
    const struct record *record = store_find(store, REC__KIND__DIRECTORY, HORIZON_ID);
    if (record == NULL)
        return 0;
    struct arena arena = {0};
    const Rec__Horizon *horizon =
        rec__horizon__unpack(arena_allocator(&arena, HORIZON_BUDGET_BYTES), record->body.bytes, record->body.data);
    uint64_t horizon_ms = horizon == NULL ? 0 : horizon->horizon_ms;
    arena_close(&arena);
    return horizon_ms;
}

void shelf_write_horizon(struct store *store, uint64_t claim, uint64_t horizon_ms)
{
    Rec__Horizon horizon = REC__HORIZON__INIT;
    horizon.horizon_ms = horizon_ms;
    uint8_t body[32];
    check(rec__horizon__get_packed_size(&horizon) <= sizeof body);
    size_t bytes = rec__horizon__pack(&horizon, body);
    store_put(store, REC__KIND__DIRECTORY, HORIZON_ID, claim, 0, (struct span){body, bytes});
}
