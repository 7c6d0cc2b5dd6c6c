"""A store from elsewhere in which everything is wrong that can be, and one good run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"
CANARY = "the canary of the outside"
START = 1_790_000_000_000_000
ODD_IDS = ("../../outside", "/etc", "..", ".", "a" * 10_000, "\u202e", MARKUP, "a\nb", "")


@dataclass
class Hostile:
    """`damaged` are the files that cost themselves and a warning; `outside` is what nobody may look at."""

    root: Path
    outside: Path
    good: str
    damaged: list[Path]

    def outside_now(self) -> dict[str, tuple[int, int]]:
        paths = [self.outside, *self.outside.rglob("*")]
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}


def make(folder: Path) -> Hostile:
    root, outside = folder / "foreign" / ".tracker", folder / "outside"
    good = _good_run(root)
    made = Hostile(root, outside, good, [])
    outside.mkdir()
    (outside / "secret.txt").write_text(CANARY)
    (outside / "secret.ndjson").write_bytes(
        _line(e="run", r="stolen", x="0", v={}) + _line(e="tag", r="stolen", k="c", v=CANARY)
    )
    _journals(made)
    _segments(made)
    _artifacts(made)
    return made


def _good_run(root: Path) -> str:
    script = f"""
import tracker
tracker.set_tracking_uri({str(root)!r})
with tracker.start_run(run_name="good") as run:
    tracker.log_metrics({{"a": 1.0}})
    tracker.log_param("lr", 0.1)
    tracker.log_text("fine", "note.txt")
print(run.info.run_id)
"""
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def _line(**fields: object) -> bytes:
    return json.dumps({**fields, "t": START}).encode() + b"\n"


def _journals(made: Hostile) -> None:
    folder = made.root / "journal"

    def write(name: str, text: bytes, damaged: bool = True) -> None:
        (folder / f"{name}.ndjson").write_bytes(text)
        if damaged:
            made.damaged.append(folder / f"{name}.ndjson")

    write("torn", _line(e="run", r="torn", x="0", v={}) + b'{"e":"metric","r":"torn","k":', damaged=False)
    write("noise", os.urandom(10_000) + b"\n")
    write("zeros", bytes(5_000) + b"\n")
    write(
        "bytes",
        _line(e="run", r="bytes", x="0", v={}) + b'{"e":"tag","r":"bytes","k":"\xff\xfe","v":"\xc3("}\n{"e":"tag"}\n',
    )
    write("types", _line(e=1, r=[], x={}, v=None, k=2) + _line(e="run", r={"a": 1}, x=[], v="text") + b"[]\n1\nnull\n" + _line(
        e="end", r="types", v=[]) + _line(e="run", r="types", x=5, v={"start": "soon"}) + _line(e="tag", r="types", k="mlflow.parentRunId", v={"a": [1]})
        + b'{"e":"metric","r":"types","k":"m","v":"high","s":"first","t":"now"}\n' + b'{"e":"metric","r":"types","k":"m","v":1e999,"s":99999999999999999999,"t":-1}\n'
        + _line(e="experiment", x="77", v=[1]) + _line(e="journal", v={"a": 1}) + _line(e="input", r="types", k="d", v="no object"))  # fmt: skip
    write(
        "huge",
        b'{"e":"tag","r":"huge","k":"k","v":"' + b"x" * (34 << 20) + b'"}\n' + _line(e="run", r="huge", x="0", v={}),
    )
    deep = b'{"e":"param","r":"deep","k":"k","v":' + b"[" * 50_000 + b"]" * 50_000 + b',"t":1}\n'
    write("deep", _line(e="run", r="deep", x="0", v={}) + deep, damaged=False)
    lines = [
        _line(e="experiment", x="9", v={"name": MARKUP, "artifact_location": "/etc"}),
        _line(e="experiment", x="../..", v={"name": "up"}),
    ]
    for run in ODD_IDS:
        lines += [_line(e="run", r=run, x="9", v={}), _line(e="tag", r=run, k="mlflow.runName", v=MARKUP)]
        lines += [_line(e="metric", r=run, k=MARKUP, v=1, s=0), _line(e="param", r=run, k="p" * 10_000, v=MARKUP)]
        lines += [
            _line(e="artifact", r=run, k=name, v={"size": -1})
            for name in ("../../outside/secret.txt", "/etc/passwd", "a\0b")
        ]
    write("names", b"".join(lines), damaged=False)
    (folder / "link.ndjson").symlink_to(made.outside / "secret.ndjson")
    (folder / "folder.ndjson").mkdir()
    os.mkfifo(folder / "pipe.ndjson")
    made.damaged += [folder / f"{name}.ndjson" for name in ("link", "folder", "pipe")]


def _segments(made: Hostile) -> None:
    folder = made.root / "segments"
    files = ("events.parquet", "metrics.parquet", "series.parquet", "experiments.ndjson")

    def segment(name: str, **texts: str) -> Path:
        place = folder / name
        place.mkdir(parents=True)
        for file in files:
            if file not in texts:
                (place / file).write_bytes(b"no parquet")
            else:
                duckdb.execute(f"COPY ({texts[file]}) TO '{place / file}' (FORMAT parquet)")
        sizes = {file: (place / file).stat().st_size for file in files}
        (place / "segment.json").write_text(json.dumps({"format": 1, "journals": {name: 100}, "files": sizes}))
        made.damaged.append(place)
        return place

    segment("none")
    other = "SELECT 1 AS e, '../../x' AS r, {'a': [1]} AS v"
    segment("other", **{"events.parquet": other, "metrics.parquet": other, "series.parquet": other})
    (segment("manifest") / "segment.json").write_text(
        '{"format": "one", "journals": [], "files": {"../../../outside/secret.txt": 1}}'
    )
    (segment("future") / "segment.json").write_text('{"format": 99}')
    linked = segment("linked")
    (linked / "events.parquet").unlink()
    (linked / "events.parquet").symlink_to(made.outside / "secret.txt")
    (folder / "away").symlink_to(made.outside)
    made.damaged.append(folder / "away")


def _artifacts(made: Hostile) -> None:
    folder = made.root / "artifacts"
    (folder / made.good / "link.txt").symlink_to(made.outside / "secret.txt")
    (folder / made.good / "links").symlink_to(made.outside)
    (folder / "torn").symlink_to(made.outside)
    (folder / "types" / "output").mkdir(parents=True)
    os.mkfifo(folder / "types" / "output" / "output.txt")
