"""A comparison as text, and as HTML that any notebook viewer lets through: every text escaped, no script, no style
sheet, at most some 30 kB."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tracker.comparison.code import CellDiff
    from tracker.comparison.compare import Change, DataChange, RunDiff

LIMIT: Final = 28_000
_BOX = "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;margin:4px 0;max-width:980px"
_CODE = "white-space:pre-wrap;margin:4px 0;padding:4px 8px;border-left:3px solid rgba(128,128,128,.35)"
_MARKS: Final = {
    "same": "",
    "added": "background:rgba(46,158,91,.25)",
    "removed": "background:rgba(217,72,59,.25);text-decoration:line-through",
}


def text(diff: RunDiff) -> str:
    """The comparison in lines: what differs, a cell's change with + and -."""
    lines = [f"{diff.a.name} [{diff.a.id[:12]}] → {diff.b.name} [{diff.b.id[:12]}]"]
    for title, changes in _groups(diff):
        lines += [
            title,
            *(f"  {change.name}: {_shown(change.a)} → {_shown(change.b)}{_delta(change)}" for change in changes),
        ]
    if diff.data:
        lines += ["data", *(f"  {change.name}: {data_words(change)}" for change in diff.data)]
    changed = [cell for cell in diff.code if not cell.same]
    if changed:
        lines += [f"code: {len(changed)} of {len(diff.code)} cells", *(_cell_text(cell) for cell in changed)]
    return "\n".join(lines if diff else [*lines, "nothing differs"])


def html(diff: RunDiff) -> str:
    """The comparison as HTML; when it is too long, with fewer rows and shorter cells."""
    for rows, characters in ((200, 20_000), (60, 3_000), (20, 600), (5, 100)):
        made = _html(diff, rows, characters)
        if len(made.encode("utf-8", "replace")) <= LIMIT:
            break
    return made


def _html(diff: RunDiff, rows: int, characters: int) -> str:
    parts = [f'<div style="{_BOX}"><div><b>{escape(diff.a.name)}</b> <code>{escape(diff.a.id[:12])}</code> → ']
    parts.append(f"<b>{escape(diff.b.name)}</b> <code>{escape(diff.b.id[:12])}</code></div>")
    for title, changes in _groups(diff):
        parts.append(_table(title, [(c.name, _shown(c.a), _shown(c.b), _delta(c)) for c in changes], rows))
    if diff.data:
        parts.append(_table("data", [(c.name, _told(c.a), _told(c.b), data_words(c)) for c in diff.data], rows))
    changed = [cell for cell in diff.code if not cell.same]
    if changed:
        parts.append(f"<div style='margin-top:6px'><b>code</b>: {len(changed)} of {len(diff.code)} cells</div>")
        parts += [_cell_html(cell, characters) for cell in changed[:rows]]
        parts += _more(len(changed) - rows)
    if not diff:
        parts.append("<div>nothing differs</div>")
    return "".join([*parts, "</div>"])


def _groups(diff: RunDiff) -> list[tuple[str, tuple[Change, ...]]]:
    groups = [("parameters", diff.params), ("metrics", diff.metrics), ("environment", diff.environment)]
    return [(title, changes) for title, changes in groups if changes]


def _table(title: str, rows: list[tuple[str, str, str, str]], limit: int) -> str:
    body = "".join(_row(*row) for row in rows[:limit])
    head = f"<tr><th style='text-align:left'>{title}</th><th>a</th><th>b</th><th></th></tr>"
    return "".join([f"<table>{head}{body}</table>", *_more(len(rows) - limit)])


def _row(name: str, *cells: str) -> str:
    return f"<tr><td style='text-align:left'>{escape(name)}</td>{''.join(f'<td>{escape(c)}</td>' for c in cells)}</tr>"


def _more(count: int) -> list[str]:
    return [f"<div>… and {count:,} more</div>"] if count > 0 else []


def _shown(value: Any) -> str:
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"


def _delta(change: Change) -> str:
    delta = change.delta
    return "" if delta is None else f"  ({delta:+.4g})"


def _told(data: Any) -> str:
    if data is None:
        return "—"
    return " × ".join(f"{n:,}" for n in data.shape) or data.digest[:12]


def data_words(change: DataChange) -> str:
    """What changed in a dataset, in words."""
    if change.a is None or change.b is None:
        return "only in b" if change.a is None else "only in a"
    words = []
    if change.a.shape != change.b.shape:
        words.append(f"{_told(change.a)} → {_told(change.b)}")
    for verb, names in (("new", change.added), ("gone", change.removed), ("changed", change.changed)):
        if names:
            words.append(f"{verb}: {', '.join(names[:8])}{' …' if len(names) > 8 else ''}")
    words += [f"{name}: {a} → {b}" for name, a, b in change.retyped[:8]]
    if change.reordered:
        words.append("columns in another order")
    if change.a.coverage != "full" or change.b.coverage != "full":
        words.append("not all of it was read")
    return "; ".join(words) or "other content"


def _cell_text(cell: CellDiff) -> str:
    if cell.b is None or cell.a is None:
        sign = "-" if cell.b is None else "+"
        return "\n".join(f"  {sign} {line}" for line in (cell.a or cell.b or "").splitlines())
    words = {"same": "{}", "added": "{{+{}+}}", "removed": "[-{}-]"}
    marked = "".join(words[mark].format(piece) for mark, piece in cell.marks)
    return "\n".join(f"    {line}" for line in marked.splitlines())


def _cell_html(cell: CellDiff, characters: int) -> str:
    pieces = "".join(_piece(mark, piece) for mark, piece in _clipped(cell.marks, characters))
    return f'<pre style="{_CODE}">{pieces}</pre>'


def _piece(mark: str, piece: str) -> str:
    tag = {"added": "ins", "removed": "del"}.get(mark)
    return f'<{tag} style="{_MARKS[mark]}">{escape(piece)}</{tag}>' if tag else escape(piece)


def _clipped(marks: Iterable[tuple[str, str]], characters: int) -> list[tuple[str, str]]:
    """The marks within so many characters; long stretches without a change keep only their ends."""
    found: list[tuple[str, str]] = []
    left = characters
    for mark, piece in marks:
        if mark == "same" and len(piece) > 400:
            piece = f"{piece[:160]}\n…\n{piece[-160:]}"
        if left <= 0:
            return [*found, ("same", "…")]
        found.append((mark, piece[:left]))
        left -= len(piece)
    return found
