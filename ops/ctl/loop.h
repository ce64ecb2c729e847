// Waits for any number of clients, for standard input and for signals, in one thread.
#ifndef OPS_CTL_LOOP_H
#define OPS_CTL_LOOP_H

#include <hotline/client.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_FIRST_NODE_MS 5000  // how long any node may take to answer at first

struct loop {
    int epoll;
    int signals;    // SIGINT and SIGTERM come here
    bool stopping;  // one came
    bool stdin_watched;
    bool stdin_always;  // it cannot be polled: a regular file
    bool stdin_ready;   // read() does not wait, this turn
    struct hotline_client **clients;
    size_t count;
    size_t capacity;
};

void loop_open(struct loop *self);
void loop_close(struct loop *self);  // the clients are the caller's
void loop_add(struct loop *self, struct hotline_client *client);
void loop_remove(struct loop *self, struct hotline_client *client);
void loop_watch_stdin(struct loop *self, bool watch);
// One turn: waits until something comes or monotonic `until_us`, processes the clients. Never from a callback.
void loop_turn(struct loop *self, uint64_t until_us);

uint64_t loop_now_us(void);  // monotonic

#endif
