"""A reader that follows growing journals answers as one that has just read all of them."""

from __future__ import annotations

import fcntl
import json
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.query import Reader, growth
from tracker.store import Store, rows, segments
from tracker.store.ids import new_id

START = 1_767_225_600_000_000
VIEWS = ["runs", "params", "metrics", "latest_metrics", "tags", "artifacts", "datasets", "experiments"]
Event = dict[str, Any]


def line(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def run(name: str = "r", t: int = START) -> Event:
    return {"e": "run", "r": name, "x": "7", "v": {}, "t": t}


def point(value: Any, step: int = 0, t: int = START, name: str = "r") -> Event:
    return {"e": "metric", "r": name, "k": "m", "v": value, "s": step, "t": t}


def answers(asked: Reader) -> dict[str, list[str]]:
    """All that the views show, in an order of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cursor = asked.cursor()
    return {
        view: sorted(map(repr, cursor.execute(f"SELECT COLUMNS(*)::VARCHAR FROM {view}").fetchall())) for view in VIEWS
    }


def anew(store: Store) -> dict[str, list[str]]:
    """The answers of a process that has just begun."""
    return answers(Reader(Store(store.root)))


class Writers:
    """Journals of processes that live, or no more."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "journal"
        self.folder.mkdir(parents=True)
        self.held: dict[str, IO[bytes]] = {}
        self.time = START

    def open(self, name: str) -> IO[bytes]:
        if name not in self.held:
            self.held[name] = (self.folder / f"{name}.ndjson").open("ab", buffering=0)
            fcntl.flock(self.held[name], fcntl.LOCK_EX)
        return self.held[name]

    def append(self, name: str, *lines: Event | bytes) -> None:
        self.open(name).write(b"".join(part if isinstance(part, bytes) else line(part) for part in lines))

    def die(self, name: str) -> None:
        if name in self.held:
            self.held.pop(name).close()

    def close(self) -> None:
        for name in list(self.held):
            self.die(name)


@pytest.fixture
def place(tmp_path: Path) -> Any:
    made: list[Writers] = []

    def make() -> tuple[Store, Writers]:
        store = Store(tmp_path / new_id())
        made.append(Writers(store.root))
        return store, made[-1]

    yield make
    for writers in made:
        writers.close()


# -- whatever happens, in whichever order

names = st.sampled_from(["r0", "r1", "r2"])
values = st.sampled_from([1.0, -2.5, 3, "NaN", "Infinity", "high", None])
event = st.one_of(
    st.builds(lambda r: run(r), names),
    st.builds(lambda r, k, v: {"e": "param", "r": r, "k": k, "v": v}, names, st.sampled_from("pq"), values),
    st.builds(lambda r, v: {"e": "tag", "r": r, "k": "mlflow.runName", "v": v}, names, st.sampled_from(["a", "é", None])),
    st.builds(lambda r, v, s: {**point(v, s), "r": r}, names, values, st.integers(0, 3)),
    st.builds(lambda r, v: {"e": "end", "r": r, "v": {"status": v}}, names, st.sampled_from(["FAILED", "FINISHED"])),
    st.builds(lambda r: {"e": "resume", "r": r}, names),
    st.builds(lambda r, v: {"e": "state", "r": r, "v": v}, names, st.sampled_from(["deleted", "active"])),
    st.builds(lambda r: {"e": "purge", "r": r}, st.just("r2")),
    st.builds(lambda r: {"e": "artifact", "r": r, "k": "f", "v": {"size": 3}}, names),
    st.builds(lambda r: {"e": "input", "r": r, "k": "iris", "v": {"digest": "d"}}, names),
)  # fmt: skip
raw = st.sampled_from([
    b"\n", b" \r\n", b"{nonsense\n", b"\x00\xff\n", b"[1]\n", b'{"e":"tag","r":"r0","k":"\xff","v":"x","t":1}\n',
    b'{"e":"metric","r":"r1","k":"m",', b'"v":9.5,"s":1,"t":5}', b'{"e":"param","r":"r0","k":"late","v":{},"t":7}',
])  # fmt: skip
experiment = st.sampled_from([
    {"e": "experiment", "x": "7", "v": {"name": "iris"}}, {"e": "experiment.name", "x": "7", "v": "wine"},
    {"e": "experiment.state", "x": "7", "v": "deleted"}, {"e": "experiment.state", "x": "7", "v": "active"},
])  # fmt: skip
writer = st.sampled_from(["a", "b", "c"])
action = st.one_of(
    st.tuples(st.just("append"), writer, st.lists(st.one_of(event, event, event, raw), min_size=1, max_size=4)),
    st.tuples(st.just("append"), writer, st.lists(event, min_size=1, max_size=4)),
    st.tuples(st.just("append"), st.just("kept"), st.lists(experiment, min_size=1, max_size=2)),
    st.tuples(st.sampled_from(["die", "rotate", "truncate", "replace", "remove"]), writer, st.none()),
    st.tuples(st.sampled_from(["seal", "look", "look", "look"]), st.none(), st.none()),
)


def act(store: Store, writers: Writers, live: dict[str, str], what: str, name: str | None, told: Any) -> None:
    """`live` maps the names of processes to their journals: those that died go on under a new name."""
    if what == "seal":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cursor = Reader(Store(store.root)).cursor()
        purged = [r for (r,) in cursor.execute("FROM hot.purged").fetchall()]
        while store.seal(keep_seconds=0, purged=purged) is None:  # a reader's own sealer is at it
            time.sleep(0.01)
        return
    assert name is not None
    journal = live.setdefault(name, name)
    path = writers.folder / f"{journal}.ndjson"
    if what == "append":
        for part in told:
            if isinstance(part, dict):
                writers.time += 10
                part = {**part, "t": writers.time}
            writers.append(journal, part)
    elif what == "die":
        writers.die(journal)
        live[name] = f"{name}{new_id()}"
    elif what == "rotate" and path.exists():
        live[name] = f"{name}{new_id()}"
        writers.append(live[name], {"e": "journal", "v": [journal], "t": writers.time})
        writers.die(journal)
    elif what == "truncate" and path.exists():
        os.truncate(path, path.stat().st_size // 2)
    elif what in ("replace", "remove") and path.exists():
        lines = path.read_bytes().splitlines(keepends=True)
        path.unlink()
        writers.die(journal)
        if what == "replace":
            writers.append(journal, *lines[1:], *lines[:1], *lines)


EXAMPLES = int(os.environ.get("TRACKER_READER_EXAMPLES", "8"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(actions=st.lists(action, min_size=5, max_size=30))
def test_it_is_what_a_new_reader_says(place: Callable[[], tuple[Store, Writers]], actions: list[Any]) -> None:
    store, writers = place()
    following, live = Reader(store), dict[str, str]()
    writers.append("a", run("r0"), run("r1"), run("r2"))
    for what, name, told in [*actions, ("look", None, None)]:
        if what == "look":
            assert answers(following) == anew(store)
        else:
            act(store, writers, live, what, name, told)
    writers.close()
    assert answers(following) == anew(store)


# -- a line means the same, whichever way it is read

ODD = (
    "1", "-0", "1.7", "2.5", "1e400", "1E5", "1" + "0" * 40, "9223372036854775808", "01", "+1", ".5", "1.", "NaN", "Infinity",
    "null", "true", '"x"', '"12"', '" 12 "', '"1.7"', '"1e2"', '"NaN"', '"\\u0000"', '"\\ud800"', '"\\n"', '"\t"', '"é"', '""',
    "'x'", "[]", "{}", "[1,[2]]", '{"a":{"b":[null]}}', "[" * 2000 + "]" * 2000, "0x10", '"2026-01-01"',
)  # fmt: skip
BROKEN = (
    b"", b" ", b"\r", b"\t \v\f", b"v", b"tf", b"\x00", b"\xff", b"[]", b"5", b"null", b'"x"', b'[{"e":"tag"}]', b"\xef\xbb\xbf{}",
    b'{"e":"tag"}{}', b'{"e":"tag"} {"e":"end"}', b'{"e":"tag"}\x00', b'{"e":"tag"}\r', b' {"e":"tag"} ', b'{"e":"tag",}',
    b'{"e":"tag","e":"end","t":1,"t":2}', b'{"\\u0065":"tag"}', b'{"E":"tag"}', b'{"e":"tag","r":"\xff"}', b'{"e":"ta',
)  # fmt: skip


def test_a_line_is_read_alike_from_a_journal_and_from_a_text(tmp_path: Path) -> None:
    chance = random.Random(7)
    lines = [f'{{"{field}":{odd},"e":"tag"}}'.encode() for field in "erxkvstz" for odd in ODD] + [*BROKEN]
    for _ in range(2_000):
        fields = ",".join(f'"{chance.choice("erxkvst")}":{chance.choice(ODD)}' for _ in range(chance.randrange(6)))
        bent = bytearray(f"{{{fields}}}".encode())
        if chance.random() < 0.5:
            bent[chance.randrange(len(bent))] = chance.choice([n for n in range(256) if n != 10])
        lines.append(bytes(bent))
    chance.shuffle(lines)
    path, journal = tmp_path / "w.ndjson", b"\n".join(lines) + b"\n"
    path.write_bytes(journal)
    text = growth.gained(
        segments.JournalFile(path, "w", len(journal), path.stat().st_ino), growth.Position(path.stat().st_ino, 0)
    )
    assert text is not None
    db = duckdb.connect()
    of_journal = db.execute(rows.OF_JOURNALS, {"files": [str(path)]}).fetchall()
    of_text = db.execute(rows.OF_TEXTS, {"writers": ["w"], "texts": text[1]}).fetchall()
    assert of_text == of_journal and len(of_text) > 2_000


# -- one by one


class Growing(Store):
    """A store in which something happens between the listing of a journal and its reading."""

    meanwhile: list[Callable[[], None]]

    def is_live(self, writer: str) -> bool:
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().is_live(writer)


def test_what_is_written_while_it_is_read_counts_once(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    growing = Growing(store.root)
    following = Reader(growing)
    for step in range(6):
        writers.append("a", *([run()] if not step else []), point(1.0, step))
        growing.meanwhile = [lambda step=step: writers.append("a", point(2.0, step))] if step % 2 == 0 else []  # type: ignore[misc]
        answers(following)
    growing.meanwhile = []
    shown = answers(following)
    assert len(shown["metrics"]) == 9 and shown == anew(store)


@pytest.mark.parametrize("size", [5_000, 1 << 24])
def test_a_long_line_counts_for_what_it_does_to_a_new_reader(
    place: Callable[[], tuple[Store, Writers]], size: int
) -> None:
    store, writers = place()
    following = Reader(store)
    for text in ("short", "x" * size, "short"):
        writers.append("a", run(), {"e": "param", "r": "r", "k": "p", "v": text, "t": START})
        assert answers(following) == anew(store)


def test_a_journal_in_whose_place_another_stands_is_read_as_new(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    following, path = Reader(store), writers.folder / "a.ndjson"
    writers.append("a", run("old"), point(1.0, name="old"))
    assert answers(following) == anew(store)
    with path.open("r+b") as file:  # the same file: its inode tells nothing
        file.truncate()
        file.write(line(run("new")) + line(point(2.0, name="new")) * 9)
    shown = answers(following)
    assert shown == anew(store) and len(shown["runs"]) == 1 and len(shown["metrics"]) == 9


def test_a_last_line_without_its_end_counts_while_others_write(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    following = Reader(store)
    writers.append("a", run(), line(point(1.0)).rstrip())
    for step in range(3):
        writers.append("b", point(2.0, step))
        shown = answers(following)
        assert len(shown["metrics"]) == step + 2 and shown == anew(store)
    writers.append("a", b"no longer one\n", point(3.0))
    shown = answers(following)
    assert len(shown["metrics"]) == 4 and shown == anew(store)


def test_a_purge_that_is_gone_gives_the_run_back(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    following = Reader(store)
    writers.append("a", run(), point(1.0))
    writers.append("b", {"e": "purge", "r": "r", "t": START})
    assert answers(following)["runs"] == []
    (writers.folder / "b.ndjson").unlink()
    writers.die("b")
    shown = answers(following)
    assert len(shown["runs"]) == 1 and shown == anew(store)


def test_a_journal_that_tells_late_from_which_it_goes_on(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    following = Reader(store)
    writers.append("a", run())
    writers.append("b")  # made, but its first line not yet written
    writers.die("a")
    assert "KILLED" in answers(following)["runs"][0]
    writers.append("b", {"e": "journal", "v": ["a"], "t": START})
    shown = answers(following)
    assert "RUNNING" in shown["runs"][0] and shown == anew(store)


def test_damage_is_told_once_and_a_torn_line_never(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    following = Reader(store)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for part in (line(run()), b'{"e":"metric",', b'"r":"r","k":"m",', b'"v":1.0,"s":1,"t":5}\n'):
            writers.append("a", part)
            following.cursor()
    with pytest.warns(UserWarning, match=r"a\.ndjson has 2 damaged lines;") as told:
        writers.append("a", b"{nonsense\n", b"\xff\n", point(2.0), b"[]\n")
        following.cursor()
        writers.append("a", b"{}\n", point(3.0))
        following.cursor()
    assert len(told) == 1 and len(answers(following)["metrics"]) == 3


def test_many_look_while_one_writes(place: Callable[[], tuple[Store, Writers]]) -> None:
    store, writers = place()
    following, wrong, done = Reader(store), list[tuple[int, int]](), threading.Event()
    writers.append("a", run())

    def look() -> None:
        last = 0
        while not done.is_set():
            held, told = (
                following.cursor()
                .execute("SELECT (SELECT count(*) FROM metrics), (SELECT sum(points) FROM latest_metrics)")
                .fetchall()[0]
            )
            if held != (told or 0) or held < last:
                wrong.append((held, told))
            last = held

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(400):
        writers.append("a", *(point(float(step), step) for _ in range(5)))
        if step % 100 == 50:
            writers.append("a", b'{"e":"metric","r":"r","k":"m","v":1.0')
            writers.append("a", b',"s":1,"t":5}\n')
    done.set()
    for thread in threads:
        thread.join()
    shown = answers(following)
    assert not wrong and shown == anew(store) and len(shown["metrics"]) == 2004


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_reads_what_comes_after_the_fork(tmp_path: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from tracker.query import reader
from tracker.store import events, open_store
store = open_store(Path({str(tmp_path)!r}) / ".tracker")
def add(step):
    store.append(events.metric_line(events.metric_prefix("r", "m"), 1.0, step, 1))
count = lambda: reader(store).cursor().execute("SELECT count(*) FROM metrics").fetchone()[0]
store.append(events.event("run", r="r", x="0", v={{}}, t=1))
add(0)
assert count() == 1
add(1)
assert count() == 2
child = os.fork()
add(2)
if child == 0:
    assert count() >= 3
    sys.exit(11)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 11
assert count() == 4
"""
    subprocess.run([sys.executable, "-c", script], timeout=120, check=True)
