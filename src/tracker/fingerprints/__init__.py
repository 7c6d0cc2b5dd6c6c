"""What stands for the content of a dataset: a digest of every value, its type, order and names.

    print = fingerprint(frame)          # pandas, Polars, Arrow, NumPy, PyTorch, SciPy's sparse; None for anything else
    print.digest, print.coverage        # 32 hex digits; "full", "sampled" beyond a bound, "unread"

Equal fingerprints that are "full" mean equal content, to the bit: -0.0 is not 0.0, NaNs of different bits differ, 1 is
not True nor "1", None is no NaN; so do names, dtypes, time zones, and the order of rows and columns. How a value
lies in memory (strides, chunks, offsets) does not count. Only libraries that are imported already are looked at.

The hash is XXH3 with 128 bits: it reads memory as fast as it comes (above 10 GB/s; BLAKE3 4, SHA-256 1.8, BLAKE2b
0.9 GB/s on the same core), which is what allows to read all of it before a cell runs. It withstands chance, not malice.
"""

from .dispatch import fingerprint
from .objects import Unreadable, encoded
from .result import Column, Fingerprint
from .sampling import Wait, one_wait

__all__ = ["Column", "Fingerprint", "Unreadable", "Wait", "encoded", "fingerprint", "one_wait"]
