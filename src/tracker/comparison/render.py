"""A comparison as text, and as HTML that any notebook viewer lets through: every text escaped, no script, no style
sheet, at most some 30 kB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from tracker.comparison.pairing import common
from tracker.comparison.reading import MISSING

if TYPE_CHECKING:
    from tracker.comparison.code import CellDiff
    from tracker.comparison.compare import Change, DataChange, RunDiff

LIMIT: Final = 28_000
_MOST_TEXT: Final = 20_000
_COLUMNS: Final = 8
_NAME_CHARACTERS: Final = 80
_BETWEEN: Final = "  ─────"
_NEAR_LINES, _NEAR_CHARACTERS = 4, 320
_TABLE: Final = "table-layout:fixed;width:100%;margin:4px 0"
_INVISIBLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HEAD: Final = "text-align:left;overflow-wrap:normal"
_BOX = (
    "border:1px solid rgba(128,128,128,.35);border-radius:6px;padding:8px 12px;margin:4px 0;max-width:980px;"
    "overflow-wrap:anywhere"
)
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
        lines += [title, *(_line(change) for change in changes)]
    if diff.data:
        lines += ["data", *(f"  {change.name}: {data_words(change)}" for change in diff.data)]
    changed = _changed(diff)
    if changed:
        lines += [_code_title(diff, changed), f"\n{_BETWEEN}\n".join(map(_cell_text, changed))]
    return "\n".join(lines if diff else [*lines, "nothing differs"])


def _line(change: Change) -> str:
    words = said(change)
    return f"  {change.name}: {' → '.join(shown(change))}{f'  ({words})' if words else ''}"


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
        parts.append(_table(title, [(c.name, *shown(c), said(c)) for c in changes], rows))
    if diff.data:
        parts.append(_table("data", [(c.name, _told(c.a), _told(c.b), data_words(c)) for c in diff.data], rows))
    changed = _changed(diff)
    if changed:
        parts.append(f"<div style='margin-top:6px'><b>{_code_title(diff, changed)}</b></div>")
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
    heads = zip((title, "a", "b", ""), (30, 26, 26, 18), strict=True)
    head = "".join(f"<th style='{_HEAD};width:{width}%'>{word}</th>" for word, width in heads)
    return "".join([f"<table style='{_TABLE}'><tr>{head}</tr>{body}</table>", *_more(len(rows) - limit)])


def _row(name: str, *cells: str) -> str:
    told = (_excerpt(name, 0, _NAME_CHARACTERS), *cells)
    return (
        f"<tr style=vertical-align:top>{''.join(f'<td style=text-align:left>{escape(one)}</td>' for one in told)}</tr>"
    )


def _more(count: int) -> list[str]:
    return [f"<div>… and {count:,} more</div>"] if count > 0 else []


def shown(change: Change, characters: int = 80) -> tuple[str, str]:
    """Both values as text. Where they would read alike (1 and "1", 0.1 and the next number), so that they do not."""
    a, b = _shown(change.a), _shown(change.b)
    kinds = {type(value) for value in (change.a, change.b) if value is not MISSING}
    if a == b or (str in kinds and len(kinds) > 1) or not (a + b).isprintable():
        a, b = (_exact(value) for value in (change.a, change.b))
    start = common(a, b) if len(a) > characters and len(b) > characters else 0
    return _excerpt(a, start, characters), _excerpt(b, start, characters)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _exact(value: Any) -> str:
    return visible(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else repr(value)


def visible(text: str) -> str:
    """Code and names with the characters named that would change how the rest is read: control characters, and those
    that turn the direction of writing."""
    return _INVISIBLE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def _excerpt(text: str, start: int, characters: int) -> str:
    """So many characters of a text: from the beginning if `start` is among them, else from a little before it."""
    first = start - characters // 4 if start > characters * 3 // 4 else 0
    head, rest = ("…", text[first:]) if first else ("", text)
    return head + (rest if len(rest) + len(head) <= characters else f"{rest[: characters - 1 - len(head)]}…")


def said(change: Change) -> str:
    """By how much a number grew, and where a curve differs; empty where there is nothing to say."""
    delta = change.delta
    grew = f"{delta:+.4g}".replace("-", "−", 1) if delta else ""
    return ", ".join(word for word in (grew, change.note) if word)


def _told(data: Any) -> str:
    if data is None:
        return "—"
    return " × ".join(f"{n:,}" for n in data.shape) or data.digest[:12]


def data_words(change: DataChange) -> str:
    """What changed in a dataset, in words."""
    if change.a is None or change.b is None:
        return "only in b" if change.a is None else "only in a"
    if change.a.digest == change.b.digest:
        return "the same under another name"
    words = []
    if change.a.kind != change.b.kind and change.a.kind and change.b.kind:
        words.append(f"{change.a.kind} → {change.b.kind}")
    if change.a.dtype != change.b.dtype:
        words.append(f"{change.a.dtype} → {change.b.dtype}")
    if change.a.shape != change.b.shape:
        words.append(f"{_told(change.a)} → {_told(change.b)}")
    for verb, names in (("new", change.added), ("gone", change.removed), ("changed", change.changed)):
        if names:
            words.append(f"{verb}: {_few(names)}")
    words += [f"{name}: {a} → {b}" for name, a, b in change.retyped[:_COLUMNS]]
    if change.renamed:
        words.append("renamed: " + _few([f"{a} → {b}" for a, b in change.renamed]))
    if change.reordered:
        words.append("columns in another order")
    if change.a.coverage != change.b.coverage:
        words.append(f"values cannot be compared: {change.a.coverage} in a, {change.b.coverage} in b")
    elif change.a.coverage != "full":
        words.append("not all of it was read")
    if not words and change.a.columns:
        return "the columns are the same, the index, the labels or the attributes are not"
    return "; ".join(words) or "other content"


def _few(names: Sequence[str]) -> str:
    return f"{', '.join(names[:_COLUMNS])}{f' and {len(names) - _COLUMNS} more' if len(names) > _COLUMNS else ''}"


def _changed(diff: RunDiff) -> list[CellDiff]:
    """The cells and modules to be shown; one that moved where it is now."""
    cells = [cell for cell in diff.code if not cell.same and not (cell.moved and cell.b is None)]
    return [*cells, *diff.modules]


def _code_title(diff: RunDiff, changed: list[CellDiff]) -> str:
    cells = sum(not (cell.moved and cell.b is None) for cell in diff.code)
    files = len(diff.modules)
    words = [f"{len(changed) - files} of {cells} cells"] if len(changed) > files else []
    return "code: " + ", ".join([*words, *([f"{files} module{'' if files == 1 else 's'}"] if files else [])])


def cell_words(cell: CellDiff) -> str:
    """What there is to say of a changed cell beside its text; often nothing."""
    words = [cell.file] if cell.file else []
    if cell.moved:
        words.append(f"moved {cell.moved}")
    elif cell.options_only:
        words.append("options of the run only")
    elif cell.cosmetic:
        words.append("white space and comments only")
    return ", ".join(words)


def _cell_text(cell: CellDiff) -> str:
    words = cell_words(cell)
    head = [f"  {words}:"] if words else []
    if (cell.b is None or cell.a is None) and not cell.moved:
        sign = "-" if cell.b is None else "+"
        body = "".join(piece for _, piece in clipped(cell.marks, _MOST_TEXT))
        return "\n".join([*head, *(f"  {sign} {line}" for line in body.splitlines())])
    forms = {"same": "{}", "added": "{{+{}+}}", "removed": "[-{}-]"}
    marked = "".join(forms[mark].format(piece) for mark, piece in clipped(cell.marks, _MOST_TEXT))
    return "\n".join([*head, *(f"    {line}" for line in marked.splitlines())])


def _cell_html(cell: CellDiff, characters: int) -> str:
    words = cell_words(cell)
    head = f"<div style='opacity:.7'>{escape(words)}</div>" if words else ""
    pieces = "".join(_piece(mark, piece) for mark, piece in clipped(cell.marks, characters))
    return f'{head}<pre style="{_CODE}">{pieces}</pre>'


def _piece(mark: str, piece: str) -> str:
    tag = {"added": "ins", "removed": "del"}.get(mark)
    return f'<{tag} style="{_MARKS[mark]}">{escape(piece)}</{tag}>' if tag else escape(piece)


def clipped(marks: Iterable[tuple[str, str]], characters: int) -> list[tuple[str, str]]:
    """The marks within so many characters; of long stretches without a change only what is near to one."""
    found: list[tuple[str, str]] = []
    left = characters
    every = list(marks)
    for place, (mark, text) in enumerate(every):
        piece = visible(text)
        if mark == "same":
            piece = _near(piece, first=place == 0, last=place == len(every) - 1)
        if left <= 0:
            return [*found, ("same", "…")]
        found.append((mark, piece[:left]))
        left -= len(piece)
    return found


def _near(text: str, *, first: bool, last: bool) -> str:
    """Of a text that did not change the lines beside a change, and of those the nearest characters."""
    if len(text) <= _NEAR_CHARACTERS:
        return text
    lines = text.split("\n")
    if len(lines) > 2 * _NEAR_LINES:
        head = [] if first else lines[:_NEAR_LINES]
        tail = [] if last else lines[-_NEAR_LINES:]
        lines = [*head, f"⋯ {len(lines) - len(head) - len(tail):,} lines the same", *tail]
    half = _NEAR_CHARACTERS // 2
    return "\n".join(line if len(line) <= _NEAR_CHARACTERS else f"{line[:half]} ⋯ {line[-half:]}" for line in lines)
