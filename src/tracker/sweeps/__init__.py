"""Sweeps: one program run many times with other values, in worker processes, as children of one run.

`space` says which values, `strategies` which of them come next, `program` what is run: always cells, made of the
notebook's slice or of an import, so that nothing of the kernel is pickled. `keeper` runs in a joblib worker and keeps a
process in which trials run one after another (`tracker.notebook.trial`, started by name), `sweep` drives the whole from
a thread, `children` reads from the store what the trials have come to: the store is the truth, and so what a resumed
sweep goes on from.
"""

from __future__ import annotations

from tracker.sweeps.measured import as_metrics

__all__ = ["as_metrics"]
