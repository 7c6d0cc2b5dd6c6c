"""What is no longer as it was when a run was made, so far as it is known: what a rerun that differs may differ by.

Invariant: nothing here decides whether numbers are the same; it is told beside that, and a word that is not there
does not mean that all is as it was.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any, Final

from tracker.capture.packages import installed_version
from tracker.comparison.compare import compare_data
from tracker.comparison.reading import RunFacts, facts
from tracker.comparison.render import data_words
from tracker.projects.slices import KEPT_FILES, Slice
from tracker.secrets import MASK
from tracker.store import Store

_SHOWN: Final = 8
_CELL: Final = re.compile(r"/ipykernel_\d+/\d+\.py$")
"""What a kernel calls the file of a cell: looked for when a traceback is made, and never there."""
_PACKAGE: Final = "packages."


def gone_files(kept: Slice) -> list[str]:
    """The files that the cells read and that are not there any more, as they are named in the slice."""
    kept_as = {path.removeprefix(f"{KEPT_FILES}/") for path in kept.modules}
    return [
        name
        for name in kept.read
        if name not in kept_as and not _CELL.search(name) and not os.path.exists(os.path.join(kept.folder, name))
    ]


def circumstances(store: Store, kept: Slice, again: str | None, told_already: str = "") -> list[str]:
    """Sentences on what is not as it was: versions, data, files, the folder, cells that were kept masked.

    `again` is the run that was made now; without one, versions are those that are installed here. `told_already` is
    a file of which it has been said that it is not there.
    """
    from tracker.query import reader

    then = facts(reader(store), kept.run_id)
    now = facts(reader(store), again) if again is not None else None
    told = [
        _listed("other versions", _versions(then, now)),
        _listed("other data", _data(then, now) if now is not None else ()),
    ]
    gone = [name for name in gone_files(kept) if name != told_already]
    if not os.path.isdir(kept.folder):
        told.append(f"the folder that the run worked in is not there: {kept.folder}")
    else:
        told.append(_listed("read then and not there any more", gone))
    if told_already in kept.written:
        told.append(f"the cells write {told_already} too: what it held before them is not kept")
    if MASK in kept.source:
        told.append(
            f"the cells were kept with credentials masked, as {MASK}: %rerun RUN name=value gives a name its value"
        )
    return [sentence for sentence in told if sentence]


def _listed(what: str, names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{what}: {', '.join(shown[:_SHOWN])}{more}" if shown else ""


def _versions(then: RunFacts, now: RunFacts | None) -> list[str]:
    """Python and the packages of other versions: of both runs, or of the first and of what is installed."""
    found = []
    for name, version in then.environment.items():
        if name != "python" and not name.startswith(_PACKAGE):
            continue
        other = now.environment.get(name) if now is not None else _installed(name)
        if other is not None and other != version:
            found.append(f"{name.removeprefix(_PACKAGE)} {version} → {other}")
    return found


def _installed(name: str) -> Any:
    import platform

    return platform.python_version() if name == "python" else installed_version(name.removeprefix(_PACKAGE))


def _data(then: RunFacts, now: RunFacts) -> list[str]:
    changes = compare_data(then.data, now.data)
    return [
        f"{change.name} ({data_words(change)})"
        for change in changes
        if change.a and change.b and change.a.digest != change.b.digest
    ]
