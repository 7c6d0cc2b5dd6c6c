"""How the user's program names an object."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import FrameType
from typing import Any

_OURS = str(Path(__file__).parent)


def variable_name(value: Any) -> str | None:
    """The name of the variable that holds `value`, in the frame that it was first handed down from; None if none does.

    Frames that got it as an argument are looked through, names with a leading underscore passed over.
    """
    if value is None:
        return None
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back  # type: ignore[assignment]
    while frame is not None and _is_argument(frame, value):
        frame = frame.f_back  # type: ignore[assignment]
    return None if frame is None else _name_in(frame, value)


def _is_argument(frame: FrameType, value: Any) -> bool:
    names = inspect.getargvalues(frame)
    given = [names.locals.get(name) for name in names.args]
    given += names.locals.get(names.varargs, ()) if names.varargs else ()
    given += names.locals.get(names.keywords, {}).values() if names.keywords else ()
    return any(one is value for one in given)


def _name_in(frame: FrameType, value: Any) -> str | None:
    held = (name for name, one in list(frame.f_locals.items()) if one is value and not name.startswith("_"))
    return next(held, None)
