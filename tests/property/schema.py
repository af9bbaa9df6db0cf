"""Random schemas of the whole language. The same seed makes the same text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

INTEGERS = {"u8": (0, 0xFF), "u16": (0, 0xFFFF), "u32": (0, 2**32 - 1), "u64": (0, 2**64 - 1),
            "i8": (-2**7, 2**7 - 1), "i16": (-2**15, 2**15 - 1), "i32": (-2**31, 2**31 - 1),
            "i64": (-2**63, 2**63 - 1)}
SCALARS = (*INTEGERS, "f32", "f64", "bool")
BOUNDS = (1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 23, 24, 25, 31, 32, 33, 64, 128, 129, 255, 256, 300)
# Names that generated code may have given to something of its own.
NAMES = ("at", "end", "error", "frame", "packet", "payload", "reader", "value", "version", "writer",
         "size", "count", "room", "rest", "inside", "data", "tag", "result", "index", "i", "x",
         "length", "text", "state", "kind", "id", "name", "offset", "packets", "count_max")
# What changes nothing on the wire.
_ASIDE = ("secret: true", 'doc: "Says */ and \\\\ too."', "deprecated: it was wrong")
BODY_MAX = 400  # bytes of a struct
PACKET_MAX = 6000
VERSION = 3


@dataclass(frozen=True, slots=True)
class Made:
    """A type as YAML names it, its most bytes, how to write a value of it, and what a field of it
    may say besides."""

    text: str
    most: int
    literal: str
    extra: str = ""
    is_element: bool = True  # may stand in an array, a union's case
    is_plain: bool = False  # a number: may have a range


@dataclass(slots=True)
class Maker:
    """Collects declarations; later ones may use earlier ones."""

    random: Random
    prefix: str
    declared: list[Made] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)
    numbers: int = 0

    def name(self, stem: str) -> str:
        self.numbers += 1
        return f"{self.prefix}{stem}_{self.numbers}"

    def chance(self, of: int) -> bool:
        return self.random.randrange(of) == 0

    def add(self, section: str, *lines: str) -> None:
        self.lines.setdefault(section, []).extend(lines)

    # ---- declarations ----

    def const(self) -> None:
        name = self.name("most").upper()
        value = self.random.choice(BOUNDS[:18])
        self.add("consts", f"  {name}: {value}")
        self.declared.append(Made(name, value, "", is_element=False))

    def values(self, least: int, most: int) -> list[int]:
        start = self.random.choice((least, 0, 1, most - 5))
        pool = range(max(start, least), min(start + 12, most) + 1)
        return sorted(self.random.sample(pool, min(len(pool), self.random.randint(1, 6))))

    def enum(self) -> None:
        base = self.random.choice(("u8", "u16", "u32", "i8", "i16", "i32"))
        least, most = INTEGERS[base]
        # An enumerator is an int in C.
        values = self.values(max(least, -2**31), min(most, 2**31 - 1))
        unknown = self.random.choice(("reject", "keep"))
        name = self.name("enum")
        listed = ", ".join(f"V{index}: {value}" for index, value in enumerate(values))
        self.add("enums", f"  {name}: {{type: {base}, unknown: {unknown}, values: {{{listed}}}}}")
        self.declared.append(Made(name, int(base[1:]) // 8, f"V{len(values) - 1}"))

    def flags(self) -> None:
        base = self.random.choice(("u8", "u16", "u32", "u64"))
        bits = sorted(self.random.sample(range(int(base[1:])), self.random.randint(1, 6)))
        unknown = self.random.choice(("reject", "keep"))
        name = self.name("flags")
        listed = ", ".join(f"B{index}: {bit}" for index, bit in enumerate(bits))
        self.add("flags", f"  {name}: {{type: {base}, unknown: {unknown}, bits: {{{listed}}}}}")
        self.declared.append(Made(name, int(base[1:]) // 8, "[B0]"))

    def struct(self) -> None:
        name = self.name("struct")
        extensible = self.chance(3)
        head = [f"  {name}:", *(["    extensible: true"] if extensible else []), "    fields:"]
        fields = self.fields(self.random.randint(1, 6), BODY_MAX, grows=extensible)
        self.add("structs", *head, *(f"      - {line}" for line, _, _ in fields))
        literal = ", ".join(f"{key}: {made.literal}" for _, key, made in fields)
        self.declared.append(Made(name, 2 + sum(made.most for *_, made in fields),
                                  f"{{{literal}}}"))

    def union(self) -> None:
        name = self.name("union")
        tag = self.random.choice(("u8", "u16"))
        is_open = self.chance(3)
        tags = sorted(self.random.sample(range(INTEGERS[tag][1] + 1), self.random.randint(1, 4)))
        lines, most, literal = [], 0, ""
        for index, value in enumerate(tags):
            if self.chance(3):
                lines.append(f"      c{index}: {value}")
                literal = f"c{index}"
                continue
            made = self.element()
            lines.append(f"      c{index}: {{tag: {value}, type: \"{made.text}\"}}")
            most = max(most, made.most)
            literal = f"{{c{index}: {made.literal}}}"
        self.add("unions", f"  {name}:", f"    tag: {tag}",
                 *(["    open: true"] if is_open else []), "    cases:", *lines)
        self.declared.append(Made(name, 4 + most, literal))

    # ---- types ----

    def bound(self) -> tuple[str, int]:
        consts = [made for made in self.declared if not made.is_element]
        if consts and self.chance(3):
            made = self.random.choice(consts)
            return made.text, made.most
        value = self.random.choice(BOUNDS)
        return str(value), value

    def scalar(self) -> Made:
        name = self.random.choice(SCALARS)
        if name == "bool":
            return Made(name, 1, "true")
        most = int(name[1:]) // 8
        return Made(name, most, "0.5" if name[0] == "f" else "5", is_plain=True)

    def ranged(self, name: str) -> tuple[str, str]:
        """`range` of a number, and a value inside."""
        if name[0] == "f":
            low = self.random.choice((-1000, -0.5, 0, 1))
            return f"range: [{low}, {low + 8}]", str(low + 1)
        least, most = INTEGERS[name]
        low = self.random.choice((least, 0, 1, least + 1))
        high = self.random.choice((most, most - 1, low + 20))
        return f"range: [{low}, {high}]", str(low)

    def quant(self) -> Made:
        low, step = self.random.choice((-180, 0, -1, 1000)), self.random.choice(
            ("0.5", "0.25", "0.001", "1", "0.1", "3"))
        steps = self.random.choice((1, 10, 255, 256, 60000, 70000))
        high = f"{low + steps * float(step):.3f}".rstrip("0").rstrip(".")
        return Made(f"quant({low}, {high}, {step})", 4, str(low))

    def element(self) -> Made:
        declared = [made for made in self.declared if made.is_element and made.most < BODY_MAX]
        kind = self.random.randrange(4)
        if kind <= 1 and declared:
            return self.random.choice(declared)
        return self.quant() if kind == 2 else self.scalar()

    def text(self) -> Made:
        bound, most = self.bound()
        extra, literal = [], '"ab"' if most > 1 else '"a"'
        if self.chance(3):
            extra.append(f"charset: {self.random.choice(('utf8', 'ascii', 'printable'))}")
        if self.chance(3):
            least = self.random.randint(1, most)
            extra.append(f"min: {least}")
            literal = json.dumps("abcdefgh" * 40)[:least + 1] + '"'
        return Made(f"string<{bound}>", most + 2, literal, ", ".join(extra), is_element=False)

    def block(self) -> Made:
        bound, most = self.bound()
        least = self.random.randint(0, most) if self.chance(3) else 0
        return Made(f"bytes<{bound}>", most + 2, f'"{"0f" * least}"',
                    f"min: {least}" if least else "", is_element=False)

    def array(self) -> Made:
        made = self.element()
        bound, most = self.bound()
        while most * made.most > BODY_MAX:
            most //= 2
            bound = str(most)
            if most <= 1:
                break
        counted = self.chance(2)
        items = ", ".join([made.literal] * (1 if counted else most))
        if made.text == "u8":
            return Made(f"u8[{'<=' if counted else ''}{bound}]", most + 2,
                        f'"{"05" * (1 if counted else most)}"', is_element=False)
        return Made(f"{made.text}[{'<=' if counted else ''}{bound}]", most * made.most + 2,
                    f"[{items}]", is_element=False, is_plain=made.is_plain)

    def field_type(self) -> Made:
        kind = self.random.randrange(8)
        made = (self.text() if kind < 2 else self.block() if kind == 2 else
                self.array() if kind < 5 else self.element())
        name = made.text.split("[")[0]
        if made.is_plain and name in (*INTEGERS, "f32", "f64") and self.chance(3):
            extra, inside = self.ranged(name)
            literal = inside
            if made.literal[0] in '["':  # of an array
                items = made.literal.count(",") + 1 if made.literal[0] == "[" else made.most - 2
                literal = f"[{', '.join([inside] * items)}]"
            made = Made(made.text, made.most, literal, extra, made.is_element)
        if self.chance(5) and not made.extra:
            return Made(made.text + "?", made.most + 1, "null", is_element=False)
        return made

    # ---- bodies ----

    def fields(self, count: int, budget: int, grows: bool) -> list[tuple[str, str, Made]]:
        """Lines, names and types; later versions at the end."""
        names = self.random.sample(NAMES, count)
        since, result = 1, []
        for index, name in enumerate(names):
            made = self.field_type()
            if made.most > budget:
                made = self.scalar()
            budget -= made.most
            if grows and index and self.chance(3):
                since = min(since + self.random.randint(1, 2), VERSION)
            extra = [made.extra] if made.extra else []
            extra += [word for word in _ASIDE if self.chance(12)]
            if since > 1:
                extra.append(f"since: {since}")
                if not made.text.endswith("?"):
                    extra.append(f"default: {made.literal}")
            said = ", ".join([f'type: "{made.text}"', *extra])
            result.append((f"{name}: {{{said}}}", name, made))
        return result

    def packet(self, number: int, flow: str, more: Sequence[str] = (),
               first: Sequence[str] = ()) -> str:
        """more: lines of the packet; first: its first fields."""
        name = self.name("packet")
        lines = [f"  {name}:", f"    id: {number}", f"    flow: {flow}", *more]
        if self.chance(4):
            lines.append("    tail: skip")
        if self.chance(3):
            over = self.random.choice(("drop", "kick", "delay"))
            lines.append(f"    rate: {{per_sec: 5, burst: 9, over: {over}}}")
        if self.chance(3):
            lines.append(f"    states: [{self.random.choice(('fresh', 'ready'))}]")
        fields = self.fields(self.random.randint(0, 9), PACKET_MAX, grows=self.chance(2))
        said = [*first, *(line for line, _, _ in fields)]
        lines += ["    fields:", *(f"      - {line}" for line in said)] if said else [
            "    fields: []"]
        if not first and self.chance(2):
            values = ", ".join(f"{key}: {made.literal}" for _, key, made in fields)
            lines += ["    examples:", f"      - value: {{{values}}}"]
        self.add("packets", *lines)
        return name

    def call(self, number: int) -> None:
        """A request, and the packet that answers it."""
        correlation = ["correlation: u64"]
        reply = self.packet(number, "west -> east", first=correlation)
        self.packet(number + 1, "east -> west", [f"    reply: {reply}"], correlation)

    def declare(self, count: int) -> None:
        kinds = [self.const, self.enum, self.flags, self.struct, self.struct, self.union]
        for _ in range(count):
            self.random.choice(kinds)()

    def render(self, head: list[str]) -> str:
        lines = list(head)
        for section in ("consts", "enums", "flags", "structs", "unions", "packets"):
            if section in self.lines:
                lines += [f"{section}:", *self.lines[section]]
        return "\n".join(lines) + "\n"


def make(seed: int) -> dict[str, str]:
    """File name -> text."""
    random = Random(seed)
    base = Maker(random, "b")
    base.declare(random.randint(2, 8))
    main = Maker(random, "m", list(base.declared))
    main.declare(random.randint(2, 10))
    for number in range(random.randint(1, 8)):
        main.packet(16 + number, random.choice(("east -> west", "west -> east")))
    if main.chance(3):
        main.call(40)
    return {
        "base.yaml": base.render(["protocol: base", f"version: {VERSION}"]),
        "demo.yaml": main.render([
            "protocol: demo", f"version: {VERSION}", "import: [base.yaml]",
            "roles: [east, west]", "states:", "  link: [fresh, ready]", "flows:",
            "  - {flow: east -> west, ids: 1-99, states: link}",
            "  - {flow: west -> east, ids: 1-99, states: link}"]),
    }
