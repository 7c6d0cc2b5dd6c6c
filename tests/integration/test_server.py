"""`tracker ui` over real HTTP: who may ask, what is answered, and that nothing leaves the store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import Page, arrow, page_server

import tracker
from tracker.tracking import MlflowClient

SOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec_WebSocket_Key": "x" * 22 + "==",
    "Sec_WebSocket_Version": "13",
}
ORIGINS = ("http://evil.example", "null")
BASE = "/user/someone/"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    store = tmp_path_factory.mktemp("project") / ".tracker"
    client = MlflowClient(tracking_uri=str(store))
    for name in ("iris", "digits"):
        experiment = client.create_experiment(name)
        for i in range(3):
            run = client.create_run(experiment, run_name=f"{name} {i}").info.run_id
            client.log_param(run, "depth", i)
            for step in range(5):
                client.log_metric(run, "loss", 1 / (step + 1 + i), step=step)
            client.log_text(run, "hello", "notes/a b.txt")
            client.log_text(run, "<script>alert(1)</script>", "page.html")
            client.log_text(run, "a,b\n1,2\n", "table.bin")
            client.set_terminated(run, "FAILED" if i == 2 else "FINISHED")
    (store.parent / "secret.txt").write_text("secret")
    with page_server(store, tmp_path_factory.mktemp("home"), BASE) as server:
        yield server


@pytest.fixture
def run(page: Page) -> str:
    """The id of one run."""
    return str(overview(page)["runs"][0]["id"])


def overview(page: Page) -> dict:
    return page.ask({"do": "overview"}).unpacked()[0]


def test_nobody_asks_without_a_token(page: Page, run: str) -> None:
    question = {"question": {"do": "overview"}}
    assert page.send("POST", "tracker/api/ask", question).status == 403
    assert page.send("POST", "tracker/api/ask", question, Authorization="token 0123456789abcdef").status == 403
    assert page.send("GET", f"tracker/files/{run}/page.html").status in (302, 403)
    assert page.send("GET", "tracker/static/app.js").status in (302, 403)
    assert page.send("GET", "tracker/api/feed", **SOCKET).status == 403
    login = page.send("GET", "tracker")
    assert login.status == 302
    assert login.headers["location"].startswith(f"{BASE}login")


def test_a_logged_in_browser_must_send_the_xsrf_cookie_back(page: Page) -> None:
    first = page.send("GET", f"tracker?token={page.token}")
    assert first.status == 200
    assert f'data-base="{BASE}"'.encode() in first.body
    assert "default-src 'none'" in first.headers["content-security-policy"]
    jar = page.send("GET", f"tracker?token={page.token}").headers
    assert "_xsrf" in jar["set-cookie"] or "username" in jar["set-cookie"]

    from http.cookies import SimpleCookie
    from urllib.request import Request, urlopen

    with urlopen(Request(f"http://127.0.0.1:{page.port}{BASE}tracker?token={page.token}")) as answer:
        cookies = SimpleCookie("; ".join(each.split(";")[0] for each in answer.headers.get_all("Set-Cookie")))
    text = "; ".join(f"{name}={morsel.coded_value}" for name, morsel in cookies.items())
    question = {"question": {"do": "overview"}}
    assert page.send("POST", "tracker/api/ask", question, Cookie=text).status == 403
    xsrf = cookies["_xsrf"].value
    assert page.send("POST", "tracker/api/ask", question, Cookie=text, X_XSRFToken=xsrf).status == 200
    feed = [page.send("GET", "tracker/api/feed", Cookie=text, Origin=origin, **SOCKET).status for origin in ORIGINS]
    assert feed == [403, 403]


def test_a_table_and_what_changed_since(page: Page) -> None:
    told, (runs, sparks) = page.ask({"do": "table", "experiments": None}).unpacked()
    table = arrow(runs)
    assert table.num_rows == told["total"] == 6
    assert set(arrow(sparks).column("key").to_pylist()) == {"loss"}

    one = table.column("run_id").to_pylist()[0]
    assert page.ask({"do": "edit", "edits": [{"runs": [one], "name": "renamed", "star": True}]}).unpacked()[0] == {
        "notices": []
    }
    changes = {"do": "changes", "experiments": None, "since": told["since"]}
    _, (changed,) = page.ask(changes).unpacked()
    assert arrow(changed).filter(pa_equal(arrow(changed), one)).column("name").to_pylist() == ["renamed"]

    page.ask({"do": "edit", "edits": [{"runs": [one], "state": "deleted"}]})
    told, _ = page.ask(changes).unpacked()
    assert told["gone"] == [one]
    assert told["total"] == 5
    assert page.ask({"do": "statuses", "runs": [one, "none"]}).unpacked()[0] == {"statuses": {one: "DELETED"}}
    page.ask({"do": "edit", "edits": [{"runs": [one], "state": "active"}]})


def pa_equal(table, run: str):
    import pyarrow.compute as pc

    return pc.equal(table.column("run_id").cast("string"), run)


def test_an_overview_a_comparison_and_a_run(page: Page, run: str) -> None:
    told = overview(page)
    assert {each["name"]: each["runs"] for each in told["experiments"]} == {"iris": 3, "digits": 3}
    assert told["states"] == {"FINISHED": 4, "FAILED": 2}
    ids = [each["id"] for each in told["runs"]]
    answer, (runs, curves) = page.ask({"do": "compare", "runs": ids[:2]}).unpacked()
    assert arrow(runs).num_rows == answer["total"] == 2
    assert arrow(curves).num_rows == 10
    told, (again, points) = page.ask({"do": "compared", "runs": ids[:2], "since": answer["since"]}).unpacked()
    assert told == {"whole": False, "gone": []}
    assert arrow(again).num_rows * 5 == arrow(points).num_rows
    _, (none, _) = page.ask({"do": "compared", "runs": ids[:2], "since": 2**60}).unpacked()
    assert arrow(none).num_rows == 0
    detail, _ = page.ask({"do": "detail", "run": run}).unpacked()
    assert detail["run"]["id"] == run


@pytest.mark.parametrize(
    ("question", "status", "said"),
    [
        ({"do": "detail", "run": "0" * 32}, 404, "No run"),
        ({"do": "compare", "runs": ["nothing"]}, 404, "No run"),
        ({"do": "compare", "runs": 7}, 400, "list of texts"),
        ({"do": "open sesame"}, 400, "does not know"),
        ({"do": "changes", "experiments": None, "since": "soon"}, 400, "not understood"),
        ([1, 2], 400, "has the form"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_sentence(page: Page, question: object, status: int, said: str) -> None:
    reply = page.ask(question)
    assert reply.status == status
    assert said in json.loads(reply.body)["error"]
    assert b"Traceback" not in reply.body


def test_a_question_is_bounded(page: Page) -> None:
    assert page.ask({"do": "overview", "more": "x" * (9 << 20)}).status == 413
    reply = page.send("POST", "tracker/api/ask", b"{", Authorization=f"token {page.token}")
    assert (reply.status, json.loads(reply.body)["error"]) == (400, "This question is no JSON.")


def test_files_are_served_safely(page: Page, run: str) -> None:
    text = page.get(f"tracker/files/{run}/notes/a%20b.txt")
    assert (text.status, text.body) == (200, b"hello")
    markup = page.get(f"tracker/files/{run}/page.html")
    assert markup.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in markup.headers["content-security-policy"]
    unknown = page.get(f"tracker/files/{run}/table.bin")
    assert unknown.headers["content-type"] == "application/octet-stream"
    assert unknown.headers["content-disposition"].startswith("attachment")
    for reply in (text, markup, unknown):
        assert reply.headers["x-content-type-options"] == "nosniff"
    kept = page.get(f"tracker/files/{run}/notes/a%20b.txt?download=1").headers["content-disposition"]
    assert kept == "attachment; filename*=UTF-8''a%20b.txt"
    part = page.get(f"tracker/files/{run}/notes/a%20b.txt", Range="bytes=1-2")
    assert (part.status, part.body) == (206, b"el")


@pytest.mark.parametrize(
    "path",
    [
        "{run}/../../store.json", "{run}/..%2f..%2fstore.json", "{run}/%2e%2e/%2e%2e/store.json", "../store.json/x",
        "{run}//etc/passwd", "{run}/%2fetc%2fpasswd", "..%2f..%2f/secret.txt", "{run}/notes", "{run}/way/secret.txt",
        "{run}/link.txt", "{run}/a%00b", "%2e%2e/journal",
    ],
)  # fmt: skip
def test_no_path_leaves_a_run(page: Page, run: str, path: str) -> None:
    folder = page.store / "artifacts" / run
    if not (folder / "link.txt").is_symlink():
        (folder / "link.txt").symlink_to(page.store.parent / "secret.txt")
        (folder / "way").symlink_to(page.store.parent)
    reply = page.get(f"tracker/files/{path.format(run=run)}")
    assert reply.status in (400, 404)
    assert b"secret" not in reply.body.replace(b"secret.txt", b"")
    static = page.get(f"tracker/static/{path.format(run='..')}")
    assert static.status == 404


def test_the_address_is_printed(page: Page) -> None:
    assert page.printed.startswith(f"tracker ui: http://127.0.0.1:{page.port}{BASE}tracker?token=")


def test_only_our_page_is_served(page: Page) -> None:
    for path in ("api/contents", "api/kernels", "api/terminals", "tree", "files/secret.txt"):
        assert page.get(path).status == 404


def test_the_extension_is_there_before_any_query_engine(python) -> None:
    python(
        "import sys, tracker.server.routes; assert not {'duckdb', 'pyarrow', 'pandas', 'IPython'} & set(sys.modules)"
    )


@pytest.mark.parametrize(
    ("option", "said"), [("--port=70000", "A port is 0 to 65535"), ("--option=nonsense", "is no setting")]
)
def test_a_mistaken_option_is_a_sentence(option: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    from tracker.cli import main

    assert main(["ui", option]) == 1
    assert said in capsys.readouterr().err


def test_a_store_that_is_gone_is_told_and_found_again(tmp_path: Path) -> None:
    store = tmp_path / "here" / ".tracker"
    client = MlflowClient(tracking_uri=str(store))
    client.set_terminated(client.create_run("0", run_name="one").info.run_id)
    home = tmp_path / "home"
    home.mkdir()
    with page_server(store, home) as page:
        assert overview(page)["made"] is True
        store.rename(tmp_path / "moved")
        assert overview(page) == {
            "store": str(store),
            "made": False,
            "experiments": [],
            "runs": [],
            "states": {},
            "damaged": 0,
        }
        assert page.ask({"do": "table", "experiments": None}).unpacked()[0]["total"] == 0
        shutil.move(tmp_path / "moved", store)
        assert [each["name"] for each in overview(page)["runs"]] == ["one"]
    assert tracker.get_tracking_uri() != str(store)
