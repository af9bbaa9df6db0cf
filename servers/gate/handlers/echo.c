/* Echo: the text comes back as it was. The first of each session is told in the log.
 *
 * Path: [8] and [9]. */
#include <string.h>

#include "client.h"
#include "gate.h"
#include "proto/gate_dispatch.h"
#include "proto/gate_send.h"

static void on_echo_request(struct pc_session *session, const struct client_echo_request *packet)
{
    struct gate_client *client = gate_client_of(session);
    const struct log *log = &gate_worker_of(session)->gate->server.log;
    enum log_level level = client->has_echoed ? LOG_DEBUG : LOG_INFO;
    if (log_wants(log, level)) {
        log_write(
            log, level, pc_session_handle(session), "echo",
            LOG_FIELDS(log_text("text", packet->text), log_number("sequence", packet->sequence)));
    }
    client->has_echoed = true;

    struct client_echo_reply reply;
    reply.sequence = packet->sequence;
    reply.text_size = packet->text_size;
    memcpy(reply.text, packet->text, (size_t)packet->text_size + 1);
    (void)gate_send_client_echo_reply(session, &reply);
}

REGISTER_HANDLER(client_echo_request, on_echo_request);
