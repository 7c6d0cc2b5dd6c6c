"""The store's promises: acknowledged is kept, nobody waits, names stay inside, faults are told in one sentence."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.exceptions import AlreadyExists, InvalidValue, StoreError
from tracker.store import Store, events, find_store, open_store
from tracker.store.artifacts import resolve_inside, write_file
from tracker.store.ids import experiment_id, new_id


def lines_of(store: Store) -> list[dict[str, object]]:
    return [json.loads(line) for path in store.journals() for line in path.read_bytes().splitlines() if line]


def metric(i: int) -> bytes:
    return events.metric_line(events.metric_prefix("a" * 32, "loss"), float(i), i, 1_700_000_000_000_000 + i)


# -- where the store is


def test_looking_makes_nothing(tmp_path: Path) -> None:
    store = find_store()
    assert store.root == tmp_path / ".tracker"
    assert store.experiments() == {} and store.journals() == [] and store.id is None
    assert list(tmp_path.iterdir()) == []


def test_nearest_store_upwards_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_store().ensure_experiment("iris")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_store().root == tmp_path / ".tracker"
    assert find_store("elsewhere").root == below / "elsewhere"
    monkeypatch.setenv("TRACKER_STORE", str(tmp_path / "told"))
    assert find_store().root == tmp_path / "told"


@pytest.mark.parametrize("half", [".tracker-01a1ff", ".store-01a1ff.json", "journal/"])
def test_a_store_that_another_process_is_making_is_no_project(tmp_path: Path, half: str) -> None:
    place = tmp_path / "new"
    (place / half).mkdir(parents=True) if half.endswith("/") else (place.mkdir(), (place / half).touch())
    assert find_store(place).root == place


def test_a_project_folder_means_the_store_in_it(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "train.py").touch()
    assert find_store("project").root == tmp_path / "project" / ".tracker"
    assert find_store((tmp_path / "project").as_uri()).root == tmp_path / "project" / ".tracker"
    assert find_store("tracker:project").root == tmp_path / "project" / ".tracker"


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file; a store is a folder"):
        find_store("file")
    with pytest.raises(StoreError, match="is a file; a store is a folder"):
        open_store(tmp_path / "file" / "below" / ".tracker")
    with pytest.raises(StoreError, match="keeps runs in a folder"):
        find_store("postgresql://host/db")


def test_a_newer_format_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "store.json").write_text('{"format": 99, "id": "x"}')
    with pytest.raises(StoreError, match=r"format 99.*pip install -U jupyter-tracker"):
        find_store("s")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    store = open_store(tmp_path / "folder" / ".tracker")
    (tmp_path / "folder").rmdir()
    (tmp_path / "folder").touch()  # in the way, even for root
    with pytest.raises(StoreError, match="Choose a folder that you may write"):
        store.ensure_experiment("iris")


def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    store = find_store()
    store.ensure_experiment("iris")
    write_file(store.artifact_root(new_id()) / "a.txt", b"x")
    for path in store.root.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


# -- journals


def test_acknowledged_lines_survive_sigkill(tmp_path: Path) -> None:
    script = """
    import sys
    from tracker.store import events, find_store
    store, prefix, i = find_store(), events.metric_prefix("a" * 32, "loss"), 0
    while True:
        store.append(events.metric_line(prefix, float(i), i, i))
        print(i, flush=True)
        i += 1
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(2_000)]
    store = find_store()
    writer = store.journals()[0].stem
    assert store.is_live(writer)
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    assert {line["s"] for line in lines_of(store)} >= set(told)
    assert not store.is_live(writer)


def test_threads_write_whole_lines() -> None:
    store = find_store()

    def write(start: int) -> None:
        for i in range(start, start + 500):
            store.append(metric(i))

    threads = [threading.Thread(target=write, args=(n * 500,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["s"] for line in lines_of(store)) == list(range(4_000))  # type: ignore[type-var]
    assert len(store.journals()) == 1


def test_a_forked_child_writes_its_own_journal() -> None:
    store = find_store()
    store.append(metric(0))
    child = os.fork()
    if child == 0:
        try:
            store.append(metric(1))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    store.append(metric(2))
    first, second = store.journals()
    assert store.is_live(first.stem) and not store.is_live(second.stem)
    assert [line["s"] for line in lines_of(store)] == [0, 2, 1]


def test_a_refused_write_is_told_and_hurts_nothing(tmp_path: Path) -> None:
    store = find_store()
    store.append(metric(0))
    size = store.journal_path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
        with pytest.raises(StoreError, match=r"cannot be written: File too large\. Nothing logged before is lost"):
            store.append(metric(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    store.append(metric(2))
    whole = []
    for line in store.journal_path.read_bytes().splitlines():
        with contextlib.suppress(ValueError):
            whole.append(json.loads(line)["s"])
    assert whole == [0, 2]


def test_a_store_removed_beneath_us_is_made_again() -> None:
    store = find_store()
    store.append(metric(0))
    store.journal_path.unlink()
    store.ensure()
    store.append(metric(1))
    assert [line["s"] for line in lines_of(store)] == [1]


def test_the_clock_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    store = find_store()
    first = store.clock()
    monkeypatch.setattr("time.time_ns", lambda: 1)
    assert first < store.clock() < store.clock()


def test_ids_sort_by_time() -> None:
    made = [new_id() for _ in range(2_000)]
    assert len(set(made)) == len(made) and all(len(i) == 32 and i[12] == "7" for i in made)
    assert [i[:12] for i in made] == sorted(i[:12] for i in made)


# -- events

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(key=st.text(min_size=1), value=json_values)
def test_an_event_is_one_line_that_reads_back(key: str, value: object) -> None:
    line = events.event("param", r="a" * 32, k=key, v=value, t=1)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and line.startswith(b'{"e":"param"')
    back = json.loads(line)
    assert back["v"] == value or any(0xD800 <= ord(c) < 0xE000 for c in str(value))


@given(value=st.floats(), step=st.integers(-(2**63), 2**63 - 1))
def test_a_metric_reads_back_to_the_last_bit(value: float, step: int) -> None:
    back = json.loads(events.metric_line(events.metric_prefix("r", 'k"\n'), value, step, 5))
    assert back["k"] == 'k"\n' and back["s"] == step
    number = float(back["v"].replace("Infinity", "inf")) if isinstance(back["v"], str) else back["v"]
    assert number == value or (number != number and value != value)


def test_a_value_beyond_the_bound_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"param 'text' has 2,000,\d+ bytes.*Log it as an artifact"):
        events.event("param", r="a", k="text", v="x" * 2_000_000, t=1)


@pytest.mark.parametrize(
    ("key", "word"), [("", "is empty"), ("a\nb", "control character"), ("k" * 10_000, "10,000"), (3, "is text")]
)
def test_keys_that_cannot_be_stored_are_refused(key: object, word: str) -> None:
    with pytest.raises(InvalidValue, match=word):
        events.check_key(key, "metric")


# -- names inside the store


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "a\0b", "C:\\x", "\\\\host\\x", "..\\x", "a\\..\\..\\x"]
)
def test_names_that_leave_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidValue):
        resolve_inside(tmp_path, name)


def test_links_that_leave_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "out").symlink_to(tmp_path)
    with pytest.raises(InvalidValue, match="through a link"):
        resolve_inside(tmp_path / "in", "out/file")


@given(name=st.text(min_size=1, max_size=30))
def test_a_resolved_name_is_inside(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    root = tmp_path_factory.getbasetemp()
    try:
        path = resolve_inside(root, name)
    except (InvalidValue, UnicodeEncodeError):
        return
    assert os.path.commonpath([os.path.realpath(root), os.path.realpath(path)]) == os.path.realpath(root)


# -- experiments


def test_experiments_created_at_once_agree(tmp_path: Path) -> None:
    script = "from tracker.store import find_store; print(find_store().ensure_experiment('iris'))"
    processes = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert {process.communicate()[0].strip() for process in processes} == {experiment_id("iris")}
    assert list(find_store().experiments()) == [experiment_id("iris")]


def test_other_processes_edits_are_seen(python: object) -> None:
    store = find_store()
    identifier = store.ensure_experiment("iris")
    python(  # type: ignore[operator]
        "from tracker.store import find_store, events; s = find_store()\n"
        f"s.append(events.event('experiment.name', x='{identifier}', v='flowers', t=s.clock()))"
    )
    assert store.experiment_named("iris") is None
    assert store.experiments()[identifier].name == "flowers"
    assert store.create_experiment("iris") not in ("", identifier)


def test_a_taken_name_is_refused() -> None:
    find_store().create_experiment("iris")
    with pytest.raises(AlreadyExists):
        find_store().create_experiment("iris")


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\nb", "x" * 501, None])
def test_bad_experiment_names_are_refused(name: object) -> None:
    with pytest.raises(InvalidValue, match="The name of an experiment"):
        find_store().create_experiment(name)  # type: ignore[arg-type]


def test_a_damaged_journal_costs_itself() -> None:
    store = find_store()
    store.ensure_experiment("iris")
    folder = store.root / "journal"
    (folder / "damaged.ndjson").write_bytes(
        b'{"e":"experiment","x":7}\n{"e":"experiment\xff\n{"e":"experiment","x":"1","t":"x"}\n\x00\n'
    )
    (folder / "folder.ndjson").mkdir()
    (folder / "empty.ndjson").touch()
    assert [experiment.name for experiment in store.experiments().values()] == ["iris"]


def test_pipes_and_links_in_a_foreign_store_are_not_opened(tmp_path: Path) -> None:
    store = find_store()
    store.ensure_experiment("iris")
    os.mkfifo(store.root / "journal" / "pipe.ndjson")
    (tmp_path / "secret").write_text('{"e":"experiment","x":"1","v":{"name":"secret"},"t":1}\n')
    (store.root / "journal" / "link.ndjson").symlink_to(tmp_path / "secret")
    assert [experiment.name for experiment in store.experiments().values()] == ["iris"]


# -- tests' own ground


def test_the_way_up_ends_at_a_ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    above, here = tmp_path, tmp_path / "project" / "deep"
    (above / ".tracker").mkdir()
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    assert find_store().root == above / ".tracker"
    monkeypatch.setenv("TRACKER_CEILING", os.pathsep.join(["/nowhere", str(above)]))
    assert find_store().root == here / ".tracker"
    (here.parent / ".tracker").mkdir()
    assert find_store().root == here.parent / ".tracker"
    monkeypatch.chdir(above)
    assert find_store().root == above / ".tracker"


def test_no_store_above_the_tests_is_ever_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The folder of all tests, and what is above it, is not looked at: a stray store there changes nothing."""
    base = tmp_path_factory.getbasetemp()
    stray = base / ".tracker"
    stray.mkdir(exist_ok=True)
    try:
        assert find_store().root == Path.cwd() / ".tracker"
    finally:
        stray.rmdir()
