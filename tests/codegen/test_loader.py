"""[A] What is read from YAML: exactly what was written, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import FLOWS, HEAD, ROLES, compile_text, errors_of, program_of

from pcgen import loader, schema
from pcgen.diagnostics import ErrorSink


def load(tmp_path: Path, text: str) -> schema.File:
    path = tmp_path / "main.yaml"
    path.write_text(text, encoding="utf-8")
    sink = ErrorSink()
    [file] = loader.load([path], sink)
    assert not sink.failed, sink.render()
    return file


def test_numbers_are_decimal_or_hexadecimal(tmp_path: Path) -> None:
    file = load(tmp_path, HEAD + "consts: {A: 10, B: 0x1F, C: -3, D: 0}\n")
    assert [const.value.value for const in file.consts] == [10, 31, -3, 0]


@pytest.mark.parametrize("number", ["010", "0o10", "1_000", "1e3", "1.0", "+5", "12:30:45",
                                    '"5"', "0b11", "0x", "-0x5", "--5", "٣"])
def test_numbers_of_other_forms_are_refused(tmp_path: Path, number: str) -> None:
    assert errors_of(tmp_path, HEAD + f"consts: {{A: {number}}}\n")[0].endswith("PG0109")


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off", "true", "False", "null", "~"])
def test_words_that_yaml_resolves_are_refused_as_text(tmp_path: Path, word: str) -> None:
    assert errors_of(tmp_path, HEAD + f"doc: {word}\n") == ["3:6 PG0108"]


@pytest.mark.parametrize("word", ["yes", "ON", "null"])
def test_quoted_words_are_text(tmp_path: Path, word: str) -> None:
    assert load(tmp_path, HEAD + f'doc: "{word}"\n').doc == word


def test_names_y_and_n_are_names(tmp_path: Path) -> None:
    file = load(tmp_path, HEAD + "structs:\n  s:\n    fields:\n      - y: f32\n      - n: f32\n")
    assert [field.name.value for field in file.structs[0].fields] == ["y", "n"]


def test_places_are_those_of_the_words(tmp_path: Path) -> None:
    file = load(tmp_path, FLOWS + 'packets:\n  test:\n    id: 0x01\n    flow: [client ->   gate]\n'
                '    fields:\n      - a: "u8"\n')
    packet = file.packets[0]
    spans = (packet.name.span, packet.id.span, packet.flows[0].sender.span,
             packet.flows[0].receiver.span, packet.fields[0].type.span)
    places = [(span.line, span.column, span.size) for span in spans]
    assert places == [(7, 3, 4), (8, 9, 4), (9, 12, 6), (9, 24, 4), (11, 13, 2)]


def test_doc_becomes_one_line(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD + "doc: |\n  one\n    two\n\n  three\n").doc == "one two three"


def test_field_may_be_a_mapping(tmp_path: Path) -> None:
    program = program_of(tmp_path, HEAD + "structs:\n  s:\n    fields:\n"
                         "      - a: {type: u8, doc: Text.}\n")
    assert program.protocols[0].structs[0].fields[0].doc == "Text."


def test_imports_are_read_from_the_importing_files_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "b.yaml").write_text("protocol: b\nversion: 1\nimport: [../c.yaml]\n")
    (tmp_path / "c.yaml").write_text("protocol: c\nversion: 1\n")
    program = program_of(tmp_path, HEAD + "import: [below/b.yaml]\n")
    assert [protocol.name for protocol in program.protocols] == ["c", "b", "demo"]


def test_byte_order_mark_and_crlf_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "main.yaml"
    text = (HEAD + "consts: {LOW: 1}\n").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    sink = ErrorSink()
    [file] = loader.load([path], sink)
    assert not sink.failed
    assert (file.consts[0].name.span.line, file.consts[0].name.span.column) == (3, 10)


@pytest.mark.parametrize("text", [
    "", "# only a comment\n", "just text\n", "- a\n- b\n", "protocol: {a: b}\nversion: 1\n",
    HEAD + "packets: {x: []}\n", HEAD + "packets: {x: {id: [1], flow: {a: b}, fields: 3}}\n",
    HEAD + "flows: [a -> b]\n", HEAD + "flows: [{flow: [a], ids: {}}]\n",
    HEAD + "enums: {e: {type: {}, values: [A]}}\n", HEAD + "? [a]\n: b\n",
    HEAD + "states: {s: {a: b}}\n", HEAD + "roles: a\n", HEAD + "import: x\n",
    HEAD + "limits: 5\n", HEAD + "packets: {x: {id: 1, flow: [], states: [], rate: 3}}\n",
    "\x00", "a: &x 1\nb: *x\n", "%YAML 1.1\n---\na\n", "a: 'unfinished\n",
])
def test_any_text_gives_errors_and_never_an_exception(tmp_path: Path, text: str) -> None:
    assert errors_of(tmp_path, text)


PACKET = FLOWS + "packets:\n  go:\n    id: 1\n    flow: client -> gate\n"


@pytest.mark.parametrize("text", [
    'protocol: ""\nversion: 1\n', HEAD + 'import: [""]\n', HEAD + 'roles: [""]\n',
    HEAD + 'reserved: {names: [""]}\n', HEAD + 'reserved: {ids: [""]}\n',
    HEAD + 'states: {demo: [""]}\n', HEAD + 'consts: {"": 1}\n', HEAD + "consts: {'': 1}\n",
    HEAD + 'enums: {"": {type: u8, values: {A: 1}}}\n',
    HEAD + 'enums: {mood: {type: "", values: {A: 1}}}\n',
    HEAD + 'enums: {mood: {type: u8, values: {"": 1}}}\n',
    HEAD + 'enums: {mood: {type: u8, unknown: "", values: {A: 1}}}\n',
    HEAD + 'flags: {step: {type: u8, unknown: "", bits: {A: 1}}}\n',
    HEAD + 'structs: {"": {fields: [a: u8]}}\n', HEAD + 'structs: {s: {fields: ["": u8]}}\n',
    HEAD + 'unions: {u: {tag: u8, cases: {a: {tag: 1, type: ""}}}}\n',
    HEAD + 'unions: {u: {tag: u8, cases: {"": 1}}}\n',
    HEAD + 'unions: {u: {tag: "", cases: {a: 1}}}\n',
    HEAD + ROLES + 'flows: [{flow: "", ids: 1-9}]\n',
    HEAD + ROLES + 'flows: [{flow: client -> gate, ids: ""}]\n',
    HEAD + ROLES + 'flows: [{flow: client -> gate, ids: 1-9, states: ""}]\n',
    HEAD + ROLES + 'flows: [{flow: client -> gate, ids: 1-9, via: ""}]\n',
    FLOWS + 'packets: {"": {id: 1, flow: client -> gate, fields: []}}\n',
    FLOWS + 'packets: {go: {id: 1, flow: "", fields: []}}\n',
    FLOWS + 'packets: {go: {id: 1, flow: [""], fields: []}}\n',
    *(PACKET + f"    {line}\n    fields: [n: u8]\n" for line in (
        'states: [""]', 'rate: {per_sec: 1, over: ""}', 'reply: ""', 'latest: ""', 'tail: ""',
        'tail: |\n', '"": 1')),
    *(PACKET + f"    fields: [{field}]\n" for field in (
        'k: ""', 'k: {type: ""}', 'k: {type: string<9>, min: ""}', 'k: {type: u8, range: ["", 5]}',
        'k: {type: u8, range: [5, ""]}', 'k: {type: string<9>, charset: ""}')),
])
def test_empty_text_is_refused(tmp_path: Path, text: str) -> None:
    """And nothing else is said about it."""
    sink = compile_text(tmp_path, text).sink
    [error] = sink.sorted()
    assert error.code.value == "PG0105" and error.message.endswith("must not be empty")


def test_prose_may_be_empty(tmp_path: Path) -> None:
    """And so may the bytes of an example, where there are none."""
    program = program_of(tmp_path, PACKET + '    doc: ""\n    deprecated: ""\n    fields: []\n'
                         '    examples: [{value: {}, hex: "", doc: ""}]\n')
    packet = program.protocols[0].packets[0]
    assert (packet.doc, packet.deprecated, packet.examples[0].payload) == ("", "", b"")


@pytest.mark.parametrize("block", ["|", "|-", ">", ">-"])
def test_block_is_text_and_no_number(tmp_path: Path, block: str) -> None:
    text = f"protocol: demo\nversion: {block}\n  1\n"
    assert errors_of(tmp_path, text) == ["2:10 PG0109"]
    shown = compile_text(tmp_path, text).sink.render().splitlines()
    assert shown[1:3] == [f"    version: {block}", "             ^"]
    assert errors_of(tmp_path, FLOWS + f"structs:\n  s:\n    extensible: {block}\n      true\n"
                     "    fields: [a: u8]\n") == ["8:17 PG0105"]


@pytest.mark.parametrize(("flow", "place"), [
    ("|-\n      client -> gat", "9:11"), (">-\n      client\n      -> gat", "9:11"),
    ("client\n      -> gat", "9:11"), ('"client\n      -> gat"', "9:11"),
    ('"client -> gat"', "9:22"), ("client -> gat", "9:21"),
])
def test_place_in_text_of_several_lines_is_where_it_begins(tmp_path: Path, flow: str,
                                                           place: str) -> None:
    text = FLOWS + f"packets:\n  go:\n    id: 1\n    flow: {flow}\n    fields: []\n"
    [error] = compile_text(tmp_path, text).sink.sorted()
    assert (error.code.value, f"{error.span.line}:{error.span.column}") == ("PG0501", place)
    line = error.span.file.line(error.span.line)
    assert error.span.column - 1 + error.span.size <= len(line)
