"""The byte layout as a picture: boxes in the order of the wire, as inline SVG.

The width of a box grows with its bytes; what may vary has a dashed edge. Above a box stands where
it begins, below it how many bytes it has. Long packets go on in a further line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from pcgen import ir
from pcgen.spelling import span, spell

LINE = 720  # of boxes, in pixels
ROW = 84
BOX = 40
TOP = 18
CHAR = 7.2  # width of a character of the names
SMALL = 6.4  # of all others
UNFOLDED_MAX = 6  # boxes of a struct that is shown as what it is made of
_HEADER = ir.SizeRange(2, 2)


@dataclass(frozen=True, slots=True)
class Box:
    """`kind`: head, prefix, fixed or varying; it chooses the colours."""

    name: str
    type: str
    size: ir.SizeRange
    kind: str
    is_secret: bool = False
    since: int = 1


def _fixed(size: int) -> ir.SizeRange:
    return ir.SizeRange(size, size)


def _rest(whole: ir.SizeRange, head: int) -> ir.SizeRange:
    """What lies behind a head that is always there."""
    return ir.SizeRange(max(whole.min - head, 0), whole.max - head)


def _boxes(name: str, type_: ir.Type) -> Iterator[Box]:
    match type_:
        case ir.Struct():
            yield from _struct(name, type_)
        case ir.Union():
            head = type_.tag.width + (ir.LENGTH_WIDTH if type_.open else 0)
            yield Box("tag", type_.tag.name, type_.tag.size, "prefix")
            if type_.open:
                yield Box("length", "u16", _fixed(ir.LENGTH_WIDTH), "prefix")
            yield Box(name, spell(type_), _rest(type_.size, head), "varying")
        case ir.Text() | ir.Bytes():
            prefix = type_.bound.prefix
            yield Box("size", prefix.name, prefix.size, "prefix")
            yield Box(name, spell(type_), _rest(type_.size, prefix.width), "varying")
        case ir.Array(counted=True):
            prefix = type_.bound.prefix
            yield Box("count", prefix.name, prefix.size, "prefix")
            yield Box(name, spell(type_), _rest(type_.size, prefix.width), "varying")
        case ir.Optional():
            yield Box("there?", "bool", _fixed(1), "prefix")
            yield Box(name, spell(type_), _rest(type_.size, 1), "varying")
        case _:
            yield Box(name, spell(type_), type_.size,
                      "fixed" if type_.size.is_fixed else "varying")


def _struct(name: str, struct: ir.Struct) -> Iterator[Box]:
    head = ir.LENGTH_WIDTH if struct.extensible else 0
    if head:
        yield Box("length", "u16", _fixed(head), "prefix")
    inside = [_perhaps(box) if field.since > 1 else box
              for field in struct.fields for box in _field(field, f"{name}.{field.name}")]
    if len(inside) <= UNFOLDED_MAX:
        yield from inside
    else:
        size = _rest(struct.size, head)
        yield Box(name, struct.name, size, "fixed" if size.is_fixed else "varying")


def _perhaps(box: Box) -> Box:
    """Inside of a struct that has come to the end of an older sender's bytes."""
    return replace(box, size=ir.SizeRange(0, box.size.max))


def _field(field: ir.Field, name: str) -> Iterator[Box]:
    for box in _boxes(name, field.type):
        yield Box(box.name, box.type, box.size, box.kind, field.secret or box.is_secret,
                  max(field.since, box.since))


def boxes_of(fields: Sequence[ir.Field]) -> list[Box]:
    """Of a packet's payload, or of a struct."""
    return [box for field in fields for box in _field(field, field.name)]


def _width(box: Box, offset: ir.SizeRange) -> int:
    above = len(span(offset)) + (len(f"  v{box.since}+") if box.since > 1 else 0)
    text = max(len(box.name) * CHAR, len(box.type) * SMALL, len(span(box.size)) * SMALL,
               above * SMALL - 8) + 16
    return min(max(round(text), 18 + 10 * min(box.size.max, 12)), LINE)


def _short(text: str, width: int, char: float) -> str:
    room = int((width - 10) / char)
    return text if len(text) <= room else text[:room - 1] + "…"


def _box_svg(box: Box, left: int, top: int, offset: ir.SizeRange) -> str:
    width = _width(box, offset)
    middle = left + width / 2
    kind = f"{box.kind} secret" if box.is_secret else box.kind
    later = (f'<text class="s" x="{left + width - 2}" y="{top - 5}" text-anchor="end">'
             f"v{box.since}+</text>" if box.since > 1 else "")
    return (
        f'<g class="{kind}"><text class="s" x="{left + 1}" y="{top - 5}">{span(offset)}</text>'
        f'{later}<rect x="{left}" y="{top}" width="{width - 2}" height="{BOX}" rx="3"/>'
        f'<text class="n" x="{middle:g}" y="{top + 17}">'
        f"{escape(_short(box.name, width, CHAR))}</text>"
        f'<text class="t" x="{middle:g}" y="{top + 32}">'
        f"{escape(_short(box.type, width, SMALL))}</text>"
        f'<text class="b" x="{middle:g}" y="{top + BOX + 13}">{span(box.size)}</text></g>')


def _said(boxes: Sequence[Box]) -> str:
    """The picture in words, for those who cannot see it."""
    return ", ".join(f"{box.name} {span(box.size)} bytes" for box in boxes)


def draw(boxes: Sequence[Box], title: str, start: int = 0) -> Markup:
    """start: the offset of the first box."""
    left, top, most = 1, TOP, 0
    offset = _fixed(start)
    parts: list[str] = []
    for box in boxes:
        width = _width(box, offset)
        if left > 1 and left + width > LINE:
            left, top = 1, top + ROW
        parts.append(_box_svg(box, left, top, offset))
        left += width
        most = max(most, left)
        offset = offset + box.size
    height = top + BOX + 20
    said = escape(f"Layout of {title}: {_said(boxes)}")
    return Markup(f'<svg class="layout" role="img" aria-label="{said}" width="{most}" '
                  f'height="{height}" viewBox="0 0 {most} {height}">{"".join(parts)}</svg>')


def draw_packet(packet: ir.Packet) -> Markup:
    """The whole frame, from its header on."""
    head = [Box("size", "u16", _HEADER, "head"), Box("id", "u16", _HEADER, "head")]
    return draw([*head, *boxes_of(packet.fields)], f"{packet.protocol}.{packet.name}")


def legend() -> Markup:
    """One box of each kind."""
    return draw([Box("header", "size, id", _fixed(4), "head"),
                 Box("prefix", "size, count, tag", _fixed(1), "prefix"),
                 Box("always as long", "u32", _fixed(4), "fixed"),
                 Box("may vary", "string<24>", ir.SizeRange(0, 24), "varying"),
                 Box("secret", "string<64>", ir.SizeRange(0, 64), "varying", is_secret=True),
                 Box("came later", "u16", _fixed(2), "fixed", since=2)], "the legend")
