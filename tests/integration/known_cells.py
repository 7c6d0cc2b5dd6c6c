"""Cells as data scientists write them, labelled by the design's words before the capture was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Known:
    """A cell, the cells before it, and what its run must hold, no more and no less."""

    source: str
    given: str = ""
    before: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    metrics: str = ""
    """Names, each with the value that the name holds afterwards; `name.field` for a dict's."""
    curves: dict[str, int | str] = field(default_factory=dict)
    """Points, or an expression for them; other names have one point, or follow a curve here."""
    last: Any = None
    """The expression, or its value, that an unnamed last expression gives."""
    fails: bool = False


NUMPY = """\
import numpy as np
import pandas as pd
import math, time, random
"""
IRIS = """\
import numpy as np
import pandas as pd
import math, time, random
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split, cross_val_score, GridSearchCV, KFold, StratifiedKFold, cross_validate, ParameterGrid
from sklearn.svm import SVC
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline, Pipeline
from sklearn.metrics import accuracy_score, f1_score, classification_report, confusion_matrix, mean_squared_error, log_loss
X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
"""
FRAME = """\
import numpy as np
import pandas as pd
import math, time, random
rng = np.random.default_rng(0)
df = pd.DataFrame({'g': list('aabbc') * 20, 'x': rng.normal(size=100), 'y': rng.normal(size=100)})
"""
DESCENT = """\
import numpy as np
import pandas as pd
import math, time, random
rng = np.random.default_rng(0)
Xg = rng.normal(size=(64, 3)); yg = Xg @ np.array([1., -2., .5])
def loss_fn(w): return float(((Xg @ w - yg) ** 2).mean())
def grad(w): return 2 * Xg.T @ (Xg @ w - yg) / len(yg)
"""

CELLS = [
    Known("""\
C = 1.5
gamma = 0.1
model = SVC(C=C, gamma=gamma).fit(X_train, y_train)
accuracy = model.score(X_test, y_test)
""", given=IRIS, params={'C': 1.5, 'gamma': 0.1}, metrics="accuracy"),
    Known("""\
clf = LogisticRegression(max_iter=500).fit(X_train, y_train)
clf.score(X_test, y_test)
""", given=IRIS, last='clf.score(X_test, y_test)'),
    Known("""\
best = 0
best_C = None
for C in [0.01, 0.1, 1, 10]:
    s = cross_val_score(SVC(C=C), X, y, cv=3).mean()
    if s > best:
        best = s
        best_C = C
print(best_C, best)
""", given=IRIS, metrics="s best best_C", curves={'s': 4}),
    Known("""\
n_splits = 4
kf = KFold(n_splits=n_splits, shuffle=True, random_state=seed)
fold_scores = []
for fold, (tr, te) in enumerate(kf.split(X)):
    m = SVC().fit(X[tr], y[tr])
    score = m.score(X[te], y[te])
    fold_scores.append(score)
    print(f'fold {fold}: {score:.3f}')
cv_mean = np.mean(fold_scores)
""", given=IRIS, before="seed = 7", params={'n_splits': 4, 'seed': 7}, metrics="score cv_mean", curves={'score': 4}),
    Known("""\
params = {'C': 1.0, 'kernel': 'linear'}
model = SVC(**params).fit(X_train, y_train)
acc = model.score(X_test, y_test)
""", given=IRIS, params={'params': {'C': 1.0, 'kernel': 'linear'}}, metrics="acc"),
    Known("""\
alpha = 1e-4
clf = SGDClassifier(alpha=alpha, random_state=0, loss='log_loss')
for epoch in range(10):
    clf.partial_fit(X_train, y_train, classes=[0, 1, 2])
    train_loss = log_loss(y_train, clf.predict_proba(X_train))
    val_acc = clf.score(X_test, y_test)
""", given=IRIS, params={'alpha': 0.0001}, metrics="train_loss val_acc", curves={'train_loss': 10, 'val_acc': 10}),
    Known("evaluate(SVC(C=2.0))", given=IRIS, before="""\
cv_folds = 3
def evaluate(m):
    return cross_val_score(m, X, y, cv=cv_folds).mean()
""", params={'cv_folds': 3}, last='evaluate(SVC(C=2.0))'),
    Known("""\
models = {'svm': SVC(), 'lr': LogisticRegression(max_iter=300)}
scores = {name: m.fit(X_train, y_train).score(X_test, y_test) for name, m in models.items()}
scores
""", given=IRIS, metrics="scores.svm scores.lr"),
    Known("""\
N = 10_000
seed = 3
rng = np.random.default_rng(seed)
pts = rng.random((N, 2))
pi_hat = 4 * (np.hypot(*pts.T) <= 1).mean()
error = abs(pi_hat - np.pi)
""", given=NUMPY, params={'N': 10000, 'seed': 3}, metrics="pi_hat error"),
    Known("""\
lr = 0.1
patience = 3
best = float('inf')
wait = 0
w = np.zeros(3)
for epoch in range(100):
    w -= lr * grad(w)
    loss = round(loss_fn(w), 2)
    if loss < best:
        best = loss
        wait = 0
    else:
        wait += 1
        if wait >= patience:
            break
print('stopped at', epoch)
""", given=DESCENT, params={'lr': 0.1, 'patience': 3}, metrics="loss best wait", curves={'loss': 'epoch + 1'}),
    Known("""\
lr = 0.1
tol = 1e-3
w = np.zeros(3)
loss = loss_fn(w)
steps = 0
while loss > tol:
    w -= lr * grad(w)
    loss = loss_fn(w)
    steps += 1
steps
""", given=DESCENT, params={'lr': 0.1, 'tol': 0.001}, metrics="loss steps", curves={'loss': 'steps'}),
    Known("""\
batch_size = 16
epochs = 3
w = np.zeros(3)
for epoch in range(epochs):
    running = 0.0
    for i in range(0, 64, batch_size):
        g = grad(w)
        w -= 0.05 * g
        batch_loss = loss_fn(w)
        running += batch_loss
    epoch_loss = running / 4
    print(f'{epoch}: {epoch_loss:.4f}')
""", given=DESCENT, params={'batch_size': 16, 'epochs': 3}, metrics="running batch_loss epoch_loss", curves={'running': 3, 'batch_loss': 3, 'epoch_loss': 3}),
    Known("""\
lr = 0.5
decay = 0.9
for epoch in range(8):
    loss = lr ** 2
    lr *= decay
""", given=NUMPY, params={'decay': 0.9}, metrics="lr loss", curves={'loss': 8, 'lr': 8}),
    Known("""\
history = {'loss': [], 'val': []}
w = np.zeros(3)
for epoch in range(6):
    w -= 0.1 * grad(w)
    loss = loss_fn(w)
    history['loss'].append(loss)
    history['val'].append(loss * 1.2)
pd.DataFrame(history)
""", given=DESCENT, metrics="loss", curves={'loss': 6}),
    Known("""\
beta1, beta2, eps = 0.9, 0.999, 1e-8
m = v = 0.0
w = 3.0
for t in range(1, 21):
    g = 2 * w
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    w -= 0.1 * (m / (1 - beta1 ** t)) / ((v / (1 - beta2 ** t)) ** 0.5 + eps)
""", params={'beta1': 0.9, 'beta2': 0.999, 'eps': 1e-08}, metrics="g m v w", curves={'g': 20, 'm': 20, 'v': 20, 'w': 20}),
    Known("final_loss = train(lr)", given=DESCENT, before="""\
lr = 0.2
epochs = 7
def train(lr):
    w = np.zeros(3)
    for _ in range(epochs):
        w -= lr * grad(w)
    return loss_fn(w)
""", params={'lr': 0.2, 'epochs': 7}, metrics="final_loss"),
    Known("""\
with np.errstate(all='ignore'):
    for i in range(4):
        loss = np.exp(-i)
""", given=NUMPY, metrics="loss", curves={'loss': 4}),
    Known("""\
for lr in [0.1, 0.01]:
    w = np.zeros(3)
    for epoch in range(5):
        w -= lr * grad(w)
    final = loss_fn(w)
    print(lr, final)
""", given=DESCENT, metrics="final", curves={'final': 2}),
    Known("out = outer(2)", before="""\
gain = 3.0
bias = 0.5
def inner(x):
    return x * gain
def outer(x):
    return inner(x) + bias
""", params={'gain': 3.0, 'bias': 0.5}, metrics="out"),
    Known("area = pi * r ** 2", before="""\
from math import pi
r = 2.0
""", params={'r': 2.0}, metrics="area"),
    Known("""\
%matplotlib inline
import matplotlib.pyplot as plt
bins = 20
plt.hist(df.x, bins=bins)
plt.xlabel('x')
plt.show()
""", given=FRAME, params={'bins': 20}),
    Known("""\
if (n := len(items)) > 2:
    print(n)
""", before="items = [1, 2, 3]", metrics="n"),
    Known("(a, b), c_ = get()", before="def get(): return (1, 2.5), 3", metrics="a b c_"),
    Known("""\
_hidden = 3
_ = 7
visible = 4
out = visible * _hidden
""", params={'visible': 4}, metrics="out"),
    Known("""\
%%time
lr = 0.1
for i in range(5):
    loss = lr / (i + 1)
""", params={'lr': 0.1}, metrics="loss", curves={'loss': 5}),
    Known("%time acc = SVC(C=C).fit(X_train, y_train).score(X_test, y_test)", given=IRIS, before="C = 2.0", params={'C': 2.0}, metrics="acc"),
    Known("""\
!ls
files = !ls
n_files = len(files)
""", metrics="n_files"),
    Known("""\
limit = 3
res = await asyncio.gather(*(fetch(i) for i in range(limit)))
total = sum(res)
""", before="""\
import asyncio
async def fetch(x):
    await asyncio.sleep(0)
    return x * 2.0
""", params={'limit': 3}, metrics="total"),
    Known("""\
for i in range(3):
    v = await fetch(i)
""", before="""\
import asyncio
async def fetch(x):
    await asyncio.sleep(0)
    return x * 2.0
""", metrics="v", curves={'v': 3}),
    Known("alpha * 2", before="alpha = 0.25", params={'alpha': 0.25}, last=0.5),
    Known("""\
best = 0
for s in scores:
    if s > best:
        best = s
best
""", before="""\
scores = [0.1, 0.7]
best = 0.9
s = 1
""", metrics="best"),
    Known("""\
if False:
    loss = compute()
print('skipped')
""", before="""\
loss = 0.5
def compute(): return 2.0
"""),
    Known("""\
lr = 0.1
loss = lr * 3
raise ValueError('diverged')
""", params={'lr': 0.1}, metrics="loss", fails=True),
    Known("""\
n = 5
ratio = n / zero
after = 3
""", before="zero = 0", params={'n': 5, 'zero': 0}, fails=True),
    Known("""\
loss_history = []
best_loss = np.inf
best_w = None
w = np.zeros(3)
for epoch in range(12):
    idx = rng.permutation(64)
    epoch_loss = 0.0
    for start in range(0, 64, 16):
        b = idx[start:start + 16]
        g = 2 * Xg[b].T @ (Xg[b] @ w - yg[b]) / 16
        w = w - lr * g
        epoch_loss += ((Xg[b] @ w - yg[b]) ** 2).sum()
    epoch_loss /= 64
    loss_history.append(epoch_loss)
    if epoch_loss < best_loss:
        best_loss, best_w = epoch_loss, w.copy()
print(best_loss)
""", given=DESCENT, before="lr = 0.05", params={'lr': 0.05}, metrics="epoch_loss best_loss", curves={'epoch_loss': 12}),
    Known("""\
EPISODES = 4
epsilon = 1.0
for ep in range(EPISODES):
    done = False
    total_reward = 0
    steps = 0
    while not done:
        total_reward += 1
        steps += 1
        done = steps >= ep + 2
    epsilon = max(0.1, epsilon * 0.5)
    avg = total_reward / steps
""", params={'EPISODES': 4}, metrics="total_reward steps epsilon avg", curves={'epsilon': 4, 'avg': 4}),
    Known("""\
lr = 0.1
for epoch in range(10):
    if epoch == 5:
        lr = 0.01
    loss = lr / (epoch + 1)
""", params={'lr': 0.01}, metrics="loss", curves={'loss': 10}),
    Known("""\
%%capture cap
epochs = 3
for i in range(epochs):
    loss = 1 / (i + 1)
    print(loss)
final = loss * 2
""", params={'epochs': 3}, metrics="loss final", curves={'loss': 3}),
    Known("""\
for i in range(3):
    %time loss = step(i)
print(loss)
""", before="def step(i): return 1 / (i + 1)", metrics="loss", curves={'loss': 3}),
    Known("""\
mode = 'train'
for epoch in range(2):
    n_right = 0
    for i in range(4):
        n_right += i % 2
    acc = n_right / 4
mode
""", params={'mode': 'train'}, metrics="n_right acc", curves={'acc': 2}),
]  # fmt: skip
