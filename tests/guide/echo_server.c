/* A whole server on the runtime: says what it hears, with the speaker's name. Its protocol is
 * echo.yaml; docs/SERVER_GUIDE.md explains it line by line. */
#include <stdio.h>
#include <string.h>

#include "pc/os.h"
#include "pc/runtime.h"
#include "proto/echo_dispatch.h"
#include "proto/echo_send.h"

struct member {
    uint16_t name_size;
    char name[ECHO_NAME_MAX + 1];
};

static void on_introduce(struct pc_session *session, const struct echo_introduce *packet)
{
    struct member *member = pc_session_user(session);
    member->name_size = packet->name_size;
    memcpy(member->name, packet->name, sizeof(member->name));
    pc_session_set_protocol_state(session, ECHO_SESSION_NAMED);
    pc_session_set_deadline(session, 0, PC_CLOSE_NONE);
}

static void on_say(struct pc_session *session, const struct echo_say *packet)
{
    const struct member *member = pc_session_user(session);
    struct echo_heard reply = {.name_size = member->name_size, .text_size = packet->text_size};
    memcpy(reply.name, member->name, sizeof(reply.name));
    memcpy(reply.text, packet->text, sizeof(reply.text));
    (void)echo_send_echo_heard(session, &reply);
}

REGISTER_HANDLER(echo_introduce, on_introduce);
REGISTER_HANDLER(echo_say, on_say);

static void on_open(struct pc_session *session)
{
    pc_session_set_deadline(session, 5000, PC_CLOSE_DEADLINE); /* to say who it is */
}

static void observe(void *user, const struct pc_event *event)
{
    (void)user;
    if (event->kind == PC_EVENT_CLOSED) {
        printf("closed %s\n", pc_close_reason_name(event->reason));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const struct pc_runtime_config config = {.observe = observe};
    const struct pc_session_type type = {.name = "client",
                                         .accepts = &echo_accepts_client,
                                         .user_size = sizeof(struct member),
                                         .sessions_max = 1000,
                                         .idle_timeout_ms = 30000,
                                         .on_open = on_open};
    struct pc_listener_config listener = {.sessions_per_address_max = 100};
    struct pc_runtime *runtime;
    struct pc_address bound;
    pc_os_stop_signal_install();
    if (argc != 2 || pc_address_parse(argv[1], &listener.address) != PC_OK ||
        pc_runtime_create(&config, &runtime) != PC_OK) {
        return 2;
    }
    listener.type = pc_runtime_add_type(runtime, &type);
    if (pc_runtime_listen(runtime, &listener, &bound) != PC_OK ||
        pc_runtime_start(runtime) != PC_OK) {
        return 1;
    }
    printf("port %u\n", bound.port);
    fflush(stdout);
    pc_runtime_serve(runtime);
    bool is_whole = pc_runtime_stop(runtime, 2000);
    pc_runtime_destroy(runtime);
    return is_whole ? 0 : 1;
}
