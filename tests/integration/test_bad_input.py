"""Bad input: one clear sentence, as the right exception or as one line, and the cell runs all the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernels import MIME, Kernel, Outputs, kernel

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("bad")) as fresh:
        fresh.run("%load_ext tracker\nimport tracker")
        yield fresh


def one_line(seen: Outputs, mark: str = "tracker: ") -> str:
    """The only line on stderr."""
    (line,) = [text for kind, *rest in seen.plain if kind == "stream" and rest[0] == "stderr" for text in rest[1:]]
    assert line.startswith(mark)
    assert line.count("\n") == 1
    return line


# -- the magic's line


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--bogus 3", "unknown option --bogus"),
        ("--nmae x", "did you mean --name?"),
        ("-e 'a\x07b'", "control character"),
        ("-e ''", "not empty"),
        (f"-e {'x' * 501}", "at most 500"),
        ("-t nokey", "key=value"),
        ("-t =3", "key=value"),
        ("-t 'a\x01=3'", "control character"),
        (f"-t {'k' * 1001}=3", "1,000 characters"),
        ("-n 'open", "no closing quotation"),
        ("--params", "expected one argument"),
        ("--metrics word", "word is no number"),
        ("--metrics nowhere", "left no nowhere"),
        ("stray", "belongs to no option"),
    ],
)
def test_an_option_with_a_mistake_costs_a_notice(shell: Kernel, line: str, says: str) -> None:
    seen = shell.run(f"%%track {line}\nword = 'text'\nprint('ran')\nvalue = len(word) / 3\nvalue")
    assert seen.plain == [("stream", "stdout", "ran\n"), ("execute_result", {"text/plain": "1.3333333333333333"})]
    assert seen.card["status"] == "FINISHED"
    notices = [notice for notice in seen.card["notices"] if says in notice]
    assert len(notices) == len(seen.card["notices"]) == 1
    assert shell.value("tracker.runs(limit=1, order_by='start_time DESC').status[0]") == "'FINISHED'"


def test_a_hostile_name_is_text(shell: Kernel) -> None:
    seen = shell.run(f'%%track -n "{HOSTILE}" -e "{HOSTILE}"\nscore = len("abc") / 2\nprint("{HOSTILE}")')
    assert seen.card["name"] == seen.card["experiment"] == HOSTILE
    for source in ("%runs", f"%runs {HOSTILE}", "%compare", "tracker.card(tracker.runs().run_id[0])"):
        shown = shell.run(source).ours[-1]
        assert HOSTILE in json.dumps(shown[MIME])
        assert "<img" not in shown["text/html"]
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown["text/html"]


# -- the other magics


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("%runs metrics.score >> 3", "Expected a value"),
        ("%runs e.f > 3", "Unknown kind of name 'e'"),
        ("%runs nowhere", "no experiment 'nowhere'"),
        ("%compare metrics.score >", "found the end"),
        ("%compare nowhere", "no experiment 'nowhere'"),
        ("%%runs_sql\nSELEC 1", "syntax error"),
        ("%%runs_sql\nDROP TABLE runs", "Only statements that read"),
        ("%%runs_sql\nSELECT 1; SELECT 2", "One statement at a time"),
        ("%%runs_sql\nCOPY (SELECT 1) TO 'x.csv'", "Only statements that read"),
        ("%%runs_sql\nFROM read_csv('/etc/hostname')", "disabled by configuration"),
        ("%%runs_sql 1x\nSELECT 1", "is no name"),
        ("%tracker bogus", "is not understood"),
        ("%tracker store 'open", "No closing quotation"),
        ("%tracker store postgres://there/db", "is no place for a store"),
    ],
)
def test_a_magic_with_a_mistake_says_so(shell: Kernel, source: str, says: str) -> None:
    seen = shell.run(source)
    assert seen.status == "error"
    (output,) = seen.plain
    assert output[:2] == ("stream", "stderr")
    assert output[2].startswith("UsageError: ")
    assert says in output[2]
    assert "Traceback" not in output[2]


def test_loading_twice_is_loading_once(shell: Kernel) -> None:
    shell.run("%load_ext tracker")
    shell.run("%reload_ext tracker")
    before = shell.value("len(tracker.runs())")
    seen = shell.run("%%track\nonce = len('x') / 3\nprint('once')")
    assert seen.plain == [("stream", "stdout", "once\n")]
    assert shell.value("len(tracker.runs())") == str(int(before) + 1)


# -- the place of the store


def no_store_here(folder: Path, kind: str) -> tuple[Path, str]:
    """A path where there can be no store, and what is said about it."""
    if kind == "a file":
        (folder / "file").write_text("hello")
        return folder / "file", "is a file"
    if kind == "below a file":
        (folder / "file").write_text("hello")
        return folder / "file" / "sub" / "store", "is a file"
    if kind == "a newer format":
        (folder / "newer").mkdir()
        (folder / "newer" / "store.json").write_text('{"format": 99, "id": "x"}')
        return folder / "newer", "has format 99"
    if os.getuid() == 0:  # permissions do not bind root, but nobody makes a folder in /proc
        if not Path("/proc/self").exists():
            pytest.skip("no read-only place for root here")
        return Path("/proc/store"), "No store can be made"
    (folder / "closed").mkdir(mode=0o500)
    return folder / "closed" / "store", "Permission denied"


KINDS = ["a file", "below a file", "a newer format", "read-only"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_runs_where_no_store_can_be(shell: Kernel, tmp_path: Path, kind: str) -> None:
    place, says = no_store_here(tmp_path, kind)
    shell.run(f"import os\nos.environ['TRACKER_STORE'] = {str(place)!r}")
    seen = shell.run("%%track -n lost\nprint('computed')\n1 + 1")
    assert seen.status == "ok"
    assert ("stream", "stdout", "computed\n") in seen.plain
    assert ("execute_result", {"text/plain": "2"}) in seen.plain
    assert len(seen.plain) == 3
    line = one_line(seen)
    assert says in line and str(place.parent if kind == "below a file" else place)[:20] in line
    assert seen.ours == []
    shell.run("del os.environ['TRACKER_STORE']")
    assert shell.run("%%track -n kept\n1 + 1").card["name"] == "kept"


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_is_told_where_no_store_can_be(tmp_path: Path, python: Callable, kind: str) -> None:
    place, says = no_store_here(tmp_path, kind)
    done = python(
        "import tracker\ntry:\n    tracker.start_run()\nexcept tracker.TrackerError as error:\n"
        "    print(type(error).__name__, error.error_code, error)",
        TRACKER_STORE=str(place),
    )
    assert done.stderr == ""
    assert done.stdout.startswith("StoreError TEMPORARILY_UNAVAILABLE ")
    assert says in done.stdout


@pytest.mark.parametrize("kind", KINDS[:3])
def test_the_magic_refuses_such_a_place(shell: Kernel, tmp_path: Path, kind: str) -> None:
    place, says = no_store_here(tmp_path, kind)
    before = shell.value("tracker.get_tracking_uri()")
    seen = shell.run(f"%tracker store '{place}'")
    assert seen.status == "error"
    assert says in one_line(seen, "UsageError: ")
    assert shell.value("tracker.get_tracking_uri()") == before


# -- values


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("log_metric('acc', 'text')", "'acc'"),
        ("log_metric('acc', None)", "'acc'"),
        ("log_metric('acc', 1.0, step='x')", "whole number"),
        ("log_metric('a\\nb', 1.0)", "control character"),
        ("log_metric('', 1.0)", "empty"),
        ("log_metric('k' * 10_000, 1.0)", "1,000 characters"),
        ("log_param('k' * 10_000, 1)", "1,000 characters"),
        ("set_experiment('a\\x07b')", "control character"),
        ("runs(where='metrics.acc >> 3')", "Expected a value"),
        ("search_runs(filter_string='params.x = ')", "found the end"),
        ("log_text('x', '../outside.txt')", ".."),
        ("log_artifact('nowhere.txt')", "nowhere.txt"),
    ],
)
def test_a_call_with_a_mistake_raises_the_right_thing(tmp_path: Path, call: str, says: str, python: Callable) -> None:
    done = python(
        f"import tracker\nwith tracker.start_run() as run:\n    try:\n        tracker.{call}\n"
        "    except tracker.TrackerError as error:\n        print(error.error_code, error)\n"
        "print(tracker.get_run(run.info.run_id).info.status)"
    )
    assert done.stdout.startswith("INVALID_PARAMETER_VALUE ")
    assert says in done.stdout
    assert done.stdout.endswith("\nFINISHED\n")
