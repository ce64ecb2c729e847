// What those share who have a key and speak to a node without the client library. One context, one key a process; what
// cannot go on ends the process.
#ifndef TESTS_INTEGRATION_ATTACKER_H
#define TESTS_INTEGRATION_ATTACKER_H

#include "cluster/keys/keys.h"

#include "client.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

extern struct key_pair attacker_key;

// "ENDPOINT#KEY" and the file of a secret key. False: said on stderr.
bool attacker_open(const char *endpoint, const char *key_file);
void attacker_close(void);
// A DEALER with so many connections, whose waiting ends.
void *attacker_dial(uint32_t connections);
// Returns the size in `room`.
size_t attacker_pack(Cli__ToNode__BodyCase body_case, void *body, uint8_t *room, size_t bytes);
void attacker_say(void *socket, Cli__ToNode__BodyCase body_case, void *body);
uint64_t attacker_attach_now(void);

#endif
