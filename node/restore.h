// hotlined --restore: fills the data folder of a node from a backup.
#ifndef NODE_RESTORE_H
#define NODE_RESTORE_H

#include "cluster/base/check.h"
#include "node/config/config.h"

#include <stdbool.h>

// The folder must be missing or empty, and the whole file is verified before anything is written. False: said in the
// log, and the folder is as it was, or does not open.
MUST_USE bool restore_data(const struct config *config, const char *path);
// Reads a backup whole and prints what is in it. False: what is wrong with it is said.
MUST_USE bool restore_check(const char *path);

#endif
