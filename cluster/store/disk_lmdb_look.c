#include "cluster/store/disk_lmdb.h"

#include <lmdb.h>

static enum disk_look look(MDB_env *env, const char *table, struct span key)
{
    MDB_txn *txn;
    MDB_dbi tables;
    MDB_val at = {key.bytes, (void *)key.data}, value;
    if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0)
        return DISK_LOOK_FAILED;
    int rc = mdb_dbi_open(txn, table, 0, &tables);
    if (rc == 0)
        rc = mdb_get(txn, tables, &at, &value);
    mdb_txn_abort(txn);
    return rc == 0 ? DISK_LOOK_HAS : rc == MDB_NOTFOUND ? DISK_LOOK_LACKS : DISK_LOOK_FAILED;
}

enum disk_look disk_lmdb_look(const char *path, enum disk_table table, struct span key)
{
    MDB_env *env;
    enum disk_look found = DISK_LOOK_FAILED;
    if (mdb_env_create(&env) != 0)
        return DISK_LOOK_FAILED;
    if (mdb_env_set_maxdbs(env, DISK_TABLES) == 0 && mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS, 0640) == 0)
        found = look(env, disk_lmdb_tables[table], key);
    mdb_env_close(env);
    return found;
}
