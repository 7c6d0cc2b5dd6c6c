"""Which reader a value goes to, by the libraries that are imported already."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import Unreadable, encoded
from tracker.fingerprints.result import Fingerprint
from tracker.fingerprints.sampling import TooSlow, begin, one_wait, sampling


def fingerprint(value: Any) -> Fingerprint | None:
    """The fingerprint of a dataset, or None for what is none. One whose values cannot be read is "unread".

    A list, tuple or dict is one where its first item is.
    """
    read = reader(value) or _container(value)
    if read is None:
        return None
    with one_wait():
        for forced in (False, True):
            begin()
            try:
                with sampling(forced):
                    return read(value)
            except TooSlow as late:
                if late.sampled:
                    break
            except Unreadable as error:
                return _unread(value, f"it holds {error}, whose content cannot be read")
            except Exception as error:  # an object that resists: its own code may have been asked
                return _unread(value, f"reading it failed with {type(error).__name__}")
            except BaseException as error:
                if type(error).__name__ != "PanicException":  # Polars' own faults
                    raise
                return _unread(value, "Polars fails to read it")
    return _unread(value, "reading even a sample of it takes longer than a second")


def reader(value: Any) -> Callable[[Any], Fingerprint] | None:
    """What reads a dataset, or None for what is none; it raises Unreadable and TooSlow.

    Looked up by the module of the value's class and those above it, so that nothing is asked of the value.
    """
    for owner in type(value).__mro__:
        library = owner.__module__.partition(".")[0] if isinstance(owner.__module__, str) else ""
        if library in _LIBRARIES and library in sys.modules:
            found = _LIBRARIES[library](value)
            if found is not None:
                return found
    return None


def _container(value: Any) -> Callable[[Any], Fingerprint] | None:
    if isinstance(value, dict):
        items: Iterator[Any] = iter(dict.values(value))
    elif isinstance(value, (list, tuple)):
        items = list.__iter__(value) if isinstance(value, list) else tuple.__iter__(value)
    else:
        return None
    return _of_container if reader(next(items, None)) is not None else None


def _of_container(value: Any) -> Fingerprint:
    parts = Parts("container")
    parts.feed("content", encoded(value))
    return Fingerprint(type(value).__name__, parts.digest(), (len(value),))


def _numpy(value: Any) -> Callable[[Any], Fingerprint] | None:
    from tracker.fingerprints import arrays

    return arrays.of_array if isinstance(value, sys.modules["numpy"].ndarray) else None


def _scipy(value: Any) -> Callable[[Any], Fingerprint] | None:
    from tracker.fingerprints.sparse import of_sparse

    sparse = sys.modules.get("scipy.sparse")
    return of_sparse if sparse is not None and sparse.issparse(value) else None


def _pandas(value: Any) -> Callable[[Any], Fingerprint] | None:
    from tracker.fingerprints import frames

    pandas = sys.modules["pandas"]
    if isinstance(value, pandas.DataFrame):
        return frames.of_frame
    if isinstance(value, pandas.Series):
        return frames.of_series
    if isinstance(value, pandas.Index):
        return frames.of_index
    return frames.of_extension if isinstance(value, pandas.api.extensions.ExtensionArray) else None


def _polars(value: Any) -> Callable[[Any], Fingerprint] | None:
    from tracker.fingerprints import arrow

    polars = sys.modules["polars"]
    if isinstance(value, polars.DataFrame):
        return arrow.of_polars
    return arrow.of_polars_series if isinstance(value, polars.Series) else None


def _pyarrow(value: Any) -> Callable[[Any], Fingerprint] | None:
    from tracker.fingerprints import arrow

    pa = sys.modules["pyarrow"]
    return arrow.of_arrow if isinstance(value, (pa.Table, pa.RecordBatch, pa.Array, pa.ChunkedArray)) else None


def _torch(value: Any) -> Callable[[Any], Fingerprint] | None:
    from tracker.fingerprints import tensors

    tensor = getattr(sys.modules["torch"], "Tensor", None)
    return tensors.of_tensor if tensor is not None and isinstance(value, tensor) else None


_LIBRARIES: dict[str, Callable[[Any], Callable[[Any], Fingerprint] | None]] = {
    "numpy": _numpy, "scipy": _scipy, "pandas": _pandas, "polars": _polars, "pyarrow": _pyarrow, "torch": _torch,
}  # fmt: skip


def _unread(value: Any, why: str) -> Fingerprint:
    kind = f"{type(value).__module__.partition('.')[0]}.{type(value).__name__}"
    try:
        shape = tuple(int(n) for n in getattr(value, "shape", ()))
    except Exception:  # a nested tensor has none
        shape = ()
    return Fingerprint(kind, Parts(kind, "unread", why, repr(shape)).digest(), shape, (), "unread", why)
