// What nodes log of their decisions, told to the judge. A line is read some milliseconds after the desk was let ring,
// so what the history says of the calls it names may be newer than what the node knew; the judge compares only what
// both agree on.
#include "chaos/live/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_EVERY_US 10000
#define DECIDED " event=decided "

static void tell(struct live *self, const struct live_node *node, const char *fields)
{
    char line[LIVE_LOG_LINE_BYTES + 64];
    struct history_event event;
    snprintf(line, sizeof line, "0 %s node=%s %s", history_word_text(HISTORY_DECIDED), node->name, fields);
    if (history_parse(line, &event) == NULL)
        sim_tell(&self->sim, event);
    else
        fprintf(stderr, "%s logs what is no decision: %s\n", node->name, fields);
}

// A line that fills the node's own bound may have been cut off in the middle of a call's id.
static void read_line(struct live *self, const struct live_node *node, const char *line, size_t bytes)
{
    const char *decided = strstr(line, DECIDED);
    if (decided != NULL && bytes + 1 < LIVE_LOG_LINE_BYTES)
        tell(self, node, decided + strlen(DECIDED));
}

static void read_lines(struct live *self, struct live_node *node)
{
    char *at = node->log_rest, *end;
    while ((end = memchr(at, '\n', node->log_bytes - (size_t)(at - node->log_rest))) != NULL) {
        *end = '\0';
        read_line(self, node, at, (size_t)(end - at));
        at = end + 1;
    }
    node->log_bytes -= (size_t)(at - node->log_rest);
    memmove(node->log_rest, at, node->log_bytes);
    if (node->log_bytes == sizeof node->log_rest)
        node->log_bytes = 0;  // no line is so long
}

static void read_log(struct live *self, struct live_node *node)
{
    char path[LIVE_PATH_BYTES];
    snprintf(path, sizeof path, "%.180s/%s/log", self->options.dir, node->name);
    if (node->log_fd < 0)
        node->log_fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got = 1; node->log_fd >= 0 && got > 0;) {
        got = read(node->log_fd, node->log_rest + node->log_bytes, sizeof node->log_rest - node->log_bytes);
        if (got > 0) {
            node->log_bytes += (size_t)got;
            read_lines(self, node);
        }
    }
}

void live_logs_read(struct live *self)
{
    if (sim_now(&self->sim) < self->logs_us + LOOK_EVERY_US)
        return;
    self->logs_us = sim_now(&self->sim);
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++)
        if (self->nodes[i].starts > 0)
            read_log(self, &self->nodes[i]);
}

void live_logs_close(struct live *self)
{
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++)
        if (self->nodes[i].starts > 0 && self->nodes[i].log_fd >= 0)
            close(self->nodes[i].log_fd);
}
