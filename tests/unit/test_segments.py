"""Sealing and merging: whatever is sealed, merged, copied or left behind, every view answers as over the journals."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.query import Reader
from tracker.store import Store
from tracker.store.sealing import Sealer

START = 1_767_225_600_000_000
VIEWS = ["runs", "params", "metrics", "latest_metrics", "tags", "artifacts", "datasets", "experiments"]
Event = dict[str, Any]


def write(root: Path, journal: str, *lines: Event | bytes) -> Path:
    path = root / "journal" / f"{journal}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        for line in lines:
            file.write(line if isinstance(line, bytes) else json.dumps(line, separators=(",", ":")).encode() + b"\n")
    return path


def a_run(name: str, t: int = START, x: str = "0") -> Event:
    return {"e": "run", "r": name, "x": x, "v": {}, "t": t}


def some(name: str) -> list[Event]:
    """What one process may have to tell of one run."""
    return [
        {"e": "experiment", "x": "7", "v": {"name": f"of {name}"}, "t": START},
        a_run(name, x="7"),
        {"e": "param", "r": name, "k": "lr", "v": 0.1, "t": START + 1},
        {"e": "tag", "r": name, "k": "team", "v": "blue", "t": START + 2},
        {"e": "tag", "r": name, "k": "gone", "v": None, "t": START + 2},
        {"e": "input", "r": name, "k": "iris", "v": {"digest": "d", "source_type": "local"}, "t": START + 3},
        {"e": "artifact", "r": name, "k": "a/b.txt", "v": {"size": 3}, "t": START + 3},
        *({"e": "metric", "r": name, "k": "loss", "v": v, "s": s, "t": START + s} for s, v in enumerate([3.0, 1.5, "NaN"])),
        {"e": "end", "r": name, "v": {"status": "FINISHED"}, "t": START + 9},
    ]  # fmt: skip


def answers(store: Store, asked: Reader | None = None) -> dict[str, list[tuple[str | None, ...]]]:
    """All that the views show, as text, in an order of its own."""
    cursor = (asked or Reader(store)).cursor()
    shown = {}
    for view in VIEWS:
        found = cursor.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {view}").fetchall()
        root = store.root.as_uri()
        shown[view] = sorted((tuple(v and v.replace(root, "") for v in row) for row in found), key=repr)
    return shown


def parts(root: Path) -> set[str]:
    return {p.name for p in (root / "segments").iterdir() if p.is_dir()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


# -- sealing


def test_sealed_store_answers_as_before_and_has_no_journals(store: Store) -> None:
    for n in range(3):
        write(store.root, f"w{n}", *some(f"r{n}"))
    following = Reader(store)
    before = answers(store, following)
    assert len(before["runs"]) == 3 and len(before["metrics"]) == 9 and len(before["experiments"]) == 1
    done = store.seal()
    assert done is not None and done.journals == 3
    assert store.journals() == [] and len(parts(store.root)) == 1
    assert answers(store) == before
    assert answers(store, following) == before
    assert list(Store(store.root).experiments()) == ["7"]


def test_sealing_one_journal_names_the_segment_after_it(store: Store) -> None:
    size = write(store.root, "alone", *some("r")).stat().st_size
    store.seal()
    assert parts(store.root) == {f"alone-{size}"}


def test_sealing_nothing_makes_nothing(store: Store) -> None:
    write(store.root, "alone", *some("r"))
    store.seal()
    done = store.seal()
    assert done is not None and not done
    assert len(parts(store.root)) == 1


def test_edits_after_sealing_win_and_earlier_ones_lose(store: Store) -> None:
    write(store.root, "a", *some("r"))
    store.seal()
    write(store.root, "b", {"e": "tag", "r": "r", "k": "team", "v": "late", "t": START + 50})
    write(store.root, "c", {"e": "tag", "r": "r", "k": "team", "v": "early", "t": START + 1})
    write(store.root, "d", {"e": "state", "r": "r", "v": "deleted", "t": START + 60})
    write(store.root, "e", {"e": "metric", "r": "r", "k": "loss", "v": 9.0, "s": 9, "t": START})
    following = Reader(store)
    for _ in range(2):
        shown = answers(store, following)
        assert ("r", "team", "late") in shown["tags"]
        assert [row[2:4] for row in shown["latest_metrics"]] == [("9.0", "9")]
        assert "deleted" in shown["runs"][0]
        store.seal()
    assert store.journals() == []


def test_small_segments_are_merged_and_their_files_go_when_readers_are_through(store: Store) -> None:
    reading = Reader(store)
    for n in range(4):
        write(store.root, f"w{n}", *some(f"r{n}"))
        store.seal(keep_seconds=1000)
        assert len(answers(store, reading)["runs"]) == n + 1
    before = answers(store)
    assert len(store.contents().segments) == 1 and len(parts(store.root)) > 1
    store.seal(keep_seconds=0)
    assert len(parts(store.root)) == 1
    assert answers(store) == answers(store, reading) == before


def test_a_living_writer_is_left_alone(store: Store) -> None:
    write(store.root, "dead", *some("r"))
    store.append(json.dumps(a_run("mine")).encode() + b"\n")
    store.seal()
    assert [path.stem for path in store.journals()] == [store.writer]
    store.append(json.dumps({"e": "param", "r": "mine", "k": "p", "v": 1, "t": START}).encode() + b"\n")
    shown = answers(store)
    assert ("mine", "p") in [row[:2] for row in shown["params"]] and len(shown["runs"]) == 2


def test_damaged_journal_is_kept_and_told(store: Store) -> None:
    bad = write(store.root, "bad", a_run("b"), b"{nonsense\n", a_run("c"))
    write(store.root, "torn", a_run("d"), b'{"e":"run","r":"never')
    done = store.seal()
    assert done is not None and done.skipped == [bad] and done.journals == 1
    with pytest.warns(UserWarning, match=r"bad\.ndjson has 1 damaged line;"):
        assert [row[0] for row in answers(store)["runs"]] == ["b", "c", "d"]


def test_unknown_and_odd_events_survive_sealing(store: Store) -> None:
    odd = {"e": "of.a.later.version", "r": "r", "k": "k", "v": {"a": [1]}, "s": 4, "t": START}
    high = {"e": "metric", "r": "r", "k": "m", "v": "high", "s": 1, "t": START}
    write(store.root, "a", odd, high)
    store.seal()
    found = duckdb.sql(
        f"SELECT e, k, v::VARCHAR, s FROM '{store.root}/segments/a-*/events.parquet' ORDER BY e"
    ).fetchall()
    assert found == [("metric", "m", '"high"', 1), ("of.a.later.version", "k", '{"a":[1]}', 4)]


def test_points_cost_few_bytes(store: Store) -> None:
    values = [math.exp(-n / 5000) + (n * 7919 % 1000) * 1e-7 for n in range(50_000)]
    lines = [
        {"e": "metric", "r": "r" * 32, "k": "loss", "v": v, "s": n, "t": START + n * 1234} for n, v in enumerate(values)
    ]
    write(store.root, "a", *lines)
    store.seal()
    assert next((store.root / "segments").glob("a-*/metrics.parquet")).stat().st_size <= 10 * len(lines)


# -- what a killed sealer leaves behind


def test_journal_beside_its_segment_counts_once_and_is_swept(store: Store) -> None:
    kept = write(store.root, "a", *some("r")).read_bytes()
    before = answers(store)
    store.seal()
    write(store.root, "a", kept)
    assert answers(store) == before
    store.seal()
    assert store.journals() == [] and answers(store) == before


def test_half_written_segment_is_not_seen_and_is_swept(store: Store) -> None:
    write(store.root, "a", *some("r"))
    left = store.root / "segments" / ".new-b"
    left.mkdir(parents=True)
    (left / "events.parquet").write_bytes(b"PAR1")
    assert len(answers(store)["runs"]) == 1
    store.seal()
    assert not left.exists() and len(answers(store)["runs"]) == 1


def test_only_one_sealer_at_a_time(store: Store) -> None:
    from tracker.store import locks

    write(store.root, "a", *some("r"))
    (store.root / "segments").mkdir()
    with locks.exclusive(store.root / "segments" / "seal.lock") as held:
        assert held and store.seal() is None
    assert store.seal()


def test_young_journals_are_left_to_later(store: Store) -> None:
    path = write(store.root, "a", *some("r"))
    assert not Sealer(store.root, idle_seconds=60).run()
    os.utime(path, (0, 0))
    assert Sealer(store.root, idle_seconds=60).run()


# -- a segment from elsewhere


def _sealed(store: Store) -> Path:
    write(store.root, "bad", *some("lost"))
    store.seal()
    (segment,) = (store.root / "segments").glob("bad-*")
    write(store.root, "good", *some("kept"))
    return segment


def _not_parquet(folder: Path) -> None:
    size = (folder / "events.parquet").stat().st_size
    (folder / "events.parquet").write_bytes(b"x" * size)


def _cut_short(folder: Path) -> None:
    os.truncate(folder / "metrics.parquet", 10)


def _other_columns(folder: Path) -> None:
    _write_parquet(folder, "metrics", "SELECT 'r' AS r, 1 AS k, 'x' AS s, 0 AS t, 'v' AS v, 'w' AS w")


def _leads_out(folder: Path) -> None:
    outside = folder.parent.parent.parent / "outside"
    (folder / "events.parquet").rename(outside)
    (folder / "events.parquet").symlink_to(outside)


def _no_manifest(folder: Path) -> None:
    (folder / "segment.json").unlink()


def _wrong_manifest(folder: Path) -> None:
    (folder / "segment.json").write_text('{"format": 1, "journals": ["../../x"], "files": 3}')


def _of_the_future(folder: Path) -> None:
    (folder / "segment.json").write_text('{"format": 99, "journals": {}, "files": {}}')


def _write_parquet(folder: Path, table: str, query: str) -> None:
    path = folder / f"{table}.parquet"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    manifest = json.loads((folder / "segment.json").read_bytes())
    manifest["files"][path.name] = path.stat().st_size
    (folder / "segment.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "spoil",
    [_not_parquet, _cut_short, _other_columns, _leads_out, _no_manifest, _wrong_manifest, _of_the_future],
)
def test_damaged_segment_costs_itself_and_one_warning(store: Store, spoil: Any) -> None:
    folder = _sealed(store)
    spoil(folder)
    with pytest.warns(UserWarning, match=r"segments.bad-\d+ is damaged and is left out") as told:
        asked = Reader(store)
        assert [row[0] for row in answers(store, asked)["runs"]] == ["kept"]
        assert len(answers(store, asked)["metrics"]) == 3
    assert len(told) == 1
    store.seal(keep_seconds=0)
    assert folder.exists()  # for a person to look at


def test_huge_and_absurd_values_are_shown_as_far_as_they_go(store: Store) -> None:
    folder = _sealed(store)
    _write_parquet(
        folder, "metrics",
        "SELECT 'lost' AS r, 'm' AS k, i::BIGINT AS s, 9223372036854775807 AS t, 1e308 AS v, 'bad' AS w FROM range(3) x(i)",
    )  # fmt: skip
    _write_parquet(
        folder, "events",
        """SELECT e, r, '0' AS x, k, v::JSON AS v, NULL::BIGINT AS s, t, 'bad' AS w FROM (VALUES
            ('run', 'lost', NULL, '{}', -9223372036854775807), ('tag', 'lost', 'k', '{"no json', 0),
            ('param', 'lost', 'k', '1', 9223372036854775807)) x(e, r, k, v, t)"""
        .replace("v::JSON AS v", "v AS v"),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text is no JSON column: the segment may be left out, but nothing may fail
        assert "kept" in [row[0] for row in answers(store)["runs"]]


# -- folders


names = st.sampled_from(["r0", "r1", "r2"])
times = st.integers(START, START + 6)
events = st.one_of(
    st.builds(lambda r, t: a_run(r, t), names, times),
    st.builds(lambda r, k, v, t: {"e": "param", "r": r, "k": k, "v": v, "t": t}, names, st.sampled_from("pq"), st.integers(0, 9), times),
    st.builds(lambda r, k, v, t: {"e": "tag", "r": r, "k": k, "v": v, "t": t}, names, st.sampled_from("tu"), st.sampled_from(["a", "b", None]), times),
    st.builds(lambda r, v, s, t: {"e": "metric", "r": r, "k": "m", "v": v, "s": s, "t": t}, names, st.floats(-9, 9), st.integers(0, 3), times),
    st.builds(lambda r, t: {"e": "end", "r": r, "v": {"status": "FAILED"}, "t": t}, names, times),
    st.builds(lambda r, t: {"e": "resume", "r": r, "t": t}, names, times),
    st.builds(lambda r, v, t: {"e": "state", "r": r, "v": v, "t": t}, names, st.sampled_from(["deleted", "active"]), times),
)  # fmt: skip


def in_order(lines: list[Event]) -> list[Event]:
    """Times of writing grow within a journal; those of points are what they are."""
    return [line if line["e"] == "metric" else line | {"t": line["t"] + 7 * n} for n, line in enumerate(lines)]


journals = st.dictionaries(
    st.sampled_from("abcdef"), st.lists(events, min_size=1, max_size=8).map(in_order), min_size=1
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=journals, sealings=st.lists(st.sets(st.sampled_from("abcdef")), min_size=1, max_size=3), cut=st.integers(0, 8)
)
def test_copying_two_stores_into_one_folder_gives_the_union(
    tmp_path: Path, told: dict[str, list[Event]], sealings: list[set[str]], cut: int
) -> None:
    """Journals that both had, one of them an early copy; sealed here and there, in different company."""
    place = tmp_path / f"{len(list(tmp_path.iterdir()))}"
    plain = Store(place / "plain")
    for name, lines in told.items():
        write(plain.root, name, *lines)
    expected = answers(plain)
    stores = [Store(place / f"s{n}") for n in range(len(sealings))]
    for n, store in enumerate(stores):
        for name in sorted(sealings[n] & told.keys()):
            write(store.root, name, *told[name][: cut if n else None])
            store.seal()
    together = Store(place / "together")
    for store in stores:
        if store.root.exists():
            shutil.copytree(store.root, together.root, dirs_exist_ok=True)
    missing = told.keys() - sealings[0]
    for name in sorted(missing):
        (together.root / "journal" / f"{name}.ndjson").unlink(missing_ok=True)
        write(together.root, name, *told[name])
    following = Reader(together)
    assert answers(together, following) == expected
    while together.seal(keep_seconds=0) is None:  # the reader's own sealer is at it
        time.sleep(0.01)
    assert answers(together, following) == expected
    assert answers(together) == expected and together.journals() == []


FORMAT_1 = Path(__file__).parent.parent / "stores" / "format-1"


def _as_kept(place: Path) -> Store:
    shutil.copytree(FORMAT_1, place)
    return Store(place)


def test_a_store_of_format_1_opens(tmp_path: Path) -> None:
    """Written by the first version that sealed; it is never to be made anew."""
    store = _as_kept(tmp_path / "store")
    query = "SELECT run_id, name, status, experiment, epoch_us(end_time) - $t FROM runs ORDER BY run_id"
    expected = [("open", "", "KILLED", "of sealed", 90), ("sealed", "renamed later", "FINISHED", "of sealed", 9)]
    for _ in range(2):
        asked = Reader(store)
        assert asked.cursor().execute(query, {"t": START}).fetchall() == expected
        shown = answers(store, asked)
        assert [row[:3] for row in shown["latest_metrics"]] == [("open", "loss", "nan"), ("sealed", "loss", "nan")]
        assert ("open", "team", "red") in shown["tags"] and ("sealed", "team", "blue") in shown["tags"]
        assert [row[:2] for row in shown["artifacts"]] == [("open", "a/b.txt"), ("sealed", "a/b.txt")]
        assert len(shown["params"]) == 2 == len(shown["datasets"]) and len(shown["metrics"]) == 6
        store.seal()


def test_a_store_on_a_read_only_medium_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    store = _as_kept(tmp_path / "store")
    expected = answers(store)
    folders = [store.root, *(path for path in store.root.rglob("*") if path.is_dir())]
    files = {path: path.stat() for path in store.root.rglob("*") if path.is_file()}
    for path in (*files, *folders):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert answers(Store(store.root)) == expected
        if os.geteuid() != 0:  # root writes anywhere
            assert store.seal() is None
        assert {path: path.stat().st_mtime_ns for path in files} == {p: s.st_mtime_ns for p, s in files.items()}
    finally:
        for path in folders:
            path.chmod(0o700)
