// hotlinectl: what operators and scripts see and do, over libhotline.
#include "ops/ctl/ctl.h"
#include "ops/common/output.h"

#include "cluster/keys/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    ctl_command *run;
    const char *does;
} commands[] = {
    {"apply", ctl_apply, "writes the directory: all files in one change, or none of it"},
    {"export", ctl_export, "prints the directory as YAML that applies unchanged"},
    {"status", ctl_status, "a node's own figures, drops and alarms"},
    {"nodes", ctl_nodes, "who is up: round trip, feed lag, clock skew"},
    {"agents", ctl_agents, "every agent and what he is doing"},
    {"calls", ctl_calls, "calls that wait, ring or are spoken"},
    {"queues", ctl_queues, "waiting, ASA, service level, abandonment, EWT"},
    {"find", ctl_find, "the nearest available agents for a caller"},
    {"call", ctl_call, "places a call and holds its leg"},
    {"desk", ctl_desk, "attaches as an agent's desk"},
    {"explain", ctl_explain, "a call's story: placed how, rung where, why"},
    {"events", ctl_events, "every change of a call or an agent, from a cursor on"},
    {"digest", ctl_digest, "a hash over all records, equal on all nodes at rest"},
    {"selftest", ctl_selftest, "what each node's test calls through each site found"},
    {"drain", ctl_drain, "a node hands its clients over and takes no new ones; --undo"},
    {"backup", ctl_backup, "writes what a node keeps to a file that a node can be made from"},
    {"trust-backup", ctl_trust_backup, "a restored node makes call-backs: nothing newer will come"},
    {"load", ctl_load, "drives real calls through real desks, measures"},
    {"keygen", ctl_keygen, "makes keys: of nodes, gateways, desks and admins"},
    {"enroll", ctl_enroll, "adds public keys to the directory"},
    {"revoke", ctl_revoke, "ends what a key may do, at once and everywhere"},
    {"audit", ctl_audit, "what admins did, the latest first"},
};

static void usage(FILE *to)
{
    fputs("usage: hotlinectl [--nodes tcp://HOST:PORT#KEY,...] [--keys DIR] [--as ROLE/NAME] [--json] COMMAND ...\n\n",
          to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].does);
    fputs("\nThe nodes may also be in HOTLINE_NODES, the folder with your keys in HOTLINE_KEYS. Exit status: 0 done, 1 "
          "refused or failed, 2 wrong usage, "
          "3 no node reachable.\n",
          to);
}

// tcp://HOST:PORT or tcp://HOST:PORT#KEY, up to a comma or the end.
static bool is_endpoint(const char *text, size_t bytes)
{
    const char *hash = memchr(text, '#', bytes);
    char key[KEY_TEXT_BYTES + 1] = "";
    if (hash != NULL) {
        size_t rest = bytes - (size_t)(hash - text) - 1;
        if (rest != KEY_TEXT_BYTES || !key_text_is_valid(memcpy(key, hash + 1, rest)))
            return false;
        bytes = (size_t)(hash - text);
    }
    size_t port = bytes, number = 0;
    while (port > 0 && text[port - 1] >= '0' && text[port - 1] <= '9')
        port--;
    for (size_t i = port; i < bytes && number <= 65535; i++)
        number = number * 10 + (size_t)(text[i] - '0');
    return bytes > 6 && strncmp(text, "tcp://", 6) == 0 && port > 7 && text[port - 1] == ':' && number >= 1 &&
           number <= 65535;
}

bool ctl_nodes_known(const struct args_command *command, struct globals *globals)
{
    bool option = globals->nodes && globals->nodes[0];
    if (!option)
        globals->nodes = getenv("HOTLINE_NODES");
    if (!globals->nodes || !globals->nodes[0]) {
        args_wrong(command, "which nodes? Give --nodes tcp://HOST:PORT#KEY,... or set HOTLINE_NODES");
        return false;
    }
    for (const char *at = globals->nodes; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t bytes = strcspn(at, ",");
        if (!is_endpoint(at, bytes)) {
            args_wrong(command, "%s: '%.*s' is not tcp://HOST:PORT#KEY", option ? "--nodes" : "HOTLINE_NODES",
                       (int)bytes, at);
            return false;
        }
    }
    return true;
}

int main(int count, char **words)
{
    static const struct args_command none = {.name = "", .usage = "[--nodes LIST] [--json] COMMAND ..."};
    struct globals globals = {0};
    int at = 1;
    keys_guard_process();
    while (at < count && words[at][0] == '-') {
        if (strcmp(words[at], "--help") == 0 || strcmp(words[at], "-h") == 0) {
            usage(stdout);
            return EXIT_DONE;
        }
        int taken = strcmp(words[at], "--json") == 0 || strchr(words[at], '=') != NULL ? 1 : 2;
        if (!args_parse(&none, &globals, words + at, (size_t)(at + taken > count ? count - at : taken)))
            return EXIT_WRONG_USAGE;
        at += taken;
    }
    if (at >= count) {
        usage(stderr);
        return EXIT_WRONG_USAGE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, words[at]) == 0)
            return commands[i].run(&globals, words + at + 1, (size_t)(count - at - 1));
    return args_wrong(&none, "'%s' is no command", words[at]);
}
