#include "ops/common/args.h"

#include "ops/common/output.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int args_wrong(const struct args_command *command, const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s%s%s: ", program_invocation_short_name, command->name[0] ? " " : "", command->name);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nusage: %s %s\n", program_invocation_short_name, command->usage);
    return EXIT_WRONG_USAGE;
}

static bool args_number(const struct args_command *command, const struct args_option *option, const char *text)
{
    uint32_t max = option->max > 0 ? option->max : ARGS_MS_MAX;
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || value > max) {
        args_wrong(command, "%s: '%s' is not a number from 0 to %u", option->name, text, max);
        return false;
    }
    *(struct args_number *)option->to = (struct args_number){true, (uint32_t)value};
    return true;
}

static bool args_real(const struct args_command *command, const struct args_option *option, const char *text)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != 0 || !isfinite(value) || value <= 0) {
        args_wrong(command, "%s: '%s' is not a number above 0", option->name, text);
        return false;
    }
    *(double *)option->to = value;
    return true;
}

static bool args_at(const struct args_command *command, const struct args_option *option, const char *text)
{
    struct args_at at = {.given = true};
    char *end = NULL;
    at.lat = strtod(text, &end);
    bool good = end != text && *end == ',';
    if (good) {
        const char *lon = end + 1;
        at.lon = strtod(lon, &end);
        good = end != lon && *end == 0 && isfinite(at.lat) && isfinite(at.lon);
    }
    if (!good) {
        args_wrong(command, "%s: '%s' is not LAT,LON in degrees, such as 15.6,32.5", option->name, text);
        return false;
    }
    if (fabs(at.lat) > 90 || fabs(at.lon) > 180) {
        bool lat = fabs(at.lat) > 90;
        args_wrong(command, "%s: %s %g is out of range, %s", option->name, lat ? "latitude" : "longitude",
                   lat ? at.lat : at.lon, lat ? "-90 to 90" : "-180 to 180");
        return false;
    }
    *(struct args_at *)option->to = at;
    return true;
}

static bool args_add(const struct args_command *command, const char *name, struct args_list *list, const char *item)
{
    if (list->count == ARGS_LIST_MAX) {
        args_wrong(command, "%s: more than %d", name, ARGS_LIST_MAX);
        return false;
    }
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
    return true;
}

static bool args_value(const struct args_command *command, const struct args_option *option, const char *text)
{
    switch (option->kind) {
    case ARGS_FLAG:
        break;  // takes none
    case ARGS_TEXT:
        *(const char **)option->to = text;
        return true;
    case ARGS_NUMBER:
        return args_number(command, option, text);
    case ARGS_REAL:
        return args_real(command, option, text);
    case ARGS_AT:
        return args_at(command, option, text);
    case ARGS_LIST:
    case ARGS_FILES:
        return args_add(command, option->name, option->to, text);
    }
    check(false);
    return false;
}

static const struct args_option *args_find(const struct args_option *options, const char *name, size_t name_bytes)
{
    for (; options && options->name; options++)
        if (strlen(options->name) == name_bytes && memcmp(options->name, name, name_bytes) == 0)
            return options;
    return NULL;
}

// Takes one option and its value; returns how many words, 0: wrong, and said.
static size_t args_take(const struct args_command *command, const struct args_option *globals, char **words,
                        size_t count)
{
    const char *word = words[0];
    const char *equals = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
    size_t name_bytes = equals ? (size_t)(equals - word) : strlen(word);
    const struct args_option *option = args_find(command->options, word, name_bytes);
    if (!option)
        option = args_find(globals, word, name_bytes);
    if (!option) {
        args_wrong(command, "%s: unknown option", word);
        return 0;
    }
    if (option->kind == ARGS_FLAG) {
        if (equals) {
            args_wrong(command, "%s takes no value", option->name);
            return 0;
        }
        *(bool *)option->to = true;
        return 1;
    }
    if (equals)
        return args_value(command, option, equals + 1) ? 1 : 0;
    if (count < 2) {
        args_wrong(command, "%s: its value is missing", option->name);
        return 0;
    }
    if (!args_value(command, option, words[1]))
        return 0;
    size_t taken = 2;
    while (option->kind == ARGS_FILES && taken < count && words[taken][0] != '-')
        if (!args_value(command, option, words[taken++]))
            return 0;
    return taken;
}

bool args_parse(const struct args_command *command, struct globals *globals, char **words, size_t count)
{
    const struct args_option global_options[] = {{"--nodes", ARGS_TEXT, &globals->nodes, 0},
                                                 {"--keys", ARGS_TEXT, &globals->keys, 0},
                                                 {"--as", ARGS_TEXT, &globals->as, 0},
                                                 {"--json", ARGS_FLAG, &globals->json, 0},
                                                 {NULL, 0, NULL, 0}};
    bool operands_only = false;
    for (size_t at = 0; at < count;) {
        const char *word = words[at];
        if (!operands_only && strcmp(word, "--") == 0) {
            operands_only = true;
            at++;
        } else if (!operands_only && word[0] == '-' && word[1] != 0) {
            size_t taken = args_take(command, global_options, words + at, count - at);
            if (taken == 0)
                return false;
            at += taken;
        } else if (!command->operand || command->operands->count == command->operands_max) {
            args_wrong(command, "'%s' is not expected", word);
            return false;
        } else {
            if (!args_add(command, command->operand, command->operands, word))
                return false;
            at++;
        }
    }
    if (command->operand && command->operands->count < command->operands_min) {
        args_wrong(command, "%s is missing", command->operand);
        return false;
    }
    return true;
}
