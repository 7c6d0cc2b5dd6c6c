"""A foreign store with hostile content, through every reading face: each damaged file costs itself and one warning that
names it; nothing outside the store is read or written; nothing of it is code."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile
import pytest

import tracker
from tracker.exceptions import TrackerError

FACES: dict[str, Callable[[hostile.Hostile], Any]] = {
    "runs": lambda _: tracker.runs(),
    "search_runs": lambda _: tracker.search_runs(search_all_experiments=True, run_view_type=3),
    "search_runs as entities": lambda _: tracker.search_runs(search_all_experiments=True, output_format="list"),
    "search_experiments": lambda _: tracker.search_experiments(view_type=3),
    "get_run": lambda h: [tracker.get_run(run) for run in (h.good, "types", "torn", "deep", "bytes")],
    "history": lambda h: tracker.history(tracker.runs()),
    "history reduced": lambda h: tracker.history(tracker.runs(), points=10),
    "table": lambda _: tracker.table().frame,
    "compare": lambda _: tracker.compare(tracker.runs()),
    "card": lambda h: [tracker.card(run) for run in (h.good, "types", "torn", "deep")],
    "list_artifacts": lambda h: tracker.artifacts.list_artifacts(run_id=h.good),
    "edit": lambda h: tracker.edit(h.good, star=True),
    "undo": lambda _: tracker.undo(),
} | {
    f"sql: {view}": (lambda _, view=view: tracker.sql(f"SELECT * FROM {view}"))
    for view in ("runs", "params", "metrics", "latest_metrics", "tags", "artifacts", "datasets", "experiments")
}  # fmt: skip


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> hostile.Hostile:
    return hostile.make(tmp_path_factory.mktemp("foreign"))


@pytest.fixture(autouse=True)
def _in_use(foreign: hostile.Hostile) -> Iterator[None]:
    before = foreign.outside_now()
    tracker.set_tracking_uri(foreign.root)
    yield
    tracker.set_tracking_uri(None)
    assert foreign.outside_now() == before


def test_each_damaged_file_is_named_once_and_the_rest_is_there(foreign: hostile.Hostile) -> None:
    from tracker.query import Reader
    from tracker.store import Store

    asked = Reader(Store(foreign.root))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        shown = {row[0] for row in asked.cursor().execute("SELECT run_id FROM runs").fetchall()}
        asked.cursor().execute("SELECT count(*) FROM metrics").fetchall()
    assert shown >= {foreign.good, "torn", "types", "deep", "bytes", *hostile.ODD_IDS} - {""}
    assert "stolen" not in shown
    texts = [str(one.message) for one in told]
    assert {path: sum(f" {path} " in text for text in texts) for path in foreign.damaged} == dict.fromkeys(
        foreign.damaged, 1
    )
    assert len(texts) == len(foreign.damaged), texts


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("face", FACES)
def test_every_face_answers(foreign: hostile.Hostile, face: str) -> None:
    shown = FACES[face](foreign)
    text = repr(shown) + str(getattr(shown, "_repr_html_", str)())
    assert hostile.CANARY not in text and "stolen" not in text
    assert shown is not None


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("run", [run for run in hostile.ODD_IDS if run])
def test_odd_run_ids_lead_nowhere(foreign: hostile.Hostile, run: str) -> None:
    told = tracker.get_run(run)
    assert told.info.run_name == hostile.MARKUP
    assert not told.info.artifact_uri or Path(told.info.artifact_uri).is_relative_to(foreign.root / "artifacts")
    tracker.card(run)
    for ask in (
        lambda: tracker.artifacts.list_artifacts(run_id=run),
        lambda: tracker.artifacts.list_artifacts(run_id=run, artifact_path="../../outside"),
        lambda: tracker.artifacts.download_artifacts(run_id=run, artifact_path="../../outside/secret.txt"),
        lambda: tracker.artifacts.load_text(f"runs:/{run}/../../outside/secret.txt"),
        lambda: tracker.MlflowClient().log_text(run, "written", "../../outside/written.txt"),
    ):
        try:
            assert not ask()
        except TrackerError:
            continue


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_links_among_artifacts_are_not_followed(foreign: hostile.Hostile, tmp_path: Path) -> None:
    for path in ("link.txt", "links/secret.txt", "links"):
        with pytest.raises(TrackerError):
            tracker.artifacts.load_text(f"runs:/{foreign.good}/{path}")
        with pytest.raises(TrackerError):
            tracker.MlflowClient().log_text(foreign.good, "written", f"{path}/x" if path == "links" else path)
    with pytest.raises(TrackerError):
        tracker.artifacts.list_artifacts(run_id="torn")
    assert [file.path for file in tracker.artifacts.list_artifacts(run_id=foreign.good)] == ["note.txt"]
    copied = tracker.artifacts.download_artifacts(run_id=foreign.good, dst_path=tmp_path)
    assert [path.name for path in Path(copied).rglob("*")] == ["note.txt"]
    assert tracker.artifacts.load_text(f"runs:/{foreign.good}/note.txt") == "fine"


@pytest.mark.parametrize("words", [["store"], ["gc", "--dry-run"], ["gc", "--yes"], ["store", "--seal"], ["store"]])
def test_commands_keep_what_is_there(foreign: hostile.Hostile, words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker", *words, "--store", str(foreign.root)], capture_output=True, text=True
    )
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert all(path.exists() or path.is_symlink() for path in foreign.damaged)


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"[]", b"null", b'{"format": "x"}', b'{"id": {}}', b"{" * 100_000, b'{"format": 1e400}']
)
def test_a_spoilt_identity_costs_itself_and_one_warning(tmp_path: Path, text: bytes) -> None:
    with tracker.start_run():
        tracker.log_metric("a", 1)
    tracker.set_tracking_uri(None)
    place = tmp_path / "copy"
    (place / "journal").mkdir(parents=True)
    (place / "store.json").write_bytes(text)
    (place / "journal" / "j.ndjson").write_bytes(hostile._line(e="run", r="r", x="0", v={}))
    with pytest.warns(UserWarning, match=r"store\.json") as told:
        tracker.set_tracking_uri(place)
        assert list(tracker.runs()["run_id"]) == ["r"]
        assert tracker.MlflowClient().store.id is None
    assert len(told) == 1
