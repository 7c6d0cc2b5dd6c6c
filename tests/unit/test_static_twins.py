"""What every view leaves in a saved notebook, as GitHub's sanitizer lets it through: whole, small, and nothing but text
and pictures."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

import tracker
from tracker.notebook import bundle

# What is let through of a notebook's HTML: no style, no class, no script, no drawing of its own.
TAGS = set(
    re.findall(
        r"\w+",
        "a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp "
        "small span strong sub summary sup table tbody td tfoot th thead tr ul var",
    )
)
ATTRIBUTES = {
    "align",
    "alt",
    "border",
    "colspan",
    "height",
    "nowrap",
    "open",
    "rowspan",
    "src",
    "title",
    "valign",
    "width",
}
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>&amp;</table>"


class Sanitized(HTMLParser):
    """The page as it is after the sanitizer: its text, its pictures, and what had to be taken out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.pictures, self.refused = "", [], []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.refused.append(tag)
        self.refused += [name for name, _ in attributes if name not in ATTRIBUTES | {"style"}]
        if tag == "img":
            self.pictures.append(dict(attributes))

    def handle_data(self, data: str) -> None:
        self.text += data


def logged(count: int, word: str = "") -> list[str]:
    rng = random.Random(0)
    tracker.set_experiment(f"iris{word}")
    client, ids = tracker.MlflowClient(), []
    for i in range(count):
        with tracker.start_run(run_name=f"run {i}{word}", description=f"a note{word}") as run:
            tracker.log_params(
                {f"param {k}{word}": rng.random() for k in range(8)} | {"kernel": "rbf" if i % 2 else "linear"}
            )
            metrics = [
                tracker.entities.Metric(f"{key}{word}", rng.random() / (1 + step), 1_000 + step, step)
                for step in range(200)
                for key in ("loss", "acc", "auc")
            ]
            client.log_batch(run.info.run_id, metrics=metrics)
            tracker.set_tag(f"family{word}", f"svm{word}")
        ids.append(run.info.run_id)
    return ids


def displays(word: str = "", count: int = 50) -> dict[str, dict[str, Any]]:
    ids = logged(count, word)
    with tracker.start_run(run_id=ids[0]):
        tracker.log_text(f"boom{word}", "output/traceback.txt")
        tracker.log_text(f"x = 1{word}", "code/cell.py")
        tracker.log_dict({"python": "3.11", "packages": {f"numpy{word}": "2.1"}}, "environment.json")
        with tracker.start_run(run_name=f"child{word}", nested=True):
            pass
    views = {
        "card": tracker.card(ids[0]),
        "run": tracker.show(ids[0]),
        "table": tracker.table(),
        "compare": tracker.compare(ids),
    }
    return {name: view._repr_mimebundle_() for name, view in views.items()}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    tracker.set_tracking_uri(tmp_path_factory.mktemp("store"))
    return displays()


@pytest.mark.parametrize("view", ["card", "run", "table", "compare"])
def test_it_is_small_and_survives_the_sanitizer(saved: dict[str, dict[str, Any]], view: str) -> None:
    made = saved[view]
    assert set(made) == {bundle.MIME, "text/html", "text/plain"}
    assert len(orjson.dumps(made)) <= bundle.LIMIT
    page = Sanitized(made["text/html"])
    assert page.refused == []
    wanted = {
        "card": ["run 0", "loss", "0.", "kernel"],
        "table": ["run 49", "kernel", "rbf"],
        "compare": ["run 49", "loss"],
    }
    for text in wanted.get(view, ["run 0", "loss", "boom", "x = 1", "numpy", "child", "param 0", "Finished"]):
        assert text in page.text, text
    if view != "table":
        assert page.pictures and all(
            picture["src"].startswith("data:image/svg+xml;base64,") for picture in page.pictures
        )
        assert all(" to " in picture["alt"] and "steps" in picture["alt"] for picture in page.pictures)


def test_markup_in_names_stays_text() -> None:
    for view, made in displays(HOSTILE, 2).items():
        page = Sanitized(made["text/html"])
        assert page.refused == [], view
        assert HOSTILE in page.text and {picture["src"][:18] for picture in page.pictures} <= {"data:image/svg+xml"}


def test_a_run_with_very_much_still_fits() -> None:
    with tracker.start_run(run_name="much") as run:
        tracker.log_params({f"p{i}": "x" * 2_000 for i in range(300)})
        tracker.log_metrics({f"m{i}": i / 7 for i in range(300)})
        for step in range(30):
            tracker.log_metrics({f"c{i}": step * i / 7 for i in range(40)}, step=step)
        for i in range(200):
            tracker.log_text("x", f"files/a rather long name of a file {i}.txt")
        tracker.log_text("line\n" * 50_000, "output/output.txt")
        tracker.log_dict({"packages": {f"package-{i}": "1.2.3" for i in range(400)}}, "environment.json")
    made = tracker.show(run)._repr_mimebundle_()
    assert len(orjson.dumps(made)) <= bundle.LIMIT
    assert "much" in made["text/plain"] and "202 files" in made["text/plain"]
