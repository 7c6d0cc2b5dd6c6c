"""A run that is run again, from a real kernel: a process of its own, a folder of its own, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, kernel


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
