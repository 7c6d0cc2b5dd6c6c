"""Datasets under names, and files by their digests: what is read again, and what need not be."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tracker.capture import unchanged
from tracker.capture.data import datasets_read, file_digest
from tracker.capture.opened import begin_collecting, collected, written_through
from tracker.fingerprints import Wait, fingerprint, sampling


class Bunch(dict[str, object]):
    def items(self):  # type: ignore[no-untyped-def]
        raise RuntimeError("the class was asked")


def test_datasets_inside_containers_to_some_depth() -> None:
    x, frame = np.arange(3), pd.DataFrame({"a": [1]})
    names = {"bunch": Bunch(data=x, told="text"), "splits": {"train": (x, frame)}, "many": [x + i for i in range(300)]}
    found = datasets_read(names, names)
    assert set(found) == {"bunch['data']", "splits['train'][0]", "splits['train'][1]", "many"}
    assert found["splits['train'][0]"].digest == found["bunch['data']"].digest
    assert found["many"].shape == (300,) and found["many"].coverage == "full"
    names["many"][299] = x  # type: ignore[index]
    assert datasets_read(names, names)["many"].digest != found["many"].digest
    assert fingerprint([1, x]) is None


def test_a_large_file_at_rest_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "MIN_BYTES", 1 << 16)
    monkeypatch.setattr(unchanged, "REST_SECONDS", -1)
    if not unchanged._is_disk(tmp_path.stat().st_dev):
        pytest.skip("this folder is on no disk of its own")
    unchanged._known.clear()
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(1 << 20))
    first, kept = file_digest(str(path)), dict(unchanged._known)
    assert first is not None and list(kept.values()) == [first.digest]
    assert file_digest(str(path)) == first
    status = path.stat()
    time.sleep(0.02)
    with open(path, "r+b") as file:
        file.write(b"1")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = file_digest(str(path))
    assert second is not None and second.digest != first.digest
    mapped = np.memmap(path, dtype="u1", mode="r+")
    mapped[5] = 7
    assert file_digest(str(path)) not in (first, second)
    mapped[6] = 8
    third = file_digest(str(path))
    mapped[7] = 9
    assert file_digest(str(path)) != third
    unchanged._known.clear()


def test_what_is_its_own_base_is_no_file() -> None:
    assert written_through(np.dtype("f4")) is None


def test_what_a_library_opens_of_itself_takes_no_place_of_data(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("1")
    begin_collecting()
    for path in [pytest.__file__] * 1_001 + [str(tmp_path / "in.txt")]:
        open(path, "rb").close()
    found = collected()
    assert (found.elsewhere, found.read) == ("", {os.path.realpath(tmp_path / "in.txt")})


class Over(Wait):
    def is_over(self) -> bool:
        return True


def test_a_large_file_for_which_there_is_no_time_is_sampled(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    for size, coverage in ((70 << 20, "sampled"), (1 << 20, "full")):
        with open(path, "wb") as file:
            file.truncate(size)
        told = file_digest(str(path), Over())
        assert told is not None and (told.coverage, told.size) == (coverage, size)


def test_a_dataset_for_which_there_is_no_time_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = np.zeros(4 << 20), np.arange(10)
    monkeypatch.setattr(sampling, "Wait", Over)
    found = datasets_read(["large", "small"], {"large": large, "small": small})
    assert found["small"].coverage == "full"
    assert found["large"].coverage == "sampled" and "longer than a second" in found["large"].why
