"""From the tree of a filter to SQL over `latest.*`.

Invariants: every literal and key is a bound value; the only names written into SQL come from the fixed
tables of `grammar`. A condition is NULL where the run lacks the value or has NaN, so that SQL's three-
valued logic keeps such a run out, also under NOT.

What equals what (`In`) and what is less (`Ordered`), for a parameter, tag or text attribute:
    number  with a number, or quoted text that reads as one     as numbers
    text    with a number, if the text reads as one             as numbers
    text    with quoted text                                    exactly; ordered as numbers if both are
    bool    with true or false; text that says so with true or false; a bool with the quoted word, in any case
    else    not equal, and not comparable: ordering gives NULL
"""

# ruff: noqa: S608 (see the invariants: no text from outside)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tracker.query.filters import read_number
from tracker.query.grammar import And, Filter, In, Like, Missing, Name, Not, Or, Ordered, Sort, Value

Binding = float | str | list[float] | list[str]


@dataclass(frozen=True)
class _Text:
    """The SQL of a text-like operand: its JSON type, its number if it reads as one, its text."""

    kind: str
    number: str
    text: str


@dataclass
class Compiler:
    """Compiles conditions on runs, for `SELECT … FROM latest.runs r {joins} WHERE …` with `bindings`."""

    bindings: dict[str, Binding] = field(default_factory=dict)
    _aliases: dict[Name, str] = field(default_factory=dict)
    _joins: list[str] = field(default_factory=list)

    @property
    def joins(self) -> str:
        """The joins that what was compiled so far refers to."""
        return "\n".join(self._joins)

    def bind(self, value: Binding) -> str:
        """The placeholder of a value."""
        name = f"b{len(self.bindings)}"
        self.bindings[name] = value
        return f"${name}"

    def where(self, term: Filter) -> str:
        """The condition as SQL."""
        if isinstance(term, And):
            return f"({' AND '.join(map(self.where, term.terms))})"
        if isinstance(term, Or):
            return f"({' OR '.join(map(self.where, term.terms))})"
        if isinstance(term, Not):
            return f"(NOT {self.where(term.term)})"
        if term.name.entity == "datasets":
            return self._of_datasets(term)
        return self._condition(term, self._operand(term.name))

    def order(self, keys: Sequence[Sort]) -> str:
        """The ORDER BY list: the keys, missing values and NaN last, then the newest run first, then by id."""
        parts = []
        for key in keys:
            operand = self._operand(key.name)
            if isinstance(operand, str):
                columns = [operand]
            else:
                plain = key.name.entity == "attributes"
                columns = [operand.text] if plain else [operand.number, operand.text]
            parts += [f"{column} {'DESC' if key.descending else 'ASC'} NULLS LAST" for column in columns]
        return ", ".join([*parts, "r.start_time DESC NULLS LAST", "r.run_id"])

    # -- operands

    def _operand(self, name: Name) -> _Text | str:
        """The SQL of a name's value: a number, time (ms) or bool itself, else as text with its readings."""
        if name.entity == "params":
            alias = self._join(name, "SELECT run_id, kind, num, text FROM latest.params")
            return _Text(f"{alias}.kind", f"{alias}.num", f"{alias}.text")
        if name.entity == "tags":
            return _plain_text(f"{self._join(name, 'SELECT run_id, value FROM latest.tags')}.value")
        if name.entity == "metrics":
            value = f"{self._join(name, 'SELECT run_id, value FROM latest.metrics')}.value"
            return f"CASE WHEN NOT isnan({value}) THEN {value} END"
        column = f'r."{name.key}"'
        if name.kind == "time":
            return f"epoch_ms({column})"
        return _plain_text(column) if name.kind == "text" else column

    def _join(self, name: Name, select: str) -> str:
        if name not in self._aliases:
            alias = f"n{len(self._aliases)}"
            self._aliases[name] = alias
            source = f"({select} WHERE key = {self.bind(name.key)})"
            self._joins.append(f"LEFT JOIN {source} {alias} ON {alias}.run_id = r.run_id")
        return self._aliases[name]

    # -- conditions

    def _condition(self, term: In | Ordered | Like | Missing, operand: _Text | str) -> str:
        if isinstance(term, Missing):
            return self._missing(term.name, operand)
        if isinstance(term, Like):
            assert isinstance(operand, _Text)
            return f"({operand.text} {'ILIKE' if term.insensitive else 'LIKE'} {self.bind(term.pattern)})"
        if isinstance(operand, str):
            if isinstance(term, In):
                return self._one_of(operand, term.values)
            return f"({operand} {term.operator} {self._bound(term.value)})"
        return self._text_in(operand, term.values) if isinstance(term, In) else self._text_ordered(operand, term)

    def _missing(self, name: Name, operand: _Text | str) -> str:
        if name.entity == "metrics":
            return f"({self._aliases[name]}.value IS NULL)"
        return f"({operand if isinstance(operand, str) else operand.text} IS NULL)"

    def _of_datasets(self, term: In | Ordered | Like | Missing) -> str:
        """True if any dataset of the run passes; NULL for a run without datasets."""
        column, of_run = f'd."{term.name.key}"', "FROM latest.datasets d WHERE d.run_id = r.run_id"
        if isinstance(term, Missing):
            return f"(NOT EXISTS (SELECT 1 {of_run} AND {column} IS NOT NULL))"
        return f"(SELECT bool_or({self._condition(term, _plain_text(column))}) {of_run})"

    def _bound(self, value: Value) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return self.bind(value)

    def _one_of(self, operand: str, values: Sequence[Value]) -> str:
        """Whether the operand is among the values; false where there are none, NULL for a NULL operand."""
        if len(values) == 1:
            return f"({operand} = {self._bound(values[0])})"
        if values and isinstance(values[0], bool):
            return f"({operand} IN ({', '.join(map(self._bound, values))}))"
        return f"({operand} IN (SELECT unnest({self.bind(list(values))})))" if values else "false"  # type: ignore[arg-type]

    def _text_in(self, operand: _Text, values: Sequence[Value]) -> str:
        numbers = [v for v in values if isinstance(v, float)]
        texts = [v for v in values if isinstance(v, str)]
        truths = [str(v).lower() for v in values if isinstance(v, bool)]
        read = [n for n in map(read_number, texts) if n is not None]
        words = [t.lower() for t in texts if t.lower() in ("true", "false")]
        of_text = [f"coalesce({self._one_of(operand.number, numbers)}, false)"] if numbers else []
        of_text += [self._one_of(f"lower({operand.text})", truths)] if truths else []
        of_text += [self._one_of(operand.text, texts)] if texts else []
        return f"""(CASE WHEN {operand.text} IS NULL THEN NULL
            WHEN {operand.kind} IN ('int', 'float') THEN {self._one_of(operand.number, numbers + read)}
            WHEN {operand.kind} = 'bool' THEN {self._one_of(operand.text, truths + words)}
            ELSE {" OR ".join(of_text)} END)"""

    def _text_ordered(self, operand: _Text, term: Ordered) -> str:
        if isinstance(term.value, bool):
            return "CAST(NULL AS BOOLEAN)"
        number = term.value if isinstance(term.value, float) else read_number(term.value)
        cases = []
        if number is not None:
            reads = f"{operand.number} {term.operator} {self.bind(number)}"
            cases.append(f"WHEN {operand.number} IS NOT NULL THEN {reads}")
        if isinstance(term.value, str):
            text = f"{operand.text} {term.operator} {self.bind(term.value)}"
            cases.append(f"WHEN {operand.kind} IN ('string', 'json') THEN {text}")
        return f"(CASE {' '.join(cases)} END)"


def _plain_text(column: str) -> _Text:
    return _Text("'string'", f"as_number({column})", column)
