// Has a key, and with it says what is not its to say. usage: liar ENDPOINT#KEY KEY-FILE LIE ARGUMENT REASON
//   desk AGENT, gateway NAME: attaches as that    call ID: attaches as its key's gateway, submits a call of that id
//   replay AGENT: attaches by words that were said an hour ago    sessions COUNT: so many connections at once
//   flood SECONDS: attaches as its key's gateway and submits calls that go nowhere, as fast as it can; REASON is not
//   looked at    large BYTES: a message of that size    garbage COUNT: messages that are none, after the handshake
// Status 0: the node refused with that reason. What it counted is for the test to see.
#include "tests/integration/attacker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define REPLAYED_AFTER_MS 3600000
#define SOCKETS_MAX 1000
#define MESSAGE_MAX (8 * 1024 * 1024)

// The first refusal that comes; "" when only other words did.
static void hear_refusal(void *socket, char reason[64])
{
    uint8_t *data = malloc(MESSAGE_MAX);
    check(data != NULL);
    reason[0] = '\0';
    for (int i = 0; i < 20 && reason[0] == '\0'; i++) {
        int bytes = zmq_recv(socket, data, MESSAGE_MAX, 0);
        if (bytes < 0)
            break;
        Cli__ToClient *message = cli__to_client__unpack(NULL, (size_t)bytes, data);
        check(message != NULL);
        if (message->body_case == CLI__TO_CLIENT__BODY_REFUSED) {
            snprintf(reason, 64, "%s", message->refused->reason);
            printf("%s: %s (%s)\n", message->refused->reason, message->refused->detail, message->refused->what);
        }
        cli__to_client__free_unpacked(message, NULL);
    }
    free(data);
}

static void attach_desk(void *socket, const char *agent, uint64_t attach)
{
    Cli__AttachDesk words = CLI__ATTACH_DESK__INIT;
    words.agent = (char *)agent;
    words.attach = attach;
    words.state = REC__AGENT_STATE__AVAILABLE;
    attacker_say(socket, CLI__TO_NODE__BODY_ATTACH_DESK, &words);
}

static void attach_gateway(void *socket, const char *gateway)
{
    Cli__AttachGateway words = CLI__ATTACH_GATEWAY__INIT;
    words.gateway = (char *)gateway;
    words.attach = attacker_attach_now();
    attacker_say(socket, CLI__TO_NODE__BODY_ATTACH_GATEWAY, &words);
}

static void submit(void *socket, const char *call)
{
    Cli__Submit words = CLI__SUBMIT__INIT;
    words.call = (char *)call;
    words.attach = attacker_attach_now();
    words.number = (char *)"+249912345678";
    words.queue = (char *)"consular";
    attacker_say(socket, CLI__TO_NODE__BODY_SUBMIT, &words);
}

// Every socket stays open; the refusal comes on one of the last.
static void many_sessions(uint32_t count, char reason[64])
{
    void *sockets[SOCKETS_MAX];
    check(count <= SOCKETS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        Cli__Ping ping = CLI__PING__INIT;
        ping.sent_us = 1;
        sockets[i] = attacker_dial(1);
        attacker_say(sockets[i], CLI__TO_NODE__BODY_PING, &ping);
    }
    for (uint32_t i = count; i-- > 0 && reason[0] == '\0';) {
        uint8_t data[4096];
        int bytes = zmq_recv(sockets[i], data, sizeof data, 0);
        Cli__ToClient *message = bytes < 0 ? NULL : cli__to_client__unpack(NULL, (size_t)bytes, data);
        if (message != NULL && message->body_case == CLI__TO_CLIENT__BODY_REFUSED)
            snprintf(reason, 64, "%s", message->refused->reason);
        if (message != NULL)
            cli__to_client__free_unpacked(message, NULL);
    }
    for (uint32_t i = 0; i < count; i++)
        zmq_close(sockets[i]);
}

static void flood(void *socket, unsigned long seconds)
{
    uint64_t count = 0, sent = 0;
    char call[128];
    Cli__Submit words = CLI__SUBMIT__INIT;
    struct timespec now, end;
    words.call = call;
    words.attach = attacker_attach_now();
    words.number = (char *)"+249912345678";
    words.queue = (char *)"no-such-queue";  // each is looked at, and refused
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)seconds;
    do {
        uint8_t packed[512];
        snprintf(call, sizeof call, "%s:%llu", attacker_key.party, (unsigned long long)count++);
        size_t bytes = attacker_pack(CLI__TO_NODE__BODY_SUBMIT, &words, packed, sizeof packed);
        sent += zmq_send(socket, packed, bytes, ZMQ_DONTWAIT) >= 0;
        while (zmq_recv(socket, packed, sizeof packed, ZMQ_DONTWAIT) >= 0)  // who does not read is not written to
            continue;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end.tv_sec);
    printf("%llu calls in %lu s\n", (unsigned long long)sent, seconds);
}

static void send_raw(void *socket, size_t bytes, uint8_t with)
{
    uint8_t *data = malloc(bytes + 1);
    check(data != NULL);
    memset(data, with, bytes);
    check(zmq_send(socket, data, bytes, 0) == (int)bytes);
    free(data);
}

static void lie(void *socket, const char *what, const char *argument, char reason[64])
{
    if (strcmp(what, "desk") == 0) {
        attach_desk(socket, argument, attacker_attach_now());
    } else if (strcmp(what, "gateway") == 0) {
        attach_gateway(socket, argument);
    } else if (strcmp(what, "call") == 0) {
        attach_gateway(socket, attacker_key.party);
        submit(socket, argument);
    } else if (strcmp(what, "replay") == 0) {
        attach_desk(socket, argument, attacker_attach_now() - ((uint64_t)REPLAYED_AFTER_MS << 20));
    } else if (strcmp(what, "large") == 0) {
        send_raw(socket, strtoul(argument, NULL, 10), 0xff);
    } else if (strcmp(what, "garbage") == 0) {
        for (unsigned long i = strtoul(argument, NULL, 10); i > 0; i--)
            send_raw(socket, i % 200, (uint8_t)(i * 37));
    } else if (strcmp(what, "flood") == 0) {
        attach_gateway(socket, attacker_key.party);
        flood(socket, strtoul(argument, NULL, 10));
        return;
    } else if (strcmp(what, "sessions") == 0) {
        many_sessions((uint32_t)strtoul(argument, NULL, 10), reason);
        return;
    } else {
        check(!"a lie that is known");
    }
    hear_refusal(socket, reason);
}

int main(int count, char **words)
{
    char reason[64] = "";
    if (count != 6 || !attacker_open(words[1], words[2]))
        return 2;
    void *socket = attacker_dial(1);
    lie(socket, words[3], words[4], reason);
    zmq_close(socket);
    attacker_close();
    if (strcmp(reason, words[5]) == 0 || strcmp(words[3], "flood") == 0)
        return 0;
    printf("refused as '%s', not as '%s'\n", reason, words[5]);
    return 1;
}
