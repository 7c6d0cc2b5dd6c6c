"""Credentials in the columns of tables, told by the column's name.

Only DataFrames of the libraries themselves are asked, and only where a name says so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Final

from . import known
from .masking import enabled
from .names import LIKELY, SURE, strength
from .values import MASK, is_value

_LIBRARIES: Final = ("pandas", "polars")
_MAX_COLUMNS, _SHOWN_ROWS = 200, 30


def learn_tables(values: Iterable[object]) -> None:
    """Remember the credentials in the first and last rows of the DataFrames among these values: those are shown."""
    kinds = {id(getattr(sys.modules.get(name), "DataFrame", None)) for name in _LIBRARIES} - {id(None)}
    if kinds:
        for value in list(values):
            if id(type(value)) in kinds:
                for name in _columns(value):
                    column: Any = value[name]  # type: ignore[index]
                    for one in (*column.head(_SHOWN_ROWS), *column.tail(_SHOWN_ROWS)):
                        if _is_credential(one):
                            known.note(one)


def masked_table(frame: Any) -> tuple[Any, list[str]]:
    """A pandas DataFrame with the credentials masked that its columns tell, and these columns; what is given stays."""
    names = [name for name in _columns(frame) if any(map(_is_credential, frame[name]))] if enabled() else []
    if names:
        frame = frame.copy()
        for name in names:
            frame[name] = [MASK if _is_credential(one) else one for one in frame[name]]
    return frame, names


def _columns(frame: Any) -> list[str]:
    """The columns that tell of credentials, where no two have one name."""
    columns = frame.columns
    if len(columns) > _MAX_COLUMNS:
        return []
    told = [name for name in columns if isinstance(name, str) and strength(name) == SURE]
    return told if not told or len(set(columns)) == len(columns) else []


def _is_credential(value: object) -> bool:
    return isinstance(value, str) and is_value(LIKELY, value)
