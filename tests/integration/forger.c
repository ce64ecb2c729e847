// Has a node's key, and with it tells a peer what another node never wrote.
// usage: forger PEER-ENDPOINT#KEY KEY-FILE PEER OWN-BOOT OWNER OWNER-BOOT CALL (boots as hexadecimal digits)
// Says, each once: a chunk of OWNER's feed with that call; the call, as OWNER's, in a chunk of its own feed; a mend
// nobody asked for with it; and the first as if OWNER had sent it. What is taken and counted is for the test to see.
#include "tests/integration/attacker.h"

#include "peer.pb-c.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define FAR_SEQ 1000000

static void send_envelope(void *socket, Peer__Envelope *envelope)
{
    uint8_t packed[1024];
    check(peer__envelope__get_packed_size(envelope) <= sizeof packed);
    size_t bytes = peer__envelope__pack(envelope, packed);
    check(zmq_send(socket, packed, bytes, 0) == (int)bytes);
}

int main(int count, char **words)
{
    if (count != 8 || !attacker_open(words[1], words[2]))
        return 2;
    Rec__Version version = REC__VERSION__INIT;
    Rec__Record record = REC__RECORD__INIT, *records = &record;
    Rec__Call call = REC__CALL__INIT;
    uint8_t body[256];
    call.gateway = (char *)"forged";
    record.kind = REC__KIND__CALL;
    record.id = words[7];
    record.version = &version;
    record.born_ms = (uint64_t)time(NULL) * 1000;
    record.body = (ProtobufCBinaryData){rec__call__pack(&call, body), body};
    version.attach = attacker_attach_now();
    version.owner = words[5];
    version.boot = strtoull(words[6], NULL, 16);
    version.seq = FAR_SEQ;

    void *socket = attacker_dial(1);
    Peer__Envelope envelope = PEER__ENVELOPE__INIT;
    Peer__FeedChunk chunk = PEER__FEED_CHUNK__INIT;
    Peer__Mend mend = PEER__MEND__INIT;
    envelope.protocol = 1;
    envelope.from = attacker_key.party;
    envelope.from_boot = strtoull(words[4], NULL, 16);
    envelope.to = words[3];
    chunk.owner = version.owner;
    chunk.boot = version.boot;
    chunk.after = chunk.upto = FAR_SEQ;
    chunk.records = mend.records = &records;
    chunk.n_records = mend.n_records = 1;
    envelope.body_case = PEER__ENVELOPE__BODY_FEED_CHUNK;
    envelope.feed_chunk = &chunk;
    send_envelope(socket, &envelope);
    chunk.owner = envelope.from;
    chunk.boot = envelope.from_boot;
    send_envelope(socket, &envelope);
    envelope.body_case = PEER__ENVELOPE__BODY_MEND;
    envelope.mend = &mend;
    send_envelope(socket, &envelope);
    envelope.body_case = PEER__ENVELOPE__BODY_FEED_CHUNK;
    envelope.feed_chunk = &chunk;
    envelope.from = chunk.owner = version.owner;
    envelope.from_boot = chunk.boot = version.boot;
    send_envelope(socket, &envelope);

    struct timespec sent = {1, 0};  // by then it is
    nanosleep(&sent, NULL);
    zmq_close(socket);
    attacker_close();
    return 0;
}
