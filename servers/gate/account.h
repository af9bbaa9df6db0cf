/* What else asks of handlers/account.c. */
#pragma once

#include "common/request_table.h"
#include "proto/common_types.h"

/* What waits in a gate worker's requests. */
enum gate_request {
    GATE_REQUEST_REGISTER,
    GATE_REQUEST_LOGIN
};

/* No answer came in time: the client hears TIMEOUT. */
void account_request_expired(struct pc_worker *worker, const struct request *request);

/* The db's link has gone: the client hears UNAVAILABLE. */
void account_request_failed(struct pc_worker *worker, const struct request *request);
