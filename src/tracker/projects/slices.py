"""Slices as runs keep them: `code/cells.json` read back.

Invariant: what is read may come from anywhere; it is checked, and nothing of it is executed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.store import Store
from tracker.store.artifacts import resolve_inside
from tracker.tracking.context import current_store
from tracker.tracking.provenance import current_shell
from tracker.tracking.reading import run_id_of as run_id_of

CELLS: Final = "code/cells.json"
KEPT_FILES: Final = PurePosixPath("code/files")
_MAX_BYTES: Final = 50_000_000
_TRACK: Final = re.compile(r"(?m)\A(\s*)%%track(?=\s|$)")
_FENCE: Final = re.compile(r"`{3,}")


@dataclass(frozen=True)
class SlicedCell:
    """One execution of a cell: the number in its brackets, its source as typed, and what it raised, if it did."""

    count: int
    source: str
    error: str | None = None


@dataclass(frozen=True, repr=False)
class Slice:
    """The cells that made a run, in the order in which they ran; the last is the run's own."""

    run_id: str
    cells: tuple[SlicedCell, ...]
    executed: int
    """How many cells the session had executed."""
    folder: str
    """The working folder of the session."""
    written: tuple[str, ...]
    """Files that these cells wrote."""
    modules: tuple[str, ...]
    """Source files from beside the notebook that the run keeps, by their artifact paths."""
    read: tuple[str, ...] = ()
    """Files that these cells read: relative to `folder`, or absolute where they are not below it."""

    @property
    def source(self) -> str:
        """The cells as one text, `# %%` between them."""
        return "\n\n".join(f"# %% [{cell.count}]\n{_unmarked(cell.source)}" for cell in self.cells)

    def insert(self) -> None:
        """Put the slice below the running cell as a new one. Raises InvalidState outside a notebook."""
        shell = current_shell()
        if shell is None:
            raise InvalidState("Cells can be inserted only in a notebook or IPython; .source is the text.")
        parts = [f"# %% [{cell.count}]\n{_insertable(cell.source, shell.transform_cell)}" for cell in self.cells]
        shell.set_next_input("\n\n".join(parts))

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[SlicedCell]:
        return iter(self.cells)

    def __repr__(self) -> str:
        return f"<Slice of run {self.run_id[:12]}: {len(self)} of {self.executed} cells>\n{self.source}"

    def _repr_markdown_(self) -> str:
        fence = "`" * max(3, 1 + max((len(found) for found in _FENCE.findall(self.source)), default=0))
        heading = f"**{len(self)} of {self.executed} cells** made run `{self.run_id[:12]}`"
        return f"{heading}\n\n{fence}python\n{self.source}\n{fence}"


def slice(run: Any) -> Slice:  # noqa: A001 - the word that users know it by
    """The cells that made a run, given as a Run or by its id (or the beginning of it). Raises NotFound."""
    store = current_store()
    return read_slice(store, run_id_of(store, run))


def read_slice(store: Store, run_id: str) -> Slice:
    """The slice that a run keeps. Raises NotFound if it keeps none, InvalidValue if it cannot be understood."""
    path = resolve_inside(store.artifact_root(run_id), CELLS)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidValue(f"The slice of run {run_id} is larger than {_MAX_BYTES:,} bytes; it is not read.")
        kept = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotFound(
            f"Run {run_id} keeps no slice: only cells under %%track do, unless they are no valid Python."
        ) from None
    except ValueError as error:
        raise InvalidValue(f"The slice of run {run_id} cannot be read: {error}.") from None
    return _checked(run_id, kept)


def _checked(run_id: str, kept: Any) -> Slice:
    try:
        cells = tuple(
            SlicedCell(int(cell["count"]), str(cell["source"]), None if cell["error"] is None else str(cell["error"]))
            for cell in kept["cells"]
        )
        if kept["format"] != 1 or not cells:
            raise InvalidValue(f"The slice of run {run_id} is of a form that this version does not know.")
        return Slice(
            run_id, cells, int(kept["executed"]), str(kept["folder"]),
            tuple(map(str, kept["written"])), tuple(map(str, kept["modules"])), tuple(map(str, kept.get("read", ()))),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidValue(f"The slice of run {run_id} cannot be understood: {error!r}.") from None


def unmarked(source: str) -> str:
    """A cell without its `%%track`: a comment, or nothing above another cell magic."""
    first, _, rest = source.lstrip().partition("\n")
    if _TRACK.match(first) and rest.lstrip().startswith("%%"):
        return rest.lstrip()
    return _unmarked(source)


def _unmarked(source: str) -> str:
    return _TRACK.sub(r"\1# %%track", source).strip("\n")


def _insertable(source: str, transform: Any) -> str:
    """A cell's text as it can stand within another cell."""
    text = _unmarked(source)
    return str(transform(text)).strip("\n") if re.search(r"(?m)^%%", text) else text
