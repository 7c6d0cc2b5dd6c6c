"""What may stand in the registry, and the URIs `models:/…` that name a version in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tracker import secrets
from tracker.exceptions import InvalidValue
from tracker.store.events import check_key
from tracker.store.registry import STAGES

MAX_NAME, MAX_ALIAS, MAX_TAG_KEY, MAX_TAG_VALUE = 256, 255, 250, 100_000

_ALIAS = re.compile(r"[\w\-]+")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_FORMS = "models:/NAME/VERSION, models:/NAME/STAGE, models:/NAME/latest or models:/NAME@ALIAS"


def check_model_name(name: Any) -> str:
    """The name itself, if a registered model can have it. Raises InvalidValue."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"The name of a registered model is text that is not empty; got {name!r}.")
    if "/" in name or ":" in name or name in (".", ".."):
        raise InvalidValue(f"The name of a registered model cannot contain '/' or ':', or be dots alone; got {name!r}.")
    if len(name) > MAX_NAME:
        most = f"at most {MAX_NAME} characters"
        raise InvalidValue(f"The name of a registered model has {most}; this one has {len(name):,}.")
    return check_key(name, "registered model")


def check_version(version: Any) -> int:
    """The number of a version, given as a number or as text. Raises InvalidValue."""
    try:
        if isinstance(version, bool) or (isinstance(version, float) and not version.is_integer()):
            raise ValueError
        return int(version)
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(f"A version of a model is a whole number; got {version!r}.") from None


def check_stage(stage: Any) -> str:
    """The stage as it is written, given in any case. Raises InvalidValue."""
    for known in STAGES:
        if isinstance(stage, str) and stage.lower() == known.lower():
            return known
    raise InvalidValue(f"{stage!r} is not a stage of a model version; there are {', '.join(STAGES)}.")


def check_alias(alias: Any) -> str:
    """The alias itself, if a version can have it. Raises InvalidValue."""
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias) or len(alias) > MAX_ALIAS:
        raise InvalidValue(f"An alias has 1 to {MAX_ALIAS} letters, digits, '_' and '-'; got {str(alias)[:300]!r}.")
    if alias.lower() == "latest" or _VERSION_ALIAS.fullmatch(alias):
        raise InvalidValue(f"The alias {alias!r} is reserved: 'latest', 'v1', 'v2', … already name versions.")
    return alias


def check_tag(key: Any, value: Any) -> tuple[str, str]:
    """A tag's key and its value as text, credentials masked. Raises InvalidValue."""
    text = str(value)
    if len(check_key(key, "tag")) > MAX_TAG_KEY:
        raise InvalidValue(f"The key of a tag has at most {MAX_TAG_KEY} characters; this one has {len(key):,}.")
    if len(text) > MAX_TAG_VALUE:
        raise InvalidValue(f"The value of a tag has at most {MAX_TAG_VALUE:,} characters; {key!r} has {len(text):,}.")
    return key, secrets.masked_value(key, text)[0]


@dataclass(frozen=True)
class ModelUri:
    """What a `models:/…` URI names: one of `version`, `stage`, `alias`; with none of them the latest version."""

    name: str
    version: int | None = None
    stage: str | None = None
    alias: str | None = None


def is_model_uri(uri: Any) -> bool:
    """Whether this is a `models:` URI."""
    return isinstance(uri, str) and uri.startswith("models:")


def parse_model_uri(uri: str) -> ModelUri:
    """What a `models:/…` URI names. Raises InvalidValue."""
    rest = uri.removeprefix("models:")
    parts = rest.lstrip("/").rstrip("/").split("/")
    if rest == uri or not rest.startswith("/") or len(parts) > 2 or not parts[0].strip() or not parts[-1].strip():
        raise InvalidValue(f"{uri!r} is no URI of a registered model: write {_FORMS}.")
    name = unquote(parts[0])
    if len(parts) == 1:
        name, at, alias = name.rpartition("@")
        if not at or not name or not alias:
            raise InvalidValue(f"{uri!r} names no version: write {_FORMS}.")
        return ModelUri(name, alias=alias)
    suffix = unquote(parts[1])
    if suffix.isascii() and suffix.isdigit():
        return ModelUri(name, version=int(suffix))
    return ModelUri(name) if suffix.lower() == "latest" else ModelUri(name, stage=check_stage(suffix))
