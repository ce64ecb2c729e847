// Who is nearest to a caller?
// usage: query tcp://127.0.0.1:7100,tcp://127.0.0.1:7200 NUMBER
#include <hotline/query.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

static bool done;
static int status;

static void on_row(void *user, const struct hotline_row *row)
{
    (void)user;
    if (row->type == HOTLINE_ROW_AGENT)
        printf("%6u km  %-12s %-20s %s\n", (unsigned)row->agent.km, row->agent.state, row->agent.agent,
               row->agent.site);
}

static void on_done(void *user, const struct hotline_answer *answer)
{
    (void)user;
    done = true;
    status = answer->result == HOTLINE_ANSWER_DONE ? 0 : 1;
    if (status != 0)
        fprintf(stderr, "%s: %s\n", answer->reason, answer->detail);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct hotline_context *context = hotline_context_create();
    struct hotline_query_options options = {.nodes = argv[1]};
    struct hotline_call_spec caller = {.number = argv[2]};
    struct hotline_question_args args = {.find = &caller, .limit = 5};
    enum hotline_result result;
    struct hotline_client *query = hotline_query_create(context, &options, &result);
    if (query != NULL)
        result = hotline_ask(query, HOTLINE_FIND, &args, 3000, on_row, on_done);
    if (result != HOTLINE_OK)
        fprintf(stderr, "query: %s\n", hotline_result_text(result));
    while (result == HOTLINE_OK && !done) {
        struct pollfd fd = {.fd = hotline_client_fd(query), .events = POLLIN};
        poll(&fd, 1, hotline_client_timeout_ms(query));
        hotline_client_process(query);
    }
    hotline_client_free(query);
    hotline_context_free(context);
    return result == HOTLINE_OK ? status : 2;
}
