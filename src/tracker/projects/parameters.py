"""Parameters of an entry point: which are given, of which type, and where a path's file is.

Invariant: a value is data. It reaches a command as one argument, whatever stands in it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound
from tracker.projects.specification import EntryPoint, Parameter

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:.+", re.DOTALL)
_NUMBERS: Final[Mapping[str, tuple[type, str]]] = {
    "float": (float, "a number"), "number": (float, "a number"), "double": (float, "a number"),
    "int": (int, "a whole number"), "integer": (int, "a whole number"), "long": (int, "a whole number"),
}  # fmt: skip


@dataclass(frozen=True)
class Values:
    """What a run of an entry point is given: the declared ones, and those that are passed on as `--name value`."""

    declared: Mapping[str, str]
    further: Mapping[str, str]

    @property
    def given(self) -> dict[str, str]:
        """All of them."""
        return {**self.declared, **self.further}

    @property
    def logged(self) -> dict[str, Any]:
        """As the run notes them: numbers as numbers."""
        return {name: plain(text) for name, text in self.given.items()}


def parse_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """`["lr=0.1", …]` as a mapping. Raises InvalidValue for what is no pair, or a name given twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise InvalidValue(f"A parameter is given as -P name=value; got {pair!r}.")
        if name.strip() in found:
            raise InvalidValue(f"The parameter {name.strip()} is given twice.")
        found[name.strip()] = value
    return found


def values_for(entry: EntryPoint, given: Mapping[str, Any], storage: Path, base: Path | None = None) -> Values:
    """The values for one run. Relative paths are those of `base` (else of this process's folder); what a path names
    elsewhere (`runs:/…`, `models:/…`) is brought into `storage`. Raises InvalidValue, NotFound."""
    known = entry.parameters
    missing = [name for name, parameter in known.items() if name not in given and parameter.default is None]
    if missing:
        raise InvalidValue(
            f"The entry point {entry.name!r} needs {_named(missing)}, for which no value was given: "
            f"-P {missing[0]}=…{_declared(known)}"
        )
    further = {str(name): _text(value) for name, value in given.items() if name not in known}
    for name in further if entry.declares else ():
        check_unknown(name, list(known), f"The entry point {entry.name!r}", typos_only=True)
        if not re.fullmatch(r"[A-Za-z0-9_][\w.\-]*", name):
            raise InvalidValue(f"{name!r} is no name of a parameter.{_declared(known)}")
    declared = {
        name: _checked(parameter, given.get(name, parameter.default), storage, base)
        for name, parameter in known.items()
    }
    return Values(declared, further)


def check_unknown(name: str, known: list[str], whose: str, typos_only: bool = False) -> None:
    """Raises InvalidValue for a name that is not known (or only where it looks like a known one), saying what there
    is."""
    if name in known:
        return
    near = difflib.get_close_matches(name, known, 1, 0.8)
    if near or not typos_only:
        meant = f" (is {near[0]} meant?)" if near else ""
        raise InvalidValue(f"{whose} has no parameter {name}{meant}. It has: {', '.join(known) or 'none'}.")


def plain(text: Any) -> Any:
    """A text that is a number as the number."""
    if not isinstance(text, str) or not re.fullmatch(r"\s*[+-]?(\d|\.\d)[\d.eE+-]*\s*", text):
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _checked(parameter: Parameter, value: Any, storage: Path, base: Path | None) -> str:
    text = _text(value)
    if "\0" in text:
        raise InvalidValue(f"The parameter {parameter.name} holds a NUL, which no argument can.")
    if parameter.type in _NUMBERS:
        kind, said = _NUMBERS[parameter.type]
        try:
            kind(text)
        except ValueError:
            raise InvalidValue(f"The parameter {parameter.name} is {said} ({parameter.type}); got {text!r}.") from None
    elif parameter.type == "uri" and not _URI.fullmatch(text):
        raise InvalidValue(f"The parameter {parameter.name} is a URI, as s3://bucket/file; got {text!r}.")
    elif parameter.type == "path":
        return _path(parameter.name, text, storage, base)
    return text


def _path(name: str, text: str, storage: Path, base: Path | None) -> str:
    """An absolute path of a file or folder that is there."""
    if _URI.fullmatch(text) and not text.startswith("file:"):
        from tracker.artifacts import download_artifacts

        storage.mkdir(parents=True, exist_ok=True)
        return str(Path(download_artifacts(artifact_uri=text, dst_path=str(storage))).resolve())
    from urllib.parse import unquote, urlsplit

    place = Path(unquote(urlsplit(text).path) if text.startswith("file:") else text).expanduser()
    place = (base or Path.cwd()) / place
    if not place.exists():
        raise NotFound(f"The parameter {name} names {text!r}; there is no such file or folder.")
    return str(place.absolute())


def _text(value: Any) -> str:
    return str(value)


def _named(names: list[str]) -> str:
    return f"the parameter {names[0]}" if len(names) == 1 else f"the parameters {', '.join(names)}"


def _declared(known: Mapping[str, Parameter]) -> str:
    told = [
        f"{one.name} ({one.type}{'' if one.default is None else f', else {one.default}'})" for one in known.values()
    ]
    return f" It takes: {', '.join(told)}." if told else ""
