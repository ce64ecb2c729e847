// One line per event on stderr, in logfmt, with a stable code: `ts=... level=info event=started node=beijing ...`.
// Only programs log.
#ifndef NODE_LOG_H
#define NODE_LOG_H

#include "cluster/base/check.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO };

// `fields` is a format of further key=value pairs; quote texts with \"...\".
void log_line(enum log_level level, const char *event, const char *fields, ...) PRINTF_LIKE(3, 4);

#endif
