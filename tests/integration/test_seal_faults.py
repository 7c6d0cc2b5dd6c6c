"""Processes killed at any instant of writing, sealing and merging; readers and forks beside them: every acknowledged
event is there exactly once.

`pytest --kills 1000 --processes 64` makes it larger.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tracker.query import Reader, curves, frames, reader
from tracker.store import Store, events

KILLS = int(os.environ.get("TRACKER_TEST_KILLS", "30"))
PROCESSES = int(os.environ.get("TRACKER_TEST_PROCESSES", "16"))

# Says what is acknowledged only after it is, in a file of its own: one line a point.
WRITER = """
import os, sys
from pathlib import Path
from tracker.store import Store, events, journal
journal.ROTATE_BYTES = 20_000
store, name = Store(Path(sys.argv[1])), sys.argv[2]
told = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
store.append(events.event("run", r=name, x="0", v={}, t=store.clock()))
prefix = events.metric_prefix(name, "m")
for step in range(int(sys.argv[4])):
    store.append(events.metric_line(prefix, float(step), step, store.clock()))
    os.write(told, b"%d\\n" % step)
    if step % 100 == 0:
        store._journal.tend()
"""

# Through the public face, in a store that nobody has made yet.
RUNS_OF_EACH = 100
STARTER = """
import sys, tracker
tracker.set_tracking_uri(sys.argv[1])
for n in range(int(sys.argv[2])):
    with tracker.start_run(run_name=f"{sys.argv[3]}-{n}"):
        tracker.log_params({"n": n, "of": sys.argv[3]})
        for step in range(3):
            tracker.log_metric("m", float(step))
"""

SEALER = """
import sys
from pathlib import Path
from tracker.store import Store
print("ready", flush=True)
while True:
    Store(Path(sys.argv[1])).seal(keep_seconds=float(sys.argv[2]))
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def points(store: Store) -> Counter[tuple[str, int]]:
    found = Reader(store).cursor().execute("SELECT run_id, step, value FROM metrics").fetchall()
    assert all(step == value for _, step, value in found)
    return Counter((run, step) for run, step, _ in found)


def check(store: Store, told: Path) -> None:
    """Nothing twice, and all that was acknowledged."""
    found = points(store)
    assert not found or max(found.values()) == 1
    for path in told.iterdir():
        missing = {(path.name, int(step)) for step in path.read_text().splitlines()} - found.keys()
        assert not missing, f"{len(missing)} acknowledged points of {path.name} are lost"


@pytest.fixture
def told(tmp_path: Path) -> Path:
    folder = tmp_path / "told"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.timeout(300 + 10 * KILLS)
def test_killed_at_any_instant_loses_nothing_and_doubles_nothing(store: Store, told: Path) -> None:
    chance = random.Random(7)
    following = Reader(store)
    sealer = start(SEALER, store.root, 0)
    assert sealer.stdout is not None and sealer.stdout.readline() == "ready\n"
    for n in range(KILLS):
        writer = start(WRITER, store.root, f"r{n}", told / f"r{n}", 10**9 if n % 3 else 500)
        while n % 8 and not (told / f"r{n}").exists():  # some die before they write
            time.sleep(0.002)
        time.sleep(chance.random() * 0.1)
        kill(writer)
        if n % 2:
            kill(sealer)
            sealer = start(SEALER, store.root, 0)
        if n % 5 == 0:
            following.cursor().close()
    kill(sealer)
    check(store, told)
    assert sum(points(store).values()) > KILLS
    store.seal(keep_seconds=0)
    assert store.journals() == []
    segments = sorted((segment.size for segment in store.contents().segments), reverse=True)
    assert len(segments) == 1 or segments[0] > segments[1]  # what is much larger than all the rest stays as it is
    assert len(segments) <= 4
    assert [p.name for p in (store.root / "segments").iterdir() if p.name.startswith(".")] == []
    check(store, told)
    rows = following.cursor().execute("SELECT run_id, count(*) FROM metrics GROUP BY 1").fetchall()
    assert sum(n for _, n in rows) == sum(points(store).values())
    statuses = following.cursor().execute("SELECT DISTINCT status FROM runs").fetchall()
    assert statuses == [("KILLED",)]


@pytest.mark.timeout(300 + 10 * PROCESSES)
def test_cold_start_of_many_processes(store: Store) -> None:
    processes = [start(STARTER, store.root, RUNS_OF_EACH, f"p{n}") for n in range(PROCESSES)]
    assert [process.communicate() and process.returncode for process in processes] == [0] * PROCESSES
    expected = sorted((f"p{p}-{n}", "FINISHED", n, f"p{p}", 2.0) for p in range(PROCESSES) for n in range(RUNS_OF_EACH))

    def found() -> list[tuple[object, ...]]:
        frame = frames.runs(store)
        columns = ["name", "status", "params.n", "params.of", "metrics.m"]
        return sorted(frame[columns].itertuples(index=False, name=None))

    assert found() == expected
    assert sum(points(store).values()) == 3 * len(expected)
    assert store.seal() is not None and store.journals() == []
    assert found() == expected
    assert sum(points(store).values()) == 3 * len(expected)


def test_readers_beside_a_sealer_see_whole_states(store: Store, told: Path) -> None:
    """Each round adds a run of ten points at once: a reader may see it or not, but never in part or twice."""
    sealer = start(SEALER, store.root, 2)
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        seen, asked = 0, Reader(store)
        while not done.is_set():
            try:
                cursor = asked.cursor()
                rows = cursor.execute(
                    "SELECT run_id, count(*), count(DISTINCT step) FROM metrics GROUP BY 1"
                ).fetchall()
                runs = cursor.execute("SELECT count(*) FROM runs").fetchone()
                if any(row[1:] != (10, 10) for row in rows) or len(rows) < seen or runs is None or runs[0] < len(rows):
                    wrong.append((seen, runs, [row for row in rows if row[1:] != (10, 10)]))
                seen = len(rows)
                curves.reduced(asked, ["r0"], ["m"], 100)
            except Exception as error:
                wrong.append(error)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for thread in readers:
        thread.start()
    for n in range(40):
        owner = Store(store.root)
        lines = [events.event("run", r=f"r{n}", x="0", v={}, t=owner.clock())]
        lines += [events.metric_line(events.metric_prefix(f"r{n}", "m"), float(s), s, owner.clock()) for s in range(10)]
        owner.append(b"".join(lines))
        owner._journal.close()
        time.sleep(0.05)
    done.set()
    for thread in readers:
        thread.join()
    kill(sealer)
    assert wrong == []
    assert sum(points(store).values()) == 400


def test_fork_and_threads_inside_a_run(store: Store, told: Path) -> None:
    script = f"""
import os, sys, threading
from pathlib import Path
from tracker.query import reader
from tracker.store import Store, events
store = Store(Path({str(store.root)!r}))
store.append(events.event("run", r="r", x="0", v={{}}, t=store.clock()))
def write(name):
    for step in range(300):
        store.append(events.metric_line(events.metric_prefix(name, "m"), float(step), step, store.clock()))
threads = [threading.Thread(target=write, args=(f"t{{n}}",)) for n in range(3)]
for thread in threads: thread.start()
children = []
for n in range(3):
    child = os.fork()
    if child == 0:
        write(f"c{{n}}")
        os._exit(0)
    children.append(child)
for thread in threads: thread.join()
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
assert store.seal() is not None
assert reader(store).cursor().execute("SELECT status FROM runs").fetchall() == [("RUNNING",)]
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=120)
    assert sum(points(store).values()) == 1_800
    assert reader(store).cursor().execute("SELECT status FROM runs").fetchall() == [("KILLED",)]


def test_process_that_exits_while_it_seals_neither_hangs_nor_hurts(store: Store, told: Path) -> None:
    for n in range(30):
        owner = Store(store.root)
        owner.append(events.event("run", r=f"r{n}", x="0", v={}, t=owner.clock()))
        prefix = events.metric_prefix(f"r{n}", "m")
        owner.append(b"".join(events.metric_line(prefix, float(s), s, owner.clock()) for s in range(3_000)))
        owner._journal.close()
    for path in store.journals():
        os.utime(path, (0, 0))
    script = f"""
import time
from pathlib import Path
from tracker.query import Reader
from tracker.store import Store
Reader(Store(Path({str(store.root)!r}))).cursor()
time.sleep(WAIT)
"""
    for wait in (0, 0.05, 0.2, 0.5):
        subprocess.run([sys.executable, "-c", script.replace("WAIT", str(wait))], check=True, timeout=60)
        assert sum(points(store).values()) == 90_000
    assert store.seal() is not None and store.journals() == []
    assert sum(points(store).values()) == 90_000
