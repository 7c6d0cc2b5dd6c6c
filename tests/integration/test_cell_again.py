"""A run with the inputs of an earlier one says so before its own result; any change of an input makes it new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, kernel

CELL = "%%track\nfactor = 3\nfor name in ('a', 'b'):\n    part = frame[name].sum() * factor * scale\nscore = helper(part) + len(open('in.txt').read())"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("again")


@pytest.fixture
def shell(kernel_: Kernel, folder: Path) -> Kernel:
    (folder / "in.txt").write_text("text")
    kernel_.run("frame = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})")
    kernel_.run("scale = 2")
    kernel_.run("def helper(x):\n    return x / 7")
    return kernel_


@pytest.fixture(scope="module")
def kernel_(folder: Path) -> Iterator[Kernel]:
    with kernel(folder) as fresh:
        fresh.run("%load_ext tracker\nimport tracker, numpy as np, pandas as pd, random, os")
        yield fresh


def again(seen: object) -> list[str]:
    return [notice for notice in seen.card["remarks"] if notice.startswith("Again")]  # type: ignore[attr-defined]


def test_the_same_inputs_again(shell: Kernel) -> None:
    first = shell.run(CELL)
    assert again(first) == [] and first.card["notices"] == []
    second = shell.run(CELL.replace("factor = 3", "factor = 3   # a comment\n\n"))
    (told,) = again(second)
    assert first.card["id"][:12] in told and first.card["name"] in told and "score = " in told
    assert second.card["status"] == "FINISHED" and second.plain == first.plain
    before = next(i for i, bundle in enumerate(second.ours) if "Again" in bundle["text/html"])
    assert before < len(second.ours) - 1 and "RUNNING" in str(second.ours[before])
    assert (
        shell.value(f"tracker.get_run({second.card['id']!r}).data.tags['tracker.again']").strip("'") == first.card["id"]
    )


@pytest.mark.parametrize(
    "change",
    [
        "frame.loc[0, 'a'] = 5", "frame = frame.astype({'a': 'int32'})", "frame = frame.iloc[::-1]", "frame['c'] = 1",
        "scale = 2.0", "scale = 3", "def helper(x):\n    return x / 8", "def helper(x, y=1):\n    return x / 7",
        "open('in.txt', 'w').write('other')", "open('in.txt', 'w').write('TEXT')", "frame.columns = ['b', 'a']",
    ],
)  # fmt: skip
def test_a_changed_input_is_no_hit(shell: Kernel, change: str) -> None:
    shell.run(CELL)
    assert len(again(shell.run(CELL))) == 1
    shell.run(change)
    seen = shell.run(CELL)
    assert seen.card["remarks"] == seen.card["notices"] == []


@pytest.mark.parametrize(
    "change", ["factor = 4", "factor = 3.0", "factor = -3", "factor = 3; pass", "factor = 1 + 2", "factor = '3'"]
)
def test_changed_code_is_no_hit(shell: Kernel, change: str) -> None:
    shell.run(CELL)
    assert len(again(shell.run(CELL))) == 1
    assert again(shell.run(CELL.replace("factor = 3", change))) == []


def test_random_numbers(shell: Kernel) -> None:
    unseeded = "%%track\nscore = np.random.rand()"
    shell.run(unseeded)
    assert again(shell.run(unseeded)) == []
    own = "%%track\nscore = int.from_bytes(os.urandom(4), 'big')"
    shell.run(own)
    (told,) = shell.run(own).card["remarks"]
    assert told.startswith("Not deterministic") and "score" in told


def test_a_notebook_that_is_run_again_in_a_new_kernel(tmp_path: Path) -> None:
    cells = [
        "%load_ext tracker\nimport numpy as np",
        "x = np.arange(3)",
        "%%track\nnp.random.seed(1)\nscore = np.random.rand() + x.sum()",
    ]
    seen = []
    for change in ("", "", "x = np.arange(4)"):
        with kernel(tmp_path) as fresh:
            seen += [fresh.run(cell) for cell in (*cells[:2], change, cells[2])][-1:]
    assert [len(again(one)) for one in seen] == [0, 1, 0]
    assert seen[0].card["metrics"] == seen[1].card["metrics"]


def test_a_package_of_another_version(shell: Kernel) -> None:
    shell.run(CELL)
    assert len(again(shell.run(CELL))) == 1
    shell.run(
        "from tracker.capture import packages\nkept = packages._last\npackages._last = (kept[0], {**kept[1], 'numpy': '0.1'})"
    )
    seen = shell.run(CELL)
    shell.run("packages._last = kept")
    assert again(seen) == []


def test_a_model_that_was_trained_further(shell: Kernel) -> None:
    shell.run(
        "class Model:\n    def __init__(self): self.w = 1.0\n    def step(self):\n        self.w *= 0.5\n        return self.w\nmodel = Model()"
    )
    cell = "%%track\nloss = model.step()"
    shell.run(cell)
    assert again(shell.run(cell)) == [] and again(shell.run(cell)) == []


def test_a_cell_that_failed_is_no_run_to_repeat(shell: Kernel) -> None:
    cell = "%%track\nscore = 1 / scale\nraise ValueError"
    shell.run(cell)
    assert again(shell.run(cell)) == []


def test_what_measures_time_or_the_machine_is_no_other_result(shell: Kernel) -> None:
    pytest.importorskip("psutil")
    cell = "%%track --system-metrics\nimport time\nstart = time.time()\ntime.sleep(1.3)\ntook = time.time() - start\nscore = scale / 7"
    first, second = shell.run(cell), shell.run(cell)
    assert any(metric["key"].startswith("system/cpu") for metric in first.card["metrics"])
    (told,) = second.card["remarks"]
    assert told.startswith("Again") and "score" in told and "took" not in told


def test_a_module_counts_as_it_was_loaded(tmp_path: Path) -> None:
    """A run with a module that was edited after it was loaded is no earlier run of the edited one."""
    module, cells = tmp_path / "own.py", ["%load_ext tracker", "import own", "%%track\nscore = own.factor() * 2"]
    seen = []
    for text, edited in (("1.5", "12.5"), ("12.5", None)):
        module.write_text(f"def factor():\n    return {text}\n")
        with kernel(tmp_path, PYTHONDONTWRITEBYTECODE="1") as fresh:
            fresh.run(cells[0])
            fresh.run(cells[1])
            if edited:
                module.write_text(f"def factor():\n    return {edited}\n")
            seen.append(fresh.run(cells[2]))
    assert [one.card["metrics"][0]["value"] for one in seen] == [3, 25]
    assert again(seen[1]) == []


def test_files_that_python_does_not_open(shell: Kernel) -> None:
    pytest.importorskip("polars")
    shell.run("import polars as pl\nplace = 'rows.csv'")
    write = "pl.DataFrame({{'a': [1, {}]}}).write_csv('rows.csv')"
    cell = "%%track\nscore = pl.read_csv(place)['a'].sum() / 7"
    told = []
    for value in (2, 2, 3):
        shell.run(write.format(value))
        told.append(again(shell.run(cell)))
    assert told[0] == [] and told[2] == []


def test_a_cell_that_seeds_by_itself_is_known_in_the_same_kernel(shell: Kernel) -> None:
    cell = "%%track\nnp.random.seed(3)\nscore = np.random.rand() * scale"
    shell.run(cell)
    shell.run("np.random.rand()")
    assert len(again(shell.run(cell))) == 1


@pytest.mark.parametrize("cell", ["n = 1.0 * len(os.listdir('.'))", "n = float(os.popen('echo 3').read())"])
def test_what_cannot_be_asked_again_is_never_an_earlier_run(shell: Kernel, cell: str) -> None:
    shell.run("%%track\n" + cell)
    assert again(shell.run("%%track\n" + cell)) == []
