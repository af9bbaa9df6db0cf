/* Cap'n Proto for C++, unpacked: builders whose first segment is ours, so that it allocates as
 * little as it can. It checks bounds, but neither UTF-8 nor floats nor enums. */
#include "bench.capnp.h"
#include "codec_case.h"
#include "proto/codec_ids.h"

#include <capnp/serialize.h>
#include <cstring>

namespace
{

const size_t words_max = CODEC_BYTES_MAX / sizeof(capnp::word);

/* A message in memory that is cleared behind its use, as the library wants it. */
struct Scratch {
    capnp::word words[words_max];
};

Scratch scratch;

uint32_t finish(capnp::MessageBuilder &builder, uint8_t *bytes)
{
    kj::ArrayOutputStream stream(kj::arrayPtr(bytes, CODEC_BYTES_MAX));
    capnp::writeMessage(stream, builder);
    return static_cast<uint32_t>(stream.getArray().size());
}

kj::ArrayPtr<const capnp::word> words_of(const uint8_t *bytes, uint32_t size)
{
    return kj::arrayPtr(reinterpret_cast<const capnp::word *>(bytes), size / sizeof(capnp::word));
}

capnp::Text::Reader text_of(const char *text, uint16_t size)
{
    return capnp::Text::Reader(text, size);
}

bool get_text(capnp::Text::Reader source, char *text, uint16_t *size, size_t most)
{
    if (source.size() > most) {
        return false;
    }
    *size = static_cast<uint16_t>(source.size());
    std::memcpy(text, source.begin(), source.size());
    text[source.size()] = '\0';
    return true;
}

uint32_t encode_move(const void *packet, uint8_t *bytes)
{
    auto move = static_cast<const codec_move *>(packet);
    capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch.words, words_max));
    auto message = builder.initRoot<benchcp::Move>();
    message.setId(move->id);
    message.setTick(move->tick);
    message.setX(move->x);
    message.setY(move->y);
    message.setZ(move->z);
    message.setHeading(move->heading);
    return finish(builder, bytes);
}

uint32_t encode_chat(const void *packet, uint8_t *bytes)
{
    auto chat = static_cast<const codec_chat *>(packet);
    capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch.words, words_max));
    auto message = builder.initRoot<benchcp::Chat>();
    message.setSender(chat->sender);
    message.setText(text_of(chat->text, chat->text_size));
    return finish(builder, bytes);
}

uint32_t encode_spawn_list(const void *packet, uint8_t *bytes)
{
    auto list = static_cast<const codec_spawn_list *>(packet);
    capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch.words, words_max));
    auto entries = builder.initRoot<benchcp::SpawnList>().initEntries(list->entries_count);
    for (uint32_t i = 0; i < list->entries_count; i++) {
        const codec_spawn &spawn = list->entries[i];
        auto entry = entries[i];
        entry.setId(spawn.id);
        entry.setKind(static_cast<uint8_t>(spawn.kind));
        entry.setX(spawn.x);
        entry.setY(spawn.y);
        entry.setZ(spawn.z);
        entry.setName(text_of(spawn.name, spawn.name_size));
    }
    return finish(builder, bytes);
}

uint32_t encode_login(const void *packet, uint8_t *bytes)
{
    auto login = static_cast<const codec_login *>(packet);
    capnp::MallocMessageBuilder builder(kj::arrayPtr(scratch.words, words_max));
    auto message = builder.initRoot<benchcp::Login>();
    message.setVersion(login->version);
    message.setAccount(text_of(login->account, login->account_size));
    message.setPassword(text_of(login->password, login->password_size));
    message.setToken(login->token);
    return finish(builder, bytes);
}

bool decode_move(const uint8_t *bytes, uint32_t size, void *packet)
{
    capnp::FlatArrayMessageReader reader(words_of(bytes, size));
    auto message = reader.getRoot<benchcp::Move>();
    *static_cast<codec_move *>(packet) = {message.getId(), message.getTick(), message.getX(),
                                          message.getY(),  message.getZ(),    message.getHeading()};
    return true;
}

bool decode_chat(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto chat = static_cast<codec_chat *>(packet);
    capnp::FlatArrayMessageReader reader(words_of(bytes, size));
    auto message = reader.getRoot<benchcp::Chat>();
    chat->sender = message.getSender();
    return get_text(message.getText(), chat->text, &chat->text_size, CODEC_CHAT_MAX);
}

bool decode_spawn_list(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto list = static_cast<codec_spawn_list *>(packet);
    capnp::FlatArrayMessageReader reader(words_of(bytes, size));
    auto entries = reader.getRoot<benchcp::SpawnList>().getEntries();
    if (entries.size() > CODEC_ENTRIES_MAX) {
        return false;
    }
    list->entries_count = static_cast<uint16_t>(entries.size());
    for (uint32_t i = 0; i < list->entries_count; i++) {
        auto entry = entries[i];
        codec_spawn &spawn = list->entries[i];
        spawn.id = entry.getId();
        spawn.kind = static_cast<codec_spawn_kind>(entry.getKind());
        spawn.x = entry.getX();
        spawn.y = entry.getY();
        spawn.z = entry.getZ();
        if (!get_text(entry.getName(), spawn.name, &spawn.name_size, CODEC_NAME_MAX)) {
            return false;
        }
    }
    return true;
}

bool decode_login(const uint8_t *bytes, uint32_t size, void *packet)
{
    auto login = static_cast<codec_login *>(packet);
    capnp::FlatArrayMessageReader reader(words_of(bytes, size));
    auto message = reader.getRoot<benchcp::Login>();
    login->version = message.getVersion();
    login->token = message.getToken();
    return get_text(message.getAccount(), login->account, &login->account_size, CODEC_NAME_MAX) &&
           get_text(message.getPassword(), login->password, &login->password_size, CODEC_NAME_MAX);
}

} // namespace

extern "C" const codec_case codec_capnp = {
    "Cap'n Proto",
    0,
    {encode_move, encode_chat, encode_spawn_list, encode_login},
    {decode_move, decode_chat, decode_spawn_list, decode_login},
};
