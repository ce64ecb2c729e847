// A desk that takes every call, speaks for ten seconds and is available again.
// usage: desk tcp://127.0.0.1:7100,tcp://127.0.0.1:7200 AGENT
#include <hotline/desk.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static volatile sig_atomic_t stopped;
static struct hotline_client *desk;
static time_t ends_at;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void on_event(void *user, const struct hotline_event *event)
{
    (void)user;
    switch (event->type) {
    case HOTLINE_ATTACHED:
        printf("attached to %s\n", event->node);
        break;
    case HOTLINE_OFFER:
        printf("%s calls from %u km away\n", event->number, (unsigned)event->km);
        hotline_desk_accept(desk, event->call);
        break;
    case HOTLINE_DESK_CONNECTED:
        ends_at = time(NULL) + 10;
        break;
    case HOTLINE_DESK_ENDED:
        ends_at = 0;
        hotline_desk_available(desk);  // no work after the call
        break;
    case HOTLINE_REFUSED:
        fprintf(stderr, "refused: %s\n", event->detail);
        break;
    case HOTLINE_SUPERSEDED:
        stopped = 1;  // somebody signed in later as this agent
        break;
    default:
        break;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    struct hotline_context *context = hotline_context_create();
    struct hotline_desk_options options = {.nodes = argv[1], .agent = argv[2], .on_event = on_event};
    enum hotline_result result;
    desk = hotline_desk_create(context, &options, &result);
    if (desk == NULL)
        fprintf(stderr, "desk: %s\n", hotline_result_text(result));
    while (desk != NULL && !stopped) {
        struct pollfd fd = {.fd = hotline_client_fd(desk), .events = POLLIN};
        poll(&fd, 1, hotline_client_timeout_ms(desk));
        hotline_client_process(desk);
        if (ends_at != 0 && time(NULL) >= ends_at)
            hotline_desk_end(desk);
    }
    hotline_client_free(desk);  // signs off
    hotline_context_free(context);
    return desk == NULL;
}
