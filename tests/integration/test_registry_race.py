"""Processes that register at once, in one store."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tracker import MlflowClient

_REGISTER = """
import sys, time
from tracker.models import registry
from tracker import MlflowClient
client = MlflowClient(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
from tracker.tracking.registry import ensure_model
ensure_model(client.store, "race")
for i in range(int(sys.argv[2])):
    print(client.create_model_version("race", f"somewhere/{i}").version)
    client.set_registered_model_alias("race", "last", 1)
"""


def _together(script: str, count: int, *arguments: str) -> list[list[str]]:
    """The lines that each of `count` processes printed, all let go at the same moment."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(count)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in started]
    for process, (_, wrong) in zip(started, said, strict=True):
        assert process.returncode == 0, wrong
    return [out.split() for out, _ in said]


def test_32_processes_get_the_versions_1_to_32(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    numbers = [int(text) for lines in _together(_REGISTER, 32, store, "1") for text in lines]
    assert sorted(numbers) == list(range(1, 33))
    client = MlflowClient(store)
    assert [model.name for model in client.search_registered_models()] == ["race"]
    assert sorted(version.version for version in client.search_model_versions("name = 'race'")) == sorted(numbers)


_CREATE = """
import sys
from tracker import MlflowClient
from tracker.exceptions import AlreadyExists
client = MlflowClient(sys.argv[1])
client.create_registered_model(f"own {__import__('os').getpid()}")
print("ready", flush=True)
sys.stdin.readline()
try:
    if __import__('os').getpid() % 2:
        client.create_registered_model("wanted")
    else:
        client.rename_registered_model(f"own {__import__('os').getpid()}", "wanted")
    print("got it")
except AlreadyExists:
    print("taken")
"""


def test_a_name_is_given_once_by_creating_or_renaming(tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    answers = [" ".join(lines) for lines in _together(_CREATE, 12, store)]
    assert sorted(answers) == ["got it"] + ["taken"] * 11
    names = [model.name for model in MlflowClient(store).search_registered_models()]
    assert names.count("wanted") == 1
    assert len(names) in (12, 13)
