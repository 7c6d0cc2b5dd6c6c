"""The data of a training: a table and a target, handed to other processes as files that hold exactly these values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue
from tracker.store import Store
from tracker.store.ids import new_id

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Data:
    """Features with named columns, and what is to be predicted."""

    X: pd.DataFrame
    y: pd.Series[Any]

    @property
    def kind(self) -> str:
        """Whether the target asks for a "classifier" or a "regressor"."""
        from pandas.api import types

        if not types.is_numeric_dtype(self.y) or types.is_bool_dtype(self.y):
            return "classifier"
        few = self.y.nunique() <= max(2, min(20, len(self.y) // 10))
        return "classifier" if few and (types.is_integer_dtype(self.y) or (self.y % 1 == 0).all()) else "regressor"


def data_of(X: Any, y: Any) -> Data:
    """The data of a DataFrame, array or list of rows, and a Series, array, list or the name of a column of `X`.

    Raises InvalidValue, saying what does not fit.
    """
    import pandas as pd

    if X is None or y is None:
        raise InvalidValue("The trainer takes features X and a target y; one of them is missing.")
    frame = X if isinstance(X, pd.DataFrame) else _as_frame(X)
    if isinstance(y, str):
        if y not in frame.columns:
            raise InvalidValue(f"X has no column {y!r}; it has: {', '.join(map(str, frame.columns[:20]))}.")
        frame, y = frame.drop(columns=[y]), frame[y]
    target = _as_series(y)
    if len(frame) != len(target) or not len(frame) or not len(frame.columns):
        raise InvalidValue(f"X has {len(frame)} rows of {len(frame.columns)} columns, y has {len(target)} values.")
    if target.isna().any():
        raise InvalidValue(f"y misses {int(target.isna().sum())} of its {len(target)} values: leave those rows out.")
    named = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if named.columns.has_duplicates:
        raise InvalidValue("Two columns of X have the same name.")
    return Data(named, target)


def _as_frame(X: Any) -> pd.DataFrame:
    import pandas as pd

    dense = X.toarray() if hasattr(X, "toarray") else X
    try:
        frame = pd.DataFrame(dense)
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"X is no table: {error}.") from None
    return frame if isinstance(X, dict) else frame.set_axis([f"x{i}" for i in range(frame.shape[1])], axis=1)


def _as_series(y: Any) -> pd.Series[Any]:
    import pandas as pd

    flat = y.iloc[:, 0] if isinstance(y, pd.DataFrame) and y.shape[1] == 1 else y
    flat = flat.ravel() if getattr(flat, "ndim", 1) == 2 and flat.shape[1] == 1 else flat
    try:
        return flat if isinstance(flat, pd.Series) else pd.Series(flat, name="target")
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"y is no single target: {error}.") from None


def kept(data: Data, store: Store) -> Path:
    """A Parquet file with the data, its last column the target; the same data gives the same file."""
    table = data.X.assign(**{_TARGET: data.y.to_numpy()}).reset_index(drop=True)
    folder = store.root / "cache" / "trainer"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f".{new_id()}"
    try:
        table.to_parquet(temporary)
        digest = hashlib.blake2b(temporary.read_bytes(), digest_size=16).hexdigest()
        return temporary.replace(folder / f"{digest}.parquet")
    except (TypeError, ValueError, OSError) as error:
        raise InvalidValue(f"The data cannot be handed to other processes: {error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


_TARGET = "(target)"


def reading(path: Path, name: str) -> str:
    """Source that reads the file again as `X` and `y`."""
    return f"X = pd.read_parquet({str(path)!r})\ny = X.pop({_TARGET!r}).rename({name!r})"
