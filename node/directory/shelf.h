// The directory as records: one encoded Directory in chunks, in two slots by turns, so that the last whole one stays
// readable while the next arrives. Versioned (claim, owner, boot, revision); the larger wins.
#ifndef NODE_DIRECTORY_SHELF_H
#define NODE_DIRECTORY_SHELF_H

#include "cluster/base/bytes.h"
#include "cluster/store/store.h"

#include <stdbool.h>
#include <stdint.h>

#define SHELF_CHUNK_BYTES ((size_t)128 * 1024)

struct shelf_version {
    uint64_t claim, revision;
    char owner[65];
    uint64_t boot;
};

// The newest directory that is there whole. False: there is none.
bool shelf_read(const struct store *store, struct shelf_version *ret_version, struct bytes *ret_encoded);
// As this node, the directory's primary. Returns the seq of its last chunk, 0: over a bound.
uint64_t shelf_write(struct store *store, struct span encoded, uint64_t claim, uint64_t revision);
// <0, 0, >0 by (claim, owner, boot, revision).
int shelf_compare(const struct shelf_version *a, const struct shelf_version *b);

// The horizon, a value its primary moves on; 0: there is none.
uint64_t shelf_read_horizon(const struct store *store);
void shelf_write_horizon(struct store *store, uint64_t claim, uint64_t horizon_ms);

#endif
