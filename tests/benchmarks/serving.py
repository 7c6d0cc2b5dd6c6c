"""The scoring server beside MLflow's: throughput, latency, time to the first answer, on one saved model.

    python tests/benchmarks/serving.py [--mlflow-python PATH] [--seconds 5]

Both serve the same folder, one process each, one after the other; the same client sends the same bytes over the same
number of connections, each asking again as soon as it was answered. The model is small, so that what is measured is
the server; `--rows` makes it larger.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import machine


def saved_model(folder: Path) -> tuple[Path, object]:
    """A scikit-learn model with its signature, in MLflow's format, and a table that it takes."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    import tracker.sklearn
    from tracker.models import infer_signature

    tracker.set_tracking_uri(folder / "store")
    table, target = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=1000).fit(table, target)
    tracker.sklearn.save_model(model, folder / "model", signature=infer_signature(table, model.predict(table)))
    return folder / "model", table


async def _ask(port: int, request: bytes, until: float, taken: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"not answered: {head!r}")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        await reader.readexactly(length)
        taken.append(time.perf_counter() - start)
    writer.close()


async def _load(port: int, request: bytes, connections: int, seconds: float) -> list[float]:
    taken: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_ask(port, request, until, taken) for _ in range(connections)))
    return taken


def _cpu(group: int) -> float:
    """Seconds of CPU that the processes of a group have used; 0 where the system does not tell."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if int(fields[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def measured(port: int, group: int, body: bytes, connections: int, seconds: float) -> dict[str, float]:
    """Requests a second, the latency's median and 99th percentile in ms, and the server's CPU a request."""
    request = (
        f"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    asyncio.run(_load(port, request, connections, min(seconds, 2)))  # warm
    before = _cpu(group)
    taken = sorted(asyncio.run(_load(port, request, connections, seconds)))
    return {
        "requests/s": len(taken) / seconds,
        "median ms": statistics.median(taken) * 1e3,
        "p99 ms": taken[int(len(taken) * 0.99)] * 1e3,
        "CPU ms a request": (_cpu(group) - before) / len(taken) * 1e3,
    }


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    while True:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        try:
            asyncio.run(_ping(port))
            return
        except (OSError, asyncio.IncompleteReadError):
            time.sleep(0.05)


async def _ping(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


def bench(
    command: list[str], port: int, bodies: dict[int, bytes], connections: list[int], seconds: float
) -> dict[str, float]:
    """The numbers of one server."""
    start = time.perf_counter()
    paths = {**os.environ, "PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])}
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, env=paths
    )
    try:
        _wait(port, process)
        numbers = {"seconds to the first answer": time.perf_counter() - start}
        for rows, body in bodies.items():
            for many in connections:
                for name, value in measured(port, process.pid, body, many, seconds).items():
                    numbers[f"{rows:,} rows, {many} connections, {name}"] = value
        return numbers
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow-python", default=os.environ.get("TRACKER_BENCH_MLFLOW"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rows", type=int, nargs="*", default=[1, 100])
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 16])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, table = saved_model(Path(folder))
        bodies = {rows: _body(table, rows) for rows in asked.rows}
        ours = [sys.executable, "-m", "tracker", "models", "serve", "-m", str(path), "-p", "5117"]
        numbers = {"tracker": bench(ours, 5117, bodies, asked.connections, asked.seconds)}
        if asked.mlflow_python:
            theirs = [
                asked.mlflow_python,
                "-m",
                "mlflow",
                "models",
                "serve",
                "-m",
                str(path),
                "-p",
                "5118",
                "--env-manager",
                "local",
            ]
            numbers["MLflow"] = bench(theirs, 5118, bodies, asked.connections, asked.seconds)
    print(f"Measured on {machine()}.\n\n| | {' | '.join(numbers)} | times better |\n|---|{'---|' * (len(numbers) + 1)}")
    for name in numbers["tracker"]:
        values = [side[name] for side in numbers.values()]
        better = (
            "" if len(values) == 1 else f"{values[0] / values[1] if name.endswith('/s') else values[1] / values[0]:.1f}"
        )
        print(
            f"| {name} | {' | '.join(f'{value:,.3g}' if value < 100 else f'{value:,.0f}' for value in values)} | {better} |"
        )


def _body(table: object, rows: int) -> bytes:
    part = table.sample(rows, replace=True, random_state=0)  # type: ignore[attr-defined]
    return b'{"dataframe_split": ' + part.to_json(orient="split", index=False).encode() + b"}"


if __name__ == "__main__":
    main()
