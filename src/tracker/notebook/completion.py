"""Tab completion on the `%%track` line: its options, and the experiments' names after `--experiment`."""

from __future__ import annotations

import re
from typing import Any

from tracker.notebook.options import FLAGS

_LINE = re.compile(r"^\s*%%track\s")


def install(shell: Any) -> None:
    """Add our matcher to the shell's completer."""
    shell.Completer.custom_matchers.append(matches)


def remove(shell: Any) -> None:
    """Take it out again."""
    if matches in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(matches)


def matches(text: str) -> list[str]:
    """What can stand at the end of `text`, the line up to the cursor's word (IPython's version 1 matcher)."""
    from IPython import get_ipython

    shell = get_ipython()
    line = shell.Completer.line_buffer if shell is not None else ""
    if not _LINE.match(line):
        return []
    before = line[: len(line) - len(text)].split() if text else line.split()
    if before and before[-1] in ("-e", "--experiment"):
        return [name for name in _experiments() if name.startswith(text)]
    return [flag for flag in FLAGS if flag.startswith(text)] if text.startswith("-") or not text else []


def _experiments() -> list[str]:
    from tracker.tracking import context

    active = [e.name for e in context.current_store().experiments().values() if e.state == "active"]
    return [f'"{name}"' if " " in name else name for name in active]
