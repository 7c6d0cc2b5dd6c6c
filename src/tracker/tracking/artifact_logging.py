"""Files into a run: what `log_artifact`, `log_text`, `log_dict`, … do, given the run's writer."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from time import time_ns
from typing import IO, TYPE_CHECKING, Any

from tracker import secrets
from tracker.exceptions import InvalidValue, NotFound
from tracker.tracking import payloads
from tracker.tracking.provenance import LOGGED_ARTIFACTS, LOGGED_IMAGES
from tracker.tracking.writer import RunWriter

if TYPE_CHECKING:
    import pandas as pd

_appending = threading.RLock()


def log_artifact(writer: RunWriter, local_path: str | os.PathLike[str], artifact_path: str | None = None) -> None:
    """Keep a copy of a file, or of a folder with all in it. Raises InvalidValue if there is none."""
    source = Path(local_path)
    if source.is_dir():
        log_artifacts(writer, source, _joined(artifact_path, source.resolve().name))
    else:
        writer.artifact_file(source, _joined(artifact_path, source.name))


def log_artifacts(writer: RunWriter, local_dir: str | os.PathLike[str], artifact_path: str | None = None) -> None:
    """Keep a copy of what is in a folder. Raises InvalidValue if there is no such folder."""
    root = Path(local_dir)
    if not root.is_dir():
        raise InvalidValue(f"{root} is no folder; log_artifacts takes one, log_artifact a file.")
    writer.artifact_files((path, _joined(artifact_path, path.relative_to(root).as_posix())) for path in _files(root))


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in sorted(names))


def _joined(folder: str | None, name: str) -> str:
    return str(PurePosixPath(folder, name)) if folder else name


def log_text(writer: RunWriter, text: str, artifact_file: str) -> None:
    """Keep a text as a file, in UTF-8."""
    writer.artifact_made(artifact_file, str(text).encode("utf-8", "surrogatepass"))


def log_dict(writer: RunWriter, dictionary: Any, artifact_file: str) -> None:
    """Keep a dict or list as a JSON or YAML file."""
    writer.artifact_made(artifact_file, payloads.dict_bytes(dictionary, artifact_file))


def log_stream(writer: RunWriter, stream: IO[bytes], artifact_file: str) -> None:
    """Keep what a binary stream gives as a file."""
    writer.artifact_stream(artifact_file, stream)


def log_figure(writer: RunWriter, figure: Any, artifact_file: str, save_kwargs: dict[str, Any] | None) -> None:
    """Keep a matplotlib or plotly figure as a file."""
    writer.artifact_made(artifact_file, payloads.figure_bytes(figure, artifact_file, save_kwargs))


def log_image(
    writer: RunWriter,
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
) -> None:
    """Keep an image as the file `artifact_file`, or as one of the series `key` with a small copy."""
    if (artifact_file is None) == (key is None):
        raise TypeError("log_image takes either artifact_file, or key with an optional step and timestamp.")
    if artifact_file is not None:
        if step is not None or timestamp is not None:
            raise TypeError("log_image takes step and timestamp with key only, not with artifact_file.")
        writer.artifact_bytes(artifact_file, payloads.picture_bytes(payloads.picture(image), artifact_file))
        return
    name = payloads.check_image_key(key or "").replace("/", "~")
    when = time_ns() // 1_000_000 if timestamp is None else timestamp
    stem = f"images/{name}+step+{step or 0}+timestamp+{when}+{uuid.uuid4()}"
    full = payloads.picture(image)
    writer.artifact_bytes(f"{stem}.png", payloads.picture_bytes(full, ".x.png"))
    writer.artifact_bytes(f"{stem}+compressed.webp", payloads.picture_bytes(payloads.preview(full), ".x.webp"))
    writer.tags({LOGGED_IMAGES: True})


# -- tables


def log_table(writer: RunWriter, data: Any, artifact_file: str) -> None:
    """Keep a table as a file, its rows after those that the file has already."""
    import pandas as pd

    payloads.check_table_name(artifact_file)
    frame, found = secrets.masked_table(payloads.table_frame(data))
    writer.note_masked(found)
    with _appending:
        kept = writer.artifact_path(artifact_file)
        if kept.is_file():
            frame = pd.concat([payloads.read_table(kept.read_bytes(), artifact_file), frame], ignore_index=True)
        writer.artifact_made(artifact_file, payloads.table_bytes(frame, artifact_file))
        _note_table(writer, artifact_file)


def _note_table(writer: RunWriter, artifact_file: str) -> None:
    """List the table in the run's tag of such files."""
    from tracker.tracking.reading import get_run

    told = get_run(writer.store, writer.run_id).data.tags.get(LOGGED_ARTIFACTS, "[]")
    try:
        files = json.loads(told)
    except ValueError:
        files = []
    entry = {"path": artifact_file, "type": "table"}
    if isinstance(files, list) and entry not in files:
        writer.tags({LOGGED_ARTIFACTS: json.dumps([*files, entry])})


def load_tables(
    runs: list[tuple[RunWriter, dict[str, Any]]], artifact_file: str, extra_columns: list[str] | None
) -> pd.DataFrame:
    """The tables of this name of several runs, one below the other; `runs` are (writer, the run's row) pairs.

    Raises NotFound if none of the runs has one.
    """
    import pandas as pd

    payloads.check_table_name(artifact_file)
    frames = []
    for writer, row in runs:
        path = writer.artifact_path(artifact_file)
        if not path.is_file():
            continue
        frame = payloads.read_table(path.read_bytes(), artifact_file)
        for column in extra_columns or ():
            frame[f"{column}_" if column in frame else column] = row.get(column)
        frames.append(frame)
    if not frames:
        raise NotFound(f"None of the {len(runs)} runs asked has a table {artifact_file!r}.")
    return pd.concat(frames, ignore_index=True)
