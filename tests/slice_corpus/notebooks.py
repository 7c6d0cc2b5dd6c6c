"""Notebooks made of fragments, and sessions of them: cells run in order, out of it, edited and run again.

A fragment is a list of cells, a cell a list of versions of its text. The files beside this one hold them: `=== name`
begins a fragment, `---` a cell, `|||` another version of it.
"""

from __future__ import annotations

import random
from pathlib import Path

Fragment = list[list[str]]


def fragments(name: str) -> dict[str, Fragment]:
    """The fragments of a file beside this one."""
    text = (Path(__file__).parent / f"{name}.cells").read_text()
    found: dict[str, Fragment] = {}
    for part in text.split("=== ")[1:]:
        title, _, body = part.partition("\n")
        cells = [cell.strip("\n") for cell in f"\n{body}\n".split("\n---\n")]
        found[title.strip()] = [[version.strip("\n") for version in cell.split("\n|||\n")] for cell in cells]
    return found


def session(chosen: list[Fragment], seed: int) -> list[str]:
    """The sources of one session's executions: every cell of these fragments at least once, the tracked ones last."""
    chance = random.Random(seed)
    waiting = [list(fragment) for fragment in chosen]
    tracked = [fragment.pop() for fragment in waiting]
    done: list[list[str]] = []
    current: dict[int, str] = {}
    executed: list[str] = []

    def execute(cell: list[str], edit: bool) -> None:
        if edit or id(cell) not in current:
            current[id(cell)] = chance.choice(cell) if edit else cell[0]
        executed.append(current[id(cell)])

    while any(waiting):
        roll = chance.random()
        if done and roll < 0.18:
            execute(chance.choice(done), edit=False)
        elif done and roll < 0.36:
            execute(chance.choice(done), edit=True)
        elif roll < 0.42:
            execute(chance.choice(chance.choice([f for f in waiting if f])), edit=False)
        else:
            fragment = chance.choice([f for f in waiting if f])
            cell = fragment.pop(0)
            execute(cell, edit=False)
            done.append(cell)
    for cell in tracked:
        if chance.random() < 0.3:
            execute(chance.choice(done), edit=True)
        execute(cell, edit=False)
    return executed


def notebooks(name: str, seed: int, count: int) -> list[list[str]]:
    """Sessions of `count` notebooks, each of two to four fragments, every fragment used about equally often."""
    known = fragments(name)
    chance = random.Random(f"{name} {seed}")
    found: list[list[str]] = []
    pool: list[str] = []
    for i in range(count):
        wanted = chance.choice([2, 2, 3, 4])
        if len(pool) < wanted:
            pool = chance.sample(sorted(known), len(known))
        chosen, pool = pool[:wanted], pool[wanted:]
        found.append(session([known[title] for title in chosen], hash((seed, i))))
    return found
