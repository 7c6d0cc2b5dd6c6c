"""scikit-learn-like objects on disk: as skops, which holds data and the names of types, or as a pickle.

skops builds only types that it knows or is told to trust; a file whose types it takes without a question is loaded
from anywhere. Other types are listed in `MLmodel`, and the file is loaded where the model may run code.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.models import pickling
from tracker.models.loading import Saved
from tracker.models.model import missing_library

SKOPS, PICKLE, CLOUDPICKLE = "skops", "pickle", "cloudpickle"
FORMATS = (SKOPS, PICKLE, CLOUDPICKLE)
FILES = {SKOPS: "model.skops", PICKLE: "model.pkl", CLOUDPICKLE: "model.pkl"}


def dump(
    model: Any, folder: Path, asked: str | None, trusted: list[str] | None
) -> tuple[str, list[str] | None, set[str]]:
    """Write a model as asked, else as skops if that can hold it, else as a cloudpickle.

    Gives the format, the types that skops is to be told to trust, and the modules that the model refers to.
    """
    if asked is not None and asked not in FORMATS:
        raise InvalidValue(f"serialization_format is one of {', '.join(FORMATS)}; got {asked!r}.")
    if asked in (None, SKOPS):
        try:
            return SKOPS, *_dump_skops(model, folder / FILES[SKOPS], trusted, asked is not None)
        except _NotForSkops as error:
            (folder / FILES[SKOPS]).unlink(missing_ok=True)
            if asked is not None:
                raise InvalidValue(
                    f"skops cannot hold this model: {error}. Take serialization_format='cloudpickle'."
                ) from error
    file = folder / FILES[CLOUDPICKLE]
    if asked == PICKLE:
        file.write_bytes(pickle.dumps(model))
    else:
        pickling.dump(model, file)
    from tracker.models.requirements import modules_in_pickle

    return asked or CLOUDPICKLE, None, modules_in_pickle(file) | {type(model).__module__}


class _NotForSkops(Exception):
    """skops cannot hold the model."""


def _dump_skops(model: Any, file: Path, trusted: list[str] | None, must: bool) -> tuple[list[str] | None, set[str]]:
    try:
        import skops.io as skops
    except ImportError:
        if must:
            raise missing_library("skops", "models") from None
        raise _NotForSkops("skops is not installed") from None
    try:
        skops.dump(model, file)
        asks = sorted({*skops.get_untrusted_types(file=file), *(trusted or ())})
        skops.load(file, trusted=asks)
    except Exception as error:  # skops raises many kinds for types that it does not know
        raise _NotForSkops(f"{type(error).__name__}: {error}") from error
    if any(name.startswith("__main__.") for name in asks):
        raise _NotForSkops(f"{', '.join(asks)} is defined in the notebook, and would be missing elsewhere")
    return asks or None, _modules_in_skops(file)


def _modules_in_skops(file: Path) -> set[str]:
    found: set[str] = set()
    with zipfile.ZipFile(file) as archive:
        waiting = [json.loads(archive.read("schema.json"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__module__"), str):
                found.add(node["__module__"])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found


def load(saved: Saved, name: Any, conf: dict[str, Any]) -> Any:
    """The model in a file of a saved model. Raises UntrustedModel, InvalidValue."""
    form = conf.get("serialization_format", PICKLE)
    if form not in FORMATS:
        raise InvalidValue(f"The model in {saved.folder} has the unknown serialization_format {form!r}.")
    file = saved.file(name)
    if form != SKOPS:
        saved.may_run_code(f"{name} is a pickle")
        return pickling.load(file)
    try:
        import skops.io as skops
    except ImportError:
        raise missing_library("skops", "models") from None
    try:
        asks = skops.get_untrusted_types(file=file)
        if asks:
            told = ", ".join(asks[:5]) + (", …" if len(asks) > 5 else "")
            saved.may_run_code(f"{name} holds types that skops does not know to be safe ({told})")
        return skops.load(file, trusted=asks)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise InvalidValue(f"{file} is damaged: {error}.") from error
    except ImportError as error:
        raise InvalidValue(
            f"The model in {saved.folder} needs a module that is not installed here: {error}."
        ) from error
