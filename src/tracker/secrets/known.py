"""Credentials that this process has met: they are masked wherever they stand.

A word that stands everywhere (`password = "postgres"`) is masked under its name only: elsewhere it tells nothing, and a
program without it would not run again.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, GetSetDescriptorType, ModuleType, NoneType
from typing import Any, Final

from .names import strength
from .values import MASK, is_made, is_value

_MIN_LENGTH, _MAX_LENGTH, _MAX_WORDS = 6, 10_000, 1_000
_COMMON: Final = frozenset({
    "password", "passwort", "passwd", "secret", "token", "default", "public", "private", "username", "user", "admin",
    "administrator", "example", "localhost", "postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis",
    "minio", "minioadmin", "rabbit", "rabbitmq", "guest", "airflow", "mlflow", "tracker", "jupyter", "python",
    "docker", "ubuntu", "debian", "vagrant", "root123", "changeme", "change_me", "testing", "tester", "testtest",
    "development", "production", "staging", "string", "object", "number", "accuracy", "123456", "1234567", "12345678",
    "123456789", "000000", "111111",
})  # fmt: skip

_MAX_LOOKED_INTO, _MAX_INSIDE = 2_000, 200
_PLAIN: Final = frozenset(
    map(id, (int, float, bool, list, tuple, set, bytes, NoneType, FunctionType, ModuleType, BuiltinFunctionType))
)
_TEXTS: Final = frozenset({id(str), id(bytes)})
_IS_CLASS: Final = 1 << 31  # Py_TPFLAGS_TYPE_SUBCLASS
_MRO: Final = type.__dict__["__mro__"].__get__
_DICT: Final = type.__dict__["__dict__"].__get__
_FLAGS: Final = type.__dict__["__flags__"].__get__

MAX_BYTES: Final = 4 * _MAX_LENGTH
"""The most bytes that one of them takes in a file."""

_BASE64: Final = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{12,400}={0,2}(?![\w+/=-])")
_PART: Final = re.compile(r"(?<=['\"])(?P<part>[\w+/=.~-]{12,200})(?=['\"])")

_words: dict[str, None] = {}
_environment: dict[Any, Any] = {}
"""As it was when it was last looked through."""


def learn(name: str, value: object) -> None:
    """Remember a text as a credential if its name says so: it is masked wherever it stands from now on."""
    told = strength(name)
    if told and isinstance(value, bytes):
        value = value[: _MAX_LENGTH + 1].decode("utf-8", "replace")
    if told and isinstance(value, str) and _MIN_LENGTH <= len(value) <= _MAX_LENGTH and is_value(told, value):
        note(value)


def learn_names(names: Mapping[str, object]) -> None:
    """The same for every name, and one level deep for what it stands for: a dict, or an object with attributes.

    No code of the objects runs; of very many or very large ones the rest is left out.
    """
    room = _MAX_LOOKED_INTO
    for name, value in list(names.items()):
        kind = id(type(value))
        if kind in _TEXTS:
            if strength(name):
                learn(name, value)
        elif (
            room
            and kind not in _PLAIN
            and (inside := value if type(value) is dict else _attributes(value))
            and len(inside) <= _MAX_INSIDE
        ):
            room -= 1
            for key, one in list(inside.items()):
                if id(type(one)) in _TEXTS and type(key) is str:
                    learn(key, one)


def _attributes(value: object) -> dict[object, object] | None:
    """An object's own `__dict__`, or a named tuple's fields, found without asking the object."""
    kind = type(value)
    if _FLAGS(kind) & _IS_CLASS or id(kind) in _PLAIN:
        return None
    for base in _MRO(kind):
        fields = _DICT(base).get("_fields")
        if type(fields) is tuple and tuple in _MRO(kind):
            return dict(zip(fields, tuple.__iter__(value), strict=False))  # type: ignore[arg-type]
        found = _DICT(base).get("__dict__")
        if found is not None:
            return found.__get__(value) if type(found) is GetSetDescriptorType else None
    return None


def remember(word: str) -> bool:
    """Mask this text wherever it stands from now on; False if it is too short to be told from other words."""
    _add(word)
    return word in _words


def learn_environment() -> None:
    """Remember the credentials among the environment variables."""
    global _environment
    now = dict(getattr(os.environ, "_data", os.environ))  # as it lies: to read it by its names decodes all of it
    if now == _environment:
        return
    _environment = now
    for name in os.environ:
        if strength(name):
            learn(name, os.environ.get(name))


def note(word: str) -> None:
    """Remember a credential that was found, unless it is a word that stands everywhere."""
    if word.lower() not in _COMMON and word.strip():
        _add(word)


def _add(word: str) -> None:
    if len(word) >= _MIN_LENGTH and word not in _words and len(_words) < _MAX_WORDS:
        _words[word] = None


def known_in(data: bytes) -> bool:
    """Whether a file's content holds one of them as it is, in UTF-8, UTF-16 or UTF-32 (as NumPy keeps text)."""
    return any(form in data for word in list(_words) for form in _forms(word))


def _forms(word: str) -> tuple[bytes, bytes, bytes]:
    # Without its zeros at the end an ASCII text of the one byte order is found in the other's, too.
    wide, wider = (word.encode(code, "replace").rstrip(b"\0") for code in ("utf-16-le", "utf-32-le"))
    return word.encode("utf-8", "replace"), wide, wider


def _inside(word: str) -> str:
    """How it is found: what looks made by chance anywhere, a word only where it stands by itself."""
    return re.escape(word) if is_made(word) else rf"(?<!\w){re.escape(word)}(?!\w)"


def forget() -> None:
    """Remember no credential any more."""
    global _environment
    _words.clear()
    _environment = {}


def count() -> int:
    """How many are known; it grows with each, until `forget`."""
    return len(_words)


def without_known(text: str) -> tuple[str, bool]:
    """The text without them, and whether there was one."""
    if not _words:
        return text, False
    made = _PART.sub(_without_part, _BASE64.sub(_without_packed, text))
    if met := [word for word in list(_words) if word in made]:
        made = re.sub("|".join(_inside(word) for word in sorted(met, key=len, reverse=True)), MASK, made)
    return made, made != text


def _without_packed(match: re.Match[str]) -> str:
    """`ada:PASSWORD` in base64, as headers hold it."""
    try:
        plain = base64.b64decode(match[0] + "=" * (-len(match[0]) % 4))
    except ValueError:
        return match[0]
    return MASK if any(word.encode("utf-8", "replace") in plain for word in list(_words)) else match[0]


def _without_part(match: re.Match[str]) -> str:
    """What a program puts a credential together from."""
    part = match["part"]
    is_part = any(part in word and is_made(word) for word in list(_words))
    return MASK if is_part else match[0]
