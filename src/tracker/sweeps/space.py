"""The values that a sweep tries: by name, a list of choices or a range of numbers.

Invariant: every value is a literal, since it is written into a cell's source.
"""

from __future__ import annotations

import ast
import itertools
import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tracker.exceptions import InvalidValue
from tracker.projects.substitution import literal

MOST_POINTS: Final = 1_000_000
SEED: Final = "seed"
_RANGE: Final = re.compile(r"\s*(?P<low>[^\s,]+?)\s*\.\.\s*(?P<high>[^\s,:]+)\s*(?P<log>:\s*log)?\s*")

Values: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Choices:
    """One of some values."""

    values: tuple[Any, ...]

    def draw(self, generator: random.Random) -> Any:
        """One of them at random."""
        return generator.choice(self.values)


@dataclass(frozen=True)
class Range:
    """A number from `low` to `high`, both included; whole where `whole`; even in its logarithm where `log`."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, generator: random.Random) -> float:
        """One of its numbers at random."""
        if self.whole and not self.log:
            return generator.randint(int(self.low), int(self.high))
        if not self.log:
            return generator.uniform(self.low, self.high)
        value = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value


Axis: TypeAlias = Choices | Range
Space: TypeAlias = dict[str, Axis]


def space_of(given: Mapping[str, Any], seeds: int | Sequence[int] | None = None) -> Space:
    """The space that a dict tells: a list gives choices; `(low, high)` or `(low, high, "log")` a range, of whole
    numbers where both are; `seeds` (how many, or which) the choices of `seed`. Raises InvalidValue, naming the
    parameter."""
    if not isinstance(given, Mapping):
        raise InvalidValue(f'A space is a dict of name to values, as {{"C": [0.1, 1, 10]}}; got {given!r}.')
    space = {_name(name): _axis(str(name), values) for name, values in given.items()}
    if seeds is not None:
        if SEED in space:
            raise InvalidValue("The space has values for seed already: leave out seeds.")
        space[SEED] = Choices(_seeds(seeds))
    if not space:
        raise InvalidValue('The space is empty: give values to try, as {"C": [0.1, 1, 10]}.')
    return space


def parse_axis(text: str) -> tuple[str, Any]:
    """`C=0.1,1,10` and `lr=1e-4..1e-1:log` as a name and what `space_of` takes. Raises InvalidValue."""
    name, equals, told = text.partition("=")
    if not (equals and told.strip()):
        raise InvalidValue(f"A grid is name=value,value or name=low..high; {text!r} is not understood.")
    found = _RANGE.fullmatch(told)
    if found is not None:
        ends = (_value(found["low"]), _value(found["high"]))
        return _name(name.strip()), (*ends, "log") if found["log"] else ends
    return _name(name.strip()), listed(told)


def listed(text: str) -> list[Any]:
    """Values apart by commas, each a literal or else text; brackets and quotes hold theirs together."""
    try:
        told = ast.literal_eval(f"[{text}]")
        return list(told)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return [_value(part) for part in text.split(",") if part.strip()]


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"true": True, "false": False, "none": None}.get(text.strip().lower(), text.strip())


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise InvalidValue(f"A parameter is a Python name; {name!r} is none.")
    return name


def _axis(name: str, given: Any) -> Axis:
    if isinstance(given, Range):
        return _checked(name, given)
    if isinstance(given, tuple) and len(given) in (2, 3) and all(map(_is_number, given[:2])):
        if given[2:] not in ((), ("log",)):
            raise InvalidValue(f'A range is (low, high) or (low, high, "log"); {name} is given {given!r}.')
        low, high = given[:2]
        return _checked(name, Range(low, high, len(given) == 3, isinstance(low, int) and isinstance(high, int)))
    if all(hasattr(given, end) for end in ("low", "high", "log")):  # a distribution of Optuna's
        whole = type(given).__name__.startswith("Int")
        return _checked(name, Range(given.low, given.high, bool(given.log), whole))
    given = getattr(given, "choices", given)
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise InvalidValue(f"{name} is given {given!r}; give a list of values, or a range as (low, high).")
    values = tuple(_plain(value) for value in given)
    if not values:
        raise InvalidValue(f"{name} is given no value to try.")
    for value in values:
        literal(name, value)
    return Choices(values)


def _checked(name: str, axis: Range) -> Range:
    if not (math.isfinite(axis.low) and math.isfinite(axis.high) and axis.low < axis.high):
        raise InvalidValue(f"The range of {name} goes from a lower number to a higher; got {axis.low} to {axis.high}.")
    if axis.log and axis.low <= 0:
        raise InvalidValue(f"The range of {name} is logarithmic, so it begins above zero; got {axis.low}.")
    return axis


def _plain(value: Any) -> Any:
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    told = tuple(range(seeds)) if isinstance(seeds, int) and not isinstance(seeds, bool) else seeds
    if not isinstance(told, Sequence) or not told or not all(isinstance(seed, int) and seed >= 0 for seed in told):
        raise InvalidValue(f"seeds is how many, or a list of whole numbers; got {seeds!r}.")
    return tuple(told)


def grid_of(space: Space) -> Iterator[Values]:
    """Every point, the last name changing fastest. Raises InvalidValue where an axis is a range, or for too many."""
    ranges = [name for name, axis in space.items() if isinstance(axis, Range)]
    if ranges:
        raise InvalidValue(f'A grid needs a list of values; {ranges[0]} is a range: list some, or strategy="random".')
    axes = [axis.values for axis in space.values() if isinstance(axis, Choices)]
    if math.prod(len(values) for values in axes) > MOST_POINTS:
        raise InvalidValue(f"This grid has more than {MOST_POINTS:,} points; try fewer values, or another strategy.")
    return (dict(zip(space, point, strict=True)) for point in itertools.product(*axes))


def size_of(space: Space) -> int:
    """How many points a grid has."""
    return math.prod(len(axis.values) for axis in space.values() if isinstance(axis, Choices))
