"""Prediction with a saved model from a payload or file, here or in an environment made of the model's requirements."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracker.exceptions import InvalidState, InvalidValue, NotFound
from tracker.models.loading import Saved, open_model
from tracker.models.pyfunc import PyFuncModel, load_pyfunc
from tracker.models.requirements import CONSTRAINTS, REQUIREMENTS
from tracker.models.serving import payloads
from tracker.models.trust import is_vouched_for
from tracker.tracking.location import current_store

_TYPES = {"json": payloads.JSON, "csv": payloads.CSV}
_OWN_NEEDS = ["orjson", "pandas", "pyyaml", "xxhash"]
_NOT_NEEDED = ("mlflow", "jupyter-tracker")


def predict(
    model_uri: str | os.PathLike[str],
    input_data: Any = None,
    input_path: str | os.PathLike[str] | None = None,
    content_type: str = "json",
    output_path: str | os.PathLike[str] | None = None,
    env_manager: str = "local",
    install_mlflow: bool = False,
    pip_requirements_override: list[str] | None = None,
    extra_envs: Mapping[str, str] | None = None,
    *,
    trust: bool = False,
) -> Any:
    """The prediction for `input_data` (data, or a payload's text) or the file `input_path`, as JSON's values.

    Written to `output_path` as JSON if that is given. `env_manager`: "local" predicts in this process, "uv" and
    "virtualenv" in a new environment with the model's requirements. Raises NotFound, InvalidValue, UntrustedModel.
    """
    if env_manager not in ("local", "uv", "virtualenv"):
        raise InvalidValue(f"env_manager is 'local', 'uv' or 'virtualenv'; got {env_manager!r}.")
    if content_type not in _TYPES:
        raise InvalidValue(f"content_type is 'json' or 'csv'; got {content_type!r}.")
    saved = open_model(model_uri, trust=trust)
    body = _body(input_data, input_path, content_type)
    if env_manager == "local":
        answer = json.loads(_answer(load_pyfunc(saved), body, content_type))
    else:
        answer = _elsewhere(saved, body, content_type, env_manager, pip_requirements_override, extra_envs)
    if output_path is not None:
        Path(output_path).write_text(json.dumps(answer), encoding="utf-8")
    return answer


def validate_serving_input(model_uri: str | os.PathLike[str], serving_input: str | dict[str, Any]) -> Any:
    """The prediction for a request's JSON, as a scoring server would make it. Raises InvalidValue with the reason."""
    text = serving_input if isinstance(serving_input, str) else json.dumps(serving_input)
    model = load_pyfunc(open_model(model_uri))
    payload = _payload(model, text.encode(), "json")
    return model.predict(payload.data, payload.params)


def _body(data: Any, path: str | os.PathLike[str] | None, content_type: str) -> bytes:
    from tracker.models.examples import Example

    if (data is None) == (path is None):
        raise InvalidValue("Give either input_data or input_path.")
    if path is not None:
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise NotFound(f"The input {os.fspath(path)} cannot be read: {error.strerror}.") from error
    if content_type == "csv":
        return data.to_csv(index=False).encode() if hasattr(data, "to_csv") else str(data).encode()
    if isinstance(data, str) and data.lstrip().startswith(("{", "[")):
        return data.encode()
    if isinstance(data, dict) and any(form in data for form in payloads.FORMATS):
        return json.dumps(data).encode()
    return Example(data).serving_text.encode()


def _payload(model: PyFuncModel, body: bytes, content_type: str) -> payloads.Payload:
    signature = model.metadata.signature
    schemas = (signature.inputs, signature.params) if signature is not None else (None, None)
    return payloads.read(body, _TYPES[content_type], *schemas)


def _answer(model: PyFuncModel, body: bytes, content_type: str) -> bytes:
    payload = _payload(model, body, content_type)
    return payloads.written(model.predict(payload.data, payload.params), payload.bare)


# -- in an environment of its own


def _elsewhere(
    saved: Saved,
    body: bytes,
    content_type: str,
    manager: str,
    override: list[str] | None,
    variables: Mapping[str, str] | None,
) -> Any:
    if not saved.trust:
        saved.trust = is_vouched_for(current_store(), saved.folder)
    with tempfile.TemporaryDirectory(prefix="tracker-env-") as place:
        root = Path(place)
        python = make_environment(root / "env", manager, needed(saved, override or []), saved.folder)
        (root / "lib").mkdir()
        shutil.copytree(
            Path(__file__).parents[1],
            root / "lib" / "tracker",
            ignore=shutil.ignore_patterns("static", "labextension", "__pycache__"),
        )
        (root / "input").write_bytes(body)
        own = {"PYTHONPATH": str(root / "lib"), "TRACKER_STORE": str(root / "store")}
        program = [str(python), "-m", "tracker.models.prediction", str(saved.folder), content_type]
        program += ["--trust"] if saved.trust else []
        with open(root / "input", "rb") as given:
            done = subprocess.run(  # noqa: S603 - our own program, no shell
                program,
                stdin=given,
                capture_output=True,
                env={**os.environ, **(variables or {}), **own},
                check=False,
            )
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise InvalidValue(f"The model cannot predict in an environment of its own: {' '.join(last)}")
        return json.loads(done.stdout.splitlines()[-1])


def needed(saved: Saved, more: list[str]) -> list[str]:
    """What to install for a model: its requirements without what only serves them, and what we need ourselves."""
    from tracker.models.requirements import _name

    file = saved.file(REQUIREMENTS)
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    kept = [line for line in lines if line and not line.startswith(("#", "-c")) and _name(line) not in _NOT_NEEDED]
    if any(line.startswith("-") for line in kept):
        raise InvalidValue(f"{file} holds options of pip, which are not taken from a model: {kept}.")
    constrained = ["-c", str(saved.folder / CONSTRAINTS)] if (saved.folder / CONSTRAINTS).is_file() else []
    told = {_name(line) for line in (*kept, *more)}
    own = [name for name in _OWN_NEEDS if name not in told]
    return [*(line for line in kept if _name(line) not in {_name(one) for one in more}), *more, *own, *constrained]


def make_environment(place: Path, manager: str, packages: list[str], where: Path) -> Path:
    """The Python of a new environment with these packages. Raises InvalidState, InvalidValue if that fails."""
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if manager == "uv":
        uv = shutil.which("uv")
        if uv is None:
            raise InvalidState("env_manager='uv' needs uv, which is not on the PATH: pip install uv.")
        _run([uv, "venv", "--python", sys.executable, str(place)], where)
        _run([uv, "pip", "install", "--python", str(python), *packages], where)
    else:
        _run([sys.executable, "-m", "venv", str(place)], where)
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], where)
    return python


def _run(command: list[str], where: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if done.returncode:
        raise InvalidState(f"The environment of the model in {where} cannot be made: {done.stderr.strip()[-500:]}")


def _main(arguments: list[str]) -> None:
    folder, content_type, *flags = arguments
    model = load_pyfunc(Saved(Path(folder), trust="--trust" in flags))
    sys.stdout.write("\n" + _answer(model, sys.stdin.buffer.read(), content_type).decode() + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
