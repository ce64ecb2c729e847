// The command line: options by table, operands by count. A wrong one is named on stderr.
#ifndef OPS_COMMON_ARGS_H
#define OPS_COMMON_ARGS_H

#include "cluster/base/check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGS_LIST_MAX 1024
#define ARGS_MS_MAX (24u * 3600 * 1000)

struct args_list {  // NULL-terminated; lent by argv
    const char *items[ARGS_LIST_MAX + 1];
    size_t count;
};

enum args_kind {
    ARGS_FLAG,    // bool
    ARGS_TEXT,    // const char *
    ARGS_NUMBER,  // struct args_number, 0 .. max
    ARGS_REAL,    // double, more than 0
    ARGS_AT,      // struct args_at, "LAT,LON" in degrees
    ARGS_LIST,    // struct args_list, one item each time the option is given
    ARGS_FILES,   // struct args_list, all words up to the next option
};

struct args_number {
    bool given;
    uint32_t value;
};

struct args_at {
    bool given;
    double lat, lon;
};

struct args_option {
    const char *name;  // "--from"; an array of options ends with NULL
    enum args_kind kind;
    void *to;
    uint32_t max;  // of ARGS_NUMBER; 0: ARGS_MS_MAX
};

struct args_command {
    const char *name;
    const char *usage;
    const struct args_option *options;
    const char *operand;  // what an operand is called, or NULL: takes none
    struct args_list *operands;
    size_t operands_min, operands_max;
};

struct globals {
    const char *nodes;
    const char *keys;  // see credentials.h
    const char *as;
    bool json;
};

// Parses words[0 .. count-1]. False: said on stderr, naming the option. --nodes, --keys, --as and --json are known
// everywhere.
MUST_USE bool args_parse(const struct args_command *command, struct globals *globals, char **words, size_t count);
// "PROGRAM COMMAND: <sentence>" and the usage line on stderr; returns the exit status of a wrong usage.
int args_wrong(const struct args_command *command, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
