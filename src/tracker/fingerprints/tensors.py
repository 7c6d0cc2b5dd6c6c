"""PyTorch tensors on the CPU; those on a device are named and not read: that would wait for it."""

from __future__ import annotations

import sys
from typing import Any

from tracker.fingerprints.arrays import tensor_schema
from tracker.fingerprints.digest import Parts
from tracker.fingerprints.result import Coverage, Fingerprint
from tracker.fingerprints.sampling import bound, sample_positions, sampled_why

_COPIED = 1 << 20


def of_tensor(tensor: Any) -> Fingerprint:
    """The fingerprint of a tensor: dtype, layout, shape and values."""
    torch = sys.modules["torch"]
    shape, dtype = tuple(int(n) for n in tensor.shape), str(tensor.dtype)
    size = int(tensor.element_size() * tensor.nelement()) if tensor.layout is torch.strided else 0
    schema = tensor_schema(tensor)
    parts = Parts("torch.Tensor", dtype, str(tensor.layout), repr(shape))
    if tensor.device.type != "cpu":
        parts.text("unread", tensor.device.type)
        why = f"it lies on {tensor.device}, and reading it would wait for the device"
        return Fingerprint("torch.Tensor", parts.digest(), shape, (), "unread", why, size, schema)
    with torch.no_grad():
        tensor = tensor.detach()
        coverage: Coverage = "full"
        why = ""
        if size > bound() and shape:
            import numpy

            rows = sample_positions(numpy, shape[0], size // max(1, shape[0]))
            tensor, coverage, why = tensor[torch.from_numpy(rows)], "sampled", sampled_why(size)
        parts.text("coverage", coverage)
        _feed(torch, parts, tensor)
    return Fingerprint("torch.Tensor", parts.digest(), shape, (), coverage, why, size, schema)


def _feed(torch: Any, parts: Parts, tensor: Any) -> None:
    if tensor.layout is torch.strided:
        if tensor.is_quantized:
            parts.text("scale", f"{tensor.qscheme()} {tensor!r}"[:200])
            tensor = tensor.int_repr()
        _feed_strided(torch, parts, "values", tensor.resolve_conj().resolve_neg())
        return
    names = ("crow_indices", "col_indices") if tensor.layout is torch.sparse_csr else ("ccol_indices", "row_indices")
    if tensor.layout is torch.sparse_coo:
        _feed_strided(torch, parts, "indices", tensor._indices())
        _feed_strided(torch, parts, "values", tensor._values())
        return
    for name in (*names, "values"):
        _feed_strided(torch, parts, name, getattr(tensor, name)())


def _feed_strided(torch: Any, parts: Parts, name: str, tensor: Any) -> None:
    size = tensor.nelement() * tensor.element_size()
    if tensor.dim() and not tensor.is_contiguous() and size > _COPIED:
        rows = _COPIED * len(tensor) // size
        for start in range(0, len(tensor), rows or 1):
            _feed_strided(torch, parts, name, tensor[start : start + rows] if rows else tensor[start])
        return
    if size:
        parts.feed(name, tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
