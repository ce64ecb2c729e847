// The yardstick: a bare ZeroMQ round trip. A ROUTER in a process of its own sends back what it gets; the DEALER is
// here. Both wait as a blocking zmq_msg_recv does, in poll(2) on the socket's descriptor, which is also how a node and
// a client of libhotline wait; neither unpacks, stores or decides anything.
#ifndef TESTS_BENCH_BARE_H
#define TESTS_BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bare {
    pid_t echo;
    void *context, *dealer;
    char *payload;
    size_t bytes;
};

// Forks: call it before anything of ZeroMQ or a thread exists. The endpoint must be free.
pid_t bare_fork_echo(const char *endpoint);
void bare_open(struct bare *self, pid_t echo, const char *endpoint, size_t bytes);
uint64_t bare_round_trip_ns(struct bare *self);
void bare_close(struct bare *self);

#endif
