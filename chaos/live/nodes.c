// Nodes as child processes.
#include "chaos/live/live.h"

#include "cluster/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_MOST_MS 10000  // a process that is told to end is given so long
#define LOOK_EVERY_MS 20

bool live_read_nodes(struct live *self)
{
    char path[LIVE_PATH_BYTES], line[256];
    snprintf(path, sizeof path, "%s/nodes", self->options.dir);
    FILE *file = fopen(path, "r");
    uint32_t count = 0;
    while (file != NULL && count < SIM_NODES_MAX && fgets(line, sizeof line, file) != NULL) {
        struct live_node *node = &self->nodes[count++];
        node->log_fd = -1;
        if (sscanf(line, "%31s %127s", node->name, node->endpoint) != 2) {
            fprintf(stderr, "%s:%u: not a name and an endpoint\n", path, count);
            fclose(file);
            return false;
        }
    }
    if (file == NULL || count < self->sim.node_count) {
        fprintf(stderr, "%s: %u nodes, %u needed\n", path, count, self->sim.node_count);
        return false;
    }
    fclose(file);
    return true;
}

uint32_t live_node_of(const struct live *self, const char *endpoint)
{
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++)
        if (strcmp(self->nodes[i].endpoint, endpoint) == 0)
            return i;
    return UINT32_MAX;
}

uint32_t live_node_of_name(const struct live *self, const char *name)
{
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++)
        if (name[0] != '\0' && strcmp(self->nodes[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

// ---- starting

static void redirect(const char *path)
{
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), nothing = open("/dev/null", O_RDONLY);
    if (log < 0 || dup2(nothing, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(127);
}

// Does not come back. `starter` has died when the parent is another by now.
static void become(const char *const *arguments, const char *log, pid_t starter)
{
    redirect(log);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != starter)
        _exit(127);
    execv(arguments[0], (char *const *)arguments);
    perror(arguments[0]);
    _exit(127);
}

void live_node_start(struct live *self, uint32_t index)
{
    struct live_node *node = &self->nodes[index];
    char config[LIVE_PATH_BYTES], log[LIVE_PATH_BYTES], folder[LIVE_PATH_BYTES];
    if (node->pid != 0)
        return;
    snprintf(folder, sizeof folder, "%s/%s", self->options.dir, node->name);
    snprintf(config, sizeof config, "%.200s/node.yaml", folder);
    snprintf(log, sizeof log, "%.200s/log", folder);
    const char *const arguments[] = {self->options.hotlined, "--config", config, NULL};
    sim_tell(&self->sim, (struct history_event){.word = HISTORY_NODE_STARTED,
                                                .node = node->name,
                                                .boot = node->starts + 1,
                                                .number = node->starts == 0});
    pid_t starter = getpid();
    node->pid = fork();
    check(node->pid >= 0);
    if (node->pid == 0) {
        live_enter(self, index % SIM_REGIONS);
        setenv("LIVE_FAULTS", folder, 1);
        if (self->options.preload != NULL)
            setenv("LD_PRELOAD", self->options.preload, 1);
        become(arguments, log, starter);
    }
    node->starts++;
    node->started_us = live_now_us();
    node->stopped = false;
}

// ---- ending

static bool has_ended(struct live_node *node, int options)
{
    if (node->pid != 0 && waitpid(node->pid, NULL, options) == node->pid)
        node->pid = 0;
    return node->pid == 0;
}

static void tell_died(struct live *self, const struct live_node *node)
{
    live_tick(self);
    sim_tell(&self->sim, (struct history_event){.word = HISTORY_NODE_DIED, .node = node->name});
}

void live_node_kill(struct live *self, uint32_t index)
{
    struct live_node *node = &self->nodes[index];
    if (node->pid == 0)
        return;
    tell_died(self, node);
    kill(node->pid, SIGKILL);
    has_ended(node, 0);
}

void live_node_terminate(struct live *self, uint32_t index)
{
    struct live_node *node = &self->nodes[index];
    if (node->pid == 0)
        return;
    sim_remark(&self->sim, "terminate %s", node->name);
    kill(node->pid, SIGTERM);
    for (uint32_t waited_ms = 0; waited_ms < END_MOST_MS; waited_ms += LOOK_EVERY_MS) {
        live_run_for(self, LOOK_EVERY_MS);  // which reaps it
        if (node->pid == 0)
            return;
    }
    fprintf(stderr, "%s does not stop: killed\n", node->name);
    live_node_kill(self, index);
}

void live_nodes_reap(struct live *self)
{
    for (uint32_t i = 0; i < SIM_NODES_MAX; i++) {
        struct live_node *node = &self->nodes[i];
        if (node->pid != 0 && has_ended(node, WNOHANG))
            tell_died(self, node);
    }
}

// ---- sleeping

static void stall(struct live *self, uint32_t index, bool stops)
{
    struct live_node *node = &self->nodes[index];
    if (node->pid == 0 || node->stopped == stops)
        return;
    node->stopped = stops;
    live_tick(self);
    sim_tell(&self->sim,
             (struct history_event){.word = stops ? HISTORY_NODE_STALLED : HISTORY_NODE_RESUMED, .node = node->name});
    kill(node->pid, stops ? SIGSTOP : SIGCONT);
}

void live_node_stop(struct live *self, uint32_t index)
{
    stall(self, index, true);
}

void live_node_continue(struct live *self, uint32_t index)
{
    stall(self, index, false);
}

// ---- other programs

bool live_tool(struct live *self, const char *const *arguments)
{
    char log[LIVE_PATH_BYTES];
    snprintf(log, sizeof log, "%.200s/tools.log", self->options.dir);
    pid_t starter = getpid(), pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        live_enter(self, 0);
        become(arguments, log, starter);
    }
    int status = 0;
    for (uint32_t waited_ms = 0; waited_ms < END_MOST_MS; waited_ms += LOOK_EVERY_MS) {
        live_run_for(self, LOOK_EVERY_MS);
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return false;
}
