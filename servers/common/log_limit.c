/* Keeps peers that misbehave from filling the log; see log_limit.h. */
#include "common/log_limit.h"

void log_limit_flush(struct log_limit *limit, const struct log *log)
{
    if (limit->suppressed > 0) {
        log_write(log, LOG_WARNING, PC_HANDLE_NONE, "log_suppressed",
                  LOG_FIELDS(log_number("lines", limit->suppressed),
                             log_number("lines_total", limit->suppressed_total)));
        limit->suppressed = 0;
    }
}

bool log_limit_admit(struct log_limit *limit, const struct log *log, uint64_t now_ms,
                     uint32_t per_sec)
{
    uint64_t second = now_ms / 1000u;
    if (per_sec == 0) {
        return true;
    }
    if (second != limit->second) {
        log_limit_flush(limit, log);
        limit->second = second;
        limit->written = 0;
    }
    if (limit->written == per_sec) {
        limit->suppressed++;
        limit->suppressed_total++;
        return false;
    }
    limit->written++;
    return true;
}
