"""Finishes rendered C so that it stands as clang-format would set it.

Templates know nothing of columns: here consecutive macros are aligned, long lines are broken behind
a comma, and the backslashes of macros are put into the last column.
"""

from __future__ import annotations

import re
import textwrap

COLUMNS = 100
_DEFINE = re.compile(r"#define (?P<name>\w+) +(?P<value>[^\\]*)\Z")
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


def _align_defines(lines: list[str]) -> list[str]:
    """The values of consecutive `#define`s begin in one column."""
    result: list[str] = []
    block: list[re.Match[str]] = []

    def flush() -> None:
        width = max((len(match["name"]) for match in block), default=0)
        result.extend(f"#define {match['name']:<{width}} {match['value']}" for match in block)
        block.clear()

    for line in lines:
        match = _DEFINE.match(line)
        if match is None:
            flush()
            result.append(line)
        else:
            block.append(match)
    flush()
    return result


def _without_text(line: str) -> str:
    """The line with nothing of C inside of its string literals; of the same length."""
    return _LITERAL.sub(lambda match: '"' + "x" * (len(match[0]) - 2) + '"', line)


def _cuts(line: str, start: int) -> list[int]:
    """Where a line may be broken: behind the commas, and each "or", of the parenthesis that opens
    at start."""
    depth, found = 0, []
    line = _without_text(line)
    for index in range(start, len(line)):
        if line[index] in "([{":
            depth += 1
        elif line[index] in ")]}":
            depth -= 1
        elif line[index] == "," and depth == 1:
            found.append(index + 1)
        elif line.startswith("||", index) and depth == 1:
            found.append(index + 2)
    return found


def _fill(pieces: list[str], indent: int, first: str) -> list[str]:
    lines = [first]
    for index, piece in enumerate(pieces):
        gap = "" if index == 0 else " "
        if index > 0 and len(lines[-1]) + len(gap) + len(piece) > COLUMNS:
            lines.append(" " * indent + piece)
        else:
            lines[-1] += gap + piece
    return lines


def _open_at(line: str) -> int:
    """Where the first parenthesis opens; -1: nowhere."""
    return _without_text(line).find("(")


def _pieces(line: str) -> list[str]:
    """What stands in the parenthesis and behind it, in the pieces that go into one line."""
    open_at = _open_at(line)
    cuts = [open_at + 1, *_cuts(line, open_at), len(line)]
    return [line[a:b].strip() for a, b in zip(cuts, cuts[1:], strict=False)]


def _aligned(line: str) -> list[str]:
    """Arguments below one another, behind the parenthesis."""
    open_at = _open_at(line)
    return _fill(_pieces(line), open_at + 1, line[: open_at + 1])


def _fits(lines: list[str]) -> bool:
    return max(len(line) for line in lines) <= COLUMNS


def _break(line: str) -> list[str]:
    """A long call or prototype over several lines."""
    open_at = _open_at(line)
    if len(line) <= COLUMNS or open_at < 0 or line.lstrip().startswith(("#", "/*", "*")):
        return [line]
    indent = len(line) - len(line.lstrip())
    assign_at = line.find(" = ", 0, open_at)
    if assign_at > 0:
        lines = [line[: assign_at + 2], " " * (indent + 4) + line[assign_at + 3 :]]
        return lines if _fits(lines) else _aligned(line)
    lines = _aligned(line)
    if indent > 0:
        return lines
    name_at = line.rfind(" ", 0, open_at) + 1
    alone = [line[: name_at - 1], *_break(line[name_at:])] if name_at > 0 else []
    if _fits(lines) and (len(lines) <= 2 or len(alone) != 2):
        return lines
    return alone or [line[: open_at + 1], *_fill(_pieces(line), 4, " " * 4)]


def _backslash(line: str) -> str:
    """clang-format: AlignEscapedNewlines: Right."""
    if not line.endswith(" \\"):
        return line
    return f"{line[:-1].rstrip():<{COLUMNS - 1}}\\"


def finish(text: str) -> str:
    """The whole file. Lines between `clang-format off` and `on` stay as they are; of several empty
    lines one is kept."""
    result: list[str] = []
    off = False
    for line in _align_defines(text.split("\n")):
        off = "clang-format off" in line or (off and "clang-format on" not in line)
        lines = [line] if off else _break(_backslash(line))
        if lines != [""] or result[-1:] != [""]:
            result.extend(lines)
    return "\n".join(result)


def comment(text: str, indent: int = 0) -> str:
    """Text as a C comment, wrapped; empty for empty text."""
    if not text:
        return ""
    safe = text.replace("*/", "* /").replace("/*", "/ *")
    lines = textwrap.wrap(safe, COLUMNS - indent - 6, break_long_words=False)
    return "/* " + ("\n" + " " * indent + " * ").join(lines) + " */"
