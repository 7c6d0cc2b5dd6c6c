"""The limits beside which tracker is measured: the same bytes by a bare write, the same answers by bare DuckDB on Parquet."""

from __future__ import annotations

import os
import time
from pathlib import Path

from timing import Task, durations, main, once_and_again

LINE = b'{"e":"metric","r":"01a1fdf4a38e7e2f8f0f6f0c2b7b9d11","k":"loss","v":0.14285714285714285,"s":12345,"t":1795262000000000}\n'


def write(folder: Path, size: int) -> dict[str, float]:
    file = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    taken = sorted(durations(lambda _: os.write(file, LINE), size))
    start = time.perf_counter()
    for _ in range(size):
        os.write(file, LINE)
    rate = size / (time.perf_counter() - start)
    os.close(file)
    return {"seconds": taken[size // 2], "p99": taken[size * 99 // 100], "rate": rate}


def wide(folder: Path, size: int) -> dict[str, float]:
    """A table of 20 columns of doubles in Parquet into a DataFrame, and its filtered top 100."""
    import duckdb
    import pandas  # noqa: F401

    columns = ", ".join(f"(i * {k + 7}) % 9973 / 9973.0 AS c{k}" for k in range(20))
    file = folder / f"wide-{size}.parquet"
    db = duckdb.connect()
    db.execute(f"COPY (SELECT uuid()::VARCHAR AS run_id, {columns} FROM range({size}) r(i)) TO '{file}'")
    every = once_and_again(lambda _: db.sql(f"FROM '{file}'").df())
    best = once_and_again(
        lambda _: db.sql(f"FROM '{file}' WHERE c3 > 0.2 AND c5 < 0.9 ORDER BY c5 DESC LIMIT 100").df()
    )
    return {"table": every["again"], "top": best["again"]}


def curve(folder: Path, size: int) -> dict[str, float]:
    """One curve in Parquet into a DataFrame, and its least and greatest per bucket."""
    import duckdb
    import pandas  # noqa: F401

    file = folder / f"curve-{size}.parquet"
    db = duckdb.connect()
    db.execute(f"COPY (SELECT 'r' AS run_id, i AS step, random() AS value FROM range({size}) r(i)) TO '{file}'")
    every = once_and_again(lambda _: db.sql(f"SELECT step, value FROM '{file}' WHERE run_id = 'r' ORDER BY step").df())
    least = f"SELECT step * 1000 // {size} AS b, min(value), max(value) FROM '{file}' WHERE run_id = 'r' GROUP BY b"
    return {"history": every["again"], "reduction": once_and_again(lambda _: db.sql(least).df())["again"]}


TASKS: dict[str, Task] = {task.__name__: task for task in (write, wide, curve)}

if __name__ == "__main__":
    main(TASKS)
