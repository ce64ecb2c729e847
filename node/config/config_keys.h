// Inside node/config only.
#ifndef NODE_CONFIG_CONFIG_KEYS_H
#define NODE_CONFIG_CONFIG_KEYS_H

#include "node/config/config.h"

// Once all is read: are the keys there that must be, does the node's own one belong to it? Fills in `key` and adds the
// keys to the addresses.
void config_keys_check(struct config *config, const char *file, struct problems *problems);

#endif
