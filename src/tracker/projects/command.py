"""From a command's template and values to an argument vector.

Invariant: a value stands for itself and never for more. Without a shell it is put into a word after the words are
parted. Where the template itself needs a shell (a pipe, `&&`, `$HOME`), the script refers to it as a quoted variable,
which no shell reads as code.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from tracker.exceptions import InvalidValue
from tracker.projects.parameters import Values
from tracker.projects.specification import EntryPoint

_PLACE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
_SPECIAL: Final = frozenset("|&;<>()$`*?[\n")
_ASSIGNMENT: Final = re.compile(r"\s*[A-Za-z_]\w*=")
_INNER: Final = re.compile(r"(?:^|[\s;&|(/])(?:(?:ba|da|z|k|a)?sh\s+(?:-\w+\s+)*-\w*c|eval)\b")
_SHOWN: Final = 300
_VARIABLE: Final = "TRACKER_PARAMETER_"


@dataclass(frozen=True)
class Command:
    """An argument vector, and the variables that it needs."""

    words: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    """What a person knows it by, if not by its words."""

    def __str__(self) -> str:
        text = self.name or shlex.join(self.words)
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def command_of(entry: EntryPoint, values: Values) -> Command:
    """The command of an entry point with these values. Raises InvalidValue for a template with a mistake."""
    further = [word for name, value in values.further.items() for word in (f"--{name}", value)]
    if entry.script is not None:
        return Command((*_runner(entry.script), *further))
    template = entry.command.strip()
    if _needs_shell(template):
        return _by_shell(entry, template, values, further)
    try:
        words = shlex.split(template)
    except ValueError as error:
        raise InvalidValue(f"The command of the entry point {entry.name!r} cannot be read: {error}.") from None
    if PurePath(words[0]).name in _SHELLS:
        return _with_script(entry, words, values, further)
    return Command((*(_filled(entry, word, values.declared.__getitem__, values) for word in words), *further))


def _runner(script: str) -> tuple[str, ...]:
    match PurePath(script).suffix:
        case ".py":
            return "python", script
        case ".sh":
            return os.environ.get("SHELL") or shutil.which("bash") or "sh", script
        case _:
            return "Rscript", script


def _filled(entry: EntryPoint, text: str, stands_for: Callable[[str], str], values: Values) -> str:
    """The text with `{name}` replaced by what stands for it, `{{` and `}}` by single braces."""

    def replaced(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        name = found[1]
        if name is None:
            raise InvalidValue(
                f"The command of the entry point {entry.name!r} has a single {found[0]!r}: a brace that is meant so is "
                "written twice."
            )
        if name not in values.declared:
            raise InvalidValue(
                f"The command of the entry point {entry.name!r} names {{{name}}}, which is none of its parameters: "
                f"{', '.join(values.declared) or 'it has none'}."
            )
        return stands_for(name)

    return _PLACE.sub(replaced, text)


# -- with a shell


def _needs_shell(template: str) -> bool:
    if _ASSIGNMENT.match(template):
        return True
    before = " "
    for quote, character in _quoting(template):
        if quote == "" and (character in _SPECIAL or (character in "~#" and before.isspace())):
            return True
        if quote == '"' and character in "$`":
            return True
        before = character
    return False


def _quoting(text: str) -> list[tuple[str, str]]:
    """Each character with the quotes that it stands in: "", '"', "'", or "\\" where it is escaped or a quote itself.

    Within `$(…)` and backticks quoting begins anew, whatever it is around them.
    """
    found: list[tuple[str, str]] = []
    around: list[tuple[str, str]] = []  # the quotes outside, and what closes the inside
    quote, escaped, before = "", False, ""
    for character in text:
        shown = quote
        if escaped:
            escaped, shown = False, "\\"
        elif character == "\\" and quote != "'":
            escaped, shown = True, "\\"
        elif character == quote or (not quote and character in "'\""):
            quote, shown = ("" if quote else character), "\\"
        elif quote != "'" and around and not quote and character == around[-1][1]:
            quote = around.pop()[0]
        elif quote != "'" and (character == "`" or (character == "(" and (before == "$" or not quote))):
            around.append((quote, "`" if character == "`" else ")"))
            quote = ""
        found.append((shown, character))
        before = character
    return found


def _by_shell(entry: EntryPoint, template: str, values: Values, further: list[str]) -> Command:
    script, variables = _script(entry, template, values)
    tail = []
    for index, word in enumerate(further):
        name = f"{_VARIABLE}FURTHER_{index}"
        variables[name] = word
        tail.append(f'"${{{name}}}"')
    return Command((shutil.which("bash") or "sh", "-c", " ".join([script, *tail])), variables)


def _with_script(entry: EntryPoint, words: list[str], values: Values, further: list[str]) -> Command:
    """A command that is a shell itself: what follows `-c` is a script."""
    filled: list[str] = []
    variables: dict[str, str] = {}
    is_script = False
    for word in words:
        if is_script:
            word, variables = _script(entry, word, values)
            is_script = False
        else:
            is_script = bool(re.fullmatch(r"-\w*c", word)) and not variables
            word = _filled(entry, word, values.declared.__getitem__, values)
        filled.append(word)
    return Command((*filled, *further), variables)


def _script(entry: EntryPoint, template: str, values: Values) -> tuple[str, dict[str, str]]:
    """The script with a quoted variable for each value, and the variables."""
    if _PLACE.search(template) and _INNER.search(template):
        raise InvalidValue(
            f"The command of the entry point {entry.name!r} hands its parameters to a shell inside a shell, where they "
            "could be read as commands. Put that script into a file of the project, and pass the parameters to it."
        )
    variables: dict[str, str] = {}
    quotes = [quote for quote, _ in _quoting(template)]

    def referred(found: re.Match[str]) -> str:
        if found[1] is None or found[1] not in values.declared:
            return _filled(entry, found[0], str, values)
        name = f"{_VARIABLE}{list(values.declared).index(found[1])}"
        variables[name] = values.declared[found[1]]
        match quotes[found.start()]:
            case "'":
                return f"'\"${{{name}}}\"'"
            case '"':
                return f"${{{name}}}"
            case "":
                return f'"${{{name}}}"'
        raise InvalidValue(f"The command of the entry point {entry.name!r} has an escaped {found[0]}.")

    return _PLACE.sub(referred, template), variables
