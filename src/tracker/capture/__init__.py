"""What a run learns by itself from a cell: its parameters, metrics, loop curves and printed output.

Nothing here knows IPython: it takes syntax trees, namespaces and streams. The order of a cell:

    cell = analyse(tree)                                 # names assigned and read, by the source
    before = inputs_before(cell, namespace)              # scalars from earlier cells
    recorder = LoopRecorder(namespace, emit)             # emit(values, step) at the end of each pass
    tree = recorder.instrument(tree)
    recorder.install(); tee = Tee(); tee.start()
    …the cell runs…
    tee.stop(); recorder.remove()
    parameters(cell, before, namespace)                  # {name: JSON value}
    recorder.unlogged(metrics(cell, before, namespace, result=…, failed_line=…))

A `Session` remembers every cell, so that a run can keep its slice (`slicing`): `effects` is what a source does to
names, `mutation` and `reachable` what its calls do to objects, `randomness` and `opened` what else passes on.

NumPy and PyTorch are never imported, only recognised when the cell has imported them.
"""

from .analysis import Binding, Cell, analyse
from .collect import Before, inputs_before, metrics, parameters
from .curves import Curve, LoopRecorder
from .output import Piece, Tee
from .session import Execution, Session
from .values import MISSING, jsonable, scalar

__all__ = [
    "MISSING",
    "Before",
    "Binding",
    "Cell",
    "Curve",
    "Execution",
    "LoopRecorder",
    "Piece",
    "Session",
    "Tee",
    "analyse",
    "inputs_before",
    "jsonable",
    "metrics",
    "parameters",
    "scalar",
]
