"""What a column or a field can hold: MLflow's scalar types, and arrays, objects and maps made of them.

Names and JSON are MLflow's, so that a signature written by one is read by the other.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from tracker.exceptions import InvalidValue

if TYPE_CHECKING:
    import numpy as np


class DataType(Enum):
    """A scalar type."""

    boolean = 1
    integer = 2
    long = 4
    float = 5
    double = 6
    string = 7
    binary = 8
    datetime = 9

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return self.name

    def to_numpy(self) -> np.dtype[Any]:
        """The NumPy type."""
        import numpy as np

        return np.dtype(_NUMPY[self.name])

    def to_pandas(self) -> np.dtype[Any]:
        """The type of a pandas column."""
        import numpy as np

        return np.dtype(_PANDAS.get(self.name, _NUMPY[self.name]))

    def to_python(self) -> type:
        """The Python type."""
        return _PYTHON[self.name]

    def to_dict(self) -> dict[str, Any]:
        """MLflow's JSON, as a dict."""
        return {"type": self.name}

    @classmethod
    def all_types(cls) -> list[DataType]:
        """Every scalar type."""
        return list(cls)

    @classmethod
    def from_numpy_type(cls, np_type: Any) -> DataType | None:
        """The type whose NumPy type this is, or None."""
        return next((one for one in cls if one.to_numpy() == np_type), None)


_NUMPY = {
    "boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64",
    "string": "str", "binary": "bytes", "datetime": "datetime64",
}  # fmt: skip
_PANDAS = {"string": "object", "binary": "object", "datetime": "datetime64[ns]"}
_PYTHON: dict[str, type] = {
    "boolean": bool, "integer": int, "long": int, "float": float, "double": float,
    "string": str, "binary": bytes, "datetime": datetime.datetime,
}  # fmt: skip


class _Nested:
    """Base of the types made of types: equal when their JSON is."""

    def to_dict(self) -> dict[str, Any]:
        """MLflow's JSON, as a dict."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _Nested) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))


class AnyType(_Nested):
    """Anything that JSON can hold, None too; it is not checked."""

    def to_dict(self) -> dict[str, Any]:
        return {"type": "any"}

    def __repr__(self) -> str:
        return "Any"


class Array(_Nested):
    """A list of values of one type."""

    def __init__(self, dtype: AnyDataType | str) -> None:
        self.dtype = type_of(dtype)

    def to_dict(self) -> dict[str, Any]:
        return {"type": "array", "items": self.dtype.to_dict()}

    def __repr__(self) -> str:
        return f"Array({self.dtype!r})"


class SparkMLVector(Array):
    """A vector of Spark ML: an array of doubles under a name of its own."""

    def __init__(self) -> None:
        super().__init__(DataType.double)

    def to_dict(self) -> dict[str, Any]:
        return {"type": "sparkml_vector"}

    def __repr__(self) -> str:
        return "SparkML vector"


class Map(_Nested):
    """A dict with any text as keys and values of one type."""

    def __init__(self, value_type: AnyDataType | str) -> None:
        self.value_type = type_of(value_type)

    def to_dict(self) -> dict[str, Any]:
        return {"type": "map", "values": self.value_type.to_dict()}

    def __repr__(self) -> str:
        return f"Map(str -> {self.value_type!r})"


class Property(_Nested):
    """One named field of an object."""

    def __init__(self, name: str, dtype: AnyDataType | str, required: bool = True) -> None:
        if not isinstance(name, str):
            raise InvalidValue(f"The name of a property is text; got {type(name).__name__}: {name!r}.")
        self.name = name
        self.dtype = type_of(dtype)
        self.required = required

    def to_dict(self) -> dict[str, Any]:
        return {self.name: {**self.dtype.to_dict(), "required": self.required}}

    def __repr__(self) -> str:
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> Property:
        """The property that `to_dict` gave. Raises InvalidValue."""
        if len(kwargs) != 1:
            raise InvalidValue(f"A property's JSON has its name as the one key; got {list(kwargs)}.")
        ((name, told),) = kwargs.items()
        return cls(name, type_from_dict(told, f"property {name!r}"), bool(told.get("required", True)))


class Object(_Nested):
    """A dict with known fields, kept in the order of their names."""

    def __init__(self, properties: Iterable[Property]) -> None:
        self.properties = sorted(properties, key=lambda one: one.name)
        if not self.properties:
            raise InvalidValue("An object has at least one property; use Map or AnyType for dicts with unknown keys.")
        _refuse_twice([one.name for one in self.properties], "properties")

    def to_dict(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for one in self.properties:
            fields |= one.to_dict()
        return {"type": "object", "properties": fields}

    def __repr__(self) -> str:
        return "{" + ", ".join(map(repr, self.properties)) + "}"


AnyDataType = DataType | Array | Object | Map | AnyType


def _refuse_twice(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidValue(f"These {what} are there twice: {', '.join(map(repr, twice))}.")


def type_of(told: AnyDataType | str) -> AnyDataType:
    """A type from its name or itself. Raises InvalidValue for what is none."""
    if isinstance(told, str):
        if told in DataType.__members__:
            return DataType[told]
    elif isinstance(told, (DataType, Array, Object, Map, AnyType)):
        return told
    known = ", ".join(DataType.__members__)
    raise InvalidValue(f"{told!r} is no type of a column; choose from {known}, or an Array, Object, Map or AnyType.")


def type_from_dict(told: Any, where: str = "type") -> AnyDataType:
    """The type of a parsed JSON description; `where` is told when it is wrong. Raises InvalidValue."""
    if not isinstance(told, Mapping) or not isinstance(told.get("type"), str):
        raise InvalidValue(f"The JSON of {where} has no 'type': {told!r}.")
    build = _BUILDERS.get(told["type"])
    return build(told, where) if build is not None else type_of(told["type"])


def _object(told: Mapping[str, Any], where: str) -> Object:
    fields = told.get("properties")
    if not isinstance(fields, Mapping):
        raise InvalidValue(f"The object in {where} has no 'properties'.")
    return Object([Property.from_json_dict(**{str(name): one}) for name, one in fields.items()])


_BUILDERS: dict[str, Callable[[Mapping[str, Any], str], AnyDataType]] = {
    "array": lambda told, where: Array(type_from_dict(told.get("items"), f"the array's items in {where}")),
    "map": lambda told, where: Map(type_from_dict(told.get("values"), f"the map's values in {where}")),
    "object": _object,
    "any": lambda told, where: AnyType(),
    "sparkml_vector": lambda told, where: SparkMLVector(),
}


def merged(one: AnyDataType, other: AnyDataType) -> AnyDataType:
    """The type that holds values of both; a field that only one has is optional. Raises InvalidValue if none does."""
    if one == other or isinstance(other, AnyType):
        return one
    if isinstance(one, AnyType):
        return other
    if isinstance(one, Array) and isinstance(other, Array):
        return Array(merged(one.dtype, other.dtype))
    if isinstance(one, Map) and isinstance(other, Map):
        return Map(merged(one.value_type, other.value_type))
    if isinstance(one, Object) and isinstance(other, Object):
        return _merged_objects(one, other)
    raise InvalidValue(f"No type holds both {one!r} and {other!r}.")


def _merged_objects(one: Object, other: Object) -> Object:
    mine, theirs = ({p.name: p for p in o.properties} for o in (one, other))
    fields = []
    for name in {**mine, **theirs}:
        a, b = mine.get(name), theirs.get(name)
        if a is not None and b is not None:
            fields.append(Property(name, merged(a.dtype, b.dtype), a.required and b.required))
        else:
            fields.append(Property(name, (a or b).dtype, False))  # type: ignore[union-attr]
    return Object(fields)
