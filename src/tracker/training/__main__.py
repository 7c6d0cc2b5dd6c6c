"""A training in a process of its own: the question is the first line on standard input, states are lines of JSON on
standard output. When standard input ends, the training is stopped."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.store.artifacts import resolve_inside
from tracker.tracking import set_tracking_uri
from tracker.training.data import data_of
from tracker.training.gridsearch import Training

MOST_BYTES: Final = 256 << 20
_READERS: Final = {".csv": "read_csv", ".tsv": "read_table", ".parquet": "read_parquet", ".json": "read_json"}


def main() -> None:
    """Train, and tell."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(told: dict[str, Any]) -> None:
        answers.write(json.dumps(told, default=str) + "\n")
        answers.flush()

    question = json.loads(sys.stdin.readline())
    try:
        set_tracking_uri(question["store"])
        training = begin(question["asked"], Path(question["folder"]))
    except TrackerError as error:
        tell({"error": str(error)})
        return
    threading.Thread(target=_stop_at_end, args=(training,), daemon=True).start()
    tell(described(training))
    training.listen(lambda: tell(described(training)))
    with suppress(TrackerError):  # what stopped it is told
        training.wait()
    tell(described(training))


def _stop_at_end(training: Training) -> None:
    sys.stdin.read()
    training.sweep.stop()


def begin(asked: Mapping[str, Any], folder: Path) -> Training:
    """The training that a JSON object asks for. Raises InvalidValue, NotFound."""
    data = data_of(_table(asked, folder), asked["target"])
    return Training(
        data, asked["estimator"], asked.get("grid") or {}, asked.get("scoring"), asked.get("cv", 5),
        asked.get("experiment"), asked.get("jobs"),
    )  # fmt: skip


def _table(asked: Mapping[str, Any], folder: Path) -> Any:
    import pandas as pd

    rows, path = asked.get("rows"), asked.get("data")
    if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows):
        return pd.DataFrame(rows)
    if not isinstance(path, str):
        raise InvalidValue('track-experiment needs "data", a file, or "rows", a list of objects.')
    file = resolve_inside(folder, path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InvalidValue(f"{path} cannot be read: a table ends in {', '.join(_READERS)}.")
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InvalidValue(f"{path} has more than {MOST_BYTES >> 20} MB.")
        return getattr(pd, reader)(file)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, UnicodeError) as error:
        raise InvalidValue(f"{path} is no table: {error}"[:300]) from None


def described(training: Training) -> dict[str, Any]:
    """How far it is, as JSON."""
    best = training.sweep.best
    return {
        "run_id": training.sweep.run_id, "status": "RUNNING" if training.running else training.sweep.status,
        "total": training.sweep.total, "finished": sum(trial.status == "FINISHED" for trial in training.sweep.trials),
        "scoring": training.scoring, "best": None if best is None else {"values": best.values, "score": best.value},
        "model_uri": training.model_uri, "error": training.error,
    }  # fmt: skip


if __name__ == "__main__":
    main()
