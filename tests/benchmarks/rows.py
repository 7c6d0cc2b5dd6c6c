"""The table of goals: what each row shows, where its numbers come from, and how they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Number = tuple[str, str]
"""A task (with its size, if it runs at several) and the key of its number, as ("table/10000", "again")."""


@dataclass(frozen=True)
class Size:
    """How much is measured. `compared` runs are what MLflow's tables are filled with."""

    runs: int
    compared: int
    points: int
    many_points: int
    calls: int
    whole_runs: int
    cells: int
    processes: int
    repeats: int


SIZES = {
    "smoke": Size(1_000, 100, 20_000, 100_000, 10_000, 50, 15, 4, 1),
    "medium": Size(10_000, 1_000, 100_000, 1_000_000, 50_000, 200, 40, 16, 3),
    "full": Size(100_000, 10_000, 100_000, 10_000_000, 100_000, 500, 100, 64, 5),
}


@dataclass(frozen=True)
class Row:
    """One line of the table. `mlflow` and `fastest` are what its number is divided by, or divides if `more` is better."""

    title: str
    goal: str
    ours: Number
    write: Callable[[float], str]
    mlflow: Number | None = None
    fastest: Number | None = None
    bare: Number | None = None
    more: bool = field(default=False)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


def us(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} µs"


def rate(number: float) -> str:
    return f"{number:,.0f}/s"


def rows(size: Size) -> list[Row]:
    """The rows that the store can serve."""
    compared, all_runs = f"table/{size.compared}", f"table/{size.runs}"
    top_compared, top_all = f"top/{size.compared}", f"top/{size.runs}"
    return [
        Row("`%load_ext tracker` (for MLflow: its import)", "≤ 150 ms", ("load_ext", "seconds"), ms, ("load_ext", "seconds")),
        Row("process start to first metric", "≤ 150 ms", ("first_metric", "seconds"), ms, ("first_metric", "seconds")),
        Row("`log_metric`, median", "≤ 4 µs, ≤ 4 bare", ("log_metric", "seconds"), us,
            ("log_metric", "seconds"), ("fast_log_metric", "seconds"), ("write", "seconds")),
        Row("`log_metric`, p99", "≤ 50 µs", ("log_metric", "p99"), us, ("log_metric", "p99"), None, ("write", "p99")),
        Row("points a second, with the finish", "≥ 250,000/s", ("log_metric", "rate"), rate,
            ("log_metric", "rate"), ("fast_log_metric", "rate"), ("write", "rate"), more=True),
        Row("run with 10 params, 5 metrics, 2 tags", "≤ 0.5 ms", ("whole_run", "seconds"), ms,
            ("whole_run", "seconds"), ("fast_whole_run", "seconds")),
        Row(f"{size.compared:,} runs as a DataFrame", "10,000: ≤ 80 ms", (compared, "again"), ms,
            (compared, "again"), None, (f"wide/{size.compared}", "table")),
        Row("… the first time in a process", "", (compared, "first"), ms, (compared, "first")),
        Row(f"{size.runs:,} runs as a DataFrame", "100,000: ≤ 0.6 s", (all_runs, "again"), ms,
            None, None, (f"wide/{size.runs}", "table")),
        Row("… the first time in a process", "", (all_runs, "first"), ms),
        Row(f"filter, top 100 of {size.compared:,} runs", "", (top_compared, "again"), ms,
            (top_compared, "again"), None, (f"wide/{size.compared}", "top")),
        Row(f"filter, top 100 of {size.runs:,} runs", "100,000: ≤ 60 ms", (top_all, "again"), ms,
            None, None, (f"wide/{size.runs}", "top")),
        Row("… the first time in a process", "", (top_all, "first"), ms),
        Row(f"history of {size.points:,} points", "100,000: ≤ 20 ms", (f"history/{size.points}", "again"), ms,
            (f"history/{size.points}", "again"), None, (f"curve/{size.points}", "history")),
        Row("… the first time in a process", "", (f"history/{size.points}", "first"), ms),
        Row(f"{size.many_points:,} points reduced to 1,000", "10 M: ≤ 150 ms", (f"reduction/{size.many_points}", "again"), ms,
            None, None, (f"curve/{size.many_points}", "reduction")),
        Row("… the first time in a process", "", (f"reduction/{size.many_points}", "first"), ms),
        Row("… again, zoomed into half of them", "10 M: ≤ 150 ms", (f"reduction/{size.many_points}", "zoom"), ms),
        Row("sealed size of a point", "≤ 10 bytes", (f"seal/{size.many_points}", "bytes"), "{:.1f} bytes".format,
            (f"fill_points/{size.points}", "bytes")),
        Row("points a second imported from MLflow's folder", "≥ 100,000/s", ("import_folder", "rate"), rate, more=True),
        Row(f"{size.processes} processes, cold start, 100 runs each: kept", "100 %", (f"processes/{size.processes}", "kept"), "{:.0%}".format),
        Row("the same with 8 processes", "100 %", ("processes/8", "kept"), "{:.0%}".format, ("processes/8", "kept"), more=True),
        Row("what `%%track` adds to an empty cell", "≤ 5 ms", ("empty_cell", "seconds"), ms),
        Row("what it adds to cells of half a second", "≤ 2 %", ("real_cells", "share"), "{:.1%}".format),
    ]  # fmt: skip
