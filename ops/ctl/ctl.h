// The commands of hotlinectl. Each takes its words, does its work and returns the exit status.
#ifndef OPS_CTL_CTL_H
#define OPS_CTL_CTL_H

#include "ops/common/args.h"

#include <stddef.h>

typedef int ctl_command(struct globals *globals, char **words, size_t count);

ctl_command ctl_apply, ctl_export;
ctl_command ctl_status, ctl_nodes, ctl_agents, ctl_calls, ctl_queues, ctl_digest;
ctl_command ctl_find, ctl_explain, ctl_events, ctl_selftest, ctl_drain;
ctl_command ctl_call, ctl_desk, ctl_load;
ctl_command ctl_backup, ctl_trust_backup;
ctl_command ctl_keygen, ctl_enroll, ctl_revoke, ctl_audit;

// After args_parse: the nodes to speak to, by option or environment. False: said on stderr.
MUST_USE bool ctl_nodes_known(const struct args_command *command, struct globals *globals);

#endif
