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

Point = tuple[float, float]
Slot = str | tuple[str, str, int]
"""What takes a place in a layer: a task, or an edge that passes it on the way between two."""


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
    places, routes = _places(nodes)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    lowest = [y + _HEIGHT for _, y in places.values()] + [y for route in routes.values() for _, y in route]
    height = max(lowest) + _MARGIN
    edges = [_edge(places[before], routes[before, node.name], places[node.name])
             for node in nodes for before in node.upstream]  # fmt: skip
    boxes = [_box(node, *places[node.name]) for node in nodes]
    label = f"{title}: " + ", ".join(f"{node.name} ({node.standing})" for node in nodes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'style="max-width:100%;height:auto;color:inherit" font-family="system-ui,sans-serif">'
        f"{''.join(edges)}{''.join(boxes)}</svg>"
    )


def _places(nodes: Sequence[Node]) -> tuple[dict[str, Point], dict[tuple[str, str], list[Point]]]:
    """Where each box stands, and the points that each edge goes through where it passes other boxes.

    A box's layer is one behind the last that it waits for; in its layer, it is near its neighbours.
    """
    layer: dict[str, int] = {}
    for node in nodes:
        layer[node.name] = 1 + max((layer[name] for name in node.upstream), default=-1)
    columns: list[list[Slot]] = [[] for _ in range(max(layer.values()) + 1)]
    before: dict[Slot, list[Slot]] = {}
    for node in nodes:
        columns[layer[node.name]].append(node.name)
        for name in node.upstream:
            chain: list[Slot] = [name]
            for i in range(layer[name] + 1, layer[node.name]):
                columns[i].append((name, node.name, i))
                before[name, node.name, i] = [chain[-1]]
                chain.append((name, node.name, i))
            before.setdefault(node.name, []).append(chain[-1])
    _sort(columns, before)
    found = _stacked(columns)
    places = {slot: place for slot, place in found.items() if isinstance(slot, str)}
    routes: dict[tuple[str, str], list[Point]] = {(name, node.name): [] for node in nodes for name in node.upstream}
    for slot in (slot for column in columns for slot in column if isinstance(slot, tuple)):
        routes[slot[0], slot[1]].append(found[slot])
    return places, routes


def _sort(columns: list[list[Slot]], before: Mapping[Slot, list[Slot]]) -> None:
    """Order each layer so that few edges cross: by the mean place of the neighbours, forth and back."""
    after: dict[Slot, list[Slot]] = {}
    for slot, earlier in before.items():
        for one in earlier:
            after.setdefault(one, []).append(slot)
    for step in range(_PASSES):
        near = before if step % 2 == 0 else after
        rank = {slot: i - len(column) / 2 for column in columns for i, slot in enumerate(column)}
        for column in columns[1:] if step % 2 == 0 else columns[-2::-1]:
            means = {slot: _mean([rank[one] for one in near.get(slot, ())], rank[slot]) for slot in column}
            column.sort(key=means.__getitem__)
            rank |= {slot: i - len(column) / 2 for i, slot in enumerate(column)}


def _stacked(columns: list[list[Slot]]) -> dict[Slot, Point]:
    """The upper left corners of boxes, and the left ends of the lines that pass them; each layer in the middle."""
    heights = [sum(_height(slot) + _ROW_GAP for slot in column) - _ROW_GAP for column in columns]
    found: dict[Slot, Point] = {}
    for i, column in enumerate(columns):
        y = _MARGIN + (max(heights) - heights[i]) / 2
        for slot in column:
            found[slot] = (_MARGIN + i * (_WIDTH + _GAP), y)
            y += _height(slot) + _ROW_GAP
    return found


def _height(slot: Slot) -> float:
    return _HEIGHT if isinstance(slot, str) else 0


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _edge(start: Point, through: Sequence[Point], end: Point) -> str:
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT / 2
    path = f"M{x:g} {y:g}"
    for place in (*through, (end[0], end[1] + _HEIGHT / 2)):
        bend = (place[0] - x) / 2
        path += f"C{x + bend:g} {y:g} {place[0] - bend:g} {place[1]:g} {place[0]:g} {place[1]:g}"
        x, y = place[0] + _WIDTH, place[1]
        path += f"H{x:g}" if place[0] != end[0] else ""
    x, y = end[0], end[1] + _HEIGHT / 2
    return (
        f'<path d="{path}" fill="none" stroke="currentColor" stroke-opacity=".45" stroke-width="1.3"/>'
        f'<path d="M{x - 8:g} {y - 4:g}L{x:g} {y:g}L{x - 8:g} {y + 4:g}Z" fill="currentColor" fill-opacity=".7"/>'
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
