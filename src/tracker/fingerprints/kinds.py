"""What a value is, told by its type alone."""

from __future__ import annotations

from typing import Any, TypeGuard, TypeVar, overload

Kind = TypeVar("Kind")


@overload
def is_a(value: object, kind: type[Kind], /) -> TypeGuard[Kind]: ...
@overload
def is_a(value: object, /, *kinds: type[Any]) -> TypeGuard[Any]: ...
def is_a(value: object, /, *kinds: type[Any]) -> TypeGuard[Any]:
    """`isinstance` that asks the value nothing: by `__class__` a lazy proxy would be made, and a hostile one raise."""
    return issubclass(type(value), kinds)


def identities(*kinds: type) -> frozenset[int]:
    """Classes to be looked up as `id(type(value)) in ...`: a user's metaclass may compare and hash by its own code, or
    make classes that cannot be hashed.
    """
    return frozenset(map(id, kinds))
