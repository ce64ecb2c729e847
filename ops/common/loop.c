#include "ops/common/loop.h"

#include "cluster/base/check.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_A_TURN 64

uint64_t loop_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const char mark_signals, mark_stdin;  // their addresses stand beside those of clients

static bool loop_watch(struct loop *self, int fd, const void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = (void *)(uintptr_t)mark};
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void loop_open(struct loop *self)
{
    *self = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC), .signals = -1};
    check(self->epoll >= 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    // Blocked before the library starts its I/O thread, so that no thread of ours is interrupted.
    check(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    self->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    check(self->signals >= 0);
    check(loop_watch(self, self->signals, &mark_signals));
}

void loop_close(struct loop *self)
{
    if (self->epoll >= 0)
        close(self->epoll);
    if (self->signals >= 0)
        close(self->signals);
    free(self->clients);
    *self = (struct loop){.epoll = -1, .signals = -1};
}

void loop_add(struct loop *self, struct hotline_client *client)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity > 0 ? self->capacity * 2 : 16;
        self->clients = check_realloc(self->clients, self->capacity * sizeof *self->clients);
    }
    self->clients[self->count++] = client;
    check(loop_watch(self, hotline_client_fd(client), client));
}

void loop_remove(struct loop *self, struct hotline_client *client)
{
    for (size_t i = 0; i < self->count; i++) {
        if (self->clients[i] == client) {
            epoll_ctl(self->epoll, EPOLL_CTL_DEL, hotline_client_fd(client), NULL);
            self->clients[i] = self->clients[--self->count];
            return;
        }
    }
}

void loop_watch_fd(struct loop *self, int fd, loop_ready *ready, void *user)
{
    check(self->source_count < LOOP_SOURCES_MAX);
    struct loop_source *source = &self->sources[self->source_count++];
    *source = (struct loop_source){ready, user};
    check(loop_watch(self, fd, source));
}

static struct loop_source *loop_source(struct loop *self, const void *mark)
{
    for (size_t i = 0; i < self->source_count; i++)
        if (&self->sources[i] == mark)
            return &self->sources[i];
    return NULL;
}

void loop_watch_stdin(struct loop *self, bool watch)
{
    if (watch == self->stdin_watched)
        return;
    self->stdin_watched = watch;
    if (watch)
        self->stdin_always = !loop_watch(self, STDIN_FILENO, &mark_stdin);
    else if (!self->stdin_always)
        epoll_ctl(self->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    self->stdin_always = self->stdin_always && watch;
    self->stdin_ready = false;
}

static int loop_wait_ms(const struct loop *self, uint64_t until_us)
{
    if (self->stdin_always)
        return 0;
    uint64_t now_us = loop_now_us();
    uint64_t wait_ms = until_us > now_us ? (until_us - now_us + 999) / 1000 : 0;
    int shortest = wait_ms > 1000 ? 1000 : (int)wait_ms;
    for (size_t i = 0; i < self->count && shortest > 0; i++) {
        int client_ms = hotline_client_timeout_ms(self->clients[i]);
        shortest = client_ms >= 0 && client_ms < shortest ? client_ms : shortest;
    }
    return shortest;
}

// A callback of this turn may have removed it.
static bool loop_has(const struct loop *self, const struct hotline_client *client)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->clients[i] == client)
            return true;
    return false;
}

void loop_turn(struct loop *self, uint64_t until_us)
{
    struct epoll_event events[EVENTS_A_TURN];
    int count = epoll_wait(self->epoll, events, EVENTS_A_TURN, loop_wait_ms(self, until_us));
    check(count >= 0 || errno == EINTR);
    self->stdin_ready = self->stdin_always;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &mark_signals) {
            struct signalfd_siginfo info;
            while (read(self->signals, &info, sizeof info) == (ssize_t)sizeof info)
                self->stopping = true;
        } else if (events[i].data.ptr == &mark_stdin) {
            self->stdin_ready = true;
        } else if (loop_source(self, events[i].data.ptr) != NULL) {
            struct loop_source *source = loop_source(self, events[i].data.ptr);
            source->ready(source->user);
        } else if (loop_has(self, events[i].data.ptr)) {
            hotline_client_process(events[i].data.ptr);
        }
    }
    // A callback may remove clients: the last one takes the place of the removed.
    for (size_t i = 0; i < self->count; i++)
        if (hotline_client_timeout_ms(self->clients[i]) <= 0)
            hotline_client_process(self->clients[i]);
}
