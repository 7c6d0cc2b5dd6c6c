"""The pictures and figures that runs keep, by what they show: the same key or file in each run, and its step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from tracker.query import Reader

MOST: Final = 20_000
ENDS: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".avif", ".plotly.json")
_SERIES: Final = re.compile(r"^images/(?P<key>.+?)[+%]step[+%](?P<step>-?\d+)[+%]timestamp[+%](?P<time>\d+)")
_PATHS: Final = """
SELECT run_id, path FROM artifacts
WHERE run_id IN (SELECT unnest($runs::VARCHAR[])) AND regexp_matches(lower(path), $ends)
ORDER BY run_id, path LIMIT $most
"""


def pictures(store: Reader, runs: Sequence[str]) -> list[dict[str, Any]]:
    """Each {run, key, step, path}: a series of `log_image` by key and step (the last of a step), a file by its path.

    The small copies that are kept beside a series are left out.
    """
    ends = "(" + "|".join(map(re.escape, ENDS)) + ")$"
    found: dict[tuple[str, str, int | None], tuple[int, str]] = {}
    for run, path in store.cursor().execute(_PATHS, {"runs": list(runs), "ends": ends, "most": MOST}).fetchall():
        series = _SERIES.match(path)
        if series is None:
            found[run, path, None] = (0, path)
        elif not re.search(r"[+%]compressed\.\w+$", path):
            place = (run, series["key"].replace("~", "/"), int(series["step"]))
            found[place] = max(found.get(place, (0, "")), (int(series["time"]), path))
    return [{"run": run, "key": key, "step": step, "path": path} for (run, key, step), (_, path) in found.items()]
