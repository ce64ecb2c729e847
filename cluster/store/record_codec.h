// Records as bytes (rec.Record), for the disk and for messages between nodes, and what a record may be at all.
#ifndef CLUSTER_STORE_RECORD_CODEC_H
#define CLUSTER_STORE_RECORD_CODEC_H

#include "cluster/base/bytes.h"
#include "cluster/store/store.h"

#include <stdbool.h>

struct Rec__Record;
struct Rec__Version;
struct arena;

// Kind 1 to 255; id a name that may hold '~', up to CALL_ID_MAX_BYTES; owner a name; seq not 0; id and body within
// STORE_RECORD_MAX_BYTES.
bool record_is_valid(const struct record *record);

// The message lends everything from the record and ret_version; both must outlive it.
void record_to_message(const struct record *record, struct Rec__Record *ret, struct Rec__Version *ret_version);
// False: out of range, and ret is untouched. The record lends everything from the message.
MUST_USE bool record_from_message(const struct Rec__Record *message, struct record *ret);

void record_pack(const struct record *record, struct bytes *to);  // appends
// The record lives in the arena until its next message.
MUST_USE bool record_unpack(struct span packed, struct arena *arena, struct record *ret);

#endif
