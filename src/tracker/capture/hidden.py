"""Objects of libraries whose state Python does not see: connections, processes, files, memory elsewhere."""

from __future__ import annotations

import sys
from typing import Any, Final

from tracker.fingerprints import Unreadable

_HIDDEN: Final = frozenset(
    {"multiprocessing", "sqlite3", "duckdb", "_duckdb", "h5py", "socket", "ssl", "subprocess", "asyncio", "tempfile",
     "IPython", "ipykernel", "concurrent", "mmap", "netCDF4", "tables", "requests", "urllib3", "httpx", "aiohttp",
     "http", "sqlalchemy"}
)  # fmt: skip
_HIDDEN_KINDS: Final = frozenset({"LazyFrame", "NativeFile", "SQLContext", "InProcessQuery"})
_HIDDEN_MODULES: Final = ("pyarrow._dataset", "pyarrow._fs", "pyarrow._parquet", "pyarrow.parquet", "pyarrow._orc")
IN_MEMORY: Final = frozenset({"BytesIO", "StringIO"})
"""Files that can be looked at without using them up."""
_GLOBAL_STATE: Final = frozenset({("random", "_inst"), ("numpy.random.mtrand", "_rand")})


def is_hidden(kind: type, root: str) -> bool:
    """Whether objects of this class of the package `root` hold what cannot be told."""
    return root in _HIDDEN or kind.__name__ in _HIDDEN_KINDS or str(kind.__module__).startswith(_HIDDEN_MODULES)


def is_global_state(owner: Any) -> bool:
    """Whether this is the generator behind a module's own functions."""
    return any(getattr(sys.modules.get(module), name, None) is owner for module, name in _GLOBAL_STATE)


def ctypes_bytes(value: Any) -> bytes:
    """The memory of a simple C value. Raises Unreadable for what points to memory elsewhere."""
    import ctypes

    code = getattr(type(value), "_type_", "")
    if not isinstance(value, ctypes._SimpleCData) or code in ("P", "O", "z", "Z"):
        raise Unreadable(type(value).__name__)
    return bytes(memoryview(value))
