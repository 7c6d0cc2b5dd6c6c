"""PyTorch tensors on the CPU; those on a device are named and not read: that would wait for it."""

from __future__ import annotations

import sys
from typing import Any

from tracker.fingerprints.arrays import feed_array, feed_class, tensor_schema
from tracker.fingerprints.digest import Parts
from tracker.fingerprints.objects import Unreadable
from tracker.fingerprints.result import Fingerprint
from tracker.fingerprints.sampling import coverage_of, read_pieces

_SPARSE = {
    "torch.sparse_coo": ("_indices", "_values"),
    "torch.sparse_csr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_bsr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_csc": ("ccol_indices", "row_indices", "values"),
    "torch.sparse_bsc": ("ccol_indices", "row_indices", "values"),
}


def of_tensor(tensor: Any) -> Fingerprint:
    """The fingerprint of a tensor: dtype, layout, shape and values. No code of a derived class is called."""
    torch = sys.modules["torch"]
    with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
        return _of_nested(torch, tensor) if tensor.is_nested else _of_tensor(torch, tensor)


def _of_tensor(torch: Any, tensor: Any) -> Fingerprint:
    shape, dtype = tuple(int(n) for n in tensor.shape), str(tensor.dtype)
    size = int(tensor.element_size() * tensor.nelement()) if tensor.layout is torch.strided else 0
    schema = tensor_schema(tensor)
    parts = Parts("torch.Tensor", dtype, str(tensor.layout), repr(shape))
    if tensor.device.type != "cpu":
        parts.text("unread", tensor.device.type)
        why = f"it lies on {tensor.device}, and reading it would wait for the device"
        return Fingerprint("torch.Tensor", parts.digest(), shape, (), "unread", why, size, schema)
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        feed_class(parts, tensor)
    tensor = tensor.detach()
    coverage, why = coverage_of(size) if shape and size else ("full", "")
    parts.text("coverage", coverage)
    if tensor.is_quantized:
        _feed_scale(torch, parts, tensor)
        tensor = tensor.int_repr()
    if str(tensor.layout) in _SPARSE:
        for name in _SPARSE[str(tensor.layout)]:
            _feed_strided(torch, parts, name.strip("_"), getattr(tensor, name)())
    else:
        if tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        for piece in read_pieces(tensor, size, coverage):
            _feed_strided(torch, parts, "values", piece)
    return Fingerprint("torch.Tensor", parts.digest(), shape, (), coverage, why, size, schema)


def _of_nested(torch: Any, tensor: Any) -> Fingerprint:
    pieces = [_of_tensor(torch, piece) for piece in tensor.unbind()]
    for piece in pieces:
        if piece.coverage != "full":
            raise Unreadable(f"a part that is {piece.coverage}")
    parts = Parts("torch.Tensor", "nested", str(tensor.dtype), str(tensor.layout))
    for piece in pieces:
        parts.text("pieces", piece.digest)
    return Fingerprint("torch.Tensor", parts.digest(), (len(pieces),), nbytes=sum(piece.nbytes for piece in pieces))


def _feed_scale(torch: Any, parts: Parts, tensor: Any) -> None:
    """Feed what a quantized tensor's integers mean."""
    parts.text("scheme", str(tensor.qscheme()))
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        parts.text("scale", f"{tensor.q_scale()!r} {tensor.q_zero_point()}")
        return
    parts.text("axis", str(tensor.q_per_channel_axis()))
    _feed_strided(torch, parts, "scales", tensor.q_per_channel_scales())
    _feed_strided(torch, parts, "zero points", tensor.q_per_channel_zero_points())


def _feed_strided(torch: Any, parts: Parts, name: str, tensor: Any) -> None:
    """Feed a tensor's bytes in order; by NumPy, whose copies wait for no other thread."""
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.is_contiguous():
        feed_array(parts, name, tensor.reshape(-1).view(torch.uint8).numpy())
        return
    sizes = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64, 16: torch.complex128}
    feed_array(parts, name, tensor.view(sizes[tensor.element_size()]).numpy())
