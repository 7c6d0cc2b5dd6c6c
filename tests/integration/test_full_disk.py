"""The disk is full in the middle of a tracked cell: the cell goes on, nothing that was written is hurt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from disks import FILL, small_disk
from kernels import Kernel, Outputs, kernel

LOOP = "for i in range(3000):\n    loss = 1 / (i + 1)\n    if i == 1000:\n        {fill}\nprint('done', i)\nloss * 2"

LOOK = """
import json, tracker
runs = tracker.runs().set_index("name")
history = {name: tracker.history(run.run_id, keys=["loss"]) for name, run in runs.iterrows()}
print(json.dumps({
    name: [run.status, run["params.lr"], history[name].step.tolist() == list(range(len(history[name]))), len(history[name])]
    for name, run in runs.iterrows()
}))
"""


def check(full: Outputs, later: Outputs, seen: dict) -> None:
    """The cell that met the full disk computed as ever and says it once; what was acknowledged is there."""
    assert full.status == "ok"
    assert full.text == "done 2999\n"
    assert [rest for kind, *rest in full.plain if kind == "execute_result"] == [[{"text/plain": repr(2 / 3000)}]]
    assert full.card["status"] == "FINISHED"
    (notice,) = full.card["notices"]
    assert "cannot be written" in notice
    assert later.card["notices"] == []
    assert seen["before"] == ["FINISHED", 0.1, True, 1]
    status, _, in_order, points = seen["full"]
    assert (status, in_order) == ("FINISHED", True)
    assert 1000 <= points < 3000
    assert seen["later"] == ["FINISHED", 0.3, True, 1]


def story(shell: Kernel, fill: str, empty: str) -> tuple[Outputs, Outputs]:
    """A cell before, one during which the disk fills, one after it has room again."""
    shell.run("%load_ext tracker")
    shell.run(FILL)
    shell.run("%%track -n before\nlr = 0.1\nloss = lr / 3")
    full = shell.run("%%track -n full\nlr = 0.2\n" + LOOP.format(fill=fill))
    shell.run(empty)
    return full, shell.run("%%track -n later\nlr = 0.3\nloss = lr / 3")


def test_a_disk_that_fills_up(tmp_path: Path, python: Callable) -> None:
    import json

    with small_disk(tmp_path / "disk", "400k") as disk, kernel(tmp_path, TRACKER_STORE=str(disk / "store")) as shell:
        full, later = story(shell, "fill('disk/rest')", "import os; os.unlink('disk/rest')")
        seen = json.loads(python(LOOK, TRACKER_STORE=str(disk / "store")).stdout)
    assert "No space left" in full.card["notices"][0]
    check(full, later, seen)


def test_a_limit_on_file_sizes(tmp_path: Path, python: Callable) -> None:
    import json

    resource = pytest.importorskip("resource")
    assert resource
    limit = (
        "import resource, tracker\n"
        "def limit(room):\n"
        "    size = tracker.tracking.context.current_store().journal_path.stat().st_size\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))\n"
    )
    # Only the journal may meet the limit, not the small files that the kernel itself writes.
    with kernel(tmp_path, TRACKER_STORE=str(tmp_path / "store"), IPYTHONDIR=str(tmp_path / "ipython")) as shell:
        shell.run(limit)
        shell.run(
            "with tracker.start_run(run_name='large'):\n    for i in range(20_000):\n        tracker.log_metric('m', 1.0)"
        )
        full, later = story(
            shell, "limit(50)", "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)"
        )
        seen = json.loads(python(LOOK, TRACKER_STORE=str(tmp_path / "store")).stdout)
    check(full, later, seen)


def test_no_room_from_the_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "40k") as disk, kernel(tmp_path, TRACKER_STORE=str(disk / "store")) as shell:
        shell.run("%load_ext tracker")
        shell.run(FILL + "fill('disk/rest')")
        seen = shell.run("%%track\nprint('computed')\n1 + 1")
        assert seen.status == "ok"
        assert [shown for shown in seen.plain if shown[0] != "stream"] == [("execute_result", {"text/plain": "2"})]
        assert "".join(rest[1] for kind, *rest in seen.plain if rest[0] == "stdout") == "computed\n"
        (warning,) = [rest[1] for kind, *rest in seen.plain if rest[0] == "stderr"]
        assert warning.startswith("tracker: ") and "No space left" in warning and warning.count("\n") == 1


def test_a_script_is_told_and_what_it_wrote_stays(tmp_path: Path, python: Callable) -> None:
    with small_disk(tmp_path / "disk", "400k") as disk:
        script = FILL + (
            "import tracker\n"
            "acknowledged = 0\n"
            "try:\n"
            "    with tracker.start_run():\n"
            "        for i in range(5000):\n"
            "            tracker.log_metric('loss', 1 / (i + 1))\n"
            "            acknowledged += 1\n"
            "            if i == 1000:\n"
            "                fill('disk/rest')\n"
            "except tracker.TrackerError as error:\n"
            "    print(type(error).__name__, acknowledged)\n"
        )
        done = python(script, TRACKER_STORE=str(disk / "store"))
        kind, acknowledged = done.stdout.split()
        assert kind == "StoreError"
        assert "Traceback" not in done.stderr
        (disk / "rest").unlink()
        look = "import tracker\nr = tracker.runs()\nprint(r.status[0], len(tracker.history(r.run_id[0])))"
        status, points = python(look, TRACKER_STORE=str(disk / "store")).stdout.split()
        assert (status, points) == ("KILLED", acknowledged)
