"""What a served model takes and gives, as an OpenAPI document made from its signature, and as a page to read."""

from __future__ import annotations

import html
import importlib
import json
from typing import TYPE_CHECKING, Any

from tracker.models.serving.payloads import CSV, INPUTS, INSTANCES, JSON, RECORDS, SPLIT
from tracker.types import ColSpec, DataType, ParamSpec, Schema, TensorSpec
from tracker.types.nested import AnyDataType, Array, Map, Object

if TYPE_CHECKING:
    from tracker.models.signature import ModelSignature

_TYPES: dict[DataType, dict[str, Any]] = {
    DataType.boolean: {"type": "boolean"},
    DataType.integer: {"type": "integer", "format": "int32"},
    DataType.long: {"type": "integer", "format": "int64"},
    DataType.float: {"type": "number", "format": "float"},
    DataType.double: {"type": "number", "format": "double"},
    DataType.string: {"type": "string"},
    DataType.binary: {"type": "string", "contentEncoding": "base64"},
    DataType.datetime: {"type": "string", "format": "date-time"},
}
_NUMPY_TYPES = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}


def document(signature: ModelSignature | None, example: Any = None) -> dict[str, Any]:
    """The OpenAPI document of a server with a model of this signature; `example` is a payload that it takes."""
    body: dict[str, Any] = {"schema": _payload(signature)}
    if example is not None:
        body["example"] = example
    outputs = signature.outputs if signature is not None else None
    answer = {"type": "object", "required": ["predictions"], "properties": {"predictions": _rows(outputs)}}
    fault = {"type": "object", "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}}}
    faults = {"400": "The input does not fit", "413": "The body is too large", "415": "Unknown content type"}
    score = {
        "summary": "Predict",
        "operationId": "invocations",
        "requestBody": {"required": True, "content": {JSON: body, CSV: {"schema": {"type": "string"}}}},
        "responses": {
            "200": {"description": "The predictions", "content": {JSON: {"schema": answer}}},
            **{status: {"description": text, "content": {JSON: {"schema": fault}}} for status, text in faults.items()},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "A model served by tracker", "version": importlib.import_module("tracker").__version__},
        "paths": {
            "/invocations": {"post": score},
            **{path: {"get": _plain(text)} for path, text in _PLAIN.items()},
        },
    }


_PLAIN = {
    "/ping": "Whether the model is loaded",
    "/health": "Whether the model is loaded",
    "/version": "The version of the server",
}


def _plain(text: str) -> dict[str, Any]:
    return {"summary": text, "responses": {"200": {"description": text}}}


def _payload(signature: ModelSignature | None) -> dict[str, Any]:
    inputs = signature.inputs if signature is not None else None
    forms: dict[str, Any] = {INPUTS: _columns(inputs), INSTANCES: _rows(inputs)}
    if inputs is None or not inputs.is_tensor_spec():
        names = inputs.input_names() if inputs is not None and inputs.has_input_names() else None
        columns: dict[str, Any] = {"type": "array", "items": {"type": "string"}} | (
            {"examples": [names]} if names else {}
        )
        data = {"type": "array", "items": {"type": "array"}}
        split = {"type": "object", "required": ["data"], "properties": {"columns": columns, "data": data}}
        forms = {SPLIT: split, RECORDS: _rows(inputs), **forms}
    params = signature.params if signature is not None else None
    more = {"params": {"type": "object", "properties": {one.name: _param(one) for one in params}}} if params else {}
    return {
        "oneOf": [
            {"type": "object", "title": form, "required": [form], "properties": {form: schema, **more}}
            for form, schema in forms.items()
        ]
    }


def _rows(schema: Schema | None) -> dict[str, Any]:
    if schema is None:
        return {}
    if not schema.has_input_names():
        return {"type": "array", "items": _spec(schema.inputs[0])} if len(schema) == 1 else {"type": "array"}
    row = {"type": "object", "properties": {str(one.name): _spec(one) for one in schema}}
    return {"type": "array", "items": {**row, "required": [str(name) for name in schema.required_input_names()]}}


def _columns(schema: Schema | None) -> dict[str, Any]:
    if schema is None or not schema.has_input_names():
        return {}
    return {
        "type": "object",
        "properties": {str(one.name): {"type": "array", "items": _spec(one)} for one in schema},
        "required": [str(name) for name in schema.required_input_names()],
    }


def _spec(spec: ColSpec | TensorSpec) -> dict[str, Any]:
    if isinstance(spec, ColSpec):
        return _type(spec.type)
    inner: dict[str, Any] = {"type": _NUMPY_TYPES.get(spec.type.kind, "string")}
    for _ in spec.shape[1:]:
        inner = {"type": "array", "items": inner}
    return inner


def _type(kind: AnyDataType) -> dict[str, Any]:
    if isinstance(kind, DataType):
        return dict(_TYPES[kind])
    if isinstance(kind, Array):
        return {"type": "array", "items": _type(kind.dtype)}
    if isinstance(kind, Map):
        return {"type": "object", "additionalProperties": _type(kind.value_type)}
    if isinstance(kind, Object):
        fields = {one.name: _type(one.dtype) for one in kind.properties}
        return {"type": "object", "properties": fields, "required": [p.name for p in kind.properties if p.required]}
    return {}


def _param(spec: ParamSpec) -> dict[str, Any]:
    kind = _type(spec.dtype) if spec.shape is None else {"type": "array", "items": _type(spec.dtype)}
    return {**kind, "default": spec.to_dict()["default"]}


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body{{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}}
pre{{overflow:auto;padding:.8rem;border:1px solid #8885;border-radius:4px}}
th,td{{text-align:left;padding:.15rem 1rem .15rem 0}}
</style><h1>{title}</h1><p>Described for programs in <a href="openapi.json">openapi.json</a>.</p>
<h2>POST /invocations</h2>{inputs}<h3>An example</h3><pre>{example}</pre>
<h2>GET</h2><table>{plain}</table></html>"""


def page(told: dict[str, Any]) -> str:
    """The document as HTML without scripts, every text of the model's escaped."""
    body = told["paths"]["/invocations"]["post"]["requestBody"]["content"][JSON]
    forms = {one["title"]: one["properties"] for one in body["schema"]["oneOf"]}
    fields = forms[INPUTS][INPUTS].get("properties", {})
    params = forms[INPUTS].get("params", {}).get("properties", {})
    tables = ""
    for heading, names in (("Columns", fields), ("Parameters", params)):
        rows = "".join(f"<tr><th>{_text(name)}<td>{_text(_words(kind))}" for name, kind in names.items())
        tables += f"<h3>{heading}</h3><table>{rows}</table>" if rows else ""
    return _PAGE.format(
        title=_text(told["info"]["title"]),
        inputs=tables,
        example=_text(json.dumps(body.get("example", dict.fromkeys(forms, "…")), indent=2)),
        plain="".join(f"<tr><th>{path}<td>{text}" for path, text in _PLAIN.items()),
    )


def _words(kind: dict[str, Any]) -> str:
    inner = kind.get("items", kind)
    words = str(inner.get("format") or inner.get("contentEncoding") or inner.get("type", "anything"))
    return f"{words}, {kind['default']!r} if not given" if "default" in kind else words


def _text(text: Any) -> str:
    return html.escape(str(text))
