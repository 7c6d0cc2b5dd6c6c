"""Credentials that were kept by mistake are taken out of a run: from what is shown, and from the store's files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
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


def test_packed_files_are_looked_into(store: Path) -> None:
    with tracker.start_run() as run:
        tracker.log_text("x", "small.txt")
    folder = store / "artifacts" / run.info.run_id
    word = "0123456789" + PLAIN + "é"
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", 100 * word)
    for name, pack in {"b.gz": gzip.compress, "c.bz2": bz2.compress, "d.xz": lzma.compress, "e.bin": bytes}.items():
        (folder / name).write_bytes(pack(f"{PLAIN}{KEY}".encode("utf-32")))
    (folder / "f.gz").write_bytes(gzip.compress(f"client = Client(token='{KEY}')".encode()))
    (folder / "g.gz").write_bytes(gzip.compress(os.urandom(10_000))[:5_000])
    duckdb.sql(f"COPY (SELECT md5(range::VARCHAR) || '{PLAIN}' a FROM range(9)) TO '{folder}/h.parquet' (CODEC zstd)")
    duckdb.sql(f"COPY (SELECT md5(range::VARCHAR) a FROM range(9)) TO '{folder}/i.parquet'")
    done = tracker.scrub(run, also=[PLAIN], now=True)
    assert not done.places
    assert [left.split(" is ")[0] for left in done.left[:-1]] == [
        "The file a.zip", "The file b.gz", "The file c.bz2", "The file d.xz", "The file e.bin", "The file f.gz",
        "The file g.gz could not be looked into: it", "The file h.parquet",
    ]  # fmt: skip
    assert done.left[-1].startswith("1 file is no text, and as before")


def test_what_was_replaced_or_removed_does_not_come_back(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_MASK", "0")
    with tracker.start_run() as run:
        tracker.set_tags({"old": KEY, "gone": KEY})
        tracker.set_tag("old", "new")
        tracker.delete_tag("gone")
        tracker.log_param("table", {KEY: 1, PLAIN: 2})
    monkeypatch.delenv("TRACKER_MASK")
    done = tracker.scrub(run, also=[PLAIN], now=True)
    assert done.places == ["tag old", "tag gone", "parameter table"] and files_with(store, KEY, PLAIN) == []
    data = tracker.get_run(run.info.run_id).data
    assert data.tags["old"] == "new" and "gone" not in data.tags
    assert data.params["table"] == str({"[masked]": 1, "[masked] 2": 2})


def test_names_stay_and_are_told_without_what_they_hold(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_MASK", "0")
    with tracker.start_run() as run:
        tracker.log_param(f"p {KEY}", KEY)
        tracker.log_metric(f"m/{KEY}", 1.0)
        tracker.log_text("x", f"a/{KEY}.txt")
    monkeypatch.delenv("TRACKER_MASK")
    done = tracker.scrub(run, now=True)
    assert KEY not in str(done) and done.places == ["parameter p [masked]"]
    assert [left.split(" holds ")[0] for left in done.left] == [
        f"The name of the {what}" for what in ("metric m/[masked]", "parameter p [masked]", "file a/[masked].txt")
    ]


def test_a_chart_that_holds_its_library_stays_whole(store: Path) -> None:
    library = "".join(f"function f{i}(e){{return e.key='aZ19bY28cX37dW46{i:04}'}};" for i in range(200))
    with tracker.start_run() as run:
        tracker.log_text("x", "small.txt")
    path = store / "artifacts" / run.info.run_id / "chart.html"
    path.write_text(f"<script>{library}</script>\n<script>draw('{KEY}')</script>\n")
    assert tracker.scrub(run, now=True).places == ["file chart.html"]
    assert path.read_text() == f"<script>{library}</script>\n<script>draw('[masked]')</script>\n"


def test_texts_that_nothing_tells() -> None:
    with tracker.start_run() as run:
        tracker.log_text("the plum is ripe-tonight", "a.txt")
        tracker.log_param("phrase", "ripe-tonight")
    said = command("scrub", run.info.run_id, "--ask", input="ripe-tonight\n")
    assert "file a.txt" in said and "parameter phrase" in said
    assert tracker.get_run(run.info.run_id).data.params == {"phrase": "[masked]"}


def test_a_run_in_the_bin_and_the_tags_of_its_experiment(leaky: Callable[..., str], store: Path) -> None:
    run = leaky()
    experiment = tracker.get_run(run).info.experiment_id
    os.environ["TRACKER_MASK"] = "0"
    try:
        tracker.MlflowClient().set_experiment_tag(experiment, "owner", f"{KEY} of ada")
    finally:
        del os.environ["TRACKER_MASK"]
    tracker.delete_runs([run])
    told = command("scrub", run, "--now")
    assert "parameter github" in told and "The experiment's tag owner held a credential" in told
    assert tracker.get_experiment(experiment).tags == {"owner": "[masked] of ada"}
    assert files_with(store / "artifacts", KEY, PLAIN) == [] and tracker.get_run(run).info.lifecycle_stage == "deleted"


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
