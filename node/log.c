#include "node/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

void log_line(enum log_level level, const char *event, const char *fields, ...)
{
    static const char *const names[] = {"error", "warn", "info"};
    char line[1024], stamp[32];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    va_list args;
    va_start(args, fields);
    vsnprintf(line, sizeof line, fields, args);
    va_end(args);
    fprintf(stderr, "ts=%s.%03ldZ level=%s event=%s%s%s\n", stamp, now.tv_nsec / 1000000, names[level], event,
            line[0] != '\0' ? " " : "", line);
}
