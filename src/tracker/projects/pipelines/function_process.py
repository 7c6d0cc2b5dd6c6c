"""The process in which a step's function runs: `python -m … QUESTION RUN_ID`.

What it tracks goes to the step's run, which the environment names. Products and what is upstream are paths, or mappings
of names to paths.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

_MACHINERY = ("<frozen", importlib.__file__)


def main(question: str, run_id: str) -> None:
    """Call the function that the question names."""
    asked = json.loads(Path(question).read_bytes())
    sys.path.insert(0, asked["folder"])
    sys.argv[1:] = []
    try:
        _call(asked)
    except Exception as error:
        told = traceback.TracebackException.from_exception(error)
        while told.stack and (told.stack[0].filename == __file__ or told.stack[0].filename.startswith(_MACHINERY)):
            del told.stack[0]
        sys.exit("".join(told.format()).rstrip())


def _call(asked: dict[str, Any]) -> None:
    function = getattr(importlib.import_module(asked["module"]), asked["function"])
    takes = function.__code__.co_varnames[: function.__code__.co_argcount + function.__code__.co_kwonlyargcount]
    upstream = {name: _paths(told) for name, told in asked["upstream"].items()}
    own = {"product": _paths(asked["product"])} | ({"upstream": upstream} if "upstream" in takes else {})
    function(**own, **asked["params"])


def _paths(told: Any) -> Any:
    return Path(told) if isinstance(told, str) else {name: Path(path) for name, path in told.items()}


if __name__ == "__main__":
    main(*sys.argv[1:3])
