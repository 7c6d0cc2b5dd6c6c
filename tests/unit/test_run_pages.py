"""What a page is told of one run: everything, bounded; its files by paths that never leave it; previews of any file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tracker
from tracker.exceptions import InvalidValue, NotFound, TrackerError
from tracker.pages import files, preview, preview_table, run
from tracker.pages.run_questions import run_questions
from tracker.query import reader
from tracker.tracking.context import current_store

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


class Asked:
    """A run, and what is answered about it."""

    def __init__(self) -> None:
        with tracker.start_run(run_name="one") as active:
            self.id = active.info.run_id
        self.root = current_store().artifact_root(self.id)
        self.root.mkdir(parents=True, exist_ok=True)

    def __call__(self, what: str, **question: Any) -> tuple[dict[str, Any], list[Any]]:
        answers = run_questions(reader(current_store()))
        return answers[what]({"do": what, "run": self.id, **question})

    def write(self, path: str, data: str | bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data if isinstance(data, bytes) else data.encode())

    def preview(self, path: str, **more: Any) -> dict[str, Any]:
        shown: dict[str, Any] = self("preview", path=path, **more)[0]["preview"]
        return shown


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_a_run_is_told_in_full() -> None:
    tracker.set_experiment("iris")
    with (
        tracker.start_run(run_name="parent") as parent,
        tracker.start_run(run_name="one", nested=True, description="**why**") as active,
    ):
        tracker.log_params({"C": 1.5, "kernel": "rbf"})
        for step in range(100):
            tracker.log_metric("loss", 1 / (1 + step), step=step)
        tracker.log_metric("broken", float("nan"))
        tracker.set_tag("family", "svm")
        tracker.log_text("boom\n", "output/traceback.txt")
        tracker.log_dict({"python": "3.11"}, "environment.json")
        with tracker.start_run(run_name="child", nested=True):
            pass
    detail = run.run_detail(reader(current_store()), active.info.run_id)
    json.dumps(detail, allow_nan=False)
    assert [pair["key"] for pair in detail["params"]] == ["C", "kernel"]
    assert {metric["key"]: metric["value"] for metric in detail["metrics"]} == {"broken": "NaN", "loss": 0.01}
    assert detail["tags"] == [{"key": "family", "value": "svm"}] and detail["note"] == "**why**"
    assert detail["parent"]["id"] == parent.info.run_id and detail["traceback"] == "boom\n"
    assert [child["name"] for child in detail["children"]] == ["child"] and detail["nested"] == 1
    assert detail["environment"] == {"python": "3.11"} and "mlflow.runName" in {tag["key"] for tag in detail["system"]}
    answers = run_questions(reader(current_store()))
    about = {"run": active.info.run_id, "keys": ["loss"], "points": 20}
    (curve,) = answers["history"](about)[1]
    assert curve.column_names == ["run", "key", "step", "time", "value"] and curve.num_rows <= 30
    (part,) = answers["history"]({**about, "points": 500, "from": 10, "to": 19})[1]
    assert part.column("step").to_pylist() == list(range(10, 20))


def test_a_run_that_is_not_there_is_said(asked: Asked) -> None:
    with pytest.raises(NotFound, match="No run"):
        asked("detail", run="f" * 32)
    with pytest.raises(InvalidValue, match="id of a run"):
        asked("detail", run=None)


def test_registered_versions_that_come_from_it(asked: Asked) -> None:
    client = tracker.MlflowClient()
    client.create_registered_model("shop")
    other = Asked()
    for one in (asked, other, asked):
        one.write("model/MLmodel", "flavors: {}")
        client.create_model_version("shop", f"runs:/{one.id}/model", one.id)
    client.set_registered_model_alias("shop", "champion", "3")
    client.delete_model_version("shop", "1")
    assert asked("detail")[0]["run"]["models"] == [
        {"name": "shop", "version": 3, "stage": "None", "aliases": ["champion"]}
    ]


def test_what_is_damaged_in_a_run_costs_itself(asked: Asked) -> None:
    asked.write("environment.json", "[" * 100_000)
    asked.write("code/cells.json", '{"cells": 3}')
    detail = asked("detail")[0]["run"]
    assert detail["environment"] == {} and detail["cells"] == [] and "cannot be understood" in detail["notices"][0]


def test_what_is_too_much_is_cut_and_said(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_PAIRS", 5)
    client = tracker.MlflowClient()
    for i in range(8):
        client.log_param(asked.id, f"p{i}", "x" * 50_000)
    detail = asked("detail")[0]["run"]
    assert (
        len(detail["params"]) == 5 and max(len(pair["value"]) for pair in detail["params"]) <= run.MOST_CHARACTERS + 1
    )
    assert any("Of 8 parameters the first 5" in notice for notice in detail["notices"])


def test_folders_come_first_and_bounded(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.txt", "a.txt", "z/inner.txt"):
        asked.write(name, "x")
    told = asked("files", path="")[0]
    assert [(file["name"], file["folder"]) for file in told["files"]] == [
        ("z", True),
        ("a.txt", False),
        ("b.txt", False),
    ]
    assert asked("files", path="z")[0]["files"][0]["path"] == "z/inner.txt"
    assert asked("files", path="nowhere")[0] == {"files": [], "total": 0}
    monkeypatch.setattr(files, "MOST_ENTRIES", 2)
    assert (len(asked("files", path="")[0]["files"]), asked("files", path="")[0]["total"]) == (2, 3)


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/passwd", "a/../../secret.txt", "out/secret.txt", "out", "a\0b", ""]
)
def test_no_path_leads_out_of_the_run(asked: Asked, path: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("secret")
    (asked.root.parent / "secret.txt").write_text("secret")
    (asked.root / "out").symlink_to(tmp_path / "elsewhere")
    for what in ("preview", "part"):
        with pytest.raises(TrackerError):
            asked(what, path=path, offset=0)
    assert "out" not in [file["name"] for file in asked("files", path="")[0]["files"]]


def test_a_pipe_makes_nobody_wait(asked: Asked) -> None:
    os.mkfifo(asked.root / "pipe.txt")
    with pytest.raises(InvalidValue, match="no plain file"):
        asked.preview("pipe.txt")
    assert asked("files", path="")[0]["files"] == []


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image"),
        ("a.png", b"<script>alert(1)</script>", "none"),
        ("a.svg", "<svg/>", "svg"),
        ("a.wav", b"RIFF....WAVE", "audio"),
        ("a.txt", "hello", "text"),
        ("noname", "hello", "text"),
        ("a.bin", b"\0\1\2" * 50, "none"),
        ("a.pkl", b"\x80\x04cos\nsystem\n(S'touch x'\ntR.", "none"),
        ("a.json", "{}", "json"),
        ("a.plotly.json", "{}", "plotly"),
        ("a.html", "<b>x</b>", "html"),
        ("a.md", "# x", "markdown"),
        ("a.ipynb", '{"cells": []}', "notebook"),
        ("a.ipynb", "no notebook", "text"),
        ("a.csv", "x,y\n1,2\n", "table"),
        ("a.tsv", "x\ty\n1\t2\n", "table"),
        ("a.jsonl", '{"x": 1}\n{"x": 2}\n', "table"),
        ("a.parquet", "no parquet", "none"),
        ("empty.csv", "", "text"),
        ("empty.txt", "", "text"),
        ("latin.txt", "caf\xe9 ".encode("latin-1") * 10, "text"),
        ("wide.txt", "text".encode("utf-16"), "text"),
    ],
)
def test_each_file_is_shown_as_what_it_is(asked: Asked, name: str, content: str | bytes, kind: str) -> None:
    asked.write(name, content)
    shown = asked.preview(name)
    assert shown["kind"] == kind and (kind != "none" or shown["said"])
    json.dumps(shown, allow_nan=False)


def test_a_huge_file_is_never_read_whole(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    original = files.RunFile.read
    monkeypatch.setattr(
        files.RunFile, "read", lambda self, offset, most: read.append(most) or original(self, offset, most)
    )
    for name in ("huge.txt", "huge.png", "huge.json", "huge.bin"):
        asked.write(name, PNG if name.endswith("png") else "line\n" * 100)
        os.truncate(asked.root / name, 2_000_000_000)  # sparse: takes no room
    assert asked.preview("huge.json")["kind"] == "none"
    assert "2.0 GB" in asked.preview("huge.png")["said"]
    asked.write("long.txt", "line\n" * 100_000)
    first = asked.preview("long.txt")
    second = asked.preview("long.txt", offset=first["next"])
    assert first["text"] + second["text"] == ("line\n" * 100_000)[: 2 * preview.TEXT_PART]
    told, (data,) = asked("part", path="huge.bin", offset=1_999_999_999)
    assert (told, len(data)) == ({"size": 2_000_000_000, "next": None}, 1)
    assert max(read) <= max(preview.PICTURE_BYTES, files.PART_BYTES)


def test_rows_come_in_pages_and_in_order(asked: Asked) -> None:
    table = pa.table(
        {"n": range(1_000), "text": [f"t{i}" * 300 for i in range(1_000)], "list": [[i] for i in range(1_000)]}
    )
    pq.write_table(table, asked.root / "rows [*].parquet")
    pq.write_table(table.slice(0, 1), asked.root / "rows x.parquet")
    shown, (rows,) = asked("preview", path="rows [*].parquet")
    assert (shown["preview"]["total"], rows.num_rows, shown["preview"]["more"]) == (
        1_000,
        preview_table.PAGE_ROWS,
        True,
    )
    assert len(rows.column(1)[0].as_py()) == preview_table.MOST_CHARACTERS and rows.column(2)[3].as_py() == "[3]"
    _, (later,) = asked("preview", path="rows [*].parquet", offset=950)
    assert later.num_rows == 50
    _, (last,) = asked("preview", path="rows [*].parquet", order="n", descending=True)
    assert last.column(0)[0].as_py() == 999
    _, (same,) = asked("preview", path="rows [*].parquet", order="n; DROP TABLE x", descending=True)
    assert same.column(0)[0].as_py() == 0


def test_columns_of_any_name_and_number(asked: Asked) -> None:
    names = [f'c"{i}' for i in range(2_000)]
    asked.write(
        "wide.csv",
        ",".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names) + "\n" + ",".join(["1"] * 2_000),
    )
    shown, (rows,) = asked("preview", path="wide.csv")
    assert rows.num_columns == preview_table.MOST_COLUMNS
    assert (
        shown["preview"]["wider"] == 2_000 - preview_table.MOST_COLUMNS
        and shown["preview"]["columns"][0]["name"] == 'c"0'
    )


def test_a_notebook_gives_no_markup(asked: Asked) -> None:
    cell = {
        "cell_type": "code", "source": ["print(1)"], "execution_count": 3,
        "outputs": [
            {"output_type": "stream", "text": ["1\n"]},
            {"output_type": "display_data", "data": {"text/html": "<script>x</script>", "text/plain": "plain"}},
            {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=\n"}},
            {"output_type": "display_data", "data": {"image/png": '"><script>x</script>'}},
        ],
    }  # fmt: skip
    asked.write("n.ipynb", json.dumps({"cells": [cell, "no cell"]}))
    shown = asked.preview("n.ipynb")
    assert shown["cells"][0]["outputs"] == [
        {"text": "1\n"},
        {"text": "plain"},
        {"mime": "image/png", "data": "iVBORw0KGgo="},
    ]
    assert "script" not in json.dumps(shown)


def test_a_download_is_its_parts(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART_BYTES", 7)
    asked.write("a.bin", bytes(range(20)))
    found, offset = b"", 0
    while offset is not None:
        told, (data,) = asked("part", path="a.bin", offset=offset)
        found, offset = found + data, told["next"]
    assert found == bytes(range(20))


def test_a_file_that_goes_is_said(asked: Asked) -> None:
    asked.write("a.txt", "x")
    (asked.root / "a.txt").unlink()
    with pytest.raises(NotFound, match="keeps no file"):
        asked.preview("a.txt")
