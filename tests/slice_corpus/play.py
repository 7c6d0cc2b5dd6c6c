"""Plays sessions, or slices of them, each in a folder of its own: `python play.py JOBS ANSWERS`, both JSON files.

A job is {"folder", "cells", "counts"}; the answer to each is its tracked cells, as [run id, cells executed before]
for each. One IPython shell serves them all: between jobs its names, the modules from their folders and the random
states are thrown away.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import sys
from pathlib import Path
from typing import Any


def play(shell: Any, job: dict[str, Any]) -> list[dict[str, Any]]:
    from tracker.notebook import magics

    folder = os.path.realpath(job["folder"])
    os.makedirs(folder, exist_ok=True)
    os.chdir(folder)
    shell.reset(new_session=True)
    _forget(folder)
    magics.load(shell)
    tracker = magics.tracker_of(shell)
    found = []
    try:
        for number, (source, count) in enumerate(zip(job["cells"], job["counts"], strict=True)):
            shell.execution_count = count
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                result = shell.run_cell(source, store_history=True)
            if source.startswith("%%track"):
                error = result.error_before_exec or result.error_in_exec
                found.append(
                    {"run": tracker.last_run_id, "executed": number + 1, "error": repr(error) if error else None}
                )
            elif job.get("must_run") and not job["errors"][number] and not result.success:
                found.append(
                    {"run": None, "error": f"{source!r}: {result.error_before_exec or result.error_in_exec!r}"}
                )
                break
    finally:
        magics.unload(shell)
    return found


def _forget(folder: str) -> None:
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if "site-packages" not in path and not path.startswith((sys.base_prefix, sys.prefix)) and "/job-" in path:
            del sys.modules[name]
    sys.path_importer_cache.clear()
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def main(jobs: str, answers: str) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    sys.path.insert(0, "")
    sys.dont_write_bytecode = True
    told = [play(shell, job) for job in json.loads(Path(jobs).read_text())]
    Path(answers).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*(os.path.abspath(path) for path in sys.argv[1:3]))
