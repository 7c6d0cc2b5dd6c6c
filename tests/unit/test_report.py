"""A report's file: which runs, how large, and what a page without scripts shows of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tracker
from tracker.cli import main
from tracker.exceptions import InvalidValue, NotFound, StoreError
from tracker.pages import report
from tracker.pages.modules import page_module

HOSTILE = "</script><script>alert(1)</script><!--"


def logged(count: int = 2, name: str = "run", **params: object) -> list[str]:
    tracker.set_experiment("iris")
    ids = []
    for i in range(count):
        with tracker.start_run(run_name=f"{name} {i}") as run:
            tracker.log_params(params)
            for step in range(20):
                tracker.log_metric("loss", i + step, step=step)
        ids.append(run.info.run_id)
    return ids


def test_the_runs_that_are_meant(tmp_path: Path) -> None:
    first, second = logged()
    with tracker.start_run(experiment_id=tracker.create_experiment("other")):
        pass
    for runs, where, count in (
        (None, None, "3 runs"),
        (first, None, "1 run,"),
        ([first, second], None, "2 runs"),
        (None, "metrics.loss >= 20", "1 run,"),
    ):
        text = tracker.report(runs, tmp_path / "r.html", where=where).read_text()
        assert text.startswith("<!doctype html>") and len(text) < report.LIMIT, count
    frame = tracker.runs("iris")
    assert report.chosen_ids(report.reader(report.current_store()), frame) == list(frame.run_id)
    table = tracker.table("iris")
    table.selected = [first]
    assert report.chosen_ids(report.reader(report.current_store()), table) == [first]


def test_what_cannot_be_reported_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="no runs"):
        tracker.report(path=tmp_path / "r.html")
    logged(1)
    with pytest.raises(NotFound, match="No run"):
        tracker.report("f" * 32, tmp_path / "r.html")
    with pytest.raises(StoreError, match="cannot be written"):
        tracker.report(path=tmp_path / "missing" / "r.html")


def test_nothing_of_a_run_stands_in_the_page_as_markup(tmp_path: Path) -> None:
    logged(1, HOSTILE, **{HOSTILE: HOSTILE})
    text = tracker.report(path=tmp_path / "r.html", title=HOSTILE).read_text()
    assert "alert(1)</script>" not in text
    assert text.count("<script") == text.count("</script>") == 5


def test_the_policy_lets_only_its_own_scripts_run(tmp_path: Path) -> None:
    logged(1)
    text = tracker.report(path=tmp_path / "r.html").read_text()
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    policy = dict(part.strip().split(" ", 1) for part in found[1].split(";"))
    assert policy["default-src"] == "'none'" and "unsafe-inline" not in found[1] and "http" not in found[1]
    assert "unsafe" not in policy["script-src"] + policy["style-src"]
    assert re.fullmatch(r"('sha256-[\w+/]+=*'\s?){2}", policy["script-src"])


def test_without_scripts_the_runs_are_a_table(tmp_path: Path) -> None:
    logged(2)
    text = tracker.report(path=tmp_path / "r.html").read_text()
    inner = re.search(r"<noscript>(.*?)</noscript>", text, re.S)
    assert inner is not None and "<td>run 0</td>" in inner[1] and "<td>20</td>" in inner[1]


def test_what_is_too_much_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = sum(len(text.encode()) for text in (report._plotly(), page_module("report.js")))
    monkeypatch.setattr(report, "LIMIT", scripts + 120_000)
    tracker.set_experiment("iris")
    for i in range(20):
        with tracker.start_run(run_name=f"run {i}"):
            tracker.log_params({f"p{k}": f"{i} {k}" * 40 for k in range(40)})
            tracker.log_text("".join(map(str, range(4_000 * i, 4_000 * i + 4_000))), "output/output.txt")
            for step in range(300):
                tracker.log_metrics({f"m{k}": (step * 7919 + k * 31 + i) % 1_000 / 7 for k in range(8)}, step=step)
    html, notices = report.report_html(report.reader(report.current_store()), list(tracker.runs().run_id))
    assert len(html) <= report.LIMIT
    assert any("points each" in notice for notice in notices)


def test_the_command_writes_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = logged()
    assert main(["report", "run 1", first[:20], "-o", str(tmp_path / "two.html")]) == 0
    assert re.search(r"two\.html: 2 runs, \d\.\d MB", capsys.readouterr().out)
    assert main(["report", "-e", "iris", "-w", "metrics.loss > 1000", "-o", str(tmp_path / "none.html")]) == 1
    assert "There are no runs to report" in capsys.readouterr().err
