"""A report: runs as one HTML file that needs no store, no server and no network.

The file holds the page's modules, and what they show packed (gzip, in base64). Its Content-Security-Policy lets only
these very scripts run, and lets nothing be asked for, so that whatever a run holds stays text. Invariant: the file
stays within `LIMIT` bytes: curves are thinned, texts cut and pictures left out until it does, and the page says so.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa

from tracker.exceptions import InvalidValue, NotFound, StoreError, TrackerError
from tracker.pages.columns import arrow_stream
from tracker.pages.compared import first_state
from tracker.pages.modules import page_module
from tracker.pages.report_facts import held_details, held_files
from tracker.pages.runs import LATEST_FIRST
from tracker.query import Reader, frames, reader
from tracker.query.curves import reduced
from tracker.query.table import experiment_ids, run_table
from tracker.tracking.context import current_store

LIMIT: Final = 5_000_000
MOST_RUNS: Final = 1_000
MOST_LATEST: Final = 200
_DETAILS_PART, _RUNS_PART, _FILES_PART = 0.3, 0.2, 0.15
_LENGTHS: Final = "SELECT points FROM latest_metrics WHERE run_id IN (SELECT unnest($runs::VARCHAR[]))"
_POINT_BYTES: Final = 8  # what a point takes once packed, about
_POINTS: Final = (500, 250, 120, 60, 30, 16, 8, 4)
_NO_SCRIPT_ROWS: Final = 200
_EXPORT: Final = re.compile(r"export\s*\{\s*(\w+) as default\s*\};?")
# What plotly writes into the style attributes of its labels: bold, italic, raised, struck, underlined, linked.
_LABEL_STYLES: Final = (
    "font-weight:bold", "font-style:italic", "font-size:70%", "text-decoration:line-through",
    "text-decoration:underline", "cursor:pointer", "font-style:italic;font-weight:bold",
)  # fmt: skip
_STYLE: Final = """
body { margin: 0 auto; padding: 20px 24px 60px; max-width: 1500px; font-family: system-ui, -apple-system, 'Segoe UI',
  Roboto, sans-serif; font-size: 14px; line-height: 1.45; background: #fff; color: #1f2328; color-scheme: light dark; }
h1 { font-size: 20px; margin: 0; overflow-wrap: anywhere; }
.about { margin: 2px 0 14px; color: #6a737d; }
.notices { margin: 0; padding: 0; list-style: none; color: #9a6700; }
.notices li { margin: 0 0 8px; }
main > div { margin: 0 0 18px; }
@media (prefers-color-scheme: dark) { body { background: #0f1214; color: #e6e8eb; } .about { color: #9aa3ad; }
  .notices { color: #d9a62e; } }
@media (max-width: 600px) { body { padding: 12px 8px 40px; } }
"""


def report(
    runs: Any = None,
    path: str | os.PathLike[str] = "report.html",
    *,
    experiment: str | Iterable[str] | None = None,
    where: str | None = None,
    title: str = "",
) -> Path:
    """Write runs as one HTML file that shows them anywhere, with no store, server or network; its path.

    `runs` are ids, a DataFrame, a table (its selection, or all of it); None is the latest of the experiment, at most
    200. The file is at most 5 MB: what was left out of it, it says. Raises NotFound, InvalidValue for no runs,
    FilterError, StoreError where the file cannot be written.
    """
    store = reader(current_store())
    target = Path(path)
    write_report(store, chosen_ids(store, runs, experiment, where), target, title)
    return target


def chosen_ids(
    store: Reader, runs: Any = None, experiment: str | Iterable[str] | None = None, where: str | None = None
) -> list[str]:
    """The ids of the runs that are meant, as by `report`."""
    if runs is not None:
        selected = getattr(runs, "selected", None)  # a table's
        if not isinstance(selected, list):
            return frames.run_ids(runs)
        frame = getattr(runs, "frame", None)
        if not selected and frame is None:
            raise InvalidValue("Nothing is selected there: mark some runs, or give run ids.")
        return selected or frames.run_ids(frame)
    names = [experiment] if isinstance(experiment, str) else experiment
    ids = None if names is None else experiment_ids(store.store, list(names))
    found: list[str] = run_table(store, ids, where, LATEST_FIRST, MOST_LATEST).column("run_id").to_pylist()
    return found


def write_report(store: Reader, run_ids: Sequence[str], path: Path, title: str = "") -> list[str]:
    """Write the report of these runs; what was left out, in sentences for people.

    Raises InvalidValue for no runs, NotFound, StoreError where the file cannot be written.
    """
    if not run_ids:
        raise InvalidValue("There are no runs to report: give some, or an experiment that has any.")
    missing = sorted(set(run_ids) - set(run_table(store, run_ids=run_ids, view="all").column("run_id").to_pylist()))
    if missing:
        raise NotFound(f"No run {missing[0]!r} in the store at {store.store.root}.")
    html, notices = report_html(store, run_ids, title)
    try:
        path.write_bytes(html)
    except OSError as error:
        raise StoreError(f"The report cannot be written to {path}: {error.strerror}.") from error
    return notices


def report_html(store: Reader, run_ids: Sequence[str], title: str = "") -> tuple[bytes, list[str]]:
    """The report, and what was left out of it."""
    wanted = list(dict.fromkeys(run_ids))
    notices = []
    if len(wanted) > MOST_RUNS:
        notices.append(f"Of {len(wanted):,} runs the first {MOST_RUNS:,} are here.")
    runs = run_table(store, run_ids=wanted[:MOST_RUNS], view="all")
    ids = runs.column("run_id").to_pylist()
    scripts = [_plotly(), page_module("report.js")]
    room = LIMIT - sum(len(text.encode()) for text in scripts) - 40_000
    run_block = _packed(arrow_stream(_fitting_runs(runs, int(room * _RUNS_PART), notices)))
    details = held_details(store, ids, int(room * _DETAILS_PART), notices)
    files = held_files(store, details, int(room * _FILES_PART))
    facts = {
        "title": title or _title(runs),
        "about": f"{len(ids):,} run{'s' * (len(ids) != 1)}, written by tracker on "
        f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}. Everything that is shown is in this file.",
        "notices": notices,
        "total": len(ids),
        "state": first_state(runs),
        "details": details,
        "files": files,
    }
    curve_block, points = _fitting_curves(store, ids, room - len(run_block) - len(_packed(orjson.dumps(facts))))
    if points < _POINTS[2]:
        notices.append(f"Curves are shown in about {points} points each, to keep this file small.")
    blocks = {"facts": _packed(orjson.dumps(facts)), "runs": run_block, "curves": curve_block}
    return _page(str(facts["title"]), blocks, scripts, runs), notices


def _title(runs: pa.Table) -> str:
    names = list(dict.fromkeys(runs.column("experiment").to_pylist()))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# -- fitting


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, 6, mtime=0)).decode()


def _fitting_runs(runs: pa.Table, room: int, notices: list[str]) -> pa.Table:
    """The table with as many columns as there is room for."""
    count = runs.num_columns
    while count > 20 and len(_packed(arrow_stream(runs.select(range(count))))) > room:
        count = count * 2 // 3
    if count < runs.num_columns:
        notices.append(f"Of {runs.num_columns:,} columns the first {count:,} are here.")
    return runs.select(range(count))


def _fitting_curves(store: Reader, run_ids: list[str], room: int) -> tuple[str, int]:
    """The curves in as many points as there is room for, and in how many each."""
    lengths = store.cursor().execute(_LENGTHS, {"runs": run_ids}).fetchall()
    likely = [most for most in _POINTS if sum(min(points, most) for (points,) in lengths) * _POINT_BYTES <= room]
    for points in likely or _POINTS[-1:]:
        table = reduced(store, run_ids, None, points)
        packed = _packed(arrow_stream(_narrow(table)))
        if len(packed) <= room:
            return packed, points
    few = table.slice(0, table.num_rows * room // (len(packed) + 1))
    return _packed(arrow_stream(_narrow(few))), points


def _narrow(curves: pa.Table) -> pa.Table:
    """Types that take less room than what they are drawn with can show: ms since the epoch whole, values in 32 bits."""
    named = curves.rename_columns(["run", "key", "step", "time", "value"])
    for place, name, kind in ((3, "time", pa.int64()), (4, "value", pa.float32())):
        named = named.set_column(place, name, named.column(name).cast(kind, safe=False))
    return named


# -- the page


def _plotly() -> str:
    """plotly as a script that stands before the page's own, and leaves itself where that finds it."""
    text, count = _EXPORT.subn(r";globalThis.trkPlotly=\1;", page_module("plotly.js"))
    if count != 1:
        raise TrackerError("plotly.js is of another form than expected: build the page's modules anew, npm run build.")
    return text


def _page(title: str, blocks: dict[str, str], scripts: list[str], runs: pa.Table) -> bytes:
    if any("</script" in text.lower() or "<!--" in text for text in scripts):
        raise TrackerError("A module of the page holds the end of a script: it cannot stand in a page.")
    nonce = secrets.token_urlsafe(16)
    hashes = " ".join(_hash(script) for script in scripts)
    labels = " ".join(_hash(style) for style in _LABEL_STYLES)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'nonce-{nonce}' {_hash('')}; "
        f"style-src-attr 'unsafe-hashes' {labels}; img-src data: blob:; media-src blob:; base-uri 'none'; "
        "form-action 'none'"
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f'<title>{escape(title)}</title><style nonce="{nonce}">{_STYLE}</style></head>',
        "<body><main><p>Reading …</p></main>",
        f"<noscript>{_without_script(title, runs)}</noscript>",
        *(f'<script type="application/octet-stream" id="{name}">{text}</script>' for name, text in blocks.items()),
        *(f'<script type="module">{text}</script>' for text in scripts),
        "</body></html>\n",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _without_script(title: str, runs: pa.Table) -> str:
    """The runs as a plain table, for a page where no script may run."""
    metrics = [name for name in runs.column_names if name.startswith("metrics.")][:8]
    names = ["name", "status", *metrics]
    head = "".join(f"<th>{escape(name.removeprefix('metrics.'))}</th>" for name in names)
    rows = runs.select(names).slice(0, _NO_SCRIPT_ROWS).to_pylist()
    lines = "".join(f"<tr>{''.join(f'<td>{escape(_text(row[name]))}</td>' for name in names)}</tr>" for row in rows)
    return f"<h1>{escape(title)}</h1><table><tr>{head}</tr>{lines}</table>"


def _text(value: object) -> str:
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)[:100]
