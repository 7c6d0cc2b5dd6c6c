"""The line after `%%track`: its options, and plain words about what it got wrong.

A mistake never stops the cell: what can be understood is used, the rest becomes a sentence for the person.
"""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from tracker.exceptions import InvalidValue
from tracker.notebook import sweep_options
from tracker.store.events import check_key


@dataclass
class Options:
    """What a tracked cell asked for. `params` and `metrics` are None when they are to be found by themselves."""

    experiment: str | None = None
    name: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    note: str | None = None
    params: list[str] | None = None
    metrics: list[str] | None = None
    capture: bool = True
    nested: bool = False
    cached: bool = False
    system_metrics: bool = False
    problems: list[str] = field(default_factory=list)
    sweep: sweep_options.SweepOptions | None = None


class _Mistake(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Mistake(message)


def _parser() -> _Parser:
    parser = _Parser(prog="%%track", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("-e", "--experiment", metavar="NAME", help="experiment that the run belongs to; made if it is new")
    add("-n", "--name", metavar="NAME", help="the run's name; a random one if left out")
    add("-t", "--tag", metavar="KEY=VALUE", action="append", default=[], help="a tag; can be given again")
    add("--note", metavar="TEXT", help="a note about the run")
    add("--params", metavar="A,B", help="take these names as parameters, and no others")
    add("--metrics", metavar="X,Y", help="take these names as metrics, and no others")
    add("--no-capture", action="store_true", help="keep nothing by itself but the source, the status and the time")
    add("--nested", action="store_true", help="make the run a child of the active run")
    add("--cached", action="store_true", help="with equal inputs restore an earlier run's result, without running")
    add("--system-metrics", action="store_true", help="log the machine's metrics too: processor, memory, disk, cards")
    sweep_options.add_to(parser)
    return parser


PARSER = _parser()
FLAGS = sorted(flag for action in PARSER._actions for flag in action.option_strings)


def help_text() -> str:
    """What `%%track?` shows."""
    return (
        "Track this cell as a run: its parameters, metrics, curves, output, figures and source are kept.\n\n"
        + PARSER.format_help()
        + "\nValues may hold {python} names: --name 'C={C}'.\n\n"
        'Example:\n\n    %%track --experiment iris --name "rbf baseline"\n    C = 1.5\n'
        "    model = SVC(C=C).fit(X_train, y_train)\n    accuracy = model.score(X_test, y_test)\n"
    )


def parse(line: str, names: Mapping[str, Any]) -> Options:
    """The options in `line`, `{name}` replaced from `names`; what was wrong is told in `problems`."""
    problems: list[str] = []
    try:
        words = [_expanded(word, names) for word in shlex.split(line)]
    except ValueError as error:
        return Options(problems=[f"%%track: {str(error).lower()} in {line.strip()!r}; its options are not used."])
    try:
        known, unknown = PARSER.parse_known_args(words)
    except _Mistake as mistake:
        return Options(problems=[f"%%track: {mistake}; its options are not used. %%track? lists them."])
    problems += [_unknown(word) for word in unknown if word.startswith("-")]
    if unknown and not problems:
        problems.append(f"%%track: {unknown[0]!r} belongs to no option and is not used; %%track? lists them.")
    tags = {}
    for tag in known.tag:
        key, equals, value = tag.partition("=")
        if not (key and equals):
            problems.append(f"%%track: a tag is key=value; {tag!r} is not used.")
            continue
        try:
            tags[check_key(key, "tag")] = value
        except InvalidValue as error:
            problems.append(f"%%track: {error} It is not used.")
    return Options(
        known.experiment, known.name, tags, known.note, _names(known.params), _names(known.metrics),
        not known.no_capture, known.nested, known.cached, known.system_metrics, problems,
        sweep_options.sweep_of(known),
    )  # fmt: skip


def child_line(options: Options) -> str:
    """The line with which each trial of a sweep is tracked: these options without those of the sweep. The name, the
    experiment and the tags come with the trial."""
    named = {"--note": options.note, "--params": options.params, "--metrics": options.metrics}
    words = ["%%track", *([] if options.capture else ["--no-capture"])]
    for flag, value in named.items():
        if value is not None:
            words += [flag, shlex.quote(value if isinstance(value, str) else ",".join(value))]
    return " ".join(words)


def _unknown(word: str) -> str:
    near = difflib.get_close_matches(
        word.split("=")[0], [flag for flag in FLAGS if flag.startswith("--")], n=1, cutoff=0.7
    )
    hint = f"; did you mean {near[0]}?" if near else "; %%track? lists what there is."
    return f"%%track: unknown option {word.split('=')[0]}{hint} It is not used."


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _expanded(word: str, names: Mapping[str, Any]) -> str:
    """`{name}` and `{name:.3f}` replaced by values, as in an f-string; anything else as it is."""
    if "{" not in word:
        return word
    try:
        return word.format_map(names)
    except Exception:  # whatever a format string can raise: the word stands for itself
        return word
