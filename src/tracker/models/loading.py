"""Opening a saved model: its description, its flavor's entry and files, and the question whether it may run code."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidValue, NotFound
from tracker.models import trust as trusting
from tracker.models.model import MODEL_FILE, Model, missing_library
from tracker.models.uris import local_path
from tracker.store.artifacts import resolve_inside
from tracker.tracking.location import current_store


class Saved:
    """A model's folder, opened for loading. Nothing in it has run yet."""

    def __init__(self, folder: Path, trust: bool = False) -> None:
        if not (folder / MODEL_FILE).is_file():
            raise NotFound(f"There is no model in {folder}: it has no file {MODEL_FILE}.")
        self.folder = folder
        self.model = Model.load(folder)
        self.trust = trust

    def conf(self, flavor: str) -> dict[str, Any]:
        """The flavor's entry. Raises NotFound, naming the flavors that there are."""
        if flavor not in self.model.flavors:
            raise NotFound(
                f"The model in {self.folder} has no flavor {flavor!r}; it has {', '.join(sorted(self.model.flavors))}."
            )
        return self.model.flavors[flavor]

    def file(self, name: Any) -> Path:
        """A file or folder of the model. Raises NotFound, InvalidValue for a path that leaves the folder."""
        if not isinstance(name, str) or not name:
            raise InvalidValue(f"{self.folder / MODEL_FILE} is damaged: it names {name!r} as a file of the model.")
        path = resolve_inside(self.folder, name)
        if not path.exists():
            raise NotFound(f"The model in {self.folder} lacks the file {name}; it was not saved or copied whole.")
        return path

    def may_run_code(self, because: str) -> None:
        """Raises UntrustedModel unless the model may run code; `because` says what would."""
        if not self.trust:
            trusting.require_trust(current_store(), self.folder, because, self.trust)
            self.trust = True

    def use_code(self, conf: dict[str, Any]) -> None:
        """Let the model's own modules be imported. Raises UntrustedModel."""
        code = conf.get("code")
        if not code:
            return
        folder = self.file(code)
        self.may_run_code(f"it brings modules of its own in {code}/")
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))

    def library(self, module: str, conf: dict[str, Any], version_key: str | None = None, distribution: str = "") -> Any:
        """The flavor's library; one warning if it is of another version than the model. Raises InvalidValue."""
        try:
            library = importlib.import_module(module)
        except ImportError as error:
            if error.name is not None and error.name.partition(".")[0] != module:
                raise missing_library(f"{error.name} (for {distribution or module})") from error
            raise missing_library(distribution or module) from None
        told = conf.get(version_key) if version_key is not None else None
        have = getattr(library, "__version__", None)
        if told is not None and have is not None and str(told) != str(have):
            warnings.warn(
                f"The model in {self.folder} was saved with {distribution or module} {told}; this is {have}. "
                f"If it fails or predicts otherwise: pip install {distribution or module}=={told}",
                UserWarning,
                stacklevel=4,
            )
        return library


def open_model(
    uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None, trust: bool = False
) -> Saved:
    """The model at a path or URI. Raises NotFound, InvalidValue for a damaged one."""
    folder = local_path(uri, dst_path)
    if folder.is_file() and folder.name == MODEL_FILE:
        folder = folder.parent
    return Saved(folder, trust)
