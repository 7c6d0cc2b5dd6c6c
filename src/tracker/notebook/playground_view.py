"""`tracker.playground(model)`: a form made of a model's signature and example; what was asked can be kept with its run.

The page sends texts; they become the signature's types as a request to a scoring server does, so that what works here
works there. The last table asked is what a saved notebook shows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from tracker.exceptions import InvalidValue, TrackerError
from tracker.models.loading import open_model
from tracker.models.pyfunc import PyFuncModel, load_pyfunc
from tracker.models.serving import payloads
from tracker.notebook import static_models
from tracker.notebook.bundle import LIMIT, MIME, PROTOCOL
from tracker.notebook.display import Display
from tracker.tracking.context import active_run
from tracker.types import ColSpec, DataType

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 200
ARTIFACT = "playground.json"
_NUMBERS = (DataType.integer, DataType.long, DataType.float, DataType.double)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


class Playground(Display):
    """A model to try: `rows` are the inputs as texts, `predictions` the table of the last answer."""

    def __init__(self, model: PyFuncModel, name: str, rows: list[dict[str, str]]) -> None:
        self.model, self.name = model, name
        signature = model.metadata.signature
        self._inputs = signature.inputs if signature is not None else None
        self._params = signature.params if signature is not None else None
        self.columns = self._scalar_columns()
        self.rows = rows or [{one["name"]: "" for one in self.columns}]
        self.predictions: pd.DataFrame | None = None

    def _scalar_columns(self) -> list[dict[str, Any]]:
        specs = list(self._inputs or ())
        if not specs or not all(isinstance(s, ColSpec) and isinstance(s.type, DataType) and s.name for s in specs):
            raise InvalidValue(
                f"The playground makes its form of named columns of plain types; the signature of {self.name} has "
                f"{self._inputs!r}. Use predict."
            )
        return [{"name": s.name, "type": str(s.type.name), "required": s.required} for s in specs]  # type: ignore[union-attr]

    def predict(self, rows: list[dict[str, Any]], params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows with what the model predicts for each, as a table. Raises InvalidValue, naming the column."""
        import pandas as pd

        if not rows or len(rows) > MOST_ROWS:
            raise InvalidValue(f"The playground takes 1 to {MOST_ROWS} rows; got {len(rows)}.")
        records = [self._record(row, number) for number, row in enumerate(rows)]
        body = {payloads.RECORDS: records, "params": self._parameters(params or {}) or None}
        asked = payloads.read_json(json.dumps(body), self._inputs, self._params)
        try:
            given = self.model.predict(asked.data, asked.params)
        except TrackerError:
            raise
        except Exception as error:  # the model's own fault, told to the person who asked it
            raise InvalidValue(f"The model cannot predict from this. {type(error).__name__}: {error}"[:1000]) from error
        told = json.loads(payloads.written(given, bare=True))
        answers = told if isinstance(told, list) and len(told) == len(records) else [told] * len(records)
        outputs = [one if isinstance(one, dict) else {"prediction": one} for one in answers]
        names = {key: _output_name(key, records[0]) for one in outputs for key in one}
        table = [
            {**record, **{names[k]: v for k, v in one.items()}} for record, one in zip(records, outputs, strict=True)
        ]
        self.predictions = pd.DataFrame(table)
        self.rows = [{str(k): _shown(v) for k, v in row.items()} for row in rows]
        return self.predictions

    def _record(self, row: Mapping[str, Any], number: int) -> dict[str, Any]:
        record = {}
        for one in self.columns:
            value = row.get(one["name"])
            if value is not None and value != "":
                record[one["name"]] = _read(value, DataType[one["type"]], f"row {number + 1}, column {one['name']!r}")
            elif one["type"] in ("double", "float") or not one["required"]:
                record[one["name"]] = None
            else:
                raise InvalidValue(f"Row {number + 1} has nothing in the column {one['name']!r}.")
        return record

    def _parameters(self, params: Mapping[str, Any]) -> dict[str, Any]:
        known = {one.name: one for one in self._params or ()}
        told = {}
        for name, value in params.items():
            spec = known.get(name)
            if spec is None or value == "":
                continue
            plain = spec.shape is None and isinstance(spec.dtype, DataType) and isinstance(value, str)
            told[name] = _read(value, spec.dtype, f"the parameter {name!r}") if plain else value  # type: ignore[arg-type]
        return told

    def keep(self, artifact_file: str = ARTIFACT) -> str:
        """Add the last predictions to a table among the artifacts of the model's run, else of the active run.

        The id of the run. Raises InvalidValue if nothing was predicted, or there is no run.
        """
        from tracker.tracking.client import MlflowClient

        active = active_run()
        run = self.model.metadata.run_id or (active.info.run_id if active is not None else None)
        if self.predictions is None or run is None:
            raise InvalidValue("Predict first." if self.predictions is None else "The model belongs to no run.")
        MlflowClient().log_table(run, self.predictions, artifact_file)
        return run

    def answers(self, question: Any) -> tuple[dict[str, Any], list[Any]]:
        """What the page asked for. Raises TrackerError with a sentence for people."""
        try:
            if question["do"] == "predict":
                self.predict([dict(row) for row in question["rows"]], question.get("params"))
                return self._outputs(), []
            if question["do"] == "keep":
                return {"said": f"Kept in {ARTIFACT} of run {self.keep()[:12]}."}, []
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidValue(f"This page's question was not understood: {error!r}.") from error
        raise InvalidValue("This page asks for something that this version of tracker does not know.")

    def _outputs(self) -> dict[str, Any]:
        if self.predictions is None:
            return {"outputs": [], "predicted": []}
        names = [name for name in self.predictions.columns if name not in {one["name"] for one in self.columns}]
        values = [[_shown(value) for value in row] for row in self.predictions[names].itertuples(index=False)]
        return {"outputs": names, "predicted": values}

    def form(self) -> dict[str, Any]:
        """The `PlaygroundForm` of js/core/types.ts."""
        params = [
            {
                "name": one.name,
                "type": getattr(one.dtype, "name", "object"),
                "default": _shown(one.to_dict()["default"]),
            }
            for one in self._params or ()
        ]
        return {"title": self.name, "columns": self.columns, "params": params, "rows": self.rows, **self._outputs()}

    def _make(self) -> Any:
        from tracker.notebook.widgets import PlaygroundWidget

        widget = PlaygroundWidget(form=self.form())
        widget.answers = self.answers
        return widget

    def _saved(self) -> dict[str, Any]:
        form = self.form()
        for rows in (50, 20, 8, 3, 1):
            kept = {**form, "rows": form["rows"][:rows], "predicted": form["predicted"][:rows]}
            bundle = {
                MIME: {"protocol": PROTOCOL, "view": "playground", "form": kept},
                "text/html": static_models.playground_html(kept),
                "text/plain": repr(self),
            }
            if len(orjson.dumps(bundle)) <= LIMIT:
                break
        return bundle

    def __repr__(self) -> str:
        asked = "" if self.predictions is None else f", {len(self.predictions)} rows predicted"
        return f"<Playground of {self.name}: {len(self.columns)} columns{asked}>"


def playground(model: Any, rows: Any = None, *, trust: bool = False) -> Playground:
    """Try a model in the notebook: a row to fill in, from its example, and what it predicts.

    `model`: a URI, a path, what `log_model` or `register_model` gave, or a loaded pyfunc model. `rows`: a DataFrame or
    list of dicts to begin with. Raises NotFound, InvalidValue, UntrustedModel.
    """
    if isinstance(model, PyFuncModel):
        loaded, name, example = model, model.model_id or "a model", None
    else:
        from tracker.models.serving.handle import located

        uri, name, _ = located(model)
        saved = open_model(uri, trust=trust)
        loaded = load_pyfunc(saved)
        example = loaded.metadata.load_input_example(saved.folder)
    return Playground(loaded, name, _texts(rows if rows is not None else example))


def _output_name(key: str, row: Mapping[str, Any]) -> str:
    """What a prediction's column is called beside the input's: a series without a name has 0."""
    name = "prediction" if key == "0" else key
    return f"{name} (predicted)" if name in row else name


def _texts(rows: Any) -> list[dict[str, str]]:
    if hasattr(rows, "to_dict"):
        rows = rows.head(5).to_dict(orient="records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return []
    return [{str(key): _shown(value) for key, value in row.items()} for row in rows[:MOST_ROWS]]


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, (list, dict)):
        return json.dumps(plain)
    return plain.isoformat() if hasattr(plain, "isoformat") else str(plain)[:2_000]


def _read(value: Any, kind: DataType, where: str) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        if kind is DataType.boolean:
            return _TRUTHS[text.lower()]
        if kind in (DataType.integer, DataType.long):
            return int(text)
        return float(text) if kind in _NUMBERS else value
    except (KeyError, ValueError):
        raise InvalidValue(f"{where[:1].upper()}{where[1:]} is of type {kind.name}; got {text[:60]!r}.") from None
