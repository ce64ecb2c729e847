// The sockets that listen, and what ZeroMQ does below them: who comes and goes is counted. Inside node/io only.
#ifndef NODE_IO_PORTS_H
#define NODE_IO_PORTS_H

#include "node/io/links.h"

#include "cluster/base/problem.h"

struct port {  // zero is closed
    void *socket, *monitor;
    enum world_port serves;
};

struct port_options {
    void *context;  // ZeroMQ's
    enum io_thread thread;
    enum world_port serves;
    const char *endpoint;
    int queue;
    int64_t message_max;
};

// False: the problem says which endpoint, and why.
bool port_open(struct port *self, struct guard *guard, const struct port_options *options, struct problem *ret_problem);
void port_close(struct port *self);
// Adds what has happened since. The guard is told which connections came and went.
void port_count(struct port *self, struct guard *guard, uint64_t now_us, struct world_counts *counts);

#endif
