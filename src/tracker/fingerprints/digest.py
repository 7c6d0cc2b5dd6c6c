"""Running hashes by name, whose common digest does not depend on how their content was cut into pieces."""

from __future__ import annotations

from typing import Any

import xxhash


class Parts:
    """The parts of one value: fed in pieces, told apart by name and by length."""

    def __init__(self, *first: str) -> None:
        self._running: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        for text in first:
            self.text("", text)

    def feed(self, name: str, data: Any) -> None:
        """Bytes of a part; whatever has a contiguous buffer."""
        size = len(data) if isinstance(data, bytes) else memoryview(data).nbytes
        if name not in self._running:
            self._running[name] = xxhash.xxh3_128()
            self._sizes[name] = 0
        if size:
            self._running[name].update(data)
            self._sizes[name] += size

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
