"""Running hashes by name, whose common digest does not depend on how their content was cut into pieces."""

from __future__ import annotations

from typing import Any, Final

import xxhash

from tracker.fingerprints.sampling import has_read

_STEP: Final = 32 << 20


class Parts:
    """The parts of one value: fed in pieces, told apart by name and by length."""

    def __init__(self, *first: str) -> None:
        self._running: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        for text in first:
            self.text("", text)

    def feed(self, name: str, data: Any) -> None:
        """Bytes of a part; whatever has a contiguous buffer. An empty part is none. Raises TooSlow."""
        size = len(data) if isinstance(data, bytes) else memoryview(data).nbytes
        if not size:
            return
        running = self._running.get(name)
        if running is None:
            running = self._running[name] = xxhash.xxh3_128()
            self._sizes[name] = 0
        self._sizes[name] += size
        if size <= _STEP:
            running.update(data)
            has_read(size)
            return
        octets = memoryview(data).cast("B")
        for start in range(0, size, _STEP):
            running.update(octets[start : start + _STEP])
            has_read(_STEP)

    def text(self, name: str, text: str) -> None:
        """A text of a part, with its length, so that texts do not run into each other."""
        data = text.encode("utf-8", "surrogatepass")
        self.feed(name, len(data).to_bytes(8, "little") + data)

    def digest(self) -> str:
        """32 hexadecimal digits over all parts."""
        whole = xxhash.xxh3_128()
        for name in sorted(self._running):
            head = name.encode("utf-8", "surrogatepass")
            whole.update(len(head).to_bytes(8, "little") + head + self._sizes[name].to_bytes(8, "little"))
            whole.update(self._running[name].digest())
        return str(whole.hexdigest())
