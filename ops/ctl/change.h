// A change of the directory: fetched from a node, changed here, written by the directory's primary, wherever that is.
#ifndef OPS_CTL_CHANGE_H
#define OPS_CTL_CHANGE_H

#include "ops/common/args.h"
#include "ops/ctl/ask.h"

#include "cluster/base/bytes.h"
#include "cluster/base/problem.h"

struct version_at {  // the directory as a node has it
    struct bytes encoded;
    uint64_t claim, revision;
};

struct change {
    // Makes of the directory that is there what it is to be. False: the problems say why not.
    bool (*make)(void *what, struct span before, struct bytes *ret_after, struct problems *problems);
    void *what;
    const char *name;  // of the command
    bool force, dry_run;
    bool json;
    struct version_at before;
    struct bytes after;
    char *diff;  // lines
    size_t diff_bytes, changes;
};

// All of it: returns the exit status. Frees what it made.
int change_run(struct change *self, struct globals *globals);
// A row callback: takes the directory's export.
void change_on_export(void *version_at, const struct hotline_row *row);
// The directory as this node has it; a node without one is no failure: the version is then 0, 0 and empty.
int change_fetch(struct ask *ask, struct version_at *at);

#endif
