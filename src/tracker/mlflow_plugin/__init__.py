"""MLflow on our store: `mlflow.set_tracking_uri("tracker:")`, or "tracker:/path/.tracker".

MLflow finds what is here by the package's entry points, and calls it with URIs of the scheme `tracker`. Only these
modules import MLflow, and MLflow imports the rest of them only when such a URI is used. MLflow's contracts hold here
(a parameter never changes, its limits, its errors and their codes), on a store that the notebook reads meanwhile.
"""

from __future__ import annotations

import os
from typing import Any


def open_tracking_store(store_uri: str | None = None, artifact_uri: str | None = None) -> Any:
    """MLflow's tracking store at a `tracker:` URI."""
    from tracker.mlflow_plugin.tracking_store import TrackingStore

    return TrackingStore(store_uri, artifact_uri)


def open_registry_store(store_uri: str | None = None, tracking_uri: str | None = None) -> Any:
    """MLflow's model registry at a `tracker:` URI."""
    from tracker.mlflow_plugin.registry_store import RegistryStore

    return RegistryStore(store_uri, tracking_uri)


def open_artifact_repository(
    artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
) -> Any:
    """MLflow's artifacts below a `tracker:` URI."""
    from tracker.mlflow_plugin.artifact_repository import ArtifactRepository

    return ArtifactRepository(artifact_uri, tracking_uri, registry_uri)


if os.environ.get("_MLFLOW_SERVER_FILE_STORE", "").startswith("tracker:"):  # a worker of `mlflow server`
    from tracker.mlflow_plugin.places import serve_artifacts_of_store

    serve_artifacts_of_store()
