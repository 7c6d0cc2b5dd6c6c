"""The magics in a real kernel: options, help, completion, and what the displays give in Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import MIME, Kernel, kernel


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with kernel(tmp_path_factory.mktemp("magics")) as fresh:
        fresh.run("%load_ext tracker\nimport tracker, json")
        yield fresh


def params(card: dict) -> dict[str, str]:
    return {p["key"]: p["value"] for p in card["params"]}


def metrics(card: dict) -> dict[str, float]:
    return {m["key"]: m["value"] for m in card["metrics"]}


def completions(shell: Kernel, text: str) -> list[str]:
    reply = shell.client.complete(text, len(text), reply=True, timeout=30)
    return list(reply["content"]["matches"])


def test_every_option_reaches_the_run(shell: Kernel) -> None:
    shell.run("seed = 3")
    card = shell.run(
        '%%track --experiment options --name "seed {seed}" -t a=1 -t "b=x y" --note "a note"\nC = 2\nacc = C * 0.25'
    ).card
    assert (card["experiment"], card["name"], card["note"]) == ("options", "seed 3", "a note")
    assert card["tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "x y"}]
    assert params(card) == {"C": "2"} and metrics(card) == {"acc": 0.5} and card["notices"] == []


def test_named_params_and_metrics_replace_what_would_be_found(shell: Kernel) -> None:
    card = shell.run(
        "%%track --params data --metrics score,missing\nC = 1\ndata = [1, 2]\nacc = sum(data)\nscore = acc / 4"
    ).card
    assert params(card) == {"data": "[1, 2]"} and metrics(card) == {"score": 0.75}
    assert card["notices"] == ["%%track: the cell left no missing to keep."]


def test_no_capture_keeps_source_status_and_time(shell: Kernel) -> None:
    card = shell.run("%%track --no-capture\nC = 1\nacc = C / 2\nprint(acc)").card
    assert not card["params"] and not card["metrics"] and card["output"] == ""
    assert card["status"] == "FINISHED" and "C = 1" in card["source"] and card["ended"] >= card["started"]


def test_nested_runs_know_their_parent(shell: Kernel) -> None:
    shell.run("parent = tracker.start_run(run_name='parent')")
    card = shell.run("%%track --nested\nx = 1").card
    shell.run("tracker.end_run()")
    assert shell.value(f"tracker.get_parent_run({card['id']!r}).info.run_name") == "'parent'"
    inner = shell.run(
        "%%track --name outer\nwith tracker.start_run(run_name='inner') as inner:\n    tracker.log_metric('a', 1)"
    ).card
    assert shell.value("tracker.get_parent_run(inner.info.run_id).info.run_id") == repr(inner["id"])


def test_each_execution_is_a_run_of_its_own(shell: Kernel) -> None:
    first, second = (shell.run("%%track -e again\nC = 1\nacc = C / 4").card for _ in range(2))
    assert first["id"] != second["id"]
    assert shell.value("len(tracker.runs('again'))") == "2"


def test_figures_tables_and_output_are_kept(shell: Kernel) -> None:
    shell.run("%matplotlib inline\nimport matplotlib.pyplot as plt, pandas as pd")
    card = shell.run(
        "%%track\nplt.figure(figsize=(1, 1))\nplt.plot([1, 2])\nplt.show()\nprint('said')\npd.DataFrame({'a': [1, 2]})"
    ).card
    assert card["output"] == "said\n"
    assert {a["path"] for a in card["artifacts"]} == {
        "code/cell.py", "code/cells.json", "code/slice.py", "figures/figure-1.png", "output/output.txt", "output/result.csv", "environment.json",
    }  # fmt: skip
    assert (
        shell.value(f"tracker.artifacts.load_image('runs:/{card['id']}/figures/figure-1.png').size[0] > 10") == "True"
    )


def test_a_loop_draws_its_curve(shell: Kernel) -> None:
    card = shell.run("%%track\nlr = 0.5\nfor i in range(30):\n    loss = lr / (i + 1)").card
    assert [c["key"] for c in card["curves"]] == ["loss"] and card["metrics"][0]["points"] == 30
    assert shell.value(f"len(tracker.history({card['id']!r}))") == "30"


def test_an_unknown_option_is_a_notice_and_the_cell_runs(shell: Kernel) -> None:
    outputs = shell.run("%%track --experimant iris\nprint(1)")
    assert outputs.text == "1\n"
    assert outputs.card["notices"][0].startswith("%%track: unknown option --experimant; did you mean --experiment?")


def test_help_and_completion(shell: Kernel) -> None:
    reply = shell.client.inspect("%%track", 7, reply=True, timeout=30)
    assert "--experiment" in reply["content"]["data"]["text/plain"]
    assert "--experiment" in completions(shell, "%%track --exp")
    shell.run("%%track -e 'two words'\na = 1")
    assert '"two words"' in completions(shell, "%%track -e ") and "again" in completions(shell, "%%track -e aga")
    assert completions(shell, "json.du") == ["dump", "dumps"] or "json.dump" in completions(shell, "json.du")


def test_the_table_and_its_filter(shell: Kernel) -> None:
    (bundle,) = shell.run("%runs again metrics.acc > 0.2").ours
    assert bundle[MIME]["view"] == "table" and bundle[MIME]["state"]["where"] == "metrics.acc > 0.2"
    assert "application/vnd.jupyter.widget-view+json" not in bundle
    shell.run("t = tracker.table('again')")
    assert shell.value("len(t), t.selected, t.where, list(t.frame['params.C'])") == "(2, [], '', [1, 1])"
    shell.run("t.selected = t.frame.run_id[:1]")
    (compared,) = shell.run("%compare").ours
    assert compared[MIME]["view"] == "compare" and compared[MIME]["total"] == 1


def test_sql_gives_a_frame_and_keeps_it(shell: Kernel) -> None:
    shell.run("%%runs_sql found\nSELECT count(*) AS n FROM runs WHERE experiment = 'again'")
    assert shell.value("int(found.n[0])") == "2"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("%runs nowhere", "There is no experiment 'nowhere'"),
        ("%runs metrics.acc >", "Expected a value"),
        ("%compare again metrics.acc > > 1", "Expected a value"),
        ("%%runs_sql\nSELECT nothing FROM runs", "nothing"),
        ("%%runs_sql\nDROP TABLE runs", "read"),
        ("%tracker nonsense", "is not understood"),
        ("%tracker undo", "There is no edit to undo"),
        ("%tracker store /dev/null", "is a file; a store is a folder"),
    ],
)
def test_a_mistake_is_one_line(shell: Kernel, source: str, sentence: str) -> None:
    outputs = shell.run(source)
    said = outputs.text + "".join(output[2] for output in outputs.plain if output[0] == "error")
    assert sentence in said and "Traceback" not in said


def test_where_the_runs_are(shell: Kernel) -> None:
    said = shell.run("%tracker").text
    assert (
        said.startswith("store  ") and ".tracker" in said and "again" in said and said.endswith("active run   none\n")
    )
    assert "\nruns         " in said and "\ndamaged      nothing\n" in said and "\nsize         " in said
