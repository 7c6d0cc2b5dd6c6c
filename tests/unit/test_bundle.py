"""What stays in a saved notebook: small, safe to show anywhere, and true."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.notebook import bundle
from tracker.notebook.fold import MAX_CHUNK, Curve, RunFold, Tail, reduced, shown
from tracker.notebook.static import figure, seconds_text
from tracker.store import events

HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>&amp;</table>"


def run(**changes: Any) -> dict[str, Any]:
    fields = {
        "id": "a" * 32, "name": "one", "experiment": "iris", "status": "FINISHED", "started": 1e12, "ended": 1e12 + 420,
        "params": [{"key": "C", "value": "1.5"}], "metrics": [{"key": "acc", "value": 0.9, "step": 3, "points": 4}],
        "tags": [], "curves": [{"key": "acc", "step": [0, 1, 2, 3], "value": [0.1, "NaN", 0.5, 0.9]}], "note": "",
        "output": "", "traceback": "", "source": "C = 1.5", "artifacts": [], "notices": [],
    }  # fmt: skip
    return fields | changes


def columns(rows: int, text: str = "r", more: int = 0) -> list[dict[str, Any]]:
    return [
        {"name": "run_id", "kind": "string", "values": [f"{i:032x}" for i in range(rows)]},
        {"name": "name", "kind": "string", "values": [f"{text}{i}" for i in range(rows)]},
        {"name": "status", "kind": "string", "values": ["FINISHED"] * rows},
        {"name": "start_time", "kind": "time", "values": [1_700_000_000_000] * rows},
        {"name": "metrics.acc", "kind": "number", "values": [i / 7 for i in range(rows)]},
        *({"name": f"params.{text}{k}", "kind": "string", "values": [text * 9] * rows} for k in range(more)),
    ]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    tags = Tags()
    tags.feed(html)
    for tag, attributes in tags.seen:
        assert tag in {
            "div",
            "span",
            "b",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "img",
            "details",
            "summary",
            "pre",
        }, tag
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/svg+xml;base64,")


def everything_hostile() -> list[dict[str, Any]]:
    pair = [{"key": HOSTILE, "value": HOSTILE}]
    card = run(
        name=HOSTILE, experiment=HOSTILE, params=pair, tags=pair, note=HOSTILE, output=HOSTILE, traceback=HOSTILE,
        source=HOSTILE, notices=[HOSTILE], metrics=[{"key": HOSTILE, "value": 1.0, "step": 0, "points": 2}],
        curves=[{"key": HOSTILE, "step": [0, 1], "value": [0.0, 1.0]}], artifacts=[{"path": HOSTILE, "size": 1}],
    )  # fmt: skip
    runs = columns(3, HOSTILE, 2)
    curves = [{"run": f"{0:032x}", "key": HOSTILE, "step": [0, 1], "time": [0, 1], "value": [0.0, 1.0]}]
    return [
        bundle.card_bundle(card),
        bundle.table_bundle(HOSTILE, 3, runs, {"where": HOSTILE, "sort": [], "hidden": []}),
        bundle.compare_bundle(HOSTILE, 3, runs, curves, {}),
    ]


@pytest.mark.parametrize("made", everything_hostile())
def test_names_from_users_are_text(made: dict[str, Any]) -> None:
    assert_harmless(made["text/html"])
    assert "<script>alert" not in made["text/html"] and "&lt;img src=x onerror=alert(1)&gt;" in made["text/html"]


@given(text=st.text(max_size=60))
def test_any_text_is_harmless(text: str) -> None:
    assert_harmless(bundle.card_bundle(run(name=text, params=[{"key": text, "value": text}]))["text/html"])


def test_a_bundle_has_three_forms() -> None:
    made = bundle.card_bundle(run())
    assert set(made) == {bundle.MIME, "text/html", "text/plain"}
    assert made[bundle.MIME]["view"] == "card" and made[bundle.MIME]["run"]["id"] == "a" * 32
    assert "iris / one  FINISHED  0.42 s" in made["text/plain"] and "acc = 0.9" in made["text/plain"]
    json.dumps(made, allow_nan=False)


def test_what_is_too_much_is_thinned() -> None:
    long = "x" * 50_000
    card = bundle.card_bundle(
        run(
            output=long, source=long, traceback=long, note=long,
            params=[{"key": f"p{i}", "value": long} for i in range(300)],
            metrics=[{"key": f"m{i}", "value": 1.0, "step": 1, "points": 900} for i in range(300)],
            curves=[{"key": f"m{i}", "step": list(range(500)), "value": [j / 3 for j in range(500)]} for i in range(300)],
        )
    )  # fmt: skip
    table = bundle.table_bundle("t", 10_000, columns(50, "long name ", 200), {})
    curves = [
        {
            "run": f"{r:032x}",
            "key": f"k{k}",
            "step": list(range(900)),
            "time": list(range(900)),
            "value": [j / 3 for j in range(900)],
        }
        for r in range(50)
        for k in range(4)
    ]
    compare = bundle.compare_bundle("c", 50, columns(50, "long name ", 50), curves, {})
    for made in (card, table, compare):
        assert len(json.dumps(made).encode()) <= bundle.LIMIT
    assert "of 10,000 runs" in table["text/html"]


def test_fifty_runs_fit_whole() -> None:
    made = bundle.table_bundle("iris", 50, columns(50, "p", 8), {})
    assert len(made[bundle.MIME]["runs"][0]["values"]) == 50


def test_no_runs_say_what_to_do() -> None:
    made = bundle.table_bundle("All runs", 0, [], {"where": "", "sort": [], "hidden": []})
    assert "Put %%track on top of a cell" in made["text/html"]


def test_a_running_run_is_not_shown_as_running_later() -> None:
    assert "was running when this was saved" in bundle.card_bundle(run(status="RUNNING", ended=None))["text/html"]


@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=400),
    points=st.integers(4, 100),
)
def test_a_reduced_curve_keeps_its_ends_and_extremes(values: list[float], points: int) -> None:
    steps, kept = reduced(list(range(len(values))), values, points)
    assert steps == sorted(set(steps)) and steps[0] == 0 and steps[-1] == len(values) - 1
    assert len(steps) <= max(points + 2, 4)
    finite = [v for v in values if math.isfinite(v)]
    if finite:
        shown_values = [v for v in kept if math.isfinite(v)]
        assert min(shown_values) == min(finite) and max(shown_values) == max(finite)


def test_a_curve_of_any_length_is_held_in_bounds() -> None:
    curve = Curve()
    for i in range(100_000):
        curve.add(i, math.sin(i / 1000))
    assert curve.points == 100_000 and len(curve.step) < 512 and curve.last_step == 99_999
    assert max(curve.value) == pytest.approx(1, abs=1e-4)


def test_the_card_folds_a_run_out_of_the_journal() -> None:
    run_id, t = "b" * 32, 1
    lines = b"".join(
        [
            events.event("run", r=run_id, x="0", v={}, t=t),
            events.event("param", r=run_id, k="C", v=1.5, t=t),
            events.event("param", r="c" * 32, k="C", v=9, t=t),
            events.event("tag", r=run_id, k="a", v="1", t=t),
            events.event("tag", r=run_id, k="a", v=None, t=t),
            events.event("artifact", r=run_id, k="f.txt", v={"size": 3}, t=t),
            events.metric_line(events.metric_prefix(run_id, "loss"), 0.5, 0, t),
            events.metric_line(events.metric_prefix(run_id, "loss"), math.nan, 1, t),
        ]
    )
    fold = RunFold(run_id)
    assert fold.feed(lines) and not fold.feed(b"")
    assert fold.params == {"C": 1.5} and fold.tags == {} and fold.artifacts == {"f.txt": 3}
    assert fold.curves["loss"].points == 2 and math.isnan(fold.curves["loss"].last)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), ("NaN", "NaN"), ("Infinity", "∞"), (3.0, "3"), (0.123456, "0.1235"), (1234567.0, "1,234,567"), (1e-9, "1e-09")]
)  # fmt: skip
def test_numbers_for_people(value: object, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4212, "0.42 s"), (12.34, "12.3 s"), (245, "4 min 05 s"), (7800, "2 h 10 min")]
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_values_as_text() -> None:
    assert [shown(v) for v in ("a", 1.5, True, None, [1, "b"], {"é": 1})] == [
        "a",
        "1.5",
        "true",
        "null",
        '[1, "b"]',
        '{"é": 1}',
    ]


def test_html_holds_no_scripts_or_styles() -> None:
    html = bundle.card_bundle(run())["text/html"]
    assert not re.search(r"<script|<style|<link|<iframe|<svg|javascript:", html)


def test_a_flood_of_points_is_counted_in_full_and_read_in_part() -> None:
    run_id = "d" * 32
    prefix = {key: events.metric_prefix(run_id, key) for key in ("loss", 'odd "key"')}
    lines = b"".join(events.metric_line(prefix[key], 1 / (i + 1), i, i) for i in range(30_000) for key in prefix)
    fold = RunFold(run_id)
    fold.feed(lines)
    fold.feed(events.metric_line(prefix["loss"], 7.0, 30_000, 1))
    assert fold.curves["loss"].points == 30_001 and fold.curves['odd "key"'].points == 30_000
    assert fold.curves["loss"].last == 7.0 and fold.curves['odd "key"'].last_step == 29_999


def test_the_tail_goes_on_in_the_next_journal(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"before\n")
    current = [old]
    tail = Tail(lambda: current[0])
    with open(old, "ab") as file:
        file.write(b"one\ntw")
    assert list(tail.read()) == [b"one\n"] and list(tail.read()) == []
    with open(old, "ab") as file:
        file.write(b"o\n")
    new.write_bytes(b"three\n")
    current[0] = new
    assert list(tail.read()) == [b"two\n", b"three\n"] and list(tail.read()) == []


def test_the_tail_reads_on_where_more_came_than_it_takes_at_once(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.touch()
    tail = Tail(lambda: journal)
    lines = [b"%d" % i * 1_000 + b"\n" for i in range(4 * MAX_CHUNK // 10_000)]
    journal.write_bytes(b"".join(lines))
    pieces = list(tail.read())
    assert len(pieces) > 1 and b"".join(pieces) == b"".join(lines)
