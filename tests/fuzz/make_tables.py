"""Reads generated headers and writes what the fuzz targets need of every packet, so that a new
packet is fuzzed without an edit here.

    make_tables.py codecs OUTPUT.c HEADER...   codec_table.c from the *_codec.h
    make_tables.py stubs OUTPUT.c HEADER       a stub for every handler of a *_dispatch.h
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

DECODER = re.compile(r"enum\s+pc_wire_error\s+(\w+)_decode\s*\(")
HANDLER = re.compile(
    r"^void\s+(\w+_handle_\w+)\s*\(\s*(struct \w+) \*\s*\w+,"
    r"\s*const\s+struct\s+(\w+) \*\s*packet\)\s*;",
    re.MULTILINE,
)

# Where there is more than one way to say a thing, what is encoded differs from what came; then it
# is decoded and encoded once more. The harnesses that pcgen makes know where it may differ.
CODEC = """
static void check__{name}(const uint8_t *payload, uint32_t payload_size)
{{
    struct {name} packet;
    if ({name}_decode(payload, payload_size, &packet) != PC_WIRE_OK) {{
        return;
    }}
    uint32_t frame_size = {name}_frame_size(&packet);
    if (frame_size == 0) {{
        return;
    }}
    uint8_t *frame = malloc(frame_size);
    PC_ASSERT(frame != NULL);
    {name}_encode(&packet, frame);
    PC_ASSERT(pc_frame_get_u16(frame) == frame_size);
    PC_ASSERT(pc_frame_get_u16(frame + 2) == {upper}_ID);
    if (frame_size - PC_FRAME_HEADER_SIZE != payload_size ||
        memcmp(frame + PC_FRAME_HEADER_SIZE, payload, payload_size) != 0) {{
        uint8_t *again = malloc(frame_size);
        enum pc_wire_error error = {name}_decode(
            frame + PC_FRAME_HEADER_SIZE, frame_size - PC_FRAME_HEADER_SIZE, &packet);
        PC_ASSERT(again != NULL && error == PC_WIRE_OK);
        PC_ASSERT({name}_frame_size(&packet) == frame_size);
        {name}_encode(&packet, again);
        PC_ASSERT(memcmp(again, frame, frame_size) == 0);
        free(again);
    }}
    free(frame);
}}
"""

STUB = """
void {function}({receiver} *receiver, const struct {packet} *packet)
{{
    (void)receiver;
    stub__look_at(packet, sizeof(*packet));
}}
"""

STUBS_HEAD = """#include "proto/{header}"

/* Not optimised away: memory that must not be read is noticed. */
static volatile uint8_t stub__seen;

static void stub__look_at(const void *packet, size_t size)
{{
    const uint8_t *bytes = packet;
    stub__seen = (uint8_t)(stub__seen ^ bytes[0] ^ bytes[size - 1]);
}}
"""


def codec_table(headers: list[Path]) -> str:
    names = [
        name
        for header in headers
        for name in DECODER.findall(header.read_text(encoding="utf-8"))
    ]
    includes = "".join(f'#include "proto/{header.name}"\n' for header in headers)
    ids = "".join(
        f'#include "proto/{header.name.replace("_codec.h", "_ids.h")}"\n' for header in headers
    )
    checks = "".join(CODEC.format(name=name, upper=name.upper()) for name in names)
    rows = "".join(
        f'    {{.name = "{name}", .check = check__{name}, .id = {name.upper()}_ID}},\n'
        for name in names
    )
    return (
        '#include <stdlib.h>\n#include <string.h>\n\n#include "codec_table.h"\n'
        f'#include "pc/check.h"\n#include "pc/frame.h"\n{includes}{ids}{checks}\n'
        f"const struct codec codecs[] = {{\n{rows}}};\n\n"
        "const uint32_t codec_count = sizeof(codecs) / sizeof(codecs[0]);\n"
    )


def stubs(header: Path) -> str:
    handlers = HANDLER.findall(header.read_text(encoding="utf-8"))
    bodies = "".join(
        STUB.format(function=function, receiver=receiver, packet=packet)
        for function, receiver, packet in handlers
    )
    return STUBS_HEAD.format(header=header.name) + bodies


def main(arguments: list[str]) -> int:
    kind, output, *headers = arguments
    paths = [Path(header) for header in headers]
    text = codec_table(paths) if kind == "codecs" else stubs(paths[0])
    Path(output).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
