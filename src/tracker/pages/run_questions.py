"""The questions of the run view, the same whoever carries them: a kernel's comm, a server's HTTP, a saved report.

A question is a JSON object; the answer is a JSON object and a list of buffers (an Arrow table or bytes):

* `{"do": "detail", "run": ID}` gives `{"run": RunDetail}`: all that a run holds but its curves and files' content.
* `{"do": "history", "run": ID, "keys": […], "points": N, "from"?: STEP, "to"?: STEP}` gives `{}` and one Arrow table of
  curves (run, key, step, time in ms, value), each in about N points.
* `{"do": "files", "run": ID, "path": FOLDER or ""}` gives `{"files": [{name, path, folder, size}], "total": N}`.
* `{"do": "preview", "run": ID, "path": PATH, "offset"?: N, "order"?: COLUMN, "descending"?: bool, "plain"?: bool}`
  gives `{"preview": Preview}` and, for a picture, sound or video its bytes, for a table its rows as an Arrow table.
* `{"do": "part", "run": ID, "path": PATH, "offset": N}` gives `{"size": N, "next": N or null}` and the bytes: a
  download is the parts joined. A host that serves files by URL tells the view so (`fileUrl`), and none are asked for.

The shapes are in js/core/run.ts. A mistake, or something that is gone, is a TrackerError with a sentence for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.pages.files import RunFile, listing, part, run_file
from tracker.pages.preview import preview
from tracker.pages.run import curves_table, run_detail, run_id_in
from tracker.query import Reader

MOST_KEYS = 500

Answered = tuple[dict[str, Any], list[Any]]


def run_questions(store: Reader) -> dict[str, Callable[[Mapping[str, Any]], Answered]]:
    """What answers each of them, by its name."""

    def file_of(question: Mapping[str, Any]) -> RunFile:
        return run_file(store.store, run_id_in(question), _path(question))

    def detail(question: Mapping[str, Any]) -> Answered:
        return {"run": run_detail(store, run_id_in(question))}, []

    def history(question: Mapping[str, Any]) -> Answered:
        keys = question["keys"]
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise InvalidValue("A list of metrics was expected.")
        span = None
        if question.get("from") is not None and question.get("to") is not None:
            span = (int(question["from"]), int(question["to"]))
        return {}, [curves_table(store, run_id_in(question), keys[:MOST_KEYS], int(question["points"]), span)]

    def files(question: Mapping[str, Any]) -> Answered:
        return listing(store.store, run_id_in(question), _path(question)), []

    def previewed(question: Mapping[str, Any]) -> Answered:
        return preview(file_of(question), question)

    def downloaded(question: Mapping[str, Any]) -> Answered:
        told, data = part(file_of(question), int(question["offset"]))
        return told, [data]

    return {"detail": detail, "history": history, "files": files, "preview": previewed, "part": downloaded}


def _path(question: Mapping[str, Any]) -> str:
    path = question.get("path", "")
    if not isinstance(path, str):
        raise InvalidValue("The path of a file was expected.")
    return path
