"""What belongs to a slice: sessions, and which of their executions made what the tracked cell read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLAY = Path(__file__).parent.parent / "slice_corpus" / "play.py"

# A session's cells, the last one tracked; `+` marks those that belong to its slice.
SESSIONS: dict[str, list[str]] = {
    "only what is read": ["+a = 1", "b = 2", "+c = a + 1", "+r = c * 1.5"],
    "the last binding counts": ["a = 1", "+a = 2", "+r = a * 1.5"],
    "a cell that is run again": ["a = 1", "+b = 5", "+a = b", "b = 7", "+r = a * 1.5"],
    "edited after its use": ["+a = 1", "+b = a", "a = 3", "+r = b * 1.5"],
    "an update needs what it updates": ["+a = 1", "+a += 1", "+r = a * 1.5"],
    "a function's free names": ["+k = 2", "+def f(x):\n    return x * k", "z = 1", "+r = f(1) * 1.5"],
    "a function behind a function": ["+def f():\n    return 1", "+def g():\n    return f()", "+r = g() * 1.5"],
    "a redefined function": ["def f():\n    return 1", "+def f():\n    return 2", "+r = f() * 1.5"],
    "changed by a method": ["+a = []", "+a.append(1)", "b = []", "b.append(1)", "+r = sum(a) * 1.5"],
    "not changed by reading": ["+a = [2, 1]", "sorted(a)", "a.index(1)", "print(a)", "len(a)", "+r = a[0] * 1.5"],
    "an alias": ["+a = [1]", "+b = a", "+b.append(2)", "+r = sum(a) * 1.5"],
    "a copy is no alias": ["+a = [1]", "b = list(a)", "b.append(2)", "+r = sum(a) * 1.5"],
    "something held by something": ["+a = [1]", "+d = {'a': a}", "+d['a'].append(3)", "+r = sum(a) * 1.5"],
    "shared, and named nowhere": ["+a = [[]]", "+b = [a[0]]", "+b[0].append(4)", "+r = sum(a[0]) * 1.5"],
    "items of a loop": ["+ds = [{'v': 1}]", "+for d in ds:\n    d['v'] = 5", "+r = ds[0]['v'] * 1.5"],
    "an attribute": ["+class A:\n    v = 1", "+a = A()", "+a.v = 3", "o = A()", "o.v = 9", "+r = a.v * 1.5"],
    "a class attribute": ["+class A:\n    v = 1", "+a = A()", "+A.v = 3", "+r = a.v * 1.5"],
    "a method that changes": [
        "+class A:\n    def __init__(self):\n        self.n = 0\n    def up(self):\n        self.n += 1\n    def get(self):\n        return self.n",
        "+a = A()", "a.get()", "+a.up()", "+r = a.n * 1.5",
    ],
    "a function that changes its argument": [
        "+def f(d):\n    d['k'] = 1", "def g(d):\n    return len(d)", "+x = {}", "+f(x)", "g(x)", "+r = len(x) * 1.5",
    ],
    "a function that changes a global": ["+log = []", "+def f():\n    log.append(1)", "+f()", "+r = len(log) * 1.5"],
    "a function that binds a global": ["n = 0", "+def f():\n    global n\n    n = 5", "+f()", "+r = n * 1.5"],
    "a closure": [
        "+def make():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    return up",
        "+a = make()", "b = make()", "+a()", "b()", "+r = a() * 1.5",
    ],
    "a default argument": [
        "+def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)", "+f(1)", "+r = f(2) * 1.5",
    ],
    "an iterator": ["+it = iter([1, 2, 3])", "+next(it)", "+r = next(it) * 1.5"],
    "a file": [
        "+open('a.txt', 'w').write('1')", "open('b.txt', 'w').write('2')", "+r = int(open('a.txt').read()) * 1.5",
    ],
    "a file written anew": [
        "open('c.txt', 'w').write('1')", "+open('c.txt', 'w').write('2')", "+r = int(open('c.txt').read()) * 1.5",
    ],
    "a module beside the notebook": [
        "+%%writefile beside_one.py\nK = 1\nL = []\ndef add():\n    L.append(1)\ndef count():\n    return len(L)",
        "+import beside_one", "+beside_one.K = 3", "+beside_one.add()", "beside_one.count()",
        "+r = beside_one.K * beside_one.count() * 1.5",
    ],
    "a seed and every draw since": [
        "import random", "random.random()", "+import random\nrandom.seed(1)", "+a = random.random()",
        "+b = random.random()", "c = 3", "+r = random.random() * 1.5",
    ],
    "draws that nothing depends on": [
        "import random", "random.seed(1)", "b = random.random()", "+a = 2", "+r = a * 1.5",
    ],
    "a generator of one's own": [
        "+import random", "+g = random.Random(1)", "+g.random()", "h = random.Random(2)", "h.random()", "+r = g.random()",
    ],
    "a cell that raised half way": ["+a = [1]", "+a.append(2)\n1 / 0\na.append(3)", "+r = sum(a) * 1.5"],
    "deleted and made again": ["a = 1", "del a", "+a = 4", "+r = a * 1.5"],
    "the working folder": [
        "+import os\nos.mkdir('sub')\nos.chdir('sub')", "a = 1", "+r = float(len(os.getcwd()) > 0)",
    ],
    "anything by exec": ["+a = 1", "+b = 2", "+code = 'c = a'", "+b = 3", "+exec(code)", "+r = c * 1.5"],
    "exec of a constant": ["+a = 1", "b = 2", "+exec('c = a')", "+r = c * 1.5"],
    "a name that a function takes from globals()": [
        "+k = 2", "+def f(x):\n    return x * globals()['k']", "z = 1", "+r = f(1) * 1.5",
    ],
    "an equal value of another kind": ["+d = [1]", "+d[0] = True", "+r = isinstance(d[0], bool) * 1.5"],
    "a value of the same hash": ["+d = [-1]", "+d[0] = -2", "+r = d[0] * 1.5"],
    "a special method given later": [
        "+class A:\n    pass", "+a = A()", "+A.__len__ = lambda self: 3", "+r = len(a) * 1.5",
    ],
    "another base": [
        "+class A:\n    v = 1", "+class B:\n    v = 2", "+class C(A):\n    pass", "+C.__bases__ = (B,)", "+r = C.v * 1.5",
    ],
    "a function with other code": ["+def f():\n    return 1", "+def g():\n    return 2", "+f.__code__ = g.__code__", "+r = f() * 1.5"],
    "memory as it is, filled with what it held": [
        "+import numpy as np", "+a = np.empty(50)", "+a[:] = a.copy()", "+r = len(a) * 1.5",
    ],
    "the figure that is drawn on": [
        "+import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt", "fig, ax = plt.subplots()",
        "+plt.figure()\nplt.plot([1, 2])", "+plt.title('two')", "+r = len(plt.gca().get_title()) * 1.5",
    ],
    "a figure of one's own": [
        "+import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt", "plt.plot([1, 2])", "plt.title('two')",
        "+plt.figure()\nplt.plot([1])\nr = len(plt.gca().lines) * 1.5",
    ],
    "another shape of the same numbers": [
        "+import numpy as np", "+a = np.arange(6.0)", "+a.shape = (2, 3)", "+r = len(a) * 1.5",
    ],
    "to hold what counts its objects does not count": [
        "+from abc import ABC\nfrom enum import Enum\nclass K(Enum):\n    X = 1\nclass A(ABC):\n    n, k = 0, K.X\n    def __init__(self):\n        A.n += 1\n    @property\n    def v(self):\n        return 1",
        "+a = A()", "held = [a]", "+r = A.n * 1.5",
    ],
    "a name by globals()": ["a = 1", "+globals()['a'] = 5", "+r = a * 1.5"],
    "a star import": ["+from math import *", "from cmath import phase", "+r = pi * 1.5"],
    "magics": ["+%time a = 2", "b = 1", "+%%time\nc = a + 1", "+r = c * 1.5"],
    "a comprehension's variable is its own": ["x = 1", "+a = [x for x in range(3)]", "+r = sum(a) * 1.5"],
    "a loop's last value": ["v = 1", "+for i in range(3):\n    v = i", "+r = v * 1.5"],
    "bound in one branch": ["+v = 1", "+flag = False", "+if flag:\n    v = 2", "+r = v * 1.5"],
    "a query's names": [
        "+import pandas as pd", "+low = 1", "high = 9", "+df = pd.DataFrame({'a': [1, 2, 3]})", "df.head()",
        "+r = float(len(df.query('a > @low')))",
    ],
    "a frame's columns": [
        "+import pandas as pd", "+df = pd.DataFrame({'a': [1, 2]})", "+df['b'] = df.a * 2", "y = df['a']",
        "df.describe()", "+r = float(df.b.sum())",
    ],
    "a view of an array": [
        "+import numpy as np", "+m = np.zeros(4)", "+v = m[:2]", "+v[0] = 5", "m.sum()", "+r = float(m.sum())",
    ],
    "an estimator in a pipeline": [
        "+from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler",
        "+s = StandardScaler()", "+p = make_pipeline(s)", "+X = [[1.0], [3.0]]", "+p.fit(X)", "p.transform(X)",
        "+r = float(s.mean_[0])",
    ],
    "a module behind a module": [
        "+%%writefile chain_low.py\nK = 1\ndef low(): return K",
        "+%%writefile chain_mid.py\nfrom chain_low import low\ndef mid(): return low()", "+import chain_mid",
        "+import chain_low", "+chain_low.K = 5", "+r = chain_mid.mid() * 1.0",
    ],
    "a metaclass that registers": [
        "+class Meta(type):\n    known = []\n    def __new__(m, n, b, d):\n        c = super().__new__(m, n, b, d)\n        Meta.known.append(c)\n        return c",
        "+class A(metaclass=Meta): v = 1", "+class B(A): v = 2", "x = 5", "+r = sum(c.v for c in Meta.known) * 1.0",
    ],
    "a base that registers its subclasses": [
        "+class Base:\n    subs = []\n    def __init_subclass__(cls): Base.subs.append(cls)", "+class A(Base): pass",
        "z = 1", "+class B(A): pass", "+r = len(Base.subs) * 1.0",
    ],
    "instances that their class remembers": [
        "+class A:\n    all = []\n    def __init__(self): type(self).all.append(self)", "+a = A()", "+b = A()",
        "+r = len(A.all) * 1.0",
    ],
    "a class method that counts": [
        "+class A:\n    n = 0\n    @classmethod\n    def make(cls):\n        cls.n += 1\n        return cls()",
        "+a = A.make()", "+b = A.make()", "+r = A.n * 1.0",
    ],
    "a property that changes its class": [
        "+class A:\n    _v = 0\n    log = []\n    @property\n    def v(self): return self._v\n    @v.setter\n    def v(self, x):\n        A.log.append(x); self._v = x",
        "+a = A()", "+a.v = 5", "+r = len(A.log) * 1.0",
    ],
    "an operator that changes": [
        "+class V:\n    def __init__(self): self.n = 0\n    def __lshift__(self, o):\n        self.n += o\n        return self",
        "+v = V()", "+v << 5", "+r = v.n * 1.0",
    ],
    "a subscript that changes": [
        "+class V:\n    def __init__(self): self.n = 0\n    def __getitem__(self, o):\n        self.n += o\n        return self",
        "+v = V()", "+v[5]", "+r = v.n * 1.0",
    ],
    "a reading that inserts": [
        "+from collections import defaultdict", "+d = defaultdict(list)", "+d['a']", "+r = len(d) * 1.0",
    ],
    "an iteration that changes": [
        "+class V:\n    def __init__(self): self.n = 0\n    def __iter__(self):\n        self.n += 1\n        return iter([1])",
        "+v = V()", "+for x in v: pass", "+r = v.n * 1.0",
    ],
    "a context that changes": [
        "+class T:\n    def __init__(self): self.n = 0\n    def __enter__(self):\n        self.n += 1\n        return self\n    def __exit__(self, *a): self.n += 1",
        "+t = T()", "+with t:\n    pass", "+r = t.n * 1.0",
    ],
    "a method by another name": ["+L = []", "+add = L.append", "+add(3)", "+r = len(L) * 1.0"],
    "a method that is handed on": ["+L = []", "+list(map(L.append, [1,2]))", "+r = len(L) * 1.0"],
    "a class by its subclass": ["+class A: v = 1", "+class B(A): pass", "+A.v = 3", "+r = B.v * 1.0"],
    "an alias of what a class holds": [
        "+class A: items = []", "+x = A.items", "+x.append(1)", "+r = len(A.items) * 1.0",
    ],
    "a function that is handed on with what it changes": [
        "+import pandas as pd", "+def norm(d): d['a'] = d['a'] * 2", "+fs = [pd.DataFrame({'a':[1.0]})]",
        "+for _ in map(norm, fs): pass", "+r = float(fs[0]['a'].sum())",
    ],
    "an exhausted generator's argument": [
        "+L = []\ndef g(l):\n    for i in range(3):\n        l.append(i)\n        yield i", "+it = g(L)", "+list(it)",
        "+r = len(L) * 1.0",
    ],
    "a decorator that is an attribute": [
        "+from functools import singledispatch", "+@singledispatch\ndef f(x): return 0",
        "+@f.register\ndef _(x: int): return 1", "+r = f(3) * 1.0",
    ],
    "names made by text": [
        "a = 1", "b = 2", "+for i in range(2):\n    globals()[f'v{i}'] = i + 1", "c = 3", "+r = v1 * 1.5",
    ],
    "names made by a mapping": ["a = 1", "+globals().update({'k1': 5})", "+r = k1 * 1.5"],
    "a file from a shell": ["a = 1", "+%%bash\necho 5 > bw.txt", "+r = float(open('bw.txt').read())"],
    "a file from a program": [
        "+import subprocess", "+subprocess.run(['sh', '-c', 'echo 7 > sp.txt'])", "b = 1",
        "+r = float(open('sp.txt').read())",
    ],
    "a renamed file": [
        "+import os", "+open('r1.txt','w').write('3')", "+os.rename('r1.txt', 'r2.txt')",
        "+r = float(open('r2.txt').read())",
    ],
    "a removed file": [
        "+import os", "+open('d1.txt','w').write('3')", "+os.remove('d1.txt')",
        "+r = float(os.path.exists('d1.txt'))",
    ],
    "a folder's list": [
        "+import os\nos.mkdir('ld')", "+open('ld/a','w').write('3')", "+open('ld/b','w').write('3')", "z = 1",
        "+r = len(os.listdir('ld')) * 1.0",
    ],
    "a generator's method by another name": [
        "+import random", "+rng = random.Random(3)", "+draw = rng.random", "+draw()", "+r = draw()",
    ],
    "a database that is asked and changed": [
        "+import sqlite3", "+c = sqlite3.connect(':memory:')", "+c.execute('create table t(a)')",
        "c.execute('select count(*) from t').fetchone()", "+c.execute('insert into t values (4)')",
        "import pandas as pd\npd.read_sql('select * from t', c)",
        "+r = float(c.execute('select a from t').fetchone()[0])",
    ],
    "a database in a file, read between": [
        "+import sqlite3", "+con = sqlite3.connect('b1.db')\ncon.execute('create table t(a)')\ncon.commit()",
        "z = sqlite3.connect('b1.db').execute('select * from t').fetchall()",
        "+con.execute('insert into t values (3)')\ncon.commit()",
        "+r = sqlite3.connect('b1.db').execute('select sum(a) from t').fetchone()[0] * 1.5",
    ],
    "a database in a file, and its log": [
        "+import sqlite3\ncon = sqlite3.connect('b2.db')\ncon.execute('pragma journal_mode=wal').fetchone()",
        "+con.execute('create table t(a)')\ncon.commit()",
        "z = sqlite3.connect('b2.db').execute('select * from t').fetchall()",
        "+other = sqlite3.connect('b2.db')\nother.execute('insert into t values (3)')\nother.commit()",
        "+r = sqlite3.connect('b2.db').execute('select sum(a) from t').fetchone()[0] * 1.5",
    ],
    "a handler that counts": [
        "+import logging", "+class H(logging.Handler):\n    n = 0\n    def emit(self, r): H.n += 1",
        "+logging.getLogger('zz').addHandler(H())", "+logging.getLogger('zz').warning('x')", "+r = H.n * 1.0",
    ],
    "functions that only look": [
        "+import pandas as pd", "+d = pd.DataFrame({'a':[1.0,2.0],'b':['x','y']})",
        "def look(f, n=2):\n    print(f.shape)\n    display(f.head(n))\n    return f.describe()", "look(d)",
        "def clean(f):\n    f = f.copy()\n    f['z'] = 1\n    return f", "e = clean(d)", "+r = float(d.a.sum())",
    ],
    "calls that changed nothing": [
        "+class Bus:\n    def __init__(self): self.subs = {}\n    def on(self, e):\n        def d(f):\n            self.subs.setdefault(e, []).append(f)\n            return f\n        return d\n    def emit(self, e): return [f() for f in self.subs.get(e, [])]",
        "+bus = Bus()", "+@bus.on('a')\ndef h(): return 3", "bus.emit('a')", "bus.emit('b')",
        "+r = bus.emit('a')[0] * 1.0",
    ],
    "functions that were not called": [
        "+n = 0\ndef up():\n    global n\n    n += 1", "print(up)", "callbacks = [up]", "+r = n * 1.0",
    ],
    "threads": [
        "+import threading", "+res = []", "+def w(i):\n    res.append(i)",
        "+ts = [threading.Thread(target=w, args=(i,)) for i in range(2)]",
        "+for t in ts: t.start()\nfor t in ts: t.join()", "unrelated = 5", "+r = len(res) * 1.0",
    ],
    "results that are shown": [
        "+res = {}", "def ev(k): return len(k)", "+res['a'] = 3", "print(res)",
        "for k, v in res.items(): print(k, v)", "import json\njson.dumps(res)", "max(res, key=res.get)",
        "[v for v in res.values()]", "+r = res['a'] * 1.0",
    ],
    "an environment variable": ["+import os", "+os.environ['QQ1'] = '5'", "b = 1", "+r = float(os.environ['QQ1'])"],
    "plots of a grid": [
        "+import matplotlib.pyplot as plt\nimport numpy as np", "+fig, axes = plt.subplots(2)",
        "+axes[0].plot([1,2])", "+r = len(axes[0].lines) * 1.0",
    ],
    "what an annotation names": [
        "+from typing import Callable", "+from pathlib import Path", "+held: dict[str, Callable] = {}",
        "+def home(x=1) -> Path:\n    return Path('.')", "z = 1", "+r = len(held) + len(home().parts) * 1.5",
    ],
    "closures that share a name": [
        "+def make():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    def reset():\n        nonlocal n\n        n = 0\n    return up, reset",
        "+up, reset = make()", "other, _ = make()", "+up()", "other()", "+reset()", "+r = up() * 1.5",
    ],
    "what is held by a weak reference": [
        "+import weakref", "+class A: v = 1", "+a = A()", "+w = weakref.ref(a)", "+w().v = 4", "+r = a.v * 1.5",
    ],
    "a module that was edited and not loaded again": [
        "+%%writefile edited_one.py\nBOX = [0]\ndef up():\n    BOX[0] += 1", "+from edited_one import *", "+up()",
        "+%%writefile edited_one.py\n# edited\nBOX = [0]\ndef up():\n    BOX[0] += 9", "+up()", "+r = BOX[0] * 1.5",
    ],
    "a module that a module takes a number from": [
        "+%%writefile number_low.py\nK = 3", "+%%writefile number_mid.py\nfrom number_low import K as base",
        "+from number_low import K", "z = 1", "+from number_mid import base", "+r = base * 1.5",
    ],
    "a module that is loaded anew": [
        "+%%writefile anew_one.py\nL = []", "+import anew_one", "+anew_one.L.append(1)",
        "+import sys\ndel sys.modules['anew_one']", "+import anew_one as other", "z = 1",
        "+r = len(anew_one.L) + len(other.L) * 1.5",
    ],
    "a file that stays open": [
        "+f = open('stays.txt', 'w')", "+f.write('5')", "z = 1", "+del f", "+r = float(open('stays.txt').read())",
    ],
    "an array in a file": [
        "+import numpy as np", "+mapped = np.memmap('mapped.bin', dtype='f8', mode='w+', shape=4)", "+part = mapped[:2]",
        "+part[0] = 3", "part.sum()", "+r = float(np.fromfile('mapped.bin').sum())",
    ],
    "what the shell keeps of what was shown": [
        "+a = 4", "+a * 2", "a * 3", "+a * 5", "z = 1", "+r = Out[2] * 1.5 + _",
    ],
    "classes that a class of a function's keeps": [
        "+class Base:\n    kinds = []\n    def __init_subclass__(cls): Base.kinds.append(cls)",
        "+class Low(Base):\n    def run(self): return OFFSET", "+OFFSET = 3", "z = 1",
        "+def total():\n    return sum(kind().run() for kind in Base.kinds)", "+r = total() * 1.5",
    ],
    "figures that are closed": [
        "+import matplotlib.pyplot as plt", "+fig, ax = plt.subplots(num='one')", "+ax.plot([1])", "+plt.close('all')",
        "z = 1", "+fig, other = plt.subplots(num='one')", "+r = len(ax.lines) * 1.5 + len(other.lines)",
    ],
    "a context of a library of frames": [
        "+import polars as pl", "+ctx = pl.SQLContext()", "+frame = pl.DataFrame({'a': [1, 2]})",
        "+ctx.register('t', frame)", "z = 1", "+r = float(ctx.execute('select a from t').collect()['a'].sum())",
    ],
    "a file that SQL names": [
        "+import duckdb", "+duckdb.sql(\"copy (select 4 as a) to 'named.csv'\")", "z = 1",
        "+r = float(duckdb.sql(\"select a from 'named.csv'\").fetchall()[0][0])",
    ],
    "a file that closes when another is opened": [
        "+f = open('later.txt', 'w')", "+f.write('5')", "+f = open('later.txt', 'a')", "z = 1",
        "+r = float(open('later.txt').read())",
    ],
    "what is shown is kept by the shell alone": ["+a = [1]", "[2]", "a", "+r = sum(a) * 1.5"],
    "a setting of the process": [
        "+import decimal", "+decimal.getcontext().prec = 7", "+import decimal\nx = decimal.Decimal(1) / 3",
        "+r = float(len(str(x)))\ndecimal.getcontext().prec = 28",
    ],
    "a library's setting, seen by what it made before": [
        "+import pandas as pd", "+frame = pd.DataFrame({'a': [1.23456]})", "+pd.options.display.precision = 2", "z = 1",
        "+r = len(repr(frame)) * 1.5\npd.reset_option('display.precision')",
    ],
    "a library's class that is given a method": [
        "+from fractions import Fraction", "+half = Fraction(1, 2)", "+Fraction.twice = lambda self: self * 2", "z = 1",
        "+r = float(half.twice())\ndel Fraction.twice",
    ],
    "a name that is built in from now on": [
        "+import builtins\nbuiltins.EXTRA = 4", "z = 1", "+def f():\n    return EXTRA",
        "+r = f() * 1.5\ndel builtins.EXTRA",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """For each session, the sources in the slice that its run kept."""
    root = tmp_path_factory.mktemp("slices")
    jobs = []
    for i, cells in enumerate(SESSIONS.values()):
        plain = [cell.removeprefix("+") for cell in cells]
        plain[-1] = "%%track\n" + plain[-1]
        jobs.append({"folder": str(root / f"job-{i}"), "cells": plain, "counts": list(range(1, len(plain) + 1))})
    (root / "jobs.json").write_text(json.dumps(jobs))
    command = [sys.executable, str(PLAY), str(root / "jobs.json"), str(root / "answers.json")]
    subprocess.run(command, check=True, env={**os.environ, "TRACKER_STORE": str(root / "store")}, timeout=200)
    kept = {}
    for name, answers in zip(SESSIONS, json.loads((root / "answers.json").read_text()), strict=True):
        assert answers[-1]["error"] is None, (name, answers)
        cells = json.loads((root / "store/artifacts" / answers[-1]["run"] / "code/cells.json").read_text())["cells"]
        kept[name] = [cell["count"] for cell in cells]
    return kept


@pytest.mark.parametrize("name", SESSIONS)
def test_the_slice_is_what_made_it(slices: dict[str, list[int]], name: str) -> None:
    expected = [i for i, cell in enumerate(SESSIONS[name], 1) if cell.startswith("+")]
    assert slices[name] == expected
