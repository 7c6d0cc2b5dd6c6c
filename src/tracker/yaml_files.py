"""YAML files, of MLflow's models, projects and folders of runs: read as plain data, and written.

PyYAML is imported by the function that needs it: it is no part of logging.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound

MAX_BYTES: Final = 1 << 20


def read_yaml(file: Path, most: int = MAX_BYTES) -> Any:
    """What is in a file. Raises NotFound, InvalidValue for what is no YAML, torn, or has more than `most` bytes."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(file, "rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > most:
        raise InvalidValue(f"{file} has more than {most:,} bytes; it is not read.")
    try:
        return yaml.load(content, Loader=loader)  # noqa: S506 - the safe one, in C where there is one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidValue(f"{file} is no YAML, or torn: {' '.join(str(error).split())[:300]}.") from None


def read_mapping(file: Path, lists_as: str | None = None) -> dict[str, Any]:
    """The mapping in a file: of an empty one an empty one, of a list `{lists_as: …}`. Raises NotFound, InvalidValue."""
    found = read_yaml(file)
    if found is None:
        return {}
    if isinstance(found, list) and lists_as is not None:
        return {lists_as: found}
    if not isinstance(found, dict):
        raise InvalidValue(f"{file} holds no mapping of names.")
    return found


def yaml_text(value: Any, *, sorted_keys: bool = True) -> str:
    """A plain value as YAML."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text = yaml.dump(value, Dumper=dumper, default_flow_style=False, allow_unicode=True, sort_keys=sorted_keys)
    return str(text)
