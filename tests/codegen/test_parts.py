"""What C has beside the codec, against the reference: prints, validate and equal of all vectors.

A program made for each test protocol decodes every payload that the vectors accept. It must find
the value valid, equal to itself decoded anew, and equal to the packet's value before exactly if the
reference says so; and it must print the JSON that `pcgen decode` prints.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from support import INCLUDE, ROOT, WARNINGS, every_set, need, pcgen, run

from pcgen import ir, pipeline
from pcgen.interp import decode, json_out

HEAD = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char *what)
{
    printf("failed: %s\\n", what);
    exit(1);
}
"""

# Two places by turns: the value before is still there, with the bytes that it borrows.
PACKET = """
static int check_{tag}(const uint8_t *payload, uint32_t size)
{{
    static struct {tag} values[2];
    static uint8_t payloads[2][65536];
    static unsigned count;
    unsigned at = count++ % 2;
    struct {tag} again;

    memcpy(payloads[at], payload, size);
    memset(&values[at], 0xa5, sizeof values[at]);
    memset(&again, 0x5a, sizeof again);
    if ({tag}_decode(payloads[at], size, &values[at]) != PC_WIRE_OK) {{
        return failed("{tag}_decode");
    }}
    if ({tag}_decode(payload, size, &again) != PC_WIRE_OK || !{tag}_equal(&values[at], &again)) {{
        return failed("{tag}_equal");
    }}
    if ({tag}_validate(&again) != PC_WIRE_OK) {{
        return failed("{tag}_validate");
    }}
    return count > 1 && {tag}_equal(&values[0], &values[1]);
}}
"""

MAIN = """
int main(void)
{
    static uint8_t payload[65536];
    static char text[1 << 20];
    unsigned id, size, byte;

    while (scanf("%x %u", &id, &size) == 2) {
        for (unsigned i = 0; i < size; i++) {
            if (scanf("%2x", &byte) != 1) {
                return failed("input");
            }
            payload[i] = (uint8_t)byte;
        }
        struct pc_frame frame = {
            .payload = payload, .size = (uint16_t)(size + PC_FRAME_HEADER_SIZE),
            .id = (uint16_t)id};
        int same = check(id, payload, size);
        uint32_t printed = print_frame(&frame, text, sizeof text);
        if (printed == 0 || printed != strlen(text)) {
            return failed("print");
        }
        printf("%d %s\\n", same, text);
    }
    return 0;
}
"""


def _main(program: ir.Program) -> str:
    packets = [packet for protocol in program.protocols for packet in protocol.packets]
    names = [protocol.name for protocol in program.protocols if protocol.packets]
    text = "".join(f'#include "proto/{name}_{part}.h"\n' for name in names
                   for part in ("build", "check", "codec", "meta", "print", "view")) + HEAD
    text += "".join(PACKET.format(tag=f"{packet.protocol}_{packet.name}") for packet in packets)
    text += "\nstatic int check(unsigned id, const uint8_t *payload, uint32_t size)\n{\n"
    text += "    switch (id) {\n"
    text += "".join(f"    case 0x{packet.id:04x}:\n"
                    f"        return check_{packet.protocol}_{packet.name}(payload, size);\n"
                    for packet in packets)
    text += "    }\n    return failed(\"id\");\n}\n\n"
    text += "static uint32_t print_frame(const struct pc_frame *frame, char *text, uint32_t size)\n"
    text += "{\n    uint32_t printed = 0;\n"
    text += "".join(f"    printed += {name}_print_frame(frame, text, size);\n" for name in names)
    return text + "    return printed;\n}\n" + MAIN


def _payloads(folder: Path, inputs: list[Path]) -> list[tuple[str, str, str]]:
    """Protocol, packet and payload in hexadecimal, of all that must be taken."""
    result = pcgen("vectors", "--out", folder, *inputs)
    assert result.returncode == 0, result.stderr
    vectors = json.loads((folder / "vectors.json").read_text())
    return [(protocol["name"], packet["name"], case["payload"])
            for protocol in vectors["protocols"] for packet in protocol["packets"]
            for case in packet["accept"]]


def _alike(printed: object, expected: object) -> bool:
    """Numbers may differ by what the shortest spelling of a float of 32 bits leaves open."""
    if isinstance(expected, dict) and isinstance(printed, dict):
        return list(printed) == list(expected) and all(
            _alike(printed[name], expected[name]) for name in expected)
    if isinstance(expected, list) and isinstance(printed, list):
        return len(printed) == len(expected) and all(map(_alike, printed, expected))
    if isinstance(expected, float) and isinstance(printed, int | float):
        return math.isclose(printed, expected, rel_tol=1e-7, abs_tol=1e-9)
    return type(printed) is type(expected) and printed == expected


@pytest.mark.parametrize("name", every_set())
def test_c_says_of_values_what_the_reference_says(tmp_path: Path, name: str) -> None:
    inputs = every_set()[name]
    program = pipeline.compile_files(inputs).program
    assert program is not None
    assert pcgen("gen", "--out", tmp_path / "out", *inputs).returncode == 0
    (tmp_path / "main.c").write_text(_main(program))
    codec = [path for path in (tmp_path / "out" / "proto").glob("*.c")
             if path.stem.split("_", 1)[1] in ("ids", "codec", "check", "print", "meta")]
    base = [ROOT / "runtime" / "base" / f"{part}.c" for part in ("wire", "json", "meta")]
    built = run(need("gcc"), "-std=c11", "-g", *WARNINGS, "-fsanitize=address,undefined",
                "-fno-sanitize-recover=all", f"-I{INCLUDE}", f"-I{tmp_path / 'out'}",
                tmp_path / "main.c", *codec, *base, "-o", tmp_path / "main")
    assert built.returncode == 0, built.stderr
    _compare(program, _payloads(tmp_path, inputs), tmp_path / "main")


def _compare(program: ir.Program, payloads: list[tuple[str, str, str]], main: Path) -> None:
    packets = {(protocol.name, packet.name): packet
               for protocol in program.protocols for packet in protocol.packets}
    lines = [f"{packets[where, what].id:x} {len(text) // 2} {text}"
             for where, what, text in payloads]
    ran = run(main, input="\n".join(lines))
    assert ran.returncode == 0, ran.stdout[-400:] + ran.stderr
    said = ran.stdout.splitlines()
    assert len(said) == len(payloads)
    before: dict[int, object] = {}
    printer = json_out.Printer(shows_secrets=False)
    for (where, what, text), line in zip(payloads, said, strict=True):
        packet = packets[where, what]
        values = decode.decode(packet, bytes.fromhex(text))
        same, printed = line.split(" ", 1)
        assert same == str(int(before.get(packet.id) == values)), (what, text)
        before[packet.id] = values
        expected = printer.fields(packet.fields, values)
        assert _alike(json.loads(printed), expected), (printed, expected)
