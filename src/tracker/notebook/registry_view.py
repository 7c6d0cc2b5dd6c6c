"""`tracker.registry()`: registered models, their versions side by side with their runs' metrics; promote, alias, undo.

What the page asks for is text from outside: it goes through the calls that check a user's own, and each change is
answered with the change that takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from tracker.entities import Run
from tracker.exceptions import InvalidValue
from tracker.notebook import static_models
from tracker.notebook.bundle import LIMIT, MIME, PROTOCOL
from tracker.notebook.display import Display
from tracker.pages.numbers import number, rounded
from tracker.store import Store
from tracker.store.registry import Model, Version, registry_of
from tracker.tracking import registry as records
from tracker.tracking.context import current_store
from tracker.tracking.reading import get_runs
from tracker.tracking.registry_names import check_alias, check_stage

if TYPE_CHECKING:
    import pandas as pd

MOST_MODELS, MOST_VERSIONS, MOST_METRICS = 500, 100, 40


class RegistryView(Display):
    """The registry, or one of its models: a widget where there is a page, a table in a saved notebook."""

    def __init__(self, store: Store, name: str | None = None, where: str | None = None) -> None:
        self._store, self._name, self._where = store, name, where
        self._chosen()  # a mistake is told now, not by the page

    def _chosen(self) -> list[Model]:
        if self._name is not None:
            return [records.find_model(self._store, self._name)]
        if not self._where:
            return records.every_model(self._store)
        from tracker.tracking.registry_search import search_models

        return [records.find_model(self._store, one.name) for one in search_models(self._store, self._where, None)]

    @property
    def versions(self) -> pd.DataFrame:
        """What is shown, one row a version, the metrics of its run as columns `metrics.*`."""
        import pandas as pd

        rows = []
        for model in described(self._store, self._chosen()):
            for one in model["versions"]:
                metrics = {f"metrics.{metric['key']}": number(metric["value"]) for metric in one["metrics"]}
                plain = {key: one[key] for key in ("version", "stage", "aliases", "run_id", "source")}
                rows.append({"name": model["name"], **plain, **metrics})
        return pd.DataFrame(rows)

    def answers(self, question: Any) -> tuple[dict[str, Any], list[Any]]:
        """What the page asked for. Raises TrackerError with a sentence for people."""
        try:
            kind = question["do"]
            if kind not in ("refresh", "set"):
                raise InvalidValue("This page asks for something that this version of tracker does not know.")
            undo = _set(self._store, question) if kind == "set" else None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidValue(f"This page's question was not understood: {error!r}.") from error
        return {"models": described(self._store, self._chosen()), "undo": undo}, []

    def _make(self) -> Any:
        from tracker.notebook.widgets import RegistryWidget

        widget = RegistryWidget(models=described(self._store, self._chosen()))
        widget.answers = self.answers
        return widget

    def _saved(self) -> dict[str, Any]:
        models = described(self._store, self._chosen())
        for versions in (20, 10, 5, 2, 1):
            kept = [model | {"versions": model["versions"][:versions]} for model in models[: 5 * versions]]
            body = {"view": "registry", "total": len(models), "models": kept}
            bundle = {
                MIME: {"protocol": PROTOCOL, **body},
                "text/html": static_models.registry_html(body),
                "text/plain": static_models.registry_text(body),
            }
            if len(orjson.dumps(bundle)) <= LIMIT:
                break
        return bundle

    def __repr__(self) -> str:
        return static_models.registry_text({"models": described(self._store, self._chosen()), "total": 0})


def registry(name: str | None = None, *, where: str | None = None) -> RegistryView:
    """The registered models, or the one named `name`, or those that pass the filter `where`.

    In the page a version is put into a stage or given an alias, and that is taken back; the same by MlflowClient's
    `transition_model_version_stage` and `set_registered_model_alias`. Raises NotFound, FilterError.
    """
    return RegistryView(current_store(), name, where)


def described(store: Store, models: Iterable[Model]) -> list[dict[str, Any]]:
    """The models as the page reads them (js/core/types.ts `ModelData`), the newest version first."""
    chosen = list(models)[:MOST_MODELS]
    shown = {model.id: sorted(model.versions.values(), key=lambda v: -v.number)[:MOST_VERSIONS] for model in chosen}
    ids = list({v.run_id for versions in shown.values() for v in versions if v.run_id})
    runs = {run.info.run_id: run for run in get_runs(store, ids)} if ids else {}
    return [_model(model, shown[model.id], runs) for model in chosen]


def _model(model: Model, versions: list[Version], runs: Mapping[str, Run]) -> dict[str, Any]:
    return {
        "name": model.name,
        "description": (model.description or "")[:2_000],
        "tags": _pairs(model.tags),
        "updated": model.updated,
        "total": len(model.versions),
        "versions": [_version(model, version, runs.get(version.run_id or "")) for version in versions],
    }


def _version(model: Model, version: Version, run: Run | None) -> dict[str, Any]:
    aliases = [alias for alias, n in model.aliases.items() if n == version.number]
    metrics = sorted(run.data.metrics.items())[:MOST_METRICS] if run is not None else []
    uri = f"models:/{model.name}@{aliases[0]}" if aliases else f"models:/{model.name}/{version.number}"
    return {
        "version": version.number,
        "stage": version.stage,
        "aliases": aliases,
        "created": version.created,
        "description": (version.description or "")[:2_000],
        "tags": _pairs(version.tags),
        "run_id": version.run_id or "",
        "run": (run.info.run_name or "") if run is not None else "",
        "source": version.source[:500],
        "code": f"import tracker.pyfunc\n\nmodel = tracker.pyfunc.load_model({uri!r})",
        "metrics": [{"key": key, "value": rounded(value)} for key, value in metrics],
    }


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value[:200]} for key, value in sorted(tags.items())[:20]]


def _set(store: Store, question: Mapping[str, Any]) -> dict[str, Any]:
    """Give versions stages and aliases, all or none; what takes it back."""
    name = str(question["name"])
    stages = {int(n): check_stage(stage) for n, stage in question.get("stages", {}).items()}
    aliases = {str(alias): n for alias, n in question.get("aliases", {}).items()}
    model = records.find_model(store, name)
    for n in [*stages, *(n for n in aliases.values() if n is not None)]:
        records.find_version(store, name, n)
    changes: list[dict[str, Any]] = [{"e": "stage", "n": n, "v": stage} for n, stage in stages.items()]
    for alias, n in aliases.items():
        changes.append({"e": "alias", "k": check_alias(alias), "v": None if n is None else int(n)})
    undo = {
        "do": "set",
        "name": name,
        "stages": {str(n): model.versions[n].stage for n in stages},
        "aliases": {alias: model.aliases.get(alias) for alias in aliases},
    }
    if changes:
        registry_of(store).change(model, *changes)
    return undo
