#include "history_rig.h"

#include "cluster/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judge *judge_text(const char *text)
{
    struct judge *judge = judge_create(NULL);
    char *copy = check_strdup(text), *rest = copy;
    while (*rest != '\0') {
        char *line = rest;
        size_t length = strcspn(rest, "\n");
        rest += length + (rest[length] == '\n');
        line[length] = '\0';
        struct history_event event;
        char shown[256];
        snprintf(shown, sizeof shown, "%s", line);
        const char *wrong = history_parse(line, &event);
        if (wrong != NULL)
            fail_msg("%s: %s", shown, wrong);
        if (event.word != HISTORY_NONE)
            judge_hear(judge, &event);
    }
    free(copy);
    return judge;
}

static void print(const struct judge *judge)
{
    struct bytes text = {0};
    judge_verdict(judge, &text);
    print_message("%.*s\n", (int)text.count, (const char *)text.data);
    bytes_close(&text);
}

void assert_right(const char *text)
{
    struct judge *judge = judge_text(text);
    if (judge_count(judge) != 0)
        print(judge);
    assert_int_equal(judge_count(judge), 0);
    judge_free(judge);
}

void assert_wrong(enum judge_kind kind, const char *const *names, const char *text)
{
    struct judge *judge = judge_text(text);
    const struct judge_violation *violation = judge_violation(judge, 0);
    assert_non_null(violation);
    for (uint32_t i = 0; judge_violation(judge, i) != NULL; i++) {
        if (judge_violation(judge, i)->kind != kind)
            print(judge);
        assert_string_equal(judge_kind_text(judge_violation(judge, i)->kind), judge_kind_text(kind));
    }
    for (; *names != NULL; names++)
        if (strstr(violation->sentence, *names) == NULL)
            fail_msg("\"%s\" does not name %s", violation->sentence, *names);
    judge_free(judge);
}
