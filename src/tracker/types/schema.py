"""Schemas: the columns or tensors that a model takes and gives, and its inference parameters.

Names and JSON are MLflow's. A schema is all columns or all tensors, all named or all unnamed.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue
from tracker.types.nested import (
    AnyDataType,
    AnyType,
    Array,
    DataType,
    Map,
    Object,
    Property,
    SparkMLVector,
    _refuse_twice,
    type_from_dict,
    type_of,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "AnyType", "Array", "ColSpec", "DataType", "Map", "Object", "ParamSchema", "ParamSpec", "Property", "Schema",
    "SparkMLVector", "TensorSpec",
]  # fmt: skip


class _Spec:
    """Base of what has a dict: equal when that is."""

    def to_dict(self) -> Any:
        """MLflow's JSON, as plain values."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _Spec) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))


class ColSpec(_Spec):
    """A column: its type, its name if it has one, and whether it must be there."""

    def __init__(self, type: AnyDataType | str, name: str | None = None, required: bool = True) -> None:  # noqa: A002
        self.type = type_of(type)
        self.name = name
        self.required = required

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**self.type.to_dict(), **named, "required": self.required}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> ColSpec:
        """The column that `to_dict` gave. Raises InvalidValue."""
        name = kwargs.get("name")
        return cls(type_from_dict(kwargs, f"column {name!r}"), name, bool(kwargs.get("required", True)))

    def __repr__(self) -> str:
        need = "required" if self.required else "optional"
        return f"{self.type!r} ({need})" if self.name is None else f"{self.name!r}: {self.type!r} ({need})"


class TensorSpec(_Spec):
    """A tensor: NumPy type, shape (-1 where any length is taken), and its name if it has one."""

    required = True

    def __init__(self, type: np.dtype[Any], shape: Sequence[int], name: str | None = None) -> None:  # noqa: A002
        import numpy as np

        if not isinstance(type, np.dtype):
            raise TypeError(f"The type of a tensor is a numpy.dtype; got {type.__class__.__name__}: {type!r}.")
        if type.char in "US" and type.itemsize:
            plain = "str" if type.char == "U" else "bytes"
            raise InvalidValue(f"The type {type} of a tensor holds a length; use numpy.dtype({plain!r}).")
        if not isinstance(shape, (tuple, list)):
            raise TypeError(f"The shape of a tensor is a tuple or list; got {shape!r}.")
        self.type = type
        self.shape = tuple(int(size) for size in shape)
        self.name = name

    def to_dict(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.type.name, "shape": list(self.shape)}}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> TensorSpec:
        """The tensor that `to_dict` gave. Raises InvalidValue."""
        import numpy as np

        told = kwargs.get("tensor-spec")
        if not isinstance(told, Mapping) or not {"dtype", "shape"} <= set(told):
            raise InvalidValue(f"A tensor's JSON has a 'tensor-spec' with 'dtype' and 'shape'; got {kwargs!r}.")
        return cls(np.dtype(str(told["dtype"])), told["shape"], kwargs.get("name"))

    def __repr__(self) -> str:
        told = f"Tensor({self.type.name!r}, {self.shape!r})"
        return told if self.name is None else f"{self.name!r}: {told}"


class Schema(_Spec):
    """The inputs or outputs of a model, in order."""

    def __init__(self, inputs: Sequence[ColSpec | TensorSpec]) -> None:
        if not isinstance(inputs, (list, tuple)):
            raise InvalidValue(f"A schema is made of a list of ColSpec or TensorSpec; got {type(inputs).__name__}.")
        if not (all(isinstance(x, ColSpec) for x in inputs) or all(isinstance(x, TensorSpec) for x in inputs)):
            raise InvalidValue("A schema is made of ColSpec only or of TensorSpec only.")
        named = [x.name for x in inputs if x.name is not None]
        if named and len(named) != len(inputs):
            raise InvalidValue("Either all columns of a schema have a name or none.")
        if not named and any(not x.required for x in inputs):
            raise InvalidValue("Columns without a name cannot be optional; give them names.")
        if not named and len(inputs) > 1 and isinstance(inputs[0], TensorSpec):
            raise InvalidValue("A schema has one tensor without a name, or several with names.")
        _refuse_twice([str(name) for name in named], "columns")
        self.inputs = list(inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        return iter(self.inputs)

    def is_tensor_spec(self) -> bool:
        """Whether it describes tensors rather than columns."""
        return bool(self.inputs) and isinstance(self.inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        """Whether its parts have names."""
        return bool(self.inputs) and self.inputs[0].name is not None

    def input_names(self) -> list[Any]:
        """The names, or the positions of what has none."""
        return [i if x.name is None else x.name for i, x in enumerate(self.inputs)]

    def required_input_names(self) -> list[Any]:
        """The names of what must be there."""
        return [i if x.name is None else x.name for i, x in enumerate(self.inputs) if x.required]

    def optional_input_names(self) -> list[Any]:
        """The names of what may be left out."""
        return [x.name for x in self.inputs if not x.required]

    def input_types(self) -> list[Any]:
        """The type of each part."""
        return [x.type for x in self.inputs]

    def input_dict(self) -> dict[Any, ColSpec | TensorSpec]:
        """The parts by name. Raises InvalidValue where they have none."""
        if not self.has_input_names():
            raise InvalidValue("The columns of this schema have no names.")
        return {x.name: x for x in self.inputs}

    def required_input_dict(self) -> dict[Any, ColSpec | TensorSpec]:
        """The parts that must be there, by name."""
        return {name: x for name, x in self.input_dict().items() if x.required}

    def numpy_types(self) -> list[np.dtype[Any]]:
        """The NumPy type of each part; object for nested columns."""
        import numpy as np

        return [
            x.type
            if isinstance(x, TensorSpec)
            else x.type.to_numpy()
            if isinstance(x.type, DataType)
            else np.dtype("O")
            for x in self.inputs
        ]

    def to_dict(self) -> list[dict[str, Any]]:
        return [x.to_dict() for x in self.inputs]

    def to_json(self) -> str:
        """MLflow's JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> Schema:
        """The schema that `to_json` gave. Raises InvalidValue."""
        return cls([_read_input(told) for told in _list_of(json_str, "schema")])

    def __repr__(self) -> str:
        return repr(self.inputs)


def _read_input(told: dict[str, Any]) -> ColSpec | TensorSpec:
    return (TensorSpec if told.get("type") == "tensor" else ColSpec).from_json_dict(**told)


def _list_of(text: str, what: str) -> list[dict[str, Any]]:
    try:
        told = json.loads(text)
    except (ValueError, TypeError) as error:
        raise InvalidValue(f"This {what} is no JSON: {error}.") from error
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise InvalidValue(f"The JSON of a {what} is a list of objects; got {text[:80]!r}.")
    return told


# -- parameters of inference


class ParamSpec(_Spec):
    """An inference parameter: name, type, default, and shape: None for one value, (-1,) for a list."""

    def __init__(
        self, name: str, dtype: DataType | Object | str, default: Any, shape: Sequence[int] | None = None
    ) -> None:
        self.name = str(name)
        kind = type_of(dtype)
        if not isinstance(kind, (DataType, Object)) or kind is DataType.binary:
            raise InvalidValue(f"The parameter {name!r} cannot be of type {kind!r}; take a scalar type or an Object.")
        if shape is not None and tuple(shape) != (-1,):
            raise InvalidValue(f"The shape of the parameter {name!r} is None or (-1,); got {shape!r}.")
        self.dtype: DataType | Object = kind
        self.shape = None if shape is None else tuple(shape)
        self.default = self.checked(default)

    def checked(self, value: Any) -> Any:
        """The value, as the parameter's type. Raises InvalidValue if it cannot be."""
        from tracker.types.checks import checked_parameter

        return checked_parameter(self, value)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "default": _plain_dates(self.default),
            "shape": None if self.shape is None else list(self.shape),
            **self.dtype.to_dict(),
        }

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> ParamSpec:
        """The parameter that `to_dict` gave; the type may stand under "dtype". Raises InvalidValue."""
        told = {**kwargs, "type": kwargs.get("type") or kwargs.get("dtype")}
        if not {"name", "default"} <= set(told):
            raise InvalidValue(f"A parameter's JSON has 'name', 'type' and 'default'; got {kwargs!r}.")
        kind = type_from_dict(told, f"parameter {told['name']!r}")
        return cls(told["name"], kind, told["default"], told.get("shape"))  # type: ignore[arg-type]

    def __repr__(self) -> str:
        shape = "" if self.shape is None else f" (shape: {self.shape})"
        return f"{self.name!r}: {self.dtype!r} (default: {self.default}){shape}"


def _plain_dates(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_dates(one) for one in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


class ParamSchema(_Spec):
    """The parameters that a model's predict takes."""

    def __init__(self, params: Sequence[ParamSpec]) -> None:
        if not all(isinstance(one, ParamSpec) for one in params):
            raise InvalidValue("A ParamSchema is made of a list of ParamSpec.")
        _refuse_twice([one.name for one in params], "parameters")
        self.params = list(params)

    def __len__(self) -> int:
        return len(self.params)

    def __iter__(self) -> Iterator[ParamSpec]:
        return iter(self.params)

    def to_dict(self) -> list[dict[str, Any]]:
        return [one.to_dict() for one in self.params]

    def to_json(self) -> str:
        """MLflow's JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> ParamSchema:
        """The parameters that `to_json` gave. Raises InvalidValue."""
        return cls([ParamSpec.from_json_dict(**told) for told in _list_of(json_str, "parameter schema")])

    def __repr__(self) -> str:
        return repr(self.params)
