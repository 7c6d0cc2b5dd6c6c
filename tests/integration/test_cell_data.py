"""The data that a tracked cell reads is noted with its run: datasets as they were before it, and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, kernel

SETUP = """
%load_ext tracker
import numpy as np, pandas as pd, tracker
frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})
array, unused = np.arange(6.0), np.ones(3)
parts = [array, "text", frame]
def total():
    return hidden.sum()
hidden = np.arange(4)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def shell(folder: Path) -> Iterator[Kernel]:
    with kernel(folder, TRACKER_FINGERPRINT_BYTES="2000000") as fresh:
        fresh.run(SETUP)
        yield fresh


def inputs(shell: Kernel, name: str) -> dict[str, dict[str, str]]:
    query = (
        f"{{u.dataset.name: u.dataset.to_dictionary() | {{'coverage': [t.value for t in u.tags]}} "
        f"for r in tracker.search_runs(search_all_experiments=True, filter_string=\"run_name = '{name}'\", output_format='list') "
        "for u in r.inputs.dataset_inputs}"
    )
    shell.run(f"with open('inputs.json', 'w') as f: __import__('json').dump({query}, f)")
    return dict(json.loads((shell_folder(shell) / "inputs.json").read_text()))


def shell_folder(shell: Kernel) -> Path:
    return Path(shell.value("__import__('os').getcwd()").strip("'"))


def test_what_the_cell_reads_and_no_more(shell: Kernel) -> None:
    seen = shell.run("%%track -n reads\nscore = frame.a.sum() + total() + len(parts)\nscore")
    assert seen.card["notices"] == []
    found = inputs(shell, "reads")
    assert set(found) == {"frame", "hidden", "parts[0]", "parts[2]"}
    assert found["parts[2]"]["digest"] == found["frame"]["digest"]
    assert json.loads(found["frame"]["profile"])["num_rows"] == 3
    assert [c["name"] for c in json.loads(found["frame"]["schema"])["mlflow_colspec"]] == ["a", "b"]


def test_data_as_it_was_before_the_cell_changed_it(shell: Kernel) -> None:
    for name in ("first", "second", "third"):
        shell.run(f"%%track -n {name}\narray[0] += 1\nscore = array.sum()")
        if name == "first":
            shell.run("array[0] -= 1")
    digests = [inputs(shell, name)["array"]["digest"] for name in ("first", "second", "third")]
    assert digests[0] == digests[1] != digests[2]


def test_files_that_it_opens(shell: Kernel, folder: Path) -> None:
    (folder / "in.csv").write_text("a,b\n1,2\n")
    (folder / "data").mkdir()
    (folder / "data" / "in.txt").write_text("text")
    cell = "table = pd.read_csv('in.csv')\nwith open('data/in.txt') as f:\n    text = f.read()\nwith open('out.txt', 'w') as f:\n    f.write(text)"
    shell.run(f"%%track -n files\n{cell}")
    found = inputs(shell, "files")
    assert set(found) == {"in.csv", "data/in.txt"}
    assert json.loads(found["in.csv"]["source"]) == {"uri": str((folder / "in.csv").resolve())}
    assert json.loads(found["in.csv"]["profile"])["size"] == 8
    (folder / "in.csv").write_text("a,b\n1,3\n")
    shell.run(f"%%track -n again\n{cell}")
    again = inputs(shell, "again")
    assert again["in.csv"]["digest"] != found["in.csv"]["digest"]
    assert again["data/in.txt"]["digest"] == found["data/in.txt"]["digest"]


def test_a_sample_says_so_on_the_card(shell: Kernel) -> None:
    shell.run("large = np.arange(1_000_000.0)")
    seen = shell.run("%%track -n large\nscore = large.sum()")
    assert [notice for notice in seen.card["notices"] if "large is sampled" in notice]
    assert inputs(shell, "large")["large"]["coverage"] == ["sampled"]
    assert seen.card["status"] == "FINISHED"


def test_data_that_resists(shell: Kernel) -> None:
    shell.run(
        "class Frame(pd.DataFrame):\n"
        "    @property\n    def shape(self): raise ValueError('no shape')\n"
        "evil = Frame({'a': [1]})"
    )
    seen = shell.run("%%track -n evil\nx = evil['a'].sum()\nx")
    assert seen.plain[0][0] == "execute_result" and seen.card["status"] == "FINISHED"


def test_a_store_of_another_name_is_no_data(tmp_path: Path) -> None:
    with kernel(tmp_path, TRACKER_STORE=str(tmp_path / "runs")) as shell:
        shell.run("%load_ext tracker")
        shell.run("%%track\nscore = 1 / 3")
        seen = shell.run("%%track\nscore = 1 / 7")
    assert seen.card["inputs"] == [] and seen.card["remarks"] == []
