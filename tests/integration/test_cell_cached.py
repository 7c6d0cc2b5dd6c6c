"""`%%track --cached`: an earlier run's result in place of running, never for other inputs, never half."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, Outputs, kernel

BODY = """
import math
def double(x):
    return 2 * x
factor = 3
parts = []
for i in range(3):
    parts.append(double(i) * factor)
table = frame.assign(c=frame.a * factor)
noise = np.random.rand(2)
total = math.fsum(parts) + float(table.c.sum()) + helper(scale) + len(open(name).read())
print("total", total)
{"total": total, "first": noise[0]}
"""
CELL = "%%track --cached\n" + BODY
LEFT = "(factor, parts, i, table.to_dict(), str(table.dtypes.to_dict()), noise.tolist(), total, double(4), math.pi, np.random.get_state()[2], type(total))"

CHANGES = [
    "frame.loc[0, 'a'] += 1", "frame.loc[0, 'a'] -= 1", "frame = frame.iloc[::-1]", "frame = frame.astype('float32')",
    "frame = frame.astype('int64')", "frame.index = frame.index[::-1]", "scale = 2", "scale = 2.0", "scale = 3",
    "def helper(x):\n    return x / 7", "def helper(x):\n    return x / 8 + offset", "offset = 1", "offset = 2",
    "open(name, 'w').write('text')", "open(name, 'w').write('longer')", "name = 'other.txt'", "name = 'in.txt'",
    "np.random.seed(1)", "np.random.seed(2)", "np.random.rand()", "import local; local.K = 3", "pass",
    "del parts", "i = 77", "factor = 5", "frame = frame[['a', 'b']]", "frame = frame[['b', 'a']]",
]  # fmt: skip


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("cached")) as fresh:
        fresh.run("%load_ext tracker\nimport tracker, numpy as np, pandas as pd, random, os")
        yield fresh


def restored(seen: Outputs) -> list[str]:
    return [one for one in seen.card["remarks"] if one.startswith("Restored without running")]


def said(seen: Outputs) -> str:
    return " ".join(one for one in seen.card["remarks"] if one.startswith("--cached"))


def test_no_false_hit_over_changes_of_the_inputs(shell: Kernel) -> None:
    """After each change the cell leaves, prints and shows what it would have by running."""
    shell.run("open('in.txt', 'w').write('text'); open('other.txt', 'w').write('more text'); name = 'in.txt'")
    shell.run("open('local.py', 'w').write('K = 1')")
    shell.run("frame = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\nscale, offset = 2, 1\nnp.random.seed(1)")
    shell.run("def helper(x):\n    return x / 7")
    chance, hits = random.Random(4), 0
    for step in range(32):
        if step % 2 == 0:
            shell.run(chance.choice(CHANGES))
        shell.run("np.random.seed(1)")
        seen = shell.run(CELL)
        assert seen.status == "ok", seen.plain
        hits += len(restored(seen))
        left = shell.value(LEFT)
        shell.run("np.random.seed(1)")
        bare = shell.run(CELL.partition("\n")[2])
        assert (seen.plain, left) == (bare.plain, shell.value(LEFT)), seen.card["remarks"]
    assert hits >= 12


def test_a_result_comes_back_in_a_new_kernel(tmp_path: Path) -> None:
    cells = [
        "%load_ext tracker\nimport tracker, numpy as np, pandas as pd",
        "x = np.arange(4.0)",
        "%%track --cached --name first\nwidths = [1, 2]\nfor w in widths:\n    loss = float(x.sum()) / w\nframe = pd.DataFrame({'x': x})\n",
    ]
    seen = []
    for _ in range(2):
        with kernel(tmp_path) as fresh:
            seen += [fresh.run(cell) for cell in cells][-1:]
            left = fresh.value("(widths, w, loss, frame.x.tolist(), type(frame.index).__name__)")
            tag = fresh.value(f"tracker.get_run({seen[-1].card['id']!r}).data.tags.get('tracker.cached')")
    (told,) = restored(seen[1])
    assert seen[0].card["id"][:12] in told and "first" in told and "loss" in told
    assert tag.strip("'") == seen[0].card["id"]
    assert left == "([1, 2], 2, 3.0, [0.0, 1.0, 2.0, 3.0], 'RangeIndex')"
    assert restored(seen[0]) == [] and seen[1].card["status"] == "FINISHED"
    assert [one["value"] for one in seen[1].card["metrics"]] == [3.0]
    assert seen[1].card["params"] == seen[0].card["params"]


def test_another_choice_of_parameters_and_metrics_is_made_by_running(shell: Kernel) -> None:
    cell = "\nrate = 1.5\ntwice = rate * k_\nmore = twice + 1"
    shell.run("k_ = 2")
    for options, params, metrics in ((" --params rate", {"rate"}, {"twice", "more"}), (" --metrics more", {"rate", "k_"}, {"more"}),
                                     ("", {"rate", "k_"}, {"twice", "more"})):  # fmt: skip
        for count in (0, 1):
            seen = shell.run(f"%%track --cached{options}{cell}")
            assert len(restored(seen)) == count
            run = f"tracker.get_run({seen.card['id']!r}).data"
            assert shell.value(f"[{{*{run}.params}}, {{*{run}.metrics}}] == [{params}, {metrics}]") == "True"


@pytest.mark.parametrize(
    "cell, why",
    [
        ("kept.append(1)", "may change kept"),
        ("def put(x):\n    kept.append(x)\nput(3)\nn = 1.0 * 2", "may change kept"),
        ("open('made.txt', 'w').write('x')\nn = 1.0 * 2", "writes made.txt"),
        ("os.environ['X'] = '1'", "sets the process up"),
        ("class Model: pass", "defines Model"),
        ("alias = kept", "alias shares an object"),
        ("half = grid[1:]", "half shares an object"),
        ("once = (part for part in kept)", "once is a generator"),
        ("n = os.system('true') + 1.5", "another program"),
        ("row = np.ones(3)\ntable = pd.DataFrame(row, copy=False)", "table shares an object"),
        ("gap = float('nan')\ngaps = [gap]", "gaps shares an object"),
        (
            "import logging\nlogging.basicConfig(level=10 + logging.root.level % 10 + 1, force=True)",
            "sets the process up",
        ),
        ("display(kept)", "displays something"),
        ("token = 'ghp_' + 'a1B2' * 9", "credential"),
        ("n = next(rows)", "rows cannot be told"),
        ("tracker.log_text('x', 'mine.txt')\nn = 1.0 * 2", "logged mine.txt"),
        ("import random as r\nr = 3", "bound again"),
        ("os.write(held, b'x')\nn = 1.0 * 2", "writes held.txt"),
        ("place.put(place.rate() + 1)\nn = 1.0 * place.rate()", "changes what was there"),
        ("import gc\ngc.disable() if gc.isenabled() else gc.enable()\nn = 1.0 * 2", "sets the process up"),
        ("os.chmod('in.txt', 0o600)\nn = 1.0 * 2", "chmod"),
        ("code = 'n = 3'\nexec(code)", "more than its text tells"),
    ],
)
def test_what_cannot_be_restored_runs_each_time_and_says_why(shell: Kernel, cell: str, why: str) -> None:
    shell.run("open('place.py', 'w').write('R = [1]\\ndef put(v): R[0] = v\\ndef rate(): return R[0]')")
    shell.run("kept = [1]; grid = np.zeros(4); rows = iter([1, 2, 3, 4]); open('in.txt', 'w').close()")
    shell.run("held = os.open('held.txt', os.O_CREAT | os.O_RDWR); import gc; gc.enable(); import place; place.put(1)")
    for _ in range(2):
        seen = shell.run("%%track --cached\n" + cell)
        assert seen.status == "ok" and restored(seen) == []
        assert why in said(seen), seen.card["remarks"]


def test_a_frame_and_an_array_come_back_as_they_were(shell: Kernel) -> None:
    cell = "%%track --cached\nwide = pd.DataFrame(np.ones((2, 3)))\ncolumn = np.arange(3.0)\nn = 2.0 * wide.size"
    look = "(type(wide.columns).__name__, repr(wide.columns), column.flags.owndata)"
    shell.run(cell)
    ran = shell.value(look)
    assert len(restored(shell.run(cell))) == 1
    assert shell.value(look) == ran


def test_a_damaged_result_is_not_used(shell: Kernel, tmp_path: Path) -> None:
    cell = "%%track --cached\nweights = np.arange(3.0) * 7\nn = 2.0 * weights.sum()"
    first = shell.run(cell)
    assert len(restored(shell.run(cell))) == 1
    shell.run(
        f"from pathlib import Path\nfile = next(Path('.tracker/artifacts/{first.card['id']}').rglob('0.npy'))\n"
        "data = file.read_bytes(); file.write_bytes(data[:-1] + b'x')"
    )
    again = shell.run(cell)
    assert restored(again) == [] and again.status == "ok"
    assert shell.value("weights.tolist()") == "[0.0, 7.0, 14.0]"


def test_a_file_that_changes_after_a_result_was_restored_counts(shell: Kernel) -> None:
    """The run that restored did not open it."""
    shell.run("from pathlib import Path\nfile = Path('late') / 'rate.txt'\nfile.parent.mkdir()\nfile.write_text('2')")
    cell = "%%track --cached\nrate = float(file.read_text()) * 3"
    shell.run(cell)
    assert len(restored(shell.run(cell))) == 1
    shell.run("file.write_text('5')")
    seen = shell.run(cell)
    assert seen.card["remarks"] == [] and [one["value"] for one in seen.card["metrics"]] == [15.0]


def test_different_metrics_from_equal_inputs_are_never_restored(shell: Kernel) -> None:
    cell = "%%track {}\nvalue = int.from_bytes(os.urandom(4), 'big')"
    shell.run(cell.format(""))
    shell.run(cell.format(""))
    seen = shell.run(cell.format("--cached"))
    assert restored(seen) == [] and "other metrics before" in said(seen)
