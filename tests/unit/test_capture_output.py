from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tracker.capture import Tee

Streams = tuple[io.StringIO, io.StringIO]


@contextlib.contextmanager
def standard(out: Any, err: Any) -> Iterator[None]:
    saved = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = saved


@pytest.fixture
def streams() -> Streams:
    return io.StringIO(), io.StringIO()


@contextlib.contextmanager
def teeing(tee: Tee) -> Any:
    tee.start()
    try:
        yield tee
    finally:
        tee.stop()


def test_both_streams_are_kept_in_order_and_still_shown(streams: Streams) -> None:
    with standard(*streams):
        with teeing(Tee()) as tee:
            print("one")
            print("two", file=sys.stderr)
            sys.stdout.writelines(["three\n", "four\n"])
        print("after")
        assert [tuple(piece) for piece in tee.pieces] == [
            ("stdout", "one\n"),
            ("stderr", "two\n"),
            ("stdout", "three\nfour\n"),
        ]
        assert tee.text == "one\ntwo\nthree\nfour\n"
        assert streams[0].getvalue() == "one\nthree\nfour\nafter\n" and streams[1].getvalue() == "two\n"


def test_streams_are_restored_exactly(streams: Streams) -> None:
    with standard(*streams):
        out, _ = streams
        before = dict(vars(out))
        with teeing(Tee()):
            print("x")
        assert vars(out) == before and sys.stdout is out


def test_a_handler_that_holds_the_stream_is_seen(streams: Streams) -> None:
    with standard(*streams):
        logger = logging.Logger("held")
        logger.addHandler(logging.StreamHandler(sys.stderr))
        with teeing(Tee()) as tee:
            logger.warning("watch out")
        assert tee.text == "watch out\n"


def test_a_redirected_stream_is_the_cells_own(streams: Streams) -> None:
    with standard(*streams):
        own = io.StringIO()
        with teeing(Tee()) as tee:
            with contextlib.redirect_stdout(own):
                print("mine")
            print("shown")
        assert own.getvalue() == "mine\n" and tee.text == "shown\n"


def test_a_cell_that_rebinds_stdout_for_good_keeps_its_stream(
    streams: tuple[io.StringIO, io.StringIO],
) -> None:
    own = io.StringIO()
    tee = Tee()
    tee.start()
    sys.stdout = own
    tee.stop()
    assert sys.stdout is own
    print("later", file=streams[0])
    assert tee.text == ""


def test_a_write_patched_by_the_cell_stays(streams: Streams) -> None:
    with standard(*streams):
        out, _ = streams
        tee = Tee()
        tee.start()
        inner = out.write
        out.write = lambda text: inner(text.upper())  # type: ignore[method-assign]
        tee.stop()
        print("loud")
        assert out.getvalue() == "LOUD\n" and tee.text == ""


class Slotted:
    __slots__ = ("written",)

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)

    def flush(self) -> None:
        pass


def test_a_stream_without_attributes_is_stood_in_for() -> None:
    stream = Slotted()
    with standard(stream, stream):
        with teeing(Tee()) as tee:
            print("through", flush=True)
            assert sys.stdout.write("ab") == 2
        assert sys.stdout is stream
    assert "".join(stream.written) == tee.text == "through\nab"


def test_long_output_keeps_its_first_and_last_parts(streams: Streams) -> None:
    with standard(*streams):
        with teeing(Tee(kept=100)) as tee:
            for number in range(1000):
                print(f"line {number:04d}")
        assert tee.text.startswith("line 0000\n") and tee.text.endswith("line 0999\n")
        assert "9,800 characters left out" in tee.text
        assert len(tee.text) < 300


def test_one_huge_write_is_bounded(streams: Streams) -> None:
    with standard(*streams):
        with teeing(Tee(kept=10)) as tee:
            sys.stdout.write("a" * 5 + "b" * 1_000_000 + "z" * 10)
        assert tee.text == "aaaaabbbbb\n[… 999,995 characters left out …]\nzzzzzzzzzz"


def test_errors_of_the_stream_are_the_cells(streams: Streams) -> None:
    with standard(*streams):
        with teeing(Tee()) as tee:
            with pytest.raises(TypeError):
                sys.stdout.write(b"bytes")  # type: ignore[arg-type]
            print("fine")
        assert tee.text == "fine\n"


def test_threads_lose_nothing(streams: Streams) -> None:
    with standard(*streams):

        def work() -> None:
            for _ in range(500):
                sys.stdout.write("x")

        with teeing(Tee()) as tee:
            threads = [threading.Thread(target=work) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert tee.text == "x" * 4000


def test_the_notebooks_stream() -> None:
    iostream, zmq = pytest.importorskip("ipykernel.iostream"), pytest.importorskip("zmq")
    session = pytest.importorskip("jupyter_client.session").Session()
    context = zmq.Context()
    publisher, subscriber = context.socket(zmq.PUB), context.socket(zmq.SUB)
    publisher.bind("inproc://printed")
    subscriber.connect("inproc://printed")
    subscriber.subscribe(b"")
    thread = iostream.IOPubThread(publisher)
    thread.start()
    stream = iostream.OutStream(session, thread, "stdout", watchfd=False)
    stream.set_parent({})
    own = set(vars(stream))
    try:
        with standard(stream, io.StringIO()), teeing(Tee()) as tee:
            print("hello", flush=True)
        assert subscriber.poll(5_000)
        _, parts = session.feed_identities(subscriber.recv_multipart())
        assert session.deserialize(parts)["content"] == {"name": "stdout", "text": "hello\n"}
        assert tee.text == "hello\n"
        assert "write" not in vars(stream) and own <= set(vars(stream))
    finally:
        stream.close()
        thread.stop()
        thread.close()
        subscriber.close()
        context.term()
