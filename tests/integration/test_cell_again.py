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


@pytest.mark.parametrize("draw", ["np.random.seed(3)\nx = np.random.rand()", "x = np.random.RandomState(3).rand()"])
def test_a_cell_that_seeds_by_itself_is_known_in_the_same_kernel(shell: Kernel, draw: str) -> None:
    cell = f"%%track\n{draw}\nscore = x * scale"
    shell.run(cell)
    shell.run("np.random.rand()")
    assert len(again(shell.run(cell))) == 1


def test_what_cannot_be_asked_again_is_never_an_earlier_run(shell: Kernel) -> None:
    cell = "%%track\nn = float(os.popen('echo 3').read())"
    shell.run(cell)
    assert again(shell.run(cell)) == []


@pytest.mark.parametrize(
    "listed",
    [
        "os.listdir('many')", "sorted(Path('many').glob('*.csv'))", "glob.glob('many/**/*.csv', recursive=True)",
        "[file for _, _, files in os.walk('many') for file in files]",
    ],
)  # fmt: skip
def test_a_folder_with_other_files_is_another_input(shell: Kernel, listed: str) -> None:
    shell.run("import glob, shutil\nfrom pathlib import Path\nshutil.rmtree('many', ignore_errors=True)")
    shell.run("os.makedirs('many/deep')\nfor name in ('a.csv', 'deep/b.csv'): Path('many', name).write_text(name)")
    cell = f"%%track\nn = 1.5 * len({listed})"
    assert again(shell.run(cell)) == [] and len(again(shell.run(cell))) == 1
    shell.run("_ = Path('many/c.csv').write_text('')")
    assert again(shell.run(cell)) == [] and len(again(shell.run(cell))) == 1
    shell.run("shutil.rmtree('many')")
    assert again(shell.run(cell)) == []


@pytest.mark.parametrize(
    "cell",
    [
        "n = 1.5 * len(os.listdir('grows'))\nopen(f'grows/{n}', 'w').close()",
        "n = 1.5 * len(list(Path('.').glob('*/inner.txt')))", "n = 1.5 * len(glob.glob('inner.txt'))", "n = 1.5 * len(list(filter(os.path.exists, ['not there'])))",
        "n = 1.5 * len(sorted(Path('grows').glob('*'), key=os.path.getmtime))",
    ],
)  # fmt: skip
def test_what_a_list_of_a_folder_does_not_tell_is_never_an_earlier_run(shell: Kernel, cell: str) -> None:
    shell.run("import glob\nfrom pathlib import Path\nos.makedirs('grows', exist_ok=True)")
    for _ in range(2):
        assert again(shell.run("%%track\n" + cell)) == []


MODULE = """import os, uuid
RATE = {'a': 1.5}
def rate(): return RATE['a'] * float(os.environ.get('OWN_RATE', '1'))
def put(value): RATE['a'] = value
def chance(): return uuid.uuid4().int / 7
LIMIT = 2.5
def limit(): return LIMIT
"""
SETUP = """from pathlib import Path
import own, decimal, functools, collections
class Thing:
    __slots__ = ('k',)
    scale = 2.0
    def get(self): return self.k * Thing.scale
thing = Thing(); thing.k = 1.5
def counter():
    held = [1.0]
    def get(): return held[0] * 2
    return get, held
get, held = counter()
queue = collections.deque([1.0, 2.0])
chosen = {1, 9, 17}
first, second = [1.0], [1.0]
rows = np.arange(4.0); fixed = np.ones(3)
part = functools.partial(pow, 2.0)
folder = 'parts'
frame = pd.DataFrame({'a': [1, 2]}); frame.__dict__['note'] = 1.5
import calendar
levels = pd.MultiIndex.from_product([['a', 'b'], [0]])[:1]
over = np.ones((2, 1)); under = pd.DataFrame(over.copy())
@pd.api.extensions.register_series_accessor('mine')
class Mine:
    by = 2
    def __init__(self, series): self.series = series
    def twice(self): return self.series.sum() * Mine.by
import sys, types
made = sys.modules['made'] = types.ModuleType('made')
exec('BY = 1.5\\ndef rate(): return BY', vars(made))
space = {'by': 1.5}
exec('def scaled(x): return x * by', space)
scaled = space['scaled']
masked = np.ma.array([1.0, 2.0], mask=[0, 1])
whole = pd.DataFrame.sum
"""


@pytest.fixture(scope="module")
def setup(folder: Path, kernel_: Kernel) -> Kernel:
    (folder / "own.py").write_text(MODULE)
    (folder / "parts").mkdir()
    (folder / "one.txt").write_text("1")
    (folder / "two.txt").write_text("22")
    (folder / "link.txt").symlink_to("one.txt")
    assert kernel_.run(SETUP).status == "ok"
    return kernel_


@pytest.mark.parametrize(
    "cell, change",
    [
        ("s = own.rate() * 2", "own.put(2.5)"), ("s = own.rate() * 3", "vars(own)['RATE'] = {'a': 4.5}"),
        ("s = own.rate() * 4", "os.environ['OWN_RATE'] = '3'"), ("s = own.rate() * 5", "own.rate = lambda: 1.0"),
        ("s = len(str(np.array([1 / 3]))) / 7", "np.set_printoptions(precision=3)"),
        ("s = len(repr(frame)) / 7", "pd.set_option('display.show_dimensions', True)"),
        ("s = float(decimal.Decimal(1) / 3)", "decimal.getcontext().prec = 7"),
        ("s = len(os.getcwd()) / 7", "os.chdir('parts')"), ("s = len(open('link.txt').read()) / 7",
        "os.unlink('link.txt'); os.symlink('two.txt', 'link.txt')"),
        ("s = 1.0 + os.path.exists('flag')", "open('flag', 'w').close()"),
        ("try:\n    s = len(open('absent.txt').read()) / 7\nexcept OSError:\n    s = 0.0 * len(rows)", "open('absent.txt', 'w').write('x')"),
        ("s = thing.get() + 1", "Thing.k.__set__(thing, 4.0)"), ("s = thing.get() + 2", "type(thing).scale = 5.0"),
        ("s = get() + 1", "held[0] = 5.0"), ("s = get() + 2", "get.__closure__[0].cell_contents = [7.0]"),
        ("s = queue[0] * 2", "queue.rotate(1)"), ("s = list(chosen)[0] / 7", "chosen = {17, 9, 1}"),
        ("s = 1.0 + (first is second)", "second = first"), ("s = float(fixed.sum())", "fixed.flags.writeable = False"),
        ("s = part(3.0)", "part = functools.partial(pow, 3.0)"), ("s = float(np.mean(rows))", "np.mean = lambda a: 9.0"),
        ("s = float(frame.a.mean())", "pd.Series.mean = lambda self: 9.0"),
        ("s = math.floor(rows.sum()) / 7", "import math; math.floor = lambda v: 3"),
        ("s = len(get.__doc__ or '') * 1.5", "get.__doc__ = 'told'"), ("s = frame.note * 2", "frame.__dict__['note'] = 4.5"),
        ("s = 1.5 * isinstance(frame.index, pd.RangeIndex)", "frame.index = pd.Index([0, 1])"),
        ("s = 1.5 * len(levels.levels[0])", "globals().update(levels=levels.remove_unused_levels())"),
        ("over += 1\ns = float(under[0].sum())\nover -= 1", "globals().update(under=pd.DataFrame(over, copy=False))"),
        ("s = 1.5 * calendar.monthcalendar(2024, 2)[0][0]", "calendar.setfirstweekday(6)"),
        ("s = float(pd.Series([1.0]).mine.twice())", "Mine.by = 5"),
    ],
)  # fmt: skip
def test_what_stands_behind_a_cell_counts(setup: Kernel, cell: str, change: str) -> None:
    here = setup.value("os.getcwd()")
    kept = setup.run("import math\nkept = np.mean, pd.Series.mean, math.floor, decimal.getcontext().prec")
    assert kept.status == "ok"
    setup.run("%%track\n" + cell)
    assert len(again(setup.run("%%track\n" + cell))) == 1
    assert setup.run(change).status == "ok"
    seen = setup.run("%%track\n" + cell)
    setup.run(
        f"np.mean, pd.Series.mean, math.floor, decimal.getcontext().prec = kept\nos.chdir({here})\n"
        "np.set_printoptions(precision=8)\npd.reset_option('display.show_dimensions')\nos.environ.pop('OWN_RATE', None)"
    )
    assert seen.status == "ok" and seen.card["remarks"] == seen.card["notices"] == []


@pytest.mark.parametrize(
    "cell, change",
    [
        ("s = scaled(2.0)", "scaled.__globals__['by'] = 4.5"), ("import made\ns = made.rate() * 2", "made.BY = 4.5"),
        ("import own\ns = own.limit() * 6", "own.LIMIT = 9.5"), ("s = float(masked.data[1])", "masked.data[1] = 9.0"),
        ("s = float(frame.sum().iloc[0])", "pd.DataFrame.sum = pd.DataFrame.max"),
        ("s = random.random()", "random.seed(2)"),
    ],
)  # fmt: skip
def test_what_is_changed_outside_of_any_cell_counts(setup: Kernel, cell: str, change: str) -> None:
    seen = []
    for told in ("pass", "pass", "pass", change):
        setup.value(f"random.seed(1) or exec({told!r})")
        seen.append(len(again(setup.run("%%track\n" + cell))))
    setup.value("exec('pd.DataFrame.sum = whole')")
    assert seen[2:] == [1, 0]


@pytest.mark.parametrize(
    "cell",
    [
        "s = float(np.random.default_rng().random())", "s = float(by_hand(1.0))", "s = own.chance()", "s = eval('sc' + 'ale') * 1.5",
        "from time import perf_counter as now\ns = now() * 2", "s = os.stat('one.txt').st_mtime / 7",
        "from concurrent.futures import ThreadPoolExecutor as P\nwith P(1) as p:\n    s = p.submit(os.system, 'true').result() + 1.5",
        "s = float(len(Out)) + 1.5", "s = float(np.random.default_rng(nothing).random())",
        "s = float(unseeded().random())", "s = 1.0 * sys.getrefcount(rows)", "s = 1.0 * len(os.pread(held_file, 9, 0))",
    ],
)  # fmt: skip
def test_what_equal_inputs_do_not_settle_is_never_an_earlier_run(setup: Kernel, cell: str) -> None:
    setup.run(
        "import sys; nothing = None; held_file = os.open('one.txt', os.O_RDONLY)\nby_hand = np.frompyfunc(float, 1, 1)"
    )
    setup.run("def unseeded(seed=None):\n    return np.random.default_rng(seed)")
    for _ in range(3):
        assert again(setup.run("%%track\n" + cell)) == []


@pytest.mark.parametrize(
    "read, is_known",
    [
        ("pl.read_csv(f'{folder}/rows{scale}.csv')", True), ("pl.scan_csv(Path(folder) / 'rows2.csv').collect()", True),
        ("pl.read_csv(os.path.join(folder, 'rows%d.csv' % scale))", True), ("rows_of(scale)", False),
        ("[pl.read_csv(f'parts/rows{i}.csv') for i in (2,)][0]", False), ("pl.read_csv('parts/*.csv')", False),
        ("getattr(pl, 'read_' + 'csv')(folder + '/rows2.csv')", False), ("read(folder + '/rows2.csv')", True),
    ],
)  # fmt: skip
def test_a_path_that_is_built_and_opened_without_python(setup: Kernel, folder: Path, read: str, is_known: bool) -> None:
    """Noted where its parts are known; else the cell is never an earlier run."""
    pytest.importorskip("polars")
    setup.run("import polars as pl\nfrom polars import read_csv as read\nscale = 2")
    setup.run("def rows_of(n):\n    return pl.read_csv(f'parts/rows{n}.csv')")
    cell = f"%%track\ns = {read}['a'].sum() / 7"
    for content in ("a\n1\n", "a\n3\n"):
        (folder / "parts" / "rows2.csv").write_text(content)
        told = [again(setup.run(cell)) for _ in range(2)]
        assert [len(one) for one in told] == [0, int(is_known)]
    names = setup.value("[one.dataset.name for one in tracker.last_active_run().inputs.dataset_inputs]")
    assert "rows2.csv" in names or not is_known


def test_equal_inputs_are_known_though_the_cell_ran_in_between(setup: Kernel) -> None:
    """Own classes, models that are read, and cells that may change what they call."""
    pytest.importorskip("sklearn")
    setup.run(
        "from sklearn.linear_model import Ridge\nX = np.arange(8.0).reshape(4, 2); ridge = Ridge().fit(X, X[:, 0])"
    )
    cell = "%%track\ns = float(ridge.predict(X).sum()) + thing.get()"
    setup.run(cell)
    assert len(again(setup.run(cell))) == 1
    setup.run("ridge.coef_[0] += 1")
    assert again(setup.run(cell)) == []
    assert len(again(setup.run(cell))) == 1
