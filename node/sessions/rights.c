#include "node/sessions/rights.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool refuse(struct refusal *refusal, const char *reason, const char *what, const struct key_holder *holder,
                   const char *wanted)
{
    refusal->reason = reason;
    refusal->what = what;
    snprintf(refusal->detail, sizeof refusal->detail, "this is the key of %s %s; %s", key_role_name(holder->role),
             holder->party, wanted);
    return false;
}

// "cairo:2" and "cairo:2:1-1" are of cairo: a gateway may be several processes, and makes its calls' ids.
static bool is_of(const char *party, const char *name)
{
    size_t bytes = strlen(party);
    return strncmp(party, name, bytes) == 0 && name[bytes] == ':';
}

static bool allows_call(const struct key_holder *holder, const Cli__Submit *submit, struct refusal *refusal)
{
    return is_of(holder->party, submit->call) ||
           refuse(refusal, "not_yours", submit->call, holder, "its calls' ids begin with its name and a colon");
}

static bool allows_gateway(const struct key_holder *holder, const Cli__AttachGateway *attach, struct refusal *refusal)
{
    if (holder->role != KEY_ROLE_GATEWAY)
        return refuse(refusal, "wrong_role", attach->gateway, holder, "gateways attach with a gateway's key");
    if (strcmp(holder->party, attach->gateway) != 0 && !is_of(holder->party, attach->gateway))
        return refuse(refusal, "not_yours", attach->gateway, holder,
                      "a gateway attaches under its key's name, or that, a colon and more");
    for (size_t i = 0; i < attach->n_calls; i++)
        if (attach->calls[i]->submit != NULL && !allows_call(holder, attach->calls[i]->submit, refusal))
            return false;
    return true;
}

static bool allows_desk(const struct key_holder *holder, const Cli__AttachDesk *attach, struct refusal *refusal)
{
    if (holder->role != KEY_ROLE_DESK)
        return refuse(refusal, "wrong_role", attach->agent, holder, "desks attach with an agent's key");
    return strcmp(holder->party, attach->agent) == 0 ||
           refuse(refusal, "not_yours", attach->agent, holder, "a desk attaches for its key's agent only");
}

// On a stand-by connection it says for whom it stands by, and so who is still heard.
static bool allows_ping(const struct key_holder *holder, const Cli__Ping *ping, struct refusal *refusal)
{
    bool is_own = strcmp(holder->party, ping->party) == 0 ||
                  (holder->role == KEY_ROLE_GATEWAY && is_of(holder->party, ping->party));
    bool says_nothing = ping->party[0] == '\0' && ping->attached_to[0] == '\0';
    return says_nothing || is_own ||
           refuse(refusal, "not_yours", ping->party, holder, "a client stands by for itself only");
}

static bool allows_admin(const struct key_holder *holder, uint64_t question, struct refusal *refusal)
{
    snprintf(refusal->number, sizeof refusal->number, "%" PRIu64, question);
    return holder->role == KEY_ROLE_ADMIN ||
           refuse(refusal, "admin_only", refusal->number, holder, "this needs an admin's key");
}

static bool is_of_admins(const Cli__Query *query)
{
    return query->what == CLI__QUERY__WHAT__EXPORT || query->what == CLI__QUERY__WHAT__AUDIT ||
           query->what == CLI__QUERY__WHAT__DRAIN || query->what == CLI__QUERY__WHAT__UNDRAIN ||
           query->what == CLI__QUERY__WHAT__TRUST_BACKUP ||
           query->what == CLI__QUERY__WHAT__BACKUP ||  // has callers' numbers whole
           query->what == CLI__QUERY__WHAT__EVENTS ||  // finds who has called, number by number
           query->show_numbers;
}

static bool allows_test(const struct key_holder *holder, const Cli__ToNode *words, struct refusal *refusal)
{
    bool is_test = words->body_case == CLI__TO_NODE__BODY_TEST_CALL;
    if (is_test)
        snprintf(refusal->number, sizeof refusal->number, "%" PRIu64, words->test_call->test);
    return (holder->role == KEY_ROLE_NODE) == is_test ||
           refuse(refusal, "wrong_role", refusal->number, holder,
                  "a node places test calls with its own key, and says nothing else to its client endpoint");
}

bool rights_allow(const struct key_holder *holder, const Cli__ToNode *words, struct refusal *ret_refusal)
{
    *ret_refusal = (struct refusal){.reason = NULL};
    if (holder->role == KEY_ROLE_NONE)
        return true;
    if (!allows_test(holder, words, ret_refusal))
        return false;
    switch (words->body_case) {
    case CLI__TO_NODE__BODY_ATTACH_DESK:
        return allows_desk(holder, words->attach_desk, ret_refusal);
    case CLI__TO_NODE__BODY_ATTACH_GATEWAY:
        return allows_gateway(holder, words->attach_gateway, ret_refusal);
    case CLI__TO_NODE__BODY_SUBMIT:
        return allows_call(holder, words->submit, ret_refusal);
    case CLI__TO_NODE__BODY_APPLY_PART:
        return allows_admin(holder, words->apply_part->query, ret_refusal);
    case CLI__TO_NODE__BODY_QUERY:
        return !is_of_admins(words->query) || allows_admin(holder, words->query->query, ret_refusal);
    case CLI__TO_NODE__BODY_PING:
        return allows_ping(holder, words->ping, ret_refusal);
    case CLI__TO_NODE__BODY_TEST_CALL:
    case CLI__TO_NODE__BODY_DETACH:
    case CLI__TO_NODE__BODY_TEST_ANSWERED:
    case CLI__TO_NODE__BODY_DESK_WORD:  // of whom this connection attached as
    case CLI__TO_NODE__BODY_LEG_WORD:
    case CLI__TO_NODE__BODY__NOT_SET:
    case _CLI__TO_NODE__BODY__CASE_IS_INT_SIZE:
        return true;
    }
    return true;
}
