"""The benchmarks run, and tracker keeps its distance to the bare limits; no time is absolute."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from report import Numbers, markdown, value
from rows import SIZES, rows
from run import END, MARK, measured, placed

pytestmark = pytest.mark.benchmark

# How many bare limits a row may cost on a busy machine; the goals are tighter.
ROOM = {
    "`log_metric`, median": 8,
    "points a second, with the finish": 8,
    "1,000 runs as a DataFrame": 60,
    "filter, top 100 of 1,000 runs": 60,
    "history of 20,000 points": 60,
    "100,000 points reduced to 1,000": 60,
}


@pytest.fixture(scope="module")
def numbers() -> Iterator[tuple[Numbers, Numbers, Numbers]]:
    yield measured(SIZES["smoke"])


@pytest.mark.parametrize("title", ROOM)
def test_a_row_costs_few_bare_limits(numbers: tuple[Numbers, Numbers, Numbers], title: str) -> None:
    ours, _, bare = numbers
    (row,) = [row for row in rows(SIZES["smoke"]) if row.title == title]
    number, limit = value(ours, row.ours), value(bare, row.bare)
    assert number and limit
    cost = limit / number if row.more else number / limit
    assert cost <= ROOM[title]


def test_a_run_costs_few_of_its_points(numbers: tuple[Numbers, Numbers, Numbers]) -> None:
    ours, _, _ = numbers
    assert ours["whole_run"]["seconds"] <= 1000 * ours["log_metric"]["seconds"]


def test_loading_costs_less_than_a_process_that_logs(numbers: tuple[Numbers, Numbers, Numbers]) -> None:
    ours, _, _ = numbers
    assert ours["load_ext"]["seconds"] <= 4 * ours["first_metric"]["seconds"]


def test_processes_that_start_at_once_lose_nothing(numbers: tuple[Numbers, Numbers, Numbers]) -> None:
    ours, _, _ = numbers
    for count in (4, 8):
        assert ours[f"processes/{count}"]["kept"] == 1
        assert ours[f"processes/{count}"]["failed"] == 0


def test_a_sealed_point_is_smaller_than_its_bare_values(numbers: tuple[Numbers, Numbers, Numbers]) -> None:
    ours, _, _ = numbers
    assert ours["seal/100000"]["bytes"] < 16  # a step and a value


def test_the_table_has_a_line_for_each_row(numbers: tuple[Numbers, Numbers, Numbers]) -> None:
    every = rows(SIZES["smoke"])
    text = markdown(every, *numbers, "")
    assert len(text.splitlines()) == len(every) + 4
    assert "cores" in text


def test_the_table_takes_the_place_of_the_last_one() -> None:
    first = placed("| a |\n", f"before\n{MARK}\nafter\n")
    assert first == f"before\n{MARK}\n| a |\n{END}\nafter\n"
    assert placed("| b |\n", first) == first.replace("a |", "b |")
