"""A run that is run again, from a real kernel: a process of its own, a folder of its own, and what is said of it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kernels import Kernel, kernel

from tracker.projects.comparison import clock_names


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rerun")


@pytest.fixture(scope="module")
def shell(folder: Path) -> Iterator[Kernel]:
    (folder / "data.csv").write_text("x,y\n1,2\n3,4\n")
    (folder / "beside.py").write_text("FACTOR = 2\n\ndef scaled(x):\n    return x * FACTOR\n")
    with kernel(folder) as fresh:
        fresh.run("%load_ext tracker\nimport tracker")
        yield fresh


def run_id(shell: Kernel, source: str) -> str:
    return str(shell.run(source).card["id"])


def report(shell: Kernel, asked: str) -> str:
    outputs = shell.run(f"report = {asked}\nprint(report)", timeout=120)
    assert outputs.status == "ok", outputs.plain
    return outputs.text


def test_reproduced_with_curve_file_module_and_seed(shell: Kernel, folder: Path) -> None:
    shell.run("import random, csv\nimport beside\nunused = 1")
    shell.run("random.seed(3)\nscale = 2.0")
    shell.run("rows = list(csv.DictReader(open('data.csv')))")
    shell.run("open('out.txt', 'w').write('from the notebook')")
    first = run_id(
        shell,
        "%%track -e again --name first\nimport time\nbegan = time.time()\nfor i in range(5):\n    loss = random.random() * scale\n"
        "total = sum(float(r['x']) for r in rows) * beside.scaled(1)\nwith open('out.txt', 'w') as f:\n    n = f.write('x' * 3) * 1.0\n"
        "elapsed = time.time() - began",
    )
    (folder / "out.txt").write_text("kept")
    (folder / "beside.py").write_text("def scaled(x):\n    raise RuntimeError('edited since')\n")
    said = report(shell, f"tracker.rerun({first!r})")
    assert "reproduced: 3 metrics equal within 1e-09 (relative)" in said
    assert "not compared, since they measure time or the machine: elapsed" in said
    assert (folder / "out.txt").read_text() == "kept"
    again = shell.value("report.run_id").strip("'")
    assert again != first and shell.value(f"tracker.get_parent_run({again!r}).info.run_id") == repr(first)
    assert shell.value(f"tracker.get_run({again!r}).data.tags['tracker.rerun_of']") == repr(first)
    assert shell.value(f"tracker.get_run({again!r}).data.tags['tracker.rerun']") == "'reproduced'"
    assert shell.value(f"len(tracker.slice({again!r})) <= len(tracker.slice({first!r}))") == "True"


def test_other_parameters(shell: Kernel) -> None:
    shell.run("rate, label = 0.5, 'a'")
    first = run_id(shell, "%%track --name other\nsteps = 4\ngain = rate * steps + len(label)")
    outputs = shell.run("%rerun other rate=2 steps=10 label=long", timeout=120)
    said = outputs.plain[-1][1]["text/plain"]
    assert "ran with rate=2, steps=10, label='long'" in said and "gain: 3.0 then, 24" in said
    assert outputs.status == "ok" and first
    assert (
        shell.value(
            f"sorted(p for r in [tracker.rerun({first!r}, steps=7)] for p in tracker.get_run(r.run_id).data.params.items())"
        )
        == "[('label', 'a'), ('rate', '0.5'), ('steps', '7')]"
    )
    refused = shell.run("%rerun other nothing=1")
    assert "assigns nothing a literal" in str(refused.plain) and "rate" in str(refused.plain)


def test_differs(shell: Kernel) -> None:
    shell.run("import os")
    first = run_id(shell, "%%track\nnoise = int.from_bytes(os.urandom(6), 'big') / 3\nfixed = len('abcd') / 8")
    said = report(shell, f"tracker.rerun({first!r})")
    assert said.startswith("differs: 1 of 2 metrics") and "noise: " in said and "fixed" not in said


def test_nothing_to_compare(shell: Kernel) -> None:
    first = run_id(shell, "%%track\ntext = 'no number'")
    assert report(shell, f"tracker.rerun({first!r})").startswith("nothing to compare")
    assert shell.value("bool(report)") == "False"


def test_the_runs_below_it_count_too_and_a_long_loop_is_one_loop(shell: Kernel, folder: Path) -> None:
    shell.run(
        "import os, tracker\ndef below(value):\n    with tracker.start_run(nested=True, run_name='one'):\n        tracker.log_metric('loss', value)"
    )
    first = run_id(shell, "%%track\nbelow(0.5)\nfor i in range(100_000):\n    loss = 1.0 / (i + 1)")
    assert report(shell, f"tracker.rerun({first!r})").startswith("reproduced: 2 metrics")
    (folder / "ends").touch()
    shell.run(
        "def ends():\n    tracker.start_run(nested=True, run_name='two')\n    tracker.end_run('FAILED' if os.path.exists('ends') else 'FINISHED')"
    )
    first = run_id(shell, "%%track\nbelow(os.getpid())\nends()\nsame = len('a') * 1.5")
    (folder / "ends").unlink()
    said = report(shell, f"tracker.rerun({first!r})")
    assert said.startswith("differs: 2 of 3 metrics")
    assert "one: loss: " in said and "two: status: FAILED then, FINISHED now" in said


def test_nan_is_nan(shell: Kernel) -> None:
    first = run_id(shell, "%%track\nbad = sum([float('inf')]) - max([float('inf')])")
    assert report(shell, f"tracker.rerun({first!r})").startswith("reproduced: 1 metric ")


@pytest.mark.parametrize(
    ("before", "cell", "said"),
    [
        ("import gone_package_x as g" , "value = g.K * 1.5", "missing: package 'gone_package_x'"),
        ("gone = open('gone.txt').read()", "value = len(gone) * 1.5", "missing: file 'gone.txt'"),
    ],
)  # fmt: skip
def test_missing(shell: Kernel, folder: Path, before: str, cell: str, said: str) -> None:
    (folder / "gone.txt").write_text("here")
    shell.run("import sys, types\nsys.modules['gone_package_x'] = types.SimpleNamespace(K=2)")
    shell.run(before)
    first = run_id(shell, f"%%track\n{cell}")
    shell.run("del sys.modules['gone_package_x']")
    (folder / "gone.txt").unlink()
    told = report(shell, f"tracker.rerun({first!r})")
    assert told.startswith(said) and "Error" in told


def test_a_name_from_outside_the_cells_is_missing(shell: Kernel) -> None:
    shell.client.execute("hidden_name = 4", silent=True, reply=True, timeout=30)
    first = run_id(shell, "%%track\nvalue = hidden_name * 1.5")
    assert report(shell, f"tracker.rerun({first!r})").startswith("missing: name 'hidden_name'")


def test_a_process_that_dies(shell: Kernel) -> None:
    shell.run(
        "import os, signal\nif os.environ.get('TRACKER_DISPLAY') == 'static':\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    first = run_id(shell, "%%track\nvalue = os.getpid() * 0 + 1.5")
    told = report(shell, f"tracker.rerun({first!r})")
    assert told.startswith("failed") and "SIGKILL" in told


def test_a_slice_shows_and_inserts(shell: Kernel) -> None:
    shell.run("a = '<b>```'")
    first = run_id(shell, "%%track\nsize = len(a) * 1.5")
    text = shell.value(f"tracker.slice({first[:20]!r})")
    assert "2 of " in text and "# %%track" in text and text.index("a = ") < text.index("size = ")
    assert "````python" in shell.value(f"tracker.slice({first!r})._repr_markdown_()")
    reply = shell.client.execute_interactive(
        f"tracker.slice({first!r}).insert()", timeout=30, output_hook=lambda message: None
    )
    (inserted,) = [part for part in reply["content"]["payload"] if part["source"] == "set_next_input"]
    assert "size = len(a)" in inserted["text"]
    assert "keeps no slice" in str(shell.run("with tracker.start_run() as r: pass\ntracker.slice(r.info.run_id)").plain)


def test_the_report_is_escaped(shell: Kernel) -> None:
    shell.run("hostile = 'none'")
    first = run_id(shell, "%%track\nvalue = len(hostile) * 1.5")
    html = shell.value(f"tracker.rerun({first!r}, hostile='<script>alert(1)</script>')._repr_html_()")
    assert "&lt;script&gt;" in html and "<script" not in html


@pytest.mark.parametrize(
    ("cell", "change", "said"),
    [
        ("level = 1.5 * len('a')\n{}['key']", "", "reproduced: it failed as it did then, with KeyError: 'key'; 1 metric"),
        ("{}['key']", "", "reproduced: it failed as it did then"),
        ("import uuid\n{}[uuid.uuid4().hex]", "", "differs: it failed with KeyError: "),
        ("told = open('told.txt').read()\nif told == 'a':\n    raise ValueError('x')\nraise ValueError('x')", "b",
         "differs: it failed elsewhere then, with ValueError: x"),
    ],
)  # fmt: skip
def test_a_run_that_failed_is_reproduced_by_its_failure(
    shell: Kernel, folder: Path, cell: str, change: str, said: str
) -> None:
    (folder / "told.txt").write_text("a")
    first = run_id(shell, f"%%track\n{cell}")
    (folder / "told.txt").write_text(change or "a")
    assert report(shell, f"tracker.rerun({first!r})").startswith(said)


def test_what_a_kernel_does_a_rerun_does(shell: Kernel) -> None:
    shell.run(
        "import asyncio, threading, time\nimport matplotlib.pyplot as plt\nasync def later(x):\n    return x * 1.5"
    )
    shell.run("task = asyncio.create_task(later(3))")
    shell.run("plt.plot([1, 2])")
    shell.run("threading.Thread(target=time.sleep, args=(60,)).start()")
    first = run_id(shell, "%%track --cached\nvalue = await task + len(plt.gca().lines) + threading.active_count() * 0")
    began = time.monotonic()
    assert report(shell, f"tracker.rerun({first!r})").startswith("reproduced: 1 metric")
    assert time.monotonic() - began < 45  # it does not wait for the thread


def test_what_is_not_as_it_was_is_told(shell: Kernel, folder: Path) -> None:
    (folder / "many").mkdir()
    (folder / "many" / "one.txt").write_text("3")
    (folder / "early").write_text("")
    shell.run(
        "import glob\nfrom os.path import exists\nimport pandas as pd\nfound = [float(open(n).read()) for n in glob.glob('many/*.txt')]"
    )
    shell.run("here = 1\nif exists('early'):\n    raise LookupError('early')")
    shell.run("frame = pd.DataFrame({'a': [0.0, *found]})")
    first = run_id(shell, "%%track\ntotal = frame.a.sum() + here")
    (folder / "many" / "one.txt").unlink()
    (folder / "early").unlink()
    kept = folder / ".tracker" / "artifacts" / first / "environment.json"
    kept.write_text(re.sub(r'("pandas": )"[^"]*"', r'\1"0.1"', kept.read_text()))
    said = report(shell, f"tracker.rerun({first!r})")
    assert said.startswith("differs: 1 of 1 metric")
    assert "other versions: pandas 0.1 → " in said and "other data: frame (2 × 1 → 1 × 1" in said
    assert "read then and not there any more: " in said and "many/one.txt" in said
    assert "raised LookupError then, and did not now" in said


def test_given_values_reach_every_branch_and_no_other_name(shell: Kernel) -> None:
    shell.run(
        "import numpy as np\nfrom os import environ\nquick = False\nsteps = 100\nif quick:\n    steps = 1\nlow = high = 2\nrate = 0.1"
    )
    shell.run("rate = float(environ.get('NO_SUCH_RATE', '0.25'))")
    first = run_id(shell, "%%track\nvalue = steps * 1.5 + low * 1000 + high + rate")
    said = report(shell, f"tracker.rerun({first!r}, steps=np.int64(2), low=3, rate=9.0)")
    assert said.startswith("ran with steps=2, low=3, rate=9.0") and "now, by" in said and "3005.25 now" in said
    assert "rate was 0.25 in the end" in said and "steps was" not in said


def test_a_file_that_the_cell_reads_is_the_same_dataset_in_a_rerun(shell: Kernel, folder: Path) -> None:
    (folder / "read.txt").write_text("4")
    first = run_id(shell, "%%track\nvalue = float(open('read.txt').read()) * 1.5")
    assert report(shell, f"tracker.rerun({first!r})").startswith("reproduced: 1 metric")
    assert shell.value(f"tracker.diff({first!r}, report.run_id).data") == "()"
    (folder / "read.txt").write_text("5")
    assert "other data: read.txt (other content)" in report(shell, f"tracker.rerun({first!r})")


def test_a_database_that_is_only_read_is_there_and_stays(shell: Kernel, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "data.db")) as base:
        base.execute("create table t(a)")
        base.execute("insert into t values (3)")
        base.commit()
    kept = (folder / "data.db").read_bytes()
    shell.run("import sqlite3\nbase = sqlite3.connect('data.db')\nmore = 0")
    first = run_id(
        shell,
        "%%track\nif more:\n    base.execute('insert into t values (?)', (more,))\n    base.commit()\n"
        "total = base.execute('select sum(a) from t').fetchone()[0] * 1.5",
    )
    assert "reproduced: 1 metric equal" in report(shell, f"tracker.rerun({first!r})")
    report(shell, f"tracker.rerun({first!r}, more=4)")
    assert shell.value("tracker.get_run(report.run_id).data.metrics['total']") == "10.5"
    assert (folder / "data.db").read_bytes() == kept


@pytest.mark.parametrize("asked", ["tolerance=1", "tolerance=float('inf')", "timeout=0", "timeout=-1"])
def test_what_would_make_any_two_numbers_equal_is_refused(shell: Kernel, asked: str) -> None:
    first = run_id(shell, "%%track\nvalue = len('a') * 1.5")
    assert "InvalidValue" in str(shell.run(f"tracker.rerun({first!r}, {asked})").plain)


def test_a_deleted_run_and_files_named_from_the_folder(shell: Kernel, folder: Path) -> None:
    (folder.parent / "beside_rerun.txt").write_text("4")
    shell.run("from pathlib import Path\ntext = (Path.cwd().parent / 'beside_rerun.txt').read_text()")
    first = run_id(shell, "%%track\nvalue = float(text) * 1.5")
    shell.run(f"tracker.delete_run({first!r})")
    assert report(shell, f"tracker.rerun({first!r})").startswith("reproduced: 1 metric")
    (folder.parent / "beside_rerun.txt").unlink()
    told = report(shell, f"tracker.rerun({first!r})")
    assert told.startswith(f"missing: file {str(folder.parent / 'beside_rerun.txt')!r}")


@pytest.mark.parametrize(
    ("cell", "clocks"),
    [
        ("t0 = time.time()\nelapsed = time.time() - t0", {"t0", "elapsed"}),
        ("t = time.time()\nt = loss * 2", set()),
        ("t, acc = time.time(), score(x)", {"t"}),
        ("times = []\nfor i in x:\n    t = perf_counter()\n    times.append(perf_counter() - t)\nmean = np.mean(times)",
         {"t", "times", "mean"}),
        ("times.append(time.time())\ntimes.append(loss)", {}),
        ("total = 0\ntotal += time.time() - t", {"total"}),
    ],
)  # fmt: skip
def test_what_measures_time(cell: str, clocks: set[str]) -> None:
    assert clock_names(cell) == frozenset(clocks)
