"""The plot: processor time per message of each server, as a multiple of the raw io_uring server."""

from __future__ import annotations

import statistics
from html import escape

from results import Results
from scenarios import ALL, SCENARIOS

COLOURS = {
    "raw_uring": "#8c8c8c", "uring": "#1f6fb4", "raw_epoll": "#b5b5b5", "epoll": "#6baed6",
    "libuv": "#e08214", "libuv_naive": "#f7c48a", "libevent": "#7b5ea7", "asio": "#3a9a5b",
}  # fmt: skip
BAR = 13
GAP = 26
LEFT = 230
WIDTH = 900
RATIO_MAX = 2.0  # longer bars are cut, with their number


def bar(y: int, server: str, rounds: list[float]) -> list[str]:
    """One bar with its spread, and its median as text."""
    scale = (WIDTH - LEFT - 70) / RATIO_MAX
    middle = statistics.median(rounds)
    length = min(middle, RATIO_MAX) * scale
    low, high = (LEFT + min(r, RATIO_MAX) * scale for r in (min(rounds), max(rounds)))
    return [
        f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" '
        f'fill="{COLOURS[server]}"/>',
        f'<path d="M{low:.1f} {y + BAR / 2 - 1}H{high:.1f}" stroke="#333" stroke-width="1"/>',
        f'<text x="{LEFT - 6}" y="{y + BAR - 4}" text-anchor="end">{escape(server)}</text>',
        f'<text x="{max(LEFT + length, high) + 5:.1f}" y="{y + BAR - 4}">{middle:.2f}</text>',
    ]


def ratios(results: Results, key: str, server: str) -> list[float]:
    ours = results.rounds(key, server, "cpu_ns")
    theirs = results.rounds(key, "raw_uring", "cpu_ns")
    return [a / b for a, b in zip(ours, theirs)]


def draw(results: Results) -> str:
    """The whole SVG."""
    body: list[str] = []
    y = 34
    for scenario in SCENARIOS:
        servers = [s for s in ALL if ratios(results, scenario.key, s)]
        if len(servers) < len(ALL):
            continue
        body.append(f'<text x="8" y="{y + 10}" font-weight="bold">{escape(scenario.key)}</text>')
        body.append(f'<text x="{LEFT}" y="{y - 3}" fill="#666">{escape(scenario.title)}</text>')
        for server in servers:
            body += bar(y, server, ratios(results, scenario.key, server))
            y += BAR
        y += GAP
    one = LEFT + (WIDTH - LEFT - 70) / RATIO_MAX
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>',
        '<text x="8" y="14" font-weight="bold" font-size="13">Server CPU per message, as a '
        "multiple of the raw io_uring server (less is better)</text>",
        f'<path d="M{one:.1f} 22V{y - GAP + 4}" stroke="#999" stroke-dasharray="3 3"/>',
        *body,
        "</svg>\n",
    ])  # fmt: skip
