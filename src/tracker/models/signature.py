"""What a model takes and gives: MLflow's ModelSignature, from data or written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.exceptions import InvalidValue
from tracker.types import DataType, ParamSchema, ParamSpec, Schema
from tracker.types.inference import infer_schema, infer_type
from tracker.types.nested import Array, Object


class ModelSignature:
    """The schemas of a model's inputs, outputs and parameters; at least one is there."""

    def __init__(
        self, inputs: Schema | None = None, outputs: Schema | None = None, params: ParamSchema | None = None
    ) -> None:
        for what, one, kind in (
            ("inputs", inputs, Schema),
            ("outputs", outputs, Schema),
            ("params", params, ParamSchema),
        ):
            if one is not None and not isinstance(one, kind):
                raise TypeError(f"{what} of a signature is a {kind.__name__} or None; got {type(one).__name__}.")
        if inputs is None and outputs is None and params is None:
            raise ValueError("A signature has inputs, outputs or params.")
        self.inputs = inputs
        self.outputs = outputs
        self.params = params

    def to_dict(self) -> dict[str, Any]:
        """As in MLmodel: each part a JSON text or None."""
        parts = (("inputs", self.inputs), ("outputs", self.outputs), ("params", self.params))
        return {name: None if part is None else part.to_json() for name, part in parts}

    @classmethod
    def from_dict(cls, signature_dict: Mapping[str, Any]) -> ModelSignature:
        """The signature that `to_dict` gave. Raises InvalidValue."""
        inputs, outputs, params = (signature_dict.get(name) for name in ("inputs", "outputs", "params"))
        if not (inputs or outputs or params):
            raise InvalidValue("The signature is empty: it has no inputs, outputs or params.")
        return cls(
            Schema.from_json(inputs) if inputs else None,
            Schema.from_json(outputs) if outputs else None,
            ParamSchema.from_json(params) if params else None,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelSignature) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"inputs: \n  {self.inputs!r}\noutputs: \n  {self.outputs!r}\nparams: \n  {self.params!r}\n"


def infer_signature(
    model_input: Any = None, model_output: Any = None, params: Mapping[str, Any] | None = None
) -> ModelSignature:
    """The signature of a model that takes and gives such data. Raises InvalidValue for data that has no schema.

    `model_input` may be (data, params), as an input example is.
    """
    if isinstance(model_input, tuple) and len(model_input) == 2 and isinstance(model_input[1], dict) and params is None:
        model_input, params = model_input
    return ModelSignature(
        None if model_input is None else infer_schema(model_input),
        None if model_output is None else infer_schema(model_output),
        infer_params(params) if params else None,
    )


def infer_params(params: Mapping[str, Any]) -> ParamSchema:
    """The schema of parameters with these defaults. Raises InvalidValue."""
    return ParamSchema([_param(str(name), value) for name, value in params.items()])


def _param(name: str, value: Any) -> ParamSpec:
    kind = infer_type(value, f"parameter {name!r}")
    if isinstance(kind, Array) and isinstance(kind.dtype, DataType):
        return ParamSpec(name, kind.dtype, list(value), (-1,))
    if isinstance(kind, (DataType, Object)):
        return ParamSpec(name, kind, value)
    raise InvalidValue(f"The parameter {name!r} is no scalar, list of scalars or dict, but {kind!r}.")
