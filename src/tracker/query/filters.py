"""The filter language: `parse` for `where` and MLflow's `filter_string`, `parse_order` for `order_by`.

    filter     := and ("OR" and)*
    and        := not ("AND" not)*
    not        := "NOT" not | primary
    primary    := "(" filter ")" | name test
    test       := ("=" | "!=" | "<" | "<=" | ">" | ">=") value | ["NOT"] ("LIKE" | "ILIKE") string
                | ["NOT"] "IN" "(" value ("," value)* ")" | ["NOT"] "BETWEEN" value "AND" value
                | "IS" ["NOT"] "NULL"
    name       := [entity "."] key, the key bare, in backticks or double quotes; no entity: an attribute
    value      := number | 'text' | "text" | true | false

Keywords, entities and attributes are read in any case. A quote inside quotes is written twice. Keys need
no quotes while they hold only letters, digits and _ . / : @ -. Every mistake is a FilterError with the
place and the remedy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NoReturn, cast

from tracker.query.grammar import (
    DATASET_KEYS,
    ENTITIES,
    RUNS,
    And,
    Filter,
    In,
    Like,
    Missing,
    Name,
    Not,
    Or,
    Order,
    Ordered,
    Sort,
    Value,
    Vocabulary,
)
from tracker.query.tokens import NUMBER, Token, mistake, tokenize

MAX_DEPTH = 100
MAX_CONDITIONS = 1_000

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_TESTS = "=, !=, <, <=, >, >=, LIKE, ILIKE, IN, BETWEEN or IS NULL"
_KEYWORDS = ("AND", "OR", "NOT", "IN", "IS", "LIKE", "ILIKE", "BETWEEN", "NULL", "TRUE", "FALSE")
_EQUAL, _UNEQUAL = ("=", "=="), ("!=", "<>")


def parse(text: str | None, vocabulary: Vocabulary = RUNS) -> Filter | None:
    """The filter as a tree, or None for an empty one, which everything passes. Raises FilterError."""
    if not text or not text.strip():
        return None
    return _Parser(text, vocabulary).filter()


def parse_order(keys: str | Sequence[str] | None, vocabulary: Vocabulary = RUNS) -> list[Sort]:
    """The keys of an ordering such as "metrics.acc DESC" or ["params.`my key`", "start_time DESC"].

    Raises FilterError.
    """
    return [_Parser(key, vocabulary).sort() for key in ([keys] if isinstance(keys, str) else keys or ())]


def read_number(text: str) -> float | None:
    """The number that a text is, if it is one in full."""
    return float(text) if NUMBER.fullmatch(text) else None


class _Parser:
    """Recursive descent over one text."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text = text
        self._words = vocabulary
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0
        self._conditions = 0

    # -- the two languages

    def filter(self) -> Filter:
        result = self._or()
        self._expect_end("AND, OR or the end")
        return result

    def sort(self) -> Sort:
        at = self._peek.at
        name = self._name()
        if name.entity == "datasets":
            mistake(
                self._text,
                at,
                "Runs cannot be ordered by datasets; use an attribute, params., metrics. or tags.",
            )
        descending = self._peek.is_word("DESC")
        if descending or self._peek.is_word("ASC"):
            self._take()
        self._expect_end("ASC, DESC or the end")
        return Sort(name, descending)

    # -- tokens

    @property
    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek
        self._next += token.kind != "end"
        return token

    def _took_word(self, *words: str) -> bool:
        if self._peek.is_word(*words):
            self._take()
            return True
        return False

    def _took_symbol(self, symbol: str) -> bool:
        if self._peek.kind == "symbol" and self._peek.text == symbol:
            self._take()
            return True
        return False

    def _refuse(self, expected: str) -> NoReturn:
        mistake(self._text, self._peek.at, f"Expected {expected}, found {self._peek}.")

    def _expect_end(self, expected: str) -> None:
        if self._peek.kind != "end":
            self._refuse(expected)

    # -- structure

    def _or(self) -> Filter:
        terms = [self._and()]
        while self._took_word("OR"):
            terms.append(self._and())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _and(self) -> Filter:
        terms = [self._not()]
        while self._took_word("AND"):
            terms.append(self._not())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _not(self) -> Filter:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            mistake(self._text, self._peek.at, f"More than {MAX_DEPTH} levels of NOT and parentheses.")
        result = Not(self._not()) if self._took_word("NOT") else self._primary()
        self._depth -= 1
        return result

    def _primary(self) -> Filter:
        if not self._took_symbol("("):
            return self._condition()
        result = self._or()
        if not self._took_symbol(")"):
            self._refuse("AND, OR or )")
        return result

    # -- conditions

    def _condition(self) -> Filter:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            mistake(self._text, self._peek.at, f"More than {MAX_CONDITIONS:,} conditions; use IN for lists.")
        name = self._name()
        if self._took_word("IS"):
            return self._is(name)
        negated = self._took_word("NOT")
        result = self._word_test(name)
        if result is None:
            if negated:
                self._refuse("LIKE, ILIKE, IN or BETWEEN")
            return self._comparison(name)
        return Not(result) if negated else result

    def _is(self, name: Name) -> Filter:
        negated = self._took_word("NOT")
        if not self._took_word("NULL"):
            self._refuse("NULL" if negated else "NULL or NOT NULL")
        return Not(Missing(name)) if negated else Missing(name)

    def _word_test(self, name: Name) -> Filter | None:
        token = self._peek
        if self._took_word("LIKE", "ILIKE"):
            return self._like(name, token)
        if self._took_word("IN"):
            return In(name, self._list(name))
        if self._took_word("BETWEEN"):
            self._check_ordered(name, token)
            low = self._value(name)
            if not self._took_word("AND"):
                self._refuse("AND and the upper bound")
            return And((Ordered(name, ">=", low), Ordered(name, "<=", self._value(name))))
        return None

    def _like(self, name: Name, operator: Token) -> Filter:
        if name.kind not in ("text", "typed"):
            what = f"{operator} compares text; {name.key} is a {name.kind}. Use =, <, > or BETWEEN."
            mistake(self._text, operator.at, what)
        pattern = self._peek
        if pattern.kind != "string":
            self._refuse("a pattern in quotes, as in 'resnet%'")
        self._take()
        return Like(name, pattern.text, operator.is_word("ILIKE"))

    def _comparison(self, name: Name) -> Filter:
        operator = self._peek
        if operator.kind != "symbol" or operator.text in "(),":
            self._refuse(_TESTS)
        self._take()
        if operator.text in _EQUAL:
            return In(name, (self._value(name),))
        if operator.text in _UNEQUAL:
            return Not(In(name, (self._value(name),)))
        self._check_ordered(name, operator)
        return Ordered(name, cast(Order, operator.text), self._value(name))

    def _check_ordered(self, name: Name, operator: Token) -> None:
        if name.kind == "bool":
            mistake(self._text, operator.at, f"{name.key} is true or false; use = or !=.")

    def _list(self, name: Name) -> tuple[Value, ...]:
        if not self._took_symbol("("):
            self._refuse("( and a list of values, as in IN ('a', 'b')")
        values = [self._value(name)]
        while self._took_symbol(","):
            values.append(self._value(name))
        if not self._took_symbol(")"):
            self._refuse(", or )")
        return tuple(values)

    # -- values

    def _value(self, name: Name) -> Value:
        token = self._peek
        value = _literal(token)
        if value is None:
            hint = f"; write text in quotes: '{token.text}'" if token.kind in ("word", "backtick") else ""
            wanted = "Expected a value (a number, 'text', true or false)"
            mistake(self._text, token.at, f"{wanted}, found {token}{hint}.")
        converted = _converted(value, name)
        if converted is None:
            mistake(self._text, token.at, f"{name.key} {_WANTS[name.kind]}, found {token}.")
        self._take()
        return converted

    # -- names

    def _name(self) -> Name:
        token = self._peek
        if token.is_word(*_KEYWORDS) or not (token.kind in ("word", "backtick") or token.quote == '"'):
            self._refuse("a name such as params.C, metrics.acc, tags.team or status")
        self._take()
        if token.kind == "word" and token.text.endswith("."):
            return self._quoted_key(token)
        return self._resolved(token)

    def _quoted_key(self, prefix: Token) -> Name:
        key = self._peek
        if key.at != prefix.end or key.quote not in ("`", '"') or not key.text:
            what = f"Expected a key after {prefix}, as in {prefix}C or {prefix}`my key`."
            mistake(self._text, prefix.end, what)
        self._take()
        return self._named(prefix, prefix.text[:-1], key.text)

    def _resolved(self, token: Token) -> Name:
        entity, dot, key = token.text.partition(".")
        return self._named(token, entity, key) if dot else self._named(token, "attributes", token.text)

    def _named(self, token: Token, prefix: str, key: str) -> Name:
        words, entity = self._words, ENTITIES.get(prefix.lower())
        if entity is None or entity not in words.entities:
            *first, last = (f"{one}." for one in words.entities)
            mistake(self._text, token.at, f"Unknown kind of name {prefix!r}; use {', '.join(first)} or {last}")
        if entity in ("params", "metrics", "tags"):
            return Name(entity, key, words)
        plain = key.lower().replace(" ", "_")
        known = DATASET_KEYS if entity == "datasets" else tuple(words.attributes)
        plain = words.aliases.get(plain, plain) if entity == "attributes" else plain
        if plain not in known:
            mistake(self._text, token.at, _unknown(words, entity, key, known))
        return Name(entity, plain, words)


_WANTS = {
    "number": "is a number",
    "time": "is a time (ms since the epoch, or '2026-01-31' or '2026-01-31 12:00', in UTC)",
    "bool": "is true or false",
}


def _literal(token: Token) -> Value | None:
    if token.kind == "number":
        return float(token.text)
    if token.kind == "string":
        return token.text
    return token.is_word("TRUE") if token.is_word("TRUE", "FALSE") else None


def _converted(value: Value, name: Name) -> Value | None:
    """The value in the type that the name's values have, or None if it is no such thing."""
    if name.kind in ("text", "typed"):
        return value
    if name.kind == "bool":
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.lower())
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value
    number = read_number(value)
    return _read_time(value) if number is None and name.kind == "time" else number


def _read_time(text: str) -> float | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000


def _unknown(words: Vocabulary, entity: str, key: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(key.lower(), known, 1)
    if entity == "datasets":
        return f"Datasets have no {key!r}; they have {', '.join(known)}."
    hint = f" Did you mean {close[0]}?" if close else ""
    if words is not RUNS:
        return f"{words.things} have no attribute {key!r}.{hint} They have {', '.join(known)} and tags.KEY."
    prefixed = f"params.{key}, metrics.{key} or tags.{key}"
    return f"Runs have no attribute {key!r}.{hint} For a parameter, metric or tag write {prefixed}."
