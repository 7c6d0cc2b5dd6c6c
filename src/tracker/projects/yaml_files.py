"""YAML files from elsewhere, read as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound

_MAX_BYTES: Final = 1_000_000


def read_yaml(file: Path, lists_as: str | None = None) -> dict[str, Any]:
    """The mapping in a file; an empty file is an empty one, a list is `{lists_as: …}`. Raises NotFound, InvalidValue
    with the place."""
    import yaml

    try:
        with open(file, "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}.") from error
    if len(data) > _MAX_BYTES:
        raise InvalidValue(f"{file} is larger than {_MAX_BYTES:,} bytes; it is not read.")
    try:
        found = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValue(f"{file} is no YAML: {' '.join(str(error).split())[:300]}.") from None
    if found is None:
        return {}
    if isinstance(found, list) and lists_as is not None:
        return {lists_as: found}
    if not isinstance(found, dict):
        raise InvalidValue(f"{file} holds no mapping of names.")
    return found


def write_yaml(file: Path, told: dict[str, Any]) -> None:
    """A mapping as a file, in its order; what is None is left out."""
    import yaml

    text = yaml.safe_dump({key: value for key, value in told.items() if value is not None}, sort_keys=False)
    file.write_text(text, encoding="utf-8")
