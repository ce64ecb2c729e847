// hotline-switch: joins the network namespaces of regions, each by a TAP device of its own, as a world-wide network
// would: every ordered pair of regions has its own delay (the simulator's table, halved), jitter, loss, repeats, rate
// and cut, and all are changed while it runs, by datagrams on a unix socket:
//
//     set FROM TO [slow_us=N] [jitter_us=N] [loss=PERMILLE] [twice=PERMILLE] [rate=BYTES_A_SECOND] [cut=0|1]
//     heal                        all as at the start
//
// Regions are numbered as in chaos/sim/regions.c; * for FROM or TO: all. A region is 10.77.0.(number + 1), and that
// alone says where a frame goes: there is nothing to be learnt. What comes when a queue is full is dropped. At SIGTERM
// it prints what was carried, lost, repeated, cut and dropped.
#include "chaos/sim/chance.h"
#include "chaos/sim/regions.h"
#include "cluster/base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX_BYTES 1600
#define QUEUE_FRAMES_MAX 2000  // of a pair
#define READ_MAX 64            // frames of a region in one turn

struct frame {
    uint64_t due_us;
    uint16_t bytes;
    uint8_t data[FRAME_MAX_BYTES];
};

struct path {  // of one ordered pair
    uint64_t slow_us, jitter_us, loss, twice, rate;
    bool cut;
    uint64_t free_us;  // when what was sent before is through, by its rate
    uint64_t last_us;  // when the last of its queue is due: nothing overtakes
    struct frame *queue;
    uint32_t first, count;
};

struct counts {
    uint64_t carried, lost, repeated, cut, dropped, not_ours, not_written;
};

struct hub {
    int taps[SIM_REGIONS];
    int commands;
    struct path paths[SIM_REGIONS][SIM_REGIONS];
    struct chance chance;
    struct counts counts;
};

static volatile sig_atomic_t is_over;

static void on_signal(int signal)
{
    (void)signal;
    is_over = 1;
}

static uint64_t now_us(void)
{
    struct timespec now;
    check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

// ---- frames

// The region a frame is for, by the address in its IPv4 header or ARP question; -1: nobody here.
static int destination(const uint8_t *frame, size_t bytes)
{
    static const uint8_t ours[3] = {10, 77, 0};
    const uint8_t *address = NULL;
    if (bytes >= 34 && frame[12] == 0x08 && frame[13] == 0x00)
        address = frame + 30;
    else if (bytes >= 42 && frame[12] == 0x08 && frame[13] == 0x06)
        address = frame + 38;
    if (address == NULL || memcmp(address, ours, sizeof ours) != 0 || address[3] < 1 || address[3] > SIM_REGIONS)
        return -1;
    return address[3] - 1;
}

static void put(struct hub *self, struct path *path, uint64_t due_us, const uint8_t *data, size_t bytes)
{
    if (path->count == QUEUE_FRAMES_MAX) {
        self->counts.dropped++;
        return;
    }
    struct frame *frame = &path->queue[(path->first + path->count++) % QUEUE_FRAMES_MAX];
    frame->due_us = path->last_us = due_us > path->last_us ? due_us : path->last_us;
    frame->bytes = (uint16_t)bytes;
    memcpy(frame->data, data, bytes);
}

static void carry(struct hub *self, uint32_t from, uint32_t to, const uint8_t *data, size_t bytes)
{
    struct path *path = &self->paths[from][to];
    if (path->cut) {
        self->counts.cut++;
        return;
    }
    if (chance_permille(&self->chance, (uint32_t)path->loss)) {
        self->counts.lost++;
        return;
    }
    uint64_t now = now_us(), sent_us = now;
    if (path->rate != 0) {
        sent_us = path->free_us > now ? path->free_us : now;
        path->free_us = sent_us += bytes * 1000000 / path->rate;
    }
    uint64_t due_us = sent_us + (uint64_t)city_round_trip_ms(from, to) * 500 + path->slow_us +
                      chance_below(&self->chance, path->jitter_us + 1);
    put(self, path, due_us, data, bytes);
    if (chance_permille(&self->chance, (uint32_t)path->twice)) {
        self->counts.repeated++;
        put(self, path, due_us, data, bytes);
    }
}

static void read_region(struct hub *self, uint32_t from)
{
    uint8_t data[FRAME_MAX_BYTES];
    for (int i = 0; i < READ_MAX; i++) {
        ssize_t bytes = read(self->taps[from], data, sizeof data);
        if (bytes <= 0)
            return;
        int to = destination(data, (size_t)bytes);
        if (to < 0 || (uint32_t)to == from)
            self->counts.not_ours++;
        else
            carry(self, from, (uint32_t)to, data, (size_t)bytes);
    }
}

// When the next frame is due.
static uint64_t deliver(struct hub *self)
{
    uint64_t now = now_us(), next = UINT64_MAX;
    for (uint32_t from = 0; from < SIM_REGIONS; from++)
        for (uint32_t to = 0; to < SIM_REGIONS; to++) {
            struct path *path = &self->paths[from][to];
            for (; path->count > 0 && path->queue[path->first].due_us <= now; path->count--) {
                const struct frame *frame = &path->queue[path->first];
                bool written = write(self->taps[to], frame->data, frame->bytes) == (ssize_t)frame->bytes;
                self->counts.carried += written;
                self->counts.not_written += !written;
                path->first = (path->first + 1) % QUEUE_FRAMES_MAX;
            }
            if (path->count > 0 && path->queue[path->first].due_us < next)
                next = path->queue[path->first].due_us;
        }
    return next;
}

// ---- commands

static void heal(struct path *path)
{
    path->slow_us = path->loss = path->twice = path->rate = path->free_us = 0;
    path->jitter_us = 500;
    path->cut = false;
}

static bool set_value(struct path *path, const char *word)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL)
        return false;
    size_t bytes = (size_t)(equals - word);
    uint64_t value = strtoull(equals + 1, NULL, 10);
    const struct {
        const char *name;
        uint64_t *to;
    } values[] = {{"slow_us", &path->slow_us},
                  {"jitter_us", &path->jitter_us},
                  {"loss", &path->loss},
                  {"twice", &path->twice},
                  {"rate", &path->rate}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strlen(values[i].name) == bytes && memcmp(values[i].name, word, bytes) == 0) {
            *values[i].to = value;
            return true;
        }
    if (bytes != 3 || memcmp(word, "cut", 3) != 0)
        return false;
    path->cut = value != 0;
    return true;
}

static bool covers(const char *word, uint32_t region)
{
    return strcmp(word, "*") == 0 || strtoul(word, NULL, 10) == region;
}

static bool obey(struct hub *self, char *command)
{
    char *rest = NULL, *word = strtok_r(command, " ", &rest);
    bool heals = word != NULL && strcmp(word, "heal") == 0, good = heals;
    const char *from = "*", *to = "*";
    if (!heals) {
        if (word == NULL || strcmp(word, "set") != 0)
            return false;
        from = strtok_r(NULL, " ", &rest);
        to = strtok_r(NULL, " ", &rest);
    }
    char *values = rest;
    for (uint32_t a = 0; from != NULL && to != NULL && a < SIM_REGIONS; a++)
        for (uint32_t b = 0; b < SIM_REGIONS; b++) {
            if (!covers(from, a) || !covers(to, b))
                continue;
            if (heals)
                heal(&self->paths[a][b]);
            char text[256] = "", *at = NULL;
            snprintf(text, sizeof text, "%s", values != NULL ? values : "");
            for (char *value = strtok_r(text, " ", &at); value != NULL; value = strtok_r(NULL, " ", &at))
                good = set_value(&self->paths[a][b], value);
        }
    return good;
}

static void read_command(struct hub *self)
{
    char command[256], copy[256];
    ssize_t bytes = recv(self->commands, command, sizeof command - 1, MSG_DONTWAIT);
    if (bytes < 0)
        return;
    command[bytes] = '\0';
    memcpy(copy, command, sizeof copy);
    if (!obey(self, copy)) {
        fprintf(stderr, "hotline-switch: not understood: %s\n", command);
        return;
    }
    printf("%s\n", command);
    fflush(stdout);
}

// ---- life

static int open_tap(const char *prefix, uint32_t region, int own_namespace)
{
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s-%s", prefix, city_regions[region].name);
    int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0) {
        perror(path);
        exit(2);
    }
    struct ifreq wish = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strcpy(wish.ifr_name, "hl0");
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0 || ioctl(tap, TUNSETIFF, &wish) != 0) {
        perror("/dev/net/tun");
        exit(2);
    }
    close(space);
    check(setns(own_namespace, CLONE_NEWNET) == 0);
    return tap;
}

static void open_hub(struct hub *self, const char *prefix, const char *socket_path)
{
    int own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    check(own_namespace >= 0);
    chance_init(&self->chance, 1, 's');
    for (uint32_t from = 0; from < SIM_REGIONS; from++) {
        self->taps[from] = open_tap(prefix, from, own_namespace);
        for (uint32_t to = 0; to < SIM_REGIONS; to++) {
            heal(&self->paths[from][to]);
            self->paths[from][to].queue = check_alloc(QUEUE_FRAMES_MAX * sizeof(struct frame));
        }
    }
    close(own_namespace);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(socket_path) >= sizeof address.sun_path) {
        fprintf(stderr, "hotline-switch: %s is too long for a socket\n", socket_path);
        exit(2);
    }
    strcpy(address.sun_path, socket_path);
    self->commands = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (self->commands < 0 || bind(self->commands, (struct sockaddr *)&address, sizeof address) != 0) {
        perror(socket_path);
        exit(2);
    }
}

static void run(struct hub *self)
{
    struct pollfd polls[SIM_REGIONS + 1];
    for (uint32_t i = 0; i <= SIM_REGIONS; i++)
        polls[i] = (struct pollfd){.fd = i < SIM_REGIONS ? self->taps[i] : self->commands, .events = POLLIN};
    while (!is_over) {
        uint64_t next_us = deliver(self), now = now_us();
        uint64_t wait_us = next_us == UINT64_MAX ? 1000000 : next_us > now ? next_us - now : 0;
        struct timespec wait = {.tv_sec = (time_t)(wait_us / 1000000), .tv_nsec = (long)(wait_us % 1000000) * 1000};
        if (ppoll(polls, SIM_REGIONS + 1, &wait, NULL) < 0 && errno != EINTR)
            break;
        for (uint32_t i = 0; i < SIM_REGIONS; i++)
            if ((polls[i].revents & POLLIN) != 0)
                read_region(self, i);
        if ((polls[SIM_REGIONS].revents & POLLIN) != 0)
            read_command(self);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"namespaces", required_argument, NULL, 'n'}, {"socket", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    const char *prefix = NULL, *path = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'n')
            prefix = optarg;
        else if (option == 's')
            path = optarg;
        else
            prefix = path = NULL;
    }
    if (prefix == NULL || path == NULL) {
        fprintf(stderr, "usage: hotline-switch --namespaces PREFIX --socket PATH\n");
        return 2;
    }
    static struct hub hub;
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    open_hub(&hub, prefix, path);
    run(&hub);
    printf("carried=%llu lost=%llu repeated=%llu cut=%llu dropped=%llu not_ours=%llu not_written=%llu\n",
           (unsigned long long)hub.counts.carried, (unsigned long long)hub.counts.lost,
           (unsigned long long)hub.counts.repeated, (unsigned long long)hub.counts.cut,
           (unsigned long long)hub.counts.dropped, (unsigned long long)hub.counts.not_ours,
           (unsigned long long)hub.counts.not_written);
    return 0;
}
