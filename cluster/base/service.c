#include "cluster/base/service.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t bytes = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || bytes >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, bytes);
    if (path[0] == '@')  // of the abstract names
        address.sun_path[0] = '\0';
    int opened = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    if (opened >= 0 && connect(opened, (const struct sockaddr *)&address, length) != 0) {
        close(opened);
        return -1;
    }
    return opened;
}

void service_open(struct service *self)
{
    const char *path = getenv("NOTIFY_SOCKET"), *watchdog = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    *self = (struct service){.socket = path == NULL ? -1 : connect_to(path)};
    if (watchdog != NULL && (pid == NULL || strtol(pid, NULL, 10) == getpid()))
        self->every_us = strtoull(watchdog, NULL, 10) / 2;
}

void service_close(struct service *self)
{
    if (self->socket >= 0)
        close(self->socket);
    self->socket = -1;
}

void service_say(struct service *self, const char *state)
{
    if (self->socket >= 0)
        (void)!send(self->socket, state, strlen(state), MSG_NOSIGNAL);
}

void service_turn(struct service *self, uint64_t now_us)
{
    if (self->every_us == 0 || now_us < self->told_us + self->every_us)
        return;
    self->told_us = now_us;
    service_say(self, "WATCHDOG=1");
}
