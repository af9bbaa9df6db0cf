/* FlatBuffers for C++: a builder that is kept, so that it allocates nothing; what comes in is
 * verified, then copied into our structs. It checks neither UTF-8 nor floats nor enums. */
#include "bench_generated.h"
#include "codec_case.h"
#include "proto/codec_ids.h"

#include <cstring>

namespace
{

flatbuffers::FlatBufferBuilder &fresh_builder()
{
    static flatbuffers::FlatBufferBuilder builder(2 * CODEC_BYTES_MAX);
    builder.Clear();
    return builder;
}

template <typename Table>
uint32_t finish(flatbuffers::FlatBufferBuilder &builder, flatbuffers::Offset<Table> root,
                uint8_t *bytes)
{
    builder.Finish(root);
    std::memcpy(bytes, builder.GetBufferPointer(), builder.GetSize());
    return builder.GetSize();
}

template <typename Table> const Table *parse(const uint8_t *bytes, uint32_t size)
{
    flatbuffers::Verifier verifier(bytes, size);
    return verifier.VerifyBuffer<Table>(nullptr) ? flatbuffers::GetRoot<Table>(bytes) : nullptr;
}

bool get_text(const flatbuffers::String *source, char *text, uint16_t *size, size_t most)
{
    if (source == nullptr || source->size() > most) {
        return false;
    }
    *size = static_cast<uint16_t>(source->size());
    std::memcpy(text, source->data(), source->size());
    text[source->size()] = '\0';
    return true;
}

uint32_t encode_move(const void *packet, uint8_t *bytes)
{
    auto &builder = fresh_builder();
    auto move = static_cast<const codec_move *>(packet);
    return finish(builder,
                  benchfb::CreateMove(builder, move->id, move->tick, move->x, move->y, move->z,
                                      move->heading),
                  bytes);
}

uint32_t encode_chat(const void *packet, uint8_t *bytes)
{
    auto &builder = fresh_builder();
    auto chat = static_cast<const codec_chat *>(packet);
    auto text = builder.CreateString(chat->text, chat->text_size);
    return finish(builder, benchfb::CreateChat(builder, chat->sender, text), bytes);
}

uint32_t encode_spawn_list(const void *packet, uint8_t *bytes)
{
    auto &builder = fresh_builder();
    auto list = static_cast<const codec_spawn_list *>(packet);
    flatbuffers::Offset<benchfb::Spawn> entries[CODEC_ENTRIES_MAX];
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const codec_spawn &spawn = list->entries[i];
        auto name = builder.CreateString(spawn.name, spawn.name_size);
        entries[i] = benchfb::CreateSpawn(builder, spawn.id, static_cast<uint8_t>(spawn.kind),
                                          spawn.x, spawn.y, spawn.z, name);
    }
    auto vector = builder.CreateVector(entries, list->entries_count);
    return finish(builder, benchfb::CreateSpawnList(builder, vector), bytes);
}

uint32_t encode_login(const void *packet, uint8_t *bytes)
{
    auto &builder = fresh_builder();
    auto login = static_cast<const codec_login *>(packet);
    auto account = builder.CreateString(login->account, login->account_size);
    auto password = builder.CreateString(login->password, login->password_size);
    return finish(builder,
                  benchfb::CreateLogin(builder, login->version, account, password, login->token),
                  bytes);
}

bool decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto message = parse<benchfb::Move>(bytes, size);
    if (message == nullptr) {
        return false;
    }
    *static_cast<codec_move *>(packet) = {message->id(), message->tick(), message->x(),
                                          message->y(),  message->z(),    message->heading()};
    return true;
}

bool decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto message = parse<benchfb::Chat>(bytes, size);
    auto chat = static_cast<codec_chat *>(packet);
    if (message == nullptr) {
        return false;
    }
    chat->sender = message->sender();
    return get_text(message->text(), chat->text, &chat->text_size, CODEC_CHAT_MAX);
}

bool decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto message = parse<benchfb::SpawnList>(bytes, size);
    auto list = static_cast<codec_spawn_list *>(packet);
    if (message == nullptr || message->entries() == nullptr ||
        message->entries()->size() > CODEC_ENTRIES_MAX) {
        return false;
    }
    list->entries_count = static_cast<uint16_t>(message->entries()->size());
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const benchfb::Spawn *entry = message->entries()->Get(i);
        codec_spawn &spawn = list->entries[i];
        spawn.id = entry->id();
        spawn.kind = static_cast<codec_spawn_kind>(entry->kind());
        spawn.x = entry->x();
        spawn.y = entry->y();
        spawn.z = entry->z();
        if (!get_text(entry->name(), spawn.name, &spawn.name_size, CODEC_NAME_MAX)) {
            return false;
        }
    }
    return true;
}

bool decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto message = parse<benchfb::Login>(bytes, size);
    auto login = static_cast<codec_login *>(packet);
    if (message == nullptr) {
        return false;
    }
    login->version = message->version();
    login->token = message->token();
    return get_text(message->account(), login->account, &login->account_size, CODEC_NAME_MAX) &&
           get_text(message->password(), login->password, &login->password_size, CODEC_NAME_MAX);
}

} // namespace

extern "C" const codec_case codec_flatbuffers = {
    "FlatBuffers",
    0,
    {encode_move, encode_chat, encode_spawn_list, encode_login},
    {decode_move, decode_chat, decode_spawn_list, decode_login},
};
