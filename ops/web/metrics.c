#include "ops/web/reply.h"
#include "ops/web/web.h"

void metrics_get(struct request *request)
{
    reply_bytes(request, 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", "# EOF\n", 6);
}
