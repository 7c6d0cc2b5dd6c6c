"""A pipeline's graph as SVG: layers from left to right, no script, in the colours of the page that it stands on.

Invariant: names are text nodes; nothing of them becomes markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 168
_HEIGHT: Final = 52
_GAP: Final = 64
_ROW_GAP: Final = 22
_MARGIN: Final = 10
_MOST_CHARACTERS: Final = 19
_MOST_SMALL: Final = 28
_COLOURS: Final = {"up to date": "#2e9e5b", "outdated": "#c98a1b", "waits": "#8a8f98"}
_MARKS: Final = {"up to date": "✓", "outdated": "↻", "waits": "…"}
_PASSES: Final = 4


@dataclass(frozen=True)
class Node:
    """A task as it is drawn."""

    name: str
    standing: str
    caption: str
    upstream: tuple[str, ...]
    title: str = ""


def draw(nodes: Sequence[Node], title: str) -> str:
    """The graph of tasks, given in an order in which they can run."""
    places = _places(nodes)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    edges = [_edge(places[before], places[node.name]) for node in nodes for before in node.upstream]
    boxes = [_box(node, *places[node.name]) for node in nodes]
    label = f"{title}: " + ", ".join(f"{node.name} ({node.standing})" for node in nodes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'style="max-width:100%;height:auto;color:inherit" font-family="system-ui,sans-serif">'
        f"{''.join(edges)}{''.join(boxes)}</svg>"
    )


def _places(nodes: Sequence[Node]) -> dict[str, tuple[float, float]]:
    """Where each box stands: one layer behind the last that it waits for; in its layer, near its neighbours."""
    layer: dict[str, int] = {}
    for node in nodes:
        layer[node.name] = 1 + max((layer[name] for name in node.upstream), default=-1)
    columns = [[node.name for node in nodes if layer[node.name] == i] for i in range(max(layer.values()) + 1)]
    before = {node.name: list(node.upstream) for node in nodes}
    after: dict[str, list[str]] = {node.name: [] for node in nodes}
    for node in nodes:
        for name in node.upstream:
            after[name].append(node.name)
    for step in range(_PASSES):
        order = columns[1:] if step % 2 == 0 else columns[-2::-1]
        near = before if step % 2 == 0 else after
        rank = {name: i - len(column) / 2 for column in columns for i, name in enumerate(column)}
        for column in order:
            column.sort(key=lambda name: _mean([rank[one] for one in near[name]], rank[name]))
            rank |= {name: i - len(column) / 2 for i, name in enumerate(column)}
    tallest = max(map(len, columns))
    places: dict[str, tuple[float, float]] = {}
    for i, column in enumerate(columns):
        top = _MARGIN + (tallest - len(column)) * (_HEIGHT + _ROW_GAP) / 2
        for j, name in enumerate(column):
            places[name] = (_MARGIN + i * (_WIDTH + _GAP), top + j * (_HEIGHT + _ROW_GAP))
    return places


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _edge(start: tuple[float, float], end: tuple[float, float]) -> str:
    x0, y0 = start[0] + _WIDTH, start[1] + _HEIGHT / 2
    x1, y1 = end[0], end[1] + _HEIGHT / 2
    bend = max(24.0, (x1 - x0) / 2)
    return (
        f'<path d="M{x0:g} {y0:g}C{x0 + bend:g} {y0:g} {x1 - bend:g} {y1:g} {x1 - 6:g} {y1:g}" fill="none" '
        f'stroke="currentColor" stroke-opacity=".45" stroke-width="1.3"/>'
        f'<path d="M{x1 - 8:g} {y1 - 4:g}L{x1:g} {y1:g}L{x1 - 8:g} {y1 + 4:g}Z" fill="currentColor" '
        f'fill-opacity=".55"/>'
    )


def _box(node: Node, x: float, y: float) -> str:
    colour = _COLOURS.get(node.standing, "#8a8f98")
    hint = f"<title>{escape(node.title)}</title>" if node.title else ""
    return (
        f'<g>{hint}<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="currentColor" '
        f'fill-opacity=".06" stroke="currentColor" stroke-opacity=".35"/>'
        f'<rect x="{x:g}" y="{y:g}" width="4" height="{_HEIGHT}" rx="2" fill="{colour}"/>'
        f'<text x="{x + 14:g}" y="{y + 21:g}" font-size="13" font-weight="600" fill="currentColor">'
        f"{escape(_cut(node.name, _MOST_CHARACTERS))}</text>"
        f'<text x="{x + _WIDTH - 10:g}" y="{y + 21:g}" font-size="13" text-anchor="end" fill="{colour}">'
        f"{_MARKS.get(node.standing, '')}</text>"
        f'<text x="{x + 14:g}" y="{y + 39:g}" font-size="10.5" fill="currentColor" fill-opacity=".75">'
        f"{escape(_cut(node.caption, _MOST_SMALL))}</text></g>"
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def as_text(nodes: Sequence[Node], title: str) -> str:
    """The same for a terminal."""
    width = max(len(node.name) for node in nodes)
    lines = [f"{title}: {len(nodes)} task{'' if len(nodes) == 1 else 's'}"]
    for node in nodes:
        after = f"  after {', '.join(node.upstream)}" if node.upstream else ""
        lines.append(f"  {_MARKS.get(node.standing, ' ')} {node.name:{width}}  {node.caption}{after}")
    return "\n".join(lines)


def counts(nodes: Sequence[Node]) -> Mapping[str, int]:
    """How many tasks stand how."""
    found: dict[str, int] = {}
    for node in nodes:
        found[node.standing] = found.get(node.standing, 0) + 1
    return found
