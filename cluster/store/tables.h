// uthash as the store uses it: out of memory is a failed check, keys are hashed by the store's one hash, and tables
// begin small, for there are many.
#ifndef CLUSTER_STORE_TABLES_H
#define CLUSTER_STORE_TABLES_H

#include "cluster/base/check.h"
#include "cluster/store/store_hash.h"

#define uthash_malloc(bytes) check_alloc(bytes)
#define uthash_fatal(text) check_failed(text, __FILE__, __LINE__, __func__)
#define HASH_FUNCTION(key, key_bytes, ret_hash)                                                                        \
    ((ret_hash) = (unsigned)store_hash_bytes((struct span){(key), (key_bytes)}))

#include <uthash.h>

// Somewhat shorter chains: each link is a miss of the cache. Much less, and a chance long chain doubles the table anew.
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 8U
#undef HASH_INITIAL_NUM_BUCKETS
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS 4U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 2U

#endif
