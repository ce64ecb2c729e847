// Waits for any number of clients, for standard input and for signals, in one thread.
#ifndef OPS_COMMON_LOOP_H
#define OPS_COMMON_LOOP_H

#include <hotline/client.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_FIRST_NODE_MS 5000  // how long any node may take to answer at first

typedef void loop_ready(void *user);  // something came on the descriptor

#define LOOP_SOURCES_MAX 4

struct loop {
    int epoll;
    int signals;    // SIGINT and SIGTERM come here
    bool stopping;  // one came
    bool stdin_watched;
    bool stdin_always;  // it cannot be polled: a regular file
    bool stdin_ready;   // read() does not wait, this turn
    struct loop_source {
        loop_ready *ready;
        void *user;
    } sources[LOOP_SOURCES_MAX];  // other descriptors
    size_t source_count;
    struct hotline_client **clients;
    size_t count;
    size_t capacity;
};

void loop_open(struct loop *self);
void loop_close(struct loop *self);  // the clients are the caller's
void loop_add(struct loop *self, struct hotline_client *client);
void loop_remove(struct loop *self, struct hotline_client *client);
void loop_watch_fd(struct loop *self, int fd, loop_ready *ready, void *user);  // at most LOOP_SOURCES_MAX, for good
void loop_watch_stdin(struct loop *self, bool watch);
// One turn: waits until something comes or monotonic `until_us`, processes the clients. Never from a callback.
void loop_turn(struct loop *self, uint64_t until_us);

uint64_t loop_now_us(void);  // monotonic

#endif
