// What the service manager is told: ready, still running, stopping. The protocol of sd_notify(3), which is one datagram
// and needs no library. Without a service manager nothing is said.
#ifndef CLUSTER_BASE_SERVICE_H
#define CLUSTER_BASE_SERVICE_H

#include <stdint.h>

struct service {
    int socket;         // -1: there is no service manager
    uint64_t every_us;  // of the watchdog; 0: none
    uint64_t told_us;   // when it was last fed
};

void service_open(struct service *self);
void service_close(struct service *self);
void service_say(struct service *self, const char *state);  // "READY=1", "STOPPING=1", "STATUS=..."
// Call with every turn of the loop: feeds the watchdog, which so sees the loop itself and not a timer beside it.
void service_turn(struct service *self, uint64_t now_us);

#endif
