// A node's configuration file. Every error is reported at once, with its line.
#ifndef NODE_CONFIG_CONFIG_H
#define NODE_CONFIG_CONFIG_H

#include "cluster/base/problem.h"
#include "cluster/keys/keys.h"
#include "cluster/peers/peers.h"

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_PATH_MAX_BYTES 1023
#define CONFIG_ADMINS_MAX 16

struct config {
    struct peers_card self;  // name, site, position; endpoints as others reach them, with keys (cluster/keys/keys.h)
    char listen_client[PEERS_ENDPOINT_MAX_BYTES + 1];
    char listen_control[PEERS_ENDPOINT_MAX_BYTES + 1];
    char listen_bulk[PEERS_ENDPOINT_MAX_BYTES + 1];
    struct peers_card peers[PEERS_MAX];
    char peer_keys[PEERS_MAX][KEY_TEXT_BYTES + 1];  // of each peer
    uint32_t peer_count;
    bool insecure;                             // no keys at all: tests, on loopback
    char key_file[CONFIG_PATH_MAX_BYTES + 1];  // this node's secret key
    char key[KEY_TEXT_BYTES + 1];              // the public one to it
    char admins[CONFIG_ADMINS_MAX][KEY_TEXT_BYTES + 1];
    uint32_t admin_count;
    char data[CONFIG_PATH_MAX_BYTES + 1];  // directory of the store
    uint64_t data_limit_bytes;             // the store's map
    char zone_tab[CONFIG_PATH_MAX_BYTES + 1];
    char prefixes[CONFIG_PATH_MAX_BYTES + 1];
    uint32_t heartbeat_ms, down_after_ms;                // between nodes
    uint32_t client_heartbeat_ms, client_down_after_ms;  // told to clients
    uint32_t desk_timeout_ms;                            // a silent client is dropped after this
    uint32_t sessions_per_key;                           // of one gateway, agent or admin at a time
    uint32_t client_messages_s;                          // a second, of one key; further ones are dropped
    uint64_t client_message_max_bytes;  // an ordinary message of a client; 0: SESSIONS_MESSAGE_MAX_BYTES
    uint64_t client_attach_max_bytes;   // a gateway that says what it holds; 0: SESSIONS_ATTACH_MAX_BYTES
    uint32_t calls_max;  // that have not ended, the node's own and copies; the last tenth is for emergencies
    uint64_t records_max, records_per_owner;
    uint32_t digest_every_ms;
    uint32_t protocol;  // the newest this node speaks: an older one while not every node is upgraded; 0: the newest
    // By the notice "decided": a desk here is let ring, and which calls could have been instead; and by "made".
    bool tells_decisions;
    // Not in a file: for the simulator.
    uint32_t feed_window_bytes;  // feed_options.window_bytes
};

// False: problems say what is wrong, "file:line: ...". Relative paths are relative to the file's directory.
bool config_read(const char *path, struct config *ret_config, struct problems *ret_problems);

#endif
