"""A tracked cell computes, prints, displays and raises exactly what it would without us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, kernel

SETUP = """
import asyncio, contextlib, logging, sys, warnings
logging.basicConfig(stream=sys.stderr, format="%(message)s", force=True)
base, items = 2, [1, 2, 3]
def double(x):
    return 2 * x
"""

CELLS = {
    "assignments": "a = 1\nb = a + base\nprint(a, b)",
    "last expression": "x = 3\nx * 2",
    "last expression, silent": "x = 3\nx * 2;",
    "nothing": "",
    "only a comment": "# nothing here",
    "a DataFrame": "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "await": "await asyncio.sleep(0)\nvalue = await asyncio.wait_for(asyncio.sleep(0, 5), 1)\nvalue",
    "async for": (
        "async def numbers():\n    for i in range(3):\n        yield i\ntotal = 0.0\n"
        "async for n in numbers():\n    total += n / 2\nprint(total)"
    ),
    "async with": "@contextlib.asynccontextmanager\nasync def place():\n    yield 4\nasync with place() as p:\n    q = p + 1\nq",
    "syntax error": "a = 1\nb = = 2",
    "indentation error": "if base:\nprint(1)",
    "unterminated": "a = (1,",
    "exception": "a = 1\nb = 0\n\nc = a / b\nd = 3",
    "exception in a function": "def f(x):\n    return x / 0\n\nf(1)",
    "exception in a loop": "for i in range(3):\n    y = 1 / (1 - i)",
    "chained exception": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('worse') from e",
    "system exit": "import sys\nsys.exit('enough')",
    "keyboard interrupt": "raise KeyboardInterrupt",
    "assertion": "assert base == 3, 'base is not three'",
    "del": "a = 5\ndel a\nb = 'a' in globals()\nb",
    "generator": "g = (i * i for i in items)\nnext(g), next(g)",
    "comprehension": "squares = {i: i * i for i in items}\nsquares",
    "walrus": "if (n := len(items)) > 2:\n    print(n)",
    "match": "match items:\n    case [first, *rest]:\n        print(first, rest)",
    "class": "class A:\n    kind = 'a'\n    def __repr__(self):\n        return 'A!'\nA()",
    "loop": "total = 0.0\nfor i in range(5):\n    total = total + i * 0.5\nprint(total, i)",
    "loop, break and else": "for i in range(5):\n    v = i / 2\n    if v > 1:\n        break\nelse:\n    print('never')\nprint(i, v)",
    "loop, continue": "for i in range(5):\n    if i % 2:\n        continue\n    v = i * 0.1\nelse:\n    print('done', v)",
    "while": "k = 1.0\nwhile k < 100:\n    k *= 2.5\nk",
    "nested loops": "for i in range(3):\n    for j in range(3):\n        if j > i:\n            break\n        z = i + j / 10\nz",
    "try in a loop": "for i in range(3):\n    try:\n        w = 1 / i\n    except ZeroDivisionError:\n        continue\n    finally:\n        print(i)\nw",
    "print in pieces": "import sys\nprint('a', end='')\nsys.stdout.write('b\\n')\nprint('c', file=sys.stderr)",
    "rebound print": "print_ = print\nprint = lambda *a: print_('mine', *a)\nprint(1)\ndel print",
    "redirected output": "import io\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    print('hidden')\nout.getvalue()",
    "logging": "logging.warning('careful')",
    "a warning": "warnings.warn('old')",
    "flush": "print('x', flush=True)\nsys.stdout.flush()",
    "display": "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))\nprint('after')",
    "update display": "from IPython.display import display\nh = display('one', display_id='d1')\nh.update('two')",
    "clear output": "from IPython.display import clear_output\nprint('a')\nclear_output(wait=True)\nprint('b')",
    "line magic": "%env TRACKER_TEST_VALUE=3\nimport os\nos.environ['TRACKER_TEST_VALUE']",
    "magic result": "out = %sx echo hello\nout",
    "shell": "!echo from the shell",
    "cell magic below": "%%capture kept\nprint('captured')",
    "cell magic writefile": "%%writefile made.txt\nhello",
    "matplotlib inline": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(1, 1))\nax.plot([1, 2])\nplt.show()"
    ),
    "figure as the last value": "import matplotlib.pyplot as plt\nfig = plt.figure(figsize=(1, 1))\nplt.close(fig)\nfig",
    "global in a function": "def bump():\n    global counter\n    counter = 7\nbump()\ncounter",
    "locals and globals": "sorted(n for n in globals() if 'tracker' in n.lower() or 'pass' in n.lower())",
    "builtins as found": "import builtins\nsorted(n for n in dir(builtins) if 'track' in n)",
    "help": "double?",
    "star import": "from math import *\nround(pi, 3)",
    "decorator": "import functools\n@functools.cache\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(20)",
    "lambda default": "f = lambda x, y=base: x + y\nf(1)",
    "unicode names": "größe = 3\nπ = 3.14\ngröße * π",
    "runs another cell": (
        "for i in range(3):\n    get_ipython().run_cell('inner = 1')\n    v = i / 2\nprint(v)"
    ),
    "loop in a timed cell": "%%capture kept\nfor i in range(3):\n    v = i / 2\nprint(v)",
    "many lines": "\n".join(f"v{i} = {i}" for i in range(500)),
    "underscore": "_",
    "out history": "sorted(type(k).__name__ for k in Out)[:1]",
    "frame inspection": "import inspect\ninspect.currentframe().f_code.co_name, inspect.currentframe().f_lineno",
    "traceback module": "import traceback\ntry:\n    1 / 0\nexcept Exception:\n    print(traceback.format_exc().splitlines()[-1])",
    "exec": "exec('made_by_exec = 9')\nmade_by_exec",
    "type annotations": "lr: float = 0.1\nn: int\n__annotations__",
    "future": "from __future__ import annotations\ndef f(x: Unknown): pass\nf.__annotations__",
    "thread": "import threading\nt = threading.Thread(target=print, args=('from a thread',))\nt.start()\nt.join()",
    "subprocess": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True, text=True).stdout",
}  # fmt: skip

NAMESPACE = """sorted((k, type(v).__name__, repr(v)[:80] if isinstance(v, (int, float, str, list, dict, tuple)) else '')
    for k, v in globals().items() if not k.startswith('_') and k not in ('In', 'Out', 'out'))"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kernel, Kernel]]:
    """Two kernels with the same history: one plain, one with the extension, whose cells are tracked."""
    with kernel(tmp_path_factory.mktemp("plain")) as plain, kernel(tmp_path_factory.mktemp("tracked")) as tracked:
        for each in (plain, tracked):
            each.run("import sys" if each is plain else "%load_ext tracker")
            each.run(SETUP)
        yield plain, tracked


@pytest.mark.parametrize("name", CELLS)
def test_same_with_and_without(pair: tuple[Kernel, Kernel], name: str) -> None:
    plain, tracked = pair
    body = CELLS[name]
    marker = "" if body.startswith("%%") else "# %%track -e corpus\n"
    expected, seen = plain.run(marker + body), tracked.run("%%track -e corpus\n" + body)
    assert seen.plain == expected.plain
    assert seen.status == expected.status
    assert tracked.value(NAMESPACE) == plain.value(NAMESPACE)
    failed = any(output[0] == "error" for output in expected.plain)
    status = seen.card["status"]
    assert status == ("KILLED" if name == "keyboard interrupt" else "FAILED" if failed else "FINISHED")


def test_untracked_cells_are_not_touched(pair: tuple[Kernel, Kernel]) -> None:
    plain, tracked = pair
    source = "for i in range(3):\n    r = i / 2\nprint(r)\n1 / 0"
    assert tracked.run(source).plain == plain.run(source).plain
    assert tracked.run(source).ours == []


def test_unloading_leaves_nothing(tmp_path: Path) -> None:
    look = (
        "(ip := get_ipython()) and (len(ip.ast_transformers), len(ip.input_transformers_cleanup), "
        "{k: len(v) for k, v in ip.events.callbacks.items()}, sorted(ip.magics_manager.magics['cell']), "
        "sorted(ip.magics_manager.magics['line']), len(ip.Completer.custom_matchers))"
    )
    with kernel(tmp_path) as fresh:
        before = fresh.value(look)
        fresh.run("%load_ext tracker")
        assert fresh.value(look) != before
        fresh.run("%unload_ext tracker")
        assert fresh.value(look) == before
