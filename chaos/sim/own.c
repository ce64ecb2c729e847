#include "chaos/sim/own.h"

#include "chaos/sim/server.h"

#include "cluster/base/text.h"

static struct net *net_of(struct own *self)
{
    return &self->server->sim->net;
}

static void on_message(struct net_host *host, struct net_line *line, struct span message)
{
    (void)line;
    server_own_message(((struct own *)host)->server, message);
}

void own_init(struct own *self, struct server *server)
{
    self->server = server;
    self->host.zone = server->host.zone;
    self->host.receive = on_message;
    text_copy(self->host.key, sizeof self->host.key, server->host.key);
}

void own_start(struct own *self)
{
    net_start(net_of(self), &self->host);
    self->line = net_connect(net_of(self), &self->host, &self->server->host, NET_CLIENT, 0);
}

void own_kill(struct own *self)
{
    net_kill(net_of(self), &self->host, false);
    self->line = NULL;
}

void own_pause(struct own *self)
{
    net_pause(net_of(self), &self->host);
}

void own_resume(struct own *self)
{
    net_resume(net_of(self), &self->host);
}

bool own_send(struct own *self, struct span message)
{
    return self->line != NULL && net_send(net_of(self), self->line, false, message);
}
