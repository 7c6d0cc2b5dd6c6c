"""The command line: commands in processes of their own, as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import tracker
from tracker.cli import COMMANDS

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tracker", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    return run


def lines_of(text: str) -> dict[str, str]:
    return {line[:13].strip(): line[13:] for line in text.splitlines()}


def a_run(name: str) -> str:
    with tracker.start_run(run_name=name) as run:
        tracker.log_metric("a", 1.0)
        tracker.log_text("some text", "a.txt")
    return str(run.info.run_id)


def test_without_a_command_it_lists_them_and_each_has_help(cli: Cli) -> None:
    listed = cli()
    assert listed.returncode == 0
    for name in COMMANDS:
        assert f"  {name} " in listed.stdout
        assert cli(name, "--help").returncode == 0


def test_the_list_and_help_import_nothing_heavy(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    script = """
import json, sys
from tracker.cli import main
main([])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    loaded = set(json.loads(python(script).stdout.splitlines()[-1]))
    assert not loaded & {"duckdb", "pyarrow", "pandas", "numpy", "plotly", "IPython", "orjson"}


def test_the_console_script_is_the_same_program() -> None:
    from importlib.metadata import entry_points

    (script,) = [e for e in entry_points(group="console_scripts") if e.value == "tracker.cli:main"]
    assert script.name == "tracker"


@pytest.mark.parametrize("words", [["no-such-command"], ["store", "--no-such-option"], ["--no-such-option"]])
def test_a_mistake_in_the_line_is_one_sentence_and_code_2(cli: Cli, words: list[str]) -> None:
    done = cli(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "no-such" in done.stderr.splitlines()[-1]


def test_a_fault_is_one_sentence_and_code_1(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = cli("--store", "file", "store")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "is a file; a store is a folder" in done.stderr


def test_store_says_what_is_there_and_makes_nothing(cli: Cli, tmp_path: Path) -> None:
    done = cli("store")
    assert done.returncode == 0
    assert lines_of(done.stdout) == {"store": f"{tmp_path / '.tracker'}  (made by the first run)"}
    assert not (tmp_path / ".tracker").exists()


def test_store_shows_sizes_runs_and_live_writers(cli: Cli, tmp_path: Path) -> None:
    a_run("first")
    tracker.delete_run(a_run("second"))
    with tracker.start_run():
        told = lines_of(cli("store").stdout)
    assert told["store"] == str(tmp_path / ".tracker")
    assert told["runs"] == "3: 1 finished, 1 running, 1 deleted"
    assert told["writing now"].startswith("1 · ")
    assert told["to be sealed"] == "nothing"
    assert told["artifacts"] == "2 · 18 B"
    assert told["damaged"] == "nothing"


def test_store_seals_what_waits(
    cli: Cli, tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    python("import tracker\nwith tracker.start_run(): tracker.log_metric('a', 1)")
    assert lines_of(cli("store").stdout)["to be sealed"].startswith("1 · ")
    done = cli("store", "--seal", "--store", str(tmp_path / ".tracker"))
    assert done.stdout.startswith("Sealed 1 journals")
    assert lines_of(done.stdout)["segments"].startswith("1 · ")
    assert lines_of(done.stdout)["runs"] == "1: 1 finished"


def test_store_names_what_is_damaged(cli: Cli, tmp_path: Path) -> None:
    a_run("kept")
    damaged = tmp_path / ".tracker" / "journal" / "0.ndjson"
    damaged.write_text('{"e":"run"\n{"e":"metric","r":\n')
    (tmp_path / ".tracker" / "segments" / "none").mkdir(parents=True)
    done = cli("store")
    assert f"damaged      {damaged}: has 2 damaged lines" in done.stdout
    assert f"damaged      {damaged.parents[1] / 'segments' / 'none'}: " in done.stdout
    assert done.stderr == ""
