// A client's connections. One is the primary, to which it is attached; one the stand-by, asked as often, where it goes
// when the primary is lost; the others are spares, asked rarely, from which the next stand-by is taken. The stand-by is
// the nearest by the round trips measured here; another becomes it when it is clearly nearer, looked at now and then,
// so that it does not flap. When more nodes are known than connections are held, the farthest spare goes round among
// the rest, to measure them. Used by attachment.c and query.c.
#ifndef NODE_CLIENT_LINKS_H
#define NODE_CLIENT_LINKS_H

#include "node/client/core.h"

bool link_is_open(const struct client_link *link);
bool link_is_lost(const struct hotline_client *self, uint32_t slot, uint64_t now_us);
bool link_is_heard(const struct hotline_client *self, uint32_t slot, uint64_t now_us);  // and not lost since
uint64_t link_lost_us(const struct hotline_client *self, uint32_t slot);  // when it will be, if it stays silent
uint64_t link_ping_us(const struct hotline_client *self, uint32_t slot);

void link_open(struct hotline_client *self, uint32_t slot, int endpoint, uint64_t now_us);
void link_close(struct hotline_client *self, uint32_t slot);
void links_give_up(struct hotline_client *self, uint32_t slot);  // closes; other nodes are tried first
// Opens connections to next nodes: two at once, the others by and by.
void links_fill(struct hotline_client *self, uint64_t now_us);
uint64_t links_fill_us(const struct hotline_client *self);  // when there may be more to open
// It is asked as often as the primary from now on; that it said nothing while it was asked rarely does not count.
void link_ask_often(struct hotline_client *self, uint32_t slot, uint64_t now_us);
// Chooses the stand-by, and sends the scout round.
void links_rank(struct hotline_client *self, uint64_t now_us);
// Where to go from `from`: the stand-by if it answers, else the nearest that answers, else one that did when it was
// last asked, else one whose connection stands. One that turned this client away comes last. LINK_NONE: there is none.
#define LINK_NONE UINT32_MAX
uint32_t links_next(const struct hotline_client *self, uint32_t from, uint64_t now_us);
// The one to that endpoint, opened where it is least missed.
uint32_t links_to(struct hotline_client *self, int endpoint, uint64_t now_us);
// False: a connection that stood has broken.
bool links_ping(struct hotline_client *self, uint32_t slot, uint64_t now_us);

#endif
