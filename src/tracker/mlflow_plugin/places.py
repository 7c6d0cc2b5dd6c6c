"""Which store a `tracker:` URI names, and where artifacts of MLflow's runs are."""

from __future__ import annotations

import functools
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from mlflow.utils.uri import append_to_uri_path

from tracker.store import Store, find_store

SCHEME = "tracker"
_ARTIFACTS = "artifacts"
_SERVED = "mlflow-artifacts"
_NO_CHOICE = (None, "", "./mlruns")  # what MLflow says where nobody said anything
SERVER_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"
"""The environment's variable by which a server of MLflow tells its processes the root of artifacts."""
_SERVER_STORE, _DESTINATION = "_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_ARTIFACT_DESTINATION"
_DEFAULT_DESTINATION = "./mlartifacts"


def store_of(uri: str | None) -> Store:
    """The store that a tracking or registry URI names; for "tracker:" the one that is found here. Raises StoreError."""
    return find_store(uri or f"{SCHEME}:")


def uri_of(store: Store, *parts: str) -> str:
    """The URI of a place below a store's folder."""
    return f"{SCHEME}://{quote(posixpath.join(store.root.as_posix(), *parts))}"


def place_of(uri: str) -> tuple[Store, str]:
    """The store of an artifact's URI, and the place below the store's artifacts ("" for all of them)."""
    path = Path(unquote(urlsplit(uri).path))
    places = [depth for depth, name in enumerate(path.parts) if name == _ARTIFACTS]
    for depth in places:
        root = Path(*path.parts[:depth])
        if (root / "store.json").exists():
            return find_store(str(root)), posixpath.join("", *path.parts[depth + 1 :])
    return find_store(str(path.parent if path.name == _ARTIFACTS else path)), ""


@dataclass(frozen=True)
class ArtifactRoot:
    """Where runs keep artifacts. `own`: in the store, each run by its id; else in MLflow's order of folders."""

    uri: str
    own: bool

    def of_experiment(self, experiment_id: str) -> str:
        return self.uri if self.own else str(append_to_uri_path(self.uri, experiment_id))

    def of_run(self, experiment_id: str, run_id: str) -> str:
        if self.own:  # ids need no care, and runs may be many
            return f"{_beginning(self.uri)}{run_id}"
        return str(append_to_uri_path(self.uri, experiment_id, run_id, _ARTIFACTS))


@functools.lru_cache
def _beginning(uri: str) -> str:
    """What the URIs of places right below this one begin with."""
    return str(append_to_uri_path(uri, "x")).removesuffix("x")


def artifact_root(store: Store, asked: str | None) -> ArtifactRoot:
    """The root that MLflow asked for; in the store, if it asked for none or for a server's own that is the store's."""
    if asked in _NO_CHOICE:
        return ArtifactRoot(uri_of(store, _ARTIFACTS), own=True)
    served = urlsplit(asked).scheme == _SERVED and urlsplit(os.environ.get(_DESTINATION, "")).scheme == SCHEME
    return ArtifactRoot(str(asked), own=served)


def serve_artifacts_of_store() -> None:
    """In a server of MLflow on our store: serve artifacts from the store, unless it was told another destination.

    Every worker has to know before its first request, whatever that asks for.
    """
    backend = os.environ.get(_SERVER_STORE, "")
    if backend.startswith(f"{SCHEME}:") and os.environ.get(_DESTINATION) == _DEFAULT_DESTINATION:
        os.environ[_DESTINATION] = uri_of(store_of(backend), _ARTIFACTS)
