"""Credentials that were kept by mistake are taken out of a run: from what is shown, and from the store's files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tracker
from tracker import secrets
from tracker.exceptions import InvalidState, InvalidValue, NotFound

KEY = "ghp_0123456789abcdefGHIJ0123456789abcdef"
PLAIN = "hunter2-hunter2"
LEAKY = f"""
import tracker, sys
with tracker.start_run(run_name="leaky") as run:
    tracker.log_params({{"github": "{KEY}", "lr": 0.1, "nested": {{"password": "{PLAIN}", "depth": 3}}}})
    tracker.log_param("lr", 0.2)
    tracker.set_tag("endpoint", "https://me:{PLAIN}@example.org/x")
    tracker.set_tag("harmless", "stays")
    tracker.log_metric("loss", 0.5)
    tracker.log_text("client = Client(token='{KEY}')\\nprint(1)", "code/cell.py")
    tracker.log_text("logged in with {PLAIN}", "output/output.txt")
    tracker.log_text("nothing here", "notes.txt")
print(run.info.run_id)
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / ".tracker"


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    yield
    secrets.forget()


@pytest.fixture
def leaky(python: Callable) -> Callable[..., str]:
    """A run with credentials in it, kept by a process that did not mask."""
    return lambda: python(LEAKY, TRACKER_MASK="0").stdout.strip()


def files_with(root: Path, *words: str) -> list[str]:
    found = []
    for path in root.rglob("*"):
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words):
            found.append(path.name)
    return found


def command(*arguments: str, **options: object) -> str:
    done = subprocess.run([sys.executable, "-m", "tracker", *arguments], capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def parquet_holds(root: Path, *words: str) -> bool:
    import duckdb

    with duckdb.connect() as db:
        for path in root.glob("segments/*/events.parquet"):
            rows = db.execute("SELECT v::VARCHAR FROM read_parquet($path)", {"path": str(path)}).fetchall()
            if any(word in (text or "") for (text,) in rows for word in words):
                return True
    return False


@pytest.mark.parametrize("sealed", [False, True])
def test_nothing_is_left_in_the_store(leaky: Callable[..., str], store: Path, sealed: bool) -> None:
    run = leaky()
    assert files_with(store, KEY, PLAIN)
    if sealed:
        command("store", "--seal")
        assert parquet_holds(store, KEY)
    said = command("scrub", run[:10], "--now")
    assert "parameter github" in said and "file code/cell.py" in said and "notes.txt" not in said
    assert KEY not in said and PLAIN not in said
    assert files_with(store, KEY, PLAIN) == [] and not parquet_holds(store, KEY, PLAIN)
    kept = tracker.get_run(run)
    assert kept.data.params["github"] == "[masked]" and kept.data.params["lr"] == "0.2"
    assert kept.data.tags["endpoint"] == "https://me:[masked]@example.org/x"
    assert kept.data.tags["harmless"] == "stays" and "password" in kept.data.tags["tracker.masked"]
    assert kept.data.metrics == {"loss": 0.5} and kept.info.status == "FINISHED"
    assert (store / "artifacts" / run / "output" / "output.txt").read_text() == "logged in with [masked]"
    assert command("scrub", run).startswith("Nothing to mask.")


def test_the_same_process_goes_on(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_MASK", "0")
    with tracker.start_run() as run:
        tracker.log_param("api_key", PLAIN)
    going = tracker.start_run(run_name="going on")
    monkeypatch.delenv("TRACKER_MASK")
    done = tracker.scrub(run, now=True)
    assert done.places == ["parameter api_key"] and done.left == [] and done.found == ["api_key"]
    assert files_with(store, PLAIN) == [] and not parquet_holds(store, PLAIN)
    assert tracker.get_run(going.info.run_id).info.status == "RUNNING"
    tracker.log_metric("loss", 1.0)
    with pytest.raises(InvalidState, match="still written"):
        tracker.scrub(going)
    tracker.end_run()
    assert tracker.get_run(going.info.run_id).data.metrics == {"loss": 1.0}


def test_the_journal_of_another_live_process_is_blanked_where_it_lies(store: Path) -> None:
    program = LEAKY.replace(
        "print(run.info.run_id)",
        """print(run.info.run_id, flush=True)
with tracker.start_run() as other:
    for line in sys.stdin:
        tracker.log_metric("loss", float(line))""",
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "TRACKER_MASK": "0"})  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    run = process.stdout.readline().strip()
    process.stdin.writelines(f"{i}\n" for i in range(1_000))
    process.stdin.flush()
    done = tracker.scrub(run)
    assert done.left == [] and files_with(store, KEY, PLAIN) == []
    process.communicate("".join(f"{i}\n" for i in range(1_000, 2_000)))
    kept = tracker.get_run(run)
    assert kept.data.params["github"] == "[masked]" and kept.data.tags["harmless"] == "stays"
    other = next(run for run in tracker.search_runs(output_format="list") if "loss" in run.data.metrics)
    history = tracker.MlflowClient().get_metric_history(other.info.run_id, "loss")
    assert other.info.run_id == run or [point.value for point in history] == list(range(2_000))
    command("store", "--seal")
    assert not parquet_holds(store, KEY, PLAIN) and not tracker.scrub(run)


def test_files_of_any_size_and_kind(store: Path) -> None:
    with tracker.start_run() as run:
        folder = store / "artifacts" / run.info.run_id
        tracker.log_text("x", "small.txt")
        lines = "a line of a long log, with words and 0.123456\n" * 30_000
        (folder / "large.log").write_text(f"{lines}key {PLAIN}\n{lines}")
        (folder / "one_line.json").write_text('["' + '", "'.join(["word"] * 300_000) + f'", "{PLAIN}"]')
        (folder / "model.pkl").write_bytes(b"\x80\x04\x95\0" + PLAIN.encode())
        (folder / "data.bin").write_bytes(b"\0\xff" * 100)
    done = tracker.scrub(run, also=[PLAIN], now=True)
    assert done.places == ["file large.log", "file one_line.json"]
    assert (folder / "large.log").read_text() == f"{lines}key [masked]\n{lines}"
    assert (folder / "one_line.json").read_text().endswith('"word", "[masked]"]')
    assert [left.partition(":")[0] for left in done.left] == [
        "The file model.pkl is no text and holds a credential", "1 file is no text, and as before",
    ]  # fmt: skip


def test_texts_that_nothing_tells() -> None:
    with tracker.start_run() as run:
        tracker.log_text("the plum is ripe-tonight", "a.txt")
        tracker.log_param("phrase", "ripe-tonight")
    said = command("scrub", run.info.run_id, "--ask", input="ripe-tonight\n")
    assert "file a.txt" in said and "parameter phrase" in said
    assert tracker.get_run(run.info.run_id).data.params == {"phrase": "[masked]"}


def test_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    with tracker.start_run() as run:
        tracker.log_metric("loss", 1.0)
    with pytest.raises(InvalidValue, match="at least 6"):
        tracker.scrub(run, also=["abc"])
    with pytest.raises(NotFound, match="no run"):
        tracker.scrub("nothing-of-the-kind")
    monkeypatch.setenv("TRACKER_MASK", "0")
    with pytest.raises(InvalidValue, match="TRACKER_MASK"):
        tracker.scrub(run)
