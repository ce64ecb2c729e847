// hotline-judge: judges a history from a file. Status 0: nothing found, 1: violated, 2: no history.
#include "chaos/history/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536

static int judge_lines(struct judge *judge, FILE *file, const char *name)
{
    static char line[LINE_MAX_BYTES];
    for (unsigned long number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        struct history_event event;
        size_t length = strcspn(line, "\n");
        const char *wrong = line[length] == '\0' && !feof(file) ? "the line is too long" : NULL;
        line[length] = '\0';
        if (wrong == NULL)
            wrong = history_parse(line, &event);
        if (wrong != NULL) {
            fprintf(stderr, "%s:%lu: %s\n", name, number, wrong);
            return 2;
        }
        if (event.word != HISTORY_NONE)
            judge_hear(judge, &event);
    }
    return judge_count(judge) > 0;
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: hotline-judge FILE      (- is the standard input)\n");
        return 2;
    }
    const char *name = arguments[1];
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
    if (file == NULL) {
        perror(name);
        return 2;
    }
    struct judge *judge = judge_create(NULL);
    int status = judge_lines(judge, file, name);
    if (status != 2) {
        struct bytes text = {0};
        judge_verdict(judge, &text);
        printf("%.*s\n", (int)text.count, (const char *)text.data);
        bytes_close(&text);
    }
    judge_free(judge);
    if (file != stdin)
        fclose(file);
    return status;
}
