// A gateway with one caller, who hangs up after a minute at the latest.
// usage: gateway tcp://127.0.0.1:7100,tcp://127.0.0.1:7200 NUMBER QUEUE
#include <hotline/gateway.h>

#include <poll.h>
#include <stdio.h>
#include <time.h>

static struct hotline_client *gateway;
static int over;

static void on_event(void *user, const struct hotline_event *event)
{
    (void)user;
    switch (event->type) {
    case HOTLINE_CALL_ACCEPTED:
        printf("%s is safe on %u nodes\n", event->call, (unsigned)event->copies);
        break;
    case HOTLINE_CALL_WAITING:
        printf("waits at position %u, about %u s\n", (unsigned)event->position, (unsigned)event->ewt_s);
        break;
    case HOTLINE_CALL_RINGING:
        printf("rings at %s in %s, %u km away\n", event->agent, event->site, (unsigned)event->km);
        break;
    case HOTLINE_CALL_CONNECT:  // here a real gateway joins the caller's leg with event->contact
        hotline_gateway_joined(gateway, event->call);
        printf("speaks with %s (%s)\n", event->agent, event->contact);
        break;
    case HOTLINE_CALL_ENDED:
        printf("ended: %s\n", event->reason);
        over = 1;
        break;
    case HOTLINE_REFUSED:
        fprintf(stderr, "refused: %s\n", event->detail);
        break;
    case HOTLINE_SUPERSEDED:
        over = 1;
        break;
    default:
        break;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    struct hotline_context *context = hotline_context_create();
    struct hotline_gateway_options options = {.nodes = argv[1], .gateway = "example", .on_event = on_event};
    struct hotline_call_spec spec = {.number = argv[2], .queue = argv[3]};
    char call[HOTLINE_CALL_ID_BYTES];
    enum hotline_result result;
    gateway = hotline_gateway_create(context, &options, &result);
    if (gateway != NULL)
        result = hotline_gateway_submit(gateway, &spec, call);
    if (result != HOTLINE_OK)
        fprintf(stderr, "gateway: %s\n", hotline_result_text(result));
    time_t began = time(NULL);
    while (result == HOTLINE_OK && !over) {
        struct pollfd fd = {.fd = hotline_client_fd(gateway), .events = POLLIN};
        poll(&fd, 1, hotline_client_timeout_ms(gateway));
        hotline_client_process(gateway);
        if (time(NULL) - began >= 60)
            hotline_gateway_hung_up(gateway, call);
    }
    hotline_client_free(gateway);
    hotline_context_free(context);
    return result != HOTLINE_OK;
}
