#include "cluster/store/store_hash.h"

#include <sodium.h>
#include <string.h>

void store_put_u64(uint8_t to[8], uint64_t value)
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> (56 - 8 * i));
}

uint64_t store_get_u64(const uint8_t from[8])
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | from[i];
    return value;
}

uint64_t store_hash_bytes(struct span bytes)
{
    static const unsigned char key[crypto_shorthash_KEYBYTES] = "hotline records";
    static const unsigned char none;
    unsigned char hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, bytes.bytes > 0 ? bytes.data : &none, bytes.bytes, key);
    return store_get_u64(hash);
}

static uint8_t *add_u64(uint8_t *to, uint64_t value)
{
    store_put_u64(to, value);
    return to + 8;
}

static uint8_t *add_text(uint8_t *to, const char *text, size_t bytes)
{
    to = add_u64(to, bytes);  // so that no two records read alike
    memcpy(to, text, bytes);
    return to + bytes;
}

uint64_t store_hash_record(const struct record *record, struct bytes *scratch)
{
    size_t id_bytes = strlen(record->id), owner_bytes = strlen(record->version.owner);
    size_t bytes = 1 + 6 * 8 + id_bytes + owner_bytes + record->body.bytes;
    bytes_clear(scratch);
    uint8_t *to = bytes_grow(scratch, bytes);
    *to++ = record->kind;
    to = add_text(to, record->id, id_bytes);
    to = add_u64(to, record->version.attach);
    to = add_text(to, record->version.owner, owner_bytes);
    to = add_u64(to, record->version.boot);
    to = add_u64(to, record->version.seq);
    to = add_u64(to, record->born_ms);
    if (record->body.bytes > 0)
        memcpy(to, record->body.data, record->body.bytes);
    return store_hash_bytes((struct span){scratch->data, bytes});
}
