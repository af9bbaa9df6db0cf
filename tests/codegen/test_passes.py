"""[B] The passes, each by small texts. What each refuses is in cases/; here is what each makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import FLOWS, HEAD, ROLES, compile_text, errors_of, program_of, with_fields

from pcgen import ir, passes, pipeline
from pcgen.codes import Code


def field_type(tmp_path: Path, text: str, **others: str) -> ir.Type:
    program = program_of(tmp_path, text, **others)
    return program.protocols[-1].packets[0].fields[0].type


def test_passes_are_listed_once_and_in_order() -> None:
    names = [run.__module__.rsplit(".", 1)[-1] for run in (
        *passes.RESOLVE, *passes.EXAMPLES, *passes.ASSEMBLE)]
    assert names == ["names", "imports", "roles", "consts", "types", "states", "flows", "ids",
                     "states", "rates", "growth", "policy", "sizes", "examples", "assemble",
                     "tables", "identifiers"]


@pytest.mark.parametrize("name", sorted(ir.SCALARS))
def test_scalar_has_its_width(tmp_path: Path, name: str) -> None:
    type_ = field_type(tmp_path, with_fields(f"a: {name}"))
    assert isinstance(type_, ir.Scalar)
    assert type_.width == (1 if name == "bool" else int(name[1:]) // 8)


@pytest.mark.parametrize(("written", "least", "most"), [
    ("string<255>", 1, 256), ("string<256>", 2, 258), ("bytes<255>", 1, 256),
    ("bytes<256>", 2, 258), ("u32[<=255]", 1, 1021), ("u32[<=256]", 2, 1026), ("u16[7]", 14, 14),
    ("string<0x10>", 1, 17), ("u8[ 4 ]", 4, 4), ("u8[<= 4]", 1, 5), ("string< 4 >", 1, 5),
])
def test_size_of_bounded_type(tmp_path: Path, written: str, least: int, most: int) -> None:
    assert field_type(tmp_path, with_fields(f"a: {written}")).size == ir.SizeRange(least, most)


def test_bound_may_be_an_imported_constant(tmp_path: Path) -> None:
    text = with_fields("a: string<LIMIT>").replace("roles:", "import: [other.yaml]\nroles:")
    type_ = field_type(tmp_path, text, other="protocol: other\nversion: 1\nconsts: {LIMIT: 9}\n")
    assert type_ == ir.Text(ir.Bound(9, ir.Const("other", "LIMIT", 9)))


def test_own_declaration_goes_before_an_imported_one(tmp_path: Path) -> None:
    text = with_fields("a: string<LIMIT>").replace(
        "roles:", "import: [other.yaml]\nconsts: {LIMIT: 5}\nroles:")
    type_ = field_type(tmp_path, text, other="protocol: other\nversion: 1\nconsts: {LIMIT: 9}\n")
    assert isinstance(type_, ir.Text) and type_.bound.value == 5


def test_structs_stand_behind_those_they_contain(tmp_path: Path) -> None:
    program = program_of(tmp_path, HEAD + "structs:\n"
                         "  a: {fields: [x: b]}\n  b: {fields: [x: 'c[2]']}\n"
                         "  c: {fields: [x: u8]}\n")
    assert [struct.name for struct in program.protocols[0].structs] == ["c", "b", "a"]


def test_packets_are_sorted_by_id(tmp_path: Path) -> None:
    program = program_of(tmp_path, FLOWS + "packets:\n"
                         "  late: {id: 9, flow: client -> gate, fields: []}\n"
                         "  early: {id: 3, flow: client -> gate, fields: []}\n")
    assert [packet.name for packet in program.protocols[0].packets] == ["early", "late"]


def test_frame_counts_its_header(tmp_path: Path) -> None:
    program = program_of(tmp_path, with_fields("a: u32", "b: string<10>"))
    assert program.protocols[0].packets[0].frame == ir.SizeRange(4 + 4 + 1, 4 + 4 + 1 + 10)


def test_frame_may_be_exactly_the_limit(tmp_path: Path) -> None:
    limited = with_fields("a: bytes<90>").replace("roles:", "limits: {frame_max: 95}\nroles:")
    assert errors_of(tmp_path, limited) == []
    assert errors_of(tmp_path, limited.replace("95}", "94}")) == ["8:3 PG0701"]


def test_burst_and_over_have_defaults(tmp_path: Path) -> None:
    text = with_fields("a: u8").replace("    fields:", "    rate: {per_sec: 7}\n    fields:")
    assert program_of(tmp_path, text).protocols[0].packets[0].rate == ir.Rate(7, 7, ir.Over.KICK)


RELAY = HEAD + ROLES + """states:
  phase: [one, two]
flows:
  - {flow: client -> gate, ids: 1-9, states: phase}
  - {flow: client -> game, ids: 10-19, states: phase, via: gate}
  - {flow: game -> client, ids: 20-29, via: gate}
packets:
  up: {id: 10, flow: client -> game, states: [two], fields: [], rate: {per_sec: 1, over: drop}}
  down: {id: 20, flow: game -> client, fields: []}
  own: {id: 1, flow: client -> gate, fields: []}
"""


def tables(program: ir.Program) -> dict[str, ir.AcceptTable]:
    return {f"{table.owner} {table.kind.value} {table.sender}": table
            for role in program.roles for table in role.accepts}


def test_relayed_flows_contribute_to_every_table_on_their_way(tmp_path: Path) -> None:
    found = tables(program_of(tmp_path, RELAY))
    shown = {name: [(entry.packet.name, entry.handled) for entry in table.entries]
             for name, table in found.items()}
    assert shown == {
        "client direct gate": [("down", True)],
        "gate direct client": [("own", True), ("up", False)],
        "gate relayed game": [("down", False)],
        "game unwrapped client": [("up", True)],
    }


def test_tables_know_states_and_rates(tmp_path: Path) -> None:
    gate = tables(program_of(tmp_path, RELAY))["gate direct client"]
    assert gate.machine is not None and gate.machine.states == ("one", "two")
    assert gate.rates == (ir.Rate(1, 1, ir.Over.DROP),)
    own, up = gate.entries
    assert (own.states, own.rate) == (0xFFFF_FFFF_FFFF_FFFF, 0)
    assert (up.states, up.rate) == (0b10, 1)


def test_senders_know_what_is_wrapped(tmp_path: Path) -> None:
    program = program_of(tmp_path, RELAY)
    sends = {role.name: [(send.packet.name, send.receiver, send.wrapped) for send in role.sends]
             for role in program.roles}
    assert sends == {"client": [("own", "gate", False), ("up", "game", False)], "gate": [],
                     "game": [("down", "client", True)]}


def test_packet_of_several_flows_has_one_sender_per_kind(tmp_path: Path) -> None:
    program = program_of(tmp_path, HEAD + ROLES + "flows:\n"
                         "  - {flow: gate -> game, ids: 1-9}\n"
                         "  - {flow: gate -> client, ids: 1-9}\n"
                         "packets:\n  ping: {id: 1, flow: [gate -> game, gate -> client], "
                         "fields: []}\n")
    gate = next(role for role in program.roles if role.name == "gate")
    assert len(gate.sends) == 1


def test_ranges_of_one_protocol_may_be_shared(tmp_path: Path) -> None:
    text = FLOWS + "  - {flow: gate -> client, ids: 1-99}\n"
    assert errors_of(tmp_path, text) == []


def test_ranges_of_two_protocols_may_not_overlap(tmp_path: Path) -> None:
    other = "protocol: other\nversion: 1\nimport: [main.yaml]\nflows:\n"
    other += "  - {flow: gate -> client, ids: 99-120}\n"
    text = FLOWS.replace("roles:", "roles:")
    (tmp_path / "other.yaml").write_text(other)
    compiled_errors = errors_of(tmp_path, "protocol: top\nversion: 1\n"
                                "import: [demo.yaml, other.yaml]\n",
                                demo=text, other=other.replace("main", "demo"))
    assert compiled_errors == ["5:33 PG0507"]


def hash_of(tmp_path: Path, text: str) -> int:
    return program_of(tmp_path, text).protocols[-1].compat_hash


WIRE = with_fields("a: u8", "b: string<10>", "c: mood", "d: inner") + """enums:
  mood: {type: u8, values: {CALM: 0, ANGRY: 1}}
structs:
  inner: {fields: [x: u8, y: u16]}
"""


@pytest.mark.parametrize(("old", "new"), [
    ("a: u8", "a: i8"), ("string<10>", "string<11>"), ("string<10>", "bytes<10>"),
    ("id: 1\n", "id: 2\n"), ("ANGRY: 1", "ANGRY: 2"), ("ANGRY: 1", "ANGRY: 1, GLAD: 2"),
    ("x: u8, y: u16", "y: u16, x: u8"), ("type: u8, values", "type: u16, values"),
    ("c: mood", "c: mood[2]"), ("c: mood", "c: mood[<=2]"),
])
def test_compat_hash_follows_the_wire(tmp_path: Path, old: str, new: str) -> None:
    assert old in WIRE
    assert hash_of(tmp_path, WIRE) != hash_of(tmp_path, WIRE.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [
    ("a: u8", "renamed: u8"), ("test:", "other:"), ("CALM", "QUIET"), ("inner", "nested"),
    ("version: 1", "version: 2"), ("id: 1\n", "id: 1\n    doc: Text.\n"),
    ("id: 1\n", "id: 1\n    rate: {per_sec: 5}\n"), ("id: 1\n", "id: 0x1\n"),
    ("CALM: 0, ANGRY: 1", "ANGRY: 1, CALM: 0"),
])
def test_compat_hash_ignores_the_rest(tmp_path: Path, old: str, new: str) -> None:
    assert old in WIRE
    assert hash_of(tmp_path, WIRE) == hash_of(tmp_path, WIRE.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [
    ("protocol: demo", "protocol: token"),
    ("protocol: demo", "protocol: pc_wire"),
    ("protocol: demo", "protocol: size"),
    ("protocol: demo", "protocol: int32"),
    ("  test:", "  none:"),
    ("- a:", "- char16_t:"),
])
def test_word_of_an_output_language_is_no_name(tmp_path: Path, old: str, new: str) -> None:
    text = with_fields("a: u8")
    assert errors_of(tmp_path, text) == []
    wrong = text.replace(old, new)
    line, column = next((number, row.index(new.split()[-1].rstrip(":")) + 1)
                        for number, row in enumerate(wrong.split("\n"), 1) if new in row)
    assert errors_of(tmp_path, wrong) == [f"{line}:{column} PG0202"]


def test_end_of_a_range_that_no_float_is_near(tmp_path: Path) -> None:
    text = with_fields("a: {type: f32, range: [0, 1e39]}")
    assert errors_of(tmp_path, text) == ["11:35 PG0419"]


def test_handlers_of_two_protocols_cannot_have_one_name(tmp_path: Path) -> None:
    packet = "packets: {%s: {id: %d, flow: client -> gate, fields: []}}\n"
    first = FLOWS.replace("demo", "p") + packet % ("a_1_b", 1)
    second = ("protocol: p_a1\nversion: 1\nimport: [main.yaml]\n"
              "flows:\n  - {flow: client -> gate, ids: 100-199}\n") + packet % ("b", 100)
    (tmp_path / "main.yaml").write_text(first, "utf-8")
    (tmp_path / "other.yaml").write_text(second, "utf-8")
    compiled = pipeline.compile_files([tmp_path / "main.yaml", tmp_path / "other.yaml"])
    assert [error.code for error in compiled.sink.sorted()] == [Code.COLLISION]


EXAMPLE = "examples: [{value: {a: A}}]"


@pytest.mark.parametrize(("head", "field", "more", "code"), [
    ("enums: {e: {type: u8, values: {A: -1}}}", "a: e", EXAMPLE, "PG0407"),
    ("enums: {e: {type: u8, values: {A: 256}}}", "a: {type: e, since: 2, default: A}", "",
     "PG0407"),
    ("flags: {e: {type: u8, bits: {A: -1}}}", "a: e", "examples: [{value: {a: [A]}}]", "PG0412"),
    ("flags: {e: {type: u8, bits: {A: -1}}}", "a: {type: e, since: 2, default: [A]}", "",
     "PG0412"),
    ("flags: {e: {type: u8, bits: {A: 8}}}", "a: {type: e, since: 2, default: [A]}", "", "PG0412"),
    ("consts: {B: 1}", "a: {type: u8, since: 2}", "examples: [{value: {}}]", "PG0804"),
])
def test_value_of_what_was_refused_is_no_trouble(tmp_path: Path, head: str, field: str, more: str,
                                                 code: str) -> None:
    """One mistake is one error, also where a default or an example uses it."""
    text = (FLOWS.replace("version: 1", "version: 2") + head + "\npackets:\n  go:\n    id: 1\n"
            f"    flow: client -> gate\n    fields: [{field}]\n    {more}\n")
    assert [error.split()[1] for error in errors_of(tmp_path, text)] == [code]


@pytest.mark.parametrize(("name", "became", "language"), [
    ("any", "Any", "Python"), ("literal", "Literal", "Python"), ("packet", "Packet", "Python")])
def test_name_that_a_module_has_itself_is_blamed_on_nobody_else(
        tmp_path: Path, name: str, became: str, language: str) -> None:
    sink = compile_text(tmp_path, HEAD + f"structs: {{{name}: {{fields: [a: u8]}}}}\n").sink
    said = [error.message for error in sink.sorted()]
    assert said == [f"`{name}` becomes `{became}` in {language}, and every module there has a "
                    f"`{became}` already"]
