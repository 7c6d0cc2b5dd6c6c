"""Credentials that this process has met: they are masked wherever they stand.

A word that stands everywhere (`password = "postgres"`) is masked under its name only: elsewhere it tells nothing, and a
program without it would not run again.
"""

from __future__ import annotations

import os
import re
from typing import Final

from .names import strength
from .values import MASK, is_value

_MIN_LENGTH, _MAX_LENGTH, _MAX_WORDS = 6, 10_000, 1_000
_COMMON: Final = frozenset({
    "password", "passwort", "passwd", "secret", "token", "default", "public", "private", "username", "user", "admin",
    "administrator", "example", "localhost", "postgres", "postgresql", "mysql", "mariadb", "mongodb", "redis",
    "minio", "minioadmin", "rabbit", "rabbitmq", "guest", "airflow", "mlflow", "tracker", "jupyter", "python",
    "docker", "ubuntu", "debian", "vagrant", "root123", "changeme", "change_me", "testing", "tester", "testtest",
    "development", "production", "staging", "string", "object", "number", "accuracy", "123456", "1234567", "12345678",
    "123456789", "000000", "111111",
})  # fmt: skip

_words: dict[str, None] = {}


def learn(name: str, value: object) -> None:
    """Remember a text as a credential if its name says so: it is masked wherever it stands from now on."""
    told = strength(name)
    if told and isinstance(value, str) and _MIN_LENGTH <= len(value) <= _MAX_LENGTH and is_value(told, value):
        note(value)


def remember(word: str) -> bool:
    """Mask this text wherever it stands from now on; False if it is too short to be told from other words."""
    _add(word)
    return word in _words


def learn_environment() -> None:
    """Remember the credentials among the environment variables."""
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


def forget() -> None:
    """Remember no credential any more."""
    _words.clear()


def count() -> int:
    """How many are known; it grows with each, until `forget`."""
    return len(_words)


def without_known(text: str) -> tuple[str, bool]:
    """The text without them, and whether there was one."""
    met = [word for word in list(_words) if word in text]
    if not met:
        return text, False
    words = "|".join(re.escape(word) for word in sorted(met, key=len, reverse=True))
    text, found = re.subn(rf"(?<!\w)(?:{words})(?!\w)", MASK, text)
    return text, found > 0
