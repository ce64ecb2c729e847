// A client's two connections: their silence, and where they go next. Used by attachment.c alone.
#ifndef NODE_CLIENT_LINKS_H
#define NODE_CLIENT_LINKS_H

#include "node/client/core.h"

bool link_is_open(const struct client_link *link);
uint64_t link_patience_us(const struct hotline_client *self, const struct client_link *link);
bool link_is_lost(const struct hotline_client *self, const struct client_link *link, uint64_t now_us);

void link_open(struct hotline_client *self, uint32_t slot, int endpoint, uint64_t now_us);
void link_close(struct hotline_client *self, uint32_t slot);
void links_give_up(struct hotline_client *self, uint32_t slot);  // closes; other nodes are tried first
// Every slot that is closed goes to the next node that is not the other slot's.
void links_fill(struct hotline_client *self, uint64_t now_us);
// False: a connection that stood has broken.
bool links_ping(struct hotline_client *self, uint32_t slot, uint64_t now_us);

#endif
