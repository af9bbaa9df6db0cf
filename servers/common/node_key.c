/* The shared key's file.
 *
 * Happy path: read 64 hex digits and an optional line end. Failure modes: see node_key.h; text that
 * was read is wiped on every path.
 * Path: outside the byte path, at start only. */
#include "common/node_key.h"

#include <sodium.h>
#include <stdio.h>

#include "pc/os.h"

#define NODE_KEY_TEXT_SIZE (NODE_KEY_SIZE * 2u)

const char *node_key_result_text(enum node_key_result result)
{
    switch (result) {
    case NODE_KEY_OK:
        return "ok";
    case NODE_KEY_MISSING:
        return "there is no such file that can be read; make one with --make-key FILE";
    case NODE_KEY_NOT_PRIVATE:
        return "others can read the file; give it mode 0600";
    case NODE_KEY_MALFORMED:
        return "the file must hold 64 hexadecimal digits; make one with --make-key FILE";
    case NODE_KEY_EXISTS:
        return "the file exists already and is left alone";
    case NODE_KEY_NOT_WRITTEN:
        return "the file cannot be written";
    }
    return "?";
}

static enum node_key_result node_key__parse(const char *text, size_t size, struct node_key *key)
{
    const char *end;
    size_t key_size;
    while (size > NODE_KEY_TEXT_SIZE && (text[size - 1] == '\n' || text[size - 1] == '\r')) {
        size--;
    }
    bool is_hex =
        size == NODE_KEY_TEXT_SIZE &&
        sodium_hex2bin(key->bytes, sizeof(key->bytes), text, size, NULL, &key_size, &end) == 0 &&
        key_size == NODE_KEY_SIZE && end == text + size;
    if (!is_hex) {
        node_key_forget(key);
        return NODE_KEY_MALFORMED;
    }
    return NODE_KEY_OK;
}

enum node_key_result node_key_load(const char *path, struct node_key *key)
{
    char text[NODE_KEY_TEXT_SIZE + 3]; /* a line end, and one byte that tells a longer file */
    FILE *file = pc_os_file_open(path, "rb");
    if (file == NULL) {
        return NODE_KEY_MISSING;
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of the key in a buffer of the library */
    size_t size = fread(text, 1, sizeof(text), file);
    fclose(file);
    enum node_key_result result = NODE_KEY_NOT_PRIVATE;
    if (pc_os_secret_file_is_private(path)) {
        result = size < sizeof(text) ? node_key__parse(text, size, key) : NODE_KEY_MALFORMED;
    }
    sodium_memzero(text, sizeof(text));
    return result;
}

enum node_key_result node_key_make(const char *path)
{
    struct node_key key;
    char text[NODE_KEY_TEXT_SIZE + 1];
    pc_os_random(key.bytes, sizeof(key.bytes));
    sodium_bin2hex(text, sizeof(text), key.bytes, sizeof(key.bytes));
    text[NODE_KEY_TEXT_SIZE] = '\n'; /* takes the NUL's place; the size is given */
    enum pc_status status = pc_os_secret_file_create(path, text, sizeof(text));
    sodium_memzero(text, sizeof(text));
    node_key_forget(&key);
    if (status == PC_FULL) {
        return NODE_KEY_EXISTS;
    }
    return status == PC_OK ? NODE_KEY_OK : NODE_KEY_NOT_WRITTEN;
}

void node_key_forget(struct node_key *key)
{
    sodium_memzero(key, sizeof(*key));
}
