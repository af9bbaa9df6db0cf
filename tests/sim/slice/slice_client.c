/* See slice_client.h. */
#include "slice_client.h"

#include <stdio.h>
#include <string.h>

#include "pc/check.h"
#include "pc/frame.h"
#include "proto/client_codec.h"
#include "proto/client_ids.h"

#define CLIENT_HOST    200u
#define ENTER_PAUSE_MS 100u
#define ASK_PAUSE_MS   600u /* the protocol allows two tries a second */
#define ANSWER_MAX_MS  3000u
#define STEP_MAX_M     4u
#define CLIENT_SECRET  "correct horse"
#define REPLY_CAPACITY 512u

struct slice_client_totals slice_client_totals;

static struct slice_account *client__account(struct slice_client *client)
{
    return &client->book->accounts[client->account];
}

static void client__leave(struct slice_client *client, enum port_abort_mode mode)
{
    if (client->end != SIM_END_NONE) {
        sim_peer_close(client->world, client->end, mode);
    }
    client->end = SIM_END_NONE;
    client->stage = SLICE_GONE;
    client->pending_size = 0;
    client->received_size = 0;
}

void slice_client_cut(struct slice_client *client, enum port_abort_mode mode)
{
    client__leave(client, mode);
}

static void client__flush(struct slice_client *client)
{
    if (client->end == SIM_END_NONE || client->pending_size == 0) {
        return;
    }
    uint32_t taken =
        sim_peer_write(client->world, client->end, client->pending, client->pending_size);
    client->pending_size -= taken;
    memmove(client->pending, client->pending + taken, client->pending_size);
}

/* Room for a frame; NULL while the network takes nothing. */
static uint8_t *client__place(struct slice_client *client, uint32_t size)
{
    if (client->pending_size + size > SLICE_CLIENT_BYTES_MAX) {
        return NULL;
    }
    uint8_t *place = client->pending + client->pending_size;
    client->pending_size += size;
    return place;
}

#define CLIENT_SEND(client, packet_name, packet)                                                   \
    do {                                                                                           \
        uint8_t *place = client__place((client), packet_name##_frame_size(packet));                \
        if (place != NULL) {                                                                       \
            packet_name##_encode((packet), place);                                                 \
        }                                                                                          \
    } while (0)

/* ---- what it does ---- */

static void client__connect(struct slice_client *client)
{
    const struct pc_address gate = {.ip = {10, 0, 0, 3}, .port = 7000, .family = PC_FAMILY_IPV4};
    struct client_hello hello = {.version = CLIENT_VERSION,
                                 .compat_hash = CLIENT_COMPAT_HASH,
                                 .schema_hash = CLIENT_SCHEMA_HASH};
    sim_world_set_host(client->world, CLIENT_HOST);
    client->end = sim_peer_connect(client->world, &gate);
    client->may_ask_ms = sim_world_now_ms(client->world) + ASK_PAUSE_MS;
    if (client->end == SIM_END_NONE) {
        return;
    }
    client->account = sim_choose(client->world, SLICE_ACCOUNTS);
    client->stage = SLICE_GREETING;
    (void)pc_wire_set_text(hello.protocol, sizeof hello.protocol, &hello.protocol_size,
                           CLIENT_NAME);
    CLIENT_SEND(client, client_hello, &hello);
}

static void client__register(struct slice_client *client)
{
    struct client_register_request request = {0};
    struct slice_account *account = client__account(client);
    (void)pc_wire_set_text(request.name, sizeof request.name, &request.name_size, account->name);
    (void)pc_wire_set_text(request.password, sizeof request.password, &request.password_size,
                           CLIENT_SECRET);
    CLIENT_SEND(client, client_register_request, &request);
    account->tries++;
    client->stage = SLICE_ASKING;
}

static void client__log_in(struct slice_client *client)
{
    struct client_login_request request = {0};
    struct slice_account *account = client__account(client);
    (void)pc_wire_set_text(request.name, sizeof request.name, &request.name_size, account->name);
    (void)pc_wire_set_text(request.password, sizeof request.password, &request.password_size,
                           CLIENT_SECRET);
    CLIENT_SEND(client, client_login_request, &request);
    client->knew_account = account->exists;
    client->stage = SLICE_ASKING;
}

static void client__ask(struct slice_client *client)
{
    if (client__account(client)->exists || sim_choose(client->world, 4) == 0) {
        client__log_in(client);
    } else {
        client__register(client);
    }
}

static void client__enter(struct slice_client *client)
{
    const struct client_enter_world enter = {0};
    CLIENT_SEND(client, client_enter_world, &enter);
    client->chats = 0;
    client->stage = SLICE_ENTERING;
}

static void client__play(struct slice_client *client)
{
    uint32_t action = sim_choose(client->world, 16);
    if (action < 5) {
        struct client_chat chat = {.sequence = ++client->sequence};
        (void)pc_wire_set_text(chat.text, sizeof chat.text, &chat.text_size, "well met");
        CLIENT_SEND(client, client_chat, &chat);
    } else if (action < 15) {
        const struct client_move move = {
            .sequence = ++client->sequence,
            .position = {(float)(40 + sim_choose(client->world, STEP_MAX_M)),
                         (float)(40 + sim_choose(client->world, STEP_MAX_M))},
        };
        CLIENT_SEND(client, client_move, &move);
    } else {
        const struct client_logout logout = {0};
        CLIENT_SEND(client, client_logout, &logout);
        client->stage = SLICE_LEAVING;
    }
}

/* Wait for an answer, but not for ever: it may have been lost with a server. */
static void client__await(struct slice_client *client)
{
    if (sim_world_now_ms(client->world) >= client->may_ask_ms + ANSWER_MAX_MS) {
        client__leave(client, PORT_ABORT_GRACEFUL);
    }
}

void slice_client_act(struct slice_client *client)
{
    bool is_early = sim_world_now_ms(client->world) < client->may_ask_ms;
    if (is_early && client->stage != SLICE_PLAYING) {
        return;
    }
    switch (client->stage) {
    case SLICE_GONE:
        client__connect(client);
        break;
    case SLICE_GREETED:
        client__ask(client);
        break;
    case SLICE_LOBBY:
        client__enter(client);
        break;
    case SLICE_PLAYING:
        client__play(client);
        return;
    case SLICE_GREETING:
    case SLICE_ASKING:
    case SLICE_ENTERING:
    case SLICE_LEAVING:
        client__await(client);
        return;
    }
    client->may_ask_ms = sim_world_now_ms(client->world) +
                         (client->stage == SLICE_ENTERING ? ENTER_PAUSE_MS : ASK_PAUSE_MS);
}

/* ---- what it hears ---- */

static bool client__is_passing(enum common_result result)
{
    return result == COMMON_RESULT_BUSY || result == COMMON_RESULT_UNAVAILABLE ||
           result == COMMON_RESULT_TIMEOUT || result == COMMON_RESULT_INTERNAL;
}

static void client__on_registered(struct slice_client *client, enum common_result result)
{
    struct slice_account *account = client__account(client);
    client->stage = SLICE_GREETED;
    if (result == COMMON_RESULT_OK) {
        PC_ASSERT(!account->is_registered); /* a name is given once */
        account->is_registered = true;
        account->exists = true;
        client->book->acknowledged_accounts++;
        slice_client_totals.registered++;
    } else if (result == COMMON_RESULT_NAME_TAKEN) {
        PC_ASSERT(account->tries > 1);
        account->exists = true;
    } else {
        PC_ASSERT(client__is_passing(result));
    }
}

static void client__on_login(struct slice_client *client, const struct client_login_reply *reply)
{
    struct slice_account *account = client__account(client);
    client->stage = SLICE_GREETED;
    if (reply->result == COMMON_RESULT_OK) {
        PC_ASSERT(account->tries > 0);
        PC_ASSERT(account->account_id == 0 || account->account_id == reply->account_id);
        account->account_id = reply->account_id;
        account->exists = true;
        client->stage = SLICE_LOBBY;
        slice_client_totals.logins++;
    } else if (reply->result == COMMON_RESULT_WRONG_CREDENTIALS) {
        PC_ASSERT(!client->knew_account);
    } else {
        PC_ASSERT(client__is_passing(reply->result));
    }
}

static void client__on_entered(struct slice_client *client, enum common_result result)
{
    if (result == COMMON_RESULT_OK) {
        client->stage = SLICE_PLAYING;
        slice_client_totals.enters++;
    } else {
        client->stage = SLICE_LOBBY;
    }
}

static void client__on_chat(struct slice_client *client)
{
    client->chats++;
    slice_client_totals.chats++;
}

/* A refusal of what is for the game: it is away, so the player is out or was never in. */
static void client__on_refusal(struct slice_client *client, const struct client_refusal *refusal)
{
    if (refusal->packet_id == CLIENT_ENTER_WORLD_ID && client->stage == SLICE_ENTERING) {
        client->stage = SLICE_LOBBY;
    }
}

static void client__on_left(struct slice_client *client)
{
    if (client->stage == SLICE_ENTERING || client->stage == SLICE_PLAYING) {
        client->stage = SLICE_LOBBY;
    }
}

#define CLIENT_DECODE(packet_name, frame, packet)                                                  \
    PC_ASSERT(packet_name##_decode((frame)->payload, pc_frame_payload_size(frame), (packet)) ==    \
              PC_WIRE_OK)

static void client__on_frame(struct slice_client *client, const struct pc_frame *frame)
{
    union {
        struct client_hello_reply hello;
        struct client_register_reply registered;
        struct client_login_reply login;
        struct client_enter_reply entered;
        struct client_refusal refusal;
    } packet;
    switch (frame->id) {
    case CLIENT_HELLO_REPLY_ID:
        CLIENT_DECODE(client_hello_reply, frame, &packet.hello);
        PC_ASSERT(packet.hello.result == COMMON_RESULT_OK);
        client->stage = SLICE_GREETED;
        break;
    case CLIENT_REGISTER_REPLY_ID:
        CLIENT_DECODE(client_register_reply, frame, &packet.registered);
        client__on_registered(client, packet.registered.result);
        break;
    case CLIENT_LOGIN_REPLY_ID:
        CLIENT_DECODE(client_login_reply, frame, &packet.login);
        client__on_login(client, &packet.login);
        break;
    case CLIENT_ENTER_REPLY_ID:
        CLIENT_DECODE(client_enter_reply, frame, &packet.entered);
        client__on_entered(client, packet.entered.result);
        break;
    case CLIENT_REFUSAL_ID:
        CLIENT_DECODE(client_refusal, frame, &packet.refusal);
        client__on_refusal(client, &packet.refusal);
        break;
    case CLIENT_LEFT_WORLD_ID:
        client__on_left(client);
        break;
    case CLIENT_CHAT_NOTICE_ID:
        client__on_chat(client);
        break;
    }
}

static void client__parse(struct slice_client *client)
{
    uint32_t at = 0;
    while (client->received_size - at >= PC_FRAME_HEADER_SIZE) {
        const struct pc_frame frame = pc_frame_at(client->received + at);
        PC_ASSERT(frame.size >= PC_FRAME_HEADER_SIZE && frame.size <= REPLY_CAPACITY * 2);
        if (frame.size > client->received_size - at) {
            break;
        }
        client__on_frame(client, &frame);
        at += frame.size;
    }
    client->received_size -= at;
    memmove(client->received, client->received + at, client->received_size);
}

void slice_client_pump(struct slice_client *client)
{
    if (client->end == SIM_END_NONE) {
        return;
    }
    client__flush(client);
    uint32_t room = SLICE_CLIENT_BYTES_MAX - client->received_size;
    client->received_size +=
        sim_peer_read(client->world, client->end, client->received + client->received_size, room);
    client__parse(client);
    struct sim_peer_state state = sim_peer_look(client->world, client->end);
    if (state.is_reset || state.is_finished) {
        client__leave(client, PORT_ABORT_GRACEFUL);
    }
}
