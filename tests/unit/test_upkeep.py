"""What a process does for its journals beside writing: flushing, going on in a new file, signs of life without locks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tracker.query import Reader
from tracker.store import Store, events, journal

NO_LOCKS = """
import errno, fcntl, os
def refuse(*_):
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
fcntl.flock = refuse
"""

WRITE_AND_WAIT = """
import sys
from pathlib import Path
from tracker.store import Store, events
store = Store(Path(sys.argv[1]))
store.append(events.event("run", r="r", x="0", v={}, t=store.clock()))
print("written", flush=True)
for line in sys.stdin:
    store.append(events.event("tag", r="r", k="said", v=line.strip(), t=store.clock()))
    print("written", flush=True)
"""


def status(root: Path) -> str:
    return Reader(Store(root)).cursor().execute("SELECT status FROM runs").fetchall()[0][0]


def eventually(true: Callable[[], bool]) -> bool:
    return any(true() or time.sleep(0.05) for _ in range(400))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def start(root: Path, before: str = "") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", before + WRITE_AND_WAIT, str(root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "written\n"
    return process


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()
    assert process.stdout.readline() == "written\n"


# -- large journals


def test_large_journal_goes_on_in_a_new_one_and_its_run_lives_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROTATE_BYTES", 10_000)
    store.append(events.event("run", r="r", x="0", v={}, t=store.clock()))
    prefix = events.metric_prefix("r", "loss")
    for step in range(2_000):
        store.append(events.metric_line(prefix, 1.0, step, store.clock()))
        if step % 200 == 199:
            store._journal.tend()
    written = store.journals()
    assert len(written) > 3
    assert [store.is_live(path.stem) for path in written] == [False] * (len(written) - 1) + [True]
    following = Reader(store)
    query = "SELECT status, (SELECT count(DISTINCT step) FROM metrics) FROM runs"
    assert following.cursor().execute(query).fetchall() == [("RUNNING", 2_000)]
    done = store.seal()
    assert done is not None and done.journals == len(written) - 1
    assert following.cursor().execute(query).fetchall() == [("RUNNING", 2_000)]
    last = store.clock()
    store.append(events.event("tag", r="r", k="a", v="b", t=last))
    store._journal.close()
    shown = "SELECT status, epoch_us(end_time) FROM runs"
    assert following.cursor().execute(shown).fetchall() == [("KILLED", last)]
    store.seal()
    assert store.journals() == [] and Reader(store).cursor().execute(shown).fetchall() == [("KILLED", last)]


def test_threads_that_write_while_journals_rotate_lose_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROTATE_BYTES", 2_000)
    store.ensure()
    done = threading.Event()

    def rotate() -> None:
        while not done.is_set():
            store._journal.tend()

    written: dict[str, int] = {}

    def write(name: str) -> None:
        step = 0
        while step < 1_000 or (step < 200_000 and len(store.journals()) < 4):  # a flush may take long
            store.append(events.metric_line(events.metric_prefix(name, "m"), 1.0, step, store.clock()))
            step += 1
        written[name] = step

    writers = [threading.Thread(target=write, args=(f"r{n}",)) for n in range(4)]
    rotator = threading.Thread(target=rotate)
    for thread in (rotator, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    rotator.join()
    lines = [json.loads(line) for path in store.journals() for line in path.read_bytes().splitlines()]
    points = [(e["r"], e["s"]) for e in lines if e["e"] == "metric"]
    assert len(points) == len(set(points)) == sum(written.values()) and len(store.journals()) > 2


def test_run_ended_by_another_process_stays_ended_when_its_opener_rotates(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "ROTATE_BYTES", 10)
    store.append(events.event("run", r="r", x="0", v={}, t=store.clock()))
    other = Store(store.root)
    other.append(events.event("end", r="r", v={"status": "FINISHED"}, t=other.clock()))
    store._journal.tend()
    assert len(store.journals()) == 3 and status(store.root) == "FINISHED"


# -- flushing


def test_what_was_written_is_flushed_soon_after_and_before_the_process_exits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        real(fd)
        flushed.append(os.fstat(fd).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    store.append(events.event("run", r="r", x="0", v={}, t=store.clock()))
    size = store.journal_path.stat().st_size
    assert eventually(lambda: size in flushed)
    store.append(events.event("end", r="r", v={"status": "FINISHED"}, t=store.clock()))
    store.flush_soon()
    assert eventually(lambda: store.journal_path.stat().st_size in flushed)


def test_script_that_ends_at_once_is_flushed(tmp_path: Path) -> None:
    script = f"""
import os
real, sizes = os.fsync, []
os.fsync = lambda fd: (real(fd), print(os.fstat(fd).st_size, flush=True))
from pathlib import Path
from tracker.store import Store, events
store = Store(Path({str(tmp_path / "store")!r}))
store.append(events.event("run", r="r", x="0", v={{}}, t=1))
"""
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert told[-1] == str(Store(tmp_path / "store").journals()[0].stat().st_size)


# -- dead or alive


def test_stopped_process_is_alive_and_killed_one_is_not(tmp_path: Path) -> None:
    with start(tmp_path / "store") as process:
        process.send_signal(signal.SIGSTOP)
        assert status(tmp_path / "store") == "RUNNING"
        done = Store(tmp_path / "store").seal()
        assert done is not None and not done
        process.send_signal(signal.SIGCONT)
        say(process, "back")
        assert status(tmp_path / "store") == "RUNNING"
        process.kill()
    assert status(tmp_path / "store") == "KILLED"


def test_without_locks_a_sign_of_life_counts_and_nothing_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import fcntl

    root = tmp_path / "store"
    with start(root, NO_LOCKS) as process:

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOTSUP, "not supported")

        monkeypatch.setattr(fcntl, "flock", refuse)
        (path,) = Store(root).journals()
        _as_of_another_machine(path)
        assert status(root) == "RUNNING"
        os.utime(path, (0, 0))
        assert status(root) == "KILLED"
        say(process, "still here")
        assert status(root) == "RUNNING"
        assert Store(root).seal() is None and path.exists()
        process.kill()


def _as_of_another_machine(journal: Path) -> None:
    text = journal.read_bytes()
    place = text.index(b'"machine":"') + len(b'"machine":"')
    with open(journal, "r+b") as file:
        file.seek(place)
        file.write(b"~")


def test_without_locks_a_paused_process_of_this_machine_lives_and_a_killed_one_is_dead_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import fcntl

    root = tmp_path / "store"
    with start(root, NO_LOCKS) as process:

        def refuse(*_: object) -> None:
            raise OSError(errno.ENOTSUP, "not supported")

        monkeypatch.setattr(fcntl, "flock", refuse)
        (path,) = Store(root).journals()
        process.send_signal(signal.SIGSTOP)
        os.utime(path, (0, 0))
        assert status(root) == "RUNNING"
        process.send_signal(signal.SIGCONT)
        say(process, "back")
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet collected by its parent
        assert status(root) == "KILLED"
        process.wait()
        os.utime(path)
        assert status(root) == "KILLED"


def test_a_sign_of_life_is_given_while_nothing_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.store import locks

    monkeypatch.setattr(locks, "hold", lambda _: False)
    monkeypatch.setattr(journal, "HEARTBEAT_SECONDS", 0.0)
    store.append(events.event("run", r="r", x="0", v={}, t=store.clock()))
    store._journal.tend()
    os.utime(store.journal_path, (0, 0))
    store._journal.tend()
    assert time.time() - store.journal_path.stat().st_mtime < 60


def test_journal_swept_before_it_was_locked_is_made_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.store import locks

    real, swept = locks.hold, []

    def hold(fd: int) -> bool:
        if not swept:
            swept.append(store.seal())
        return real(fd)

    monkeypatch.setattr(locks, "hold", hold)
    store.append(events.event("run", r="r", x="0", v={}, t=store.clock()))
    assert status(store.root) == "RUNNING"
