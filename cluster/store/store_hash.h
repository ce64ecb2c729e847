// The one hash of the store: equal on all nodes and machines, for digests are compared. Its key is public and fixed:
// it keeps accidents out, not an attacker with a record to write.
#ifndef CLUSTER_STORE_STORE_HASH_H
#define CLUSTER_STORE_STORE_HASH_H

#include "cluster/base/bytes.h"
#include "cluster/store/store.h"

uint64_t store_hash_bytes(struct span bytes);
// Over kind, id, version, born and body. The scratch is used and left as it pleases.
uint64_t store_hash_record(const struct record *record, struct bytes *scratch);

void store_put_u64(uint8_t to[8], uint64_t value);  // big-endian: sorts as the number does
uint64_t store_get_u64(const uint8_t from[8]);

#endif
