"""Cells that go to extremes or pull the carpet away: they run as they would without us, and the kernel stays well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import MIME, Kernel, kernel

MAX_BUNDLE = 30_000


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("hostile")) as fresh:
        fresh.run("%load_ext tracker\nimport builtins, io, os, sys, tracker\nx = 3")
        fresh.run("def no(*args, **kwargs):\n    raise RuntimeError('no')")
        yield fresh


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("builtins.open", "builtins.open = kept"),
        ("builtins.print", "builtins.print = kept"),
        ("io.open", "io.open = kept"),
        ("os.open", "os.open = kept"),
        ("os.replace", "os.replace = kept"),
        ("sys.stdout.write", "del sys.stdout.write"),
        ("sys.stdout", "sys.stdout = kept"),
        ("sys.stderr", "sys.stderr = kept"),
    ],
)
def test_a_cell_that_replaces_what_we_use(shell: Kernel, broken: str, mended: str) -> None:
    new = "io.StringIO()" if broken in ("sys.stdout", "sys.stderr") else "no"
    shell.run(f"kept = {broken}")
    seen = shell.run(f"%%track\n{broken} = {new}\nscore = 1 / x\nscore")
    shell.run(mended)
    assert seen.status == "ok"
    assert [output for output in seen.plain if output[0] != "stream"] == [
        ("execute_result", {"text/plain": "0.3333333333333333"})
    ]
    assert seen.card["status"] == "FINISHED"
    after = shell.run("%%track\nprint('well')\nscore = 1 / x")
    assert after.plain == [("stream", "stdout", "well\n")]
    assert after.card["notices"] == []
    assert [m["value"] for m in after.card["metrics"]] == [0.333333]


def test_names_of_builtins_as_variables(shell: Kernel) -> None:
    seen = shell.run("%%track\nstr = int = float = len = isinstance = None\nscore = 1 / x\nscore")
    shell.run("del str, int, float, len, isinstance")
    assert [m["key"] for m in seen.card["metrics"]] == ["score"]
    assert seen.card["notices"] == []


def test_objects_that_resist(shell: Kernel) -> None:
    seen = shell.run(
        "%%track\nclass Evil:\n"
        "    def __repr__(self): raise ValueError('repr')\n    def __float__(self): raise ValueError('float')\n"
        "    def __eq__(self, other): raise ValueError('eq')\n    def __getattr__(self, name): raise ValueError(name)\n"
        "    def __bool__(self): raise ValueError('bool')\n    def __len__(self): raise ValueError('len')\n"
        "evil = Evil()\nothers = [evil]\nby_name = {'evil': evil}\nfor i in range(3):\n    each = Evil()\n    score = i / x\nscore"
    )
    assert seen.plain == [("execute_result", {"text/plain": "0.6666666666666666"})]
    assert seen.card["notices"] == []
    assert {m["key"]: m["points"] for m in seen.card["metrics"]} == {"score": 3}


def test_fifty_megabytes_of_print(shell: Kernel) -> None:
    seen = shell.run("%%track -n wordy\nfor i in range(1000):\n    print('word ' * 10_000)\nscore = i / x", timeout=120)
    assert len(seen.text) == 1000 * 50_001
    assert seen.card["status"] == "FINISHED" and seen.card["notices"] == []
    assert len(json.dumps(seen.ours[-1])) <= MAX_BUNDLE
    assert (
        int(
            shell.value(
                "int(tracker.sql(\"SELECT max(size) FROM artifacts WHERE path = 'output/output.txt'\").iloc[0, 0])"
            )
        )
        < 1_000_000
    )


def test_a_frame_of_twenty_gigabytes(shell: Kernel) -> None:
    """It is there by its address alone: what is not read costs no memory."""
    made = shell.run("import numpy as np, pandas as pd\nhuge = pd.DataFrame(np.zeros((250_000_000, 10)), copy=False)")
    if made.status != "ok":
        pytest.skip("the system hands out no memory that it does not have")
    seen = shell.run("%%track\nscore = huge[3].iloc[:10].sum() + 1 / x")
    shell.run("del huge")
    (notice,) = seen.card["notices"]
    assert "huge is sampled" in notice and "18.6 GiB" in notice
    assert [m["key"] for m in seen.card["metrics"]] == ["score"]


def test_ten_thousand_assignments(shell: Kernel) -> None:
    literal = "".join(f"v{i} = {i}\n" for i in range(10_000))
    computed = "".join(f"w{i} = v{i} / 7\n" for i in range(10_000))
    for name, source in (("literals", literal), ("values", computed)):
        seen = shell.run(f"%%track -n {name} -e many\n{source}", timeout=120)
        assert seen.plain == []
        assert seen.card["status"] == "FINISHED" and seen.card["notices"] == []
        assert len(json.dumps(seen.ours[-1])) <= MAX_BUNDLE
        assert MIME in seen.ours[-1]
    counts = "[tracker.sql(f'SELECT count(*) FROM {t} JOIN runs r USING (run_id) WHERE r.name = $n', n=n).iloc[0, 0] for t, n in (('params', 'literals'), ('latest_metrics', 'values'))]"
    found = shell.value(counts)
    assert found.count("10000") == 2, found


def test_a_cell_in_a_folder_that_goes_away(shell: Kernel, tmp_path: Path) -> None:
    home = shell.value("os.getcwd()")
    (tmp_path / "gone").mkdir()
    seen = shell.run(f"%%track -n leaves\nos.chdir({str(tmp_path / 'gone')!r})\nos.rmdir(os.getcwd())\nscore = 1 / x")
    shell.run(f"os.chdir({home})")
    assert seen.plain == []
    assert seen.card["status"] == "FINISHED" and seen.card["notices"] == []
    assert shell.value("tracker.runs(where=\"name = 'leaves'\").status.tolist()") == "['FINISHED']"


def test_output_of_a_thread_that_outlives_its_cell(shell: Kernel) -> None:
    cell = (
        "import threading\ngo = threading.Event()\n"
        "late = threading.Thread(target=lambda: go.wait() and print('late'))\nlate.start()\nprint('early')"
    )
    seen = shell.run(f"%%track -n threads\n{cell}")
    assert seen.text == "early\n" and seen.card["output"] == "early\n"
    assert "late\n" in shell.run("go.set()\nlate.join()\nprint('next')").text


def test_a_folder_that_is_gone_before_the_cell(shell: Kernel, tmp_path: Path) -> None:
    home = shell.value("os.getcwd()")
    (tmp_path / "gone").mkdir()
    shell.run("%%track\nscore = 1 / x")
    shell.run(f"import subprocess\nos.chdir({str(tmp_path / 'gone')!r})\nos.rmdir(os.getcwd())")
    cell = "code = subprocess.run(['true']).returncode\ntry:\n    os.mkdir('x')\nexcept OSError as e:\n    print(code, e.errno)"
    plain, seen = shell.run(cell), shell.run(f"%%track -n homeless\n{cell}")
    shell.run(f"os.chdir({home})")
    assert seen.plain == plain.plain == [("stream", "stdout", "0 2\n")]
    assert seen.card["status"] == "FINISHED" and seen.card["notices"] == []


def test_text_that_cannot_be_encoded(shell: Kernel) -> None:
    seen = shell.run("%%track\nhalf = 'a\\ud800b'\nscore = 1 / x")
    assert seen.plain == [] and seen.card["status"] == "FINISHED"
    printed = shell.run("%%track\nprint(half)")
    assert printed.card["status"] == "FINISHED"
    # ipykernel fails to send it, and may log that while the cell is still running
    assert printed.card["output"].partition("ERROR:tornado")[0] == "a?b\n"
    shell.run("del half")


def test_nothing_is_asked_of_an_object(shell: Kernel) -> None:
    shell.run(
        "asked = []\nclass Lazy:\n    @property\n    def __class__(self):\n        asked.append('class')\n        raise SystemExit('made')\n"
        "    def __getattr__(self, name):\n        asked.append(name)\n        raise SystemExit(name)\n"
        "    __eq__ = __hash__ = __bool__ = __len__ = __float__ = __repr__ = lambda self, *_: self.asked\nlazy = Lazy()"
    )
    seen = shell.run("%%track\nother = lazy\nfor i in range(3):\n    each = Lazy()\n    score = i / x\nscore")
    assert seen.plain == [("execute_result", {"text/plain": "0.6666666666666666"})]
    assert seen.card["status"] == "FINISHED"
    assert [m["key"] for m in seen.card["metrics"]] == ["score"]
    assert set(json.loads(shell.value("asked").replace("'", '"'))) <= {"class"}
    shell.run("del lazy, other, each")


def test_nothing_is_asked_of_classes_and_of_what_derives_from_builtins(shell: Kernel) -> None:
    """Of classes that cannot be hashed, or compare themselves, and of a text, a number, a list that tell by own code."""
    shell.run(
        "asked = []\ndef told(*_):\n    asked.append(sys._getframe(1).f_code.co_name)\n    return 0\n"
        "class Meta(type):\n    def __eq__(cls, other):\n        asked.append('eq')\n        return cls is other\n"
        "class Hashed(Meta):\n    def __hash__(cls):\n        asked.append('hash')\n        return 1\n"
        "class Bare(metaclass=Meta):\n    def __iter__(self): return iter((1, 2))\nclass Full(metaclass=Hashed): pass\n"
        "class Text(str):\n    __str__ = __len__ = __repr__ = told\nclass Number(float):\n    __float__ = __repr__ = told\n"
        "class Items(list):\n    __len__ = __iter__ = __getitem__ = told\n"
        "held = Bare(), Full(), Text('a'), Number(0.5), Items([1])\nbare, full, text, number, items = held"
    )
    shell.run("asked.clear()")
    seen = shell.run(
        "%%track\nparts = [bare, Bare, Full, {'f': full}]\ndef use():\n    return Bare, full, items\nmade = use()\n"
        "for i in range(3):\n    one, two, three = text, number, items\n    score = i / x\nfor each in bare: third = each / x"
    )
    assert seen.plain == [] and seen.card["status"] == "FINISHED" and seen.card["notices"] == []
    assert {"score", "third", "two"} <= {m["key"] for m in seen.card["metrics"]}
    assert shell.value("asked") == "[]"
    shell.run("del held, each, bare, full, text, number, items, parts, made, one, two, three, use, Bare, Full")


def test_transformers_that_were_cleared(shell: Kernel) -> None:
    kept = "ip = get_ipython()\nhad = list(ip.ast_transformers), list(ip.input_transformers_cleanup)\n"
    shell.run(kept + "ip.ast_transformers.clear()\nip.input_transformers_cleanup.clear()")
    seen = shell.run("%%track\nscore = 1 / x")
    shell.run("ip.ast_transformers[:], ip.input_transformers_cleanup[:] = had")
    assert seen.plain == [] and [m["key"] for m in seen.card["metrics"]] == ["score"]
