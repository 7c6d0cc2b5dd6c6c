"""A run with something of every kind, and markup in every word of it that a person can choose."""

from __future__ import annotations

import json
import math
import struct
import zlib
from pathlib import Path

import tracker

EVILS = (
    "<img src=http://evil.example/a.png onerror=alert(1)>",
    "<script>alert(2)</script>",
    "\"'><svg onload=alert(3)>",
    "</script><script>alert(4)</script>",
    "<iframe srcdoc='<script>alert(5)</script>'></iframe>",
    "[x](javascript:alert(6)) ![y](http://evil.example/b.png)",
    "<a href='javascript:alert(7)' style='background:url(http://evil.example/c.png)'>z</a>",
    "</style><style>@import 'http://evil.example/d.css';</style>",
    "${alert(8)} {{alert(9)}} %{x} $\\href{javascript:alert(10)}{t}$",
    "<!--<script>",
)
EVIL = " ".join(EVILS)


def png(width: int = 64, height: int = 48) -> bytes:
    """A small picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(c for x in range(width) for c in (x * 4, y * 5, 120)) for y in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def wav() -> bytes:
    """A short sound."""
    samples = b"".join(struct.pack("<h", int(9_000 * math.sin(i / 8))) for i in range(800))
    form = struct.pack("<HHIIHH", 1, 1, 8_000, 16_000, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(samples))
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", len(samples))
        + samples
    )


def files(word: str) -> dict[str, str | bytes]:
    """Files of every kind that is shown, with `word` in them."""
    figure = {
        "data": [{"type": "scatter", "x": [1, 2], "y": [3, 1], "name": word, "text": [word, word]}],
        "layout": {
            "title": {"text": word},
            "images": [
                {"source": "http://evil.example/p.png", "xref": "paper", "yref": "paper", "sizex": 1, "sizey": 1}
            ],
        },
    }
    output = {"output_type": "display_data", "data": {"text/html": word, "text/plain": word}}
    cells = [
        {"cell_type": "markdown", "source": word},
        {"cell_type": "code", "source": word, "execution_count": 1, "outputs": [output]},
    ]
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="alert(11)"><script>alert(12)</script><image href="http://evil.example/e.png"/><rect width="40" height="20" fill="teal"/></svg>'
    return {
        "picture.png": png(), "tone.wav": wav(), "drawing.svg": svg, "page.html": f"<h1>Page</h1>{word}",
        "text.txt": word, "note.md": f"# Title\n{word}", "tree.json": json.dumps({word: [word, {word: 1}]}),
        "figure.plotly.json": json.dumps(figure), "rows.csv": 'name,"' + word.replace('"', '""') + '"\n1,2\n',
        "notebook.ipynb": json.dumps({"cells": cells}), "model.pkl": b"\x80\x04cos\nsystem\n", "blob.bin": bytes(range(256)),
    }  # fmt: skip


def rich_run(word: str = "", name: str = "rich", steps: int = 60) -> str:
    """Logs it; its id."""
    tracker.set_experiment(f"iris {word}".strip()[:400])
    with tracker.start_run(run_name=name + word, description=f"# Note\n\n{word}\n\n- **one**\n") as run:
        tracker.log_params({"C": 1.5, "kernel": f"rbf{word}", f"p {word}": word})
        for step in range(steps):
            tracker.log_metrics({"loss": 1 / (1 + step), f"m {word}": step / 10}, step=step)
        tracker.log_metrics({"final": 0.93, "broken": float("nan")})
        tracker.set_tags({"family": "svm", f"t {word}": word})
        for path, content in files(word).items():
            place = Path("made", path)
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
        tracker.log_artifacts("made", "files")
        tracker.log_text(f"epoch 1\n{word}\n", "output/output.txt")
        tracker.log_text(f'Traceback\n  File "x", line 1\nValueError: {word}\n', "output/traceback.txt")
        tracker.log_text(f"C = 1.5\n{word}\n", "code/cell.py")
        tracker.log_dict({"python": "3.11", f"e {word}": word, "packages": {f"k {word}": word}}, "environment.json")
        with tracker.start_run(run_name=f"child{word}", nested=True):
            tracker.log_metric("loss", 1.0)
    identifier: str = run.info.run_id
    return identifier
