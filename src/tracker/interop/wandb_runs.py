"""W&B's offline runs: `wandb/offline-run-*/run-*.wandb` with the run's files beside it.

The config becomes parameters, nested dicts by dots; what was logged as numbers becomes metrics at its `_step` and
`_timestamp`, and the system's under `system/`; a number that only the summary has is a metric with one point, a text
there a tag. Media and saved files are artifacts. A log is read twice: for what the run is, then for its points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.interop.protobuf import LENGTH, VARINT, Value, fields, last_bytes, last_int, last_text, message, varint
from tracker.interop.records import ExperimentRecord, Point, RunRecord, Skipped, Source
from tracker.interop.values import MEDIA, flattened, is_number, json_value, real
from tracker.interop.wandb_log import Damage, is_log, records

_HISTORY, _SUMMARY, _CONFIG, _STATS, _RUN, _EXIT = 2, 3, 5, 7, 17, 18
_CONTENTS = frozenset(range(2, 27)) - {16, 19}
_OF_RUN, _OF_POINTS = frozenset({_RUN, _CONFIG, _SUMMARY, _EXIT}), frozenset({_HISTORY, _STATS})
_MAX_FOLDERS = 100_000

# An item as it is written: key or one nested key, value_json, all lengths below 128.
_ITEM = re.compile(rb"[\x0a\x12](.)(.*)\x82\x01(.)(.*)", re.DOTALL)


def logs(path: Path) -> list[Path]:
    """The `.wandb` files at a path: one itself, or those of the runs in a folder."""
    if path.is_file():
        return [path] if path.suffix == ".wandb" and is_log(path) else []
    found = []
    for folder in (path, path / "wandb"):
        for place in (folder, *sorted(folder.glob("*run-*"))[:_MAX_FOLDERS]):
            if place.is_dir() and not place.is_symlink():  # "latest-run" is a link to one of them
                found += [file for file in sorted(place.glob("run-*.wandb")) if is_log(file)]
    return list(dict.fromkeys(found))


@dataclass
class _Told:
    """What a log says of its run as a whole."""

    id: str = ""
    project: str = ""
    name: str = ""
    start: int | None = None
    exit_code: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    last_step: int = 0
    last_time: int | None = None


class WandbRuns(Source):
    """The runs of W&B's offline logs."""

    kind = "W&B offline runs"

    def __init__(self, found: list[Path]) -> None:
        self.skipped: list[Skipped] = []
        self._logs = found
        self._noted: set[tuple[Path, str]] = set()
        self._told = {path: self._read(path) for path in found}

    def count(self) -> int:
        """How many logs there are."""
        return len(self._logs)

    def experiments(self) -> Iterator[ExperimentRecord]:
        """The projects."""
        for name in dict.fromkeys(told.project for told in self._told.values()):
            yield ExperimentRecord(name, name)

    def runs(self) -> Iterator[RunRecord]:
        """One run a log."""
        for path, told in self._told.items():
            if not told.id:
                self.skipped.append(Skipped(str(path), "it tells of no run"))
                continue
            files = path.parent / "files"
            texts = {k: str(v) for k, v in told.summary.items() if isinstance(v, str) and k not in told.keys}
            yield RunRecord(
                id=f"{told.project}\n{told.id}",
                experiment_id=told.project,
                name=told.name or told.id,
                status="RUNNING" if told.exit_code is None else "FAILED" if told.exit_code else "FINISHED",
                start=told.start,
                end=told.last_time if told.exit_code is not None else None,
                params=told.config,
                tags={f"summary.{key}": text for key, text in texts.items()} | told.tags,
                points=lambda path=path: self._points(path),  # type: ignore[misc]
                artifacts=files if files.is_dir() and not files.is_symlink() else None,
            )

    # -- what the run is

    def _read(self, path: Path) -> _Told:
        told = _Told()
        for kind, data in self._records(path, _OF_RUN, noting=False):
            try:
                if kind == _RUN:
                    _take_run(told, message(data))
                elif kind == _CONFIG:
                    _update(told.config, data)
                elif kind == _SUMMARY:
                    _update(told.summary, data)
                elif kind == _EXIT:
                    told.exit_code = last_int(message(data), 1)
            except (ValueError, OverflowError):
                continue
        told.project = told.project or "W&B"
        told.summary = _media_whole(told.summary)
        for key in ("_wandb", "_step", "_runtime", "_timestamp"):
            for told_of in (told.config, told.summary):
                for name in [n for n in told_of if n == key or n.startswith(f"{key}.")]:
                    del told_of[name]
        return told

    # -- points

    def _points(self, path: Path) -> Iterator[Point]:
        told, seen, of_system = self._told[path], set[str](), 0
        step, time = 0, told.start or 0
        for kind, data in self._records(path, _OF_POINTS, noting=True):
            if kind == _HISTORY:
                items = _media_whole(dict(_items(data, 1)))
                step = _whole(items.pop("_step", None), step + 1 if seen else 0)
                stamp = items.pop("_timestamp", None)
                time = round(stamp * 1000) if is_number(stamp) else time
                items.pop("_runtime", None)
                for key, value in flattened(items) if dict in map(type, items.values()) else items.items():
                    if type(value) is float or is_number(value):
                        seen.add(key)
                        yield key, real(value), step, time
                    elif not key.startswith("_"):
                        self._note(path, key, value)
            elif kind == _STATS:
                for key, value, at in _stats(data):
                    yield f"system/{key}", value, of_system, at
                of_system += 1
        told.keys |= seen
        for key, value in told.summary.items():
            if key not in seen and is_number(value):
                yield key, real(value), step, time

    def _note(self, path: Path, key: str, value: Any) -> None:
        if isinstance(value, dict) and MEDIA in value:
            what = str(value[MEDIA])[:60]
            self._skip_once(path, key, f"it is media ({what}); its file is among the artifacts, if W&B kept it")
        elif isinstance(value, (str, list)):
            self._skip_once(path, key, f"it is a {'text' if isinstance(value, str) else 'list'}, not a number")

    def _skip_once(self, path: Path, key: str, why: str) -> None:
        if (path, key) not in self._noted:
            self._noted.add((path, key))
            self.skipped.append(Skipped(f"{key[:200]!r} in {path.parent.name}", why))

    def _records(self, path: Path, wanted: frozenset[int], noting: bool) -> Iterator[tuple[int, bytes]]:
        """The number and content of what the wanted records hold; one that cannot be read costs itself."""
        try:
            for record in records(path):
                try:
                    if isinstance(record, Damage):
                        raise record
                    kind, content = _content(record)
                except ValueError as error:
                    if noting:
                        self.skipped.append(Skipped(f"a record of {path}", str(error)))
                    continue
                if kind in wanted:
                    yield kind, content
        except OSError as error:
            self.skipped.append(Skipped(f"the rest of {path}", str(error.strerror)))


def _content(record: bytes) -> tuple[int, bytes]:
    """Which of its contents a record has, and that, found without looking into it; (0, b"") for none."""
    at = 0
    while at < len(record):
        key, at = varint(record, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            at = varint(record, at)[1]
        elif kind == LENGTH:
            size, at = varint(record, at)
            if size > len(record) - at:
                raise ValueError("a field is longer than its record")
            if number in _CONTENTS:
                return number, record[at : at + size]
            at += size
        else:
            raise ValueError(f"field {number} has the wire type {kind}")
    return 0, b""


def _take_run(told: _Told, found: dict[int, list[Value]]) -> None:
    told.id = last_text(found, 1) or told.id
    told.project = last_text(found, 3) or told.project
    told.name = last_text(found, 8) or told.name
    _update(told.config, last_bytes(found, 4))
    git = message(last_bytes(found, 21))
    texts = {
        "group": last_text(found, 6), "job_type": last_text(found, 7), "mlflow.note.content": last_text(found, 9),
        "tags": ", ".join(t.decode("utf-8", "replace") for t in found.get(10, []) if isinstance(t, bytes)),
        "sweep": last_text(found, 12), "host": last_text(found, 13), "wandb.id": told.id,
        "mlflow.source.git.repoURL": last_text(git, 1), "mlflow.source.git.commit": last_text(git, 2),
    }  # fmt: skip
    told.tags |= {key: text for key, text in texts.items() if text}
    if 17 in found:
        told.start = _timestamp(last_bytes(found, 17))


def _timestamp(data: bytes) -> int:
    """A google.protobuf.Timestamp in ms."""
    found = message(data)
    return last_int(found, 1) * 1000 + last_int(found, 2) // 1_000_000


def _update(values: dict[str, Any], data: bytes) -> None:
    """Take a message of updates (field 1) and removals (field 2) into the values."""
    for key, value in _items(data, 1):
        for name in [n for n in values if n == key or n.startswith(f"{key}.")]:
            del values[name]
        values.update(flattened({key: value}))
    for key, _ in _items(data, 2):
        values.pop(key, None)


def _items(data: bytes, number: int) -> Iterator[tuple[str, Any]]:
    """The items `{key | nested_key…, value_json}` in a field of a message; what is no JSON is None."""
    for field_number, _, item in fields(data):
        if field_number != number or isinstance(item, int):
            continue
        plain = _ITEM.fullmatch(item)
        if plain is not None:
            of_key, name, of_text, text = plain.groups()
            if of_key[0] == len(name) < 128 and of_text[0] == len(text) < 128:
                yield name.decode("utf-8", "replace"), _json(text)
                continue
        found = message(item)
        nested = [part.decode("utf-8", "replace") for part in found.get(2, []) if isinstance(part, bytes)]
        yield ".".join(nested) or last_text(found, 1), _json(last_bytes(found, 16))


def _json(text: bytes) -> Any:
    try:
        return json_value(text)
    except ValueError:
        return None


def _media_whole(values: dict[str, Any]) -> dict[str, Any]:
    """The values with those of each media object, which come key by key, as one."""
    if not any(key.endswith(MEDIA) for key in values):
        return values
    media = {key.removesuffix(f".{MEDIA}"): value for key, value in values.items() if key.endswith(f".{MEDIA}")}
    others = {k: v for k, v in values.items() if not any(k.startswith(f"{name}.") for name in media)}
    return others | {name: {MEDIA: kind} for name, kind in media.items()}


def _stats(data: bytes) -> Iterator[tuple[str, float, int]]:
    found = message(data)
    at = _timestamp(last_bytes(found, 2))
    for key, value in _items(data, 3):
        if is_number(value):
            yield key, real(value), at


def _whole(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and -(1 << 63) <= value < 1 << 63 else otherwise
