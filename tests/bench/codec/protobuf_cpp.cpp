/* protobuf for C++: message objects that are kept, so that it allocates as little as it can. It
 * checks UTF-8; floats and enums are not its business. */
#include "bench.pb.h"
#include "codec_case.h"

#include <cstring>

namespace
{

template <typename Message> uint32_t finish(const Message &message, uint8_t *bytes)
{
    auto size = static_cast<uint32_t>(message.ByteSizeLong());
    message.SerializeWithCachedSizesToArray(bytes);
    return size;
}

bool get_text(const std::string &source, char *text, uint16_t *size, size_t most)
{
    if (source.size() > most) {
        return false;
    }
    *size = static_cast<uint16_t>(source.size());
    std::memcpy(text, source.data(), source.size());
    text[source.size()] = '\0';
    return true;
}

uint32_t encode_move(const void *packet, uint8_t *bytes)
{
    static benchpb::Move message;
    auto move = static_cast<const codec_move *>(packet);
    message.set_id(move->id);
    message.set_tick(move->tick);
    message.set_x(move->x);
    message.set_y(move->y);
    message.set_z(move->z);
    message.set_heading(move->heading);
    return finish(message, bytes);
}

uint32_t encode_chat(const void *packet, uint8_t *bytes)
{
    static benchpb::Chat message;
    auto chat = static_cast<const codec_chat *>(packet);
    message.set_sender(chat->sender);
    message.set_text(chat->text, chat->text_size);
    return finish(message, bytes);
}

uint32_t encode_spawn_list(const void *packet, uint8_t *bytes)
{
    static benchpb::SpawnList message;
    auto list = static_cast<const codec_spawn_list *>(packet);
    message.Clear();
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const codec_spawn &spawn = list->entries[i];
        benchpb::Spawn *entry = message.add_entries();
        entry->set_id(spawn.id);
        entry->set_kind(spawn.kind);
        entry->set_x(spawn.x);
        entry->set_y(spawn.y);
        entry->set_z(spawn.z);
        entry->set_name(spawn.name, spawn.name_size);
    }
    return finish(message, bytes);
}

uint32_t encode_login(const void *packet, uint8_t *bytes)
{
    static benchpb::Login message;
    auto login = static_cast<const codec_login *>(packet);
    message.set_version(login->version);
    message.set_account(login->account, login->account_size);
    message.set_password(login->password, login->password_size);
    message.set_token(login->token);
    return finish(message, bytes);
}

bool decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    static benchpb::Move message;
    if (!message.ParseFromArray(bytes, static_cast<int>(size))) {
        return false;
    }
    *static_cast<codec_move *>(packet) = {message.id(), message.tick(), message.x(),
                                          message.y(),  message.z(),    message.heading()};
    return true;
}

bool decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    static benchpb::Chat message;
    auto chat = static_cast<codec_chat *>(packet);
    if (!message.ParseFromArray(bytes, static_cast<int>(size))) {
        return false;
    }
    chat->sender = message.sender();
    return get_text(message.text(), chat->text, &chat->text_size, CODEC_CHAT_MAX);
}

bool decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    static benchpb::SpawnList message;
    auto list = static_cast<codec_spawn_list *>(packet);
    if (!message.ParseFromArray(bytes, static_cast<int>(size)) ||
        message.entries_size() > static_cast<int>(CODEC_ENTRIES_MAX)) {
        return false;
    }
    list->entries_count = static_cast<uint16_t>(message.entries_size());
    for (int i = 0; i < message.entries_size(); i++) {
        const benchpb::Spawn &entry = message.entries(i);
        codec_spawn &spawn = list->entries[i];
        spawn.id = entry.id();
        spawn.kind = static_cast<codec_spawn_kind>(entry.kind());
        spawn.x = entry.x();
        spawn.y = entry.y();
        spawn.z = entry.z();
        if (!get_text(entry.name(), spawn.name, &spawn.name_size, CODEC_NAME_MAX)) {
            return false;
        }
    }
    return true;
}

bool decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    static benchpb::Login message;
    auto login = static_cast<codec_login *>(packet);
    if (!message.ParseFromArray(bytes, static_cast<int>(size))) {
        return false;
    }
    login->version = message.version();
    login->token = message.token();
    return get_text(message.account(), login->account, &login->account_size, CODEC_NAME_MAX) &&
           get_text(message.password(), login->password, &login->password_size, CODEC_NAME_MAX);
}

} // namespace

extern "C" const codec_case codec_protobuf_cpp = {
    "protobuf C++",
    0,
    {encode_move, encode_chat, encode_spawn_list, encode_login},
    {decode_move, decode_chat, decode_spawn_list, decode_login},
};
